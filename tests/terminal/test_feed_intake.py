"""The ways of the feed: what one poll asks for and what comes of it, from a minute to a week away, and from nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol import feed_names
from protocol.labels import Alg
from protocol.manifest import EntryKind
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR
from tests.terminal.feeding import SHOWN, Fed, fed
from tests.utopia.world import WUYOU
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import FeedRefused, ForbiddenChange, NewerEpoch, NotPublished, OlderThanHeld
from verifier_terminal.sync import feed_ways
from verifier_terminal.sync.mirror import Mirror


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Fed]:
    with fed(tmp_path) as made:
        yield made


class Counting:
    """Every name that was asked for."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self.names: list[str] = []

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        self.names.append(name)
        return self._mirror.fetch(name, max_bytes=max_bytes)


def test_a_poll_is_one_request_and_a_revocation_is_refused_from_then_on(at: Fed) -> None:
    assert at.show().verdict_class is VerdictClass.ACCEPT
    at.terminal.pass_seconds(60)
    at.feed.change({SHOWN: Status.REVOKED})
    asked = Counting(at.mirror)
    report = at.poll(asked)
    assert asked.names == [feed_names.CHECKPOINT]
    assert [(each.way, each.requests, each.position.seq) for each in report.polled] == [("deltas", 1, 2)]
    assert at.show().verdict_class is VerdictClass.REFUSE
    assert at.reopened().status().regions[0].seq == 2
    assert at.show().verdict_class is VerdictClass.REFUSE


def test_a_minute_without_changes_makes_the_statuses_fresh(at: Fed) -> None:
    at.terminal.pass_seconds(50 * 60)
    assert at.session.status().status_grade.name == "RECENT"
    at.feed.publish()
    assert at.poll().polled[0].way == "deltas"
    standing = at.session.status()
    assert (standing.status_grade.name, standing.ages.status, at.seq) == ("FRESH", 0, 1)


def test_the_same_checkpoint_again_changes_nothing(at: Fed) -> None:
    report = at.poll()
    assert [each.way for each in report.polled] == ["same"]
    assert not report.refused


def test_a_licence_accepted_on_old_data_is_looked_up_again(at: Fed) -> None:
    at.terminal.pass_seconds(10 * 60)
    shown = at.show()
    assert (shown.verdict_class, shown.recheck) == (VerdictClass.ACCEPT, True)
    at.feed.change({SHOWN: Status.SUSPENDED})
    report = at.poll()
    assert [alarm.check_number for alarm in report.alarms] == [shown.check_number]
    assert [row.payload["event"] for row in at.session.explain(shown.check_number) if row.payload] == [
        "verdict",
        "recheck",
    ]


def test_four_lost_polls_cost_one_delta_each_beyond_the_inline_ones(at: Fed) -> None:
    for idx in range(2, 9):
        at.feed.change({idx: 12})
    at.minute()
    asked = Counting(at.mirror)
    assert at.poll(asked).polled[0].way == "deltas"
    assert asked.names == [feed_names.CHECKPOINT, *(feed_names.delta(1, seq) for seq in range(2, 6))]
    assert at.seq == 8


def test_who_lost_a_poll_asks_for_the_file_that_has_all_of_it(at: Fed) -> None:
    """In time, with its jitter and a checkpoint that was a minute old, the short one is enough."""
    at.poll()
    for seconds, name in ((139, feed_names.CHECKPOINT), (141, feed_names.CHECKPOINT_10)):
        at.terminal.pass_seconds(seconds)
        at.feed.publish()
        asked = Counting(at.mirror)
        assert at.poll(asked).polled
        assert asked.names == [name]


def many(at: Fed, count: int) -> None:
    for idx in range(count):
        at.feed.change({100 + idx: 12})


def test_whoever_was_away_for_hours_takes_aggregates(at: Fed) -> None:
    many(at, 40)
    at.feed.make_aggregate(0, 16)
    at.feed.make_aggregate(16, 32)
    at.terminal.pass_seconds(3 * HOUR)
    at.feed.publish()
    asked = Counting(at.mirror)
    report = at.poll(asked)
    assert report.polled[0].way == "aggregates"
    assert asked.names[:4] == [
        feed_names.CHECKPOINT_10,
        feed_names.MANIFEST,
        feed_names.listed("hour-1-0-16"),
        feed_names.listed("hour-1-16-32"),
    ]
    assert at.seq == 41


