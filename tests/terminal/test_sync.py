"""What is taken in and what is refused: forged, older, contradicting, too far ahead, and whatever is no document."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from protocol import status_list, trust_list
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.status_list import StatusListToken
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, Seconds, UnixTime
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish
from tests.terminal.serving import answers, quick, serving
from tests.utopia.world import WUYOU, World
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import (
    ContradictsHeld,
    DocumentRefused,
    JumpsAhead,
    NotPublished,
    NotSignedByIssuer,
    OlderThanHeld,
    Redirected,
    ServerRefused,
    ShorterThanHeld,
    TerminalError,
    TooLarge,
    TooSlow,
    Unreachable,
    WebPage,
)
from verifier_terminal.session import Session
from verifier_terminal.sync.connectivity import Connectivity, Link
from verifier_terminal.sync.http_mirror import HttpMirror, Patience
from verifier_terminal.sync.mirror import FolderMirror, fetch_document
from verifier_terminal.upkeep import SyncReport

LIST = f"lz:{WUYOU}/3"


def reasons(report: SyncReport) -> dict[str, type[TerminalError]]:
    return {refused.name: type(refused.why) for refused in report.refused}


def numbers(session: Session) -> dict[str, int]:
    return {held.name: held.seq for held in session.status().held}


def test_newer_documents_go_in_and_the_same_ones_are_unchanged(terminal: Terminal, session: Session) -> None:
    assert numbers(session) == {"trust": 1, "catalogue": 1, "policy": 1, LIST: 1}
    report = session.sync(terminal.publish(seq=2, age=30))
    assert set(report.taken_in) == {"trust", LIST}
    assert set(report.unchanged) == {"catalogue", "policy"}
    assert set(session.sync(FolderMirror(terminal.published)).unchanged) == {"trust", "catalogue", "policy", LIST}


def test_older_trust_and_status_are_refused(terminal: Terminal, session: Session) -> None:
    session.sync(terminal.publish(seq=5, age=30))
    report = session.sync(terminal.publish(seq=4, age=30))
    assert reasons(report) == {"trust": OlderThanHeld, LIST: OlderThanHeld}
    assert numbers(session)["trust"] == numbers(session)[LIST] == 5
    assert reasons(terminal.open().sync(FolderMirror(terminal.published))) == reasons(report)


def test_the_same_number_with_an_older_moment_is_refused(terminal: Terminal, session: Session) -> None:
    assert reasons(session.sync(terminal.publish(age=90)))[LIST] is OlderThanHeld


def test_the_same_number_and_moment_with_other_content_is_named(terminal: Terminal, session: Session) -> None:
    assert reasons(session.sync(terminal.publish(values={1: 12})))[LIST] is ContradictsHeld


def test_a_number_that_jumps_ahead_is_refused(terminal: Terminal, session: Session) -> None:
    assert reasons(session.sync(terminal.publish(seq=2**40, age=30))) == {"trust": JumpsAhead, LIST: JumpsAhead}


def test_a_list_from_the_future_is_refused(terminal: Terminal, session: Session) -> None:
    assert reasons(session.sync(terminal.publish(seq=2, age=-301)))[LIST] is JumpsAhead
    assert session.status().clock.plausible


def test_documents_of_another_root_are_refused_and_nothing_changes(terminal: Terminal, session: Session) -> None:
    publish(World(seed="somebody else"), terminal.published, seq=2)
    report = session.sync(FolderMirror(terminal.published))
    assert set(reasons(report).values()) == {NotSignedByIssuer}
    assert numbers(session) == {"trust": 1, "catalogue": 1, "policy": 1, LIST: 1}
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT


def test_one_bad_document_keeps_no_other_out(terminal: Terminal, session: Session) -> None:
    mirror = terminal.publish(seq=2, age=30)
    policy = bytearray((terminal.published / "policy.cbor").read_bytes())
    policy[-1] ^= 1
    (terminal.published / "policy.cbor").write_bytes(bytes(policy))
    report = session.sync(mirror)
    assert reasons(report) == {"policy": NotSignedByIssuer}
    assert numbers(session)["trust"] == 2


def test_another_list_in_the_place_of_the_one_asked_for_is_refused(terminal: Terminal, session: Session) -> None:
    token = terminal.world.status_token_bytes(number=4, seq=9, age=30)
    (terminal.published / "status/3.cwt").write_bytes(token)
    assert reasons(session.sync(FolderMirror(terminal.published)))[LIST] is NotSignedByIssuer


def test_a_list_signed_by_a_key_that_the_new_trust_list_dropped_is_refused(terminal: Terminal) -> None:
    session = terminal.open()
    mirror = terminal.publish()
    world = terminal.world
    dropped = world.status_signers[WUYOU].public_key
    anchors = tuple(anchor for anchor in world.anchors() if anchor.key != dropped)
    (terminal.published / "trust.cbor").write_bytes(world.trust_bytes(anchors, seq=2))
    assert reasons(session.sync(mirror))[LIST] is NotSignedByIssuer


def write_list(
    terminal: Terminal, *, seq: int, iat: int, entries: int = 8192, signer: Signer | None = None, number: int = 3
) -> FolderMirror:
    """One status list with these fields in the published folder."""
    world = terminal.world
    made = UnixTime(iat)
    token = StatusListToken(
        world.iss(),
        f"lz:{WUYOU}/{number}",
        seq,
        made,
        UnixTime(made + 7 * DAY),
        Seconds(300),
        status_list.pack({}, entries=entries),
    )
    encoded = status_list.sign(token, signer or world.status_signers[WUYOU])
    (terminal.published / f"status/{number}.cwt").write_bytes(encoded)
    return FolderMirror(terminal.published)


def write_trust_with_a_new_status_key(terminal: Terminal, *, iat: int) -> Signer:
    """The home region's status key is replaced; the old one is trusted no more."""
    world = terminal.world
    new = world.signer("status, the next", Alg.ED25519)
    old = world.status_signers[WUYOU].public_key
    anchors = tuple(replace(each, key=new.public_key) if each.key == old else each for each in world.anchors())
    listed = TrustList(WUYOU, 2, UnixTime(iat), UnixTime(iat + 30 * DAY), trust_list.index(anchors))
    (terminal.published / "trust.cbor").write_bytes(trust_list.sign(listed, world.roots[WUYOU]))
    return new


