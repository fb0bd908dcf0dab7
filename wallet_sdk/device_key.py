"""The device key: what a licence is bound to, and what signs every presentation.

A phone's key store or a card implements `DeviceKey` (`key_stores`); `SoftwareKey` is the one that lives in the vault.
Not handled here: where its secret is kept (`vault.py`, `holdings.py`).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from protocol import cbor, keys
from protocol.errors import KeyRefused
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg, KeyAssurance
from wallet_sdk.ports import Random

SECRET_BYTES = 32


class Authorisation(Enum):
    """How often the holder has to let the key sign."""

    SESSION = "session"
    """Once, when the wallet is opened; then it signs until the wallet is locked."""
    PER_USE = "per use"
    """Each time, by fingerprint or face: such a key signs one code at a time and nothing ahead."""


class DeviceKey(Signer, Protocol):
    """A signer that says how well its secret is kept, and when it signs."""

    @property
    def key_assurance(self) -> KeyAssurance:
        """What this key can honestly claim; the issuer decides what it writes into the credential."""

    @property
    def authorisation(self) -> Authorisation:
        """Whether one word of the holder is enough for a session."""


@dataclass(frozen=True, slots=True)
class SoftwareKey(DeviceKey):
    """A key whose secret is ordinary memory while the wallet is open."""

    alg: Alg
    secret: bytes = field(repr=False)
    _signer: Signer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A frozen dataclass has no other way to set a derived field once.
        object.__setattr__(self, "_signer", keys.signer_for(self.alg, self.secret))

    @property
    def public_key(self) -> VerificationKey:
        return self._signer.public_key

    @property
    def key_assurance(self) -> KeyAssurance:
        return KeyAssurance.SOFTWARE

    @property
    def authorisation(self) -> Authorisation:
        # The passphrase opened the vault; nobody asks for it again.
        return Authorisation.SESSION

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(message)


@dataclass(frozen=True, slots=True)
class OutsideKey:
    """What a vault remembers of a device key that is kept elsewhere: by which store, and the store's word for it."""

    store: str
    handle: bytes = field(repr=False)
    public_key: VerificationKey


def new_software_key(alg: Alg, random: Random) -> SoftwareKey:
    """A fresh key from random bytes."""
    while True:
        try:
            return SoftwareKey(alg, random(SECRET_BYTES))
        except KeyRefused:
            # One in 2^32 draws is no P-256 scalar (FIPS 186-5 appendix A.2.2): draw again, never reduce.
            continue


def cose_key_bytes(key: VerificationKey) -> bytes:
    """The public half as the issuer takes it: a CBOR COSE_Key."""
    return cbor.encode(key.cose_key)
