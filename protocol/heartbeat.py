"""Heartbeats: how a terminal stands, as numbers for its operator. Nothing in them is about a holder or a check.

Guaranteed: closed form, bounded counts and texts; reasons are codes and never sentences. Not handled here: who says it
(`terminal_row`), and what an operator makes of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol import cbor, cwt, limits
from protocol.errors import SchemaError, ShapeError
from protocol.labels import Purpose
from protocol.unixtime import Seconds, UnixTime

KIND: Final = "heartbeat"
MAX_REGIONS: Final = 64
MAX_REASONS: Final = 64
"""More than there are reason codes."""
MAX_VERSION_CHARACTERS: Final = 32
_MAX_COUNT: Final = 2**53
_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_REASON: Final = re.compile(r"[EW]_[A-Z0-9_]{1,30}", re.ASCII)
_PURPOSES: Final = frozenset(Purpose)


class _Label(IntEnum):
    """Labels of the map; private to this format."""

    VERSION = 1
    PURPOSE = 2
    REGIONS = 3
    CLOCK = 4
    WAITING = 5
    READING = 6
    REASONS = 7
    FREE_BYTES = 8
    CERTIFICATE_END = 9
    WORKS = 10


@dataclass(frozen=True, slots=True)
class RegionAges:
    """How old one region's status data and trust list are; None: there are none."""

    region: str
    status_age: Seconds | None
    trust_age: Seconds | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What scanners and cameras gave in the last so many seconds: codes read, not read, and broken frames."""

    seconds: Seconds
    read: int
    not_read: int
    discarded: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lengths of queues: acceptances to re-check, rows for the operator, alarms that nobody has acknowledged."""

    rechecks: int
    rows: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a terminal stands. The home region is the first."""

    version: str
    purpose: Purpose
    regions: tuple[RegionAges, ...]
    clock_uncertainty: Seconds
    clock_plausible: bool
    waiting: Waiting
    reading: Reading
    reasons: Mapping[str, int]
    """In how many checks of the same span each reason was found."""
    free_bytes: int
    certificate_end: UnixTime | None
    works: bool
    """False: its journal cannot be written, so it gives no verdicts."""


def encode(beat: Heartbeat) -> bytes:
    """The body of a row of this kind. Raises: ProtocolError."""
    reading, waiting = beat.reading, beat.waiting
    content = cbor.encode(
        {
            _Label.VERSION.value: beat.version,
            _Label.PURPOSE.value: int(beat.purpose),
            _Label.REGIONS.value: tuple((each.region, each.status_age, each.trust_age) for each in beat.regions),
            _Label.CLOCK.value: (beat.clock_uncertainty, beat.clock_plausible),
            _Label.WAITING.value: (waiting.rechecks, waiting.rows, waiting.alarms),
            _Label.READING.value: (reading.seconds, reading.read, reading.not_read, reading.discarded),
            _Label.REASONS.value: dict(sorted(beat.reasons.items())),
            _Label.FREE_BYTES.value: beat.free_bytes,
            _Label.CERTIFICATE_END.value: beat.certificate_end,
            _Label.WORKS.value: beat.works,
        }
    )
    decode(content)
    return content


def decode(content: bytes) -> Heartbeat:
    """A heartbeat from the body of its row.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    found = cbor.decode(content)
    if not isinstance(found, Mapping) or found.keys() != set(_Label):
        raise ShapeError("not exactly the entries of a heartbeat")
    version = cwt.text(found, _Label.VERSION, max_bytes=MAX_VERSION_CHARACTERS)
    purpose = found[_Label.PURPOSE]
    if type(purpose) is not int or purpose not in _PURPOSES:
        raise SchemaError("a purpose that is none")
    match found[_Label.CLOCK]:
        case (uncertainty, bool() as plausible):
            pass
        case _:
            raise SchemaError("a clock is [uncertainty, plausible]")
    works, end = found[_Label.WORKS], found[_Label.CERTIFICATE_END]
    if not isinstance(works, bool):
        raise SchemaError("works is true or false")
    return Heartbeat(
        version=version,
        purpose=Purpose(purpose),
        regions=_regions(found[_Label.REGIONS]),
        clock_uncertainty=_seconds(uncertainty),
        clock_plausible=plausible,
        waiting=Waiting(*_counts(found[_Label.WAITING], 3)),
        reading=_reading(found[_Label.READING]),
        reasons=_reasons(found[_Label.REASONS]),
        free_bytes=_count(found[_Label.FREE_BYTES]),
        certificate_end=None if end is None else cwt.moment({_Label.CERTIFICATE_END: end}, _Label.CERTIFICATE_END),
        works=works,
    )


def _regions(value: cbor.Value) -> tuple[RegionAges, ...]:
    if not isinstance(value, tuple) or len(value) > MAX_REGIONS:
        raise SchemaError(f"not at most {MAX_REGIONS} regions")
    regions = []
    for each in value:
        match each:
            case (str() as region, status, trust) if _REGION.fullmatch(region):
                regions.append(RegionAges(region, _age(status), _age(trust)))
            case _:
                raise SchemaError("a region is [six digits, age of statuses, age of trust list]")
    return tuple(regions)


def _reading(value: cbor.Value) -> Reading:
    seconds, read, not_read, discarded = _counts(value, 4)
    return Reading(_seconds(seconds), read, not_read, discarded)


def _reasons(value: cbor.Value) -> Mapping[str, int]:
    if not isinstance(value, Mapping) or len(value) > MAX_REASONS:
        raise SchemaError(f"not at most {MAX_REASONS} reasons")
    reasons = {}
    for code, count in value.items():
        if not isinstance(code, str) or not _REASON.fullmatch(code):
            raise SchemaError("a reason that is no code")
        reasons[code] = _count(count)
    return reasons


def _counts(value: cbor.Value, length: int) -> tuple[int, ...]:
    if not isinstance(value, tuple) or len(value) != length:
        raise SchemaError(f"not {length} counts")
    return tuple(_count(each) for each in value)


def _count(value: cbor.Value) -> int:
    if type(value) is not int or not 0 <= value < _MAX_COUNT:
        raise SchemaError("a count that is none")
    return value


def _age(value: cbor.Value) -> Seconds | None:
    return None if value is None else _seconds(value)


def _seconds(value: cbor.Value) -> Seconds:
    seconds = _count(value)
    if seconds > limits.MAX_TIME:
        raise SchemaError("more seconds than there are")
    return Seconds(seconds)
