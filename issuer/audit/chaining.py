"""The hash of each sealed act: over its position, its content, and the hash before. Pure."""

from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row

from protocol import cbor

FIRST: Final = bytes(32)
"""What stands before the first act."""
_CONTEXT: Final = "liangzheng audit trail 1"


def next_hash(before: bytes, position: int, act: Row[Any]) -> bytes:
    """The hash of this act at this position. `act` is a row of `audit_act`."""
    content = (act.id, act.at, act.actor, act.act, act.object_kind, act.object_id, act.reason, act.details_sha256)
    return sha256(cbor.encode((_CONTEXT, before, position, *content))).digest()
