"""What the wallet asks the outside world for: the moment, a wait, random bytes.

Everything in the library receives these; only `wiring.py` names the real ones.
"""

from collections.abc import Awaitable, Callable

from protocol.unixtime import UnixTime

Clock = Callable[[], UnixTime]
"""Now, in whole seconds."""

Sleep = Callable[[float], None]
"""Waits that many seconds."""

AsyncSleep = Callable[[float], Awaitable[None]]
"""The same in an event loop."""

Random = Callable[[int], bytes]
"""That many bytes from a cryptographic source."""
