"""Decides which fetched documents are taken in: verified by their region's root, never older, each whole or not at all.

Captive portals, mixed-up mirrors and old copies end here: nothing is overwritten, the
reason is named, and the other documents go in. Not handled here: writing (the session's one transaction), lateness (a
grade, never a refusal).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol import appraisal_policy, cbor, feed_document, status_list, trust_list
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import IssuerUnknown, ProtocolError, StatusUriError
from protocol.feed_document import FeedDocument
from protocol.keys import VerificationKey
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.errors import (
    ContradictsHeld,
    DocumentRefused,
    FetchError,
    JumpsAhead,
    NotPublished,
    NotSignedByIssuer,
    OlderThanHeld,
    ShorterThanHeld,
    TerminalError,
    TooLarge,
    WebPage,
)
from verifier_terminal.store import trust_store
from verifier_terminal.store.trust_store import Mark
from verifier_terminal.sync import mirror as mirrors
from verifier_terminal.sync.mirror import Mirror

MAX_AHEAD: Final = Seconds(5 * MINUTE)
"""An iat further ahead of a clock that is otherwise believed is not applied (REVOCATION.md, "Trusted time")."""
MAX_PAST_TRUST: Final = Seconds(30 * DAY)
"""How far past the trust list's end a status list is believed when this terminal's own clock is not: a stolen status
key must not be able to set the terminal's time for good. The root is the second source (REVOCATION.md)."""
_MAX_SEQ_STEP: Final = 10_000_000
"""One a second for four months: a stolen key must not be able to make every later number look old (SECURITY.md E4)."""
_MAX_FAILED_DOWNLOADS: Final = 3
"""In one round: a server that is slow or gone is so for every list, and each one may take its whole patience."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A fetched document that verifies and may be taken in."""

    name: str
    encoded: bytes
    mark: Mark
    over: Mark | None
    """The mark that was held when this was judged."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that could not be fetched or is not taken in, and why."""

    name: str
    why: TerminalError


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of one round."""

    offered: tuple[Offered, ...]
    unchanged: tuple[str, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class _Envelope:
    seq: int
    iat: UnixTime
    entries: int = 0
    """Of a status list."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which region's documents a round is about, and what is believed and held of them."""

    root: VerificationKey
    marks: Mapping[str, Mark]
    """The newest versions ever taken in, by document name."""
    held: Callable[[str], bytes | None]
    """The bytes that are held under a name, or None."""
    clock: ClockReading
    """Only a plausible one is believed when a document says that it comes from the future."""
    region: str | None = None
    """Whose documents they must be; None: whoever the root says."""
    prefix: str = trust_store.HOME
    """What the region's documents are named with here; the home region alone has catalogue, policy and tokens."""
    has_feed: bool = False
    """Its statuses come from a feed, and its tokens are fetched no more."""


def fetch_all(mirror: Mirror, asked: Asked) -> Fetched:
    """One round: fetches every document of a region and keeps what may be taken in."""
    one_round = _Round(mirror, asked)
    # 1. The trust list first: everything else but catalogue and policy is signed by keys that stand in it.
    one_round.take(trust_store.TRUST)
    # 2. What the root signs besides. A region need not have a feed.
    if asked.prefix == trust_store.HOME:
        one_round.take(trust_store.CATALOGUE)
        one_round.take(trust_store.POLICY)
    one_round.take(trust_store.FEED, may_be_missing=True)
    # 3. The status lists that the issuer names, under the newest trust list that holds.
    if asked.prefix == trust_store.HOME and not asked.has_feed and not one_round.has(trust_store.FEED):
        one_round.take_lists()
    return Fetched(tuple(one_round.offered), tuple(one_round.unchanged), tuple(one_round.refused))


