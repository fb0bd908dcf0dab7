"""What the TypeScript verifier takes in: the same states as Python's feed, and a named reason for everything forged."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, feed_bundle, feed_names
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.unixtime import HOUR, UnixTime
from revocation.delta import make
from revocation.state import ALL_VALID, RegionState
from tests.terminal.publishing import publish
from tests.utopia.feed import Feed
from tests.utopia.randomness import Drbg
from tests.utopia.world import LIST_NUMBER, WUYOU, World

URI = f"lz:{WUYOU}/{LIST_NUMBER}"


class Taking:
    """The TypeScript reader of published files, in one process."""

    def __init__(self, built: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(built / "material.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **asked: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


class Stand:
    """A region's folder, and what has been taken in of it."""

    def __init__(self, taking: Taking, folder: Path) -> None:
        self.world = World()
        self.folder = folder
        self._taking = taking
        publish(self.world, folder)
        self.feed = Feed(self.world, folder)
        self.feed.write_documents()
        self.feed.publish()
        taking.ask(at=0, forget=True)

    def files(self) -> dict[str, bytes]:
        found = [each for each in sorted(self.folder.rglob("*")) if each.is_file()]
        return {str(each.relative_to(self.folder)): each.read_bytes() for each in found}

    def take(self, changed: Mapping[str, bytes | None] | None = None, **asked: Any) -> Any:
        """Everything that is published, with these files changed or taken away."""
        files = {name: content for name, content in (self.files() | dict(changed or {})).items() if content is not None}
        return self.take_bytes(feed_bundle.encode(files), **asked)

    def take_bytes(self, content: bytes, **asked: Any) -> Any:
        asked.setdefault("at", self.world.clock.at)
        return self._taking.ask(bundle=content.hex(), **asked)

    def ask(self, **asked: Any) -> Any:
        return self._taking.ask(at=self.world.clock.at, **asked)


@pytest.fixture(scope="module")
def taking(built: Path) -> Iterator[Taking]:
    started = Taking(built)
    yield started
    started.close()


@pytest.fixture
def stand(taking: Taking, tmp_path: Path) -> Stand:
    return Stand(taking, tmp_path / "published")


def value(found: Any) -> int:
    assert found["coverage"] == "covered"
    return int(found["value"])


def test_a_feed_leads_to_pythons_state_from_its_base_and_from_what_is_held(stand: Stand) -> None:
    feed, random = stand.feed, Drbg("feed")
    places = [random.below(2**20) for _ in range(400)]

    def changes(count: int) -> dict[int, int]:
        changed: dict[int, int] = {}
        for _ in range(count):
            place = places[random.below(len(places))]
            held = feed.state.look_up(LIST_NUMBER, place)
            # What is final stays so: else it would take the offline key.
            if held in (0, 2):
                changed[place] = random.below(16)
        return changed

    for count in (1, 3, 90, 0, 300):
        feed.change(changes(count))
    feed.make_base()
    feed.write_documents()
    looked_up = [(URI, place) for place in places] + [(f"lz:{WUYOU}/0", 5), (f"lz:{WUYOU}/4", 5), (URI, 2**20)]
    for count in (2, 40, 1):
        feed.change(changes(count))
        taken = stand.take(lookUp=looked_up)
        assert (taken["problem"], taken["position"]) == (None, [1, feed.seq])
        *entries, empty, closed, beyond = taken["found"]
        assert [value(each) for each in entries] == [feed.state.look_up(LIST_NUMBER, place) for place in places]
        assert {each["asOf"] for each in entries} == {stand.world.clock.at}
        assert (value(empty), closed["coverage"], beyond["coverage"]) == (0, "not covered", "out of range")
    # Lists that open and close; and without the base, since it goes on from what is held.
    opened = replace(make({(LIST_NUMBER + 2) << 20 | 7: 12}), lists=LIST_NUMBER + 4, retired=(0,))
    feed.change(opened)
    base = feed_names.base(1, feed.base.seq)
    taken = stand.take({base: None}, lookUp=[(f"lz:{WUYOU}/0", 5), (f"lz:{WUYOU}/{LIST_NUMBER + 2}", 7)])
    assert taken["problem"] is None
    assert taken["found"][0]["coverage"] == "not covered"
    assert value(taken["found"][1]) == 12
    again = stand.ask(restore=None, lookUp=[(f"lz:{WUYOU}/{LIST_NUMBER + 2}", 7)])
    assert (again["problem"], value(again["found"][0])) == (None, 12)
    assert stand.ask(restore=4)["problem"] == "feed-broken"


