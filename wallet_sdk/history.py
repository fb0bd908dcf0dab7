"""What was shown when, for whom: the holder's own record, encrypted beside the vault and nowhere else.

Guaranteed: a showing stands in it before its first code exists. Where it cannot be written just then (a full disk,
another process), the holder at a counter is not turned away: the record waits in memory, goes in with the next one, and
`is_complete` says so. At least the newest 2,000 are kept. A receipt that the terminal gave stands beside its use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol import cbor, limits
from protocol.errors import CborError
from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import kept_receipts
from wallet_sdk.composition import Member
from wallet_sdk.errors import VaultBusy, VaultDamaged, VaultNotWritten
from wallet_sdk.joint_consent import Addressee
from wallet_sdk.kept_receipts import KeptReceipt
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.ports import Clock

MAX_KEPT: Final = 2_000
"""Two a day for three years; some 300 kB. The oldest are let go of a tenth at a time."""
_RECEIPT_WITHIN: Final = 900
"""Seconds after which a receipt belongs to another act, whatever it names: a conversation at a counter is shorter."""


@dataclass(frozen=True, slots=True)
class UsedLicence:
    """One licence of a use: `kind` still says which it was when the licence is gone."""

    licence_id: str
    kind: str
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class Use:
    """One act of showing. `licences` are ids, each with its kind and the `lic` keys that the holder let out."""

    at: UnixTime
    purpose: Purpose
    audience: str
    reason: str
    licences: tuple[UsedLicence, ...]
    receipt: KeptReceipt | None


@dataclass(frozen=True, slots=True)
class _Record:
    """A use as it is written down."""

    at: UnixTime
    purpose: Purpose
    audience: str
    reason: str
    licences: tuple[UsedLicence, ...]

    def encode(self) -> bytes:
        licences = tuple((each.licence_id, each.kind, tuple(sorted(each.items))) for each in self.licences)
        return cbor.encode((self.at, int(self.purpose), self.audience, self.reason, licences))


class History:
    """The uses of one open wallet."""

    def __init__(self, vault: OpenVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._waiting: tuple[_Record, ...] = ()

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
        use = _Record(self._clock(), addressee.purpose, addressee.audience, reason or "", used)
        self._waiting = (*self._waiting, use)[-MAX_KEPT:]
        self.write()

    def write(self) -> bool:
        """Writes down what waits; whether nothing waits any more."""
        waiting = self._waiting
        if not waiting:
            return True
        try:
            with self._vault.history() as file:
                for use in waiting:
                    count = file.append(use.encode())
                    self._waiting = self._waiting[1:]
                    if count > MAX_KEPT + MAX_KEPT // 10:
                        file.replace(file.records()[-MAX_KEPT:])
        except (VaultBusy, VaultNotWritten):
            return False
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
        with self._vault.history() as file:
            stored = [*map(_decoded, file.records()), *self._waiting]
        return tuple(
            Use(each.at, each.purpose, each.audience, each.reason, each.licences, _receipt_of(each, receipts))
            for each in reversed(stored)
            if licence_id is None or any(used.licence_id == licence_id for used in each.licences)
        )

    def clear(self) -> None:
        """Forgets every use; receipts stay until they are removed one by one. Raises: VaultBusy, VaultNotWritten."""
        with self._vault.history() as file:
            file.replace(())
        self._waiting = ()


def _decoded(record: bytes) -> _Record:
    # The file's own check has passed: where the form is another, a faulty program wrote it.
    try:
        match cbor.decode(record):
            case (int() as at, int() as purpose, str() as audience, str() as reason, tuple() as licences):
                used = tuple(_used(each) for each in licences)
                return _Record(UnixTime(at), Purpose(purpose), audience, reason, used)
            case _:
                raise VaultDamaged("a use has another form")
    except (CborError, ValueError) as wrong:
        raise VaultDamaged(f"a use has another form: {wrong}") from None


def _used(value: cbor.Value) -> UsedLicence:
    match value:
        case (str() as licence_id, str() as kind, tuple() as items):
            return UsedLicence(licence_id, kind, frozenset(each for each in items if isinstance(each, int)))
        case _:
            raise VaultDamaged("a use has another form")


def _receipt_of(use: _Record, receipts: Iterable[KeptReceipt]) -> KeptReceipt | None:
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
