"""The QR code of an offer: a link has small letters, so it is drawn byte by byte, unlike our own codes."""

from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.base import BaseImage
from qrcode.main import QRCode

from protocol.qr.drawing import Matrix


def modules(uri: str) -> Matrix:
    """The modules of a code that any phone's camera reads."""
    code: QRCode[BaseImage] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(uri.encode())
    return tuple(tuple(bool(dark) for dark in row) for row in code.get_matrix())
