"""What a verdict looks, sounds and unlocks like: for scanners, lamps, buzzers, the customer display and a door.

A technical problem is never red: "not read" makes a scanner beep as for an error, because it has one beep for "again",
and lamps show attention. A door opens only for what `may_release` allows, which knows no member of staff: whoever works
here has a key (TERMINAL.md, "Kiosk").

Guaranteed: no session and no scan waits for a device (a thread of its own, latest news first); a device that fails is
told as an event and changes no verdict; nothing opens for news that is older than two seconds.

Not handled here: pages, and printing.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from hardware.devices import (
    Connected,
    CustomerDisplay,
    DeviceEvent,
    DoorLock,
    Indicator,
    Lost,
    LostReason,
    Signal,
    SlipPrinter,
)
from hardware.errors import HardwareError
from protocol.labels import Purpose
from verifier_terminal.appraisal.verdict import Proceed, Verdict, VerdictClass
from verifier_terminal.events import (
    AnimationProgress,
    Listener,
    OutOfOrderNews,
    PersonChecked,
    SessionEvent,
    ShownVerdict,
)

UNLOCKING: Final = frozenset({Purpose.KIOSK, Purpose.GATE})
"""Places that nobody attends: everywhere else a person opens."""
OPENS_WITHIN_SECONDS: Final = 2.0
SHOWN_SECONDS: Final = 6.0
_NEWS: Final = 32

_IDLE: Final = ("请出示二维码", "SHOW YOUR CODE")
_WORDS: Final[Mapping[VerdictClass, tuple[str, str]]] = {
    VerdictClass.ACCEPT: ("有效", "VALID"),
    VerdictClass.CHECK: ("请稍候", "PLEASE WAIT"),
    VerdictClass.REFUSE: ("请询问工作人员", "PLEASE ASK STAFF"),
    VerdictClass.NOT_READ: ("请再出示一次", "SHOW AGAIN"),
}
"""For the visitor and whoever stands behind: no name, no number, and no word that exposes anybody."""
_OUT_OF_ORDER: Final = ("本机暂停使用", "OUT OF ORDER")


def scanner_signal(verdict_class: VerdictClass) -> Signal:
    """What the scanner that read the code says of it."""
    match verdict_class:
        case VerdictClass.ACCEPT:
            return Signal.SUCCESS
        case VerdictClass.CHECK:
            return Signal.ATTENTION
        case VerdictClass.REFUSE | VerdictClass.NOT_READ:
            return Signal.ERROR
        case _:
            assert_never(verdict_class)


def lamp_signal(verdict_class: VerdictClass) -> Signal:
    """What lamps and buzzers say of it."""
    match verdict_class:
        case VerdictClass.ACCEPT:
            return Signal.SUCCESS
        case VerdictClass.CHECK | VerdictClass.NOT_READ:
            return Signal.ATTENTION
        case VerdictClass.REFUSE:
            return Signal.ERROR
        case _:
            assert_never(verdict_class)


def may_release(shown: ShownVerdict, *, purpose: Purpose, in_service: bool) -> bool:
    """Whether this verdict opens the door of this place.

    Args:
        shown: Written down already.
        purpose: What the terminal is for.
        in_service: Staff have not taken it out of service.
    """
    verdict = shown.verdict
    return (
        in_service
        and purpose in UNLOCKING
        and verdict.purpose is purpose
        and verdict.verdict_class is VerdictClass.ACCEPT
        and verdict.proceed is Proceed.YES
        and not verdict.person_check
        # A code that stays in view has opened once already.
        and not shown.same_act
    )


@dataclass(frozen=True, slots=True)
class Outputs:
    """The devices of this place.

    Attributes:
        indicators: lamps, beacons and buzzers.
        lock: opens something.
        release_seconds: for so long.
        display: faces the visitor.
        printer: for slips; not used here.
    """

    indicators: Sequence[Indicator] = ()
    lock: DoorLock | None = None
    release_seconds: float = 5.0
    display: CustomerDisplay | None = None
    printer: SlipPrinter | None = None

    @property
    def signal(self) -> bool:
        """Whether there is anything that shows, sounds or opens."""
        return bool(self.indicators) or self.lock is not None or self.display is not None


class Signalling(Listener):
    """See the module."""

    def __init__(
        self,
        outputs: Outputs,
        *,
        purpose: Purpose,
        in_service: Callable[[], bool],
        tell: Callable[[DeviceEvent], None],
        elapsed_seconds: Callable[[], float],
        shown_seconds: float = SHOWN_SECONDS,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            outputs: The devices; they stay their opener's to close.
            purpose: What the terminal is for.
            in_service: Whether staff have not taken it out of service.
            tell: Hears of a display or lock that is gone or back.
            elapsed_seconds: A clock that only counts.
            shown_seconds: How long a verdict stays on lamps and display.
        """
        self._outputs = outputs
        self._purpose = purpose
        self._in_service = in_service
        self._tell = tell
        self._elapsed_seconds = elapsed_seconds
        self._shown_seconds = shown_seconds
        self._news: queue.Queue[tuple[SessionEvent, float]] = queue.Queue(_NEWS)
        self._lost: set[str] = set()

    def offer(self, event: SessionEvent) -> bool:
        with contextlib.suppress(queue.Full):
            # Where so much has piled up, one lamp less is not missed; a door is opened by the next scan.
            self._news.put_nowait((event, self._elapsed_seconds()))
        return True

    def start(self, stop: threading.Event) -> threading.Thread:
        """Signals in a thread of its own until told to stop."""

        def run() -> None:
            self._show(None, _IDLE)
            until: float | None = None
            while not stop.is_set():
                try:
                    event, since = self._news.get(timeout=0.2)
                except queue.Empty:
                    if until is not None and self._elapsed_seconds() >= until:
                        until = None
                        self._show(None, _IDLE)
                    continue
                if self.signal(event, since):
                    until = self._elapsed_seconds() + self._shown_seconds

        thread = threading.Thread(target=run, name="signalling", daemon=True)
        thread.start()
        return thread

    def signal(self, event: SessionEvent, since: float) -> bool:
        """Has the devices say this; whether it meant anything to them."""
        match event:
            case ShownVerdict(verdict=verdict):
                # The door first: a person waits in front of it.
                self._open_for(event, since)
                self._show(lamp_signal(verdict.verdict_class), _words_for(verdict))
            case PersonChecked(matches=matches):
                self._show(Signal.SUCCESS if matches else Signal.ERROR, None)
            case AnimationProgress(received=received, needed=needed) if received < needed:
                self._show(Signal.PROGRESS, None)
            case OutOfOrderNews():
                self._show(Signal.ATTENTION, _OUT_OF_ORDER)
            case _:
                return False
        return True

    def _open_for(self, shown: ShownVerdict, since: float) -> None:
        lock = self._outputs.lock
        if lock is None or self._elapsed_seconds() - since > OPENS_WITHIN_SECONDS:
            return
        if may_release(shown, purpose=self._purpose, in_service=self._in_service()):
            # The lock tells by itself what is wrong with it.
            with contextlib.suppress(HardwareError):
                lock.release(self._outputs.release_seconds)

    def _show(self, signal: Signal | None, lines: Sequence[str] | None) -> None:
        for indicator in self._outputs.indicators:
            with contextlib.suppress(HardwareError):
                indicator.show(signal)
        display = self._outputs.display
        if display is None or lines is None:
            return
        try:
            display.show(lines)
        except HardwareError:
            if display.name not in self._lost:
                self._lost.add(display.name)
                self._tell(Lost(display.name, LostReason.UNUSABLE))
        else:
            if display.name in self._lost:
                self._lost.remove(display.name)
                self._tell(Connected(display.name))


def _words_for(verdict: Verdict) -> tuple[str, str]:
    """A hold and a question for a person look alike: nobody in the queue learns more."""
    return _WORDS[verdict.verdict_class]
