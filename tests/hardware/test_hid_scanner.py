"""HID-POS: descriptors of several makers, reports with their faults, and the real driver on a socket pair."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import Connected, DeviceEvent, Discarded, DiscardReason, Lost, LostReason, Reading, Signal
from hardware.errors import DeviceForbidden, DeviceNotFound, DeviceUnusable, NotABarCodeScanner
from hardware.hid_scanner.driver import HidScanner, RawPort, found_node, open_hidraw
from hardware.hid_scanner.report_descriptor import ScannerReports, is_bar_code_scanner, scanner_reports
from hardware.hid_scanner.reports import ReportReceiver
from hardware.roots import Roots
from hardware.scanned import Frame, Garbage, Reply, TextRules
from hardware.scanner_line import named_error
from hardware.simulated.hid import (
    AIM_DESCRIPTOR,
    BARE_DESCRIPTOR,
    KEYBOARD_DESCRIPTOR,
    VirtualHidScanner,
    reports_of,
)

# Without report numbers and without a length: unused bytes are zero. As an open implementation lays it out.
PADDED_DESCRIPTOR = bytes.fromhex(
    "058c 0902 a101 1500 26ff00 7508 9501 09fb 8102 09fc 8102 09fd 8102 9538 09fe 820201"
    "7501 9501 2501 09ff 8102 7507 8103 c0"
)
TEXT = "LZ1:" + "ABCDEFGH $%*+-./:0123456789" * 24
RULES = TextRules(character_sets=("utf-8", "gb18030"))


def layout(descriptor: bytes) -> ScannerReports:
    found = scanner_reports(descriptor)
    assert found is not None
    return found


AIM, BARE, PADDED = layout(AIM_DESCRIPTOR), layout(BARE_DESCRIPTOR), layout(PADDED_DESCRIPTOR)
LAYOUTS = [AIM, BARE, PADDED]


def test_the_layout_of_honeywell_and_access_is() -> None:
    assert (AIM.report_id, AIM.size_bytes, AIM.length_at, AIM.aim_at) == (2, 64, 1, (2, 3, 4))
    assert (AIM.data_at, AIM.data_bytes, AIM.continued_at) == (5, 56, (63, 1))
    assert (AIM.good_beep, AIM.error_beep) == (b"\x04\x40", b"\x04\x20")
    assert (AIM.start_reading, AIM.stop_reading) == (b"\x04\x04", b"\x04\x02")


def test_the_layout_of_newland() -> None:
    assert (BARE.report_id, BARE.size_bytes, BARE.length_at, BARE.aim_at) == (2, 64, 1, ())
    assert (BARE.data_at, BARE.data_bytes, BARE.continued_at) == (2, 56, (63, 1))
    assert BARE.good_beep == BARE.start_reading == b""


def test_a_layout_without_numbers_and_length() -> None:
    assert (PADDED.report_id, PADDED.size_bytes, PADDED.length_at, PADDED.aim_at) == (0, 60, None, (0, 1, 2))
    assert (PADDED.data_at, PADDED.data_bytes, PADDED.continued_at) == (3, 56, (59, 1))


@pytest.mark.parametrize("descriptor", [KEYBOARD_DESCRIPTOR, b"", b"\xa1", AIM_DESCRIPTOR[2:]])
def test_what_is_no_bar_code_scanner(descriptor: bytes) -> None:
    assert not is_bar_code_scanner(descriptor)
    assert scanner_reports(descriptor) is None


def test_a_scanner_whose_data_are_nowhere_is_none_to_be_read() -> None:
    headless = AIM_DESCRIPTOR.replace(b"\x09\xfe", b"\x09\x00")
    assert is_bar_code_scanner(headless)
    assert scanner_reports(headless) is None


@given(at=st.integers(0, len(AIM_DESCRIPTOR) - 1), value=st.integers(0, 255), cut=st.integers(0, 200))
def test_any_descriptor_gives_an_answer_inside_its_report(at: int, value: int, cut: int) -> None:
    forged = bytearray(AIM_DESCRIPTOR)
    forged[at] = value
    found = scanner_reports(bytes(forged[:cut]) if cut < len(forged) else bytes(forged))
    if found is not None:
        assert 0 <= found.data_at < found.data_at + found.data_bytes <= found.size_bytes
        places = [*found.aim_at, *([found.length_at] if found.length_at is not None else [])]
        assert all(place < found.size_bytes for place in places)
        assert found.continued_at is None or found.continued_at[0] < found.size_bytes


@given(noise=st.binary(max_size=300))
def test_noise_is_no_descriptor(noise: bytes) -> None:
    scanner_reports(noise)


def read(where: ScannerReports, *reports: bytes) -> list[Frame | Garbage | Reply]:
    receiver = ReportReceiver(where, RULES)
    found = [item for report in reports for item in receiver.feed(report)]
    return found + receiver.silence(0.6)


@pytest.mark.parametrize("where", LAYOUTS)
@pytest.mark.parametrize("text", ["X", "LZ1:A B ", " LZ1", TEXT[:56], TEXT[:57], TEXT[:112], TEXT])
def test_codes_of_any_length_in_any_layout(where: ScannerReports, text: str) -> None:
    assert read(where, *reports_of(text.encode(), where)) == [Frame(text, "]Q1" if where.aim_at else None)]


@pytest.mark.parametrize("where", LAYOUTS)
def test_two_codes_without_a_pause_are_two(where: ScannerReports) -> None:
    found = read(where, *reports_of(b"LZ1:ONE\r", where), *reports_of(TEXT.encode(), where, aim=b"]d2"))
    assert [item.text for item in found if isinstance(item, Frame)] == ["LZ1:ONE", TEXT]


def test_a_line_end_inside_a_code_makes_no_second_one() -> None:
    assert read(AIM, *reports_of(b"LZ1:ONE\r\nLZ1:TWO", AIM)) == [Garbage(DiscardReason.NOT_PRINTABLE, 16)]


def test_an_identifier_is_taken_apart_once() -> None:
    assert read(AIM, *reports_of(b"]Q1LZ1:A", AIM)) == [Frame("]Q1LZ1:A", "]Q1")]
    assert read(BARE, *reports_of(b"]Q1LZ1:A", BARE)) == [Frame("LZ1:A", "]Q1")]


def test_a_foreign_text() -> None:
    assert read(AIM, *reports_of("微信支付，扫一扫".encode("gb18030"), AIM)) == [Frame("微信支付，扫一扫", "]Q1")]


REPORTS = tuple(reports_of(TEXT.encode(), AIM))


def forged(number: int, **places: int) -> list[bytes]:
    """The reports of one code, with single bytes of one of them changed."""
    report = bytearray(REPORTS[number])
    for place, value in places.items():
        report[int(place[1:])] = value
    return [*REPORTS[:number], bytes(report), *REPORTS[number + 1 :]]


@pytest.mark.parametrize("number", [0, 5, len(REPORTS) - 1])
@pytest.mark.parametrize(
    ("places", "reason"),
    [
        ({"_1": 57}, DiscardReason.DAMAGED),
        ({"_1": 255}, DiscardReason.DAMAGED),
        ({"_3": 0x64}, DiscardReason.DAMAGED),
        ({"_5": 0x07}, DiscardReason.NOT_PRINTABLE),
    ],
)
def test_one_wrong_byte_costs_the_whole_code(number: int, places: dict[str, int], reason: DiscardReason) -> None:
    found = read(AIM, *forged(number, **places))
    assert [item.reason for item in found if isinstance(item, Garbage)] == [reason]
    assert len(found) == 1


@pytest.mark.parametrize("number", [0, 5, len(REPORTS) - 1])
@pytest.mark.parametrize("size", [1, 4, 30, 63])
def test_a_report_cut_short_costs_the_whole_code(number: int, size: int) -> None:
    reports = [*REPORTS[:number], REPORTS[number][:size], *REPORTS[number + 1 :]]
    found = read(AIM, *reports)
    assert [type(item) for item in found] == [Garbage]


def test_a_code_that_stays_without_its_last_report_is_given_up_after_a_silence() -> None:
    receiver = ReportReceiver(AIM, RULES)
    assert [item for report in REPORTS[:-1] for item in receiver.feed(report)] == []
    assert receiver.silence(0.4) == []
    assert receiver.silence(0.2) == [Garbage(DiscardReason.INCOMPLETE, 56 * (len(REPORTS) - 1))]
    assert receiver.silence(9.0) == []
    assert receiver.feed(REPORTS[-1]) != []


def test_more_than_any_code_is_counted_and_not_kept() -> None:
    receiver = ReportReceiver(AIM, RULES)
    for _ in range(1_000):
        assert receiver.feed(REPORTS[0]) == []
    (garbage,) = receiver.feed(REPORTS[-1])
    assert isinstance(garbage, Garbage)
    assert (garbage.reason, garbage.byte_count < 4_600) == (DiscardReason.OVERLONG, True)


def test_reports_of_another_number_are_none_of_ours() -> None:
    assert read(AIM, *(bytes([3]) + report[1:] for report in REPORTS)) == []
    assert read(AIM, *itertools.chain(*((report, b"\x04\x01") for report in REPORTS))) == [Frame(TEXT, "]Q1")]


def test_pulled_out_in_the_middle() -> None:
    receiver = ReportReceiver(AIM, RULES)
    receiver.feed(REPORTS[0])
    assert receiver.unplugged() == [Garbage(DiscardReason.UNPLUGGED, 56)]
    assert ReportReceiver(AIM, RULES).unplugged() == []


@contextmanager
def heard(virtual: VirtualHidScanner) -> Iterator[tuple[HidScanner, Iterator[Reading | DeviceEvent]]]:
    driver = HidScanner("hid", open_device=virtual.open, pause=lambda stop, seconds: None)
    stop = threading.Event()
    stream = driver.readings(stop)
    assert next(stream) == Connected("hid")
    yield driver, stream
    stop.set()
    assert list(stream) == []


def test_the_driver_reads_beeps_and_triggers() -> None:
    with VirtualHidScanner() as virtual, heard(virtual) as (driver, stream):
        virtual.scan(TEXT.encode())
        reading = next(stream)
        assert isinstance(reading, Reading)
        assert (reading.text, reading.aim, reading.quality.variant) == (TEXT, "]Q1", "report")
        driver.answer(Signal.SUCCESS)
        assert virtual.hear(2.0) == b"\x04\x40"
        driver.answer(Signal.ERROR)
        assert virtual.hear(2.0) == b"\x04\x20"
        driver.answer(Signal.ATTENTION)
        driver.trigger(on=True)
        assert virtual.hear(2.0) == b"\x04\x04"
        driver.trigger(on=False)
        assert virtual.hear(2.0) == b"\x04\x02"


def test_a_scanner_without_a_beeper_is_told_nothing() -> None:
    with VirtualHidScanner(BARE_DESCRIPTOR) as virtual, heard(virtual) as (driver, stream):
        driver.answer(Signal.SUCCESS)
        driver.trigger(on=True)
        assert virtual.hear(0.05) == b""
        virtual.scan(b"LZ1:A")
        assert isinstance(next(stream), Reading)


def test_a_deaf_scanner_keeps_nobody_waiting() -> None:
    with VirtualHidScanner() as virtual, heard(virtual) as (driver, stream):
        for _ in range(2_000):
            driver.answer(Signal.ERROR)
        virtual.scan(b"LZ1:A")
        assert isinstance(next(stream), Reading)


def test_pulled_out_in_mid_code_and_plugged_in_again() -> None:
    with VirtualHidScanner() as virtual, heard(virtual) as (driver, stream):
        virtual.scan(TEXT.encode(), only=slice(3))
        virtual.unplug()
        assert next(stream) == Discarded("hid", DiscardReason.UNPLUGGED, 168)
        driver.answer(Signal.SUCCESS)
        assert next(stream) == Lost("hid", LostReason.UNPLUGGED)
        next(stream)
        assert next(stream) == Lost("hid", LostReason.NOT_FOUND)
        virtual.replug()
        next(stream)
        assert next(stream) == Connected("hid")
        virtual.scan(b"LZ1:A")
        assert isinstance(next(stream), Reading)
        with pytest.raises(DeviceUnusable):
            VirtualHidScanner(KEYBOARD_DESCRIPTOR)


def hid_tree(root: Path, *devices: tuple[str, str, bytes]) -> Roots:
    """Devices (name, numbers and serial number, descriptor) as the system shows them."""
    for name, numbers, descriptor in devices:
        vid, pid, serial_number = numbers.split(":")
        folder = root / "sys" / "class" / "hidraw" / name / "device"
        folder.mkdir(parents=True)
        (folder / "report_descriptor").write_bytes(descriptor)
        (folder / "uevent").write_text(
            f"DRIVER=hid-generic\nHID_ID=0003:0000{vid.upper()}:0000{pid.upper()}\nHID_NAME=A {name}\n"
            f"HID_PHYS=usb-0000:00:14.0-2/input0\nHID_UNIQ={serial_number}\n"
        )
        (root / "dev").mkdir(exist_ok=True)
        (root / "dev" / name).write_bytes(b"")
    return Roots(dev=root / "dev", sys=root / "sys", proc=root / "proc")


def test_a_device_is_found_by_its_node_a_link_or_its_numbers(tmp_path: Path) -> None:
    roots = hid_tree(
        tmp_path,
        ("hidraw0", "046d:c31c:", KEYBOARD_DESCRIPTOR),
        ("hidraw1", "0c2e:0b81:", KEYBOARD_DESCRIPTOR),
        ("hidraw2", "0c2e:0b81:A1", AIM_DESCRIPTOR),
        ("hidraw3", "0c2e:0b81:A2", AIM_DESCRIPTOR),
    )
    node = found_node(str(roots.dev / "hidraw3"), roots)
    assert node is not None
    assert (node.vid, node.pid, node.serial_number, node.product) == ("0c2e", "0b81", "A2", "A hidraw3")
    link = tmp_path / "link"
    link.symlink_to(roots.dev / "hidraw3")
    assert found_node(str(link), roots) == node
    assert found_node("0C2E:0b81:A2", roots) == node
    # The keyboard of the same scanner is passed over.
    second = found_node("0c2e:0b81", roots)
    assert second is not None
    assert second.serial_number == "A1"
    assert found_node("0c2e:0b81:A3", roots) is None
    assert found_node("1eab:0010", roots) is None


def test_a_keyboard_is_not_listened_to_by_its_raw_node(tmp_path: Path) -> None:
    roots = hid_tree(tmp_path, ("hidraw0", "046d:c31c:", KEYBOARD_DESCRIPTOR), ("hidraw1", "0c2e:1:", AIM_DESCRIPTOR))
    with pytest.raises(NotABarCodeScanner, match="HID-POS"):
        open_hidraw(str(roots.dev / "hidraw0"), roots)
    with pytest.raises(DeviceNotFound):
        open_hidraw(str(roots.dev / "hidraw9"), roots)
    port = open_hidraw(str(roots.dev / "hidraw1"), roots)
    assert port.descriptor == AIM_DESCRIPTOR
    port.close()
    assert isinstance(named_error("hid", PermissionError(13, "no")), DeviceForbidden)


def test_what_is_never_a_scanner_is_an_error_and_not_waited_for() -> None:
    def open_keyboard(address: str) -> RawPort:
        raise NotABarCodeScanner(address)

    with pytest.raises(NotABarCodeScanner):
        next(HidScanner("hid", open_device=open_keyboard).readings(threading.Event()))
