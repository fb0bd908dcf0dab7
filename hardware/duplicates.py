"""Recognises the same text seen again while it is still in view, and never hides a different one.

Text is kept as a hash only, and only as long as it matters.
"""

import hashlib


class DuplicateFilter:
    """The texts of the last seconds."""

    def __init__(self, window_seconds: float = 2.0) -> None:
        """A text counts as the same act until it has been out of view for `window_seconds`."""
        self._window_seconds = window_seconds
        self._seen: dict[bytes, float] = {}
        self._read_last: bytes | None = None

    def is_duplicate(self, text: str, at_monotonic: float) -> bool:
        """Notes the text and says whether it was already in view."""
        oldest = at_monotonic - self._window_seconds
        self._seen = {digest: at for digest, at in self._seen.items() if at > oldest}
        digest = _digest(text)
        known = digest in self._seen
        self._seen[digest] = at_monotonic
        if not known:
            self._read_last = digest
        return known

    def was_read_last(self, text: str) -> bool:
        """Whether no other text was read since this one."""
        return self._read_last == _digest(text)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
