"""A serial scanner: what it sends when it sees a picture, in pieces, and sometimes not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from wallet_sdk.testing.chance import Chance


@dataclass
class VirtualScanner:
    """Sends a text and a carriage return, in pieces of up to 64 bytes as a serial line does.

    Attributes:
        lost: How often a character is lost on the line; a counter refuses such a text as not read.
        seed: The same one gives the same misfortunes.
    """

    lost: float = 0.002
    seed: int = 1
    _chance: Chance = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Chance(self.seed)

    def scan(self, text: str) -> Iterator[bytes]:
        """The pieces that arrive."""
        sent = bytes(each for each in text.encode("ascii") if not self._chance.strikes(self.lost)) + b"\r"
        while sent:
            size = 1 + self._chance.below(64)
            yield sent[:size]
            sent = sent[size:]