@pytest.mark.parametrize(("days", "taken"), [(59, True), (61, False), (300, False)])
def test_a_status_key_cannot_set_the_time_of_a_terminal_whose_clock_is_in_doubt(
    terminal: Terminal, session: Session, days: int, taken: bool
) -> None:
    # It starts below its floor and is not believed; the trust list ends in 30 days, and 30 days of grace come on top.
    terminal.world.clock.advance(-DAY)
    session = terminal.open()
    assert not session.status().clock.plausible
    at = terminal.world.clock.at + DAY
    report = session.sync(write_list(terminal, seq=2, iat=at + days * DAY - 7_200))
    assert (LIST in report.taken_in) is taken
    assert reasons(report) == ({} if taken else {LIST: JumpsAhead})


def test_the_first_number_of_a_list_cannot_be_the_last_of_all(terminal: Terminal) -> None:
    session = terminal.open()
    terminal.publish()
    report = session.sync(write_list(terminal, seq=2**63 - 1, iat=terminal.world.clock.at - 60))
    assert reasons(report) == {LIST: JumpsAhead}
    assert session.out_of_order is None
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.CHECK


def test_a_list_that_a_revoked_key_ran_ahead_is_healed_by_its_successor(terminal: Terminal, session: Session) -> None:
    at = terminal.world.clock.at
    assert LIST in session.sync(write_list(terminal, seq=9_000_000, iat=at + 290)).taken_in
    assert reasons(session.sync(write_list(terminal, seq=2, iat=at + 200))) == {LIST: OlderThanHeld}
    new = write_trust_with_a_new_status_key(terminal, iat=at)
    report = session.sync(write_list(terminal, seq=2, iat=at - 30, signer=new))
    assert set(report.taken_in) == {"trust", LIST}
    assert numbers(session)[LIST] == 2
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    # From here on the new mark binds.
    assert reasons(session.sync(write_list(terminal, seq=1, iat=at - 30, signer=new))) == {LIST: OlderThanHeld}


def test_a_damaged_list_still_refuses_an_older_one(terminal: Terminal, session: Session) -> None:
    session.sync(terminal.publish(seq=5, age=30))
    with session._store.writing():
        session._store.database.execute("UPDATE document SET encoded = x'00' WHERE name = ?", (LIST,))
    report = session.sync(write_list(terminal, seq=4, iat=terminal.world.clock.at - 30))
    assert reasons(report) == {LIST: OlderThanHeld}


def test_a_trust_list_that_is_refused_judges_no_status_list(terminal: Terminal, session: Session) -> None:
    at = terminal.world.clock.at
    new = write_trust_with_a_new_status_key(terminal, iat=at + DAY)
    report = session.sync(write_list(terminal, seq=2, iat=at - 30, signer=new))
    assert reasons(report) == {"trust": JumpsAhead, LIST: NotSignedByIssuer}
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT


