"""Issuing to a wallet, from offer to notification, and what the wallet asks later; on both databases."""

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from issuer.application import Issuer
from issuer.errors import LicenceNotValid, SubjectRefused
from issuer.openid4vci import listing
from issuer.openid4vci.errors import GrantRefused, OfferNotOpen, OfferRefused, OfferUnknown
from issuer.openid4vci.offering import KEPT, LIFE
from issuer.openid4vci.schema import issuing_key, issuing_offer, used_nonce
from protocol import licence_package
from protocol.labels import KeyAssurance
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, ID_CARD, OPERATOR, credentials, holder_key, published_status
from tests.issuer.wallets import URL, Wallet, code_of, offered, packages, read, refused, signer

NEW: dict[str, Any] = {"kind": "id-card", "subject": ID_CARD}


@pytest.fixture
def wallet(client: FlaskClient) -> Wallet:
    return Wallet(client, signer(1))


def received(issuer: Issuer, wallet: Wallet, **wish: Any) -> bytes:
    """The package of an offer that this wallet redeems."""
    made = offered(issuer, **(wish or NEW))
    assert wallet.redeem(code_of(made), made.tx_code).status_code == 200
    (package,) = packages(wallet.ask())
    return package


def states(issuer: Issuer, at: int = AT) -> list[str]:
    return [listing.state(each, at=UnixTime(at)) for each in issuer.wallet_issuing.offers.listed()]


def test_a_new_licence_from_offer_to_notification(issuer: Issuer, wallet: Wallet) -> None:
    made = offered(issuer, **NEW)
    document = read(made.uri)
    assert (document["credential_issuer"], document["credential_configuration_ids"]) == (URL, ["id-card"])
    assert made.tx_code is not None
    assert made.tx_code not in made.uri
    token = wallet.redeem(code_of(made), made.tx_code)
    assert (token.status_code, token.get_json()["token_type"], token.get_json()["expires_in"]) == (200, "Bearer", 600)
    answer = wallet.ask()
    (package,) = packages(answer)
    decoded = licence_package.decode(package)
    assert decoded.refresh_url == URL
    assert credentials(package)[0].claims.cnf == holder_key(1).cose_key
    assert issuer.licence(decoded.licence_id).holder_name == ID_CARD["name"]
    notification_id = answer.get_json()["notification_id"]
    assert wallet.notify(notification_id).status_code == 204
    assert wallet.notify(notification_id).status_code == 204
    (record,) = issuer.wallet_issuing.offers.listed()
    assert (record.state, record.event, record.licence_id) == ("issued", "credential_accepted", decoded.licence_id)
    assert refused(wallet.ask()) == (400, "credential_request_denied")
    with issuer._register.reading() as connection:
        row = connection.execute(select(issuing_offer)).one()
    # What was offered is wiped, and nothing in the row opens anything.
    assert (row.subject, row.portrait) == (None, None)
    written = repr(tuple(row))
    assert not [secret for secret in (code_of(made), made.tx_code, wallet.token, notification_id) if secret in written]


def test_what_was_done_stands_in_the_audit_trail(issuer: Issuer, wallet: Wallet) -> None:
    made = offered(issuer, **NEW)
    wallet.redeem(code_of(made), "000000" if made.tx_code != "000000" else "000001")
    wallet.redeem(code_of(made), made.tx_code)
    wallet.notify(wallet.ask().get_json()["notification_id"])
    acts = [each.act for each in reversed(issuer.audit.listed()) if each.id == made.offer_id]
    assert acts == ["offer", "wrong-offer-code", "redeem-offer", "prove-keys", "issue-offer", "credential-accepted"]


def test_a_licence_of_the_register_for_several_keys_at_once(issuer: Issuer, wallet: Wallet) -> None:
    stands = issuer.issue("id-card", ID_CARD, holder_key(9), at=AT)
    made = offered(issuer, licence_id=stands.licence_id)
    wallet.redeem(code_of(made), made.tx_code)
    nonce = wallet.nonce()
    two = [wallet.proof(by=signer(number), nonce=nonce) for number in (1, 2)]
    found = packages(wallet.ask(*two))
    assert [credentials(each)[0].claims.cnf for each in found] == [holder_key(number).cose_key for number in (1, 2)]
    assert {licence_package.decode(each).licence_id for each in found} == {stands.licence_id}
    assert len(issuer.devices.listed(stands.licence_id, at=AT)) == 3


