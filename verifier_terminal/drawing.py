"""Drawing what a terminal shows to a phone: a QR code at level L as modules, for a command line, as PNG and as a path.

The mask is fixed: any mask is read equally well, and the best of eight takes eight drawings to find. Our texts are
base45, so the mode is alphanumeric. Not handled here: what the text says.
"""

import zlib
from typing import Final

from qrcode.constants import ERROR_CORRECT_L
from qrcode.image.base import BaseImage
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from verifier_terminal.errors import RequestRefused

Matrix = tuple[tuple[bool, ...], ...]
"""Rows of modules with their quiet zone; True is dark."""

QUIET_ZONE: Final = 4
_MASK: Final = 0
_MODULE_PIXELS: Final = 8
_LARGEST_VERSION: Final = 25
"""What phones still read from a screen (PROTOCOL.md, "Size budget")."""
_HALF_BLOCKS: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def modules(text: str) -> Matrix:
    """The smallest code that holds this text.

    Raises:
        RequestRefused: None up to version 25 does.
    """
    code: QRCode[BaseImage] = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET_ZONE, mask_pattern=_MASK)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM), optimize=0)
    if code.best_fit() > _LARGEST_VERSION:
        raise RequestRefused("the reason and the items do not fit one code")
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def half_blocks(matrix: Matrix) -> str:
    """The code for a command line: two modules to a character, in colours of its own that no theme inverts."""
    rows = list(matrix)
    if len(rows) % 2:
        rows.append((False,) * len(rows))
    lines = (
        "".join(_HALF_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(f"\x1b[38;5;16;48;5;231m{line}\x1b[0m" for line in lines)


def svg_path(matrix: Matrix) -> str:
    """The dark modules as one SVG path, a unit to a module: one path leaves no seams between them."""
    return "".join(
        f"M{start} {line}h{length}v1h-{length}z" for line, row in enumerate(matrix) for start, length in _runs(row)
    )


def png(matrix: Matrix) -> bytes:
    """A black-and-white PNG of eight pixels to a module."""
    size = len(matrix)
    # With eight pixels to a module and one bit to a pixel, a module is a byte.
    lines = (b"\x00" + bytes(0 if dark else 0xFF for dark in row) for row in matrix)
    pixels = b"".join(line * _MODULE_PIXELS for line in lines)
    side = (size * _MODULE_PIXELS).to_bytes(4)
    # PNG section 11.2.2: bit depth 1, greyscale, deflate, no filter method but 0, not interlaced.
    header = _chunk(b"IHDR", side + side + bytes((1, 0, 0, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(pixels, 9)) + _chunk(b"IEND", b"")


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Where dark runs start in a row, and how long they are."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for column, dark in enumerate((*row, False)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            runs.append((start, column - start))
            start = None
    return runs


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)
