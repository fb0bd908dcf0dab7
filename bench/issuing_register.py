"""The register at a city's size: what an index costs to give, and what publishing the tokens of 54 lists costs.

    .venv/bin/python bench/issuing_register.py [--smoke]

Measured on SQLite on a disk, each beside its peer in the same run: an allocation beside the INSERT of the row that it
is for (many of both in one transaction, so that no waiting for the disk counts), and tokens that are signed again
beside tokens that are made anew. Of each list 1 % is not valid, in full runs 0.1 % too. Neither the feed nor the
writing of files is in these times.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert, select

from issuer.allocation import Allocator
from issuer.application import Issuer
from issuer.register import flip
from issuer.register_schema import allocation_list, credential_group, status_list
from protocol import limits
from protocol.status_list import QUICK, SQUEEZED, Status
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer.builders import AT, ID_CARD, holder_key, made

EXP = UnixTime(AT + 100 * DAY)
ENDS = UnixTime(AT + 200 * DAY)


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def row(bar: str, figure: str, peer: str) -> None:
    print(f"{bar:<58}  {figure:>16}  {peer}")


def allocation(issuer: Issuer, licence_id: str, count: int) -> None:
    """Both in turns and the median of each, so that what else the machine does meets both."""
    allocating, inserting = [], []
    with issuer._register.adding() as connection:
        for number in range(1, 17):
            issuer._allocator._permutation(number)  # Its tables are made once for each list.
        for _ in range(count):
            start = time.perf_counter()
            entry = issuer._allocator.entry(connection, EXP)
            between = time.perf_counter()
            values = {
                "licence_id": licence_id,
                "list_number": entry.list_number,
                "idx": entry.idx,
                "holder_key_thumbprint": bytes(32),
                "exp": EXP,
                "status": 0,
            }
            connection.execute(insert(credential_group).values(values))
            allocating.append(between - start)
            inserting.append(time.perf_counter() - between)
    one, other = statistics.median(allocating), statistics.median(inserting)
    row("one index, beside the INSERT of its row", f"{one * 1e6:.0f} µs", f"{other * 1e6:.0f} µs, × {one / other:.1f}")
    with issuer._register.adding() as connection:
        leased: list[object] = []
        each = count // 16
        took = seconds(lambda: leased.extend(issuer._allocator.lease(connection, EXP, each))) / (16 * each)
    row("one index of a bulk worker's lease", f"{took * 1e6:.1f} µs", f"× {took / other:.2f}")


def fill(issuer: Issuer, licence_id: str, lists: int, share: float) -> None:
    """So many more lists with this share of entries that are not valid; no row is made for who is valid."""
    drawn, final = random.Random(1), [int(status) for status in Status if status is not Status.VALID]
    with issuer._register.writing() as connection:
        for number in range(1_000, 1_000 + lists):
            connection.execute(insert(status_list).values(number=number, seq=0))
            connection.execute(
                insert(allocation_list).values(number=number, ends=ENDS, given=limits.STATUS_LIST_ENTRIES, is_open=0)
            )
            connection.execute(
                insert(credential_group),
                [
                    {
                        "licence_id": licence_id,
                        "list_number": number,
                        "idx": idx,
                        "holder_key_thumbprint": b"",
                        "exp": EXP,
                        "status": drawn.choice(final),
                    }
                    for idx in drawn.sample(range(limits.STATUS_LIST_ENTRIES), int(limits.STATUS_LIST_ENTRIES * share))
                ],
            )


def publishing(issuer: Issuer, licence_id: str, lists: int, share: float) -> None:
    fill(issuer, licence_id, lists, share)
    current = issuer._publisher._tokens.current
    anew = seconds(lambda: current(AT))
    size = sum(len(signed.encoded) for number, signed in current(AT).items() if number >= 1_000)
    name = f"{lists} lists, {share:.1%} not valid"
    row(f"{name}: all tokens made anew (level {QUICK})", f"{anew:.2f} s", f"{size / 1e3:.0f} kB")
    idle = seconds(lambda: current(UnixTime(AT + 60)))
    row(f"{name}: a minute in which nothing changed", f"{idle * 1e3:.0f} ms", "")
    with issuer._register.writing() as connection:
        group = connection.execute(select(credential_group).where(credential_group.c.list_number == 1_000)).first()
        assert group is not None
        flip(connection, [group], Status.INVALID, reason="x", actor="bench", at=UnixTime(AT + 120), spread=None)
    one = seconds(lambda: current(UnixTime(AT + 120)))
    row(f"{name}: one list that changed", f"{one * 1e3:.0f} ms", "")
    again = seconds(lambda: current(UnixTime(AT + HOUR + 120)))
    row(f"{name}: all signed again after an hour", f"{again * 1e3:.0f} ms", f"× {again / anew:.2f} of anew")
    night = UnixTime(AT + 14 * HOUR)
    current(UnixTime(night - 1))
    pressed = seconds(lambda: current(night))
    row(f"{name}: a minute of the night, four at level {SQUEEZED}", f"{pressed * 1e3:.0f} ms", "")


@contextmanager
def opened():
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, made(Path(folder) / "issuer") as issuer:
        yield issuer, issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few seconds, small")
    smoke = parser.parse_args().smoke
    row("bar", "figure", "peer")
    with opened() as (issuer, licence_id):
        assert isinstance(issuer._allocator, Allocator)
        allocation(issuer, licence_id, 500 if smoke else 10_000)
    for share in (0.01,) if smoke else (0.001, 0.01):
        with opened() as (issuer, licence_id):
            publishing(issuer, licence_id, 2 if smoke else 54, share)


if __name__ == "__main__":
    main()
