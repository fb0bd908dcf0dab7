"""One row against its kind: a licence that may be recorded, or everything that is wrong with the row at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from issuer import holder_keys, lint
from issuer import subject as subject_check
from issuer.bulk.errors import HeadingsRefused
from issuer.bulk.mapping import ColumnMapping
from issuer.bulk.row_problems import RowProblem
from issuer.bulk.rows import Row
from issuer.errors import HolderKeyRefused, LintRefused, Problem, SubjectRefused
from issuer.issuance import HOLDER_NUMBERS
from issuer.subject import Subject
from protocol.keys import VerificationKey
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

_HOLDER_KEY: Final = "(holder key)"
_DIGEST: Final = 16
"""Of SHA-256: no two of a thousand million rows meet by chance."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row that may become a licence.

    `key` is what no two rows share: kind, holder's number, licence's number. `content` is all that the row says.
    """

    row: int
    written: Mapping[str, Any]
    checked: Subject
    holder_key: VerificationKey | None
    key: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that may not, with every reason."""

    row: int
    problems: tuple[Problem, ...]


class Checker:
    """Checks the rows of one file."""

    def __init__(
        self, kind: Kind, mapping: ColumnMapping, headings: Sequence[str], *, fictional: bool, at: UnixTime
    ) -> None:
        self._kind, self._fictional, self._at = kind, fictional, at
        self._reader = mapping.reader(headings)

    @property
    def vct(self) -> int:
        """Of the kind."""
        return self._kind.vct

    def stated(self, refused: Refused) -> list[RowProblem]:
        """What is wrong with a row, with the headings of the columns that it is about."""
        column_of = self._reader.column_of
        return [
            RowProblem(refused.row, column_of.get(problem.item, ""), problem.item, problem.what, problem.expected)
            for problem in refused.problems
        ]

    def place_of(self, column: str, headings: Sequence[str]) -> int:
        """Where a column stands that becomes no item. Raises: HeadingsRefused."""
        if column not in headings:
            raise HeadingsRefused(f"the file has no column {column!r}")
        return headings.index(column)

    def key_of(self, row: Row) -> bytes | None:
        """What a row's licence is known by, whether or not the row is good; None if it has no number."""
        written = self._reader.row(row.cells).written if row.wrong is None else {}
        return of_subject(self._kind.vct, written) if any(name in written for name in HOLDER_NUMBERS) else None

    def check(self, row: Row) -> Accepted | Refused:
        """What this row may become."""
        if row.wrong is not None:
            return Refused(row.number, (row.wrong,))
        mapped = self._reader.row(row.cells)
        problems, checked = list(mapped.problems), None
        try:
            checked = subject_check.check(self._kind, dict(mapped.written), at=self._at, fictional=self._fictional)
            for purpose, item_keys in sorted(self._kind.views.items()):
                lint.lint_view(self._kind, purpose, item_keys, checked)
        except SubjectRefused as error:
            # What the mapping could not read is no missing item, too.
            unread = {problem.item for problem in mapped.problems}
            problems += (problem for problem in error.problems if problem.item not in unread)
        except LintRefused as error:
            problems.append(Problem("(row)", str(error), "a row with these items", ""))
        holder_key = None
        if mapped.holder_key is not None:
            try:
                holder_key = holder_keys.read(mapped.holder_key.encode(errors="replace"))
            except HolderKeyRefused as error:
                problems.append(Problem(_HOLDER_KEY, str(error), "what `liangzheng wallet key` prints", ""))
        if problems or checked is None:
            return Refused(row.number, tuple(problems))
        content = _digest(json.dumps(mapped.written, ensure_ascii=False, sort_keys=True))
        return Accepted(
            row.number, mapped.written, checked, holder_key, key_of(self._kind, mapped.written, content), content
        )


def key_of(kind: Kind, written: Mapping[str, Any], content: bytes) -> bytes:
    """What a licence is known by when it comes a second time: of a kind without any number, all that it says."""
    return of_subject(kind.vct, written) if any(name in written for name in HOLDER_NUMBERS) else content


def of_subject(vct: int, subject: Mapping[str, Any]) -> bytes:
    """The key of the licence of this kind that the register has with these items."""
    return _digest(json.dumps((vct, *(subject.get(name) for name in HOLDER_NUMBERS))))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()[:_DIGEST]
