"""How far a newer version has come, and which steps there are. Pure.

    (none) → offered → downloaded → ready → applied
                 └──────────┴────────┴────────┴──→ rolled back

A row that is not applied yet is dropped when its release is withdrawn or a better one is offered. Rolled back means
that this archive is given up here, before or after the switch: the version before runs, and it is not tried again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocol.unixtime import UnixTime
from revocation.repository.releases import Version


class State(StrEnum):
    """Where a version stands on this terminal."""

    OFFERED = "offered"
    DOWNLOADED = "downloaded"
    READY = "ready"
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"


_NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.OFFERED: frozenset({State.DOWNLOADED, State.ROLLED_BACK}),
    State.DOWNLOADED: frozenset({State.OFFERED, State.READY, State.ROLLED_BACK}),
    State.READY: frozenset({State.OFFERED, State.APPLIED, State.ROLLED_BACK}),
    State.APPLIED: frozenset({State.OFFERED, State.ROLLED_BACK}),
    State.ROLLED_BACK: frozenset(),
}
"""Back to offered: what was fetched is no longer on the disk; from applied: a later version was withdrawn."""
PENDING: Final = frozenset({State.OFFERED, State.DOWNLOADED, State.READY})


@dataclass(frozen=True, slots=True)
class Progress:
    """One version on this terminal.

    Attributes:
        version: Which.
        sha256: Of its archive.
        state: How far it is.
        since: When it came there.
        notes: What is new, by language.
        usable_from: The oldest version of the database whose programs can work with what it leaves.
        ask_after: From then on the page asks for it; None: it never does.
        postponed_until: Staff asked to wait until then.
        withdrawn: Why the publisher has withdrawn it; empty: it stands.
        detail: Why it was rolled back; empty: it was not.
    """

    version: Version
    sha256: bytes
    state: State
    since: UnixTime
    notes: Mapping[str, str]
    usable_from: int
    ask_after: UnixTime | None = None
    postponed_until: UnixTime | None = None
    withdrawn: str = ""
    detail: str = ""

    def moved(self, to: State, *, at: UnixTime, detail: str = "") -> "Progress":
        """One step on. A step that there is not is a mistake of the program."""
        assert to in _NEXT[self.state], f"{self.state} → {to}"
        return replace(self, state=to, since=at, detail=detail)

    def asks(self, *, at: UnixTime) -> bool:
        """Whether staff are asked to let it be applied: it is ready, and its signed date has passed."""
        return self.state is State.READY and self.ask_after is not None and at >= self.ask_after

    def waits(self, *, at: UnixTime) -> bool:
        """Whether staff asked to wait, and the time is not over."""
        return self.postponed_until is not None and at < self.postponed_until
