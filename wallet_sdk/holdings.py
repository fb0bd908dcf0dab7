"""What a vault holds: the device key, the roots and directories of regions, the licences; and its CBOR form.

Everything in it was checked before it was stored (`receiving.py`) and is authenticated by the vault, so reading it
back only checks the form. Moments are seconds; ids are the issuer's.
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
from wallet_sdk.device_key import SoftwareKey
from wallet_sdk.errors import VaultDamaged

_MAX_ITEMS: Final = 1_000_000
"""Licences and directories are byte strings, so a thousand licences are some ten thousand items."""


class _Label(IntEnum):
    ALG = 1
    SECRET = 2
    REGIONS = 3
    LICENCES = 4
    RECEIPTS = 5


@dataclass(frozen=True, slots=True)
class Region:
    """A region that this wallet knows: its root since the first package, its newest directory in the signed form."""

    root: VerificationKey
    directory: bytes


@dataclass(frozen=True, slots=True)
class StoredLicence:
    """One licence as it was received."""

    licence_id: str
    region: str
    credentials: tuple[bytes, ...] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    refresh_url: str | None
    received_at: UnixTime


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """The holder's copy of a receipt; whoever has it can prove what was shown."""

    copy: bytes = field(repr=False)
    kept_at: UnixTime


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything. Regions by their six digits, licences by id, receipts by their SHA-256."""

    device_key: SoftwareKey
    regions: Mapping[str, Region]
    licences: Mapping[str, StoredLicence]
    receipts: Mapping[str, StoredReceipt] = field(default_factory=dict)

    def with_licence(self, licence: StoredLicence, region: Region) -> "Holdings":
        """The same with this licence and what is now known of its region."""
        return replace(
            self,
            regions={**self.regions, licence.region: region},
            licences={**self.licences, licence.licence_id: licence},
        )


def encode(holdings: Holdings) -> bytes:
    """The content of the vault."""
    return cbor.encode(
        {
            _Label.ALG: int(holdings.device_key.alg),
            _Label.SECRET: holdings.device_key.secret,
            _Label.REGIONS: {
                name: (region.root.cose_key, region.directory) for name, region in holdings.regions.items()
            },
            _Label.LICENCES: {
                name: (each.region, each.credentials, each.portrait, each.refresh_url, each.received_at)
                for name, each in holdings.licences.items()
            },
            _Label.RECEIPTS: {name: (each.copy, each.kept_at) for name, each in holdings.receipts.items()},
        }
    )


def decode(content: bytes) -> Holdings:
    """What is in the vault.

    Raises:
        VaultDamaged: The content has another form; the vault's own check has passed, so a faulty program wrote it.
    """
    try:
        match cbor.decode(content, max_items=_MAX_ITEMS):
            case {
                _Label.ALG: int() as alg,
                _Label.SECRET: bytes() as secret,
                _Label.REGIONS: Mapping() as regions,
                _Label.LICENCES: Mapping() as licences,
                **further,
            }:
                # A vault that was written before receipts were kept has none.
                receipts = further.get(_Label.RECEIPTS, {})
                if not isinstance(receipts, Mapping):
                    raise VaultDamaged("its receipts have another form")
                return Holdings(
                    SoftwareKey(Alg(alg), secret),
                    {str(name): _region(value) for name, value in regions.items()},
                    {str(name): _licence(str(name), value) for name, value in licences.items()},
                    {str(name): _receipt(value) for name, value in receipts.items()},
                )
            case _:
                raise VaultDamaged("its content has another form")
    except (ProtocolError, ValueError) as wrong:
        raise VaultDamaged(f"its content has another form: {wrong}") from None


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
        ):
            return StoredLicence(
                licence_id,
                region,
                tuple(each for each in credentials if isinstance(each, bytes)),
                portrait,
                refresh_url,
                UnixTime(received_at),
            )
        case _:
            raise VaultDamaged("a licence has another form")
