"""Why a page of the console is not shown, and the status of answers that only the console gives."""

from typing import Final

from issuer.approvals import errors as approvals_errors
from issuer.audit import errors as audit_errors
from issuer.bulk import errors as bulk_errors
from issuer.changing import errors as changing_errors
from issuer.errors import IssuerError
from issuer.keys import errors as keys_errors
from issuer.people import errors as people_errors


class NotYours(IssuerError):
    """The page is somebody else's, or what was sent does not come from it; `key` names the reason's text."""

    code = "not_yours"
    hint = "Go back to the first page; ask an administrator if this is your work."

    def __init__(self, message: str, *, key: str = "not_yours") -> None:
        super().__init__(message)
        self.key = key


class SearchRefused(IssuerError):
    """The text is too long, or cannot be shown."""

    code = "search_refused"
    hint = "Search for an identifier, a number or its beginning, or a name."


class SentTwice(IssuerError):
    """A form that does something once was sent again."""

    code = "sent_twice"
    hint = "Look for what it has done; nothing was done twice."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (NotYours, 403),
    (SearchRefused, 422),
    (SentTwice, 409),
    *people_errors.HTTP,
    *approvals_errors.HTTP,
    *changing_errors.HTTP,
    *keys_errors.HTTP,
    *audit_errors.HTTP,
    *bulk_errors.HTTP.items(),
)
