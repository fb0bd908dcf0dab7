"""Films for a browser's pretended camera: codes on a screen, as raw pictures (YUV4MPEG2, 4:2:0)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from qrcode.main import QRCode

from protocol.qr import drawing

SIZE = (1280, 720)
_HEAD = f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
_GREY = 205


def film(path: Path, pictures: Iterable[str | None]) -> Path:
    """Writes a film with one picture for each text: its code on grey paper, or the paper alone where there is none."""
    with path.open("wb") as file:
        file.write(_HEAD)
        for text in pictures:
            luma = picture(text).tobytes()
            file.write(b"FRAME\n" + luma + b"\x80" * (len(luma) // 2))
    return path


def picture(text: str | None) -> Image.Image:
    """A code on grey paper, upright; the paper alone without a text."""
    paper = Image.new("L", SIZE, _GREY)
    if text is not None:
        rows = modules(text)
        side = len(rows) + 8
        code = Image.new("L", (side, side), 255)
        for y, row in enumerate(rows, 4):
            for x, is_dark in enumerate(row, 4):
                if is_dark:
                    code.putpixel((x, y), 0)
        scale = (SIZE[1] - 40) // side
        code = code.resize((side * scale, side * scale), Image.Resampling.NEAREST)
        paper.paste(code, ((SIZE[0] - code.width) // 2, (SIZE[1] - code.height) // 2))
    return paper


def modules(text: str) -> Sequence[Sequence[bool]]:
    """A code of ours as ours are drawn; any other text, such as an offer's link, as others draw it."""
    if ":" in text[:4]:
        return drawing.modules(text)
    code: QRCode[Any] = QRCode(border=0)
    code.add_data(text)
    code.make()
    return code.modules  # type: ignore[return-value]  # all of them are drawn
