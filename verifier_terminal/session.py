"""One running terminal: from a scanned text to a verdict that is written down before anybody sees it.

    text → same act? → appraise → request burnt → journal row + replay keys + re-check entries, durable → listeners

Guaranteed: what `scan` returns stands in the journal (a kill at any moment included); if it cannot be written there is
no verdict, only `OutOfOrder`. A request is burnt by the first answer with both signatures, before anything is written:
if the row then fails, nobody can answer it again. Every method may be called by any thread; they take turns, except
that fetching happens outside of the lock, so a verdict never waits for the network. Not handled here: capturing, pages,
words for people.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hardware.devices import DeviceEvent
from protocol.keys import Signer, VerificationKey
from protocol.labels import PREFIX_PRESENTATION, AnimatedKind
from protocol.licence.catalogue import Catalogue, RiskClass
from protocol.qr.animated import Assembled
from protocol.receipt import ReceiptCopy
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal import (
    animation,
    asking,
    certification,
    check_number,
    disputes,
    joining,
    problem_reports,
    receipts,
    recording,
    roles,
    standing,
)
from verifier_terminal.animation import Animations
from verifier_terminal.appraisal import foreign_codes, gates, validity
from verifier_terminal.appraisal.context import ClockReading, Context, Knowledge
from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.asking import Askable, Asking, OpenedRequest
from verifier_terminal.certification import Certification, Trouble
from verifier_terminal.config import TerminalSettings
from verifier_terminal.disputes import Dispute
from verifier_terminal.errors import (
    AlreadyVoid,
    AppraisalBroken,
    CertificateUnusable,
    KeyUnusable,
    NoReceipt,
    OutOfOrder,
    UnknownCheckNumber,
)
from verifier_terminal.events import (
    ActsChanged,
    AnimationProgress,
    DeviceNews,
    FaceMoved,
    ForeignCode,
    JoinWaits,
    Listener,
    OutOfOrderNews,
    PersonChecked,
    PortraitShown,
    Publisher,
    ReceiptGiven,
    RecheckAlarm,
    RequestClosed,
    RequestOpened,
    ShownVerdict,
    StatusChanged,
    Subscription,
)
from verifier_terminal.identity import Identity
from verifier_terminal.in_view import InView
from verifier_terminal.joining import Joining
from verifier_terminal.neighbours import Neighbours
from verifier_terminal.officers_acts import EVENT as ACT_EVENT
from verifier_terminal.officers_acts import ActStanding, OfficersDesk
from verifier_terminal.portraits import Matched, Portraits
from verifier_terminal.problem_reports import Category, Report
from verifier_terminal.receipts import EvidenceShelf
from verifier_terminal.recording import EXERCISE_NUMBER
from verifier_terminal.reports import Reports
from verifier_terminal.request_book import Closed
from verifier_terminal.roles import Role
from verifier_terminal.staff.checking import Place
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.shift import Shift
from verifier_terminal.standing import TerminalStatus
from verifier_terminal.store import person_check
from verifier_terminal.store.chain import ChainReport
from verifier_terminal.store.feed_alarms import FeedAlarm
from verifier_terminal.store.journal import JournalRow, Payload
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.store.replay import NothingUsed, UsedAlready
from verifier_terminal.store.site_uses import DoubleShow
from verifier_terminal.store.store import Store
from verifier_terminal.supervision import INTERACTIVE, Strength, Supervision
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.schedule import Schedule
from verifier_terminal.sync.sources import OpenMirror
from verifier_terminal.trusted_time import TrustedTime
from verifier_terminal.upkeep import SyncReport, Upkeep
from verifier_terminal.verified_credentials import VerifiedCredentials

if TYPE_CHECKING:
    from verifier_terminal.sync.repository_mirror import Repository

Appraise = Callable[[str, Context], Verdict]
AppraiseBytes = Callable[[AnimatedKind, bytes, Context], Verdict]

_MAX_DISPUTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Code:
    """What a device read: one text, or the whole of an animated code."""

    sha256: bytes
    fingerprint: str
    """The text, or what stands for a whole that has none; for naming and recognising what could not be read."""
    appraise: Callable[[Context], Verdict]


@dataclass(frozen=True, slots=True)
class Act:
    """One check as lists show it. `payload` is its journal row's content."""

    check_number: str
    at: UnixTime
    verdict_class: VerdictClass
    kind: str | None
    void_reason: str | None
    person: PersonCheck
    payload: Payload
    joined_with: str | None
    role: Role | None
    by: str
    case: str
    officers_acts: tuple[ActStanding, ...]


