"""Everything that a stolen status key, a mirror or a network may do to a terminal's feed: refused or graded, by name.

Each attack is followed by an honest minute, after which the terminal stands where the region stands, by itself.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from protocol import checkpoint, feed_names
from protocol.checkpoint import Checkpoint, Inline
from protocol.labels import Alg
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR
from revocation import delta
from tests.terminal.feeding import SHOWN, Fed, fed
from tests.terminal.serving import answers, quick, serving
from tests.utopia.feed import Feed
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import (
    Equivocated,
    FeedRefused,
    ForbiddenChange,
    FromTheFuture,
    NotPublished,
    NotSignedByIssuer,
    OlderThanHeld,
    TerminalError,
    TooLarge,
    TooSlow,
    Unreachable,
    WebPage,
)
from verifier_terminal.sync.connectivity import Link, LinkTrouble
from verifier_terminal.sync.mirror import FolderMirror


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Fed]:
    """The licence that is shown has just been revoked, and the terminal has not heard of it."""
    with fed(tmp_path) as made:
        made.terminal.pass_seconds(60)
        made.feed.change({SHOWN: Status.REVOKED})
        made.minute()
        yield made


class Between:
    """Whoever stands between the region and the terminal; without tampering, an honest mirror."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.tampering: dict[str, bytes] = {}
        self.missing: set[str] = set()

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        if name in self.missing:
            raise NotPublished(name)
        if name in self.tampering:
            return self.tampering[name]
        return FolderMirror(self._feed.folder).fetch(name, max_bytes=max_bytes)


def comes_back(at: Fed, *, seq: int = 2) -> None:
    """An honest minute later."""
    at.minute()
    assert at.poll().polled
    assert at.seq == seq
    assert at.show().verdict_class is VerdictClass.REFUSE


def both(content: bytes) -> dict[str, bytes]:
    return {feed_names.CHECKPOINT: content, feed_names.CHECKPOINT_10: content}


def without_inline(at: Fed, stated: Checkpoint | None = None) -> bytes:
    return checkpoint.sign(stated or at.feed.claims(), at.feed.signer, inline=Inline())


# Of a mirror, which has no key.


def test_an_older_checkpoint_is_refused_also_after_a_restart(at: Fed) -> None:
    old = at.feed.signed(at.feed.claims(1, age=200))
    at.poll()
    mirror = Between(at.feed)
    mirror.tampering = both(old)
    assert at.refused(mirror) is OlderThanHeld
    at.reopened()
    assert at.refused(mirror) is OlderThanHeld
    comes_back(at)


def test_no_bit_of_a_checkpoint_may_turn(at: Fed) -> None:
    honest = at.feed.read(feed_names.CHECKPOINT)
    mirror = Between(at.feed)
    held = at.seq
    for position in range(0, len(honest), 5):
        turned = bytearray(honest)
        turned[position] ^= 1 << position % 8
        mirror.tampering = both(bytes(turned))
        report = at.poll(mirror)
        # In what rides along a bit may turn: then the delta is fetched, and what was signed is what is held.
        assert at.seq == (2 if report.polled else held)
        held = at.seq
    comes_back(at)


@pytest.mark.parametrize("how", ["missing", "swapped", "repeated", "of another region", "turned", "cut", "empty"])
def test_deltas_that_do_not_lead_there_are_refused_and_change_nothing(at: Fed, how: str, tmp_path: Path) -> None:
    at.feed.change({8: 12})
    at.minute()
    second, third = (at.feed.read(feed_names.delta(1, seq)) for seq in (2, 3))
    other = Feed(at.world, tmp_path / "other", ZIXU)
    other.change({1: 12})
    other.change({SHOWN: 14})
    mirror = Between(at.feed)
    mirror.tampering = both(without_inline(at))
    mirror.missing = {feed_names.base(1, 0)}
    forged = {
        "missing": {},
        "swapped": {2: third, 3: second},
        "repeated": {2: second, 3: second},
        "of another region": {2: other.bodies[1]},
        "turned": {2: bytes([second[0] ^ 1]) + second[1:]},
        "cut": {3: third[:-1]},
        "empty": {2: b""},
    }[how]
    mirror.tampering |= {feed_names.delta(1, seq): body for seq, body in forged.items()}
    mirror.missing |= {feed_names.delta(1, 2)} if how == "missing" else set()
    report = at.poll(mirror)
    assert not report.polled
    assert at.seq == 1
    assert at.show().verdict_class is VerdictClass.ACCEPT
    assert at.session.status().status_grade.name == "FRESH"
    comes_back(at, seq=3)


