"""Receipts (核验回执): what a terminal checked, when, why and with which verdict, and never what the items said.

A COSE_Sign1 by the terminal's key with its certificate in kcwt, so that anybody who has the regions' terminal keys can
check it years later (TERMINAL.md, "Receipt"). It commits to the presentation by SHA-256(Sig_structure of the KBT), and
to what was shown by the redacted claim hashes (layout F: the holder still has salts and values) or by HMAC-SHA256(k,
items) (layout V: a hash without a secret would give an identity number away in seconds). k stands in the holder's copy
and the case file only. `ReceiptCopy` is that copy.

Not handled here: whether the journal really has that row ("anchored"), names of kinds and items (the catalogue's), and
drawing k and reading clocks.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, terminal_certificate, terminal_statement
from protocol.errors import DisclosureOrphan, SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import Signer
from protocol.labels import Purpose, TrustTier
from protocol.sd_cwt import disclosure
from protocol.sd_cwt.credential import LicenceItems
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime

HASH_BYTES: Final = 32
CLAIMS_KEY_BYTES: Final = 32
FRESHNESS_GRADES: Final = range(6)
"""The columns of the verdict's matrix: ≤ 5 min, ≤ 1 h, ≤ 24 h, ≤ 72 h, ≤ 7 d, unknown (docs/verification.md)."""

_REQUIRED: Final = frozenset(
    {
        labels.CLAIM_IAT,
        labels.CLAIM_PURPOSE,
        labels.CLAIM_REASON,
        labels.CLAIM_SHOWN,
        labels.CLAIM_VERDICT,
        labels.CLAIM_FRESHNESS,
        labels.CLAIM_JOURNAL,
    }
)
_KNOWN: Final = _REQUIRED | {labels.CLAIM_CHALLENGE}
_CODE: Final = re.compile(r"[EW]_[A-Z0-9_]{1,30}", re.ASCII)
_TIERS: Final = frozenset(TrustTier)


@dataclass(frozen=True, slots=True)
class RedactedHashes:
    """Layout F: SHA-256 of each disclosure that was shown, ascending."""

    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ClaimsMac:
    """Layout V: HMAC-SHA256 over kind and items, under a key of this receipt's copies."""

    mac: bytes


@dataclass(frozen=True, slots=True)
class ShownLicence:
    """One licence of the act: its kind, the `lic` keys of the items shown, and what the receipt vouches for.

    `presentation` is the replay key: SHA-256 of the KBT's Sig_structure.
    """

    vct: int
    items: frozenset[int]
    presentation: bytes
    commitment: RedactedHashes | ClaimsMac


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a terminal states about one act. `challenge` is the whole digest of the LC1 that was answered, if any."""

    purpose: Purpose
    reason: str
    shown: tuple[ShownLicence, ...]
    tier: TrustTier
    codes: tuple[str, ...]
    freshness: int
    iat: UnixTime
    journal_position: int
    journal_head: bytes
    challenge: bytes | None


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """The certified terminal said this. Only `verify` makes one."""

    certificate: TerminalCertificate
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class ReceiptCopy:
    """The holder's copy: the signed receipt, and for each shown licence the key of its MAC, or None in layout F."""

    receipt: bytes
    claims_keys: tuple[bytes | None, ...]


def redacted_hashes(encoded_disclosures: tuple[bytes, ...]) -> RedactedHashes:
    """The commitment of layout F, of the disclosures as they stand in sd_claims.

    Raises:
        DisclosureShape: One of them is none.
    """
    return RedactedHashes(tuple(sorted({disclosure.parse(each).redacted_claim_hash for each in encoded_disclosures})))


def claims_mac(claims_key: bytes, vct: int, items: LicenceItems) -> ClaimsMac:
    """The commitment of layout V.

    Args:
        claims_key: 32 random bytes, drawn for this licence of this receipt alone.
        vct: Its kind.
        items: The items that were shown, with their values.

    Raises:
        ShapeError: The key has another length; HMAC would take it silently.
    """
    if len(claims_key) != CLAIMS_KEY_BYTES:
        raise ShapeError(f"a claims key of {len(claims_key)} bytes")
    message = cbor.encode((labels.TYP_RECEIPT, vct, items))
    return ClaimsMac(hmac.digest(claims_key, message, "sha256"))


