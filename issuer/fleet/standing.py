"""Which terminals need somebody: from certificates, withdrawals and signs of life to a list, the most urgent first.

Guaranteed: a terminal stands in the list from its first certificate until a month after its last one, whether it ever
reported or not; what is wrong is a word of `Trouble` with its number, never a text that a terminal wrote. Not handled
here: words for people (`texts`), and who may look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select

from issuer.fleet import register as contacts_of
from issuer.fleet.register import Contact
from issuer.register import Register
from issuer.register_schema import certified_terminal
from issuer.terminals.register import CertifiedTerminal, records
from issuer.terminals.schema import withdrawn_terminal
from issuer.terminals.withdrawing import RENEWED_UNTIL
from protocol.heartbeat import Heartbeat
from protocol.labels import Purpose
from protocol.unixtime import HOUR, MINUTE, UnixTime

SILENT_AFTER: Final = 15 * MINUTE
"""Three heartbeats."""
SILENT_ON_THE_ROAD: Final = 12 * HOUR
"""A handheld works a shift without a network."""
OLD_DATA: Final = HOUR
"""Beyond it many kinds are checked rather than accepted (the default matrix)."""
CLOCK_OFF: Final = MINUTE
LONG_QUEUE: Final = 10
LITTLE_DISK: Final = 500_000_000
ENDING: Final = 60 * HOUR
"""Renewal begins with 84 hours left; who has less has failed for a day."""
LOW_READ_PERCENT: Final = 80
LEAST_READ: Final = 20
"""Fewer say nothing about a scanner."""


class Trouble(StrEnum):
    """What is wrong, the most urgent first."""

    SILENT = "silent"
    NEVER_HEARD = "never_heard"
    WITHDRAWN = "withdrawn"
    OUT_OF_ORDER = "out_of_order"
    DATA_OLD = "data_old"
    CLOCK_OFF = "clock_off"
    QUEUE_GROWS = "queue_grows"
    ALARMS = "alarms"
    DISK_FULL = "disk_full"
    CERTIFICATE_ENDS = "certificate_ends"
    READ_RATE = "read_rate"


_URGENCY: Final = {trouble: rank for rank, trouble in enumerate(Trouble)}

_LEAST_FIRST: Final = frozenset({Trouble.DISK_FULL, Trouble.CERTIFICATE_ENDS, Trouble.READ_RATE})
"""The less is left, the worse."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `amount` is in the trouble's unit: seconds, rows, bytes, percent, a moment, or None."""

    trouble: Trouble
    amount: int | None


@dataclass(frozen=True, slots=True)
class TerminalStanding:
    """One terminal as its operator sees it. Without findings all is well."""

    terminal: str
    place: str
    relying_party: str
    purposes: frozenset[Purpose]
    certificate_end: UnixTime
    heard_at: UnixTime | None
    offset: int | None
    beat: Heartbeat | None
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Trouble | None:
        """What it is listed by."""
        return self.findings[0].trouble if self.findings else None

    @property
    def read_percent(self) -> int | None:
        """Of what scanners and cameras gave; None: it is too little to say."""
        return None if self.beat is None else _read_percent(self.beat)


