"""A credential: one SD-CWT that states a licence (PROTOCOL.md, "Credential"; CDDL in CONTRACTS.md).

`rehearse` reads what is about to be signed; only what it made is signed. `parse` gives an `UnverifiedCredential`; only
`verify` makes a `Credential` of it, and only `disclosed_licence` lets the licence's items out. Not handled here: which
key to trust (`protocol.trust_list`), clocks, status, policy.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits, mandate
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    AlgError,
    DisclosureForbidden,
    DisclosuresEmpty,
    DisclosureShape,
    IssuerSignatureInvalid,
    SchemaError,
    ShapeError,
    TimeOrderError,
)
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, Signer, VerificationKey
from protocol.labels import HolderKind, KeyAssurance, SignatureAlg
from protocol.light_dataclass import light_dataclass
from protocol.mandate import Mandate
from protocol.rehearsal import Rehearsal
from protocol.sd_cwt import items, redaction
from protocol.unixtime import UnixTime

LicenceItems = Mapping[cbor.Key, cbor.Value]
"""The map `lic`: integer keys, values by CONTRACTS.md's `val`."""

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_UNPROTECTED: Final = frozenset({labels.HDR_SD_CLAIMS})
_REQUIRED: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_SUB,
        labels.CLAIM_EXP,
        labels.CLAIM_NBF,
        labels.CLAIM_IAT,
        labels.CLAIM_CNF,
        labels.CLAIM_VCT,
        labels.CLAIM_STATUS,
        labels.CLAIM_LIC,
    }
)
_OPTIONAL: Final = frozenset({labels.CLAIM_HOLDER_KIND, labels.CLAIM_KEY_ASSURANCE, labels.CLAIM_MANDATE})
_KNOWN: Final = _REQUIRED | _OPTIONAL

ISS_PATTERN: Final = re.compile(r"[0-9]{6}\.[A-Z0-9]{1,16}", re.ASCII)
_SUB: Final = re.compile(r"[0-9A-Za-z]{10}", re.ASCII)
_STATUS_URI: Final = re.compile(r"lz:([0-9]{6})/(0|[1-9][0-9]{0,5})", re.ASCII)
_NO_KEYS: Final[frozenset[int]] = frozenset()
_HOLDER_KINDS: Final = {int(kind): kind for kind in HolderKind}
_KEY_ASSURANCES: Final = {int(assurance): assurance for assurance in KeyAssurance}


@light_dataclass(frozen=True, slots=True)
class StatusReference:
    """Where a credential's status stands: list `lz:<region>/<number>`, entry idx (Token Status List section 6.3)."""

    uri: str
    idx: int

    @property
    def region(self) -> str:
        return self.uri[3:9]


@light_dataclass(frozen=True, slots=True)
class CredentialClaims:
    """What an issuer states besides the licence's items.

    `exp` is technical (≤ 120 days after `iat`); legal dates are items of the licence. All moments are local midnights.
    """

    iss: str
    sub: str
    exp: UnixTime
    nbf: UnixTime
    iat: UnixTime
    cnf: Mapping[cbor.Key, cbor.Value]
    vct: int
    status: StatusReference
    holder_kind: HolderKind | None
    key_assurance: KeyAssurance
    mandate: Mandate | None = None
    """Set where the holder of the key acts for the licence's holder. It takes a key of `KeyUse.MANDATE` to say so."""

    @property
    def region(self) -> str:
        """The issuer's region: six digits of GB/T 2260."""
        return self.iss[:6]


@light_dataclass(frozen=True, slots=True)
class UnverifiedCredential:
    """Well-formed, but nobody has checked whether the issuer said it."""

    sign1: UnverifiedSign1
    kid: bytes
    claims: CredentialClaims
    redacted_lic: LicenceItems
    encoded_disclosures: tuple[bytes, ...]


