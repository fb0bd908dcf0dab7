"""The register: what was issued to which device, under which status index, and every legal change.

Guaranteed: each method is one transaction; an index is given once and never again; a legal change flips every unexpired
index of its licence or none; an intent is durable before this returns. Not handled here: who may do what, signing.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    create_engine,
    event,
    exists,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from issuer.errors import (
    LicenceNotValid,
    LicenceUnknown,
    NoFreeIndex,
    NotAnIssuer,
    PackageUnknown,
    RegisterUnavailable,
    TransitionRefused,
)
from issuer.register_schema import (
    FIRST_TABLES,
    credential,
    credential_group,
    document,
    licence,
    mandate,
    metadata,
    paper,
    portrait,
    status_event,
    status_list,
)
from protocol.status_list import Status
from protocol.unixtime import LocalDay, UnixTime

_DRAWS: Final = 64
"""A list that is 95 % full refuses 64 random draws once in 27 issuances; it is closed long before."""
_BUSY_SECONDS: Final = 30
_READS: Final = "liangzheng_reads"


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
class Allocation:
    """What an intent reserved: the index of the group and one `sub` for each credential, in the order asked for."""

    group_id: int
    idx: int
    subs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A credential or paper code that was about to be signed, without a recorded result."""

    licence_id: str
    sub: str
    layout: str
    idx: int
    intended_at: UnixTime


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One index flipped by one legal change."""

    seq: int
    licence_id: str
    list_number: int
    idx: int
    old: Status
    new: Status
    reason: str
    actor: str
    at: UnixTime


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A signed document as it was last published."""

    seq: int
    content_sha256: bytes
    iat: UnixTime
    encoded: bytes


class Register:
    """One register behind one database URL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def create(cls, url: str, *, first_list: int) -> Self:
        """A new register with one open status list. Raises: RegisterUnavailable."""
        register = cls(_engine(url))
        with register.writing() as connection:
            metadata.create_all(connection)
            connection.execute(insert(status_list).values(number=first_list, seq=0))
        return register

    @classmethod
    def open(cls, url: str) -> Self:
        """The register behind this URL; an older one gets the tables that it has not yet, empty.

        Raises:
            NotAnIssuer: The database has not its tables.
            RegisterUnavailable: It cannot be read.
        """
        register = cls(_engine(url))
        try:
            with register.reading() as connection:
                found = set(inspect(connection).get_table_names())
            if not found >= FIRST_TABLES:
                raise NotAnIssuer("the register has not its tables", hint="Restore register.sqlite from a backup.")
            if not found >= metadata.tables.keys():
                with register.writing() as connection:
                    # In one transaction that holds the write lock, so two processes do not both make them.
                    metadata.create_all(connection)
        except BaseException:
            register.close()
            raise
        return register

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def record_intent(
        self,
        record: LicenceRecord,
        *,
        is_new: bool,
        picture: bytes | None,
        list_number: int,
        holder_key_thumbprint: bytes,
        exp: UnixTime,
        layouts: Sequence[str],
        draw_idx: Callable[[], int],
        draw_sub: Callable[[], str],
        at: UnixTime,
    ) -> Allocation:
        """Record, before the key is used, what it is about to sign; of a new licence its portrait too.

        Raises:
            LicenceNotValid: The licence was suspended or ended in the meantime.
            NoFreeIndex: Every draw met a taken index.
            RegisterUnavailable: Nothing was recorded.
        """
        with self.writing() as connection:
            if is_new:
                connection.execute(insert(licence).values(_licence_values(record)))
                if picture is not None:
                    connection.execute(insert(portrait).values(licence_id=record.id, picture=picture))
            else:
                demand_valid(connection, record.id)
            return reserve(
                connection,
                record.id,
                list_number=list_number,
                holder_key_thumbprint=holder_key_thumbprint,
                exp=exp,
                layouts=layouts,
                draw_idx=draw_idx,
                draw_sub=draw_sub,
                at=at,
            )

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
        with self.writing() as connection:
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
                credential_group.c.idx,
                paper.c.intended_at,
            )
            .join_from(paper, credential_group)
            .where(paper.c.signed_at.is_(None))
        )
        statement = union_all(credentials, papers).order_by("intended_at", "sub")
        with self.reading() as connection:
            return tuple(
                OpenIntent(row.licence_id, row.sub, row.layout, row.idx, UnixTime(row.intended_at))
                for row in connection.execute(statement)
            )

    def licence(self, licence_id: str) -> LicenceRecord:
        """The licence with this id. Raises: LicenceUnknown, RegisterUnavailable."""
        if not licence_id.isascii():
            # A database would refuse half a surrogate pair in its own words.
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

    def licences(self, *, search: str, limit: int) -> tuple[LicenceRecord, ...]:
        """Licences, the newest first, whose id, holder or holder's number contains this text."""
        statement = _licences().order_by(licence.c.recorded_at.desc(), licence.c.id).limit(limit)
        if search:
            columns = (licence.c.id, licence.c.holder_name, licence.c.holder_number)
            statement = statement.where(or_(*(column.contains(search, autoescape=True) for column in columns)))
        with self.reading() as connection:
            return tuple(_record(row) for row in connection.execute(statement))

    def change_status(
        self, licence_id: str, *, transitions: Mapping[Status, Status], reason: str, actor: str, at: UnixTime
    ) -> tuple[StatusEvent, ...]:
        """Make a legal change: flip every index of the licence that is neither over nor final, in one transaction.

        That is the holder's devices, every mandate and every paper code.

        Raises:
            LicenceUnknown: There is no such licence.
            TransitionRefused: Its status is not one that this change starts from.
            RegisterUnavailable: Nothing was changed.
        """
        with self.writing() as connection:
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
            return flip(connection, live, new, reason=reason, actor=actor, at=at)

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
        """(hash of the secret, package) of every group of a licence or mandate; none if there is no such thing."""
        statement = select(credential_group.c.secret_sha256, credential_group.c.package).where(
            _in_package(package_id), credential_group.c.package.is_not(None)
        )
        with self.reading() as connection:
            return tuple((row.secret_sha256, row.package) for row in connection.execute(statement))

    def begin_status_publication(self) -> Mapping[int, tuple[int, Mapping[int, Status]]]:
        """For each list its next seq and its non-valid entries, all of one moment. Raises: RegisterUnavailable."""
        lists: dict[int, tuple[int, Mapping[int, Status]]] = {}
        with self.writing() as connection:
            connection.execute(update(status_list).values(seq=status_list.c.seq + 1))
            for row in connection.execute(select(status_list).order_by(status_list.c.number)).all():
                entries = connection.execute(
                    select(credential_group.c.idx, credential_group.c.status).where(
                        credential_group.c.list_number == row.number, credential_group.c.status != int(Status.VALID)
                    )
                )
                lists[row.number] = row.seq, {entry.idx: Status(entry.status) for entry in entries}
        return lists

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

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads. Raises: RegisterUnavailable."""
        with _wrapped(), self._engine.connect().execution_options(**{_READS: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its beginning. Raises: RegisterUnavailable."""
        with _wrapped(), self._engine.begin() as connection:
            yield connection


