"""`issuer key` and `issuer department` as an operator types them: what they print, and that they did it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer import config, wiring
from issuer.application import Issuer
from issuer.cli import cli
from issuer.keys import box
from issuer.keys.errors import KeyElsewhere
from issuer.profile import Places
from tests.issuer.builders import BUSINESS, DRIVING, key_text, made, randomness, written


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(config.PASSPHRASE_VARIABLE, raising=False)
    made(tmp_path / "i").close()
    return tmp_path / "i"


def run(*arguments: str | Path, code: int = 0) -> str:
    ran = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert ran.exit_code == code, ran.output
    return ran.output if code else ran.stdout


def listed(folder: Path, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("key", "list", folder, "--json", *options))
    return rows


def issue(folder: Path, *options: str, kind: str = "driving-licence") -> str:
    subject = written(folder / "subject.json", DRIVING if kind == "driving-licence" else BUSINESS)
    arguments = ("issue", folder, "--kind", kind, "--subject", subject, "--holder-key", key_text(), *options)
    return run(*arguments).strip()


def test_a_key_is_exchanged_and_the_list_says_how_far_it_is(folder: Path) -> None:
    assert [each["use"] for each in listed(folder)] == ["assert", "status", "terminal", "paper", "mandate", "staff"]
    said = run("key", "rotate", folder)
    assert "Published: " in said
    assert "Ends: " in said
    assert [each["state"] for each in listed(folder) if each["use"] == "assert"] == ["signing", "next"]
    spare = json.loads(run("key", "add", folder, "--use", "paper", "--hours", "0", "--json"))["published"][0]
    assert spare["use"] == "paper"
    first = next(each["kid"] for each in listed(folder) if each["use"] == "paper")
    assert "Ends: " in run("key", "retire", folder, first)
    assert "no key of this issuer" in run("key", "retire", folder, "00" * 8, code=1)
    assert first in run("key", "list", folder)


def test_a_department_by_the_commands(folder: Path) -> None:
    add = ("department", "add", folder, "--name", "market", "--kind", "business-licence", "--hours", "0")
    assert "Published: " in run(*add)
    assert "there is or was" in run(*add, code=1)
    assert "business-licence" in run("department", "list", folder)
    issue(folder, "--department", "market", kind="business-licence")
    subject = written(folder / "subject.json", DRIVING)
    wrong = ("issue", folder, "--kind", "driving-licence", "--subject", subject, "--holder-key", key_text())
    assert "does not issue this kind" in run(*wrong, "--department", "market", code=1)
    assert "Ends: " in run("department", "retire", folder, "market", "--hours", "0")
    (row,) = json.loads(run("department", "list", folder, "--json"))
    assert (row["name"], row["kinds"], row["retired"] is None) == ("market", ["business-licence"], False)


def test_a_theft_by_the_commands(folder: Path) -> None:
    issue(folder)
    kid = listed(folder)[0]["kid"]
    moment = ("--from", "2026-11-22T08:00:00", "--reason", "被盗")
    stopped = json.loads(run("key", "ban", folder, kid, *moment, "--by", "甲", "--json"))
    assert [each["use"] for each in stopped["published"]] == ["assert"]
    assert "whoever proposes" in run("approve", folder, stopped["proposal"], "--by", "甲", code=1)
    run("approve", folder, stopped["proposal"], "--by", "乙")
    assert [each["state"] for each in listed(folder) if each["use"] == "assert"] == ["banned", "signing"]
    assert json.loads(run("key", "resign", folder, kid, "--json")) == {"signed": 0, "passed_over": []}
    assert "1 devices" in run("key", "resign", folder, kid, "--later")
    assert "2 packages, all as they were signed" in run("key", "check", folder)
    assert "Dropped: " in run("key", "drop", folder, kid)
    assert "no key of this issuer" in run("key", "resign", folder, "zz", code=1)


def test_keys_get_a_passphrase_and_another_one(folder: Path, tmp_path: Path) -> None:
    before = listed(folder)
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("correct horse\n", "utf-8")
    second.write_text("battery staple\n", "utf-8")
    run("key", "passphrase", folder, "--new-passphrase-file", first)
    assert not (folder / "keys.key").exists()
    assert box.rest_under_passphrase(Places(folder))
    run("key", "list", folder, code=1)
    copy = (folder / "keys.box").read_bytes()
    run("key", "passphrase", folder, "--new-passphrase-file", second, "--passphrase-file", first)
    assert listed(folder, "--passphrase-file", str(second)) == before
    assert "do not open" in run("key", "list", folder, "--passphrase-file", first, code=1)
    # Whoever cannot open them changes nothing, and a new passphrase that protects nothing is none.
    held = (folder / "keys.box").read_bytes()
    run("key", "passphrase", folder, "--new-passphrase-file", second, "--passphrase-file", first, code=1)
    first.write_text("short\n", "utf-8")
    run("key", "passphrase", folder, "--new-passphrase-file", first, "--passphrase-file", second, code=1)
    assert (folder / "keys.box").read_bytes() == held != copy


def test_a_service_that_was_open_says_that_it_must_be_restarted(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("correct horse\n", "utf-8")
    with Issuer.open(folder, passphrase=None, random_bytes=randomness(5)) as issuer:
        first, kind = issuer.keys.listed()[0], next(iter(issuer.kinds))
        run("key", "passphrase", folder, "--new-passphrase-file", tmp_path / "new")
        # It signs by the keys that it has.
        assert issuer.ring.take(first.use, vct=kind, at=wiring.now()).kid == first.kid
        run("key", "rotate", folder, "--hours", "0", "--passphrase-file", tmp_path / "new")
        with pytest.raises(KeyElsewhere, match="do not open") as refused:
            issuer.ring.take(first.use, vct=kind, at=wiring.now())
        assert "restart the service" in refused.value.hint


def test_a_department_issues_what_its_kinds_say_if_nobody_says_otherwise(folder: Path) -> None:
    run("department", "add", folder, "--name", "traffic-police")
    (row,) = json.loads(run("department", "list", folder, "--json"))
    assert "driving-licence" in row["kinds"]
    assert "business-licence" not in row["kinds"]
    assert "without kinds" in run("department", "add", folder, "--name", "lighthouses", code=1)