def test_an_answer_that_was_lost_comes_again_for_the_same_keys_alone(issuer: Issuer, wallet: Wallet) -> None:
    first = received(issuer, wallet)
    (again,) = packages(wallet.ask())
    assert again == first
    assert refused(wallet.ask(wallet.proof(by=signer(2)))) == (400, "credential_request_denied")
    assert len(issuer.list()) == 1


def test_issuing_that_broke_off_goes_on_where_it_was(
    issuer: Issuer, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = offered(issuer, **NEW)
    wallet.redeem(code_of(made), made.tx_code)
    real, calls = issuer.wallet_issuing.credentials._issue_again, []

    def dies(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(issuer.wallet_issuing.credentials, "_issue_again", dies)

    def both() -> list[str]:
        nonce = wallet.nonce()
        return [wallet.proof(by=signer(number), nonce=nonce) for number in (1, 2)]

    with pytest.raises(KeyboardInterrupt):
        wallet.ask(*both())
    assert refused(wallet.ask(*both())) == (503, "temporarily_unavailable")
    with issuer._register.writing() as connection:
        connection.execute(issuing_offer.update().values(claimed_at=AT - 60))
    assert len(packages(wallet.ask(*both()))) == 2
    (only,) = issuer.list()
    assert [each.in_force for each in issuer.devices.listed(only.id, at=AT)] == [1, 1]


def test_a_review_defers_and_then_gives_or_refuses(issuer: Issuer, wallet: Wallet) -> None:
    offers = issuer.wallet_issuing.offers
    made = offered(issuer, **NEW, review=True)
    wallet.redeem(code_of(made), made.tx_code)
    waiting = wallet.ask()
    assert waiting.status_code == 202
    transaction_id, interval = waiting.get_json()["transaction_id"], waiting.get_json()["interval"]
    assert interval > 0
    assert wallet.deferred(transaction_id).get_json() == {"transaction_id": transaction_id, "interval": interval}
    assert issuer.list() == ()
    offers.approve(made.offer_id, actor="窗口3", at=AT)
    with pytest.raises(OfferNotOpen):
        offers.approve(made.offer_id, actor="窗口3", at=AT)
    answer = wallet.deferred(transaction_id)
    (package,) = packages(answer)
    assert credentials(package)[0].claims.cnf == holder_key(1).cose_key
    wallet.notify(answer.get_json()["notification_id"])
    assert refused(wallet.deferred(transaction_id)) == (400, "invalid_transaction_id")

    no = offered(issuer, **NEW, review=True)
    wallet.redeem(code_of(no), no.tx_code)
    transaction_id = wallet.ask().get_json()["transaction_id"]
    offers.refuse(no.offer_id, actor="窗口3", at=AT)
    assert refused(wallet.deferred(transaction_id)) == (400, "credential_request_denied")
    assert len(issuer.list()) == 1


def test_offers_end_by_time_by_hand_and_are_forgotten(issuer: Issuer, wallet: Wallet) -> None:
    offers = issuer.wallet_issuing.offers
    over, withdrawn = offered(issuer, **NEW), offered(issuer, **NEW)
    offers.withdraw(withdrawn.offer_id, actor="test", at=AT)
    assert refused(wallet.redeem(code_of(withdrawn), withdrawn.tx_code)) == (400, "invalid_grant")
    with pytest.raises(GrantRefused):
        issuer.wallet_issuing.redemption.redeem(code_of(over), over.tx_code, at=UnixTime(AT + LIFE))
    offers.clean(at=UnixTime(AT + LIFE))
    with issuer._register.reading() as connection:
        assert connection.execute(select(issuing_offer.c.subject)).scalars().all() == [None, None]
    assert sorted(states(issuer, AT + LIFE)) == ["over", "withdrawn"]
    offers.clean(at=UnixTime(AT + LIFE + KEPT))
    assert offers.listed() == ()
    for unknown in ("nobody", "\ud800", "\x00"):
        with pytest.raises(OfferUnknown):
            offers.withdraw(unknown, actor="test", at=AT)


def test_what_cannot_be_issued_is_not_offered(issuer: Issuer) -> None:
    stands = issuer.issue("id-card", ID_CARD, holder_key(9), at=AT).licence_id
    for wish in ({}, {"licence_id": stands, "kind": "id-card"}):
        with pytest.raises(OfferRefused):
            offered(issuer, **wish)
    with pytest.raises(SubjectRefused):
        offered(issuer, kind="id-card", subject=ID_CARD | {"sex": 3})
    for _ in range(3):
        offered(issuer, licence_id=stands)
    with pytest.raises(OfferRefused, match="3 offers"):
        offered(issuer, licence_id=stands)
    issuer.suspend(stands, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid):
        offered(issuer, licence_id=stands)


def test_a_licence_that_is_suspended_meanwhile_is_denied(issuer: Issuer, wallet: Wallet) -> None:
    stands = issuer.issue("id-card", ID_CARD, holder_key(9), at=AT).licence_id
    made = offered(issuer, licence_id=stands)
    wallet.redeem(code_of(made), made.tx_code)
    issuer.suspend(stands, reason="测试", actor="test", at=AT)
    assert refused(wallet.ask()) == (400, "credential_request_denied")
    issuer.reinstate(stands, reason="测试", actor="test", at=AT)
    assert refused(wallet.ask()) == (400, "credential_request_denied")


def test_a_holder_has_three_devices_over_all_licences(issuer: Issuer, client: FlaskClient) -> None:
    for number in (1, 2, 3):
        received(issuer, Wallet(client, signer(number)))
    fourth = Wallet(client, signer(4))
    made = offered(issuer, **NEW)
    fourth.redeem(code_of(made), made.tx_code)
    assert refused(fourth.ask()) == (400, "credential_request_denied")
    # The same phone gets a second licence, and another holder's is not counted.
    first = Wallet(client, signer(1))
    received(issuer, first)
    somebody_else = {"citizen_id": "990101199001010019", "sex": 1, "birth_date": "1990-01-01"}
    received(issuer, fourth, kind="id-card", subject=ID_CARD | somebody_else)


def test_a_hundred_guesses_at_once_are_five(issuer: Issuer, client: FlaskClient) -> None:
    made = offered(issuer, **NEW)
    wrong = [f"{number:06}" for number in range(40) if f"{number:06}" != made.tx_code]
    redeem, found = issuer.wallet_issuing.redemption.redeem, []

    def guess(tx_code: str) -> None:
        try:
            redeem(code_of(made), tx_code, at=AT)
        except GrantRefused:
            found.append(tx_code)

    threads = [threading.Thread(target=guess, args=(each,)) for each in wrong]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(wrong)
    (record,) = issuer.wallet_issuing.offers.listed()
    assert (record.state, record.wrong) == ("dead", 5)
    with pytest.raises(GrantRefused):
        redeem(code_of(made), made.tx_code, at=AT)


def test_racing_requests_of_one_offer_issue_once(issuer: Issuer, client: FlaskClient) -> None:
    made = offered(issuer, **NEW)
    first = Wallet(client, signer(1))
    first.redeem(code_of(made), made.tx_code)
    answers: list[tuple[int, str]] = []

    def ask(number: int) -> None:
        with client.application.test_client() as own:
            answer = Wallet(own, signer(number), token=first.token).ask()
        answers.append((answer.status_code, answer.get_json().get("error", "")))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, "")] + [(400, "credential_request_denied")] * 7
    (only,) = issuer.list()
    assert len(issuer.devices.listed(only.id, at=AT)) == 1


