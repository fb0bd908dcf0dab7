"""From one state to the next: every attack of REVOCATION.md on the chain, the state, final values and the brake.

SECURITY.md E7: any loss, order or repetition of deltas ends in a refusal or in the state of the full list.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.checkpoint import Checkpoint, VerifiedCheckpoint
from protocol.feed_position import FeedPosition
from protocol.manifest import EntryKind
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from revocation import advance, chain, delta, guard, state, status_base
from revocation.advance import Held
from revocation.delta import Aggregate
from revocation.errors import (
    ChainBroken,
    FinalStatusChanged,
    MassChange,
    OutsideLists,
    RevocationError,
    StateMismatch,
    WrongObject,
)
from revocation.guard import NOTHING_CO_SIGNED, CoSigned
from revocation.lint import MAX_LISTS_PER_DELTA, MAX_PER_DELTA
from revocation.state import ALL_VALID, RegionState
from revocation.status_base import Base
from tests.revocation.publisher import Feed, contents, entry_of
from tests.utopia.world import WUYOU, ZIXU

FINAL = sorted({Status.INVALID, Status.DEVICE_LOST, 7, *(each for each in Status if each.is_final)})


def three() -> Feed:
    """Three deltas: revocations, a suspension that ends, a list that opens."""
    feed = Feed()
    feed.publish({5: Status.REVOKED, 7: Status.SUSPENDED, (1 << 20) + 9: Status.SUPERSEDED})
    feed.publish({7: Status.VALID, 8: Status.CANCELLED})
    feed.publish({(2 << 20) + 1: Status.DEVICE_LOST}, lists=3)
    return feed


def by_deltas(feed: Feed, held: Held, bodies: list[bytes], co_signed: CoSigned = NOTHING_CO_SIGNED) -> Held:
    return advance.by_deltas(held, bodies, checkpoint=feed.checkpoint(), co_signed=co_signed)


def by_base(
    held: Held, base: bytes, bodies: list[bytes], *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned
) -> Held:
    """By the base that the checkpoint names."""
    pointer = checkpoint.claims.base
    return advance.by_base(held, base, (), bodies, pointer=pointer, checkpoint=checkpoint, co_signed=co_signed)


def from_nothing(base: bytes, bodies: list[bytes], *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned) -> Held:
    pointer = checkpoint.claims.base
    return advance.from_nothing(base, (), bodies, pointer=pointer, checkpoint=checkpoint, co_signed=co_signed)


def same(held: Held, feed: Feed) -> bool:
    return (
        contents(held.state) == contents(feed.state)
        and held.position == feed.position()
        and held.head == feed.heads[-1]
    )


# All ways lead to one state.


@pytest.mark.parametrize("begin", range(4))
def test_by_deltas(begin: int) -> None:
    feed = three()
    held = by_deltas(feed, feed.held(begin, as_of=feed.at - HOUR), feed.bodies[begin:])
    assert same(held, feed)
    assert held.as_of == feed.at
    assert [each.count for each in held.taken] == [[6, 3, 1, 0][begin]][: begin < 3]


def test_one_at_a_time() -> None:
    feed = three()
    held = feed.held(0)
    for seq in (1, 2, 3):
        held = advance.by_deltas(
            held, feed.bodies[seq - 1 : seq], checkpoint=feed.checkpoint(seq=seq), co_signed=NOTHING_CO_SIGNED
        )
        assert held.state.root == feed.states[seq].root
    assert same(held, feed)


@pytest.mark.parametrize(
    ("begin", "spans"),
    [(0, [(0, 3)]), (0, [(0, 1), (1, 3)]), (0, [(0, 2)]), (1, [(0, 3)]), (1, [(0, 2)]), (2, [(1, 3)]), (0, [])],
)
def test_by_aggregates(begin: int, spans: list[tuple[int, int]]) -> None:
    """An aggregate may begin before what is held; deltas go on from its end."""
    feed = three()
    end = spans[-1][1] if spans else begin
    held = advance.by_aggregates(
        feed.held(begin),
        [feed.aggregate(*span) for span in spans],
        feed.bodies[end:],
        checkpoint=feed.checkpoint(),
        co_signed=NOTHING_CO_SIGNED,
    )
    assert same(held, feed)


@pytest.mark.parametrize("begin", range(4))
@pytest.mark.parametrize("base", range(4))
def test_by_base(begin: int, base: int) -> None:
    """A base may be older than what is held, too: what counts is where it ends."""
    feed = three()
    checkpoint = feed.checkpoint(base=base)
    held = by_base(
        feed.held(begin), feed.base(base), feed.bodies[base:], checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED
    )
    assert same(held, feed)
    first = from_nothing(feed.base(base), feed.bodies[base:], checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED)
    assert same(first, feed)
    assert first.taken == ()


def test_only_time_has_passed() -> None:
    feed = three()
    held = feed.held(3)
    feed.at = UnixTime(feed.at + MINUTE)
    later = by_deltas(feed, held, [])
    assert (later.as_of, later.state, later.taken) == (feed.at, held.state, ())


def test_a_new_epoch_needs_no_base() -> None:
    """The status key was replaced: seq starts again, and who was up to date goes on by deltas."""
    old = three()
    new = Feed(epoch=2, state_before=old.state)
    new.publish({77: Status.REVOKED})
    assert same(by_deltas(new, old.held(3), new.bodies), new)
    # Who was not, or holds another state, needs a base.
    with pytest.raises(ChainBroken):
        by_deltas(new, old.held(2), new.bodies)
    checkpoint = new.checkpoint(base=0)
    held = by_base(old.held(1), new.base(0), new.bodies, checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED)
    assert same(held, new)


def test_an_epoch_never_goes_back() -> None:
    """SECURITY.md E4: the epoch heals a seq that a thief has driven ahead, and the old one is over."""
    old, new = three(), Feed(epoch=2)
    ahead = replace(new.held(0), position=FeedPosition(WUYOU, 2, 0))
    with pytest.raises(ChainBroken):
        by_deltas(old, ahead, old.bodies)
    with pytest.raises(ChainBroken):
        by_base(ahead, old.base(0), old.bodies, checkpoint=old.checkpoint(), co_signed=NOTHING_CO_SIGNED)


# The chain.


@pytest.mark.parametrize(
    "change",
    [
        lambda bodies: bodies[1:],
        lambda bodies: bodies[:-1],
        lambda bodies: [bodies[0], bodies[2]],
        lambda bodies: [bodies[1], bodies[0], bodies[2]],
        lambda bodies: [bodies[0], bodies[0], bodies[2]],
        lambda bodies: [bodies[0], *bodies],
        lambda bodies: [*bodies, bodies[2]],
        lambda bodies: [],
        lambda bodies: [bodies[0], bodies[1], b""],
        lambda bodies: [*bodies[:2], bytes(5_000_000)],
    ],
    ids=["first", "last", "middle", "swapped", "repeated", "twice", "twice at the end", "none", "empty", "endless"],
)
def test_missing_swapped_or_repeated(change: Callable[[list[bytes]], list[bytes]]) -> None:
    feed = three()
    with pytest.raises(ChainBroken):
        by_deltas(feed, feed.held(0), change(list(feed.bodies)))


def test_every_bit_of_every_delta_counts() -> None:
    feed = three()
    for place, body in enumerate(feed.bodies):
        for position in range(len(body) * 8):
            bent = bytearray(body)
            bent[position // 8] ^= 1 << position % 8
            with pytest.raises(ChainBroken):
                by_deltas(feed, feed.held(0), [*feed.bodies[:place], bytes(bent), *feed.bodies[place + 1 :]])


def test_a_delta_of_another_region_epoch_or_place() -> None:
    """The same bytes elsewhere have another hash."""
    body = three().bodies[0]
    hashes = {
        chain.delta_hash(position, body)
        for position in (
            FeedPosition(WUYOU, 1, 1),
            FeedPosition(ZIXU, 1, 1),
            FeedPosition(WUYOU, 2, 1),
            FeedPosition(WUYOU, 1, 2),
        )
    }
    assert len(hashes) == 4
    feed, other = three(), Feed(epoch=2)
    other.publish(feed.changes[0])
    with pytest.raises(ChainBroken):
        by_deltas(feed, other.held(0), feed.bodies)


@pytest.mark.parametrize("field", ["head", "state_root"])
def test_every_bit_of_what_was_signed_counts(field: str) -> None:
    """A forged head breaks the chain, a wrong state root is noticed when the state is there."""
    feed = three()
    error = {"head": ChainBroken, "state_root": StateMismatch}[field]
    for position in range(0, 256, 5):
        bent = bytearray(getattr(feed.claims(), field))
        bent[position // 8] ^= 1 << position % 8
        forged: Checkpoint = replace(feed.claims(), **{field: bytes(bent)})
        with pytest.raises(error):
            advance.by_deltas(
                feed.held(0), feed.bodies, checkpoint=feed.checkpoint(forged), co_signed=NOTHING_CO_SIGNED
            )


@pytest.mark.parametrize(
    "position",
    [FeedPosition(WUYOU, 1, 4), FeedPosition(WUYOU, 1, 2), FeedPosition(WUYOU, 0, 3), FeedPosition(ZIXU, 1, 3)],
)
def test_a_signed_head_at_another_place(position: FeedPosition) -> None:
    """The head is right and the place is not: as many deltas as the place says, in the region and epoch held."""
    feed = three()
    forged = replace(feed.checkpoint(), claims=replace(feed.claims(), position=position))
    for begin in (2, 3):
        with pytest.raises(ChainBroken):
            advance.by_deltas(feed.held(begin), feed.bodies[begin:], checkpoint=forged, co_signed=NOTHING_CO_SIGNED)


def test_what_is_held_never_grows_younger() -> None:
    """A later seq with an earlier iat is in order; it says nothing about an earlier time."""
    feed = three()
    held = feed.held(2, as_of=feed.at + HOUR)
    assert by_deltas(feed, held, feed.bodies[2:]).as_of == feed.at + HOUR


def test_another_number_of_lists() -> None:
    feed = three()
    for lists in (2, 4):
        forged = feed.checkpoint(replace(feed.claims(), lists=lists))
        with pytest.raises(StateMismatch):
            advance.by_deltas(feed.held(0), feed.bodies, checkpoint=forged, co_signed=NOTHING_CO_SIGNED)


def test_an_older_checkpoint() -> None:
    feed = three()
    for seq in range(3):
        with pytest.raises(ChainBroken):
            advance.by_deltas(feed.held(3), [], checkpoint=feed.checkpoint(seq=seq), co_signed=NOTHING_CO_SIGNED)
        with pytest.raises(ChainBroken):
            by_base(
                feed.held(3),
                feed.base(0),
                feed.bodies[:seq],
                checkpoint=feed.checkpoint(seq=seq),
                co_signed=NOTHING_CO_SIGNED,
            )


def test_another_base() -> None:
    feed = three()
    checkpoint = feed.checkpoint(base=1)
    for base in (feed.base(0), feed.base(1)[:-1], feed.base(1) + b"\0"):
        with pytest.raises(WrongObject):
            from_nothing(base, feed.bodies[1:], checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED)


def test_a_base_with_another_state() -> None:
    """Well hashed and signed, with the right head, and one entry less: the root tells."""
    feed = three()
    softer = state.fold(feed.states[1], delta.make({5: Status.VALID}))
    forged = status_base.encode(Base(feed.position(1), feed.heads[1], softer))
    checkpoint = feed.checkpoint(replace(feed.claims(), base=status_base.pointer_to(forged, seq=1)))
    with pytest.raises(StateMismatch):
        from_nothing(forged, feed.bodies[1:], checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED)


def test_lists_that_vanish_or_come_back() -> None:
    feed = Feed(lists=2)
    feed.publish({}, lists=2, retired=(1,))
    held = feed.held(1)
    assert held.state.lists[1] is None
    reopened = Feed(lists=2)
    reopened.publish({5: 1})
    for other in (reopened, _of_one_list()):
        with pytest.raises(OutsideLists):
            by_base(held, other.base(0), other.bodies, checkpoint=other.checkpoint(), co_signed=NOTHING_CO_SIGNED)


def _of_one_list() -> Feed:
    feed = Feed(lists=1)
    feed.publish({5: 1})
    return feed


# Aggregates.


def aggregated(feed: Feed, made: Aggregate, **entry: object) -> Held:
    named, body = entry_of(made)
    return advance.by_aggregates(
        feed.held(0),
        [(replace(named, **entry), body)],  # type: ignore[arg-type]  # fields of an entry
        feed.bodies[made.last :],
        checkpoint=feed.checkpoint(),
        co_signed=NOTHING_CO_SIGNED,
    )


def of_two(feed: Feed) -> Aggregate:
    return Aggregate(WUYOU, 1, 0, 2, feed.heads[2], delta.combine(feed.changes[:2]))


def test_the_good_aggregate_of_the_forgeries_below() -> None:
    feed = three()
    assert same(aggregated(feed, of_two(feed)), feed)


@pytest.mark.parametrize(
    "entry",
    [
        {"sha256": bytes(32)},
        {"size": 1},
        {"first": 1},
        {"last": 3},
        {"kind": EntryKind.CO_SIGNED_DELTA},
        {"kind": EntryKind.CO_SIGNATURE},
    ],
    ids=repr,
)
def test_an_aggregate_that_the_manifest_does_not_name(entry: dict[str, object]) -> None:
    feed = three()
    with pytest.raises(WrongObject):
        aggregated(feed, of_two(feed), **entry)


@pytest.mark.parametrize("changes", [{"region": ZIXU}, {"epoch": 2}], ids=repr)
def test_an_aggregate_of_elsewhere(changes: dict[str, object]) -> None:
    feed = three()
    with pytest.raises(WrongObject):
        aggregated(feed, replace(of_two(feed), **changes))  # type: ignore[arg-type]  # its fields


def test_an_aggregate_with_another_head() -> None:
    feed = three()
    with pytest.raises(ChainBroken):
        aggregated(feed, replace(of_two(feed), head=bytes(32)))


def test_an_aggregate_that_leaves_something_out() -> None:
    """A revocation that a stolen manifest key leaves out is missed by no head, and by the root."""
    feed = three()
    made = of_two(feed)
    less = delta.make(
        {
            int(place): int(value)
            for place, value in zip(made.changes.places, made.changes.values, strict=True)
            if place != 5
        }
    )
    with pytest.raises(StateMismatch):
        aggregated(feed, replace(made, changes=less))


def test_an_aggregate_that_does_not_lead_on() -> None:
    feed = three()
    for begin, span in ((0, (1, 3)), (2, (0, 2)), (3, (0, 3))):
        with pytest.raises(ChainBroken):
            advance.by_aggregates(
                feed.held(begin),
                [feed.aggregate(*span)],
                feed.bodies[span[1] :],
                checkpoint=feed.checkpoint(),
                co_signed=NOTHING_CO_SIGNED,
            )


def test_every_bit_of_an_aggregate_counts() -> None:
    feed = three()
    entry, body = feed.aggregate(0, 3)
    for position in range(len(body) * 8):
        bent = bytearray(body)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(WrongObject):
            advance.by_aggregates(
                feed.held(0), [(entry, bytes(bent))], [], checkpoint=feed.checkpoint(), co_signed=NOTHING_CO_SIGNED
            )


# Final values, on every way.


Way = Callable[[Feed, int, CoSigned], Held]


def _by_deltas(feed: Feed, begin: int, co_signed: CoSigned) -> Held:
    return by_deltas(feed, feed.held(begin), feed.bodies[begin:], co_signed)


def _by_aggregate(feed: Feed, begin: int, co_signed: CoSigned) -> Held:
    return advance.by_aggregates(
        feed.held(begin), [feed.aggregate(begin, feed.seq)], [], checkpoint=feed.checkpoint(), co_signed=co_signed
    )


def _by_base(feed: Feed, begin: int, co_signed: CoSigned) -> Held:
    return by_base(
        feed.held(begin),
        feed.base(feed.seq),
        [],
        checkpoint=feed.checkpoint(base=feed.seq),
        co_signed=co_signed,
    )


def _by_deltas_over(feed: Feed, begin: int, co_signed: CoSigned) -> Held:
    """As a terminal does; it compares the root later, so this does it here."""
    held = advance.by_deltas_over(
        feed.held(begin), feed.bodies[begin:], checkpoint=feed.checkpoint(), co_signed=co_signed
    )
    assert held.state.root == feed.claims().state_root
    return held


every_way = pytest.mark.parametrize("way", [_by_deltas, _by_deltas_over, _by_aggregate, _by_base])


@every_way
@pytest.mark.parametrize("old", range(16))
def test_what_may_change(way: Way, old: int) -> None:
    """All 256 transitions: from VALID and SUSPENDED anything; everything else stays, without the offline key."""
    for new in range(16):
        feed = Feed()
        feed.publish({5: old, 1_000: 1})
        feed.publish({5: new})
        if old in (Status.VALID, Status.SUSPENDED) or old == new:
            assert same(way(feed, 1, NOTHING_CO_SIGNED), feed)
            continue
        with pytest.raises(FinalStatusChanged):
            way(feed, 1, NOTHING_CO_SIGNED)


@every_way
@pytest.mark.parametrize("old", FINAL)
def test_the_offline_key_reverses(way: Way, old: int) -> None:
    feed = Feed()
    feed.publish({5: old, 6: old})
    feed.publish({5: Status.VALID}, co_signed=True)
    assert same(way(feed, 1, feed.co_signed()), feed)
    assert same(way(feed, 0, feed.co_signed()), feed)


@every_way
def test_no_way_back_in_two_steps(way: Way) -> None:
    """Suspended may become valid again; final may not become suspended."""
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.SUSPENDED})
    feed.publish({5: Status.VALID})
    with pytest.raises(FinalStatusChanged):
        way(feed, 1, NOTHING_CO_SIGNED)


@every_way
def test_a_co_signature_is_for_its_places_alone(way: Way) -> None:
    feed = Feed()
    feed.publish({5: Status.REVOKED, 6: Status.REVOKED})
    feed.publish({5: Status.VALID}, co_signed=True)
    feed.publish({6: Status.VALID})
    with pytest.raises(FinalStatusChanged):
        way(feed, 1, feed.co_signed())


@every_way
def test_a_co_signature_is_for_its_place_in_the_feed_alone(way: Way) -> None:
    """What was reversed once and revoked again is not reversed a second time by the old signature."""
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.VALID}, co_signed=True)
    feed.publish({5: Status.REVOKED})
    assert same(way(feed, 1, feed.co_signed()), feed)
    feed.publish({5: Status.VALID})
    with pytest.raises(FinalStatusChanged):
        way(feed, 3, feed.co_signed())


@every_way
def test_after_a_reversal_the_ordinary_rule_holds(way: Way) -> None:
    """Reversed to REVOKED→CANCELLED, say: from there on it is final again."""
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.CANCELLED}, co_signed=True)
    feed.publish({5: Status.VALID})
    with pytest.raises(FinalStatusChanged):
        way(feed, 1, feed.co_signed())


@every_way
def test_two_reversals_on_the_way(way: Way) -> None:
    feed = Feed()
    feed.publish({5: Status.REVOKED, 9: Status.REVOKED})
    feed.publish({5: Status.VALID}, co_signed=True)
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.SUSPENDED, 9: Status.VALID}, co_signed=True)
    feed.publish({5: Status.VALID})
    assert same(way(feed, 1, feed.co_signed()), feed)


@every_way
def test_reversals_count_in_their_order(way: Way) -> None:
    """From one final value to another, and later back: however the co-signatures were collected."""
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.CANCELLED}, co_signed=True)
    feed.publish({5: Status.VALID}, co_signed=True)
    collected = feed.co_signed().bodies
    for order in (sorted(collected, key=lambda each: each.seq), sorted(collected, key=lambda each: -each.seq)):
        assert same(way(feed, 1, CoSigned({each: collected[each] for each in order})), feed)


@every_way
def test_a_reversal_of_another_region_is_none_here(way: Way) -> None:
    feed = Feed()
    feed.publish({5: Status.REVOKED})
    feed.publish({5: Status.VALID}, co_signed=True)
    there = {replace(position, region=ZIXU): each for position, each in feed.co_signed().bodies.items()}
    with pytest.raises(FinalStatusChanged):
        way(feed, 1, CoSigned(there))


def test_a_reversal_of_the_epoch_before_counts() -> None:
    """A terminal that was away while the key was replaced: by base, with both epochs' co-signatures."""
    old = Feed()
    old.publish({5: Status.REVOKED})
    old.publish({5: Status.VALID}, co_signed=True)
    new = Feed(epoch=2, state_before=old.state)
    new.publish({77: Status.REVOKED})
    checkpoint = new.checkpoint(base=0)
    held = by_base(old.held(1), new.base(0), new.bodies, checkpoint=checkpoint, co_signed=old.co_signed())
    assert same(held, new)
    with pytest.raises(FinalStatusChanged):
        by_base(old.held(1), new.base(0), new.bodies, checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED)


