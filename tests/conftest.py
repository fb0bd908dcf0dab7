"""What every test stands on: no silent skips in CI, the shared vectors, and one hypothesis profile.

`LIANGZHENG_REQUIRE=all` turns a skip into a failure, because a check that quietly did not run looks like one that
passed. Three markers are excepted, and their skips are counted in the summary. Not here: the fictional world, which
lives in tests/utopia.
"""

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

EXCEPTED_MARKERS = ("needs_shared_vectors", "needs_hardware", "needs_sm2")
PROJECT_ROOT = Path(__file__).resolve().parent.parent

EXCEPTED = "skip excepted by"
"""Names a property of a report: reports travel from the processes that run tests to the one that counts."""

# A deadline measures the machine, not the code; in CI the examples are the same in every run.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


class ExceptedSkips:
    """Counts the skips that are allowed, wherever the tests ran."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._counted.update(str(value) for name, value in report.user_properties if name == EXCEPTED)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if everything_is_required() or self._counted:
            counts = ", ".join(f"{name} {self._counted[name]}" for name in EXCEPTED_MARKERS)
            terminalreporter.write_sep("=", f"skips by excepted markers: {counts}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ExceptedSkips())


def everything_is_required() -> bool:
    return os.environ.get("LIANGZHENG_REQUIRE") == "all"


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    report.outcome = "failed"
    report.longrepr = f"LIANGZHENG_REQUIRE=all allows no skip here. {reason_of(report)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure is reported as skipped too; it did run, so it is not refused.
    if not report.skipped or hasattr(report, "wasxfail"):
        return report
    excepted = [name for name in EXCEPTED_MARKERS if item.get_closest_marker(name)]
    if excepted:
        report.user_properties.append((EXCEPTED, excepted[0]))
    elif everything_is_required():
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that skips itself as a whole is refused as well: its tests never reach the hook above."""
    report = yield
    if report.skipped and everything_is_required():
        refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def shared_vectors() -> Path:
    """The folder with third-party vectors; tests that use it carry the marker needs_shared_vectors."""
    named = os.environ.get("LIANGZHENG_VECTORS")
    folder = Path(named) if named else PROJECT_ROOT.parent / "shared" / "vectors"
    if not folder.is_dir():
        pytest.skip(f"no shared vectors: {folder} is not a folder; LIANGZHENG_VECTORS names another one")
    return folder
