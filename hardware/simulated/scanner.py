"""A serial scanner on a pseudo-terminal: prints codes into the port that the real driver opens, well or badly.

A pseudo-terminal models neither baud rate nor modem lines; a wrong baud rate is therefore imitated by the bytes it
would make. Not available where the system has no pseudo-terminals (Windows).
"""

import os
import pty
import select
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from hardware.errors import DeviceUnusable

# A real scanner needs that long to find and read the next code; drivers rely on the pause.
_BETWEEN_SCANS_SECONDS = 0.2
# A driver that reads at all empties the line far sooner.
_WRITE_SECONDS = 5.0
_CHUNK_BYTES = 4_096


class VirtualScanner:
    """One scanner with a cable that can be pulled out; the port path stays the same when it is plugged in again."""

    def __init__(
        self,
        *,
        prefix: bytes = b"",
        suffix: bytes = b"\r\n",
        wait: Callable[[float], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Plugs the scanner in.

        Args:
            prefix: what this scanner prints before each code, for example b"]Q1" or STX.
            suffix: what it prints after each code.
            wait: waits between two scans, as a real scanner must; really waits if not given.
            monotonic: seconds, for what is waited for.
        """
        self._monotonic = monotonic
        self._wait = wait or threading.Event().wait
        self._has_scanned = False
        self._prefix = prefix
        self._suffix = suffix
        self._folder = tempfile.TemporaryDirectory(prefix="virtual-scanner-")
        self.port_path = Path(self._folder.name) / "scanner"
        self._master: int | None = None
        self._slave: int | None = None
        self.replug()

    def scan(
        self, text: str, *, chunks: Iterable[int] = (), between_chunks: Callable[[], object] | None = None
    ) -> None:
        """Prints one code.

        Args:
            text: the code, ASCII.
            chunks: sizes of the first pieces; the rest follows in one piece.
            between_chunks: called between two pieces, for example to wait.
        """
        if self._has_scanned:
            self._wait(_BETWEEN_SCANS_SECONDS)
        self._has_scanned = True
        printed = self._prefix + text.encode("ascii") + self._suffix
        for size in chunks:
            piece, printed = printed[:size], printed[size:]
            self.send(piece)
            if between_chunks is not None:
                between_chunks()
        self.send(printed)

    def scan_at_wrong_baud_rate(self, text: str, noise: np.random.Generator) -> None:
        """Prints what a receiver at another speed sees: about as many bytes, half of them with the high bit set."""
        self.send(noise.integers(0, 256, len(text) + len(self._suffix), dtype=np.uint8).tobytes() + b"\xff")

    def scan_and_unplug(self, text: str, after_bytes: int) -> None:
        """Pulls the cable in the middle of a code."""
        self.send((self._prefix + text.encode("ascii"))[:after_bytes])
        self.unplug()

    def send(self, raw: bytes) -> None:
        """Puts bytes on the line.

        Raises:
            DeviceUnusable: the scanner is unplugged, or nobody reads and the line is full.
        """
        if self._master is None:
            raise DeviceUnusable(str(self.port_path), "unplugged")
        while raw:
            _, writable, _ = select.select([], [self._master], [], _WRITE_SECONDS)
            if not writable:
                raise DeviceUnusable(str(self.port_path), "nobody reads")
            raw = raw[os.write(self._master, raw) :]

    def hear(self, seconds: float = _WRITE_SECONDS, *, size: int = 1) -> bytes:
        """What the program on the other end has said, at least `size` bytes of it; less when the time passes first."""
        heard = b""
        until = self._monotonic() + seconds
        while self._master is not None and len(heard) < size:
            readable, _, _ = select.select([self._master], [], [], max(0.0, until - self._monotonic()))
            if not readable:
                break
            heard += os.read(self._master, _CHUNK_BYTES)
        return heard

    def echo(self, seconds: float = 0.0) -> bytes:
        """A cable that sends back what it is told, as a loop or a terminal does."""
        heard = self.hear(seconds)
        if heard:
            self.send(heard)
        return heard

    def babble(self, noise: np.random.Generator, byte_count: int) -> None:
        """Prints without end and sense, as a scanner with a broken lens cap or a cable with a broken shield."""
        self.send(noise.integers(0, 256, byte_count, dtype=np.uint8).tobytes())

    def unplug(self) -> None:
        """The device vanishes: its path leads nowhere, an open port reports a hang-up."""
        self.port_path.unlink(missing_ok=True)
        for descriptor in (self._master, self._slave):
            if descriptor is not None:
                os.close(descriptor)
        self._master = self._slave = None

    def replug(self) -> None:
        """The device comes back under the same path, as a by-id link does under another number."""
        self.unplug()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port_path.symlink_to(os.ttyname(self._slave))

    def close(self) -> None:
        """Unplugs and removes the folder of the path."""
        self.unplug()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