def test_a_list_that_shrinks_is_refused(terminal: Terminal, session: Session) -> None:
    report = session.sync(write_list(terminal, seq=2, iat=terminal.world.clock.at - 30, entries=4_096))
    assert reasons(report) == {LIST: ShorterThanHeld}
    assert session.scan(terminal.world.code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert LIST in session.sync(write_list(terminal, seq=2, iat=terminal.world.clock.at - 30)).taken_in


def test_lists_that_are_missing_keep_no_other_out(terminal: Terminal, session: Session) -> None:
    """The aggregation is unsigned: whoever writes names into it may cost time, and never a list."""
    mirror = terminal.publish(seq=2, age=30)
    named = [*(f"lz:{WUYOU}/{number}" for number in range(1_000, 1_020)), LIST]
    (terminal.published / "status/aggregation.json").write_text(json.dumps({"status_lists": named}))
    (terminal.published / "status/1000.cwt").write_bytes(bytes(2_000_000))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            content = mirror.fetch(handler.path.removeprefix("/feed/"), max_bytes=4_000_000)
        except NotPublished:
            answers(404, b"no such file")(handler)
        else:
            answers(200, content)(handler)

    with serving(answer) as url:
        report = session.sync(quick(url))
    assert set(report.taken_in) == {"trust", LIST}
    assert set(reasons(report).values()) == {TooLarge, NotPublished}


def test_a_server_that_fails_is_not_asked_for_every_list(terminal: Terminal, session: Session) -> None:
    mirror = terminal.publish(seq=2, age=30)
    named = [f"lz:{WUYOU}/{number}" for number in range(10_000)]
    (terminal.published / "status/aggregation.json").write_text(json.dumps({"status_lists": named}))

    class Failing:
        def fetch(self, name: str, *, max_bytes: int) -> bytes:
            if name.endswith(".cwt"):
                raise TooSlow(name)
            return mirror.fetch(name, max_bytes=max_bytes)

    assert set(reasons(session.sync(Failing()))) == {f"lz:{WUYOU}/{number}" for number in range(3)}


@pytest.mark.parametrize(
    "aggregation",
    [b"<html>", b"[]", b"{}", b'{"status_lists": 7}', b'{"status_lists": ["../../etc/passwd"]}', b"[" * 100_000],
)
def test_an_aggregation_that_is_none_is_named(terminal: Terminal, session: Session, aggregation: bytes) -> None:
    (terminal.published / "status/aggregation.json").write_bytes(aggregation)
    report = session.sync(FolderMirror(terminal.published))
    assert reasons(report) == {"status/aggregation.json": DocumentRefused}


def test_lists_of_other_regions_are_not_asked_for_here(terminal: Terminal, session: Session) -> None:
    names = {"status_lists": ["lz:110000/3", LIST]}
    (terminal.published / "status/aggregation.json").write_text(json.dumps(names))
    assert LIST in session.sync(FolderMirror(terminal.published)).unchanged


def test_a_damaged_row_is_named_left_out_and_healed_by_the_next_sync(terminal: Terminal, session: Session) -> None:
    session._store.database.execute("UPDATE document SET encoded = zeroblob(100) WHERE name = 'trust'")
    restarted = terminal.open()
    status = restarted.status()
    assert (status.provisioned, [damaged.name for damaged in status.damaged]) == (False, ["trust"])
    shown = restarted.scan(terminal.world.code(), source="scanner")
    assert shown.verdict.verdict_class is not VerdictClass.ACCEPT
    assert "trust" in restarted.sync(FolderMirror(terminal.published)).taken_in
    assert restarted.status().provisioned


def test_an_older_document_put_into_the_row_is_not_used(terminal: Terminal, session: Session) -> None:
    old = terminal.world.trust_bytes(seq=1)
    session.sync(terminal.publish(seq=2, age=30))
    session._store.database.execute("UPDATE document SET encoded = ? WHERE name = 'trust'", (old,))
    status = terminal.open().status()
    assert (status.provisioned, [damaged.name for damaged in status.damaged]) == (False, ["trust"])


def test_every_bit_flip_in_the_trust_list_is_refused_or_harmless(terminal: Terminal, session: Session) -> None:
    encoded = terminal.world.trust_bytes()
    for position in range(0, len(encoded), 7):
        flipped = bytearray(encoded)
        flipped[position] ^= 1 << position % 8
        session._store.database.execute("UPDATE document SET encoded = ? WHERE name = 'trust'", (bytes(flipped),))
        assert not terminal.open().status().provisioned, position
        terminal.opened.pop().close()


# Over http.


def test_documents_come_over_http_whatever_their_content_type(terminal: Terminal, session: Session) -> None:
    terminal.publish(seq=2, age=30)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = (terminal.published / handler.path.removeprefix("/feed/")).read_bytes()
        answers(200, body, "text/plain")(handler)

    with serving(answer) as url:
        report = session.sync(quick(url))
    assert set(report.taken_in) == {"trust", LIST}
    assert session.status().connectivity.link is Link.ONLINE


def test_a_captive_portal_is_named_and_overwrites_nothing(terminal: Terminal, session: Session) -> None:
    with serving(answers(200, b"<!DOCTYPE html><h1>Please sign in</h1>")) as url:
        report = session.sync(quick(url))
        session.sync(quick(url))
    assert {reasons(report)[name] for name in ("trust", "catalogue", "policy")} == {WebPage}
    assert numbers(session) == {"trust": 1, "catalogue": 1, "policy": 1, LIST: 1}
    connectivity = session.status().connectivity
    assert connectivity.link is Link.OFFLINE
    assert connectivity.last_error is not None
    assert "sign-in" in connectivity.last_error


def test_a_redirect_is_not_followed(session: Session) -> None:
    reached = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        reached.append(handler.path)
        answers(302, b"", Location="/feed/elsewhere")(handler)

    with serving(answer) as url:
        assert set(reasons(session.sync(quick(url))).values()) == {Redirected}
    assert not any("elsewhere" in path for path in reached)


@pytest.mark.parametrize("status", [204, 403, 404, 500, 503])
def test_an_error_status_is_named(status: int) -> None:
    with serving(answers(status, b"")) as url, pytest.raises(ServerRefused):
        fetch_document(quick(url), "trust.cbor")


def test_an_endless_answer_is_cut_off_at_its_cap() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65_536))

    with serving(answer) as url, pytest.raises(TooLarge):
        quick(url).fetch("trust.cbor", max_bytes=1_000_000)


