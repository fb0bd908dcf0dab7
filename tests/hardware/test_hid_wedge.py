"""Keyboard scanners: a fixed map, what is refused as unsafe, and the real driver on a pipe."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import Connected, DeviceEvent, Discarded, DiscardReason, Lost, LostReason, Reading, Signal
from hardware.errors import (
    DeviceNotFound,
    DriverMissing,
    HardwareError,
    WedgeBuiltInKeyboard,
    WedgeNotAKeyboard,
    WedgeNotExclusive,
    WedgeOnlyKeyboard,
)
from hardware.hid_scanner.nodes import InputNode, input_nodes
from hardware.hid_scanner.wedge import WedgeScanner, open_wedge
from hardware.hid_scanner.wedge_keys import EV_KEY, EV_SYN, NO_TEXT, SYN_DROPPED, KeyReader, typed_keys
from hardware.hid_scanner.wedge_safety import looks_like_a_scanner, why_unsafe
from hardware.roots import Roots
from hardware.simulated.hid import VirtualWedge, key_events

TEXT = "LZ1:" + "ABCDEFGH $%*+-./:0123456789" * 8
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
A, ENTER, SHIFT, CONTROL, ALT, CAPS_LOCK, NUM_LOCK, F1, UP = 30, 28, 54, 29, 56, 58, 69, 59, 103


def pressed(reader: KeyReader, *codes: int) -> bytes:
    """Each key down and up again."""
    return b"".join(reader.event(EV_KEY, code, value) for code in codes for value in (1, 0))


def typed(reader: KeyReader, text: str) -> bytes:
    return b"".join(reader.event(EV_KEY, code, value) for code, value in typed_keys(text))


def test_the_map_is_the_kernels_us_layout() -> None:
    evdev = pytest.importorskip("evdev")
    names = {
        "-": "MINUS", "=": "EQUAL", "[": "LEFTBRACE", "]": "RIGHTBRACE", ";": "SEMICOLON", "'": "APOSTROPHE",
        "`": "GRAVE", "\\": "BACKSLASH", ",": "COMMA", ".": "DOT", "/": "SLASH", " ": "SPACE",
    }  # fmt: skip
    for character in "abcdefghijklmnopqrstuvwxyz0123456789-=[];'`\\,./ ":
        code = getattr(evdev.ecodes, "KEY_" + names.get(character, character.upper()))
        assert pressed(KeyReader(), code) == character.encode()
    keypad = {"-": "MINUS", "+": "PLUS", ".": "DOT", "*": "ASTERISK", "/": "SLASH"}
    for character in "0123456789-+.*/":
        code = getattr(evdev.ecodes, "KEY_KP" + keypad.get(character, character))
        assert pressed(KeyReader(), code) == character.encode()
    assert (evdev.ecodes.KEY_ENTER, evdev.ecodes.KEY_KPENTER, evdev.ecodes.KEY_TAB) == (28, 96, 15)
    assert (evdev.ecodes.EV_KEY, evdev.ecodes.EV_SYN, evdev.ecodes.SYN_DROPPED) == (EV_KEY, EV_SYN, SYN_DROPPED)


def test_every_printable_character_has_a_key() -> None:
    assert typed(KeyReader(), PRINTABLE) == PRINTABLE.encode()
    shifted = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
    for plain, other in shifted.items():
        (code, *_) = (code for code, _ in typed_keys(plain))
        reader = KeyReader()
        reader.event(EV_KEY, SHIFT, 1)
        assert pressed(reader, code) == other.encode()


def test_caps_lock_turns_letters_and_nothing_else() -> None:
    reader = KeyReader()
    pressed(reader, CAPS_LOCK)
    assert typed(reader, "aB1:") == b"Ab1:"
    pressed(reader, CAPS_LOCK)
    assert typed(reader, "aB1:") == b"aB1:"


def test_ends_and_keys_that_mean_nothing() -> None:
    reader = KeyReader()
    assert pressed(reader, ENTER, 96, 15) == b"\r\r\t"
    assert pressed(reader, NUM_LOCK) == b""
    # Repeating is the keyboard's doing, not the scanner's.
    assert reader.event(EV_KEY, A, 2) == b""
    assert reader.event(4, 4, 458756) == b""


@pytest.mark.parametrize("code", [F1, UP, 1, 14, 111, 125, 183, 240])
def test_a_key_of_no_character_spoils_the_code(code: int) -> None:
    assert pressed(KeyReader(), A, code, A) == b"a" + NO_TEXT + b"a"


def test_control_keys_end_a_code_or_spoil_it() -> None:
    reader = KeyReader()
    reader.event(EV_KEY, CONTROL, 1)
    # Control and M, J, B; control and a digit.
    assert pressed(reader, 50, 36, 48, 2) == b"\r\n\x02" + NO_TEXT


def test_numbers_after_alt_are_characters_whatever_the_layout() -> None:
    reader = KeyReader()
    digits = {"0": 82, "4": 75, "5": 76, "6": 77, "9": 73, "2": 80}

    def alt(number: str) -> bytes:
        reader.event(EV_KEY, ALT, 1)
        assert pressed(reader, *(digits[digit] for digit in number)) == b""
        return reader.event(EV_KEY, ALT, 0)

    assert alt("065") + alt("0090") == b"AZ"
    # 亮 in GB 18030 is C1 C1.
    assert alt("49602") == (0xC1C2).to_bytes(2, "big")
    assert alt("99999") == NO_TEXT
    assert alt("") == b""
    reader.event(EV_KEY, ALT, 1)
    assert pressed(reader, A) == b""
    assert reader.event(EV_KEY, ALT, 0) == NO_TEXT


def test_lost_events_spoil_the_code_and_release_every_key() -> None:
    reader = KeyReader()
    reader.event(EV_KEY, SHIFT, 1)
    assert reader.event(EV_SYN, SYN_DROPPED, 0) == NO_TEXT
    assert pressed(reader, A) == b"a"


def test_no_key_is_held_through_a_silence() -> None:
    reader = KeyReader()
    reader.event(EV_KEY, SHIFT, 1)
    reader.silence(0.2)
    assert pressed(reader, A) == b"A"
    reader.silence(0.2)
    reader.silence(0.2)
    assert pressed(reader, A) == b"a"


@given(events=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300), st.integers(-1, 3)), max_size=60))
def test_any_events_are_survived(events: list[tuple[int, int, int]]) -> None:
    reader = KeyReader()
    for kind, code, value in events:
        reader.event(kind, code, value)
    reader.silence(1.0)
    assert typed(reader, "1") == b"1"


SCANNER = InputNode("/dev/input/event1", "0c2e", "0b61", 3, "Honeywell Imaging & Mobility 1900", "usb-1/input0", True)
NAMELESS = InputNode("/dev/input/event2", "1a86", "5723", 3, "USB Keyboard", "usb-2/input0", True)
CHEAP = InputNode("/dev/input/event3", "ffff", "0035", 3, "SM SM-2D HID KBW Barcode Scanner", "usb-3/input0", True)
KEYBOARD = InputNode("/dev/input/event4", "046d", "c31c", 3, "Logitech USB Keyboard", "usb-4/input0", True)
LAPTOP = InputNode("/dev/input/event5", "0001", "0001", 0x11, "AT Translated Set 2 keyboard", "isa0060/serio0", True)
BUTTON = InputNode("/dev/input/event6", "0000", "0001", 0x19, "Power Button", "PNP0C0C/button", False)
MAKERS = ("0c2e", "05e0")
ALL_KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""The bit map of a USB keyboard as the kernel prints it."""