@light_dataclass(frozen=True, slots=True)
class Credential:
    """The issuer said this. Only `verify` makes one."""

    claims: CredentialClaims
    confirmation_key: VerificationKey
    redacted_lic: LicenceItems
    encoded_disclosures: tuple[bytes, ...]


@light_dataclass(frozen=True, slots=True)
class RehearsedCredential:
    """Everything of a credential but its signature, and every reader takes it. Only `rehearse` makes one."""

    unsigned: bytes
    """The bytes that the readers took, up to the signature, which is their end."""
    to_sign: bytes
    """The Sig_structure of these bytes (RFC 9052 section 4.4)."""
    alg: SignatureAlg


def rehearse(
    claims: CredentialClaims,
    lic: LicenceItems,
    disclosures: Iterable[bytes],
    *,
    key: VerificationKey,
    kid: bytes,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> RehearsedCredential:
    """What a key is about to sign, once the readers have taken it under a signature that nobody accepts.

    Args:
        claims: Everything but the items.
        lic: The redacted map (`redaction.redacted_map`).
        disclosures: Encoded disclosures of every hash in it.
        key: The assertion key that is going to sign.
        kid: Its 8-byte identifier.
        algorithms: The table of whoever is to read it.

    Raises:
        ProtocolError: It would not be accepted by `parse`, `verify` or `disclosed_licence`.
    """
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: claims.iss,
        labels.CLAIM_SUB: claims.sub,
        labels.CLAIM_EXP: claims.exp,
        labels.CLAIM_NBF: claims.nbf,
        labels.CLAIM_IAT: claims.iat,
        labels.CLAIM_CNF: {labels.CNF_COSE_KEY: claims.cnf},
        labels.CLAIM_VCT: claims.vct,
        labels.CLAIM_STATUS: status_value(claims.status),
        labels.CLAIM_LIC: lic,
    }
    if claims.holder_kind is not None:
        payload[labels.CLAIM_HOLDER_KIND] = int(claims.holder_kind)
    if claims.key_assurance is not KeyAssurance.SOFTWARE:
        payload[labels.CLAIM_KEY_ASSURANCE] = int(claims.key_assurance)
    if claims.mandate is not None:
        if claims.mandate.contradictions(region=claims.region, vct=claims.vct):
            raise SchemaError("a mandate for another licence than its own parent's")
        payload[labels.CLAIM_MANDATE] = mandate.to_value(claims.mandate)
    sd_claims = tuple(disclosures)
    throwaway = Rehearsal(key)
    structure = cose_sign1.sign1(
        {labels.HDR_KID: kid, labels.HDR_TYP: labels.TYP_CREDENTIAL},
        cbor.encode(payload),
        throwaway,
        unprotected={labels.HDR_SD_CLAIMS: sd_claims} if sd_claims else {},
    )
    # Nothing leaves the issuer that a terminal would refuse: the same reader, on the bytes that will leave.
    encoded = cbor.encode(structure)
    unverified = parse(cbor.decode(encoded), algorithms=algorithms)
    disclosed_licence(verify(unverified, throwaway.public_key, algorithms=algorithms))
    return RehearsedCredential(encoded[: -limits.SIGNATURE_BYTES], unverified.sign1.sig_structure(), key.alg)


def sign(rehearsed: RehearsedCredential, signer: Signer) -> bytes:
    """The SD-CWT with all its disclosures, as the wallet receives it.

    Raises:
        AlgError: The signer has another algorithm than what was rehearsed.
        SignatureForm: What it returned is no signature.
    """
    if signer.public_key.alg != rehearsed.alg:
        raise AlgError("rehearsed for another algorithm than the signer's")
    # RFC 9052 section 4.2: the signature is the last of the four parts, and has the length that was rehearsed.
    return rehearsed.unsigned + cose_sign1.signature(signer, rehearsed.to_sign)


