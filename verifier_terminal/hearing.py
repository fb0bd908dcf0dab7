"""Hears of news between polls: hints from the server that the terminal asks anyhow, checkpoints by multicast.

Both spare time and neither is believed: a hint makes the home region due at once, a datagram is imported like a bundle
with one entry, and when that leads nowhere the region is asked. Polls go on whatever comes here.

Other regions have no hints: each would cost a connection that stands all day, and they are asked every ten minutes.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from protocol import feed_names
from verifier_terminal.errors import TerminalError, Unreachable
from verifier_terminal.neighbour_talk import talking
from verifier_terminal.session import Session
from verifier_terminal.sync.bundle_mirror import EntriesMirror
from verifier_terminal.sync.hints import Hints
from verifier_terminal.sync.multicast import MulticastEar
from verifier_terminal.sync.targets import folder_of

SPREAD_SECONDS: Final = 3.0
"""Over which terminals that hear one hint ask: 24,800 of them are 8,300 a second, and one web server answers 34,000."""
_END_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Multicast:
    """The group that a relay sends to, and the address of the interface to hear by; None: the system's choice."""

    address: str
    port: int
    interface: str | None


@contextmanager
def listening(
    session: Session,
    *,
    has_repository: bool,
    multicast: Multicast | None,
    spread: Callable[[float], float],
    jitter: Callable[[float], float],
    monotonic: Callable[[], float],
    neighbours: Multicast | None = None,
) -> Iterator[None]:
    """Listens while the block runs.

    Args:
        session: Open for as long.
        has_repository: Its source is a repository, in which regions lie in folders.
        multicast: Where a relay sends checkpoints; None: nowhere.
        spread: Draws a moment between now and so many seconds.
        jitter: Varies a pause.
        monotonic: Counts seconds.
        neighbours: Where the terminals of the site tell one another of used codes; None: nowhere.

    Raises:
        NoSite: It has no neighbours, since it belongs to no site.
        OSError: A multicast group cannot be joined.
    """
    with ExitStack() as ended:
        if neighbours is not None:
            ended.enter_context(
                talking(
                    session.neighbours,
                    address=neighbours.address,
                    port=neighbours.port,
                    interface=neighbours.interface,
                    monotonic=monotonic,
                )
            )
        hints = _hints(session, has_repository=has_repository, spread=spread, jitter=jitter)
        for ear in (hints, None if multicast is None else _ear(session, multicast, monotonic)):
            if ear is not None:
                thread = threading.Thread(target=ear.run, name="hearing", daemon=True)
                thread.start()
                ended.callback(thread.join, _END_SECONDS)
                ended.callback(ear.close)
        yield


def _hints(
    session: Session, *, has_repository: bool, spread: Callable[[float], float], jitter: Callable[[float], float]
) -> Hints | None:
    settings = session.settings
    url = f"{settings.trust.rstrip('/')}/{folder_of(settings.region)}" if has_repository else settings.trust
    try:
        return Hints(
            url,
            lambda: session.poll_now(settings.region),
            spread_seconds=lambda: spread(SPREAD_SECONDS),
            jitter=jitter,
        )
    except Unreachable:
        # A folder gives no hints.
        return None


def _ear(session: Session, multicast: Multicast, monotonic: Callable[[], float]) -> MulticastEar:
    return MulticastEar(
        multicast.address,
        multicast.port,
        lambda region, encoded: take(session, region, encoded),
        regions=session.with_feeds,
        monotonic=monotonic,
        interface=multicast.interface,
    )


def take(session: Session, region: str, encoded: bytes) -> None:
    """Imports a checkpoint that came by itself; never raises."""
    names = (feed_names.CHECKPOINT, f"{folder_of(region)}/{feed_names.CHECKPOINT}")
    try:
        report = session.sync(EntriesMirror(dict.fromkeys(names, encoded)), importing=True)
    except TerminalError:
        # It could not be written. The session says so, and the next poll tries again.
        return
    if region not in {each.region for each in report.polled}:
        session.poll_now(region)
