"""Legal changes of one licence and of many: seen before, done in one transaction, and above a number by two people.

Guaranteed: all of them or none. Those that the change does not apply to are left as they are and named. The number is
counted over all that somebody does within a time (`issuer.changing.alone`), however it is divided into acts.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from issuer import lifecycle
from issuer.approvals.register import Proposal
from issuer.changing import preview, selecting
from issuer.changing.alone import Alone, Left
from issuer.changing.preview import Affected
from issuer.changing.selecting import Selection
from issuer.joint import register as joint
from issuer.lifecycle import LegalChange
from issuer.register import Register, StatusEvent
from issuer.spreading import Below
from protocol import cbor
from protocol.unixtime import UnixTime

BULK_CHANGE: Final = "bulk-change"


class BulkChanges:
    """The bulk changes of one authority; as a dangerous act (`issuer.approvals`) they are carried out when approved."""

    def __init__(
        self, *, register: Register, alone: Alone, below: Below, publish_change: Callable[[UnixTime], None]
    ) -> None:
        self._register, self._alone = register, alone
        self._below, self._publish_change = below, publish_change

    def preview(self, selection: Selection, change: LegalChange, *, at: UnixTime) -> Affected:
        """What the change would reach. Raises: SelectionRefused, RegisterUnavailable."""
        with self._register.reading() as connection:
            return preview.affected(connection, _selected(connection, selection), change, at=at)

    def left(self, found: Affected, *, actor: str, at: UnixTime) -> Left:
        """How many licences this person may reach alone before the change. Raises: RegisterUnavailable."""
        return self._alone.left([each for each, _ in found.licences], actor=actor, at=at)

    def change(self, selection: Selection, change: LegalChange, *, reason: str, actor: str, at: UnixTime) -> Affected:
        """Change as many licences as this person may, and publish that.

        Raises:
            SecondPersonNeeded: There are more of them: propose it.
            SelectionRefused, ReasonRefused, RegisterUnavailable: Nothing was changed.
            PublishingFailed: It is done and not published yet.
        """
        lifecycle.check_reason(reason)
        with self._alone.noting(change.value, actor=actor, at=at), self._register.writing() as connection:
            found = preview.affected(connection, _selected(connection, selection), change, at=at)
            self._alone.take(connection, [each for each, _ in found.licences], act=change.value, actor=actor, at=at)
            self._carry_out(connection, found, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return found

    def change_one(
        self, licence_id: str, change: LegalChange, *, reason: str, actor: str, at: UnixTime
    ) -> tuple[StatusEvent, ...]:
        """Change one licence, and those that are held together with it, and publish what is due of it.

        Raises:
            SecondPersonNeeded: This person has changed as many as one may.
            LicenceUnknown, TransitionRefused, ReasonRefused, RegisterUnavailable: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        lifecycle.check_reason(reason)
        with self._alone.noting(change.value, actor=actor, at=at), self._register.writing() as connection:
            flipped = lifecycle.change_in(
                connection, licence_id, change, reason=reason, actor=actor, at=at, below=self._below
            )
            its = joint.together(connection, licence_id)
            self._alone.take(connection, its, act=change.value, actor=actor, at=at)
        self._publish_change(at)
        return flipped

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
