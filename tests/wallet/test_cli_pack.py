"""`liangzheng wallet group|reminders|history|backup|restore`: what a holder does at a desk."""

import json
from pathlib import Path

import pytest

from protocol.unixtime import UnixTime
from tests.wallet.issued import AT, Authority
from tests.wallet.test_cli import filled, made, refusal, run

__all__ = ["filled", "made"]


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallet_sdk.wiring.system_clock", lambda: UnixTime(AT))


def listed(folder: Path) -> dict[str, object]:
    (entry,) = json.loads(run("list", folder, "--json").stdout)
    assert isinstance(entry, dict)
    return entry


def test_a_card_goes_into_a_group_and_out_again(filled: Path) -> None:
    assert (listed(filled)["profile"], listed(filled)["group"]) == ("personal", None)
    assert run("group", filled, "driving-licence", "出行").exit_code == 0
    assert listed(filled)["group"] == "出行"
    assert run("group", filled, "driving-licence").exit_code == 0
    assert listed(filled)["group"] is None
    assert refusal("group", filled, "driving-licence", "x" * 25) == "GROUP_NAME"
    assert refusal("group", filled, "passport", "出行") == "LICENCE_NOT_FOUND"


def test_reminders_are_listed_when_they_are_due_and_before(filled: Path) -> None:
    assert run("reminders", filled).stdout == ""
    coming = json.loads(run("reminders", filled, "--to-come", "--json").stdout)
    assert [each["days_left"] for each in coming] == [30, 7, 1]
    (due,) = json.loads(run("reminders", filled, "--json", "--at", coming[1]["at"]).stdout)
    assert (due["days_left"], due["kind"]) == (7, "driving-licence")
    assert "7 days left" in run("reminders", filled, "--at", coming[1]["at"]).stdout
    for near in ("310115", "31.2304,121.4737", "310115@31.2304,121.4737"):
        assert json.loads(run("reminders", filled, "--to-come", "--json", "--near", near).stdout) == coming
        assert run("offices", filled, "--near", near).exit_code == 0
    refused = run("reminders", filled, "--near", "上海")
    assert (refused.exit_code, "no place" in refused.stderr) == (2, True)


def test_the_history_is_listed_and_cleared(filled: Path) -> None:
    assert run("history", filled).stdout == ""
    assert run("show", filled, "driving-licence", "--purpose", "window", "--text").exit_code == 0
    (use,) = json.loads(run("history", filled, "--json").stdout)
    assert (use["purpose"], use["licences"]) == (
        "window",
        [{"id": "31000026A7", "kind": "driving-licence", "items": [1, 2, 7]}],
    )
    assert "31000026A7  driving-licence  3 items" in run("history", filled).stdout
    assert run("history", filled, "--clear").exit_code == 0
    assert run("history", filled, "--json").stdout.strip() == "[]"


def test_a_backup_is_restored_with_another_key(filled: Path, tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "secret").write_text("another phone\n")
    (tmp_path / "wrong").write_text("a guess\n")
    (tmp_path / "empty").write_text("\n")
    file, new = tmp_path / "wallet.backup", tmp_path / "new"
    secret = ("--backup-passphrase-file", tmp_path / "secret")
    assert run("backup", filled, "--out", file, *secret).exit_code == 0
    assert refusal("backup", filled, "--out", file, "--backup-passphrase-file", tmp_path / "empty") == (
        "WALLET_PASSPHRASE_EMPTY"
    )
    assert refusal("restore", new, file, "--backup-passphrase-file", tmp_path / "wrong") == "WALLET_PASSPHRASE_WRONG"
    assert refusal("restore", new, tmp_path / "absent", *secret) == "INPUT_UNUSABLE"
    assert run("restore", new, file, *secret).stdout == "31000026A7  driving-licence  unbound\n"
    assert refusal("show", new, "driving-licence", "--purpose", "window", "--text") == "LICENCE_UNBOUND"
    assert refusal("restore", new, file, *secret) == "WALLET_EXISTS"
