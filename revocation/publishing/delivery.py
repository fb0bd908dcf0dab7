"""Brings what the log says into one store, in an order in which whoever reads finds everything that is named.

1. What is published there now is looked at first: it must be something that this log knows.
2. Objects that never change: deltas, co-signed deltas with their co-signatures, bases, aggregates.
3. What names them: the manifest and the root's feed document.
4. The two checkpoints, last.

Every step can be done again. A publisher that starts anew asks the store how far it is, and puts what is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from protocol import checkpoint, feed_names, keys, limits
from protocol.checkpoint import Checkpoint
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.manifest import EntryKind, ManifestEntry
from revocation.publishing.errors import AnotherLeader, LogBehind
from revocation.publishing.log import LoggedDelta
from revocation.publishing.objects import ObjectStore

_MANY: Final = 1_000
"""Deltas that are read from the log at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What one moment publishes. The functions read from the log, and are asked only for what a store lacks."""

    claims: Checkpoint
    checkpoints: Mapping[str, bytes]
    manifest: bytes
    document: bytes
    deltas: Callable[[int, int], tuple[LoggedDelta, ...]]
    """Those after a seq that are kept, in order, at most so many; the newest is always among them."""
    aggregates: Callable[[], Iterable[tuple[str, bytes]]]
    """Name and bytes of every aggregate that the manifest lists."""
    bases: Callable[[], Iterable[tuple[str, bytes]]]
    """The bases that checkpoint and feed document name."""


class Delivery:
    """One store, and what this process knows to be in it."""

    def __init__(self, store: ObjectStore, *, region: str, status_key: VerificationKey) -> None:
        self.store = store
        self._region, self._key = region, status_key
        self._through: tuple[int, int] | None = None
        """Epoch and seq up to which every delta is there."""
        self._named: dict[str, bytes] = {}

    def published(self) -> Checkpoint | None:
        """The newest checkpoint that lies in the store, if this region's status key has signed it."""
        newest: Checkpoint | None = None
        for name in (feed_names.CHECKPOINT_10, feed_names.CHECKPOINT):
            encoded = self.store.get(name, max_bytes=limits.MAX_CHECKPOINT_BYTES)
            claims = None if encoded is None else self._claims(encoded)
            if claims is not None and (newest is None or _order(claims) > _order(newest)):
                newest = claims
        return newest

    def check(self, there: Checkpoint | None, *, epoch: int, seq: int, head_at: Callable[[int], bytes | None]) -> None:
        """Return if what is published is something that the log knows.

        Args:
            there: What `published` gave.
            epoch: The log's.
            seq: The log's.
            head_at: The log's head at a seq of this epoch.

        Raises:
            LogBehind: The store has more than the log.
            AnotherLeader: The store has something else.
        """
        if there is None or there.position.epoch < epoch:
            return
        if (there.position.epoch, there.position.seq) > (epoch, seq):
            raise LogBehind(
                f"{self.store.address} has come to epoch {there.position.epoch}, seq {there.position.seq}; "
                f"the log has epoch {epoch}, seq {seq}"
            )
        if head_at(there.position.seq) != there.head:
            raise AnotherLeader(f"{self.store.address} has another seq {there.position.seq} than the log")

    def deliver(self, release: Release, *, there: Checkpoint | None) -> None:
        """Put whatever the store lacks of this release.

        Raises:
            StoreFailed, StoreCannotCompare: The next delivery goes on where this one stopped.
            ObjectDiffers: The store has other bytes under a name that never changes.
        """
        position = release.claims.position
        if there is None:
            # Empty, or emptied since.
            self._through, self._named = None, {}
        if self._through is None or self._through[0] != position.epoch:
            known = there is not None and there.position.epoch == position.epoch
            self._through = (position.epoch, there.position.seq if known and there is not None else 0)
        self._put_deltas(release, self._through[1])
        for name, content, objects in (
            (feed_names.MANIFEST, release.manifest, release.aggregates),
            (feed_names.DOCUMENT, release.document, release.bases),
        ):
            if not self._has(name, content):
                for each, body in objects():
                    self.store.put_if_absent(each, body)
                self._put(name, content)
        base = feed_names.base(position.epoch, release.claims.base.seq)
        if base not in self._named:
            for each, body in release.bases():
                self.store.put_if_absent(each, body)
                self._named[each] = b""
        for name, content in release.checkpoints.items():
            self.store.put(name, content)

    def put_documents(self, files: Mapping[str, bytes]) -> None:
        """Put these other files, the last one last, where the store has them not. Raises: StoreFailed."""
        for name, content in files.items():
            if not self._has(name, content):
                self._put(name, content)

    def _put_deltas(self, release: Release, after: int) -> None:
        epoch, last = release.claims.position.epoch, release.claims.position.seq
        while after < last:
            for each in release.deltas(after, _MANY):
                self.store.put_if_absent(feed_names.delta(epoch, each.seq), each.body)
                if each.statement is not None:
                    for kind, content in (
                        (EntryKind.CO_SIGNED_DELTA, each.body),
                        (EntryKind.CO_SIGNATURE, each.statement),
                    ):
                        self.store.put_if_absent(co_signed_name(kind, epoch, each.seq), content)
                after = each.seq
            self._through = (epoch, after)

    def _has(self, name: str, content: bytes) -> bool:
        if name not in self._named:
            found = self.store.get(name, max_bytes=limits.MAX_DOCUMENT_BYTES)
            self._named[name] = found or b""
        return self._named[name] == content

    def _put(self, name: str, content: bytes) -> None:
        self.store.put(name, content)
        self._named[name] = content

    def _claims(self, encoded: bytes) -> Checkpoint | None:
        """What a checkpoint says, if our own key has signed it; whatever else lies there is overwritten."""
        try:
            unverified = checkpoint.parse(encoded)
            unverified.sign1.verify(self._key)
        except (ProtocolError, keys.SignatureMismatch):
            return None
        return unverified.claims if unverified.claims.position.region == self._region else None


def co_signed_name(kind: EntryKind, epoch: int, seq: int) -> str:
    """Where a co-signed delta or its co-signature lies."""
    return feed_names.listed(ManifestEntry(kind, seq - 1, seq, b"", 0).name(epoch=epoch))


def _order(claims: Checkpoint) -> tuple[int, int, int]:
    return claims.position.epoch, claims.position.seq, claims.iat
