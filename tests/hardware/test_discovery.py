"""Looking around in a tree that stands for /dev, /sys and /proc."""

import os
from pathlib import Path

import pytest

from hardware.discovery import find, group_that_is_missing
from hardware.found_devices import Access, Found
from hardware.roots import Roots
from hardware.simulated.hid import AIM_DESCRIPTOR, BARE_DESCRIPTOR, KEYBOARD_DESCRIPTOR

ALL_KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
FREE = Access(accessible=True, missing_group=None, in_use_by=None)


class Machine:
    """A tree that grows with each device that is plugged in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.roots = Roots(dev=root / "dev", sys=root / "sys", proc=root / "proc")

    def write(self, path: Path, text: str | bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode() + b"\n")
        return path

    def node(self, name: str, *links: str) -> Path:
        node = self.write(self.roots.dev / name, b"")
        for link in links:
            path = self.roots.dev / link
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(os.path.relpath(node, path.parent))
        return node

    def usb(self, port: str, vid: str, pid: str, maker: str, product: str, serial_number: str = "") -> Path:
        """A USB device; its interface's folder."""
        device = self.roots.sys / "devices" / "pci0" / "usb1" / port
        for name, text in (("idVendor", vid), ("idProduct", pid), ("manufacturer", maker), ("product", product)):
            self.write(device / name, text)
        if serial_number:
            self.write(device / "serial", serial_number)
        interface = device / f"{port}:1.0"
        interface.mkdir(exist_ok=True)
        return interface

    def tty(self, name: str, device: Path | None, *links: str, kind: str | None = None) -> None:
        self.node(name, *links)
        folder = self.roots.sys / "class" / "tty" / name
        folder.mkdir(parents=True)
        if device is not None:
            (folder / "device").symlink_to(device)
        if kind is not None:
            self.write(folder / "type", kind)

    def hidraw(self, name: str, vid: str, pid: str, product: str, descriptor: bytes, serial_number: str = "") -> None:
        self.node(name)
        device = self.roots.sys / "class" / "hidraw" / name / "device"
        said = f"HID_ID=0003:0000{vid.upper()}:0000{pid.upper()}\nHID_NAME={product}\nHID_UNIQ={serial_number}"
        self.write(device / "uevent", said)
        self.write(device / "report_descriptor", descriptor)

    def keyboard(self, name: str, vid: str, product: str, port: str, *links: str, bus: str = "0003") -> None:
        self.node(f"input/{name}", *links)
        device = self.roots.sys / "class" / "input" / name / "device"
        files = {"name": product, "phys": port, "id/bustype": bus, "id/vendor": vid, "id/product": "0001"}
        for path, text in {**files, "capabilities/ev": "120013", "capabilities/key": ALL_KEYS}.items():
            self.write(device / path, text)

    def camera(self, name: str, product: str, index: str, *links: str) -> None:
        self.node(name, *links)
        folder = self.roots.sys / "class" / "video4linux" / name
        self.write(folder / "name", product)
        self.write(folder / "index", index)

    def program(self, number: int, name: str, *opened: Path) -> None:
        self.write(self.roots.proc / str(number) / "comm", name)
        for descriptor, path in enumerate(opened):
            link = self.roots.proc / str(number) / "fd" / str(descriptor)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(path)

    def find(self, **asked: object) -> Found:
        return find(self.roots, may_use=lambda node: True, **asked)  # type: ignore[arg-type]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_found_where_nothing_is(machine: Machine) -> None:
    assert machine.find() == Found()


def test_a_scanner_with_a_maker(machine: Machine) -> None:
    interface = machine.usb("1-2", "1eab", "0006", "Newland Auto-ID", "NLS-HR52 CDC", "FM1")
    links = ("serial/by-path/pci-0000:00:14.0-usb-0:2:1.0", "serial/by-id/usb-Newland_FM1-if00")
    machine.tty("ttyACM0", interface, *links)
    (device,) = machine.find().serial
    assert device.path == str(machine.roots.dev / "ttyACM0")
    assert device.by_path == str(machine.roots.dev / links[0])
    assert device.by_id == str(machine.roots.dev / links[1])
    assert (device.vid, device.pid, device.serial_number) == ("1eab", "0006", "FM1")
    assert device.product == "Newland Auto-ID NLS-HR52 CDC"
    assert (device.profile, device.is_adapter, device.access) == ("newland", False, FREE)
    assert device.spec == f"serial:{device.by_path}?profile=newland"


@pytest.mark.parametrize(
    ("vid", "profile"), [("0c2e", "honeywell"), ("05e0", "zebra-ssi"), ("05f9", "datalogic"), ("abcd", None)]
)
def test_a_maker_suggests_a_profile(machine: Machine, vid: str, profile: str | None) -> None:
    machine.tty("ttyACM0", machine.usb("1-1", vid, "0001", "Maker", "Maker Scanner"))
    (device,) = machine.find().serial
    assert (device.profile, device.product) == (profile, "Maker Scanner")


def test_an_adapter_says_nothing_of_what_hangs_behind_it(machine: Machine) -> None:
    interface = machine.usb("1-3", "1a86", "7523", "QinHeng", "USB Serial")
    (interface / "ttyUSB0").mkdir()
    machine.tty("ttyUSB0", interface / "ttyUSB0")
    (device,) = machine.find().serial
    assert (device.vid, device.is_adapter, device.profile, device.by_path) == ("1a86", True, None, None)
    assert device.spec == device.path


