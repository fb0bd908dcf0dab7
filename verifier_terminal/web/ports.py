"""What the page needs of the terminal's session, and nothing more: it asks and shows, it never appraises or stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.licence.catalogue import Catalogue
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import ShownVerdict, Subscription
from verifier_terminal.standing import TerminalStatus


@dataclass(frozen=True, slots=True)
class Act:
    """One row of today's list: no personal data, because the journal holds none."""

    check_number: str
    at: UnixTime
    verdict_class: VerdictClass
    kind: str | None
    """The licence kind's slug."""
    void_reason: str | None


class WindowSession(Protocol):
    """The terminal's session as the page uses it."""

    def scan(self, text: str, *, source: str) -> ShownVerdict:
        """Appraise and record.

        Raises:
            OutOfOrder: The verdict could not be written down.
        """

    def void(self, check_number: str, reason: str) -> None:
        """Append a row that voids this act.

        Raises:
            UnknownCheckNumber: No such act.
            AlreadyVoid: Voided before.
            OutOfOrder: The row could not be written down.
        """

    def acts(self, search: str = "", limit: int = 100) -> Sequence[Act]:
        """Today's acts, the latest first, that fit the search."""

    def status(self) -> TerminalStatus:
        """How things stand now."""

    def subscribe(self) -> Subscription:
        """All events from now on."""

    def catalogue(self) -> Catalogue | None:
        """The signed catalogue held at present; None: never provisioned."""
