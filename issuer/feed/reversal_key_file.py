"""The offline reversal key at rest: one file under a passphrase, which no machine on a network should hold.

XSalsa20-Poly1305 under a key that Argon2id makes of the passphrase; without one no file is made. The public key lies in
a file of its own beside it, for the issuer to register.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from issuer import durable_files
from issuer.errors import KeyFileDamaged, PassphraseRefused, PassphraseRequired, StorageFailed, WrongPassphrase
from issuer.keys.box import LIBSODIUM_MODERATE, Argon2Profile
from protocol import cbor, keys
from protocol.errors import CborError, KeyRefused
from protocol.keys import Signer
from protocol.labels import Alg

MIN_PASSPHRASE: Final = 12
"""Longer than a service's: whoever finds the stick has all the time there is."""
_MAX_BYTES: Final = 512
_VERSION: Final = 1
_SECRET_BYTES: Final = 32
_MOST: Final = LIBSODIUM_MODERATE
"""A file must not make its reader work harder than this."""


def public_path(path: Path) -> Path:
    """Where the public key lies beside the private one."""
    return path.with_name(f"{path.name}.pub")


def create(
    path: Path,
    *,
    passphrase: str | None,
    random_bytes: Callable[[int], bytes],
    argon2: Argon2Profile = LIBSODIUM_MODERATE,
) -> Signer:
    """Make a key and put it to rest here, its public part beside it.

    Raises:
        PassphraseRequired, PassphraseRefused: There is none, or it is too short.
        StorageFailed: A file is there already, or cannot be written.
    """
    if passphrase is None:
        raise PassphraseRequired("the offline key never rests without a passphrase")
    if len(passphrase) < MIN_PASSPHRASE:
        raise PassphraseRefused(
            f"the passphrase has fewer than {MIN_PASSPHRASE} characters", hint="Take several words."
        )
    if path.exists() or public_path(path).exists():
        raise StorageFailed(f"{path.name} exists", hint="A key is never overwritten: choose another name.")
    secret = random_bytes(_SECRET_BYTES)
    signer = keys.signer_for(Alg.ED25519, secret)
    salt = random_bytes(pwhash.argon2id.SALTBYTES)
    box = SecretBox(_derived(passphrase, salt, argon2)).encrypt(secret, random_bytes(SecretBox.NONCE_SIZE))
    content: cbor.Value = (_VERSION, salt, argon2.passes, argon2.memory, bytes(box))
    durable_files.write_atomically(path, cbor.encode(content), mode=durable_files.PRIVATE)
    public = cbor.encode(signer.public_key.cose_key)
    durable_files.write_atomically(public_path(path), public, mode=durable_files.PUBLIC)
    return signer


def load(path: Path, *, passphrase: str | None) -> Signer:
    """The key that rests here.

    Raises:
        PassphraseRequired, WrongPassphrase: It stays closed.
        KeyFileDamaged: It is no key file.
    """
    if passphrase is None:
        raise PassphraseRequired("the offline key rests under a passphrase and none was given")
    try:
        content = cbor.decode(durable_files.read(path, max_bytes=_MAX_BYTES))
        match content:
            case (1, bytes() as salt, int() as passes, int() as memory, bytes() as box) if (
                len(salt) == pwhash.argon2id.SALTBYTES and passes <= _MOST.passes and memory <= _MOST.memory
            ):
                secret = SecretBox(_derived(passphrase, salt, Argon2Profile(passes, memory))).decrypt(box)
                return keys.signer_for(Alg.ED25519, secret)
            case _:
                raise KeyFileDamaged(f"{path.name} is no reversal key", hint=_RESTORE)
    except (CborError, KeyRefused, StorageFailed):
        raise KeyFileDamaged(f"{path.name} cannot be read as a reversal key", hint=_RESTORE) from None
    except (CryptoError, ValueError):
        raise WrongPassphrase(
            "the reversal key does not open with this passphrase", hint="Give the one that it was made with."
        ) from None


_RESTORE: Final = "Take the other copy of the key."


def _derived(passphrase: str, salt: bytes, argon2: Argon2Profile) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit=argon2.passes, memlimit=argon2.memory
    )