@pytest.mark.parametrize("scanner", [SCANNER, CHEAP])
@pytest.mark.parametrize("others", [(), (KEYBOARD,), (LAPTOP, BUTTON)])
def test_what_calls_itself_a_scanner_may_be_taken(scanner: InputNode, others: tuple[InputNode, ...]) -> None:
    assert looks_like_a_scanner(scanner, MAKERS)
    assert why_unsafe(scanner, (scanner, *others), MAKERS) is None


def test_a_nameless_one_may_be_taken_beside_another_keyboard_only() -> None:
    assert not looks_like_a_scanner(NAMELESS, MAKERS)
    assert why_unsafe(NAMELESS, (NAMELESS, KEYBOARD), MAKERS) is None
    assert why_unsafe(NAMELESS, (NAMELESS, LAPTOP), MAKERS) is None
    refused = why_unsafe(NAMELESS, (NAMELESS, BUTTON), MAKERS)
    assert isinstance(refused, WedgeOnlyKeyboard)
    assert "nobody could type any more" in str(refused)
    assert "HID-POS" in str(refused)
    # Other scanners are no keyboards to type on, nor is its own second interface.
    assert isinstance(why_unsafe(NAMELESS, (NAMELESS, SCANNER), MAKERS), WedgeOnlyKeyboard)
    second = InputNode("/dev/input/event9", "1a86", "5723", 3, "USB Keyboard", "usb-2/input1", True)
    assert isinstance(why_unsafe(NAMELESS, (NAMELESS, second), MAKERS), WedgeOnlyKeyboard)


