"""Nonces for proofs of possession: given to anybody without a trace, good once, for five minutes (OpenID4VCI 7).

A nonce is its moment, random bytes and a MAC over both, so that a flood of requests fills no table, and every server of
the authority knows what another one gave. Used ones are recorded until they are over.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from issuer.draws import RandomBytes
from issuer.openid4vci import codes
from issuer.openid4vci.errors import NonceRefused
from issuer.openid4vci.schema import used_nonce
from issuer.register import Register
from protocol.unixtime import MINUTE, Seconds, UnixTime

LIFE: Final = Seconds(5 * MINUTE)
_MOMENT_BYTES: Final = 5
_RANDOM_BYTES: Final = 16
_MAC_BYTES: Final = 16
_BYTES: Final = _MOMENT_BYTES + _RANDOM_BYTES + _MAC_BYTES


class Nonces:
    """The nonces of one authority."""

    def __init__(self, *, register: Register, key: bytes, random_bytes: RandomBytes) -> None:
        self._register, self._key, self._random_bytes = register, key, random_bytes

    def give(self, *, at: UnixTime) -> str:
        """A new nonce."""
        content = at.to_bytes(_MOMENT_BYTES) + self._random_bytes(_RANDOM_BYTES)
        return codes.text(content + self._mac(content))

    def use(self, nonces: Iterable[str], *, at: UnixTime) -> None:
        """Use these up, all of them or none.

        Raises:
            NonceRefused: One was not given here, is over, or was used before.
            RegisterUnavailable: None was used up.
        """
        given = {self._given(nonce, at) for nonce in nonces}
        with self._register.adding() as connection:
            connection.execute(delete(used_nonce).where(used_nonce.c.until <= at))
            for content, until in sorted(given):
                try:
                    with connection.begin_nested():
                        connection.execute(insert(used_nonce).values(sha256=content, until=until))
                except IntegrityError:
                    raise NonceRefused("the nonce was used before") from None

    def _given(self, nonce: str, at: UnixTime) -> tuple[bytes, UnixTime]:
        content = codes.content(nonce) or b""
        made, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
        if len(content) != _BYTES or not hmac.compare_digest(self._mac(made), mac):
            raise NonceRefused("the nonce was not given here")
        given_at = int.from_bytes(made[:_MOMENT_BYTES])
        if not given_at <= at < given_at + LIFE:
            raise NonceRefused("the nonce is over")
        # Of the bytes and not of the text: a text with other bits behind its last byte is the same nonce.
        return sha256(content).digest(), UnixTime(given_at + LIFE)

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_MAC_BYTES]
