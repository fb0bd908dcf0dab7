"""The terminals of one site: what this one hears of the others and tells them about codes that were shown.

    heard: form → both signatures, this site → certificate runs, nothing withdrawn → remembered, compared, alarm
    told:  the newest uses as soon as there is one; all of the last 72 hours, again and again, a datagram at a time

Guaranteed: signatures are checked outside of the terminal's lock, and nothing is ever waited for, so that no verdict
depends on the network; what does not verify changes nothing; everything that is told may be lost, since it is told
again until both terminals know. Not handled here: sockets and threads (`neighbour_talk`).
"""

import threading
from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from typing import Final

from protocol import keys, limits, site_uses
from protocol.errors import ProtocolError
from protocol.keys import Signer
from protocol.site_uses import SiteUse
from protocol.unixtime import MINUTE, UnixTime
from verifier_terminal import double_shows
from verifier_terminal.appraisal.context import ClockReading, Knowledge
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.certification import Certification
from verifier_terminal.errors import KeyUnusable
from verifier_terminal.events import ActsChanged, Publisher, StatusChanged
from verifier_terminal.store.site_uses import FRESH, KEPT, DoubleShow, Heard
from verifier_terminal.store.store import Store

_NEWEST: Final = 2 * MINUTE
"""What is told at once goes along with the next uses too: a lost datagram costs nothing while others are told."""
_MAX_KNOWN: Final = 4_096
"""Datagrams that came before are recognised before anything is verified: neighbours repeat themselves."""


class Answer(StrEnum):
    """What became of a datagram."""

    TAKEN = "taken"
    REPEATED = "repeated"
    OWN = "own"
    FOREIGN = "foreign"
    """Of another site."""
    REFUSED = "refused"


class Neighbours:
    """See the module. Any thread may call it; `lock` is the terminal's."""

    def __init__(
        self,
        site: str,
        store: Store,
        *,
        knowledge: Callable[[], Knowledge | None],
        certification: Callable[[], Certification],
        signer: Callable[[], Signer],
        clock: Callable[[], ClockReading],
        elapsed_seconds: Callable[[], float],
        publisher: Publisher,
        lock: threading.RLock,
    ) -> None:
        """Nothing is heard or told yet.

        Args:
            site: Four characters; empty: there are no neighbours.
            store: Where uses and alarms lie.
            knowledge: What is held now: whose signatures count.
            certification: How this terminal's certificate stands now.
            signer: This terminal's key.
            clock: The time as it is believed now.
            elapsed_seconds: A clock that only counts.
            publisher: Whom to tell of alarms.
            lock: The terminal's.
        """
        self.site = site
        self._store = store
        self._knowledge = knowledge
        self._certification = certification
        self._signer = signer
        self._clock = clock
        self._elapsed_seconds = elapsed_seconds
        self._publisher = publisher
        self._lock = lock
        self._known: dict[bytes, None] = {}
        self._after: SiteUse | None = None
        self.news = threading.Event()
        """Something was shown here that no neighbour knows yet."""
        store.site.site = site

    # Hearing.

    def hear(self, packet: bytes) -> Answer:
        """Takes a datagram in; never raises for what is in it.

        Raises:
            OutOfOrder: An alarm could not be written; it is told again.
        """
        digest = sha256(packet).digest()
        if digest in self._known:
            return Answer.REPEATED
        with self._lock:
            knowledge, clock = self._knowledge(), self._clock()
        if not self.site or knowledge is None:
            return Answer.REFUSED
        trusted = {pair: anchor for pair, anchor in knowledge.trust.anchors.items() if pair not in knowledge.bans}
        try:
            said = site_uses.verify(packet, expected_site=self.site, terminal_keys=trusted, at=clock.at)
        except site_uses.OtherSite:
            return Answer.FOREIGN
        except ProtocolError:
            return Answer.REFUSED
        certificate = said.certificate
        runs = certificate.iat - limits.CHALLENGED_SKEW <= clock.at < certificate.exp + limits.CHALLENGED_SKEW
        if not runs or keys.kid_of(certificate.key) in knowledge.trust.withdrawn:
            return Answer.REFUSED
        if certificate.key.thumbprint == self._own_thumbprint():
            return Answer.OWN
        self._take([Heard(each, certificate.terminal, certificate.place) for each in said.uses])
        # Only now: what could not be written down must be taken when it comes again.
        self._known[digest] = None
        if len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return Answer.TAKEN

    def _own_thumbprint(self) -> bytes | None:
        try:
            return self._signer().public_key.thumbprint
        except KeyUnusable:
            return None

    def _take(self, told: list[Heard]) -> None:
        found: list[DoubleShow] = []
        with self._lock:
            now, clock, site = self._elapsed_seconds(), self._clock(), self._store.site
            site.forget_over(now)
            for each in told:
                # A clock that is not plausible tells nothing old from something fresh; then all of it counts.
                if abs(clock.at - each.use.used_at) < FRESH or not clock.plausible:
                    site.hear(each, now=now)
            with self._store.reading():
                shared = site.shared(told)
            if shared:
                with self._store.writing():
                    new = (site.record(use, heard, at=clock.at) for use, heard in shared)
                    found = [double for double in new if double is not None]
                    for double in found:
                        double_shows.write_down(self._store, double)
        for double in found:
            self._publisher.publish(ActsChanged(double.check_number))
        if found:
            self._publisher.publish(StatusChanged())

    # Telling.

    def shown(self, verdict: Verdict) -> None:
        """A check stands in the journal: the neighbours are to hear of it, and the page of an alarm that it raised."""
        if not self.site:
            return
        self.news.set()
        uses = [each.earlier_use for each in verdict.members or (verdict,)]
        if any(use is not None and not use.here for use in uses):
            self._publisher.publish(StatusChanged())

    def newest(self) -> bytes | None:
        """What was shown here in the last two minutes, as one datagram; None: nothing, or no good certificate."""
        self.news.clear()
        with self._lock, self._store.reading():
            uses = self._store.site.own(since=UnixTime(self._clock().at - _NEWEST), limit=limits.MAX_SITE_USES)
        signed = self._signed(uses)
        return None if signed is None else signed[0]

    def next_page(self) -> bytes | None:
        """The next datagram of all that was shown here in 72 hours; after the last one it begins anew."""
        with self._lock, self._store.reading():
            since = UnixTime(self._clock().at - KEPT)
            site = self._store.site
            uses = site.page(since=since, after=self._after, limit=limits.MAX_SITE_USES)
            if not uses and self._after is not None:
                uses = site.page(since=since, after=None, limit=limits.MAX_SITE_USES)
        signed = self._signed(uses)
        if signed is None:
            self._after = None
            return None
        encoded, count = signed
        self._after = uses[count - 1]
        return encoded

    def _signed(self, uses: tuple[SiteUse, ...]) -> tuple[bytes, int] | None:
        with self._lock:
            standing = self._certification()
        if not uses or standing.trouble is not None or standing.encoded is None:
            # Without a good certificate nobody would believe it. The page says that there is none.
            return None
        try:
            return site_uses.sign(self.site, uses, certificate=standing.encoded, signer=self._signer())
        except (ProtocolError, KeyUnusable):
            return None
