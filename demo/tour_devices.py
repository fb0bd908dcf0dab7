"""The tour's scenes with devices that fail: what the counter said about each, and that its verdicts did not suffer."""

from collections.abc import Callable
from typing import Final

from demo.counter_devices import Trouble
from demo.counter_watch import CounterWatch, Notice, Seen
from demo.scene import CameraTrouble
from demo.town import Town
from demo.troubles import Troubles

NOTICE_SECONDS: Final = 15.0
"""Usually a fraction of a second; a frozen camera takes five."""
_CAMERA: Final = "http://"
_MOST_HINTS: Final = 5


class DeviceUnexpected(Exception):
    """The counter did not say about a device what it must."""


class DeviceScenes:
    """Plays them before the counter."""

    def __init__(self, town: Town, troubles: Troubles, counter: CounterWatch, tell: Callable[[str], None]) -> None:
        """Tells what the counter said."""
        self._town = town
        self._troubles = troubles
        self._counter = counter
        self._tell = tell

    @property
    def has_scanner(self) -> bool:
        """Whether there are a scanner and a printer here."""
        return self._troubles.has_scanner

    def scanner_unplugged(self, licence: str) -> None:
        """A scanner is pulled out in mid-code and plugged in again."""
        states = iter(("lost", "ok"))
        self._scan(Trouble.UNPLUGGED, licence, lambda: self._await(next(states), camera=False))

    def noisy_line(self, licence: str) -> None:
        """Noise comes before a code."""
        self._scan(Trouble.NOISE, licence, lambda: self._await("hint", camera=False))

    def _scan(self, trouble: Trouble, licence: str, pause: Callable[[], object]) -> None:
        self._forget()
        self._tell(self._troubles.scan(trouble, licence=licence, pause=pause))

    def glare(self, show: Callable[[], object]) -> None:
        """A lamp is mirrored in the phone until the counter has said what would help."""
        self._forget()
        self._tell(self._troubles.camera(CameraTrouble.GLARE))
        try:
            show()
            # A busy machine may have the counter say first that its reader was restarted.
            hints = (self._await("hint", camera=True).text for _ in range(_MOST_HINTS))
            if not any("glare" in each.casefold() for each in hints):
                raise DeviceUnexpected("the counter did not say that there is glare")
        finally:
            self._troubles.camera(CameraTrouble.NONE)

    def freeze_camera(self) -> None:
        """The counter's camera begins to send the same picture again and again."""
        self._forget()
        self._tell(self._troubles.camera(CameraTrouble.FROZEN))

    def camera_was_noticed(self) -> None:
        """The counter has said so by now; the camera is well again."""
        self._await("lost", camera=True)
        self._tell(self._troubles.camera(CameraTrouble.NONE))

    def out_of_paper(self, seen: Seen) -> None:
        """The paper is out, and in again: the slip comes out whole, once."""
        assert self._town.devices is not None
        self._tell(self._troubles.paper(there=False))
        answer = self._print(seen)
        if answer[0] != 503 or answer[1].get("error") != "printer_no_paper":
            raise DeviceUnexpected(f"without paper the counter answered {answer}")
        self._tell(f"→ {answer[1]['message']}")
        self._tell(self._troubles.paper(there=True))
        answer = self._print(seen)
        lines = self._town.devices.printed_lines()
        if answer[0] != 200 or not any(seen.check_number in line for line in lines):
            raise DeviceUnexpected(f"with paper again the counter answered {answer}, on the paper stands {lines}")
        self._tell(f"→ {len(lines)} lines, one code, cut")

    def _print(self, seen: Seen) -> tuple[int, dict[str, object]]:
        answer = self._town.counter(f"acts/{seen.check_number}/print", {"reason": None})
        return answer.status, dict(answer.body)

    def _await(self, state: str, *, camera: bool) -> Notice:
        """The next notice of that state about the camera, or about the scanner."""
        while (said := self._counter.next_notice(NOTICE_SECONDS)) is not None:
            if said.source.startswith(_CAMERA) == camera and said.state == state:
                self._tell(f"→ {said.text}" if said.text else "→ the device is there again")
                return said
        device = "camera" if camera else "scanner"
        raise DeviceUnexpected(f"the counter did not say “{state}” about its {device} within {NOTICE_SECONDS:.0f} s")

    def _forget(self) -> None:
        while self._counter.next_notice(0) is not None:
            pass
