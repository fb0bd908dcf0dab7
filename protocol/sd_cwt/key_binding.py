"""A presentation: one SD-KBT, a credential with chosen disclosures signed by the holder's device key.

`parse` gives an `UnverifiedPresentation`; `verify` checks both signatures and the disclosures and only then makes a
`Presentation` (PROTOCOL.md, order of verification, steps 4 and 6 to 9; SD-CWT sections 8 and 9). Not handled here:
the trust look-up between steps 4 and 6, and everything that needs a clock, a status or a policy (steps 10 to 13).
"""

import re
from hashlib import sha256
from string import ascii_lowercase
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    HeaderUnprotected,
    HolderSignatureInvalid,
    KcwtError,
    KeyBindingClaimError,
    ShapeError,
    TimeOrderError,
)
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, Signer, VerificationKey
from protocol.light_dataclass import light_dataclass
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import CredentialClaims, LicenceItems, UnverifiedCredential
from protocol.sd_cwt.known import NOTHING_KNOWN, KnownCredentials, VerifiedCredential
from protocol.unixtime import UnixTime

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KCWT, labels.HDR_TYP})
_CLAIMS: Final = frozenset({labels.CLAIM_AUD, labels.CLAIM_EXP, labels.CLAIM_IAT})
_CLAIMS_CHALLENGED: Final = _CLAIMS | {labels.CLAIM_CNONCE}
AUDIENCE_PATTERN: Final = re.compile(r"lz:([a-z]|t/[0-9A-Za-z-]{1,24}|s/[0-9A-Z]{4}|o/[!-~]{1,64})", re.ASCII)
_OPEN_AUDIENCES: Final = frozenset(f"lz:{purpose}" for purpose in ascii_lowercase)
"""Those that name a purpose and nobody; nearly all codes have one of them."""
_CNONCE_BYTES: Final = frozenset({4, 16})
"""16: the hash of a challenge; 4: the nonce of a short code (CONTRACTS.md)."""


@light_dataclass(frozen=True, slots=True)
class KeyBinding:
    """What the holder signs besides the credential."""

    aud: str
    iat: UnixTime
    exp: UnixTime
    cnonce: bytes | None


@light_dataclass(frozen=True, slots=True)
class UnverifiedPresentation:
    """Well-formed; neither signature has been checked."""

    sign1: UnverifiedSign1
    credential: UnverifiedCredential
    key_binding: KeyBinding
    known: VerifiedCredential | None
    """What is known of this credential from an earlier presentation with the same protected header."""


@light_dataclass(frozen=True, slots=True)
class Presentation:
    """Both signatures hold and every disclosure has its place. Only `verify` makes one."""

    credential: CredentialClaims
    confirmation_key: VerificationKey
    items: LicenceItems
    hidden_items: int
    key_binding: KeyBinding
    replay_key: bytes
    """SHA-256 of the KBT's Sig_structure: the same for every form of the same signed content, and for nothing else."""
    credential_digest: bytes
    """SHA-256 of the issuer's signature: the same for every presentation of one credential, and for no other one."""
    verified: VerifiedCredential
    """What a caller may remember, so that the next presentation of this credential costs less."""


def present(
    issued: bytes,
    disclosures: tuple[bytes, ...],
    key_binding: KeyBinding,
    signer: Signer,
    *,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> bytes:
    """The bytes of a presentation.

    Args:
        issued: The credential as the issuer gave it.
        disclosures: Those of its encoded disclosures that the holder lets out.
        key_binding: Audience and moments.
        signer: The device key that the credential is bound to.
        algorithms: The table of whoever is to read it.

    Raises:
        ProtocolError: The credential is none, or these bytes would be refused for their form.
    """
    structure = cbor.decode(issued)
    unverified = credential.parse(structure, algorithms=algorithms)
    shown = cbor.Tagged(
        labels.TAG_SIGN1,
        (
            unverified.sign1.protected_bytes,
            # SD-CWT section 8: without disclosures the parameter is omitted.
            {labels.HDR_SD_CLAIMS: disclosures} if disclosures else {},
            unverified.sign1.payload,
            unverified.sign1.signature,
        ),
    )
    claims: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_AUD: key_binding.aud,
        labels.CLAIM_EXP: key_binding.exp,
        labels.CLAIM_IAT: key_binding.iat,
    }
    if key_binding.cnonce is not None:
        claims[labels.CLAIM_CNONCE] = key_binding.cnonce
    _key_binding(claims)
    return cbor.encode(
        cose_sign1.sign1({labels.HDR_KCWT: shown, labels.HDR_TYP: labels.TYP_PRESENTATION}, cbor.encode(claims), signer)
    )


