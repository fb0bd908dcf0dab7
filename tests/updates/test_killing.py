"""Killed anywhere: the version that runs goes on, and the next look or the next closing time ends what was begun."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.updates.making import Machine, Publisher
from verifier_terminal.updates import launching
from verifier_terminal.updates.states import State

ROOT = Path(__file__).resolve().parents[2]


def kill(machine: Machine, what: str, place: str) -> None:
    publisher = machine.publisher
    command = [sys.executable, "-m", "tests.updates.kill_target", str(machine.directory.parent)]
    done = subprocess.run(
        [*command, str(publisher.kept.files), publisher.root_sha256, what, place],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_killed_in_every_place_of_a_fetch(machine: Machine, publisher: Publisher) -> None:
    release = publisher.release("0.2.0")
    for place, state in (
        ("piece", State.OFFERED),
        ("downloaded", State.OFFERED),
        ("unpack", State.DOWNLOADED),
    ):
        kill(machine, "fetch", place)
        assert [each.state for each in machine.updates().rows()] == [state], place
        assert machine.start() is None
    ready = machine.fetch()
    assert ready is not None
    assert (ready.state, ready.sha256) == (State.READY, release.sha256)
    assert machine.steps() == ["0.2.0 offered", "0.2.0 downloaded", "0.2.0 ready"]
    assert not machine.store.verify_chain().findings


@pytest.mark.parametrize(("place", "runs"), [("before-switch", None), ("switch", "0.2.0")])
def test_killed_in_the_switch(place: str, runs: str | None, machine: Machine, publisher: Publisher) -> None:
    publisher.release("0.2.0")
    machine.fetch()
    kill(machine, "apply", place)
    assert launching.version_to_run(machine.program, machine.directory) == runs
    assert machine.start() == runs
    if runs is None:
        machine.apply()
        assert machine.start() == "0.2.0"
    machine.fetch()
    assert machine.steps()[-1] == "0.2.0 applied"
    assert machine.start() == "0.2.0"
