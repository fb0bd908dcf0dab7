"""Where an office is: a division of GB/T 2260 and, where somebody has measured it, a point.

A point is in units of 1/10,000 degree, 11 m at most: integers, since no format of ours has floats. Its datum is
CGCS2000, from which the WGS 84 of satellite receivers differs by centimetres; the coordinates of Chinese maps (GCJ-02)
are shifted by some hundred metres, which changes which office is nearest only where two are nearly as near.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from protocol import cbor
from protocol.errors import SchemaError

UNITS: Final = 10_000
"""In a degree."""
_EARTH_METRES: Final = 6_371_009
"""The mean radius (IUGG)."""
_DIVISION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_DEGREES: Final = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,7})?),(-?[0-9]{1,3}(?:\.[0-9]{1,7})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Point:
    """A point: latitude (north) and longitude (east) in 1/10,000 degree. Raises: SchemaError, beyond the globe."""

    latitude: int
    longitude: int

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 90 * UNITS and abs(self.longitude) <= 180 * UNITS):
            raise SchemaError("a point beyond 90 degrees of latitude or 180 of longitude")

    @classmethod
    def of_degrees(cls, latitude: float, longitude: float) -> "Point":
        """The point that a receiver gives in degrees. Raises: SchemaError."""
        if not (math.isfinite(latitude) and math.isfinite(longitude)):
            raise SchemaError("degrees that are no numbers")
        return cls(round(latitude * UNITS), round(longitude * UNITS))

    @classmethod
    def read(cls, text: str) -> "Point":
        """The point in `latitude,longitude` of decimal degrees. Raises: SchemaError."""
        found = _DEGREES.fullmatch(text)
        if found is None:
            raise SchemaError("not latitude,longitude in decimal degrees")
        return cls.of_degrees(float(found[1]), float(found[2]))

    def __str__(self) -> str:
        return f"{self.latitude / UNITS:.4f},{self.longitude / UNITS:.4f}"

    def metres_to(self, other: "Point") -> int:
        """The great-circle distance on a sphere: good to half a percent."""
        one, two = math.radians(self.latitude / UNITS), math.radians(other.latitude / UNITS)
        apart = math.radians((other.longitude - self.longitude) / UNITS)
        half = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(apart / 2) ** 2
        return round(2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, half))))


@dataclass(frozen=True, slots=True)
class Place:
    """Six digits of GB/T 2260, and a point if it is known. Raises: SchemaError, for other digits."""

    division: str
    point: Point | None = None

    def __post_init__(self) -> None:
        if not _DIVISION.fullmatch(self.division):
            raise SchemaError("a division that is not six digits")

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place in `310115` or `310115@31.2304,121.4737`. Raises: SchemaError."""
        division, at, degrees = text.partition("@")
        return cls(division, Point.read(degrees) if at else None)

    def __str__(self) -> str:
        return self.division if self.point is None else f"{self.division}@{self.point}"


def to_value(place: Place) -> cbor.Value:
    """As it stands in signed documents: [division], or [division, latitude, longitude]."""
    point = place.point
    return (place.division,) if point is None else (place.division, point.latitude, point.longitude)


def from_value(value: cbor.Value) -> Place:
    """Raises: SchemaError."""
    match value:
        case (str() as division,):
            return Place(division)
        case (str() as division, int() as latitude, int() as longitude) if bool not in map(type, value):
            return Place(division, Point(latitude, longitude))
        case _:
            raise SchemaError("a place that has not its form")
