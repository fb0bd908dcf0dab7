"""Every runbook, by name."""

from collections.abc import Mapping
from typing import Final

from issuer.runbooks.book import Runbook
from issuer.runbooks.errors import RunbookUnknown
from issuer.runbooks.of_keys import KEY_STOLEN, KEYS_END, TOKEN_LOST
from issuer.runbooks.of_people import HOLDER_DIED, NAME_CHANGED, SUBJECT_ACCESS, SUBJECT_DELETION
from issuer.runbooks.of_service import CLOCK_WRONG, FEED_DOWN, REGISTER_LOST
from issuer.runbooks.of_staff import STAFF_COMPROMISED, TERMINAL_LOST

RUNBOOKS: Final[Mapping[str, Runbook]] = {
    each.name: each
    for each in (
        KEY_STOLEN,
        TOKEN_LOST,
        KEYS_END,
        REGISTER_LOST,
        CLOCK_WRONG,
        FEED_DOWN,
        HOLDER_DIED,
        NAME_CHANGED,
        SUBJECT_ACCESS,
        SUBJECT_DELETION,
        TERMINAL_LOST,
        STAFF_COMPROMISED,
    )
}


def one(name: str) -> Runbook:
    """The runbook that is called so. Raises: RunbookUnknown."""
    if name not in RUNBOOKS:
        raise RunbookUnknown(f"there is no runbook {name!r}")
    return RUNBOOKS[name]
