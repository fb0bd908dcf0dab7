"""From verdicts to signals, cell by cell, and every way in which a door must not open."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import pytest

from hardware.devices import Connected, Decoder, DeviceEvent, Lost, LostReason, Quality, Reading, Signal
from hardware.errors import DeviceUnusable
from hardware.lock import RelayLock
from hardware.simulated.chip import VirtualChip
from protocol.labels import AnimatedKind, Purpose
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.terminal.asking_world import REASON, WANTED, answer, certified
from tests.terminal.conftest import Terminal
from tests.terminal_web.twin import CHECK, GOOD, HOLD, NOT_READ, PERSON_CHECK, REFUSE, shown
from tests.utopia.world import World
from verifier_terminal import capture
from verifier_terminal.appraisal.verdict import Proceed, Verdict, VerdictClass
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.events import (
    ActsChanged,
    AnimationProgress,
    OutOfOrderNews,
    PersonChecked,
    PortraitShown,
    RecheckAlarm,
    SessionEvent,
    ShownVerdict,
    StatusChanged,
)
from verifier_terminal.session import Session
from verifier_terminal.signalling import (
    OPENS_WITHIN_SECONDS,
    UNLOCKING,
    Outputs,
    Signalling,
    lamp_signal,
    may_release,
    scanner_signal,
)


@dataclass
class Recorder:
    """A lamp, a display and a lock that remember; each can be broken."""

    name: str = "display:test"
    said: list[object] = field(default_factory=list)
    broken: bool = False

    def show(self, what: object) -> None:
        if self.broken:
            raise DeviceUnusable(self.name)
        self.said.append(what)

    def release(self, seconds: float) -> None:
        self.show(seconds)

    def close(self) -> None:
        return


@dataclass
class Stand:
    """Signalling over recorders, at a gate."""

    purpose: Purpose = Purpose.GATE
    in_service: bool = True
    now: float = 100.0
    lamp: Recorder = field(default_factory=Recorder)
    lock: Recorder = field(default_factory=Recorder)
    display: Recorder = field(default_factory=Recorder)
    told: list[DeviceEvent] = field(default_factory=list)

    def made(self, **kwargs: float) -> Signalling:
        return Signalling(
            Outputs((self.lamp,), self.lock, 5.0, self.display),
            purpose=self.purpose,
            in_service=lambda: self.in_service,
            tell=self.told.append,
            elapsed_seconds=lambda: self.now,
            **kwargs,
        )

    def signal(self, event: SessionEvent, *, age: float = 0.0) -> bool:
        return self.made().signal(event, self.now - age)


# The table.


@pytest.mark.parametrize(
    ("verdict_class", "scanner", "lamp"),
    [
        (VerdictClass.ACCEPT, Signal.SUCCESS, Signal.SUCCESS),
        (VerdictClass.CHECK, Signal.ATTENTION, Signal.ATTENTION),
        (VerdictClass.REFUSE, Signal.ERROR, Signal.ERROR),
        (VerdictClass.NOT_READ, Signal.ERROR, Signal.ATTENTION),
    ],
)
def test_what_each_class_is_for_scanners_and_lamps(verdict_class: VerdictClass, scanner: Signal, lamp: Signal) -> None:
    assert (scanner_signal(verdict_class), lamp_signal(verdict_class)) == (scanner, lamp)


def test_red_is_for_refusals_alone() -> None:
    assert [each for each in VerdictClass if lamp_signal(each) is Signal.ERROR] == [VerdictClass.REFUSE]


@pytest.mark.parametrize(
    ("event", "signal"),
    [
        (shown(GOOD), Signal.SUCCESS),
        (shown(CHECK), Signal.ATTENTION),
        (shown(HOLD), Signal.ATTENTION),
        (shown(REFUSE), Signal.ERROR),
        (shown(NOT_READ), Signal.ATTENTION),
        (PersonChecked("7K3-Q43", VerdictClass.ACCEPT, True, UnixTime(0)), Signal.SUCCESS),
        (PersonChecked("7K3-Q43", VerdictClass.ACCEPT, False, UnixTime(0)), Signal.ERROR),
        (AnimationProgress(AnimatedKind.PRESENTATION, 3, 9, "camera"), Signal.PROGRESS),
        (OutOfOrderNews("disk full"), Signal.ATTENTION),
    ],
)
def test_what_lamps_say_of_each_event(event: SessionEvent, signal: Signal) -> None:
    stand = Stand()
    assert stand.signal(event)
    assert stand.lamp.said == [signal]


@pytest.mark.parametrize(
    "event",
    [
        StatusChanged(), ActsChanged("7K3-Q42"), RecheckAlarm("7K3-Q42", UnixTime(0), Status.REVOKED),
        PortraitShown("7K3-Q42", 0, b""), AnimationProgress(AnimatedKind.PORTRAIT, 9, 9, "camera"),
    ],
)  # fmt: skip
def test_other_news_changes_no_lamp(event: SessionEvent) -> None:
    stand = Stand()
    assert not stand.signal(event)
    assert (stand.lamp.said, stand.display.said, stand.lock.said) == ([], [], [])


@pytest.mark.parametrize("verdict", [GOOD, CHECK, HOLD, REFUSE, NOT_READ, PERSON_CHECK])
def test_nothing_personal_stands_on_the_display(verdict: Verdict) -> None:
    stand = Stand()
    stand.signal(shown(verdict))
    said = repr(stand.display.said)
    assert stand.display.said
    for personal in ("测", "C1", "0028", "1949", "7K3", "驾驶证", "演示", "不予采信", "REFUSED"):
        assert personal not in said


# The door: exactly one combination opens it.


def test_exactly_one_kind_of_verdict_opens_and_only_where_nobody_attends() -> None:
    opened = []
    for verdict_class, proceed, terminal, of_verdict, person, same_act, service in product(
        VerdictClass, Proceed, Purpose, Purpose, (False, True), (False, True), (False, True)
    ):
        verdict = replace(GOOD, verdict_class=verdict_class, proceed=proceed, purpose=of_verdict, person_check=person)
        if may_release(shown(verdict, same_act=same_act), purpose=terminal, in_service=service):
            opened.append((verdict_class, proceed, terminal, of_verdict, person, same_act, service))
    only = (VerdictClass.ACCEPT, Proceed.YES)
    assert opened == [(*only, each, each, False, False, True) for each in Purpose if each in UNLOCKING]
    assert {each.word for each in UNLOCKING} == {"kiosk", "gate"}


AT_GATE = replace(GOOD, purpose=Purpose.GATE)


def test_it_opens_for_the_seconds_that_were_set() -> None:
    stand = Stand()
    stand.signal(shown(AT_GATE))
    assert stand.lock.said == [5.0]


def test_nothing_opens_for_old_news() -> None:
    stand = Stand()
    stand.signal(shown(AT_GATE), age=OPENS_WITHIN_SECONDS + 0.1)
    assert stand.lock.said == []
    assert stand.lamp.said == [Signal.SUCCESS]


def test_a_broken_lock_changes_no_lamp_and_a_broken_lamp_no_lock() -> None:
    stand = Stand()
    stand.lock.broken = True
    stand.signal(shown(AT_GATE))
    assert stand.lamp.said == [Signal.SUCCESS]
    stand.lock.broken, stand.lamp.broken, stand.display.broken = False, True, True
    stand.signal(shown(AT_GATE))
    assert stand.lock.said == [5.0]


def test_a_display_that_is_gone_is_told_once_and_once_when_it_is_back() -> None:
    stand = Stand()
    signalling = stand.made()
    for broken in (True, True, False, False):
        stand.display.broken = broken
        signalling.signal(shown(GOOD), stand.now)
    assert stand.told == [Lost("display:test", LostReason.UNUSABLE), Connected("display:test")]


# With real sessions, real codes and the real lock over a simulated chip.


@dataclass
class Gate:
    """A terminal with a door."""

    terminal: Terminal
    session: Session
    chip: VirtualChip
    signalling: Signalling

    @property
    def openings(self) -> int:
        return self.chip.history.count((True,))

    def ask(self) -> str:
        opened = self.session.open_challenge(WANTED, REASON)
        return answer(self.terminal.world, opened)

    def scan(self, text: str) -> Verdict:
        return self.session.scan(text, source="scanner").verdict


class Direct:
    """Hands events to signalling in the session's own thread, so that a test need not wait."""

    def __init__(self, signalling: Signalling) -> None:
        self._signalling = signalling

    def offer(self, event: SessionEvent) -> bool:
        self._signalling.signal(event, 0.0)
        return True


