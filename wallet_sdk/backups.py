"""A backup of a wallet for another phone: everything but the device key, under a passphrase of its own.

The device key never leaves its device, so licences come back visible and not showable (`CardState.UNBOUND`) until the
issuer binds them to the new key. Not handled here: the binding itself (an offer of the issuer), where the file goes.
"""

from dataclasses import dataclass, replace
from typing import Final

from protocol import cbor
from wallet_sdk import holdings, sealed_file
from wallet_sdk.device_key import OutsideKey, SoftwareKey
from wallet_sdk.errors import VaultDamaged
from wallet_sdk.holdings import Holdings
from wallet_sdk.open_vault import OpenVault
from wallet_sdk.ports import Random
from wallet_sdk.sealed_file import BACKUP_MAGIC, NONCE_BYTES, SALT_BYTES, PassphraseCost

MAX_BYTES: Final = 64 * 2**20
"""A thousand licences with portraits and receipts are some 20 MB; what is longer is none of ours."""
_LEFT_BEHIND: Final = "left behind"
"""The name of no key store: a backup says which key its licences were bound to, and where that is, nobody."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in one: holdings with the public half of the key that was left behind, and the records of the history."""

    holdings: Holdings
    history: tuple[bytes, ...]


def made(vault: OpenVault, passphrase: str, *, cost: PassphraseCost, random: Random) -> bytes:
    """The encrypted file. Raises: PassphraseEmpty, VaultBusy."""
    lock = sealed_file.lock_of(passphrase, random(SALT_BYTES), cost)
    held = vault.current().holdings
    without = replace(held, device_key=OutsideKey(_LEFT_BEHIND, b"", held.device_key.public_key))
    with vault.history() as file:
        content = cbor.encode((holdings.encode(without), file.records()))
    return sealed_file.seal(content, lock, nonce=random(NONCE_BYTES), magic=BACKUP_MAGIC)


def opened(backup: bytes, passphrase: str) -> Backup:
    """What is in it.

    Raises:
        VaultDamaged, VaultTooNew, PassphraseWrong, PassphraseEmpty: see these.
    """
    cost, salt = sealed_file.origin_of(backup, magic=BACKUP_MAGIC)
    if cost is None:
        raise VaultDamaged("a backup without a passphrase")
    content = sealed_file.unseal(backup, sealed_file.lock_of(passphrase, salt, cost), magic=BACKUP_MAGIC)
    version = sealed_file.version_of(backup, magic=BACKUP_MAGIC)
    match cbor.decode(content):
        case (bytes() as held, tuple() as records):
            history = tuple(each for each in records if isinstance(each, bytes))
            return Backup(holdings.decode(held, version=version), history)
        case _:
            raise VaultDamaged("a backup with another form")


def for_device(backup: Backup, key: SoftwareKey | OutsideKey) -> Holdings:
    """What a new device with this key holds then."""
    # Cursors are sealed for the old key; and it was the old device that was lost.
    return replace(backup.holdings, device_key=key, told=backup.holdings.told.elsewhere())
