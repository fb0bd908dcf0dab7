"""A relay that releases a door for seconds. Fail-secure: de-energised is locked, and everything ends there.

Guaranteed as far as a program can: the line is inactive from the moment it is taken; it is active only between
`release` and a timer that was started first, so never where no timer can be; it is inactive again at `close`, and given
back when it fails. When the process dies, the kernel takes the line back (hardware/gpio.py says what that is worth, and
docs/hardware.md which wiring makes it good: a fail-secure strike on a normally-open relay with a pull-down).

Not handled here: who may open what (the terminal's signalling), and a program that the system has stopped: only a relay
with a time limit of its own helps against that.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Final

from hardware.devices import Connected, Lost
from hardware.errors import DeviceUnusable, HardwareError
from hardware.gpio import OutputLines
from hardware.output_errors import UnsupportedOutput
from hardware.scanner_line import lost_reason

MAX_RELEASE_SECONDS: Final = 30.0
"""A door that has to stay open for longer is opened by people, with a key."""

Cancel = Callable[[], object]
Later = Callable[[float, Callable[[], None]], Cancel]


class RelayLock:
    """See the module. Implements DoorLock."""

    def __init__(
        self,
        name: str,
        open_line: Callable[[], OutputLines],
        *,
        tell: Callable[[Connected | Lost], None],
        later: Later | None = None,
    ) -> None:
        """Takes the line at once if it is there, so that nobody else does; else at the first release.

        Args:
            name: on pages.
            open_line: takes the line, inactive; raises HardwareError.
            tell: hears that the relay is there or gone.
            later: calls something after so many seconds and gives what cancels it; a thread's timer if not given.
        """
        self.name = name
        self._open_line = open_line
        self._tell = tell
        self._later = later or _timer
        self._lock = threading.Lock()
        self._line: OutputLines | None = None
        self._cancel: Cancel | None = None
        self._releases = 0
        with self._lock, contextlib.suppress(HardwareError):
            self._taken()

    def release(self, seconds: float) -> None:
        if not 0 < seconds <= MAX_RELEASE_SECONDS:
            raise UnsupportedOutput(self.name, f"released for {seconds} s; up to {MAX_RELEASE_SECONDS:g} are allowed")
        with self._lock:
            line = self._taken()
            self._stop_timer()
            self._releases += 1
            number = self._releases
            # Before it opens: where no timer can be started, nothing may open.
            try:
                self._cancel = self._later(seconds, lambda: self._relock(number))
            except RuntimeError as failure:
                raise DeviceUnusable(self.name, "no timer could be started, so it stays locked") from failure
            try:
                line.set((True,))
            except HardwareError as failure:
                self._lost(failure)
                raise

    def close(self) -> None:
        with self._lock:
            self._stop_timer()
            if self._line is not None:
                self._line.close()
                self._line = None

    def _relock(self, number: int) -> None:
        with self._lock:
            # A timer that was cancelled too late belongs to a release that another one has begun anew.
            if number != self._releases or self._line is None:
                return
            self._cancel = None
            try:
                self._line.set((False,))
            except HardwareError as failure:
                self._lost(failure)

    def _taken(self) -> OutputLines:
        if self._line is None:
            try:
                self._line = self._open_line()
            except HardwareError as failure:
                self._tell(Lost(self.name, lost_reason(failure)))
                raise
            self._tell(Connected(self.name))
        return self._line

    def _lost(self, failure: HardwareError) -> None:
        """Gives the line back, which is all that can still lock it."""
        self._stop_timer()
        if self._line is not None:
            self._line.close()
            self._line = None
        self._tell(Lost(self.name, lost_reason(failure)))

    def _stop_timer(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None


def _timer(seconds: float, act: Callable[[], None]) -> Cancel:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer.cancel
