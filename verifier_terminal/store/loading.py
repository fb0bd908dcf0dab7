"""What the terminal's documents say: verified again whenever they are loaded, each region under its own root.

A damaged file or a hand in the database is found: what does not verify is left out and named, the rest is used. An
older version is never put in a damaged one's place: it could bring a banned key back. Keys of a region count only with
issuers and status lists of that region. Not handled here: fetching, and deciding what is newer (`sync.intake`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from protocol import appraisal_policy, cbor, cose_sign1, feed_document, keys, labels, status_list, trust_list
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import ProtocolError, StatusUriError
from protocol.feed_document import FeedDocument
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue
from protocol.status_list import StatusListToken
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from revocation.coverage import StatusSnapshot
from verifier_terminal.store import trust_store
from verifier_terminal.store.floors import SourceKey
from verifier_terminal.store.trust_store import Mark

_Document = TypeVar("_Document", TrustList, FeedDocument, Catalogue, AppraisalPolicy, StatusListToken)


@dataclass(frozen=True, slots=True)
class Held:
    """One document as it is held: number, moment of issue, technical end."""

    name: str
    seq: int
    iat: UnixTime
    exp: UnixTime


@dataclass(frozen=True, slots=True)
class Damaged:
    """A document that is there and does not verify, with the reason in technical words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RegionTrust:
    """What is believed of one region: its root, its keys, and where its feed begins (None: it has none)."""

    region: str
    root: VerificationKey
    trust: TrustList
    feed: FeedDocument | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came out of the store. Catalogue and policy are the home region's."""

    home: str | None
    """None: the home region's trust list is not held."""
    regions: Mapping[str, RegionTrust]
    catalogue: Catalogue | None
    policy: AppraisalPolicy | None
    tokens: StatusSnapshot
    held: tuple[Held, ...]
    damaged: tuple[Damaged, ...]
    floors: Mapping[SourceKey, UnixTime]
    """The latest moment that each trusted key has signed, of everything that stands in documents."""

    @property
    def trust(self) -> TrustList | None:
        """The keys of all regions; number and moments are the home region's."""
        if self.home is None:
            return None
        anchors = {pair: anchor for each in self.regions.values() for pair, anchor in each.trust.anchors.items()}
        return replace(self.regions[self.home].trust, anchors=anchors)

    @property
    def trusted(self) -> frozenset[SourceKey]:
        """Every key that may say what time it is: roots and status keys."""
        roots = {(each.region, keys.kid_of(each.root)) for each in self.regions.values()}
        return frozenset(roots | {pair for each in self.regions.values() for pair in status_keys(each)})


NOTHING: Final = Loaded(None, {}, None, None, StatusSnapshot({}), (), (), {})


def status_keys(region: RegionTrust) -> frozenset[SourceKey]:
    """The region's status keys."""
    return frozenset(
        (region.region, anchor.kid) for anchor in region.trust.anchors.values() if anchor.use is KeyUse.STATUS
    )


def own_keys(trust: TrustList, region: str) -> TrustList:
    """The list without the keys that are none of this region's: neither by issuer nor by status lists."""
    prefix = f"lz:{region}/"
    own = {
        pair: anchor
        for pair, anchor in trust.anchors.items()
        if anchor.iss.startswith(f"{region}.") and all(each.startswith(prefix) for each in anchor.status_prefixes)
    }
    return replace(trust, anchors=own)


def load(
    documents: Mapping[str, bytes],
    marks: Mapping[str, Mark],
    roots: Mapping[str, VerificationKey],
    *,
    at: UnixTime,
    alone: bool,
) -> Loaded:
    """Everything that is held, verified again.

    Args:
        documents: By name (`trust_store`).
        marks: The newest versions that were ever taken in.
        roots: Each region's root by its prefix, the home region's by "".
        at: Status keys must not have ended.
        alone: The terminal knows one region and its root, which may then speak for other regions' keys too.
    """
    return _Loading(documents, marks, at).all(roots, alone=alone)