@every_way
def test_another_delta_took_the_reserved_seq(way: Way) -> None:
    """The ceremony's signature was for one delta; with it in hand, the online key signs another one at its place."""
    reserved = Feed()
    reserved.publish({5: Status.REVOKED, 6: Status.REVOKED})
    reserved.publish({5: Status.VALID}, co_signed=True)
    feed = Feed()
    feed.publish(reserved.changes[0])
    feed.publish({6: Status.VALID})
    with pytest.raises(FinalStatusChanged):
        way(feed, 1, reserved.co_signed())
    # Nor does it release the brake for another one.
    feed = Feed()
    feed.publish(reserved.changes[0])
    feed.publish(many(300_000, first=10))
    with pytest.raises(MassChange):
        way(feed, 1, reserved.co_signed())


def test_a_co_signature_with_another_delta() -> None:
    feed = Feed()
    feed.publish({5: Status.REVOKED, 6: Status.REVOKED})
    body = feed.publish({5: Status.VALID}, co_signed=True)
    signature = feed.co_signatures[2]
    assert len(guard.co_signed([(signature, body)]).bodies) == 1
    for other in (feed.bodies[0], delta.encode(delta.make({6: 0}), universe=2 << 20), body + b"\0", b""):
        with pytest.raises(WrongObject):
            guard.co_signed([(signature, other)])


