"""Legal changes of a licence: suspend (暂扣), reinstate, revoke (吊销). Which one starts from which status.

The register flips every unexpired index of the licence in one transaction; a final status is never left again (a
reversal would need a co-signature that does not exist yet, REVOCATION.md).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from issuer.errors import ReasonRefused
from issuer.register import Register, StatusEvent
from protocol import cwt
from protocol.status_list import Status
from protocol.unixtime import UnixTime

MAX_REASON_CHARACTERS: Final = 200


class LegalChange(StrEnum):
    """What an authority does to a licence."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"


TRANSITIONS: Final[Mapping[LegalChange, Mapping[Status, Status]]] = {
    LegalChange.SUSPEND: {Status.VALID: Status.SUSPENDED},
    LegalChange.REINSTATE: {Status.SUSPENDED: Status.VALID},
    LegalChange.REVOKE: {Status.VALID: Status.REVOKED, Status.SUSPENDED: Status.REVOKED},
}
"""For each change, from which status to which; no other transition exists."""


def change(
    register: Register, licence_id: str, legal_change: LegalChange, *, reason: str, actor: str, at: UnixTime
) -> tuple[StatusEvent, ...]:
    """Make this change and return the indices that it flipped.

    Raises:
        ReasonRefused: The reason is empty, too long, or does not show what it says.
        LicenceUnknown, TransitionRefused, RegisterUnavailable: As the register says.
    """
    check_reason(reason)
    return register.change_status(licence_id, transitions=TRANSITIONS[legal_change], reason=reason, actor=actor, at=at)


def check_reason(reason: str) -> None:
    """Return if a reason says something, and shows what it says. Raises: ReasonRefused."""
    if not reason.strip() or len(reason) > MAX_REASON_CHARACTERS or not cwt.text_is_harmless(reason):
        raise ReasonRefused("the reason is empty, too long or not a plain text")
