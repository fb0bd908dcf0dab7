"""Opens the ring of an issuer, whose register knows of every first key by then, and its token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from issuer.draws import RandomBytes
from issuer.keys import register as rows_of
from issuer.keys.errors import PinRequired
from issuer.keys.records import signing_ends
from issuer.keys.ring import KeyRing
from issuer.profile import Places, Profile, TokenPlace
from issuer.register import Register
from issuer.signers import Signers, Token
from protocol import unixtime


@dataclass(frozen=True, slots=True)
class Opened:
    """The keys that were opened, and the token in which some of them may be."""

    signers: Signers
    token: Token | None


def ring(
    *,
    places: Places,
    profile: Profile,
    register: Register,
    held: Opened,
    random_bytes: RandomBytes,
) -> KeyRing:
    """The keys of this issuer. Raises: RegisterUnavailable."""
    rows_of.begin(
        register,
        [(use, signer.public_key) for use, signer in held.signers.first()],
        sign_until=signing_ends(profile.created_at),
        at=unixtime.local_midnight(unixtime.local_day(profile.created_at)),
    )
    return KeyRing(
        places=places,
        profile=profile,
        register=register,
        held=held.signers,
        token=held.token,
        random_bytes=random_bytes,
    )


def token(place: TokenPlace | None, *, pin: Callable[[], str]) -> Token | None:
    """The token at this place. It is asked for its PIN, and asked at all, when something is made or signed."""
    if place is None:
        return None
    from issuer.keys.hardware_token import Pkcs11Token  # noqa: PLC0415 - a C extension is loaded

    return Pkcs11Token(place, pin=pin)


def no_pin() -> NoReturn:
    """The PIN where nobody has one. Raises: PinRequired."""
    raise PinRequired("the keys are in a token, and nobody has given its PIN")
