"""Terminal certificates: which terminal this is, where, for whom, and the most that it may ask for.

A CWT (RFC 8392, typ `lz-terminal`) by the region's terminal key, for at most 7 days. What a terminal signs (challenges,
receipts) carries it in kcwt (RFC 9528), so that anybody who has the regions' terminal keys can check it offline.

Guaranteed by `verify`: exact type, closed headers, the region's signature under a key of use `terminal`. Not handled
here: whether the certificate covers a moment; a challenge asks that about now, a receipt about its own time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    Code,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    ProtocolError,
    SchemaError,
    ShapeError,
    TimeOrderError,
)
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyUse, Purpose
from protocol.sd_cwt.credential import ISS_PATTERN
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime

Items = Mapping[int, frozenset[int]]
"""Licence kind (vct) → `lic` keys; names of items, never values."""
TerminalKeys = Mapping[tuple[str, bytes], TrustAnchor]
"""The regions' terminal keys by (iss, kid), as in a trust list; anchors of another use are passed over."""

SIGNED_BY_TERMINAL: Final = frozenset({labels.HDR_ALG, labels.HDR_KCWT, labels.HDR_TYP})
"""The protected header of everything that a terminal signs."""
_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_SUB,
        labels.CLAIM_EXP,
        labels.CLAIM_IAT,
        labels.CLAIM_CNF,
        labels.CLAIM_PLACE,
        labels.CLAIM_RELYING_PARTY,
        labels.CLAIM_MAXIMA,
    }
)
_TERMINAL: Final = re.compile(r"[0-9A-Za-z-]{1,24}", re.ASCII)
_PURPOSES: Final = frozenset(Purpose)


class TerminalSignatureInvalid(ProtocolError):
    """The terminal's signature does not fit; its certificate did."""

    code = Code.E_SIG_ISSUER


@dataclass(frozen=True, slots=True)
class TerminalCertificate:
    """Which terminal this is, and the most that it may ask for. `iss` is the region's authority.

    `maxima` maps each scene (purpose) that the terminal serves to the items of each kind that it may ask for there.
    """

    iss: str
    terminal: str
    place: str
    relying_party: str
    maxima: Mapping[Purpose, Items]
    key: VerificationKey
    iat: UnixTime
    exp: UnixTime

    @property
    def audience(self) -> str:
        """The aud of every answer to this terminal's challenges."""
        return f"lz:t/{self.terminal}"


@dataclass(frozen=True, slots=True)
class UnverifiedCertificate:
    """Well-formed, but nobody has checked whether the region said it."""

    sign1: UnverifiedSign1
    kid: bytes
    claims: TerminalCertificate


def certify(certificate: TerminalCertificate, signer: Signer) -> bytes:
    """The signed bytes of a certificate, by the region's terminal key.

    Raises:
        ProtocolError: A wallet would refuse it; nothing is returned.
    """
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: certificate.iss,
        labels.CLAIM_SUB: certificate.terminal,
        labels.CLAIM_EXP: certificate.exp,
        labels.CLAIM_IAT: certificate.iat,
        labels.CLAIM_CNF: {labels.CNF_COSE_KEY: certificate.key.cose_key},
        labels.CLAIM_PLACE: certificate.place,
        labels.CLAIM_RELYING_PARTY: certificate.relying_party,
        labels.CLAIM_MAXIMA: {int(scene): items_value(items) for scene, items in certificate.maxima.items()},
    }
    protected: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_TERMINAL,
    }
    encoded = cbor.encode(cose_sign1.sign1(protected, cbor.encode(payload), signer))
    # Nothing leaves the region that a wallet would refuse: the same reader, on the bytes that were made.
    parse(cbor.decode(encoded))
    return encoded


def parse(structure: cbor.Value) -> UnverifiedCertificate:
    """The parts of a decoded certificate.

    Raises:
        ProtocolError: The reason names the first rule of form that it breaks.
    """
    sign1 = cose_sign1.parse(structure, expected_typ=labels.TYP_TERMINAL, protected_labels=_PROTECTED)
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError(f"kid is not {limits.KID_BYTES} bytes")
    return UnverifiedCertificate(sign1, kid, _claims(cbor.decode(sign1.payload)))


