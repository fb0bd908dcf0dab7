"""From `trust release add` to `terminal update apply`, by command alone: real files, server and environment."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from liangzheng import trust_arguments, trust_cli
from liangzheng.cli import main
from revocation.repository.authority import Making
from tests.revocation.repository.keepers import CHEAP, MAKING, PASSPHRASE
from tests.terminal.publishing import publish
from tests.terminal.serving import serving
from tests.updates.making import wheel
from tests.updates.test_downloading import Server
from tests.utopia.world import WUYOU, World
from verifier_terminal import wiring
from verifier_terminal.updates import launching, opening


class Counter:
    """A repository with one region, and a terminal on a copy of it that a web server shows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.directory, self.software = folder, folder / "terminal", folder / "software"
        self.repository = folder / "repository"
        self.software.mkdir()
        made = self.good("trust", "init", self.repository, "--json")
        documents = publish(World(at=wiring.now()), folder / "issuer")
        self.good("trust", "add-region", self.repository, WUYOU, "--folder", documents)
        options = ("--repository", self.repository / "published", "--region", WUYOU, "--profile", "window")
        self.good("terminal", "init", self.directory, *options, "--root", json.loads(made.stdout)["root_sha256"])

    def run(self, *arguments: object) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments])

    def good(self, *arguments: object) -> Result:
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done

    def update(self, command: str, *options: object) -> Result:
        where = () if command == "status" else ("--software", self.software)
        return self.run("terminal", "update", command, self.directory, *where, *options)

    def release(self, version: str) -> None:
        wheel(self.folder / version, version)
        notes = self.folder / "notes.toml"
        notes.write_text('zh-Hans = "修复"\nzh-Hant = "修復"\nen = "repairs"\n', "utf-8")
        self.good("trust", "release", "add", self.repository, self.folder / version, "--notes", notes)
        self.good("trust", "release", "stage", self.repository, version, "--percent", 100)


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    for module in (trust_cli, trust_arguments):
        monkeypatch.setattr(module, "making", lambda ask: Making(ask, MAKING.random_bytes, CHEAP))
    monkeypatch.setenv("LIANGZHENG_TRUST_PASSPHRASE", PASSPHRASE)
    return Counter(tmp_path)


def test_from_a_release_to_a_version_that_runs_next_and_back(counter: Counter) -> None:
    assert counter.update("fetch").output == "there is nothing newer\n"
    assert "no newer version is ready" in counter.update("due").output
    counter.release("99.0.0")
    files = Server(counter.repository / "published")
    with serving(files.answer) as address:
        fetched = counter.update("fetch", "--from", address)
    assert (fetched.exit_code, fetched.stdout) == (0, "99.0.0 is ready\n")
    assert files.asked
    status = json.loads(counter.update("status", "--json").stdout)
    assert (status["pending"]["version"], status["pending"]["state"]) == ("99.0.0", "ready")
    assert "zh-Hans: 修复" in counter.update("status").stdout
    assert "99.0.0 is ready" in counter.good("terminal", "status", counter.directory).stdout
    # Nobody has said when the place is closed.
    for command in ("due", "apply"):
        early = counter.update(command)
        assert (early.exit_code, "no opening hours" in early.output) == (1, True)
    counter.good("terminal", "out-of-service", counter.directory, "--reason", "软件更新")
    assert counter.update("due").output.endswith("99.0.0 may be applied now\n")
    assert counter.update("apply").output == "99.0.0 runs from the next start on\n"
    assert launching.version_to_run(counter.software, counter.directory) == "99.0.0"
    # And back again.
    assert counter.update("roll-back", "--reason", "a\x1b").exit_code == 2
    assert counter.update("roll-back", "--reason", "it is slow").exit_code == 0
    assert launching.version_to_run(counter.software, counter.directory) is None
    assert "99.0.0 was given up: it is slow" in counter.update("status").output
    assert counter.update("fetch").output == "there is nothing newer\n"
    assert "nothing" not in counter.update("roll-back", "--reason", "again").stdout
    rows = json.loads(counter.good("terminal", "journal", counter.directory, "--json").stdout)
    told = [each["step"] for each in rows if each["event"] == "software"]
    assert told == ["rolled_back", "applied", "ready", "downloaded", "offered"]


def test_a_version_that_waits_can_be_postponed(counter: Counter) -> None:
    assert counter.update("postpone").exit_code == 1
    counter.release("99.0.0")
    # The archive is out of reach: it is offered, and no more.
    shutil.rmtree(counter.repository / "published/targets/releases")
    assert counter.update("fetch").exit_code == 1
    assert "99.0.0 waits until" in counter.update("postpone", "--hours", 2).output
    assert "postponed until" in counter.update("status").output
    assert counter.update("postpone", "--hours", 169).exit_code == 2


def test_one_at_a_time(counter: Counter) -> None:
    with opening.alone(counter.software):
        done = counter.update("fetch")
    assert (done.exit_code, "another program is updating" in done.output) == (1, True)
    assert counter.update("fetch").exit_code == 0


def test_a_terminal_of_one_region_gets_no_software(tmp_path: Path) -> None:
    published = publish(World(at=wiring.now()), tmp_path / "published")
    made = ["terminal", "init", str(tmp_path / "t"), "--trust", str(published), "--profile", "window"]
    assert CliRunner().invoke(main, made).exit_code == 0
    done = CliRunner().invoke(main, ["terminal", "update", "fetch", str(tmp_path / "t"), "--software", str(tmp_path)])
    assert (done.exit_code, "no repository of trust" in done.output) == (1, True)


def test_a_repository_with_another_root_is_refused(counter: Counter) -> None:
    counter.update("fetch")
    settings = json.loads((counter.directory / "terminal.json").read_text())
    settings["repository_sha256"] = "00" * 32
    (counter.directory / "terminal.json").write_text(json.dumps(settings))
    done = counter.update("fetch")
    assert done.exit_code == 1
    assert "trust metadata" in done.output
