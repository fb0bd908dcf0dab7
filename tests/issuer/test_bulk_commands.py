"""The commands of imports as an operator types them: outputs, files, exit codes, and reports that calculate nothing."""

import csv
import json
import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from issuer import config
from issuer.bulk import report
from issuer.bulk import wiring as bulk_wiring
from issuer.bulk.row_problems import RowProblem
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from tests.issuer.builders import PASSPHRASE
from tests.issuer.bulk_files import HEADINGS, MAPPING, SLUG, driver, drivers, written

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], env={PASSPHRASE_VARIABLE: "", **environment})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "i", "--region", "310000").exit_code == 0
    return tmp_path / "i"


@pytest.fixture
def columns(tmp_path: Path) -> Path:
    path = tmp_path / "columns.toml"
    path.write_text(MAPPING, "utf-8")
    return path


def imported(folder: Path, file: Path, columns: Path, *more: object, **environment: str) -> Result:
    return run("import", folder, file, "--kind", SLUG, "--mapping", columns, *more, **environment)


def test_a_dry_run_then_the_import_then_the_list(folder: Path, columns: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "l.csv", drivers(5))
    dry = imported(folder, file, columns, "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, "Dry run: nothing is recorded. 5 rows: 5 good, 0 repeated, 0 refused.\n")
    assert json.loads(run("list", folder, "--json").stdout) == []
    done = imported(folder, file, columns)
    assert (done.exit_code, done.stdout) == (0, "5 rows: 5 good, 0 repeated, 0 refused.\n")
    assert len(json.loads(run("list", folder, "--json").stdout)) == 5
    (row,) = json.loads(run("imports", folder, "--json").stdout)
    assert (row["state"], row["rows"], row["recorded"], row["name"]) == ("done", 5, 5, "l.csv")
    assert "5 of 5 rows, 5 recorded" in run("imports", folder).stdout


def test_bad_rows_are_shown_and_written_down_and_exit_with_1(folder: Path, columns: Path, tmp_path: Path) -> None:
    rows = [driver(0), *([*driver(number)[:3], "保密", *driver(number)[4:]] for number in range(1, 25))]
    file, out = written(tmp_path / "l.csv", rows), tmp_path / "bad.csv"
    shown = imported(folder, file, columns, "--dry-run")
    assert shown.exit_code == 1
    assert "row 3, column '性别': sex: not in the mapping's table of values; expected 男 or 女" in shown.stderr
    assert "and others" in shown.stderr
    done = imported(folder, file, columns, "--errors", out, "--json")
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert (said["recorded"], said["refused"]) == (1, 24)
    lines = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    assert lines[0] == ["row", "column", "item", "what", "expected"]
    assert [line[0] for line in lines[1:]] == [str(number) for number in range(3, 27)]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = run("import-errors", folder, said["id"], "--out", tmp_path / "again.csv")
    assert again.exit_code == 0
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()
    assert "保密" not in out.read_text("utf-8") + done.output + shown.output


def test_a_report_holds_nothing_that_a_spreadsheet_calculates() -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]
    lines = "".join(report.as_csv(RowProblem(2, each, each, each, each) for each in evil))
    for cells in list(csv.reader(lines.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines(keepends=True)))[1:]:
        assert cells[0] == "2"
        assert all(cell.startswith("'") for cell in cells[1:])
    assert report.harmless("性别") == "性别"


def test_headings_that_calculate_do_not_in_the_report(folder: Path, tmp_path: Path) -> None:
    columns = tmp_path / "columns.toml"
    columns.write_text(MAPPING.replace('"性别" = "sex"', '"=cmd|calc" = "sex"'), "utf-8")
    file = tmp_path / "l.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        headings = ["=cmd|calc" if each == "性别" else each for each in HEADINGS]
        csv.writer(opened).writerows([headings, [*driver(1)[:3], "x", *driver(1)[4:]]])
    out = tmp_path / "bad.csv"
    assert imported(folder, file, columns, "--errors", out).exit_code == 1
    assert "\n2,'=cmd|calc,sex," in out.read_text("utf-8").replace("\r", "")


@pytest.mark.parametrize("what", ["errors", "out"])
def test_a_report_replaces_nothing(folder: Path, columns: Path, tmp_path: Path, what: str) -> None:
    file = written(tmp_path / "l.csv", drivers(1))
    if what == "errors":
        result = imported(folder, file, columns, "--errors", columns)
    else:
        result = run("import-errors", folder, "x", "--out", columns)
    assert result.exit_code == 1
    assert "exists" in result.stderr
    assert columns.read_text("utf-8") == MAPPING