def verify(unverified: UnverifiedCertificate, *, terminal_keys: TerminalKeys, at: UnixTime) -> TerminalCertificate:
    """The certificate, once the region's signature holds. Whether it covers a moment is the caller's next question.

    Raises:
        IssuerUnknown: No terminal key has this (iss, kid).
        IssuerExpired: That key may not have signed then, or must no longer be relied on.
        AlgError, SignatureForm, IssuerSignatureInvalid: The signature.
    """
    claims = unverified.claims
    anchor = terminal_keys.get((claims.iss, unverified.kid))
    if anchor is None or anchor.use is not KeyUse.TERMINAL:
        raise IssuerUnknown("no terminal key has this issuer and key identifier")
    if claims.iat > anchor.sign_until or at > anchor.verify_until:
        raise IssuerExpired("the region's terminal key had ended")
    try:
        unverified.sign1.verify(anchor.key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the region's signature does not fit the certificate") from None
    return claims


def carried_in(sign1: UnverifiedSign1) -> UnverifiedCertificate:
    """The certificate that something signed by a terminal carries in kcwt.

    Raises:
        KcwtError: There is no COSE_Sign1 in it.
        ProtocolError: As `parse`.
    """
    kcwt = sign1.protected[labels.HDR_KCWT]
    if not isinstance(kcwt, cbor.Tagged):
        raise KcwtError("kcwt is not a terminal certificate")
    return parse(kcwt)


def verify_by_terminal(sign1: UnverifiedSign1, certificate: TerminalCertificate) -> None:
    """Return if the certified terminal signed this.

    Raises:
        AlgError, SignatureForm, TerminalSignatureInvalid.
    """
    try:
        sign1.verify(certificate.key)
    except keys.SignatureMismatch:
        raise TerminalSignatureInvalid("the terminal's signature does not fit") from None


def _claims(payload: cbor.Value) -> TerminalCertificate:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a terminal certificate")
    iss, terminal = payload[labels.CLAIM_ISS], payload[labels.CLAIM_SUB]
    if not isinstance(iss, str) or not ISS_PATTERN.fullmatch(iss):
        raise SchemaError("iss is not region.authority")
    if not isinstance(terminal, str) or not _TERMINAL.fullmatch(terminal):
        raise SchemaError("the terminal's name is not 1 to 24 letters, digits and hyphens")
    cose_key = cwt.confirmation_key(payload)
    maxima = payload[labels.CLAIM_MAXIMA]
    if not isinstance(maxima, Mapping) or not maxima:
        raise SchemaError("a terminal without scenes")
    iat, exp = lifetime(payload, longest=limits.MAX_CERTIFICATE_LIFE)
    return TerminalCertificate(
        iss=iss,
        terminal=terminal,
        place=shown_text(payload, labels.CLAIM_PLACE, max_characters=limits.MAX_SHOWN_NAME),
        relying_party=shown_text(payload, labels.CLAIM_RELYING_PARTY, max_characters=limits.MAX_SHOWN_NAME),
        maxima={
            read_purpose(scene): read_items(items, max_kinds=limits.MAX_CERTIFICATE_KINDS)
            for scene, items in maxima.items()
        },
        key=keys.load_cose_key(cose_key),
        iat=iat,
        exp=exp,
    )


# Claims that a challenge and a receipt have in common with the certificate.


def lifetime(payload: cwt.Claims, *, longest: int, begins: int = labels.CLAIM_IAT) -> tuple[UnixTime, UnixTime]:
    """The moment at which it begins, by this claim, and exp.

    Raises:
        TimeTypeError: One of them is no moment.
        TimeOrderError: It ends before it begins.
        SchemaError: Longer than this kind of object lives.
    """
    begin, exp = cwt.moment(payload, begins), cwt.moment(payload, labels.CLAIM_EXP)
    if not begin < exp:
        raise TimeOrderError(f"not {'iat' if begins == labels.CLAIM_IAT else 'nbf'} < exp")
    if exp - begin > longest:
        raise SchemaError(f"a life of more than {longest} seconds")
    return begin, exp


def read_purpose(value: cbor.Value | cbor.Key) -> Purpose:
    """The purpose of this letter's number.

    Raises:
        SchemaError: There is none.
    """
    if type(value) is not int or value not in _PURPOSES:
        raise SchemaError("a purpose that is none")
    return Purpose(value)


def shown_text(payload: cwt.Claims, label: int, *, max_characters: int) -> str:
    """A text that a person reads: harmless, visible, not padded with spaces.

    Raises:
        SchemaError: It is none, or too long.
    """
    # UTF-8 takes at most 4 bytes for one character.
    text = cwt.text(payload, label, max_bytes=4 * max_characters)
    if len(text) > max_characters or text != text.strip():
        raise SchemaError(f"claim {label} has more than {max_characters} characters, or blank ends")
    return text


def items_value(items: Items) -> cbor.Value:
    """Kinds and items as they are written: each kind's keys ascending."""
    return {vct: tuple(sorted(keys_of_kind)) for vct, keys_of_kind in items.items()}


def read_items(value: cbor.Value, *, max_kinds: int) -> Items:
    """Kinds and items as they were written.

    Raises:
        SchemaError: No kind, too many, or item keys that are not ascending, or name a group instead of an item.
    """
    if not isinstance(value, Mapping) or not 0 < len(value) <= max_kinds:
        raise SchemaError(f"not 1 to {max_kinds} kinds with their items")
    return {read_kind(vct): read_item_keys(item_keys) for vct, item_keys in value.items()}


def read_kind(vct: cbor.Value | cbor.Key) -> int:
    """The number of a licence kind.

    Raises:
        SchemaError: It is none.
    """
    if type(vct) is not int or vct not in labels.VCT_RANGE:
        raise SchemaError("a kind that is none")
    return vct


def read_item_keys(value: cbor.Value) -> frozenset[int]:
    """The items of one kind, as they were written.

    Raises:
        SchemaError: None, too many, not ascending, or a group instead of an item.
    """
    if not isinstance(value, tuple) or not 0 < len(value) <= limits.MAX_DISCLOSURES:
        raise SchemaError(f"not 1 to {limits.MAX_DISCLOSURES} items")
    found: list[int] = []
    for key in value:
        if type(key) is not int or key in labels.GROUP_KEYS:
            raise SchemaError("an item key that is none")
        if found and key <= found[-1]:
            # One set, one form.
            raise SchemaError("item keys that are not ascending")
        found.append(key)
    return frozenset(found)
