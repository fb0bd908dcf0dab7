"""Places as people write them, and how far points are apart."""

import math

import pytest

from protocol.errors import SchemaError
from protocol.place import Place, Point

# Two points of one meridian, a degree apart: a 360th of the circumference of the mean sphere.
DEGREE = round(2 * math.pi * 6_371_009 / 360)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("990101", Place("990101")),
        ("990101@31.2304,121.4737", Place("990101", Point(312_304, 1_214_737))),
        ("990101@-31.23,-121", Place("990101", Point(-312_300, -1_210_000))),
        ("990101@90,180", Place("990101", Point(900_000, 1_800_000))),
        ("990101@0.00004,0.00006", Place("990101", Point(0, 1))),
    ],
)
def test_places_as_they_are_written(text: str, place: Place) -> None:
    assert Place.read(text) == place
    assert Place.read(str(place)) == place


@pytest.mark.parametrize(
    "text",
    ["", "99010", "9901011", "99O101", "990101@", "990101@31.2304", "990101@31.2304,", "990101@90.0001,0",
     "990101@0,180.0001", "990101@1e1,0", "990101@nan,0", "990101@ 1,0", "990101@1,0@2,0", "990101@٣,0",
     "@31.2304,121.4737"],
)  # fmt: skip
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(SchemaError):
        Place.read(text)


@pytest.mark.parametrize("degrees", [(math.nan, 0.0), (0.0, math.inf), (91.0, 0.0), (0.0, -180.1)])
def test_what_a_receiver_cannot_say(degrees: tuple[float, float]) -> None:
    with pytest.raises(SchemaError):
        Point.of_degrees(*degrees)


@pytest.mark.parametrize(
    ("one", "two", "metres"),
    [
        (Point(0, 0), Point(0, 0), 0),
        (Point(310_000, 1_210_000), Point(320_000, 1_210_000), DEGREE),
        (Point(0, 1_799_999), Point(0, -1_799_999), round(DEGREE / 5_000)),
        (Point(900_000, 0), Point(-900_000, 1_000_000), 180 * DEGREE),
        (Point(600_000, 0), Point(600_000, 10_000), round(DEGREE / 2)),
    ],
)
def test_distances(one: Point, two: Point, metres: int) -> None:
    assert one.metres_to(two) == two.metres_to(one) == pytest.approx(metres, rel=1e-4, abs=1)
