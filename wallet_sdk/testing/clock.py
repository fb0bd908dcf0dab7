"""A clock that moves when it is told to, or when somebody waits by it."""

from datetime import UTC, datetime
from typing import Final, TypedDict

from protocol.unixtime import UnixTime
from wallet_sdk.ports import AsyncSleep, Clock, Elapsed, Sleep

_MORNING: Final = UnixTime(int(datetime(2026, 11, 24, 2, tzinfo=UTC).timestamp()))
"""Ten o'clock on a Tuesday in Shanghai."""


class _Ports(TypedDict):
    clock: Clock
    elapsed: Elapsed
    sleep: Sleep
    async_sleep: AsyncSleep


class FakeClock:
    """Give a wallet all four: `Wallet.create(folder, **clock.ports)`."""

    def __init__(self, at: UnixTime = _MORNING) -> None:
        self.at = at
        self._started = at
        self._set_by = 0

    def __call__(self) -> UnixTime:
        return self.at

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.at = UnixTime(self.at + int(seconds))

    def set(self, at: UnixTime) -> None:
        """Somebody sets the clock: no time passes."""
        self._set_by += at - self.at
        self.at = at

    def elapsed(self) -> float:
        """Seconds by a clock that nobody can set."""
        return float(self.at - self._started - self._set_by)

    async def sleep_async(self, seconds: float) -> None:
        """Waits in no time."""
        self.advance(seconds)

    @property
    def ports(self) -> _Ports:
        """The arguments of `Wallet.create` and `Wallet.open` that have to do with time."""
        return {"clock": self, "elapsed": self.elapsed, "sleep": self.advance, "async_sleep": self.sleep_async}
