"""Signing without a key: what is about to be signed goes through the readers under signatures that nobody accepts.

Guaranteed: everything but the signature's mathematics takes the path that the real thing takes, the bytes that are
signed included; what was rehearsed is of no use to whoever finds it: it does not verify under the real key, in whose
place it stands. Boulder lints with a throwaway key in this place; here there is no key to throw away.
"""

from collections.abc import Mapping
from hashlib import sha512

from protocol import cbor, keys
from protocol.keys import VerificationKey
from protocol.labels import SignatureAlg


class _StandIn:
    """Looks like a key in all that is written down of it, and verifies rehearsed signatures only."""

    def __init__(self, key: VerificationKey) -> None:
        self._key = key

    @property
    def alg(self) -> SignatureAlg:
        return self._key.alg

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        return self._key.cose_key

    @property
    def thumbprint(self) -> bytes:
        return self._key.thumbprint

    def verify(self, signature: bytes, message: bytes) -> None:
        if signature != sha512(message).digest():
            raise keys.SignatureMismatch


class Rehearsal:
    """A signer in the place of this key's. Its signatures have the right length and nothing else."""

    def __init__(self, key: VerificationKey) -> None:
        self._public_key = _StandIn(key)

    @property
    def public_key(self) -> _StandIn:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return sha512(message).digest()