class _Loading:
    def __init__(self, documents: Mapping[str, bytes], marks: Mapping[str, Mark], at: UnixTime) -> None:
        self._documents = documents
        self._marks = marks
        self._at = at
        self._held: list[Held] = []
        self._damaged: list[Damaged] = []
        self._floors: dict[SourceKey, UnixTime] = {}

    def all(self, roots: Mapping[str, VerificationKey], *, alone: bool) -> Loaded:
        regions = {}
        home = None
        for prefix, root in roots.items():
            found = self._region(prefix, root, alone=alone)
            if found is not None:
                regions[found.region] = found
                home = found.region if prefix == trust_store.HOME else home
        home_root = roots.get(trust_store.HOME)
        kinds = policy = None
        if home_root is not None:
            kinds = self._one(trust_store.CATALOGUE, lambda encoded: catalogue.verify(encoded, root=home_root))
            policy = self._one(trust_store.POLICY, lambda encoded: appraisal_policy.verify(encoded, root=home_root))
            if home is not None:
                self._heard(home, home_root, (kinds, policy))
        tokens = self._tokens(regions[home].trust, home) if home is not None else {}
        return Loaded(
            home,
            regions,
            kinds,
            policy,
            StatusSnapshot(tokens),
            tuple(self._held),
            tuple(self._damaged),
            self._floors,
        )

    def _region(self, prefix: str, root: VerificationKey, *, alone: bool) -> RegionTrust | None:
        trust = self._one(
            f"{prefix}{trust_store.TRUST}", lambda encoded: _trust(encoded, root, prefix.removesuffix("/"))
        )
        if trust is None:
            return None
        region = trust.iss
        feed = self._one(
            f"{prefix}{trust_store.FEED}",
            lambda encoded: feed_document.verify(encoded, root=root, expected_region=region),
        )
        self._heard(region, root, (trust, feed))
        return RegionTrust(region, root, trust if alone else own_keys(trust, region), feed)

    def _heard(
        self,
        region: str,
        root: VerificationKey,
        documents: Iterable[TrustList | FeedDocument | Catalogue | AppraisalPolicy | None],
    ) -> None:
        for each in documents:
            if each is not None:
                self._raise((region, keys.kid_of(root)), each.iat)

    def _raise(self, source: SourceKey, iat: UnixTime) -> None:
        self._floors[source] = max(self._floors.get(source, iat), iat)

    def _tokens(self, trust: TrustList, home: str) -> Mapping[str, StatusListToken]:
        found = {}
        for name, encoded in self._documents.items():
            if not trust_store.is_list(name):
                continue
            token = self._one(name, lambda encoded: status_list.verify(encoded, trust=trust, at=self._at))
            if token is None:
                continue
            if token.uri != name:
                self._leave_out(name, "another list stands in its place")
                continue
            found[name] = token
            self._raise((home, _kid(encoded)), token.iat)
        return found

    def _one(self, name: str, verify: Callable[[bytes], _Document]) -> _Document | None:
        """A document, once it verifies and is not older than its mark."""
        encoded = self._documents.get(name)
        if encoded is None:
            return None
        try:
            document = verify(encoded)
        except ProtocolError as refusal:
            self._damaged.append(Damaged(name, f"{refusal.code}: {refusal}"))
            return None
        mark = self._marks.get(name)
        if mark is not None and (document.seq, document.iat) != (mark.seq, mark.iat):
            # A row that somebody put back.
            self._damaged.append(Damaged(name, f"number {document.seq} is held, number {mark.seq} was taken in"))
            return None
        self._held.append(Held(name, document.seq, document.iat, document.exp))
        return document

    def _leave_out(self, name: str, why: str) -> None:
        self._held = [each for each in self._held if each.name != name]
        self._damaged.append(Damaged(name, why))


def _trust(encoded: bytes, root: VerificationKey, expected_region: str) -> TrustList:
    trust = trust_list.verify(encoded, root=root)
    if expected_region and trust.iss != expected_region:
        raise StatusUriError("a trust list of another region")
    return trust


def _kid(encoded: bytes) -> bytes:
    """Of a token that has verified."""
    sign1 = cose_sign1.parse(
        cbor.decode(encoded),
        expected_typ=labels.TYP_STATUS_LIST,
        protected_labels=frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP}),
    )
    kid = sign1.protected[labels.HDR_KID]
    assert isinstance(kid, bytes)
    return kid