def test_what_was_begun_is_gone_on_with_or_cancelled(
    folder: Path, columns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "l.csv", drivers(3))

    def dead(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bulk_wiring, "run", dead)
        assert imported(folder, file, columns).exit_code == 1
    second = imported(folder, file, columns)
    assert second.exit_code == 1
    assert "--resume" in second.stderr
    (row,) = json.loads(run("imports", folder, "--json").stdout)
    assert row["unfinished"] is True
    assert imported(folder, file, columns, "--resume").exit_code == 0
    assert "none" not in run("imports", folder).stdout
    assert imported(folder, file, columns, "--resume").exit_code == 1
    with monkeypatch.context() as patched:
        patched.setattr(bulk_wiring, "run", dead)
        imported(folder, file, columns)
    begun = json.loads(run("imports", folder, "--json").stdout)
    (open_one,) = (each for each in begun if each["unfinished"])
    assert run("import-cancel", folder, open_one["id"]).exit_code == 0
    assert run("import-cancel", folder, open_one["id"], "--json").exit_code == 1


def test_worker_processes_open_keys_under_a_passphrase(tmp_path: Path, columns: Path) -> None:
    words = {PASSPHRASE_VARIABLE: PASSPHRASE}
    folder = tmp_path / "i"
    assert run("init", folder, "--region", "310000", **words).exit_code == 0
    file = written(tmp_path / "l.csv", drivers(3, keys=True))
    result = imported(folder, file, columns, "--workers", "1", "--json", **words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["issued"] == 3
    assert PASSPHRASE not in result.output


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_the_command_is_killed_and_resumed(folder: Path, columns: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "l.csv", drivers(3_000))
    command = [
        sys.executable,
        "-m",
        "liangzheng",
        "issuer",
        "import",
        folder,
        file,
        "--kind",
        SLUG,
        "--mapping",
        columns,
    ]
    child = subprocess.Popen([*map(str, command), "--workers", "0"], cwd=ROOT, stdout=subprocess.DEVNULL)
    while child.poll() is None:
        rows = json.loads(run("imports", folder, "--json").stdout)
        if rows and rows[0]["done_rows"]:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
    done = imported(folder, file, columns, "--resume", "--workers", "0", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["recorded"], said["repeated"], said["refused"]) == (3_000, 0, 0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system does not tell when another's child ends")
def test_the_workers_of_a_command_that_was_killed_end(folder: Path, columns: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "l.csv", drivers(4_000))
    command = [
        sys.executable,
        "-m",
        "liangzheng",
        "issuer",
        "import",
        folder,
        file,
        "--kind",
        SLUG,
        "--mapping",
        columns,
    ]
    said = tmp_path / "said"
    with said.open("wb") as errors:
        parent = subprocess.Popen(
            [*map(str, command), "--workers", "1"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors
        )
    workers: list[int] = []
    while parent.poll() is None:
        rows = json.loads(run("imports", folder, "--json").stdout)
        if rows and rows[0]["done_rows"]:
            children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
            workers = [os.pidfd_open(int(child)) for child in children]
            parent.kill()
            parent.wait()
    # Another one goes on: the worker that is left finds that out, or has done everything before.
    imported(folder, file, columns, "--resume", "--workers", "0")
    assert workers
    for worker in workers:
        assert select.select([worker], [], [], 120)[0]
        os.close(worker)
    assert "Traceback" not in said.read_text()
    (row,) = json.loads(run("imports", folder, "--json").stdout)
    assert (row["state"], row["recorded"]) == ("done", 4_000)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff", "not text in UTF-8"), (b"[columns]\n", "becomes name"), (b"columns", "TOML")],
)
def test_a_mapping_that_is_none(folder: Path, tmp_path: Path, content: bytes, words: str) -> None:
    columns = tmp_path / "columns.toml"
    columns.write_bytes(content)
    result = imported(folder, written(tmp_path / "l.csv", drivers(1)), columns)
    assert result.exit_code in (1, 2)
    assert words in result.stderr


def test_a_pull_by_command(folder: Path, columns: Path, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    written(tmp_path / "files" / "1.csv", [driver(1), [*driver(2)[:3], "x", *driver(2)[4:]]])
    settings = tmp_path / "pull.toml"
    settings.write_text('name = "a"\nkind = "driving-licence"\nmapping = "columns.toml"\nfolder = "files"\n', "utf-8")
    result = run("pull", folder, "--config", settings)
    assert result.exit_code == 1
    assert result.stdout.startswith("2 rows: 1 recorded")
    assert "row 3, column '性别'" in result.stderr
    assert json.loads(run("pull", folder, "--config", settings, "--json").stdout)["rows"] == 0


def test_processors_are_counted() -> None:
    assert config.processors() >= 1


def test_a_register_in_a_file_is_not_spread(folder: Path) -> None:
    assert run("spread", folder).exit_code == 1
    refused = run("spread", folder, "--yes")
    assert refused.exit_code == 1
    assert "PostgreSQL" in refused.stderr
