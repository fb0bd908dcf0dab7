"""What a pull is told: where another authority's licences stand, how its columns are read, what its states mean.

Authored in TOML; every mistake is named by its entry. A database's address holds no password (as the register's).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from issuer import authored_table, database, durable_files
from issuer.bulk import bounds, mapping
from issuer.bulk.mapping import ColumnMapping
from issuer.errors import AuthoringError, StorageFailed
from issuer.lifecycle import LegalChange
from protocol.licence.catalogue import Kind

_NAME: Final = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_SQLITE: Final = "sqlite:///"
_CHANGES: Final = {str(change): change for change in LegalChange}


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A database: `query` takes :watermark, and gives rows in the order of the column `watermark`."""

    url: str
    query: str
    watermark: str
    start: str | int


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder into which files are put whose names go on in order, such as 2026-11-26.csv."""

    path: Path


@dataclass(frozen=True, slots=True)
class PullSettings:
    """One pull.

    Attributes:
        changes: What a value of the column `state` does to a licence; any other value means in force.
        sha256: Of the settings and their mapping, as they were read.
    """

    name: str
    kind: str
    mapping: ColumnMapping
    source: QuerySource | FolderSource
    state: str | None
    changes: Mapping[str, LegalChange]
    sha256: bytes


def read(path: Path, kinds: Mapping[int, Kind]) -> PullSettings:
    """The settings in this file, and the mapping that it names beside it.

    Raises:
        AuthoringError, MappingRefused, StorageFailed, RegisterUnavailable: Nothing was pulled.
    """
    written = _text(path)
    table = authored_table.whole((path.name, written))
    name = table.text("name")
    if not _NAME.fullmatch(name):
        table.fail("name", "not 1 to 32 of a-z, 0-9 and hyphens")
    by_slug = {kind.slug: kind for kind in kinds.values()}
    kind = table.member(table.text("kind"), by_slug, key="kind")
    columns = path.parent / table.text("mapping")
    columns_written = _text(columns)
    its_mapping = mapping.read(columns_written, kind, file=columns.name)
    source: QuerySource | FolderSource
    if table.has("folder"):
        source = FolderSource(path.parent / table.text("folder"))
    else:
        inner = table.table("database")
        start = inner.value("start", int) if inner.has("start") and _is_number(inner) else inner.text("start")
        source = QuerySource(inner.text("url"), inner.value("query", str), inner.text("watermark"), start)
        inner.finish()
        if not source.url.startswith(_SQLITE):
            database.check_server_url(source.url)
    state, changes = None, {}
    if table.has("state"):
        inner = table.table("state")
        state = inner.text("column")
        for value, word in inner.value("changes", dict).items():
            changes[value] = inner.member(str(word), _CHANGES, key=f"changes.{value}")
        inner.finish()
    table.finish()
    digest = sha256(sha256(written.encode()).digest() + sha256(columns_written.encode()).digest()).digest()
    return PullSettings(name, kind.slug, its_mapping, source, state, changes, digest)


def _is_number(table: authored_table.Table) -> bool:
    try:
        table.value("start", int)
    except AuthoringError:
        return False
    return True


def _text(path: Path) -> str:
    try:
        return durable_files.read(path, max_bytes=bounds.MAX_MAPPING_BYTES).decode()
    except UnicodeDecodeError:
        raise StorageFailed(f"{path.name} is not text in UTF-8") from None
