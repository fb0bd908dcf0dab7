"""Bans and reversals as acts that take two people (`issuer.approvals`): what each reaches, and how it is carried out.

A ban is in the register with its approval. Undoing a final status is approved here and signed by an offline key later:
preparing it uses the approval up.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from issuer.approvals.register import Proposal
from issuer.feed import bans, reversals
from issuer.feed.errors import BanRefused
from issuer.feed.reversals import Permit
from issuer.keys import register as own_keys
from protocol import cbor, limits
from protocol.unixtime import UnixTime

BAN_KEY: Final = "ban-key"
REVERSAL: Final = "reversal"
RELEASE: Final = "release-waiting"


class UseUp(Protocol):
    """Uses an approval up, in the transaction that it is given."""

    def __call__(self, connection: Connection, /, *, what: str, content: Mapping[str, Any]) -> Permit:
        """Raises: ProposalUnknown, ProposalNotOpen."""


def ban_content(kid: str, *, iss: str, since: UnixTime) -> Mapping[str, Any]:
    """What a proposal of a ban says."""
    return {"iss": iss, "kid": kid, "since": since}


def reversal_content(licence_id: str) -> Mapping[str, Any]:
    """What a proposal to undo the last final change of a licence says."""
    return {"licence": licence_id}


class BanKey:
    """Bans a key of this region at once; one of this issuer's own signs nothing more from then on."""

    def __init__(self, *, iss: str) -> None:
        self._iss, self._region = iss, iss.partition(".")[0]

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """Which key, from when on, beside which other bans. Raises: BanRefused."""
        iss, kid, since = str(content["iss"]), _kid(str(content["kid"])), int(content["since"])
        if not iss.startswith(f"{self._region}."):
            raise BanRefused("the key is not of this region; its own region must ban it")
        if since > at:
            raise BanRefused("a ban cannot begin in the future")
        return iss, kid, since, tuple((each.iss, each.kid, int(each.since)) for each in bans.standing(connection))

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says. Raises: BanRefused."""
        said: Mapping[str, Any] = proposal.content
        iss, kid, since = str(said["iss"]), _kid(str(said["kid"])), UnixTime(int(said["since"]))
        bans.ban(connection, iss, kid, since=since, actor=proposal.proposed_by, at=at)
        if iss == self._iss:
            own_keys.ban(connection, kid, since=since)
        return True


class Reversal:
    """Undoes the last final change of a licence, once the offline key has signed that."""

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """Which entries would be valid again. Raises: LicenceUnknown, ReversalRefused."""
        return tuple(
            (row.list_number, row.idx, row.status) for row in reversals.flipped(connection, str(content["licence"]), at)
        )

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says: the ceremony does it."""
        del connection, proposal, at
        return False


class Release:
    """Lets out what the brake or the guard holds back, once the offline key has signed that."""

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """Nothing more than that: what waits changes by the minute, and the request that is signed names it."""
        del connection, content, at
        return RELEASE

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says: the ceremony does it."""
        del connection, proposal, at
        return False


def _kid(text: str) -> bytes:
    try:
        kid = bytes.fromhex(text)
    except ValueError:
        kid = b""
    if len(kid) != limits.KID_BYTES:
        raise BanRefused(f"a kid is {2 * limits.KID_BYTES} hexadecimal digits")
    return kid
