"""Writes acts into the trail, within the transaction of whatever they do: both are committed, or neither is.

An act says who did what to which object, when and why. Values about persons have no place in it: objects are named by
their ids, and `details` (numbers, ids, digests of keys) are kept as one digest, by which whatever the register or a
document says of the act later can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, insert

from issuer.audit.schema import audit_act
from protocol import cbor
from protocol.unixtime import UnixTime

OPERATOR: Final = "operator"
"""Who acts where no person has signed in: whoever may run the program on this machine."""
_NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Attributes:
        act: What was done, as a word: "issue", "revoke".
        kind: Of what kind the object is: "licence", "terminal".
        id: The object's id; at most 64 characters.
        actor: Who did it; at most 64 characters.
        at: When.
        reason: Why, where somebody has said so.
        details: What else belongs to it, as CBOR can say it; kept as a digest.
    """

    act: str
    kind: str
    id: str
    actor: str
    at: UnixTime
    reason: str = ""
    details: Mapping[Any, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def details_sha256(self) -> bytes:
        """The digest of the details in deterministic CBOR."""
        return sha256(cbor.encode(dict(self.details))).digest()


def append(
    connection: Connection,
    act: str,
    kind: str,
    id: str,  # noqa: A002 - what it is called everywhere
    *,
    actor: str,
    at: UnixTime,
    reason: str = "",
    details: Mapping[Any, Any] = _NOTHING,
) -> None:
    """Write one act, in the transaction of what it does."""
    append_all(connection, [Act(act, kind, id, actor, at, reason, details)])


def append_all(connection: Connection, acts: Sequence[Act]) -> None:
    """Write many acts in one statement, in the transaction of what they do."""
    if acts:
        connection.execute(insert(audit_act), [values(each) for each in acts])


def values(act: Act) -> Mapping[str, object]:
    """The columns of one act, for whoever copies many of them at once."""
    return {
        "at": act.at,
        "actor": act.actor,
        "act": act.act,
        "object_kind": act.kind,
        "object_id": act.id,
        "reason": act.reason,
        "details_sha256": act.details_sha256,
    }