def test_without_a_manifest_the_base_is_cheaper_than_forty_deltas(at: Fed) -> None:
    many(at, 40)
    at.feed.make_base()
    at.minute()
    asked = Counting(at.mirror)
    assert at.poll(asked).polled[0].way == "base"
    assert asked.names == [feed_names.CHECKPOINT, feed_names.MANIFEST, feed_names.base(1, 41)]


def test_an_object_that_is_gone_is_gone_around(at: Fed) -> None:
    many(at, 40)
    at.feed.make_base()
    at.feed.make_aggregate(0, 30)
    at.feed.remove(feed_names.listed("hour-1-0-30"))
    at.feed.remove(feed_names.base(1, 41))
    kept = at.feed.read(feed_names.delta(1, 9))
    at.feed.remove(feed_names.delta(1, 9))
    at.minute()
    assert at.refused() is NotPublished
    at.feed.write(feed_names.delta(1, 9), kept)
    assert at.poll().polled[0].way == "deltas"


def test_what_came_before_the_line_broke_is_not_fetched_again(at: Fed) -> None:
    many(at, 14)
    at.minute()
    gone = at.feed.read(feed_names.delta(1, 4))
    at.feed.remove(feed_names.delta(1, 4))
    (at.feed.folder / feed_names.base(1, 0)).unlink()
    assert at.refused() is NotPublished
    at.feed.write(feed_names.delta(1, 4), gone)
    asked = Counting(at.mirror)
    assert at.poll(asked).polled
    assert feed_names.delta(1, 2) not in asked.names
    assert feed_names.delta(1, 4) in asked.names


def test_a_terminal_from_nothing_begins_with_the_roots_base_and_takes_aggregates_after_it(tmp_path: Path) -> None:
    with fed(tmp_path) as at:
        many(at, 30)
        at.feed.make_aggregate(0, 16)
        at.feed.make_aggregate(16, 30)
        # The status key's own pointer is another base, which nobody from nothing may begin with.
        root_named = at.feed.base
        at.feed.make_base()
        at.feed.publish()
        at.feed.base = root_named
        at.feed.write_documents()
        database = at.session._store.database
        for table in ("feed_region", "feed_delta", "feed_mark"):
            database.execute(f"DELETE FROM {table}")
        database.execute("UPDATE feed_change SET number = 0")
        at.reopened()
        asked = Counting(at.mirror)
        report = at.session.sync(asked)
        assert [each.way for each in report.polled] == ["beginning"]
        assert feed_names.base(1, 0) in asked.names
        assert feed_names.base(1, 31) not in asked.names
        assert at.seq == 31


def test_a_base_that_led_nowhere_is_not_downloaded_every_minute(at: Fed) -> None:
    many(at, 20)
    at.feed.make_base()
    content = bytearray(at.feed.read(feed_names.base(1, 21)))
    content[-1] ^= 1
    at.feed.write(feed_names.base(1, 21), bytes(content))
    for seq in range(2, 12):
        at.feed.remove(feed_names.delta(1, seq))
    at.minute()
    asked = Counting(at.mirror)
    for _ in range(5):
        at.poll(asked)
    assert asked.names.count(feed_names.base(1, 21)) == 1
    at.feed.make_base()
    at.minute(11)
    assert at.poll(asked).polled[0].way == "base"


def test_a_co_signed_reversal_is_taken_and_a_free_one_is_an_alarm(at: Fed) -> None:
    at.feed.change({SHOWN: Status.REVOKED})
    at.minute()
    at.poll()
    kept = (list(at.feed.heads), list(at.feed.states), list(at.feed.bodies), list(at.feed.changes), at.feed.state)
    at.feed.change({SHOWN: Status.VALID})
    at.minute()
    assert at.refused() is ForbiddenChange
    assert [alarm.kind.value for alarm in at.session.status().feed_alarms] == ["forbidden"]
    assert at.show().verdict_class is VerdictClass.REFUSE
    at.feed.heads, at.feed.states, at.feed.bodies, at.feed.changes, at.feed.state = kept
    at.feed.change({SHOWN: Status.VALID}, co_signed=True)
    at.minute()
    assert at.poll().polled[0].position.seq == 3
    assert at.session.status().feed_alarms == ()
    assert at.show().verdict_class is VerdictClass.ACCEPT


def test_a_co_signed_reversal_inside_an_aggregate_comes_by_the_manifest(at: Fed) -> None:
    at.feed.change({SHOWN: Status.REVOKED})
    at.minute()
    at.poll()
    seq = at.feed.change({SHOWN: Status.VALID}, co_signed=True)
    many(at, 20)
    at.feed.make_aggregate(0, 20)
    at.feed.list_co_signed(seq)
    at.feed.co_signatures.clear()
    at.minute()
    assert at.poll().polled[0].way == "aggregates"
    assert at.show().verdict_class is VerdictClass.ACCEPT


