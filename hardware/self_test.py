"""What the test of a scanner or camera has seen so far, and what that says in words. Pure.

A text is one of the sheet's, one of them that was changed on the way, or something else. Changed ones matter most: a
scanner that strips a space or writes its own line ends makes good codes look forged.
"""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from hardware.sheet_codes import VERSIONS, all_codes

_EXACT: Final = {code.text: code.version for code in all_codes()}
_GOOD_ENOUGH: Final = 3.0
"""Pixels per module from which reading is dependable (docs/benchmarks.md)."""


@dataclass(slots=True)
class SelfTest:
    """Counts of one run."""

    exact: Counter[int] = field(default_factory=Counter)
    altered: Counter[int] = field(default_factory=Counter)
    other: int = 0
    how: Counter[str] = field(default_factory=Counter)
    """In which way texts were changed."""
    milliseconds: dict[int, list[float]] = field(default_factory=dict)
    pixels_per_module: dict[int, list[float]] = field(default_factory=dict)

    def take(self, text: str, *, milliseconds: float | None = None, pixels_per_module: float | None = None) -> None:
        """Counts what was read."""
        version = _EXACT.get(text)
        if version is not None:
            self.exact[version] += 1
            if milliseconds is not None:
                self.milliseconds.setdefault(version, []).append(milliseconds)
            if pixels_per_module is not None:
                self.pixels_per_module.setdefault(version, []).append(pixels_per_module)
            return
        meant = next((each for each in VERSIONS if f"TEST:V{each:02}:" in text.upper()), None)
        if meant is None:
            self.other += 1
            return
        self.altered[meant] += 1
        self.how[_difference(text, next(each for each, version in _EXACT.items() if version == meant))] += 1

    @property
    def largest_read(self) -> int | None:
        """The largest version that came through unchanged."""
        return max(self.exact, default=None)

    def smallest_module(self, version: int) -> float | None:
        """The fewest pixels per module at which this version was read."""
        return min(self.pixels_per_module.get(version, ()), default=None)

    def typical_milliseconds(self, version: int) -> float | None:
        """The median."""
        taken = self.milliseconds.get(version)
        return median(taken) if taken else None

    def verdict(self) -> tuple[str, ...]:
        """What it means, in sentences; the worst first."""
        said = []
        if self.altered:
            ways = ", ".join(sorted(self.how))
            said.append(
                f"Codes were CHANGED on the way ({ways}): good licences will look forged. Set the scanner up anew."
            )
        largest = self.largest_read
        if largest is None:
            said.append("Nothing of the sheet was read.")
            return tuple(said)
        if largest >= 18:
            said.append("Good for counters, the roadside and kiosks.")
        elif largest >= 14:
            said.append("Good for counters and the roadside; kiosks need version 18.")
        else:
            said.append("Not good enough: counters need version 14. Come closer, clean the glass, add light.")
        modules = [least for each in self.exact if (least := self.smallest_module(each)) is not None]
        if modules and min(modules) > _GOOD_ENOUGH:
            said.append(
                f"It was never tried below {min(modules):.1f} pixels a module: hold the sheet farther away too."
            )
        return tuple(said)


def _difference(text: str, meant: str) -> str:
    if text.strip() == meant:
        return "spaces or line ends added"
    if text.endswith(meant):
        return "something put in front"
    if text.startswith(meant):
        return "something put behind"
    if meant.startswith(text):
        return "cut off at the end"
    if meant.endswith(text):
        return "cut off at the beginning"
    if text.upper() == meant:
        return "capitals made small"
    if text.replace(" ", "") == meant.replace(" ", ""):
        return "spaces lost"
    return "characters exchanged or lost"
