"""A code that was laid out but not read: its modules are read by grid.py, alone and together with the frames before.

Several frames of a code that is held in front of a kiosk add up module by module, whatever the hand did in between.
Frames of two different codes add up to nothing: what is drawn must pass the code's own Reed-Solomon.
"""

from dataclasses import dataclass, replace

from hardware.camera.codewords import Uncorrectable, corrected
from hardware.camera.grid import Evidence, drawn, equalised, layout, light_floor, module_values, straightened
from hardware.camera.guidance import GreyPicture
from hardware.camera.looking import Look, decode_drawn

_FADES = 0.7


@dataclass(frozen=True, slots=True)
class Rescue:
    """What one frame knows about the code that it could not read.

    Attributes:
        evidence: of the frames before, or with this one.
        tries: in this frame.
    """

    evidence: Evidence | None = None
    tries: int = 0


def rescued(grey: GreyPicture, failed: Look, rescue: Rescue) -> tuple[Look, Rescue]:
    """The look with the code if it could be read after all, and what is known now."""
    unread = failed.unread
    if unread is None:
        return failed, rescue
    plan = layout(unread.version)
    flat = straightened(grey, unread)
    if flat is None:
        return failed, replace(rescue, tries=rescue.tries + 1)
    values = module_values(flat, plan)
    together = values
    before = rescue.evidence
    if rescue.tries == 0 and before is not None and before.version == unread.version:
        together = values + _FADES * before.values
    known = rescue.evidence if rescue.tries else Evidence(unread.version, together)
    for name, light in (("grid", values), ("grid of several frames", together))[: 1 if together is values else 2]:
        for estimate in equalised(light, plan):
            if codes := decode_drawn(drawn(estimate, plan), name, failed.pixels_per_module):
                return replace(failed, codes=codes), Rescue(known, rescue.tries + 1)
    if rescue.tries == 0:
        try:
            fixed = corrected(equalised(values, plan)[-1], light_floor(flat, plan), plan, unread)
        except Uncorrectable:
            return failed, Rescue(known, 1)
        if codes := decode_drawn(drawn(fixed, plan), "grid with erasures", failed.pixels_per_module):
            return replace(failed, codes=codes), Rescue(known, 1)
    return failed, Rescue(known, rescue.tries + 1)
