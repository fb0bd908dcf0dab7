"""The receipts of one open wallet: taken, listed and removed under the vault's lock, as licences are.

Rules are in `kept_receipts`.
"""

from dataclasses import replace

from protocol import receipt
from wallet_sdk import kept_receipts
from wallet_sdk.holdings import StoredReceipt
from wallet_sdk.kept_receipts import KeptReceipt
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.ports import Clock
from wallet_sdk.receipt_errors import ReceiptNotFound, TooManyReceipts


class Receipts:
    """See the module."""

    def __init__(self, vault: OpenVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def take(self, content: bytes) -> KeptReceipt:
        """Keeps the holder's copy of a receipt: the bytes of its file, or the text of its code (`LR1:`).

        The same receipt again changes nothing.

        Raises:
            ReceiptMalformed, ReceiptUntrusted, ReceiptOfAnother, TooManyReceipts: It is not kept.
            VaultNotWritten, VaultBusy: It is not stored; what was there is unchanged.
        """
        copy, at = kept_receipts.read(content), self._clock()
        with self._vault.change() as (held, store):
            stated = kept_receipts.check(copy, directories=held.directories, licences=held.licences.values(), at=at)
            receipt_id, kept = kept_receipts.id_of(copy), dict(held.holdings.receipts)
            stored = kept.setdefault(receipt_id, StoredReceipt(receipt.encode_copy(copy), at))
            if len(kept) > kept_receipts.MAX_KEPT:
                raise TooManyReceipts(str(kept_receipts.MAX_KEPT))
            store(replace(held.holdings, receipts=kept))
        return KeptReceipt(receipt_id, stored.kept_at, stated)

    def listed(self) -> tuple[KeptReceipt, ...]:
        """Every receipt that is kept, verified anew, the newest first."""
        held = self._vault.current()
        kept, licences = held.holdings.receipts, held.licences.values()
        return kept_receipts.listed(kept, directories=held.directories, licences=licences, at=self._clock())

    def forget(self, wanted: str) -> str:
        """Removes a receipt for good, named by its id or a unique beginning of it; gives the whole id.

        Raises:
            ReceiptNotFound: None or several are meant.
            VaultNotWritten, VaultBusy: Nothing has changed.
        """
        with self._vault.change() as (held, store):
            receipts = held.holdings.receipts
            meant = [each for each in receipts if wanted and each.startswith(wanted)]
            if len(meant) != 1:
                raise ReceiptNotFound(repr(wanted))
            left = {name: each for name, each in receipts.items() if name != meant[0]}
            store(replace(held.holdings, receipts=left))
        return meant[0]
