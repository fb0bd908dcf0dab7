"""What each role may do, as one table; whatever stands in no cell is refused.

Who issues does not decide about what was issued, who lets people in touches no licence, and who looks after everybody
changes nothing. A person may have several roles; kinds of licences are limited by department besides.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is at this authority."""

    CLERK = "clerk"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    KEY_OFFICER = "key-officer"
    ADMINISTRATOR = "administrator"


class May(StrEnum):
    """What a page, or an act on it, demands."""

    COME_IN = "come-in"
    FIND = "find"
    SHOW = "show"
    ISSUE = "issue"
    QUEUE = "queue"
    REVIEW = "review"
    SUSPEND = "suspend"
    END = "end"
    DECIDE = "decide"
    IMPORT = "import"
    WATCH = "watch"
    EQUIP = "equip"
    SEE_KEYS = "see-keys"
    HOLD_KEYS = "hold-keys"
    AUDIT = "audit"
    ADMIT = "admit"


_EVERYBODY: Final = frozenset({May.COME_IN, May.WATCH})
TABLE: Final[Mapping[Role, frozenset[May]]] = {
    Role.CLERK: _EVERYBODY | {May.FIND, May.SHOW, May.ISSUE, May.QUEUE, May.IMPORT},
    Role.REVIEWER: _EVERYBODY | {May.FIND, May.SHOW, May.QUEUE, May.REVIEW, May.SUSPEND},
    Role.APPROVER: _EVERYBODY | {May.FIND, May.SHOW, May.QUEUE, May.REVIEW, May.SUSPEND, May.END, May.DECIDE},
    Role.AUDITOR: _EVERYBODY | {May.FIND, May.AUDIT, May.SEE_KEYS},
    Role.KEY_OFFICER: _EVERYBODY | {May.SEE_KEYS, May.HOLD_KEYS, May.DECIDE},
    Role.ADMINISTRATOR: _EVERYBODY | {May.ADMIT, May.EQUIP, May.AUDIT},
}
"""Values about a person are masked for whoever may FIND; SHOW unmasks them, one licence at a time, and is recorded.
QUEUE shows what was applied for, masked as well; ISSUE files and issues it, REVIEW decides about it in between."""
DANGEROUS: Final = frozenset({May.END, May.DECIDE, May.ADMIT, May.HOLD_KEYS})
"""Needs a proof of who it is that is minutes old: a screen left open must not be enough."""
EVERY_DEPARTMENT: Final = "*"


def allowed(roles: Iterable[Role]) -> frozenset[May]:
    """What these roles together may do."""
    return frozenset().union(*(TABLE[role] for role in roles))
