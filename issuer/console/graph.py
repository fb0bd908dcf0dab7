"""The bars of a graph, laid out here so that a page draws them as SVG without a script or an inline style."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol import unixtime
from protocol.unixtime import HOUR, UnixTime

WIDTH: Final = 720
HEIGHT: Final = 160
_GAP: Final = 4
_LABEL_EVERY: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing. `label` is empty where it would stand too close to the next one."""

    x: float
    y: float
    width: float
    height: float
    count: int
    hour: str
    label: str


def bars(counts: Sequence[int], *, at: UnixTime) -> tuple[Bar, ...]:
    """Counts of hours, the running one first; bars from the oldest to the running one."""
    most, step = max([*counts, 1]), WIDTH / len(counts)
    made = []
    for place, ago in enumerate(reversed(range(len(counts)))):
        # A bar of one must be seen beside one of a million.
        height = max(2.0, HEIGHT * counts[ago] / most) if counts[ago] else 0.0
        hour = unixtime.iso_local(UnixTime(at - ago * HOUR))[11:13] + ":00"
        label = hour if place % _LABEL_EVERY == 0 or ago == 0 else ""
        x = round(place * step, 1)
        made.append(
            Bar(x, round(HEIGHT - height, 1), round(step - _GAP, 1), round(height, 1), counts[ago], hour, label)
        )
    return tuple(made)
