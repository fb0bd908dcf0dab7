"""Challenges (LC1): what a terminal asks of a holder, signed by the terminal, with its certificate inside.

The wallet's answer carries cnonce = the first 16 bytes of SHA-256(Sig_structure of the LC1), so that the holder signs
the whole request (PROTOCOL.md, "Challenge"). Sources: RFC 9052, RFC 9528 (kcwt), RFC 9711 section 4.1 (nonce).

Not handled here: which requests are open and which are burnt, the purposes' maxima of the wallet's own directory (the
wallet holds `wanted` against them too), and drawing nonces and keys: randomness and moments are arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol import cbor, cose_sign1, labels, limits, terminal_certificate
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    Code,
    IssuerExpired,
    ProtocolError,
    SchemaError,
    ShapeError,
    TimeOrderError,
)
from protocol.keys import Signer
from protocol.labels import Purpose
from protocol.sealing import SealingKey
from protocol.terminal_certificate import Items, TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime

CNONCE_BYTES: Final = 16
_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_AUD,
        labels.CLAIM_EXP,
        labels.CLAIM_IAT,
        labels.CLAIM_NONCE,
        labels.CLAIM_WANTED,
        labels.CLAIM_REASON,
        labels.CLAIM_SEALING_KEY,
        labels.CLAIM_PURPOSE,
    }
)


class ChallengeForeign(ProtocolError):
    """A challenge whose audience is another terminal than the one in its certificate."""

    code = Code.E_AUD


class ChallengeNotOpen(ProtocolError):
    """The challenge is over, or has not begun: no answer to it will be taken."""

    code = Code.E_CNONCE


class ChallengeAhead(ChallengeNotOpen):
    """The challenge begins more than ten minutes from now: one of the two clocks is wrong."""


class WantedTooMuch(ProtocolError):
    """The terminal asks for what its certificate does not allow: another purpose, kind or item.

    Attributes:
        purpose: What it asks for.
        beyond: The items that it may not ask for.
    """

    code = Code.E_SCHEMA

    def __init__(self, message: str, *, purpose: Purpose, beyond: Items) -> None:
        self.purpose = purpose
        self.beyond = beyond
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Request:
    """What a terminal asks for: for which purpose, why (申请事由), which items of which kinds, and where to seal to."""

    purpose: Purpose
    reason: str
    wanted: Items
    nonce: bytes
    sealing_key: SealingKey
    iat: UnixTime
    exp: UnixTime


@dataclass(frozen=True, slots=True)
class Challenge:
    """Both signatures hold and the request stays within the certificate. Only `verify` makes one."""

    certificate: TerminalCertificate
    request: Request
    cnonce: bytes


def build(request: Request, *, certificate: bytes, signer: Signer) -> bytes:
    """The bytes of a challenge (text: `envelope.wrap` with prefix LC1).

    Args:
        request: What is asked; nonce and sealing key drawn for this request alone.
        certificate: The terminal's certificate as the region gave it.
        signer: The terminal's key.

    Raises:
        ProtocolError: A wallet would refuse it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_AUD: certified.audience,
        labels.CLAIM_EXP: request.exp,
        labels.CLAIM_IAT: request.iat,
        labels.CLAIM_NONCE: request.nonce,
        labels.CLAIM_WANTED: terminal_certificate.items_value(request.wanted),
        labels.CLAIM_REASON: request.reason,
        labels.CLAIM_SEALING_KEY: request.sealing_key.x,
        labels.CLAIM_PURPOSE: int(request.purpose),
    }
    content = cbor.encode(payload)
    _check_scope(_request(cbor.decode(content), certified), certified)
    protected: dict[cbor.Key, cbor.Value] = {labels.HDR_KCWT: structure, labels.HDR_TYP: labels.TYP_CHALLENGE}
    encoded = cbor.encode(cose_sign1.sign1(protected, content, signer))
    terminal_certificate.verify_by_terminal(_parse(encoded), certified)
    return encoded


