"""One table of an authored TOML file, read key by key: every mistake is named by its file and its key.

Not handled here: what the entries mean (`catalogue_source`, `policy_source`).
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, NoReturn

from issuer import durable_files
from issuer.errors import AuthoringError, StorageFailed
from protocol import cwt
from protocol.labels import Purpose
from protocol.licence.catalogue import Item, Names

PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}

_MAX_BYTES: Final = 100_000
Source = tuple[str, str]
"""File name and text."""


def shipped(folder: str) -> tuple[Source, ...]:
    """The files of this folder of the package, by name."""
    files = sorted(resources.files("issuer").joinpath(folder).iterdir(), key=lambda each: each.name)
    return tuple((f"{folder}/{each.name}", each.read_text("utf-8")) for each in files if each.name.endswith(".toml"))


def in_folder(folder: Path) -> tuple[Source, ...]:
    """The files of an operator's folder, by name; none where there is no such folder.

    Raises:
        AuthoringError: One cannot be read.
    """
    return tuple(read_file(path) for path in sorted(folder.glob("*.toml")))


def read_file(path: Path) -> Source:
    """One file of an operator. Raises: AuthoringError."""
    name = f"{path.absolute().parent.name}/{path.name}"
    try:
        return name, durable_files.read(path, max_bytes=_MAX_BYTES).decode()
    except (StorageFailed, UnicodeDecodeError) as error:
        raise AuthoringError(name, "the whole file", str(error)) from None


def whole(source: Source) -> "Table":
    """The outermost table of a file. Raises: AuthoringError."""
    file, text = source
    try:
        return Table(file, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(file, "TOML", str(error)) from None


class Table:
    """One TOML table, read key by key; `finish` refuses what nobody asked for."""

    def __init__(self, file: str, path: str, values: Mapping[str, Any]) -> None:
        self._file, self._path, self._values = file, path, values
        self._read: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        raise AuthoringError(self._file, ".".join(part for part in (self._path, key) if part), problem)

    def value(self, key: str, expected: type, *, default: Any = None) -> Any:
        self._read.add(key)
        if key not in self._values and default is not None:
            return default
        value = self._values.get(key)
        # bool is an int in Python; true is no number of days.
        if type(value) is not expected:
            self.fail(key, f"missing, or not of type {expected.__name__}")
        return value

    def text(self, key: str) -> str:
        value: str = self.value(key, str)
        if not value or not cwt.text_is_harmless(value):
            self.fail(key, "empty, or with characters that do not show what they say")
        return value

    def optional_text(self, key: str) -> str | None:
        self._read.add(key)
        return self.text(key) if key in self._values else None

    def integer(self, key: str) -> int:
        value: int = self.value(key, int)
        return value

    def optional_integer(self, key: str) -> int | None:
        self._read.add(key)
        return self.integer(key) if key in self._values else None

    def flag(self, key: str) -> bool:
        value: bool = self.value(key, bool)
        return value

    def array(self, key: str, expected: type) -> tuple[Any, ...]:
        values: list[Any] = self.value(key, list)
        if not all(type(each) is expected for each in values):
            self.fail(key, f"not an array of {expected.__name__}")
        if len(set(values)) != len(values):
            self.fail(key, "the same entry twice")
        return tuple(values)

    def has(self, key: str) -> bool:
        """Whether the author wrote this entry; where one may be left out."""
        return key in self._values

    def table(self, key: str) -> "Table":
        return Table(self._file, f"{self._path}.{key}" if self._path else key, self.value(key, dict))

    def tables(self, key: str) -> Mapping[str, "Table"]:
        inner, path = self.value(key, dict), f"{self._path}.{key}" if self._path else key
        return {
            name: Table(self._file, f"{path}.{name}", values)
            if isinstance(values, dict)
            else self.fail(f"{key}.{name}", "not a table")
            for name, values in inner.items()
        }

    def nested(self, key: str) -> Mapping[str, Mapping[str, "Table"]]:
        """Tables of tables, by both of their names."""
        return {name: self.table(key).tables(name) for name in self.value(key, dict)}

    def array_of_tables(self, key: str) -> tuple["Table", ...]:
        entries = self.value(key, list)
        return tuple(
            Table(self._file, f"{key}[{entry.get('name', place)}]", entry)
            if isinstance(entry, dict)
            else self.fail(key, "not an array of tables")
            for place, entry in enumerate(entries, 1)
        )

    def member(self, word: str, members: Mapping[str, Any], *, key: str) -> Any:
        if word not in members:
            self.fail(key, f"{word!r} is none of: {', '.join(members)}")
        return members[word]

    def names(self, key: str) -> Names:
        inner = self.table(key)
        names = Names(inner.text("zh_hans"), inner.text("zh_hant"), inner.text("en"))
        inner.finish()
        return names

    def keys(self, key: str, kind_items: Iterable[Item]) -> frozenset[int]:
        by_name = {item.name: item.key for item in kind_items}
        return frozenset(self.member(name, by_name, key=key) for name in self.array(key, str))

    def finish(self) -> None:
        unknown = self._values.keys() - self._read
        if unknown:
            self.fail(min(unknown), "no such entry exists")