def gate(tmp_path: Path, profile: str, *, in_service: bool = True, **changes: object) -> Gate:
    (tmp_path / "terminal").mkdir()
    terminal = Terminal(World(), tmp_path / "terminal", tmp_path / "published", profile=profile)
    session = certified(terminal, **changes)
    chip = VirtualChip()
    lock = RelayLock("lock:test", lambda: chip.take(("0",)), tell=session.hear, later=lambda seconds, act: lambda: None)
    signalling = Signalling(
        Outputs(lock=lock),
        purpose=session.settings.purpose,
        in_service=lambda: in_service,
        tell=session.hear,
        elapsed_seconds=lambda: 0.0,
    )
    session.listen(Direct(signalling))
    return Gate(terminal, session, chip, signalling)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Callable[..., Gate]]:
    made: list[Gate] = []

    def make(profile: str = "gate", **changes: object) -> Gate:
        made.append(gate(tmp_path, profile, **changes))  # type: ignore[arg-type]  # its options
        return made[-1]

    yield make
    for each in made:
        each.session.close()


@pytest.mark.parametrize("profile", ["gate", "kiosk"])
def test_a_good_answer_opens_the_door_once(door: Callable[..., Gate], profile: str) -> None:
    place = door(profile)
    text = place.ask()
    assert place.scan(text).proceed is Proceed.YES
    assert place.openings == 1
    # Held to the scanner a moment longer: the same act, and no second opening.
    assert place.session.scan(text, source="scanner").same_act
    assert place.openings == 1


