"""The token endpoint: a code, and the transaction code that came another way, become an access token (section 6).

1 a try is taken from the offer before anything is compared, so that a hundred guesses at once are five · 2 the codes
are compared · 3 the offer is redeemed, or dead after the fifth wrong one. Guaranteed: a code that is unknown, used,
over or dead is answered as one with a wrong transaction code, and these four after the same statements.
"""

import hmac
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select, update

from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.openid4vci import codes
from issuer.openid4vci.codes import DerivedSecrets
from issuer.openid4vci.errors import AccessTokenRefused, GrantRefused, TokenRequestMalformed
from issuer.openid4vci.offering import LIFE, MOST_WRONG, OfferState
from issuer.openid4vci.schema import issuing_offer
from issuer.register import Register
from protocol.unixtime import Seconds, UnixTime

ACTOR: Final = "wallet (offer)"
_MOST_CHARACTERS: Final = 128


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a wallet asks with; the register keeps its hash."""

    text: str = field(repr=False)
    lives: Seconds


class Redemption:
    """The token endpoint of one authority."""

    def __init__(self, *, register: Register, secrets: DerivedSecrets, random_bytes: RandomBytes) -> None:
        self._register, self._secrets, self._random_bytes = register, secrets, random_bytes

    def redeem(self, code: str, tx_code: str | None, *, at: UnixTime) -> AccessToken:
        """The access token for these codes.

        Raises:
            GrantRefused: They open nothing.
            TokenRequestMalformed: The offer wants a transaction code and none came, or the other way round.
            RegisterUnavailable: The register did not answer; a try may be used up.
        """
        if not 0 < len(code) <= _MOST_CHARACTERS or len(tx_code or "") > _MOST_CHARACTERS:
            raise GrantRefused("the codes open nothing")
        token, digest = codes.drawn(self._random_bytes), codes.digest(code)
        with self._register.adding() as connection:
            # 1
            tried = connection.execute(
                update(issuing_offer)
                .where(
                    issuing_offer.c.code_sha256 == digest,
                    issuing_offer.c.state == OfferState.OPEN.value,
                    issuing_offer.c.until > at,
                    issuing_offer.c.wrong < MOST_WRONG,
                )
                .values(wrong=issuing_offer.c.wrong + 1)
            ).rowcount
            # 2
            row = connection.execute(select(issuing_offer).where(issuing_offer.c.code_sha256 == digest)).one_or_none()
            expected = row.tx_code_mac if row is not None else None
            offered = self._secrets.tx_code_mac(row.id if row is not None else "", tx_code or "")
            same = hmac.compare_digest(offered, expected if expected is not None else bytes(len(offered)))
            is_right = tried == 1 and (same if expected is not None else tx_code is None)
            # 3
            offer_id = row.id if row is not None and tried == 1 else ""
            after: dict[str, Any] = {}
            if is_right:
                after = {
                    "state": OfferState.REDEEMED.value,
                    "token_sha256": codes.digest(token),
                    "token_until": at + LIFE,
                    "until": at + LIFE,
                }
            elif row is not None and tried == 1 and row.wrong >= MOST_WRONG:
                after = {"state": OfferState.DEAD.value, "subject": None, "portrait": None}
            connection.execute(
                update(issuing_offer)
                .where(issuing_offer.c.id == offer_id)
                .values({"wrong": issuing_offer.c.wrong - int(is_right), **after})
            )
            if tried == 1:
                act = "redeem-offer" if is_right else "wrong-offer-code"
                trail.append(connection, act, "offer", offer_id, actor=ACTOR, at=at)
        if is_right:
            return AccessToken(token, LIFE)
        # Outside of the transaction, which it would undo: the try counts.
        if tried == 1 and (expected is None) is not (tx_code is None):
            raise TokenRequestMalformed("a transaction code is missing, or came without being asked for")
        raise GrantRefused("the codes open nothing")


def bearer(authorization: str) -> str:
    """The access token of this header (RFC 6750 section 2.1). Raises: AccessTokenRefused."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not 0 < len(token) <= _MOST_CHARACTERS:
        raise AccessTokenRefused("no access token")
    return token
