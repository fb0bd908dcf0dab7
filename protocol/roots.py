"""A region's root: one key, or a classical key and an ML-DSA-65 key that sign together; and what such a root signs.

Whoever pins one key takes a COSE_Sign1 by it and nothing else; whoever pins a pair takes a COSE_Sign by both and
nothing else, so that neither form stands in for the other and no signature can be left out. Guaranteed for
`verified_payload`: every signature of the root, the exact type, kid and algorithm of each signer. Not handled here:
what the payload means.
"""

from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign, cose_sign1, keys, labels
from protocol.errors import IssuerSignatureInvalid, IssuerUnknown, KeyRefused
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, Signer, VerificationKey
from protocol.labels import FurtherAlg

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})


@dataclass(frozen=True, slots=True)
class RootPair:
    """Both keys sign, in this order: the second stands when quantum computers break the first, the first if the
    younger algorithm turns out weak."""

    classical: VerificationKey
    post_quantum: VerificationKey

    def __post_init__(self) -> None:
        if self.classical.alg is FurtherAlg.ML_DSA_65 or self.post_quantum.alg is not FurtherAlg.ML_DSA_65:
            raise KeyRefused("a pair is a classical key and an ML-DSA-65 key, in this order")


@dataclass(frozen=True, slots=True)
class SignerPair:
    """What signs for a `RootPair`."""

    classical: Signer
    post_quantum: Signer

    def __post_init__(self) -> None:
        RootPair(self.classical.public_key, self.post_quantum.public_key)

    @property
    def public_key(self) -> RootPair:
        return RootPair(self.classical.public_key, self.post_quantum.public_key)


Root = VerificationKey | RootPair
RootSigner = Signer | SignerPair


def sign(payload: bytes, *, typ: str, signer: RootSigner) -> bytes:
    """A COSE_Sign1 by one key, a COSE_Sign by a pair."""
    if isinstance(signer, SignerPair):
        return cose_sign.sign(payload, typ=typ, signers=(signer.classical, signer.post_quantum))
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: typ,
    }
    return cbor.encode(cose_sign1.sign1(headers, payload, signer))


def verified_payload(
    encoded: bytes, *, expected_typ: str, root: Root, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> bytes:
    """The payload, once every signature of this root holds. The caller bounds the length of `encoded`.

    Args:
        encoded: What `sign` gave.
        expected_typ: The one type that may stand here.
        root: The key or pair that is pinned.
        algorithms: The table that a single root's algorithm is in.

    Raises:
        IssuerUnknown: Signed by another key than this root.
        IssuerSignatureInvalid: A signature does not fit.
        ShapeError: Signed in the form of the other kind of root.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if isinstance(root, RootPair):
        sign_by_both = cose_sign.parse(encoded, expected_typ=expected_typ)
        sign_by_both.verify((root.classical, root.post_quantum))
        return sign_by_both.payload
    sign1 = cose_sign1.parse(
        cbor.decode(encoded), expected_typ=expected_typ, protected_labels=_PROTECTED, algorithms=algorithms
    )
    if sign1.protected[labels.HDR_KID] != keys.kid_of(root):
        raise IssuerUnknown("signed by another key than the root that is trusted here")
    try:
        sign1.verify(root)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the root's signature does not fit") from None
    return sign1.payload
