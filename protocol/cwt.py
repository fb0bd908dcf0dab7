"""Claims that several kinds of tokens share: moments, texts, and the checks on them (RFC 8392 section 3).

Not handled here: comparing moments with a clock; that is the appraisal's.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

from protocol import cbor, labels, limits
from protocol.errors import SchemaError, TimeTypeError
from protocol.unixtime import UnixTime

Claims = Mapping[cbor.Key, cbor.Value]

_HOSTILE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_NONCHARACTERS: Final = frozenset(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
) | frozenset(chr(point) for point in range(0xFDD0, 0xFDF0))


def moment(claims: Claims, label: int) -> UnixTime:
    """The unsigned integer moment under this label.

    Raises:
        TimeTypeError: It is absent, a bool, negative, or beyond `limits.MAX_TIME`.
    """
    at = claims.get(label)
    if type(at) is not int or not 0 <= at <= limits.MAX_TIME:
        raise TimeTypeError(f"claim {label} is not an unsigned integer moment")
    return UnixTime(at)


def confirmation_key(claims: Claims) -> Mapping[cbor.Key, cbor.Value]:
    """The COSE_Key that is all of a cnf claim (RFC 8747 section 3.2), as it was written.

    Raises:
        SchemaError: There is none, or something beside it.
    """
    match claims.get(labels.CLAIM_CNF):
        case {labels.CNF_COSE_KEY: Mapping() as cose_key, **others} if not others:
            return cose_key
        case _:
            raise SchemaError("cnf is not exactly one COSE_Key")


def text_is_harmless(text: str) -> bool:
    """Whether a text shows what it says: NFC, no control, format (bidi, zero-width), private or line-break characters.

    Characters that this Python's Unicode tables do not know yet are let through: names use the newest CJK extensions
    years before every terminal's tables do.
    """
    if text.isascii():
        return text.isprintable()
    if not unicodedata.is_normalized("NFC", text):
        return False
    if text.isprintable():
        return True
    return not any(
        unicodedata.category(character) in _HOSTILE_CATEGORIES or character in _NONCHARACTERS for character in text
    )


def text(claims: Claims, label: int, *, max_bytes: int) -> str:
    """The harmless, non-empty text under this label.

    Raises:
        SchemaError: It is absent, no text, empty, too long, or hostile.
    """
    value = claims.get(label)
    if not isinstance(value, str) or not value or len(value.encode()) > max_bytes or not text_is_harmless(value):
        raise SchemaError(f"claim {label} is not a text of 1 to {max_bytes} bytes")
    return value
