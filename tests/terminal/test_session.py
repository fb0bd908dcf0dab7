"""From a text to a written verdict: acts, replays, voids, listeners, trouble with the disk."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import Code
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.terminal.conftest import Terminal
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import AlreadyVoid, AppraisalBroken, OutOfOrder, UnknownCheckNumber
from verifier_terminal.events import OutOfOrderNews, RecheckAlarm, ShownVerdict, Subscription
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror


def codes(session: Session, text: str, source: str = "scanner") -> list[Code]:
    return [finding.code for finding in session.scan(text, source=source).verdict.findings]


def test_a_good_code_is_accepted_and_journalled(terminal: Terminal, session: Session) -> None:
    shown = session.scan(terminal.world.code(), source="scanner")
    assert shown.verdict.verdict_class is VerdictClass.ACCEPT
    (act,) = session.acts()
    assert act.check_number == shown.verdict.check_number
    assert act.payload["items"] is not None
    assert "name" in act.payload["items"]
    assert not session.verify_journal().findings


def test_the_same_text_from_the_same_source_within_two_seconds_is_the_same_act(
    terminal: Terminal, session: Session
) -> None:
    text = terminal.world.code()
    first = session.scan(text, source="scanner")
    terminal.pass_seconds(1)
    again = session.scan(text, source="scanner")
    assert (first.same_act, again.same_act) == (False, True)
    assert again.verdict == first.verdict
    assert len(session.acts()) == 1


def test_the_same_text_after_two_seconds_is_a_replay(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session.scan(text, source="scanner")
    terminal.pass_seconds(2)
    assert Code.E_REPLAY in codes(session, text)
    assert len(session.acts()) == 2


def test_the_same_text_from_another_source_is_a_replay(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session.scan(text, source="scanner")
    assert Code.E_REPLAY in codes(session, text, "camera")


def test_a_second_session_on_the_directory_refuses_the_replay(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session.scan(text, source="scanner")
    other = terminal.open()
    shown = other.scan(text, source="scanner")
    assert not shown.same_act
    assert Code.E_REPLAY in [finding.code for finding in shown.verdict.findings]


def test_a_code_that_another_process_used_up_during_the_appraisal_is_appraised_again(
    terminal: Terminal, session: Session
) -> None:
    text = terminal.world.code()
    calls = []

    def overtaken(read: str, context: Any) -> Any:
        verdict = appraise(read, context)
        calls.append(verdict)
        if len(calls) == 1:
            session.scan(text, source="another process")
        return verdict

    shown = terminal.open(overtaken).scan(text, source="scanner")
    assert len(calls) == 2
    assert shown.verdict.verdict_class is VerdictClass.REFUSE
    assert Code.E_REPLAY in [finding.code for finding in shown.verdict.findings]


@pytest.mark.parametrize("hours", [2, 24 * 29])
def test_a_clock_set_back_after_the_code_was_used_makes_it_no_good_again(
    terminal: Terminal, session: Session, hours: int
) -> None:
    terminal.pass_seconds(60)
    text, used_at = terminal.world.code(), terminal.world.clock.at
    assert session.scan(text, source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    # Off the network the rounds go on, and erase what is over.
    terminal.pass_seconds(hours * 3_600)
    session.sync(FolderMirror(terminal.directory / "nowhere"))
    # The terminal is started anew, and its clock has fallen back to where the code was good.
    terminal.world.clock.at = UnixTime(used_at + 10)
    assert Code.E_REPLAY in codes(terminal.open(), text)


def test_replay_keys_are_forgotten_once_a_signed_moment_says_that_they_are_over(
    terminal: Terminal, session: Session
) -> None:
    def remembered() -> int:
        (count,) = session._store.database.execute("SELECT count(*) FROM replay").fetchone()
        return int(count)

    session.scan(terminal.world.code(), source="scanner")
    terminal.pass_seconds(3_600 + 90)
    session.sync(terminal.publish(seq=2, age=0))
    assert remembered() == 1
    terminal.pass_seconds(1)
    session.sync(terminal.publish(seq=3, age=0))
    assert remembered() == 0


def test_a_refused_code_is_not_burnt(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session.sync(terminal.publish(values={4711: Status.SUSPENDED}, seq=2, age=30))
    assert Code.E_SUSPENDED in codes(session, text, "one")
    assert Code.E_REPLAY not in codes(session, text, "two")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("https://example.org/a?b=c", "url"),
        ("HC1:6BF", "health_certificate"),
        ("\x00\x01\x02", "binary"),
        ("", "empty"),
    ],
)
def test_a_foreign_code_is_named_and_kept_as_a_digest_only(session: Session, text: str, slug: str) -> None:
    shown = session.scan(text, source="scanner")
    assert shown.verdict.verdict_class is VerdictClass.NOT_READ
    assert shown.foreign is not None
    assert shown.foreign.slug == slug
    (act,) = session.acts()
    assert act.payload["foreign"] == slug
    assert len(act.payload["unknown_digest"]) == 32
    assert not text or text not in str(act.payload)


def test_digests_of_one_text_agree_within_a_day_and_differ_on_the_next(terminal: Terminal, session: Session) -> None:
    digests = []
    for pause in (0, 60, 86_400):
        terminal.pass_seconds(pause)
        session.scan("https://example.org/", source="scanner")
        digests.append(session.acts(limit=1)[0].payload["unknown_digest"])
    assert digests[0] == digests[1] != digests[2]


def test_void_is_a_new_row_and_happens_once(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.void(number.lower().replace("-", ""), "wrong person\x1b[2J")
    (act,) = session.acts()
    assert act.void_reason == "wrong person[2J"
    with pytest.raises(AlreadyVoid):
        session.void(number, "again")
    assert [row.payload["event"] for row in session.explain(number) if row.payload] == ["verdict", "void"]


def test_no_number_of_a_person_gets_into_the_journal_by_a_reason(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.void(number, "误扫了 990101194912310028 的证")
    assert session.acts()[0].void_reason == "误扫了 […] 的证"


def test_void_of_an_unknown_number_is_named(session: Session) -> None:
    with pytest.raises(UnknownCheckNumber):
        session.void("777-777", "no such check")


def test_acts_are_found_by_number_kind_and_code(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.scan("https://example.org/", source="scanner")
    assert [act.check_number for act in session.acts(number.lower().replace("-", ""))] == [number]
    assert [act.check_number for act in session.acts("driving-licence")] == [number]
    assert len(session.acts("E_PREFIX")) == 1
    assert session.acts("nothing like this") == ()


def test_an_exercise_reads_and_writes_nothing(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session.scan(text, source="scanner")
    before = session.status().journal_rows
    verdict = session.exercise(text, at=terminal.world.clock.at)
    assert verdict.verdict_class is VerdictClass.ACCEPT
    assert session.status().journal_rows == before


def test_eight_threads_lose_and_double_nothing(terminal: Terminal, session: Session) -> None:
    issued = terminal.world.credential()
    at = terminal.world.clock.at
    texts = [terminal.world.code(issued, binding=terminal.world.key_binding(iat=at - second)) for second in range(16)]
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda job: session.scan(job[1], source=f"thread {job[0] % 8}"), enumerate(texts * 2)))
    numbers = {each.verdict.check_number for each in shown if not each.same_act}
    accepted = [each for each in shown if each.verdict.verdict_class is VerdictClass.ACCEPT and not each.same_act]
    assert len(accepted) == 16
    assert {act.check_number for act in session.acts(limit=100)} == numbers
    report = session.verify_journal()
    assert (report.findings, report.rows) == ((), len(numbers))


def test_no_verdict_when_the_row_cannot_be_written(terminal: Terminal, session: Session) -> None:
    database = session._store.database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    issued = terminal.world.credential()
    refused = None
    with session.subscribe() as events:
        for second in range(400):
            binding = terminal.world.key_binding(iat=terminal.world.clock.at, life=30 + second % 90)
            try:
                session.scan(terminal.world.code(issued, binding=binding), source=f"{second}")
            except OutOfOrder as failure:
                refused = failure
                break
            _drain(events)
        assert refused is not None
        assert "full" in str(refused)
        assert session.out_of_order is not None
        assert session.status().out_of_order is not None
        assert any(isinstance(event, OutOfOrderNews) for event in _drain(events))
    rows = session.status().journal_rows
    assert len(session.acts(limit=1_000)) == rows
    assert not session.verify_journal().findings
    # Space comes back.
    database.execute(f"PRAGMA max_page_count = {pages * 100}")
    assert session.recover()
    assert session.out_of_order is None
    session.scan(terminal.world.code(issued), source="after")
    assert not session.verify_journal().findings


def test_the_code_of_a_check_that_could_not_be_written_is_not_used_up(terminal: Terminal, session: Session) -> None:
    text = terminal.world.code()
    session._store.database.execute("PRAGMA query_only = ON")
    with pytest.raises(OutOfOrder):
        session.scan(text, source="scanner")
    assert not session.recover()
    session._store.database.execute("PRAGMA query_only = OFF")
    assert session.scan(text, source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert session.out_of_order is None


def test_an_anchor_that_cannot_be_written_is_out_of_order(terminal: Terminal, session: Session) -> None:
    anchor = terminal.directory / "journal.head"
    anchor.unlink()
    anchor.mkdir()
    with pytest.raises(OutOfOrder):
        session.scan(terminal.world.code(), source="scanner")


def test_a_broken_appraisal_gives_no_verdict_and_stops_nothing(terminal: Terminal, session: Session) -> None:
    def breaks(text: str, context: Any) -> Any:
        raise ZeroDivisionError("a bug")

    with pytest.raises(AppraisalBroken):
        terminal.open(breaks).scan(terminal.world.code(), source="scanner")
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT


def test_a_slow_listener_is_dropped_and_slows_nobody(session: Session) -> None:
    slow, quick = session.subscribe(), session.subscribe()
    for number in range(100):
        session.scan(f"https://example.org/{number}", source="scanner")
        assert isinstance(quick.next(0), ShownVerdict)
    assert slow.dropped
    assert not quick.dropped


def test_listeners_hear_verdicts_only_after_the_row_is_durable(terminal: Terminal, session: Session) -> None:
    heard = threading.Event()
    seen: list[int] = []
    with session.subscribe() as events:

        def listen() -> None:
            event = events.next(10)
            assert isinstance(event, ShownVerdict)
            seen.append(len(terminal.open().acts(event.verdict.check_number)))
            heard.set()

        listener = threading.Thread(target=listen)
        listener.start()
        session.scan(terminal.world.code(), source="scanner")
        assert heard.wait(10)
        listener.join()
    assert seen == [1]


def _drain(events: Subscription) -> list[object]:
    drained: list[object] = []
    while (event := events.next(0.001)) is not None:
        drained.append(event)
    return drained


# Re-checks.


def accept_on_old_knowledge(terminal: Terminal, session: Session) -> str:
    terminal.pass_seconds(600)
    shown = session.scan(terminal.world.code(), source="scanner")
    assert shown.verdict.verdict_class is VerdictClass.ACCEPT
    assert shown.verdict.recheck
    assert session.status().recheck_queue == 1
    return shown.verdict.check_number


def test_a_changed_answer_alarms_exactly_once(terminal: Terminal, session: Session) -> None:
    number = accept_on_old_knowledge(terminal, session)
    terminal.pass_seconds(600)
    mirror = terminal.publish(values={4711: Status.REVOKED}, seq=2, age=30)
    with session.subscribe() as events:
        report = session.sync(mirror)
        assert [(alarm.check_number, alarm.answer) for alarm in report.alarms] == [(number, Status.REVOKED)]
        assert sum(isinstance(event, RecheckAlarm) for event in _drain(events)) == 1
        assert session.sync(mirror).alarms == ()
        assert not any(isinstance(event, RecheckAlarm) for event in _drain(events))
    restarted = terminal.open()
    assert restarted.sync(mirror).alarms == ()
    assert [alarm.check_number for alarm in restarted.status().alarms] == [number]
    assert [row.payload["event"] for row in restarted.explain(number) if row.payload] == ["verdict", "recheck"]
    restarted.acknowledge(number)
    assert restarted.status().alarms == ()


def test_a_good_answer_settles_quietly(terminal: Terminal, session: Session) -> None:
    accept_on_old_knowledge(terminal, session)
    terminal.pass_seconds(600)
    report = session.sync(terminal.publish(seq=2, age=30))
    assert (report.rechecked, report.alarms) == (1, ())
    assert session.status().recheck_queue == 0


def test_a_list_older_than_the_check_does_not_settle_it(terminal: Terminal, session: Session) -> None:
    accept_on_old_knowledge(terminal, session)
    report = session.sync(terminal.publish(seq=2, age=300))
    assert report.rechecked == 0
    assert session.status().recheck_queue == 1


def test_the_alarm_survives_a_restart_before_the_sync(terminal: Terminal, session: Session) -> None:
    number = accept_on_old_knowledge(terminal, session)
    terminal.pass_seconds(600)
    report = terminal.open().sync(terminal.publish(values={4711: Status.SUSPENDED}, seq=2, age=30))
    assert [alarm.check_number for alarm in report.alarms] == [number]
    assert session.sync(terminal.publish(values={4711: Status.SUSPENDED}, seq=2, age=30)).alarms == ()


# A disk that is really full.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small file system needs root and a kernel that lets it be mounted")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)


def test_a_full_disk_gives_no_verdict_and_loses_nothing(terminal: Terminal, small_disk: Path) -> None:
    terminal.directory = small_disk
    session = terminal.open()
    session.sync(terminal.publish())
    issued = terminal.world.credential()
    shown: list[str] = []
    (small_disk / "ballast").write_bytes(bytes(400_000))

    def scan_until_full() -> None:
        for number in range(5_000):
            shown.append(session.scan(f"https://example.org/{number}", source="scanner").verdict.check_number)

    with pytest.raises(OutOfOrder):
        scan_until_full()
    assert shown
    assert session.out_of_order is not None
    text = terminal.world.code(issued)
    with pytest.raises(OutOfOrder):
        session.scan(text, source="scanner")
    assert {act.check_number for act in session.acts(limit=10_000)} == set(shown)
    (small_disk / "ballast").unlink()
    assert session.scan(text, source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert session.out_of_order is None
    assert not session.verify_journal().findings
    for each in terminal.opened:
        each.close()


def test_two_sessions_write_one_chain_at_the_same_time(terminal: Terminal, session: Session) -> None:
    """As two commands on one directory do."""
    other = terminal.open()
    sessions = [session, other] * 30

    def scan(job: tuple[int, Session]) -> str:
        number, one = job
        return one.scan(f"https://example.org/{number}", source="scanner").verdict.check_number

    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(scan, enumerate(sessions)))
    assert len(set(shown)) == 60
    report = terminal.open().verify_journal()
    assert (report.rows, report.findings) == (60, ())


def test_a_newer_document_taken_in_by_another_process_counts_with_the_next_scan(
    terminal: Terminal, session: Session
) -> None:
    terminal.open().sync(terminal.publish(values={4711: Status.REVOKED}, seq=2, age=30))
    assert Code.E_REVOKED in codes(session, terminal.world.code())
