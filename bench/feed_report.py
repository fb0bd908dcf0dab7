"""The scenarios of bench.feed_end_to_end, and what is said of them: times against their bars, bytes of a day."""

import math
from dataclasses import dataclass
from typing import Any, Final

from bench.feed_publishers import URGENT_SHARE
from bench.feed_terminals import Group
from bench.status_sizes import ENTRIES, MIX, log2_ways
from revocation.allocation import OPEN_LISTS

BUDGET: Final = 2_000_000
BARS: Final = {"ordinary": (70.0, 120.0), "urgent": (70.0, 120.0), "urgent, push": (10.0, 10.0)}
"""Seconds: the median and the 99th percentile."""
FOREIGN: Final = (3, 8)
POLLS_A_DAY: Final = {"foreign": 144, "documents": 144}
LISTS: Final = OPEN_LISTS
"""Of each region here, which has just begun."""
LONGEST: Final = 150.0
"""What was changed in the last so many seconds is not waited for."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Regions with so many changes a day, of which a share is urgent and published one by one."""

    flips: float
    urgent_share: float
    first_region: int

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(f"{self.first_region + number:06}" for number in range(max(FOREIGN) + 1))

    @property
    def name(self) -> str:
        return f"{self.flips:,.0f} a day, {self.urgent_share:.0%} urgent"


SCENARIOS: Final = (
    Scenario(7_000, URGENT_SHARE, 990_000),
    Scenario(90_000, URGENT_SHARE, 990_100),
    Scenario(7_000, 0.02, 990_200),
    Scenario(90_000, 0.002, 990_300),
)
"""With the mix that is assumed, and with as few urgent changes that a delta has a minute to itself nearly always."""


@dataclass(slots=True)
class Measured:
    """What came of a scenario: `seconds` of home polls were counted, from `begin` to `end`."""

    scenario: Scenario
    groups: list[Group]
    seconds: float
    begin: float = -math.inf
    end: float = math.inf


def quantile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.nan


def times(measured: Measured, kind: str, *, listens: bool, speed: float) -> list[float]:
    """Real seconds for each pair of a change and a terminal."""
    found: list[float] = []
    last = measured.end - LONGEST / speed
    for group in measured.groups:
        if group.listens is listens:
            counted = {each.number for each in group.told if each.kind == kind and measured.begin <= each.at < last}
            had = [value * speed for (number, _), value in group.refused_after.items() if number in counted]
            found += had + [math.inf] * (len(counted) * group.size - len(had))
    return found


def print_times(all_of_them: list[Measured], *, speed: float) -> bool:
    print("\n| changes | kind | pairs | p50 s | p99 s | longest | bar p50 / p99 |\n|---|---|---|---|---|---|---|")
    met = True
    for each in all_of_them:
        for kind, listens in (("ordinary", False), ("ordinary", True), ("urgent", False), ("urgent", True)):
            found = times(each, kind, listens=listens, speed=speed)
            name = f"{kind}, push" if listens else kind
            p50, p99 = quantile(found, 0.5), quantile(found, 0.99)
            bars = BARS.get(name, BARS["ordinary"])
            # Written so that what was not measured is not met.
            met &= p50 <= bars[0] and p99 <= bars[1]
            longest = max(found, default=math.nan)
            row = (each.scenario.name, name, len(found), f"{p50:.1f}", f"{p99:.1f}", f"{longest:.1f}")
            print(f"| {' | '.join(map(str, row))} | {bars[0]:.0f} / {bars[1]:.0f} |")
    return met


def a_day(group: Group, seconds: float) -> dict[str, float]:
    """Bytes of one terminal and day, by what they are for."""
    per_second = {what: group.sent[what] / group.size / seconds for what in ("home", "hints")}
    parts = {what: rate * 86_400 for what, rate in per_second.items()}
    for what, polls in POLLS_A_DAY.items():
        each = group.sent[what] / group.polls[what] if group.polls[what] else math.nan
        parts[what] = each * polls * (len(group.foreign) if what == "foreign" else 1)
    return parts


def information(scenario: Scenario, others: int) -> float:
    """Bytes of a day's changes, asked for as often, that no code undercuts on average: places, and what is said."""
    said = -sum(share * math.log2(share) for share in MIX.values())

    def of_a_poll(polls: int) -> float:
        changes = scenario.flips / polls
        return (log2_ways(changes, LISTS * ENTRIES - changes) + changes * said) / 8

    home, foreign = 1_440, POLLS_A_DAY["foreign"]
    return home * of_a_poll(home) + others * foreign * of_a_poll(foreign)


def print_traffic(all_of_them: list[Measured]) -> bool:
    print(
        "\n| changes | other regions | hints | home kB | others kB | metadata kB | hints kB | together MB | bar"
        " | information limit MB | requests a home / other poll |\n|---|---|---|---|---|---|---|---|---|---|---|"
    )
    met = True
    for each in all_of_them:
        for group in each.groups:
            parts = a_day(group, each.seconds)
            together = sum(parts.values())
            met &= together <= BUDGET
            kilobytes = [f"{parts[what] / 1000:.0f}" for what in ("home", "foreign", "documents", "hints")]
            requests = [group.requests[what] / max(1, group.polls[what]) for what in ("home", "foreign")]
            row = (each.scenario.name, len(group.foreign), "yes" if group.listens else "no", *kilobytes)
            print(
                f"| {' | '.join(map(str, row))} | {together / 1e6:.2f} | {BUDGET / 1e6:.0f}"
                f" | {information(each.scenario, len(group.foreign)) / 1e6:.2f}"
                f" | {requests[0]:.2f} / {requests[1]:.2f} |"
            )
    return met


def as_json(all_of_them: list[Measured], *, speed: float) -> dict[str, Any]:
    return {
        each.scenario.name: {
            "times": {
                f"{kind}{', push' if listens else ''}": times(each, kind, listens=listens, speed=speed)
                for kind in ("ordinary", "urgent")
                for listens in (False, True)
            },
            "traffic": [
                {
                    "foreign": len(group.foreign),
                    "listens": group.listens,
                    "day": a_day(group, each.seconds),
                    "polls": group.polls,
                    "requests": group.requests,
                    "ways": group.ways,
                }
                for group in each.groups
            ],
        }
        for each in all_of_them
    }
