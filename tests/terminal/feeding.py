"""A terminal and the region whose feed it holds, ready for something to happen to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish
from tests.utopia.feed import Feed
from tests.utopia.world import WUYOU, World
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.errors import TerminalError
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror, Mirror
from verifier_terminal.upkeep import SyncReport

SHOWN = 4711
"""The index of the licence that is shown."""


@dataclass
class Fed:
    """The session is open and up to date."""

    terminal: Terminal
    feed: Feed
    session: Session

    @property
    def world(self) -> World:
        return self.terminal.world

    @property
    def mirror(self) -> Mirror:
        return FolderMirror(self.terminal.published)

    def minute(self, count: int = 1) -> None:
        """Time passes, and the region says that nothing has changed."""
        self.terminal.pass_seconds(60 * count)
        self.feed.publish()

    def poll(self, mirror: Mirror | None = None, *, region: str = WUYOU) -> SyncReport:
        """One poll of the home region."""
        return self.session.poll(region, mirror or self.mirror)

    def refused(self, mirror: Mirror | None = None) -> type[TerminalError]:
        """Why a poll brought nothing."""
        report = self.poll(mirror)
        assert not report.polled
        return type(report.refused[0].why)

    def reopened(self) -> Session:
        """Another process on the same directory."""
        self.session = self.terminal.open()
        return self.session

    @property
    def seq(self) -> int | None:
        return self.session.status().regions[0].seq

    def show(self) -> Verdict:
        """The verdict on the licence, shown a moment later by a new code."""
        self.terminal.pass_seconds(5)
        return self.session.scan(self.world.code(), source="scanner").verdict


@contextmanager
def fed(tmp_path: Path) -> Iterator[Fed]:
    """A terminal that has taken the feed's beginning and one change in."""
    directory = tmp_path / "terminal"
    directory.mkdir()
    terminal = Terminal(World(), directory, tmp_path / "published")
    publish(terminal.world, terminal.published)
    (terminal.published / "status/aggregation.json").unlink()
    feed = Feed(terminal.world, terminal.published)
    feed.change({1: 12})
    feed.write_documents()
    made = Fed(terminal, feed, terminal.open())
    try:
        report = made.session.sync(made.mirror)
        assert not report.refused, report.refused
        assert [each.way for each in report.polled] == ["beginning"]
        yield made
    finally:
        for session in terminal.opened:
            session.close()