def parse(
    encoded: bytes, *, known: KnownCredentials = NOTHING_KNOWN, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> UnverifiedPresentation:
    """The parts of a presentation (steps 3 and 4).

    Args:
        encoded: Its bytes.
        known: Credentials that need not be read and verified once more.
        algorithms: Those that may be named.

    Raises:
        ProtocolError: The reason names the first rule that it breaks.
    """
    return parse_structure(cbor.decode(encoded), known=known, algorithms=algorithms)


def parse_structure(
    structure: cbor.Value, *, known: KnownCredentials, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> UnverifiedPresentation:
    """The same of what was decoded already, such as a member of a bundle."""
    if known is not NOTHING_KNOWN:
        protected_bytes, unprotected, content, signature = cose_sign1.shape(structure)
        found = known.find(protected_bytes)
        if found is not None and found.sign1.protected_bytes == protected_bytes and found.algorithms is algorithms:
            if unprotected:
                raise HeaderUnprotected("an unprotected header that is not empty")
            sign1 = UnverifiedSign1(protected_bytes, found.sign1.protected, unprotected, content, signature)
            return UnverifiedPresentation(sign1, found.parts, _claims(sign1), found)
    sign1 = cose_sign1.parse(
        structure, expected_typ=labels.TYP_PRESENTATION, protected_labels=_PROTECTED, algorithms=algorithms
    )
    # SD-CWT section 9 step 1.
    kcwt = sign1.protected[labels.HDR_KCWT]
    if not isinstance(kcwt, cbor.Tagged):
        raise KcwtError("kcwt is not a credential")
    key_binding = _claims(sign1)
    return UnverifiedPresentation(sign1, credential.parse(kcwt, algorithms=algorithms), key_binding, None)


def verify(
    unverified: UnverifiedPresentation,
    assertion_key: VerificationKey,
    *,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> Presentation:
    """The presentation, once both signatures and all disclosures hold (steps 6 to 9).

    Args:
        unverified: What `parse` gave.
        assertion_key: The key that the trust list has for this credential's (iss, kid), use and kind.
        algorithms: The table by which the confirmation key is read.

    Raises:
        ProtocolError: The first rule that it breaks, in the order of the steps.
    """
    parts, known = unverified.credential, unverified.known
    if known is not None and not known.serves(assertion_key, algorithms):
        known = None
    # Steps 6 and 7: the issuer's signature, the confirmation key.
    issued = known.credential if known else credential.verify(parts, assertion_key, algorithms=algorithms)
    # Step 8, SD-CWT section 9 step 5: the holder's signature under the confirmation key.
    try:
        replay_key = unverified.sign1.verify_and_hash(issued.confirmation_key)
    except keys.SignatureMismatch:
        raise HolderSignatureInvalid("the holder's signature does not fit") from None
    if known is None:
        # Step 9, SD-CWT section 9 step 8: disclosures and hashes.
        restored = credential.disclosed_licence(issued)
        digest = sha256(parts.sign1.signature).digest()
        known = VerifiedCredential(unverified.sign1, parts, issued, restored, digest, assertion_key, algorithms)
    return Presentation(
        credential=issued.claims,
        confirmation_key=issued.confirmation_key,
        items=known.restored.claims,
        hidden_items=known.restored.hidden,
        key_binding=unverified.key_binding,
        replay_key=replay_key,
        credential_digest=known.digest,
        verified=known,
    )


def check_time_relations(presentation: Presentation) -> None:
    """The relations of SD-CWT section 9 step 7 between the two tokens that need no clock.

    A presentation made after its credential's technical end is left to the caller: it is late, not contradictory, and
    the honest holder only has to refresh.

    Raises:
        TimeOrderError: One of them does not hold.
    """
    issued, shown = presentation.credential, presentation.key_binding
    if shown.iat < issued.iat or shown.iat < issued.nbf:
        raise TimeOrderError("made before its credential")
    if shown.iat < issued.exp < shown.exp:
        raise TimeOrderError("good for longer than its credential")


def _claims(sign1: UnverifiedSign1) -> KeyBinding:
    payload = cbor.decode(sign1.payload)
    if not isinstance(payload, dict):
        raise ShapeError("the payload is not a map")
    return _key_binding(payload)


def _key_binding(claims: cwt.Claims) -> KeyBinding:
    present_claims = claims.keys()
    if present_claims != _CLAIMS and present_claims != _CLAIMS_CHALLENGED:  # noqa: PLR1714 — a set of sets is slower
        # Section 8.1: iss and sub must not be present; our profile has exp always and nbf, cti never.
        raise KeyBindingClaimError("the payload is not exactly {aud, exp, iat, ? cnonce}")
    aud = claims[labels.CLAIM_AUD]
    if not isinstance(aud, str) or not (aud in _OPEN_AUDIENCES or AUDIENCE_PATTERN.fullmatch(aud)):
        raise KeyBindingClaimError("aud is none of ours")
    iat = cwt.moment(claims, labels.CLAIM_IAT)
    exp = cwt.moment(claims, labels.CLAIM_EXP)
    # SD-CWT section 9 step 7.
    if not iat < exp:
        raise TimeOrderError("not iat < exp")
    cnonce = claims.get(labels.CLAIM_CNONCE)
    if labels.CLAIM_CNONCE in present_claims and not (isinstance(cnonce, bytes) and len(cnonce) in _CNONCE_BYTES):
        raise KeyBindingClaimError("cnonce is neither 4 nor 16 bytes")
    if cnonce is None and aud not in _OPEN_AUDIENCES:
        # PROTOCOL.md: an audience that names a terminal, a site or an origin always answers a challenge.
        raise KeyBindingClaimError("this audience needs a cnonce")
    assert cnonce is None or isinstance(cnonce, bytes)
    return KeyBinding(aud, iat, exp, cnonce)
