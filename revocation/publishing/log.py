"""What a publisher writes down before anybody can read it: epochs, deltas, bases and aggregates.

The log is the truth, and the published files follow from it: each step can be done again with the same bytes. Not
handled here: the database that keeps it (`issuer.feed.sql_log`).
"""

from dataclasses import dataclass

from protocol.checkpoint import BasePointer
from protocol.manifest import ManifestEntry
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One entry of one list was changed in the register; `at` is the moment, `event` its number."""

    event: int
    list_number: int
    idx: int
    old: int
    new: int
    at: UnixTime
    urgent: bool


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of the register: how many numbers were ever given, and which lists are closed for good."""

    count: int
    retired: frozenset[int]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time of one status key. `head` is the one that it began with. No checkpoint is signed before `iat` any more."""

    number: int
    status_kid: bytes
    head: bytes
    begun_at: UnixTime
    iat: UnixTime


@dataclass(frozen=True, slots=True)
class LoggedDelta:
    """A delta at its place. `counted` are the changes that count for the brake; `statement` is a co-signature."""

    epoch: int
    seq: int
    body: bytes
    head: bytes
    at: UnixTime
    counted: int
    statement: bytes | None = None


@dataclass(frozen=True, slots=True)
class LoggedBase:
    """A base, without its bytes."""

    epoch: int
    pointer: BasePointer
    at: UnixTime


@dataclass(frozen=True, slots=True)
class LoggedAggregate:
    """An aggregate of the deltas of one hour, day or week, which began at `begin`.

    Its entry has the size 0 if no aggregate can hold so much. `body` is empty where nobody has asked for it.
    """

    epoch: int
    entry: ManifestEntry
    begin: UnixTime
    head: bytes
    body: bytes
