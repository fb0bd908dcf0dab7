"""Presentations among the terminals of one site: which were shown here, which neighbours name, and which were at both.

What was shown here is written down under a tag (`protocol.site_uses`) in the transaction of its check, for 72 hours,
and told to the neighbours. What they tell is kept in memory and only while it is fresh: it can refuse a code, and codes
live two minutes. Guaranteed: nothing that a neighbour says makes a code good; the same thing said again changes
nothing; a double show is an alarm once, whatever comes twice or after a restart. Not handled here: who may say it
(`neighbours`).
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from protocol import site_uses
from protocol.site_uses import SiteUse
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.context import EarlierUse

KEPT: Final = Seconds(72 * HOUR)
"""PROTOCOL.md: kept for matching, then deleted."""
FRESH: Final = Seconds(15 * MINUTE)
"""Longer than any presentation lives, the skew that an answer is allowed included (`limits.CHALLENGED_SKEW`)."""
MAX_HEARD: Final = 20_000
"""Fifty windows with a check every two seconds; beyond it the oldest are forgotten, and found out afterwards."""
_ALARM_KEPT: Final = Seconds(7 * DAY)
"""Longer than neighbours go on telling: an alarm that somebody has seen does not come back."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A neighbour's use of a presentation. `terminal` and `place` stand in its certificate."""

    use: SiteUse
    terminal: str
    place: str


@dataclass(frozen=True, slots=True)
class DoubleShow:
    """One presentation at two terminals: the check here, and the one there."""

    check_number: str
    accepted: bool
    terminal: str
    place: str
    other_number: str
    other_at: UnixTime
    other_accepted: bool
    found_at: UnixTime