def test_a_refresh_is_new_from_a_quarter_of_the_life_on(issuer: Issuer, wallet: Wallet, client: FlaskClient) -> None:
    first = received(issuer, wallet)
    licence_id = licence_package.decode(first).licence_id
    early = wallet.later("refresh", licence=licence_id)
    assert (early.status_code, early.data) == (200, first)
    old = credentials(first)[0].claims
    later = UnixTime(old.iat + (old.exp - old.iat) // 4)
    fresh = issuer.wallet_issuing.holding.refresh(
        signed(issuer, wallet, "refresh", later, licence=licence_id), issuer_url=URL, at=later
    )
    new = credentials(fresh)[0].claims
    assert new.cnf == old.cnf
    assert new.iat > old.iat
    assert new.status != old.status
    again = issuer.wallet_issuing.holding.refresh(
        signed(issuer, wallet, "refresh", later, licence=licence_id), issuer_url=URL, at=later
    )
    assert again == fresh
    issuer.suspend(licence_id, reason="测试", actor="test", at=later)
    assert refused(wallet.later("refresh", licence=licence_id)) == (409, "licence_not_valid")
    for other in (Wallet(client, signer(2)).later("refresh", licence=licence_id), wallet.later("refresh", licence="x")):
        assert refused(other) == (403, "not_held")


def test_a_refresh_says_at_once_what_was_bound_by_evidence_since(issuer: Issuer, wallet: Wallet) -> None:
    first = received(issuer, wallet)
    licence_id = licence_package.decode(first).licence_id
    device = wallet.signer.public_key.thumbprint.hex()
    hardware = KeyAssurance.HARDWARE_USER_VERIFICATION
    issuer.bindings.at_counter(licence_id, device, case="17", kept=hardware, actor="3101", at=AT)
    said = []
    for at in (AT, AT + 60, AT + DAY):
        got = issuer.wallet_issuing.holding.refresh(
            signed(issuer, wallet, "refresh", at, licence=licence_id), issuer_url=URL, at=UnixTime(at)
        )
        said.append(credentials(got)[0].claims)
    assert credentials(first)[0].claims.key_assurance is KeyAssurance.SOFTWARE
    # On the first day less, so that no kiosk accepts it; then what follows from the evidence.
    assert [each.key_assurance for each in said] == [
        KeyAssurance.OS_KEY_STORE,
        KeyAssurance.OS_KEY_STORE,
        KeyAssurance.PROOFED_IN_PERSON,
    ]
    assert said[0].status == said[1].status != said[2].status


def signed(issuer: Issuer, wallet: Wallet, act: str, at: int, **claims: Any) -> str:
    from protocol import key_proof

    nonce = issuer.wallet_issuing.nonces.give(at=UnixTime(at))
    return key_proof.sign(
        {"aud": URL, "iat": at, "nonce": nonce, "act": act, **claims},
        typ=key_proof.TYP_WALLET_REQUEST,
        signer=wallet.signer,
    )


def test_a_lost_device_is_reported_by_another_one(issuer: Issuer, client: FlaskClient) -> None:
    phone, tablet = Wallet(client, signer(1)), Wallet(client, signer(2))
    package = received(issuer, phone)
    licence_id = licence_package.decode(package).licence_id
    stranger = Wallet(client, signer(3))
    assert refused(stranger.later("devices", licence=licence_id)) == (403, "not_held")
    lost = {"licence": licence_id, "device": holder_key(1).thumbprint.hex()}
    assert refused(tablet.later("lost", **lost)) == (403, "not_held")
    received(issuer, tablet, licence_id=licence_id)
    rows = tablet.later("devices", licence=licence_id).get_json()
    assert [row["device"] for row in rows] == [holder_key(number).thumbprint.hex() for number in (1, 2)]
    answer = tablet.later("lost", **lost)
    assert (answer.status_code, answer.get_json()) == (200, {"flipped": 1})
    assert published_status(issuer, credentials(package)[0].claims.status) == Status.DEVICE_LOST
    # What the thief holds says nothing any more, and gets nothing.
    for act, claims in (("refresh", {}), ("devices", {}), ("lost", {"device": "others"})):
        assert refused(phone.later(act, licence=licence_id, **claims)) == (403, "not_held")
    assert refused(tablet.later("lost", **lost)) == (409, "device_not_in_force")
    notices = phone.later("notices", cursor="").get_json()["notices"]
    assert [(each["licence"], each["status"]) for each in notices] == [(licence_id, "device_lost")]


def test_whoever_has_no_device_left_reports_by_a_new_offer(issuer: Issuer, client: FlaskClient) -> None:
    old, new = Wallet(client, signer(1)), Wallet(client, signer(2))
    package = received(issuer, old)
    licence_id = licence_package.decode(package).licence_id
    without = offered(issuer, licence_id=licence_id, tx_code=False)
    new.redeem(code_of(without))

    def report(device: object) -> Any:
        return client.post("/api/v1/wallet/lost", json={"device": device}, headers=new.authorization)

    assert refused(report("others")) == (401, "invalid_token")
    made = offered(issuer, licence_id=licence_id)
    new.redeem(code_of(made), made.tx_code)
    new.ask()
    assert refused(report(7)) == (400, "wallet_request_refused")
    assert report("others").get_json() == {"flipped": 1}
    assert published_status(issuer, credentials(package)[0].claims.status) == Status.DEVICE_LOST
    assert [each.in_force for each in issuer.devices.listed(licence_id, at=AT)] == [0, 1]
    assert refused(report("others")) == (409, "device_not_in_force")


def test_notices_say_what_changed_for_one_key_and_nothing_else(issuer: Issuer, client: FlaskClient) -> None:
    wallet, other = Wallet(client, signer(1)), Wallet(client, signer(2))
    mine = licence_package.decode(received(issuer, wallet)).licence_id
    issuer.suspend(mine, reason="内部理由", actor="窗口3", at=AT)
    page = wallet.later("notices", cursor="").get_json()
    assert [(each["licence"], each["status"]) for each in page["notices"]] == [(mine, "suspended")]
    assert page["notices"][0].keys() == {"licence", "status", "at"}
    assert not page["more"]
    assert wallet.later("notices", cursor=page["cursor"]).get_json()["notices"] == []
    issuer.reinstate(mine, reason="内部理由", actor="窗口3", at=AT)
    (next_one,) = wallet.later("notices", cursor=page["cursor"]).get_json()["notices"]
    assert next_one["status"] == "valid"
    assert other.later("notices", cursor="").get_json()["notices"] == []
    for cursor in (page["cursor"], "x", "AAAA", page["cursor"][:-2] + "AA"):
        assert refused(other.later("notices", cursor=cursor)) == (400, "cursor_refused")


def test_a_change_that_can_wait_is_a_notice_when_it_is_published(issuer: Issuer, wallet: Wallet) -> None:
    from issuer.lifecycle import LegalChange

    mine = licence_package.decode(received(issuer, wallet)).licence_id
    (event,) = issuer.change(mine, LegalChange.CANCEL, reason="测试", actor="test", at=AT)
    assert event.due > AT
    assert wallet.later("notices", cursor="").get_json()["notices"] == []
    asked = signed(issuer, wallet, "notices", event.due, cursor="")
    found = issuer.wallet_issuing.holding.notices(asked, issuer_url=URL, at=event.due)
    assert [each.status for each in found.notices] == [Status.CANCELLED]


def test_many_notices_come_in_pages(issuer: Issuer, wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.openid4vci.holding.MOST_NOTICES", 2)
    mine = licence_package.decode(received(issuer, wallet)).licence_id
    for _ in range(2):
        issuer.suspend(mine, reason="测试", actor="test", at=AT)
        issuer.reinstate(mine, reason="测试", actor="test", at=AT)
    first = wallet.later("notices", cursor="").get_json()
    second = wallet.later("notices", cursor=first["cursor"]).get_json()
    assert [first["more"], second["more"]] == [True, False]
    assert [each["status"] for page in (first, second) for each in page["notices"]] == ["suspended", "valid"] * 2


def test_nonces_leave_a_trace_only_when_they_are_used(issuer: Issuer, wallet: Wallet) -> None:
    for _ in range(5):
        wallet.nonce()
    received(issuer, wallet)

    def kept() -> int:
        with issuer._register.reading() as connection:
            return len(connection.execute(select(used_nonce)).all())

    assert kept() == 1
    issuer.wallet_issuing.nonces.use([issuer.wallet_issuing.nonces.give(at=UnixTime(AT + DAY))], at=UnixTime(AT + DAY))
    assert kept() == 1


def test_operators_routes(issuer: Issuer, client: FlaskClient) -> None:
    made = client.post("/api/v1/offers", json=NEW | {"review": True, "by_reference": True}, headers=OPERATOR)
    assert made.status_code == 201
    body = made.get_json()
    assert len(body["tx_code"]) == 6
    (row,) = client.get("/api/v1/offers", headers=OPERATOR).get_json()
    assert (row["id"], row["state"], row["needs_review"]) == (body["id"], "open", False)
    early = client.post(f"/api/v1/offers/{body['id']}/approve", headers=OPERATOR)
    assert (early.status_code, early.get_json()["error"]) == (409, "offer_not_open")
    done = client.post(f"/api/v1/offers/{body['id']}/withdraw", headers=OPERATOR)
    assert (done.status_code, done.get_json()) == (200, {"id": body["id"]})
    silent = client.post("/api/v1/offers", json=NEW | {"tx_code": False}, headers=OPERATOR)
    assert "tx_code" not in silent.get_json()
    with issuer._register.reading() as connection:
        assert connection.execute(select(issuing_key)).all() == []