class Fleet:
    """The terminals of one authority in the field."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def standings(self, *, search: str = "", at: UnixTime) -> tuple[TerminalStanding, ...]:
        """Every terminal whose name, place or relying party contains the text, the most urgent first.

        Raises:
            RegisterUnavailable: The register did not answer.
        """
        newest, gone = _newest(self._register, at), _withdrawn(self._register)
        heard = contacts_of.contacts(self._register)
        wanted = search.casefold()
        found = [
            standing(record, heard.get(record.terminal), withdrawn_at=gone.get(record.key_thumbprint), at=at)
            for record in newest
            if any(wanted in text.casefold() for text in (record.terminal, record.place, record.relying_party))
        ]
        return tuple(sorted(found, key=by_urgency))


def standing(
    record: CertifiedTerminal, contact: Contact | None, *, withdrawn_at: UnixTime | None, at: UnixTime
) -> TerminalStanding:
    """How one terminal stands, from its newest certificate and its last sign of life."""
    beat = None if contact is None else contact.beat
    return TerminalStanding(
        terminal=record.terminal,
        place=record.place,
        relying_party=record.relying_party,
        purposes=record.purposes,
        certificate_end=record.exp,
        heard_at=None if contact is None else contact.received_at,
        offset=None if contact is None else contact.offset,
        beat=beat,
        findings=tuple(sorted(_findings(record, contact, withdrawn_at, at), key=lambda each: _URGENCY[each.trouble])),
    )


def _findings(
    record: CertifiedTerminal, contact: Contact | None, withdrawn_at: UnixTime | None, at: UnixTime
) -> Sequence[Finding]:
    if withdrawn_at is not None:
        # Nothing else counts: nobody listens to it. When it last tried says that somebody has it.
        tried = contact.refused_at if contact is not None else None
        return [Finding(Trouble.WITHDRAWN, tried)]
    found = []
    if contact is None or contact.received_at is None:
        if at - record.at > SILENT_AFTER:
            found.append(Finding(Trouble.NEVER_HEARD, at - record.at))
    elif at - contact.received_at > _patience(record):
        found.append(Finding(Trouble.SILENT, at - contact.received_at))
    if record.exp - at < ENDING:
        found.append(Finding(Trouble.CERTIFICATE_ENDS, record.exp - at))
    if contact is not None and contact.beat is not None:
        found += _of_beat(contact, contact.beat)
    return found


def _of_beat(contact: Contact, beat: Heartbeat) -> Sequence[Finding]:
    found = []
    if not beat.works:
        found.append(Finding(Trouble.OUT_OF_ORDER, None))
    home = beat.regions[0].status_age if beat.regions else None
    if home is None or home > OLD_DATA:
        found.append(Finding(Trouble.DATA_OLD, home))
    offset = contact.offset or 0
    if abs(offset) > CLOCK_OFF:
        found.append(Finding(Trouble.CLOCK_OFF, offset))
    elif not beat.clock_plausible:
        found.append(Finding(Trouble.CLOCK_OFF, None))
    waits, before = beat.waiting.rows, contact.rows_before or 0
    if waits >= LONG_QUEUE and waits > before:
        found.append(Finding(Trouble.QUEUE_GROWS, waits))
    if beat.waiting.alarms:
        found.append(Finding(Trouble.ALARMS, beat.waiting.alarms))
    if beat.free_bytes < LITTLE_DISK:
        found.append(Finding(Trouble.DISK_FULL, beat.free_bytes))
    percent = _read_percent(beat)
    if percent is not None and percent < LOW_READ_PERCENT:
        found.append(Finding(Trouble.READ_RATE, percent))
    return found


def _read_percent(beat: Heartbeat) -> int | None:
    tried = beat.reading.read + beat.reading.not_read + beat.reading.discarded
    return None if tried < LEAST_READ else 100 * beat.reading.read // tried


def _patience(record: CertifiedTerminal) -> int:
    return SILENT_ON_THE_ROAD if record.purposes == {Purpose.ROADSIDE} else SILENT_AFTER


def by_urgency(each: TerminalStanding) -> tuple[int, int, str]:
    """What terminals are sorted by: the worst finding, and of one kind the worst case."""
    if not each.findings:
        return (len(Trouble), 0, each.terminal)
    first = each.findings[0]
    amount = first.amount or 0
    return (_URGENCY[first.trouble], amount if first.trouble in _LEAST_FIRST else -amount, each.terminal)


def _newest(register: Register, at: UnixTime) -> tuple[CertifiedTerminal, ...]:
    """The newest certificate of each terminal that has not been over for longer than it could be renewed."""
    last = select(func.max(certified_terminal.c.seq)).group_by(certified_terminal.c.terminal)
    return records(
        register,
        select(certified_terminal).where(
            certified_terminal.c.seq.in_(last), certified_terminal.c.exp > at - RENEWED_UNTIL
        ),
    )


def _withdrawn(register: Register) -> Mapping[bytes, UnixTime]:
    wanted = select(withdrawn_terminal.c.key_thumbprint, withdrawn_terminal.c.at)
    with register.reading() as connection:
        return {row.key_thumbprint: UnixTime(row.at) for row in connection.execute(wanted)}
