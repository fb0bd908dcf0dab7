"""Whether the issuer can be reached, without flapping: one success is online, two failures in a row are offline."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocol.unixtime import UnixTime

_FAILURES_UNTIL_OFFLINE: Final = 2
"""One lost request on a bad line is no news for the clerk."""


class Link(StrEnum):
    """The state that is shown."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Connectivity:
    """The link, when it last worked, and why it last failed, in words."""

    link: Link = Link.UNKNOWN
    last_success: UnixTime | None = None
    last_error: str | None = None
    failures: int = 0

    def succeeded(self, *, at: UnixTime) -> "Connectivity":
        """After everything was fetched and believed."""
        return Connectivity(Link.ONLINE, at)

    def failed(self, why: str) -> "Connectivity":
        """After a failure; a sign-in page counts as one, since nothing behind it can be reached."""
        failures = self.failures + 1
        # Nothing is known yet when the very first attempt fails: then the failure is the news.
        link = Link.OFFLINE if failures >= _FAILURES_UNTIL_OFFLINE or self.link is Link.UNKNOWN else self.link
        return replace(self, link=link, last_error=why, failures=failures)
