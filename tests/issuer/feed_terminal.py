"""A terminal without a disk: it reads a published folder as ours do, and believes what verifies."""

from dataclasses import dataclass, field
from pathlib import Path

from protocol import checkpoint, feed_document, feed_names, manifest, reversal, trust_list
from protocol.checkpoint import Checkpoint, VerifiedCheckpoint
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.manifest import EntryKind, Manifest
from protocol.trust_list import TrustList
from revocation import advance, guard
from revocation.advance import Held
from revocation.guard import CoSigned
from revocation.publishing.delivery import co_signed_name

REGION = "310000"


@dataclass
class FeedTerminal:
    """Reads `folder`. `bodies` has what every name that never changes held when it was first read."""

    folder: Path
    root: VerificationKey
    held: Held | None = None
    bodies: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        content = (self.folder / name).read_bytes()
        if name[-1].isdecimal():
            assert self.bodies.setdefault(name, content) == content, f"{name} has changed"
        return content

    def trust(self) -> TrustList:
        return trust_list.verify(self.read("trust.cbor"), root=self.root)

    def checkpoint(self, name: str = feed_names.CHECKPOINT) -> VerifiedCheckpoint:
        unverified = checkpoint.parse(self.read(name))
        return checkpoint.verify(unverified, trust=self.trust(), expected_region=REGION, at=unverified.claims.iat)

    @property
    def claims(self) -> Checkpoint:
        return self.checkpoint().claims

    def manifest(self) -> Manifest:
        signed = self.checkpoint()
        key = self.trust().find(signed.claims.iss, signed.kid, use=KeyUse.STATUS).key
        return manifest.verify(self.read(feed_names.MANIFEST), signed_by=key, expected_region=REGION)

    def co_signed(self) -> CoSigned:
        """Everything that the checkpoint says was co-signed, with the co-signatures that are published."""
        signed, pairs = self.claims, []
        epoch = signed.position.epoch
        for each in signed.reversals:
            statement = self.read(co_signed_name(EntryKind.CO_SIGNATURE, epoch, each.seq))
            body = self.read(co_signed_name(EntryKind.CO_SIGNED_DELTA, epoch, each.seq))
            verified = reversal.verify(statement, trust=self.trust(), expected_region=REGION, at=signed.iat)
            pairs.append((verified, body))
        return guard.co_signed(pairs)

    def deltas(self, after: int, until: Checkpoint) -> list[bytes]:
        return [
            self.read(feed_names.delta(until.position.epoch, seq)) for seq in range(after + 1, until.position.seq + 1)
        ]

    def begin(self) -> Held:
        """From nothing, by the base that the root names."""
        signed = self.checkpoint()
        document = feed_document.verify(self.read(feed_names.DOCUMENT), root=self.root, expected_region=REGION)
        assert document.epoch == signed.claims.position.epoch
        base = self.read(feed_names.base(document.epoch, document.base.seq))
        self.held = advance.from_nothing(
            base,
            (),
            self.deltas(document.base.seq, signed.claims),
            pointer=document.base,
            checkpoint=signed,
            co_signed=self.co_signed(),
        )
        return self.held

    def poll(self) -> Held:
        """On by deltas, as every minute."""
        if self.held is None:
            return self.begin()
        self.held = self.from_held(self.held)
        return self.held

    def from_held(self, held: Held) -> Held:
        """Where one comes from there, by deltas."""
        signed = self.checkpoint()
        after = held.position.seq if held.position.epoch == signed.claims.position.epoch else 0
        return advance.by_deltas(held, self.deltas(after, signed.claims), checkpoint=signed, co_signed=self.co_signed())

    def by_aggregates(self, held: Held) -> Held:
        """Where one comes from there, by the aggregates that the manifest lists and the deltas after them."""
        signed, listed = self.checkpoint(), self.manifest()
        pairs, seq = [], held.position.seq
        for kind in (EntryKind.WEEK, EntryKind.DAY, EntryKind.HOUR):
            for entry in listed.way(kind, after=seq):
                if entry.first <= seq < entry.last:
                    pairs.append((entry, self.read(feed_names.listed(entry.name(epoch=listed.epoch)))))
                    seq = entry.last
        return advance.by_aggregates(
            held, pairs, self.deltas(seq, signed.claims), checkpoint=signed, co_signed=self.co_signed()
        )

    def status(self, list_number: int, idx: int) -> object:
        assert self.held is not None
        return self.held.state.look_up(list_number, idx)
