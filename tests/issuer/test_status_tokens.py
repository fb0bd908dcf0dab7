"""Standard tokens: signed when they changed or their time has come, showing what is due and nothing else."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from issuer.application import Issuer
from issuer.errors import RegisterUnavailable
from issuer.issuance import Issued
from issuer.lifecycle import LegalChange
from issuer.register_schema import status_list as status_list_table
from protocol import status_list, trust_list
from protocol.status_list import Status, StatusListToken
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer.builders import AT, ID_CARD, URIS, holder_key, published_status, randomness

NIGHT = UnixTime(AT + 14 * HOUR)
"""Two o'clock."""


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """What was signed as a whole: list, seq and level of compression."""
    calls: list[tuple[str, int, int]] = []
    real = status_list.sign

    def sign(token: StatusListToken, signer: object, *, level: int = status_list.QUICK) -> bytes:
        calls.append((token.uri, token.seq, level))
        return real(token, signer, level=level)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(status_list, "sign", sign)
    return calls


def token(issuer: Issuer, issued: Issued) -> StatusListToken:
    folder = issuer.places.published
    trust = trust_list.verify((folder / "trust.cbor").read_bytes(), root=issuer.root)
    content = (folder / f"status/{issued.list_number}.cwt").read_bytes()
    return status_list.verify(content, trust=trust, at=AT)


def changed(issuer: Issuer, change: LegalChange = LegalChange.REVOKE) -> Issued:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    issuer.change(issued.licence_id, change, reason="测试", actor="test", at=AT)
    return issued


def test_a_change_costs_one_signature_and_an_hour_of_rest_no_array(
    issuer: Issuer, signed: list[tuple[str, int, int]]
) -> None:
    issued = changed(issuer)
    uri = f"lz:310000/{issued.list_number}"
    assert signed == [(uri, 2, status_list.QUICK)]
    for minute in range(1, 5):
        issuer.publish(at=UnixTime(AT + 60 * minute))
    issuer.publish(at=UnixTime(AT + HOUR))
    # Sixteen tokens were signed again, from what was signed before.
    assert signed == [(uri, 2, status_list.QUICK)]
    assert (token(issuer, issued).seq, token(issuer, issued).iat) == (3, AT + HOUR)
    assert token(issuer, issued).entries.value(issued.idx) == Status.REVOKED


def test_every_process_publishes_the_same_bytes(issuer: Issuer, signed: list[tuple[str, int, int]]) -> None:
    issued = changed(issuer)
    first = issuer.publish(at=UnixTime(AT + 1)).files
    with Issuer.open(issuer.places.folder, passphrase=None, random_bytes=randomness(4)) as other:
        again = other.publish(at=UnixTime(AT + 2)).files
    names = [name for name in first if name.startswith("status/")]
    assert [again[name] for name in names] == [first[name] for name in names]
    assert [uri for uri, _, _ in signed] == [f"lz:310000/{issued.list_number}"]


def test_at_night_lists_that_changed_are_pressed_harder_a_few_at_a_time(
    issuer: Issuer, signed: list[tuple[str, int, int]]
) -> None:
    touched = {changed(issuer).list_number for _ in range(16)}
    assert len(touched) > 8
    del signed[:]
    issuer.publish(at=UnixTime(NIGHT - 1))
    assert signed == []
    rounds = []
    for minute in range(6):
        issuer.publish(at=UnixTime(NIGHT + 60 * minute))
        rounds.append(len(signed) - sum(rounds))
    assert rounds[:2] == [4, 4]
    assert sum(rounds) == len(touched) == len({uri for uri, _, _ in signed})
    assert {level for _, _, level in signed} == {status_list.SQUEEZED}
    # A revocation waits for none of it, and is signed quickly also at night.
    last = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    issuer.revoke(last.licence_id, reason="测试", actor="test", at=UnixTime(NIGHT + 10))
    assert (signed[-1][0], signed[-1][2]) == (f"lz:310000/{last.list_number}", status_list.QUICK)
    assert published_status(issuer, last) == Status.REVOKED


