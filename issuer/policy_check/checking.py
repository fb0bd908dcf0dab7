"""Checks authored files of kinds and policy rows together: every mistake by file and key, and the rows that hold then.

1 a file is of kinds, of general rows or of stricter ones, by what stands in it · 2 each is read by itself, as the
issuer would, over what ships · 3 those that can be read are read together, which finds what only two files can get
wrong · 4 a general row of a kind that ships stands in the place of the shipped one, and what it allows beyond that is
pointed out.

Not handled here: finding files, printing, and publishing. One mistake of a file hides the next one in it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from issuer import authored_table, catalogue_source, policy_source
from issuer.authored_table import Source
from issuer.errors import AuthoringError
from issuer.policy_source import Rows
from protocol.appraisal_policy import PolicyRow
from protocol.licence.catalogue import Kind

_WHOLE: Final = "the whole file"
Kinds = Mapping[int, Kind]
Key = TypeVar("Key")
Value = TypeVar("Value")


class Sort(StrEnum):
    """What a file states, and the key by which that is seen."""

    KIND = "slug"
    ROWS = "row"
    STRICTER = "stricter"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to look at. `loosens` is a warning, everything else an error."""

    file: str
    key: str
    what: str
    loosens: bool = False

    @classmethod
    def of(cls, error: AuthoringError) -> "Problem":
        """What a reader of authored files says."""
        return cls(error.file, error.key, str(error).removeprefix(f"{error.file}: {error.key}: "))


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `rows` are those of the kinds that the files name, as they would hold."""

    kinds: Kinds
    rows: tuple[PolicyRow, ...]
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether there is no error."""
        return all(problem.loosens for problem in self.problems)


def check(sources: Sequence[Source], *, region: str) -> Checked:
    """Everything wrong with these files, and the rows that hold with those that can be read.

    Args:
        sources: File names and texts.
        region: Whose licences the general rows accept.
    """
    regions = frozenset({region})
    problems: list[Problem] = []
    sorted_out = {sort: [each for each in sources if _sort(each, problems) is sort] for sort in Sort}

    shipped_kinds = catalogue_source.load_kinds()
    shipped = policy_source.load_policy_rows(shipped_kinds, regions=regions)
    own_kinds = _read(sorted_out[Sort.KIND], catalogue_source.kinds_from, problems)
    kinds = {**shipped_kinds, **own_kinds}

    def general(files: Iterable[Source]) -> Rows:
        # A view is held against the rows of its own kind, which the others of these files may not have.
        named = {authored_table.whole(each).text("kind") for each in files}
        return policy_source.policy_rows_from(
            files, {vct: kind for vct, kind in kinds.items() if kind.slug in named}, regions=regions
        )

    own_rows = _read(sorted_out[Sort.ROWS], general, problems)
    rows = {**{key: row for key, row in shipped.items() if key[0] not in {vct for vct, _ in own_rows}}, **own_rows}
    stricter = _read(
        sorted_out[Sort.STRICTER], lambda files: policy_source.stricter_rows_from(files, kinds, rows), problems
    )
    for each in sorted_out[Sort.ROWS]:
        problems += _loosened(each[0], _read([each], general, []), shipped)
    named = set(own_kinds) | {vct for vct, _ in own_rows} | {vct for vct, _, _ in stricter}
    held = [row for key, row in rows.items() if key[0] in named] + list(stricter.values())
    held.sort(key=lambda row: (kinds[row.vct].slug, row.purpose, row.only_for or ""))
    return Checked(kinds, tuple(held), tuple(sorted(problems, key=lambda each: (each.file, each.key))))


def _sort(source: Source, problems: list[Problem]) -> Sort | None:
    try:
        table = authored_table.whole(source)
    except AuthoringError as error:
        _note(error, problems)
        return None
    found = [sort for sort in (Sort.STRICTER, Sort.ROWS, Sort.KIND) if table.has(sort.value)]
    if not found:
        problem = Problem(source[0], _WHOLE, "no kind (slug), no rows (row.PURPOSE) and no stricter rows (stricter.…)")
        if problem not in problems:
            problems.append(problem)
        return None
    return found[0]


def _read(
    files: Sequence[Source], read: Callable[[Sequence[Source]], Mapping[Key, Value]], problems: list[Problem]
) -> Mapping[Key, Value]:
    """Each by itself, then the good ones together; where two contradict each other, the first of them holds."""
    good: list[Source] = []
    found: Mapping[Key, Value] = {}
    for each in files:
        try:
            read([each])
            found = read([*good, each])
        except AuthoringError as error:
            _note(error, problems)
        else:
            good.append(each)
    return found


def _note(error: AuthoringError, problems: list[Problem]) -> None:
    problem = Problem.of(error)
    if problem not in problems:
        problems.append(problem)


def _loosened(file: str, own: Rows, shipped: Rows) -> list[Problem]:
    return [
        Problem(file, f"row.{key[1].word}.{name}", "allows more than the row that ships", loosens=True)
        for key, row in own.items()
        if key in shipped
        for name in row.looser_than(shipped[key])
    ]
