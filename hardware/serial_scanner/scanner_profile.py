"""What is known of each kind of serial scanner, as data: `profiles/*.toml` become frozen values, checked once.

Guaranteed: a profile that loads is whole and free of contradictions; each defect has an error of its own that names
the file and the field. What no manual confirms is not in a profile; it is listed under `unconfirmed` instead.

Byte strings are written as hexadecimal numbers, as the manuals print them. With the protocol "ssi" they are an opcode
and its data, and the packet around them is made by ssi.py.
"""

import codecs
import contextlib
import enum
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from hardware.devices import Signal
from hardware.errors import (
    ProfileContradiction,
    ProfileFieldMissing,
    ProfileFieldUnknown,
    ProfileFieldWrong,
    ProfileNotToml,
    UnknownProfile,
)
from hardware.scanned import TextRules
from hardware.serial_scanner.framing import FramingRules

GENERIC = "generic"
_FOLDER = "profiles"
_BAUD_RATES = frozenset([1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200, 230400, 460800, 921600])
# A scanner that waits for its answer gives up after ten seconds (Host ACK); the answer must come well before.
_MAX_VERDICT_SECONDS = 9.0
_MAX_TIMING_MS = 5_000


class LineProtocol(enum.Enum):
    """How a scanner speaks."""

    PLAIN = "plain"
    HOST_ACK = "host-ack"
    SSI = "ssi"


@dataclass(frozen=True, slots=True)
class SetUpStep:
    """One thing to do to the scanner once, for the set-up sheet.

    Attributes:
        instruction: for a person.
        source: the manual and the place in it where the code to scan is printed.
    """

    instruction: str
    source: str


@dataclass(frozen=True, slots=True)
class ScannerProfile:
    """One kind of scanner.

    Attributes:
        name: as it stands after `profile=`.
        maker: who makes it.
        models: which ones the sources speak of.
        baud_rate: as delivered, or as the set-up steps make it.
        protocol: how it speaks.
        rules: how its codes are cut out of the line.
        trigger_on: starts reading; empty where the scanner knows nothing of the kind.
        trigger_off: ends reading.
        signals: what makes it say this in its own way; a signal that is not there is not said.
        verdict_seconds: the scanner is silent until it is told; after so long it is told to refuse.
        wake: sent before a command, because the scanner may be asleep.
        wake_seconds: how long it then needs.
        usb_vendor_ids: makers' numbers by which `hardware list` suggests this profile.
        setup: what to do to the scanner once.
        sources: manuals that were followed.
        unconfirmed: what may exist and was found in no manual, so that it is not used.
    """

    name: str
    maker: str
    models: str
    baud_rate: int
    protocol: LineProtocol
    rules: FramingRules
    trigger_on: bytes
    trigger_off: bytes
    signals: Mapping[Signal, bytes]
    verdict_seconds: float | None
    wake: bytes
    wake_seconds: float
    usb_vendor_ids: tuple[str, ...]
    setup: tuple[SetUpStep, ...]
    sources: tuple[str, ...]
    unconfirmed: tuple[str, ...]

    @property
    def says_something(self) -> bool:
        """Anything is ever sent to this scanner."""
        return self.protocol is not LineProtocol.PLAIN or bool(self.trigger_on or self.trigger_off or self.signals)


@functools.cache
def known_profiles() -> tuple[ScannerProfile, ...]:
    """All profiles that come with the house, by name.

    Raises:
        ProfileDefect: one of them is wrong; a test keeps that from happening.
    """
    folder = resources.files(__package__) / _FOLDER
    texts = sorted((each.name.removesuffix(".toml"), each) for each in folder.iterdir() if each.name.endswith(".toml"))
    return tuple(parsed(each.read_text("utf-8"), name=name) for name, each in texts)


def profile_named(name: str) -> ScannerProfile:
    """One of them.

    Raises:
        UnknownProfile: there is none of this name; the error lists those that there are.
    """
    for profile in known_profiles():
        if profile.name == name:
            return profile
    raise UnknownProfile(name, ", ".join(profile.name for profile in known_profiles()))