def verify(encoded: bytes, *, terminal_keys: TerminalKeys, at: UnixTime) -> Challenge:
    """The challenge, as the wallet may show it to its holder.

    1. Strict CBOR, shape, typ and closed header sets of both objects. 2. (iss, kid) of the certificate is a region's
    terminal key. 3. The region's signature. 4. The certificate covers this moment. 5. The terminal's signature. 6. The
    request's claims and times. 7. It stays within the certificate.

    Raises:
        ProtocolError: The first rule that it breaks; nothing of it is to be shown.
    """
    # Step 1.
    sign1 = _parse(encoded)
    unverified = terminal_certificate.carried_in(sign1)
    # Steps 2 and 3.
    certificate = terminal_certificate.verify(unverified, terminal_keys=terminal_keys, at=at)
    # Step 4. The answer's freshness is the nonce's, so a phone's clock may be ten minutes wrong (PROTOCOL.md).
    if not certificate.iat - limits.CHALLENGED_SKEW <= at <= certificate.exp + limits.CHALLENGED_SKEW:
        raise IssuerExpired("the terminal's certificate is over, or has not begun")
    # Step 5.
    terminal_certificate.verify_by_terminal(sign1, certificate)
    # Step 6.
    request = _request(cbor.decode(sign1.payload), certificate)
    if at < request.iat - limits.CHALLENGED_SKEW:
        raise ChallengeAhead("the challenge has not begun")
    if at > request.exp + limits.CHALLENGED_SKEW:
        raise ChallengeNotOpen("the challenge is over")
    # Step 7.
    _check_scope(request, certificate)
    return Challenge(certificate, request, digest_of(sign1)[:CNONCE_BYTES])


def cnonce_of(encoded: bytes) -> bytes:
    """What a presentation must carry to answer this challenge; for the terminal that built it."""
    return challenge_digest(encoded)[:CNONCE_BYTES]


def challenge_digest(encoded: bytes) -> bytes:
    """SHA-256(Sig_structure) of a challenge, whole: what a receipt names. Verifies nothing."""
    return digest_of(_parse(encoded))


def digest_of(sign1: UnverifiedSign1) -> bytes:
    """SHA-256 of what was signed: the same for every form of the same signed content."""
    return sha256(sign1.sig_structure()).digest()


def _parse(encoded: bytes) -> UnverifiedSign1:
    return cose_sign1.parse(
        cbor.decode(encoded),
        expected_typ=labels.TYP_CHALLENGE,
        protected_labels=terminal_certificate.SIGNED_BY_TERMINAL,
    )


def _check_scope(request: Request, certificate: TerminalCertificate) -> None:
    maximum = certificate.maxima.get(request.purpose)
    if maximum is None:
        raise WantedTooMuch(
            "a purpose that the terminal's certificate does not name", purpose=request.purpose, beyond=request.wanted
        )
    beyond = {vct: items - maximum.get(vct, frozenset()) for vct, items in request.wanted.items()}
    if any(beyond.values()):
        beyond = {vct: items for vct, items in beyond.items() if items}
        raise WantedTooMuch(
            f"more of {sorted(beyond)} than the terminal's certificate allows", purpose=request.purpose, beyond=beyond
        )


def _request(payload: cbor.Value, certificate: TerminalCertificate) -> Request:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a challenge")
    if payload[labels.CLAIM_AUD] != certificate.audience:
        raise ChallengeForeign("the audience is not the certified terminal")
    nonce, key = payload[labels.CLAIM_NONCE], payload[labels.CLAIM_SEALING_KEY]
    if not isinstance(nonce, bytes) or len(nonce) != limits.CHALLENGE_NONCE_BYTES:
        raise SchemaError(f"the nonce is not {limits.CHALLENGE_NONCE_BYTES} bytes")
    if not isinstance(key, bytes):
        raise SchemaError("the sealing key is not a byte string")
    iat, exp = terminal_certificate.lifetime(payload, longest=limits.MAX_CHALLENGE_LIFE)
    if iat < certificate.iat or exp > certificate.exp:
        raise TimeOrderError("a challenge beyond its certificate")
    return Request(
        purpose=terminal_certificate.read_purpose(payload[labels.CLAIM_PURPOSE]),
        reason=terminal_certificate.shown_text(
            payload, labels.CLAIM_REASON, max_characters=limits.MAX_REASON_CHARACTERS
        ),
        wanted=terminal_certificate.read_items(payload[labels.CLAIM_WANTED], max_kinds=limits.MAX_WANTED_KINDS),
        nonce=nonce,
        sealing_key=SealingKey(key),
        iat=iat,
        exp=exp,
    )
