"""A real environment from a real archive, without any network; and the self-test in a process of its own."""

import sqlite3
import sys
from pathlib import Path

import pytest

from tests.terminal.publishing import publish
from tests.updates.making import Machine, Publisher
from tests.utopia.world import World
from verifier_terminal import self_testing, setting_up, wiring
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.updates import installing, launching
from verifier_terminal.updates.errors import InstallFailed, SelfTestFailed
from verifier_terminal.updates.states import State

PROGRAM = """
import pathlib, sys
copy = pathlib.Path(sys.argv[-1])
assert sys.argv[1:-1] == ["terminal", "update", "self-test"], sys.argv
assert sys.prefix.endswith("0.2.0"), sys.prefix
assert (copy / "terminal.db").stat().st_size > 0
(copy / "terminal.db").write_text("nothing that it does reaches the terminal")
if (copy / "fail").exists():
    sys.exit("it does not work here\\x1b[2J")
"""


def test_from_wheels_to_a_version_that_passed_its_test(machine: Machine, publisher: Publisher) -> None:
    """One environment is made, and tried three times: it takes some seconds."""
    publisher.release("0.2.0", packed=publisher.archive("0.2.0", PROGRAM))
    (machine.directory / "fail").touch()
    with pytest.raises(SelfTestFailed, match=r"it does not work here\?\[2J"):
        machine.fetch(installer=installing)
    assert [each.state for each in machine.updates().rows()] == [State.ROLLED_BACK]
    assert machine.start() is None
    (machine.directory / "fail").unlink()
    installing.self_test(machine.program, "0.2.0", machine.directory)
    assert not machine.store.verify_chain().findings
    assert sorted(path.name for path in machine.program.iterdir()) == ["downloads", "metadata", "releases"]
    # Half made, and made again only then.
    marker = machine.program / "releases/0.2.0/.complete"
    sha256 = bytes.fromhex(marker.read_text())
    assert installing.is_complete(machine.program, "0.2.0", sha256)
    assert not installing.is_complete(machine.program, "0.2.0", bytes(32))
    installing.install(machine.program, "0.2.0", Path("/nowhere"), sha256)
    installing.forget_all_but(machine.program, {None})
    assert not (machine.program / "releases/0.2.0").exists()


def test_without_room_nothing_is_tried(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    with pytest.raises(InstallFailed):
        installing.self_test(tmp_path / "program", "0.2.0", tmp_path / "nowhere")
    assert not list((tmp_path / "program").iterdir())


def test_a_version_that_cannot_be_started_fails_its_test(machine: Machine) -> None:
    python = launching.interpreter(machine.program, "0.2.0")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    with pytest.raises(SelfTestFailed):
        # Whatever environment this is, a terminal without settings is none.
        installing.self_test(machine.program, "0.2.0", machine.directory)
    with pytest.raises(InstallFailed):
        installing.self_test(machine.program, "0.3.0", machine.directory)


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A terminal as `terminal init` leaves it."""
    world = World(at=wiring.now())
    directory = tmp_path / "real"
    setting_up.initialise(
        directory, trust=str(publish(world, tmp_path / "published")), profile="window", name="w", root_sha256=None
    )
    return directory


def test_this_versions_own_self_test_is_good(real: Path) -> None:
    self_testing.run(real)


def test_this_versions_self_test_finds_a_journal_that_was_touched(real: Path) -> None:
    self_testing.run(real)
    database = sqlite3.connect(real / "terminal.db")
    database.execute("UPDATE journal SET payload = ? WHERE seq = 1", (b'{"event":"restored","at":1}',))
    database.commit()
    database.close()
    with pytest.raises(SelfTestFailed, match="journal"):
        self_testing.run(real)


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_this_versions_self_test_finds_an_appraisal_that_says_one_thing_to_everything(
    answer: str, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_testing, "_appraised", lambda *_: VerdictClass(answer))
    with pytest.raises(SelfTestFailed, match="built-in code"):
        self_testing.run(real)


def test_the_copy_has_everything_and_is_another_file(real: Path, tmp_path: Path) -> None:
    (real / "link").symlink_to("/etc/hostname")
    installing._copy(real, tmp_path / "copy")
    names = {path.name for path in (tmp_path / "copy").iterdir()}
    assert {"terminal.db", "terminal.json", "root.cbor"} <= names
    assert "link" not in names
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    self_testing.run(tmp_path / "copy")
    with wiring.open_session(real) as session:
        assert session.status().journal_rows == 0
