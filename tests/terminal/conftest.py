"""A provisioned terminal of the fictional world, on the one manual clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.terminal.publishing import publish
from tests.utopia.world import WUYOU, World
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.config import TerminalSettings
from verifier_terminal.identity import Identity
from verifier_terminal.session import Appraise, Session
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.store.store import Store
from verifier_terminal.supervision import Strength
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.sync.sources import OpenMirror
from verifier_terminal.trusted_time import TrustedTime

QUICK = Strength(passes=1, memory_bytes=8_192)
"""Tests make many guesses; what a real one costs is one test's matter."""


@dataclass
class Terminal:
    """One terminal: its directory, its issuer's folder, and sessions that can be opened one after another."""

    world: World
    directory: Path
    published: Path
    profile: str = "window"
    site: str = ""
    elapsed: float = 0.0
    last_code: str = ""
    opened: list[Session] = field(default_factory=list)
    open_mirror: OpenMirror | None = None
    pin_strength: Strength = QUICK
    staff: StaffFiles | None = None
    name: str = "一号窗口"

    def pass_seconds(self, seconds: int) -> None:
        """Time passes on both clocks."""
        self.world.clock.advance(seconds)
        self.elapsed += seconds

    def open(self, appraise: Appraise = appraise, *, elapsed: Callable[[], float] | None = None) -> Session:
        """A session on this directory, as a process of its own would have."""
        root = self.world.roots[WUYOU].public_key
        settings = TerminalSettings(
            "t1", self.name, self.profile, WUYOU, str(self.published), root.thumbprint.hex(), self.site
        )
        randomness = self.world.randomness.fork(f"terminal {len(self.opened)}")
        seconds = elapsed or (lambda: self.elapsed)
        session = Session(
            settings,
            root,
            Store(self.directory, terminal_id="t1", random_bytes=randomness),
            identity=Identity(self.directory, random_bytes=randomness),
            appraise=appraise,
            appraise_bytes=appraise_bytes,
            time=TrustedTime(now=self.world.clock, elapsed_seconds=seconds),
            elapsed_seconds=seconds,
            random_bytes=randomness,
            open_mirror=self.open_mirror,
            pin_strength=self.pin_strength,
            staff=self.staff,
        )
        self.opened.append(session)
        return session

    def publish(self, **changes: object) -> FolderMirror:
        """Publishes anew and gives the mirror."""
        publish(self.world, self.published, **changes)  # type: ignore[arg-type]  # checked there
        return FolderMirror(self.published)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    directory = tmp_path / "terminal"
    directory.mkdir()
    made = Terminal(World(), directory, tmp_path / "published")
    try:
        yield made
    finally:
        for session in made.opened:
            session.close()


@pytest.fixture
def session(terminal: Terminal) -> Session:
    """Provisioned with everything good and fresh."""
    opened = terminal.open()
    report = opened.sync(terminal.publish())
    assert not report.refused
    return opened
