"""The terminal's store: one database and its anchor, and the one way to write to them.

Guaranteed: what was written inside `writing` is durable and anchored when the block is left; a failure of the disk
becomes `OutOfOrder` and leaves nothing half done. One thread at a time.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocol.unixtime import UnixTime
from verifier_terminal.errors import OutOfOrder, StoreDamaged
from verifier_terminal.store import chain, schema, unknown_codes
from verifier_terminal.store.anchor import Anchor
from verifier_terminal.store.bans import BanStore
from verifier_terminal.store.behind import BehindStore
from verifier_terminal.store.chain import ChainFinding, ChainReport
from verifier_terminal.store.feed_alarms import FeedAlarms
from verifier_terminal.store.feed_rows import FeedRows
from verifier_terminal.store.floors import FloorStore
from verifier_terminal.store.guesses import Guesses
from verifier_terminal.store.journal import Journal
from verifier_terminal.store.local_settings import LocalSettings
from verifier_terminal.store.officers_acts import OfficersActs
from verifier_terminal.store.outbox import Outbox
from verifier_terminal.store.recheck import RecheckQueue
from verifier_terminal.store.replay import ReplayStore
from verifier_terminal.store.sealing import Sealer
from verifier_terminal.store.site_uses import SiteUses
from verifier_terminal.store.trust_store import TrustStore

if TYPE_CHECKING:
    from verifier_terminal.store.feed_store import FeedStore

DATABASE: Final = "terminal.db"
ANCHOR: Final = "journal.head"


class Store:
    """Everything that one terminal keeps."""

    def __init__(self, directory: Path, *, terminal_id: str, random_bytes: Callable[[int], bytes]) -> None:
        """Opens the store in this directory, or makes it.

        Raises:
            StoreDamaged: It cannot be used.
        """
        self._directory = directory
        self._feeds: FeedStore | None = None
        self._terminal_id = terminal_id
        self._random_bytes = random_bytes
        self._anchor = Anchor(directory / ANCHOR)
        self.database = schema.open_database(directory / DATABASE)
        self.journal = Journal(self.database, terminal_id=terminal_id, random_bytes=random_bytes)
        self.site = SiteUses(self.database)
        self.replay = ReplayStore(self.database, self.site)
        self.documents = TrustStore(self.database)
        self.feed_alarms = FeedAlarms(self.database)
        self.floors = FloorStore(self.database)
        self.bans = BanStore(self.database)
        self.behind = BehindStore(self.database)
        sealer = Sealer(directory, random_bytes=random_bytes)
        self.outbox = Outbox(self.database, sealer)
        self.officers_acts = OfficersActs(self.database, sealer)
        self.guesses = Guesses(self.database)
        self.local_settings = LocalSettings(self.database)
        self.rechecks = RecheckQueue(self.database, sealer)
        try:
            if self.rechecks.has_unsealed():
                with schema.transaction(self.database):
                    self.rechecks.seal_what_waited()
        except (sqlite3.Error, OSError) as failure:
            self.database.close()
            raise StoreDamaged(f"{DATABASE}: {failure}") from failure

    @property
    def feed_number(self) -> int:
        """Grows with everything that any process takes from a feed; 0: nothing ever was. Inside `reading`."""
        return FeedRows(self.database).number()

    @property
    def has_feeds(self) -> bool:
        """Whether the statuses of any region were ever taken from a feed; inside `reading`."""
        return self.feed_number > 0

    @property
    def feeds(self) -> "FeedStore":
        """The statuses of regions with a feed, opened when somebody first asks; inside `reading`."""
        if self._feeds is None:
            # numpy takes a tenth of a second to import, and a terminal without feeds never needs it.
            from verifier_terminal.store.feed_store import FeedStore  # noqa: PLC0415

            self._feeds = FeedStore(self._directory, self.database)
        return self._feeds

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable transaction; the journal's new head is anchored after it.

        Raises:
            OutOfOrder: It could not be written; nothing of it is kept. (If only the anchor fails, the rows are there
                and it is raised all the same: a head that cannot be anchored is not to be built upon.)
        """
        try:
            with schema.transaction(self.database):
                yield
            self._anchor.write(self.journal.head())
        except (sqlite3.Error, OSError) as failure:
            raise OutOfOrder(str(failure)) from failure

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Reading, with the same answer when the disk fails.

        Raises:
            OutOfOrder: The database cannot be read.
        """
        try:
            yield
        except (sqlite3.Error, OSError) as failure:
            raise OutOfOrder(str(failure)) from failure

    def check_anchor(self) -> ChainFinding | None:
        """Compares the journal's end with the anchor when the terminal starts; a new journal is anchored.

        What it finds must be recorded (`record_tampering`) before anything else is written: rows to come would push
        the anchor past the place.

        Raises:
            OutOfOrder: The files cannot be read, or a new anchor not be written.
        """
        try:
            anchored = self._anchor.read()
            head = self.journal.head()
            if anchored is None and head.count == 0:
                self._anchor.restart(head)
                return None
            there = self.journal.row_hash_of(anchored.count) if anchored else None
            return chain.against_anchor(anchored, last=head.count, row_hash_there=there)
        except (sqlite3.Error, OSError) as failure:
            raise OutOfOrder(str(failure)) from failure

    def record_tampering(self, finding: ChainFinding, *, at: UnixTime) -> None:
        """Puts a finding of `check_anchor` on the chain for good, and begins a new anchor behind it.

        Raises:
            OutOfOrder: It could not be written.
        """
        payload = {
            "event": "tampering",
            "kind": str(finding.tampering),
            "from_row": finding.seq,
            "text": finding.text,
            "at": at,
        }
        with self.writing():
            self.journal.append(payload, at=at)
        try:
            self._anchor.restart(self.journal.head())
        except OSError as failure:
            raise OutOfOrder(str(failure)) from failure

    def unknown_digest(self, text: str, *, at: UnixTime) -> str:
        """See `unknown_codes`; inside `writing`."""
        return unknown_codes.digest_of(text, database=self.database, at=at, random_bytes=self._random_bytes)

    def clean_up(self, *, at: UnixTime, confirmed: UnixTime) -> None:
        """Erases what is over: journal content, replay keys, keys of other days. Only with a plausible clock.

        Args:
            at: Now.
            confirmed: The latest moment that somebody signed and that is not after now.

        Raises:
            OutOfOrder: It could not be written.
        """
        with self.writing():
            erased = self.journal.erase_expired(at=at)
            self.replay.forget_expired(confirmed=confirmed)
            self.site.erase_over(at=at)
            self.officers_acts.forget_old(at=at)
            unknown_codes.forget_old_keys(database=self.database, at=at)
        if erased is not None:
            # secure_delete overwrites the pages; what was written before still stands in the write-ahead log.
            with self.reading():
                self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def verify_chain(self) -> ChainReport:
        """Checks the journal against itself and the anchor.

        Raises:
            OutOfOrder: It cannot be read.
        """
        try:
            anchored = self._anchor.read()
            return chain.verify_chain(self.database, terminal_id=self._terminal_id, anchored=anchored)
        except (sqlite3.Error, OSError) as failure:
            raise OutOfOrder(str(failure)) from failure

    def close(self) -> None:
        """Gives the files back."""
        self.database.close()
