"""The one manual clock of the tests: it moves when it is told to."""

from protocol.unixtime import UnixTime


class ManualClock:
    """Calling it gives the moment; it never moves by itself."""

    def __init__(self, at: int) -> None:
        self.at = UnixTime(at)

    def __call__(self) -> UnixTime:
        return self.at

    def advance(self, seconds: int) -> UnixTime:
        """Time passes (or, negative, somebody sets the clock back)."""
        self.at = UnixTime(self.at + seconds)
        return self.at
