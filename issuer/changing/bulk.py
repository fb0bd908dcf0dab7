"""Legal changes of many licences: seen before, done in one transaction, and above a number by two people.

Guaranteed: all of them or none. Those that the change does not apply to are left as they are and named.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from issuer import lifecycle
from issuer.approvals.errors import SecondPersonNeeded
from issuer.approvals.register import Proposal
from issuer.changing import preview, selecting
from issuer.changing.preview import Affected
from issuer.changing.selecting import Selection
from issuer.joint import register as joint
from issuer.lifecycle import LegalChange
from issuer.register import Register
from issuer.spreading import Below
from protocol import cbor
from protocol.unixtime import UnixTime

BULK_CHANGE: Final = "bulk-change"
ALONE: Final = 20
"""So many licences one person may change by one act."""


class BulkChanges:
    """The bulk changes of one authority; as a dangerous act (`issuer.approvals`) they are carried out when approved."""

    def __init__(self, *, register: Register, below: Below, publish_change: Callable[[UnixTime], None]) -> None:
        self._register, self._below, self._publish_change = register, below, publish_change

    def preview(self, selection: Selection, change: LegalChange, *, at: UnixTime) -> Affected:
        """What the change would reach. Raises: SelectionRefused, RegisterUnavailable."""
        with self._register.reading() as connection:
            return preview.affected(connection, _selected(connection, selection), change, at=at)

    def change(self, selection: Selection, change: LegalChange, *, reason: str, actor: str, at: UnixTime) -> Affected:
        """Change at most `ALONE` licences, and publish that.

        Raises:
            SecondPersonNeeded: There are more of them: propose it.
            SelectionRefused, ReasonRefused, RegisterUnavailable: Nothing was changed.
            PublishingFailed: It is done and not published yet.
        """
        lifecycle.check_reason(reason)
        with self._register.writing() as connection:
            ids = _selected(connection, selection)
            if len(ids) > ALONE:
                raise SecondPersonNeeded(f"{len(ids)} licences are more than the {ALONE} that one person changes alone")
            found = preview.affected(connection, ids, change, at=at)
            self._carry_out(connection, found, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return found

    def content(self, selection: Selection, change: LegalChange) -> Mapping[str, Any]:
        """What a proposal of this change says: the ids that the query finds now. Raises: SelectionRefused."""
        with self._register.reading() as connection:
            return {"change": change.value, "ids": _selected(connection, selection)}

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """As `Dangerous` says."""
        return self._affected(connection, content, at).value

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says: in the name of whoever proposed it; the approval stands in the trail beside it."""
        found = self._affected(connection, proposal.content, at)
        self._carry_out(connection, found, reason=proposal.reason, actor=proposal.proposed_by, at=at)
        return True

    def _affected(self, connection: Connection, content: Mapping[str, Any], at: UnixTime) -> Affected:
        ids = _selected(connection, Selection(ids=tuple(content["ids"])))
        return preview.affected(connection, ids, LegalChange(content["change"]), at=at)

    def _carry_out(self, connection: Connection, found: Affected, *, reason: str, actor: str, at: UnixTime) -> None:
        changed = set[str]()
        for licence_id, _ in found.licences:
            if licence_id in changed:
                continue
            changed |= set(joint.together(connection, licence_id))
            lifecycle.change_in(
                connection, licence_id, found.change, reason=reason, actor=actor, at=at, below=self._below
            )


def _selected(connection: Connection, selection: Selection) -> tuple[str, ...]:
    """What was selected, and what is held together with it: it would change all the same."""
    return tuple(sorted(joint.with_others(connection, selecting.selected(connection, selection))))
