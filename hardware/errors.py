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
    advice = "use a camera number, v4l2:/dev/…, file:PATH, http(s)://…, or for a scanner a port path or pyserial URL"


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
    advice = "add this user to the group that owns the device (dialout for scanners, video for cameras)"


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
