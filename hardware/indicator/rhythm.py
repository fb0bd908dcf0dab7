"""How long each of the four words is lit or sounds: told apart by rhythm, so that nobody needs to see red from green.

Pure. A lamp repeats its rhythm until something else is said; a buzzer plays it once. Nothing flashes more often than
three times a second (WCAG 2.2, success criterion 2.3.1). The buzzer's rhythms are those of the window page's sounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hardware.devices import Signal


@dataclass(frozen=True, slots=True)
class Rhythm:
    """On and off in turn.

    Attributes:
        seconds: on, off, on, off, …; an odd number of them ends on: one alone that repeats is steady light.
        repeats: whether it begins again after its end.
    """

    seconds: tuple[float, ...]
    repeats: bool

    def at(self, elapsed: float) -> tuple[bool, float | None]:
        """Whether it is on so long after its beginning, and the seconds until that changes; None: it does not."""
        if self.repeats:
            if len(self.seconds) == 1:
                return True, None
            elapsed %= sum(self.seconds)
        for number, length in enumerate(self.seconds):
            if elapsed < length:
                return number % 2 == 0, length - elapsed
            elapsed -= length
        return False, None


LAMP: Final[Mapping[Signal, Rhythm]] = {
    Signal.SUCCESS: Rhythm((1.0,), repeats=True),
    Signal.ATTENTION: Rhythm((0.6, 0.4), repeats=True),
    Signal.ERROR: Rhythm((0.2, 0.2, 0.2, 0.2, 0.2, 0.8), repeats=True),
    Signal.PROGRESS: Rhythm((0.1, 0.9), repeats=True),
}
BUZZER: Final[Mapping[Signal, Rhythm]] = {
    Signal.SUCCESS: Rhythm((0.28,), repeats=False),
    Signal.ATTENTION: Rhythm((0.12, 0.1, 0.12), repeats=False),
    Signal.ERROR: Rhythm((0.07, 0.1, 0.07, 0.1, 0.07), repeats=False),
    Signal.PROGRESS: Rhythm((0.03,), repeats=False),
}
