"""What a terminal holds of a repository on its disk: objects named by their hash, and one record that names them.

Guaranteed: a record that was written survives the plug being pulled, and all that it names was durable before; a reader
sees the old state or the new one; a file that changed by itself is noticed, for its name is its hash. No name out of
metadata becomes a name of a file. Not handled here: what the bytes are worth.
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from revocation.repository import durable
from revocation.repository.errors import Damaged, FolderUnusable, NothingHeld
from revocation.repository.verification import Mark, Marks

_RECORD: Final = "held.json"
_OBJECTS: Final = "objects"


@dataclass(frozen=True, slots=True)
class RootName:
    """A root, and the hash of its bytes."""

    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class State:
    """A complete state: hashes of its files, and the root under which it was verified."""

    root: RootName
    timestamp: str
    snapshot: str
    roles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """What is held: every root from the first to the newest, the highest versions seen, the last complete state."""

    roots: tuple[RootName, ...]
    marks: Marks
    state: State | None = None

    @property
    def root(self) -> RootName:
        """The newest."""
        return self.roots[-1]


class HeldFolder:
    """The folder. It is read freely and written inside of `alone` only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._objects = folder / _OBJECTS

    def alone(self) -> AbstractContextManager[None]:
        """No other program writes this folder meanwhile. Raises: Busy, FolderUnusable."""
        return durable.alone(self._folder)

    def record(self) -> Record:
        """What is held.

        Raises:
            NothingHeld: Nothing was ever.
            Damaged: The record is not what was written.
        """
        try:
            digest, _, body = (self._folder / _RECORD).read_bytes().partition(b"\n")
        except FileNotFoundError as missing:
            raise NothingHeld(f"no repository was set up in {self._folder}") from missing
        except OSError as failure:
            raise FolderUnusable(f"{self._folder}: {failure.strerror}") from failure
        if digest != sha256(body).hexdigest().encode():
            raise Damaged(f"{self._folder / _RECORD} is not what was written there")
        return _record(json.loads(body))

    def commit(self, record: Record) -> None:
        """Puts this record in the place of the last one, durably, and removes what nobody names any more."""
        body = json.dumps(_as_json(record), sort_keys=True, separators=(",", ":")).encode()
        durable.write(self._folder / _RECORD, sha256(body).hexdigest().encode() + b"\n" + body)
        named = _named(record)
        with suppress(OSError):
            for path in self._objects.iterdir():
                if path.name not in named:
                    path.unlink()

    def keep(self, content: bytes) -> str:
        """Makes an object of these bytes, durably, unless there is one; its name is their hash."""
        name = sha256(content).hexdigest()
        if self.object(name) is None:
            durable.write(self._objects / name, content)
        return name

    def object(self, name: str) -> bytes | None:
        """The bytes of this hash; None where the file is missing or is not what was written."""
        try:
            content = (self._objects / name).read_bytes()
        except OSError:
            return None
        return content if sha256(content).hexdigest() == name else None


def _named(record: Record) -> set[str]:
    state = record.state
    roots = {root.sha256 for root in record.roots}
    return roots if state is None else {*roots, state.timestamp, state.snapshot, *state.roles.values()}


def _as_json(record: Record) -> dict[str, Any]:
    marks, state = record.marks, record.state
    return {
        "roots": [_root_as_json(root) for root in record.roots],
        "timestamp": _mark_as_json(marks.timestamp),
        "snapshot": _mark_as_json(marks.snapshot),
        "versions": dict(marks.roles),
        "state": None
        if state is None
        else {
            "root": _root_as_json(state.root),
            "timestamp": state.timestamp,
            "snapshot": state.snapshot,
            "roles": dict(state.roles),
        },
    }


def _root_as_json(root: RootName) -> list[object]:
    return [root.version, root.sha256]


def _mark_as_json(mark: Mark | None) -> list[object] | None:
    return None if mark is None else [mark.version, list(mark.signers)]


def _record(body: dict[str, Any]) -> Record:
    """The record of a body whose hash was right, so that it has the form in which it was written."""
    state = body["state"]
    return Record(
        tuple(RootName(*root) for root in body["roots"]),
        Marks(_mark(body["timestamp"]), _mark(body["snapshot"]), body["versions"]),
        None
        if state is None
        else State(RootName(*state["root"]), state["timestamp"], state["snapshot"], state["roles"]),
    )


def _mark(value: list[Any] | None) -> Mark | None:
    return None if value is None else Mark(value[0], tuple(value[1]))
