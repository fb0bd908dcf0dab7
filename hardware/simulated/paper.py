"""What a strip of paper looks like after these bytes: an interpreter of the ESC/POS commands that the driver uses.

Anything else is kept in `not_understood`, so that a test can assert that nothing slipped through as a command.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.main import QRCode

_CELL: Final = 12
_LINE: Final = 30
_MARGIN: Final = 24
_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)


@dataclass(frozen=True, slots=True)
class Printed:
    """One thing on the paper: a line, a code, a picture, or a cut; exactly one of them is set."""

    text: str | None = None
    large: bool = False
    centred: bool = False
    code: bytes | None = None
    module: int = 0
    picture: Image.Image | None = field(default=None, compare=False)
    cut: bool = False


# Command → number of bytes that follow it.
_FIXED: Final = {b"\x1bd": 1, b"\x1ba": 1, b"\x1d!": 1, b"\x1c!": 1, b"\x1b@": 0, b"\x1c&": 0, b"\x1c.": 0, b"\x1dr": 1}


class Strip:
    """Takes bytes in any pieces; gives up one command at a time so that a printer can stop in the middle."""

    def __init__(self) -> None:
        """Blank paper."""
        self.printed: list[Printed] = []
        self.not_understood: list[bytes] = []
        self.pending = b""
        self._line = b""
        self._code = b""
        self._module = 3
        self._large = self._centred = self._chinese = False

    def step(self) -> str | None:
        """Works off one command: "line" when paper was moved, "asked" for GS r, "" else; None: it is not whole yet."""
        pending = self.pending
        if not pending:
            return None
        if pending[0] == 0x0A:
            return self._took(1, self._line_end())
        if pending[0] >= 0x20:
            self._line += pending[:1]
            return self._took(1, "")
        command = pending[:2]
        if len(command) < 2:
            return None
        if command in _FIXED:
            return self._fixed(command)
        if command == b"\x1dV":
            return self._cut()
        if command == b"\x1d(":
            return self._two_dimensional()
        if pending[:3] == b"\x1dv0":
            return self._raster()
        if pending[0] == 0x1D and len(pending) < 3:
            return None
        self.not_understood.append(pending[:1])
        return self._took(1, "")

    @property
    def lines(self) -> list[str]:
        """The lines of text on it."""
        return [each.text for each in self.printed if each.text is not None]

    @property
    def is_cut(self) -> bool:
        """Whether the last slip came out whole."""
        return bool(self.printed) and self.printed[-1].cut

    def forget(self) -> None:
        """Whatever was not worked off yet is cleared."""
        self.pending, self._line = b"", b""

    def drawn(self, dots: int, *, font: Path | None = None) -> Image.Image:
        """The strip as a picture, with any font that has Chinese characters, or boxes without one."""
        height = sum(_height(each) for each in self.printed) + 2 * _MARGIN
        paper = Image.new("L", (dots + 2 * _MARGIN, height), 250)
        pen = ImageDraw.Draw(paper)
        file = font or next((Path(each) for each in _FONTS if Path(each).exists()), None)
        top = _MARGIN
        for each in self.printed:
            picture = _code_picture(each) if each.code is not None else each.picture
            if each.text is not None:
                _draw_text(pen, each, top, dots, file)
            elif picture is not None:
                left = _MARGIN + ((dots - picture.width) // 2 if each.centred else 0)
                paper.paste(picture.convert("L"), (left, top))
            elif each.cut:
                pen.line((0, top + 8, paper.width, top + 8), fill=160)
            top += _height(each)
        return paper

    def _took(self, count: int, said: str) -> str:
        self.pending = self.pending[count:]
        return said

    def _fixed(self, command: bytes) -> str | None:
        length = _FIXED[command]
        if len(self.pending) < 2 + length:
            return None
        n = self.pending[2] if length else 0
        said = ""
        match command:
            case b"\x1b@":
                self._large = self._centred = self._chinese = False
            case b"\x1ba":
                self._centred = n == 1
            case b"\x1d!":
                self._large = n != 0
            case b"\x1c&":
                self._chinese = True
            case b"\x1c.":
                self._chinese = False
            case b"\x1dr":
                said = "asked"
            case b"\x1bd":
                said = self._line_end() if self._line else "line"
            case _:
                pass
        return self._took(2 + length, said)

    def _line_end(self) -> str:
        text = self._line.decode("gb18030" if self._chinese else "cp437", "replace")
        self.printed.append(Printed(text=text, large=self._large, centred=self._centred))
        self._line = b""
        return "line"

    def _cut(self) -> str | None:
        if len(self.pending) < 3:
            return None
        self.printed.append(Printed(cut=True))
        return self._took(3 if self.pending[2] in b"\x00\x010" + b"1" else 4, "line")

    def _two_dimensional(self) -> str | None:
        if len(self.pending) < 5:
            return None
        length = self.pending[3] + 256 * self.pending[4]
        if len(self.pending) < 5 + length:
            return None
        body = self.pending[5 : 5 + length]
        said = ""
        match body[1:2]:
            case b"C":
                self._module = body[2]
            case b"P":
                self._code = body[3:]
            case b"Q":
                self.printed.append(Printed(code=self._code, module=self._module, centred=self._centred))
                said = "line"
            case _:
                pass
        return self._took(5 + length, said)

    def _raster(self) -> str | None:
        if len(self.pending) < 8:
            return None
        width, height = self.pending[4] + 256 * self.pending[5], self.pending[6] + 256 * self.pending[7]
        if len(self.pending) < 8 + width * height:
            return None
        dots = bytes(255 - each for each in self.pending[8 : 8 + width * height])
        picture = Image.frombytes("1", (width * 8, height), dots)
        self.printed.append(Printed(picture=picture, centred=self._centred))
        return self._took(8 + width * height, "line")


def _height(each: Printed) -> int:
    if each.text is not None:
        return _LINE * (2 if each.large else 1)
    if each.code is not None:
        return _code_picture(each).height
    return each.picture.height if each.picture is not None else 2 * _MARGIN


def _code_picture(each: Printed) -> Image.Image:
    made: QRCode[PilImage] = QRCode(
        error_correction=ERROR_CORRECT_M, box_size=each.module, border=4, image_factory=PilImage
    )
    made.add_data(each.code)
    drawn: Image.Image = made.make_image().get_image()
    return drawn


def _draw_text(pen: ImageDraw.ImageDraw, each: Printed, top: int, dots: int, file: Path | None) -> None:
    assert each.text is not None
    cell = _CELL * (2 if each.large else 1)
    font = ImageFont.truetype(str(file), 2 * cell) if file else ImageFont.load_default(2 * cell)
    wide = [cell if character.isascii() else 2 * cell for character in each.text]
    left = _MARGIN + ((dots - sum(wide)) // 2 if each.centred else 0)
    for character, width in zip(each.text, wide, strict=True):
        pen.text((left + width / 2, top + _height(each) / 2), character, font=font, fill=20, anchor="mm")
        left += width
