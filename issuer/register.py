"""The register: what was issued to which device, under which status index, and every legal change.

Guaranteed: each method is one transaction; an index is given once and never again; a legal change flips every unexpired
index of its licence or none; an intent is durable before this returns; status events are committed in the order of
their numbers. Not handled here: who may do what, signing, which index is given (`issuer.allocation`).
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from issuer import register_migration
from issuer.audit import trail
from issuer.database import Database
from issuer.devices import admitting, notices
from issuer.devices.notices import Bound, DeviceEvent
from issuer.errors import (
    IndexGivenTwice,
    LicenceNotValid,
    LicenceUnknown,
    NoFreeIndex,
    NotAnIssuer,
    PackageUnknown,
    RegisterNewer,
    RegisterTaken,
    TransitionRefused,
)
from issuer.keys.register import demand_signing
from issuer.lookup import register as lookup
from issuer.register_schema import (
    credential,
    credential_group,
    document,
    licence,
    mandate,
    paper,
    portrait,
    status_event,
)
from protocol.status_list import Status
from protocol.unixtime import LocalDay, UnixTime

_DRAWS: Final = 64


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """One licence as the register holds it. `subject` has the authored names and JSON types."""

    id: str
    vct: int
    subject: Mapping[str, Any]
    holder_name: str
    holder_number: str
    valid_from: LocalDay | None
    valid_to: LocalDay | None
    status: Status
    recorded_at: UnixTime
    finished: bool


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One entry of one of the region's status lists."""

    list_number: int
    idx: int


