"""Draws one A4 page: a title, rows of words, perhaps a table of values under a watermark, and a code; PDF bytes out.

STSong-Light is a font that readers bring along (PDF 1.7 section 9.7.5.2, Adobe-GB1 with UniGB-UCS2-H), so none is
shipped and none is needed here. It has no character beyond the basic plane: those are written as their number, because
a name with a hole in it is another name. What `attached` holds stands in the page's keywords in base64url, so that a
program finds it without reading a picture. The same input gives the same bytes. Not handled here: what is said.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from protocol import receipt_in_pdf
from protocol.errors import SizeError
from protocol.qr import drawing

_FONT: Final = "STSong-Light"
_WIDTH, _HEIGHT = 210.0, 297.0
_LEFT, _RIGHT, _VALUES = 22.0, 188.0, 58.0
_BOTTOM: Final = 18.0
_CODE_MM: Final = 52.0
_LINE: Final = 1.35
_WATERMARK_GREY: Final = 0.86
_WATERMARK_EVERY_MM: Final = 52.0


@dataclass(frozen=True, slots=True)
class Page:
    """What the page says. Rows are label and text; `values` are drawn as a table under the watermark's lines."""

    title: str
    rows: Sequence[tuple[str, str]]
    code: str
    small_print: Sequence[str]
    receipt: bytes | None = None
    values_title: str = ""
    values: Sequence[tuple[str, str]] = ()
    watermark: Sequence[str] = ()


class PageTooLong(Exception):
    """It does not fit one page; the caller says what to leave out."""


def draw(page: Page) -> bytes:
    """The page as PDF.

    Raises:
        PageTooLong: More than one page.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(_WIDTH * mm, _HEIGHT * mm), invariant=True)
    canvas.setTitle(page.title)
    if page.receipt is not None:
        canvas.setKeywords(receipt_in_pdf.keywords(page.receipt))
    _watermark(canvas, page.watermark)
    at = _text(canvas, _LEFT, 26.0, page.title, 20)
    canvas.setLineWidth(0.3 * mm)
    canvas.line(_LEFT * mm, (_HEIGHT - at) * mm, _RIGHT * mm, (_HEIGHT - at) * mm)
    at = _rows(canvas, at + 8.0, page.rows)
    if page.values:
        at = _text(canvas, _LEFT, at + 4.0, page.values_title, 12)
        at = _rows(canvas, at + 3.0, page.values)
    side = _code(canvas, at + 3.0, page.code)
    beside = _LEFT if side == 0.0 else _LEFT + _CODE_MM + 6.0
    small = at + 7.0
    for words in page.small_print:
        small = _text(canvas, beside, small, words, 9) + 1.5
    if max(at + 3.0 + side, small) > _HEIGHT - _BOTTOM:
        raise PageTooLong
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _rows(canvas: Canvas, at: float, rows: Sequence[tuple[str, str]]) -> float:
    for label, text in rows:
        _text(canvas, _LEFT, at, label, 11, right=_VALUES)
        at = _text(canvas, _VALUES if label else _LEFT, at, text, 11) + 1.2
    return at


def _text(canvas: Canvas, left: float, at: float, words: str, size: int, *, right: float = _RIGHT) -> float:
    """Words from a place on, in as many lines as they take; where the next line would stand."""
    canvas.setFont(_FONT, size)
    height = size * _LINE / mm
    for line in _lines(_drawable(words), size, (right - left) * mm):
        canvas.drawString(left * mm, (_HEIGHT - at) * mm, line)
        at += height
    return at


def _lines(words: str, size: int, width: float) -> Iterator[str]:
    """Chinese breaks anywhere; a word of Latin letters only where it is longer than a line."""
    line = ""
    for word in _words(words):
        if line and _wide(line + word, size) > width:
            yield line.rstrip()
            line = ""
        line = line + word if line else word.lstrip()
        while _wide(line, size) > width and len(line) > 1:
            fits = next(end for end in range(len(line) - 1, 0, -1) if end == 1 or _wide(line[:end], size) <= width)
            yield line[:fits]
            line = line[fits:]
    yield line.rstrip()


def _words(words: str) -> Iterator[str]:
    """Pieces that stay together: single Chinese characters, and runs of others up to the next space."""
    piece = ""
    for character in words:
        if character > "\u2e7f":
            if piece:
                yield piece
            yield character
            piece = ""
        else:
            piece += character
            if character == " ":
                yield piece
                piece = ""
    if piece:
        yield piece


def _wide(words: str, size: int) -> float:
    return float(pdfmetrics.stringWidth(words, _FONT, size))


def _drawable(words: str) -> str:
    shown = (each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in words)
    return "".join(each if each <= "\uffff" else f"[U+{ord(each):X}]" for each in shown)


def _watermark(canvas: Canvas, lines: Sequence[str]) -> None:
    """Across the whole page and under everything, so that no part of it can be copied without."""
    if not lines:
        return
    canvas.saveState()
    canvas.setFillGray(_WATERMARK_GREY)
    canvas.setFont(_FONT, 11)
    for number in range(int(_HEIGHT / _WATERMARK_EVERY_MM) + 1):
        canvas.saveState()
        canvas.translate(14 * mm, (8 + number * _WATERMARK_EVERY_MM) * mm)
        canvas.rotate(18)
        for place, line in enumerate(lines):
            canvas.drawString(0, -place * 5.5 * mm, _drawable(line))
        canvas.restoreState()
    canvas.restoreState()


def _code(canvas: Canvas, top: float, text: str) -> float:
    """The code on white, the watermark kept away from it; its side, 0 where there is none."""
    if not text:
        return 0.0
    try:
        matrix = drawing.modules(text)
    except (SizeError, ValueError):
        # A digest stands there, or what one code cannot hold: the row of words has it.
        return 0.0
    unit = _CODE_MM / drawing.size_of(matrix)
    canvas.setFillGray(1)
    canvas.rect(_LEFT * mm, (_HEIGHT - top - _CODE_MM) * mm, _CODE_MM * mm, _CODE_MM * mm, stroke=0, fill=1)
    canvas.setFillGray(0)
    for line, row in enumerate(matrix):
        column = drawing.QUIET_ZONE
        for dark, run in groupby(row):
            length = len(tuple(run))
            if dark:
                x, y = _LEFT + column * unit, _HEIGHT - top - (drawing.QUIET_ZONE + line + 1) * unit
                # A little overlap, or some printers leave hairlines between neighbours.
                canvas.rect(x * mm, y * mm, (length + 0.02) * unit * mm, unit * 1.02 * mm, stroke=0, fill=1)
            column += length
    return _CODE_MM
