"""What a supervisor has set at this terminal: values, which of them are locked, and the PIN's hash.

Not handled here: what a setting means (`tightening`), who may change it (`supervision`), and transactions.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PIN: Final = "pin"


@dataclass(frozen=True, slots=True)
class LocalSetting:
    """One setting that was set once; `value` is what JSON makes of it."""

    value: object
    locked: bool


class LocalSettings:
    """The settings of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def held(self) -> Mapping[str, LocalSetting]:
        """Every setting that was ever set, by name. Raises: sqlite3.Error."""
        rows = self._database.execute("SELECT name, value, locked FROM local_setting ORDER BY name")
        return {name: LocalSetting(_decoded(value), bool(locked)) for name, value, locked in rows}

    def put(self, name: str, setting: LocalSetting) -> None:
        """Raises: sqlite3.Error."""
        self._database.execute(
            "INSERT OR REPLACE INTO local_setting VALUES (?, ?, ?)",
            (name, json.dumps(setting.value), setting.locked),
        )

    def pin_hash(self) -> bytes | None:
        """The hash of the supervisor's PIN; None: none was set. Raises: sqlite3.Error."""
        row = self._database.execute("SELECT hash FROM local_secret WHERE name = ?", (_PIN,)).fetchone()
        return None if row is None else bytes(row[0])

    def put_pin_hash(self, hashed: bytes) -> None:
        """Raises: sqlite3.Error."""
        self._database.execute("INSERT OR REPLACE INTO local_secret VALUES (?, ?)", (_PIN, hashed))


def _decoded(value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        # Whoever reads it finds that it is no value of any setting, and says so.
        return None
