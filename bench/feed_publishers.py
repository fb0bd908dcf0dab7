"""Regions that publish, for bench.feed_end_to_end: real issuers, whose registers change as often as their plan says.

    python -m bench.feed_publishers FOLDER PLAN

PLAN is a JSON file (`Plan`). Every minute each region ticks, at a phase of its own. Changes that can wait are in the
register before the tick; urgent ones come at random moments and make the region tick at once, five seconds after the
last time at the earliest (REVOCATION.md). Where a region is watched, each urgent change, and one more that can wait
every `watch_every` seconds, is told on the standard output as soon as the register's transaction has ended: a line of
JSON with the monotonic clock, which all processes of a machine share. Rows are written straight into `status_event`:
the licences behind them are none of the feed's business.
"""

import heapq
import json
import random
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select

from bench.status_sizes import MIX
from issuer import wiring
from issuer.application import Issuer
from issuer.feed.feeding import URGENT_GAP
from issuer.register import Register
from issuer.register_schema import licence, status_event, status_list
from protocol import limits
from protocol.licence.catalogue import Kind
from protocol.status_list import Status

AUTHORITY: Final = "GA"
MINUTE: Final = 60.0
DAY: Final = 86_400.0
CAN_WAIT: Final = (Status.SUPERSEDED, Status.CANCELLED)
URGENT_SHARE: Final = sum(share for status, share in MIX.items() if status not in CAN_WAIT)
"""A quarter, by the mix that bench.status_sizes assumes: what an authority does against somebody, and losses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One region. `speed` compresses time: everything happens so many times as often."""

    region: str
    flips: float
    urgent_share: float
    watch_every: float | None
    speed: float

    @property
    def urgent_rate(self) -> float:
        return self.flips * self.urgent_share / DAY * self.speed


class Region:
    """One issuer, its register, and the folder that is served."""

    def __init__(self, plan: Plan, folder: Path, served: Path, randomness: random.Random) -> None:
        self.plan, self.served, self._random = plan, served, randomness
        with wiring.initialise(
            folder, region=plan.region, authority=AUTHORITY, passphrase=None, fictional=True, register_url=None
        ):
            pass
        self.issuer = Issuer.open(folder, passphrase=None, random_bytes=secrets.token_bytes)
        self.register = Register.open(f"sqlite:///{self.issuer.places.register.absolute()}")
        self.ticked = float("-inf")
        with self.register.writing() as connection:
            connection.execute(insert(licence).values(_a_licence(next(iter(self.issuer.kinds.values())))))
            self._lists = list(connection.execute(select(status_list.c.number)).scalars())
        self.tick()

    def tick(self) -> None:
        self.issuer.feed.tick(at=wiring.now(), further=[self.served])
        self.ticked = time.monotonic()

    def change(self, count: int, *, urgent: bool) -> tuple[int, int]:
        """So many changes in one transaction; where the last of them stands."""
        at = wiring.now()
        values = [status for status in MIX if (status in CAN_WAIT) is not urgent]
        rows = [
            {
                "licence_id": _LICENCE,
                "list_number": self._random.choice(self._lists),
                "idx": self._random.randrange(limits.STATUS_LIST_ENTRIES),
                "old": int(Status.VALID),
                "new": self._random.choices(values, [MIX[each] for each in values])[0],
                "reason": "bench",
                "actor": "bench",
                "at": at,
                "due": at,
                "urgent": int(urgent),
            }
            for _ in range(count)
        ]
        with self.register.writing() as connection:
            connection.execute(insert(status_event), rows)
        return rows[-1]["list_number"], rows[-1]["idx"]

    def close(self) -> None:
        self.register.close()
        self.issuer.close()


_LICENCE: Final = "BENCH"


