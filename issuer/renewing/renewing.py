"""Renews licences: the new one is issued, and takes the place of the old one (状态 0x0F) when it is finished.

1 the old licence is valid, and renewal is open, or something else than its days changes; and it is counted for whoever
renews it, who may do so many within a day (ADR 0044) · 2 the intent of the new one
and its link to the old one are durable in one transaction: of several that renew at once, one gets there · 3 it is
signed as any other · 4 the old one's entries become superseded, in one transaction with the link. Whoever was killed
between 2 and 4 renews again: what was begun is finished. The holder has a licence in force at every moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from issuer import identifiers, lifecycle
from issuer import portrait as portraits
from issuer.audit.trail import OPERATOR
from issuer.changing.alone import RENEW, Alone
from issuer.errors import LicenceNotValid
from issuer.issuance import Issued
from issuer.joint import register as joint
from issuer.joint.errors import HeldTogether
from issuer.lifecycle import LegalChange
from issuer.register import Also, LicenceRecord, Register, demand_valid
from issuer.renewing.errors import AlreadyRenewed, RenewalTooEarly
from issuer.renewing.schema import renewal
from issuer.spreading import Below
from protocol import unixtime
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

_DAYS: Final = frozenset({"valid_from", "valid_to"})


class IssueNew(Protocol):
    """`Issuer.issue`."""

    def __call__(
        self,
        slug: str,
        subject: object,
        holder_key: VerificationKey,
        *,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        portrait: bytes | None = None,
        department: str | None = None,
        actor: str = OPERATOR,
        also: Also | None = None,
    ) -> Issued:
        """Issue a new licence."""


IssueAgain = Callable[[str, VerificationKey, KeyAssurance, str, UnixTime], Issued]


@dataclass(frozen=True, slots=True)
class Renewal:
    """One licence that takes the place of another. `superseded_at` is None while the old one is in force."""

    previous: str
    next: str
    reason: str
    actor: str
    at: UnixTime
    superseded_at: UnixTime | None


class LicenceRenewals:
    """The renewals of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        kinds: Mapping[int, Kind],
        issue: IssueNew,
        issue_again: IssueAgain,
        department_of: Callable[[str, int], str | None],
        alone: Alone,
        below: Below,
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._register, self._kinds = register, kinds
        self._issue, self._issue_again, self._department_of = issue, issue_again, department_of
        self._alone, self._below, self._publish_change = alone, below, publish_change

    def renew(
        self,
        licence_id: str,
        changes: Mapping[str, Any],
        holder_key: VerificationKey,
        *,
        reason: str,
        actor: str,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        portrait: bytes | None = None,
        department: str | None = None,
    ) -> Issued:
        """A new licence in the place of this one.

        Args:
            licence_id: The old licence.
            changes: The items that are not as before; None takes an item out.
            holder_key: The device that gets it.
            reason: Why.
            actor: Who renews it.
            at: When.
            key_assurance: How the device keeps its key.
            portrait: A new portrait; the old one if None.
            department: Who signs it where several issue the kind; whoever signed the old one if None.

        Raises:
            ReasonRefused, LicenceUnknown, LicenceNotValid, RenewalTooEarly, AlreadyRenewed: Nothing was recorded.
            HeldTogether: Several hold it; nothing was recorded.
            RoutineLimitReached: Whoever acts has renewed as many as one person may; nothing was recorded.
            SubjectRefused, LintRefused, PortraitRefused: Nothing was recorded.
            IssuanceInterrupted, NoFreeIndex, RegisterUnavailable: The old licence is in force; renew it again.
            PublishingFailed: It is renewed, and that is not published yet.
        """
        lifecycle.check_reason(reason)
        old = self._register.licence(licence_id)
        self._demand_one_holder(licence_id)
        begun = self.following(licence_id)
        if begun is not None and begun.superseded_at is not None:
            raise AlreadyRenewed("another licence has taken the place of this one")
        if begun is not None:
            self._count(licence_id, actor, at)
            issued = self._issue_again(begun.next, holder_key, key_assurance, actor, at)
        else:
            # 1
            subject = self._changed(old, changes, at)
            self._count(licence_id, actor, at)
            # 2, 3
            issued = self._issue(
                self._kinds[old.vct].slug,
                subject,
                holder_key,
                at=at,
                key_assurance=key_assurance,
                portrait=portrait if portrait is not None else self._register.portrait(licence_id),
                department=department or self._department_of(licence_id, old.vct),
                actor=actor,
                also=lambda connection, new: _link(connection, licence_id, new, reason=reason, actor=actor, at=at),
            )
        # 4
        with self._register.writing() as connection:
            lifecycle.change_in(
                connection, licence_id, LegalChange.SUPERSEDE, reason=reason, actor=actor, at=at, below=self._below
            )
            connection.execute(update(renewal).where(renewal.c.previous == licence_id).values(superseded_at=at))
        self._publish_change(at)
        return issued

    def _count(self, licence_id: str, actor: str, at: UnixTime) -> None:
        # In a transaction of its own, before the intent: intents are added beside one another, where of two that come
        # at once neither would see the other. What is refused afterwards and done again is the same licence, once.
        with self._alone.noting(RENEW, actor=actor, at=at), self._register.writing() as connection:
            self._alone.take(connection, [licence_id], act=RENEW, actor=actor, at=at)

    def following(self, licence_id: str) -> Renewal | None:
        """The renewal by which another licence takes the place of this one, if there is one."""
        with self._register.reading() as connection:
            return _one(connection, renewal.c.previous == licence_id)

    def line(self, licence_id: str) -> tuple[Renewal, ...]:
        """Every renewal before and after this licence, the oldest first. Raises: RegisterUnavailable."""
        before: list[Renewal] = []
        after: list[Renewal] = []
        with self._register.reading() as connection:
            named = licence_id
            while (each := _one(connection, renewal.c.next == named)) is not None:
                before.append(each)
                named = each.previous
            named = licence_id
            while (each := _one(connection, renewal.c.previous == named)) is not None:
                after.append(each)
                named = each.next
        return (*reversed(before), *after)

    def _changed(self, old: LicenceRecord, changes: Mapping[str, Any], at: UnixTime) -> dict[str, Any]:
        if old.status is not Status.VALID:
            raise LicenceNotValid(f"the licence is {old.status.name.lower()}")
        subject = {**old.subject, **changes}
        subject = {name: value for name, value in subject.items() if value is not None}
        # The digest is that of the portrait that goes along.
        subject.pop(portraits.ITEM, None)
        before = {name: value for name, value in old.subject.items() if name != portraits.ITEM}
        is_other = any(subject.get(name) != before.get(name) for name in (subject.keys() | before.keys()) - _DAYS)
        days = self._kinds[old.vct].term.renewal_opens_days
        # Where the kind names no day, renewal is always open.
        if is_other or old.valid_to is None or days is None:
            return self._numbered(old, subject)
        if at < unixtime.end_of_local_day(old.valid_to) - days * DAY:
            raise RenewalTooEarly(f"renewal opens {days} days before the end of the term")
        return self._numbered(old, subject)

    def _numbered(self, old: LicenceRecord, subject: dict[str, Any]) -> dict[str, Any]:
        # An identifier that the operator changes is the operator's.
        unchanged = subject.get(identifiers.ITEM) == old.subject.get(identifiers.ITEM)
        return identifiers.of_next_version(subject) if unchanged else subject

    def _demand_one_holder(self, licence_id: str) -> None:
        with self._register.reading() as connection:
            if len(joint.together(connection, licence_id)) > 1:
                raise HeldTogether("several hold this licence together")


def _link(connection: Connection, previous: str, new: str, *, reason: str, actor: str, at: UnixTime) -> None:
    demand_valid(connection, previous)
    row = {"previous": previous, "next": new, "reason": reason, "actor": actor, "at": at}
    try:
        with connection.begin_nested():
            connection.execute(insert(renewal).values(row))
    except IntegrityError:
        raise AlreadyRenewed("somebody else renews this licence") from None


def _one(connection: Connection, condition: ColumnElement[bool]) -> Renewal | None:
    row = connection.execute(select(renewal).where(condition)).one_or_none()
    if row is None:
        return None
    superseded = None if row.superseded_at is None else UnixTime(row.superseded_at)
    return Renewal(row.previous, row.next, row.reason, row.actor, UnixTime(row.at), superseded)