@pytest.mark.parametrize("profile", ["window", "roadside", "hotel", "airport"])
def test_the_same_answer_opens_nothing_where_somebody_attends(door: Callable[..., Gate], profile: str) -> None:
    place = door(profile)
    assert place.scan(place.ask()).verdict_class is VerdictClass.ACCEPT
    assert place.openings == 0


def test_a_code_that_answers_no_request_opens_nothing(door: Callable[..., Gate]) -> None:
    place = door()
    world = place.terminal.world
    open_code = place.scan(world.code(binding=world.key_binding(purpose=Purpose.GATE)))
    assert (open_code.verdict_class, open_code.proceed) == (VerdictClass.REFUSE, Proceed.NO)
    assert place.openings == 0


def test_a_replay_opens_nothing(door: Callable[..., Gate]) -> None:
    place = door()
    text = place.ask()
    place.scan(text)
    place.terminal.pass_seconds(30)
    assert place.scan(text).verdict_class is VerdictClass.REFUSE
    assert place.openings == 1


def test_a_revoked_licence_opens_nothing(door: Callable[..., Gate]) -> None:
    place = door(values={4711: int(Status.REVOKED)})
    assert place.scan(place.ask()).verdict_class is VerdictClass.REFUSE
    assert place.openings == 0


def test_noise_and_foreign_codes_open_nothing(door: Callable[..., Gate]) -> None:
    place = door()
    for text in ("", "LZ1:", "https://example.org/open", "OPEN SESAME", "staff:unlock"):
        place.session.scan(text, source="scanner")
    assert place.openings == 0


