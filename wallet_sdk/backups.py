"""A backup of a wallet for another phone: everything but the device key, under a passphrase of its own.

The device key never leaves its device, so licences come back visible and not showable (`CardState.UNBOUND`) until the
issuer binds them to the new key. Not handled here: the binding itself (an offer of the issuer), where the file goes.
"""

from dataclasses import replace
from typing import Final

from wallet_sdk import holdings, sealed_file
from wallet_sdk.device_key import OutsideKey
from wallet_sdk.errors import VaultDamaged
from wallet_sdk.holdings import Holdings
from wallet_sdk.ports import Random
from wallet_sdk.sealed_file import BACKUP_MAGIC, NONCE_BYTES, SALT_BYTES, PassphraseCost

_LEFT_BEHIND: Final = "left behind"
"""The name of no key store: a backup says which key its licences were bound to, and where that is, nobody."""


def made(held: Holdings, passphrase: str, *, cost: PassphraseCost, random: Random) -> bytes:
    """The encrypted file. Raises: PassphraseEmpty."""
    without = replace(held, device_key=OutsideKey(_LEFT_BEHIND, b"", held.device_key.public_key))
    lock = sealed_file.lock_of(passphrase, random(SALT_BYTES), cost)
    return sealed_file.seal(holdings.encode(without), lock, nonce=random(NONCE_BYTES), magic=BACKUP_MAGIC)


def opened(backup: bytes, passphrase: str) -> Holdings:
    """What is in it.

    Raises:
        VaultDamaged, VaultTooNew, PassphraseWrong, PassphraseEmpty: see these.
    """
    cost, salt = sealed_file.origin_of(backup, magic=BACKUP_MAGIC)
    if cost is None:
        raise VaultDamaged("a backup without a passphrase")
    content = sealed_file.unseal(backup, sealed_file.lock_of(passphrase, salt, cost), magic=BACKUP_MAGIC)
    return holdings.decode(content, version=sealed_file.version_of(backup, magic=BACKUP_MAGIC))


def taken_over(held: Holdings, fresh: Holdings) -> Holdings:
    """The content of a backup in a wallet that was just made."""
    return replace(held, device_key=fresh.device_key)
