"""Talks with the other terminals of a site by UDP multicast: one thread hears, one tells.

What was shown is told at once and once more a moment later; everything of the last 72 hours is told again and again,
one datagram every five seconds, so that whoever was away has it within minutes without asking. Guaranteed: neither
thread holds anything up; a flood is dropped before anything is verified; datagrams do not leave the site (TTL 1, IPv4).
Not handled here: what they say (`neighbours`).
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from protocol import limits
from verifier_terminal.errors import NoSite, OutOfOrder
from verifier_terminal.neighbours import Answer, Neighbours
from verifier_terminal.sync.multicast import listening_socket, sending_socket

TELL_SECONDS: Final = 5.0
"""Between two datagrams of all that was shown: 300 checks a day for three days are told anew every 3 to 7 minutes."""
AGAIN_SECONDS: Final = 0.3
_BURST: Final = 200
_PER_SECOND: Final = 50.0
"""Fifty windows tell ten datagrams a second, and more when all of them are busy."""
_POLL_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 0.01
_END_SECONDS: Final = 2.0


class Ear:
    """Hears the group until `close`."""

    def __init__(
        self, hear: Callable[[bytes], Answer], opened: socket.socket, *, monotonic: Callable[[], float]
    ) -> None:
        """Takes the socket; `run` closes it.

        Args:
            hear: `Neighbours.hear`.
            opened: Of the group.
            monotonic: Counts seconds.
        """
        self._hear = hear
        self._socket = opened
        self._monotonic = monotonic
        self._stopped = threading.Event()
        self._allowance = float(_BURST)
        self._counted = monotonic()
        self.heard = dict.fromkeys(Answer, 0)
        self.too_fast = 0

    def run(self) -> None:
        """Hear until `close`."""
        with self._socket:
            self._socket.settimeout(_POLL_SECONDS)
            while not self._stopped.is_set():
                with suppress(TimeoutError, OSError):
                    packet = self._socket.recv(limits.MAX_SITE_USES_BYTES + 1)
                    if not self._may_work():
                        # A flood is for the system to drop: looking at each packet costs more than receiving it.
                        self.too_fast += 1
                        self._stopped.wait(_PAUSE_SECONDS)
                        continue
                    # A full disk: the session says so by itself, and neighbours tell it again.
                    with suppress(OutOfOrder):
                        self.heard[self._hear(packet)] += 1

    def close(self) -> None:
        """End `run` soon."""
        self._stopped.set()

    def _may_work(self) -> bool:
        now = self._monotonic()
        self._allowance = min(_BURST, self._allowance + (now - self._counted) * _PER_SECOND)
        self._counted = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class Voice:
    """Tells the group until `close`."""

    def __init__(self, neighbours: Neighbours, opened: socket.socket, *, every: float = TELL_SECONDS) -> None:
        """Takes the socket; `run` closes it.

        Args:
            neighbours: What there is to tell.
            opened: To the group.
            every: Seconds between two datagrams of all that was shown.
        """
        self._neighbours = neighbours
        self._socket = opened
        self._every = every
        self._stopped = threading.Event()

    def run(self) -> None:
        """Tell until `close`."""
        with self._socket:
            while not self._stopped.is_set():
                news = self._neighbours.news.wait(self._every)
                if self._stopped.is_set():
                    return
                # A database that cannot be read, or a network that is away: there is a next time.
                with suppress(OutOfOrder, OSError):
                    self._send(self._neighbours.newest() if news else self._neighbours.next_page(), twice=news)

    def close(self) -> None:
        """End `run` soon."""
        self._stopped.set()
        self._neighbours.news.set()

    def _send(self, packet: bytes | None, *, twice: bool) -> None:
        if packet is None:
            return
        self._socket.send(packet)
        if twice:
            self._stopped.wait(AGAIN_SECONDS)
            self._socket.send(packet)


@contextmanager
def talking(
    neighbours: Neighbours,
    *,
    address: str,
    port: int,
    interface: str | None,
    monotonic: Callable[[], float],
    every: float = TELL_SECONDS,
) -> Iterator[Ear]:
    """Hears and tells while the block runs.

    Args:
        neighbours: The session's.
        address: A multicast address that all terminals of the site use.
        port: The same.
        interface: Address of this machine to do it by; None: the system's choice.
        monotonic: Counts seconds.
        every: As for `Voice`.

    Raises:
        NoSite: It belongs to no site, and so has no neighbours.
        OSError: The group cannot be used.
    """
    if not neighbours.site:
        raise NoSite
    hearing = listening_socket(address, port, interface)
    try:
        sending = sending_socket(address, port, interface)
    except BaseException:
        hearing.close()
        raise
    ear, voice = Ear(neighbours.hear, hearing, monotonic=monotonic), Voice(neighbours, sending, every=every)
    threads = [
        threading.Thread(target=each.run, name=name, daemon=True)
        for each, name in ((ear, "neighbours heard"), (voice, "neighbours told"))
    ]
    for thread in threads:
        thread.start()
    try:
        yield ear
    finally:
        ear.close()
        voice.close()
        for thread in threads:
            thread.join(_END_SECONDS)