class _Round:
    """The state of one round."""

    def __init__(self, mirror: Mirror, asked: Asked) -> None:
        self._mirror = mirror
        self._root = asked.root
        self._marks = asked.marks
        self._held = asked.held
        self._clock = asked.clock
        self._region = asked.region
        self._prefix = asked.prefix
        self._trust: TrustList | None = None
        self.offered: list[Offered] = []
        self.unchanged: list[str] = []
        self.refused: list[Refused] = []

    def take(self, kind: str, *, may_be_missing: bool = False) -> None:
        name = f"{self._prefix}{kind}"
        try:
            encoded = mirrors.fetch_document(self._mirror, f"{kind}.cbor")
            envelope = self._verified(name, encoded, self._verify_root_signed)
            self._consider(name, encoded, envelope, mark=self._marks.get(name), latest=None)
            if kind == trust_store.TRUST:
                # Only now: what is refused as older, contradicting or from the future judges no list.
                self._trust = trust_list.verify(encoded, root=self._root)
        except NotPublished as why:
            if not may_be_missing:
                self.refused.append(Refused(name, why))
        except TerminalError as why:
            self.refused.append(Refused(name, why))

    def has(self, kind: str) -> bool:
        """Whether this document came, or came again."""
        name = f"{self._prefix}{kind}"
        return name in self.unchanged or any(each.name == name for each in self.offered)

    def take_lists(self) -> None:
        trust = self._trust or self._held_trust()
        if trust is None:
            return
        try:
            uris = mirrors.fetch_list_uris(self._mirror, region=trust.iss)
        except TerminalError as why:
            self.refused.append(Refused("status/aggregation.json", why))
            return

        failed = 0
        for uri in uris:
            try:
                self._take_list(uri, mirrors.fetch_status_list(self._mirror, uri), trust)
            except (NotPublished, TooLarge, DocumentRefused) as why:
                # One list's own fault, and quickly found out.
                self.refused.append(Refused(uri, why))
            except FetchError as why:
                self.refused.append(Refused(uri, why))
                failed += 1
                if failed == _MAX_FAILED_DOWNLOADS:
                    return

    def _take_list(self, uri: str, encoded: bytes, trust: TrustList) -> None:
        def verify(uri: str, encoded: bytes) -> _Envelope:
            token = status_list.verify(encoded, trust=trust, at=self._clock.at)
            if token.uri != uri:
                # SECURITY.md E6: sub must be the list that was asked for.
                raise NotSignedByIssuer(f"{uri}: another list came in its place")
            return _Envelope(token.seq, token.iat, len(token.entries))

        envelope = self._verified(uri, encoded, verify)
        mark, held = self._marks.get(uri), self._held(uri)
        if held is not None and held != encoded:
            try:
                # Not by the clock: whether the key has ended meanwhile says nothing about what it signed.
                entries = len(status_list.verify(held, trust=trust, at=UnixTime(0)).entries)
            except IssuerUnknown:
                # The key that set this mark is trusted no more. Were it to bind, a stolen key could run a list's number
                # or moment ahead and so shut out every list of its successor (REVOCATION.md: revoking is the healing).
                mark = None
            except ProtocolError:
                # Damaged here; the mark still refuses an older one.
                entries = 0
            else:
                if envelope.entries < entries:
                    raise ShorterThanHeld(f"{uri}: {envelope.entries} entries are offered, {entries} are held")
        self._consider(uri, encoded, envelope, mark=mark, latest=UnixTime(trust.exp + MAX_PAST_TRUST))

    def _verified(self, name: str, encoded: bytes, verify: Callable[[str, bytes], _Envelope]) -> _Envelope:
        # a. Signature and form.
        try:
            return verify(name, encoded)
        except ProtocolError as refusal:
            raise _not_signed(name, encoded, refusal) from refusal

    def _consider(
        self, name: str, encoded: bytes, envelope: _Envelope, *, mark: Mark | None, latest: UnixTime | None
    ) -> None:
        """Offers a verified document if it may be taken in; `latest` bounds its moment when the clock cannot."""
        # b. Never older, never contradicting, never from the future.
        content = _content_sha256(encoded)
        _check_order(name, envelope, content, mark)
        if self._clock.plausible:
            latest = UnixTime(self._clock.at + MAX_AHEAD)
        if latest is not None and envelope.iat > latest:
            raise JumpsAhead(f"{name}: {envelope.iat - self._clock.at} s ahead of this terminal's clock")
        # c. The same once more: only a damaged copy is replaced by it.
        if mark is not None and (envelope.seq, envelope.iat) == (mark.seq, mark.iat) and self._held(name) == encoded:
            self.unchanged.append(name)
            return
        mark_now = Mark(envelope.seq, envelope.iat, content)
        self.offered.append(Offered(name, encoded, mark_now, over=self._marks.get(name)))

    def _verify_root_signed(self, name: str, encoded: bytes) -> _Envelope:
        document: TrustList | Catalogue | AppraisalPolicy | FeedDocument
        match name.removeprefix(self._prefix):
            case trust_store.TRUST:
                document = trust_list.verify(encoded, root=self._root)
                if self._region is not None and document.iss != self._region:
                    raise StatusUriError("a trust list of another region")
            case trust_store.CATALOGUE:
                document = catalogue.verify(encoded, root=self._root)
            case trust_store.POLICY:
                document = appraisal_policy.verify(encoded, root=self._root)
            case _:
                trust = self._trust or self._held_trust()
                region = self._region or (trust.iss if trust else "")
                document = feed_document.verify(encoded, root=self._root, expected_region=region)
        return _Envelope(document.seq, document.iat)

    def _held_trust(self) -> TrustList | None:
        encoded = self._held(f"{self._prefix}{trust_store.TRUST}")
        try:
            return None if encoded is None else trust_list.verify(encoded, root=self._root)
        except ProtocolError:
            return None


def _check_order(name: str, offered: _Envelope, content: bytes, mark: Mark | None) -> None:
    # The first one too: a terminal that is set up on the day of an attack must not start at the end of all numbers.
    if offered.seq > (mark.seq if mark else 0) + _MAX_SEQ_STEP:
        raise JumpsAhead(f"{name}: number {offered.seq} after number {mark.seq if mark else 0}")
    if mark is None:
        return
    if offered.seq < mark.seq or offered.iat < mark.iat:
        raise OlderThanHeld(f"{name}: number {offered.seq} is offered, number {mark.seq} is held")
    if (offered.seq, offered.iat) == (mark.seq, mark.iat) and content != mark.content_sha256:
        raise ContradictsHeld(f"{name}: number {offered.seq}")


def _content_sha256(encoded: bytes) -> bytes:
    """Of the signed payload: another signature over the same content is the same document."""
    structure = cbor.decode(encoded)
    assert isinstance(structure, cbor.Tagged)
    assert isinstance(structure.value, tuple)
    payload = structure.value[2]
    assert isinstance(payload, bytes)
    return sha256(payload).digest()


def _not_signed(name: str, encoded: bytes, refusal: ProtocolError) -> NotSignedByIssuer:
    if encoded.lstrip()[:1] == b"<":
        return WebPage(name)
    return NotSignedByIssuer(f"{name}: {refusal.code}, {refusal}")
