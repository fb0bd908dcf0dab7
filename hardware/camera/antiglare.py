"""When to take light away because a lamp is mirrored in the phone, and when to give it back. Pure: no camera, no clock.

1. A picture glares when nothing was read and the decoder saw glare on a code, or saw a code while a good part of the
   picture is saturated. Three such pictures within two seconds, none read in between, are one step down.
2. At most three steps, an eighth of the light, each with time for the camera to follow.
3. A picture that is too dark gives a step back at once, and the darker one is not tried again for a while.
4. Without glare and without a reading for some seconds one step is given back. If glare returns soon after that, the
   patience doubles, up to a minute: a lamp that stays is not tested again and again.

Not handled here: the knobs (dimming.py); lamps that drown a code so wholly that nobody sees one.
"""

import enum
from dataclasses import dataclass, replace
from typing import Final, Self, assert_never

import numpy as np

from hardware.camera.guidance import GreyPicture
from hardware.camera.report import PictureReport
from hardware.devices import Hint

MOST_STEPS: Final = 3
_GLARES: Final = 3
_WINDOW_SECONDS: Final = 2.0
_SETTLE_SECONDS: Final = 0.5
"""A camera shows a new exposure two to four pictures later."""
CALM_SECONDS: Final = 5.0
_MOST_PATIENCE_SECONDS: Final = 60.0
_RELAPSE_SECONDS: Final = 5.0
_TOO_DARK_SECONDS: Final = 30.0
_SATURATED: Final = 250
_SATURATED_SHARE: Final = 0.05


class Sight(enum.Enum):
    """What one picture says about light."""

    READ = "a code was read"
    GLARE = "glare on a code"
    DARK = "too dark"
    NOTHING = "nothing of that"


def sight_of(report: PictureReport, grey: GreyPicture) -> Sight:
    """Step 1 for one picture; every eighth pixel is looked at."""
    if report.codes:
        return Sight.READ
    if report.black or report.hint is Hint.DARK:
        return Sight.DARK
    if report.hint is Hint.TILT:
        return Sight.GLARE
    saturated = report.code_seen and float(np.mean(grey[::8, ::8] >= _SATURATED)) > _SATURATED_SHARE
    return Sight.GLARE if saturated else Sight.NOTHING


@dataclass(frozen=True, slots=True)
class AntiGlare:
    """How much light is taken away, and what that follows from.

    Attributes:
        step: 0 is the camera's own light; each further one halves it.
        glares: moments of the last pictures that glared.
        moved_at: when the step changed last.
        busy_at: when something was last read or glared.
        given_back_at: when light was last given back for calm.
        patience: seconds of calm before that.
        deepest: no further down than this,
        deepest_until: until then.
    """

    step: int = 0
    glares: tuple[float, ...] = ()
    moved_at: float = float("-inf")
    busy_at: float = float("-inf")
    given_back_at: float = float("-inf")
    patience: float = CALM_SECONDS
    deepest: int = MOST_STEPS
    deepest_until: float = float("-inf")

    def after(self, sight: Sight, at: float) -> Self:
        """What follows from one more picture, `at` being its moment."""
        settled = at - self.moved_at >= _SETTLE_SECONDS
        match sight:
            case Sight.READ:
                return replace(self, glares=(), busy_at=at)
            case Sight.GLARE:
                recent = (*(each for each in self.glares if at - each <= _WINDOW_SECONDS), at)[-_GLARES:]
                seen = replace(self, glares=recent, busy_at=at)
                return seen._darker(at) if len(recent) == _GLARES and settled else seen
            case Sight.DARK:
                if not self.step or not settled:
                    return self
                step = self.step - 1
                return replace(
                    self, step=step, glares=(), moved_at=at, deepest=step, deepest_until=at + _TOO_DARK_SECONDS
                )
            case Sight.NOTHING:
                return self._calmer(at)
            case _:
                assert_never(sight)

    def _darker(self, at: float) -> Self:
        deepest = self.deepest if at < self.deepest_until else MOST_STEPS
        if self.step >= deepest:
            return self
        relapse = at - self.given_back_at <= _RELAPSE_SECONDS
        patience = min(2 * self.patience, _MOST_PATIENCE_SECONDS) if relapse else self.patience
        return replace(self, step=self.step + 1, glares=(), moved_at=at, patience=patience)

    def _calmer(self, at: float) -> Self:
        if at - max(self.moved_at, self.busy_at) < self.patience:
            return self
        if self.step:
            return replace(self, step=self.step - 1, glares=(), moved_at=at, given_back_at=at)
        return self if self.patience == CALM_SECONDS else replace(self, patience=CALM_SECONDS)
