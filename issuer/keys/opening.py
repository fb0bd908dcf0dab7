"""Opens the ring of an issuer: its register knows of every first key by then."""

from issuer.draws import RandomBytes
from issuer.keys import register as rows_of
from issuer.keys.records import signing_ends
from issuer.keys.ring import KeyRing
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.signers import Signers, Token
from protocol import unixtime


def ring(
    *,
    places: Places,
    profile: Profile,
    register: Register,
    held: Signers,
    token: Token | None,
    random_bytes: RandomBytes,
) -> KeyRing:
    """The keys of this issuer. Raises: RegisterUnavailable."""
    rows_of.begin(
        register,
        [(use, signer.public_key) for use, signer in held.first()],
        sign_until=signing_ends(profile.created_at),
        at=unixtime.local_midnight(unixtime.local_day(profile.created_at)),
    )
    return KeyRing(places=places, profile=profile, register=register, held=held, token=token, random_bytes=random_bytes)