def test_a_checkpoint_of_another_region_is_refused(at: Fed, tmp_path: Path) -> None:
    other = Feed(at.world, tmp_path / "other", ZIXU)
    other.change({1: 12})
    mirror = Between(at.feed)
    mirror.tampering = both(other.signed())
    assert at.refused(mirror) is NotSignedByIssuer
    comes_back(at)


# Of a thief of the status key.


def test_a_forged_head_is_refused(at: Fed) -> None:
    at.feed.publish(replace(at.feed.claims(), head=bytes(32)))
    assert at.refused() is FeedRefused
    comes_back(at)


def test_a_wrong_state_root_is_refused_by_base(at: Fed) -> None:
    for idx in range(100, 140):
        at.feed.change({idx: 12})
    at.feed.make_base()
    at.minute()
    at.feed.publish(replace(at.feed.claims(), state_root=bytes(32)))
    mirror = Between(at.feed)
    mirror.missing = {feed_names.delta(1, 20)}
    assert at.refused(mirror) is FeedRefused
    assert at.seq == 1
    comes_back(at, seq=42)


def test_a_wrong_state_root_is_found_by_the_fold_and_healed_by_a_base(at: Fed) -> None:
    """The chain says which deltas are the region's; what a root is worth is seen when they are folded (ADR 0011)."""
    at.poll()
    at.terminal.pass_seconds(DAY)
    at.feed.change({9: 12})
    at.feed.publish(replace(at.feed.claims(), state_root=bytes(32)))
    at.poll()
    assert [each.kind.value for each in at.session.status().feed_alarms] == ["mismatch"]
    assert at.show().verdict_class is VerdictClass.REFUSE
    # The region's own word about the same place is a second history; the next place is one again.
    at.feed.change({10: 12})
    assert at.poll().polled[0].way == "base"
    assert at.session.status().feed_alarms == ()
    comes_back(at, seq=4)


def test_what_is_final_comes_back_by_no_way(at: Fed) -> None:
    at.poll()
    for idx in range(100, 140):
        at.feed.change({idx: 12})
    at.feed.change({SHOWN: Status.VALID})
    at.feed.make_base()
    at.minute()
    assert at.refused() is ForbiddenChange
    at.feed.make_aggregate(2, at.feed.seq)
    at.minute()
    assert at.refused() is ForbiddenChange
    assert at.show().verdict_class is VerdictClass.REFUSE
    assert [each.kind.value for each in at.session.status().feed_alarms] == ["forbidden"]


def test_a_mass_of_changes_is_refused_and_alarmed(at: Fed) -> None:
    at.poll()
    kept = (list(at.feed.heads), list(at.feed.states), list(at.feed.bodies), list(at.feed.changes), at.feed.state)
    at.feed.change(delta.make(dict.fromkeys(range(20_001), 12)))
    at.minute()
    assert at.refused() is ForbiddenChange
    assert at.seq == 2
    at.feed.heads, at.feed.states, at.feed.bodies, at.feed.changes, at.feed.state = kept
    comes_back(at)
    assert at.session.status().feed_alarms == ()


def test_two_histories_are_an_alarm_that_stays_and_neither_is_applied(at: Fed) -> None:
    at.poll()
    first = at.feed.claims()
    at.feed.publish(replace(first, head=bytes(32), state_root=bytes(32), iat=first.iat))
    assert at.refused() is Equivocated
    (alarm,) = at.session.status().feed_alarms
    assert alarm.kind.value == "equivocation"
    assert [checkpoint.parse(each or b"").claims.head for each in (alarm.held, alarm.came)] == [first.head, bytes(32)]
    rows = [row.payload for row in at.session.journal_rows() if row.payload and row.payload["event"] == "feed_alarm"]
    assert [row["kind"] for row in rows] == ["equivocation"]
    # Again, in another process, and after honest minutes: one alarm, one row, and the first evidence.
    at.reopened()
    at.refused()
    comes_back(at)
    assert at.session.status().feed_alarms == (alarm,)
    at.feed.begin_epoch(at.world.signer("status, the next", Alg.ED25519))
    at.minute()
    at.feed.write_documents()
    assert at.session.sync(at.mirror).polled
    assert at.session.status().feed_alarms == ()


def test_a_checkpoint_from_the_future_is_kept_out_and_alarmed(at: Fed) -> None:
    at.poll()
    at.feed.publish(at.feed.claims(age=-2 * DAY))
    assert at.refused() is FromTheFuture
    assert [each.kind.value for each in at.session.status().feed_alarms] == ["future"]
    assert at.session.status().clock.plausible
    comes_back(at)
    assert at.session.status().feed_alarms == ()


