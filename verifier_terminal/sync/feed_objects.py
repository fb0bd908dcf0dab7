"""The objects of one region's feed as one poll fetches them: counted, bounded, and each fetched once.

Objects that never change and came before a download broke off are kept for the next poll. Not handled here: what they
are worth.
"""

from typing import Final

from protocol import feed_names, limits
from protocol.checkpoint import BasePointer
from protocol.manifest import ManifestEntry
from verifier_terminal.sync.mirror import Mirror

_MAX_KEPT_BYTES: Final = 4_194_304


class FeedObjects:
    """What was kept, and what it has cost since `begin`. Called by one thread at a time."""

    def __init__(self) -> None:
        self._mirror: Mirror | None = None
        self._kept: dict[str, bytes] = {}
        self.requests = 0
        self.size = 0

    def begin(self, mirror: Mirror) -> None:
        """Fetches from this mirror, and counts from nothing."""
        self._mirror = mirror
        self.requests = self.size = 0

    def forget(self) -> None:
        """Lets go of what was kept: the way was gone, or led nowhere."""
        self._kept.clear()

    def checkpoint(self, file: str) -> bytes:
        """One of the two checkpoints. Raises: FetchError, as all of these."""
        return self._fetch(file, limits.MAX_CHECKPOINT_BYTES)

    def manifest(self) -> bytes:
        """The hourly manifest."""
        return self._fetch(feed_names.MANIFEST, limits.MAX_MANIFEST_BYTES)

    def base(self, epoch: int, pointer: BasePointer) -> bytes:
        """The base that somebody signed."""
        return self._fetch(feed_names.base(epoch, pointer.seq), min(pointer.size, limits.MAX_BASE_BYTES))

    def peers_base(self, epoch: int, seq: int) -> bytes:
        """A base that another terminal made of its state."""
        return self._fetch(feed_names.base(epoch, seq), limits.MAX_BASE_BYTES)

    def delta(self, epoch: int, seq: int) -> bytes:
        """One delta."""
        return self._once(feed_names.delta(epoch, seq), limits.MAX_DELTA_BYTES)

    def aggregate(self, epoch: int, entry: ManifestEntry) -> bytes:
        """What a manifest's entry names."""
        return self.listed(entry.name(epoch=epoch), entry.size)

    def listed(self, name: str, max_bytes: int) -> bytes:
        """An object by the name that a manifest would give it."""
        return self._once(feed_names.listed(name), max_bytes)

    def _once(self, name: str, max_bytes: int) -> bytes:
        if name not in self._kept:
            content = self._fetch(name, max_bytes)
            if sum(map(len, self._kept.values())) + len(content) > _MAX_KEPT_BYTES:
                return content
            self._kept[name] = content
        return self._kept[name]

    def _fetch(self, name: str, max_bytes: int) -> bytes:
        assert self._mirror is not None
        self.requests += 1
        content = self._mirror.fetch(name, max_bytes=max_bytes)
        self.size += len(content)
        return content