@pytest.mark.parametrize("where", ["headers", "content"])
def test_a_server_that_drips_is_broken_off(where: str) -> None:
    ended = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if where == "headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            handler.send_response(200)
            handler.end_headers()
        while not ended.wait(0.02):
            handler.wfile.write(b"a")
            handler.wfile.flush()

    with serving(answer) as url:
        with pytest.raises(TooSlow):
            quick(url, total_seconds=0.5, grace_seconds=10_000.0).fetch("trust.cbor", max_bytes=1_000_000)
        ended.set()


def test_a_rate_below_the_least_is_broken_off_before_the_total_time() -> None:
    ended = threading.Event()
    seconds = iter(range(0, 10_000, 6))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not ended.wait(0.01):
            handler.wfile.write(b"a" * 100)
            handler.wfile.flush()

    with serving(answer) as url:
        mirror = HttpMirror(url, monotonic=lambda: float(next(seconds)), patience=Patience(total_seconds=60))
        with pytest.raises(TooSlow):
            mirror.fetch("trust.cbor", max_bytes=1_000_000)
        ended.set()


def test_an_answer_that_breaks_off_is_no_document() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    with serving(answer) as url, pytest.raises(Unreachable):
        fetch_document(quick(url), "trust.cbor")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::", "ftp://example.org/", "http://:80/", "http://127.0.0.1:99999/"]
)
def test_an_address_that_cannot_be_reached_is_named(url: str) -> None:
    with pytest.raises(Unreachable):
        fetch_document(quick(url), "trust.cbor")


def test_one_lost_request_is_not_offline_and_two_are() -> None:
    link = Connectivity().succeeded(at=World().clock.at)
    assert link.failed("no route").link is Link.ONLINE
    assert link.failed("no route").failed("no route").link is Link.OFFLINE
    assert link.failed("no route").failed("no route").succeeded(at=World().clock.at).link is Link.ONLINE
    assert Connectivity().failed("no route").link is Link.OFFLINE


def test_a_terminal_that_was_never_provisioned_says_so(terminal: Terminal) -> None:
    session = terminal.open()
    assert not session.status().provisioned
    shown = session.scan(terminal.world.code(), source="scanner")
    assert shown.verdict.verdict_class is not VerdictClass.ACCEPT


def test_usable_until_names_the_grades_to_come(terminal: Terminal, session: Session) -> None:
    terminal.pass_seconds(2 * 3_600)
    ends = session.status().usable_until
    assert [end.grade.name for end in ends] == ["STALE_1", "STALE_2", "STALE_3"]
    assert ends[0].until == terminal.world.clock.at - 2 * 3_600 - 60 + DAY
