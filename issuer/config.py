"""Settings that come from the environment or from files that it names; the only file of the role that reads them."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from issuer import durable_files
from issuer.errors import PassphraseRefused, StorageFailed
from issuer.keys.errors import PinRequired
from issuer.people import settings
from issuer.people.errors import ConsoleSettingsRefused
from issuer.people.settings import ConsoleSettings
from issuer.people.single_sign_on import Provider

PASSPHRASE_VARIABLE: Final = "LIANGZHENG_PASSPHRASE"  # noqa: S105 - the name of a variable, not its content
STORE_VARIABLES: Final = ("LIANGZHENG_STORE_REGION", "LIANGZHENG_STORE_KEY_ID", "LIANGZHENG_STORE_SECRET")
"""What opens the store that `issuer feed settings` names: the region as its owner calls it, key id and key."""
PIN_VARIABLE: Final = "LIANGZHENG_PKCS11_PIN"
PIN_FILE_VARIABLE: Final = "LIANGZHENG_PKCS11_PIN_FILE"
DEFAULT_PORT: Final = 8310
DEFAULT_AUTHORITY: Final = "GA"
LOOPBACK: Final = "127.0.0.1"
TRUSTED_HOSTS: Final = ("127.0.0.1", "localhost")
"""Names under which the service answers; any other Host header is refused (SECURITY.md G4, DNS rebinding)."""
REPUBLISH_SECONDS: Final = 60
LOOK_SECONDS: Final = 1
"""How often the service looks whether a change waits to be published."""
THREADS: Final = 16
CONNECTION_LIMIT: Final = 2_000
CHANNEL_TIMEOUT: Final = 10
"""SECURITY.md finding 8: with these, 300 half-open requests do not stop the service."""
MAX_BODY_BYTES: Final = 64 * 1024
MAX_UPLOAD_BYTES: Final = 17 << 20
"""Of a request as a whole; a list for the console's import is the only one so long, and the application says so."""
_MAX_PASSPHRASE_BYTES: Final = 1_024
CONSOLE_FILE: Final = "console.toml"
_MAX_SETTINGS_BYTES: Final = 4_096


def passphrase(file: Path | None) -> str | None:
    """The passphrase in this file (its first line), else in the environment, else none.

    Raises:
        PassphraseRefused: The file cannot be read, is empty, or is not UTF-8 text.
    """
    if file is None:
        return os.environ.get(PASSPHRASE_VARIABLE) or None
    try:
        lines = durable_files.read(file, max_bytes=_MAX_PASSPHRASE_BYTES).decode().splitlines()
    except (StorageFailed, UnicodeDecodeError):
        raise PassphraseRefused(
            "the passphrase file cannot be read as text", hint="Look at --passphrase-file: path, permissions, content."
        ) from None
    if not lines or not lines[0]:
        raise PassphraseRefused("the passphrase file is empty", hint="Put the passphrase on its first line.")
    return lines[0]


def pin() -> str:
    """The PIN of the token: the first line of the file that the environment names, else what it says itself.

    Raises:
        PinRequired: Neither is there.
    """
    named = os.environ.get(PIN_FILE_VARIABLE)
    if not named:
        said = os.environ.get(PIN_VARIABLE)
        if not said:
            raise PinRequired("the keys are in a token, and nobody has given its PIN")
        return said
    try:
        lines = durable_files.read(Path(named), max_bytes=_MAX_PASSPHRASE_BYTES).decode().splitlines()
    except (StorageFailed, UnicodeDecodeError):
        lines = []
    if not lines or not lines[0]:
        raise PinRequired(f"the file that {PIN_FILE_VARIABLE} names cannot be read, or is empty")
    return lines[0]


def store_credentials() -> tuple[str, str, str] | None:
    """What opens the feed's further store, from the environment; None if anything is missing."""
    region, key_id, secret = (os.environ.get(name, "") for name in STORE_VARIABLES)
    return (region, key_id, secret) if region and key_id and secret else None


def processors() -> int:
    """How many processors this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def console_settings(folder: Path, *, port: int) -> ConsoleSettings:
    """What console.toml in this folder says; without one the console is for browsers on this machine.

    Raises:
        ConsoleSettingsRefused: It cannot be read, or says what cannot be used.
    """
    file = folder / CONSOLE_FILE
    if not file.exists():
        return settings.checked(f"http://localhost:{port}", None)
    try:
        said = tomllib.loads(durable_files.read(file, max_bytes=_MAX_SETTINGS_BYTES).decode())
    except (StorageFailed, ValueError):
        raise ConsoleSettingsRefused(f"{CONSOLE_FILE} is no readable TOML") from None
    if not {"origin"} <= said.keys() <= {"origin", "oidc"}:
        raise ConsoleSettingsRefused(f"{CONSOLE_FILE} has not exactly: origin, and if wanted [oidc]")
    return settings.checked(said["origin"], _provider(folder, said["oidc"]) if "oidc" in said else None)


def _provider(folder: Path, said: Any) -> Provider:
    names = ("issuer", "client_id", "secret_file")
    if (
        not isinstance(said, dict)
        or said.keys() != set(names)
        or not all(isinstance(said[name], str) for name in names)
    ):
        raise ConsoleSettingsRefused(f"[oidc] of {CONSOLE_FILE} has not exactly these texts: {', '.join(names)}")
    try:
        secret = durable_files.read(folder / said["secret_file"], max_bytes=_MAX_SETTINGS_BYTES).decode().strip()
    except (StorageFailed, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise ConsoleSettingsRefused("the file that oidc.secret_file names cannot be read, or is empty")
    return Provider(said["issuer"], said["client_id"], secret)