class SiteUses:
    """The uses of one terminal's site. One thread at a time; what writes, inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._heard: dict[bytes, tuple[float, Heard]] = {}
        self.site = ""
        """Four characters; empty: the terminal has no neighbours, and nothing is written down for them."""

    # What neighbours said.

    def hear(self, heard: Heard, *, now: float) -> None:
        """Remembers a fresh use; a refusal uses nothing up. `now` is the clock that only counts."""
        if not heard.use.accepted:
            return
        # Only the first word about a presentation counts, so that nobody moves its moment.
        self._heard.setdefault(heard.use.tag, (now, heard))
        while len(self._heard) > MAX_HEARD:
            del self._heard[next(iter(self._heard))]

    def forget_over(self, now: float) -> None:
        """Lets go of what no code that still lives can be."""
        for tag, (since, _) in list(self._heard.items()):
            if now - since < FRESH:
                return
            del self._heard[tag]

    def elsewhere(self, replay_key: bytes) -> Heard | None:
        """The use of this presentation that a neighbour named, if any."""
        if not self.site or not self._heard:
            return None
        held = self._heard.get(site_uses.tag_of(replay_key, self.site))
        return None if held is None else held[1]

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        """The same as the appraisal asks for it."""
        heard = self.elsewhere(replay_key)
        return None if heard is None else EarlierUse(heard.use.used_at, here=False)

    # What was shown here.

    def note(self, replay_key: bytes, check_number: str, *, at: UnixTime, accepted: bool) -> DoubleShow | None:
        """Writes a use down for the neighbours; the double show that it is, if one of them named it before."""
        if not self.site:
            return None
        use = SiteUse(site_uses.tag_of(replay_key, self.site), at, check_number, accepted)
        self._database.execute(
            "INSERT OR IGNORE INTO site_use VALUES (?, ?, ?, ?)", (use.tag, use.check_number, at, accepted)
        )
        heard = self.elsewhere(replay_key)
        return None if heard is None else self.record(use, heard, at=at)

    def own(self, *, since: UnixTime, limit: int) -> tuple[SiteUse, ...]:
        """The newest uses here, the newest first."""
        return self._read("WHERE used_at >= ? ORDER BY used_at DESC, tag LIMIT ?", (since, limit))

    def page(self, *, since: UnixTime, after: SiteUse | None, limit: int) -> tuple[SiteUse, ...]:
        """The next uses in the order of their moments, for telling all of them again and again."""
        begin = (since, b"", "") if after is None else (after.used_at, after.tag, after.check_number)
        return self._read(
            "WHERE used_at >= ? AND (used_at, tag, check_number) > (?, ?, ?)"
            " ORDER BY used_at, tag, check_number LIMIT ?",
            # The first bound is what the index finds: all that came before is not even looked at.
            (max(since, begin[0]), *begin, limit),
        )

    def shared(self, told: Iterable[Heard]) -> tuple[tuple[SiteUse, Heard], ...]:
        """What a neighbour tells of presentations that were shown here too, as far as no alarm names it yet."""
        by_tag = {each.use.tag: each for each in told}
        marks = ", ".join("?" * len(by_tag))
        own = self._read(f"WHERE tag IN ({marks})", tuple(by_tag)) if by_tag else ()
        return tuple((use, by_tag[use.tag]) for use in own if not self._is_settled(use, by_tag[use.tag]))

    def record(self, use: SiteUse, heard: Heard, *, at: UnixTime) -> DoubleShow | None:
        """Raises the alarm about a presentation that was shown here and there; None: nothing new."""
        if self._is_settled(use, heard):
            return None
        there = heard.use
        found = DoubleShow(
            use.check_number, use.accepted, heard.terminal, heard.place, there.check_number, there.used_at,
            there.accepted, at,
        )  # fmt: skip
        self._database.execute("INSERT INTO double_show VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)", (
            found.check_number, found.terminal, found.other_number, found.place, found.accepted, found.other_at,
            found.other_accepted, found.found_at,
        ))  # fmt: skip
        return found

    def _is_settled(self, use: SiteUse, heard: Heard) -> bool:
        if not (use.accepted or heard.use.accepted):
            # Both were refused for a third one's use, and that one is what each of them has to do with.
            return True
        row = self._database.execute(
            "SELECT 1 FROM double_show WHERE check_number = ? AND terminal = ? AND other_number = ?",
            (use.check_number, heard.terminal, heard.use.check_number),
        )
        return row.fetchone() is not None

    def _read(self, rest: str, values: Sequence[object]) -> tuple[SiteUse, ...]:
        rows = self._database.execute(f"SELECT tag, used_at, check_number, accepted FROM site_use {rest}", values)  # noqa: S608
        return tuple(SiteUse(tag, UnixTime(at), number, bool(accepted)) for tag, at, number, accepted in rows)

    # Alarms.

    def alarms(self) -> tuple[DoubleShow, ...]:
        """Those that nobody has acknowledged, the oldest first."""
        rows = self._database.execute(
            "SELECT check_number, accepted, terminal, place, other_number, other_at, other_accepted, found_at"
            " FROM double_show WHERE NOT acknowledged ORDER BY found_at, check_number, terminal, other_number"
        )
        return tuple(
            DoubleShow(number, bool(here), terminal, place, other, UnixTime(other_at), bool(there), UnixTime(at))
            for number, here, terminal, place, other, other_at, there, at in rows
        )

    def acknowledge(self, check_number: str) -> bool:
        """Ends the alarms about a check here; False when there were none."""
        done = self._database.execute(
            "UPDATE double_show SET acknowledged = 1 WHERE check_number = ? AND NOT acknowledged", (check_number,)
        )
        return done.rowcount > 0

    def erase_over(self, *, at: UnixTime) -> None:
        """Deletes uses after 72 hours, and what was acknowledged after a week."""
        self._database.execute("DELETE FROM site_use WHERE used_at < ?", (at - KEPT,))
        self._database.execute("DELETE FROM double_show WHERE acknowledged AND found_at < ?", (at - _ALARM_KEPT,))
