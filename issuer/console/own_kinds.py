"""Which kinds of licences are somebody's business at the console, and with which department's key they sign them.

A kind is the business of the departments that the catalogue names for it, until one of them, or several, have a key of
their own for it (`issuer.keys.departments`): then of those alone, and whoever works there signs with that key and no
other. Whoever works for every department signs with any of them, and says which where there are several.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from issuer.applications.looking import Scope, is_within
from issuer.keys.departments import Department
from issuer.keys.errors import DepartmentNeeded, KeyNotForKind
from issuer.people.register import Person
from issuer.people.roles import EVERY_DEPARTMENT
from protocol.licence.catalogue import Kind


@dataclass(frozen=True, slots=True)
class OwnKinds:
    """One person's kinds. `departments`: whose keys they may sign each with; none where the authority's own signs.

    `scope` says of each kind which departments' things are theirs to see; None: whosever they are.
    """

    departments: Mapping[int, tuple[str, ...]]
    scope: Scope

    def has(self, vct: int, department: str | None) -> bool:
        """Whether something of this kind, and of this department if it is one's, is this person's business."""
        return is_within(self.scope, vct, department or None)

    def signing(self, vct: int, chosen: str) -> str | None:
        """The department whose key signs; None: the authority's. `chosen` is empty where nobody had to choose.

        Raises:
            KeyNotForKind: It is not one that this person signs for.
            DepartmentNeeded: There are several, and none was chosen.
        """
        able = self.departments[vct]
        if chosen and chosen not in able:
            raise KeyNotForKind("this is no department that you sign this kind for")
        if len(able) > 1 and not chosen:
            raise DepartmentNeeded(f"this kind is issued by {', '.join(able)}")
        return chosen or next(iter(able), None)


def of(person: Person, kinds: Mapping[int, Kind], departments: Sequence[Department]) -> OwnKinds:
    """The kinds of this person."""
    able: dict[int, tuple[str, ...]] = {}
    scope: dict[int, frozenset[str] | None] = {}
    for vct, kind in kinds.items():
        owners = frozenset(each.name for each in departments if each.retired_at is None and vct in each.kinds)
        mine = owners if EVERY_DEPARTMENT in person.departments else owners & person.departments
        if mine or (not owners and person.works_for(kind.departments)):
            able[vct] = tuple(sorted(mine))
            scope[vct] = None if mine == owners else mine
    return OwnKinds(able, scope)