def test_an_exercise_opens_nothing(door: Callable[..., Gate]) -> None:
    place = door()
    verdict = place.session.exercise(place.ask(), at=place.terminal.world.clock.at)
    assert verdict.check_number == "000-000"
    assert place.openings == 0


def test_out_of_service_opens_nothing(door: Callable[..., Gate]) -> None:
    place = door(in_service=False)
    assert place.scan(place.ask()).proceed is Proceed.YES
    assert place.openings == 0


def test_a_verdict_that_was_not_written_down_opens_nothing(
    door: Callable[..., Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = door()
    text = place.ask()

    def full(*_: object, **__: object) -> object:
        raise OutOfOrder("disk full")

    monkeypatch.setattr("verifier_terminal.session.recording.record", full)
    with pytest.raises(OutOfOrder):
        place.scan(text)
    assert place.openings == 0


# Scanners hear what their code was worth.


class Answering:
    """A scanner that reads these texts and remembers the answers."""

    name = "scanner"

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.answers: list[Signal] = []

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        del stop
        for text in self._texts:
            yield Reading(text, self.name, None, 0.0, Quality(Decoder.SCANNER, "line"))

    def answer(self, signal: Signal) -> None:
        self.answers.append(signal)

    def trigger(self, *, on: bool) -> None:
        del on


class SessionByName:
    """Gives the verdict that the text names."""

    def __init__(self) -> None:
        self.heard: list[DeviceEvent] = []

    def read(self, text: str, *, source: str) -> ShownVerdict | None:
        del source
        if text == "broken":
            raise OutOfOrder("disk full")
        return {
            "good": shown(GOOD),
            "check": shown(CHECK),
            "hold": shown(HOLD),
            "refuse": shown(REFUSE),
            "frame": None,
        }.get(text, shown(NOT_READ))

    def hear(self, event: DeviceEvent) -> None:
        self.heard.append(event)


def test_a_scanner_is_answered_after_every_code() -> None:
    scanner = Answering(["good", "check", "hold", "refuse", "noise", "frame", "broken", "good"])
    capture.feed(SessionByName(), scanner, threading.Event())  # type: ignore[arg-type]  # as much of it as is used
    assert scanner.answers == [
        Signal.SUCCESS, Signal.ATTENTION, Signal.ATTENTION, Signal.ERROR, Signal.ERROR, Signal.PROGRESS, Signal.ERROR,
        Signal.SUCCESS,
    ]  # fmt: skip


def test_a_camera_is_fed_without_being_answered() -> None:
    class Silent(Answering):
        answer = None  # type: ignore[assignment]  # a camera has none

    camera = Silent(["good", "refuse"])
    session = SessionByName()
    capture.feed(session, camera, threading.Event())  # type: ignore[arg-type]
    assert session.heard == []


# The thread.


def test_lamps_go_dark_after_their_time_and_the_display_invites_the_next_one() -> None:
    stand = Stand()
    stop, dark = threading.Event(), threading.Event()

    def remember(lines: object) -> None:
        stand.display.said.append(lines)
        if len(stand.display.said) == 3:
            dark.set()

    stand.display.show = remember  # type: ignore[method-assign]
    signalling = stand.made(shown_seconds=0.0)
    signalling.offer(shown(REFUSE))
    thread = signalling.start(stop)
    assert dark.wait(5)
    stop.set()
    thread.join(5)
    idle = ("请出示二维码", "SHOW YOUR CODE")
    assert stand.display.said == [idle, ("请询问工作人员", "PLEASE ASK STAFF"), idle]
    assert stand.lamp.said == [None, Signal.ERROR, None]


def test_a_session_never_waits_for_devices_that_hang() -> None:
    stand = Stand()
    signalling = stand.made()
    # Nobody takes the news away.
    assert all(signalling.offer(shown(GOOD)) for _ in range(1_000))
