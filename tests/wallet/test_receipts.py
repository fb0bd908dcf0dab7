"""Receipts in the wallet: what is kept and why, what is not, and that a vault without any still opens."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, receipt
from protocol.keys import Ed25519Signer
from protocol.labels import PREFIX_RECEIPT, Purpose, TrustTier
from protocol.qr import envelope
from protocol.receipt import ClaimsMac, Receipt, ReceiptCopy, RedactedHashes, ShownLicence
from protocol.unixtime import UnixTime
from tests.wallet.asked import Terminal
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import AT, VCT, Authority
from wallet_sdk import Card, Wallet, kept_receipts
from wallet_sdk.errors import WalletError
from wallet_sdk.receipt_errors import (
    ReceiptMalformed,
    ReceiptNotFound,
    ReceiptOfAnother,
    ReceiptUntrusted,
    TooManyReceipts,
)

KEY = b"\x09" * 32


@pytest.fixture
def terminal(authority: Authority) -> Terminal:
    return Terminal(authority)


def stated(*shown: ShownLicence, **changes: Any) -> Receipt:
    good = Receipt(
        purpose=Purpose.WINDOW,
        reason="换领驾驶证",
        shown=shown,
        tier=TrustTier.AFFIRMING,
        codes=("W_OPEN_MODE",),
        freshness=0,
        iat=UnixTime(AT),
        journal_position=7,
        journal_head=bytes(32),
        challenge=None,
    )
    return replace(good, **changes)


def by_mac(wallet: Wallet, keys: tuple[int, ...] = (1, 2, 7), *, number: int = 1, **values: Any) -> ShownLicence:
    """Layout V, over the wallet's own values unless another one is named."""
    (licence,) = wallet._current().licences.values()
    items: dict[cbor.Key, cbor.Value] = {key: licence.flexible.items[key].value for key in keys}
    items |= {int(name.removeprefix("item")): value for name, value in values.items()}
    return ShownLicence(VCT, frozenset(keys), bytes([number]) * 32, receipt.claims_mac(KEY, VCT, items))


def by_hashes(wallet: Wallet, *, number: int = 2) -> ShownLicence:
    """Layout F, over one of the wallet's own disclosures."""
    (licence,) = wallet._current().licences.values()
    commitment = receipt.redacted_hashes(licence.flexible.disclosures[:1])
    return ShownLicence(VCT, frozenset({1, 2}), bytes([number]) * 32, commitment)


def copy_of(terminal: Terminal, made: Receipt, keys: tuple[bytes | None, ...] | None = None) -> bytes:
    signed = receipt.sign(made, certificate=terminal.certificate(), signer=terminal.signer)
    usual = tuple(KEY if isinstance(each.commitment, ClaimsMac) else None for each in made.shown)
    return receipt.encode_copy(ReceiptCopy(signed, usual if keys is None else keys))


def test_a_receipt_is_kept_and_found_again(wallet: Wallet, card: Card, terminal: Terminal, clock: ManualClock) -> None:
    kept = wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet), by_hashes(wallet))))
    assert kept.stated is not None
    assert (kept.stated.relying_party, kept.stated.reason, kept.stated.terminal) == (
        "虚构市车管所",
        "换领驾驶证",
        "310000-W07",
    )
    assert [(each.licence_id, each.items) for each in kept.stated.licences] == [(card.id, (1, 2, 7)), (card.id, (1, 2))]
    clock.sleep(5)
    again = wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet), by_hashes(wallet))))
    assert (again.id, again.kept_at) == (kept.id, AT)
    assert wallet.receipts.listed() == (kept,)
    assert wallet.receipts.forget(kept.id[:8]) == kept.id
    assert wallet.receipts.listed() == ()
    assert [each.id for each in wallet.cards()] == [card.id]


