"""How much one address may ask: a bucket of requests that fills again, and a smaller one of refused guesses.

In the memory of one process, by the clock it is given. A whole town hall may stand behind one address, so the first is
wide; guesses at codes, which an honest wallet makes few of, have the narrow one. Not handled here: whose address it is
(`issuer.web.openid4vci`), and floods, which are the web server's in front.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from issuer.openid4vci.errors import TooManyRequests
from protocol.unixtime import UnixTime

MOST_ADDRESSES: Final = 10_000
"""Those that were heard last; whoever has more addresses than that is no matter of counting here."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and one more in each of so many seconds."""

    at_once: int
    every_seconds: float


REQUESTS: Final = Rate(240, 0.25)
GUESSES: Final = Rate(20, 30)


class Bucket:
    """One rate for every address."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: OrderedDict[str, tuple[float, UnixTime]] = OrderedDict()
        self._lock = threading.Lock()

    def demand(self, address: str, *, at: UnixTime) -> None:
        """Return if this address has something left. Raises: TooManyRequests."""
        with self._lock:
            if self._now(address, at) < 1:
                raise TooManyRequests("too many requests came from this address")

    def take(self, address: str, *, at: UnixTime) -> None:
        """As `demand`, and one less is left. Raises: TooManyRequests."""
        with self._lock:
            left = self._now(address, at)
            if left < 1:
                raise TooManyRequests("too many requests came from this address")
            self._left[address] = (left - 1, at)
            self._left.move_to_end(address)
            while len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)

    def _now(self, address: str, at: UnixTime) -> float:
        left, since = self._left.get(address, (float(self._rate.at_once), at))
        return min(self._rate.at_once, left + max(0, at - since) / self._rate.every_seconds)