def test_a_key_that_a_checkpoint_has_banned_is_refused_at_once(at: Fed) -> None:
    issuer = at.world.issuers[WUYOU, Alg.ED25519]
    at.feed.bans = (at.feed.ban_of(issuer, since=at.world.clock.at),)
    at.minute()
    at.poll()
    shown = at.show()
    assert shown.verdict_class in (VerdictClass.REFUSE, VerdictClass.CHECK)
    assert at.session.knowledge is not None
    assert at.session.knowledge.bans


# Of servers and clocks that stand still or run away.


@pytest.mark.parametrize("clock", [0, -2 * DAY, 400 * DAY])
def test_a_frozen_server_never_makes_old_data_look_new(at: Fed, clock: int) -> None:
    frozen = Between(at.feed)
    frozen.tampering = both(at.feed.signed(at.feed.claims(1, age=0)))
    at.poll(frozen)
    at.terminal.pass_seconds(4 * HOUR)
    at.world.clock.advance(clock)
    assert at.poll(frozen).polled[0].way == "same"
    shown = at.show()
    standing = at.session.status()
    if clock == 0:
        assert (shown.verdict_class, standing.status_grade.name) == (VerdictClass.ACCEPT, "STALE_1")
        assert shown.recheck
    else:
        assert shown.verdict_class is not VerdictClass.ACCEPT
        at.reopened()
        assert at.show().verdict_class is not VerdictClass.ACCEPT


def test_one_lost_poll_is_no_news_and_a_flapping_line_does_not_flap_on_the_page(at: Fed) -> None:
    down = Between(at.feed)
    down.missing = {feed_names.CHECKPOINT, feed_names.CHECKPOINT_10}
    links = []
    for mirror in (None, down, None, down, None, down, down, None):
        at.minute()
        at.poll(mirror)
        links.append(at.session.status().connectivity.link)
    assert links == [Link.ONLINE] * 6 + [Link.OFFLINE, Link.ONLINE]


# Of a network.


def over_http(
    at: Fed, answer: Callable[[BaseHTTPRequestHandler], None], error: type[TerminalError]
) -> LinkTrouble | None:
    """Two polls against this server, and an honest one after them."""
    with serving(answer) as url:
        for _ in range(2):
            assert issubclass(at.refused(quick(url, total_seconds=0.4, grace_seconds=9_999.0)), error)
    found = at.session.status().connectivity
    assert found.link is Link.OFFLINE
    assert at.seq == 1
    assert at.show().verdict_class is VerdictClass.ACCEPT
    comes_back(at)
    assert at.session.status().connectivity.trouble is None
    return found.trouble


def test_a_captive_portal(at: Fed) -> None:
    assert over_http(at, answers(200, b"<!DOCTYPE html><h1>Sign in</h1>"), WebPage) is LinkTrouble.PORTAL
    at.terminal.pass_seconds(1)


def test_a_slow_loris(at: Fed) -> None:
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        while not ended.wait(0.02):
            handler.wfile.write(b"a")
            handler.wfile.flush()

    assert over_http(at, drip, TooSlow) is LinkTrouble.SLOW
    ended.set()


def test_an_endless_answer(at: Fed) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(bytes(65_536))

    assert over_http(at, endless, TooLarge) is LinkTrouble.SERVER


def test_a_truncated_answer(at: Fed) -> None:
    content = at.feed.read(feed_names.CHECKPOINT)

    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:-20])
        handler.close_connection = True

    assert over_http(at, cut, Unreachable) is LinkTrouble.UNREACHABLE


def test_errors_and_wrong_content_types(at: Fed) -> None:
    assert over_http(at, answers(503, b"later"), TerminalError) is LinkTrouble.SERVER
    content = {name: at.feed.read(name) for name in (feed_names.CHECKPOINT, feed_names.CHECKPOINT_10)}

    def odd(handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.removeprefix("/feed/")
        answers(200, content[name], "text/html; charset=gb2312")(handler)

    with serving(odd) as url:
        assert at.poll(quick(url)).polled


def test_the_next_address_is_asked_when_the_first_one_fails(at: Fed) -> None:
    mirror = Between(at.feed)
    mirror.missing = {feed_names.CHECKPOINT, feed_names.CHECKPOINT_10}

    def serve(handler: BaseHTTPRequestHandler) -> None:
        answers(200, at.feed.read(handler.path.removeprefix("/feed/")))(handler)

    with serving(serve) as url:
        at.feed.urls = ("http://127.0.0.1:1", url)
        at.feed.write_documents()
        at.terminal.open_mirror = quick
        session = at.reopened()
        session.sync_documents(at.mirror)
        asked = at.poll(mirror)
        assert asked.polled[0].position.seq == 2
        assert session.status().connectivity.link is Link.ONLINE