# The brake.


def many(count: int, first: int = 0, value: int = Status.REVOKED) -> dict[int, int]:
    return {place: int(value) for place in range(first, first + count)}


def test_a_delta_at_the_brake() -> None:
    feed = Feed()
    feed.publish(many(MAX_PER_DELTA))
    assert same(by_deltas(feed, feed.held(0), feed.bodies), feed)


def test_a_delta_beyond_the_brake() -> None:
    feed = Feed()
    feed.publish(many(MAX_PER_DELTA + 1))
    with pytest.raises(MassChange):
        by_deltas(feed, feed.held(0), feed.bodies)


def test_what_changes_nothing_is_not_counted() -> None:
    feed = Feed()
    feed.publish(many(MAX_PER_DELTA))
    feed.publish(many(MAX_PER_DELTA + 1))
    assert same(by_deltas(feed, feed.held(1), feed.bodies[1:]), feed)


@every_way
def test_the_offline_key_releases_the_brake(way: Way) -> None:
    """A leaked issuer key: everything that it signed is revoked at once, by one co-signed delta."""
    feed = Feed()
    feed.publish({5: Status.SUSPENDED})
    feed.publish(many(300_000), co_signed=True)
    held = way(feed, 1, feed.co_signed())
    assert same(held, feed)
    assert sum(each.count for each in held.taken) == 0
    with pytest.raises(MassChange):
        way(feed, 1, NOTHING_CO_SIGNED)


