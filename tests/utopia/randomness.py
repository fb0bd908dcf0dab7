"""Randomness that repeats: a deterministic bit generator from SHA-256 in counter mode, shaped like `secrets`.

The same seed gives the same bytes on every platform and Python, so that vectors can be made again. Not for use outside
tests: whoever knows the seed knows everything.
"""

from hashlib import sha256


class Drbg:
    """Calling it gives bytes, as `secrets.token_bytes` does."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counter = 0
        self._left = b""

    def __call__(self, count: int) -> bytes:
        while len(self._left) < count:
            self._left += sha256(f"{self._seed}\x00{self._counter}".encode()).digest()
            self._counter += 1
        out, self._left = self._left[:count], self._left[count:]
        return out

    def below(self, bound: int) -> int:
        """A number from 0 to bound − 1; the bias of 2**-64 is of no concern in tests."""
        return int.from_bytes(self(16)) % bound

    def fork(self, name: str) -> "Drbg":
        """An independent stream: what one part of a test draws does not shift what another one gets."""
        return Drbg(f"{self._seed}/{name}")
