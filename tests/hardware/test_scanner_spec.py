"""How the operator names a scanner, and several sources at once."""

import threading
from pathlib import Path

import pytest

from hardware.camera.decoder_process import DecoderProcess
from hardware.devices import CodeSource, Connected, Reading, Signal
from hardware.errors import UnknownProfile, UnsupportedSource
from hardware.hid_scanner.driver import HidScanner
from hardware.hid_scanner.wedge import WedgeScanner
from hardware.open_source import open_image, open_serial
from hardware.scanner_spec import SerialSpec, open_scanner, parse_serial_spec
from hardware.serial_scanner.driver import SerialScanner
from hardware.simulated.scanner import VirtualScanner
from hardware.simulated.talking_scanner import HostAckScanner, SsiScanner
from tests.hardware.conftest import flat_code, payload, png


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("/dev/ttyACM0", SerialSpec("/dev/ttyACM0")),
        ("socket://127.0.0.1:7?logging=debug", SerialSpec("socket://127.0.0.1:7?logging=debug")),
        ("serial:/dev/ttyACM0", SerialSpec("/dev/ttyACM0")),
        ("serial:/dev/a?profile=newland&baud=115200", SerialSpec("/dev/a", "newland", 115_200)),
        ("serial:socket://h:1?profile=grow", SerialSpec("socket://h:1", "grow")),
    ],
)
def test_serial_specifications(spec: str, named: SerialSpec) -> None:
    assert parse_serial_spec(spec) == named


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("serial:", "no port"),
        ("serial:?baud=9600", "no port"),
        ("serial:/dev/a?prifile=grow", "prifile"),
        ("serial:/dev/a?baud=fast", "baud=fast"),
        ("serial:/dev/a?baud=", "baud="),
        ("serial:/dev/a?baud=0", "baud=0"),
        ("serial:/dev/a?baud=-9600", "baud=-9600"),
        ("serial:/dev/a?baud=99999999", "baud=99999999"),
        ("serial:/dev/a?baud=٩٦٠٠", "is no speed"),
    ],
)
def test_a_wrong_specification_says_what_is_wrong(spec: str, why: str) -> None:
    with pytest.raises(UnsupportedSource, match=why):
        parse_serial_spec(spec)


def test_each_form_has_its_driver() -> None:
    assert isinstance(open_scanner("/dev/ttyACM0"), SerialScanner)
    assert isinstance(open_scanner("hid:/dev/hidraw1"), HidScanner)
    assert isinstance(open_scanner("wedge:/dev/input/event1"), WedgeScanner)
    assert open_scanner("hid:0c2e:0b81").name == "0c2e:0b81"
    assert open_scanner("serial:/dev/ttyACM0?profile=grow").name == "/dev/ttyACM0"
    with pytest.raises(UnknownProfile):
        open_scanner("serial:/dev/ttyACM0?profile=abacus")
    with pytest.raises(UnknownProfile):
        open_scanner("/dev/ttyACM0", profile="abacus")


@pytest.mark.parametrize(
    ("spec", "profile", "argument", "baud_rate"),
    [
        ("/dev/a", "generic", None, 9_600),
        ("/dev/a", "honeywell", None, 115_200),
        ("/dev/a", "honeywell", 19_200, 19_200),
        ("serial:/dev/a?baud=57600", "honeywell", 19_200, 57_600),
        ("serial:/dev/a?profile=grow", "honeywell", None, 9_600),
    ],
)
def test_the_specification_is_stronger_than_the_argument_and_that_than_the_profile(
    spec: str, profile: str, argument: int | None, baud_rate: int
) -> None:
    scanner = open_scanner(spec, profile=profile, baud_rate=argument)
    assert isinstance(scanner, SerialScanner)
    assert scanner._baud_rate == baud_rate


class Terminal:
    """One thread for each source, as the real terminal has them; every code of a scanner is answered."""

    def __init__(self) -> None:
        self.read: dict[str, list[str]] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, source: CodeSource, answer: Signal | None = None) -> threading.Thread:
        """Begins to read, and returns when a live source is open: what is printed before reaches nobody."""
        is_open = threading.Event()

        def feed() -> None:
            for item in source.readings(self._stop):
                if isinstance(item, Connected):
                    is_open.set()
                if isinstance(item, Reading):
                    self.read.setdefault(source.name, []).append(item.text)
                    if answer is not None:
                        source.answer(answer)  # type: ignore[attr-defined]  # only those that can are asked to

        thread = threading.Thread(target=feed)
        thread.start()
        self._threads.append(thread)
        assert answer is None or is_open.wait(5)
        return thread

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_two_scanners_that_wait_for_verdicts_one_with_packets_one_that_prints_and_a_camera_together(
    tmp_path: Path, decoder: DecoderProcess
) -> None:
    picture = tmp_path / "code.png"
    picture.write_bytes(png(flat_code(payload(9))))
    terminal = Terminal()
    told: dict[str, list[bytes]] = {}
    with HostAckScanner() as first, HostAckScanner() as second, SsiScanner() as third, VirtualScanner() as fourth:
        terminal.add(open_serial(f"serial:{first.port_path}?profile=honeywell-host-ack"), Signal.SUCCESS)
        terminal.add(open_serial(f"serial:{second.port_path}?profile=honeywell-host-ack"), Signal.ERROR)
        terminal.add(open_serial(f"serial:{third.port_path}?profile=zebra-ssi"), Signal.SUCCESS)
        terminal.add(open_serial(str(fourth.port_path)), Signal.SUCCESS)
        camera = terminal.add(open_image(picture, decoder))

        def scan_three(scanner: HostAckScanner, letter: str) -> None:
            told[letter] = [scanner.scan_and_wait(f"LZ1:{letter}{number}") for number in range(3)]

        scanning = [
            threading.Thread(target=scan_three, args=(first, "A")),
            threading.Thread(target=scan_three, args=(second, "B")),
        ]
        for thread in scanning:
            thread.start()
        assert third.scan_packets("LZ1:C0")
        third.obey(2.0)
        fourth.scan("LZ1:D0")
        assert third.scan_packets("LZ1:C1")
        for thread in (*scanning, camera):
            thread.join()
        third.obey(2.0)
        terminal.end()
    assert told == {"A": [b"\x1b7,"] * 3, "B": [b"\x1b8,\x1b8,"] * 3}
    assert third.told == [b"\xe6\x01"] * 2
    assert terminal.read == {
        str(first.port_path): ["LZ1:A0", "LZ1:A1", "LZ1:A2"],
        str(second.port_path): ["LZ1:B0", "LZ1:B1", "LZ1:B2"],
        str(third.port_path): ["LZ1:C0", "LZ1:C1"],
        str(fourth.port_path): ["LZ1:D0"],
        str(picture): [payload(9)],
    }
