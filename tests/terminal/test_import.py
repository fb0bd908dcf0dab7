"""Bundles at a terminal: from a stick, and from another terminal; everything is verified, and nothing goes back."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocol import checkpoint, feed_names
from protocol.checkpoint import Inline
from protocol.status_list import Status
from protocol.unixtime import DAY
from revocation import bundle_file, bundling
from revocation.bundle_file import BundleFile
from revocation.freshness import Grade
from tests.revocation.published_feed import fetching, published_files
from tests.revocation.publisher import STATUS, Feed
from tests.terminal.conftest import Terminal
from tests.utopia.world import WUYOU, ZIXU, World
from verifier_terminal import peer_export
from verifier_terminal.errors import NotSignedByIssuer, OlderThanHeld
from verifier_terminal.session import Session
from verifier_terminal.standing import RegionStanding
from verifier_terminal.sync.bundle_mirror import BundleMirror, EntriesMirror
from verifier_terminal.upkeep import SyncReport

CHECKPOINTS = (feed_names.CHECKPOINT, feed_names.CHECKPOINT_10)


@pytest.fixture
def feed() -> Feed:
    made = Feed(lists=4)
    for seq in range(1, 9):
        made.publish({seq: 2})
    return made


def stick(feed: Feed, folder: Path, *, base: int = 2, since: tuple[int, int] | None = None) -> Path:
    """A bundle as an issuer exports it."""
    hours = ((0, 4), (4, 8)) if feed.seq >= 8 else ()
    entries = bundling.of_region(fetching(published_files(feed, base=base, hours=hours)), since=since)
    path = folder / bundle_file.name_for(WUYOU)
    bundle_file.write(path, entries)
    return path


def taken_in(session: Session, path: Path) -> SyncReport:
    with BundleFile(path) as bundle:
        return session.sync(BundleMirror(bundle), importing=True)


def region(session: Session) -> RegionStanding:
    (standing,) = session.status().regions
    return standing


@pytest.fixture
def bare(terminal: Terminal) -> Session:
    """Set up, and nothing was ever fetched."""
    terminal.world.clock.advance(3_600)
    return terminal.open()


def test_a_bare_terminal_works_from_a_stick(bare: Session, feed: Feed, tmp_path: Path) -> None:
    report = taken_in(bare, stick(feed, tmp_path))
    assert not report.refused
    assert [each.way for each in report.polled] == ["beginning"]
    standing = region(bare)
    assert (standing.region, standing.epoch, standing.seq) == (WUYOU, 1, 8)
    assert bare.status().provisioned
    knowledge = bare.knowledge
    assert knowledge is not None
    assert knowledge.status.look_up(f"lz:{WUYOU}/0", 3).status is Status.SUSPENDED
    # Nothing was said about the network.
    assert bare.status().connectivity.last_success is None


@pytest.mark.parametrize(("days", "grade"), [(0, Grade.RECENT), (2, Grade.STALE_2), (30, Grade.UNKNOWN)])
def test_a_late_stick_is_taken_in_and_graded(
    terminal: Terminal, feed: Feed, tmp_path: Path, days: int, grade: Grade
) -> None:
    terminal.world.clock.advance(3_600 + days * DAY)
    session = terminal.open()
    report = taken_in(session, stick(feed, tmp_path))
    assert not report.refused
    assert region(session).grade is grade


def test_a_newer_stick_leads_on_and_an_older_one_changes_nothing(bare: Session, feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = stick(feed, tmp_path / "old")
    taken_in(bare, old)
    feed.publish({100: 2})
    newer = stick(feed, tmp_path, since=(1, 8))
    assert "feed/base-1-2" not in BundleFile(newer).sizes()
    report = taken_in(bare, newer)
    assert not report.refused
    assert region(bare).seq == 9
    again = taken_in(bare, old)
    assert region(bare).seq == 9
    assert [each.way for each in again.polled] == []
    assert {each.name: type(each.why) for each in again.refused} == dict.fromkeys(
        ("feed", f"{WUYOU}/feed"), OlderThanHeld
    )


def test_a_stick_under_another_root_is_refused(terminal: Terminal, feed: Feed, tmp_path: Path) -> None:
    terminal.world = World(seed="elsewhere")
    terminal.world.clock.advance(3_600)
    session = terminal.open()
    report = taken_in(session, stick(feed, tmp_path))
    assert {each.name: type(each.why) for each in report.refused} == dict.fromkeys(
        ("trust", "catalogue", "policy", "feed"), NotSignedByIssuer
    )
    assert not session.status().provisioned
    assert not report.polled


def test_a_stick_of_another_region_under_the_same_root_is_refused(bare: Session, feed: Feed) -> None:
    files = published_files(feed, base=2, hours=((0, 4), (4, 8)))
    entries = bundling.of_region(fetching(files))
    other = replace(feed.claims(base=2), position=replace(feed.position(), region=ZIXU))
    entries |= dict.fromkeys(CHECKPOINTS, checkpoint.sign(replace(other, iss=f"{ZIXU}.GA"), STATUS, inline=Inline()))
    report = bare.sync(EntriesMirror(entries), importing=True)
    assert [(each.name, type(each.why)) for each in report.refused] == [(f"{WUYOU}/feed", NotSignedByIssuer)]
    assert region(bare).seq is None


def test_a_stick_that_does_not_lead_on_from_what_is_held_says_so(bare: Session, feed: Feed, tmp_path: Path) -> None:
    """It was made for somebody who holds more."""
    young = Feed(lists=4)
    young.publish({1: 2})
    taken_in(bare, stick(young, tmp_path, base=0))
    report = taken_in(bare, stick(feed, tmp_path, since=(1, 6)))
    assert [each.name for each in report.refused] == [f"{WUYOU}/feed"]
    assert region(bare).seq == 1


def test_a_forged_head_on_a_stick_is_refused(bare: Session, feed: Feed) -> None:
    entries = bundling.of_region(fetching(published_files(feed, base=2, hours=((0, 4), (4, 8)))))
    forged = checkpoint.sign(replace(feed.claims(base=2), head=bytes(32)), STATUS, inline=Inline())
    entries |= dict.fromkeys(CHECKPOINTS, forged)
    report = bare.sync(EntriesMirror(entries), importing=True)
    assert [each.name for each in report.refused] == [f"{WUYOU}/feed"]
    assert region(bare).seq is None


# From one terminal to another.


@pytest.fixture
def fresh(terminal: Terminal, feed: Feed, tmp_path: Path) -> Iterator[tuple[Session, Path]]:
    """A terminal that has everything, and the folder that it lies in."""
    terminal.world.clock.advance(3_600)
    session = terminal.open()
    assert not taken_in(session, stick(feed, tmp_path)).refused
    return session, terminal.directory


def peers(session: Session, folder: Path) -> dict[str, bytes]:
    root = World().roots[WUYOU].public_key
    return peer_export.entries(session._store, root, home=WUYOU, metadata_folder=folder / "metadata")


def test_a_terminal_hands_on_what_it_holds(
    fresh: tuple[Session, Path], feed: Feed, tmp_path: Path, terminal: Terminal
) -> None:
    session, folder = fresh
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = replace(terminal, directory=other_folder, opened=[]).open()
    terminal.opened.append(other)
    # The other one holds an old state.
    old = Feed(lists=4)
    for seq in range(1, 4):
        old.publish({seq: 2})
    assert not taken_in(other, stick(old, other_folder)).refused
    entries = peers(session, folder)
    assert entries.keys() == {
        "root.cbor",
        "trust.cbor",
        "catalogue.cbor",
        "policy.cbor",
        "feed.cbor",
        "feed/checkpoint.cwt",
        "feed/checkpoint-10.cwt",
        "feed/base-1-8",
    }
    bundle_file.write(tmp_path / "PEER.BDL", entries)
    report = taken_in(other, tmp_path / "PEER.BDL")
    assert not report.refused
    assert [each.way for each in report.polled] == ["peer's base"]
    assert region(other).seq == 8


def test_a_bare_terminal_does_not_begin_with_a_peers_base(
    fresh: tuple[Session, Path], terminal: Terminal, tmp_path: Path
) -> None:
    """Whoever holds nothing cannot see an un-revocation; the root names where to begin."""
    session, folder = fresh
    (tmp_path / "other").mkdir()
    other = replace(terminal, directory=tmp_path / "other", opened=[]).open()
    terminal.opened.append(other)
    other.sync(EntriesMirror(peers(session, folder)), importing=True)
    assert region(other).seq is None
    assert other.status().provisioned


def test_a_peer_that_turns_bits_is_refused(
    fresh: tuple[Session, Path], feed: Feed, terminal: Terminal, tmp_path: Path
) -> None:
    session, folder = fresh
    feed.publish({500: 2})
    entries = peers(session, folder)
    # Its checkpoint is the next one, its base is still the last state.
    newer = checkpoint.sign(feed.claims(base=2), STATUS, inline=Inline())
    entries |= dict.fromkeys(CHECKPOINTS, newer)
    entries["feed/base-1-9"] = entries.pop("feed/base-1-8")
    report = session.sync(EntriesMirror(entries), importing=True)
    assert report.refused
    assert region(session).seq == 8


def test_descriptors_of_a_stick_are_given_back(bare: Session, feed: Feed, tmp_path: Path) -> None:
    path = stick(feed, tmp_path)
    taken_in(bare, path)
    assert not [each for each in Path("/proc/self/fd").iterdir() if os.path.realpath(each) == str(path)]
