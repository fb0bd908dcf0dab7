"""`issuer policy check`: what is wrong by file and key, what is looser, and the rows that hold then."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from issuer import authored_table
from issuer.cli import cli
from issuer.policy_check.checking import Problem, check

DRIVING = dict(authored_table.shipped("policies"))["policies/driving-licence.toml"]
STRICTER = """
kind = "driving-licence"

[stricter.window.330000]
challenge_required = true
retention_days = 7
"""


def found(*texts: str) -> tuple[Problem, ...]:
    return check([(f"f{number}.toml", text) for number, text in enumerate(texts)], region="990000").problems


def test_what_is_stricter_holds_beside_the_general_row() -> None:
    checked = check([("f0.toml", STRICTER)], region="990000")
    assert (checked.holds, checked.problems) == (True, ())
    assert {checked.kinds[row.vct].slug for row in checked.rows} == {"driving-licence"}
    rows = {(row.purpose.word, row.only_for): row for row in checked.rows}
    assert (rows["window", None].challenge_required, rows["window", None].retention_days) == (False, 30)
    assert (rows["window", "330000"].challenge_required, rows["window", "330000"].retention_days) == (True, 7)
    assert rows["window", "330000"].mandatory == rows["window", None].mandatory


@pytest.mark.parametrize(
    ("written", "instead", "key", "words"),
    [
        ("retention_days = 7", "retention_days = 90", "stricter.window.330000.retention_days", "looser"),
        ("retention_days = 7", "retention_dayz = 7", "stricter.window.330000.retention_dayz", ""),
        ("required = true", "required = 1", "stricter.window.330000.challenge_required", "bool"),
        ("330000", "33000", "stricter.window.33000", "six digits"),
        ("driving-licence", "flying-licence", "kind", "no kind has the slug"),
        ("stricter.window", "stricter.windows", "stricter.windows", "windows"),
    ],
    ids=["looser", "unknown", "type", "region", "kind", "purpose"],
)
def test_what_is_wrong_is_named_by_file_and_key(written: str, instead: str, key: str, words: str) -> None:
    (problem,) = found(STRICTER.replace(written, instead))
    assert (problem.file, problem.key, problem.loosens) == ("f0.toml", key, False)
    assert words in f"{problem.key} {problem.what}"


def test_every_file_is_read_whatever_is_wrong_with_the_others() -> None:
    broken, nothing = "kind = ", 'title = "x"'
    problems = found(STRICTER, broken, STRICTER.replace("window", "roadside"), nothing, STRICTER)
    assert [(each.file, each.key) for each in problems] == [
        ("f1.toml", "TOML"),
        ("f3.toml", "the whole file"),
        ("f4.toml", "stricter.window.330000"),
    ]
    assert "a second row" in problems[2].what


def test_what_a_row_allows_beyond_the_shipped_one_is_a_warning() -> None:
    looser = DRIVING.replace("retention_days = 180", "retention_days = 200").replace(
        'min_assurance = "hardware_user_verification"', 'min_assurance = "software"'
    )
    checked = check([("mine.toml", looser)], region="990000")
    assert checked.holds
    assert {"row.kiosk.min_assurance", "row.roadside.retention_days"} <= {each.key for each in checked.problems}
    assert all(each.loosens and each.file == "mine.toml" for each in checked.problems)
    assert check([("mine.toml", DRIVING)], region="990000").problems == ()


def test_a_view_that_no_row_fits_is_found() -> None:
    (problem,) = found(DRIVING.replace('mandatory = ["name", "class", "valid_to"]', 'mandatory = ["name", "class"]'))
    assert (problem.file, problem.key) == ("kinds/driving-licence.toml", "view.window")


def test_a_kind_is_read_too() -> None:
    kind = dict(authored_table.shipped("kinds"))["kinds/driving-licence.toml"]
    assert found(kind) == ()
    (problem,) = found(kind.replace('holder = "natural"', 'holder = "nobody"'))
    assert (problem.file, problem.key) == ("f0.toml", "holder")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["policy", "check", *map(str, words)])


def test_by_command(tmp_path: Path) -> None:
    office = tmp_path / "office"
    (office / "policies").mkdir(parents=True)
    (office / "issuer.json").write_text("{}", "utf-8")
    (office / "policies" / "g60.toml").write_text(STRICTER, "utf-8")
    for where in (office, office / "policies", office / "policies" / "g60.toml"):
        good = run(where)
        assert good.exit_code == 0, good.output
        assert "0 errors, 0 warnings." in good.output
        (line,) = [line for line in good.output.splitlines() if " 330000 " in line]
        assert line.split()[:3] == ["driving-licence", "window", "330000"]
        assert "challenge" in line
    said: dict[str, Any] = json.loads(run(office, "--json").stdout)
    (row,) = [row for row in said["rows"] if row["only_for"]]
    assert (said["holds"], row["retention_days"], row["mandatory"]) == (True, 7, ["name", "class", "valid_to"])
    (office / "policies" / "bad.toml").write_bytes(b"\xff")
    refused = run(office)
    assert (refused.exit_code, "policies/bad.toml: the whole file" in refused.output) == (1, True)
    (office / "policies" / "bad.toml").write_text(STRICTER.replace("7", "700"), "utf-8")
    refused = run(office, "--json")
    assert refused.exit_code == 1
    (problem,) = json.loads(refused.stdout)["problems"]
    assert (problem["file"], problem["key"]) == ("policies/bad.toml", "stricter.window.330000.retention_days")
