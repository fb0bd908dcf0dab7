"""What looking around finds: one value for each kind of device, and how to name it to the terminal.

Not handled here: the looking (discovery.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """Whether this program may use a device.

    Attributes:
        accessible: it may be read and written.
        missing_group: the group that this user would have to be in; None if that would not help or is not needed.
        in_use_by: name and number of the program that has it open; None if nobody has, or one that may not be seen.
    """

    accessible: bool
    missing_group: str | None
    in_use_by: str | None


@dataclass(frozen=True, slots=True)
class SerialDevice:
    """A serial line, with or without a scanner behind it.

    Attributes:
        path: its node.
        by_path: the name of its socket; None if there is none.
        by_id: the name of the device itself; None if there is none.
        vid: maker's number; empty where it is not a USB device.
        pid: product's number.
        serial_number: empty if it has none.
        product: what it calls itself.
        is_adapter: a converter, so that what it calls itself says nothing about the scanner.
        profile: name of the suggested scanner profile; None if nothing is known.
        access: whether it may be used.
    """

    path: str
    by_path: str | None
    by_id: str | None
    vid: str
    pid: str
    serial_number: str
    product: str
    is_adapter: bool
    profile: str | None
    access: Access

    @property
    def in_use_by(self) -> str | None:
        """See `Access`."""
        return self.access.in_use_by

    @property
    def accessible(self) -> bool:
        """See `Access`."""
        return self.access.accessible

    @property
    def spec(self) -> str:
        """How to name it to the terminal."""
        path = self.by_path or self.by_id or self.path
        return f"serial:{path}?profile={self.profile}" if self.profile else path


@dataclass(frozen=True, slots=True)
class HidDevice:
    """A HID-POS bar code scanner.

    Attributes:
        path: its raw node.
        vid: maker's number.
        pid: product's number.
        serial_number: empty if it has none.
        product: what it calls itself.
        can_beep: it can be told to beep for good and for bad.
        access: whether it may be used.
    """

    path: str
    vid: str
    pid: str
    serial_number: str
    product: str
    can_beep: bool
    access: Access

    @property
    def spec(self) -> str:
        """How to name it to the terminal: by its numbers, which stay the same."""
        return "hid:" + ":".join(each for each in (self.vid, self.pid, self.serial_number) if each)


@dataclass(frozen=True, slots=True)
class WedgeDevice:
    """A keyboard that looks like a scanner.

    Attributes:
        path: its event node.
        by_id: the name that survives replugging; None if there is none.
        vid: maker's number.
        pid: product's number.
        product: what it calls itself.
        why_unsafe: what speaks against taking it; empty if nothing does.
        access: whether it may be used.
    """

    path: str
    by_id: str | None
    vid: str
    pid: str
    product: str
    why_unsafe: str
    access: Access

    @property
    def spec(self) -> str:
        """How to name it to the terminal."""
        return f"wedge:{self.by_id or self.path}"


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A camera that gives pictures.

    Attributes:
        node: /dev/video….
        by_id: the name of the camera; None if there is none.
        by_path: the name of its socket; None if there is none.
        name: what it calls itself.
        formats: what `probe_formats` says; empty without it.
        access: whether it may be used.
    """

    node: str
    by_id: str | None
    by_path: str | None
    name: str
    formats: tuple[str, ...]
    access: Access

    @property
    def spec(self) -> str:
        """How to name it to the terminal."""
        return f"v4l2:{self.by_id or self.by_path or self.node}"


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A printer, or a beacon that the library for them knows.

    Attributes:
        path: its node: /dev/usb/lp… of a printer, the raw node of a beacon.
        vid: maker's number.
        pid: product's number.
        product: what it calls itself.
        access: whether it may be used.
    """

    path: str
    vid: str
    pid: str
    product: str
    access: Access


@dataclass(frozen=True, slots=True)
class GpioChip:
    """Lines of the board.

    Attributes:
        path: /dev/gpiochip….
        label: what the driver calls it.
        lines: how many; 0 if that is not told.
        access: whether it may be used.
    """

    path: str
    label: str
    lines: int
    access: Access


@dataclass(frozen=True, slots=True)
class Found:
    """Everything, in the order of names."""

    serial: tuple[SerialDevice, ...] = ()
    hid: tuple[HidDevice, ...] = ()
    wedges: tuple[WedgeDevice, ...] = ()
    cameras: tuple[CameraDevice, ...] = ()
    printers: tuple[UsbDevice, ...] = ()
    indicators: tuple[UsbDevice, ...] = ()
    gpio_chips: tuple[GpioChip, ...] = ()
