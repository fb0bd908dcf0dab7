"""What the register says of one key: its use, its kinds, from when to when it signs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol import limits, unixtime
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.unixtime import DAY, Seconds, UnixTime

SIGNING_LIFE: Final = Seconds(2 * 365 * DAY)
"""How long a key signs at most, from the day of its publication on."""
MAX_LICENCES: Final = 1 << 20
"""PROTOCOL.md, "Keys and trust": what one stolen assertion key can be confused with, and what one ban costs at most."""
LONGEST_LIFE: Final[Mapping[KeyUse, int]] = {
    KeyUse.ASSERT: limits.MAX_CREDENTIAL_LIFE,
    KeyUse.STATUS: limits.MAX_PAPER_LIFE,
    KeyUse.TERMINAL: limits.MAX_CERTIFICATE_LIFE,
    KeyUse.PAPER: limits.MAX_PAPER_LIFE,
    KeyUse.MANDATE: limits.MAX_MANDATE_LIFE,
    KeyUse.REVERSAL: limits.MAX_PAPER_LIFE,
    KeyUse.STAFF: limits.MAX_CERTIFICATE_LIFE,
}
"""What a key signed last, it is relied on for: a status for as long as whatever it is the status of."""
USES: Final[Mapping[str, KeyUse]] = {
    "assert": KeyUse.ASSERT,
    "mandate": KeyUse.MANDATE,
    "paper": KeyUse.PAPER,
    "staff": KeyUse.STAFF,
    "status": KeyUse.STATUS,
    "terminal": KeyUse.TERMINAL,
}
"""The uses of the keys of a ring, by the words that commands and answers take."""
WORDS: Final = {use: word for word, use in USES.items()}


def signing_ends(at: UnixTime) -> UnixTime:
    """Until when a key signs that is published at this moment."""
    return UnixTime(unixtime.local_midnight(unixtime.local_day(at)) + SIGNING_LIFE)


class State(StrEnum):
    """Where a key stands in its life."""

    NEXT = "next"
    """Published, and does not sign yet."""
    SIGNING = "signing"
    FULL = "full"
    """Has signed as many licences as one key may."""
    VERIFYING = "verifying"
    """Signs no more; what it signed is relied on until its longest life is over."""
    OVER = "over"
    BANNED = "banned"
    DROPPED = "dropped"
    """Stands in the trust list no more."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds that a key may sign: these, or all but these. `Kinds()` is every kind, of later catalogues too."""

    listed: frozenset[int] = frozenset()
    all_but: bool = True

    def among(self, known: frozenset[int]) -> frozenset[int]:
        """Those of the catalogue's."""
        return known - self.listed if self.all_but else known & self.listed

    def has(self, vct: int) -> bool:
        return (vct in self.listed) is not self.all_but

    def without(self, kinds: frozenset[int]) -> "Kinds":
        return Kinds(self.listed | kinds, True) if self.all_but else Kinds(self.listed - kinds, False)

    def __str__(self) -> str:
        numbers = ",".join(str(vct) for vct in sorted(self.listed))
        return f"-{numbers}" if self.all_but else numbers

    @classmethod
    def read(cls, text: str) -> "Kinds":
        """As `str` writes it."""
        all_but = text.startswith("-")
        numbers = text.removeprefix("-")
        return cls(frozenset(int(each) for each in numbers.split(",")) if numbers else frozenset(), all_but)


EVERY_KIND: Final = Kinds()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key.

    Attributes:
        key: Its public half.
        number: Its place in the order in which keys were made.
        use: The one thing that it signs.
        department: Whose it is; empty for the whole authority's.
        kinds: What it may sign, where its use has kinds.
        published_at: Since when it stands in the trust list.
        sign_from: From when on it signs: later, so that terminals know it by then.
        sign_until: Until when.
        given: For how many licences it was given.
        banned_since: From when on what it signed counts no more.
        dropped_at: Since when the trust list has it no more.
        actor: Who made it.
    """

    kid: bytes
    key: VerificationKey
    number: int
    use: KeyUse
    department: str
    kinds: Kinds
    published_at: UnixTime
    sign_from: UnixTime
    sign_until: UnixTime
    given: int
    banned_since: UnixTime | None
    dropped_at: UnixTime | None
    actor: str

    def may_sign(self, at: UnixTime) -> bool:
        """Whether it signs now, if it is not full."""
        return self.banned_since is None and self.dropped_at is None and self.sign_from <= at < self.sign_until

    @property
    def is_full(self) -> bool:
        return self.use is KeyUse.ASSERT and self.given >= MAX_LICENCES

    def verify_until(self, *, kept: int) -> UnixTime:
        """Until when what it signed is relied on. `kept`: seconds for which terminals keep their journals."""
        # A receipt names its terminal by certificate, an act its officer; both are looked at while a journal has them.
        more = kept if self.use in (KeyUse.TERMINAL, KeyUse.STAFF) else 0
        return UnixTime(self.sign_until + LONGEST_LIFE[self.use] + more)

    def state(self, at: UnixTime, *, kept: int) -> State:
        """Its state in one word."""
        if self.dropped_at is not None:
            return State.DROPPED
        if self.banned_since is not None:
            return State.BANNED
        if at >= self.verify_until(kept=kept):
            return State.OVER
        if at >= self.sign_until:
            return State.VERIFYING
        if at < self.sign_from:
            return State.NEXT
        return State.FULL if self.is_full else State.SIGNING
