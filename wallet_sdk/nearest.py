"""Which office is nearest, worked out from what the signed directories say; nobody is asked where the holder is.

Where the app knows a point, offices whose point is known come first, by their distance; the others, and all of them
where only a division is known, by how much of their division (GB/T 2260: province, city, district) is the same. What is
as near stays in the directory's order.
"""

from collections.abc import Iterable
from typing import Final

from protocol.directory import Office
from protocol.place import Place, Point

_LEVELS: Final = (6, 4, 2)


def nearest(offices: Iterable[Office], near: Place | Point) -> tuple[Office, ...]:
    """The offices, the nearest to this place first."""
    return tuple(sorted(offices, key=lambda office: rank(office, near)))


def metres(office: Office, near: Place | Point) -> int | None:
    """How far the office is, along the globe; None where one of both points is not known."""
    point = near if isinstance(near, Point) else near.point
    if point is None or office.place is None or office.place.point is None:
        return None
    return point.metres_to(office.place.point)


def rank(office: Office, near: Place | Point) -> tuple[bool, int]:
    """What sorts offices by how near they are."""
    distance = metres(office, near)
    if distance is not None:
        return False, distance
    if office.place is None or isinstance(near, Point):
        return True, len(_LEVELS)
    shared = (office.place.division[:level] == near.division[:level] for level in _LEVELS)
    return True, next((number for number, same in enumerate(shared) if same), len(_LEVELS))