@every_way
def test_an_hour_beyond_the_brake(way: Way) -> None:
    """Each delta is below its own bound."""
    feed = Feed()
    for number in range(3):
        feed.publish(many(17_000, first=17_000 * number), minutes=10)
    held = replace(feed.held(0), as_of=UnixTime(feed.at - HOUR))
    feed.held = lambda seq, *, as_of=None: held  # type: ignore[method-assign]  # a terminal of an hour ago
    with pytest.raises(MassChange):
        way(feed, 0, NOTHING_CO_SIGNED)


def test_several_aggregates_beyond_the_brake() -> None:
    """What one poll brings is counted together, aggregates and deltas."""
    feed = Feed()
    for number in range(3):
        feed.publish(many(17_000, first=17_000 * number))
    ways = ([(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 2)], [(0, 2)])
    for spans in ways:
        with pytest.raises(MassChange):
            advance.by_aggregates(
                feed.held(0, as_of=feed.at - HOUR),
                [feed.aggregate(*span) for span in spans],
                feed.bodies[spans[-1][1] :],
                checkpoint=feed.checkpoint(),
                co_signed=NOTHING_CO_SIGNED,
            )


def test_minute_by_minute_beyond_the_brake() -> None:
    """The history goes along with what is held."""
    feed = Feed()
    held = feed.held(0)
    for number in range(5):
        feed.publish(many(10_000, first=10_000 * number))
        held = by_deltas(feed, held, feed.bodies[-1:])
    feed.publish({900_000: Status.REVOKED})
    with pytest.raises(MassChange):
        by_deltas(feed, held, feed.bodies[-1:])
    # An hour later it is an ordinary change again.
    feed.at = UnixTime(feed.at + HOUR)
    assert same(by_deltas(feed, held, feed.bodies[-1:]), feed)