def parsed(text: str, *, name: str) -> ScannerProfile:
    """A profile from the text of its file.

    Raises:
        ProfileDefect: the leaf that says what is wrong and where.
    """
    try:
        table = _Table(name, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise ProfileNotToml(name, str(wrong)) from wrong
    if (stated := table.text("name")) != name:
        raise ProfileFieldWrong(name, f"name: {stated!r} is not the name of the file")
    protocol_text = table.text("protocol")
    if protocol_text not in {each.value for each in LineProtocol}:
        raise ProfileFieldWrong(name, f"protocol: {protocol_text!r} is none of plain, host-ack, ssi")
    baud_rate = table.integer("baud_rate")
    if baud_rate not in _BAUD_RATES:
        raise ProfileFieldWrong(name, f"baud_rate: {baud_rate} is no usual speed of a line")
    trigger, wake = table.table("trigger"), table.table("wake")
    signals = table.table("signals")
    profile = ScannerProfile(
        name=name,
        maker=table.text("maker"),
        models=table.text("models"),
        baud_rate=baud_rate,
        protocol=LineProtocol(protocol_text),
        rules=_rules(table),
        trigger_on=trigger.raw("on"),
        trigger_off=trigger.raw("off"),
        signals=MappingProxyType({each: raw for each in Signal if (raw := signals.raw(each.value))}),
        verdict_seconds=table.seconds("verdict_seconds", upto=_MAX_VERDICT_SECONDS),
        wake=wake.raw("raw"),
        wake_seconds=wake.seconds("seconds", upto=1.0) or 0.0,
        usb_vendor_ids=tuple(table.vendor_id(each) for each in table.texts("usb_vendor_ids", required=False)),
        setup=tuple(SetUpStep(each.text("do"), each.text("source")) for each in table.tables("setup")),
        sources=table.texts("sources"),
        unconfirmed=table.texts("unconfirmed", required=False),
    )
    for each in (table, trigger, wake, signals):
        each.refuse_the_rest()
    _refuse_contradictions(profile)
    return profile


def _rules(table: "_Table") -> FramingRules:
    framing, text = table.table("framing"), table.table("text")
    usual = FramingRules()
    rules = FramingRules(
        idle_gap_seconds=framing.milliseconds("idle_gap_ms", usual.idle_gap_seconds),
        quiet_before_seconds=framing.milliseconds("quiet_before_ms", usual.quiet_before_seconds),
        drain_seconds=framing.milliseconds("drain_ms", usual.drain_seconds),
        needs_end=framing.flag("needs_end"),
        answers=tuple(framing.as_raw("answers", each) for each in framing.texts("answers", required=False)),
        text=TextRules(strips_aim=text.flag("strips_aim"), character_sets=text.texts("character_sets", required=False)),
    )
    for character_set in rules.text.character_sets:
        try:
            codecs.lookup(character_set)
        except LookupError as wrong:
            raise ProfileFieldWrong(table.name, f"text.character_sets: {character_set!r} is not known") from wrong
    framing.refuse_the_rest()
    text.refuse_the_rest()
    return rules


def _refuse_contradictions(profile: ScannerProfile) -> None:
    if profile.protocol is LineProtocol.HOST_ACK:
        if profile.verdict_seconds is None:
            raise ProfileContradiction(profile.name, "host-ack, and no verdict_seconds to refuse after")
        if not {Signal.SUCCESS, Signal.ERROR} <= profile.signals.keys():
            raise ProfileContradiction(profile.name, "host-ack, and no signals for success and error")
    elif profile.verdict_seconds is not None:
        raise ProfileContradiction(profile.name, "verdict_seconds, and the protocol is not host-ack")
    if profile.signals.get(Signal.SUCCESS) in (profile.signals.get(Signal.ERROR, b""), b""):
        raise ProfileContradiction(profile.name, "success sounds like error")
    if profile.wake and not profile.wake_seconds:
        raise ProfileContradiction(profile.name, "wake, and no seconds that it takes")


class _Table:
    """One table of a file whose fields are taken out one by one, so that what is left over is unknown."""

    def __init__(self, name: str, path: str, fields: Mapping[str, object]) -> None:
        self.name = name
        self._path = path
        self._fields = dict(fields)

    def refuse_the_rest(self) -> None:
        if self._fields:
            raise ProfileFieldUnknown(self.name, self._path + next(iter(self._fields)))

    def text(self, field: str) -> str:
        value = self._required(field)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(field, "is not a text")
        return value

    def texts(self, field: str, *, required: bool = True) -> tuple[str, ...]:
        value = self._required(field) if required else self._fields.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self._wrong(field, "is not a list of texts")
        return tuple(value)

    def integer(self, field: str) -> int:
        value = self._required(field)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(field, "is not a whole number")
        return value

    def flag(self, field: str) -> bool:
        value = self._required(field)
        if not isinstance(value, bool):
            raise self._wrong(field, "is neither true nor false")
        return value

    def seconds(self, field: str, *, upto: float) -> float | None:
        value = self._fields.pop(field, None)
        if value is None:
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= upto:
            raise self._wrong(field, f"is not between 0 and {upto:g} seconds")
        return float(value)

    def milliseconds(self, field: str, usual: float) -> float:
        value = self._fields.pop(field, None)
        if value is None:
            return usual
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MAX_TIMING_MS:
            raise self._wrong(field, f"is not between 1 and {_MAX_TIMING_MS} milliseconds")
        return value / 1000

    def raw(self, field: str) -> bytes:
        value = self._fields.pop(field, "")
        return self.as_raw(field, value) if value != "" else b""

    def as_raw(self, field: str, value: object) -> bytes:
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                return bytes.fromhex(value)
        raise self._wrong(field, "is not a row of hexadecimal numbers such as 16 54 0D")

    def vendor_id(self, value: str) -> str:
        if len(value) != 4 or not set(value) <= set("0123456789abcdef"):
            raise self._wrong("usb_vendor_ids", f"{value!r} is not four small hexadecimal digits")
        return value

    def table(self, field: str) -> "_Table":
        value = self._fields.pop(field, {})
        if not isinstance(value, dict):
            raise self._wrong(field, "is not a table")
        return _Table(self.name, f"{self._path}{field}.", value)

    def tables(self, field: str) -> tuple["_Table", ...]:
        value = self._fields.pop(field, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong(field, "is not a list of tables")
        return tuple(_Table(self.name, f"{self._path}{field}.", each) for each in value)

    def _required(self, field: str) -> object:
        if field not in self._fields:
            raise ProfileFieldMissing(self.name, self._path + field)
        return self._fields.pop(field)

    def _wrong(self, field: str, why: str) -> ProfileFieldWrong:
        return ProfileFieldWrong(self.name, f"{self._path}{field}: {why}")