Also = Callable[[Connection, str], None]
"""What else belongs into the transaction of an intent, given the licence's id."""
Allocate = Callable[[Connection], StatusEntry]
"""Gives a new entry within a transaction (`issuer.allocation`)."""
Spread = Callable[[Collection[int]], UnixTime]
"""When a change that can wait is published, given the moments of what waits already for the same holder."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an intent reserved: the entry of the group and one `sub` for each credential, in the order asked for."""

    group_id: int
    entry: StatusEntry
    subs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A credential or paper code that was about to be signed, without a recorded result."""

    licence_id: str
    sub: str
    layout: str
    list_number: int
    idx: int
    intended_at: UnixTime


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One index flipped by one legal change; published from `due` on, at once if it is urgent."""

    seq: int
    licence_id: str
    list_number: int
    idx: int
    old: Status
    new: Status
    reason: str
    actor: str
    at: UnixTime
    due: UnixTime
    urgent: bool


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A signed document as it was last published."""

    seq: int
    content_sha256: bytes
    iat: UnixTime
    encoded: bytes


class Register(Database):
    """One register behind one database URL."""

    @classmethod
    def create(cls, url: str) -> Self:
        """A new register. Raises: RegisterTaken, RegisterUnavailable."""
        register = cls(url)
        try:
            with register.writing() as connection:
                if register_migration.found_tables(connection):
                    raise RegisterTaken("the database holds a register already")
                register_migration.create(connection)
        except BaseException:
            register.close()
            raise
        return register

    @classmethod
    def open(cls, url: str) -> Self:
        """The register behind this URL; an older one gets what it has not yet, in one transaction.

        Raises:
            NotAnIssuer: The database has not its tables.
            RegisterNewer: Another version of this program has upgraded it.
            RegisterUnavailable: It cannot be read.
        """
        register = cls(url)
        try:
            with register.reading() as connection:
                found = register_migration.state_of(connection)
            if found is register_migration.Found.NO_REGISTER:
                raise NotAnIssuer("the register has not its tables", hint="Restore the register from a backup.")
            if found is register_migration.Found.NEWER:
                raise RegisterNewer("a newer version of this program has upgraded the register")
            if found is register_migration.Found.OLDER:
                with register.writing() as connection:
                    # Under the write lock, so two processes do not both do it.
                    register_migration.upgrade(connection)
        except BaseException:
            register.close()
            raise
        return register

    def record_intent(
        self,
        record: LicenceRecord,
        *,
        is_new: bool,
        picture: bytes | None,
        holder_key_thumbprint: bytes,
        exp: UnixTime,
        layouts: Sequence[str],
        allocate: Allocate,
        draw_sub: Callable[[], str],
        kid: bytes,
        actor: str,
        at: UnixTime,
        also: Also | None = None,
    ) -> Allocation:
        """Record, before the key is used, what it is about to sign; of a new licence its portrait too.

        Raises:
            LicenceNotValid: The licence was suspended or ended in the meantime.
            DeviceLost, TooManyDevices: The holder gets nothing on this key.
            NoFreeIndex, IndexGivenTwice: There is no entry to give.
            NoSigningKey: The key was retired or banned in the meantime.
            RegisterUnavailable: Nothing was recorded.
        """
        with self.adding() as connection:
            admitting.demand_admissible(connection, record.holder_number, record.id, holder_key_thumbprint, at=at)
            if is_new:
                connection.execute(insert(licence).values(licence_values(record)))
                lookup.add(connection, record.id, record.subject, record.holder_number)
                if picture is not None:
                    connection.execute(insert(portrait).values(licence_id=record.id, picture=picture))
            else:
                demand_valid(connection, record.id)
            binds = is_new or not notices.is_held(connection, record.id, holder_key_thumbprint, at=at)
            allocation = reserve(
                connection,
                record.id,
                holder_key_thumbprint=holder_key_thumbprint,
                exp=exp,
                layouts=layouts,
                allocate=allocate,
                draw_sub=draw_sub,
                kid=kid,
                at=at,
            )
            if also is not None:
                also(connection, record.id)
            entry = allocation.entry
            trail.append(
                connection,
                "issue" if is_new else "issue-again",
                "licence",
                record.id,
                actor=actor,
                at=at,
                details={"list": entry.list_number, "idx": entry.idx, "exp": exp, "key": holder_key_thumbprint},
            )
            if binds:
                bound = Bound(record.id, record.holder_number, holder_key_thumbprint)
                notices.tell(connection, DeviceEvent.BOUND, [bound], at=at)
            return allocation

    @staticmethod
    def record_only(connection: Connection, records: Sequence[LicenceRecord], *, pictures: Mapping[str, bytes]) -> None:
        """Record new licences that no device has yet, with the portraits of those that have one, by their ids."""
        for record in records:
            connection.execute(insert(licence).values(licence_values(record)))
            lookup.add(connection, record.id, record.subject, record.holder_number)
        for licence_id, picture in pictures.items():
            connection.execute(insert(portrait).values(licence_id=licence_id, picture=picture))

    def record_done(
        self,
        allocation: Allocation,
        *,
        credential_sha256: Sequence[bytes],
        package: bytes,
        secret_sha256: bytes,
        at: UnixTime,
    ) -> None:
        """Record that everything of this intent was signed. Raises: RegisterUnavailable."""
        with self.adding() as connection:
            for sub, digest in zip(allocation.subs, credential_sha256, strict=True):
                connection.execute(
                    update(credential).where(credential.c.sub == sub).values(signed_at=at, sha256=digest)
                )
            connection.execute(
                update(credential_group)
                .where(credential_group.c.id == allocation.group_id)
                .values(package=package, secret_sha256=secret_sha256)
            )

    def open_intents(self) -> tuple[OpenIntent, ...]:
        """Whatever was to be signed and has no recorded result: after a crash, what must be looked at."""
        credentials = (
            select(
                credential_group.c.licence_id,
                credential.c.sub,
                credential.c.layout,
                credential_group.c.list_number,
                credential_group.c.idx,
                credential.c.intended_at,
            )
            .join_from(credential, credential_group)
            .where(credential.c.signed_at.is_(None))
        )
        # A paper code has no sub; its id stands in that place.
        papers = (
            select(
                credential_group.c.licence_id,
                paper.c.id.label("sub"),
                literal("paper").label("layout"),
                credential_group.c.list_number,
                credential_group.c.idx,
                paper.c.intended_at,
            )
            .join_from(paper, credential_group)
            .where(paper.c.signed_at.is_(None))
        )
        statement = union_all(credentials, papers).order_by("intended_at", "sub")
        with self.reading() as connection:
            return tuple(
                OpenIntent(row.licence_id, row.sub, row.layout, row.list_number, row.idx, UnixTime(row.intended_at))
                for row in connection.execute(statement)
            )

    def licence(self, licence_id: str) -> LicenceRecord:
        """The licence with this id. Raises: LicenceUnknown, RegisterUnavailable."""
        if not licence_id.isascii() or not licence_id.isprintable():
            # A database would refuse half a surrogate pair or a zero in its own words.
            raise LicenceUnknown("no licence has this id")
        with self.reading() as connection:
            row = connection.execute(_licences().where(licence.c.id == licence_id)).one_or_none()
        if row is None:
            raise LicenceUnknown("no licence has this id")
        return _record(row)

    def portrait(self, licence_id: str) -> bytes | None:
        """The picture that the licence was issued with, if there was one. Raises: RegisterUnavailable."""
        with self.reading() as connection:
            found: bytes | None = connection.execute(
                select(portrait.c.picture).where(portrait.c.licence_id == licence_id)
            ).scalar_one_or_none()
        return found

    def licences(self, *, search: str, limit: int, kinds: Collection[int] | None = None) -> tuple[LicenceRecord, ...]:
        """Licences, the newest first: with exactly this number; else whose id, holder or number begins with this text.

        If there is neither, those of the newest `lookup.SCANNED` that contain it. Only of these kinds, if any are.
        """
        statement = _licences().order_by(licence.c.recorded_at.desc(), licence.c.id).limit(limit)
        if kinds is not None:
            statement = statement.where(licence.c.vct.in_(kinds))
        with self.reading() as connection:
            if not search:
                return tuple(_record(row) for row in connection.execute(statement))
            for found in (
                lookup.by_number(search),
                lookup.beginning_with(connection, search),
                lookup.containing(search),
            ):
                rows = connection.execute(statement.where(found)).all()
                if rows:
                    return tuple(_record(row) for row in rows)
            return ()

    def ending(
        self, *, first: LocalDay, last: LocalDay, kinds: Collection[int], limit: int
    ) -> tuple[LicenceRecord, ...]:
        """Valid licences of these kinds whose last day is one of these, the nearest first."""
        statement = (
            _licences()
            .where(
                licence.c.valid_to.between(first, last),
                licence.c.vct.in_(kinds),
                licence.c.status == int(Status.VALID),
            )
            .order_by(licence.c.valid_to, licence.c.id)
            .limit(limit)
        )
        with self.reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def by_number(self, number: str, *, limit: int) -> tuple[LicenceRecord, ...]:
        """Licences with exactly this number: their own, its identifier, or that of the holder (the whole card pack)."""
        statement = _licences().where(lookup.by_number(number)).limit(limit)
        with self.asking() as connection:
            return tuple(sorted(map(_record, connection.execute(statement)), key=lambda each: each.id))

    def events(self, licence_id: str) -> tuple[StatusEvent, ...]:
        """Every legal change of a licence, index by index, the oldest first."""
        with self.reading() as connection:
            return _read_events(connection, status_event.c.licence_id == licence_id)

    def package(self, licence_id: str) -> bytes:
        """The package that was finished last for this licence. Raises: LicenceUnknown, PackageUnknown."""
        statement = (
            select(credential_group.c.package)
            .where(_in_package(licence_id), credential_group.c.package.is_not(None))
            .order_by(credential_group.c.id.desc())
            .limit(1)
        )
        self.licence(licence_id)
        with self.reading() as connection:
            found: bytes | None = connection.execute(statement).scalar_one_or_none()
        if found is None:
            raise PackageUnknown("this licence was never finished")
        return found

    def packages_by_secret(self, package_id: str) -> tuple[tuple[bytes, bytes], ...]:
        """(hash of the secret, package) of every group of a licence or mandate; none if there is no such thing.

        The package is the newest one of the same device: a secret opens whatever took the place of its own.
        """
        statement = (
            select(
                credential_group.c.holder_key_thumbprint, credential_group.c.secret_sha256, credential_group.c.package
            )
            .where(_in_package(package_id), credential_group.c.package.is_not(None))
            .order_by(credential_group.c.id)
        )
        with self.reading() as connection:
            rows = connection.execute(statement).all()
        newest = {row.holder_key_thumbprint: row.package for row in rows}
        return tuple((row.secret_sha256, newest[row.holder_key_thumbprint]) for row in rows)

    def stored_document(self, name: str) -> StoredDocument | None:
        """The document as last published, if it ever was."""
        statement = select(document).where(document.c.name == name, document.c.encoded.is_not(None))
        with self.reading() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else StoredDocument(row.seq, row.content_sha256, UnixTime(row.iat), row.encoded)

    def next_document_seq(self, name: str) -> int:
        """A sequence number that this document never had; taken even if its publication then fails."""
        with self.writing() as connection:
            raised = connection.execute(update(document).where(document.c.name == name).values(seq=document.c.seq + 1))
            if raised.rowcount == 0:
                connection.execute(insert(document).values(name=name, seq=1))
            seq: int = connection.execute(select(document.c.seq).where(document.c.name == name)).scalar_one()
        return seq

    def store_document(self, name: str, stored: StoredDocument) -> None:
        """Keep the bytes of a document that was signed under its newest sequence number."""
        with self.writing() as connection:
            connection.execute(
                update(document)
                .where(document.c.name == name, document.c.seq == stored.seq)
                .values(content_sha256=stored.content_sha256, iat=stored.iat, encoded=stored.encoded)
            )


def records(
    connection: Connection, condition: ColumnElement[bool], *, order: Sequence[ColumnElement[Any]], limit: int
) -> tuple[LicenceRecord, ...]:
    """Licences of this condition, in this order."""
    statement = _licences().where(condition).order_by(*order).limit(limit)
    return tuple(_record(row) for row in connection.execute(statement))


def demand_valid(connection: Connection, licence_id: str) -> None:
    """Return if something new may be issued for this licence. Raises: LicenceUnknown, LicenceNotValid."""
    if _status(connection, licence_id) is not Status.VALID:
        raise LicenceNotValid("the licence is not valid")


def reserve(
    connection: Connection,
    licence_id: str,
    *,
    holder_key_thumbprint: bytes,
    exp: UnixTime,
    layouts: Sequence[str],
    allocate: Allocate,
    draw_sub: Callable[[], str],
    kid: bytes,
    at: UnixTime,
) -> Allocation:
    """A new group of a licence: its entry, a `sub` for each layout, and the key that is about to sign.

    Raises:
        NoSigningKey: That key signs no more.
        NoFreeIndex, IndexGivenTwice: There is no entry to give.
    """
    demand_signing(connection, kid, at=at)
    entry = allocate(connection)
    group = {
        "licence_id": licence_id,
        "list_number": entry.list_number,
        "idx": entry.idx,
        "holder_key_thumbprint": holder_key_thumbprint,
        "exp": exp,
        "status": int(Status.VALID),
        "kid": kid,
    }
    try:
        with connection.begin_nested():
            inserted = connection.execute(insert(credential_group).values(group))
    except IntegrityError:
        raise IndexGivenTwice(f"entry {entry.idx} of list {entry.list_number} is another group's already") from None
    group_id = _new_key(inserted)
    subs = tuple(
        insert_drawn(
            connection, credential, {"group_id": group_id, "layout": layout, "intended_at": at}, "sub", draw_sub
        )[1]
        for layout in layouts
    )
    return Allocation(group_id, entry, subs)


def change_status(
    connection: Connection,
    licence_id: str,
    *,
    act: str,
    transitions: Mapping[Status, Status],
    reason: str,
    actor: str,
    at: UnixTime,
    spread: Spread | None,
) -> tuple[StatusEvent, ...]:
    """Make a legal change: flip every index of the licence that is neither over nor final, in one transaction.

    That is the holder's devices, what a refresh left behind, every mandate and every paper code. Nothing else may be
    written beside this transaction.

    Raises:
        LicenceUnknown: There is no such licence.
        TransitionRefused: Its status is not one that this change starts from.
    """
    old = _status(connection, licence_id)
    if old not in transitions:
        raise TransitionRefused(f"the licence is {old.name.lower()}, so this change does not apply")
    new = transitions[old]
    # The old value in the condition makes two processes that change at once see one another.
    changed = connection.execute(
        update(licence).where(licence.c.id == licence_id, licence.c.status == int(old)).values(status=int(new))
    )
    if changed.rowcount != 1:
        raise TransitionRefused("the licence was changed by somebody else just now")
    # A mandate that was withdrawn or a paper that was lost has ended by itself: nothing brings it back.
    live = connection.execute(
        select(credential_group).where(credential_group.c.licence_id == licence_id, in_force(at))
    ).all()
    flipped = flip(connection, live, new, reason=reason, actor=actor, at=at, spread=spread)
    trail.append(
        connection,
        act,
        "licence",
        licence_id,
        actor=actor,
        at=at,
        reason=reason,
        details=flipped_details(flipped),
    )
    return flipped


def flip(
    connection: Connection,
    groups: Sequence[Row[Any]],
    new: Status,
    *,
    reason: str,
    actor: str,
    at: UnixTime,
    spread: Spread | None,
) -> tuple[StatusEvent, ...]:
    """Give these groups of one licence a new status, with an event for each.

    Args:
        connection: Of a transaction that nothing else writes beside.
        groups: Rows of `credential_group`.
        new: Their status from now on.
        reason: Why.
        actor: Who says so.
        at: When.
        spread: When what can wait is published; None publishes at once.
    """
    waiting = _waiting(connection, groups[0].licence_id, at) if groups and spread is not None else set()
    seqs = []
    for group in groups:
        connection.execute(update(credential_group).where(credential_group.c.id == group.id).values(status=int(new)))
        due = at if spread is None else spread(waiting)
        waiting.add(due)
        inserted = connection.execute(
            insert(status_event).values(
                licence_id=group.licence_id,
                list_number=group.list_number,
                idx=group.idx,
                old=group.status,
                new=int(new),
                reason=reason,
                actor=actor,
                at=at,
                due=due,
                urgent=int(spread is None),
            )
        )
        seqs.append(_new_key(inserted))
    # Statuses of one licence: there are a few of them.
    return _read_events(connection, status_event.c.seq.in_(seqs))


def flipped_details(events: Sequence[StatusEvent]) -> Mapping[str, object]:
    """The entries that an act has flipped, for the audit trail."""
    return {"flipped": [[each.list_number, each.idx, int(each.old), int(each.new)] for each in events]}


def _new_key(inserted: CursorResult[Any]) -> int:
    assert inserted.inserted_primary_key is not None, "the row has a number of its own"
    key: int = inserted.inserted_primary_key[0]
    return key


def _waiting(connection: Connection, licence_id: str, at: UnixTime) -> set[int]:
    """The moments for which changes of this licence's holder wait."""
    number = select(licence.c.holder_number).where(licence.c.id == licence_id).scalar_subquery()
    statement = (
        select(status_event.c.due)
        .join_from(status_event, licence)
        .where(status_event.c.due > at, or_(licence.c.id == licence_id, licence.c.holder_number == number))
    )
    return set(connection.execute(statement).scalars())