@contextmanager
def _wrapped() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The driver's own words name tables and reasons; SQLAlchemy's would repeat the parameters, which are personal.
        cause = getattr(error, "orig", None)
        raise RegisterUnavailable(f"the register did not answer: {cause or type(error).__name__}") from None


def _engine(url: str) -> Engine:
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would take the write lock too late (SQLITE_BUSY_SNAPSHOT).
    connection.isolation_level = None
    # SECURITY.md finding 3: WAL with NORMAL loses acknowledged rows when the plug is pulled, with FULL none.
    for pragma in (f"busy_timeout={_BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def demand_valid(connection: Connection, licence_id: str) -> None:
    """Return if something new may be issued for this licence. Raises: LicenceUnknown, LicenceNotValid."""
    if _status(connection, licence_id) is not Status.VALID:
        raise LicenceNotValid("the licence is not valid")


def reserve(
    connection: Connection,
    licence_id: str,
    *,
    list_number: int,
    holder_key_thumbprint: bytes,
    exp: UnixTime,
    layouts: Sequence[str],
    draw_idx: Callable[[], int],
    draw_sub: Callable[[], str],
    at: UnixTime,
) -> Allocation:
    """A new group of a licence: its index, and a `sub` for each layout. Raises: NoFreeIndex."""
    group = {
        "licence_id": licence_id,
        "list_number": list_number,
        "holder_key_thumbprint": holder_key_thumbprint,
        "exp": exp,
        "status": int(Status.VALID),
    }
    group_id, idx = insert_drawn(connection, credential_group, group, "idx", draw_idx)
    subs = tuple(
        insert_drawn(
            connection, credential, {"group_id": group_id, "layout": layout, "intended_at": at}, "sub", draw_sub
        )[1]
        for layout in layouts
    )
    return Allocation(group_id, idx, subs)


def flip(
    connection: Connection, groups: Sequence[Row[Any]], new: Status, *, reason: str, actor: str, at: UnixTime
) -> tuple[StatusEvent, ...]:
    """Give these groups a new status, with an event for each."""
    first = connection.execute(select(func.coalesce(func.max(status_event.c.seq), 0))).scalar_one()
    for group in groups:
        connection.execute(update(credential_group).where(credential_group.c.id == group.id).values(status=int(new)))
        connection.execute(
            insert(status_event).values(
                licence_id=group.licence_id,
                list_number=group.list_number,
                idx=group.idx,
                old=group.status,
                new=int(new),
                reason=reason,
                actor=actor,
                at=at,
            )
        )
    return _read_events(connection, status_event.c.seq > first)


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


def _licence_values(record: LicenceRecord) -> Mapping[str, object]:
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
        )
        for row in connection.execute(statement)
    )
