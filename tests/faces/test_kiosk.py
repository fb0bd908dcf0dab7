"""A running kiosk: what comes late changes nothing, what is a visitor's is let go of, and staff have the last word."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.unixtime import UnixTime
from tests.terminal_web.twin import CHECK, GOOD, HOLD, NOT_READ, NOW, PERSON_CHECK, REFUSE, TwinSession, shown
from verifier_terminal.appraisal.verdict import Proceed, Verdict
from verifier_terminal.errors import NoReceipt, ServiceNoticeRefused
from verifier_terminal.events import OutOfOrderNews, StatusChanged
from verifier_terminal.faces import service
from verifier_terminal.faces.kiosk import Kiosk, Notice
from verifier_terminal.faces.kiosk_table import Cue, State
from verifier_terminal.faces.service import ServiceNotice


class Held:
    """A kiosk whose clock, printer, staff and background the test holds in its hands."""

    def __init__(self) -> None:
        self.now = 0.0
        self.notice: ServiceNotice | None = None
        self.session = TwinSession()
        self.waiting: list[Callable[[], None]] = []
        self.fails: Exception | None = None
        self.kiosk = Kiosk(
            self.session,
            elapsed_seconds=lambda: self.now,
            service=lambda: self.notice,
            print_slip=self._print,
            in_background=self.waiting.append,
        )

    def _print(self, number: str) -> None:
        if self.fails is not None:
            raise self.fails

    @property
    def state(self) -> State:
        return self.kiosk.view().position.state

    def shows(self, verdict: Verdict) -> None:
        self.session.tell(shown(verdict))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.kiosk.tick()


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (GOOD, State.RESULT),
        (replace(CHECK, proceed=Proceed.YES), State.RESULT),
        (CHECK, State.STOPPED),
        (PERSON_CHECK, State.STOPPED),
        (HOLD, State.STOPPED),
        (REFUSE, State.STOPPED),
        (NOT_READ, State.TRY_AGAIN),
    ],
    ids=["accept", "check that may go on", "check", "person to compare", "hold", "refuse", "not read"],
)
def test_what_a_verdict_means_where_nobody_looks(held: Held, verdict: Verdict, state: State) -> None:
    held.shows(verdict)
    assert held.state is state


def test_the_next_reading_of_the_same_act_is_no_news(held: Held) -> None:
    held.shows(GOOD)
    held.kiosk.visitor(Cue.GO_ON)
    held.session.tell(shown(GOOD, same_act=True))
    assert held.state is State.CONFIRM


@pytest.mark.parametrize(
    "cue", sorted(set(Cue) - {Cue.TOUCHED, Cue.GO_ON, Cue.PRINT, Cue.KEEP, Cue.LEAVE, Cue.CALL_HELP})
)
def test_the_screen_cannot_say_what_is_not_the_visitors(held: Held, cue: Cue) -> None:
    before = held.kiosk.view()
    held.kiosk.visitor(cue)
    assert held.kiosk.view() == before


def test_a_printer_that_is_ready_after_the_visitor_has_left_prints_for_nobody_elses_screen(held: Held) -> None:
    held.shows(GOOD)
    held.kiosk.visitor(Cue.PRINT)
    held.kiosk.visitor(Cue.CALL_HELP)
    held.kiosk.visitor(Cue.LEAVE)
    held.shows(REFUSE)
    held.waiting.pop()()
    assert held.state is State.STOPPED


@pytest.mark.parametrize("failure", [NoReceipt("voided"), OSError("not ours")], ids=["named", "foreign"])
def test_a_printer_that_fails_is_said(held: Held, failure: Exception) -> None:
    held.shows(GOOD)
    held.fails = failure
    held.kiosk.visitor(Cue.PRINT)
    run = held.waiting.pop()
    if isinstance(failure, OSError):
        with pytest.raises(OSError, match="not ours"):
            run()
        # Whatever else goes wrong, the state ends by itself.
        held.wait(30)
    else:
        run()
        assert held.kiosk.view().notice is Notice.PRINTER_FAILED
    assert held.state is State.RESULT


def test_twice_pressed_prints_once(held: Held) -> None:
    held.shows(GOOD)
    held.kiosk.visitor(Cue.PRINT)
    held.kiosk.visitor(Cue.PRINT)
    assert len(held.waiting) == 1


def test_what_is_a_visitors_is_let_go_of(held: Held) -> None:
    held.shows(GOOD)
    assert held.kiosk.view().shown is not None
    held.wait(30)
    assert held.state is State.MORE_TIME
    held.wait(20)
    assert held.state is State.CLEARED
    assert held.kiosk.view().shown is None


def test_a_fault_takes_what_is_on_the_screen_away(held: Held) -> None:
    held.shows(GOOD)
    held.session.broken = True
    held.session.tell(OutOfOrderNews("disk full"))
    assert held.state is State.OUT_OF_ORDER
    assert held.kiosk.view().shown is None
    held.session.tell(StatusChanged())
    assert held.state is State.OUT_OF_ORDER
    held.session.broken = False
    held.session.tell(StatusChanged())
    assert held.state is State.ATTRACT


def test_it_tries_by_itself_to_work_again(held: Held) -> None:
    held.session.broken = True
    held.wait(1)
    assert held.state is State.OUT_OF_ORDER
    held.session.broken = False
    held.wait(5)
    assert held.state is State.ATTRACT


def test_a_kiosk_that_starts_broken_says_so() -> None:
    session = TwinSession()
    session.broken = True
    kiosk = Kiosk(session, elapsed_seconds=lambda: 0.0, service=lambda: None)
    assert kiosk.view().position.state is State.OUT_OF_ORDER


def test_staff_have_the_last_word(held: Held) -> None:
    held.notice = ServiceNotice("new paper", NOW, "staff")
    held.wait(1)
    held.session.broken = True
    held.wait(1)
    held.session.broken = False
    held.wait(10)
    assert held.state is State.MAINTENANCE
    held.notice = None
    held.wait(1)
    assert held.state is State.ATTRACT


def test_a_notice_is_kept_and_removed(tmp_path: Path) -> None:
    notice = ServiceNotice("等新纸", UnixTime(NOW), "staff")
    service.take_out(tmp_path, notice)
    assert service.read(tmp_path) == notice
    service.put_back(tmp_path)
    service.put_back(tmp_path)
    assert service.read(tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"reason": 1, "since": "x", "by": ""}', b"\xff", b"[" * 5_000]
)
def test_a_notice_that_cannot_be_read_is_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / service.FILE).write_bytes(content)
    assert service.read(tmp_path) == service.UNREADABLE


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "two\nlines", "\u202eevil"])
def test_a_reason_must_be_one(tmp_path: Path, reason: str) -> None:
    with pytest.raises(ServiceNoticeRefused):
        service.take_out(tmp_path, ServiceNotice(reason, NOW, "staff"))
    assert service.read(tmp_path) is None


def test_what_is_written_is_json(tmp_path: Path) -> None:
    service.take_out(tmp_path, ServiceNotice("reason", UnixTime(7), "me"))
    assert json.loads((tmp_path / service.FILE).read_text()) == {"reason": "reason", "since": 7, "by": "me"}