def check_claims_mac(shown: ShownLicence, *, claims_key: bytes, items: LicenceItems) -> None:
    """Return if these items, with these values, are the ones that were shown.

    Raises:
        DisclosureOrphan: They are not, or the key is another one.
        ShapeError: The licence was shown in layout F, or the key is none.
    """
    if not isinstance(shown.commitment, ClaimsMac):
        raise ShapeError("this licence is vouched for by hashes")
    expected = claims_mac(claims_key, shown.vct, items).mac
    if items.keys() != shown.items or not hmac.compare_digest(expected, shown.commitment.mac):
        raise DisclosureOrphan("the receipt does not vouch for these items")


def check_disclosures(shown: ShownLicence, encoded_disclosures: tuple[bytes, ...]) -> None:
    """Return if exactly these disclosures were shown.

    Raises:
        DisclosureOrphan: They were not, or others besides.
        ShapeError: The licence was shown in layout V.
    """
    if not isinstance(shown.commitment, RedactedHashes):
        raise ShapeError("this licence is vouched for by a MAC")
    if redacted_hashes(encoded_disclosures) != shown.commitment:
        raise DisclosureOrphan("the receipt does not vouch for these disclosures")


def sign(receipt: Receipt, *, certificate: bytes, signer: Signer) -> bytes:
    """The signed bytes of a receipt.

    Args:
        receipt: What is stated.
        certificate: The terminal's certificate as the region gave it; it covers the receipt's moment.
        signer: The terminal's key.

    Raises:
        ProtocolError: Nobody would accept it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_IAT: receipt.iat,
        labels.CLAIM_PURPOSE: int(receipt.purpose),
        labels.CLAIM_REASON: receipt.reason,
        labels.CLAIM_SHOWN: tuple(_shown_value(each) for each in receipt.shown),
        labels.CLAIM_VERDICT: (int(receipt.tier), receipt.codes),
        labels.CLAIM_FRESHNESS: receipt.freshness,
        labels.CLAIM_JOURNAL: (receipt.journal_position, receipt.journal_head),
    }
    if receipt.challenge is not None:
        payload[labels.CLAIM_CHALLENGE] = receipt.challenge
    content = cbor.encode(payload)
    _receipt(cbor.decode(content), certified)
    return terminal_statement.sign(
        content, typ=labels.TYP_RECEIPT, certificate=structure, certified=certified, signer=signer
    )


def verify(encoded: bytes, *, terminal_keys: TerminalKeys, at: UnixTime) -> VerifiedReceipt:
    """The receipt, once both signatures hold.

    1. Size, strict CBOR, shape, typ and closed header sets. 2. (iss, kid) of the certificate is a region's terminal
    key. 3. The region's signature. 4. The terminal's signature. 5. The receipt's claims; its moment lies within the
    certificate and not ahead of the reader's clock.

    Raises:
        SizeError: Longer than `limits.MAX_RECEIPT_BYTES`.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_RECEIPT_BYTES:
        raise SizeError(f"a receipt of {len(encoded)} bytes")
    # Steps 1 to 4.
    certificate, payload = terminal_statement.verified(
        encoded, typ=labels.TYP_RECEIPT, terminal_keys=terminal_keys, at=at
    )
    # Step 5.
    receipt = _receipt(payload, certificate)
    if receipt.iat > at + limits.CLOCK_SKEW:
        raise TimeOrderError("a receipt of a moment that has not come")
    return VerifiedReceipt(certificate, receipt)


def encode_copy(copy: ReceiptCopy) -> bytes:
    """The holder's copy as bytes; whoever has it can prove what was shown, so it goes to nobody else."""
    return cbor.encode((copy.receipt, copy.claims_keys))


def decode_copy(encoded: bytes) -> ReceiptCopy:
    """The copy in these bytes; the receipt in it has not been verified.

    Raises:
        SizeError, CborError, ShapeError: Not a copy.
    """
    if len(encoded) > limits.MAX_RECEIPT_BYTES:
        raise SizeError(f"a copy of {len(encoded)} bytes")
    match cbor.decode(encoded):
        case (bytes() as receipt, tuple() as claims_keys) if 0 < len(claims_keys) <= limits.MAX_WANTED_KINDS:
            return ReceiptCopy(receipt, tuple(_claims_key(each) for each in claims_keys))
        case _:
            raise ShapeError("not a receipt with its keys")


def _claims_key(value: cbor.Value) -> bytes | None:
    if value is not None and not (isinstance(value, bytes) and len(value) == CLAIMS_KEY_BYTES):
        raise ShapeError(f"a claims key that is not {CLAIMS_KEY_BYTES} bytes")
    return value


