"""The test sheet on paper: codes at their true size, a ruler to check the printer, and how to set a scanner up.

PDF with a font that readers bring along (STSong-Light; poppler with its data package), so that none is shipped; PNG of
the first page, whose Chinese needs a font file of the machine and stays away without one. A code is 62 mm wide with its
quiet zone, as a phone shows it. Not handled here: asking for scans, and what they say (self_test.py).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from hardware.serial_scanner.scanner_profile import ScannerProfile
from hardware.sheet_codes import QUIET_MODULES, USES, SheetCode, all_codes

CODE_MM: Final = 62.0
PAGE_MM: Final = (210.0, 297.0)
RULER_MM: Final = 100.0
DOTS_PER_MM: Final = 12
"""Of the PNG: 305 dots an inch."""
_FONT: Final = "STSong-Light"
_FONTS_OF_THE_MACHINE: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
_PLACES_MM: Final = ((22.0, 60.0), (126.0, 60.0), (22.0, 160.0), (126.0, 160.0))
"""Left and top of each code."""
TITLE: Final = ("亮证扫码测试页", "Liangzheng test sheet for scanners and cameras")
RULER: Final = (
    "这条线应长 100 毫米；不是，请按 100 % 重新打印",
    "This line is 100 mm long; if not, print again at 100 %",
)


def write_pdf(path: Path, profile: ScannerProfile | None) -> int:
    """Writes the sheet and, for a profile, a page that says how to set the scanner up; the number of pages."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    canvas = Canvas(str(path), pagesize=(PAGE_MM[0] * mm, PAGE_MM[1] * mm), invariant=True)
    canvas.setTitle(" ".join(TITLE))
    for at, words, size in ((20.0, TITLE[0], 20), (29.0, TITLE[1], 12)):
        _text(canvas, 20, at, words, size)
    canvas.setLineWidth(0.4 * mm)
    for x, height in ((0, 4), (RULER_MM, 4)):
        canvas.line((20 + x) * mm, (PAGE_MM[1] - 38) * mm, (20 + x) * mm, (PAGE_MM[1] - 38 - height) * mm)
    canvas.line(20 * mm, (PAGE_MM[1] - 40) * mm, (20 + RULER_MM) * mm, (PAGE_MM[1] - 40) * mm)
    for number, words in enumerate(RULER):
        _text(canvas, 20, 47 + 5 * number, words, 9)
    for code, (left, top) in zip(all_codes(), _PLACES_MM, strict=True):
        side = CODE_MM / code.modules_across * mm
        for row, dark in enumerate(code.modules):
            for column in dark.nonzero()[0]:
                x = left * mm + (QUIET_MODULES + column) * side
                y = (PAGE_MM[1] - top) * mm - (QUIET_MODULES + row + 1) * side
                # A little overlap, or some printers leave hairlines between neighbours.
                canvas.rect(x, y, side * 1.02, side * 1.02, stroke=0, fill=1)
        _text(canvas, left, top + CODE_MM + 5, _caption(code), 11)
        _text(canvas, left, top + CODE_MM + 10, f"{USES[code.version][0]} {USES[code.version][1]}", 9)
    canvas.showPage()
    if profile is not None:
        for at, words, size in _steps(profile):
            _text(canvas, 20, at, words, size)
        canvas.showPage()
    canvas.save()
    return 1 if profile is None else 2


def write_png(path: Path, font: Path | None = None) -> bool:
    """Writes the codes as a picture of the first page; whether Chinese could be written too."""
    page = Image.new("L", (int(PAGE_MM[0] * DOTS_PER_MM), int(PAGE_MM[1] * DOTS_PER_MM)), 255)
    pen = ImageDraw.Draw(page)
    file = font or next((Path(each) for each in _FONTS_OF_THE_MACHINE if Path(each).exists()), None)
    large, small = (
        ImageFont.truetype(str(file), size * DOTS_PER_MM) if file else ImageFont.load_default(size * DOTS_PER_MM)
        for size in (6, 3)
    )
    for top, words, chosen in ((14.0, TITLE, large), (40.0, RULER, small)):
        _write(pen, 20, top, " ".join(words) if file else words[1], chosen)
    pen.line([(20 * DOTS_PER_MM, 38 * DOTS_PER_MM), ((20 + RULER_MM) * DOTS_PER_MM, 38 * DOTS_PER_MM)], 0, 4)
    for code, (left, upper) in zip(all_codes(), _PLACES_MM, strict=True):
        page.paste(_drawn(code), (int(left * DOTS_PER_MM), int(upper * DOTS_PER_MM)))
        _write(pen, left, upper + CODE_MM + 2, _caption(code) if file else f"V{code.version}", small)
        _write(pen, left, upper + CODE_MM + 6, " ".join(USES[code.version]) if file else USES[code.version][1], small)
    page.save(path, dpi=(DOTS_PER_MM * 25.4, DOTS_PER_MM * 25.4))
    return file is not None


def _drawn(code: SheetCode) -> Image.Image:
    whole = Image.new("L", (code.modules_across, code.modules_across), 255)
    whole.paste(Image.fromarray((~code.modules * 255).astype("uint8")), (QUIET_MODULES, QUIET_MODULES))
    side = int(CODE_MM * DOTS_PER_MM)
    return whole.resize((side, side), Image.Resampling.NEAREST)


def _caption(code: SheetCode) -> str:
    module = CODE_MM / code.modules_across
    return f"V{code.version}  {len(code.text)} 字符 characters  {module:.2f} mm"


def _steps(profile: ScannerProfile) -> Sequence[tuple[float, str, int]]:
    lines: list[tuple[float, str, int]] = [
        (20, f"设置扫码枪 Setting the scanner up: {profile.name}", 16),
        (28, f"{profile.maker}: {profile.models}", 10),
        (34, f"{profile.baud_rate} baud 8N1, {profile.protocol.value}", 10),
    ]
    at = 46.0
    for number, step in enumerate(profile.setup, 1):
        lines.append((at, f"{number}. {step.instruction}", 11))
        lines.append((at + 6, f"    {step.source}", 8))
        at += 15
    for each in profile.unconfirmed:
        lines.append((at, f"? {each}", 8))
        at += 6
    return lines


def _text(canvas: Canvas, left: float, top: float, words: str, size: int) -> None:
    canvas.setFont(_FONT, size)
    for number, line in enumerate(simpleSplit(words, _FONT, size, (PAGE_MM[0] - left - 8) * mm)):
        canvas.drawString(left * mm, (PAGE_MM[1] - top) * mm - number * size * 1.2, line)


def _write(
    pen: ImageDraw.ImageDraw,
    left: float,
    top: float,
    words: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    pen.text((left * DOTS_PER_MM, top * DOTS_PER_MM), words, 0, font=font)
