"""Finds QR codes in one grey picture of a stream: a cascade from the cheap to the thorough, bounded per frame.

1. A held code that only comparison showed a frame ago is compared again (held.py).
2. With a place where a code was seen in the frame before: that place alone, which is cheaper than the whole picture;
   every fourth frame the whole picture all the same, so that a second code is noticed.
3. The whole picture; without a place seen in the last 15 frames also at half size.
4. By turns, frame by frame: finder patterns by their likeness, which noise and lamps break less than zxing-cpp's lines
   (finders.py); or other preparations, of the place (x2, and one of x3, sharpened, softened, local threshold), of the
   whole where there is none (one of sharpened strongly, softened, centre x2, local threshold, x2).
A code that was read before and is not read now is compared with what is held of it. Once a frame a code that was found
and laid out but not read has its grid laid anew and its modules equalised (grid.py), alone and together with what the
frames before showed of it.

Pure apart from the time budget, whose clock is an argument. Not handled here: still images (still.py).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hardware.camera.finders import laid_out
from hardware.camera.grid import Evidence, around, module_of
from hardware.camera.guidance import GreyPicture, hint_for, is_black
from hardware.camera.held import Held, held_after, recognised
from hardware.camera.looking import (
    Area,
    Look,
    enlarge,
    look,
    sharpen,
    sharpen_strongly,
    shrink,
    soften,
    threshold_locally,
)
from hardware.camera.report import PictureReport
from hardware.camera.rescue import rescued

_PLACE_LIVES_FRAMES = 15
_WHOLE_EVERY_FRAMES = 4
# Enlarging a place that fills the picture costs more than all the rest and brings nothing: its modules are large.
_MAX_ENLARGED_PIXELS = 1_400 * 1_400
_Attempt = Callable[[Look], Look | None]


@dataclass(frozen=True, slots=True)
class CascadeState:
    """What one frame hands on to the next.

    Attributes:
        place: where a code was last seen.
        place_age: frames since then.
        turn: which extra preparation comes next.
        moved: how far the place moved at last, in pixels.
        since_whole: frames since the whole picture was looked at.
        evidence: what the frames before showed of a code that is not read yet.
        held: the code that was read last.
    """

    place: Area | None = None
    place_age: int = 0
    turn: int = 0
    moved: int = 0
    since_whole: int = 0
    evidence: Evidence | None = None
    held: Held | None = None


def decode_frame(
    grey: GreyPicture,
    state: CascadeState,
    *,
    budget_seconds: float = 0.25,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[PictureReport, CascadeState]:
    """Looks for codes in one frame of a stream.

    Args:
        grey: the frame, one byte a pixel; not to be written to afterwards, because it may be held.
        state: handed on from the frame before.
        budget_seconds: no further preparation begins after that.
        monotonic: the clock of the budget.
    """
    began = monotonic()
    place = state.place if state.place_age < _PLACE_LIVES_FRAMES else None
    tracked = place is not None and state.place_age == 0 and state.since_whole + 1 < _WHOLE_EVERY_FRAMES
    held = state.held if place else None
    seen, evidence, tried, whole_seen, sought = Look(), state.evidence, False, False, False
    if tracked and held is not None and held.by_comparison:
        # What zxing-cpp could not read a moment ago it can seldom read now.
        (seen, held), sought = recognised(grey, seen, held), True
    for name, attempt in () if seen.codes else _attempts(grey, place, state, tracked=tracked):
        this = attempt(seen)
        if this is None:
            continue
        whole_seen = whole_seen or name == "whole"
        if not this.codes and held is not None and not (tried if this.unread else sought):
            (this, held), sought = recognised(grey, this, held), True
        if not this.codes and this.unread is not None and not tried:
            this, evidence = rescued(grey, this, evidence)
            tried = True
        seen = this.after(seen)
        if seen.codes or monotonic() - began > budget_seconds:
            break
    following = replace(
        state,
        place=seen.place or place,
        place_age=0 if seen.place else state.place_age + 1,
        turn=state.turn + (not seen.codes),
        moved=_distance(state.place, seen.place),
        since_whole=0 if whole_seen else state.since_whole + 1,
        evidence=None if seen.codes else evidence,
        held=held_after(seen, grey, held),
    )
    black = not seen.codes and seen.place is None and is_black(grey)
    hint = None if seen.codes or black else hint_for(grey, seen.place, seen.pixels_per_module)
    return PictureReport(seen.codes, not seen.codes and seen.place is not None, hint, black), following


def _distance(before: Area | None, now: Area | None) -> int:
    return max(abs(before[0] - now[0]), abs(before[1] - now[1])) if before and now else 0


def _attempts(
    grey: GreyPicture, place: Area | None, state: CascadeState, *, tracked: bool
) -> Sequence[tuple[str, _Attempt]]:
    """The steps of the cascade; each is told where a code has been seen so far in this frame."""
    extras_turn = state.turn % 2 == 1

    def place_alone(_: Look) -> Look | None:
        if not tracked or place is None:
            return None
        return _look_at(grey, place, "place", 1.0, _as_it_is, more_margin=2 * state.moved, downscale=False)

    def whole(seen: Look) -> Look | None:
        # A tracked code that is there and not read is not read in the whole picture either.
        return None if seen.place else look(grey, "whole")

    def half(seen: Look) -> Look | None:
        return None if seen.place or place else look(shrink(grey, 0.5), "half", scale=0.5)

    def place_enlarged(seen: Look) -> Look | None:
        # What the grid could not give, mere size seldom does; the extras go on all the same.
        if seen.unread or not extras_turn:
            return None
        return _look_at(grey, seen.place or place, "place x2", 2.0, _as_it_is)

    def extra(seen: Look) -> Look | None:
        if not extras_turn:
            return None
        name, factor, prepare = _EXTRAS[state.turn // 2 % len(_EXTRAS)]
        return _look_at(grey, seen.place or place, name, factor, prepare)

    def by_likeness(seen: Look) -> Look | None:
        # A code that was read a moment ago is looked for once more before that is worth the while.
        if seen.unread or extras_turn or (state.held is not None and state.place_age == 0):
            return None
        laid = laid_out(grey, seen.place or place, state.turn // 2)
        return None if laid is None else Look(place=around(laid), pixels_per_module=module_of(laid), unread=laid)

    def without_place(seen: Look) -> Look | None:
        if seen.place or place or not extras_turn:
            return None
        # The sharpened picture finds most of what the others find and is cheap, so its turn comes twice.
        match state.turn // 2 % 6:
            case 0 | 3:
                return look(sharpen_strongly(grey), "sharpened strongly")
            case 1:
                return look(soften(enlarge(grey, 1.5)), "x1.5 softened", scale=1.5)
            case 2:
                height, width = grey.shape
                centre = (width // 4, height // 8, width // 2, height * 3 // 4)
                return _look_at(grey, centre, "centre x2", 2.0, _as_it_is)
            case 4:
                return look(threshold_locally(soften(grey)), "local threshold")
            case _:
                return look(enlarge(grey, 2.0), "whole x2", scale=2.0)

    return (
        ("place", place_alone),
        ("whole", whole),
        ("half", half),
        ("by likeness", by_likeness),
        ("without place", without_place),
        ("place x2", place_enlarged),
        ("extra", extra),
    )


def _as_it_is(part: GreyPicture) -> GreyPicture:
    return part


_EXTRAS: Sequence[tuple[str, float, Callable[[GreyPicture], GreyPicture]]] = (
    ("place x3", 3.0, _as_it_is),
    ("place sharpened", 2.0, sharpen),
    ("place softened", 2.0, soften),
    ("place local threshold", 2.0, threshold_locally),
)


def _look_at(
    grey: GreyPicture,
    place: Area | None,
    variant: str,
    factor: float,
    prepare: Callable[[GreyPicture], GreyPicture],
    *,
    more_margin: int = 0,
    downscale: bool = True,
) -> Look | None:
    """Decodes one place, with a margin for the quiet zone and for the hand that moves."""
    if place is None:
        return None
    x, y, width, height = place
    margin = max(width, height) // 6 + 8 + more_margin
    left, top = max(0, x - margin), max(0, y - margin)
    part = grey[top : max(0, y + height + margin), left : max(0, x + width + margin)]
    if part.size == 0:
        return None
    factor = min(factor, max(1.0, (_MAX_ENLARGED_PIXELS / part.size) ** 0.5))
    sized = enlarge(part, factor) if factor > 1 else np.ascontiguousarray(part)
    return look(prepare(sized), variant, scale=factor, offset=(left, top), downscale=downscale)
