"""Drawing a code: the smallest QR version at level L, in alphanumeric mode, as modules, SVG and PNG.

The mask is fixed: choosing the best of eight takes four times as long (bench/wallet.py), any mask is read equally well,
and base45 of signatures is as good as random. Beyond version 25 nothing is drawn (PROTOCOL.md, "Size budget"). Wallets
draw licences with it, terminals their requests. Imported only where something is drawn: the library takes its time.
"""

import zlib
from html import escape
from typing import Final

from qrcode.constants import ERROR_CORRECT_L
from qrcode.image.base import BaseImage
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from protocol.errors import SizeError

Matrix = tuple[tuple[bool, ...], ...]
"""Rows of modules, True is dark, without the quiet zone."""

QUIET_ZONE: Final = 4
_MASK: Final = 0
_MODULE_PIXELS: Final = 8
_PIECE: Final = 90
"""Characters of a segment: 495 bits, and at most 17 of its head."""

CAPACITY: Final = (
    25, 47, 77, 114, 154, 195, 224, 279, 335, 395, 468, 535, 619, 667, 758, 854, 938, 1046, 1153, 1249, 1352, 1460,
    1588, 1704, 1853,
)  # fmt: skip
"""ISO/IEC 18004 table 7: alphanumeric characters of versions 1 to 25 at level L."""


def version_for(text: str) -> int:
    """The smallest version that holds the text.

    Raises:
        SizeError: None up to 25 does.
    """
    for version, capacity in enumerate(CAPACITY, 1):
        if len(text) <= capacity:
            return version
    raise SizeError(f"{len(text)} characters, at most {CAPACITY[-1]}")


def modules(text: str) -> Matrix:
    """The modules of a code.

    Raises:
        SizeError: See `version_for`.
        ValueError: A character outside the alphanumeric set; no text of ours has one.
    """
    version = version_for(text)
    try:
        return _drawn((text,), version, grow=False)
    except ValueError:
        # The library cannot divide a block of zeros, such as a long run of zeros in a portrait makes. A segment's head
        # is never zero, and there is one in every 64 bytes then; the smallest block at level L has 68.
        pieces = tuple(text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
        return _drawn(pieces, version, grow=True)


def _drawn(segments: tuple[str, ...], version: int, *, grow: bool) -> Matrix:
    code: QRCode[BaseImage] = QRCode(
        version=version, error_correction=ERROR_CORRECT_L, border=QUIET_ZONE, mask_pattern=_MASK
    )
    for segment in segments:
        code.add_data(QRData(segment, mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=grow)
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


def svg(matrix: Matrix, title: str) -> str:
    """A black-on-white SVG with its quiet zone; one path, so that no renderer leaves seams between modules."""
    size = size_of(matrix)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
        f'<title>{escape(title)}</title><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path fill="#000" d="{svg_path(matrix)}"/></svg>'
    )


def size_of(matrix: Matrix) -> int:
    """Modules along one side, with the quiet zone."""
    return len(matrix) + 2 * QUIET_ZONE


def svg_path(matrix: Matrix) -> str:
    """The dark modules as one path, a unit to a module, shifted by the quiet zone."""
    return "".join(
        f"M{start + QUIET_ZONE} {line + QUIET_ZONE}h{length}v1h-{length}z"
        for line, row in enumerate(matrix)
        for start, length in _runs(row)
    )


def png(matrix: Matrix) -> bytes:
    """A PNG with one bit for each pixel, eight pixels for each module, and its quiet zone."""
    size = len(matrix) + 2 * QUIET_ZONE
    # With eight pixels to a module and one bit to a pixel, a module is a byte.
    white, edge = b"\xff" * size, b"\xff" * QUIET_ZONE
    lines = [white] * QUIET_ZONE
    lines += [edge + bytes(0 if dark else 0xFF for dark in row) + edge for row in matrix]
    lines += [white] * QUIET_ZONE
    # PNG section 9: filter 0 (as it stands) for a module's first scan line, filter 2 (difference from the line above:
    # none) for its other seven, which makes the compression ten times as fast.
    same_as_above = (b"\x02" + bytes(size)) * (_MODULE_PIXELS - 1)
    pixels = b"".join(b"\x00" + line + same_as_above for line in lines)
    side = (size * _MODULE_PIXELS).to_bytes(4)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            # PNG section 11.2.2: bit depth 1, greyscale, deflate, no filter method but 0, not interlaced.
            _chunk(b"IHDR", side + side + bytes((1, 0, 0, 0, 0))),
            _chunk(b"IDAT", zlib.compress(pixels, 9)),
            _chunk(b"IEND", b""),
        )
    )


def half_blocks(matrix: Matrix) -> str:
    """The code for a terminal: two modules to a character, explicit colours, so a dark theme cannot invert it."""
    size = len(matrix) + 2 * QUIET_ZONE
    blank = (False,) * size
    edge = (False,) * QUIET_ZONE
    rows = [blank] * QUIET_ZONE + [edge + row + edge for row in matrix] + [blank] * QUIET_ZONE
    if len(rows) % 2:
        rows.append(blank)
    lines = (
        "".join(_HALF_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(f"\x1b[38;5;16;48;5;231m{line}\x1b[0m" for line in lines)


_HALF_BLOCKS: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


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
