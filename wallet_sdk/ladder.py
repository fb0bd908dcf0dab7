"""The ladder: a few presentations signed ahead, for a screen that must go on rolling without asking the key again.

At most ten rungs and five minutes (PROTOCOL.md, "Presentation"). Each has a moment of its own and is handed out only
when that has come. They stand in memory alone: nothing is written, printed or pickled, and all are let go of when the
showing is closed, the wallet locked, or the clock set. Whoever could read this memory could show rungs until they end,
so a ladder answers no terminal's request: what matters is asked by challenge.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

from protocol.unixtime import UnixTime
from wallet_sdk.distinct_moments import DistinctMoments
from wallet_sdk.pictures import Frame
from wallet_sdk.ports import Ports
from wallet_sdk.showing_errors import LadderOver, LadderWiped

MAX_RUNGS: Final = 10
MAX_AHEAD: Final = 300
"""Seconds."""
_CLOCKS_MAY_DIFFER: Final = 2
"""Seconds: one clock counts whole seconds, and time servers correct by fractions; a person sets a clock by more."""


@dataclass(frozen=True, slots=True, repr=False)
class Rung:
    """One frame, from when on it may be seen, and whether its moment is this wallet's already."""

    frame: Frame
    due_at: UnixTime
    is_taken: bool


class Ladder:
    """Rungs that are still to come. Pull `frame` as from a showing."""

    __slots__ = ("_begun_at", "_begun_elapsed", "_moments", "_ports", "_rungs", "_shown")

    def __init__(self, rungs: tuple[Rung, ...], begun_at: UnixTime, moments: DistinctMoments, ports: Ports) -> None:
        self._rungs = list(rungs)
        self._shown: Frame | None = None
        self._moments = moments
        self._ports = ports
        self._begun_at = begun_at
        self._begun_elapsed = ports.elapsed()

    def __repr__(self) -> str:
        return f"Ladder({len(self._rungs)} rungs to come)"

    def __len__(self) -> int:
        return len(self._rungs)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ladder stands in memory alone")

    def frame(self) -> Frame:
        """The rung whose time it is.

        Raises:
            LadderWiped: The clock was set since the ladder was made; nothing of it is left.
            LadderOver: No rung is left for this moment.
        """
        now = self._ports.clock()
        passed = self._ports.elapsed() - self._begun_elapsed
        if abs(now - self._begun_at - passed) > _CLOCKS_MAY_DIFFER:
            # Set forward, it would give out what is to be seen later; set back, what was seen already.
            self.close()
            raise LadderWiped
        while self._rungs and self._rungs[0].due_at <= now:
            rung = self._rungs.pop(0)
            if now < rung.frame.next_at and self._is_free(rung):
                self._shown = rung.frame
        if self._shown is None or now >= self._shown.expires_at:
            self.close()
            raise LadderOver
        return self._shown

    def close(self) -> None:
        """Lets go of every rung; may be called twice."""
        self._rungs.clear()
        self._shown = None

    def _is_free(self, rung: Rung) -> bool:
        # Another showing of this wallet may have had this very second; then the rung before stands until its end.
        moment = rung.frame.issued_at
        return rung.is_taken or self._moments.take(moment) == moment