def test_a_new_epoch_goes_on_from_the_same_state_once_the_root_says_so(at: Fed) -> None:
    at.feed.begin_epoch(at.world.signer("status, the next", Alg.ED25519))
    at.feed.change({SHOWN: Status.REVOKED})
    at.minute()
    assert at.show().verdict_class is VerdictClass.ACCEPT
    at.feed.write_documents()
    report = at.session.sync(at.mirror)
    assert [(each.way, each.position.epoch) for each in report.polled] == [("deltas", 2)]
    assert at.show().verdict_class is VerdictClass.REFUSE


def test_a_status_key_begins_no_epoch_by_itself_and_the_root_ends_one(at: Fed) -> None:
    at.feed.epoch = 2
    at.minute()
    assert at.refused() is NewerEpoch
    at.feed.write_documents()
    at.session.sync_documents(at.mirror)
    at.feed.epoch = 1
    at.minute()
    assert at.refused() is OlderThanHeld


def test_the_tokens_of_a_region_count_no_more_once_its_feed_is_held(tmp_path: Path) -> None:
    from tests.terminal.conftest import Terminal
    from tests.terminal.publishing import publish
    from tests.utopia.feed import Feed
    from tests.utopia.world import World
    from verifier_terminal.sync.mirror import FolderMirror

    (tmp_path / "terminal").mkdir()
    terminal = Terminal(World(), tmp_path / "terminal", tmp_path / "published")
    publish(terminal.world, terminal.published)
    session = terminal.open()
    try:
        mirror = FolderMirror(terminal.published)
        session.sync(mirror)
        assert f"lz:{WUYOU}/3" in {held.name for held in session.status().held}
        feed = Feed(terminal.world, terminal.published)
        feed.trust_seq = 2
        feed.change({SHOWN: Status.REVOKED})
        feed.write_documents()
        asked = Counting(mirror)
        assert not session.sync(asked).refused
        assert f"lz:{WUYOU}/3" not in {held.name for held in session.status().held}
        assert session.scan(terminal.world.code(), source="s").verdict.verdict_class is VerdictClass.REFUSE
        asked.names.clear()
        session.sync(asked)
        assert not any(name.startswith("status/") for name in asked.names)
    finally:
        session.close()


def test_the_cheapest_way_is_chosen_by_bytes() -> None:
    from protocol.checkpoint import BasePointer
    from protocol.manifest import ManifestEntry

    def entry(kind: EntryKind, first: int, last: int, size: int) -> ManifestEntry:
        return ManifestEntry(kind, first, last, bytes(32), size)

    hours = [entry(EntryKind.HOUR, at, at + 60, 900) for at in range(0, 1440, 60)]
    day = entry(EntryKind.DAY, 0, 1440, 14_500)
    base = BasePointer(1440, bytes(32), 622_000)
    plan = feed_ways.plans(1_300, 1_450, inline=3, base=base, entries=[*hours, day])[0]
    assert [each.first for each in plan.aggregates] == [1_260, 1_320, 1_380]
    assert plan.base is None
    assert feed_ways.plans(0, 1_450, inline=3, base=base, entries=[*hours, day])[0].aggregates == (day,)
    assert feed_ways.plans(None, 1_450, inline=10, base=base, entries=hours)[0].base is base
    assert feed_ways.plans(0, 9_000, inline=3, base=None, entries=[]) == ()
    # A base whose seq has not come is none.
    assert feed_ways.plans(None, 1_000, inline=3, base=base, entries=[]) == ()


def test_a_day_away_is_graded_and_a_week_is_caught_up(at: Fed) -> None:
    at.terminal.pass_seconds(4 * DAY)
    assert at.session.status().status_grade.name == "STALE_3"
    many(at, 40)
    at.feed.make_aggregate(0, 41, kind=EntryKind.WEEK)
    assert at.poll().polled[0].way == "aggregates"
    assert at.session.status().status_grade.name == "FRESH"


def test_a_chain_that_leads_elsewhere_is_refused_by_name(at: Fed) -> None:
    at.feed.change({7: 12})
    at.feed.bodies[-1] = at.feed.bodies[0]
    at.minute()
    at.feed.remove(feed_names.base(1, 0))
    assert at.refused() in (FeedRefused, NotPublished)
    assert at.seq == 1
