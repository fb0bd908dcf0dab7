"""News between polls: a hint makes the home region due, a datagram is taken in with every check of a poll."""

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from liangzheng.cli import main
from protocol import checkpoint
from protocol.checkpoint import Inline
from tests.relay.test_hints import Events, sending
from tests.revocation.published_feed import published_files
from tests.revocation.publisher import STATUS, WORLD, Feed
from tests.terminal.conftest import Terminal
from tests.utopia.world import WUYOU
from verifier_terminal import hearing, wiring
from verifier_terminal.hearing import Multicast
from verifier_terminal.relay import multicast
from verifier_terminal.relay.multicast import Group
from verifier_terminal.session import Session
from verifier_terminal.sync.bundle_mirror import EntriesMirror

GROUP = "239.255.77.3"


@pytest.fixture
def feed() -> Feed:
    made = Feed(lists=2)
    for seq in range(1, 4):
        made.publish({seq: 2})
    return made


@pytest.fixture
def session(terminal: Terminal, feed: Feed) -> Session:
    terminal.world.clock.advance(600)
    opened = terminal.open()
    assert not opened.sync(EntriesMirror(published_files(feed))).refused
    opened.schedule.plan(WUYOU, (), every=60)
    running = opened.schedule.next(home=True)
    assert running == WUYOU
    opened.schedule.done(WUYOU, worked=True)
    return opened


def place(session: Session) -> int | None:
    (region,) = session.status().regions
    return region.seq


def is_due(session: Session) -> bool:
    """Whether the home region is asked now and not in a minute."""
    return session.schedule._tasks[WUYOU].due <= session.schedule._now()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


def signed(feed: Feed, *, inline: int = 0) -> bytes:
    return checkpoint.sign(feed.claims(), STATUS, inline=Inline(tuple(feed.bodies[len(feed.bodies) - inline :])))


def test_a_datagram_with_its_deltas_is_taken_in(session: Session, feed: Feed) -> None:
    feed.publish({9: 2})
    hearing.take(session, WUYOU, signed(feed, inline=1))
    assert place(session) == 4
    assert not is_due(session)
    # It says nothing about the network.
    assert session.status().connectivity.failures == 0


def test_a_datagram_that_does_not_lead_on_has_the_region_asked(session: Session, feed: Feed) -> None:
    for seq in range(4, 7):
        feed.publish({seq: 2})
    hearing.take(session, WUYOU, signed(feed, inline=1))
    assert place(session) == 3
    assert is_due(session)


@pytest.mark.parametrize("field", ["signature", "head", "signer"])
def test_a_forged_datagram_changes_nothing(session: Session, feed: Feed, field: str) -> None:
    feed.publish({9: 2})
    good = signed(feed, inline=1)
    match field:
        case "signature":
            forged = good[:-1] + bytes([good[-1] ^ 1])
        case "head":
            forged = checkpoint.sign(replace(feed.claims(), head=bytes(32)), STATUS, inline=Inline((feed.bodies[-1],)))
        case _:
            forged = checkpoint.sign(feed.claims(), WORLD.roots[WUYOU], inline=Inline((feed.bodies[-1],)))
    hearing.take(session, WUYOU, forged)
    assert place(session) == 3
    assert session.status().connectivity.failures == 0
    hearing.take(session, WUYOU, good)
    assert place(session) == 4


def test_the_same_datagram_again_is_no_reason_to_ask(session: Session, feed: Feed) -> None:
    hearing.take(session, WUYOU, signed(feed))
    assert place(session) == 3
    assert not is_due(session)


def test_a_running_terminal_hears_hints_and_datagrams(
    terminal: Terminal, session: Session, feed: Feed, tmp_path: Path
) -> None:
    events = Events(b"data: 1.4\n\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with sending(events) as url:
        session.settings = replace(session.settings, trust=url)
        with (
            hearing.listening(
                session,
                has_repository=False,
                multicast=Multicast(GROUP, port, "127.0.0.1"),
                spread=lambda _: 0.0,
                jitter=lambda _: 0.01,
                monotonic=time.monotonic,
            ),
            multicast.sending_socket(Group(GROUP, port, "127.0.0.1")) as sender,
        ):
            until(lambda: is_due(session))
            feed.publish({9: 2})
            sender.send(signed(feed, inline=1))
            until(lambda: place(session) == 4)
            # The server still holds the stream; the terminal ends it.
            began = time.monotonic()
        assert time.monotonic() - began < 2
    assert events.paths == ["/feed/feed/hints"]


def test_a_repository_has_hints_in_the_regions_folder_and_a_folder_has_none(session: Session) -> None:
    events = Events(b":\n\n", stays=False)
    with sending(events) as url:
        for trust, has_repository in ((url, True), ("/media/stick", False)):
            session.settings = replace(session.settings, trust=trust)
            with hearing.listening(
                session,
                has_repository=has_repository,
                multicast=None,
                spread=lambda _: 0.0,
                jitter=lambda _: 0.01,
                monotonic=time.monotonic,
            ):
                until(lambda: bool(events.paths))
    assert set(events.paths) == {f"/feed/targets/{WUYOU}/feed/hints"}


def test_wrong_options_of_the_running_terminal_are_explained(tmp_path: Path, session: Session) -> None:
    for options, words in (
        (["--interface", "127.0.0.1"], "belongs to --multicast"),
        (["--multicast", "192.0.2.1:8472"], "is no multicast address"),
    ):
        done = CliRunner().invoke(main, ["terminal", "serve", str(tmp_path), *options])
        assert done.exit_code == 2
        assert words in done.output


def test_a_group_that_cannot_be_heard_is_explained(tmp_path: Path, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "now", lambda: feed.at + 60)
    published = tmp_path / "published"
    for name, content in published_files(feed).items():
        (published / name).parent.mkdir(parents=True, exist_ok=True)
        (published / name).write_bytes(content)
    directory = tmp_path / "window"
    command = ["terminal", "init", str(directory), "--trust", str(published), "--profile", "window"]
    assert CliRunner().invoke(main, command).exit_code == 0
    options = ["--multicast", f"{GROUP}:8472", "--interface", "192.0.2.1", "--port", "0"]
    done = CliRunner().invoke(main, ["terminal", "serve", str(directory), *options])
    assert done.exit_code == 2
    assert f"{GROUP}:8472 cannot be heard" in done.output
