"""Signing without a key: what is about to be signed goes through the readers under signatures that nobody accepts.

Guaranteed: everything but the signature's mathematics takes the path that the real thing takes, the bytes that are
signed included; what was rehearsed is of no use to whoever finds it, for no reader trusts a key of this kind, and no
such key can be written down. Boulder lints with a throwaway key in this place; here there is no key to throw away.
"""

from collections.abc import Mapping
from hashlib import sha512
from typing import NoReturn

from protocol import cbor, keys
from protocol.errors import KeyRefused
from protocol.labels import SignatureAlg


class _NoKey:
    """Verifies rehearsed signatures. It has no COSE_Key and no thumbprint: nothing published can name it."""

    def __init__(self, alg: SignatureAlg) -> None:
        self._alg = alg

    @property
    def alg(self) -> SignatureAlg:
        return self._alg

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        self._refuse()

    @property
    def thumbprint(self) -> bytes:
        self._refuse()

    def verify(self, signature: bytes, message: bytes) -> None:
        if signature != sha512(message).digest():
            raise keys.SignatureMismatch

    def _refuse(self) -> NoReturn:
        raise KeyRefused("a rehearsal has no key")


class Rehearsal:
    """A signer in the place of one of this algorithm. Its signatures have the right length and nothing else."""

    def __init__(self, alg: SignatureAlg) -> None:
        self._public_key = _NoKey(alg)

    @property
    def public_key(self) -> _NoKey:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return sha512(message).digest()
