"""Where a device key may be kept that is not in the wallet's own file: a phone's key store, a keyring, a token."""

from wallet_sdk.key_stores.callback import CallbackKeyStore
from wallet_sdk.key_stores.errors import (
    KeyDeclined,
    KeyFailed,
    KeyGone,
    KeyLocked,
    KeyStoreError,
    KeyStoreMissing,
    KeyStoreUnexpected,
    KeyStoreUnusable,
)
from wallet_sdk.key_stores.keyring import KeyringKeyStore
from wallet_sdk.key_stores.pkcs11 import Pkcs11KeyStore
from wallet_sdk.key_stores.store import KeyStore

__all__ = [
    "CallbackKeyStore",
    "KeyDeclined",
    "KeyFailed",
    "KeyGone",
    "KeyLocked",
    "KeyStore",
    "KeyStoreError",
    "KeyStoreMissing",
    "KeyStoreUnexpected",
    "KeyStoreUnusable",
    "KeyringKeyStore",
    "Pkcs11KeyStore",
]
