"""Legal changes: the allowed transitions and no others; every unexpired index of the licence flips, or none."""

import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from issuer import spreading
from issuer.application import Issuer
from issuer.errors import (
    LicenceUnknown,
    PublishingFailed,
    ReasonRefused,
    StorageFailed,
    TransitionRefused,
)
from issuer.lifecycle import TRANSITIONS, LegalChange
from issuer.mandates.issuing import Wish
from issuer.publishing import Publisher
from issuer.spreading import APART, WINDOW
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, published_status

ROOT = Path(__file__).resolve().parents[2]
OTHER_PERSON = "99010119491231001X"
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from issuer import wiring
from issuer.lifecycle import LegalChange
from tests.issuer.builders import AT
def die(connection, cursor, statement, *_):
    # The licence and the first group have their new status, the second one has not.
    seen.append(statement.startswith("INSERT INTO status_event"))
    if seen.count(True) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
seen = []
with wiring.open_issuer(Path(sys.argv[1]), passphrase=None) as issuer:
    event.listen(issuer._register._engine, "before_cursor_execute", die)
    issuer.revoke(sys.argv[2], reason="test", actor="test", at=AT)
"""
REACHED = {
    Status.VALID: (),
    Status.SUSPENDED: (LegalChange.SUSPEND,),
    Status.REVOKED: (LegalChange.REVOKE,),
    Status.WITHDRAWN: (LegalChange.WITHDRAW,),
    Status.CANCELLED: (LegalChange.SUSPEND, LegalChange.CANCEL),
    Status.SUPERSEDED: (LegalChange.TRANSFER,),
}
AFTER = {
    (Status.VALID, LegalChange.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, LegalChange.REINSTATE): Status.VALID,
    (Status.VALID, LegalChange.REVOKE): Status.REVOKED,
    (Status.SUSPENDED, LegalChange.REVOKE): Status.REVOKED,
    (Status.VALID, LegalChange.WITHDRAW): Status.WITHDRAWN,
    (Status.SUSPENDED, LegalChange.WITHDRAW): Status.WITHDRAWN,
    (Status.VALID, LegalChange.CANCEL): Status.CANCELLED,
    (Status.SUSPENDED, LegalChange.CANCEL): Status.CANCELLED,
    (Status.VALID, LegalChange.SUPERSEDE): Status.SUPERSEDED,
    (Status.VALID, LegalChange.TRANSFER): Status.SUPERSEDED,
}
WAITS = {LegalChange.CANCEL, LegalChange.SUPERSEDE, LegalChange.TRANSFER}


def test_only_a_suspension_ever_ends() -> None:
    assert {(old, new) for steps in TRANSITIONS.values() for old, new in steps.items() if old.is_final} == set()


@pytest.mark.parametrize("start", REACHED)
def test_each_change_from_each_status(issuer: Issuer, start: Status) -> None:
    now = UnixTime(AT + DAY)
    licences = {each: issuer.issue("driving-licence", DRIVING, holder_key(), at=AT) for each in LegalChange}
    for issued in licences.values():
        for step in REACHED[start]:
            issuer.change(issued.licence_id, step, reason="测试", actor="test", at=AT)
    issuer.publish(at=now)
    for legal_change, issued in licences.items():
        assert published_status(issuer, issued) == start
        new = AFTER.get((start, legal_change))
        before = issuer.events(issued.licence_id)
        if new is None:
            with pytest.raises(TransitionRefused, match=start.name.lower()):
                issuer.change(issued.licence_id, legal_change, reason="测试", actor="test", at=now)
            assert issuer.events(issued.licence_id) == before
            assert issuer.licence(issued.licence_id).status is start
            continue
        (flipped,) = issuer.change(issued.licence_id, legal_change, reason="测试", actor="测试员", at=now)
        assert (flipped.old, flipped.new) == (start, new)
        assert (flipped.list_number, flipped.idx) == (issued.list_number, issued.idx)
        assert (flipped.at, flipped.reason, flipped.actor) == (now, "测试", "测试员")
        assert issuer.events(issued.licence_id) == (*before, flipped)
        assert issuer.licence(issued.licence_id).status is new
        assert flipped.urgent is (legal_change not in WAITS)
        if flipped.urgent:
            assert flipped.due == now
        else:
            assert now < flipped.due < now + WINDOW
            assert published_status(issuer, issued) == start
            issuer.publish(at=UnixTime(flipped.due - 1))
            assert published_status(issuer, issued) == start
            now = flipped.due
            issuer.publish(at=now)
        assert published_status(issuer, issued) == new
    # What was refused has changed nothing that anybody reads.
    refused = [issued for each, issued in licences.items() if (start, each) not in AFTER]
    assert {published_status(issuer, issued) for issued in refused} <= {start}


@pytest.mark.parametrize("legal_change", LegalChange)
def test_every_path_flips_every_unexpired_index_of_the_licence(issuer: Issuer, legal_change: LegalChange) -> None:
    """Two devices, what a refresh left behind, a mandate and a paper; not what ended, was lost or is another's."""
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    over = UnixTime(first.exp + 1)
    left = issuer.issue_again(first.licence_id, holder_key(1), at=over)
    refreshed = issuer.issue_again(first.licence_id, holder_key(1), at=over)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=over)
    lost = issuer.issue_again(first.licence_id, holder_key(3), at=over)
    wish = Wish(first.licence_id, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    agent = issuer.mandates.issue(wish, holder_key(4), actor="test", at=over)
    sheet = issuer.papers.issue(first.licence_id, days=30, actor="test", at=over)
    other = issuer.issue("id-card", ID_CARD, holder_key(1), at=over)
    issuer.devices.report_lost(first.licence_id, holder_key(3).thumbprint.hex(), reason="挂失", actor="test", at=over)
    if legal_change is LegalChange.REINSTATE:
        issuer.suspend(first.licence_id, reason="测试", actor="test", at=over)
    flipped = issuer.change(first.licence_id, legal_change, reason="测试", actor="test", at=over)
    reached = (left, refreshed, second, agent, sheet)
    assert {(event.list_number, event.idx) for event in flipped} == {(each.list_number, each.idx) for each in reached}
    assert len(flipped) == 5
    new = TRANSITIONS[legal_change].get(Status.VALID, Status.VALID)
    # Of one holder no two fall into one tick of the publisher.
    due = sorted(event.due for event in flipped)
    assert legal_change not in WAITS or min(after - before for before, after in pairwise(due)) >= APART
    issuer.publish(at=max(due))
    at = max(due)
    assert [published_status(issuer, each, at=at) for each in reached] == [new] * 5
    assert published_status(issuer, first, at=at) == published_status(issuer, other, at=at) == Status.VALID
    assert published_status(issuer, lost, at=at) == Status.DEVICE_LOST


def test_what_changes_for_one_person_at_once_is_published_in_different_minutes(issuer: Issuer) -> None:
    """A person moves away: whoever reads the feed must not learn which entries belong together."""
    licences = [issuer.issue("driving-licence", DRIVING, holder_key(), at=AT) for _ in range(17)]
    other = issuer.issue("id-card", ID_CARD | {"citizen_id": OTHER_PERSON, "sex": 1}, holder_key(), at=AT)
    due = []
    for each in licences:
        (event,) = issuer.change(each.licence_id, LegalChange.TRANSFER, reason="转出", actor="test", at=AT)
        due.append(event.due)
    assert min(after - before for before, after in pairwise(sorted(due))) >= APART
    assert max(due) - min(due) > WINDOW // 4
    # Of one person, and not of the register: somebody else's may be where it likes.
    (event,) = issuer.change(other.licence_id, LegalChange.CANCEL, reason="注销", actor="test", at=AT)
    assert AT <= event.due < AT + WINDOW
    # An urgent change of one licence does not wait for the others.
    last = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    (event,) = issuer.revoke(last.licence_id, reason="违法", actor="test", at=AT)
    assert (event.due, published_status(issuer, last)) == (AT, Status.REVOKED)


def test_more_waiting_entries_than_a_window_holds_get_a_longer_one() -> None:
    taken: set[int] = set()
    for _ in range(200):
        taken.add(spreading.moment(taken, at=AT, below=lambda bound: bound // 2))
    assert min(after - before for before, after in pairwise(sorted(taken))) >= APART
    assert max(taken) > AT + WINDOW


def test_a_crash_within_a_change_flips_nothing(issuer: Issuer, tmp_path: Path) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    entries = [first, *(issuer.issue_again(first.licence_id, holder_key(number), at=AT) for number in (2, 3))]
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "issuer"), first.licence_id], cwd=ROOT, check=False
    )
    assert child.returncode == -signal.SIGKILL
    issuer.publish(at=AT)
    assert issuer.licence(first.licence_id).status is Status.VALID
    assert issuer.events(first.licence_id) == ()
    assert [published_status(issuer, each) for each in entries] == [Status.VALID] * 3
    assert len(issuer.revoke(first.licence_id, reason="违法", actor="test", at=AT)) == 3


