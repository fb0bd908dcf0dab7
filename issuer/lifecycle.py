"""Legal changes of a licence: which one starts from which status, and which of them is published at once.

The register flips every unexpired index of the licence in one transaction; a final status is never left again (a
reversal needs the co-signature of an offline key, and is made by the feed, REVOCATION.md). A lost device changes no
licence: `issuer.devices`.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Final

from sqlalchemy import Connection

from issuer import spreading
from issuer.errors import ReasonRefused
from issuer.joint import register as joint
from issuer.register import Register, StatusEvent, change_status
from issuer.spreading import Below
from protocol import cwt
from protocol.status_list import Status
from protocol.unixtime import UnixTime

MAX_REASON_CHARACTERS: Final = 200


class LegalChange(StrEnum):
    """What an authority does to a licence."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    TRANSFER = "transfer"


def _ends_as(status: Status, *, suspended_too: bool) -> Mapping[Status, Status]:
    return {Status.VALID: status} | ({Status.SUSPENDED: status} if suspended_too else {})


TRANSITIONS: Final[Mapping[LegalChange, Mapping[Status, Status]]] = {
    LegalChange.SUSPEND: {Status.VALID: Status.SUSPENDED},
    LegalChange.REINSTATE: {Status.SUSPENDED: Status.VALID},
    LegalChange.REVOKE: _ends_as(Status.REVOKED, suspended_too=True),
    LegalChange.WITHDRAW: _ends_as(Status.WITHDRAWN, suspended_too=True),
    LegalChange.CANCEL: _ends_as(Status.CANCELLED, suspended_too=True),
    # A new document or another authority must not be the way out of a suspension.
    LegalChange.SUPERSEDE: _ends_as(Status.SUPERSEDED, suspended_too=False),
    LegalChange.TRANSFER: _ends_as(Status.SUPERSEDED, suspended_too=False),
}
"""For each change, from which status to which; no other transition exists."""

CAN_WAIT: Final = frozenset({LegalChange.CANCEL, LegalChange.SUPERSEDE, LegalChange.TRANSFER})
"""Some hours harm nobody. By the others somebody must be stopped at once, or stands there and waits."""


def change(
    register: Register,
    licence_id: str,
    legal_change: LegalChange,
    *,
    reason: str,
    actor: str,
    at: UnixTime,
    below: Below,
) -> tuple[StatusEvent, ...]:
    """Make this change and return the indices that it flipped, with the moment from which each is published.

    Raises:
        ReasonRefused: The reason is empty, too long, or does not show what it says.
        LicenceUnknown, TransitionRefused, RegisterUnavailable: As the register says.
    """
    check_reason(reason)
    with register.writing() as connection:
        return change_in(connection, licence_id, legal_change, reason=reason, actor=actor, at=at, below=below)


def change_in(
    connection: Connection,
    licence_id: str,
    legal_change: LegalChange,
    *,
    reason: str,
    actor: str,
    at: UnixTime,
    below: Below,
) -> tuple[StatusEvent, ...]:
    """As `change`, in a transaction that nothing else writes beside; the reason was checked.

    Whoever holds the licence together with others holds what they hold: all of them change at once.
    """
    return tuple(
        event
        for each in joint.together(connection, licence_id)
        for event in change_status(
            connection,
            each,
            act=legal_change.value,
            transitions=TRANSITIONS[legal_change],
            reason=reason,
            actor=actor,
            at=at,
            spread=partial(spreading.moment, at=at, below=below) if legal_change in CAN_WAIT else None,
        )
    )


def check_reason(reason: str) -> None:
    """Return if a reason says something, and shows what it says. Raises: ReasonRefused."""
    if not reason.strip() or len(reason) > MAX_REASON_CHARACTERS or not cwt.text_is_harmless(reason):
        raise ReasonRefused("the reason is empty, too long or not a plain text")
