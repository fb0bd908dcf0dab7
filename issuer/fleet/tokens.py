"""Tokens by which machines ask for the fleet: one for each, shown once, kept as a hash, ended by command or date.

They open the fleet's list and nothing else; the operator's own token opens everything, and people sign in at the
console. Guaranteed: whoever reads the register learns no token.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, insert, select, update

from issuer.audit import trail
from issuer.fleet.errors import FleetTokenRefused, FleetTokenUnknown
from issuer.fleet.schema import fleet_token
from issuer.register import Register
from protocol import cwt, limits
from protocol.unixtime import DAY, UnixTime

DAYS: Final = range(1, 367)
_TOKEN_BYTES: Final = 32
_TOKEN_CHARACTERS: Final = 43


@dataclass(frozen=True, slots=True)
class FleetToken:
    """One token that was given to somebody."""

    name: str
    actor: str
    at: UnixTime
    until: UnixTime


class FleetTokens:
    """The tokens of one authority."""

    def __init__(self, *, register: Register, random_bytes: Callable[[int], bytes]) -> None:
        self._register, self._random_bytes = register, random_bytes

    def give(self, name: str, *, days: int, actor: str, at: UnixTime) -> str:
        """A new token under this name, to be shown once.

        Raises:
            FleetTokenRefused: The name is in use or no plain text, or the time too long.
            RegisterUnavailable: Nothing was recorded.
        """
        if not 0 < len(name) <= limits.MAX_SHOWN_NAME or name != name.strip() or not cwt.text_is_harmless(name):
            raise FleetTokenRefused("the name is empty, too long, or not a plain text")
        if days not in DAYS:
            raise FleetTokenRefused(f"a token for {days} days", hint=f"Choose 1 to {DAYS.stop - 1} days.")
        token = base64.urlsafe_b64encode(self._random_bytes(_TOKEN_BYTES)).rstrip(b"=").decode()
        with self._register.writing() as connection:
            in_use = select(fleet_token.c.name).where(_runs(at), fleet_token.c.name == name)
            if connection.execute(in_use).first() is not None:
                raise FleetTokenRefused(f"{name} has a token already")
            connection.execute(
                insert(fleet_token).values(sha256=_digest(token), name=name, actor=actor, at=at, until=at + days * DAY)
            )
            trail.append(connection, "give-fleet-token", "fleet-token", _digest(token).hex(), actor=actor, at=at)
        return token

    def remove(self, name: str, *, actor: str, at: UnixTime) -> None:
        """Ends a token at once. Raises: FleetTokenUnknown, RegisterUnavailable."""
        with self._register.writing() as connection:
            its = (fleet_token.c.name == name) & _runs(at)
            digest = connection.execute(select(fleet_token.c.sha256).where(its)).scalar_one_or_none()
            if digest is None:
                raise FleetTokenUnknown("no token in use has this name")
            connection.execute(update(fleet_token).where(its).values(removed_at=at))
            trail.append(connection, "end-fleet-token", "fleet-token", digest.hex(), actor=actor, at=at)

    def listed(self, *, at: UnixTime) -> tuple[FleetToken, ...]:
        """The tokens in use, by name. Raises: RegisterUnavailable."""
        wanted = select(fleet_token).where(_runs(at)).order_by(fleet_token.c.name)
        with self._register.reading() as connection:
            return tuple(
                FleetToken(row.name, row.actor, UnixTime(row.at), UnixTime(row.until))
                for row in connection.execute(wanted)
            )

    def owner(self, token: str, *, at: UnixTime) -> str | None:
        """Whose token this is; None: nobody's. Raises: RegisterUnavailable."""
        if len(token) != _TOKEN_CHARACTERS or not token.isascii():
            return None
        # Looked up by its hash, so that how long it takes says nothing about the token.
        wanted = select(fleet_token.c.name).where(_runs(at), fleet_token.c.sha256 == _digest(token))
        with self._register.reading() as connection:
            found: str | None = connection.execute(wanted).scalar_one_or_none()
            return found


def _runs(at: UnixTime) -> ColumnElement[bool]:
    return (fleet_token.c.until > at) & fleet_token.c.removed_at.is_(None)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
