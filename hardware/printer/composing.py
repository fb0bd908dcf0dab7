"""From a slip to the bytes of ESC/POS, as pieces that each end between two commands.

Text goes in the printer's own Chinese font by default: `FS &` selects its multi-byte mode, `FS .` leaves it, GB18030 is
what printers sold in China understand (ESC/POS Command Reference, "Select Kanji character mode"). Where a font file is
named, lines are drawn with it and sent as raster images (`GS v 0`), for printers without Chinese characters; no font is
shipped with this program. Codes are the printer's own (`GS ( k`) or drawn.

Guaranteed: nothing of the slip's texts can be a command (text.py); a code is never cut off: one that does not fit is an
error. Not handled here: lines, and what a printer answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from escpos.constants import QR_ECLEVEL_M
from escpos.escpos import Escpos
from PIL import Image, ImageDraw, ImageFont, ImageOps
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError
from qrcode.image.pil import PilImage
from qrcode.main import QRCode

from hardware.devices import Slip
from hardware.output_errors import FontUnusable, SlipTooLarge
from hardware.printer.text import cells, encoded, harmless, wrapped

CELL_DOTS: Final = 12
"""Of font A; a Chinese character takes two (24 × 24)."""
_LINE_DOTS: Final = 30
_QUIET_MODULES: Final = 8
_LARGEST_MODULE: Final = 6
_SMALLEST_MODULE: Final = 3
"""0.375 mm at 203 dpi, which phones and scanners read from thermal paper."""
_LARGEST_NATIVE_MODULES: Final = 57
"""Version 10. Printers choose mode and size of larger ones differently, so those are drawn here."""
_REAL_TIME: Final = (b"\x10\x04", b"\x10\x05", b"\x10\x14")
_MAX_ROWS: Final = 64
_MAX_LABEL_CHARACTERS: Final = 40
_MAX_VALUE_CHARACTERS: Final = 400
_BEGIN_TEXT: Final = b"\x1b@\x1c&"
_BEGIN_DRAWN: Final = b"\x1b@"
_LEFT, _CENTRE = b"\x1ba\x00", b"\x1ba\x01"
_LARGE, _NORMAL = b"\x1d!\x11\x1c!\x0c", b"\x1d!\x00\x1c!\x00"


@dataclass(frozen=True, slots=True)
class Paper:
    """What a printer has.

    Attributes:
        dots: printable width: 384 on 58 mm, 576 on 80 mm.
        four_bytes: it knows the four-byte characters of GB18030.
        font: file to draw text with; None: the printer's own.
        drawn_codes: it has no codes of its own.
        cuts: it has a cutter.
    """

    dots: int = 384
    four_bytes: bool = False
    font: Path | None = None
    drawn_codes: bool = False
    cuts: bool = True

    @property
    def columns(self) -> int:
        """Half-width characters in a line."""
        return self.dots // CELL_DOTS


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text as it will stand on the paper."""

    text: str
    large: bool = False
    centred: bool = False


