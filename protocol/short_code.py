"""The short code: ten characters that a phone without a camera types instead of scanning a challenge.

20 bits of site and 30 bits of nonce in Crockford's base32 (PROTOCOL.md, "Challenge"): the first four characters are the
site, as in the audience `lz:s/<site>`; the other six are the nonce, which the answer carries as cnonce of 4 bytes.

Not handled here: which sites there are (the wallet's signed list names them), drawing the nonce, and that it is good
for one answer, 120 seconds and five wrong ones. 30 bits are no secret against more than that.
"""

from dataclasses import dataclass
from typing import Final

from protocol.errors import ShapeError

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {
    **{character: value for value, character in enumerate(_ALPHABET)},
    **{character.lower(): value for value, character in enumerate(_ALPHABET)},
    # What people read instead: Crockford leaves these letters out for that very reason. U has no place at all.
    **dict.fromkeys("Oo", 0),
    **dict.fromkeys("IiLl", 1),
}
SITE_CHARACTERS: Final = 4
NONCE_CHARACTERS: Final = 6
NONCES: Final = 2**30
SITES: Final = 2**20


@dataclass(frozen=True, slots=True)
class ShortCode:
    """A site (0 … 2**20−1) and the nonce of one open request there (0 … 2**30−1)."""

    site: int
    nonce: int

    def __post_init__(self) -> None:
        if not (0 <= self.site < SITES and 0 <= self.nonce < NONCES):
            raise ShapeError("a site or nonce beyond its bits")

    @property
    def site_characters(self) -> str:
        """The site as the signed site list names it: the code's first four characters."""
        return _characters(self.site, SITE_CHARACTERS)

    @property
    def audience(self) -> str:
        """The aud of the answer: it names the site, so that a code dictated elsewhere is of no use there."""
        return f"lz:s/{self.site_characters}"

    @property
    def cnonce(self) -> bytes:
        """What the answer carries: the nonce as 4 bytes, big-endian."""
        return self.nonce.to_bytes(4)


def encode(code: ShortCode) -> str:
    """The ten characters, without a hyphen."""
    return code.site_characters + _characters(code.nonce, NONCE_CHARACTERS)


def decode(typed: str) -> ShortCode:
    """The code that somebody typed: either case, hyphens anywhere, O for 0, I and L for 1.

    Raises:
        ShapeError: Not ten characters of the alphabet.
    """
    return ShortCode(*divmod(_number(typed, SITE_CHARACTERS + NONCE_CHARACTERS), NONCES))


def decode_site(characters: str) -> int:
    """The number of a site that is named by its four characters, as tolerant as `decode`.

    Raises:
        ShapeError: Not four characters of the alphabet.
    """
    return _number(characters, SITE_CHARACTERS)


def _number(typed: str, count: int) -> int:
    if len(typed) > 2 * count:
        raise ShapeError(f"more than {count} characters")
    characters = typed.replace("-", "")
    if len(characters) != count:
        raise ShapeError(f"not {count} characters")
    number = 0
    for character in characters:
        # Looked up and never upper-cased: other scripts have letters whose upper case is one of ours.
        value = _VALUES.get(character)
        if value is None:
            raise ShapeError("a character that no short code has")
        number = number << 5 | value
    return number


def _characters(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))
