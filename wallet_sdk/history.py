"""What was shown when, for whom: the holder's own record, in the vault and nowhere else.

Guaranteed: a showing stands in it before its first code exists. Where the vault cannot be written just then (a full
disk, another process), the holder at a counter is not turned away: the record waits in memory, goes in with the next
one, and `is_complete` says so. The newest 2,000 are kept. A receipt that the terminal gave stands beside its use.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from protocol import limits
from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import kept_receipts
from wallet_sdk.composition import Member
from wallet_sdk.errors import VaultBusy, VaultNotWritten
from wallet_sdk.holdings import StoredUse, UsedLicence
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.kept_receipts import KeptReceipt
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.ports import Clock

MAX_KEPT: Final = 2_000
"""Two a day for three years; some 300 kB."""
_RECEIPT_WITHIN: Final = 900
"""Seconds after which a receipt belongs to another act, whatever it names: a conversation at a counter is shorter."""


@dataclass(frozen=True, slots=True)
class Use:
    """One act of showing. `licences` are ids, each with its kind and the `lic` keys that the holder let out."""

    at: UnixTime
    purpose: Purpose
    audience: str
    reason: str
    licences: tuple[UsedLicence, ...]
    receipt: KeptReceipt | None


class History:
    """The uses of one open wallet."""

    def __init__(self, vault: OpenVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._waiting: tuple[StoredUse, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everything that was shown is written down."""
        return not self._waiting

    def add(self, members: Iterable[Member], addressee: Addressee, reason: str | None) -> None:
        """Writes down that these licences are about to be shown."""
        used = tuple(
            UsedLicence(each.licence.stored.licence_id, each.licence.kind.slug, each.selection.shown)
            for each in members
        )
        use = StoredUse(self._clock(), addressee.purpose, addressee.audience, reason or "", used)
        self._waiting = (*self._waiting, use)[-MAX_KEPT:]
        self.write()

    def write(self) -> bool:
        """Writes down what waits; whether nothing waits any more."""
        waiting = self._waiting
        if not waiting:
            return True
        try:
            with self._vault.change() as (held, store):
                store(replace(held.holdings, history=(*held.holdings.history, *waiting)[-MAX_KEPT:]))
        except (VaultBusy, VaultNotWritten):
            return False
        self._waiting = self._waiting[len(waiting) :]
        return self.is_complete

    def uses(self, licence_id: str | None = None) -> tuple[Use, ...]:
        """Every use, or those of one licence, the newest first."""
        held = self._vault.current()
        receipts = kept_receipts.listed(
            held.holdings.receipts,
            directories=held.directories,
            licences=held.licences.values(),
            at=self._clock(),
        )
        stored = [*held.holdings.history, *self._waiting]
        return tuple(
            Use(each.at, each.purpose, each.audience, each.reason, each.licences, _receipt_of(each, receipts))
            for each in reversed(stored)
            if licence_id is None or any(used.licence_id == licence_id for used in each.licences)
        )

    def clear(self) -> None:
        """Forgets every use; receipts stay until they are removed one by one. Raises: VaultBusy, VaultNotWritten."""
        with self._vault.change() as (held, store):
            store(replace(held.holdings, history=()))
        self._waiting = ()


def _receipt_of(use: StoredUse, receipts: Iterable[KeptReceipt]) -> KeptReceipt | None:
    """The first receipt after it that is about its purpose and one of its licences."""
    ids = {each.licence_id for each in use.licences}
    fitting = [
        (each.stated.at, each)
        for each in receipts
        if each.stated is not None
        and each.stated.purpose is use.purpose
        and use.at - limits.CLOCK_SKEW <= each.stated.at < use.at + _RECEIPT_WITHIN
        and any(licence.licence_id in ids for licence in each.stated.licences)
    ]
    return min(fitting, key=lambda found: found[0], default=(None, None))[1]