def _status(connection: Connection, licence_id: str) -> Status:
    found = connection.execute(select(licence.c.status).where(licence.c.id == licence_id)).scalar_one_or_none()
    if found is None:
        raise LicenceUnknown("no licence has this id")
    return Status(found)


def insert_drawn(
    connection: Connection, table: Any, values: Mapping[str, object], column: str, draw: Callable[[], Any]
) -> tuple[Any, Any]:
    """Insert a row with a random value that no row has, and return its primary key and that value.

    Raises:
        NoFreeIndex: Every draw met one that is taken.
    """
    for _ in range(_DRAWS):
        drawn = draw()
        try:
            with connection.begin_nested():
                inserted = connection.execute(insert(table).values({**values, column: drawn}))
        except IntegrityError:
            continue
        return inserted.inserted_primary_key[0] if inserted.inserted_primary_key else None, drawn
    raise NoFreeIndex(f"{_DRAWS} random draws met a taken {column}")


def licence_values(record: LicenceRecord) -> Mapping[str, object]:
    """The columns of one licence."""
    return {
        "id": record.id,
        "vct": record.vct,
        "subject": json.dumps(record.subject, ensure_ascii=False, sort_keys=True),
        "holder_name": record.holder_name,
        "holder_number": record.holder_number,
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "status": int(record.status),
        "recorded_at": record.recorded_at,
    }


