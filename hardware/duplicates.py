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

    def is_duplicate(self, text: str, at_monotonic: float) -> bool:
        """Notes the text and says whether it was already in view."""
        oldest = at_monotonic - self._window_seconds
        self._seen = {digest: at for digest, at in self._seen.items() if at > oldest}
        digest = text_sha256(text)
        known = digest in self._seen
        self._seen[digest] = at_monotonic
        return known


def text_sha256(text: str) -> bytes:
    """What stands for a text: SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
