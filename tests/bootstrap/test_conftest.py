"""The rules of tests/conftest.py, each proven in a pytest of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]

SUITE = """
import pytest

def test_passes(): pass

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_failure(): assert False
"""
PLAIN_SKIP = "\ndef test_skips(): pytest.skip('no camera in this room')\n"
MARKED_SKIP = "\n@pytest.mark.{marker}\ndef test_skips_by_marker(): pytest.skip('none here')\n"


def run_suite(folder: Path, source: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    tests = folder / "project" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / "tests" / "conftest.py", tests)
    shutil.copy(PROJECT_ROOT / "pyproject.toml", folder / "project")
    (tests / "test_sample.py").write_text(source, encoding="utf-8")
    kept = {name: text for name, text in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    kept = {name: text for name, text in kept.items() if not name.startswith(("LIANGZHENG_", "COV_", "HYPOTHESIS"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "tests"],
        cwd=folder / "project",
        env=kept | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_demand_a_skip_stays_a_skip(tmp_path: Path) -> None:
    done = run_suite(tmp_path, SUITE + PLAIN_SKIP)
    assert done.returncode == 0
    assert "1 passed, 1 skipped, 1 xfailed" in done.stdout


def test_a_demanded_skip_fails_and_keeps_its_reason(tmp_path: Path) -> None:
    done = run_suite(tmp_path, SUITE + PLAIN_SKIP, LIANGZHENG_REQUIRE="all")
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed" in done.stdout
    assert "LIANGZHENG_REQUIRE=all allows no skip here. Skipped: no camera in this room" in done.stdout


def test_a_module_that_skips_itself_fails_too(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "import pytest\npytest.importorskip('no_such_library')\n", LIANGZHENG_REQUIRE="all")
    assert done.returncode != 0
    assert "LIANGZHENG_REQUIRE=all allows no skip here" in done.stdout
    assert "no_such_library" in done.stdout


@pytest.mark.parametrize("marker", ["needs_shared_vectors", "needs_hardware", "needs_sm2"])
def test_excepted_markers_are_skipped_and_counted(tmp_path: Path, marker: str) -> None:
    done = run_suite(tmp_path, SUITE + MARKED_SKIP.format(marker=marker), LIANGZHENG_REQUIRE="all")
    assert done.returncode == 0
    assert "1 passed, 1 skipped, 1 xfailed" in done.stdout
    summary = next(line for line in done.stdout.splitlines() if "skips by excepted markers" in line)
    assert f"{marker} 1" in summary
    assert summary.count(" 0") == 2


def test_a_skip_mark_is_refused_as_well(tmp_path: Path) -> None:
    marked = "\n@pytest.mark.skip(reason='later')\ndef test_later(): pass\n"
    done = run_suite(tmp_path, SUITE + marked, LIANGZHENG_REQUIRE="all")
    assert done.returncode == 1
    assert "Skipped: later" in done.stdout


def test_the_rules_hold_where_several_processes_run_the_tests(tmp_path: Path) -> None:
    marked = MARKED_SKIP.format(marker="needs_sm2")
    done = run_suite(tmp_path, SUITE + PLAIN_SKIP + marked, "-n", "2", LIANGZHENG_REQUIRE="all")
    assert done.returncode == 1
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in done.stdout
    assert "LIANGZHENG_REQUIRE=all allows no skip here. Skipped: no camera in this room" in done.stdout
    assert "needs_sm2 1" in done.stdout


VECTORS = """
import pytest

@pytest.mark.needs_shared_vectors
def test_folder(shared_vectors): assert (shared_vectors / 'one.cbor').read_bytes() == b'\\xf6'
"""


@pytest.mark.parametrize("named", [True, False])
def test_shared_vectors_come_from_the_variable_or_from_beside_the_project(tmp_path: Path, named: bool) -> None:
    folder = tmp_path / ("elsewhere" if named else "shared/vectors")
    folder.mkdir(parents=True)
    (folder / "one.cbor").write_bytes(b"\xf6")
    settings = {"LIANGZHENG_VECTORS": str(folder)} if named else {}
    assert "1 passed" in run_suite(tmp_path, VECTORS, **settings).stdout


def test_absent_shared_vectors_are_a_skip_with_a_reason(tmp_path: Path) -> None:
    done = run_suite(tmp_path, VECTORS, LIANGZHENG_REQUIRE="all")
    assert done.returncode == 0
    assert "no shared vectors" in done.stdout
    assert "needs_shared_vectors 1" in done.stdout


PROFILE = """
from hypothesis import settings

def test_profile():
    assert settings().derandomize is {derandomize}
    assert settings().deadline is None
"""


@pytest.mark.parametrize(("ci", "derandomize"), [({"CI": "true"}, True), ({}, False)])
def test_hypothesis_repeats_itself_in_ci_and_has_no_deadline(
    tmp_path: Path, ci: dict[str, str], derandomize: bool
) -> None:
    done = run_suite(tmp_path, PROFILE.format(derandomize=derandomize), **ci)
    assert done.returncode == 0, done.stdout