def _in_package(package_id: str) -> ColumnElement[bool]:
    """Groups that were handed out under this id: of a licence to its holder, of a mandate to its agent."""
    by_licence = (credential_group.c.licence_id == package_id) & ~exists(_mandate_of_group)
    return by_licence | exists(_mandate_of_group.where(mandate.c.id == package_id))


_mandate_of_group: Final = select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id)


def _licences() -> Any:
    finished = (
        select(func.count())
        .where(
            credential_group.c.licence_id == licence.c.id,
            credential_group.c.package.is_not(None),
            ~exists(_mandate_of_group),
        )
        .scalar_subquery()
    )
    return select(licence, finished.label("finished_groups"))


def _record(row: Row[Any]) -> LicenceRecord:
    return LicenceRecord(
        id=row.id,
        vct=row.vct,
        subject=json.loads(row.subject),
        holder_name=row.holder_name,
        holder_number=row.holder_number,
        valid_from=None if row.valid_from is None else LocalDay(row.valid_from),
        valid_to=None if row.valid_to is None else LocalDay(row.valid_to),
        status=Status(row.status),
        recorded_at=UnixTime(row.recorded_at),
        finished=row.finished_groups > 0,
    )


def in_force(at: UnixTime) -> ColumnElement[bool]:
    """Groups whose index may still change: neither over nor final."""
    return (credential_group.c.exp > at) & credential_group.c.status.in_(
        [int(status) for status in Status if not status.is_final]
    )


def _read_events(connection: Connection, condition: ColumnElement[bool]) -> tuple[StatusEvent, ...]:
    statement = select(status_event).where(condition).order_by(status_event.c.seq)
    return tuple(
        StatusEvent(
            row.seq,
            row.licence_id,
            row.list_number,
            row.idx,
            Status(row.old),
            Status(row.new),
            row.reason,
            row.actor,
            UnixTime(row.at),
            UnixTime(row.due),
            row.urgent == 1,
        )
        for row in connection.execute(statement)
    )
