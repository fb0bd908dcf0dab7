"""SD-CWTs of other profiles, checked by the draft's own rules: for conformance, never for a verdict.

Our profile (`credential`, `key_binding`) is much narrower than the draft. This reader accepts what the named profile
allows besides: polymorphic algorithms, sd_alg, kids of any length, uncompressed y, text claim keys, presentations
without exp, high s. The profile is always named by the caller; nothing here is reached from an appraisal. Numbers are
the steps of draft-ietf-spice-sd-cwt-08 section 9.

Not handled here: floats and foreign tags (the strict decoder refuses them), encrypted disclosures, the choice of key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from protocol import cbor, cwt, keys, labels
from protocol.cose_sign1 import sig_structure
from protocol.errors import (
    AlgError,
    Code,
    DisclosuresEmpty,
    DisclosureShape,
    HeaderUnknown,
    HolderSignatureInvalid,
    IssuerSignatureInvalid,
    KcwtError,
    KeyBindingClaimError,
    KeyRefused,
    ProtocolError,
    SchemaError,
    ShapeError,
    SignatureForm,
    TimeOrderError,
    TypError,
)
from protocol.keys import Ed25519Key, SignatureMismatch
from protocol.labels import Alg, ForeignAlg
from protocol.sd_cwt import redaction
from protocol.unixtime import UnixTime

_HDR_CWT_CLAIMS: Final = 15
_HDR_AEAD_CLAIMS: Final = 171
_MAX_AUD_BYTES: Final = 255
_CRV_P384: Final = 2
_HASHES: Final[Mapping[int, hashes.HashAlgorithm]] = {
    Alg.ESP256: hashes.SHA256(),
    ForeignAlg.ES256: hashes.SHA256(),
    ForeignAlg.ES384: hashes.SHA384(),
}
_CURVES: Final[Mapping[int, ec.EllipticCurve]] = {
    labels.CRV_P256: ec.SECP256R1(),
    _CRV_P384: ec.SECP384R1(),
}

ForeignKey = ec.EllipticCurvePublicKey | Ed25519Key


class AudienceRefused(ProtocolError):
    """An audience that is not the one expected (step 9)."""

    code = Code.E_AUD


class NonceRefused(ProtocolError):
    """A cnonce that was not given, or one that a credential discloses (step 6)."""

    code = Code.E_CNONCE


@dataclass(frozen=True, slots=True)
class ForeignProfile:
    """What may stand where our own profile is narrower."""

    algs: frozenset[int]
    credential_typs: frozenset[int | str]
    presentation_typs: frozenset[int | str]


DRAFT_08: Final = ForeignProfile(
    algs=frozenset({*map(int, Alg), *map(int, ForeignAlg)}),
    credential_typs=frozenset({labels.TYP_CREDENTIAL, "application/sd-cwt"}),
    presentation_typs=frozenset({labels.TYP_PRESENTATION, "application/kb+cwt"}),
)
"""The examples of draft-ietf-spice-sd-cwt-08."""


@dataclass(frozen=True, slots=True)
class _Parts:
    protected_bytes: bytes
    protected: cwt.Claims
    unprotected: cwt.Claims
    payload_bytes: bytes
    payload: cwt.Claims
    signature: bytes


@dataclass(frozen=True, slots=True)
class ForeignClaims:
    """The validated disclosed claims set (step 10)."""

    claims: cwt.Claims
    hidden: int
    key_binding: cwt.Claims | None


def verify_credential(
    encoded: bytes, *, issuer_key: ForeignKey, at: UnixTime, profile: ForeignProfile
) -> ForeignClaims:
    """What an issued SD-CWT states, with the disclosures that it carries.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    parts = _parts(cbor.decode(encoded), profile.credential_typs, profile)
    _check_credential(parts, issuer_key, at)
    return _validated(parts, None)


