"""The log of erasures outside of the register: after an older backup came back, it says what has to be erased again.

It holds ids and moments, which name nobody, and is authenticated by a key that the issuer derives from one of its own:
nobody else can have something erased by it. A copy lies beside each backup (`issuer backup`), so that the newest one
is found where an older backup is. Guaranteed: written wholly or not at all. Not handled here: what was erased since the
newest copy, if the folder itself is lost; the papers of the counters say that, as of any other act.
"""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from issuer import durable_files
from issuer.errors import StorageFailed
from issuer.holders.errors import ErasureLogRefused
from issuer.holders.schema import erasure
from issuer.register import Register
from protocol.unixtime import UnixTime

NAME: Final = "erasures.json"
_MAX_BYTES: Final = 1 << 28
_LABEL: Final = b"liangzheng erasures\0"


@dataclass(frozen=True, slots=True)
class Logged:
    """One thing that was erased: of which kind, its id, and when."""

    kind: str
    id: str
    at: UnixTime


class ErasureLog:
    """The log of one authority."""

    def __init__(self, *, register: Register, path: Path, secret: bytes, iss: str) -> None:
        self._register, self._path, self._iss = register, path, iss
        self._key = hmac.digest(secret, _LABEL, "sha256")
        self._written, self._is_clean = -1, True

    def write(self, to: Path | None = None, *, is_clean: bool = True) -> None:
        """Write everything that was erased into the folder, or into another file.

        Args:
            to: The other file.
            is_clean: Whether no piece of it lies in the register's file any more.

        Raises: StorageFailed.
        """
        statement = select(erasure).order_by(erasure.c.at, erasure.c.object_kind, erasure.c.object_id)
        with self._register.reading() as connection:
            entries = [[row.object_kind, row.object_id, row.at] for row in connection.execute(statement)]
        said = {"iss": self._iss, "clean": is_clean, "entries": entries, "mac": self._mac(self._iss, entries)}
        content = json.dumps(said).encode()
        durable_files.write_atomically(to or self._path, content, mode=durable_files.PRIVATE)
        if to is None:
            self._written, self._is_clean = len(entries), is_clean

    def is_behind(self) -> bool:
        """Whether something was erased that the log has not, or of which pieces may lie in the register's file.

        Raises: RegisterUnavailable.
        """
        with self._register.reading() as connection:
            count = int(connection.execute(select(func.count()).select_from(erasure)).scalar_one())
        if self._written < 0:
            self._written, self._is_clean = self._found()
        return count > self._written or not self._is_clean

    def read(self, path: Path) -> tuple[Logged, ...]:
        """What this file says was erased. Raises: ErasureLogRefused, StorageFailed."""
        try:
            said = json.loads(durable_files.read(path, max_bytes=_MAX_BYTES))
            match said:
                case {"iss": str() as iss, "entries": list() as entries, "mac": str() as mac}:
                    is_ours = iss == self._iss and hmac.compare_digest(mac.encode(), self._mac(iss, entries).encode())
                    if is_ours:
                        return tuple(Logged(str(kind), str(each), UnixTime(int(at))) for kind, each, at in entries)
                case _:
                    pass
        except (ValueError, TypeError, RecursionError):
            pass
        raise ErasureLogRefused(f"{path.name} is no log of this authority's erasures, or was changed")

    def _found(self) -> tuple[int, bool]:
        """How many entries the folder's log has, and whether no piece is left; a damaged one has none."""
        if not self._path.exists():
            return 0, True
        try:
            count = len(self.read(self._path))
            # Whoever changes this member has the file written anew, which harms nobody.
            is_clean = json.loads(durable_files.read(self._path, max_bytes=_MAX_BYTES)).get("clean") is True
        except (ErasureLogRefused, StorageFailed):
            return 0, False
        return count, is_clean

    def _mac(self, iss: str, entries: list[Any]) -> str:
        return hmac.digest(self._key, json.dumps([iss, entries]).encode(), "sha256").hex()
