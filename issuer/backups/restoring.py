"""Takes a backup back, into a new folder and an empty database of either kind; and rehearses that.

1 the file is read to its end, and nothing of it is believed before · 2 files, then rows in one transaction; the
database counts on behind the highest numbers · 3 the audit trail holds, up to the end that the backup notes down · 4
lists that were open are closed, and a new epoch of the feed begins: whatever was given or published after the backup is
never given again or contradicted. What was published since is looked at where that folder is given, too.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlalchemy import Connection, Integer, func, insert, select, text

from issuer import durable_files, register_migration
from issuer import profile as profiles
from issuer.audit.reading import Head, Trail
from issuer.backups import sealed_stream
from issuer.backups.errors import BackupDamaged, BackupRefused
from issuer.errors import StorageFailed
from issuer.feed import assembling, settings
from issuer.keys.box import Argon2Profile
from issuer.profile import Places
from issuer.register import Register
from issuer.register_schema import metadata
from protocol import cbor
from protocol.unixtime import UnixTime

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup held: whose it is, of when, rows of each table, and the end of its audit trail."""

    iss: str
    at: UnixTime
    rows: Mapping[str, int]
    head: Head


def restore(
    file: Path, folder: Path, passphrase: str, *, register_url: str | None, published: Path | None, cost: Argon2Profile
) -> Restored:
    """Put a backup into this new folder; its register into a file there, or into the empty database at `register_url`.

    Steps 1 to 3; `Issuer.come_back` makes step 4.

    Raises:
        BackupRefused: The folder holds something, or the backup is another version's.
        BackupDamaged: Another passphrase, or not the file that was written; the folder is removed again.
        AuditBroken: The register was changed by hand before the backup was made.
        RegisterTaken, RegisterUnavailable, StorageFailed: The database or the disk.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder.name} is not empty")
    # 1
    head = checked(file, passphrase, cost)
    durable_files.make_folder(folder, mode=0o700)
    try:
        places = Places(folder)
        # 2
        _files(file, passphrase, cost, folder)
        before = profiles.read(places)
        profiles.write(profiles.moved(before, register=register_url), places)
        if register_url is None:
            durable_files.write_atomically(places.register, b"", mode=durable_files.PRIVATE)
        register = Register.create(register_url or f"sqlite:///{places.register.absolute()}")
        try:
            with register.writing() as connection:
                _rows(connection, read_records(file, passphrase, cost))
            # 3
            Trail(register).verify(anchors=[head.head])
        finally:
            register.close()
        if published is not None:
            shutil.copytree(published, places.published, dirs_exist_ok=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return head


def read_records(file: Path, passphrase: str, cost: Argon2Profile) -> Iterator[cbor.Value]:
    """The records of this file. Raises: BackupDamaged, StorageFailed."""
    try:
        with file.open("rb") as opened:
            yield from sealed_stream.records(opened, passphrase, cost=cost)
    except OSError as error:
        raise StorageFailed(f"cannot read {file.name}: {error.strerror}") from None


def checked(file: Path, passphrase: str, cost: Argon2Profile) -> Restored:
    """What a backup holds, read to its end. Raises: BackupDamaged, BackupRefused, StorageFailed."""
    found, last, rows, table = None, None, dict[str, int](), ""
    for record in read_records(file, passphrase, cost):
        last = record
        match record:
            case {"format": 1, "iss": str(), "at": int(), "revision": str(), "audit": (int(), bytes()), "rows": counts}:
                found = record
                rows = {str(name): 0 for name in counts} if isinstance(counts, Mapping) else {}
            case ("table", str() as following, _):
                table = following
            case ("row", _):
                rows[table] = rows.get(table, 0) + 1
            case _:
                pass
    if not isinstance(found, Mapping) or last != ("end",) or rows != dict(found["rows"]):  # type: ignore[arg-type]
        raise BackupDamaged("the backup is not complete")
    said: Mapping[Any, Any] = found
    if said["revision"] != register_migration.head():
        raise BackupRefused(
            f"the backup has revision {said['revision']} of the register, this program {register_migration.head()}",
            hint="Restore it with the version that made it, then open it with this one.",
        )
    return Restored(said["iss"], UnixTime(said["at"]), rows, Head(*said["audit"]))


def _files(file: Path, passphrase: str, cost: Argon2Profile, folder: Path) -> None:
    for record in read_records(file, passphrase, cost):
        match record:
            case ("file", str() as name, bytes() as content):
                parts = PurePosixPath(name).parts
                if not parts or ".." in parts or PurePosixPath(name).is_absolute():
                    raise BackupDamaged("the backup names a file outside of the folder")
                target = folder.joinpath(*parts)
                durable_files.make_folder(target.parent, mode=0o700)
                durable_files.write_atomically(target, content, mode=durable_files.PRIVATE)
            case ("table", _, _):
                return
            case _:
                pass


def _rows(connection: Connection, stream: Iterator[cbor.Value]) -> None:
    name, columns, waiting = "", tuple[str, ...](), list[dict[str, Any]]()

    def put() -> None:
        if waiting:
            connection.execute(insert(metadata.tables[name]), waiting)
            waiting.clear()

    for record in stream:
        match record:
            case ("table", str() as following, tuple() as names):
                put()
                name, columns = following, tuple(str(each) for each in names)
            case ("row", tuple() as values):
                waiting.append(dict(zip(columns, values, strict=True)))
                if len(waiting) == _PAGE:
                    put()
            case _:
                pass
    put()
    if connection.dialect.name == "postgresql":
        _count_on(connection)


def _count_on(connection: Connection) -> None:
    """A sequence of PostgreSQL knows nothing of rows that were put in with their numbers."""
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer) and column is table.autoincrement_column:
                highest = connection.execute(select(func.max(column))).scalar()
                if highest is not None:
                    sequence = text("SELECT setval(pg_get_serial_sequence(:of, :named), :highest)")
                    connection.execute(sequence, {"of": table.name, "named": column.name, "highest": highest})


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found: that everything comes back, and how much would be lost today."""

    restored: Restored
    licences: int
    lists: int
    epoch: int
    lost_acts: int


def lost_since(live: Trail, backup: Head) -> int:
    """How many acts were done since the backup, and would be lost. Raises: RegisterUnavailable."""
    return max(0, live.head().position - backup.position)


def keep_to_itself(folder: Path) -> None:
    """Let what is rehearsed in this folder publish there alone: never into the authority's own store."""
    path = assembling.settings_path(Places(folder))
    if path.exists():
        content = json.dumps(settings.as_json(replace(settings.read(path), store=None, endpoint=None)), indent=2)
        durable_files.write_atomically(path, content.encode(), mode=durable_files.PRIVATE)


ComeBack = Callable[[Path], tuple[int, int, int]]
"""Opens a restored folder and makes step 4: (licences, lists that are published, epoch of the feed)."""


def drill(
    file: Path, scratch: Path, passphrase: str, *, live: Trail, cost: Argon2Profile, come_back: ComeBack
) -> Drilled:
    """Restore into a scratch folder, open that, publish there, and throw it away. Raises: as `restore`, and opening."""
    target = scratch / "restored"
    restored = restore(file, target, passphrase, register_url=None, published=None, cost=cost)
    keep_to_itself(target)
    licences, lists, epoch = come_back(target)
    return Drilled(restored, licences, lists, epoch, lost_since(live, restored.head))
