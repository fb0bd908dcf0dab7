"""Reads the public key that a licence is to be bound to: raw CBOR COSE_Key, or base64url text of it.

Guaranteed: what comes out is a point that the protocol accepts at verification too (SECURITY.md A7, A9).
"""

import base64
import binascii
import re
from typing import Final

from issuer.errors import HolderKeyRefused
from protocol import cbor, keys
from protocol.errors import CborError, KeyRefused
from protocol.keys import VerificationKey

MAX_BYTES: Final = 512
"""A P-256 key has 78 bytes with both coordinates, its text 104 characters."""
_TEXT: Final = re.compile(rb"[A-Za-z0-9_-]+={0,2}", re.ASCII)


def read(content: bytes) -> VerificationKey:
    """The key in a file's content or in a text.

    Raises:
        HolderKeyRefused: It is neither form, or not a valid point.
    """
    if len(content) > MAX_BYTES:
        raise HolderKeyRefused(f"a holder key of more than {MAX_BYTES} bytes")
    text = content.strip()
    if _TEXT.fullmatch(text):
        bare = text.rstrip(b"=")
        try:
            content = base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise HolderKeyRefused("the holder key is not base64url") from None
    try:
        return keys.load_cose_key(cbor.decode(content))
    except CborError:
        raise HolderKeyRefused("the holder key is neither a COSE_Key in CBOR nor base64url text of one") from None
    except KeyRefused as error:
        raise HolderKeyRefused(f"the holder key is refused: {error}") from None
