"""A mandate: what makes a credential that of an agent, guardian or proxy (claim -70060; PROTOCOL.md, "Mandates").

A mandate is an ordinary credential, issued by the authority with a key of `KeyUse.MANDATE`: cnf is the agent's key,
`lic` holds the parent licence's items, status is an index of its own that the register flips with the parent. This
claim says whose licence that is and what it may be shown for. Guaranteed here: its form, and which of its limits a
showing breaks.

Not handled here: signatures and trust (`protocol.sd_cwt.credential`, `protocol.trust_list`), status, and that a refusal
follows: the appraisal gives E_MANDATE_SCOPE, E_MANDATE_EXPIRED and, for a status that is not valid, E_MANDATE_REVOKED.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from protocol import cbor, labels, limits
from protocol.errors import SchemaError
from protocol.labels import Purpose
from protocol.unixtime import UnixTime

_PURPOSES: Final = frozenset(Purpose)
GUARDIAN_LEVEL: Final = 1
"""Who represents a holder that is a child is the guardian, and nobody else (Civil Code art. 23): issuers see to it."""
_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)


class MandateLabel(IntEnum):
    """Keys of the claim's map."""

    LEVEL = 1
    KINDS = 2
    PURPOSES = 3
    PARENT_REGION = 4
    PARENT_KIND = 5


class Overstep(StrEnum):
    """A limit that a showing breaks."""

    KIND = "kind"
    PURPOSE = "purpose"
    PARENT = "parent"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Scope and parent of a mandate.

    `level` counts the links from the licence: 1 representative, 2 licence manager, 3 agent. There is no level 4.
    """

    level: int
    kinds: frozenset[int]
    purposes: frozenset[Purpose]
    parent_region: str
    parent_kind: int

    def oversteps(self, *, region: str, vct: int, exp: UnixTime, purpose: Purpose, at: UnixTime) -> frozenset[Overstep]:
        """The limits that showing this credential breaks; nobody may act on it unless there are none.

        Args:
            region: Of the credential's issuer. It must be the parent's: one register flips the status of both.
            vct: The credential's kind. It must be the parent's, whose items it carries, and in scope.
            exp: The credential's end.
            purpose: What the licence is shown for here, also where aud names a terminal.
            at: Now.
        """
        broken = set(self.contradictions(region=region, vct=vct))
        if purpose not in self.purposes:
            broken.add(Overstep.PURPOSE)
        # A mandate that has ended is no mandate. An ordinary credential is only late: its licence goes on.
        if at >= exp:
            broken.add(Overstep.EXPIRED)
        return frozenset(broken)

    def contradictions(self, *, region: str, vct: int) -> frozenset[Overstep]:
        """Those of the limits that the credential of this region and kind breaks whoever shows it, and whenever."""
        broken = set()
        if vct not in self.kinds:
            broken.add(Overstep.KIND)
        if (region, vct) != (self.parent_region, self.parent_kind):
            broken.add(Overstep.PARENT)
        return frozenset(broken)


def to_value(mandate: Mandate) -> cbor.Value:
    """What stands under claim -70060."""
    return {
        MandateLabel.LEVEL: mandate.level,
        MandateLabel.KINDS: tuple(sorted(mandate.kinds)),
        MandateLabel.PURPOSES: tuple(sorted(int(purpose) for purpose in mandate.purposes)),
        MandateLabel.PARENT_REGION: mandate.parent_region,
        MandateLabel.PARENT_KIND: mandate.parent_kind,
    }


def from_value(value: cbor.Value) -> Mandate:
    """The mandate in this claim.

    Raises:
        SchemaError: It is not exactly the five entries, each in range and in its one form.
    """
    if not isinstance(value, Mapping) or value.keys() != frozenset(MandateLabel):
        raise SchemaError("a mandate that has not exactly the five entries")
    level, region, kind = (
        value[label] for label in (MandateLabel.LEVEL, MandateLabel.PARENT_REGION, MandateLabel.PARENT_KIND)
    )
    if type(level) is not int or level not in limits.MANDATE_LEVELS:
        raise SchemaError(f"a mandate of another level than {limits.MANDATE_LEVELS}")
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise SchemaError("a mandate whose parent has no region")
    if type(kind) is not int or kind not in labels.VCT_RANGE:
        raise SchemaError("a mandate whose parent has no kind")
    kinds = _ascending(value[MandateLabel.KINDS])
    if len(kinds) > limits.MAX_MANDATE_KINDS or not all(each in labels.VCT_RANGE for each in kinds):
        raise SchemaError(f"a mandate for what are not 1 to {limits.MAX_MANDATE_KINDS} kinds")
    purposes = _ascending(value[MandateLabel.PURPOSES])
    if not _PURPOSES.issuperset(purposes):
        raise SchemaError("a mandate for a purpose that is none")
    return Mandate(level, frozenset(kinds), frozenset(Purpose(each) for each in purposes), region, kind)


def _ascending(value: cbor.Value) -> tuple[int, ...]:
    """Different integers in ascending order, at least one: an empty scope is a mistake and never "everything"."""
    if not isinstance(value, tuple) or not value:
        raise SchemaError("a mandate with an empty scope")
    numbers: list[int] = []
    for each in value:
        if type(each) is not int or (numbers and each <= numbers[-1]):
            raise SchemaError("a mandate's scope that is not integers in ascending order")
        numbers.append(each)
    return tuple(numbers)
