"""The bars of a graph and its scale, laid out so that a page draws them as SVG without a script or an inline style."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol import unixtime
from protocol.unixtime import HOUR, UnixTime

WIDTH: Final = 720
HEIGHT: Final = 160
_GAP: Final = 4
_LABEL_EVERY: Final = 6
_ROUND: Final = (1, 2, 4, 6, 8)
_CHARACTER: Final = 11
"""Width of a digit of the scale, at the size that it has on a narrow screen."""
_GAP_OF_SCALE: Final = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the units of the drawing. `label` is empty where it would stand too close to the next one."""

    x: float
    y: float
    width: float
    height: float
    count: int
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One value of the scale beside the bars, in the units of the drawing."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawing. `margin`: how much room the longest value of the scale needs at the left."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    margin: int


def drawn(counts: Sequence[int], names: Sequence[str], *, label_every: int) -> Graph:
    """Bars of these counts in their order; each says its name, and every so many, and the last, have it below."""
    most, step = _top(max(counts)), WIDTH / len(counts)
    values = (0, most // 2, most) if most > 1 else (0, most)
    ticks = tuple(Tick(round(HEIGHT - HEIGHT * each / most, 1), f"{each:,}") for each in values)
    made = []
    for place, (count, name) in enumerate(zip(counts, names, strict=True)):
        # A bar of one must be seen beside one of a million.
        height = max(2.0, HEIGHT * count / most) if count else 0.0
        is_last = place == len(counts) - 1
        # The last label stands at the right edge; one close before it would run into it.
        has_label = is_last or (place % label_every == 0 and place < len(counts) - label_every // 2)
        x = round(place * step, 1)
        made.append(
            Bar(x, round(HEIGHT - height, 1), round(step - _GAP, 1), round(height, 1), count, name, name * has_label)
        )
    return Graph(tuple(made), ticks, _GAP_OF_SCALE + _CHARACTER * max(len(each.label) for each in ticks))


def _top(most: int) -> int:
    """The end of the scale: the next round number that has a whole half; 1 where there is no more."""
    power = 1
    while True:
        for digit in _ROUND:
            if digit * power >= most and (digit * power == 1 or digit * power % 2 == 0):
                return digit * power
        power *= 10


def bars(counts: Sequence[int], *, at: UnixTime) -> Graph:
    """Counts of hours, the running one first; bars from the oldest to the running one."""
    ago = range(len(counts) - 1, -1, -1)
    names = [unixtime.iso_local(UnixTime(at - each * HOUR))[11:13] + ":00" for each in ago]
    return drawn([counts[each] for each in ago], names, label_every=_LABEL_EVERY)
