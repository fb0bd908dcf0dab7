"""Hears checkpoints by UDP multicast from a site relay: bytes in, and nothing of them is believed.

One datagram is one checkpoint, and goes the way of a fetched one. Garbage, other regions, repetitions and whatever
comes too fast are counted and dropped, so that nobody on the network can make the terminal work more than a little; a
datagram that is refused changes nothing, and polls go on whatever comes here.

Not handled here: what the checkpoint is worth (`feed_intake`).
"""

import socket
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from protocol import checkpoint, limits
from protocol.errors import ProtocolError

_BURST: Final = 16
"""A minute's datagrams of all regions of a delta come at once."""
_PER_SECOND: Final = 2.0
_HOPS: Final = 1
"""It does not leave the site."""
_POLL_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 0.01


def listening_socket(address: str, port: int, interface: str | None) -> socket.socket:
    """A socket that hears the group by this interface; None: the system's choice. Raises: OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        # Two terminals on one machine hear the same group.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound to the group, so that what is sent to this machine alone is not heard.
        made.bind((address, port))
        by = socket.INADDR_ANY.to_bytes(4) if interface is None else socket.inet_aton(interface)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(address) + by)
    except BaseException:
        made.close()
        raise
    return made


def sending_socket(address: str, port: int, interface: str | None) -> socket.socket:
    """A socket that sends to the group, this machine included, and never waits. Raises: OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        if interface is not None:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
        made.setblocking(False)
        made.connect((address, port))
    except BaseException:
        made.close()
        raise
    return made


@dataclass(slots=True)
class Heard:
    """What came since the start, for `terminal status` and tests."""

    taken: int = 0
    repeated: int = 0
    foreign: int = 0
    garbage: int = 0
    too_fast: int = 0


class MulticastEar:
    """Listens to one group. `run` in a thread of its own; `close` ends it."""

    def __init__(
        self,
        address: str,
        port: int,
        offer: Callable[[str, bytes], None],
        *,
        regions: Callable[[], Collection[str]],
        monotonic: Callable[[], float],
        interface: str | None = None,
    ) -> None:
        """Joins the group.

        Args:
            address: A multicast address (224.0.0.0 to 239.255.255.255).
            port: Where the relay sends to.
            offer: Takes (region, checkpoint) as a poll would; it never raises.
            regions: Those that this terminal holds.
            monotonic: Counts seconds.
            interface: Address of the interface to hear by; None: the system's choice.

        Raises:
            OSError: The group cannot be joined.
        """
        self._offer = offer
        self._regions = regions
        self._monotonic = monotonic
        self._stopped = threading.Event()
        self._last: dict[str, bytes] = {}
        self._allowance = float(_BURST)
        self._counted = monotonic()
        self.heard = Heard()
        self._socket = listening_socket(address, port, interface)
        self._socket.settimeout(_POLL_SECONDS)

    def run(self) -> None:
        """Hear until `close`."""
        with self._socket:
            while not self._stopped.is_set():
                with suppress(TimeoutError, OSError):
                    # One byte more than a checkpoint has shows that it is longer.
                    if not self._take(self._socket.recv(limits.MAX_CHECKPOINT_BYTES + 1)):
                        # A flood is for the system to drop: looking at each packet costs more than receiving it.
                        self._stopped.wait(_PAUSE_SECONDS)

    def close(self) -> None:
        """End `run` soon."""
        self._stopped.set()

    def _take(self, packet: bytes) -> bool:
        """Whether there was anything to offer."""
        try:
            region = checkpoint.parse(packet).claims.position.region
        except ProtocolError:
            self.heard.garbage += 1
            return False
        if region not in self._regions():
            self.heard.foreign += 1
        elif self._last.get(region) == packet:
            self.heard.repeated += 1
        elif not self._may_work():
            self.heard.too_fast += 1
        else:
            self._last[region] = packet
            self.heard.taken += 1
            self._offer(region, packet)
            return True
        return False

    def _may_work(self) -> bool:
        now = self._monotonic()
        self._allowance = min(_BURST, self._allowance + (now - self._counted) * _PER_SECOND)
        self._counted = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True
