"""Why a lamp, a lock, a printer or a display could not be used: leaves of the package's one root.

Not handled here: what lamps and other devices share with scanners (absent, busy, forbidden): see errors.py.
"""

from hardware.errors import DeviceForbidden, DeviceNotFound, HardwareError


class UnsupportedOutput(HardwareError):
    """The words naming an output device are of no known form."""

    meaning = "this is no kind of lamp, buzzer, lock, printer or display that is known here"
    advice = (
        "use lamp:busylight, lamp:gpio:CHIP/RED,YELLOW,GREEN, buzzer:gpio:CHIP/LINE, lock:gpio:CHIP/LINE, "
        "escpos:PATH, escpos:socket://HOST:9100 or display:PATH; each has a form with `simulated` for trying out"
    )


class BeaconNotFound(DeviceNotFound):
    """No USB beacon of a known maker is plugged in."""

    meaning = "no beacon of a known maker is plugged in"
    advice = "plug it in; `busylight-core` lists the models that are known"


class BeaconForbidden(DeviceForbidden):
    """A beacon is there and this user may not open it."""

    meaning = "a beacon is plugged in and cannot be opened"
    advice = "end other programs that use it, and give this user access to its hidraw node by a udev rule"


class OutputLibraryMissing(HardwareError):
    """The library for this kind of device is not installed, or the system is not Linux."""

    meaning = "the driver library for this kind of device is not here (it exists for Linux only)"
    advice = "install the package named in the details"


class PrinterError(HardwareError):
    """Nothing can be said to have been printed."""

    meaning = "the printer could not print"


class PrinterOutOfPaper(PrinterError):
    """The roll has ended."""

    meaning = "the printer has no paper, so the slip is not printed or not whole"
    advice = "put in a new roll, throw away what came out, and print again"


class PrinterCoverOpen(PrinterError):
    """The cover or the head is open."""

    meaning = "the printer's cover is open, so the slip is not printed or not whole"
    advice = "close the cover, throw away what came out, and print again"


class PrinterFault(PrinterError):
    """The printer reports an error, such as a jammed cutter or a hot head."""

    meaning = "the printer reports an error, so the slip is not printed or not whole"
    advice = "look for a paper jam, switch it off and on, and print again"


class PrinterSilent(PrinterError):
    """The printer is there by its address and does not answer."""

    meaning = "the printer gives no answer, so nothing can be said about the slip"
    advice = "check that it is switched on; if this model never answers, add ?status=none to its name"


class PrinterDied(PrinterError):
    """The connection broke while a slip was being sent."""

    meaning = "the connection to the printer broke off in the middle of a slip"
    advice = "check cable and power, throw away what came out, and print again"


class SlipTooLarge(PrinterError):
    """The slip does not fit on the paper, or is longer than any slip."""

    meaning = "the slip is too large for this printer"
    advice = "shorten its texts, or use wider paper for its code"


class FontUnusable(PrinterError):
    """The font for drawn text is missing or is no font."""

    meaning = "the font named for the printer cannot be used"
    advice = "name a TrueType or OpenType file with Chinese characters, or leave it out and use the printer's own"