def test_tokens_of_a_region_without_a_feed(stand: Stand, tmp_path: Path) -> None:
    world, folder = stand.world, publish(stand.world, tmp_path / "tokens", values={11: 12}, seq=2)
    stand.folder = folder
    (stand.folder / "status/aggregation.json").unlink()
    taken = stand.take(lookUp=[(URI, 11), (URI, 12), (URI, 9000), (f"lz:{WUYOU}/4", 1)])
    assert taken["problem"] is None
    assert [each["coverage"] for each in taken["found"]] == ["covered", "covered", "out of range", "not covered"]
    assert [value(each) for each in taken["found"][:2]] == [12, 0]
    assert taken["oldest"] == world.clock.at - 60
    older = world.status_token_bytes({11: 0}, seq=1)
    assert stand.take({"status/3.cwt": older})["problem"] == "older"
    forged = bytearray(stand.files()["status/3.cwt"])
    forged[-1] ^= 1
    assert stand.take({"status/3.cwt": bytes(forged)})["message"].startswith("E_SIG_ISSUER")
    assert stand.take({"status/3.cwt": None})["problem"] == "missing"
    assert value(stand.ask(restore=None, lookUp=[(URI, 11)])["found"][0]) == 12


def test_nothing_is_taken_that_the_compared_root_has_not_signed(stand: Stand) -> None:
    root = stand.world.roots[WUYOU].public_key.thumbprint.hex()
    assert stand.take(root="00" * 32)["problem"] == "other-root"
    for name in ("trust.cbor", "catalogue.cbor", "policy.cbor", "feed.cbor", "feed/checkpoint-10.cwt"):
        forged = bytearray(stand.files()[name])
        forged[-1] ^= 1
        answer = stand.take({name: bytes(forged)}, root=root)
        assert (answer["problem"], answer["message"][:12]) == ("refused", "E_SIG_ISSUER"), name
        if name != "feed/checkpoint-10.cwt":
            gone = stand.take({name: None}, root=root)
            # Without its document it is a region without a feed, whose lists are tokens.
            assert (gone["problem"], gone["position"]) == (None if name == "feed.cbor" else "missing", None)
            stand.ask(forget=True)
    assert stand.take(root=root)["problem"] is None
    # A region that has a feed does not fall back to tokens.
    assert stand.take({"feed.cbor": None}, root=root)["problem"] == "missing"


def test_what_is_no_bundle_has_its_reason(stand: Stand) -> None:
    good = feed_bundle.encode(stand.files())
    for bad in (b"", b"\xa0", b"PK\x03\x04", good[:-1], good + b"\0", b"\xbf" + good[1:]):
        with pytest.raises(ProtocolError):
            feed_bundle.decode(bad)
        assert stand.take_bytes(bad)["problem"] == "form"
    for name in ("feed/../x", "index.html", "feed/delta-1-01"):
        assert stand.take_bytes(cbor.encode({name: b"1"}))["problem"] == "form"
    assert stand.take_bytes(cbor.encode({f"targets/{WUYOU}/trust.cbor": b"1"}))["problem"] == "repository"
    pair = cbor.encode((1, 2))
    assert stand.take({"root.cbor": pair})["problem"] == "root-pair"


def test_the_way_to_the_signed_state_cannot_be_bent(stand: Stand) -> None:
    feed = stand.feed
    feed.change({1: 12, 5: 2})
    feed.change({2: 3})
    assert stand.take()["problem"] is None
    feed.change({3: 15})
    third = feed_names.delta(1, 3)
    other = feed.read(feed_names.delta(1, 2))
    for changed, problem in (
        ({third: other}, "feed-broken"),
        ({third: feed.read(third) + b"\0"}, "feed-broken"),
        ({third: None}, "missing"),
        ({third: None, feed_names.base(1, 0): None}, "missing"),
    ):
        answer = stand.take(changed)
        assert (answer["problem"], answer["position"]) == (problem, [1, 2])
    # The older checkpoint comes back; the same place with another state.
    older = feed.signed(feed.claims(2, age=30))
    assert stand.take({"feed/checkpoint-10.cwt": older})["problem"] == "older"
    bent = feed.signed(replace(feed.claims(2), head=bytes(32)), inline=0)
    assert stand.take({"feed/checkpoint-10.cwt": bent})["problem"] == "two-histories"
    wrong_root = feed.signed(replace(feed.claims(3), state_root=bytes(32)))
    assert stand.take({"feed/checkpoint-10.cwt": wrong_root})["problem"] == "feed-broken"
    answer = stand.take(lookUp=[(URI, 3)])
    assert (answer["problem"], value(answer["found"][0])) == (None, 15)


