"""ML-DSA-65 (FIPS 204, RFC 9964): the second signature of a root, and of hourly manifests.

Its 3,309 bytes fit no code and no checkpoint, so no table of credentials has it: it stands beside a classical signature
in a COSE_Sign (`cose_sign`) and nowhere else. Guaranteed: keys and signatures of exactly one length, the empty context
of RFC 9964. Signing is hedged, as the library does it: two signatures of one content differ, and both are good.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from protocol import cbor, keys, labels
from protocol.errors import KeyRefused, SignatureForm
from protocol.keys import Algorithm, SignatureMismatch, VerificationKey
from protocol.labels import FurtherAlg

PUBLIC_KEY_BYTES: Final = 1_952
SIGNATURE_BYTES: Final = 3_309
SEED_BYTES: Final = 32
"""FIPS 204 table 2, and section 6.1 for the seed ξ: the only form in which RFC 9964 lets a private key be kept."""


@dataclass(frozen=True, slots=True)
class MlDsa65Key:
    """An ML-DSA-65 public key. Every 1,952 bytes are one, so there is no point to check."""

    pub: bytes

    def __post_init__(self) -> None:
        if len(self.pub) != PUBLIC_KEY_BYTES:
            raise KeyRefused(f"an ML-DSA-65 key of {len(self.pub)} bytes")

    @property
    def alg(self) -> FurtherAlg:
        return FurtherAlg.ML_DSA_65

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        return {labels.KEY_KTY: labels.KTY_AKP, labels.KEY_ALG: int(self.alg), labels.KEY_PUB: self.pub}

    @property
    def thumbprint(self) -> bytes:
        # RFC 9964: kty, alg and pub are the required parameters of an AKP key.
        return sha256(cbor.encode(self.cose_key)).digest()

    def verify(self, signature: bytes, message: bytes) -> None:
        if len(signature) != SIGNATURE_BYTES:
            raise SignatureForm(f"a signature of {len(signature)} bytes")
        try:
            MLDSA65PublicKey.from_public_bytes(self.pub).verify(signature, message)
        except InvalidSignature:
            raise SignatureMismatch from None


class MlDsa65Signer:
    """Signs with an ML-DSA-65 seed that the caller made from 32 random bytes and keeps."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise KeyRefused("not an ML-DSA-65 seed")
        self._private = MLDSA65PrivateKey.from_seed_bytes(seed)
        self._public_key = MlDsa65Key(self._private.public_key().public_bytes_raw())

    @property
    def public_key(self) -> MlDsa65Key:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def _load(cose_key: Mapping[cbor.Key, cbor.Value]) -> VerificationKey:
    pub = cose_key.get(labels.KEY_PUB)
    if len(cose_key) != 3 or not isinstance(pub, bytes):
        raise KeyRefused("an ML-DSA-65 key is exactly {kty, alg, pub}")
    return MlDsa65Key(pub)


ML_DSA_65: Final = Algorithm(
    FurtherAlg.ML_DSA_65,
    (labels.KTY_AKP, FurtherAlg.ML_DSA_65),
    SEED_BYTES,
    SIGNATURE_BYTES,
    _load,
    MlDsa65Signer,
)
SECOND_SIGNERS: Final = keys.AlgorithmTable((ML_DSA_65,))
"""What the second key of a root may be."""