def test_the_code_on_the_screen_is_read_like_the_file(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    text = envelope.wrap(copy_of(terminal, stated(by_mac(wallet))), PREFIX_RECEIPT)
    assert wallet.receipts.take(f"{text}\n".encode()).stated is not None


@pytest.mark.parametrize(
    ("forge", "error"),
    [
        (lambda wallet, terminal: b"", ReceiptMalformed),
        (lambda wallet, terminal: b"LR1:a", ReceiptMalformed),
        (lambda wallet, terminal: b"LR1:\xff", ReceiptMalformed),
        (lambda wallet, terminal: b"x" * 9_000, ReceiptMalformed),
        # The receipt alone, as it stands on a slip, has no key: it proves nothing to its holder.
        (
            lambda wallet, terminal: receipt.decode_copy(copy_of(terminal, stated(by_mac(wallet)))).receipt,
            ReceiptMalformed,
        ),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet)), (b"\x08" * 32,)), ReceiptOfAnother),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet)), (None,)), ReceiptOfAnother),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet)), (KEY, KEY)), ReceiptUntrusted),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet, item1="别人"))), ReceiptOfAnother),
        (
            lambda wallet, terminal: copy_of(
                terminal, stated(replace(by_hashes(wallet), commitment=RedactedHashes((bytes(32),))))
            ),
            ReceiptOfAnother,
        ),
        (lambda wallet, terminal: copy_of(terminal, stated(replace(by_mac(wallet), vct=65_001))), ReceiptOfAnother),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet)))[:-40] + bytes(40), ReceiptMalformed),
        (
            lambda wallet, terminal: copy_of(
                replace(terminal, certified_by=Ed25519Signer(b"\x55" * 32)), stated(by_mac(wallet))
            ),
            ReceiptUntrusted,
        ),
        (lambda wallet, terminal: copy_of(terminal, stated(by_mac(wallet), iat=UnixTime(AT + 60))), ReceiptUntrusted),
    ],
)
def test_what_is_not_the_holders_own_is_not_kept(
    wallet: Wallet, card: Card, terminal: Terminal, forge: Callable[[Wallet, Terminal], bytes], error: type[WalletError]
) -> None:
    with pytest.raises(error):
        wallet.receipts.take(forge(wallet, terminal))
    assert wallet.receipts.listed() == ()


def test_a_changed_signature_is_not_believed(wallet: Wallet, card: Card, terminal: Terminal) -> None:
    good = receipt.decode_copy(copy_of(terminal, stated(by_mac(wallet))))
    forged = bytes((*good.receipt[:-1], good.receipt[-1] ^ 1))
    with pytest.raises(ReceiptUntrusted):
        wallet.receipts.take(receipt.encode_copy(ReceiptCopy(forged, good.claims_keys)))


def test_a_licence_of_somebody_else_in_the_same_act_is_said_to_be_none_of_ours(
    wallet: Wallet, card: Card, terminal: Terminal
) -> None:
    theirs = by_mac(wallet, number=3, item1="别人")
    kept = wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet), theirs)))
    assert kept.stated is not None
    assert [each.licence_id for each in kept.stated.licences] == [card.id, None]


def test_receipts_survive_the_next_licence(
    folder: Path, wallet: Wallet, card: Card, terminal: Terminal, give: Callable[..., Card], clock: ManualClock
) -> None:
    kept = wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet))))
    clock.sleep(60)
    give(wallet)
    opened = Wallet.open(folder, clock=clock)
    assert [each.id for each in opened.receipts.listed()] == [kept.id]


def test_a_receipt_that_no_longer_verifies_is_listed_without_a_word_of_it(
    wallet: Wallet, card: Card, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet))))
    monkeypatch.setattr(kept_receipts.terminal_request, "terminal_keys", lambda _: {})
    (listed,) = wallet.receipts.listed()
    assert (listed.id, listed.stated) == (kept.id, None)


def test_no_more_than_there_is_room_for(
    wallet: Wallet, card: Card, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_receipts, "MAX_KEPT", 1)
    wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet))))
    with pytest.raises(TooManyReceipts):
        wallet.receipts.take(copy_of(terminal, stated(by_mac(wallet), reason="另一件事")))
    for wanted in ("", "zz"):
        with pytest.raises(ReceiptNotFound):
            wallet.receipts.forget(wanted)
