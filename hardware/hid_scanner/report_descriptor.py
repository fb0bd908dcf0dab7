"""Reads from a HID report descriptor whether this is a bar code scanner and where in its reports things are; pure.

Sources: "Device Class Definition for HID 1.11" section 6.2.2 (items); "HID Point of Sale Usage Tables 1.02" chapter 3,
usage page 8C (decoded data FE, decode data continued FF, symbology identifiers FB to FD, initiate read 60, prevent
read 5F, sound error beep 85, sound good read beep 86); "HID Usage Tables" page 01 usage 3B (byte count).

The descriptor decides and not the maker: Honeywell and Access-IS put an AIM identifier before the data, Newland
begins with the data ("NLS-FM420 Integration Guide", HID-POS), others leave out the length.

Guaranteed: whatever the bytes, an answer or None; positions lie inside the report.

Not handled here: usage ranges inside the fields looked for, strings, features.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_PAGE_SCANNER = 0x8C
_BYTE_COUNT = 0x01_003B
_PREVENT_READ = 0x8C_005F
_INITIATE_READ = 0x8C_0060
_ERROR_BEEP = 0x8C_0085
_GOOD_READ_BEEP = 0x8C_0086
_SYMBOLOGY_IDENTIFIERS = (0x8C_00FB, 0x8C_00FC, 0x8C_00FD)
_DECODED_DATA = 0x8C_00FE
_DATA_CONTINUED = 0x8C_00FF

# HID 1.11 section 6.2.2: tag and type of a short item, without the two bits of its size.
_INPUT, _OUTPUT, _COLLECTION = 0x80, 0x90, 0xA0
_USAGE_PAGE, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT = 0x04, 0x74, 0x84, 0x94
_USAGE = 0x08
_LONG_ITEM = 0xFE
_APPLICATION = 1
_CONSTANT = 0x01
# Linux accepts no longer ones (HID_MAX_DESCRIPTOR_SIZE), and no larger reports in practice.
_MAX_BYTES = 4_096
_MAX_REPORT_BITS = 8 * 4_096


@dataclass(frozen=True, slots=True)
class CommandBits:
    """One output report and the bits in it that make the scanner do something.

    Attributes:
        report_id: 0 if the device numbers no reports.
        size_bytes: with the identifier.
        bits: usage → byte and mask.
    """

    report_id: int
    size_bytes: int
    bits: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScannerReports:
    """Where things are; positions count from the beginning of what is read, identifier included.

    Attributes:
        report_id: of the scanned data; 0 if the device numbers no reports.
        size_bytes: of that report.
        data_at: where the decoded data begin.
        data_bytes: how many there can be.
        length_at: where their number stands; None if unused bytes are zero instead.
        aim_at: where the three characters of the AIM identifier are; empty if there is none.
        continued_at: byte and mask of the bit that says that more follows; None if a code is never longer.
        commands: what the scanner can be told.
    """

    report_id: int
    size_bytes: int
    data_at: int
    data_bytes: int
    length_at: int | None
    aim_at: tuple[int, ...]
    continued_at: tuple[int, int] | None
    commands: CommandBits | None

    def command(self, usage: int) -> bytes:
        """The report that makes it do one thing; empty if it cannot."""
        if self.commands is None or usage not in self.commands.bits:
            return b""
        raw = bytearray(self.commands.size_bytes)
        at, mask = self.commands.bits[usage]
        raw[at] |= mask
        if self.commands.report_id:
            raw[0] = self.commands.report_id
        return bytes(raw)

    @property
    def start_reading(self) -> bytes:
        """Usage "initiate barcode read"."""
        return self.command(_INITIATE_READ)

    @property
    def stop_reading(self) -> bytes:
        """Usage "prevent read of barcodes"."""
        return self.command(_PREVENT_READ)

    @property
    def good_beep(self) -> bytes:
        """Usage "sound good read beep"."""
        return self.command(_GOOD_READ_BEEP)

    @property
    def error_beep(self) -> bytes:
        """Usage "sound error beep"."""
        return self.command(_ERROR_BEEP)


@dataclass(frozen=True, slots=True)
class _Element:
    """One value in a report."""

    is_output: bool
    report_id: int
    bit: int
    bits: int
    usage: int


def is_bar_code_scanner(descriptor: bytes) -> bool:
    """Some application of the device is on the page of bar code scanners."""
    return any(page == _PAGE_SCANNER for page in _applications(descriptor))


def scanner_reports(descriptor: bytes) -> ScannerReports | None:
    """The layout; None if this is no bar code scanner, or one whose data are not where bytes are."""
    if not is_bar_code_scanner(descriptor):
        return None
    elements = list(_elements(descriptor))
    data = [each for each in elements if each.usage == _DECODED_DATA and not each.is_output and each.bits == 8]
    if not data or any(each.report_id != data[0].report_id or each.bit % 8 for each in data):
        return None
    report_id = data[0].report_id
    inside = [each for each in elements if each.report_id == report_id and not each.is_output]
    by_usage = {each.usage: each for each in reversed(inside)}
    length = by_usage.get(_BYTE_COUNT)
    aim = [by_usage[usage] for usage in _SYMBOLOGY_IDENTIFIERS if usage in by_usage]
    continued = by_usage.get(_DATA_CONTINUED)
    return ScannerReports(
        report_id=report_id,
        size_bytes=_size_bytes(inside, report_id),
        data_at=_at(data[0]),
        data_bytes=len(data),
        length_at=_at(length) if length is not None and length.bits == 8 and length.bit % 8 == 0 else None,
        aim_at=tuple(_at(each) for each in aim) if len(aim) == len(_SYMBOLOGY_IDENTIFIERS) else (),
        continued_at=(_at(continued), 1 << continued.bit % 8) if continued is not None else None,
        commands=_commands([each for each in elements if each.is_output]),
    )


def _commands(outputs: list[_Element]) -> CommandBits | None:
    wanted = (_INITIATE_READ, _PREVENT_READ, _ERROR_BEEP, _GOOD_READ_BEEP)
    found = [each for each in outputs if each.usage in wanted]
    if not found:
        return None
    report_id = found[0].report_id
    inside = [each for each in outputs if each.report_id == report_id]
    # A usage list that is too short repeats its last entry; the first bit is the one meant.
    bits = {each.usage: (_at(each), 1 << each.bit % 8) for each in reversed(found) if each.report_id == report_id}
    return CommandBits(report_id, _size_bytes(inside, report_id), bits)


def _at(element: _Element) -> int:
    return element.bit // 8 + (1 if element.report_id else 0)


def _size_bytes(elements: list[_Element], report_id: int) -> int:
    return (max(each.bit + each.bits for each in elements) + 7) // 8 + (1 if report_id else 0)


def _items(descriptor: bytes) -> Iterator[tuple[int, int]]:
    """Tag and value of each short item; a descriptor that is cut off ends at its last whole item."""
    at = 0
    while at < len(descriptor) and at < _MAX_BYTES:
        head = descriptor[at]
        if head == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[head & 3]
        value = descriptor[at + 1 : at + 1 + size]
        if len(value) < size:
            return
        yield head & ~3, int.from_bytes(value, "little")
        at += 1 + size


def _applications(descriptor: bytes) -> Iterator[int]:
    """Usage page of each application collection."""
    page = usage = 0
    for tag, value in _items(descriptor):
        if tag == _USAGE_PAGE:
            page = value
        elif tag == _USAGE:
            usage = value
        elif tag == _COLLECTION and value == _APPLICATION:
            yield usage >> 16 or page


def _elements(descriptor: bytes) -> Iterator[_Element]:
    """Every value of every input and output report; constant padding takes its place and has usage 0."""
    page = size = count = report_id = 0
    usages: list[int] = []
    used: dict[tuple[bool, int], int] = {}
    for tag, value in _items(descriptor):
        match tag:
            case _ if tag == _USAGE_PAGE:
                page = value
            case _ if tag == _REPORT_SIZE:
                size = value
            case _ if tag == _REPORT_COUNT:
                count = value
            case _ if tag == _REPORT_ID:
                report_id = value
            case _ if tag == _USAGE:
                usages.append(value if value >> 16 else page << 16 | value)
            case _ if tag in (_INPUT, _OUTPUT):
                place = (tag == _OUTPUT, report_id)
                first = used.get(place, 0)
                if size == 0 or first + size * count > _MAX_REPORT_BITS:
                    return
                for number in range(count):
                    usage = usages[min(number, len(usages) - 1)] if usages and not value & _CONSTANT else 0
                    yield _Element(tag == _OUTPUT, report_id, first + number * size, size, usage)
                used[place] = first + size * count
                usages = []
            case _ if tag & 0x0C == 0:
                # Any other main item (collections, features) uses up the local items too.
                usages = []
