"""A holder's devices hear of one another: of bindings and losses, in order, and nobody else hears of it. On both."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from issuer.application import Issuer
from issuer.devices import notices
from issuer.devices.schema import device_notice
from issuer.errors import IssuerError
from issuer.mandates.issuing import Wish
from issuer.openid4vci import holding
from issuer.register_schema import licence as licences
from protocol.labels import KeyAssurance, Purpose
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, ON_SQLITE, holder_key
from tests.issuer.wallets import Wallet, code_of, offered, refused, signer

DEVICE = {number: holder_key(number).thumbprint.hex() for number in range(1, 12)}


@pytest.fixture
def phones(client: FlaskClient) -> dict[int, Wallet]:
    return {number: Wallet(client, signer(number)) for number in range(1, 12)}


def told(wallet: Wallet, cursor: str = "", **claims: Any) -> list[dict[str, str]]:
    answer = wallet.later("notices", cursor=cursor, **({"events": True} | claims))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, str]] = [each for each in answer.get_json()["notices"] if "event" in each]
    return found


def events(wallet: Wallet) -> list[tuple[str, str, str]]:
    return [(each["licence"], each["event"], each["device"]) for each in told(wallet)]


def test_each_way_to_bind_a_key_is_told_to_the_holders_other_devices(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    assert told(phones[1]) == []
    # By another licence of the same holder, by an offer of it, and by evidence.
    driving = issuer.issue("driving-licence", DRIVING, holder_key(2), at=AT).licence_id
    made = offered(issuer, licence_id=card)
    phones[3].redeem(code_of(made), made.tx_code)
    phones[3].ask()
    issuer.bindings.at_counter(driving, DEVICE[2], case="柜台 1", kept=KeyAssurance.OS_KEY_STORE, actor="3101", at=AT)
    expected = [
        (driving, "device_bound", DEVICE[2]),
        (card, "device_bound", DEVICE[3]),
        (driving, "device_bound", DEVICE[2]),
    ]
    assert events(phones[1]) == expected
    assert events(phones[2]) == expected[1:2]
    assert events(phones[3]) == expected[2:]
    assert told(phones[1])[0].keys() == {"licence", "event", "at", "device"}
    assert told(phones[1])[0]["at"] == "2026-11-22T04:00:00Z"
    # A refresh binds nothing, and neither does what was not issued.
    issuer.issue_again(card, holder_key(1), at=AT)
    with pytest.raises(IssuerError):
        issuer.issue_again(card, holder_key(4), at=AT)
    assert events(phones[2]) == expected[1:2]
    assert events(phones[4]) == []


@ON_SQLITE
def test_a_lost_device_is_told_to_the_others_and_hears_nothing_more(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    issuer.issue_again(card, holder_key(2), at=AT)
    issuer.devices.report_lost(card, DEVICE[2], reason="挂失", actor="test", at=AT)
    assert events(phones[1]) == [(card, "device_bound", DEVICE[2]), (card, "device_lost", DEVICE[2])]
    issuer.issue_again(card, holder_key(3), at=AT)
    assert events(phones[2]) == []
    assert events(phones[1])[-1] == (card, "device_bound", DEVICE[3])
    issuer.devices.found(card, DEVICE[2], reason="解挂", actor="test", at=AT)
    assert events(phones[3]) == [(card, "device_bound", DEVICE[2])]


@ON_SQLITE
def test_nobody_else_is_told(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    company = issuer.issue("business-licence", BUSINESS, holder_key(5), at=AT).licence_id
    wish = Wish(company, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    issuer.mandates.issue(wish, holder_key(6), actor="test", at=AT)
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    issuer.issue_again(card, holder_key(2), at=AT)
    issuer.issue_again(company, holder_key(7), at=AT)
    assert events(phones[1]) == [(card, "device_bound", DEVICE[2])]
    assert events(phones[5]) == [(company, "device_bound", DEVICE[7])]
    # An agent, another holder, a stranger; and licences without a number, each of which stands alone.
    assert [events(phones[number]) for number in (2, 6, 7, 8)] == [[], [], [], []]
    with issuer.register.writing() as connection:
        connection.execute(update(licences).values(holder_number=""))
    issuer.issue_again(card, holder_key(9), at=AT)
    assert [len(events(phones[number])) for number in (1, 2, 5, 7)] == [2, 1, 1, 0]


@ON_SQLITE
def test_a_cursor_goes_on_with_both_and_is_nobody_elses(
    issuer: Issuer, phones: dict[int, Wallet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.openid4vci.holding.MOST_NOTICES", 2)
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    for number, moment in ((2, 10), (3, 30)):
        issuer.issue_again(card, holder_key(number), at=UnixTime(AT + moment))
        issuer.suspend(card, reason="测试", actor="test", at=UnixTime(AT + moment + 5))
        issuer.reinstate(card, reason="测试", actor="test", at=UnixTime(AT + moment + 6))
    at, cursor, pages = UnixTime(AT + 60), "", []

    def page(cursor: str, *, number: int = 1, **claims: Any) -> holding.Notices:
        request = _signed(issuer, phones[number], at, cursor=cursor, **claims)
        return issuer.wallet_issuing.holding.notices(request, issuer_url="http://localhost", at=at)

    while True:
        found = page(cursor, events=True)
        pages.append([type(each).__name__ for each in found.notices])
        cursor = found.cursor
        if not found.more:
            break
    assert pages == [["DeviceNotice", "Notice"], ["Notice", "DeviceNotice"], ["Notice", "Notice"]]
    assert page(cursor, events=True).notices == ()
    # Without the claim nothing of it comes, and nothing of it is passed over.
    plain, first = page(""), page("", events=True)
    assert {type(each).__name__ for each in plain.notices} == {"Notice"}
    after = page(page(plain.cursor).cursor, events=True)
    assert [type(each).__name__ for each in after.notices] == ["DeviceNotice", "DeviceNotice"]
    for forged in (first.cursor, cursor, first.cursor[:-2] + "AA", "x"):
        with pytest.raises(holding.CursorRefused):
            page(forged, number=2, events=True)


@ON_SQLITE
def test_a_cursor_of_an_earlier_version_is_good(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    issuer.suspend(card, reason="测试", actor="test", at=AT)
    issuer.reinstate(card, reason="测试", actor="test", at=AT)
    issuer.issue_again(card, holder_key(2), at=AT)
    its = issuer.wallet_issuing.holding
    content = AT.to_bytes(5) + (2).to_bytes(8)
    nonce = bytes(24)
    sealed = nonce + its._cursors.encrypt(content, holder_key(1).thumbprint, nonce).ciphertext
    answer = phones[1].later("notices", cursor=holding.codes.text(sealed), events=True).get_json()["notices"]
    assert [each["event"] for each in answer] == ["device_bound"]


@ON_SQLITE
@pytest.mark.parametrize("value", [False, 1, "true", ["device_bound"], {}])
def test_the_claim_is_true_or_not_there(issuer: Issuer, phones: dict[int, Wallet], value: object) -> None:
    assert refused(phones[1].later("notices", cursor="", events=value)) == (400, "wallet_request_refused")
    assert refused(phones[1].later("devices", licence="x", events=True)) == (400, "wallet_request_refused")


def test_a_register_that_came_back_counts_anew_and_nothing_is_missed(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    issuer.issue_again(card, holder_key(2), at=AT)
    with issuer.register.reading() as connection:
        found = notices.of_recipient(connection, holder_key(1).thumbprint, after_seq=900, after_at=AT - 1, limit=9)
        none = notices.of_recipient(connection, holder_key(1).thumbprint, after_seq=900, after_at=AT, limit=9)
    assert ([each.event for each in found], none) == ([notices.DeviceEvent.BOUND], ())
    its = issuer.wallet_issuing.holding
    its.clean(at=UnixTime(AT + notices.KEPT - 1))
    assert len(told(phones[1])) == 1
    its.clean(at=UnixTime(AT + notices.KEPT))
    assert told(phones[1]) == []
    issuer.bindings.at_counter(card, DEVICE[2], case="2", kept=KeyAssurance.SOFTWARE, actor="3101", at=AT)
    with issuer.register.reading() as connection:
        # A number that was taken is not given again.
        assert connection.execute(select(device_notice.c.seq)).scalars().all() == [2]


def test_devices_that_are_bound_at_once_hear_of_each_other(issuer: Issuer, phones: dict[int, Wallet]) -> None:
    card = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT).licence_id
    together = threading.Barrier(8)
    won: list[int] = []

    def bind(number: int) -> None:
        together.wait()
        try:
            issuer.issue_again(card, holder_key(number), at=AT)
        except IssuerError:
            return
        won.append(number)

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 2
    first, second = sorted(won, key=lambda number: len(events(phones[number])), reverse=True)
    assert [each[2] for each in events(phones[1])] == [DEVICE[first], DEVICE[second]]
    assert events(phones[first]) == [(card, "device_bound", DEVICE[second])]
    assert events(phones[second]) == []


def test_an_import_tells_them_too(issuer: Issuer, phones: dict[int, Wallet], tmp_path: Path) -> None:
    from tests.issuer.builders import key_text

    issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    names = [*DRIVING, "key"]
    row = {**DRIVING, "key": key_text(2)}
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({name: str(row[name]) for name in names}, ensure_ascii=False) + "\n", "utf-8")
    mapping = 'holder_key = "key"\n[columns]\n' + "".join(f'"{name}" = "{name}"\n' for name in DRIVING)
    begun = issuer.imports.begin(file, slug="driving-licence", mapping_text=mapping, actor="test", at=AT)
    issuer.imports.work(begun.id, issuer.imports.take_over(begun.id), at=AT)
    assert issuer.imports.finish(begun.id, at=AT).issued == 1
    assert [(each["event"], each["device"]) for each in told(phones[1])] == [("device_bound", DEVICE[2])]


def _signed(issuer: Issuer, wallet: Wallet, at: UnixTime, **claims: Any) -> str:
    from protocol import key_proof

    nonce = issuer.wallet_issuing.nonces.give(at=at)
    return key_proof.sign(
        {"aud": "http://localhost", "iat": at, "nonce": nonce, "act": "notices", **claims},
        typ=key_proof.TYP_WALLET_REQUEST,
        signer=wallet.signer,
    )
