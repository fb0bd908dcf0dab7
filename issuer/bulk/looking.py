"""A dry run: every row checked, nothing recorded. What it finds is what an import would find at this moment."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from issuer.bulk import blocks, bounds, claiming, copying
from issuer.bulk.checking import Accepted, Checker, Refused
from issuer.bulk.row_problems import RowProblem
from issuer.bulk.rows import Row
from issuer.register import Register

MAX_PROBLEMS: Final = 1_000_000
"""So many are kept to be written down; they are counted beyond it."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an import would do. `problems` has every bad row, in the order of the file."""

    rows: int
    accepted: int
    with_holder_key: int
    repeated: int
    refused: int
    problems: tuple[RowProblem, ...]


def look_through(register: Register, checker: Checker, rows: Iterable[Row], *, seen: Callable[[int], None]) -> DryRun:
    """Check these rows against their kind, against one another and against the register."""
    walk = _Walk(register, checker)
    for batch in copying.chunks(rows, bounds.BLOCK_ROWS):
        walk.batch(batch)
        seen(walk.rows)
    return walk.result()


class _Walk:
    """One way through one file. Of a good row 16 bytes are held, so ten million rows fit."""

    def __init__(self, register: Register, checker: Checker) -> None:
        self._register, self._checker = register, checker
        self.rows = self._with_holder_key = self._refused = self._held = 0
        self._problems: list[RowProblem] = []
        self._keys, self._numbers = array("Q"), array("Q")

    def batch(self, batch: Sequence[Row]) -> None:
        """Check some rows."""
        self.rows += len(batch)
        checked = [self._checker.check(row) for row in batch]
        accepted = [each for each in checked if isinstance(each, Accepted)]
        with self._register.reading() as connection:
            held = claiming.held_elsewhere(connection, accepted, self._checker.vct)
        for each in checked:
            if isinstance(each, Refused):
                self._refused += 1
                self._write(each)
            elif each.key in held:
                self._held += 1
                self._write(Refused(each.row, (blocks.REPEATED,)))
            else:
                self._with_holder_key += each.holder_key is not None
                # Eight bytes of the digest: two of ten million rows meet by chance in one file of three hundred
                # thousand, and then a dry run names a row that the import takes.
                self._keys.append(int.from_bytes(each.key[:8]))
                self._numbers.append(each.row)

    def result(self) -> DryRun:
        """What was found, once every row was seen."""
        keys, numbers = np.frombuffer(self._keys, np.uint64), np.frombuffer(self._numbers, np.uint64)
        order = np.argsort(keys, kind="stable")
        # Stable: of equal keys the first row comes first, and it is the one that counts.
        again = np.sort(numbers[order[1:]][keys[order[1:]] == keys[order[:-1]]])
        for number in again.tolist():
            self._write(Refused(number, (blocks.REPEATED,)))
        return DryRun(
            rows=self.rows,
            accepted=len(keys) - len(again),
            with_holder_key=self._with_holder_key,
            repeated=self._held + len(again),
            refused=self._refused,
            problems=tuple(sorted(self._problems, key=lambda problem: problem.row)),
        )

    def _write(self, refused: Refused) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems += self._checker.stated(refused)
