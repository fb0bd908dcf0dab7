"""Receipts that a holder keeps: what was shown where, proved by the terminal's signature and the holder's own items.

A holder's copy (`protocol.receipt.ReceiptCopy`) has the signed receipt and the key of each MAC. Guaranteed: what is
taken is signed by a terminal of a region that this wallet knows, and vouches for at least one licence that it holds:
the MAC over the wallet's own values (layout V), or hashes of its own disclosures (layout F). Both are looked at again
whenever receipts are listed, since licences and directories change; what no longer holds is said and not hidden.

Not handled here: whether the terminal's journal has the row ("anchored"): `liangzheng receipt verify --journal`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol import cbor, receipt
from protocol.directory import WalletDirectory
from protocol.errors import ProtocolError
from protocol.labels import PREFIX_RECEIPT, Purpose, TrustTier
from protocol.licence.catalogue import Kind
from protocol.qr import envelope
from protocol.receipt import ClaimsMac, ReceiptCopy, ShownLicence, VerifiedReceipt
from protocol.unixtime import UnixTime
from wallet_sdk import terminal_request
from wallet_sdk.card_pack import HeldLicence
from wallet_sdk.holdings import StoredReceipt
from wallet_sdk.receipt_errors import ReceiptMalformed, ReceiptOfAnother, ReceiptUntrusted

MAX_KEPT: Final = 1_000
"""Some 600 kB; one for every day of three years."""


@dataclass(frozen=True, slots=True)
class ReceiptLicence:
    """One licence of the act. `licence_id` names the card that it vouches for; None: none that is held (any more)."""

    vct: int
    kind: Kind | None
    items: tuple[int, ...]
    licence_id: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What the terminal stated, once it was verified."""

    region: str
    terminal: str
    relying_party: str
    place: str
    purpose: Purpose
    reason: str
    at: UnixTime
    tier: TrustTier
    codes: tuple[str, ...]
    licences: tuple[ReceiptLicence, ...]


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt in the wallet. `stated` None: it can no longer be verified, so nothing is said of it."""

    id: str
    kept_at: UnixTime
    stated: Statement | None


def read(content: bytes) -> ReceiptCopy:
    """The copy in a file, or in the text of a code.

    Raises:
        ReceiptMalformed: There is none.
    """
    try:
        if content.startswith(PREFIX_RECEIPT.encode()):
            content = envelope.unwrap(content.decode("ascii", "replace").strip("\r\n"), expected_prefix=PREFIX_RECEIPT)
        return receipt.decode_copy(content)
    except ProtocolError as wrong:
        raise ReceiptMalformed(str(wrong)) from None


def check(
    copy: ReceiptCopy,
    *,
    directories: Mapping[str, WalletDirectory],
    licences: Iterable[HeldLicence],
    at: UnixTime,
) -> Statement:
    """What it states, if it is to be kept.

    Raises:
        ReceiptUntrusted: No known terminal signed it.
        ReceiptOfAnother: It vouches for nothing that is held.
    """
    stated = _statement(copy, directories=directories, licences=licences, at=at)
    if all(each.licence_id is None for each in stated.licences):
        raise ReceiptOfAnother
    return stated


def listed(
    kept: Mapping[str, StoredReceipt],
    *,
    directories: Mapping[str, WalletDirectory],
    licences: Iterable[HeldLicence],
    at: UnixTime,
) -> tuple[KeptReceipt, ...]:
    """Every receipt, the newest first."""
    held, found = tuple(licences), []
    for receipt_id, stored in kept.items():
        try:
            copy = read(stored.copy)
            stated: Statement | None = _statement(copy, directories=directories, licences=held, at=at)
        except (ReceiptMalformed, ReceiptUntrusted):
            stated = None
        found.append(KeptReceipt(receipt_id, stored.kept_at, stated))
    return tuple(sorted(found, key=lambda each: (each.kept_at, each.id), reverse=True))


def id_of(copy: ReceiptCopy) -> str:
    """The receipt's SHA-256, as the terminal's journal names it."""
    return sha256(copy.receipt).hexdigest()


def _statement(
    copy: ReceiptCopy,
    *,
    directories: Mapping[str, WalletDirectory],
    licences: Iterable[HeldLicence],
    at: UnixTime,
) -> Statement:
    try:
        found = receipt.verify(copy.receipt, terminal_keys=terminal_request.terminal_keys(directories), at=at)
    except ProtocolError as refused:
        raise ReceiptUntrusted(f"{refused.code}: {refused}") from None
    if len(copy.claims_keys) != len(found.receipt.shown):
        raise ReceiptUntrusted("its keys are not one for each licence")
    return _of(found, copy, directories, tuple(licences))


def _of(
    found: VerifiedReceipt,
    copy: ReceiptCopy,
    directories: Mapping[str, WalletDirectory],
    licences: tuple[HeldLicence, ...],
) -> Statement:
    certificate, stated = found.certificate, found.receipt
    kinds = {vct: kind for listed in directories.values() for vct, kind in listed.kinds.items()}
    return Statement(
        region=certificate.iss.partition(".")[0],
        terminal=certificate.terminal,
        relying_party=certificate.relying_party,
        place=certificate.place,
        purpose=stated.purpose,
        reason=stated.reason,
        at=stated.iat,
        tier=stated.tier,
        codes=stated.codes,
        licences=tuple(
            ReceiptLicence(shown.vct, kinds.get(shown.vct), tuple(sorted(shown.items)), _vouched(shown, key, licences))
            for shown, key in zip(stated.shown, copy.claims_keys, strict=True)
        ),
    )


def _vouched(shown: ShownLicence, claims_key: bytes | None, licences: tuple[HeldLicence, ...]) -> str | None:
    """Which of these licences was shown, as far as its own values prove it."""
    for licence in licences:
        if licence.kind.vct != shown.vct:
            continue
        for credential in licence.credentials:
            if isinstance(shown.commitment, ClaimsMac):
                items: dict[cbor.Key, cbor.Value] = {
                    key: item.value for key, item in credential.items.items() if key in shown.items
                }
                try:
                    receipt.check_claims_mac(shown, claims_key=claims_key or b"", items=items)
                except ProtocolError:
                    continue
                return licence.stored.licence_id
            if set(shown.commitment.hashes) <= set(receipt.redacted_hashes(credential.disclosures).hashes):
                return licence.stored.licence_id
    return None
