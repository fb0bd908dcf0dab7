"""What a scanner's line gives: codes, bytes thrown away, bytes to be answered; and what the bytes of a code say. Pure.

Guaranteed: a text is printable, exactly as sent, never stripped (base45 may begin with a space). Our own codes are
ASCII; a text with other characters is therefore somebody else's, and comes out only if the whole of it is text in one
of the character sets of the rules. Half-decoded or guessed text never comes out.

AIM identifiers and ECI escapes follow ISO/IEC 15424 and the AIM ECI protocol: with the identifiers ]Q2, ]Q4 and ]Q6 a
backslash of the message is sent twice, and `\\000026` announces a character set. Some scanners send one such escape
at the front without saying so by the identifier; it is dropped too.

Not handled here: where a code begins and ends on the line.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from hardware.devices import DiscardReason

_AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
_LINE_END = re.compile(rb"(?:\r\n|[\r\n\t\x03])\Z")
_PRINTABLE_ASCII = re.compile(rb"[\x20-\x7e]*")
_LEADING_ESCAPE = re.compile(rb"\\([0-9]{6})")
_ESCAPE_OR_DOUBLED = re.compile(rb"\\(?:(\\)|[0-9]{6})")
# ISO/IEC 15424: QR Code with the ECI protocol, without FNC1, with it in the first and in the second position.
_AIM_WITH_ECI = frozenset([b"]Q2", b"]Q4", b"]Q6"])
# AIM ECI register: the character sets that are in use on codes shown by phones here.
_ECI_CHARACTER_SETS = {b"000026": "utf-8", b"000029": "gb18030"}
# Unassigned and private characters, lone surrogates, controls, and what turns the direction of a line around.
_UNPRINTABLE_CATEGORIES = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])


@dataclass(frozen=True, slots=True)
class Frame:
    """One code as the scanner printed it."""

    text: str = field(repr=False)
    aim: str | None


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes thrown away."""

    reason: DiscardReason
    byte_count: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes that the protocol wants sent to the scanner now.

    Attributes:
        raw: the bytes.
        wakes: the scanner may be asleep, so it must be woken first.
    """

    raw: bytes
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class TextRules:
    """How one kind of scanner writes a code.

    Attributes:
        strips_aim: a leading AIM identifier is the scanner's and not part of the code.
        character_sets: tried in this order for a code that is not ASCII; none means that such bytes are no text. UTF-8
            belongs first, because hardly any text in another one happens to be valid in it.
    """

    strips_aim: bool = True
    character_sets: tuple[str, ...] = ()


def without_line_end(printed: bytes) -> bytes:
    """The same without STX before and a line end behind, which a scanner may put around a code that needs none."""
    return _LINE_END.sub(b"", printed).removeprefix(b"\x02")


def interpreted(printed: bytes, rules: TextRules) -> Frame | DiscardReason | None:
    """The code in what a scanner printed between two ends.

    Returns:
        The code, None if there is nothing in it, or why it is no text.
    """
    aim = _AIM.match(printed) if rules.strips_aim else None
    body = printed[aim.end() :] if aim else printed
    announced: list[str] = []
    if escape := _LEADING_ESCAPE.match(body):
        announced = [_ECI_CHARACTER_SETS[escape.group(1)]] if escape.group(1) in _ECI_CHARACTER_SETS else []
        body = body[escape.end() :]
    if aim and aim.group() in _AIM_WITH_ECI:
        body = _ESCAPE_OR_DOUBLED.sub(lambda found: found.group(1) or b"", body)
    if not body:
        return None
    identifier = aim.group().decode("ascii") if aim else None
    if _PRINTABLE_ASCII.fullmatch(body):
        return Frame(body.decode("ascii"), identifier)
    for character_set in (*announced, *rules.character_sets) if rules.character_sets else ():
        try:
            text = body.decode(character_set)
        except UnicodeDecodeError:
            continue
        # The first that fits decides: to try on until something can be printed would be guessing.
        if any(unicodedata.category(character) in _UNPRINTABLE_CATEGORIES for character in text):
            break
        return Frame(text, identifier)
    return DiscardReason.NOT_PRINTABLE
