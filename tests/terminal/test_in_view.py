"""A phone that stays before the camera is one act, while its code rolls; any other verdict is an act of its own."""

import pytest

from hardware.duplicates import text_sha256
from protocol.errors import Code
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.utopia.world import Issued
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import ShownVerdict
from verifier_terminal.session import Session


def stay(terminal: Terminal, session: Session, seconds: int, text: str | None = None) -> None:
    """The camera goes on seeing this code (the one that was made last), and says so every second."""
    for _ in range(seconds):
        terminal.pass_seconds(1)
        session.still_there("camera", text_sha256(text or terminal.last_code))


@pytest.fixture
def issued(terminal: Terminal) -> Issued:
    return terminal.world.credential()


def code(terminal: Terminal, issued: Issued) -> str:
    """A fresh code of one and the same credential."""
    terminal.last_code = terminal.world.code(issued)
    return terminal.last_code


def test_the_next_code_of_a_phone_in_view_is_the_same_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    first = session.scan(code(terminal, issued), source="camera")
    assert first.verdict.verdict_class is VerdictClass.ACCEPT
    stay(terminal, session, 30)
    with session.subscribe() as heard:
        again = session.scan(code(terminal, issued), source="camera")
        assert again.same_act
        assert again.verdict.check_number == first.verdict.check_number
        # Blanked personal data must not come back on a page by themselves.
        assert heard.next(0) is None
    assert len(session.acts()) == 1


def test_the_rolled_code_is_used_up_all_the_same(terminal: Terminal, session: Session, issued: Issued) -> None:
    session.scan(code(terminal, issued), source="camera")
    stay(terminal, session, 30)
    rolled = code(terminal, issued)
    session.scan(rolled, source="camera")
    elsewhere = session.scan(rolled, source="scanner").verdict
    assert Code.E_REPLAY in [finding.code for finding in elsewhere.findings]


def test_out_of_view_for_two_seconds_is_a_new_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    session.scan(code(terminal, issued), source="camera")
    stay(terminal, session, 5)
    terminal.pass_seconds(2)
    assert not session.scan(code(terminal, issued), source="camera").same_act
    assert len(session.acts()) == 2


def test_a_scanner_in_the_hand_makes_an_act_of_each_code(terminal: Terminal, session: Session, issued: Issued) -> None:
    session.scan(code(terminal, issued), source="scanner")
    terminal.pass_seconds(1)
    assert not session.scan(code(terminal, issued), source="scanner").same_act
    assert len(session.acts()) == 2


def test_another_source_is_a_new_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    session.scan(code(terminal, issued), source="camera")
    stay(terminal, session, 1)
    assert not session.scan(code(terminal, issued), source="scanner").same_act


def test_another_credential_is_a_new_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    session.scan(code(terminal, issued), source="camera")
    stay(terminal, session, 1)
    other = terminal.world.credential(holder=terminal.world.holder("somebody else"))
    assert not session.scan(code(terminal, other), source="camera").same_act
    assert len(session.acts()) == 2


def test_a_different_verdict_is_never_hidden(terminal: Terminal, session: Session, issued: Issued) -> None:
    first = session.scan(code(terminal, issued), source="camera")
    stay(terminal, session, 3)
    assert not session.sync(terminal.publish(values={issued.claims.status.idx: Status.REVOKED}, seq=2)).refused
    stay(terminal, session, 1)
    shown = session.scan(code(terminal, issued), source="camera")
    assert not shown.same_act
    assert Code.E_REVOKED in [finding.code for finding in shown.verdict.findings]
    assert shown.verdict.check_number != first.verdict.check_number


def test_a_phone_that_stays_keeps_nobody_elses_act_alive(terminal: Terminal, session: Session, issued: Issued) -> None:
    """Otherwise a picture of a used code would pass as long as another phone is before the camera."""
    used = code(terminal, issued)
    assert session.scan(used, source="camera").verdict.verdict_class is VerdictClass.ACCEPT
    other = terminal.world.credential(holder=terminal.world.holder("somebody else"))
    session.scan(code(terminal, other), source="camera")
    stay(terminal, session, 5)
    shown = session.scan(used, source="camera")
    assert (shown.same_act, shown.verdict.verdict_class) == (False, VerdictClass.REFUSE)
    assert Code.E_REPLAY in [finding.code for finding in shown.verdict.findings]


def test_an_earlier_code_that_is_seen_again_is_not_kept_alive_by_that(
    terminal: Terminal, session: Session, issued: Issued
) -> None:
    """The device names what it sees; the act is that of the code that was read last, whatever else is in view."""
    used = code(terminal, issued)
    session.scan(used, source="camera")
    other = terminal.world.credential(holder=terminal.world.holder("somebody else"))
    session.scan(code(terminal, other), source="camera")
    stay(terminal, session, 5, used)
    shown = session.scan(used, source="camera")
    assert (shown.same_act, shown.verdict.verdict_class) == (False, VerdictClass.REFUSE)


def test_an_earlier_code_of_the_phone_in_view_is_no_longer_the_act(
    terminal: Terminal, session: Session, issued: Issued
) -> None:
    old = code(terminal, issued)
    session.scan(old, source="camera")
    stay(terminal, session, 30)
    assert session.scan(code(terminal, issued), source="camera").same_act
    stay(terminal, session, 5)
    assert not session.scan(old, source="camera").same_act


def test_after_a_void_the_next_code_is_a_new_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    first = session.scan(code(terminal, issued), source="camera")
    session.void(first.verdict.check_number, "wrong person")
    stay(terminal, session, 1)
    assert not session.scan(code(terminal, issued), source="camera").same_act


def test_what_the_clerk_answered_stays_with_the_act(terminal: Terminal, issued: Issued) -> None:
    session = terminal.open()
    assert not session.sync(terminal.publish(rows=rows_with_person_check(terminal.world))).refused
    first = session.scan(code(terminal, issued), source="camera")
    session.confirm_person(first.verdict.check_number, matches=False)
    stay(terminal, session, 30)
    again = session.scan(code(terminal, issued), source="camera")
    assert (again.same_act, again.person_matches) == (True, False)


def test_a_refused_code_never_covers_the_next_one(terminal: Terminal, session: Session, issued: Issued) -> None:
    stale = terminal.world.clock.at
    old = code(terminal, issued)
    terminal.pass_seconds(600)
    assert terminal.world.clock.at == UnixTime(stale + 600)
    refused = session.scan(old, source="camera")
    assert refused.verdict.verdict_class is VerdictClass.REFUSE
    session.still_there("camera", text_sha256(old))
    fresh: ShownVerdict = session.scan(code(terminal, issued), source="camera")
    assert (fresh.same_act, fresh.verdict.verdict_class) == (False, VerdictClass.ACCEPT)
