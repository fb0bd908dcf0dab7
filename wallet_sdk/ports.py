"""What the wallet asks the outside world for: the moment, passing time, a wait, random bytes.

Everything in the library receives these; only `wiring.py` names the real ones.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protocol.unixtime import UnixTime

Clock = Callable[[], UnixTime]
"""Now, in whole seconds."""

Sleep = Callable[[float], None]
"""Waits that many seconds."""

AsyncSleep = Callable[[float], Awaitable[None]]
"""The same in an event loop."""

Random = Callable[[int], bytes]
"""That many bytes from a cryptographic source."""

Elapsed = Callable[[], float]
"""Seconds since some beginning, by a clock that nobody can set."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them together, as an open wallet keeps them."""

    clock: Clock
    elapsed: Elapsed
    sleep: Sleep
    async_sleep: AsyncSleep
    random: Random
