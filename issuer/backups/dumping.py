"""Makes a backup: the register as it is at one moment, and the files of the issuer's folder.

Guaranteed: the register's rows are those of one transaction that only reads, so nobody has to stop; the file is there
wholly or not at all. Left out is what is made again (`published`, `packages`) or belongs to work under way (`imports`).
Keys that live in a token are not in it: only where they are. Not handled here: where the file is kept.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select

from issuer import register_migration
from issuer.audit.reading import Head, Trail
from issuer.backups.errors import BackupRefused
from issuer.backups.sealed_stream import SealedWriter
from issuer.draws import RandomBytes
from issuer.errors import StorageFailed
from issuer.keys.box import Argon2Profile
from issuer.profile import Places, Profile
from issuer.register import Register
from issuer.register_schema import metadata
from protocol import cbor
from protocol.unixtime import UnixTime

FORMAT: Final = 1
_LEFT_OUT: Final = frozenset({"published", "packages", "imports"})
_REGISTER: Final = "register.sqlite"
_PAGE: Final = 1_000
_ORDER: Final[Mapping[str, str]] = {"mandate": "level"}
"""A row that names another one of its own table stands behind it."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup holds: rows of each table, the end of the audit trail, and the file's size."""

    rows: Mapping[str, int]
    head: Head
    size: int


def dump(
    register: Register,
    profile: Profile,
    places: Places,
    out: Path,
    passphrase: str,
    *,
    random_bytes: RandomBytes,
    cost: Argon2Profile,
    at: UnixTime,
) -> Made:
    """Write a backup into this new file.

    Raises:
        BackupRefused: The file exists or lies in the issuer's folder, or the passphrase is too short.
        StorageFailed: The disk refused.
        RegisterUnavailable: The register did not answer.
    """
    if out.exists() or out.is_symlink() or out.absolute().is_relative_to(places.folder.absolute()):
        raise BackupRefused(f"{out.name} exists, or lies in the issuer's own folder")
    head = Trail(register).head()
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".tmp")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            with (
                SealedWriter(file, passphrase, random_bytes=random_bytes, cost=cost) as writer,
                register.reading() as connection,
            ):
                for name_in_folder, content in _files(places.folder):
                    writer.write(("file", name_in_folder, content))
                rows = _write(writer, connection, {"iss": profile.iss, "at": at, "audit": (head.position, head.hash)})
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        temporary.replace(out)
    except OSError as error:
        raise StorageFailed(f"cannot write {out.name}: {error.strerror}") from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
    return Made(rows, head, size)


def _write(writer: SealedWriter, connection: Connection, said: Mapping[cbor.Key, cbor.Value]) -> Mapping[str, int]:
    tables = metadata.sorted_tables
    counts = {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables
    }
    revision = register_migration.head()
    writer.write({**said, "format": FORMAT, "revision": revision, "rows": dict(counts.items())})
    for table in tables:
        writer.write(("table", table.name, tuple(column.name for column in table.columns)))
        for row in _rows(connection, table):
            writer.write(("row", tuple(row)))
    writer.write(("end",))
    return counts


def _rows(connection: Connection, table: Table) -> Iterator[tuple[cbor.Value, ...]]:
    order = [table.c[_ORDER[table.name]]] if table.name in _ORDER else list(table.primary_key.columns)
    statement = select(table).order_by(*order)
    found: Any = connection.execution_options(yield_per=_PAGE).execute(statement)
    for row in found:
        yield tuple(row)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        left_out = (
            name.parts[0] in _LEFT_OUT
            or any(part.startswith(".") for part in name.parts)
            or name.name.startswith(_REGISTER)
            or path.suffix == ".lock"
        )
        if path.is_file() and not left_out:
            yield name.as_posix(), path.read_bytes()
