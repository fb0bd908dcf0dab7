"""Why a device or a file could not be used: one root, one leaf per reason.

Every text says what happened, what it means and what to do. None of them carries what was read from a device.
"""

from typing import ClassVar


class HardwareError(Exception):
    """Something outside the program, a device or a file, could not be used.

    Attributes:
        source: the device or file as the operator named it.
        detail: the words of the operating system or of a library, for the details page.
    """

    meaning: ClassVar[str] = "the device could not be used"
    advice: ClassVar[str] = "check the device"

    def __init__(self, source: str, detail: str = "") -> None:
        self.source = source
        self.detail = detail
        super().__init__(f"{source}: {self.meaning}{f' ({detail})' if detail else ''}; {self.advice}")


class UnsupportedSource(HardwareError):
    """The words naming a source are of no known form."""

    meaning = "this is no kind of camera, scanner or file that is known here"
    advice = (
        "use a camera number, v4l2:/dev/…, file:PATH, http(s)://…, synthetic:clean, or for a scanner a port path, "
        "a pyserial URL, serial:PATH?profile=…, hid:/dev/hidraw… or wedge:/dev/input/by-id/…"
    )


class DeviceNotFound(HardwareError):
    """No device or file exists under that name."""

    meaning = "there is nothing under this name"
    advice = "check that it is plugged in and the name is right (for devices prefer the by-id and by-path names)"


class DeviceBusy(HardwareError):
    """Another program has the device."""

    meaning = "another program is using the device, so it cannot be read here"
    advice = "close the other program (ModemManager is a usual one) and try again"


class DeviceForbidden(HardwareError):
    """The operating system does not let this user open the device."""

    meaning = "the operating system refuses access"
    advice = (
        "add this user to the group that owns the device (dialout for serial scanners, input for keyboard scanners, "
        "video for cameras)"
    )


class DeviceUnusable(HardwareError):
    """The device is there and cannot be read, for a reason not listed above."""

    meaning = "the device is there and gives nothing"
    advice = "unplug it, plug it in again, and look at the details"


class ImageUnreadable(HardwareError):
    """The file is not an image, or a damaged one."""

    meaning = "this is not a whole image in a known format"
    advice = "use a PNG, JPEG, WebP, BMP, GIF or TIFF file"


class ImageTooLarge(HardwareError):
    """The image has more pixels or bytes than are ever unpacked."""

    meaning = "the image is too large to be unpacked safely"
    advice = "make it smaller or cut out the code"


class VideoUnreadable(HardwareError):
    """The file is not a video, or its index is missing because it was cut off."""

    meaning = "this is not a video that can be opened, or its end is missing"
    advice = "record or copy it again"


class DecoderFailure(HardwareError):
    """The decoding process did not answer; it has been ended and a new one starts with the next picture."""

    meaning = "the picture could not be examined"
    advice = "show the code again"


class DecoderHung(DecoderFailure):
    """The decoding process used up its time on one picture."""

    meaning = "the decoder took too long over one picture and was stopped"


class DecoderCrashed(DecoderFailure):
    """The decoding process ended, or answered with something that is no answer."""

    meaning = "the decoder broke down over one picture"


class DecoderUnavailable(DecoderFailure):
    """The decoding process cannot be started at all."""

    meaning = "the decoder cannot be started"
    advice = "run the diagnosis: a library may be missing or the machine may be out of memory"


class NotABarCodeScanner(HardwareError):
    """The device under this name is something else."""

    meaning = "the device does not describe itself as a bar code scanner"
    advice = "look the right one up by `liangzheng hardware list`, or set the scanner to the mode HID-POS"


class WedgeOnlyKeyboard(HardwareError):
    """Taking this device for the terminal alone would leave the machine without a keyboard."""

    meaning = (
        "this is the only keyboard of the machine and does not call itself a scanner; it would have to be taken away "
        "from every other program, and then nobody could type any more"
    )
    advice = "set the scanner to a serial or HID-POS mode, or plug a keyboard in beside it"


class WedgeBuiltInKeyboard(HardwareError):
    """The device is the machine's own keyboard."""

    meaning = "this is the keyboard that is built into the machine, and no scanner"
    advice = "name the scanner's own device, see `liangzheng hardware list`"


class WedgeNotAKeyboard(HardwareError):
    """The device does not type."""

    meaning = "this input device has no letters, so it types no codes"
    advice = "name the scanner's own device, see `liangzheng hardware list`"


class WedgeNotExclusive(HardwareError):
    """Another program listens to the same scanner as to a keyboard."""

    meaning = (
        "another program has taken this keyboard scanner for itself; if both listened, codes would also be typed into "
        "whatever window is open"
    )
    advice = "end the other program, or set the scanner to a serial or HID-POS mode"


class DriverMissing(HardwareError):
    """The library for this kind of device is not installed, or the system is not Linux."""

    meaning = "the driver library for this kind of device is not here (it exists for Linux only)"
    advice = "install the package named in the details, or use the scanner's serial mode"


class ProfileDefect(HardwareError):
    """A scanner profile cannot be used."""

    meaning = "this scanner profile is wrong"
    advice = "correct the file; the other profiles are examples"


class UnknownProfile(ProfileDefect):
    """No profile has this name."""

    meaning = "there is no scanner profile of this name"
    advice = "use one of those in brackets; generic suits most scanners"


class ProfileNotToml(ProfileDefect):
    """The file is not TOML."""

    meaning = "this scanner profile is not a TOML file"


class ProfileFieldMissing(ProfileDefect):
    """A field that each profile has is missing."""

    meaning = "this scanner profile lacks a field"


class ProfileFieldUnknown(ProfileDefect):
    """A field is not known, so that somebody believes something that has no effect."""

    meaning = "this scanner profile has a field that means nothing"


class ProfileFieldWrong(ProfileDefect):
    """A field does not have the form that it must have."""

    meaning = "a field of this scanner profile has a wrong value"


class ProfileContradiction(ProfileDefect):
    """Two fields cannot both be meant."""

    meaning = "two fields of this scanner profile contradict each other"
