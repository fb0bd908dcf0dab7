"""Talks back to a scanner without ever keeping the reader waiting: a short queue and one thread for each open port.

Guaranteed: `send`, `expect_verdict` and `verdict` return at once and never raise, whatever the device does; a device
that takes no bytes costs the bytes and nothing else; one that waits for a verdict gets exactly one, and when nobody
has said anything in time it is told to refuse. A verdict that comes later than that is dropped, because the scanner
would take it for the next code.

Not handled here: which bytes mean what.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Protocol

# Commands and acknowledgements are a few bytes; more than this waiting means that nothing is being taken.
_QUEUE_LENGTH = 32
_JOIN_SECONDS = 1.0


class WritablePort(Protocol):
    """The part of pyserial's interface that writes."""

    def write(self, raw: bytes, /) -> int | None:
        """Writes within the port's own time-out, or raises."""
        ...

    def reset_output_buffer(self) -> None:
        """Forgets what has been written and not yet been sent."""
        ...


class LineWriter:
    """The write side of one open port; closed with it."""

    def __init__(
        self,
        port: WritablePort,
        *,
        wake: bytes = b"",
        wake_seconds: float = 0.0,
        refusal: bytes = b"",
        verdict_seconds: float | None = None,
        failures: tuple[type[BaseException], ...],
        monotonic: Callable[[], float],
    ) -> None:
        """Starts the thread.

        Args:
            port: open, with a time-out for writing.
            wake: sent before a command to a device that may be asleep, followed by `wake_seconds` of patience.
            wake_seconds: see there.
            refusal: what is sent when a verdict does not come in time.
            verdict_seconds: that time; None if the device does not wait for verdicts.
            failures: what writing may raise: time-outs and unplugging.
            monotonic: seconds.
        """
        self._port = port
        self._wake = wake
        self._wake_seconds = wake_seconds
        self._refusal = refusal
        self._verdict_seconds = verdict_seconds
        self._failures = failures
        self._monotonic = monotonic
        self._orders: queue.Queue[tuple[bytes, bool]] = queue.Queue(_QUEUE_LENGTH)
        self._verdict_lock = threading.Lock()
        self._verdict_due: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="scanner answers", daemon=True)
        self._thread.start()

    def send(self, raw: bytes, *, wakes: bool = False) -> None:
        """Has these bytes written; they are lost if the device does not take any."""
        try:
            self._orders.put_nowait((raw, wakes))
        except queue.Full:
            return

    def expect_verdict(self) -> None:
        """A code has come out and the scanner waits for what it is worth."""
        if self._verdict_seconds is None:
            return
        with self._verdict_lock:
            self._verdict_due = self._monotonic() + self._verdict_seconds
        # Wakes the thread, so that it learns how long it may sleep.
        self.send(b"")

    def verdict(self, raw: bytes) -> None:
        """Tells the scanner, unless it has been told already."""
        if self._verdict_seconds is None:
            self.send(raw)
            return
        with self._verdict_lock:
            if self._verdict_due is None:
                return
            self._verdict_due = None
        self.send(raw)

    def refuse_unread(self) -> None:
        """Tells the scanner that its code could not be read here, unless it waits for the verdict on another one."""
        if self._verdict_seconds is None:
            return
        with self._verdict_lock:
            if self._verdict_due is not None:
                return
        self.send(self._refusal)

    def close(self) -> None:
        """Ends the thread; what was not written yet is lost."""
        self._ended.set()
        self.send(b"")
        self._thread.join(_JOIN_SECONDS)

    def _write_all(self) -> None:
        while not self._ended.is_set():
            with self._verdict_lock:
                due = self._verdict_due
            try:
                raw, wakes = self._orders.get(timeout=None if due is None else max(0.0, due - self._monotonic()))
            except queue.Empty:
                raw, wakes = self._overdue(), False
            if raw and not self._ended.is_set():
                self._write(raw, wakes=wakes)

    def _overdue(self) -> bytes:
        """The refusal, if the time is over and nobody has answered meanwhile."""
        with self._verdict_lock:
            if self._verdict_due is None or self._monotonic() < self._verdict_due:
                return b""
            self._verdict_due = None
        return self._refusal

    def _write(self, raw: bytes, *, wakes: bool) -> None:
        try:
            if wakes and self._wake:
                self._port.write(self._wake)
                if self._ended.wait(self._wake_seconds):
                    # The port may be closed by now, and its number be another file's.
                    return
            self._port.write(raw)
        except self._failures:
            # A device that takes nothing, or is gone; the reader notices the latter and says so. What it did not take
            # must not reach it later, when another code waits for its verdict.
            with contextlib.suppress(*self._failures):
                self._port.reset_output_buffer()
