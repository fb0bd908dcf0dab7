"""Which presentations were used up: keyed on SHA-256 of the signed content, never on text or signature.

What was used up here is known for certain; what a neighbour of the site used up is its signed word (`site_uses`), and
like everything here it can only refuse. A key is burnt in the same transaction as the journal row of the check, so that
neither exists without the other
(SECURITY.md, finding 2 and C-class replays).
"""

import sqlite3
from typing import Final

from protocol.unixtime import MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.context import EarlierUse
from verifier_terminal.store.site_uses import SiteUses

_FORGET_AFTER: Final = Seconds(60 * MINUTE)
"""Longer than needed: a clock that is put right by some minutes must not make an old code usable again."""


class UsedAlready(Exception):
    """Another process burnt this key between the appraisal and the transaction; the code is appraised again."""


class ReplayStore:
    """A `ReplayMemory` over the database.

    The appraisal never raises, so a database that cannot be read is remembered in `failure` for the session, which
    shows no verdict then.
    """

    def __init__(self, database: sqlite3.Connection, site: SiteUses) -> None:
        self._database = database
        self._site = site
        self.failure: sqlite3.Error | None = None

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        """The use of this presentation that is remembered, if any; see `failure`."""
        try:
            row = self._database.execute("SELECT used_at FROM replay WHERE replay_key = ?", (replay_key,)).fetchone()
        except sqlite3.Error as failure:
            self.failure = failure
            return None
        return self._site.earlier_use(replay_key) if row is None else EarlierUse(UnixTime(row[0]), here=True)

    def burn(self, replay_key: bytes, *, at: UnixTime, until: UnixTime) -> None:
        """Uses a key up; inside the transaction of its journal row.

        Raises:
            UsedAlready: It was used up before.
            sqlite3.Error: It was not written.
        """
        try:
            self._database.execute("INSERT INTO replay VALUES (?, ?, ?)", (replay_key, at, until))
        except sqlite3.IntegrityError:
            raise UsedAlready from None

    def forget_expired(self, *, confirmed: UnixTime) -> None:
        """Deletes keys that were long over at a signed moment.

        Not by the clock: it may be set back when the terminal starts anew, and only before a signed moment is that
        noticed. A key that is forgotten by the clock alone would make its code good a second time.
        """
        self._database.execute("DELETE FROM replay WHERE burn_until < ?", (confirmed - _FORGET_AFTER,))


class NothingUsed:
    """The memory of an exercise (`--at`): nothing is read and nothing written."""

    def earlier_use(self, replay_key: bytes) -> EarlierUse | None:
        """Never any."""
        del replay_key
        return None
