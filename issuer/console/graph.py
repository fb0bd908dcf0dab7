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
    name: str
    label: str


def drawn(counts: Sequence[int], names: Sequence[str], *, label_every: int) -> tuple[Bar, ...]:
    """Bars of these counts in their order; each says its name, and every so many, and the last, have it below."""
    most, step = max([*counts, 1]), WIDTH / len(counts)
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
    return tuple(made)


def bars(counts: Sequence[int], *, at: UnixTime) -> tuple[Bar, ...]:
    """Counts of hours, the running one first; bars from the oldest to the running one."""
    ago = range(len(counts) - 1, -1, -1)
    names = [unixtime.iso_local(UnixTime(at - each * HOUR))[11:13] + ":00" for each in ago]
    return drawn([counts[each] for each in ago], names, label_every=_LABEL_EVERY)
