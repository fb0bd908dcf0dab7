"""The support text: how a terminal stands, in characters that can be copied, read over a telephone, or photographed.

`LZSUP1`, then groups of eight base32 characters (RFC 4648, section 6): a heartbeat's bytes with the first four of their
SHA-256 before them. Numbers alone, nothing about a holder or a check; the checksum finds a character that was heard
wrong. Not handled here: where the numbers come from (`heartbeats`).
"""

import re
from base64 import b32decode, b32encode
from hashlib import sha256
from typing import Final

from protocol import heartbeat
from protocol.errors import ProtocolError
from protocol.heartbeat import Heartbeat
from verifier_terminal.setting_errors import SupportTextDamaged

PREFIX: Final = "LZSUP1"
_GROUP: Final = 8
_CHECK_BYTES: Final = 4
MAX_CHARACTERS: Final = 16_384


def write(beat: bytes) -> str:
    """The text of these bytes of a heartbeat."""
    characters = b32encode(sha256(beat).digest()[:_CHECK_BYTES] + beat).decode().rstrip("=")
    groups = [characters[at : at + _GROUP] for at in range(0, len(characters), _GROUP)]
    return "-".join((PREFIX, *groups))


def read(text: str) -> Heartbeat:
    """What a support text says, however it was typed. Raises: SupportTextDamaged."""
    return heartbeat.decode(content(text))


def content(text: str) -> bytes:
    """The bytes of the heartbeat that a support text carries, which decode.

    Raises:
        SupportTextDamaged: It is none, or a character is missing or wrong.
    """
    if len(text) > MAX_CHARACTERS:
        raise SupportTextDamaged("longer than any")
    characters = re.sub(r"[\s-]", "", text.upper())
    if not characters.startswith(PREFIX):
        raise SupportTextDamaged(f"it begins with {PREFIX}")
    coded = characters.removeprefix(PREFIX)
    try:
        octets = b32decode(coded + "=" * (-len(coded) % _GROUP))
        check, beat = octets[:_CHECK_BYTES], octets[_CHECK_BYTES:]
        if sha256(beat).digest()[:_CHECK_BYTES] != check:
            raise SupportTextDamaged("a character is missing or wrong")
        heartbeat.decode(beat)
    except (ValueError, ProtocolError) as wrong:
        raise SupportTextDamaged("a character is missing or wrong") from wrong
    return beat
