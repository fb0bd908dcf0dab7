"""Feeds and repositories at the command line: set-up, sync and status, in words and as JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from protocol.checkpoint import Checkpoint
from tests.terminal.publishing import publish
from tests.utopia.feed import Feed
from tests.utopia.repository import Repository
from tests.utopia.world import WUYOU, World
from verifier_terminal import wiring
from verifier_terminal.cli import cli


@dataclass
class Counter:
    repository: Repository
    feed: Feed
    directory: Path

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, [each.replace("DIR", str(self.directory)) for each in arguments])

    def json(self, *arguments: str) -> Any:
        ran = self.run(*arguments, "--json")
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)

    def set_up(self, **changes: str) -> Result:
        options = {
            "--repository": str(self.repository.folder),
            "--region": WUYOU,
            "--root": self.repository.root_sha256,
            "--profile": "window",
        } | changes
        return self.run("init", "DIR", *(part for pair in options.items() for part in pair))


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    # The command line goes by the system's clock.
    world = World(at=wiring.now())
    repository = Repository(tmp_path / "repository", (WUYOU,), at=world.clock.at)
    publish(world, repository.region_folder(WUYOU))
    feed = Feed(world, repository.region_folder(WUYOU))
    feed.change({1: 12})
    feed.write_documents()
    repository.publish()
    return Counter(repository, feed, tmp_path / "terminal")


def test_a_terminal_is_set_up_on_a_repository_and_says_how_its_feed_stands(counter: Counter) -> None:
    made = counter.set_up()
    assert made.exit_code == 0, made.output
    assert f"{WUYOU}: number 1 of epoch 1" in made.output
    status = counter.json("status", "DIR")
    (standing,) = status["feed"]
    assert (standing["region"], standing["home"], standing["epoch"], standing["seq"]) == (WUYOU, True, 1, 1)
    assert standing["grade"] == "fresh"
    assert status["metadata"]["regions"] == [WUYOU]
    assert status["feed_alarms"] == []
    said = counter.run("status", "DIR").output
    assert "home region" in said
    assert "number 1 of epoch 1" in said
    assert "trust metadata  root 1, snapshot 1, 1 regions" in said


def test_sync_says_what_it_did_for_each_region(counter: Counter) -> None:
    counter.set_up()
    counter.feed.change({2: 12})
    (polled,) = counter.json("sync", "DIR")["polled"]
    assert (polled["region"], polled["seq"], polled["way"], polled["requests"]) == (WUYOU, 2, "deltas", 1)
    assert 0 < polled["bytes"] < 600
    assert "number 2 of epoch 1" in counter.run("sync", "DIR").output


def test_two_histories_end_sync_with_1_and_stand_in_the_status_with_their_evidence(counter: Counter) -> None:
    counter.set_up()
    stated = counter.feed.claims()
    counter.feed.publish(Checkpoint(**{name: getattr(stated, name) for name in stated.__slots__} | {"head": bytes(32)}))
    ran = counter.run("sync", "DIR")
    assert ran.exit_code == 1
    assert "two different states" in ran.output
    (alarm,) = counter.json("status", "DIR")["feed_alarms"]
    assert (alarm["region"], alarm["kind"], len(alarm["evidence"])) == (WUYOU, "equivocation", 2)
    assert "report it to the region" in counter.run("status", "DIR").output


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--root": "00" * 32}, "trust metadata were refused"),
        ({"--region": "110000"}, "has no region 110000"),
        ({"--repository": "/nowhere/at/all"}, "cannot be reached"),
    ],
)
def test_a_set_up_that_fails_says_why_and_leaves_nothing(counter: Counter, changes: dict[str, str], words: str) -> None:
    ran = counter.set_up(**changes)
    assert ran.exit_code == 1
    assert words in ran.output
    assert not list(counter.directory.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--repository", "F", "--trust", "F"],
        [],
        ["--repository", "F", "--region", "990000"],
        ["--repository", "F", "--root", "00"],
        ["--trust", "F", "--region", "990000"],
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(counter: Counter, arguments: list[str]) -> None:
    assert counter.run("init", "DIR", "--profile", "window", *arguments).exit_code == 2
