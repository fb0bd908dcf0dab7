"""A receipt inside a PDF page: base64url in the page's keywords, found without a reader of PDF.

The keywords stand in the document information dictionary (PDF 1.7 section 14.3.3), which writers leave uncompressed;
base64url has no character that a PDF string escapes. A program that saves the page anew may pack it away or drop it:
then there is no receipt in the file any more, and that is said. Not handled here: whether the receipt is one (`receipt`
verifies it), and what the page says in words, which nobody signed.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from protocol import limits
from protocol.errors import ShapeError

MAGIC: Final = b"%PDF-"
_PREFIX: Final = "lz-receipt:"
_MOST_CHARACTERS: Final = -(-limits.MAX_RECEIPT_BYTES // 3) * 4
_WRITTEN: Final = re.compile(rb"\(" + _PREFIX.encode() + rb"([A-Za-z0-9_-]{1,%d})\)" % _MOST_CHARACTERS)


def keywords(encoded: bytes) -> str:
    """What stands in the keywords of a page that carries this receipt."""
    return _PREFIX + urlsafe_b64encode(encoded).rstrip(b"=").decode()


def found(content: bytes) -> bytes:
    """The bytes that this PDF carries as its receipt.

    Raises:
        ShapeError: None, or several different ones.
    """
    written = set(_WRITTEN.findall(content))
    if len(written) != 1:
        raise ShapeError("this PDF carries no receipt, or several; a program that saved it anew may have dropped it")
    (text,) = written
    if len(text) % 4 == 1:
        raise ShapeError("what this PDF carries is no base64url")
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
