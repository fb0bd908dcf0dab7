"""Whether a region's servers can be reached, without flapping: one success is online, two failures in a row offline.

Why it failed is kept as one of a few troubles, so that people are told what to do: signing in to a network is another
thing than waiting for a server.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocol.unixtime import UnixTime
from verifier_terminal.errors import (
    DocumentRefused,
    NameUnknown,
    NotListening,
    Redirected,
    ServerRefused,
    TerminalError,
    TooLarge,
    TooSlow,
    WebPage,
)

_FAILURES_UNTIL_OFFLINE: Final = 2
"""One lost request on a bad line is no news for the clerk."""


class Link(StrEnum):
    """The state that is shown."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"


class LinkTrouble(StrEnum):
    """Why nothing new came, as far as people can do something about it."""

    PORTAL = "portal"
    """Something between here and there answers with a sign-in page."""
    NAME = "name"
    REFUSED = "refused"
    SLOW = "slow"
    SERVER = "server"
    """It answers, with an error or without end."""
    DOCUMENTS = "documents"
    """It answers, and what it gives is refused."""
    UNREACHABLE = "unreachable"


_TROUBLES: Final[tuple[tuple[type[TerminalError], LinkTrouble], ...]] = (
    (Redirected, LinkTrouble.PORTAL),
    (WebPage, LinkTrouble.PORTAL),
    (NameUnknown, LinkTrouble.NAME),
    (NotListening, LinkTrouble.REFUSED),
    (TooSlow, LinkTrouble.SLOW),
    (ServerRefused, LinkTrouble.SERVER),
    (TooLarge, LinkTrouble.SERVER),
    (DocumentRefused, LinkTrouble.DOCUMENTS),
)


def trouble_of(why: TerminalError) -> LinkTrouble:
    """The trouble behind a failure."""
    return next((trouble for error, trouble in _TROUBLES if isinstance(why, error)), LinkTrouble.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Connectivity:
    """The link, when it last worked, and why it last failed, in words."""

    link: Link = Link.UNKNOWN
    last_success: UnixTime | None = None
    last_error: str | None = None
    failures: int = 0
    trouble: LinkTrouble | None = None

    def succeeded(self, *, at: UnixTime) -> "Connectivity":
        """After everything was fetched and believed."""
        return Connectivity(Link.ONLINE, at)

    def failed(self, why: str, trouble: LinkTrouble = LinkTrouble.UNREACHABLE) -> "Connectivity":
        """After a failure; a sign-in page counts as one, since nothing behind it can be reached."""
        failures = self.failures + 1
        # Nothing is known yet when the very first attempt fails: then the failure is the news.
        link = Link.OFFLINE if failures >= _FAILURES_UNTIL_OFFLINE or self.link is Link.UNKNOWN else self.link
        return replace(self, link=link, last_error=why, failures=failures, trouble=trouble)


def in_total(links: Iterable[Connectivity]) -> Connectivity:
    """One for all regions: online as soon as one is; the trouble that is told is the first one's that has any."""
    each = tuple(links)
    if not each:
        return Connectivity()
    best = next((one for one in each if one.link is Link.ONLINE), each[0])
    latest = max((one.last_success for one in each if one.last_success is not None), default=None)
    return replace(best, last_success=latest)
