"""Signs what a moment of the feed publishes: checkpoints, manifest, and the root's document.

Not handled here: how far the feed has come (`issuer.feed.feeding`), and where it is put (`revocation.publishing`).
"""

from collections.abc import Callable
from typing import Final

from issuer.feed import bans, signed_once
from issuer.feed.beginning import Current
from issuer.feed.settings import FeedSettings
from issuer.feed.sql_log import SqlLog
from issuer.profile import Profile
from issuer.signers import Signers
from protocol import feed_document, feed_names, keys, manifest
from protocol.checkpoint import Checkpoint
from protocol.feed_document import FeedDocument
from protocol.manifest import Manifest, ManifestEntry
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from revocation.publishing import aggregates, releasing
from revocation.publishing.delivery import Release
from revocation.publishing.log import LoggedBase

TTL: Final = MINUTE
LIFE: Final = DAY
"""Of a checkpoint and of a manifest."""
DOCUMENT_LIFE: Final = Seconds(30 * DAY)


class Releases:
    """Signs for one issuer. Call it as the leader."""

    def __init__(
        self, *, profile: Profile, log: SqlLog, signers: Signers, settings: Callable[[], FeedSettings]
    ) -> None:
        self._profile, self._log, self._signers, self._settings = profile, log, signers, settings
        self._entries: tuple[tuple[int, int, int], tuple[ManifestEntry, ...]] | None = None

    def release(self, current: Current, *, at: UnixTime) -> Release:
        """What this moment publishes; its moment is written down before anything is signed."""
        log, epoch = self._log, current.position.epoch
        base = log.bases(epoch)[-1]
        settings = self._settings()
        claims = Checkpoint(
            iss=self._profile.iss,
            position=current.position,
            iat=at,
            exp=UnixTime(at + LIFE),
            ttl=TTL,
            head=current.head,
            state_root=current.state.root,
            base=base.pointer,
            lists=len(current.state.lists),
            tuf_versions=settings.tuf_versions,
            bans=bans.listed(log.register),
            reversals=log.reversals(self._profile.region, epoch),
        )
        log.record_iat(epoch, at)
        entries = self._listed(current, at)
        return Release(
            claims=claims,
            checkpoints=releasing.checkpoints(claims, self._signers.status, recent=current.recent),
            manifest=self._manifest(epoch, entries, at),
            document=self._document(epoch, base, settings.urls, at),
            deltas=lambda after, at_most: log.deltas(epoch, after=after, at_most=at_most),
            aggregates=lambda: [
                (feed_names.listed(each.entry.name(epoch=epoch)), each.body)
                for each in log.aggregates(epoch, after=0)
                if each.entry in entries
            ],
            bases=lambda: [(feed_names.base(epoch, base.pointer.seq), log.base_body(epoch, base.pointer.seq))],
        )

    def _listed(self, current: Current, at: UnixTime) -> tuple[ManifestEntry, ...]:
        """What the manifest says; it changes with the hour and with what the offline key has signed."""
        epoch = current.position.epoch
        signed = self._log.co_signed(epoch, at_most=aggregates.MAX_CO_SIGNED)
        key = (epoch, at // HOUR, signed[-1].seq if signed else 0)
        if self._entries is None or self._entries[0] != key:
            listed = aggregates.listed(self._log.aggregates(epoch), at=at)
            self._entries = key, (*listed, *aggregates.co_signed(signed))
        return self._entries[1]

    def _manifest(self, epoch: int, entries: tuple[ManifestEntry, ...], at: UnixTime) -> bytes:
        def sign(seq: int, moment: UnixTime) -> bytes:
            listed = Manifest(self._profile.region, seq, moment, UnixTime(moment + LIFE), epoch, entries)
            return manifest.sign(listed, self._signers.status)

        names = tuple((each.name(epoch=epoch), each.sha256) for each in entries)
        content = (keys.kid_of(self._signers.status.public_key), epoch, at // HOUR, names)
        return signed_once.current(
            self._log.register, "feed-manifest", content, at=at, renew_after=Seconds(2 * HOUR), sign=sign
        )

    def _document(self, epoch: int, base: LoggedBase, urls: tuple[str, ...], at: UnixTime) -> bytes:
        def sign(seq: int, moment: UnixTime) -> bytes:
            exp = UnixTime(moment + DOCUMENT_LIFE)
            return feed_document.sign(
                FeedDocument(self._profile.region, seq, moment, exp, epoch, base.pointer, urls), self._signers.root
            )

        content = (epoch, base.pointer.seq, base.pointer.sha256, urls)
        return signed_once.current(self._log.register, "feed", content, at=at, renew_after=DAY, sign=sign)