def test_who_was_away_takes_days_worth() -> None:
    feed = Feed()
    for number in range(14):
        feed.publish(many(15_000, first=15_000 * number), minutes=12 * 60)
    away = feed.held(0, as_of=feed.at - 7 * DAY)
    held = by_deltas(feed, away, feed.bodies)
    assert same(held, feed)
    # And is not held up in the hour after.
    feed.publish(many(15_000, first=500_000))
    assert same(by_deltas(feed, held, feed.bodies[-1:]), feed)


@pytest.mark.parametrize(("opened", "closed"), [(65, 0), (0, 65), (32, 33)])
def test_too_many_lists_open_or_close(opened: int, closed: int) -> None:
    """Closing a list takes its revocations from "refuse" to "not covered": not at one stroke either."""
    for more, co_signed in ((0, False), (0, True), (-1, False)):
        feed = Feed(lists=70)
        retired = tuple(range(1, 1 + closed + (more if closed else 0)))
        feed.publish({5: 1}, lists=70 + opened + (0 if closed else more), retired=retired, co_signed=co_signed)
        if opened + closed + more <= MAX_LISTS_PER_DELTA or co_signed:
            assert same(by_deltas(feed, feed.held(0), feed.bodies, feed.co_signed()), feed)
            continue
        with pytest.raises(MassChange):
            by_deltas(feed, feed.held(0), feed.bodies, feed.co_signed())


