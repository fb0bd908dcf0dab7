"""What was laid over a list since it was written down: single entries, in a dictionary.

A minute's delta changes a few of a thousand million entries, so it copies no list: a look-up asks the overlay and then
the list, and the overlay is written into a list only when somebody needs the whole of it (to hash or to fold it).

Guaranteed: nothing here changes what it was given. Not handled here: which entries may change.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from revocation.delta import Values
from revocation.rice import Places

Packed = bytes | memoryview
"""Entries of 4 bits; index 0 in the low bits of the first byte."""
Overlay = Mapping[int, int]
"""Value by index. An entry may state what the list under it says anyway."""

NOTHING: Final[Overlay] = MappingProxyType({})
_FEW: Final = 64
"""So many entries are faster one by one than by vectors. A delta of 500 changes has ten for each of a city's lists."""


def laid_over(overlay: Overlay, indices: Places, values: Values) -> Overlay:
    """The overlay with these entries in it."""
    more = dict(overlay)
    more.update(zip(indices.tolist(), values.tolist(), strict=True))
    return more


def value(packed: Packed, overlay: Overlay, idx: int) -> int:
    """The value at this index."""
    over = overlay.get(idx)
    return packed[idx >> 1] >> ((idx & 1) << 2) & 0xF if over is None else over


def values(packed: Packed, overlay: Overlay, indices: Places) -> Values:
    """The values at these indices."""
    if len(indices) <= _FEW:
        return np.array([value(packed, overlay, idx) for idx in indices.tolist()], np.uint8)
    under = np.frombuffer(packed, np.uint8)[indices >> np.uint64(1)]
    found: Values = under >> ((indices & np.uint64(1)) << np.uint64(2)).astype(np.uint8) & np.uint8(0xF)
    if overlay:
        for place, idx in enumerate(indices.tolist()):
            over = overlay.get(idx)
            if over is not None:
                found[place] = over
    return found


def written(packed: Packed, indices: Places, values: Values) -> bytes:
    """A list with these entries, each named once, written into it."""
    content = np.frombuffer(packed, np.uint8).copy()
    # The two entries of one byte are written one after the other; within each half no byte occurs twice.
    for half, shift in ((0, 0), (1, 4)):
        here = (indices & np.uint64(1)) == half
        which = indices[here] >> np.uint64(1)
        content[which] = content[which] & (0xF0 >> shift) | values[here] << shift
    return content.tobytes()


def merged(packed: Packed, overlay: Overlay) -> Packed:
    """The list with everything that lies over it; itself if nothing does."""
    if not overlay:
        return packed
    indices = np.fromiter(overlay, np.uint64, len(overlay))
    return written(packed, indices, np.fromiter(overlay.values(), np.uint8, len(overlay)))
