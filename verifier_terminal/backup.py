"""A terminal's backup: everything in its directory, as one encrypted file, and the way back.

    "LZBACKUP1" ‖ salt16 ‖ nonce12 ‖ ChaCha20-Poly1305(tar.xz), what stands before it authenticated

The key comes from a passphrase by Argon2id (`passphrase`). Guaranteed: the
database in it is one moment's, also while the terminal works; a restored terminal says in its journal that it is one,
and the chain goes on from there; nothing is restored into a directory that holds anything. Not handled here: where the
file is kept. It holds the terminal's key: never let the old machine run on beside a restored one.
"""

import io
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from verifier_terminal import config
from verifier_terminal.errors import BackupDamaged, BackupFailed
from verifier_terminal.passphrase import MIN_CHARACTERS, RFC_9106_LOW_MEMORY, Cost, stretched
from verifier_terminal.replacing import replace_file, sync_folder
from verifier_terminal.store.store import ANCHOR, DATABASE

MAX_BYTES: Final = 512 * 1024 * 1024
"""What is packed and unpacked at most; statuses of 56 million licences take about 30 MiB."""
_MAGIC: Final = b"LZBACKUP1"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_MAGIC) + _SALT_BYTES + _NONCE_BYTES
_LEFT_OUT: Final = ("-wal", "-shm", "-journal", ".new")
"""Of the database a copy is packed that needs none of them; the last are files in the making."""


def make(
    directory: Path,
    file: Path,
    passphrase: str,
    *,
    random_bytes: Callable[[int], bytes],
    cost: Cost = RFC_9106_LOW_MEMORY,
) -> int:
    """Writes the backup of the terminal here, durably; gives its size in bytes.

    Raises:
        NotATerminal: There is none here.
        BackupFailed: A short passphrase, too much to pack, or the disk refused.
    """
    config.load(directory)
    if len(passphrase) < MIN_CHARACTERS:
        raise BackupFailed(f"a passphrase has at least {MIN_CHARACTERS} characters")
    if file.resolve().is_relative_to(directory.resolve()):
        raise BackupFailed("a backup inside the terminal's own directory is lost with it")
    try:
        packed = _packed(directory)
        head = _MAGIC + random_bytes(_SALT_BYTES) + random_bytes(_NONCE_BYTES)
        sealed = head + _box(passphrase, head, cost).encrypt(head[-_NONCE_BYTES:], packed, head)
        replace_file(file, sealed)
    except (OSError, sqlite3.Error) as failure:
        raise BackupFailed(str(failure)) from failure
    return len(sealed)


def restore(file: Path, directory: Path, passphrase: str, *, cost: Cost = RFC_9106_LOW_MEMORY) -> None:
    """Puts a backup into a new or empty directory.

    Raises:
        BackupFailed: The directory holds something, or the disk refused; nothing is left there.
        BackupDamaged: Another passphrase, or not the file that was written.
    """
    try:
        with file.open("rb") as opened:
            sealed = opened.read(MAX_BYTES + 1)
        if directory.exists() and any(directory.iterdir()):
            raise BackupFailed(f"{directory} is not empty")
    except OSError as failure:
        raise BackupFailed(str(failure)) from failure
    head, box = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
    if len(sealed) > MAX_BYTES or not head.startswith(_MAGIC) or len(head) != _HEAD_BYTES:
        raise BackupDamaged("it is no backup of a terminal")
    try:
        packed = _box(passphrase, head, cost).decrypt(head[-_NONCE_BYTES:], box, head)
    except InvalidTag as wrong:
        raise BackupDamaged("another passphrase, or the file has changed") from wrong
    making = directory.with_name(f".{directory.name}.restoring")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        _unpack(packed, making)
        making.rename(directory)
        sync_folder(directory.parent)
    except (OSError, tarfile.TarError, EOFError) as failure:
        raise BackupFailed(str(failure)) from failure
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _box(passphrase: str, head: bytes, cost: Cost) -> ChaCha20Poly1305:
    salt = head[len(_MAGIC) : len(_MAGIC) + _SALT_BYTES]
    return ChaCha20Poly1305(stretched(passphrase, salt, cost))


def _packed(directory: Path) -> bytes:
    # The anchor first: a journal that grows meanwhile is longer than it, which is no tampering; the reverse would be.
    anchor = directory / ANCHOR
    kept = {ANCHOR: anchor.read_bytes()} if anchor.exists() else {}
    kept[DATABASE] = _database(directory / DATABASE)
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not path.is_symlink() and name not in kept and not name.endswith(_LEFT_OUT):
            kept[name] = path.read_bytes()
    if sum(len(each) for each in kept.values()) > MAX_BYTES:
        raise BackupFailed(f"the terminal holds more than {MAX_BYTES >> 20} MiB")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=1) as archive:
        for name, content in kept.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _database(path: Path) -> bytes:
    held, copy = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True), sqlite3.connect(":memory:")
    try:
        held.backup(copy)
        return copy.serialize()
    finally:
        held.close()
        copy.close()


def _unpack(packed: bytes, directory: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:xz") as archive:
        entries = archive.getmembers()
        if sum(each.size for each in entries) > MAX_BYTES or not all(_is_plain(each) for each in entries):
            raise BackupDamaged("it holds what no backup of a terminal holds")
        for entry in entries:
            content = archive.extractfile(entry)
            assert content is not None
            target = directory / entry.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(target, content.read())
            target.chmod(0o600)


def _is_plain(entry: tarfile.TarInfo) -> bool:
    """A regular file somewhere below; who knows the passphrase wrote it, and may still have been deceived."""
    parts = PurePosixPath(entry.name).parts
    return (
        entry.isreg()
        and bool(parts)
        and not entry.name.startswith("/")
        and ".." not in parts
        and "\\" not in entry.name
    )
