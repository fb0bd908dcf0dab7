"""Erases what need not be kept of a person, wherever it lies, and again after a backup came back.

1 what is open for them (offers, applications) and what of them has ended long enough ago is found · 2 their rows in
imports, uploaded lists and packages go · 3 one transaction wipes subjects, names, numbers, portraits, packages, notices
and keys of offers, counts it as any act of one person, and notes the ids down · 4 the file is written anew, so that no
piece is left in it · 5 the ids go into the log outside of the register, from which a restored one is erased again.

Kept are ids, kinds, days, statuses with their events, digests of device keys, reasons and the audit trail: they name
nobody, lists, feed and chain stand on them, and the same id can be asked about later. Broken off before 3 is committed,
erase again; behind that, what is left is done by the next round (`again`, `scrub`). Not handled here: older backups,
which end by themselves, copies elsewhere, and what wallets hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from issuer.applications.reviewing import OPEN, State
from issuer.applications.schema import application
from issuer.approvals.register import Proposal
from issuer.audit import trail
from issuer.bulk.schema import imported_licence
from issuer.changing.alone import Alone
from issuer.devices.schema import device_notice
from issuer.errors import RegisterUnavailable
from issuer.holders import finding, traces
from issuer.holders.erasure_log import ErasureLog, Logged
from issuer.holders.errors import HolderUnknown, NothingErasable, NotWrittenAnew
from issuer.holders.finding import Found
from issuer.holders.schema import erasure
from issuer.holders.traces import Columns
from issuer.lookup.schema import licence_number
from issuer.openid4vci.offering import UNFINISHED, OfferState
from issuer.openid4vci.schema import issuing_key, issuing_offer
from issuer.register import Register
from issuer.register_schema import credential_group, licence, mandate, portrait
from protocol import cbor
from protocol.unixtime import DAY, UnixTime

ERASE: Final = "erase-holder"
LICENCE: Final = "licence"
OFFER: Final = "offer"
APPLICATION: Final = "application"
WITHDRAWN: Final = "erased at the applicant's request"
_TABLES: Final = (
    *("licence", "portrait", "licence_number", "imported_licence", "credential_group", "application"),
    *("issuing_offer", "issuing_key", "device_notice"),
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, by ids and numbers of rows, and what was kept.

    Attributes:
        erased: Licences.
        kept: Licences and offers.
        offers: Offers.
        applications: Applications.
        rows: (import, row) of rows that waited for their turn.
        uploads: How many uploaded lists went as a whole.
        named_in: What of other people names the person, too (licences, applications, offers): it is kept.
    """

    erased: tuple[str, ...]
    kept: tuple[str, ...]
    offers: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    uploads: int = 0
    named_in: tuple[str, ...] = ()