# The property.


places = st.one_of(st.integers(0, 12), st.integers(0, (2 << 20) - 1))
histories = st.lists(st.dictionaries(places, st.sampled_from([0, 2, 2, 12, 15]), max_size=6), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(histories, st.data())
def test_a_refusal_or_the_state_of_the_full_list(history: list[dict[int, int]], draw: st.DataObject) -> None:
    """Whatever subset, order and repetition of its deltas a terminal is shown, after whatever it holds."""
    feed = Feed()
    for changes in history:
        feed.publish(changes)
    begin = draw.draw(st.integers(0, feed.seq))
    end = draw.draw(st.integers(0, feed.seq))
    which = draw.draw(
        st.one_of(
            st.just(list(range(begin, end))),
            st.permutations(range(begin, end)) if end > begin else st.just([]),
            st.lists(st.integers(0, feed.seq - 1), max_size=feed.seq + 2),
        )
    )
    checkpoint = feed.checkpoint(seq=end)
    try:
        held = advance.by_deltas(
            feed.held(begin), [feed.bodies[each] for each in which], checkpoint=checkpoint, co_signed=NOTHING_CO_SIGNED
        )
    except RevocationError:
        return
    # The full list of that moment, through its base, is the other way to the same state.
    full = from_nothing(feed.base(end), [], checkpoint=feed.checkpoint(seq=end, base=end), co_signed=NOTHING_CO_SIGNED)
    assert contents(held.state) == contents(full.state)
    assert held.position == full.position == feed.position(end)
    for earlier in feed.states[begin : end + 1]:
        # Nothing final that was there on the way is gone.
        for place in {place for changes in history for place in changes}:
            value = earlier.look_up(place >> 20, place & 0xFFFFF)
            if value not in (Status.VALID, Status.SUSPENDED):
                assert held.state.look_up(place >> 20, place & 0xFFFFF) == value


@settings(max_examples=30, deadline=None)
@given(histories, st.data())
def test_all_ways_agree(history: list[dict[int, int]], draw: st.DataObject) -> None:
    """By deltas, aggregates or a base: the same state, or refused because of the same final value."""
    feed = Feed()
    for changes in history:
        feed.publish(changes)
    begin = draw.draw(st.integers(0, feed.seq - 1))
    middle = draw.draw(st.integers(begin + 1, feed.seq))
    outcomes = []
    for way in (
        lambda: _by_deltas(feed, begin, NOTHING_CO_SIGNED),
        lambda: _by_deltas_over(feed, begin, NOTHING_CO_SIGNED),
        lambda: advance.by_aggregates(
            feed.held(begin),
            [feed.aggregate(begin, middle)],
            feed.bodies[middle:],
            checkpoint=feed.checkpoint(),
            co_signed=NOTHING_CO_SIGNED,
        ),
        lambda: _by_base(feed, begin, NOTHING_CO_SIGNED),
    ):
        try:
            outcomes.append(way().state.root)
        except FinalStatusChanged:
            outcomes.append(b"")
    # The finer the way, the more it sees: what an aggregate has undone within itself is not seen from outside.
    assert set(outcomes) <= {feed.state.root, b""}
    assert outcomes[0] == outcomes[1]
    if outcomes[0]:
        assert outcomes == [feed.state.root] * 4


def test_the_beginning_of_an_epoch_is_bound_to_region_epoch_and_state() -> None:
    root = RegionState(WUYOU, (ALL_VALID,)).root
    heads = {
        chain.first_head(WUYOU, 1, root),
        chain.first_head(ZIXU, 1, root),
        chain.first_head(WUYOU, 2, root),
        chain.first_head(WUYOU, 1, bytes(32)),
    }
    assert len(heads) == 4
    assert (
        chain.first_head(WUYOU, 1, root)
        == sha256(b"lz-status-feed\0" + b"990000" + (1).to_bytes(4) + bytes(4) + root).digest()
    )
