"""Where a terminal keeps the statuses of all regions: a mapped base for each, and what came after it laid over.

Taking deltas is one durable transaction and a few dictionary entries. Everything else that leads to a new state (bases,
aggregates, a new epoch, and folding what lies over the base) writes a new base file first and refers to it in one
transaction: killed or out of space at any moment, the old state is there. Two processes may use one directory.

Guaranteed: every check of `revocation.advance` before anything is written; nothing that was acknowledged is lost;
(epoch, seq, iat) of a region never go back; what is opened is compared with signed statements (a base with its root,
deltas with the head), and a region that does not fit is named in `damaged` and answers nothing. Not handled here:
signatures of checkpoints that are read again (whoever loads the trust lists verifies `RegionFeed.encoded` again).
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from protocol import checkpoint as checkpoints
from protocol.checkpoint import Checkpoint, VerifiedCheckpoint
from protocol.errors import ProtocolError
from protocol.feed_position import REGION_PATTERN
from revocation import status_base
from revocation.advance import Held
from revocation.errors import ChainBroken, RevocationError, StateMismatch
from revocation.guard import CoSigned
from revocation.lookup import FeedSnapshot, RegionSnapshot
from revocation.status_base import Base
from verifier_terminal.errors import OutOfOrder, StatusesNotKept
from verifier_terminal.store import base_file, held_region, ways
from verifier_terminal.store.base_file import BaseDamaged
from verifier_terminal.store.feed_rows import FeedMark, FeedRows, RegionRow, RowDamaged
from verifier_terminal.store.held_region import HeldRegion, RegionFeed
from verifier_terminal.store.known_regions import FeedDamaged, KnownRegions
from verifier_terminal.store.ways import ByDeltas, Way

FOLDER: Final = "feed"
FOLD_AT: Final = 50_000
"""Entries over a base that are worth folding at once (REVOCATION.md, "The terminal's side"); else nightly."""
MOST_OVER: Final = 2 * FOLD_AT
"""What is beyond is folded before it is taken: a mass change has a million entries, and each takes a hundred bytes."""

Writing = Callable[[], AbstractContextManager[None]]
"""Opens a durable transaction on the terminal's database, for this thread alone: `Store.writing` under a lock."""


class _Overtaken(Exception):
    """Another process has written this region meanwhile."""


