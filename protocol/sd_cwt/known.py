"""Credentials that were verified before: what makes the next code of one showing cost a single signature.

A credential is recognised by the whole protected header of the presentation that carries it, byte for byte: the
SD-CWT's signed bytes, *its signature* and the disclosures. Codes that a wallet rolls differ in nothing but audience,
moments and the holder's signature, which stand outside. Guaranteed: only what `key_binding.verify` has accepted is a
`VerifiedCredential`, and it serves only under the very key and algorithms under which it was verified, so that whoever
asks the trust list each time (step 5) notices a key that ended or changed.

Not handled here: remembering. Nothing in this package keeps state; a caller brings its memory as `KnownCredentials`.
"""

from typing import Final, Protocol

from protocol.cose_sign1 import UnverifiedSign1
from protocol.keys import AlgorithmTable, VerificationKey
from protocol.light_dataclass import light_dataclass
from protocol.sd_cwt.credential import Credential, UnverifiedCredential
from protocol.sd_cwt.redaction import Restored


@light_dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """Everything about a shown credential that its next presentation need not find out again."""

    sign1: UnverifiedSign1
    """The presentation in which it was verified; only its protected header counts."""
    parts: UnverifiedCredential
    credential: Credential
    restored: Restored
    digest: bytes
    """SHA-256 of the issuer's signature."""
    assertion_key: VerificationKey
    algorithms: AlgorithmTable

    def serves(self, assertion_key: VerificationKey, algorithms: AlgorithmTable) -> bool:
        """Whether a verification under this key and these algorithms would be the one that was made."""
        return algorithms is self.algorithms and assertion_key == self.assertion_key


class KnownCredentials(Protocol):
    """A memory of verified credentials."""

    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
        """The credential of a presentation with exactly this protected header, if it is remembered."""


class _NothingKnown:
    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:  # noqa: ARG002 — it knows none.
        return None


NOTHING_KNOWN: Final[KnownCredentials] = _NothingKnown()
"""Every credential is verified as if it were the first."""
