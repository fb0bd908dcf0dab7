"""In which role the person in front takes part in an act: what an officer said, in rows of their own.

Nothing of a licence says who drives, and nothing here assumes it: without a row there is no role. A later row replaces
an earlier one for readers and leaves it in the journal.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from protocol.unixtime import UnixTime
from verifier_terminal.store.journal import Payload

EVENT: Final = "role"


class Role(StrEnum):
    """What an officer may say of whose licence it is."""

    DRIVER = "driver"
    PASSENGER = "passenger"
    OWNER = "owner"


def payload(check_number: str, role: Role, *, at: UnixTime) -> Payload:
    """The row: the check and the role, and nothing about the person."""
    return {"event": EVENT, "check_number": check_number, "role": str(role), "at": at}


def of_rows(rows: Iterable[Payload]) -> Role | None:
    """The role that was said last, of the rows about one check."""
    said = [each["role"] for each in rows if each["event"] == EVENT]
    return Role(said[-1]) if said and said[-1] in set(Role) else None