def test_a_built_in_keyboard_is_never_taken_nor_what_types_nothing() -> None:
    assert isinstance(why_unsafe(LAPTOP, (LAPTOP, KEYBOARD), MAKERS), WedgeBuiltInKeyboard)
    assert isinstance(why_unsafe(BUTTON, (BUTTON, KEYBOARD), MAKERS), WedgeNotAKeyboard)


def input_tree(root: Path, *nodes: InputNode, keys: str = ALL_KEYS) -> Roots:
    """Event devices as the system shows them."""
    for node in nodes:
        device = root / "sys" / "class" / "input" / Path(node.path).name / "device"
        (device / "id").mkdir(parents=True)
        (device / "capabilities").mkdir()
        (device / "name").write_text(f"{node.product}\n")
        (device / "phys").write_text(f"{node.physical}\n")
        (device / "id" / "bustype").write_text(f"{node.bus:04x}\n")
        (device / "id" / "vendor").write_text(f"{node.vid}\n")
        (device / "id" / "product").write_text(f"{node.pid}\n")
        (device / "capabilities" / "ev").write_text("120013\n" if node.types_letters else "3\n")
        (device / "capabilities" / "key").write_text(f"{keys}\n" if node.types_letters else "10000000000000 0\n")
        (root / "dev" / "input").mkdir(parents=True, exist_ok=True)
        (root / "dev" / "input" / Path(node.path).name).write_bytes(b"")
    return Roots(dev=root / "dev", sys=root / "sys", proc=root / "proc")


def test_nodes_are_read_from_the_systems_files(tmp_path: Path) -> None:
    roots = input_tree(tmp_path, SCANNER, LAPTOP, BUTTON)
    nodes = input_nodes(roots)
    assert [(node.vid, node.bus, node.product, node.types_letters) for node in nodes] == [
        (node.vid, node.bus, node.product, node.types_letters) for node in (SCANNER, LAPTOP, BUTTON)
    ]
    assert input_nodes(Roots(sys=tmp_path / "nothing")) == ()


def test_a_keyboard_without_all_letters_types_no_codes(tmp_path: Path) -> None:
    (node,) = input_nodes(input_tree(tmp_path, SCANNER, keys="10000000 0 garbage"))
    assert not node.types_letters


@pytest.mark.parametrize(
    ("node", "error"), [(NAMELESS, WedgeOnlyKeyboard), (LAPTOP, WedgeBuiltInKeyboard), (BUTTON, WedgeNotAKeyboard)]
)
def test_an_unsafe_one_is_refused_before_it_is_opened(
    tmp_path: Path, node: InputNode, error: type[HardwareError]
) -> None:
    pytest.importorskip("evdev")
    roots = input_tree(tmp_path, node)
    with pytest.raises(error):
        open_wedge(str(roots.dev / "input" / Path(node.path).name), roots)


