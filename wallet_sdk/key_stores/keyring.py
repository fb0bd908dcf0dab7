"""The operating system's keyring (Secret Service, macOS Keychain, Windows Credential Locker), by the library `keyring`.

The secret lies in the keyring and is in memory while it signs: a copy of the wallet's folder alone shows nothing. It is
a software key all the same, and says so. Needs the extra `liangzheng-wallet[keyring]`.
"""

import base64
from dataclasses import dataclass
from typing import Any, Final

from protocol.errors import KeyRefused
from protocol.labels import Alg
from wallet_sdk.device_key import SECRET_BYTES, DeviceKey, SoftwareKey, new_software_key
from wallet_sdk.key_stores.errors import KeyFailed, KeyGone, KeyLocked, KeyStoreUnusable
from wallet_sdk.ports import Random

_NAME_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class KeyringKeyStore:
    """Keys in the keyring of the user who is signed in, under this service's name."""

    random: Random
    service: str = "liangzheng-wallet"

    @property
    def name(self) -> str:
        return f"keyring:{self.service}"

    def make(self, alg: Alg) -> bytes:
        key = new_software_key(alg, self.random)
        account = self.random(_NAME_BYTES).hex()
        written = f"{int(alg)}:{base64.b64encode(key.secret).decode()}"
        self._asked("set_password", account, written)
        return account.encode()

    def key(self, handle: bytes) -> DeviceKey:
        written = self._asked("get_password", handle.decode("ascii", "replace"))
        if written is None:
            raise KeyGone(self.name)
        try:
            alg, _, secret = str(written).partition(":")
            decoded = base64.b64decode(secret, validate=True)
            if len(decoded) != SECRET_BYTES:
                raise ValueError
            return SoftwareKey(Alg(int(alg)), decoded)
        except (ValueError, KeyRefused):
            raise KeyFailed(f"{self.name} holds something that is no key") from None

    def _asked(self, function: str, *arguments: str) -> Any:
        try:
            import keyring  # noqa: PLC0415 — an extra
            from keyring import errors  # noqa: PLC0415
        except ImportError:
            raise KeyStoreUnusable("the library keyring is not installed: liangzheng-wallet[keyring]") from None
        try:
            return getattr(keyring, function)(self.service, *arguments)
        except errors.KeyringLocked:
            raise KeyLocked(self.name) from None
        except (errors.KeyringError, RuntimeError) as error:
            # "No recommended backend" is a RuntimeError there.
            raise KeyStoreUnusable(f"{self.name}: {type(error).__name__}") from None
