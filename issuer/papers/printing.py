"""Prints a paper code: as its text, as a picture (PNG, SVG), and as a page with the words that its holder needs.

Level M: paper is folded and gets dirty. The page is one HTML file without anything from elsewhere; a browser prints it.
"""

import io
from html import escape
from importlib import resources
from string import Template
from typing import Final

from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.base import BaseImage
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathImage
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from issuer.papers.issuing import IssuedPaper
from protocol import unixtime

_QUIET_ZONE: Final = 4
_MODULE_PIXELS: Final = 8
_MASK: Final = 0
"""Any mask is read equally well, and the best of eight takes eight drawings to find."""


def png(code: str) -> bytes:
    """The code as a picture, eight pixels for each module."""
    drawn = io.BytesIO()
    _qr(code).make_image(image_factory=PilImage).save(drawn, "PNG")
    return drawn.getvalue()


def svg(code: str) -> str:
    """The code as a drawing."""
    # The stubs take the factory for an abstract class, which it is not.
    image = _qr(code).make_image(image_factory=SvgPathImage)  # type: ignore[type-abstract]
    drawn: str = image.to_string(encoding="unicode")
    return drawn


def page(issued: IssuedPaper) -> str:
    """One page: the code, whose and what it is, until when, and what to do when it is lost."""
    last_day = unixtime.calendar_date(unixtime.local_day(unixtime.UnixTime(issued.claims.exp - 1)))
    words = {
        "kind_zh": issued.kind.names.zh_hans,
        "kind_en": issued.kind.names.en,
        "name": issued.claims.masked_name,
        "last_four": issued.claims.last_four,
        "last_day": last_day.isoformat(),
        "iss": issued.claims.iss,
        "id": issued.id,
    }
    template = resources.files("issuer.papers").joinpath("page.html").read_text("utf-8")
    return Template(template).substitute({name: escape(text) for name, text in words.items()}, code=svg(issued.code))


def _qr(code: str) -> QRCode[BaseImage]:
    qr: QRCode[BaseImage] = QRCode(
        error_correction=ERROR_CORRECT_M, box_size=_MODULE_PIXELS, border=_QUIET_ZONE, mask_pattern=_MASK
    )
    qr.add_data(QRData(code, mode=MODE_ALPHA_NUM), optimize=0)
    qr.make(fit=True)
    return qr
