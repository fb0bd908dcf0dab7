"""Keeps a running terminal fresh: its threads ask for documents and feeds when the session's schedule says so.

The home region's feed has a thread of its own, so that no slow server elsewhere delays it. Failures are told, kept in
the session's status, and end nothing. Not handled here: what a poll does (`upkeep`).
"""

import threading
from collections.abc import Callable
from typing import Final

from verifier_terminal.errors import NewerEpoch, TerminalError
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.schedule import DOCUMENTS
from verifier_terminal.upkeep import SyncReport

_OTHER_THREADS: Final = 3
"""Documents and other regions; a server that drips holds one of them for half a minute."""


class Polling:
    """The threads of one session. Start it once, stop it once."""

    def __init__(
        self, session: Session, open_mirror: Callable[[], Mirror], *, every: float, tell: Callable[[str], None]
    ) -> None:
        """Starts nothing yet.

        Args:
            session: Open; its schedule is this one's.
            open_mirror: Gives the issuer's published files, or the repository: once for the home region's feed and once
                for everything else, so that no long download is in the home region's way.
            every: Seconds between two polls of the home region.
            tell: What went wrong, in words.
        """
        self._session = session
        self._mirrors = {True: open_mirror(), False: open_mirror()}
        self._every = every
        self._tell = tell
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, kwargs={"home": number == 0}, name=f"poll {number}", daemon=True)
            for number in range(1 + _OTHER_THREADS)
        ]

    def start(self) -> None:
        """Documents first; what has a feed is polled from then on."""
        self._plan()
        for thread in self._threads:
            thread.start()

    def stop(self, *, patience: float) -> None:
        """Ends the threads; one that waits for a server is left to its deadline after this many seconds."""
        self._stopped.set()
        self._session.schedule.stop()
        for thread in self._threads:
            thread.join(patience)

    def _run(self, *, home: bool) -> None:
        while (name := self._session.schedule.next(home=home)) is not None:
            self._session.schedule.done(name, worked=self._works(name, self._mirrors[home]))

    def _works(self, name: str, mirror: Mirror) -> bool:
        try:
            self._session.recover()
            report = self._report(name, mirror)
        except TerminalError as failure:
            self._say(str(failure))
            return False
        except Exception as broken:  # noqa: BLE001 — a fault of the program ends one poll, and no thread
            self._say(f"{name}: the poll broke down ({type(broken).__name__})")
            return False
        if any(isinstance(each.why, NewerEpoch) for each in report.refused):
            self._session.poll_now(DOCUMENTS)
        return not report.refused

    def _report(self, name: str, mirror: Mirror) -> SyncReport:
        if name != DOCUMENTS:
            report = self._session.poll(name, mirror)
        else:
            # Without a feed, documents and status lists come in one round.
            ask = self._session.sync_documents if self._session.with_feeds() else self._session.sync
            report = ask(mirror)
            self._plan()
        for refused in report.refused:
            self._say(f"{refused.name}: {refused.why}")
        return report

    def _plan(self) -> None:
        home = self._session.settings.region
        feeds = self._session.with_feeds()
        others = [region for region in feeds if region != home]
        self._session.schedule.plan(home if home in feeds else None, others, every=self._every)

    def _say(self, words: str) -> None:
        if not self._stopped.is_set():
            self._tell(words)
