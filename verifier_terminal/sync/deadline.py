"""One download's total time: when it is over, its socket is shut from another thread, whatever it waits for."""

import socket
import threading
from types import TracebackType
from typing import Self

from verifier_terminal.errors import TooSlow


class Deadline:
    """Runs from entering to leaving. Only whoever leaves in time has what was asked for."""

    def __init__(self, name: str, seconds: float) -> None:
        self._said = f"{name}: {seconds:g} s"
        self._late = threading.Event()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    @property
    def is_over(self) -> bool:
        return self._late.is_set()

    def watch(self, connected: socket.socket) -> None:
        """Shuts this socket too when the time is over. The caller closes it."""
        self._sockets.append(connected)
        # The timer may have looked at the list a moment ago.
        self.check()

    def check(self) -> None:
        """Return while there is time.

        Raises:
            TooSlow: There is none.
        """
        if self.is_over:
            raise self.too_slow()

    def too_slow(self) -> TooSlow:
        """What to raise when the time was over."""
        return TooSlow(self._said)

    def _end(self) -> None:
        self._late.set()
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It is closed already.
                continue
