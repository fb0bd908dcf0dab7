"""What a forger can do with a licence in hand: presentations that look right and are not (demonstration only)."""

from dataclasses import replace

from protocol import cbor, keys
from protocol.keys import Signer
from protocol.labels import Purpose
from protocol.qr import envelope
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.unixtime import UnixTime

_LIFE_SECONDS = 60


def with_own_issuer_key(issued: bytes, *, purpose: Purpose, at: UnixTime, forger: Signer, device: Signer) -> str:
    """The same statement signed by the forger, under the true issuer's name and key identifier."""
    genuine = credential.parse(cbor.decode(issued))
    claims = replace(genuine.claims, cnf=device.public_key.cose_key)
    forged = credential.issue(claims, genuine.redacted_lic, genuine.encoded_disclosures, forger, kid=genuine.kid)
    return _shown(forged, genuine.encoded_disclosures, purpose, at, device)


def from_another_phone(issued: bytes, *, purpose: Purpose, at: UnixTime, device: Signer) -> str:
    """A genuine credential, copied, and shown with a key that it is not bound to."""
    genuine = credential.parse(cbor.decode(issued))
    return _shown(issued, genuine.encoded_disclosures, purpose, at, device)


def _shown(issued: bytes, disclosures: tuple[bytes, ...], purpose: Purpose, at: UnixTime, device: Signer) -> str:
    binding = KeyBinding(purpose.audience, at, UnixTime(at + _LIFE_SECONDS), None)
    return envelope.wrap(key_binding.present(issued, disclosures, binding, device))


def new_signers(seed: bytes, scalar: bytes) -> tuple[Signer, Signer]:
    """An issuer key and a device key of the forger's own, of 32 random bytes each."""
    return keys.Ed25519Signer(seed), keys.P256Signer(scalar)