class Session:
    """See the module. Close it when done."""

    def __init__(
        self,
        settings: TerminalSettings,
        root: VerificationKey,
        store: Store,
        *,
        identity: Identity,
        appraise: Appraise,
        appraise_bytes: AppraiseBytes,
        time: TrustedTime,
        elapsed_seconds: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        repository: "Repository | None" = None,
        open_mirror: OpenMirror | None = None,
        jitter: Callable[[float], float] = float,
        pin_strength: Strength = INTERACTIVE,
        staff: StaffFiles | None = None,
    ) -> None:
        """Loads what is held.

        Args:
            settings: The terminal's own.
            root: The pinned root, checked against them.
            store: Open; the session closes it.
            identity: The terminal's own key and certificate.
            appraise: From a text and a context to a verdict.
            appraise_bytes: The same for what the frames of an animated code carried.
            time: What is believed about the time.
            elapsed_seconds: A clock that only counts, for "the same act" and for how long requests live.
            random_bytes: For check numbers, nonces and the keys of receipts and requests.
            repository: Where trust metadata of several regions are held; None: the terminal knows one region.
            open_mirror: Opens the further addresses of feeds; None: they are not asked.
            jitter: Makes an interval between polls a little longer or shorter.
            pin_strength: What one guess at the supervisor's PIN costs.
            staff: Where staff have their keys, and how they sign on; None: nobody does.

        Raises:
            OutOfOrder: The database cannot be read.
        """
        self.settings = settings
        self._store = store
        self._identity = identity
        self._appraise = appraise
        self._appraise_bytes = appraise_bytes
        self._elapsed_seconds = elapsed_seconds
        self._random_bytes = random_bytes
        self._lock = threading.RLock()
        self._publisher = Publisher()
        self._out_of_order: str | None = None
        self._in_view = InView()
        self._asking = Asking(settings.purpose, settings.site, random_bytes=random_bytes)
        self._animations = Animations()
        self._portraits = Portraits()
        self._shelf = EvidenceShelf()
        self._joining = Joining()
        self._verified = VerifiedCredentials(elapsed_seconds)
        self.schedule = Schedule(now=elapsed_seconds, jitter=jitter)
        """When which region is polled, for whoever polls."""
        self._upkeep = Upkeep(
            settings,
            root,
            store,
            repository,
            time=time,
            publisher=self._publisher,
            lock=self._lock,
            open_mirror=open_mirror,
            trust_has_changed=self._verified.forget_all,
        )
        self.reports = Reports(
            store,
            lock=self._lock,
            clock=self._clock,
            certification=self._certification,
            signer=identity.signer,
            tell=self._publisher.publish,
        )
        """What the operator is to hear, for whoever sends it."""
        self.neighbours = Neighbours(
            settings.site,
            store,
            knowledge=lambda: self.knowledge,
            certification=self._certification,
            signer=identity.signer,
            clock=self._clock,
            elapsed_seconds=elapsed_seconds,
            publisher=self._publisher,
            lock=self._lock,
        )
        self.shift = Shift(
            staff,
            store=store,
            lock=self._lock,
            publisher=self._publisher,
            append=self._append,
            now=lambda: self._clock().at,
            elapsed_seconds=elapsed_seconds,
            knowledge=lambda: self.knowledge,
            place=lambda: Place.of(settings.region, settings.purpose, self._certification().certificate),
            attended=settings.face.attended,
            demanded=self._demands_sign_on,
        )
        self.officers = OfficersDesk(
            store,
            self.shift,
            lock=self._lock,
            publisher=self._publisher,
            terminal=self._certified_name,
            now=lambda: self._clock().at,
            elapsed_seconds=elapsed_seconds,
        )
        self.supervision = Supervision(
            store,
            strength=pin_strength,
            lock=self._lock,
            now=lambda: self._clock().at,
            changed=lambda: self._publisher.publish(StatusChanged()),
        )
        """What a supervisor sets here."""
        with self._store.reading():
            self._upkeep.refresh()
        try:
            tampering = self._store.check_anchor()
            if tampering is not None:
                self._store.record_tampering(tampering, at=self._clock().at)
        except OutOfOrder as failure:
            # The terminal starts all the same: its status must be readable, and the first scan tries again.
            self._stops(failure)

    @property
    def out_of_order(self) -> str | None:
        """Why no verdict can be given at present; None while everything works."""
        return self._out_of_order

    @property
    def knowledge(self) -> Knowledge | None:
        """The signed statements that are held; None: never provisioned, or damaged."""
        return self._upkeep.known.knowledge

    def catalogue(self) -> Catalogue | None:
        """The signed catalogue that is held; None: never provisioned, or damaged."""
        return self.knowledge.catalogue if self.knowledge else None

    def read(self, text: str, *, source: str) -> ShownVerdict | None:
        """Takes what a device read: a frame of an animated code is put together with others, all else is scanned.

        Returns:
            The verdict; None for a frame that completed nothing to appraise. Frames leave no rows.

        Raises:
            OutOfOrder: As `scan`.
        """
        if not animation.is_frame(text):
            return self.scan(text, source=source)
        with self._lock:
            self.shift.require()
            now = self._elapsed_seconds()
            step = self._animations.add(text, source, now)
            if step is None:
                return None
            whole = step.whole
            if step.is_news:
                self._publisher.publish(AnimationProgress(whole.kind, step.received, whole.count, source))
            if whole.kind is AnimatedKind.PORTRAIT:
                for number in self._portraits.acts_of(whole.digest, now):
                    self._in_view.keep(number, source, now)
                if step.assembled is not None:
                    self._show(self._portraits.arrived(step.assembled, now))
                return None
            if step.assembled is not None:
                return self._take(self._whole(step.assembled), source, now)
            if step.sha256 is not None and not self._in_view.is_seen((source, step.sha256), now):
                # It was gone and is back: from now on it is put together, and appraised, anew.
                self._animations.forget(whole, source)
            return None

    def scan(self, text: str, *, source: str) -> ShownVerdict:
        """Appraises a text and writes the check down.

        Raises:
            OutOfOrder: It could not be written; there is no verdict.
            NobodyOnDuty: Somebody has to sign on first; nothing was appraised or written.
        """
        code = _Code(
            sha256(text.encode("utf-8", "surrogatepass")).digest(), text, lambda context: self._appraise(text, context)
        )
        with self._lock:
            self.shift.require()
            return self._take(code, source, self._elapsed_seconds())

    def still_there(self, source: str, text_sha256: bytes) -> None:
        """A device says that the text with this digest is still in front of it."""
        with self._lock:
            self._in_view.still_there((source, text_sha256), self._elapsed_seconds())

    # Asking holders.

    def install_certificate(self, encoded: bytes) -> TerminalCertificate:
        """Installs a certificate that is good here and now.

        Raises:
            CertificateUnusable: It is not, or it cannot be written; what was installed before stays.
            KeyUnusable: The terminal has no key that it could be for.
        """
        with self._lock:
            found = self._checked(encoded, self._identity.signer())
            if found.trouble is not None or found.certificate is None:
                raise CertificateUnusable(certification.WORDS[found.trouble or Trouble.UNREADABLE])
            self._identity.install(encoded)
            self._publisher.publish(StatusChanged())
            return found.certificate

    def askable(self) -> Mapping[int, Askable]:
        """The kinds that may be asked for here; none without a good certificate and policy."""
        with self._lock:
            standing_now, knowledge = self._certification(), self.knowledge
            if standing_now.trouble is not None or standing_now.certificate is None or knowledge is None:
                return {}
            return asking.askable(knowledge.policy, standing_now.certificate, self.settings.purpose)

    def open_challenge(self, wanted: Items, reason: str) -> OpenedRequest:
        """Asks for these items of these kinds, until they are answered, over or cancelled.

        Raises:
            CertificateUnusable: The terminal has no certificate that is good now.
            KeyUnusable: Its key cannot be used.
            RequestRefused: More than certificate and policy allow, no proper reason, or too long for one code.
            TooManyRequests: Eight are open.
        """
        with self._lock:
            now = self._forget_over()
            knowledge = self.knowledge
            standing_now = self._certification()
            if knowledge is None:
                raise CertificateUnusable(certification.WORDS[Trouble.NO_TRUST_LIST])
            if standing_now.trouble is not None:
                # Said before the key is touched: a terminal that asks for nothing needs none.
                raise CertificateUnusable(certification.WORDS[standing_now.trouble])
            opened = self._asking.open_challenge(
                wanted,
                reason,
                certification=standing_now,
                signer=self._identity.signer(),
                policy=knowledge.policy,
                at=self._clock().at,
                now=now,
            )
            self._publisher.publish(RequestOpened(opened.number))
            return opened

    def open_short_code(self) -> OpenedRequest:
        """A code of ten characters for a phone that scans nothing.

        Raises:
            NoSite: The terminal belongs to no site.
            TooManyRequests: Eight are open.
        """
        with self._lock:
            opened = self._asking.open_short_code(now=self._forget_over())
            self._publisher.publish(RequestOpened(opened.number))
            return opened

    def requests(self) -> tuple[OpenedRequest, ...]:
        """What is open, the oldest first."""
        with self._lock:
            return self._asking.opened(now=self._forget_over())

    def cancel_request(self, number: int) -> None:
        """Closes a request that nobody wants any more.

        Raises:
            UnknownRequest: It is not open.
        """
        with self._lock:
            self._forget_over()
            self._tell_closed((self._asking.cancel(number),))

    # Receipts.

    def receipt(self, number: str, reason: str | None = None) -> ReceiptCopy:
        """A receipt about a check of the last ten minutes, with the keys of the holder's copy; written down first.

        Args:
            number: The check's.
            reason: 申请事由, 1 to 200 characters; None: the one of the request that was answered.

        Raises:
            NoReceipt: Its evidence is not in memory (any more), it was declared void, or the reason is none.
            CertificateUnusable, KeyUnusable: The terminal cannot sign.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            standing_now = self._certification()
            if standing_now.trouble is not None or standing_now.encoded is None:
                raise CertificateUnusable(certification.WORDS[standing_now.trouble] if standing_now.trouble else "")
            if any(row.payload and row.payload["event"] == "void" for row in self.explain(number)):
                raise NoReceipt(f"{number}: it was declared void")
            copy = self._shelf.make(
                number,
                reason=reason,
                certificate=standing_now.encoded,
                signer=self._identity.signer(),
                random_bytes=self._random_bytes,
                now=self._elapsed_seconds(),
            )
            digest = sha256(copy.receipt).hexdigest()
            self._append({"event": "receipt", "check_number": number, "sha256": digest, "at": self._clock().at})
            self._publisher.publish(ReceiptGiven(number, digest))
            return copy

    def put_on_file(self, number: str) -> Verdict:
        """What was shown at a check of the last ten minutes, for a case file; that it was given is written down first.

        Raises:
            NoReceipt: It is not in memory (any more).
            ValuesNotForFile: Policy does not let the file have it.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            verdict = self._shelf.shown(number, self._elapsed_seconds())
            receipts.require_values_on_file(verdict, self.knowledge.policy if self.knowledge else None)
            self._append({"event": "values_on_file", "check_number": number, "at": self._clock().at})
            return verdict

    def let_go(self, number: str) -> None:
        """Forgets what was shown at this check: its visitor has left, and there is no receipt about it any more."""
        with self._lock:
            self._shelf.drop(number)
            self._portraits.drop(number)

    def exercise(self, text: str, *, at: UnixTime) -> Verdict:
        """The verdict that would be given at another moment: nothing of journal, replay or clock is read or written."""
        with self._lock:
            clock = ClockReading(at, Seconds(0), Seconds(0), plausible=True)
            knowledge = self.knowledge
            context = Context(self.settings.face, clock, knowledge, NothingUsed(), EXERCISE_NUMBER, requests=())
            return self._appraise(text, context)

    def void(self, number: str, reason: str) -> None:
        """Declares a check void, by a new row.

        Raises:
            UnknownCheckNumber: There is no such check.
            AlreadyVoid: It was declared void before.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            events = {row.payload["event"] for row in self.explain(number) if row.payload}
            if "void" in events:
                raise AlreadyVoid(number)
            # A clerk who types a person's number as the reason does not bring it into the journal.
            said = problem_reports.cleaned(reason)
            self._append({"event": "void", "check_number": number, "reason": said, "at": self._clock().at})
            self._in_view.drop(number)
            self._portraits.drop(number)
            self._shelf.drop(number)
            self._joining.drop(number)
            self.officers.drop(number)
            self._publisher.publish(ActsChanged(number, void=True))

    def confirm_person(self, number: str, matches: bool) -> PersonChecked:
        """Writes down whether the clerk found the holder and the person to be the same, by a new row.

        Only this answer lets an act go on that waits for it; time, blanking and other scans never do. The verdict's
        class stays what it is: it speaks of the licence, the answer of the person.

        Raises:
            UnknownCheckNumber: There is no such check.
            AlreadyVoid: The check was declared void.
            PersonCheckDone: It was answered before.
            NoPersonCheck: The check does not wait for an answer.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            at = self._clock().at
            try:
                # Looked up inside the transaction: two processes on one journal cannot both answer.
                with self._store.writing():
                    verdict_class = person_check.require_waiting(self._store.journal.about(number), number)
                    for each in (number, *joining.answered_with(self._store.journal, number)):
                        self._store.journal.append(person_check.payload(each, matches=matches, at=at), at=at)
            except OutOfOrder as failure:
                self._stops(failure)
                raise
            self._works()
            self._in_view.answered(number, matches=matches)
            if not matches:
                self._joining.drop(number)
            checked = PersonChecked(number, verdict_class, matches, at)
            self._publisher.publish(checked)
            return checked

    def join_next(self, number: str, seconds: float) -> None:
        """The next code of another licence belongs to this check's act, if it comes within so many seconds.

        Raises:
            NothingToJoin: It is not the last check, has no single licence, or is too old.
        """
        number = check_number.normalise(number)
        with self._lock:
            self._joining.wait(number, seconds, self._elapsed_seconds())
            self._publisher.publish(JoinWaits(number, seconds))

    def cancel_join(self) -> None:
        """The next code is an act of its own again."""
        with self._lock:
            self._joining.cancel()
            self._publisher.publish(JoinWaits(None, 0.0))

    def set_role(self, number: str, role: Role) -> None:
        """Writes down in which role the person takes part, by a new row; said by a person, and never assumed.

        Raises:
            UnknownCheckNumber: There is no such check.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            self.explain(number)
            self._append(roles.payload(number, role, at=self._clock().at))
            self._publisher.publish(ActsChanged(number))

    def acknowledge(self, number: str) -> None:
        """Ends the alarm about a check, by a new row.

        Raises:
            UnknownCheckNumber: There is no such alarm.
            OutOfOrder: The row could not be written.
        """
        number = check_number.normalise(number)
        with self._lock:
            at = self._clock().at
            with self._store.writing():
                if not self._store.rechecks.acknowledge(number) | self._store.site.acknowledge(number):
                    raise UnknownCheckNumber(number)
                self._store.journal.append({"event": "acknowledged", "check_number": number, "at": at}, at=at)
            self._publisher.publish(StatusChanged())

    def acts(self, search: str = "", limit: int = 100) -> tuple[Act, ...]:
        """Checks, the newest first, whose content has this part; a check number is found however it is typed."""
        with self._lock, self._store.reading():
            rows = self._store.journal.rows(search=search, event="verdict", limit=limit)
            # A text without any character of a check number leaves the dash alone, which stands in every row.
            spoken = check_number.normalise(search)
            if not rows and spoken != check_number.normalise(""):
                rows = self._store.journal.rows(search=spoken, event="verdict", limit=limit)
            return tuple(self._act(row.payload) for row in rows if row.payload and row.payload["event"] == "verdict")

    def journal_rows(self, search: str = "", limit: int = 1_000) -> tuple[JournalRow, ...]:
        """Every kind of row, the newest first."""
        with self._lock, self._store.reading():
            return self._store.journal.rows(search=search, limit=limit)

    def explain(self, number: str) -> tuple[JournalRow, ...]:
        """Everything the journal says about a check, the oldest row first.

        Raises:
            UnknownCheckNumber: Nothing.
        """
        number = check_number.normalise(number)
        with self._lock, self._store.reading():
            rows = self._store.journal.about(number)
        if not any(row.payload and row.payload["event"] == "verdict" for row in rows):
            raise UnknownCheckNumber(number)
        return rows

    def check_numbers(self, *, since: UnixTime, until: UnixTime) -> tuple[str, ...]:
        """The checks of these moments, the oldest first; `until` is no more among them."""
        with self._lock, self._store.reading():
            return self._store.journal.check_numbers(since=since, until=until)

    def disputes(self) -> tuple[Dispute, ...]:
        """Refused licences of other regions of which those regions should hear, the newest first."""
        with self._lock, self._store.reading():
            rows = self._store.journal.rows(event=disputes.EVENT, limit=_MAX_DISPUTES)
        found = (disputes.of_row(row.payload) for row in rows if row.payload)
        return tuple(each for each in found if each is not None)

    def dispute_notes(self) -> tuple[tuple[Dispute, bytes], ...]:
        """The same with a signed note about each.

        Raises:
            CertificateUnusable: The terminal has no certificate that is good now.
            KeyUnusable: Its key cannot be used.
        """
        with self._lock:
            standing_now = self._certification()
            if standing_now.trouble is not None or standing_now.encoded is None:
                raise CertificateUnusable(certification.WORDS[standing_now.trouble or Trouble.UNREADABLE])
            certificate, signer, at = standing_now.encoded, self._identity.signer(), self._clock().at
            return disputes.signed(self.disputes(), certificate=certificate, signer=signer, at=at)

    def report_problem(self, category: Category, text: str, number: str | None) -> None:
        """Writes down what somebody says went wrong. Raises: as `problem_reports.write`."""
        number = None if number is None else check_number.normalise(number)
        with self._lock:
            try:
                purpose, at = self.settings.purpose.word, self._clock().at
                problem_reports.write(self._store, category, text, check_number=number, purpose=purpose, at=at)
            except OutOfOrder as failure:
                self._stops(failure)
                raise
            self._works()

    def problem_reports(self) -> tuple[Report, ...]:
        """What was reported, the newest first."""
        with self._lock, self._store.reading():
            return tuple(problem_reports.listed(self._store))

    def note_reading(self, what: str) -> None:
        """Writes down that somebody read the journal; it tells where people were, after all.

        Raises:
            OutOfOrder: The row could not be written.
        """
        with self._lock:
            self._append({"event": "read", "what": what, "at": self._clock().at})

    def note_restored(self) -> None:
        """Writes down that this terminal came from a backup: rows after it may stand in another journal.

        Raises:
            OutOfOrder: The row could not be written.
        """
        with self._lock:
            self._append({"event": "restored", "at": self._clock().at})

    def verify_journal(self) -> ChainReport:
        """Checks the whole chain against itself and the anchor."""
        with self._lock:
            return self._store.verify_chain()

    def status(self) -> TerminalStatus:
        """How the terminal stands; also answers when the disk does not."""
        with self._lock:
            self.shift.look()
            now = self._forget_over()
            waiting, rows = 0, 0
            alarms: tuple[RecheckAlarm, ...] = ()
            feed_alarms: tuple[FeedAlarm, ...] = ()
            double_shows: tuple[DoubleShow, ...] = ()
            out_of_order = self._out_of_order
            try:
                with self._store.reading():
                    self._upkeep.refresh()
                    waiting, rows = len(self._store.rechecks), self._store.journal.head().count
                    held_alarms = self._store.rechecks.alarms()
                    feed_alarms = self._store.feed_alarms.standing()
                    double_shows = self._store.site.alarms()
                alarms = tuple(
                    RecheckAlarm(each.check_number, each.found_at, each.answer, each.change) for each in held_alarms
                )
            except OutOfOrder as failure:
                out_of_order = str(failure)
            clock = self._clock()
            return standing.of(
                self.settings,
                self._upkeep,
                clock,
                recheck_queue=waiting,
                alarms=alarms,
                feed_alarms=feed_alarms,
                double_shows=double_shows,
                journal_rows=rows,
                out_of_order=out_of_order,
                certification=self._certification(),
                open_requests=len(self._asking.opened(now=now)),
                always_asks=gates.challenge_required(RiskClass.G, self.settings.face)
                or validity.an_answer_is_better(clock),
            )

    def subscribe(self) -> Subscription:
        """All events from now on; bounded, see `events`."""
        return self._publisher.subscribe()

    def listen(self, listener: Listener) -> None:
        """All events from now on, in the thread in which they happen."""
        self._publisher.add(listener)

    def announce(self, event: FaceMoved) -> None:
        """Tells the pages that the face which this terminal shows has moved."""
        self._publisher.publish(event)

    def hear(self, event: DeviceEvent) -> None:
        """Passes on what a device said about itself."""
        self._publisher.publish(DeviceNews(event))

    def sync(self, mirror: Mirror, *, importing: bool = False) -> SyncReport:
        """One round over documents and feeds; what was accepted on older knowledge is re-checked, what is over erased.

        Args:
            mirror: A region's published folder; of a terminal that knows several regions, the repository.
            importing: From a stick or a peer: what it does not have is no failure, and says nothing about the network.

        Raises:
            OutOfOrder: What was fetched could not be written; what is held stays.
        """
        return self._kept_fresh(lambda: self._upkeep.sync(mirror, importing=importing))

    def sync_documents(self, mirror: Mirror) -> SyncReport:
        """One round over documents alone. Raises: as `sync`."""
        return self._kept_fresh(lambda: self._upkeep.documents(mirror))

    def poll(self, region: str, mirror: Mirror) -> SyncReport:
        """One poll of one region's status feed. Raises: as `sync`."""
        return self._kept_fresh(lambda: self._upkeep.poll(region, mirror))

    def with_feeds(self) -> tuple[str, ...]:
        """The regions whose statuses come from a feed, the home region first."""
        return self._upkeep.with_feeds()

    def poll_now(self, region: str) -> None:
        """Somebody says that this region has news: whoever polls does it at once, and not too often."""
        self.schedule.hint(region)

    def _kept_fresh(self, run: Callable[[], SyncReport]) -> SyncReport:
        try:
            report = run()
        except OutOfOrder as failure:
            with self._lock:
                self._stops(failure)
            raise
        with self._lock:
            self._works()
        return report

    def recover(self) -> bool:
        """Tries to write again after being out of order; True when the terminal works (again)."""
        with self._lock:
            if self._out_of_order is None:
                return True
            try:
                self._append({"event": "recovered", "at": self._clock().at})
            except OutOfOrder:
                return False
            return True

    def close(self) -> None:
        """Gives the files back."""
        with self._lock:
            self._store.close()

    # One check.

    def _take(self, code: _Code, source: str, now: float) -> ShownVerdict:
        seen = (source, code.sha256)
        self._in_view.forget_gone(now)
        held = self._in_view.find(seen)
        if held is not None:
            shown = replace(held, same_act=True)
            self._publisher.publish(shown)
        else:
            try:
                shown = self._new_act(code, source)
            except OutOfOrder as failure:
                self._stops(failure)
                raise
            self._works()
            if not shown.same_act:
                # The next code of an act in view is no news, and must not bring blanked data back on a screen.
                self._publisher.publish(shown)
                self._show(self._portraits.expect(shown.verdict, now))
                self.shift.act_done(shown.verdict.verdict_class)
        self._in_view.note(seen, shown, now)
        return shown

    def _whole(self, assembled: Assembled) -> _Code:
        return _Code(
            assembled.sha256,
            # It has no text; what says so much and no more is that it is one of ours which cannot be read.
            PREFIX_PRESENTATION + assembled.sha256.hex(),
            lambda context: self._appraise_bytes(assembled.kind, assembled.content, context),
        )

    def _show(self, matched: Iterable[Matched]) -> None:
        for each in matched:
            self._publisher.publish(PortraitShown(each.check_number, each.member, each.content))

    def _new_act(self, code: _Code, source: str) -> ShownVerdict:
        # The second time only when another process used the same code up after the first appraisal.
        for _ in range(2):
            full, context = self._appraise_now(code)
            # Before anything is written: whatever becomes of this answer, the request has had its one.
            answer = self._asking.heard(full)
            self._tell_closed(answer.closed)
            verdict = receipts.without_evidence(asking.without_key(full))
            foreign = name_foreign(code.fingerprint) if verdict.verdict_class is VerdictClass.NOT_READ else None
            act = self._in_view.rolled_from(verdict, source)
            try:
                if act is not None:
                    with self._store.writing():
                        recording.burn(verdict, self._store, number=act.verdict.check_number)
                        self.neighbours.news.set()
                    return replace(act, same_act=True)
                now = self._elapsed_seconds()
                taken = self._joining.take(full, verdict, context, now)
                head = recording.record(
                    taken.shown,
                    store=self._store,
                    knowledge=self.knowledge,
                    face=self.settings.face,
                    fingerprint=code.fingerprint,
                    source=source,
                    foreign=foreign,
                    read=taken.read,
                    also=taken.rows,
                )
            except UsedAlready:
                continue
            self.neighbours.shown(verdict)
            entry = answer.entry
            self.officers.note(taken.full)
            if self._joining.note(taken, now):
                self._publisher.publish(JoinWaits(None, 0.0))
            self._shelf.put(
                taken.full,
                challenge=entry.request.digest if entry else None,
                reason=entry.reason if entry else None,
                head=head,
                now=now,
            )
            return ShownVerdict(taken.shown, False, foreign, source, joined=taken.joined)
        raise OutOfOrder("the replay store contradicts itself")

    def _appraise_now(self, code: _Code) -> tuple[Verdict, Context]:
        self._forget_over()
        with self._store.reading():
            self._upkeep.refresh()
            number = recording.free_number(self._store, self._random_bytes)
        self._store.replay.failure = None
        context = Context(
            self.settings.face,
            self._clock(),
            self.knowledge,
            self._store.replay,
            number,
            self._asking.requests(),
            self._audiences(),
            self._verified,
        )
        try:
            verdict = code.appraise(context)
        except Exception as failure:
            # An appraisal never raises; if it does after all, no thread may die of it and nothing is shown.
            raise AppraisalBroken(type(failure).__name__) from failure
        if self._store.replay.failure is not None:
            raise OutOfOrder(str(self._store.replay.failure))
        return verdict, context

    def _forget_over(self) -> float:
        """Lets go of requests, evidence and portraits whose time is over; gives the moment."""
        now = self._elapsed_seconds()
        self._tell_closed(self._asking.forget_over(now))
        self._shelf.forget_over(now)
        self._portraits.forget_over(now)
        self._joining.forget_over(now)
        self._animations.forget_idle(now)
        return now

    def _audiences(self) -> frozenset[str]:
        """Whom an answer to this terminal names, be it ever so late: after a restart nothing is open."""
        certificate = self._certification().certificate
        site = (asking.site_audience(self.settings.site),) if self.settings.site else ()
        return frozenset((*site, *((certificate.audience,) if certificate else ())))

    def _tell_closed(self, closed: Iterable[Closed]) -> None:
        for each in closed:
            self._publisher.publish(RequestClosed(each.number, each.ended))

    def _certified_name(self) -> str:
        found = self._certification().certificate
        return self.settings.terminal_id if found is None else found.terminal

    def _certification(self) -> Certification:
        try:
            encoded = self._identity.certificate()
            if encoded is None:
                return Certification(Trouble.MISSING, None, None)
            signer = self._identity.signer()
        except CertificateUnusable:
            return Certification(Trouble.UNREADABLE, None, None)
        except KeyUnusable:
            return Certification(Trouble.KEY_UNUSABLE, None, None)
        return self._checked(encoded, signer)

    def _checked(self, encoded: bytes, signer: Signer) -> Certification:
        knowledge = self.knowledge
        return certification.check(
            encoded,
            key=signer.public_key,
            trust=knowledge.trust if knowledge else None,
            bans=knowledge.bans if knowledge else {},
            purpose=self.settings.purpose,
            at=self._clock().at,
        )

    def _act(self, payload: Payload) -> Act:
        number = payload["check_number"]
        about = [row.payload for row in self._store.journal.about(number) if row.payload]
        return Act(
            check_number=number,
            at=UnixTime(payload["at"]),
            verdict_class=VerdictClass(payload["class"]),
            kind=_kind_of(payload),
            void_reason=next((each["reason"] for each in about if each["event"] == "void"), None),
            person=person_check.of_rows(about),
            payload=payload,
            joined_with=joining.partner_of(about),
            role=roles.of_rows(about),
            officers_acts=self.officers.of_check(number) if any(each["event"] == ACT_EVENT for each in about) else (),
            by=payload.get("by", ""),
            case=payload.get("case", ""),
        )

    def _demands_sign_on(self) -> bool:
        """Whether a supervisor demands it now, also by another process; a disk that fails is the check's matter."""
        with suppress(OutOfOrder), self._store.reading():
            self._upkeep.refresh()
        return self._upkeep.known.tightening.sign_on_required

    def _clock(self) -> ClockReading:
        return self._upkeep.clock()

    # Writing.

    def _append(self, payload: Payload) -> None:
        try:
            with self._store.writing():
                self._store.journal.append(payload, at=payload["at"])
        except OutOfOrder as failure:
            self._stops(failure)
            raise
        self._works()

    def _stops(self, failure: OutOfOrder) -> None:
        if self._out_of_order is None:
            self._publisher.publish(OutOfOrderNews(str(failure)))
        self._out_of_order = str(failure)

    def _works(self) -> None:
        if self._out_of_order is not None:
            self._out_of_order = None
            self._publisher.publish(StatusChanged())


def name_foreign(text: str) -> ForeignCode:
    """What a text that could not be read as one of our codes seems to be."""
    named = foreign_codes.classify(text)
    return ForeignCode(named.value, foreign_codes.NAMES[named])


def _kind_of(payload: Payload) -> str | None:
    """The licence kind's slug; of a bundle the one of its first licence that was established."""
    members = payload.get("members") or ()
    kind: str | None = payload["kind"] or next((each["kind"] for each in members if each["kind"]), None)
    return kind
