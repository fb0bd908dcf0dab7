"""The clerk's answer to "is it this person?": a row of its own, once, durable, and only where a check waits for it."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from protocol.status_list import Status
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from verifier_terminal.appraisal.verdict import Proceed, VerdictClass
from verifier_terminal.errors import AlreadyVoid, NoPersonCheck, OutOfOrder, PersonCheckDone, UnknownCheckNumber
from verifier_terminal.events import PersonChecked, ShownVerdict
from verifier_terminal.session import Session
from verifier_terminal.store.person_check import PersonCheck


@pytest.fixture
def comparing(terminal: Terminal) -> Session:
    """A session whose policy has the person compared."""
    opened = terminal.open()
    assert not opened.sync(terminal.publish(rows=rows_with_person_check(terminal.world))).refused
    return opened


def waiting(terminal: Terminal, session: Session) -> str:
    shown = session.scan(terminal.world.code(), source="scanner")
    assert (shown.verdict.verdict_class, shown.verdict.proceed) == (VerdictClass.ACCEPT, Proceed.AFTER_CHECK)
    assert shown.person_matches is None
    return shown.verdict.check_number


def stand(session: Session, number: str) -> PersonCheck:
    (act,) = session.acts(number)
    return act.person


@pytest.mark.parametrize(("matches", "becomes"), [(True, PersonCheck.MATCHED), (False, PersonCheck.NOT_MATCHED)])
def test_the_answer_is_a_new_row_about_nobody_and_is_told(
    terminal: Terminal, comparing: Session, matches: bool, becomes: PersonCheck
) -> None:
    number = waiting(terminal, comparing)
    assert stand(comparing, number) is PersonCheck.WAITING
    terminal.pass_seconds(40)
    with comparing.subscribe() as events:
        told = comparing.confirm_person(number.lower().replace("-", ""), matches)
        assert events.next(0) == told
    at = terminal.world.clock.at
    assert told == PersonChecked(number, VerdictClass.ACCEPT, matches, at)
    verdict, answer = [row.payload for row in comparing.explain(number)]
    assert answer == {"event": "person_check", "check_number": number, "matches": matches, "at": at}
    assert verdict is not None
    assert (verdict["class"], verdict["proceed"]) == ("accept", "after_check")
    assert stand(comparing, number) is becomes
    assert not comparing.verify_journal().findings


@pytest.mark.parametrize("matches", [True, False])
def test_the_answer_survives_and_stays_the_only_one(terminal: Terminal, comparing: Session, matches: bool) -> None:
    number = waiting(terminal, comparing)
    comparing.confirm_person(number, matches)
    comparing.close()
    again = terminal.open()
    assert stand(again, number) is (PersonCheck.MATCHED if matches else PersonCheck.NOT_MATCHED)
    for later in (matches, not matches):
        with pytest.raises(PersonCheckDone):
            again.confirm_person(number, later)
    assert len(again.explain(number)) == 2
    assert not again.verify_journal().findings


def test_neither_time_nor_another_scan_nor_a_restart_answers(terminal: Terminal, comparing: Session) -> None:
    first = waiting(terminal, comparing)
    terminal.pass_seconds(120)
    second = waiting(terminal, comparing)
    comparing.confirm_person(second, True)
    comparing.close()
    again = terminal.open()
    assert (stand(again, first), stand(again, second)) == (PersonCheck.WAITING, PersonCheck.MATCHED)


@pytest.mark.parametrize("matches", [True, False])
def test_a_code_that_stays_in_view_is_shown_with_its_answer(
    terminal: Terminal, comparing: Session, matches: bool
) -> None:
    text = terminal.world.code()
    number = comparing.scan(text, source="camera 0").verdict.check_number
    comparing.confirm_person(number, matches)
    terminal.pass_seconds(1)
    with comparing.subscribe() as events:
        again = comparing.scan(text, source="camera 0")
        assert events.next(0) == again
    assert isinstance(again, ShownVerdict)
    assert (again.same_act, again.person_matches) == (True, matches)
    assert again.verdict.proceed is Proceed.AFTER_CHECK


def refused(terminal: Terminal, session: Session) -> str:
    session.sync(
        terminal.publish(rows=rows_with_person_check(terminal.world), values={4711: Status.REVOKED}, seq=2, age=30)
    )
    return session.scan(terminal.world.code(), source="scanner").verdict.check_number


def foreign(terminal: Terminal, session: Session) -> str:
    return session.scan("https://example.org/", source="scanner").verdict.check_number


def replayed(terminal: Terminal, session: Session) -> str:
    text = terminal.world.code()
    session.scan(text, source="scanner")
    terminal.pass_seconds(5)
    return session.scan(text, source="scanner").verdict.check_number


@pytest.mark.parametrize("make", [refused, foreign, replayed])
def test_a_check_that_stops_anyway_waits_for_no_person(
    terminal: Terminal, comparing: Session, make: Callable[[Terminal, Session], str]
) -> None:
    number = make(terminal, comparing)
    with pytest.raises(NoPersonCheck):
        comparing.confirm_person(number, True)
    assert len(comparing.explain(number)) == 1
    assert stand(comparing, number) is PersonCheck.NOT_DEMANDED


def test_where_policy_compares_nobody_no_check_waits_for_it(terminal: Terminal, session: Session) -> None:
    accepted = session.scan(terminal.world.code(), source="scanner").verdict
    terminal.pass_seconds(5 * 86_400)
    stale = session.scan(terminal.world.code(), source="scanner").verdict
    assert (stale.verdict_class, stale.proceed) == (VerdictClass.CHECK, Proceed.AFTER_CHECK)
    for verdict in (accepted, stale):
        with pytest.raises(NoPersonCheck):
            session.confirm_person(verdict.check_number, True)


def test_a_licence_to_be_checked_waits_for_the_person_too(terminal: Terminal, comparing: Session) -> None:
    terminal.pass_seconds(5 * 86_400)
    verdict = comparing.scan(terminal.world.code(), source="scanner").verdict
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.AFTER_CHECK)
    assert comparing.confirm_person(verdict.check_number, True).verdict_class is VerdictClass.CHECK


def test_a_void_check_and_an_unknown_one_are_named(terminal: Terminal, comparing: Session) -> None:
    number = waiting(terminal, comparing)
    comparing.void(number, "wrong window")
    with pytest.raises(AlreadyVoid):
        comparing.confirm_person(number, True)
    with pytest.raises(UnknownCheckNumber):
        comparing.confirm_person("777-777", True)
    assert [row.payload["event"] for row in comparing.explain(number) if row.payload] == ["verdict", "void"]


def test_an_answered_check_can_still_be_voided(terminal: Terminal, comparing: Session) -> None:
    number = waiting(terminal, comparing)
    comparing.confirm_person(number, True)
    comparing.void(number, "the wrong key was pressed")
    assert [row.payload["event"] for row in comparing.explain(number) if row.payload] == [
        "verdict",
        "person_check",
        "void",
    ]


def test_two_processes_and_many_threads_answer_once(terminal: Terminal, comparing: Session) -> None:
    number = waiting(terminal, comparing)
    sessions = (comparing, terminal.open())

    def answer(turn: int) -> bool:
        try:
            sessions[turn % 2].confirm_person(number, turn % 3 == 0)
        except PersonCheckDone:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(answer, range(16))) == 1
    assert len(comparing.explain(number)) == 2


def test_an_answer_that_cannot_be_written_is_not_given(terminal: Terminal, comparing: Session) -> None:
    number = waiting(terminal, comparing)
    database: sqlite3.Connection = comparing._store.database
    database.execute("PRAGMA query_only = ON")
    with comparing.subscribe() as events:
        with pytest.raises(OutOfOrder):
            comparing.confirm_person(number, True)
        told = []
        while (event := events.next(0)) is not None:
            told.append(event)
    assert not any(isinstance(event, PersonChecked) for event in told)
    assert comparing.out_of_order is not None
    database.execute("PRAGMA query_only = OFF")
    assert stand(comparing, number) is PersonCheck.WAITING
    comparing.confirm_person(number, False)
    assert comparing.out_of_order is None
    assert stand(comparing, number) is PersonCheck.NOT_MATCHED
