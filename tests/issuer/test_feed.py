"""The feed of an issuer: what is published, what is held back, and what a terminal makes of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing as closing_database
from pathlib import Path

import pytest

from issuer import signers
from issuer.feed.errors import CoSignatureNeeded, FeedStopped, StatusKeyReplaced
from protocol import checkpoint, feed_names, limits
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, UnixTime
from revocation.coverage import Coverage
from revocation.publishing.errors import AnotherLeader, LogBehind, ObjectDiffers, StoreFailed
from revocation.publishing.folder_store import FolderStore
from tests.issuer.builders import AT
from tests.issuer.feed_terminal import FeedTerminal
from tests.issuer.feeds import FailingStore, FeedWorld, OpenLeadership, closing, hundredth


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FeedWorld]:
    with closing(FeedWorld(tmp_path / "i")) as made:
        yield made


def test_a_checkpoint_is_published_with_every_tick_and_a_delta_with_every_change(world: FeedWorld) -> None:
    first = world.tick()
    assert (first.epoch, first.seq, first.deltas) == (1, 0, 0)
    assert world.terminal.status(0, 5) is Coverage.NOT_COVERED
    idle = world.tick()
    assert (idle.seq, idle.head, idle.iat) == (0, first.head, first.iat + 60)
    world.change(5, Status.REVOKED)
    made = world.tick()
    assert (made.seq, made.changes, made.deltas) == (1, 1, 1)
    assert world.terminal.status(1, 5) == Status.REVOKED
    assert world.terminal.claims.exp == made.iat + DAY


def test_every_earlier_state_leads_to_the_newest(world: FeedWorld) -> None:
    world.tick()
    earlier = [world.terminal.poll()]
    for minute in range(12):
        world.change(minute, Status.SUSPENDED)
        world.tick()
        earlier.append(world.terminal.poll())
    for held in earlier:
        assert world.terminal.from_held(held).head == earlier[-1].head
    short, long = (
        checkpoint.parse(world.terminal.read(name)) for name in (feed_names.CHECKPOINT, feed_names.CHECKPOINT_10)
    )
    assert short.sign1.signature == long.sign1.signature
    bodies = [world.terminal.read(feed_names.delta(1, seq)) for seq in range(1, 13)]
    assert (list(short.inline.deltas), list(long.inline.deltas)) == (bodies[-3:], bodies)


def test_the_last_writer_of_an_entry_counts_and_what_comes_to_nothing_is_no_delta(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.SUSPENDED)
    world.change(1, Status.REVOKED, old=Status.SUSPENDED)
    world.change(2, Status.SUSPENDED)
    world.change(2, Status.VALID, old=Status.SUSPENDED)
    made = world.tick()
    assert made.changes == 1
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.REVOKED, Status.VALID]
    world.change(3, Status.SUSPENDED)
    world.change(3, Status.VALID, old=Status.SUSPENDED)
    assert world.tick().deltas == 0


def test_a_change_is_published_when_it_is_due_and_not_before(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.CANCELLED, due=3_600, urgent=False)
    world.change(2, Status.REVOKED)
    world.tick()
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.VALID, Status.REVOKED]
    world.tick(seconds=3_600)
    assert world.terminal.status(1, 1) == Status.CANCELLED


def test_an_inline_delta_that_is_too_long_does_not_ride(world: FeedWorld) -> None:
    world.tick()
    world.change_many([(idx, 0, Status.SUSPENDED) for idx in range(0, 1_000_000, 100)])
    world.tick()
    world.change(1, Status.REVOKED)
    world.tick()
    encoded = world.terminal.read(feed_names.CHECKPOINT_10)
    assert len(checkpoint.parse(encoded).inline.deltas) == 1
    assert len(encoded) <= limits.MAX_CHECKPOINT_BYTES


def test_a_final_status_is_not_undone_without_the_offline_key_and_everything_else_goes_on(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    world.tick()
    stuck = world.change(1, Status.VALID, old=Status.REVOKED)
    world.change(2, Status.REVOKED)
    made = world.tick()
    assert (made.final, made.changes) == ((stuck,), 1)
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.REVOKED, Status.REVOKED]
    with pytest.raises(CoSignatureNeeded, match="1 changes of final statuses"):
        made.demand_nothing_held_back()
    assert world.tick().final == (stuck,)


def test_more_than_a_delta_may_hold_is_split_over_ticks(world: FeedWorld) -> None:
    world.tick()
    world.change_many([(idx, 0, Status.SUPERSEDED) for idx in range(45_000)])
    assert [world.tick().changes for _ in range(4)] == [20_000, 20_000, 5_000, 0]


def test_the_brake_holds_what_is_too_much_for_an_hour_and_urgent_changes_go_first(
    world: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hundredth(monkeypatch)
    world.tick()
    world.change_many([(idx, 0, Status.SUPERSEDED) for idx in range(600)], urgent=False)
    away = world.terminal.poll()
    made = [world.tick() for _ in range(4)]
    assert [each.changes for each in made] == [200, 200, 100, 0]
    assert made[-1].braked
    with pytest.raises(CoSignatureNeeded, match="the brake holds"):
        made[-1].demand_nothing_held_back()
    # Nobody who polls every ten minutes pulls the brake, and ten minutes after the hour it goes on.
    every_ten = world.terminal.from_held(away)
    urgent = world.change(70_000, Status.REVOKED)
    for _ in range(6):
        assert world.tick(seconds=600).changes == 0
        every_ten = world.terminal.from_held(every_ten)
    assert urgent in world.feed.tick(at=world.at).braked  # type: ignore[union-attr]  # a tick was due
    assert world.tick(seconds=660).changes > 0
    assert world.terminal.from_held(every_ten).state.look_up(1, 70_000) == Status.REVOKED


def test_lists_are_opened_and_closed_and_a_change_in_a_closed_list_says_nothing(world: FeedWorld) -> None:
    world.tick()
    # Some lists are announced before the register opens them.
    first = world.terminal.claims.lists
    assert [world.terminal.status(each, 1) for each in (first - 1, first)] == [Status.VALID, Coverage.NOT_COVERED]
    world.open_lists(range(3, 4))
    waiting = world.change(1, Status.REVOKED, number=first + 1)
    made = world.tick()
    assert world.terminal.status(first, 1) == Status.VALID
    assert made.not_open == (waiting,)
    world.retire(3)
    world.tick()
    assert world.terminal.status(3, 1) is Coverage.NOT_COVERED
    world.change(1, Status.REVOKED, number=3)
    settled = world.tick()
    assert (settled.deltas, settled.not_open) == (0, (waiting,))
    world.open_lists(range(4, 5))
    assert world.tick().changes == 1
    assert world.terminal.status(first + 1, 1) == Status.REVOKED


def test_many_lists_are_opened_over_several_ticks(world: FeedWorld) -> None:
    world.tick()
    first = world.terminal.claims.lists
    world.open_lists(range(3, 103))
    counts = [world.tick().deltas for _ in range(3)]
    assert (counts, world.terminal.claims.lists) == ([1, 1, 0], first + 100)


def test_no_checkpoint_is_older_than_one_before_it(world: FeedWorld) -> None:
    made = world.tick()
    world.change(1, Status.REVOKED)
    behind = world.tick(seconds=-2 * DAY)
    assert (behind.iat, behind.clock_behind, behind.seq) == (made.iat, 2 * DAY, 1)
    # Also not by a process that has just started.
    again = world.feed_of().tick(at=world.at)
    assert again is not None
    assert (again.iat, again.seq) == (made.iat, 1)


def test_a_clock_that_was_ahead_is_healed_by_a_new_epoch(world: FeedWorld) -> None:
    world.tick(seconds=400 * DAY)
    assert world.tick(seconds=-400 * DAY).clock_behind > 399 * DAY
    world.feed.begin_epoch(at=world.at)
    world.change(1, Status.REVOKED)
    made = world.tick()
    assert (made.epoch, made.iat, made.clock_behind) == (2, world.at, 0)
    assert world.terminal.begin().state.look_up(1, 1) == Status.REVOKED


def test_a_folder_that_was_emptied_is_filled_again(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    world.tick()
    names = world.names()
    for path in (world.places.published / "feed").iterdir():
        path.unlink()
    world.tick()
    assert world.names() == names
    assert world.terminal.begin().state.look_up(1, 1) == Status.REVOKED


def test_a_process_that_starts_goes_on_where_the_last_one_stopped(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    world.tick()
    world.feed = world.feed_of()
    world.change(2, Status.REVOKED)
    assert world.tick().seq == 2
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.REVOKED, Status.REVOKED]


@pytest.mark.parametrize("after", [False, True])
def test_whatever_fails_the_next_tick_completes_it(tmp_path: Path, after: bool) -> None:
    """Disk full at every single operation, before and after it was done."""
    with closing(FeedWorld(tmp_path / "i")) as world:
        world.tick()
        number, failed = 1, 0
        while True:
            world.change(number, Status.REVOKED)
            folder = FolderStore(world.places.published)
            store = FailingStore(folder, at=number, error=lambda: StoreFailed("no space left"), after=after)
            world.at = UnixTime(world.at + HOUR)
            try:
                world.feed_of(stores=[store]).tick(at=world.at)
            except FeedStopped:
                failed += 1
            # Whoever reads in between finds everything that is named.
            world.terminal.poll()
            world.terminal.begin()
            made = world.tick()
            assert (made.seq, world.terminal.status(1, number)) == (number, Status.REVOKED)
            if store.operations < number:
                break
            number += 1
        assert failed == number - 1 >= 8


def test_other_bytes_in_the_store_are_never_overwritten(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    (world.places.published / "feed/delta-1-1").write_bytes(b"somebody else's")
    with pytest.raises(FeedStopped, match="delta-1-1") as stopped:
        world.feed.tick(at=UnixTime(world.at + 60))
    assert isinstance(stopped.value.__cause__, ObjectDiffers)
    assert world.terminal.poll().position.seq == 0
    (world.places.published / "feed/delta-1-1").unlink()
    assert world.tick(seconds=120).seq == 1


def test_of_two_leaders_one_gives_up(world: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.tick()
    first, second = (world.feed_of(leadership=OpenLeadership) for _ in range(2))
    world.change(1, Status.REVOKED)
    append = first.log.append

    def overtaken(*args: object, **named: object) -> None:
        monkeypatch.undo()
        world.change(2, Status.REVOKED)
        second.tick(at=UnixTime(world.at + 60))
        append(*args, **named)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(first.log, "append", overtaken)
    with pytest.raises(FeedStopped, match="seq 1 is taken") as stopped:
        first.tick(at=UnixTime(world.at + 60))
    assert isinstance(stopped.value.__cause__, AnotherLeader)
    world.terminal.poll()
    again = first.tick(at=UnixTime(world.at + 120))
    assert again is not None
    assert (again.seq, world.terminal.poll().position.seq) == (1, 1)
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.REVOKED, Status.REVOKED]


def test_two_registers_cannot_feed_one_folder(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    with closing(FeedWorld(world.places.folder, database="other.sqlite")) as other:
        other.change(9, Status.REVOKED)
        other.feed.tick(at=AT)
        # Both have the same beginning; the other one was faster with seq 1.
        other.change(8, Status.REVOKED)
        other.feed.tick(at=UnixTime(AT + 60))
        with pytest.raises(FeedStopped, match="the log has epoch 1, seq 0") as stopped:
            world.feed.tick(at=UnixTime(AT + 120))
        assert isinstance(stopped.value.__cause__, LogBehind)
        world.feed = world.feed_of(stores=[])
        world.feed.tick(at=UnixTime(AT + 180))
        with pytest.raises(FeedStopped, match="has another seq 1 than the log") as stopped:
            world.feed_of().tick(at=UnixTime(AT + 240))
        assert isinstance(stopped.value.__cause__, AnotherLeader)


def test_a_register_from_a_backup_is_noticed_and_a_new_epoch_heals_it(tmp_path: Path) -> None:
    with closing(FeedWorld(tmp_path / "i")) as world:
        world.tick()
        register, copy = sqlite3.connect(tmp_path / "i/register.sqlite"), sqlite3.connect(tmp_path / "backup")
        with closing_database(register), closing_database(copy):
            register.backup(copy)
        world.change(1, Status.REVOKED)
        world.tick()
        held, at = world.terminal.poll(), world.at
    for left in (tmp_path / "i").glob("register.sqlite*"):
        left.unlink()
    (tmp_path / "backup").rename(tmp_path / "i/register.sqlite")
    with closing(FeedWorld(tmp_path / "i", is_new=False)) as world:
        world.at, world.terminal.held = at, held
        world.change(1, Status.REVOKED)
        with pytest.raises(FeedStopped, match="epoch 1, seq 1; the log has epoch 1, seq 0") as stopped:
            world.feed.tick(at=world.at)
        assert isinstance(stopped.value.__cause__, LogBehind)
        world.feed.begin_epoch(at=world.at)
        made = world.feed.tick(at=world.at)
        assert made is not None
        assert (made.epoch, made.seq) == (2, 1)
        assert world.terminal.begin().state.look_up(1, 1) == Status.REVOKED


def test_a_new_status_key_begins_an_epoch_and_nobody_needs_a_base(world: FeedWorld) -> None:
    world.tick()
    world.change(1, Status.REVOKED)
    world.tick()
    old = world.feed
    signers.replace_status(world.places, passphrase=None, random_bytes=lambda size: bytes([9]) * size)
    world.signers = signers.load(world.places, passphrase=None, random_bytes=bytes)
    world.publish_trust()
    world.feed = world.feed_of()
    made = world.tick()
    assert (made.epoch, made.seq) == (2, 0)
    world.change(2, Status.REVOKED)
    assert world.tick().seq == 1
    assert [world.terminal.status(1, idx) for idx in (1, 2)] == [Status.REVOKED, Status.REVOKED]
    with pytest.raises(StatusKeyReplaced, match="epoch 2 has another status key"):
        old.tick(at=UnixTime(world.at + 60))


def test_ticks_of_a_service_are_apart_and_what_waits_goes_with_the_next(world: FeedWorld) -> None:
    world.tick()
    world.feed.gap = 5  # type: ignore[assignment]  # of Seconds
    world.change(1, Status.REVOKED)
    assert world.feed.tick(at=UnixTime(world.at + 2)) is None
    assert world.feed.is_deferred
    assert world.tick(seconds=5).changes == 1
    assert not world.feed.is_deferred


def test_who_was_away_comes_by_aggregates_and_what_is_old_goes(world: FeedWorld) -> None:
    world.tick()
    away = {0: world.terminal.poll()}
    for day in range(1, 21):
        for hour in (6, 7, 18):
            world.change(100 * day + hour, Status.REVOKED)
            world.at = UnixTime(AT - AT % DAY + day * DAY + hour * HOUR)
            world.tick(seconds=0)
        away[day] = world.terminal.poll()
    world.tick(seconds=2 * HOUR)
    newest = world.terminal.poll()
    kinds = [entry.kind.name for entry in world.terminal.manifest().entries]
    assert (kinds.count("HOUR"), kinds.count("DAY"), kinds.count("WEEK")) == (6, 14, 1)
    for day in (6, 12, 15, 18, 19, 20):
        fresh = FeedTerminal(world.places.published, world.terminal.root)
        assert fresh.by_aggregates(away[day]).head == newest.head
    assert world.terminal.begin().head == newest.head
    names = world.names()
    assert {"base-1-0", "delta-1-1"}.isdisjoint(names)
    assert sum(name.startswith("base-") for name in names) <= 5
    assert sum(name.startswith("delta-") for name in names) <= 3 * 4 + 2
    # A store that has nothing gets all that is kept.
    fresh_folder = world.places.folder / "fresh"
    (fresh_folder).mkdir()
    (fresh_folder / "trust.cbor").write_bytes(world.terminal.read("trust.cbor"))
    made = world.feed_of(stores=[FolderStore(fresh_folder)]).tick(at=world.at)
    assert made is not None
    copied = FeedTerminal(fresh_folder, world.terminal.root)
    assert copied.begin().head == copied.by_aggregates(away[15]).head == made.head