class Erasing:
    """Erases from one authority's register and folder; many licences as a dangerous act (`issuer.approvals`)."""

    def __init__(
        self,
        *,
        register: Register,
        alone: Alone,
        imports: Path,
        columns: Columns,
        packages: Path,
        log: ErasureLog,
    ) -> None:
        self._register, self._alone, self._log = register, alone, log
        self._imports, self._columns, self._packages = imports, columns, packages

    def preview(self, number: str, *, after_days: int, at: UnixTime) -> Erased:
        """What would be erased and kept. Raises: HolderUnknown, RegisterUnavailable, StorageFailed."""
        if not finding.is_number(number):
            raise HolderUnknown("this is no holder's number")
        lying = traces.find(self._imports, number, self._columns)
        with self._register.reading() as connection:
            found = finding.find(connection, number, ended_before=_before(at, after_days))
            named_in = finding.elsewhere(connection, number, found)
        _demand_known(found, lying)
        return _said(found, lying, named_in)

    def erase(self, number: str, *, after_days: int, actor: str, reason: str, at: UnixTime) -> Erased:
        """Erase what is open for this person, and what of them ended so many days ago.

        Raises:
            HolderUnknown, NothingErasable, RegisterUnavailable, StorageFailed: Nothing in the register was changed.
            SecondPersonNeeded: It is more than this person may do alone; nothing was changed.
            NotWrittenAnew: It is erased; pieces may lie in the file until the next round.
        """
        named_in = self.preview(number, after_days=after_days, at=at).named_in
        lying = traces.Traces()
        with self._alone.noting(ERASE, actor=actor, at=at), self._register.writing() as connection:
            # 1
            found = finding.find(connection, number, ended_before=_before(at, after_days))
            lying = traces.find(self._imports, number, self._columns)
            if not (found.erasable or found.offers or found.applications or lying.rows or lying.uploads):
                raise NothingErasable("nothing of this holder may be erased yet")
            self._alone.take(connection, found.erasable, act=ERASE, actor=actor, at=at)
            # 2, 3
            self._wipe(connection, found, number, actor=actor, reason=reason, at=at)
        self._finish()
        return _said(found, lying, named_in)

    def content(self, number: str, *, after_days: int, at: UnixTime) -> Mapping[str, Any]:
        """What a proposal of this says, without the person's number. Raises: HolderUnknown, RegisterUnavailable."""
        with self._register.reading() as connection:
            found = finding.find(connection, number, ended_before=_before(at, after_days))
        if not found.erasable:
            raise HolderUnknown("this person has no licence that ended long enough ago")
        return {"ids": found.erasable, "after_days": after_days}

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """As `Dangerous` says: the ids. Raises: HolderUnknown."""
        found, _ = self._of(connection, content, at)
        return (tuple(content["ids"]), found.erasable, found.offers, found.applications)

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says; what lies in files goes before, and the log and the file follow with the next round."""
        found, number = self._of(connection, proposal.content, at)
        self._wipe(connection, found, number, actor=proposal.proposed_by, reason=proposal.reason, at=at)
        return True

    def again(self, logged: Sequence[Logged] = (), *, actor: str, at: UnixTime) -> tuple[int, int]:
        """Erase again what the log says and the register has, and what waited for its licence's end.

        Returns:
            How many objects were erased now, and how many wait because they are in force here.
        """
        waiting = select(erasure).where(erasure.c.done_at.is_(None))
        with self._register.reading() as connection:
            is_open = connection.execute(waiting.limit(1)).first() is not None
        if not logged and not is_open and not self._log.is_behind():
            # Most rounds: nobody has to wait for a lock.
            return 0, 0
        with self._register.writing() as connection:
            known = {(row.object_kind, row.object_id) for row in connection.execute(select(erasure))}
            new = [each for each in logged if (each.kind, each.id) not in known]
            if new:
                rows = [{"object_kind": each.kind, "object_id": each.id, "at": each.at} for each in new]
                connection.execute(insert(erasure), rows)
            open_ones = connection.execute(waiting).all()
            done = [row for row in open_ones if self._may_go(connection, row.object_kind, row.object_id, at)]
            found = Found(
                (),
                tuple(row.object_id for row in done if row.object_kind == LICENCE),
                tuple(row.object_id for row in done if row.object_kind == OFFER),
                tuple(row.object_id for row in done if row.object_kind == APPLICATION),
                (),
            )
            if done:
                self._wipe(connection, found, "", actor=actor, reason="from the log of erasures", at=at)
        if done or new or self._log.is_behind():
            self._finish()
        return len(done), len(open_ones) - len(done)

    def _finish(self) -> None:
        # 4, 5: the log first, for by it a restored backup is erased; whoever is killed in between does 4 again.
        self._log.write(is_clean=False)
        try:
            self._register.scrub(_TABLES)
        except RegisterUnavailable as error:
            raise NotWrittenAnew(f"it is erased, and pieces may still lie in the register's file: {error}") from None
        self._log.write(is_clean=True)

    def _of(self, connection: Connection, content: Mapping[str, Any], at: UnixTime) -> tuple[Found, str]:
        ids = [str(each) for each in content["ids"]]
        numbers = connection.execute(select(licence.c.holder_number).where(licence.c.id.in_(ids))).scalars().all()
        number = numbers[0] if numbers else ""
        found = finding.find(connection, number, ended_before=_before(at, int(content["after_days"])))
        if not number or any(each != number for each in numbers) or not found.erasable:
            raise HolderUnknown("this person's licences were erased already, or are another one's")
        return found, number

    def _may_go(self, connection: Connection, kind: str, object_id: str, at: UnixTime) -> bool:
        is_there = connection.execute(select(licence.c.id).where(licence.c.id == object_id)).first()
        return kind != LICENCE or is_there is None or finding.is_over(connection, object_id, at)

    def _wipe(
        self, connection: Connection, found: Found, number: str, *, actor: str, reason: str, at: UnixTime
    ) -> None:
        own = list(found.erasable)
        its_mandates = (
            select(mandate.c.id)
            .join(credential_group, credential_group.c.id == mandate.c.group_id)
            .where(credential_group.c.licence_id.in_(own))
        )
        # 2: files first, for once the number is gone from the register nobody would find them.
        gone = [*own, *connection.execute(its_mandates).scalars()]
        traces.erase(self._imports, number, self._columns, packages=self._packages, ids=gone)
        # 3
        nothing = {"subject": "{}", "holder_name": "", "holder_number": ""}
        connection.execute(update(licence).where(licence.c.id.in_(own)).values(nothing))
        for table in (portrait, licence_number, device_notice):
            connection.execute(delete(table).where(table.c.licence_id.in_(own)))
        # A digest of numbers is found by trying numbers.
        connection.execute(delete(imported_licence).where(imported_licence.c.licence_id.in_(own)))
        connection.execute(update(credential_group).where(credential_group.c.licence_id.in_(own)).values(package=None))
        self._wipe_applications(connection, found, at)
        self._wipe_offers(connection, found)
        for kind, objects in ((LICENCE, own), (OFFER, found.offers), (APPLICATION, found.applications)):
            for each in objects:
                self._note(connection, kind, each, actor=actor, reason=reason, at=at)

    def _wipe_applications(self, connection: Connection, found: Found, at: UnixTime) -> None:
        connection.execute(
            update(application)
            .where(application.c.licence_id.in_(found.erasable))
            .values(subject=None, portrait=None, evidence=None, said=None)
        )
        wiped = {
            "subject": None,
            "portrait": None,
            "evidence": None,
            "said": WITHDRAWN,
            "changed_at": at,
            "state": State.WITHDRAWN.value,
        }
        is_open = application.c.state.in_([each.value for each in OPEN])
        connection.execute(update(application).where(application.c.id.in_(found.applications), is_open).values(wiped))

    def _wipe_offers(self, connection: Connection, found: Found) -> None:
        its = or_(issuing_offer.c.id.in_(found.offers), issuing_offer.c.licence_id.in_(found.erasable))
        ids = list(connection.execute(select(issuing_offer.c.id).where(its)).scalars())
        connection.execute(delete(issuing_key).where(issuing_key.c.offer_id.in_(ids)))
        connection.execute(
            update(issuing_offer)
            .where(issuing_offer.c.id.in_(ids), issuing_offer.c.state.in_([each.value for each in UNFINISHED]))
            .values(state=OfferState.WITHDRAWN.value)
        )
        connection.execute(update(issuing_offer).where(issuing_offer.c.id.in_(ids)).values(subject=None, portrait=None))

    def _note(self, connection: Connection, kind: str, each: str, *, actor: str, reason: str, at: UnixTime) -> None:
        is_it = (erasure.c.object_kind == kind) & (erasure.c.object_id == each)
        if connection.execute(update(erasure).where(is_it).values(done_at=at)).rowcount == 0:
            row = {"object_kind": kind, "object_id": each, "at": at, "done_at": at}
            connection.execute(insert(erasure).values(row))
        trail.append(connection, ERASE, kind, each, actor=actor, at=at, reason=reason)


def _before(at: UnixTime, after_days: int) -> UnixTime:
    return UnixTime(max(0, at - after_days * DAY))


def _demand_known(found: Found, lying: traces.Traces) -> None:
    if not (found.licences or found.offers or found.applications or found.busy or lying.rows or lying.uploads):
        raise HolderUnknown("nothing here has this holder's number")


def _said(found: Found, lying: traces.Traces, named_in: tuple[str, ...]) -> Erased:
    return Erased(
        found.erasable, found.kept, found.offers, found.applications, lying.rows, len(lying.uploads), named_in
    )
