"""What the register holds of terminals in the field: their rows, once each, and the last sign of life of each.

Guaranteed: a key of a terminal stands once, whoever sends it how often; a heartbeat that is older than the held one
changes nothing. Not handled here: who may send (`receiving`), and what is wrong with a terminal (`standing`).
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from issuer.fleet.errors import RowContradicts, TooManyRows
from issuer.fleet.schema import terminal_contact, terminal_row
from issuer.register import Register
from protocol import heartbeat, limits
from protocol.errors import ProtocolError
from protocol.heartbeat import Heartbeat
from protocol.terminal_row import TerminalRow
from protocol.unixtime import DAY, UnixTime

MAX_ROWS_A_DAY: Final = 2_000
"""Of one terminal, heartbeats not counted: a busy officer's shift has some dozens."""
LEAST_BETWEEN_BEATS: Final = 10
"""Seconds; a terminal sends one every few minutes."""
MAX_LISTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row as it was taken. `seq` grows."""

    seq: int
    terminal: str
    key: bytes
    kind: str
    body: bytes
    key_thumbprint: bytes
    iat: UnixTime
    received_at: UnixTime


@dataclass(frozen=True, slots=True)
class Contact:
    """The last sign of life of one terminal; `beat` is None where no heartbeat came, or cannot be read any more."""

    terminal: str
    received_at: UnixTime | None
    offset: int | None
    beat: Heartbeat | None
    beat_at: UnixTime | None
    rows_before: int | None
    refused_at: UnixTime | None


def take_row(register: Register, row: TerminalRow, *, terminal: str, key_thumbprint: bytes, at: UnixTime) -> UnixTime:
    """Keeps a row; when it was taken, which for the same row again is when it was taken first.

    Raises:
        RowContradicts: Another row of this terminal has the same key.
        TooManyRows: The terminal has sent too much today.
        RegisterUnavailable: It may be sent again.
    """
    with register.writing() as connection:
        held = connection.execute(
            select(terminal_row).where(terminal_row.c.terminal == terminal, terminal_row.c.key == row.key)
        ).one_or_none()
        if held is not None:
            if (held.kind, held.body) != (row.kind, row.body):
                raise RowContradicts("another row of this terminal has this key")
            return UnixTime(held.received_at)
        of_today = select(func.count()).where(
            terminal_row.c.terminal == terminal, terminal_row.c.received_at > at - DAY
        )
        if connection.execute(of_today).scalar_one() >= MAX_ROWS_A_DAY:
            raise TooManyRows(f"terminal {terminal} has sent {MAX_ROWS_A_DAY} rows within a day")
        connection.execute(
            insert(terminal_row).values(
                terminal=terminal,
                key=row.key,
                kind=row.kind,
                body=row.body,
                key_thumbprint=key_thumbprint,
                iat=row.iat,
                received_at=at,
            )
        )
        _note(connection, terminal, key_thumbprint=key_thumbprint, received_at=at, offset=row.iat - at)
        return at


def take_beat(
    register: Register, row: TerminalRow, beat: Heartbeat, *, terminal: str, key_thumbprint: bytes, at: UnixTime
) -> UnixTime:
    """Keeps a heartbeat in the place of the one before; when it was taken.

    Raises:
        RowContradicts: One that was signed later, or at the same moment, is held.
        TooManyRows: The last one came seconds ago.
        RegisterUnavailable: It may be sent again.
    """
    with register.writing() as connection:
        held = _held(connection, terminal)
        before = None
        if held is not None and held.beat_key is not None:
            if held.beat_key == row.key:
                return UnixTime(held.beat_at)
            # Another machine under the same name begins anew.
            same_key = held.key_thumbprint == key_thumbprint
            if same_key and row.iat <= held.heard:
                raise RowContradicts("a newer heartbeat is held")
            if same_key and at - held.beat_at < LEAST_BETWEEN_BEATS:
                raise TooManyRows(f"terminal {terminal} has sent two heartbeats within seconds")
            held_beat = _beat(held)
            before = held_beat.waiting.rows if same_key and held_beat is not None else None
        _note(
            connection,
            terminal,
            key_thumbprint=key_thumbprint,
            received_at=at,
            offset=row.iat - at,
            # A clock that was fast must not keep later heartbeats out once it is right.
            heard=min(row.iat, at + limits.CLOCK_SKEW),
            beat=row.body,
            beat_key=row.key,
            beat_at=at,
            rows_before=beat.waiting.rows if before is None else before,
        )
        return at


def note_refused(register: Register, terminal: str, *, at: UnixTime) -> None:
    """A withdrawn terminal has tried to be heard. Raises: RegisterUnavailable."""
    with register.writing() as connection:
        held = _held(connection, terminal)
        if held is None or held.refused_at is None or at - held.refused_at >= LEAST_BETWEEN_BEATS:
            _note(connection, terminal, refused_at=at)


def contacts(register: Register) -> dict[str, Contact]:
    """The last sign of life of every terminal that ever gave one. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return {row.terminal: _contact(row) for row in connection.execute(select(terminal_contact))}


def rows(
    register: Register, *, kind: str, after: int = 0, terminal: str | None = None, limit: int = MAX_LISTED
) -> tuple[StoredRow, ...]:
    """Rows of one kind in the order in which they came, those with a higher number than `after`.

    Raises:
        RegisterUnavailable: The register did not answer.
    """
    wanted = select(terminal_row).where(terminal_row.c.kind == kind, terminal_row.c.seq > after)
    if terminal is not None:
        wanted = wanted.where(terminal_row.c.terminal == terminal)
    with register.reading() as connection:
        return tuple(
            StoredRow(
                row.seq,
                row.terminal,
                row.key,
                row.kind,
                row.body,
                row.key_thumbprint,
                UnixTime(row.iat),
                UnixTime(row.received_at),
            )
            for row in connection.execute(wanted.order_by(terminal_row.c.seq).limit(min(limit, MAX_LISTED)))
        )


def _held(connection: Connection, terminal: str) -> Row[Any] | None:
    return connection.execute(select(terminal_contact).where(terminal_contact.c.terminal == terminal)).one_or_none()


def _note(connection: Connection, terminal: str, **values: object) -> None:
    changed = connection.execute(
        update(terminal_contact).where(terminal_contact.c.terminal == terminal).values(**values)
    )
    if changed.rowcount == 0:
        connection.execute(insert(terminal_contact).values(terminal=terminal, **values))


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        row.terminal,
        _moment(row.received_at),
        row.offset,
        _beat(row),
        _moment(row.beat_at),
        row.rows_before,
        _moment(row.refused_at),
    )


def _beat(row: Row[Any]) -> Heartbeat | None:
    try:
        return None if row.beat is None else heartbeat.decode(row.beat)
    except ProtocolError:
        # Kept by a version of this program that took another form.
        return None


def _moment(value: int | None) -> UnixTime | None:
    return None if value is None else UnixTime(value)
