"""The interfaces of all devices: what reads codes and what it gives, and what shows, prints or unlocks.

Text comes out and nothing is made of it: this package knows no credentials. The text of a reading is hostile until
somebody has verified it, so it is kept out of `repr`, and no event ever carries content, only counts and reasons.
"""

import enum
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hardware.knobs import KnobRefused, KnobTurned


class Decoder(enum.Enum):
    """Who turned the picture into text; scanners do it inside."""

    SCANNER = "scanner"
    ZXING = "zxing"
    ZBAR = "zbar"


@dataclass(frozen=True, slots=True)
class Quality:
    """How a code was read, for diagnosis and for the scanner self-test.

    Attributes:
        decoder: who decoded.
        variant: which preparation of the picture succeeded ("whole", "roi x2", …); "line" for scanners.
        version: QR version, where the decoder tells.
        pixels_per_module: size of one module in the camera's picture, where known.
    """

    decoder: Decoder
    variant: str
    version: int | None = None
    pixels_per_module: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One code, read once.

    Attributes:
        text: exactly what the code says; it may begin with a space, so nobody may strip it.
        source: name of the source that read it.
        aim: AIM symbology identifier such as "]Q1" if the device gave one; it is not part of the text.
        at_monotonic: seconds of the monotonic clock; in a recorded video, opening moment plus position.
    """

    text: str = field(repr=False)
    source: str
    aim: str | None
    at_monotonic: float
    quality: Quality


class LostReason(enum.Enum):
    """Why a live device stopped giving."""

    NOT_FOUND = "not found"
    BUSY = "busy"
    FORBIDDEN = "forbidden"
    UNPLUGGED = "unplugged or broken off"
    SILENT = "silent"
    FROZEN = "the same picture again and again"
    DAMAGED = "pictures that break off half-way"
    UNUSABLE = "unusable"


class DiscardReason(enum.Enum):
    """Why bytes from a line were thrown away."""

    NOT_PRINTABLE = "bytes that are no printable text"
    OVERLONG = "longer than any code"
    RUN_ON = "followed another code without a pause"
    UNPLUGGED = "the device went away in mid-code"
    INCOMPLETE = "broke off before its end"
    DAMAGED = "arrived damaged"


class Hint(enum.Enum):
    """What the person holding the code can do to get it read."""

    CLOSER = "closer"
    HOLD_STILL = "hold still"
    TILT = "tilt it, there is glare"
    DARK = "too dark"
    WHOLE = "show the whole code"
    FURTHER = "further away, the lens cannot focus so near"


@dataclass(frozen=True, slots=True)
class StillInView:
    """A code that was read before is still there; told twice a second while it is.

    Attributes:
        source: name of the source that sees it.
        text_sha256: of its text (UTF-8), so that a listener who knows the text can tell which one.
    """

    source: str
    text_sha256: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """The source is open and gives."""

    source: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The source stopped giving; a live source is tried again."""

    source: str
    reason: LostReason


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The source will be opened again after a pause."""

    source: str
    attempt: int
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Discarded:
    """Bytes were thrown away; how many and why, never which."""

    source: str
    reason: DiscardReason
    byte_count: int


@dataclass(frozen=True, slots=True)
class BlackPicture:
    """The camera gives pictures, and they are black: covered lens, shutter, no light."""

    source: str


@dataclass(frozen=True, slots=True)
class SeveralCodes:
    """More than one code is in view, so none was taken: show one code."""

    source: str
    count: int


@dataclass(frozen=True, slots=True)
class GuidanceGiven:
    """A code may be there but cannot be read; what would help."""

    source: str
    hint: Hint


class DecoderFault(enum.Enum):
    """Why a decoding process was replaced."""

    HUNG = "took too long"
    CRASHED = "broke down"
    UNAVAILABLE = "cannot be started"


@dataclass(frozen=True, slots=True)
class DecoderReplaced:
    """The decoding process failed on one picture and a new one takes its place."""

    source: str
    fault: DecoderFault


@dataclass(frozen=True, slots=True)
class NoCodeFound:
    """A file came to its end and nothing was read from it.

    Attributes:
        code_seen: a code was there but too damaged or blurred to be read.
    """

    source: str
    code_seen: bool


@dataclass(frozen=True, slots=True)
class SourceTruncated:
    """A video file ended before the number of pictures that it announces."""

    source: str
    frames_announced: int
    frames_read: int


@dataclass(frozen=True, slots=True)
class EndOfSource:
    """A file is exhausted; nothing follows."""

    source: str
    frames: int
    readings: int


DeviceEvent = (
    StillInView
    | Connected
    | Lost
    | Reconnecting
    | Discarded
    | KnobRefused
    | KnobTurned
    | BlackPicture
    | SeveralCodes
    | GuidanceGiven
    | DecoderReplaced
    | NoCodeFound
    | SourceTruncated
    | EndOfSource
)


class CodeSource(Protocol):
    """Anything that reads codes: a scanner on a line, a camera, a video, an image."""

    @property
    def name(self) -> str:
        """How the source is called on pages and in the journal; no passwords of URLs in it."""
        ...

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        """Reads until `stop` is set or a finite source is exhausted; blocks in between.

        Live sources reconnect for ever and say so by events. Closing the iterator releases the device.

        Raises:
            HardwareError: a file cannot be used, or a device is missing and the caller did not want to wait for it.
        """
        ...


class Signal(enum.Enum):
    """The four words of every lamp, buzzer, beacon and of a scanner's own beep."""

    SUCCESS = "success"
    ERROR = "error"
    ATTENTION = "attention"
    PROGRESS = "progress"


