"""What is laid over a list is the same state as what is written into it, and no other state notices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.feed_position import FeedPosition
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation import advance, delta, overlay, state
from revocation.advance import Held
from revocation.coverage import Coverage, JoinedView, StatusAnswer, StatusSnapshot
from revocation.delta import Delta
from revocation.errors import ChainBroken, MassChange, OutsideLists, StateMismatch
from revocation.guard import NOTHING_CO_SIGNED
from revocation.lookup import FeedSnapshot
from revocation.state import ALL_VALID, LIST_BYTES, ListEntries, RegionState
from tests.revocation.publisher import Feed, contents
from tests.utopia.world import BEGINNING, WUYOU, ZIXU

EMPTY = RegionState(WUYOU, (ALL_VALID,) * 3)
edges = st.sampled_from([0, 1, 2, 3, (1 << 20) - 2, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) - 1])
places = st.one_of(edges, st.integers(0, (3 << 20) - 1))
changes_of = st.dictionaries(places, st.integers(0, 15), max_size=40)
lists_of = st.one_of(st.none(), st.tuples(st.integers(3, 5), st.sets(st.integers(0, 2), max_size=1)))


@settings(max_examples=60)
@given(changes_of, st.lists(st.tuples(changes_of, lists_of), min_size=1, max_size=4))
def test_laid_over_is_written_into(under: dict[int, int], several: list[tuple[dict[int, int], object]]) -> None:
    """Root, every value and every list, whatever is opened and closed on the way."""
    written = laid = state.fold(EMPTY, delta.make(under))
    touched = set(under)
    for changes, lists in several:
        count, retired = lists if isinstance(lists, tuple) else (None, ())
        count = None if count is None else max(count, len(written.lists))
        closed = {number for number, each in enumerate(written.lists) if each is None} | set(retired)
        made = delta.make(
            {place: value for place, value in changes.items() if place >> 20 not in closed},
            lists=count,
            retired=tuple(sorted(retired)),
        )
        written, laid = state.fold(written, made), state.lay_over(laid, made)
        touched |= set(changes)
    assert laid.root == written.root
    assert contents(laid) == contents(written)
    for place in touched:
        assert laid.look_up(place >> 20, place & 0xFFFFF) == written.look_up(place >> 20, place & 0xFFFFF)
    open_places = [place for place in sorted(touched) if written.lists[place >> 20] is not None]
    asked = np.array(open_places, np.uint64)
    assert laid.values(asked).tolist() == written.values(asked).tolist()


@pytest.mark.parametrize("count", [1, 63, 64, 65, 5_000])
def test_few_and_many_are_read_alike(count: int) -> None:
    random = np.random.default_rng(count)
    packed = random.integers(0, 256, LIST_BYTES, np.uint8).tobytes()
    indices = np.sort(random.choice(1 << 20, count, replace=False)).astype(np.uint64)
    over = overlay.laid_over(overlay.NOTHING, indices[::2], np.full(len(indices[::2]), 7, np.uint8))
    expected = [
        7 if place % 2 == 0 else packed[idx >> 1] >> 4 * (idx & 1) & 0xF for place, idx in enumerate(indices.tolist())
    ]
    assert overlay.values(packed, over, indices).tolist() == expected
    assert [overlay.value(packed, over, idx) for idx in indices.tolist()] == expected


def test_no_other_state_and_no_snapshot_notices() -> None:
    before = state.lay_over(state.fold(EMPTY, delta.make({5: Status.SUSPENDED})), delta.make({6: Status.SUSPENDED}))
    snapshot, root = FeedSnapshot([held_of(before)]), before.root
    after = state.lay_over(before, delta.make({5: Status.REVOKED, 6: Status.VALID, 7: Status.REVOKED}, lists=4))
    assert [after.look_up(0, idx) for idx in (5, 6, 7)] == [Status.REVOKED, Status.VALID, Status.REVOKED]
    assert [before.look_up(0, idx) for idx in (5, 6, 7)] == [Status.SUSPENDED, Status.SUSPENDED, Status.VALID]
    assert [snapshot.look_up("lz:990000/0", idx).status for idx in (5, 6, 7)] == [
        Status.SUSPENDED,
        Status.SUSPENDED,
        Status.VALID,
    ]
    assert snapshot.look_up("lz:990000/3", 0).coverage is Coverage.NOT_COVERED
    assert before.root == root


def test_nothing_is_copied() -> None:
    mapped = ListEntries(memoryview(bytes(LIST_BYTES - 1) + b"\x21"))
    after = state.lay_over(RegionState(WUYOU, (mapped,)), delta.make({5: 1}))
    entries = after.lists[0]
    assert entries is not None
    assert entries.under is mapped.under
    assert entries.over == {5: 1}
    # An entry back at what the list says is still stated, and is no other state.
    again = state.lay_over(after, delta.make({5: 0}))
    assert again.root == RegionState(WUYOU, (mapped,)).root


@pytest.mark.parametrize(
    "changes",
    [delta.make({3 << 20: 1}), delta.make({5: 1}, lists=2), delta.make({5: 1}, lists=3, retired=(0,))],
    ids=["beyond", "lists vanish", "closed at once"],
)
def test_changes_outside(changes: Delta) -> None:
    with pytest.raises(OutsideLists):
        state.lay_over(EMPTY, changes)


def test_lists_with_something_over_them_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_HELD_LISTS", 2)
    held = state.lay_over(EMPTY, delta.make({5: 1, 1 << 20: 1}))
    with pytest.raises(OutsideLists):
        state.lay_over(held, delta.make({2 << 20: 1}))


# Deltas laid over: the same checks, and the root later.


def test_the_root_is_compared_by_whoever_folds() -> None:
    """A wrong root in a checkpoint is not noticed between folds; everything else is (ADR 0011)."""
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    forged = feed.checkpoint(replace(feed.claims(), state_root=bytes(32)))
    held = advance.by_deltas_over(feed.held(0), feed.bodies, checkpoint=forged, co_signed=NOTHING_CO_SIGNED)
    assert held.state.root == feed.state.root != forged.claims.state_root
    with pytest.raises(StateMismatch):
        advance.by_deltas(feed.held(0), feed.bodies, checkpoint=forged, co_signed=NOTHING_CO_SIGNED)
    other = feed.checkpoint(replace(feed.claims(), lists=3))
    with pytest.raises(StateMismatch):
        advance.by_deltas_over(feed.held(0), feed.bodies, checkpoint=other, co_signed=NOTHING_CO_SIGNED)
    with pytest.raises(ChainBroken):
        advance.by_deltas_over(feed.held(0), [], checkpoint=feed.checkpoint(), co_signed=NOTHING_CO_SIGNED)


def test_the_brake_counts_what_lies_over() -> None:
    """What is there already is not counted again, and what is not is."""
    feed = Feed()
    feed.publish(dict.fromkeys(range(20_000), int(Status.REVOKED)))
    feed.publish(dict.fromkeys(range(20_001), int(Status.REVOKED)))
    held = advance.by_deltas_over(feed.held(0), feed.bodies, checkpoint=feed.checkpoint(), co_signed=NOTHING_CO_SIGNED)
    assert [each.count for each in held.taken] == [20_001]
    feed.publish(dict.fromkeys(range(30_000, 50_001), int(Status.REVOKED)))
    with pytest.raises(MassChange):
        advance.by_deltas_over(held, feed.bodies[2:], checkpoint=feed.checkpoint(), co_signed=NOTHING_CO_SIGNED)


# Views.


def held_of(held: RegionState) -> Held:
    return Held(FeedPosition(WUYOU, 1, 1), bytes(32), held, BEGINNING, ())


def test_a_list_in_which_nothing_is_needs_no_place_of_its_own() -> None:
    snapshot = FeedSnapshot([held_of(RegionState(WUYOU, (ALL_VALID, None, ALL_VALID)))])
    valid = StatusAnswer(Coverage.COVERED, Status.VALID, BEGINNING)
    for uri, idx, expected in [
        ("lz:990000/0", 0, valid),
        ("lz:990000/2", (1 << 20) - 1, valid),
        ("lz:990000/0", 1 << 20, StatusAnswer(Coverage.OUT_OF_RANGE)),
        ("lz:990000/0", -1, StatusAnswer(Coverage.OUT_OF_RANGE)),
        *(
            (f"lz:990000/{number}", 0, StatusAnswer(Coverage.NOT_COVERED))
            for number in ("1", "3", "00", "-0", "+0", " 0", "0 ", "", "0x0", "٠", "²", "1_0", "9" * 5_000, "0/0")
        ),
        ("lz:99000/00", 0, StatusAnswer(Coverage.NOT_COVERED)),
        ("", 0, StatusAnswer(Coverage.NOT_COVERED)),
    ]:
        assert snapshot.look_up(uri, idx) == expected, uri


def test_the_oldest_region_counts() -> None:
    states = [RegionState(region, (ALL_VALID,)) for region in (WUYOU, ZIXU)]
    away = Held(FeedPosition(ZIXU, 1, 1), bytes(32), states[1], UnixTime(BEGINNING - 9), ())
    assert FeedSnapshot([held_of(states[0]), away]).oldest() == BEGINNING - 9
    assert FeedSnapshot([]).oldest() is None


def test_a_region_with_a_feed_and_one_with_tokens() -> None:
    feeds = FeedSnapshot([held_of(state.lay_over(EMPTY, delta.make({5: Status.REVOKED}, lists=3, retired=(2,))))])
    nothing = StatusSnapshot({})
    joined = JoinedView(feeds, nothing)
    assert joined.look_up("lz:990000/0", 5).status is Status.REVOKED
    assert joined.look_up("lz:990000/0", 1 << 20).coverage is Coverage.OUT_OF_RANGE
    for uri in ("lz:990000/2", "lz:980000/0"):
        assert joined.look_up(uri, 5).coverage is Coverage.NOT_COVERED
    assert joined.oldest() == BEGINNING
    assert JoinedView(FeedSnapshot([]), nothing).look_up("lz:990000/0", 5).coverage is Coverage.NO_DATA
    assert JoinedView(FeedSnapshot([]), nothing).oldest() is None
    # Whichever of the two has it answers.
    assert JoinedView(nothing, feeds).look_up("lz:990000/0", 5) == feeds.look_up("lz:990000/0", 5)
