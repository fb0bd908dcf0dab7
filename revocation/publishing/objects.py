"""Where a feed's objects are put: a store of named bytes, some of which are put once and for ever.

Not handled here: what the objects are, and in which order they must be put (`revocation.publishing.delivery`).
"""

from typing import Final, Protocol

from protocol.published_names import published

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_CHECKPOINT: Final = "public, max-age=5"
"""As long as an urgent change may take to reach a cache: less than an urgent checkpoint is apart from the next."""
_DOCUMENT: Final = "public, max-age=60"


class ObjectStore(Protocol):
    """Named bytes. What was put and answered for survives the plug.

    Every method raises StoreFailed where the store does not answer or refuses.
    """

    @property
    def address(self) -> str:
        """How a person names it."""

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Put this under a name that nothing has. False: the same bytes are there already.

        Raises:
            ObjectDiffers: Other bytes are there; they stay.
        """

    def put(self, name: str, content: bytes) -> None:
        """Put this under a name, in one step, in place of what was there."""

    def get(self, name: str, *, max_bytes: int) -> bytes | None:
        """What lies under a name; None where nothing does. Raises: StoreFailed, too, where it is longer."""

    def remove(self, name: str) -> None:
        """See to it that nothing lies under a name."""

    def tidy(self) -> None:
        """Remove what a publisher that was killed has left half written; nobody else may publish meanwhile."""


def cache_control(name: str) -> str:
    """For how long a web server and caches may answer with what they have (RFC 9111, RFC 8246)."""
    entry = published(name)
    if entry is not None and entry.never_changes:
        return _IMMUTABLE
    return _CHECKPOINT if name.startswith("feed/checkpoint") else _DOCUMENT