def lines_of(slip: Slip, paper: Paper) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What stands above the code and what below it.

    Raises:
        SlipTooLarge: it is longer than any slip.
    """
    if len(slip.rows) > _MAX_ROWS or len(slip.small_print) > _MAX_ROWS:
        raise SlipTooLarge("slip", f"more than {_MAX_ROWS} lines")
    rule = Line("-" * paper.columns)
    title = harmless(slip.title, max_characters=_MAX_LABEL_CHARACTERS)
    above = [Line(each, large=True, centred=True) for each in wrapped(title, paper.columns // 2)]
    above.append(rule)
    for label, value in slip.rows:
        said = harmless(value, max_characters=_MAX_VALUE_CHARACTERS)
        named = harmless(label, max_characters=_MAX_LABEL_CHARACTERS)
        above += [Line(each) for each in wrapped(f"{named}: {said}" if named else said, paper.columns, indent=2)]
    above.append(rule)
    below = [
        Line(each)
        for said in slip.small_print
        for each in wrapped(harmless(said, max_characters=_MAX_VALUE_CHARACTERS), paper.columns)
    ]
    return tuple(above), tuple(below)


def compose(slip: Slip, paper: Paper) -> tuple[bytes, ...]:
    """The whole job.

    Raises:
        SlipTooLarge: it does not fit.
        FontUnusable: the font is none.
    """
    above, below = lines_of(slip, paper)
    drawing = None if paper.font is None else _Drawing(paper.font, paper)
    job = [_BEGIN_TEXT if drawing is None else _BEGIN_DRAWN]
    write = _text if drawing is None else drawing.line
    job += [write(line, paper) for line in above]
    if slip.code:
        job += _code(slip.code, paper)
    job += [write(line, paper) for line in below]
    job.append(_recorded(lambda printer: printer.cut("PART")) if paper.cuts else b"\x1bd\x06")
    return tuple(job)


def _text(line: Line, paper: Paper) -> bytes:
    size = _LARGE if line.large else _NORMAL
    align = _CENTRE if line.centred else _LEFT
    return align + size + encoded(line.text, four_bytes=paper.four_bytes) + b"\n"


def _code(content: str, paper: Paper) -> Iterator[bytes]:
    made, module = _fitting(content, paper)
    yield _CENTRE
    if paper.drawn_codes or paper.font is not None or made.modules_count > _LARGEST_NATIVE_MODULES:
        made.box_size, made.border = module, _QUIET_MODULES // 2
        yield _raster(made.make_image().get_image().convert("1"))
    else:
        yield _recorded(lambda printer: printer.qr(content, ec=QR_ECLEVEL_M, size=module, native=True))
    yield b"\n" + _LEFT


def _fitting(content: str, paper: Paper) -> tuple["QRCode[PilImage]", int]:
    """The code and the dots of a module: level M, or L where M would not fit."""
    for level in (ERROR_CORRECT_M, ERROR_CORRECT_L):
        made: QRCode[PilImage] = QRCode(error_correction=level, image_factory=PilImage)
        made.add_data(content.encode("utf-8"))
        try:
            made.make(fit=True)
        except (ValueError, DataOverflowError):
            continue
        module = min(_LARGEST_MODULE, paper.dots // (made.modules_count + _QUIET_MODULES))
        if module >= _SMALLEST_MODULE:
            return made, module
    raise SlipTooLarge("slip", f"a code of {len(content)} characters on {paper.dots} dots")


class _Drawing:
    """Draws lines with a font file on the grid of the printer's own characters."""

    def __init__(self, font: Path, paper: Paper) -> None:
        try:
            self._fonts = {size: ImageFont.truetype(str(font), size) for size in (2 * CELL_DOTS, 4 * CELL_DOTS)}
        except OSError as failure:
            raise FontUnusable(str(font), str(failure)) from failure
        self._dots = paper.dots

    def line(self, line: Line, paper: Paper) -> bytes:
        scale = 2 if line.large else 1
        picture = Image.new("1", (paper.dots, _LINE_DOTS * scale), 1)
        pen = ImageDraw.Draw(picture)
        cell = CELL_DOTS * scale
        at = (paper.dots - cells(line.text) * cell) // 2 if line.centred else 0
        for character in line.text:
            wide = cells(character) * cell
            pen.text((at + wide / 2, picture.height / 2), character, font=self._fonts[2 * cell], fill=0, anchor="mm")
            at += wide
        return _raster(picture)


def _raster(picture: Image.Image) -> bytes:
    """`GS v 0`. The library's own `image` speaks to standard output about paper widths that it does not know."""
    picture = ImageOps.expand(picture, (0, 0, -picture.width % 8, 0), fill=1)
    width = picture.width // 8
    size = width.to_bytes(2, "little") + picture.height.to_bytes(2, "little")
    dots = bytes(255 - each for each in picture.tobytes())
    for command in _REAL_TIME:
        # One dot more: printers carry a real-time command out wherever they see it, and DLE DC4 opens cash drawers.
        dots = dots.replace(command, bytes((command[0], command[1] | 0x08)))
    return b"\x1dv0\x00" + size + dots


class _Recorder(Escpos):
    """The library's commands, collected instead of sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def _raw(self, msg: bytes) -> None:
        self.sent.append(msg)

    def open(self) -> None:
        """There is nothing to open."""

    def close(self) -> None:
        """There is nothing to close."""


def _recorded(command: Callable[[Escpos], object]) -> bytes:
    printer = _Recorder()
    command(printer)
    return b"".join(printer.sent)