def issue(
    claims: CredentialClaims,
    lic: LicenceItems,
    disclosures: Iterable[bytes],
    signer: Signer,
    *,
    kid: bytes,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> bytes:
    """`rehearse` and `sign` in one. Raises: as these; nothing is returned then, and nothing was signed."""
    rehearsed = rehearse(claims, lic, disclosures, key=signer.public_key, kid=kid, algorithms=algorithms)
    return sign(rehearsed, signer)


def parse(structure: cbor.Value, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> UnverifiedCredential:
    """The parts of a decoded credential.

    Raises:
        ProtocolError: The reason names the first rule that it breaks (closed header sets, claims, forms).
    """
    sign1 = cose_sign1.parse(
        structure,
        expected_typ=labels.TYP_CREDENTIAL,
        protected_labels=_PROTECTED,
        unprotected_labels=_UNPROTECTED,
        algorithms=algorithms,
    )
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError("kid is not 8 bytes")
    payload = cbor.decode(sign1.payload)
    if not isinstance(payload, dict):
        raise ShapeError("the payload is not a map")
    claims, lic = _claims(payload)
    return UnverifiedCredential(sign1, kid, claims, lic, _sd_claims(sign1.unprotected))


def verify(
    unverified: UnverifiedCredential, assertion_key: VerificationKey, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> Credential:
    """The credential, once the issuer's signature holds and its confirmation key is a key (steps 6 and 7).

    Args:
        unverified: What `parse` gave.
        assertion_key: The key that the trust list has for this (iss, kid), and for this use and kind.
        algorithms: The table by which the confirmation key is read.

    Raises:
        AlgError, SignatureForm, IssuerSignatureInvalid, KeyRefused.
    """
    try:
        unverified.sign1.verify(assertion_key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the issuer's signature does not fit") from None
    # SD-CWT section 9 step 4.
    confirmation_key = keys.load_cose_key(unverified.claims.cnf, algorithms=algorithms)
    return Credential(unverified.claims, confirmation_key, unverified.redacted_lic, unverified.encoded_disclosures)


def disclosed_licence(credential: Credential) -> redaction.Restored:
    """The licence's items that are clear or disclosed (step 9).

    Raises:
        DisclosuresEmpty … DisclosureForbidden: A disclosure rule of SD-CWT section 9 is broken.
        SchemaError: An item has a key or value of no allowed type, or hostile text.
    """
    # Inside `lic` every key is the licence's own and may be redacted; level 1 has no redactions at all.
    restored = redaction.restore(credential.redacted_lic, credential.encoded_disclosures, never_redacted=_NO_KEYS)
    items.check(restored.claims)
    return restored


def _sd_claims(unprotected: Mapping[cbor.Key, cbor.Value]) -> tuple[bytes, ...]:
    if labels.HDR_SD_CLAIMS not in unprotected:
        return ()
    disclosures = unprotected[labels.HDR_SD_CLAIMS]
    if not isinstance(disclosures, tuple) or len(disclosures) > limits.MAX_DISCLOSURES:
        raise DisclosureShape(f"sd_claims is not an array of at most {limits.MAX_DISCLOSURES}")
    if not disclosures:
        # SD-CWT section 9 step 2.
        raise DisclosuresEmpty("an empty sd_claims")
    encoded: list[bytes] = []
    for each in disclosures:
        if not isinstance(each, bytes):
            raise DisclosureShape("a disclosure that is not a byte string")
        encoded.append(each)
    return tuple(encoded)


def _claims(payload: cwt.Claims) -> tuple[CredentialClaims, LicenceItems]:
    present = payload.keys()
    if cbor.Simple.REDACTED_KEYS in present:
        # PROTOCOL.md: the outermost level is never redacted, so nothing can override iss, exp, cnf or status.
        raise DisclosureForbidden("redactions at the outermost level")
    if not present >= _REQUIRED or not present <= _KNOWN:
        raise SchemaError("claims are missing, or there are others than a credential has")
    iss = payload[labels.CLAIM_ISS]
    sub = payload[labels.CLAIM_SUB]
    vct = payload[labels.CLAIM_VCT]
    lic = payload[labels.CLAIM_LIC]
    if not isinstance(iss, str) or not ISS_PATTERN.fullmatch(iss):
        raise SchemaError("iss is not region.authority")
    if not isinstance(sub, str) or not _SUB.fullmatch(sub):
        raise SchemaError("sub is not 10 base62 characters")
    if type(vct) is not int or vct not in labels.VCT_RANGE:
        raise SchemaError("vct is not the number of a licence kind")
    if not isinstance(lic, dict):
        raise SchemaError("lic is not a map")
    exp = cwt.moment(payload, labels.CLAIM_EXP)
    nbf = cwt.moment(payload, labels.CLAIM_NBF)
    iat = cwt.moment(payload, labels.CLAIM_IAT)
    # SD-CWT section 9 step 3.
    if not (nbf <= iat < exp):
        raise TimeOrderError("not nbf ≤ iat < exp")
    if exp - iat > limits.MAX_CREDENTIAL_LIFE:
        raise SchemaError("a technical life of more than 120 days")
    if labels.CLAIM_MANDATE in present and exp - iat > limits.MAX_MANDATE_LIFE:
        raise SchemaError("a mandate for more than 90 days")
    # Plain looks at dicts, which decoded maps are, instead of patterns and abstract mappings: these stand on the path
    # of every scan.
    confirmation = payload[labels.CLAIM_CNF]
    cnf = confirmation.get(labels.CNF_COSE_KEY) if isinstance(confirmation, dict) else None
    if not isinstance(confirmation, dict) or len(confirmation) != 1 or not isinstance(cnf, dict):
        raise SchemaError("cnf is not exactly one COSE_Key")
    return (
        CredentialClaims(
            iss=iss,
            sub=sub,
            exp=exp,
            nbf=nbf,
            iat=iat,
            cnf=cnf,
            vct=vct,
            status=status_reference(payload[labels.CLAIM_STATUS]),
            holder_kind=_holder_kind(payload),
            key_assurance=_key_assurance(payload),
            mandate=mandate.from_value(payload[labels.CLAIM_MANDATE]) if labels.CLAIM_MANDATE in present else None,
        ),
        lic,
    )


def status_value(reference: StatusReference) -> cbor.Value:
    """What stands under the status claim."""
    return {labels.STATUS_STATUS_LIST: {labels.STATUS_IDX: reference.idx, labels.STATUS_URI: reference.uri}}


def status_reference(status: cbor.Value) -> StatusReference:
    """The reference in a status claim.

    Raises:
        SchemaError: It is not exactly one index in one list of ours.
    """
    named = status.get(labels.STATUS_STATUS_LIST) if isinstance(status, dict) and len(status) == 1 else None
    if not isinstance(named, dict) or len(named) != 2:
        raise SchemaError("status is not {status_list: {idx, uri}}")
    idx, uri = named.get(labels.STATUS_IDX), named.get(labels.STATUS_URI)
    if type(idx) is not int or not 0 <= idx < 2**32 or not isinstance(uri, str) or not _STATUS_URI.fullmatch(uri):
        raise SchemaError("status has no index and list of ours")
    return StatusReference(uri, idx)


def _holder_kind(payload: cwt.Claims) -> HolderKind | None:
    value = payload.get(labels.CLAIM_HOLDER_KIND)
    if value is None and labels.CLAIM_HOLDER_KIND not in payload:
        return None
    if type(value) is not int or value not in _HOLDER_KINDS:
        raise SchemaError("holder kind is neither 1 nor 2")
    return _HOLDER_KINDS[value]


def _key_assurance(payload: cwt.Claims) -> KeyAssurance:
    if labels.CLAIM_KEY_ASSURANCE not in payload:
        return KeyAssurance.SOFTWARE
    value = payload[labels.CLAIM_KEY_ASSURANCE]
    if type(value) is not int or value not in _KEY_ASSURANCES:
        raise SchemaError("key assurance is not 0 to 3")
    return _KEY_ASSURANCES[value]