def verify_presentation(
    encoded: bytes,
    *,
    issuer_key: ForeignKey,
    expected_audience: str,
    expected_cnonce: bytes | None,
    at: UnixTime,
    profile: ForeignProfile,
) -> ForeignClaims:
    """What an SD-KBT states (section 9).

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    shown = _parts(cbor.decode(encoded), profile.presentation_typs, profile)
    # Section 5.3: redactions stand in the credential's claims and nowhere else.
    header = {label: value for label, value in shown.protected.items() if label != labels.HDR_KCWT}
    if _HDR_CWT_CLAIMS in header or _redacts(header) or _redacts(shown.unprotected) or _redacts(shown.payload):
        raise HeaderUnknown("CWT claims or redactions outside the credential")
    # Step 1.
    kcwt = shown.protected.get(labels.HDR_KCWT)
    if not isinstance(kcwt, cbor.Tagged):
        raise KcwtError("kcwt is not a credential")
    issued = _parts(kcwt, profile.credential_typs, profile)
    # Steps 2 and 3.
    _check_credential(issued, issuer_key, at)
    # Steps 4 and 5.
    try:
        _verify_signature(shown, _confirmation_key(issued.payload.get(labels.CLAIM_CNF)))
    except SignatureMismatch:
        raise HolderSignatureInvalid("the holder's signature does not fit") from None
    _check_moments(shown.payload, at)
    # Step 6.
    if shown.payload.get(labels.CLAIM_CNONCE) != expected_cnonce:
        raise NonceRefused("the cnonce is not the one that was given")
    # Step 7 and section 8.1.
    _check_binding(shown.payload, issued.payload)
    # Step 8.
    validated = _validated(issued, shown.payload)
    # Step 9.
    for claims in (shown.payload, issued.payload):
        if claims.get(labels.CLAIM_AUD, expected_audience) != expected_audience:
            raise AudienceRefused("meant for somebody else")
    return validated


def _parts(structure: cbor.Value, typs: frozenset[int | str], profile: ForeignProfile) -> _Parts:
    match structure:
        case cbor.Tagged(
            tag=labels.TAG_SIGN1,
            value=(
                bytes() as protected_bytes,
                Mapping() as unprotected,
                bytes() as content,
                bytes() as signature,
            ),
        ):
            pass
        case _:
            raise ShapeError("not a COSE_Sign1")
    protected, payload = cbor.decode(protected_bytes), cbor.decode(content)
    if not isinstance(protected, Mapping) or not isinstance(payload, Mapping):
        raise ShapeError("header or payload is not a map")
    typ, alg = protected.get(labels.HDR_TYP), protected.get(labels.HDR_ALG)
    if type(typ) not in (int, str) or typ not in typs:
        raise TypError("another type than the one that may stand here")
    if type(alg) is not int or alg not in profile.algs or labels.HDR_ALG in unprotected:
        raise AlgError("no algorithm of this profile in the protected header alone")
    if labels.HDR_CRIT in protected:
        raise HeaderUnknown("crit, of which nothing is understood")
    return _Parts(protected_bytes, protected, unprotected, content, payload, signature)


def _check_credential(issued: _Parts, issuer_key: ForeignKey, at: UnixTime) -> None:
    # Step 2: RFC 8392 section 7.2.
    try:
        _verify_signature(issued, issuer_key)
    except SignatureMismatch:
        raise IssuerSignatureInvalid("the issuer's signature does not fit") from None
    if issued.protected.get(labels.HDR_SD_ALG, labels.SD_ALG_SHA256) != labels.SD_ALG_SHA256:
        raise SchemaError("a hash other than SHA-256")
    for label in (labels.HDR_SD_CLAIMS, _HDR_AEAD_CLAIMS):
        if issued.unprotected.get(label) == ():
            raise DisclosuresEmpty("an empty array of disclosures")
    if not isinstance(issued.payload.get(labels.CLAIM_ISS), str) or labels.CLAIM_CNF not in issued.payload:
        raise SchemaError("iss or cnf is missing")
    if labels.CLAIM_CNONCE in issued.payload:
        # Step 6: a credential's cnonce is for its holder.
        raise NonceRefused("the credential discloses a cnonce")
    # Step 3.
    _in_order(issued.payload, (labels.CLAIM_NBF, labels.CLAIM_IAT), strict=False)
    _in_order(issued.payload, (labels.CLAIM_NBF, labels.CLAIM_EXP), strict=True)
    _in_order(issued.payload, (labels.CLAIM_IAT, labels.CLAIM_EXP), strict=True)
    _check_moments(issued.payload, at)


def _check_binding(shown: cwt.Claims, issued: cwt.Claims) -> None:
    if labels.CLAIM_ISS in shown or labels.CLAIM_SUB in shown:
        raise KeyBindingClaimError("iss or sub in the key binding")
    cwt.text(shown, labels.CLAIM_AUD, max_bytes=_MAX_AUD_BYTES)
    if labels.CLAIM_IAT not in shown:
        if labels.CLAIM_CTI not in shown:
            raise KeyBindingClaimError("neither iat nor cti")
        if labels.CLAIM_EXP in shown or labels.CLAIM_NBF in shown:
            raise KeyBindingClaimError("exp or nbf without iat")
    _in_order(shown, (labels.CLAIM_NBF, labels.CLAIM_IAT), strict=False)
    _in_order(shown, (labels.CLAIM_IAT, labels.CLAIM_EXP), strict=True)
    for earlier, first, later, second, strict in (
        (shown, labels.CLAIM_EXP, issued, labels.CLAIM_EXP, False),
        (issued, labels.CLAIM_NBF, shown, labels.CLAIM_NBF, False),
        (issued, labels.CLAIM_IAT, shown, labels.CLAIM_IAT, False),
        (shown, labels.CLAIM_NBF, issued, labels.CLAIM_EXP, True),
        (shown, labels.CLAIM_IAT, issued, labels.CLAIM_EXP, True),
        (issued, labels.CLAIM_NBF, shown, labels.CLAIM_IAT, False),
    ):
        if first in earlier and second in later:
            _compare(cwt.moment(earlier, first), cwt.moment(later, second), strict=strict)


def _in_order(claims: cwt.Claims, pair: tuple[int, int], *, strict: bool) -> None:
    if pair[0] in claims and pair[1] in claims:
        _compare(cwt.moment(claims, pair[0]), cwt.moment(claims, pair[1]), strict=strict)


def _compare(earlier: UnixTime, later: UnixTime, *, strict: bool) -> None:
    if earlier > later or (strict and earlier == later):
        raise TimeOrderError("moments that contradict one another")


def _check_moments(claims: cwt.Claims, at: UnixTime) -> None:
    # RFC 8392 sections 3.1.4 and 3.1.5.
    if labels.CLAIM_EXP in claims and at >= cwt.moment(claims, labels.CLAIM_EXP):
        raise TimeOrderError("expired")
    if labels.CLAIM_NBF in claims and at < cwt.moment(claims, labels.CLAIM_NBF):
        raise TimeOrderError("not yet valid")


def _validated(issued: _Parts, key_binding: cwt.Claims | None) -> ForeignClaims:
    disclosures = issued.unprotected.get(labels.HDR_SD_CLAIMS, ())
    if not isinstance(disclosures, tuple):
        raise DisclosureShape("sd_claims is not an array")
    restored = redaction.restore(issued.payload, tuple(_encoded(disclosures)), never_redacted=redaction.NEVER_REDACTED)
    return ForeignClaims(restored.claims, restored.hidden, key_binding)


def _encoded(disclosures: tuple[cbor.Value, ...]) -> Iterable[bytes]:
    for each in disclosures:
        if not isinstance(each, bytes):
            raise DisclosureShape("a disclosure that is not a byte string")
        yield each


def _redacts(value: cbor.Value) -> bool:
    if isinstance(value, cbor.Tagged):
        return value.tag == labels.TAG_REDACTED_ELEMENT or _redacts(value.value)
    if isinstance(value, Mapping):
        return cbor.Simple.REDACTED_KEYS in value or any(map(_redacts, value.values()))
    return isinstance(value, tuple) and any(map(_redacts, value))


def _confirmation_key(cnf: cbor.Value) -> ForeignKey:
    match cnf:
        case {labels.CNF_COSE_KEY: Mapping() as cose_key}:
            return load_foreign_key(cose_key)
        case _:
            raise KeyRefused("cnf holds no COSE_Key")


def load_foreign_key(cose_key: cwt.Claims) -> ForeignKey:
    """The key of a COSE_Key with y compressed or not.

    Raises:
        KeyRefused: It is none that a profile here knows.
    """
    crv = cose_key.get(labels.KEY_CRV)
    # A map cannot be looked up, and true equals 1 in Python.
    curve = _CURVES.get(crv) if type(crv) is int else None
    x, y = cose_key.get(labels.KEY_X), cose_key.get(labels.KEY_Y)
    if cose_key.get(labels.KEY_KTY) != labels.KTY_EC2 or curve is None or not isinstance(x, bytes):
        loaded = keys.load_cose_key(cose_key)
        if isinstance(loaded, Ed25519Key):
            return loaded
        raise KeyRefused("neither an EC2 key nor an Ed25519 key")
    if isinstance(y, bool):
        point = (b"\x03" if y else b"\x02") + x
    elif isinstance(y, bytes):
        point = b"\x04" + x + y
    else:
        raise KeyRefused("y is neither a byte string nor a bool")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError:
        raise KeyRefused("not a point of its curve") from None


def _verify_signature(parts: _Parts, key: ForeignKey) -> None:
    alg = parts.protected[labels.HDR_ALG]
    message = sig_structure(parts.protected_bytes, parts.payload_bytes)
    if isinstance(key, Ed25519Key):
        if alg != Alg.ED25519:
            raise AlgError("the algorithm is not one of the key")
        key.verify(parts.signature, message)
        return
    if not isinstance(alg, int) or alg not in _HASHES or (alg == Alg.ESP256 and key.curve.key_size != 256):
        raise AlgError("the algorithm is not one of the key")
    width = (key.curve.key_size + 7) // 8
    if len(parts.signature) != 2 * width:
        raise SignatureForm(f"a signature of {len(parts.signature)} bytes")
    r, s = int.from_bytes(parts.signature[:width]), int.from_bytes(parts.signature[width:])
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_HASHES[alg]))
    except InvalidSignature:
        raise SignatureMismatch from None
