"""The text of a code: four characters that say what it is, then base45 (PROTOCOL.md, "Prefixes").

Steps 1 and 2 of the verification. The prefix is exact: no other case, no space before it, nothing stripped after it.
"""

from typing import Final

from protocol import labels, limits
from protocol.errors import PrefixError, SizeError
from protocol.qr import base45

PREFIXES: Final = frozenset(
    {
        labels.PREFIX_PRESENTATION,
        labels.PREFIX_BUNDLE,
        labels.PREFIX_SEALED,
        labels.PREFIX_CHALLENGE,
        labels.PREFIX_ANIMATED,
        labels.PREFIX_PAPER,
        labels.PREFIX_ENROLMENT,
        labels.PREFIX_RECEIPT,
        labels.PREFIX_RESERVED,
    }
)
"""Complete from the start, so that a code of a later version is named and not taken for a stranger's."""


def wrap(content: bytes, prefix: str = labels.PREFIX_PRESENTATION) -> str:
    """The text of a code.

    Raises:
        SizeError: The content does not fit a version 25-L code; a longer one must be animated.
    """
    if len(content) > limits.MAX_CODE_BYTES:
        raise SizeError(f"{len(content)} bytes do not fit one code of {limits.MAX_CODE_BYTES}")
    return prefix + base45.encode(content)


def unwrap(text: str, *, expected_prefix: str = labels.PREFIX_PRESENTATION) -> bytes:
    """The bytes behind the prefix.

    Raises:
        PrefixError: The text does not begin with it.
        SizeError: It is longer than any code of ours.
        Base45Error: What follows is not base45.
    """
    # Step 1. The prefix is looked at before the length, so that a megabyte of anything else is "not one of ours".
    if not text.startswith(expected_prefix):
        raise PrefixError("not a code of this kind")
    if len(text) > limits.MAX_TEXT_CHARACTERS:
        raise SizeError(f"{len(text)} characters; a code has at most {limits.MAX_TEXT_CHARACTERS}")
    # Step 2.
    return base45.decode(text[labels.PREFIX_CHARACTERS :])
