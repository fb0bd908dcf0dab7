"""Shows signals by their rhythms in a thread of its own, and opens a lost device again by itself.

Guaranteed: `show` returns at once whatever the device does; only the latest signal counts; a device that stays away is
told once, and once more when it is back; then it shows what is meant now and not what was missed.

Not handled here: colours, lines and libraries (the faces).
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from hardware.backoff import delays
from hardware.devices import Connected, Lost, LostReason, Signal
from hardware.errors import HardwareError
from hardware.indicator.rhythm import Rhythm
from hardware.scanner_line import lost_reason

Tell = Callable[[Connected | Lost], None]


class Face(Protocol):
    """One device that is open: lit in a signal's colour, or dark."""

    def light(self, signal: Signal | None) -> None:
        """Raises: HardwareError: the device is gone."""
        ...

    def close(self) -> None:
        """Dark, and given back; a device that is gone is no error."""
        ...


class Showing:
    """See the module. Implements Indicator."""

    def __init__(
        self,
        name: str,
        open_face: Callable[[], Face],
        *,
        rhythms: Mapping[Signal, Rhythm],
        tell: Tell,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins; the device is opened by its own thread.

        Args:
            name: on pages.
            open_face: opens the device anew; raises HardwareError.
            rhythms: of the four words.
            tell: hears that the device is there or gone, from its own thread.
            monotonic: a clock that only counts.
        """
        self.name = name
        self._open_face = open_face
        self._rhythms = rhythms
        self._tell = tell
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._signal: Signal | None = None
        self._since = monotonic()
        self._said = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"indicator {name}", daemon=True)
        self._thread.start()

    def show(self, signal: Signal | None) -> None:
        with self._changed:
            self._signal, self._since = signal, self._monotonic()
            self._said += 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        # A device whose driver hangs must not keep the terminal from ending.
        self._thread.join(2.0)

    def _run(self) -> None:
        waiting = delays()
        is_lost = False
        while not self._closed:
            try:
                face = self._open_face()
            except HardwareError as failure:
                # A device that stays away is one piece of news, not one every five seconds.
                if not is_lost:
                    is_lost = True
                    self._tell(Lost(self.name, lost_reason(failure)))
            else:
                is_lost = False
                waiting = delays()
                self._tell(Connected(self.name))
                try:
                    self._play(face)
                except HardwareError:
                    is_lost = True
                    self._tell(Lost(self.name, LostReason.UNPLUGGED))
                finally:
                    with contextlib.suppress(HardwareError):
                        face.close()
            self._pause(next(waiting))

    def _play(self, face: Face) -> None:
        lit: tuple[int, bool] | None = None
        while True:
            with self._changed:
                if self._closed:
                    return
                said, signal = self._said, self._signal
                is_on, left = (
                    (False, None) if signal is None else self._rhythms[signal].at(self._monotonic() - self._since)
                )
            if lit != (said, is_on):
                face.light(signal if is_on else None)
                lit = (said, is_on)
            with self._changed:
                if self._said == said and not self._closed:
                    self._changed.wait(left)

    def _pause(self, seconds: float) -> None:
        until = self._monotonic() + seconds
        with self._changed:
            while not self._closed and (left := until - self._monotonic()) > 0:
                self._changed.wait(left)
