"""Tries by itself to write again while the terminal is out of order, so that no screen says so longer than it is true.

Without it a window would say "out of order" until the next scan or poll, and a clerk who reads that does not scan. What
a try writes is one row that says that the terminal works again. Not handled here: why it could not write.
"""

import threading
from typing import Final, Protocol

EVERY_SECONDS: Final = 2.0
"""A try at a database that somebody else holds waits up to five seconds: with it, work goes on within ten."""


class Mended(Protocol):
    """The terminal's session as this uses it."""

    @property
    def out_of_order(self) -> str | None:
        """Why no verdict can be given."""

    def recover(self) -> bool:
        """Tries to write again."""


def mend(session: Mended, stop: threading.Event, *, every: float = EVERY_SECONDS) -> None:
    """Looks until told to stop; for a thread of its own."""
    while not stop.wait(every):
        if session.out_of_order is not None:
            session.recover()


def start(session: Mended, stop: threading.Event) -> threading.Thread:
    """The thread, started."""
    thread = threading.Thread(target=mend, args=(session, stop), name="mending", daemon=True)
    thread.start()
    return thread