def test_what_waits_is_not_shown_before_it_is_due_also_beside_what_is(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    issuer.suspend(issued.licence_id, reason="测试", actor="test", at=AT)
    (waiting,) = issuer.change(issued.licence_id, LegalChange.CANCEL, reason="注销", actor="test", at=AT)
    # Others of the same list change meanwhile, so that its token is made anew.
    while True:
        other = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
        if other.list_number == issued.list_number:
            break
    issuer.revoke(other.licence_id, reason="测试", actor="test", at=UnixTime(waiting.due - 1))
    assert published_status(issuer, other) == Status.REVOKED
    assert published_status(issuer, issued) == Status.SUSPENDED
    issuer.publish(at=waiting.due)
    assert published_status(issuer, issued) == Status.CANCELLED


def test_a_clock_that_goes_back_takes_back_nothing(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    (waiting,) = issuer.change(issued.licence_id, LegalChange.CANCEL, reason="注销", actor="test", at=AT)
    issuer.publish(at=waiting.due)
    assert published_status(issuer, issued) == Status.CANCELLED
    while True:
        other = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
        if other.list_number == issued.list_number:
            break
    for at in (AT, UnixTime(AT + 60)):
        act = issuer.suspend if at == AT else issuer.reinstate
        act(other.licence_id, reason="测试", actor="test", at=at)
        assert token(issuer, issued).iat == at
        assert published_status(issuer, issued) == Status.CANCELLED


def test_who_was_slower_signs_anew_what_the_other_one_has_signed(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines share a register: no sequence number ever stands for two arrays."""
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    number = issued.list_number
    real, turns = status_list.sign, iter([True, False])

    def sign(token: StatusListToken, signer: object, *, level: int) -> bytes:
        if next(turns):
            with issuer._register.writing() as connection:
                connection.execute(
                    update(status_list_table).where(status_list_table.c.number == number).values(seq=token.seq)
                )
        return real(token, signer, level=level)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(status_list, "sign", sign)
    issuer.revoke(issued.licence_id, reason="测试", actor="test", at=AT)
    assert (token(issuer, issued).seq, published_status(issuer, issued)) == (3, Status.REVOKED)


def test_who_is_always_slower_says_so(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    real = issuer._publisher._tokens._signed
    issuer._publisher._tokens._signed = (  # type: ignore[method-assign]
        lambda due, at: real(replace(due, seq=due.seq), at)
    )
    monkeypatch.setattr(type(issuer._publisher._tokens), "_recorded", lambda *_: False)
    with pytest.raises(RegisterUnavailable, match="all the time"):
        issuer.publish(at=UnixTime(AT + HOUR))
    assert published_status(issuer, issued) == Status.VALID


def test_a_published_file_that_is_lost_or_damaged_comes_back_as_it_was(issuer: Issuer) -> None:
    status = issuer.places.published / "status"
    before = {path.name: path.read_bytes() for path in status.iterdir()}
    (status / "3.cwt").unlink()
    (status / "5.cwt").write_bytes(b"")
    issuer.publish(at=UnixTime(AT + 60))
    assert {path.name: path.read_bytes() for path in status.iterdir()} == before


def test_a_renewed_token_is_the_same_array_under_new_moments(issuer: Issuer) -> None:
    issued = changed(issuer)
    before = token(issuer, issued)
    content = (issuer.places.published / f"status/{issued.list_number}.cwt").read_bytes()
    encoded = status_list.renewed(
        content, issuer._signers.status, seq=9, iat=UnixTime(AT + DAY), exp=UnixTime(AT + 2 * DAY)
    )
    trust = trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    after = status_list.verify(encoded, trust=trust, at=AT)
    assert after == replace(before, seq=9, iat=AT + DAY, exp=AT + 2 * DAY)
    assert URIS[issued.list_number - 1] == after.uri
