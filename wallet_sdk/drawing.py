"""Drawing a wallet's codes: as everybody draws them, with the wallet's own error for what does not fit."""

from protocol.errors import SizeError
from protocol.qr import drawing
from protocol.qr.drawing import Matrix
from wallet_sdk.errors import CodeTooLarge

svg, png, half_blocks = drawing.svg, drawing.png, drawing.half_blocks


def version_for(text: str) -> int:
    """The smallest version that holds the text.

    Raises:
        CodeTooLarge: None up to 25 does.
    """
    try:
        return drawing.version_for(text)
    except SizeError as too_large:
        raise CodeTooLarge(str(too_large)) from None


def modules(text: str) -> Matrix:
    """The modules of a code, without the quiet zone.

    Raises:
        CodeTooLarge: See `version_for`.
        ValueError: A character outside the alphanumeric set; no text of ours has one.
    """
    version_for(text)
    return drawing.modules(text)
