"""What the page needs of the terminal's session, and nothing more: it asks and shows, it never appraises or stores."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from protocol.licence.catalogue import Catalogue
from protocol.receipt import ReceiptCopy
from protocol.terminal_certificate import Items
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.asking import Askable, OpenedRequest
from verifier_terminal.events import PersonChecked, ShownVerdict, Subscription
from verifier_terminal.officers_acts import ActStanding
from verifier_terminal.problem_reports import Category
from verifier_terminal.roles import Role
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.store.person_check import PersonCheck


class Act(Protocol):
    """One row of today's list: no personal data, because the journal holds none."""

    @property
    def check_number(self) -> str:
        """As it was shown."""

    @property
    def at(self) -> UnixTime:
        """When the verdict was given."""

    @property
    def verdict_class(self) -> VerdictClass:
        """What was said then."""

    @property
    def kind(self) -> str | None:
        """The licence kind's slug."""

    @property
    def void_reason(self) -> str | None:
        """Why it was voided, when it was."""

    @property
    def person(self) -> PersonCheck:
        """How the comparison of the person stands."""

    @property
    def joined_with(self) -> str | None:
        """The other check of the act, where two codes were read for it."""

    @property
    def by(self) -> str:
        """The staff number of who was on duty; empty: nobody."""

    @property
    def case(self) -> str:
        """The queue number or case id; empty: none."""

    @property
    def role(self) -> Role | None:
        """In which role the person takes part, as somebody said."""

    @property
    def officers_acts(self) -> tuple[ActStanding, ...]:
        """What officers signed about it."""


class WindowSession(Protocol):
    """The terminal's session as the page uses it."""

    def read(self, text: str, *, source: str) -> ShownVerdict | None:
        """Appraise and record; None for a frame of an animated code that completed nothing.

        Raises:
            OutOfOrder: The verdict could not be written down.
        """

    def void(self, number: str, reason: str) -> None:
        """Append a row that voids this act.

        Raises:
            UnknownCheckNumber: No such act.
            AlreadyVoid: Voided before.
            OutOfOrder: The row could not be written down.
        """

    def confirm_person(self, number: str, matches: bool) -> PersonChecked:
        """Append a row that says whether it is this person.

        Raises:
            UnknownCheckNumber: No such act.
            AlreadyVoid: Voided before.
            PersonCheckDone: Answered before.
            NoPersonCheck: It waits for no answer.
            OutOfOrder: The row could not be written down.
        """

    def acknowledge(self, number: str) -> None:
        """Append a row that ends the alarm about this act.

        Raises:
            UnknownCheckNumber: No such alarm.
            OutOfOrder: The row could not be written down.
        """

    def askable(self) -> Mapping[int, Askable]:
        """What may be asked for here; nothing without a good certificate."""

    def open_challenge(self, wanted: Items, reason: str) -> OpenedRequest:
        """Ask for these items of these kinds.

        Raises:
            CertificateUnusable, KeyUnusable, RequestRefused, TooManyRequests: Nothing is asked.
        """

    def open_short_code(self) -> OpenedRequest:
        """Ask by ten characters.

        Raises:
            NoSite, TooManyRequests: Nothing is asked.
        """

    def requests(self) -> Sequence[OpenedRequest]:
        """What is open, the oldest first."""

    def cancel_request(self, number: int) -> None:
        """Close a request.

        Raises:
            UnknownRequest: It is not open.
        """

    def receipt(self, number: str, reason: str | None = None) -> ReceiptCopy:
        """A receipt about a recent act.

        Raises:
            NoReceipt, CertificateUnusable, KeyUnusable, UnknownCheckNumber, OutOfOrder: There is none.
        """

    def report_problem(self, category: Category, text: str, number: str | None) -> None:
        """Write down what somebody says went wrong.

        Raises:
            UnknownCheckNumber, TooManyReports, OutOfOrder: Nothing was written.
        """

    def acts(self, search: str = "", limit: int = 100) -> Sequence[Act]:
        """Acts, the latest first, that fit the search."""

    def status(self) -> TerminalStatus:
        """How things stand now."""

    def subscribe(self) -> Subscription:
        """All events from now on."""

    def catalogue(self) -> Catalogue | None:
        """The signed catalogue held at present; None: never provisioned."""