def test_what_is_final_changes_only_by_the_offline_key(stand: Stand) -> None:
    feed = stand.feed
    feed.change({1: 12, 5: 2})
    assert stand.take()["problem"] is None
    feed.change({5: 0})
    assert stand.take(lookUp=[(URI, 5)])["problem"] is None
    seq = feed.change({1: 0}, co_signed=True)
    refused = stand.take(lookUp=[(URI, 1)])
    assert (refused["problem"], value(refused["found"][0])) == ("final-changed", 12)
    feed.list_co_signed(seq)
    assert value(stand.take(lookUp=[(URI, 1)])["found"][0]) == 0
    # By a base, without the deltas on the way: what was final here is another there.
    feed.change({9: 12})
    assert stand.take()["problem"] is None
    forged = Feed(World(), stand.folder.parent / "forged")
    for changes in ({1: 12}, {2: 12}, {3: 12}, {4: 12}, {6: 3}):
        forged.change(changes)
    forged.make_base()
    forged.document_seq = feed.document_seq
    forged.write_documents()
    files = {each: forged.read(each) for each in ("feed.cbor", "feed/checkpoint-10.cwt", feed_names.base(1, 5))}
    assert stand.take(files)["problem"] == "final-changed"


def test_more_than_may_change_at_once_is_left_to_people(stand: Stand) -> None:
    feed, clock = stand.feed, stand.world.clock
    assert stand.take()["problem"] is None
    for part in range(3):
        feed.change(dict.fromkeys(range(20_000 * part, 20_000 * part + 16_667), 12))
    assert stand.take()["problem"] == "too-much"
    # Who was away for longer takes as much as the hours that were missed.
    clock.advance(HOUR + 60)
    feed.publish()
    assert stand.take()["problem"] is None
    feed.change(dict.fromkeys(range(80_000, 100_001), 12))
    assert stand.take()["problem"] == "too-much"


def test_a_base_that_differs_too_much_from_what_is_held_is_left_to_people(stand: Stand) -> None:
    feed = stand.feed
    assert stand.take()["problem"] is None
    for part in range(3):
        feed.change(dict.fromkeys(range(20_000 * part, 20_000 * part + 16_667), 2))
    feed.make_base()
    feed.write_documents()
    gone = {feed_names.delta(1, seq): None for seq in range(1, 4)}
    assert stand.take(gone)["problem"] == "too-much"
    # To whoever holds nothing it is a state like any other.
    assert stand.take(gone, forget=True, lookUp=[(URI, 7)])["problem"] is None


def test_more_lists_than_may_open_at_once_and_a_region_that_has_opened_very_many(stand: Stand) -> None:
    feed = stand.feed
    lists = len(feed.state.lists)
    feed.change(replace(make({}), lists=lists + 64))
    assert stand.take()["problem"] is None
    feed.change(replace(make({}), lists=lists + 129))
    assert stand.take()["problem"] == "too-much"
    # As a base says it: hashed one by one, and looked up without a place of their own.
    feed.state = RegionState(WUYOU, (ALL_VALID,) * 150_000)
    feed.begin_epoch(stand.world.signer("another status key", Alg.ED25519))
    feed.write_documents()
    feed.publish()
    taken = stand.take(lookUp=[(f"lz:{WUYOU}/149999", 1), (f"lz:{WUYOU}/150000", 1)])
    assert taken["problem"] is None
    assert [each["coverage"] for each in taken["found"]] == ["covered", "not covered"]


def test_a_place_in_the_feed_that_nobody_can_reach(stand: Stand) -> None:
    assert stand.take()["problem"] is None
    far = replace(stand.feed.claims(), position=FeedPosition(WUYOU, 1, 2**32 - 1))
    assert stand.take({"feed/checkpoint-10.cwt": stand.feed.signed(far, inline=0)})["problem"] == "missing"


def test_bans_are_kept_at_their_earliest(stand: Stand) -> None:
    feed, world = stand.feed, stand.world
    banned: Signer = world.issuers[WUYOU, Alg.ED25519]
    at = world.clock.at
    feed.bans = (feed.ban_of(banned, since=UnixTime(at - 100)),)
    feed.publish()
    pair = f"{world.iss()} {feed.bans[0].kid.hex()}"
    assert stand.take()["bans"] == [[pair, at - 100]]
    world.clock.advance(60)
    feed.bans = (feed.ban_of(banned, since=UnixTime(at)),)
    feed.publish()
    assert stand.take()["bans"] == [[pair, at - 100]]
    world.clock.advance(60)
    feed.bans = ()
    feed.publish()
    assert stand.take()["bans"] == [[pair, at - 100]]
    # The trust list has the key no more.
    feed.anchors = tuple(each for each in feed.trust_anchors() if each.key != banned.public_key)
    feed.trust_seq += 1
    feed.write_documents()
    assert stand.take()["bans"] == []


def test_a_new_epoch_goes_on_from_the_roots_base(stand: Stand) -> None:
    feed = stand.feed
    feed.change({1: 12})
    assert stand.take()["problem"] is None
    feed.begin_epoch(stand.world.signer("another status key", Alg.ED25519))
    feed.write_documents()
    feed.change({2: 3})
    answer = stand.take(lookUp=[(URI, 1), (URI, 2)])
    assert (answer["problem"], answer["position"]) == (None, [2, 1])
    assert [value(each) for each in answer["found"]] == [12, 3]
