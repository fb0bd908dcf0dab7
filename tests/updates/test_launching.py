"""Starting the version that is to run, with real processes: up, dead, hanging, and told to end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from verifier_terminal.updates import launching
from verifier_terminal.updates.launching import Current, Start

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    program, directory = tmp_path / "software", tmp_path / "terminal"
    for version in ("0.2.0", "0.1.5"):
        python = launching.interpreter(program, version)
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    directory.mkdir()
    return program, directory


class Scripted:
    """A program that ends with a code after so many seconds, and may come up before."""

    def __init__(self, directory: Path, *, ends: int | None, healthy: bool) -> None:
        self.directory, self.ends, self.healthy, self.ended = directory, ends, healthy, False
        self.waited = 0

    def wait(self, seconds: float) -> int | None:
        self.waited += 1
        if self.healthy:
            launching.note_healthy(self.directory, "0.2.0")
        return self.ends

    def end(self) -> None:
        self.ended = True


def switched(program: Path, directory: Path, **changes: object) -> None:
    launching.note_start(directory, Start("0.2.0"))
    launching.switch(program, Current(**({"version": "0.2.0", "previous": "0.1.5", "way_back": True} | changes)))  # type: ignore[arg-type]  # its fields


def test_one_that_hangs_before_it_came_up_is_ended_and_counted(places: tuple[Path, Path]) -> None:
    program, directory = places
    switched(program, directory)
    child = Scripted(directory, ends=None, healthy=False)
    assert launching.launch(program, directory, start=lambda _: child) == 1
    assert child.ended
    assert child.waited == launching.PATIENCE_SECONDS
    assert launching.start_of(directory, "0.2.0") == Start("0.2.0", 1)


def test_each_try_is_counted_before_it_is_made(places: tuple[Path, Path]) -> None:
    program, directory = places
    switched(program, directory)

    def start(_: Path) -> Scripted:
        raise OSError("no memory")

    for tries in range(1, launching.TRIES + 1):
        with pytest.raises(OSError, match="no memory"):
            launching.launch(program, directory, start=start)
        assert launching.start_of(directory, "0.2.0").tries == tries
    assert launching.version_to_run(program, directory) == "0.1.5"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": "0.2.0"}',
        b'{"version": "../../evil", "previous": null, "way_back": true}',
        b'{"version": "0.2.0", "previous": "../evil", "way_back": true}',
        b'{"version": 2, "previous": null, "way_back": true}',
        b'{"version": "9.9.9", "previous": null, "way_back": true}',
    ],
)
def test_a_pointer_that_leads_nowhere_runs_the_version_set_up_by_hand(
    content: bytes, places: tuple[Path, Path]
) -> None:
    program, directory = places
    (program / launching.CURRENT).write_bytes(content)
    assert launching.version_to_run(program, directory) is None
    asked = []
    child = Scripted(directory, ends=0, healthy=False)
    assert launching.launch(program, directory, start=lambda python: asked.append(python) or child) == 0  # type: ignore[func-returns-value]  # append
    assert asked == [Path(sys.executable)]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": "0.2.0", "tries": 3}x', b'{"tries": 9}'])
def test_a_count_that_cannot_be_read_gives_nobody_up(content: bytes, places: tuple[Path, Path]) -> None:
    program, directory = places
    switched(program, directory)
    (directory / launching.START).write_bytes(content)
    assert launching.version_to_run(program, directory) == "0.2.0"


def test_only_the_version_that_was_switched_to_has_to_prove_itself(places: tuple[Path, Path]) -> None:
    program, directory = places
    switched(program, directory)
    launching.note_healthy(directory, "0.1.5")
    assert launching.last_start(directory) == Start("0.2.0")


def launched(places: tuple[Path, Path], *words: str) -> subprocess.Popen[str]:
    program, directory = places
    command = [sys.executable, "-m", "liangzheng", "terminal", "launch", str(directory), "--software", str(program)]
    return subprocess.Popen(
        [*command, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_the_command_runs_what_it_is_told_in_the_right_version(places: tuple[Path, Path]) -> None:
    program, directory = places
    with launched(places, "status", "--json") as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "holds no terminal" in said
    # The same words by a version that was switched to: its interpreter is a program that tells what it was given.
    python = launching.interpreter(program, "0.2.0")
    python.unlink()
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    switched(program, directory)
    with launched(places, "update", "due") as process:
        said, _ = process.communicate(timeout=30)
    assert said.split("\n")[:9] == [
        "-I", "-m", "liangzheng", "terminal", "update", "due", str(directory), "--software", str(program),
    ]  # fmt: skip
    # Looking for software is no try: a terminal that nobody has started yet gives no version up.
    assert json.loads((directory / launching.START).read_text())["tries"] == 0
    with launched(places) as process:
        said, _ = process.communicate(timeout=30)
    assert said.split("\n")[4:6] == ["serve", str(directory)]
    assert json.loads((directory / launching.START).read_text())["tries"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_who_ends_the_launcher_ends_the_program(places: tuple[Path, Path]) -> None:
    program, directory = places
    python = launching.interpreter(program, "0.2.0")
    python.unlink()
    python.write_text("#!/bin/sh\ntrap 'echo ended; exit 7' TERM\necho $$\nwhile :; do sleep 0.05; done\n")
    python.chmod(0o755)
    switched(program, directory)
    with launched(places, "serve") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("ended\n", 7)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
