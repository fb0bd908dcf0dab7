"""COSE_Sign1 (RFC 9052 section 4.2): structure, Sig_structure, signing; verification with a key already trusted.

Guaranteed: header sets are closed (so `crit`, x5chain, jku and the like are refused by being unknown), `alg` stands in
the protected bucket only and equals the algorithm stored with the key, `typ` is exactly the expected one.

Not handled here: which key to trust, and what the payload means.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from protocol import cbor, labels, limits
from protocol.errors import AlgError, HeaderUnknown, HeaderUnprotected, ShapeError, SignatureForm, TypError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, P256Key, Signer, VerificationKey
from protocol.light_dataclass import light_dataclass

_SIG_STRUCTURE_HEAD: Final = b"\x84\x6aSignature1"
_NO_EXTERNAL_AAD: Final = b"\x40"
_PARTS: Final = 4


@light_dataclass(frozen=True, slots=True)
class UnverifiedSign1:
    """The parts of a COSE_Sign1 before any signature has been checked."""

    protected_bytes: bytes
    protected: Mapping[cbor.Key, cbor.Value]
    unprotected: Mapping[cbor.Key, cbor.Value]
    payload: bytes
    signature: bytes

    def sig_structure(self) -> bytes:
        """The bytes that were signed (RFC 9052 section 4.4), without external_aad."""
        return sig_structure(self.protected_bytes, self.payload)

    def verify(self, key: VerificationKey) -> None:
        """Return if the signature fits under this trusted key.

        Raises:
            AlgError: The header names another algorithm than the key's.
            SignatureForm: The signature is not in the one accepted form.
            protocol.keys.SignatureMismatch: It does not fit.
        """
        key.verify(self.signature, self._signed_for(key))

    def verify_and_hash(self, key: VerificationKey) -> bytes:
        """The SHA-256 of the bytes that were signed, after `verify`; of a P-256 signature it is a part, and made once.

        Raises: as `verify`.
        """
        signed = self._signed_for(key)
        digest = sha256(signed).digest()
        if isinstance(key, P256Key):
            key.verify_digest(self.signature, digest)
        else:
            key.verify(self.signature, signed)
        return digest

    def _signed_for(self, key: VerificationKey) -> bytes:
        # RFC 9052 section 3.1: alg is what the signer claims; the key's own algorithm decides.
        if self.protected[labels.HDR_ALG] != key.alg:
            raise AlgError("the header's algorithm is not the one stored with the key")
        return self.sig_structure()


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 section 4.4 with context "Signature1" and empty external_aad."""
    return b"".join(
        (
            _SIG_STRUCTURE_HEAD,
            cbor.head(2, len(protected)),
            protected,
            _NO_EXTERNAL_AAD,
            cbor.head(2, len(payload)),
            payload,
        )
    )


def sign1(
    protected: Mapping[cbor.Key, cbor.Value],
    payload: bytes,
    signer: Signer,
    *,
    unprotected: Mapping[cbor.Key, cbor.Value] | None = None,
) -> cbor.Tagged:
    """A signed structure; `alg` is put in from the signer's key. Raises: SignatureForm."""
    protected_bytes = cbor.encode({**protected, labels.HDR_ALG: int(signer.public_key.alg)})
    signed = signature(signer, sig_structure(protected_bytes, payload))
    return cbor.Tagged(labels.TAG_SIGN1, (protected_bytes, unprotected or {}, payload, signed))


def signature(signer: Signer, message: bytes) -> bytes:
    """What the signer says of these bytes. Raises: SignatureForm."""
    signed = signer.sign(message)
    if len(signed) != limits.SIGNATURE_BYTES:
        raise SignatureForm(f"the signer returned {len(signed)} bytes")
    return signed


def parse(
    structure: cbor.Value,
    *,
    expected_typ: int | str,
    protected_labels: frozenset[int],
    unprotected_labels: frozenset[int] = frozenset(),
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> UnverifiedSign1:
    """The parts of a decoded structure with exactly these headers.

    Args:
        structure: What `cbor.decode` gave.
        expected_typ: The one type that may stand here.
        protected_labels: Header parameters that must all be present, none other may be. Includes alg and typ.
        unprotected_labels: Header parameters that may stand in the unprotected bucket.
        algorithms: Those of which one must stand in the header.

    Raises:
        ShapeError: Not a COSE_Sign1.
        HeaderUnknown, HeaderUnprotected: A header outside these sets, or one of them missing.
        TypError: Another type.
        AlgError: No algorithm, or a foreign one.
    """
    protected_bytes, unprotected, payload, signature = shape(structure)
    protected = cbor.decode(protected_bytes)
    if not isinstance(protected, dict):
        raise ShapeError("the protected header is not a map")
    return check_headers(
        UnverifiedSign1(protected_bytes, protected, unprotected, payload, signature),
        expected_typ=expected_typ,
        protected_labels=protected_labels,
        unprotected_labels=unprotected_labels,
        algorithms=algorithms,
    )


def shape(structure: cbor.Value) -> tuple[bytes, Mapping[cbor.Key, cbor.Value], bytes, bytes]:
    """Protected header, unprotected header, payload and signature as they stand, without a look into any of them.

    Raises:
        ShapeError: Not a COSE_Sign1.
    """
    if not isinstance(structure, cbor.Tagged) or structure.tag != labels.TAG_SIGN1:
        raise ShapeError("not a COSE_Sign1 (tag 18)")
    parts = structure.value
    if not isinstance(parts, tuple) or len(parts) != _PARTS:
        raise ShapeError("not [protected, unprotected, payload, signature]")
    protected_bytes, unprotected, payload, signature = parts
    # A decoded map is a dict; asking for a Mapping would go through its abstract base class each time.
    if not (
        isinstance(protected_bytes, bytes)
        and isinstance(unprotected, dict)
        and isinstance(payload, bytes)
        and isinstance(signature, bytes)
    ):
        raise ShapeError("not [protected, unprotected, payload, signature]")
    return protected_bytes, unprotected, payload, signature


def check_headers(
    unverified: UnverifiedSign1,
    *,
    expected_typ: int | str,
    protected_labels: frozenset[int],
    unprotected_labels: frozenset[int],
    algorithms: AlgorithmTable,
) -> UnverifiedSign1:
    """The same object, once its headers are exactly the expected ones. Raises: as `parse`."""
    protected = unverified.protected
    for label in unverified.unprotected:
        if label not in unprotected_labels:
            raise HeaderUnprotected(f"{label!r} in the unprotected header")
    if labels.HDR_ALG not in protected:
        raise AlgError("no algorithm in the protected header")
    alg = protected[labels.HDR_ALG]
    if type(alg) is not int or alg not in algorithms.by_alg:
        raise AlgError("an algorithm that is not in use here")
    if labels.HDR_TYP not in protected:
        raise TypError("no type in the protected header")
    # bool is an int in Python; a type is compared with its own type only.
    if type(protected[labels.HDR_TYP]) is not type(expected_typ) or protected[labels.HDR_TYP] != expected_typ:
        raise TypError(f"expected {expected_typ}")
    if protected.keys() != protected_labels:
        raise HeaderUnknown(f"header parameters other than {sorted(protected_labels)}")
    return unverified
