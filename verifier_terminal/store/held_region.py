"""One region as a terminal holds it: its rows and its base file, put together once they are what was signed."""

from dataclasses import dataclass
from pathlib import Path

from protocol import checkpoint as checkpoints
from protocol.checkpoint import Checkpoint, VerifiedCheckpoint
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition
from protocol.unixtime import UnixTime
from revocation import chain, delta, state
from revocation.advance import Held
from revocation.errors import RevocationError
from revocation.lookup import RegionSnapshot
from revocation.state import RegionState
from verifier_terminal.store import base_file
from verifier_terminal.store.base_file import BaseDamaged
from verifier_terminal.store.feed_rows import FeedMark, FeedRows, RegionRow, RowDamaged


@dataclass(frozen=True, slots=True)
class RegionFeed:
    """How far a region's statuses are held. `encoded` is the checkpoint as it came."""

    region: str
    position: FeedPosition
    as_of: UnixTime
    checkpoint: VerifiedCheckpoint
    encoded: bytes
    lists: int
    overlay_entries: int
    base_seq: int


@dataclass(frozen=True, slots=True, eq=False)
class HeldRegion:
    """A region in memory: the state of its base file, and what is held over it."""

    row: RegionRow
    checkpoint: VerifiedCheckpoint
    """It was verified when it was taken in, and is believed here as what it was then; see `store.feed_store`."""
    base: Checkpoint
    mapped: RegionState
    held: Held
    snapshot: RegionSnapshot

    @property
    def feed(self) -> RegionFeed:
        """What others are told of it."""
        held = self.held
        return RegionFeed(
            region=held.position.region,
            position=held.position,
            as_of=held.as_of,
            checkpoint=self.checkpoint,
            encoded=self.row.encoded,
            lists=len(held.state.lists),
            overlay_entries=entries_over(held.state),
            base_seq=self.base.position.seq,
        )

    def has_room_for(self, held: Held, *, at_most: int) -> bool:
        """Whether this state may lie over the base: of the same epoch, and not too much."""
        return held.position.epoch == self.base.position.epoch and entries_over(held.state) <= at_most


def entries_over(held: RegionState) -> int:
    """How many entries lie over the lists."""
    return sum(len(each.over) for each in held.lists if each is not None)


def assembled(rows: FeedRows, folder: Path, row: RegionRow, mapped: RegionState | None) -> HeldRegion:
    """A region as its row says, with everything that belongs to it.

    Args:
        rows: Where its deltas stand.
        folder: Where its base file lies.
        row: The row.
        mapped: The base, if it is open already.

    Raises:
        FileNotFoundError: The base file is not there.
        BaseDamaged: It is not what was signed.
        ProtocolError, RevocationError: The checkpoints or deltas are not what was signed.
    """
    newest, base = checkpoints.parse(row.encoded), checkpoints.parse(row.base).claims
    signed, start = newest.claims, base.position
    if mapped is None:
        mapped = base_file.read(folder / base_file.name_of(start), base)
    bodies = rows.deltas(start.region, start.epoch, after=start.seq, last=signed.position.seq)
    chain.check_way(start, base.head, bodies, signed=signed.position, signed_head=signed.head)
    over = state.lay_over(mapped, delta.combine([delta.decode(body) for body in bodies]))
    held = Held(signed.position, signed.head, over, row.as_of, rows.taken(start.region))
    return HeldRegion(row, VerifiedCheckpoint(signed, newest.kid), base, mapped, held, RegionSnapshot(held))


def reopened(rows: FeedRows, folder: Path, region: str, known: HeldRegion | None) -> HeldRegion | None:
    """A region as it is kept now, by whichever process; None when it is not.

    Args:
        rows: Where its rows stand.
        folder: Where its base file lies.
        region: Which one.
        known: As this process knows it, so that a base that is the same need not be read again.

    Raises:
        BaseDamaged, RowDamaged, ProtocolError, RevocationError: What is kept is not what was signed.
    """
    while (row := rows.region(region)) is not None:
        found: HeldRegion | None = None
        failure: Exception | None = None
        try:
            mapped = known.mapped if known is not None and known.row.base == row.base else None
            found = assembled(rows, folder, row, mapped)
            _check_not_rolled_back(found, rows.mark(region))
        except FileNotFoundError:
            failure = BaseDamaged(f"{folder.name}: the base file is missing")
        except (BaseDamaged, RowDamaged, ProtocolError, RevocationError) as raised:
            failure = raised
        if rows.changed().get(region) != row.changed:
            # Another process wrote between two of these reads, so they were of two states.
            continue
        if failure is not None:
            raise failure
        return found
    return None


def _check_not_rolled_back(found: HeldRegion, mark: FeedMark | None) -> None:
    position = found.held.position
    if mark is not None and FeedMark(position.epoch, position.seq, found.checkpoint.claims.iat) < mark:
        raise RowDamaged(f"seq {position.seq} is held, seq {mark.seq} was taken in")
