"""Programs of the counter: how they are named, that a token is not kept, and what damaged files lead to."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from protocol.unixtime import UnixTime
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import counter_clients, setting_up, wiring
from verifier_terminal.cli import cli
from verifier_terminal.counter_clients import (
    FILE,
    MOST_CLIENTS,
    CounterClientExists,
    CounterClientsUnusable,
    UnknownCounterClient,
)

TOKEN = "T" * 43
AT = UnixTime(1_795_312_800)


def added(directory: Path, name: str = "queue", **changes: Any) -> counter_clients.CounterClient:
    given = {"purposes": ("window",), "items": None, "token": TOKEN, "at": AT} | changes
    return counter_clients.add(directory, name, **given)


def test_a_token_is_found_by_its_digest_and_stands_in_no_file(tmp_path: Path) -> None:
    made = added(tmp_path)
    assert TOKEN not in (tmp_path / FILE).read_text()
    clients = counter_clients.load(tmp_path)
    assert clients == (made,)
    assert counter_clients.find(clients, TOKEN) == made
    for wrong in ("", TOKEN[:-1], TOKEN + "x", TOKEN.lower(), made.token_sha256, "\ud800"):
        assert counter_clients.find(clients, wrong) is None


def test_items_are_named_with_or_without_a_kind(tmp_path: Path) -> None:
    some = added(tmp_path, items=("name", "id-card.citizen_id"))
    assert some.may_have("driving-licence", "name")
    assert some.may_have("id-card", "citizen_id")
    assert not some.may_have("driving-licence", "citizen_id")
    assert not added(tmp_path, "nothing", items=()).may_have("id-card", "name")
    assert added(tmp_path, "all").may_have("id-card", "name")


def test_a_name_stands_for_one_token_and_a_removed_one_for_none(tmp_path: Path) -> None:
    added(tmp_path)
    with pytest.raises(CounterClientExists):
        added(tmp_path, token="U" * 43)
    counter_clients.remove(tmp_path, "queue")
    assert counter_clients.load(tmp_path) == ()
    with pytest.raises(UnknownCounterClient):
        counter_clients.remove(tmp_path, "queue")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Queue"},
        {"name": "../x"},
        {"name": "x" * 33},
        {"purposes": ()},
        {"purposes": ("everything",)},
        {"items": ("id card.name",)},
        {"items": ("x",) * 1 + tuple(f"i{number}" for number in range(64))},
    ],
)
def test_what_means_nothing_is_not_written(tmp_path: Path, wrong: dict[str, Any]) -> None:
    added(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(CounterClientsUnusable):
        added(tmp_path, **({"name": "other"} | wrong))
    assert (tmp_path / FILE).read_bytes() == before


def test_there_are_never_more_than_can_be_looked_through(tmp_path: Path) -> None:
    for number in range(MOST_CLIENTS):
        added(tmp_path, f"c{number}")
    with pytest.raises(CounterClientsUnusable):
        added(tmp_path, "one-more")


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry.pop("items"),
        lambda entry: entry.update(token_sha256="0" * 63),
        lambda entry: entry.update(token_sha256=0),
        lambda entry: entry.update(purposes="window"),
        lambda entry: entry.update(items=["name", 1]),
        lambda entry: entry.update(created="now"),
        lambda entry: entry.update(created=True),
        lambda entry: entry.update(more=1),
    ],
)
def test_a_damaged_entry_lets_nobody_in(tmp_path: Path, damage: Any) -> None:
    added(tmp_path)
    content = json.loads((tmp_path / FILE).read_bytes())
    damage(content["clients"][0])
    (tmp_path / FILE).write_text(json.dumps(content))
    with pytest.raises(CounterClientsUnusable):
        counter_clients.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"clients": 1}', b'{"clients": [], "x": 1}', b"{" * 70_000])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(CounterClientsUnusable):
        counter_clients.load(tmp_path)


def test_the_commands_add_list_and_remove(tmp_path: Path) -> None:
    world = World(at=wiring.now())
    directory = tmp_path / "terminal"
    setting_up.initialise(
        directory, trust=str(publish(world, tmp_path / "p")), profile="window", name="一号窗口", root_sha256=None
    )

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["counter", str(directory), *arguments])

    made = run("add", "queue", "--items", "name, id-card.citizen_id")
    token = made.stdout.strip()
    (client,) = counter_clients.load(directory)
    assert (client.purposes, client.items) == (("window",), ("id-card.citizen_id", "name"))
    assert counter_clients.find((client,), token) == client
    assert len(token) == 43
    listed = run("list").stdout
    assert "queue" in listed
    assert token not in listed
    assert client.token_sha256 not in listed
    assert run("add", "queue").exit_code == 1
    assert run("remove", "queue").exit_code == 0
    assert run("list").stdout == "No program may fetch checks from this terminal.\n"
