"""Whether those who hold one licence together fit its kind and one another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from issuer.errors import Problem, SubjectRefused
from issuer.joint import subjects
from issuer.joint.errors import HoldersRefused
from issuer.subject import Subject
from protocol import cbor
from protocol.labels import Lic
from protocol.licence.catalogue import Kind

_OTHER_SAYS: Final = (
    ("name", "spouse_name"),
    ("sex", "spouse_sex"),
    ("birth_date", "spouse_birth_date"),
    ("citizen_id", "spouse_id"),
)
"""Of a couple: what one holder says of themselves, and where the other one says the same."""
_A_COUPLE: Final = 2


def of(kind: Kind, written: object) -> tuple[Mapping[str, Any], ...]:
    """The subject of each holder. Raises: SubjectRefused, HoldersRefused."""
    parts = subjects.of_each(written) if isinstance(written, dict) else None
    if parts is None:
        raise SubjectRefused(
            [Problem(subjects.HOLDERS, "not a list of objects", "the items of each holder", '[{"name": "…"}, …]')]
        )
    if not kind.holders.least <= len(parts) <= kind.holders.most:
        raise HoldersRefused(
            f"a {kind.slug} has {kind.holders.least} to {kind.holders.most} holders, and this one {len(parts)}"
        )
    return parts


def demand_one(kind: Kind, written: object) -> None:
    """Return if this is for one holder, who may hold it alone. Raises: HoldersRefused."""
    if kind.holders.least > 1:
        raise HoldersRefused(f"a {kind.slug} has {kind.holders.least} holders")
    if isinstance(written, dict) and subjects.HOLDERS in written:
        raise HoldersRefused("the subject lists several holders")


def check(kind: Kind, checked: Sequence[Subject]) -> None:
    """Return if these holders may hold one licence together. Raises: SubjectRefused."""
    problems = list(_problems(kind, [subject.items for subject in checked]))
    if problems:
        raise SubjectRefused(problems)


def _problems(kind: Kind, holders: Sequence[Mapping[int, cbor.Value]]) -> Iterator[Problem]:
    for number in (Lic.CITIZEN_ID, Lic.USCC):
        known = [items[number] for items in holders if number in items]
        item = kind.item(number)
        if item is not None and len(set(known)) < len(known):
            yield Problem(item.name, "two holders have the same", "a number of each holder's own", "")
    if kind.holders.least == kind.holders.most == len(holders) == _A_COUPLE:
        for place, (one, other) in enumerate(zip(holders, reversed(holders), strict=True), start=1):
            for own, says in _OTHER_SAYS:
                mine, theirs = kind.item_named(own), kind.item_named(says)
                if mine is not None and theirs is not None and one.get(mine.key) != other.get(theirs.key):
                    yield Problem(
                        f"holders[{place}].{own}", f"not what the other's {says} says", f"the same as {says}", ""
                    )