def test_an_absent_one_and_one_that_is_no_device(tmp_path: Path) -> None:
    pytest.importorskip("evdev")
    roots = input_tree(tmp_path, SCANNER)
    with pytest.raises(DeviceNotFound):
        open_wedge(str(roots.dev / "input" / "event77"), roots)
    # A file in its place lets itself be opened and is no event device.
    with pytest.raises(HardwareError):
        open_wedge(str(roots.dev / "input" / "event1"), roots)


def test_without_the_library_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(DriverMissing, match="evdev-binary"):
        open_wedge("/dev/input/event1")


@contextmanager
def heard(virtual: VirtualWedge) -> Iterator[tuple[WedgeScanner, Iterator[Reading | DeviceEvent]]]:
    driver = WedgeScanner("wedge", open_device=virtual.open, pause=lambda stop, seconds: None)
    stop = threading.Event()
    stream = driver.readings(stop)
    assert next(stream) == Connected("wedge")
    yield driver, stream
    stop.set()
    assert list(stream) == []


def test_the_driver_reads_what_is_typed() -> None:
    with VirtualWedge() as virtual, heard(virtual) as (driver, stream):
        virtual.scan(TEXT)
        reading = next(stream)
        assert isinstance(reading, Reading)
        assert (reading.text, reading.quality.variant) == (TEXT, "keys")
        driver.answer(Signal.SUCCESS)
        driver.trigger(on=True)


def test_two_codes_without_a_pause_are_one_and_a_report() -> None:
    with VirtualWedge() as virtual, heard(virtual) as (_, stream):
        virtual.scan("LZ1:A\rLZ1:B")
        assert isinstance(next(stream), Reading)
        assert next(stream) == Discarded("wedge", DiscardReason.RUN_ON, 6)


def test_what_a_clerk_types_on_it_is_no_code() -> None:
    with VirtualWedge() as virtual, heard(virtual) as (_, stream):
        virtual.scan("a", ends_with="")
        assert next(stream) == Discarded("wedge", DiscardReason.INCOMPLETE, 1)


def test_lost_events_cost_the_code() -> None:
    with VirtualWedge() as virtual, heard(virtual) as (_, stream):
        events = list(key_events(TEXT))
        virtual.send(events[:50])
        virtual.lose_events()
        virtual.send(events[60:])
        item = next(stream)
        assert isinstance(item, Discarded)
        assert item.reason is DiscardReason.NOT_PRINTABLE


def test_pulled_out_in_mid_code_and_plugged_in_again() -> None:
    with VirtualWedge() as virtual, heard(virtual) as (_, stream):
        virtual.send(list(key_events("LZ1:A"))[:3])
        virtual.unplug()
        assert next(stream) == Discarded("wedge", DiscardReason.UNPLUGGED, 1)
        assert next(stream) == Lost("wedge", LostReason.UNPLUGGED)
        next(stream)
        assert next(stream) == Lost("wedge", LostReason.NOT_FOUND)
        virtual.replug()
        next(stream)
        assert next(stream) == Connected("wedge")
        virtual.scan("LZ1:AGAIN")
        assert isinstance(next(stream), Reading)


def test_one_that_another_program_holds_is_busy_and_waited_for() -> None:
    with VirtualWedge() as virtual:
        virtual.is_held_by_another = True
        driver = WedgeScanner("wedge", open_device=virtual.open, pause=lambda stop, seconds: None)
        stop = threading.Event()
        stream = driver.readings(stop)
        assert next(stream) == Lost("wedge", LostReason.BUSY)
        next(stream)
        virtual.is_held_by_another = False
        assert next(stream) == Connected("wedge")
        stop.set()
        list(stream)
        virtual.is_held_by_another = True
        with pytest.raises(WedgeNotExclusive, match="typed into whatever window"):
            next(WedgeScanner("wedge", open_device=virtual.open, wait_for_device=False).readings(threading.Event()))


def test_an_unsafe_one_is_an_error_and_not_waited_for() -> None:
    def refuse(path: str) -> None:
        raise WedgeOnlyKeyboard(path)

    with pytest.raises(WedgeOnlyKeyboard):
        next(WedgeScanner("wedge", open_device=refuse).readings(threading.Event()))  # type: ignore[arg-type]
