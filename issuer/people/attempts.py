"""What is begun before somebody is known: an attempt to join, to sign in, or to prove oneself again.

Guaranteed: each is used once, for what it was begun for, within five minutes, and only by the browser that began it,
whose cookie has its secret. Challenge, state, nonce and verifier all follow from one random value that stays here.
"""

import base64
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, select

from issuer import draws
from issuer.draws import RandomBytes
from issuer.people.errors import SignInRefused
from issuer.people.register import digest
from issuer.people.schema import attempt
from issuer.register import Register
from protocol.unixtime import MINUTE, UnixTime

LIVES: Final = 5 * MINUTE
_SECRET_BYTES: Final = 32


class Way(StrEnum):
    """What an attempt was begun for."""

    JOIN = "join"
    SIGN_IN = "sign-in"
    PROVE = "prove"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. `subject`: the invitation's hash of a JOIN, the person of a PROVE, else empty."""

    way: Way
    subject: str
    secret: bytes

    def derived(self, name: str) -> bytes:
        """32 bytes that nobody foresees: another value for each name."""
        return hmac.digest(self.secret, name.encode(), "sha256")

    def text(self, name: str) -> str:
        """The same as 43 characters of base64url."""
        return base64.urlsafe_b64encode(self.derived(name)).rstrip(b"=").decode()


class Attempts:
    """The attempts at one authority's console."""

    def __init__(self, *, register: Register, random_bytes: RandomBytes) -> None:
        self._register, self._random_bytes = register, random_bytes

    def begin(self, way: Way, *, subject: str = "", at: UnixTime) -> tuple[str, Attempt]:
        """A new attempt, and the secret for its browser. Raises: RegisterUnavailable."""
        cookie, made = draws.secret(self._random_bytes), Attempt(way, subject, self._random_bytes(_SECRET_BYTES))
        with self._register.writing() as connection:
            connection.execute(attempt.delete().where(attempt.c.until <= at))
            connection.execute(
                insert(attempt).values(
                    sha256=digest(cookie), way=str(way), subject=subject, secret=made.secret, until=at + LIVES
                )
            )
        return cookie, made

    def take(self, cookie: str, *, at: UnixTime) -> Attempt:
        """The attempt of this browser, which nobody can take again. Raises: SignInRefused."""
        with self._register.writing() as connection:
            return _taken(connection, cookie, at)


def _taken(connection: Connection, cookie: str, at: UnixTime) -> Attempt:
    row = connection.execute(
        select(attempt).where(attempt.c.sha256 == digest(cookie), attempt.c.until > at)
    ).one_or_none()
    if row is None:
        raise SignInRefused("this attempt was used, is over, or was begun in another browser")
    connection.execute(attempt.delete().where(attempt.c.sha256 == row.sha256))
    return Attempt(Way(row.way), row.subject, row.secret)