def test_every_unexpired_index_flips_and_only_of_this_licence(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    later = UnixTime(AT + 100 * DAY)
    groups = [issuer.issue_again(old.licence_id, holder_key(number), at=later) for number in (1, 1, 2)]
    other = issuer.issue("id-card", ID_CARD, holder_key(1), at=later)
    flipped = issuer.revoke(old.licence_id, reason="违法", actor="test", at=later)
    assert {event.idx for event in flipped} == {old.idx, *(group.idx for group in groups)}
    assert {published_status(issuer, event) for event in flipped} == {Status.REVOKED}
    assert published_status(issuer, other) == Status.VALID


def test_an_expired_index_stays_as_it_is(issuer: Issuer) -> None:
    old = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    later = UnixTime(AT + 130 * DAY)
    new = issuer.issue_again(old.licence_id, holder_key(1), at=later)
    assert [event.idx for event in issuer.suspend(old.licence_id, reason="测试", actor="test", at=later)] == [new.idx]
    assert published_status(issuer, old) == Status.VALID


def test_a_reinstated_licence_is_valid_on_every_index(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    issuer.suspend(first.licence_id, reason="测试", actor="test", at=AT)
    assert published_status(issuer, second) == Status.SUSPENDED
    issuer.reinstate(first.licence_id, reason="测试", actor="test", at=AT)
    assert [published_status(issuer, each) for each in (first, second)] == [Status.VALID, Status.VALID]


def test_a_change_needs_a_plain_reason(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    for reason in ("", "  ", "长" * 201, "line\nbreak", "bidi\u202e"):
        with pytest.raises(ReasonRefused):
            issuer.suspend(issued.licence_id, reason=reason, actor="test", at=AT)
    assert issuer.events(issued.licence_id) == ()


def test_an_unknown_licence_is_named(issuer: Issuer) -> None:
    for licence_id in ("", "nobody", "' OR 1=1 --", "亮证", "\ud800", "\x00"):
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
    assert published_status(issuer, issued) == Status.VALID
    issuer.publish(at=AT)
    assert published_status(issuer, issued) == Status.REVOKED


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
