"""The feed store: every way leads to the signed state, which is there after a restart; nothing goes back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import sqlite_utils

from protocol import checkpoint
from protocol.checkpoint import Inline
from protocol.status_list import Status
from protocol.unixtime import HOUR, UnixTime
from revocation import delta, state, status_base
from revocation.coverage import Coverage, StatusAnswer
from revocation.errors import ChainBroken, FinalStatusChanged, MassChange, StateMismatch, WrongObject
from revocation.guard import NOTHING_CO_SIGNED
from revocation.state import LIST_BYTES
from revocation.status_base import Base
from tests.revocation.publisher import STATUS, Feed
from tests.terminal import feed_history
from tests.terminal.feed_history import History, Keeping
from tests.utopia.world import BEGINNING, WUYOU
from verifier_terminal.store import feed_store, schema
from verifier_terminal.store.feed_rows import FeedRows
from verifier_terminal.store.feed_store import FeedStore
from verifier_terminal.store.held_region import RegionFeed
from verifier_terminal.store.ways import ByDeltas, FromNothing, Way


@cache
def history() -> History:
    return feed_history.build(24)


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    made = Keeping(tmp_path / "terminal", history())
    yield made
    made.close()


@contextmanager
def another(keeping: Keeping) -> Iterator[Keeping]:
    """A process of its own on the same directory."""
    made = Keeping(keeping.directory, keeping.history)
    yield made
    made.close()


def check(keeping: Keeping, seq: int) -> None:
    """This process and one that starts now hold exactly this state."""
    with another(keeping) as restarted:
        for each in (keeping, restarted):
            assert each.store.damaged() == ()
            assert each.seq == seq
            assert each.root() == history().roots[seq]
        assert restarted.feed == keeping.feed


# Every way.


@pytest.mark.parametrize("begin", [0, 8, 11])
def test_from_nothing(keeping: Keeping, begin: int) -> None:
    feed = keeping.begin(begin)
    assert feed == keeping.feed
    assert (feed.base_seq, feed.overlay_entries, feed.lists) == (begin, 0, 2)
    assert feed.as_of == history().checkpoint(begin).claims.iat
    check(keeping, begin)


@pytest.mark.parametrize("stops", [(24,), range(25), (3, 3, 9, 24)], ids=["at once", "one by one", "some"])
def test_by_deltas(keeping: Keeping, stops: tuple[int, ...]) -> None:
    keeping.begin()
    for to in stops:
        assert keeping.deltas(to).position.seq == to
    assert keeping.feed.base_seq == 0
    assert keeping.feed.overlay_entries > 24
    check(keeping, 24)
    assert keeping.fold()
    assert (keeping.feed.base_seq, keeping.feed.overlay_entries) == (24, 0)
    check(keeping, 24)


@pytest.mark.parametrize("begin", [0, 5, 8, 16])
@pytest.mark.parametrize("to", [16, 21, 24])
def test_by_aggregates_and_by_base(keeping: Keeping, begin: int, to: int) -> None:
    keeping.begin(begin)
    keeping.take(history().by_aggregates(begin, to), to)
    check(keeping, to)
    if to < 24:
        keeping.take(history().by_base(8, 24), 24)
        check(keeping, 24)


def test_by_a_base_and_aggregates_after_it(keeping: Keeping) -> None:
    pointer, base = history().bases[0]
    pairs = tuple(history().aggregates[at] for at in (0, 8))
    keeping.take(FromNothing(pointer, base, pairs, tuple(history().bodies[16:20])), 20)
    check(keeping, 20)


def test_only_time_has_passed(keeping: Keeping) -> None:
    keeping.begin()
    keeping.deltas(3)
    first = keeping.feed
    later = keeping.take(ByDeltas(()), 3, later=600)
    assert later.as_of == first.as_of + 600
    assert later.position == first.position
    check(keeping, 3)
    keeping.fold()
    assert keeping.feed.as_of == later.as_of


def test_a_new_epoch_begins_a_new_base(keeping: Keeping) -> None:
    old = Feed()
    old.publish({5: Status.REVOKED})
    take(keeping, FromNothing(old.claims().base, old.base(0), (), tuple(old.bodies)), old)
    new = Feed(epoch=2, state_before=old.state)
    new.at = old.at
    new.publish({6: Status.REVOKED})
    feed = take(keeping, ByDeltas(tuple(new.bodies)), new)
    assert (feed.position, feed.base_seq, feed.overlay_entries) == (new.position(), 1, 0)
    assert keeping.files() == ["base-2-1.raw"]
    # The old epoch is over for good.
    old.publish({7: Status.REVOKED})
    with pytest.raises(ChainBroken):
        take(keeping, ByDeltas(tuple(old.bodies[1:])), old)
    with another(keeping) as restarted:
        assert restarted.feed == feed


def take(keeping: Keeping, way: Way, feed: Feed, **claims: object) -> RegionFeed:
    stated = replace(feed.claims(), **claims)  # type: ignore[arg-type]  # its fields
    return keeping.store.take(
        way,
        checkpoint=feed.checkpoint(stated),
        encoded=checkpoint.sign(stated, STATUS, inline=Inline()),
        co_signed=NOTHING_CO_SIGNED,
        writing=keeping.writing,
    )


# Looking up.


def test_an_older_snapshot_answers_as_before(keeping: Keeping) -> None:
    keeping.begin()
    assert keeping.store.snapshot() is keeping.store.snapshot()
    snapshots = [keeping.store.snapshot()]
    for to in range(1, 25):
        keeping.deltas(to)
        if to % 8 == 0:
            keeping.fold()
        snapshots.append(keeping.store.snapshot())
    with keeping.writing():
        keeping.store.forget(WUYOU)
    assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 0) == StatusAnswer(Coverage.NO_DATA)
    stated: dict[int, int] = {}
    changes = [delta.decode(body) for body in history().bodies]
    places = [int(place) for each in changes for place in each.places]
    for seq, snapshot in enumerate(snapshots):
        if seq:
            stated |= dict(zip(changes[seq - 1].places.tolist(), changes[seq - 1].values.tolist(), strict=True))
        as_of = history().checkpoint(seq).claims.iat
        for place in places:
            expected = StatusAnswer(Coverage.COVERED, Status(stated.get(place, 0)), as_of)
            assert snapshot.look_up(f"lz:{WUYOU}/0", place) == expected


def test_coverage(keeping: Keeping) -> None:
    assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 0) == StatusAnswer(Coverage.NO_DATA)
    keeping.begin(16)
    snapshot = keeping.store.snapshot()
    assert snapshot.oldest() == keeping.feed.as_of
    for uri, idx, coverage in [
        (f"lz:{WUYOU}/1", (1 << 20) - 1, Coverage.COVERED),
        (f"lz:{WUYOU}/1", 1 << 20, Coverage.OUT_OF_RANGE),
        (f"lz:{WUYOU}/0", -1, Coverage.OUT_OF_RANGE),
        (f"lz:{WUYOU}/2", 0, Coverage.NOT_COVERED),
        ("lz:970000/0", 0, Coverage.NOT_COVERED),
    ]:
        assert snapshot.look_up(uri, idx).coverage is coverage


def test_lists_in_which_nothing_is_take_no_room(keeping: Keeping) -> None:
    keeping.begin(16)
    (name,) = keeping.files()
    assert (keeping.directory / "feed" / WUYOU / name).stat().st_size == LIST_BYTES + 2 * 32


# What is refused.


def test_nothing_leads_on_from_nothing(keeping: Keeping) -> None:
    for way in (ByDeltas(()), history().by_aggregates(0, 8), history().by_base(8, 8)):
        with pytest.raises(ChainBroken):
            keeping.take(way, 8)
    assert keeping.store.regions() == {}


def test_nothing_goes_back(keeping: Keeping) -> None:
    keeping.begin()
    keeping.deltas(9)
    keeping.take(ByDeltas(()), 9, later=60)
    older: list[tuple[Way, int]] = [
        (ByDeltas(()), 9),
        (history().by_base(8, 9), 9),
        (history().by_base(8, 8), 8),
        (history().from_nothing(3), 3),
    ]
    for way, to in older:
        with pytest.raises(ChainBroken):
            keeping.take(way, to)
    check(keeping, 9)
    # Nor when the region was forgotten: its mark was not.
    with keeping.writing():
        keeping.store.forget(WUYOU)
    keeping.store.snapshot()
    for to in (3, 9):
        with pytest.raises(ChainBroken):
            keeping.begin(to)
    assert keeping.store.regions() == {}
    assert keeping.files() == []
    keeping.take(history().from_nothing(9), 9, later=60)
    check(keeping, 9)


def test_two_states_for_one_place(keeping: Keeping) -> None:
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    take(keeping, FromNothing(feed.claims().base, feed.base(0), (), tuple(feed.bodies)), feed)
    for claims in ({"head": bytes(32)}, {"state_root": bytes(32)}):
        with pytest.raises(StateMismatch):
            take(keeping, ByDeltas(()), feed, **claims)


def test_who_says_that_nothing_is_held_is_not_believed(keeping: Keeping) -> None:
    """A base in which a revocation is missing: only a terminal that never held it can be told so."""
    feed, softer = Feed(), Feed()
    feed.publish({5: Status.REVOKED})
    take(keeping, FromNothing(feed.claims().base, feed.base(0), (), tuple(feed.bodies)), feed)
    softer.publish({6: Status.REVOKED})
    softer.publish({7: Status.REVOKED})
    with pytest.raises(FinalStatusChanged):
        take(keeping, FromNothing(softer.claims().base, softer.base(0), (), tuple(softer.bodies)), softer)
    assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 5).status is Status.REVOKED


def test_another_base_than_the_signed_one(keeping: Keeping) -> None:
    way = history().from_nothing(8)
    for forged in (replace(way, base=way.base + b"\0"), replace(way, pointer=history().bases[0][0])):
        with pytest.raises(WrongObject):
            keeping.take(forged, 8)
    assert keeping.store.regions() == {}


def test_the_brake_remembers_over_a_restart(keeping: Keeping) -> None:
    feed = Feed()
    take(keeping, FromNothing(feed.claims().base, feed.base(0), (), ()), feed)
    for number in range(2):
        feed.publish(dict.fromkeys(range(20_000 * number, 20_000 * (number + 1)), int(Status.REVOKED)))
        take(keeping, ByDeltas(tuple(feed.bodies[number:])), feed)
    feed.publish(dict.fromkeys(range(50_000, 60_001), int(Status.REVOKED)))
    with another(keeping) as restarted:
        for each in (keeping, restarted):
            with pytest.raises(MassChange):
                take(each, ByDeltas(tuple(feed.bodies[2:])), feed)
        # In the next hour it is an ordinary change, and what no window reaches is forgotten.
        feed.at = UnixTime(feed.at + 30 * HOUR)
        take(restarted, ByDeltas(tuple(feed.bodies[2:])), feed)
        assert restarted.database.execute("SELECT count FROM feed_taken").fetchall() == [(10_001,)]


# The root, later.


def test_a_wrong_root_is_found_by_the_fold_and_healed_by_a_base(keeping: Keeping) -> None:
    feed = Feed()
    take(keeping, FromNothing(feed.claims().base, feed.base(0), (), ()), feed)
    feed.publish({5: Status.REVOKED})
    wrong = state.fold(feed.state, delta.make({6: Status.REVOKED}))
    take(keeping, ByDeltas(tuple(feed.bodies)), feed, state_root=wrong.root)
    with pytest.raises(StateMismatch):
        keeping.fold()
    # What is held is what was signed change by change; it stays and answers, and no file is left over.
    assert keeping.store.damaged() == ()
    assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 5).status is Status.REVOKED
    assert keeping.files() == ["base-1-0.raw"]
    # The region publishes a base of what it meant.
    base = status_base.encode(Base(feed.position(), feed.heads[-1], wrong))
    pointer = status_base.pointer_to(base, seq=1)
    take(keeping, feed_store_way(pointer, base), feed, state_root=wrong.root)
    assert keeping.store.snapshot().look_up(f"lz:{WUYOU}/0", 6).status is Status.REVOKED
    assert keeping.feed.base_seq == 1


def feed_store_way(pointer: checkpoint.BasePointer, base: bytes) -> Way:
    return FromNothing(pointer, base, (), ())


def test_too_much_over_a_base_is_folded_before_it_is_taken(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_store, "MOST_OVER", 30)
    keeping.begin()
    before = [keeping.deltas(to).overlay_entries for to in range(1, 25)]
    assert max(before) <= 30
    assert 0 in before
    assert keeping.feed.base_seq > 0
    check(keeping, 24)
    feed = Feed(epoch=2, state_before=keeping.store._known.held[WUYOU].held.state)
    feed.at = UnixTime(BEGINNING + 48 * HOUR)
    feed.publish(dict.fromkeys(range(31), int(Status.SUSPENDED)))
    with pytest.raises(StateMismatch):
        take(keeping, ByDeltas(tuple(feed.bodies)), feed, state_root=bytes(32))
    check(keeping, 24)


# Several processes and threads.


def test_another_process_sees_what_was_taken_and_folded(keeping: Keeping) -> None:
    with another(keeping) as other:
        keeping.begin()
        other.store.snapshot()
        keeping.deltas(5)
        older = other.store.snapshot()
        assert other.seq == 5
        keeping.fold()
        # Its mapping is of a file that is gone.
        assert older.look_up(f"lz:{WUYOU}/0", 0).coverage is Coverage.COVERED
        assert other.root() == history().roots[5]
        other.store.snapshot()
        assert (other.feed.base_seq, other.root()) == (5, history().roots[5])
        other.deltas(9)
        keeping.store.snapshot()
        assert keeping.root() == history().roots[9]
        with other.writing():
            other.store.forget(WUYOU)
        keeping.store.snapshot()
        assert keeping.store.regions() == {}


def test_who_comes_second_takes_nothing(keeping: Keeping) -> None:
    keeping.begin()
    with another(keeping) as other:
        keeping.deltas(4)
        # It still believes to be at 0.
        assert other.seq == 0
        assert other.deltas(2).position.seq == 4
        assert other.root() == history().roots[4]
        keeping.deltas(6)
        assert other.take(history().by_aggregates(4, 8), 8).position.seq == 6
        assert other.files() == ["base-1-0.raw"]
        keeping.fold()
        keeping.deltas(7)
        # What it would fold is folded.
        assert other.fold() is False
        other.store.snapshot()
        check(other, 7)
        with keeping.writing():
            keeping.store.forget(WUYOU)
        with pytest.raises(ChainBroken):
            other.deltas(9)


def test_deltas_that_come_while_it_folds(keeping: Keeping) -> None:
    keeping.begin()
    keeping.deltas(5)
    with another(keeping) as other:

        @contextmanager
        def writing() -> Iterator[None]:
            # The new base is written, and nothing refers to it yet.
            other.deltas(9)
            with keeping.writing():
                yield

        assert keeping.store.fold(WUYOU, writing=writing)
    assert (keeping.feed.base_seq, keeping.seq) == (5, 9)
    check(keeping, 9)
    assert keeping.files() == ["base-1-5.raw"]


@pytest.mark.parametrize("asked", ["region", "deltas", "taken", "mark"])
def test_a_fold_between_two_reads(keeping: Keeping, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the rows one after the other sees two states, and reads them again."""
    keeping.begin()
    keeping.deltas(5)
    with another(keeping) as other:
        keeping.deltas(9)
        plain, folded = getattr(FeedRows, asked), []

        def reading(rows: FeedRows, *arguments: object, **named: object) -> object:
            read = plain(rows, *arguments, **named)
            if rows is other.store._rows and not folded:
                folded.append(True)
                keeping.fold()
                keeping.deltas(11)
            return read

        monkeypatch.setattr(FeedRows, asked, reading)
        other.store.snapshot()
        assert other.store.damaged() == ()
        assert other.seq in (9, 11)
        assert other.root() == history().roots[other.seq]
        other.store.snapshot()
        check(other, 11)