class FeedStore:
    """The statuses of all regions at one terminal.

    `take` and `fold` may be called by any thread: they work aside, and inside `writing` only to write down. Everything
    else is called where nobody else writes to the database.
    """

    def __init__(self, directory: Path, database: sqlite3.Connection) -> None:
        """Opens everything that is kept, and compares it with what was signed.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        self._folder = directory / FOLDER
        self._rows = FeedRows(database)
        self._known = KnownRegions()
        self._number = -1
        self.refresh()
        self._clean_up()

    def regions(self) -> Mapping[str, RegionFeed]:
        """Every region that is held, as this process last saw it."""
        return {region: each.feed for region, each in self._known.held.items()}

    def damaged(self) -> tuple[FeedDamaged, ...]:
        """Every region of which something is kept that cannot be used."""
        return tuple(self._known.damaged.values())

    def encoded_base(self, region: str) -> bytes | None:
        """What is held of a region, as a base of its checkpoint's own place, for another terminal; None: nothing is."""
        known = self._known.held.get(region)
        if known is None:
            return None
        held = known.held
        return status_base.encode(Base(held.position, held.head, held.state))

    def snapshot(self) -> FeedSnapshot:
        """What is held now, by whichever process it was taken. It answers the same for ever.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        self.refresh()
        return self._known.snapshot()

    def refresh(self) -> None:
        """Sees what another process has taken, folded or forgotten since.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        number = self._rows.number()
        if number == self._number:
            return
        written = self._rows.changed()
        for region, changed in written.items():
            if self._known.changed(region) != changed:
                self._reload(region, changed)
        self._number = number
        if self._known.keep(written.keys()):
            self._clean_up()

    def take(
        self, way: Way, *, checkpoint: VerifiedCheckpoint, encoded: bytes, co_signed: CoSigned, writing: Writing
    ) -> RegionFeed:
        """Goes on to a verified checkpoint, by whichever way; durable on return.

        Args:
            way: How it is reached.
            checkpoint: Where it ends.
            encoded: The same as it came.
            co_signed: What the offline key has signed.
            writing: See `Writing`.

        Returns:
            What is held now: where another process was faster, what that one has taken, and nothing of this.

        Raises:
            RevocationError: By its own reason; nothing has changed.
            StatusesNotKept: It could not be written down; nothing has changed.
        """
        region = checkpoint.claims.position.region
        while True:
            before = self._known.held.get(region)
            try:
                return self._take(before, way, checkpoint, co_signed, encoded=encoded, writing=writing)
            except _Overtaken:
                with writing():
                    self.refresh()
                    now = self._known.held.get(region)
                if now is None:
                    raise ChainBroken("the region is held no more") from None
                if before is None or now.row.encoded != before.row.encoded:
                    return now.feed
                # It was only folded meanwhile.

    def fold(self, region: str, *, writing: Writing) -> bool:
        """Writes what lies over a region's base into a new one, once it is the signed state.

        Returns:
            Whether there was anything to fold, and no other process did it. What is held is the same as before.

        Raises:
            StateMismatch: It is not the signed state; the old base and what lies over it stay. A base must be fetched.
            StatusesNotKept: It could not be written down; nothing has changed.
        """
        before = self._known.held.get(region)
        if before is None:
            return False
        if before.base.position == before.held.position:
            self._check_again(before)
            return False

        def put() -> RegionRow:
            # Deltas that came meanwhile stay, and lie over the new base.
            now = self._rows.region(region)
            if now is None or now.base != before.row.base:
                raise _Overtaken
            row = replace(now, base=before.row.encoded, changed=self._rows.count_on())
            self._rows.put_region(region, row)
            return row

        try:
            with _named():
                self._rebase(region, before.held, before.checkpoint.claims, writing, put)
        except _Overtaken:
            return False
        except StateMismatch:
            self._check_again(before)
            raise
        return True

    def forget(self, region: str) -> None:
        """Forgets a region that is trusted no more, but not how far it had come; inside `writing`.

        The next snapshot has it no more.
        """
        self._rows.forget(region)
        self._rows.count_on()

    def _take(
        self,
        before: HeldRegion | None,
        way: Way,
        checkpoint: VerifiedCheckpoint,
        co_signed: CoSigned,
        *,
        encoded: bytes,
        writing: Writing,
    ) -> RegionFeed:
        signed = checkpoint.claims
        region = signed.position.region
        if before is None:
            damage = self._known.damaged.get(region)
            seen = None if damage is None else damage.changed
            held = ways.first(way, checkpoint=checkpoint, co_signed=co_signed)
        else:
            seen = before.row.changed
            held = ways.onwards(before.held, before.checkpoint, way, checkpoint=checkpoint, co_signed=co_signed)

        def put() -> RegionRow:
            self._check_unchanged(region, seen)
            self._move_mark(signed)
            row = RegionRow(encoded, encoded, held.as_of, self._rows.count_on())
            self._rows.put_taken(region, before.held.taken if before else (), held.taken)
            self._rows.put_region(region, row)
            return row

        with _named():
            if before is not None and isinstance(way, ByDeltas) and before.has_room_for(held, at_most=MOST_OVER):
                return self._lay_over(before, held, way.bodies, checkpoint=checkpoint, encoded=encoded, writing=writing)
            return self._rebase(region, held, signed, writing, put)

    def _lay_over(
        self,
        before: HeldRegion,
        held: Held,
        bodies: tuple[bytes, ...],
        *,
        checkpoint: VerifiedCheckpoint,
        encoded: bytes,
        writing: Writing,
    ) -> RegionFeed:
        position = held.position
        with writing():
            self._check_unchanged(position.region, before.row.changed)
            self._move_mark(checkpoint.claims)
            row = RegionRow(encoded, before.row.base, held.as_of, self._rows.count_on())
            self._rows.put_deltas(position.region, position.epoch, bodies, after=before.held.position.seq)
            self._rows.put_taken(position.region, before.held.taken, held.taken)
            self._rows.put_region(position.region, row)
        return self._publish(HeldRegion(row, checkpoint, before.base, before.mapped, held, RegionSnapshot(held)))

    def _rebase(
        self, region: str, held: Held, signed: Checkpoint, writing: Writing, put: Callable[[], RegionRow]
    ) -> RegionFeed:
        """Writes a state into a new base file and refers to it; `put` writes the rows inside the transaction."""
        folder = self._folder / region
        _make(folder)
        path = folder / base_file.name_of(signed.position)
        fresh = folder / f"{path.name}.new"
        with base_file.sole_writer(self._folder, wait=True):
            try:
                base_file.write(fresh, held.state, root=signed.state_root)
                mapped = base_file.read(fresh, signed)
                with writing():
                    # The file has its name before anything refers to it, and nothing else writes meanwhile.
                    row = put()
                    self._rows.drop_deltas(region, signed.position.epoch, up_to=signed.position.seq)
                    after = held_region.assembled(self._rows, folder, row, mapped)
                    fresh.replace(path)
                    base_file.sync_folder(folder)
            except BaseException:
                fresh.unlink(missing_ok=True)
                raise
            feed = self._publish(after)
            base_file.clean_up(folder, keep=path.name)
        return feed

    def _check_unchanged(self, region: str, changed: int | None) -> None:
        if self._rows.changed().get(region) != changed:
            raise _Overtaken

    def _move_mark(self, signed: Checkpoint) -> None:
        position = signed.position
        mark, came = self._rows.mark(position.region), FeedMark(position.epoch, position.seq, signed.iat)
        if mark is not None and came < mark:
            raise ChainBroken("an older checkpoint than one that was taken before")
        self._rows.put_mark(position.region, came)

    def _reload(self, region: str, changed: int) -> None:
        """Reads a region that was written by somebody else, or never read."""
        try:
            found = held_region.reopened(self._rows, self._folder / region, region, self._known.held.get(region))
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, BaseDamaged, RowDamaged, ProtocolError, RevocationError) as failure:
            self._known.put_damaged(FeedDamaged(region, str(failure), changed))
            return
        if found is not None:
            self._publish(found)

    def _check_again(self, held: HeldRegion) -> None:
        """Raises if the disk no longer says what it said when the base was opened."""
        region = held.held.position.region
        try:
            base_file.read(self._folder / region / base_file.name_of(held.base.position), held.base)
        except FileNotFoundError:
            # Another process has folded it away; what is mapped here goes with the next refresh.
            return
        except BaseDamaged as failure:
            self._known.put_damaged(FeedDamaged(region, str(failure), held.row.changed))
            raise StateMismatch(f"the base has changed on the disk: {failure}") from failure

    def _publish(self, after: HeldRegion) -> RegionFeed:
        self._known.put(after)
        return after.feed

    def _clean_up(self) -> None:
        """Removes files that no row refers to, unless somebody is writing one: then whoever starts next does."""
        if not self._folder.is_dir():
            return
        with suppress(OSError), base_file.sole_writer(self._folder, wait=False):
            for folder in self._folder.iterdir():
                if REGION_PATTERN.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                    with suppress(RowDamaged, ProtocolError):
                        row = self._rows.region(folder.name)
                        keep = base_file.name_of(checkpoints.parse(row.base).claims.position) if row else ""
                        base_file.clean_up(folder, keep=keep)


def _make(folder: Path) -> None:
    for each in (folder.parent, folder):
        if not each.is_dir():
            each.mkdir(exist_ok=True)
            base_file.sync_folder(each.parent)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (OutOfOrder, OSError, sqlite3.Error, BaseDamaged, RowDamaged) as failure:
        raise StatusesNotKept(str(failure)) from failure
