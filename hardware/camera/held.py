"""The code that was read last, recognised in frames that show it worse: behind a tremble, a lamp or noise.

Whoever holds a phone shows the same code for seconds. What was read of it once says of every codeword what it must be,
so a later frame need not be decoded: its modules are measured where the code is found to be now, and compared. It is
told as read only if Reed-Solomon could have made nothing else of what was measured (codewords.py), so a code that has
rolled on is never taken for the one before. Not handled here: reading a code for the first time (decode.py, rescue.py).
"""

from dataclasses import dataclass, replace

import cv2

from hardware.camera.codewords import Uncorrectable, Words, are_shown, modules_of, words_of
from hardware.camera.grid import (
    Seen,
    Soft,
    Straightened,
    around,
    drawn,
    equalised,
    inside,
    layout,
    light_floor,
    module_values,
    straightened,
    summit,
)
from hardware.camera.guidance import GreyPicture
from hardware.camera.looking import Look, decode_drawn, shrink
from hardware.camera.report import DecodedCode

_VARIANT = "as held"
# What moved since a moment ago is told by the finders and a few alignment patterns.
_MARKS = 8
_COARSE_SIDE = 56
_MIN_LIKENESS = 0.4


@dataclass(frozen=True, slots=True)
class Held:
    """A code that was read.

    Attributes:
        code: as it was read.
        grey: the last picture in which it was seen.
        seen: where it was there.
        modules: its modules as they were read, where they were read one by one.
        words: its codewords; taken from modules or picture only when they are needed.
    """

    code: DecodedCode
    grey: GreyPicture
    seen: Seen
    modules: Soft | None = None
    words: Words | None = None

    @property
    def by_comparison(self) -> bool:
        """Whether the last picture showed it only to those who know it."""
        return self.code.variant == _VARIANT


def held_after(look: Look, grey: GreyPicture, before: Held | None) -> Held | None:
    """What is held after a look at that picture."""
    if not look.codes:
        return before
    if len(look.codes) > 1 or look.read is None:
        return None
    (code,) = look.codes
    same = before is not None and before.code.text == code.text
    return Held(code, grey, look.read, look.modules, before.words if before is not None and same else None)


def recognised(grey: GreyPicture, failed: Look, held: Held) -> tuple[Look, Held | None]:
    """The look with the held code, if this picture shows it, and what is held now.

    Args:
        grey: the whole picture.
        failed: a look at it that read nothing.
        held: what was read before.
    """
    known = held if held.words is not None else _learned(held)
    if known is None or known.words is None:
        return failed, None
    seen = failed.unread or _moved(grey, known)
    if seen is None or seen.version != known.seen.version:
        return failed, known
    seen = replace(known.seen, corners=seen.corners)
    laid = straightened(grey, seen, most_marks=_MARKS)
    if laid is None or not _is_shown(known.words, laid):
        return failed, known
    now = replace(known, grey=grey, seen=replace(seen, corners=laid.corners))
    code = replace(known.code, variant=_VARIANT)
    return replace(failed, codes=(code,), place=around(now.seen), unread=None, read=now.seen), now


def _is_shown(words: Words, laid: Straightened) -> bool:
    plan = layout(words.version)
    values, floor = module_values(laid.flat, plan), light_floor(laid.flat, plan)
    return are_shown(words, inside(values), floor) or are_shown(
        words, equalised(values, plan, told=modules_of(words)), floor
    )


def _learned(held: Held) -> Held | None:
    """With the codewords, if the picture from which the code was read gives them again."""
    estimate = held.modules
    if estimate is None:
        laid = straightened(held.grey, held.seen)
        if laid is None:
            return None
        plan = layout(held.seen.version)
        estimate = equalised(module_values(laid.flat, plan), plan)
        if [code.text for code in decode_drawn(drawn(estimate, plan), _VARIANT, None)] != [held.code.text]:
            return None
    try:
        return replace(held, words=words_of(estimate, held.seen))
    except Uncorrectable:
        return None


def _moved(grey: GreyPicture, held: Held) -> Seen | None:
    """Where the code is now, if it is turned and sized as before; nothing where the picture shows nothing like it."""
    left, top, width, height = around(held.seen)
    # The quiet zone and the edge of the screen are in it, which no lamp drowns all at once.
    margin, reach = max(width, height) // 8, max(width, height) // 6
    x, y = max(0, left - margin), max(0, top - margin)
    code = held.grey[y : max(0, top + height + margin), x : max(0, left + width + margin)]
    x0, y0 = max(0, x - reach), max(0, y - reach)
    part = grey[y0 : y + code.shape[0] + reach, x0 : x + code.shape[1] + reach]
    if min(code.shape) < _COARSE_SIDE // 2 or held.grey.shape != grey.shape:
        return None
    # Whole numbers of pixels are averaged several times faster than parts of them.
    pixels = max(1, max(width, height) // _COARSE_SIDE)
    likeness = cv2.matchTemplate(_coarse(part, pixels), _coarse(code, pixels), cv2.TM_CCOEFF_NORMED)
    _, best, _, (column, row) = cv2.minMaxLoc(likeness)
    if best < _MIN_LIKENESS:
        return None
    dx = x0 - x + (column + summit(likeness[row], column)) * pixels
    dy = y0 - y + (row + summit(likeness[:, column], row)) * pixels
    moved = [(at_x + dx, at_y + dy) for at_x, at_y in held.seen.corners]
    return replace(held.seen, corners=(moved[0], moved[1], moved[2], moved[3]))


def _coarse(part: GreyPicture, pixels: int) -> GreyPicture:
    height, width = (length // pixels * pixels for length in part.shape)
    return shrink(part[:height, :width], 1 / pixels)
