"""What a vault holds, and its CBOR form: device key, roots and directories, licences, receipts, what issuers told.

Everything in it was checked before it was stored (`receiving.py`) and is authenticated by the vault, so reading it
back only checks the form. Moments are seconds; ids are the issuer's. Not handled here: older forms (`migrations.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from protocol import cbor, keys
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import Alg
from protocol.unixtime import UnixTime
from wallet_sdk import migrations, told
from wallet_sdk.device_key import OutsideKey, SoftwareKey
from wallet_sdk.errors import LicenceNotFound, VaultDamaged
from wallet_sdk.told import Told

_MAX_ITEMS: Final = 1_000_000
"""Licences and directories are byte strings, so a thousand licences are some ten thousand items."""


class _Label(IntEnum):
    ALG = 1
    SECRET = 2
    REGIONS = 3
    LICENCES = 4
    RECEIPTS = 5
    OUTSIDE_KEY = 6
    TOLD = 7


@dataclass(frozen=True, slots=True)
class Region:
    """A region that this wallet knows: its root since the first package, its newest directory in the signed form."""

    root: VerificationKey
    directory: bytes


@dataclass(frozen=True, slots=True)
class StoredLicence:
    """One licence as it was received. `group`: where the holder has put the card."""

    licence_id: str
    region: str
    credentials: tuple[bytes, ...] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    refresh_url: str | None
    received_at: UnixTime
    group: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """The holder's copy of a receipt; whoever has it can prove what was shown."""

    copy: bytes = field(repr=False)
    kept_at: UnixTime


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything. Regions by their six digits, licences by id, receipts by their SHA-256."""

    device_key: SoftwareKey | OutsideKey
    regions: Mapping[str, Region]
    licences: Mapping[str, StoredLicence]
    receipts: Mapping[str, StoredReceipt] = field(default_factory=dict)
    told: Told = told.NOTHING

    def with_licence(self, licence: StoredLicence, region: Region) -> "Holdings":
        """The same with this licence, which stays in its group, and what is now known of its region."""
        before = self.licences.get(licence.licence_id)
        if before is not None:
            licence = replace(licence, group=before.group)
        return replace(
            self,
            regions={**self.regions, licence.region: region},
            licences={**self.licences, licence.licence_id: licence},
        )

    def without_licence(self, licence_id: str) -> "Holdings":
        """The same without this licence; its receipts stay, and what was told of it. Raises: LicenceNotFound."""
        if licence_id not in self.licences:
            raise LicenceNotFound(licence_id)
        return replace(self, licences={name: each for name, each in self.licences.items() if name != licence_id})


def encode(holdings: Holdings) -> bytes:
    """The content of the vault."""
    key = holdings.device_key
    kept: dict[cbor.Key, cbor.Value] = (
        {_Label.ALG: int(key.alg), _Label.SECRET: key.secret}
        if isinstance(key, SoftwareKey)
        else {_Label.OUTSIDE_KEY: (key.store, key.handle, key.public_key.cose_key)}
    )
    return cbor.encode(
        {
            **kept,
            _Label.REGIONS: {
                name: (region.root.cose_key, region.directory) for name, region in holdings.regions.items()
            },
            _Label.LICENCES: {
                name: (each.region, each.credentials, each.portrait, each.refresh_url, each.received_at, each.group)
                for name, each in holdings.licences.items()
            },
            _Label.RECEIPTS: {name: (each.copy, each.kept_at) for name, each in holdings.receipts.items()},
            _Label.TOLD: told.encode(holdings.told),
        }
    )


def decode(content: bytes, *, version: int = migrations.CURRENT) -> Holdings:
    """What is in a vault of this version.

    Raises:
        VaultDamaged: The content has another form; the vault's own check has passed, so a faulty program wrote it.
    """
    try:
        decoded = cbor.decode(content, max_items=_MAX_ITEMS)
        if not isinstance(decoded, Mapping):
            raise VaultDamaged("its content has another form")
        match migrations.to_current(version, decoded):
            case {
                _Label.REGIONS: Mapping() as regions,
                _Label.LICENCES: Mapping() as licences,
                _Label.RECEIPTS: Mapping() as receipts,
                _Label.TOLD: what_was_told,
                **kept,
            }:
                return Holdings(
                    _device_key(kept),
                    {str(name): _region(value) for name, value in regions.items()},
                    {str(name): _licence(str(name), value) for name, value in licences.items()},
                    {str(name): _receipt(value) for name, value in receipts.items()},
                    told.decode(what_was_told),
                )
            case _:
                raise VaultDamaged("its content has another form")
    except (ProtocolError, ValueError) as wrong:
        raise VaultDamaged(f"its content has another form: {wrong}") from None


def _device_key(kept: Mapping[cbor.Key, cbor.Value]) -> SoftwareKey | OutsideKey:
    match dict(kept):
        case {_Label.ALG: int() as alg, _Label.SECRET: bytes() as secret, **rest} if not rest:
            return SoftwareKey(Alg(alg), secret)
        case {_Label.OUTSIDE_KEY: (str() as store, bytes() as handle, Mapping() as public), **rest} if not rest:
            return OutsideKey(store, handle, keys.load_cose_key(public))
        case _:
            raise VaultDamaged("its device key has another form")


def _region(value: cbor.Value) -> Region:
    match value:
        case (Mapping() as root, bytes() as directory):
            return Region(keys.load_cose_key(root), directory)
        case _:
            raise VaultDamaged("a region has another form")


def _receipt(value: cbor.Value) -> StoredReceipt:
    match value:
        case (bytes() as copy, int() as kept_at):
            return StoredReceipt(copy, UnixTime(kept_at))
        case _:
            raise VaultDamaged("a receipt has another form")


def _licence(licence_id: str, value: cbor.Value) -> StoredLicence:
    match value:
        case (
            str() as region,
            tuple() as credentials,
            (bytes() | None) as portrait,
            (str() | None) as refresh_url,
            int() as received_at,
            (str() | None) as group,
        ):
            return StoredLicence(
                licence_id,
                region,
                tuple(each for each in credentials if isinstance(each, bytes)),
                portrait,
                refresh_url,
                UnixTime(received_at),
                group,
            )
        case _:
            raise VaultDamaged("a licence has another form")
