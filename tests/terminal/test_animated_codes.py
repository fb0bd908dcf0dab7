"""Animated codes at a terminal: frames are put together beside acts; what they carry is worth its signatures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pytest

from hardware.duplicates import text_sha256
from protocol import limits
from protocol.errors import Code
from protocol.labels import PREFIX_ANIMATED, AnimatedKind, Lic
from protocol.qr import animated, base45
from protocol.qr.animated import Schedule
from tests.terminal.asking_world import SHOWN, frames
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import driving_licence_items
from tests.utopia.randomness import Drbg
from tests.utopia.world import Issued
from verifier_terminal.animation import Animations
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import AnimationProgress, PortraitShown, SessionEvent, ShownVerdict
from verifier_terminal.session import Session

PORTRAIT = Drbg("portrait of a synthetic person")(2_500)
WITH_PORTRAIT = (*SHOWN, Lic.PORTRAIT_SHA256)
NEEDED = 9


@dataclass
class Listener:
    """What the page hears."""

    session: Session

    def __post_init__(self) -> None:
        self._subscription = self.session.subscribe()

    def events(self) -> list[SessionEvent]:
        found: list[SessionEvent] = []
        while (event := self._subscription.next(0)) is not None:
            found.append(event)
        return found

    def portraits(self) -> list[PortraitShown]:
        return [event for event in self.events() if isinstance(event, PortraitShown)]


@pytest.fixture
def issued(terminal: Terminal) -> Issued:
    """A driving licence with the digest of the portrait."""
    items = {**driving_licence_items(), Lic.PORTRAIT_SHA256: sha256(PORTRAIT).digest()}
    return terminal.world.credential(items=items)


@pytest.fixture
def listener(session: Session) -> Listener:
    return Listener(session)


def portrait_frames(count: int = NEEDED, content: bytes = PORTRAIT) -> list[str]:
    return frames(content, AnimatedKind.PORTRAIT, count)


def read_all(session: Session, texts: Iterable[str], source: str = "camera") -> list[ShownVerdict]:
    return [shown for text in texts if (shown := session.read(text, source=source)) is not None]


def code(terminal: Terminal, issued: Issued, shown: Sequence[int] = WITH_PORTRAIT) -> str:
    return terminal.world.code(issued, shown=shown)


def test_a_portrait_is_shown_when_its_digest_is_the_signed_one(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    verdict = session.scan(code(terminal, issued), source="camera").verdict
    assert read_all(session, portrait_frames()) == []
    events = listener.events()
    progress = [event for event in events if isinstance(event, AnimationProgress)]
    assert [(each.received, each.needed) for each in progress] == [(n, NEEDED) for n in range(1, NEEDED + 1)]
    assert events[-1] == PortraitShown(verdict.check_number, 0, PORTRAIT)
    assert PORTRAIT.hex() not in repr(events[-1])


def test_frames_are_no_acts(session: Session) -> None:
    rows = session.status().journal_rows
    assert read_all(session, portrait_frames(300)) == []
    assert session.status().journal_rows == rows


def test_a_portrait_that_is_complete_first_waits_for_its_verdict(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    read_all(session, portrait_frames())
    terminal.pass_seconds(29)
    assert listener.portraits() == []
    number = session.scan(code(terminal, issued), source="camera").verdict.check_number
    assert listener.portraits() == [PortraitShown(number, 0, PORTRAIT)]


def test_but_not_for_longer_than_half_a_minute(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    read_all(session, portrait_frames())
    terminal.pass_seconds(30)
    session.scan(code(terminal, issued), source="camera")
    assert listener.portraits() == []
    # The phone that still shows it is not turned away: it is put together anew.
    read_all(session, portrait_frames())
    assert len(listener.portraits()) == 1


@pytest.mark.parametrize(
    "shown", [SHOWN, WITH_PORTRAIT], ids=["the digest was not disclosed", "another portrait's digest"]
)
def test_any_other_picture_is_never_shown(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener, shown: Sequence[int]
) -> None:
    session.scan(code(terminal, issued, shown), source="camera")
    other = PORTRAIT if shown == SHOWN else bytes([PORTRAIT[0] ^ 1]) + PORTRAIT[1:]
    read_all(session, portrait_frames(content=other))
    assert listener.portraits() == []


def test_a_refused_licence_shows_no_portrait(terminal: Terminal, session: Session, issued: Issued) -> None:
    stale = terminal.world.code(
        issued, shown=WITH_PORTRAIT, binding=terminal.world.key_binding(iat=terminal.world.clock.at - 3_600)
    )
    listener = Listener(session)
    assert session.scan(stale, source="camera").verdict.verdict_class is VerdictClass.REFUSE
    read_all(session, portrait_frames())
    assert listener.portraits() == []


def test_after_a_void_no_portrait_comes_back(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    number = session.scan(code(terminal, issued), source="camera").verdict.check_number
    read_all(session, portrait_frames(NEEDED - 1))
    session.void(number, "误扫")
    read_all(session, portrait_frames()[-1:])
    assert listener.portraits() == []


def test_a_phone_that_shows_code_and_portrait_by_turns_is_one_act(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    """Two minutes of it, as a camera tells them: each new text is a reading, each old one is still there."""
    schedule = Schedule(animated.animate(PORTRAIT, AnimatedKind.PORTRAIT))
    read: set[str] = set()
    current = ""
    for picture in range(120 * 4):
        if picture % 4 == 0:
            terminal.pass_seconds(1)
        if picture % 120 == 0:
            current = code(terminal, issued)
        text = schedule.text(picture, code=current)
        if text in read:
            session.still_there("camera", text_sha256(text))
        else:
            read.add(text)
            session.read(text, source="camera")
    assert len(session.acts()) == 1
    assert len(listener.portraits()) == 1


def test_frames_of_another_phone_keep_no_act_in_view(terminal: Terminal, session: Session, issued: Issued) -> None:
    used = code(terminal, issued)
    session.scan(used, source="camera")
    other = Drbg("another portrait")(2_500)
    for text in portrait_frames(60, other):
        terminal.pass_seconds(1)
        session.read(text, source="camera")
    shown = session.scan(used, source="camera")
    assert not shown.same_act
    assert Code.E_REPLAY in [finding.code for finding in shown.verdict.findings]


def test_frames_do_not_end_an_act(terminal: Terminal, session: Session, issued: Issued) -> None:
    text = code(terminal, issued)
    session.scan(text, source="camera")
    read_all(session, portrait_frames(30, Drbg("another portrait")(2_500)))
    terminal.pass_seconds(1)
    assert session.scan(text, source="camera").same_act


def test_a_long_presentation_is_appraised_once_and_stays_one_act(
    terminal: Terminal, session: Session, issued: Issued
) -> None:
    everything = tuple(issued.disclosures_of)
    content = terminal.world.presentation(issued, shown=(*everything, *WITH_PORTRAIT))
    texts = frames(content, AnimatedKind.PRESENTATION, 40)
    shown: list[ShownVerdict] = []
    for text in texts:
        terminal.pass_seconds(1)
        shown += read_all(session, [text])
    (only,) = shown
    assert only.verdict.verdict_class is VerdictClass.ACCEPT
    assert len(session.acts()) == 1


def test_a_long_presentation_that_went_and_came_back_is_a_replay(
    terminal: Terminal, session: Session, issued: Issued
) -> None:
    content = terminal.world.presentation(issued, shown=tuple(issued.disclosures_of))
    texts = frames(content, AnimatedKind.PRESENTATION, 30)
    assert len(read_all(session, texts[:10])) == 1
    terminal.pass_seconds(5)
    (again,) = read_all(session, texts[10:])
    assert Code.E_REPLAY in [finding.code for finding in again.verdict.findings]


def test_a_whole_that_is_no_presentation_is_not_read(session: Session) -> None:
    (shown,) = read_all(session, frames(Drbg("junk")(900), AnimatedKind.PRESENTATION, 4))
    assert shown.verdict.verdict_class is VerdictClass.NOT_READ
    (act,) = session.acts()
    assert act.payload["foreign"] == "ours_damaged"
    assert act.payload["unknown_digest"] is not None


@pytest.mark.parametrize(
    "text",
    [
        PREFIX_ANIMATED,
        f"{PREFIX_ANIMATED}!!",
        f"{PREFIX_ANIMATED}{'A' * 3_000}",
        f"{PREFIX_ANIMATED}{'A' * 20}",
        f"{PREFIX_ANIMATED}\ud800",
        PREFIX_ANIMATED + base45.encode(bytes(13)),
        PREFIX_ANIMATED + base45.encode(bytes(8) + bytes((9, 0, 1, 1, 0, 0))),
        PREFIX_ANIMATED + base45.encode(bytes(8) + bytes((2, 255, 255, 128, 0)) + bytes(512)),
    ],
)
def test_garbage_that_says_it_is_a_frame_changes_nothing(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener, text: str
) -> None:
    session.scan(code(terminal, issued), source="camera")
    rows = session.status().journal_rows
    for frame in portrait_frames():
        assert read_all(session, [text, frame, text]) == []
    assert session.status().journal_rows == rows
    assert len(listener.portraits()) == 1


@pytest.mark.parametrize("others", [1, 3])
def test_as_many_senders_as_there_is_room_for_do_not_disturb_one_another(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener, others: int
) -> None:
    session.scan(code(terminal, issued), source="camera")
    mixed = [portrait_frames(), *(portrait_frames(content=Drbg(f"other {each}")(2_500)) for each in range(others))]
    read_all(session, [text for together in zip(*mixed, strict=True) for text in together])
    assert len(listener.portraits()) == 1


def test_a_flood_of_senders_costs_bounded_memory_and_ends_with_them(
    terminal: Terminal, session: Session, issued: Issued, listener: Listener
) -> None:
    session.scan(code(terminal, issued), source="camera")
    for number in range(400):
        read_all(session, frames(Drbg(f"flood {number}")(296 * 3), AnimatedKind.PORTRAIT, 2))
        read_all(session, frames(Drbg(f"whole {number}")(100), AnimatedKind.PORTRAIT, 1), f"camera {number}")
    kept = session._animations._devices
    assert len(kept) <= 4
    for device in kept.values():
        assert len(device.assembler._senders) <= limits.MAX_ANIMATED_SENDERS
        assert len(device.complete) <= 4
        assert len(device.received) <= 4
    assert len(session._portraits._waiting) <= 4
    listener.events()
    read_all(session, portrait_frames(2 * NEEDED))
    assert len(Listener(session).portraits()) == 0
    assert len(session._portraits._expected) == 1
    assert session._portraits._expected[0].shown


def test_nothing_of_a_complete_portrait_stays_with_the_frames() -> None:
    kept = Animations()
    steps = [kept.add(text, "camera", 0.0) for text in portrait_frames()]
    assert steps[-1] is not None
    assert steps[-1].assembled is not None
    assert kept._devices["camera"].assembler._senders == {}
    kept.forget_idle(30.0)
    assert kept._devices == {}


def test_devices_do_not_mix() -> None:
    kept = Animations()
    texts = portrait_frames()
    for text in texts[:5]:
        kept.add(text, "camera 0", 0.0)
    steps = [kept.add(text, "camera 1", 0.0) for text in texts[5:]]
    assert all(step is not None and step.assembled is None for step in steps)
