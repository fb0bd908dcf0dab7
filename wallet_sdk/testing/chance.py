"""Chance that repeats: whether the next thing goes wrong, from a seed. Not for anything that has to be secret."""

from hashlib import sha256


class Chance:
    """The same seed gives the same misfortunes on every machine."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn = 0

    def bytes(self, size: int) -> bytes:
        """That many bytes."""
        out = b""
        while len(out) < size:
            out += sha256(f"{self._seed}:{self._drawn}".encode()).digest()
            self._drawn += 1
        return out[:size]

    def strikes(self, rate: float) -> bool:
        """Whether something of this rate happens now."""
        return int.from_bytes(self.bytes(4)) < rate * 2**32

    def below(self, bound: int) -> int:
        """A number from 0 to bound − 1."""
        return int.from_bytes(self.bytes(8)) % bound
