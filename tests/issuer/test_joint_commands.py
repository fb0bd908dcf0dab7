"""`issuer issue-together`: a package for each holder, and what is refused by its own words."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from protocol import licence_package
from tests.issuer.builders import key_text, made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: ""})


@pytest.fixture
def given(tmp_path: Path) -> tuple[object, ...]:
    made(tmp_path / "i").close()
    (tmp_path / "couple.json").write_text(run("synth", "marriage").stdout, "utf-8")
    return tmp_path / "i", "--kind", "marriage", "--subject", tmp_path / "couple.json"


def test_each_holder_gets_a_package(given: tuple[object, ...]) -> None:
    result = run("issue-together", *given, "--holder-key", key_text(1), "--holder-key", key_text(2), "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert len(said) == 2
    for each in said:
        assert licence_package.decode(Path(each["package"]).read_bytes()).licence_id == each["id"]
    ended = run("cancel", given[0], said[0]["id"], "--reason", "测试", "--json")
    assert json.loads(ended.stdout)["flipped"] == 2
    assert {row["state"] for row in json.loads(run("list", given[0], "--json").stdout)} == {"cancelled"}


def test_one_key_for_two_holders_is_refused_and_so_is_the_ordinary_command(given: tuple[object, ...]) -> None:
    alone = run("issue-together", *given, "--holder-key", key_text(1))
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert "2 holders, 1 device keys" in alone.stderr
    ordinary = run("issue", *given, "--holder-key", key_text(1))
    assert (ordinary.exit_code, ordinary.stdout) == (1, "")
    assert "issue-together" in ordinary.stderr
    assert json.loads(run("list", given[0], "--json").stdout) == []


def test_without_keys_each_holder_is_offered_their_own(given: tuple[object, ...]) -> None:
    couple = given[-1]
    refused = run("offer", given[0], "--kind", "marriage", "--subject", couple)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "a marriage has 2 holders" in refused.stderr
    assert "issue-together" in refused.stderr
    said = json.loads(run("issue-together", *given, "--json").stdout)
    assert len(said) == 2
    for each in said:
        assert json.loads(run("offer", given[0], each["id"], "--json").stdout)["tx_code"]