def test_lines_of_the_board_and_those_that_it_does_not_have(machine: Machine) -> None:
    platform = machine.roots.sys / "devices" / "platform" / "serial8250"
    platform.mkdir(parents=True)
    machine.tty("ttyS0", platform, kind="4")
    machine.tty("ttyS1", platform, kind="0")
    machine.tty("ttyS2", None, kind="4")
    machine.tty("tty1", platform)
    (device,) = machine.find().serial
    assert (device.path, device.vid, device.product) == (str(machine.roots.dev / "ttyS0"), "", "")


def test_two_equal_scanners_keep_their_sockets_apart(machine: Machine) -> None:
    for number in (0, 1):
        interface = machine.usb(f"1-{number}", "0c2e", "0b6a", "Honeywell", "Scanner")
        machine.tty(f"ttyACM{number}", interface, f"serial/by-path/port-{number}")
    assert [Path(device.by_path or "").name for device in machine.find().serial] == ["port-0", "port-1"]


def test_a_device_that_is_there_and_not_for_this_user(machine: Machine) -> None:
    machine.tty("ttyACM0", machine.usb("1-2", "1eab", "0006", "Newland", "HR52"))
    (device,) = find(machine.roots, may_use=lambda node: False, missing_group=lambda node: "dialout").serial
    assert device.access == Access(accessible=False, missing_group="dialout", in_use_by=None)
    assert not device.accessible


def test_the_group_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_bytes(b"")
    node.chmod(0o660)
    assert group_that_is_missing(node) is None
    monkeypatch.setattr(os, "getegid", lambda: 99_999)
    monkeypatch.setattr(os, "getgroups", list)
    assert group_that_is_missing(node) is not None
    node.chmod(0o640)
    assert group_that_is_missing(node) is None
    assert group_that_is_missing(tmp_path / "absent") is None


def test_which_program_holds_a_device(machine: Machine) -> None:
    machine.tty("ttyACM0", machine.usb("1-2", "1eab", "0006", "Newland", "HR52"))
    machine.program(1, "systemd", machine.root / "elsewhere")
    machine.program(712, "ModemManager", machine.root / "other", machine.roots.dev / "ttyACM0")
    machine.write(machine.roots.proc / "meminfo", "no process")
    (device,) = machine.find().serial
    assert device.in_use_by == "ModemManager (712)"


def test_hid_scanners_and_no_other_hid_devices(machine: Machine) -> None:
    machine.hidraw("hidraw0", "046d", "c31c", "Keyboard", KEYBOARD_DESCRIPTOR)
    machine.hidraw("hidraw1", "0c2e", "0b81", "Xenon", AIM_DESCRIPTOR, "A1")
    machine.hidraw("hidraw2", "1eab", "0010", "FM430", BARE_DESCRIPTOR)
    first, second = machine.find().hid
    assert (first.product, first.can_beep, first.spec) == ("Xenon", True, "hid:0c2e:0b81:A1")
    assert (second.product, second.can_beep, second.spec) == ("FM430", False, "hid:1eab:0010")


def test_keyboards_that_look_like_scanners(machine: Machine) -> None:
    link = "input/by-id/usb-Honeywell-event-kbd"
    machine.keyboard("event3", "0c2e", "Honeywell 1900", "usb-1/input0", link)
    machine.keyboard("event4", "046d", "Logitech Keyboard", "usb-2/input0")
    machine.keyboard("event5", "0001", "Scan Wedge", "isa0060/serio0", bus="0011")
    first, second = machine.find().wedges
    assert (first.why_unsafe, first.spec) == ("", f"wedge:{machine.roots.dev / link}")
    assert "built into the machine" in second.why_unsafe
    assert second.by_id is None


def test_cameras_by_their_first_node(machine: Machine) -> None:
    link = "v4l/by-id/usb-Cam-video-index0"
    machine.camera("video0", "HD Camera", "0", link)
    machine.camera("video1", "HD Camera", "1")
    asked: list[str] = []

    def probe(node: str) -> tuple[str, ...]:
        asked.append(node)
        return ("MJPG 1280x720",)

    (camera,) = machine.find(probe_formats=probe).cameras
    assert (camera.name, camera.formats) == ("HD Camera", ("MJPG 1280x720",))
    assert (camera.by_id, camera.by_path) == (str(machine.roots.dev / link), None)
    assert camera.spec == f"v4l2:{camera.by_id}"
    assert asked == [camera.node]
    (camera,) = find(machine.roots, may_use=lambda node: False, probe_formats=probe).cameras
    assert camera.formats == ()
    assert len(asked) == 1


def test_printers_indicators_and_lines_of_the_board(machine: Machine) -> None:
    folder = machine.roots.sys / "class" / "usbmisc" / "lp0"
    folder.mkdir(parents=True)
    (folder / "device").symlink_to(machine.usb("1-4", "04b8", "0202", "EPSON", "TM-T88V"))
    machine.hidraw("hidraw5", "04d8", "f372", "Luxafor", b"")
    chip = machine.roots.sys / "bus" / "gpio" / "devices" / "gpiochip0"
    machine.write(chip / "label", "pinctrl-bcm2711")
    machine.write(chip / "ngpio", "58")
    found = machine.find(indicator_numbers=[("04d8", "f372")])
    (printer,) = found.printers
    assert (Path(printer.path).name, printer.vid, printer.product) == ("lp0", "04b8", "EPSON TM-T88V")
    (indicator,) = found.indicators
    assert indicator.product == "Luxafor"
    (lines,) = found.gpio_chips
    assert (lines.label, lines.lines) == ("pinctrl-bcm2711", 58)


def test_the_real_machine_is_looked_at_without_harm() -> None:
    assert isinstance(find(), Found)