def test_one_thread_takes_while_another_one_folds(keeping: Keeping) -> None:
    keeping.begin()
    lock, done, failures = threading.Lock(), threading.Event(), list[Exception]()

    @contextmanager
    def writing() -> Iterator[None]:
        with lock, keeping.writing():
            yield

    def fold() -> None:
        try:
            while not done.is_set():
                keeping.store.fold(WUYOU, writing=writing)
        except Exception as failure:
            failures.append(failure)

    thread = threading.Thread(target=fold)
    thread.start()
    try:
        for to in range(1, 25):
            keeping.store.take(
                ByDeltas(tuple(history().bodies[to - 1 : to])),
                checkpoint=history().checkpoint(to),
                encoded=history().encoded[to],
                co_signed=NOTHING_CO_SIGNED,
                writing=writing,
            )
            with lock:
                keeping.store.snapshot()
    finally:
        done.set()
        thread.join()
    assert failures == []
    check(keeping, 24)


# Files.


def test_what_a_killed_process_left_is_removed_and_strangers_files_stay(keeping: Keeping, tmp_path: Path) -> None:
    keeping.begin(8)
    folder = keeping.directory / "feed"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "base-1-1.raw").write_bytes(b"")
    (folder / "980000").symlink_to(elsewhere)
    ours = [folder / WUYOU / name for name in ("base-1-9.raw", "base-1-9.raw.new", "base-2-0.raw")]
    strangers = [folder / WUYOU / name for name in ("notes.txt", "base-1-9.raw.bak", "base-.raw")]
    strangers.append(folder / "base-1-1.raw")
    for path in (*ours, *strangers):
        path.write_bytes(b"something")
    with another(keeping) as restarted:
        check(restarted, 8)
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in (*strangers, elsewhere / "base-1-1.raw"))


def test_a_store_without_regions_makes_no_folder(keeping: Keeping) -> None:
    assert not (keeping.directory / "feed").exists()
    assert isinstance(keeping.store, FeedStore)
    assert keeping.fold() is False


def test_a_terminal_of_the_version_before_gets_its_tables(tmp_path: Path) -> None:
    """Version 2 had none of them; what it held stays."""
    before = sqlite_utils.Migrations("terminal")
    for number, statements in enumerate((schema._FIRST, schema._SECOND), 1):

        def version(database: sqlite_utils.Database, statements: tuple[str, ...] = statements) -> None:
            for statement in statements:
                database.execute(statement)

        before(name=f"version_{number}")(version)
    database = sqlite_utils.Database(tmp_path / "terminal.db")
    before.apply(database)
    database.execute("INSERT INTO document VALUES ('trust', x'2A')")
    database.execute("PRAGMA user_version = 2")
    database.conn.commit()
    database.close()
    keeping = Keeping(tmp_path, history())
    keeping.begin(8)
    assert keeping.database.execute("SELECT * FROM document").fetchall() == [("trust", b"\x2a")]
    check(keeping, 8)
    keeping.close()