def _receipt(payload: cbor.Value, certificate: TerminalCertificate) -> Receipt:
    if not isinstance(payload, Mapping) or not _REQUIRED <= payload.keys() <= _KNOWN:
        raise ShapeError("the payload has not exactly the claims of a receipt")
    iat = cwt.moment(payload, labels.CLAIM_IAT)
    if not certificate.iat <= iat <= certificate.exp:
        raise TimeOrderError("a receipt beyond its certificate")
    shown = payload[labels.CLAIM_SHOWN]
    if not isinstance(shown, tuple) or not 0 < len(shown) <= limits.MAX_WANTED_KINDS:
        raise SchemaError(f"not 1 to {limits.MAX_WANTED_KINDS} licences")
    freshness = payload[labels.CLAIM_FRESHNESS]
    if type(freshness) is not int or freshness not in FRESHNESS_GRADES:
        raise SchemaError("a freshness grade that is none")
    match payload[labels.CLAIM_JOURNAL]:
        case (int() as position, head) if type(position) is int and position >= 1:
            journal_head = _digest(head)
        case _:
            raise SchemaError("journal is not a position and a head")
    licences = tuple(_shown(each) for each in shown)
    if len({each.presentation for each in licences}) != len(licences):
        raise SchemaError("one presentation twice")
    tier, codes = _verdict(payload[labels.CLAIM_VERDICT])
    return Receipt(
        purpose=terminal_certificate.read_purpose(payload[labels.CLAIM_PURPOSE]),
        reason=terminal_certificate.shown_text(
            payload, labels.CLAIM_REASON, max_characters=limits.MAX_REASON_CHARACTERS
        ),
        shown=licences,
        tier=tier,
        codes=codes,
        freshness=freshness,
        iat=iat,
        journal_position=position,
        journal_head=journal_head,
        challenge=_digest(payload[labels.CLAIM_CHALLENGE]) if labels.CLAIM_CHALLENGE in payload else None,
    )


def _verdict(value: cbor.Value) -> tuple[TrustTier, tuple[str, ...]]:
    match value:
        case (int() as tier, tuple() as codes) if type(tier) is int and tier in _TIERS:
            pass
        case _:
            raise SchemaError("verdict is not a tier and its codes")
    texts = tuple(_code(each) for each in codes)
    if len(texts) > limits.MAX_RECEIPT_CODES or len(set(texts)) != len(texts):
        raise SchemaError("too many codes, or one twice")
    # CONTRACTS.md, built-in classes: an E_ code refuses, and nothing else does; a receipt cannot say otherwise.
    if any(each.startswith("E_") for each in texts) is not (tier == TrustTier.CONTRAINDICATED):
        raise SchemaError("a verdict that its codes contradict")
    return TrustTier(tier), texts


def _code(value: cbor.Value) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise SchemaError("a code that has not its form")
    return value


def _shown_value(shown: ShownLicence) -> cbor.Value:
    commitment = shown.commitment
    return (
        shown.vct,
        tuple(sorted(shown.items)),
        shown.presentation,
        commitment.hashes if isinstance(commitment, RedactedHashes) else commitment.mac,
    )


def _shown(value: cbor.Value) -> ShownLicence:
    match value:
        case (vct, items, presentation, tuple() as hashes):
            commitment: RedactedHashes | ClaimsMac = _hashes(hashes)
        case (vct, items, presentation, mac):
            commitment = ClaimsMac(_digest(mac))
        case _:
            raise SchemaError("a shown licence is not [kind, items, presentation, commitment]")
    return ShownLicence(
        vct=terminal_certificate.read_kind(vct),
        items=terminal_certificate.read_item_keys(items),
        presentation=_digest(presentation),
        commitment=commitment,
    )


def _hashes(value: tuple[cbor.Value, ...]) -> RedactedHashes:
    hashes = tuple(_digest(each) for each in value)
    if not 0 < len(hashes) <= limits.MAX_DISCLOSURES or list(hashes) != sorted(set(hashes)):
        # One set, one form; without any, nothing would be vouched for.
        raise SchemaError("hashes that are not ascending, none, or too many")
    return RedactedHashes(hashes)


def _digest(value: cbor.Value) -> bytes:
    if not isinstance(value, bytes) or len(value) != HASH_BYTES:
        raise SchemaError(f"a digest that is not {HASH_BYTES} bytes")
    return value
