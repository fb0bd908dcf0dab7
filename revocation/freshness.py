"""How old status data are, as grades (REVOCATION.md, "Freshness grades"). Never a cliff: "valid" decays, step by step.

A non-valid answer is final at any age; what a grade does to a verdict is the appraisal's matrix.
"""

from enum import IntEnum
from typing import Final

from protocol.unixtime import DAY, HOUR, MINUTE, Seconds


class Grade(IntEnum):
    """From the freshest to "nobody knows"; the order is the order of the matrix's columns."""

    FRESH = 0
    RECENT = 1
    STALE_1 = 2
    STALE_2 = 3
    STALE_3 = 4
    UNKNOWN = 5

    def one_worse(self) -> "Grade":
        """The next column to the right; UNKNOWN stays."""
        return Grade(min(self + 1, Grade.UNKNOWN))


UPPER_BOUNDS: Final = (
    (Grade.FRESH, Seconds(5 * MINUTE)),
    (Grade.RECENT, HOUR),
    (Grade.STALE_1, DAY),
    (Grade.STALE_2, Seconds(3 * DAY)),
    (Grade.STALE_3, Seconds(7 * DAY)),
)
"""The oldest age that still has each grade, inclusive."""


def grade(age: Seconds | None) -> Grade:
    """The grade of status data of this age; None means that there are none."""
    if age is None:
        return Grade.UNKNOWN
    return next((each for each, oldest in UPPER_BOUNDS if age <= oldest), Grade.UNKNOWN)