def _a_licence(kind: Kind) -> dict[str, Any]:
    return {
        "id": _LICENCE,
        "vct": kind.vct,
        "subject": "{}",
        "holder_name": "测试员甲",
        "holder_number": "990101194912310028",
        "status": int(Status.VALID),
        "recorded_at": wiring.now(),
    }


class Schedule:
    """What happens when, in all regions, in one thread: a tick takes a twentieth of a second."""

    def __init__(self, regions: list[Region], randomness: random.Random) -> None:
        self._random = randomness
        self._waiting: list[tuple[float, int, Region, str]] = []
        self._number = 0
        begin = time.monotonic()
        for region in regions:
            self._at(begin + randomness.random() * MINUTE / region.plan.speed, region, "minute")
            self._next_urgent(region)
            self._next_watched(region)

    def run(self) -> None:
        while True:
            moment, _, region, what = heapq.heappop(self._waiting)
            time.sleep(max(0.0, moment - time.monotonic()))
            self._do(moment, region, what)

    def _do(self, moment: float, region: Region, what: str) -> None:
        plan = region.plan
        match what:
            case "minute":
                # What came since the last one and can wait.
                expected = plan.flips * (1 - plan.urgent_share) * MINUTE / DAY
                if count := _poisson(self._random, expected):
                    region.change(count, urgent=False)
                region.tick()
                self._at(moment + MINUTE / plan.speed, region, what)
            case "urgent":
                self._tell(region, what)
                self._at(max(time.monotonic(), region.ticked + URGENT_GAP / plan.speed), region, "tick")
                self._next_urgent(region)
            case "tick":
                if region.ticked + URGENT_GAP / plan.speed <= time.monotonic() + 0.001:
                    region.tick()
            case "ordinary":
                self._tell(region, what)
                self._next_watched(region)

    def _tell(self, region: Region, kind: str) -> None:
        list_number, idx = region.change(1, urgent=kind == "urgent")
        committed = time.monotonic()
        if region.plan.watch_every is not None:
            told = {"region": region.plan.region, "kind": kind, "list": list_number, "idx": idx, "at": committed}
            print(json.dumps(told), flush=True)

    def _next_urgent(self, region: Region) -> None:
        if region.plan.urgent_rate:
            self._at(time.monotonic() + self._random.expovariate(region.plan.urgent_rate), region, "urgent")

    def _next_watched(self, region: Region) -> None:
        if region.plan.watch_every is not None:
            pause = region.plan.watch_every * (0.5 + self._random.random()) / region.plan.speed
            self._at(time.monotonic() + pause, region, "ordinary")

    def _at(self, moment: float, region: Region, what: str) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (moment, self._number, region, what))


def _poisson(randomness: random.Random, expected: float) -> int:
    """How many of so many expected ones come: gaps of an even rate, counted."""
    count, reached = 0, randomness.expovariate(1.0)
    while reached < expected:
        count, reached = count + 1, reached + randomness.expovariate(1.0)
    return count


def written(plans: list[Plan], path: Path) -> None:
    path.write_text(json.dumps([asdict(each) for each in plans]))


def served(folder: Path, region: str) -> Path:
    """Where a region's feed lies in the folder that nginx serves: as in a repository of trust."""
    return folder / "served" / "targets" / region


def _made(folder: Path, plans: list[Plan], randomness: random.Random) -> Iterator[Region]:
    for number, plan in enumerate(plans):
        print(f"\r{number + 1} of {len(plans)} regions begin", end="", file=sys.stderr, flush=True)
        yield Region(plan, folder / plan.region, served(folder, plan.region), randomness)
    print(file=sys.stderr)


def main() -> None:
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    plans = [Plan(**each) for each in json.loads(path.read_text())]
    randomness = random.Random(1)
    with ExitStack() as opened:
        regions = []
        for region in _made(folder, plans, randomness):
            opened.callback(region.close)
            regions.append(region)
        print(json.dumps({"ready": True}), flush=True)
        Schedule(regions, randomness).run()


if __name__ == "__main__":
    main()
