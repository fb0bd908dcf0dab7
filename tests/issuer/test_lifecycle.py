"""Legal changes: the allowed transitions and no others; every unexpired index of the licence flips, or none."""

import threading

import pytest

from issuer.application import Issuer
from issuer.errors import (
    LicenceUnknown,
    PublishingFailed,
    ReasonRefused,
    StorageFailed,
    TransitionRefused,
)
from issuer.lifecycle import TRANSITIONS, LegalChange
from issuer.publishing import Publisher
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, published_status

REACHED = {
    Status.VALID: (),
    Status.SUSPENDED: (LegalChange.SUSPEND,),
    Status.REVOKED: (LegalChange.REVOKE,),
}
AFTER = {
    (Status.VALID, LegalChange.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, LegalChange.REINSTATE): Status.VALID,
    (Status.VALID, LegalChange.REVOKE): Status.REVOKED,
    (Status.SUSPENDED, LegalChange.REVOKE): Status.REVOKED,
}


def test_only_a_suspension_ever_ends() -> None:
    assert {(old, new) for steps in TRANSITIONS.values() for old, new in steps.items() if old.is_final} == set()


@pytest.mark.parametrize("legal_change", LegalChange)
@pytest.mark.parametrize("start", REACHED)
def test_each_change_from_each_status(issuer: Issuer, start: Status, legal_change: LegalChange) -> None:
    issued = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    for step in REACHED[start]:
        issuer.change(issued.licence_id, step, reason="测试", actor="test", at=AT)
    assert published_status(issuer, issued.idx) == start
    new = AFTER.get((start, legal_change))
    before = issuer.events(issued.licence_id)
    if new is None:
        with pytest.raises(TransitionRefused, match=start.name.lower()):
            issuer.change(issued.licence_id, legal_change, reason="测试", actor="test", at=AT)
        assert issuer.events(issued.licence_id) == before
    else:
        (flipped,) = issuer.change(issued.licence_id, legal_change, reason="测试", actor="test", at=AT)
        assert (flipped.old, flipped.new, flipped.idx, flipped.at) == (start, new, issued.idx, AT)
        assert issuer.events(issued.licence_id) == (*before, flipped)
    assert published_status(issuer, issued.idx) == (start if new is None else new)
    assert issuer.licence(issued.licence_id).status is (start if new is None else new)


def test_every_unexpired_index_flips_and_only_of_this_licence(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    later = UnixTime(AT + 100 * DAY)
    groups = [issuer.issue_again(old.licence_id, holder_key(number), at=later) for number in (1, 1, 2)]
    other = issuer.issue("id-card", ID_CARD, holder_key(1), at=later)
    flipped = issuer.revoke(old.licence_id, reason="违法", actor="test", at=later)
    assert {event.idx for event in flipped} == {old.idx, *(group.idx for group in groups)}
    assert {published_status(issuer, event.idx) for event in flipped} == {Status.REVOKED}
    assert published_status(issuer, other.idx) == Status.VALID


def test_an_expired_index_stays_as_it_is(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    later = UnixTime(AT + 130 * DAY)
    new = issuer.issue_again(old.licence_id, holder_key(1), at=later)
    assert [event.idx for event in issuer.suspend(old.licence_id, reason="测试", actor="test", at=later)] == [new.idx]
    assert published_status(issuer, old.idx) == Status.VALID


def test_a_reinstated_licence_is_valid_on_every_index(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    issuer.suspend(first.licence_id, reason="测试", actor="test", at=AT)
    assert published_status(issuer, second.idx) == Status.SUSPENDED
    issuer.reinstate(first.licence_id, reason="测试", actor="test", at=AT)
    assert [published_status(issuer, each.idx) for each in (first, second)] == [Status.VALID, Status.VALID]


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201, "line\nbreak", "bidi\u202e"])
def test_a_change_needs_a_plain_reason(issuer: Issuer, reason: str) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    with pytest.raises(ReasonRefused):
        issuer.suspend(issued.licence_id, reason=reason, actor="test", at=AT)
    assert issuer.events(issued.licence_id) == ()


@pytest.mark.parametrize("licence_id", ["", "nobody", "' OR 1=1 --", "亮证", "\ud800"])
def test_an_unknown_licence_is_named(issuer: Issuer, licence_id: str) -> None:
    with pytest.raises(LicenceUnknown):
        issuer.licence(licence_id)
    with pytest.raises(LicenceUnknown):
        issuer.revoke(licence_id, reason="测试", actor="test", at=AT)


def test_a_change_that_cannot_be_published_says_that_it_stands(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    with monkeypatch.context() as patched:

        def full(*_: object, **__: object) -> None:
            raise StorageFailed("cannot write 1.cwt: No space left on device")

        patched.setattr(Publisher, "publish", full)
        with pytest.raises(PublishingFailed, match="recorded"):
            issuer.revoke(issued.licence_id, reason="测试", actor="test", at=AT)
    assert issuer.licence(issued.licence_id).status is Status.REVOKED
    assert published_status(issuer, issued.idx) == Status.VALID
    issuer.publish(at=AT)
    assert published_status(issuer, issued.idx) == Status.REVOKED


def test_two_clerks_at_once_make_one_change(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    together, outcomes = threading.Barrier(4), []

    def suspend() -> None:
        together.wait()
        try:
            issuer.suspend(issued.licence_id, reason="测试", actor="test", at=AT)
            outcomes.append("done")
        except TransitionRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=suspend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused", "refused", "refused"]
    assert len(issuer.events(issued.licence_id)) == 1
