"""Which role answers for a target: the tree of delegations, walked as TUF does, over terminating delegations only.

A region has six digits, and so is its role named; patterns are `33????/*`: six characters, a slash, a star. A walk goes
to the first delegation whose pattern fits and never comes back, so one path has one way down. Delegations of any other
form are not followed: whoever writes them reaches nobody (specification, section 5.6.7). The terminals' software has a
role of its own beside the regions', for `releases/*`; no region's pattern fits such a path.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import DelegatedRole, TargetFile, Targets

from protocol.feed_position import REGION_PATTERN
from revocation.repository import releases

TARGET: Final = re.compile(r"([0-9]{6})/(?:root|trust|catalogue|policy|feed|directory)[.]cbor", re.ASCII)
"""Every target that is looked up. The metadata may hold other names; nobody asks for them."""
PATTERN: Final = re.compile(r"[0-9?]{6}/[*]", re.ASCII)
MAX_DEPTH: Final = 4
"""targets → province → city → district."""


@dataclass(frozen=True, slots=True)
class Step:
    """A delegation that a walk arrived at: who delegates, and to whom."""

    delegator: str
    role: str


def first_step_beyond(roles: Mapping[str, Targets], path: str) -> Step | None:
    """The delegation where a walk for this path leaves the roles that are known; None if it ends among them."""
    for step in _walk(roles, path):
        if step.role not in roles:
            return step
    return None


def find(roles: Mapping[str, Targets], path: str) -> TargetFile | None:
    """The target of this path, from the first role on the way that lists it; None where nobody does."""
    for step in _walk(roles, path):
        target = roles[step.role].targets.get(path) if step.role in roles else None
        if target is not None:
            return target
    return None


def role_for(roles: Mapping[str, Targets], region: str) -> str:
    """The role where a walk for this region's targets ends: the region's own, or it is no region."""
    *_, last = _walk(roles, f"{region}/trust.cbor")
    return last.role


def named_regions(targets: Targets) -> Iterator[str]:
    """The regions that this role delegates to, in its order."""
    for delegated in _delegations(targets):
        if is_region(delegated.name):
            yield delegated.name


def is_region(role: str) -> bool:
    """Whether a role is named as a region's is."""
    return REGION_PATTERN.fullmatch(role) is not None


def _walk(roles: Mapping[str, Targets], path: str) -> Iterator[Step]:
    """The steps down from the top, the unknown last one included."""
    step = Step("root", Targets.type)
    seen: set[str] = set()
    while step.role not in seen and len(seen) < MAX_DEPTH:
        yield step
        seen.add(step.role)
        targets = roles.get(step.role)
        fitting = () if targets is None else (each for each in _delegations(targets) if each.is_delegated_path(path))
        delegated = next(iter(fitting), None)
        if delegated is None:
            return
        step = Step(step.role, delegated.name)


def _delegations(targets: Targets) -> Iterator[DelegatedRole]:
    if targets.delegations is None or targets.delegations.roles is None:
        return
    for role in targets.delegations.roles.values():
        if role.terminating is not True or role.paths is None:
            continue
        if is_region(role.name):
            if all(PATTERN.fullmatch(pattern) for pattern in role.paths):
                yield role
        elif role.name == releases.ROLE and role.paths == [releases.PATTERN]:
            yield role