class AnsweringSource(CodeSource, Protocol):
    """A source that can be told what its code was worth, and be switched on and off."""

    def answer(self, signal: Signal) -> None:
        """Lets the device say this in its own way, if it can; never blocks and never raises."""
        ...

    def trigger(self, *, on: bool) -> None:
        """Starts or ends reading where the device allows it; never blocks and never raises."""
        ...


class Indicator(Protocol):
    """A lamp, a buzzer, a beacon."""

    @property
    def name(self) -> str:
        """How it is called on pages."""
        ...

    def show(self, signal: Signal | None) -> None:
        """Shows this until something else is said; None is off. Returns at once.

        Raises:
            HardwareError: it cannot be reached.
        """
        ...

    def close(self) -> None:
        """Off, and given back."""
        ...


class DoorLock(Protocol):
    """A relay that opens something. Fail-secure: without power, program or answer it is locked."""

    @property
    def name(self) -> str:
        """How it is called on pages."""
        ...

    def release(self, seconds: float) -> None:
        """Unlocks for so long; a second call begins the time anew. Returns at once.

        Raises:
            HardwareError: it cannot be reached; it is then locked as far as this program can tell.
        """
        ...

    def close(self) -> None:
        """Locked, and given back."""
        ...


class PrinterState(enum.Enum):
    """What a printer says of itself."""

    READY = "ready"
    PAPER_LOW = "paper is running out"
    NO_PAPER = "no paper"
    COVER_OPEN = "its cover is open"
    FAULT = "reports an error"
    OFFLINE = "gives no answer"
    UNKNOWN = "does not tell"


@dataclass(frozen=True, slots=True)
class Slip:
    """A strip of paper: a title, lines of text, at most one code, small print. All text is hostile until drawn.

    Attributes:
        title: printed large.
        rows: pairs of label and value; an empty label makes a line of its own.
        code: content of a QR code; empty for none.
        small_print: at the end.
    """

    title: str
    rows: Sequence[tuple[str, str]] = field(repr=False)
    code: str = field(default="", repr=False)
    small_print: Sequence[str] = ()


class SlipPrinter(Protocol):
    """A receipt printer."""

    @property
    def name(self) -> str:
        """How it is called on pages."""
        ...

    def state(self) -> PrinterState:
        """Asks the printer, for a second at most; OFFLINE when it cannot be reached."""
        ...

    def print_slip(self, slip: Slip) -> None:
        """Prints and cuts.

        Raises:
            HardwareError: nothing can be said to have been printed, and why (paper, cover, connection).
        """
        ...

    def close(self) -> None:
        """Given back."""
        ...


class CustomerDisplay(Protocol):
    """A small display that faces the visitor."""

    @property
    def name(self) -> str:
        """How it is called on pages."""
        ...

    def show(self, lines: Sequence[str]) -> None:
        """Replaces what it shows; what its character set lacks is replaced visibly. No personal data belongs here.

        Raises:
            HardwareError: it cannot be reached.
        """
        ...

    def close(self) -> None:
        """Cleared, and given back."""
        ...
