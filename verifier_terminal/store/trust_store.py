"""The signed documents that the terminal holds: their bytes, and marks that never go back.

Bytes are verified again whenever they are loaded, so a damaged file or a hand in the database is found: what does not
verify is left out and named, the rest is used. An older version is never put in a damaged one's place: it could bring
a banned key back. Not handled here: fetching, and deciding what is newer (`sync.intake`).
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from protocol import appraisal_policy, status_list, trust_list
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.licence import catalogue
from protocol.status_list import StatusListToken
from protocol.unixtime import UnixTime
from revocation.coverage import StatusSnapshot
from verifier_terminal.appraisal.context import Knowledge

TRUST: Final = "trust"
CATALOGUE: Final = "catalogue"
POLICY: Final = "policy"
ROOT_SIGNED: Final = (TRUST, CATALOGUE, POLICY)
"""Every other name is the URI of a status list."""

_Document = TypeVar("_Document")


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest version of a document that was ever taken in."""

    seq: int
    iat: UnixTime
    content_sha256: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """One document as it is held: number, moment of issue, technical end."""

    name: str
    seq: int
    iat: UnixTime
    exp: UnixTime


@dataclass(frozen=True, slots=True)
class Damaged:
    """A document that is there and does not verify, with the reason in technical words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came out of the store. `knowledge` is None unless trust, catalogue and policy all verify."""

    knowledge: Knowledge | None
    held: tuple[Held, ...]
    damaged: tuple[Damaged, ...]

    @property
    def floor(self) -> UnixTime | None:
        """The latest moment that anything signed and held names: it cannot be earlier than that now."""
        return max((document.iat for document in self.held), default=None)


class TrustStore:
    """Documents and marks of one terminal. Called by one thread at a time; `put` inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def marks(self) -> Mapping[str, Mark]:
        """Every mark by document name."""
        rows = self._database.execute("SELECT name, seq, iat, content_sha256 FROM mark")
        return {name: Mark(seq, UnixTime(iat), content) for name, seq, iat, content in rows}

    def put(self, name: str, encoded: bytes, mark: Mark, *, over: Mark | None) -> bool:
        """Takes a verified document in; False when another process has taken a newer one in meanwhile.

        Args:
            name: See the module.
            encoded: The document.
            mark: Its own.
            over: The mark that stood here when the intake judged this document good.

        Raises:
            sqlite3.Error: It was not written.
        """
        held = self.marks().get(name)
        if held is not None and held != over and (mark.seq < held.seq or mark.iat < held.iat):
            return False
        self._database.execute(
            "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET encoded = excluded.encoded",
            (name, encoded),
        )
        self._database.execute(
            "INSERT INTO mark VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET seq = excluded.seq, iat = excluded.iat, content_sha256 = excluded.content_sha256",
            (name, mark.seq, mark.iat, mark.content_sha256),
        )
        return True

    def version(self) -> tuple[int, int, int]:
        """Changes whenever any document was taken in, by this process or another one."""
        count, numbers, moments = self._database.execute(
            "SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(iat), 0) FROM mark"
        ).fetchone()
        return count, numbers, moments

    def encoded(self, name: str) -> bytes | None:
        """The bytes of one document, unverified; None when it is not held."""
        row = self._database.execute("SELECT encoded FROM document WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def load(self, root: VerificationKey, *, at: UnixTime) -> Loaded:
        """Everything that is held, verified again.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        documents: dict[str, bytes] = dict(self._database.execute("SELECT name, encoded FROM document ORDER BY name"))
        damaged: list[Damaged] = []
        marks = self.marks()
        trust = _verified(TRUST, documents, damaged, lambda encoded: trust_list.verify(encoded, root=root))
        kinds = _verified(CATALOGUE, documents, damaged, lambda encoded: catalogue.verify(encoded, root=root))
        policy = _verified(POLICY, documents, damaged, lambda encoded: appraisal_policy.verify(encoded, root=root))
        tokens: dict[str, StatusListToken] = {}
        if trust is not None:
            for name, encoded in documents.items():
                if name in ROOT_SIGNED:
                    continue
                try:
                    token = status_list.verify(encoded, trust=trust, at=at)
                except ProtocolError as refusal:
                    damaged.append(Damaged(name, f"{refusal.code}: {refusal}"))
                    continue
                if token.uri == name:
                    tokens[name] = token
                else:
                    damaged.append(Damaged(name, "another list stands in its place"))
        held = [
            Held(name, document.seq, document.iat, document.exp)
            for name, document in ((TRUST, trust), (CATALOGUE, kinds), (POLICY, policy))
            if document is not None
        ]
        held += [Held(uri, token.seq, token.iat, token.exp) for uri, token in tokens.items()]
        rolled_back = tuple(_behind_mark(held, marks))
        damaged += rolled_back
        old = {each.name for each in rolled_back}
        snapshot = StatusSnapshot({uri: token for uri, token in tokens.items() if uri not in old})
        knowledge = None
        if trust is not None and kinds is not None and policy is not None and not old.intersection(ROOT_SIGNED):
            knowledge = Knowledge(trust, kinds, policy, snapshot)
        return Loaded(knowledge, tuple(each for each in held if each.name not in old), tuple(damaged))


def _behind_mark(held: Iterable[Held], marks: Mapping[str, Mark]) -> Iterable[Damaged]:
    """Documents older than their marks: rows that somebody put back."""
    for document in held:
        mark = marks.get(document.name)
        if mark is not None and (document.seq, document.iat) != (mark.seq, mark.iat):
            yield Damaged(document.name, f"number {document.seq} is held, number {mark.seq} was taken in")


def _verified(
    name: str, documents: Mapping[str, bytes], damaged: list[Damaged], verify: Callable[[bytes], _Document]
) -> _Document | None:
    encoded = documents.get(name)
    if encoded is None:
        return None
    try:
        return verify(encoded)
    except ProtocolError as refusal:
        damaged.append(Damaged(name, f"{refusal.code}: {refusal}"))
        return None
