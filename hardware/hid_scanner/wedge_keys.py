"""What a keyboard scanner typed, from key codes by a fixed US layout; pure.

A scanner is set to a US keyboard and types key codes; the layout of the machine, its input method and its caps lock
play no part, because the codes are taken before them. Also understood: characters typed with Alt and a number on the
keypad, which scanners use to be independent of layouts, and a caps lock that the scanner itself presses.

Guaranteed: a key that belongs to no printed character gives a byte that is no text, so that the framer throws the
whole code away instead of leaving something out of it.

Source: linux/input-event-codes.h (key codes, values 0 released, 1 pressed, 2 repeated).
"""

import enum
from collections.abc import Iterator

EV_SYN = 0
EV_KEY = 1
SYN_DROPPED = 3

_PRESSED = 1
_RELEASED = 0
# A byte that no code contains.
NO_TEXT = b"\0"

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
_CHARACTERS = {
    first + place: (plain, shifted)
    for first, plains, shifts in _ROWS
    for place, (plain, shifted) in enumerate(zip(plains, shifts, strict=True))
}
_KEYPAD = {
    code: character
    for first, characters in ((71, "789-"), (75, "456+"), (79, "123"), (82, "0."), (55, "*"), (98, "/"))
    for code, character in enumerate(characters, start=first)
}
_ENDS = {28: b"\r", 96: b"\r", 15: b"\t"}


class Modifier(enum.Enum):
    """Keys that change others, both sides alike."""

    SHIFT = frozenset([42, 54])
    CONTROL = frozenset([29, 97])
    ALT = frozenset([56, 100])


_MODIFIER_OF = {code: modifier for modifier in Modifier for code in modifier.value}
_CAPS_LOCK = 58
_NUM_LOCK = 69
# What a number after Alt may be: a byte of a Western character set, or the two bytes of a Chinese character.
_MAX_ALT_NUMBER = 0xFFFF
_NO_KEY_HELD_SECONDS = 0.25


class KeyReader:
    """State of one keyboard: which modifiers are down, caps lock, and the number after Alt."""

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._caps_lock = False
        self._silent_seconds = 0.0
        self._forget()

    def _forget(self) -> None:
        self._down.clear()
        self._alt_digits = ""
        self._alt_typed_other = False

    def silence(self, seconds: float) -> None:
        """Takes note that nothing was typed for so long; no scanner holds a key in the middle of a code."""
        self._silent_seconds += seconds
        if self._silent_seconds >= _NO_KEY_HELD_SECONDS:
            self._forget()

    def event(self, kind: int, code: int, value: int) -> bytes:
        """What one event adds to the text: bytes as a serial scanner would have printed them."""
        self._silent_seconds = 0.0
        if kind == EV_SYN and code == SYN_DROPPED:
            # The kernel could not keep up with itself: keys are missing, and which are down is unknown.
            self._forget()
            return NO_TEXT
        if kind != EV_KEY:
            return b""
        if code in _MODIFIER_OF:
            return self._modifier(code, value)
        if value != _PRESSED or code == _NUM_LOCK:
            return b""
        if code == _CAPS_LOCK:
            self._caps_lock = not self._caps_lock
            return b""
        return self._pressed(code)

    def _is_down(self, modifier: Modifier) -> bool:
        return not self._down.isdisjoint(modifier.value)

    def _modifier(self, code: int, value: int) -> bytes:
        if value == _PRESSED:
            self._down.add(code)
        elif value == _RELEASED:
            self._down.discard(code)
            if code in Modifier.ALT.value and not self._is_down(Modifier.ALT):
                return self._alt_released()
        return b""

    def _alt_released(self) -> bytes:
        digits, other = self._alt_digits, self._alt_typed_other
        self._alt_digits, self._alt_typed_other = "", False
        if other or (digits and int(digits) > _MAX_ALT_NUMBER):
            return NO_TEXT
        if not digits:
            return b""
        number = int(digits)
        return number.to_bytes(1 if number <= 0xFF else 2, "big")

    def _pressed(self, code: int) -> bytes:
        if self._is_down(Modifier.ALT):
            digit = _KEYPAD.get(code, "")
            if digit.isdigit():
                self._alt_digits += digit
            else:
                self._alt_typed_other = True
            return b""
        if code in _ENDS:
            return _ENDS[code]
        if code in _KEYPAD:
            return _KEYPAD[code].encode("ascii")
        if code not in _CHARACTERS:
            return NO_TEXT
        plain, shifted = _CHARACTERS[code]
        if self._is_down(Modifier.CONTROL):
            # Control and M is a carriage return, and so on; what is no end of a code is no text either.
            return bytes([ord(plain) & 0x1F]) if plain.isalpha() else NO_TEXT
        is_upper = self._is_down(Modifier.SHIFT) != (self._caps_lock and plain.isalpha())
        return (shifted if is_upper else plain).encode("ascii")


_KEYS_OF = {
    character: (code, is_shifted)
    for code, both in _CHARACTERS.items()
    for is_shifted, character in enumerate(both)
    # The space has one key and no second character.
    if not (is_shifted and character == both[0])
}
_KEYS_OF["\r"], _KEYS_OF["\t"] = (28, False), (15, False)
_LEFT_SHIFT = 42


def typed_keys(text: str) -> Iterator[tuple[int, int]]:
    """Codes and values of the keys that type this text, for simulated scanners.

    Raises:
        KeyError: a character has no key.
    """
    for character in text:
        code, is_shifted = _KEYS_OF[character]
        if is_shifted:
            yield _LEFT_SHIFT, _PRESSED
        yield code, _PRESSED
        yield code, _RELEASED
        if is_shifted:
            yield _LEFT_SHIFT, _RELEASED
