"""A code that was laid out but not read: its modules are read by grid.py, alone and together with the frames before.

Several frames of a code that is held in front of a kiosk add up module by module, whatever the hand did in between.
Frames of two different codes add up to nothing: what is drawn must pass the code's own Reed-Solomon.
"""

from dataclasses import replace

from hardware.camera.codewords import Uncorrectable, corrected
from hardware.camera.grid import (
    Evidence,
    drawn,
    equalised,
    inside,
    layout,
    light_floor,
    module_values,
    straightened,
)
from hardware.camera.guidance import GreyPicture
from hardware.camera.looking import Look, decode_drawn

_FADES = 0.7


def rescued(grey: GreyPicture, failed: Look, before: Evidence | None) -> tuple[Look, Evidence | None]:
    """The look with the code if it could be read after all, and what is known of it now.

    Args:
        grey: the whole picture.
        failed: a look at it, with a code that was not read.
        before: what the frames before showed.
    """
    unread = failed.unread
    laid = None if unread is None else straightened(grey, unread)
    if unread is None or laid is None:
        return failed, before
    plan = layout(unread.version)
    values = module_values(laid.flat, plan)
    together = values
    if before is not None and before.version == unread.version:
        together = values + _FADES * before.values
    known = Evidence(unread.version, together)
    alone = equalised(values, plan)
    # What is likeliest comes first; the equaliser does harm only where a lamp has drowned much of the code.
    estimates = [("grid", alone), ("grid as it is", inside(values))]
    if together is not values:
        estimates.append(("grid of several frames", equalised(together, plan)))
    try:
        for name, estimate in estimates:
            if codes := decode_drawn(drawn(estimate, plan), name, failed.pixels_per_module):
                return replace(failed, codes=codes, read=unread, modules=estimate), known
        fixed = corrected(alone, light_floor(laid.flat, plan), plan, unread)
    except Uncorrectable:
        return failed, known
    codes = decode_drawn(drawn(fixed, plan), "grid with erasures", failed.pixels_per_module)
    return replace(failed, codes=codes, read=unread, modules=fixed) if codes else failed, known
