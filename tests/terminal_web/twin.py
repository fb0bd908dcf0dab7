"""An in-memory twin of the terminal's session, and verdicts as it would give them; it can be told to be broken."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from protocol.errors import Code
from protocol.keys import Ed25519Signer
from protocol.labels import Purpose
from protocol.licence.catalogue import (
    Catalogue,
    Clear,
    HolderRule,
    Holders,
    Item,
    ItemType,
    Kind,
    Names,
    RiskClass,
    Single,
    Term,
)
from protocol.officers_act import ActKind
from protocol.receipt import ReceiptCopy
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.unixtime import HOUR, MINUTE, Seconds, UnixTime
from revocation.freshness import Grade
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.appraisal.reasons import Reason, Sound, Texts
from verifier_terminal.appraisal.verdict import (
    Ages,
    Fact,
    Finding,
    Licence,
    Proceed,
    Tier,
    Verdict,
    VerdictClass,
)
from verifier_terminal.asking import Askable, OpenedRequest
from verifier_terminal.certification import Certification, Trouble
from verifier_terminal.errors import (
    ActNeedsChallenge,
    AlreadyVoid,
    CertificateUnusable,
    NoOfficersAct,
    NoPersonCheck,
    NoReceipt,
    NoSite,
    NothingToJoin,
    OutOfOrder,
    PersonCheckDone,
    RequestRefused,
    UnknownCheckNumber,
    UnknownRequest,
)
from verifier_terminal.events import (
    ActsChanged,
    FaceMoved,
    ForeignCode,
    JoinWaits,
    Listener,
    OutOfOrderNews,
    PersonChecked,
    Publisher,
    RecheckAlarm,
    RequestClosed,
    RequestOpened,
    SessionEvent,
    ShownVerdict,
    StatusChanged,
    Subscription,
)
from verifier_terminal.officers_acts import ActStanding, ActState
from verifier_terminal.problem_reports import Category
from verifier_terminal.request_book import Ended
from verifier_terminal.roles import Role
from verifier_terminal.standing import RegionStanding, TerminalStatus
from verifier_terminal.store import person_check
from verifier_terminal.store.feed_alarms import FeedAlarm
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.sync.connectivity import Connectivity, Link
from verifier_terminal.web.settings import WindowSettings

NOW = UnixTime(1_795_312_800)  # 2026-11-22 10:00 at UTC+8
TOKEN = "synthetic-token-of-at-least-thirty-two-characters"
SETTINGS = WindowSettings(csrf_token=TOKEN, stream_cap=3, heartbeat_seconds=0.2)


def _three(text: str) -> Texts:
    return Texts(f"{text} 事由", f"{text} 请照此办理。", f"{text} 告知。")


REASONS: Mapping[Code, Reason] = {
    code: Reason(code, Tier.WARNING, Sound.ATTENTION, _three(f"简{code}"), _three(f"繁{code}"), _three(f"en {code}"))
    for code in Code
}


def _item(key: int, name: str, label: str, kind: ItemType = ItemType.TEXT) -> Item:
    return Item(key, name, kind, 240, False, Names(label, f"{label}繁", name), Single() if key != 7 else Clear())


DRIVING = Kind(
    vct=65004,
    slug="driving-licence",
    names=Names("机动车驾驶证", "機動車駕駛證", "Driving licence"),
    holder=HolderRule.NATURAL,
    risk=RiskClass.G,
    lifetime_days=120,
    reminder_days=(30,),
    type_code=None,
    items=(
        _item(1, "name", "姓名"),
        _item(3, "citizen_id", "公民身份号码", ItemType.CITIZEN_ID),
        _item(5, "licence_no", "证号"),
        _item(2, "class", "准驾车型"),
        _item(10, "sex", "性别", ItemType.INTEGER),
        _item(11, "birth_date", "出生日期", ItemType.DATE),
        _item(13, "address", "住址"),
        _item(9, "authority", "发证机关"),
        _item(7, "valid_to", "有效期止", ItemType.DATE),
    ),
    views={Purpose.WINDOW: frozenset({1, 2, 5, 7, 11, 13})},
    holders=Holders(1, 1),
    departments=("traffic-police",),
    term=Term(None, None),
)
ID_CARD = replace(
    DRIVING,
    vct=65001,
    slug="id-card",
    names=Names("居民身份证", "居民身份證", "Resident identity card"),
    items=(_item(1, "name", "姓名"), _item(3, "citizen_id", "公民身份号码", ItemType.CITIZEN_ID)),
    views={},
)
CATALOGUE = Catalogue(
    "lz:310000/GA",
    1,
    UnixTime(NOW - HOUR),
    UnixTime(NOW + 30 * 86_400),
    {DRIVING.vct: DRIVING, ID_CARD.vct: ID_CARD},
)
FRAME = "LP1:one picture of an animated code"
CERTIFIED = Certification(
    None,
    TerminalCertificate(
        iss="310000.GA",
        terminal="310000-W07",
        place="演示市政务大厅7号窗",
        relying_party="演示市车管所",
        maxima={},
        key=Ed25519Signer(bytes(32)).public_key,
        iat=UnixTime(NOW - HOUR),
        exp=UnixTime(NOW + 5 * 86_400),
    ),
    b"",
)

LICENCE = Licence(
    vct=65004,
    slug="driving-licence",
    region="310000",
    authority="演示市公安局交通警察支队",
    valid_to=20320101,
    claims={"name": "测*甲", "class": "C1", "licence_no": "310115********0028", "birth_date": 19491231},
    hidden_items=3,
)
GOOD = Verdict(
    verdict_class=VerdictClass.ACCEPT,
    proceed=Proceed.YES,
    established=tuple(Fact),
    not_established=(),
    ages=Ages(trust=HOUR, status=Seconds(12 * MINUTE), policy=HOUR, clock=Seconds(3 * MINUTE)),
    status_grade=Grade.RECENT,
    findings=(),
    licence=LICENCE,
    purpose=Purpose.WINDOW,
    person_check=False,
    recheck=True,
    skew=None,
    replay_key=b"\x01" * 32,
    credential_digest=bytes(32),
    burn_until=UnixTime(NOW + 60),
    status_reference=("lz:310000/1", 77),
    at=NOW,
    check_number="7K3-Q42",
)
PERSON_CHECK = replace(
    GOOD,
    proceed=Proceed.AFTER_CHECK,
    person_check=True,
    findings=(Finding(Code.W_PERSON_CHECK, Tier.INFORMATION),),
    check_number="7K3-Q43",
)
CHECK = replace(
    GOOD,
    verdict_class=VerdictClass.CHECK,
    proceed=Proceed.AFTER_CHECK,
    findings=(Finding(Code.W_STATUS_STALE, Tier.WARNING),),
    status_grade=Grade.STALE_3,
    ages=replace(GOOD.ages, status=Seconds(5 * 86_400)),
    check_number="7K3-Q44",
)
HOLD = replace(
    GOOD,
    verdict_class=VerdictClass.CHECK,
    proceed=Proceed.NO,
    findings=(Finding(Code.W_STATUS_MISSING, Tier.HOLD),),
    status_grade=Grade.UNKNOWN,
    ages=replace(GOOD.ages, status=None),
    recheck=False,
    burn_until=None,
    check_number="7K3-Q45",
)
REFUSE = replace(
    GOOD,
    verdict_class=VerdictClass.REFUSE,
    proceed=Proceed.NO,
    findings=(Finding(Code.E_REVOKED, Tier.CONTRAINDICATED),),
    licence=replace(LICENCE, claims=None),
    recheck=False,
    burn_until=None,
    check_number="7K3-Q46",
)
NOT_READ = replace(
    GOOD,
    verdict_class=VerdictClass.NOT_READ,
    proceed=Proceed.NO,
    established=(),
    not_established=tuple(Fact),
    findings=(Finding(Code.E_PREFIX, Tier.NONE),),
    licence=None,
    recheck=False,
    replay_key=None,
    burn_until=None,
    status_reference=None,
    check_number="7K3-Q47",
)
PERSON_TO_CHECK = replace(CHECK, person_check=True, check_number="7K3-Q48")
ON_PAGES = {
    "accept": PERSON_CHECK,
    "check": CHECK,
    "hold": HOLD,
    # The police see under the refusal what policy shows.
    "refuse": replace(REFUSE, licence=LICENCE),
    "not_read": NOT_READ,
}
"""One verdict for each look of a page, by that look's name."""
BY_TEXT = {
    "good": GOOD,
    "person": PERSON_CHECK,
    "person to check": PERSON_TO_CHECK,
    "check": CHECK,
    "hold": HOLD,
    "refuse": REFUSE,
}


def shown(verdict: Verdict, *, same_act: bool = False, foreign: ForeignCode | None = None) -> ShownVerdict:
    return ShownVerdict(verdict, same_act, foreign, "twin")


@dataclass(frozen=True, slots=True)
class TwinAct:
    check_number: str
    at: UnixTime
    verdict_class: VerdictClass
    kind: str | None
    void_reason: str | None
    person: PersonCheck
    joined_with: str | None = None
    role: Role | None = None
    officers_acts: tuple[ActStanding, ...] = ()
    by: str = ""
    case: str = ""


class TwinSession:
    """Appraises by a table: the text names the verdict, and whatever it does not know was not read."""

    def __init__(self) -> None:
        self.publisher = Publisher()
        self.broken = False
        self.raises: Exception | None = None
        self.scanned: list[tuple[str, str]] = []
        self.voids: dict[str, str] = {}
        self.answers: dict[str, bool] = {}
        self.roles: dict[str, Role] = {}
        self.challenged = True
        self.signed: list[tuple[str, ActKind, str, int]] = []
        self.joins: list[tuple[str | None, float]] = []
        self.known: list[ShownVerdict] = []
        self.let_gone: list[str] = []
        self.reports: list[tuple[Category, str, str | None]] = []
        self.alarms: tuple[RecheckAlarm, ...] = ()
        self.connectivity = Connectivity(Link.OFFLINE, UnixTime(NOW - HOUR), "no route", 3)
        self.regions: tuple[RegionStanding, ...] = ()
        self.feed_alarms: tuple[FeedAlarm, ...] = ()
        self.subscriptions: list[Subscription] = []
        self.held_catalogue: Catalogue | None = CATALOGUE
        self.purpose = Purpose.WINDOW
        self.always_asks = False
        self.site = ""
        self.certification = Certification(Trouble.MISSING, None, None)
        self.opened: dict[int, OpenedRequest] = {}
        self.all_opened: list[OpenedRequest] = []

    def read(self, text: str, *, source: str) -> ShownVerdict | None:
        if text == FRAME:
            self.scanned.append((text, source))
            return None
        return self.scan(text, source=source)

    # Requests: the twin draws no signatures, and its codes are as long as real ones.

    def askable(self) -> Mapping[int, Askable]:
        if self.certification.trouble is not None:
            return {}
        return {
            DRIVING.vct: Askable(frozenset({1, 2, 5, 7}), frozenset({1, 2, 3, 5, 7, 11, 13})),
            ID_CARD.vct: Askable(frozenset({1, 3}), frozenset({1, 3, 7})),
        }

    def open_challenge(self, wanted: Items, reason: str) -> OpenedRequest:
        if self.certification.trouble is not None:
            raise CertificateUnusable("twin")
        if not wanted or reason == "refuse this":
            raise RequestRefused("twin")
        text = "LC1:" + f"{len(self.all_opened):03}" + "TWIN0" * 140
        return self._open(OpenedRequest(self._next(), text, False, self.purpose, reason, wanted, 120.0))

    def open_short_code(self) -> OpenedRequest:
        if not self.site:
            raise NoSite
        return self._open(OpenedRequest(self._next(), f"{self.site}-XBG25Y", True, self.purpose, None, {}, 120.0))

    def _next(self) -> int:
        return len(self.all_opened) + 1

    def _open(self, made: OpenedRequest) -> OpenedRequest:
        self.all_opened.append(made)
        self.opened[made.number] = made
        self.tell(RequestOpened(made.number))
        return made

    def requests(self) -> list[OpenedRequest]:
        return list(self.opened.values())

    def cancel_request(self, number: int) -> None:
        self.end_request(number, Ended.CANCELLED)

    def end_request(self, number: int, ended: Ended) -> None:
        if number not in self.opened:
            raise UnknownRequest(str(number))
        del self.opened[number]
        self.tell(RequestClosed(number, ended))

    def receipt(self, number: str, reason: str | None = None) -> ReceiptCopy:
        if number not in {event.verdict.check_number for event in self.known}:
            raise UnknownCheckNumber
        if self.certification.trouble is not None:
            raise CertificateUnusable("twin")
        if number in self.voids or reason is None:
            raise NoReceipt(number)
        return ReceiptCopy(f"receipt {number} {reason}".encode(), (bytes(32),))

    def scan(self, text: str, *, source: str) -> ShownVerdict:
        self.scanned.append((text, source))
        if self.raises:
            raise self.raises
        if self.broken:
            self.tell(OutOfOrderNews("disk full"))
            raise OutOfOrder("disk full")
        event = shown(BY_TEXT.get(text, NOT_READ))
        self.tell(event)
        return event

    def tell(self, event: SessionEvent) -> None:
        if isinstance(event, ShownVerdict) and not event.same_act:
            self.known.append(event)
        self.publisher.publish(event)

    def acknowledge(self, number: str) -> None:
        left = tuple(alarm for alarm in self.alarms if alarm.check_number != number)
        if left == self.alarms:
            raise UnknownCheckNumber
        self.alarms = left
        self.tell(StatusChanged())

    def void(self, number: str, reason: str) -> None:
        if number not in {event.verdict.check_number for event in self.known}:
            raise UnknownCheckNumber
        if number in self.voids:
            raise AlreadyVoid
        self.voids[number] = reason
        self.tell(ActsChanged(number, void=True))

    def confirm_person(self, number: str, matches: bool) -> PersonChecked:
        verdict = next((event.verdict for event in self.known if event.verdict.check_number == number), None)
        if self.broken:
            raise OutOfOrder("disk full")
        if verdict is None:
            raise UnknownCheckNumber
        if number in self.voids:
            raise AlreadyVoid
        if number in self.answers:
            raise PersonCheckDone
        if person_check.of_verdict(verdict, matches=None) is not PersonCheck.WAITING:
            raise NoPersonCheck
        self.answers[number] = matches
        checked = PersonChecked(number, verdict.verdict_class, matches, NOW)
        self.tell(checked)
        return checked

    @property
    def officers(self) -> "TwinSession":
        return self

    def sign(self, number: str, kind: ActKind, reason: str, *, member: int = 0) -> ActStanding:
        if number not in {event.verdict.check_number for event in self.known}:
            raise NoOfficersAct(number)
        if kind is ActKind.SEIZURE and not self.challenged:
            raise ActNeedsChallenge(number)
        self.signed.append((number, kind, reason, member))
        return ActStanding(kind, bytes(32), ActState.QUEUED, None)

    def join_next(self, number: str, seconds: float) -> None:
        if not self.known or self.known[-1].verdict.check_number != number:
            raise NothingToJoin(number)
        self.joins.append((number, seconds))
        self.tell(JoinWaits(number, seconds))

    def cancel_join(self) -> None:
        self.joins.append((None, 0.0))
        self.tell(JoinWaits(None, 0.0))

    def set_role(self, number: str, role: Role) -> None:
        if number not in {event.verdict.check_number for event in self.known}:
            raise UnknownCheckNumber
        self.roles[number] = role
        self.tell(ActsChanged(number))

    def report_problem(self, category: Category, text: str, number: str | None) -> None:
        if number is not None and number not in {event.verdict.check_number for event in self.known}:
            raise UnknownCheckNumber
        if self.raises:
            raise self.raises
        self.reports.append((category, text, number))

    def acts(self, search: str = "", limit: int = 100) -> list[TwinAct]:
        return [self._act(event.verdict) for event in reversed(self.known)][:limit]

    def _act(self, verdict: Verdict) -> TwinAct:
        slug = verdict.licence.slug if verdict.licence else None
        number = verdict.check_number
        stand = person_check.of_verdict(verdict, matches=self.answers.get(number))
        joined = next((each.joined for each in self.known if each.verdict is verdict and each.joined), None)
        return TwinAct(
            number,
            verdict.at,
            verdict.verdict_class,
            slug,
            self.voids.get(number),
            stand,
            joined.check_number if joined else None,
            self.roles.get(number),
        )

    def status(self) -> TerminalStatus:
        values: dict[str, Any] = {
            "name": "演示窗口 1",
            "purpose": self.purpose,
            "region": "310000",
            "provisioned": True,
            "at": NOW,
            "held": (),
            "damaged": (),
            "ages": GOOD.ages,
            "status_grade": Grade.RECENT,
            "usable_until": (),
            "regions": self.regions,
            "metadata": None,
            "feed_alarms": self.feed_alarms,
            "clock": ClockReading(NOW, Seconds(2), HOUR, True),
            "connectivity": self.connectivity,
            "recheck_queue": 3,
            "alarms": self.alarms,
            "journal_rows": 7,
            "out_of_order": "disk full" if self.broken else None,
            "certification": self.certification,
            "site": self.site,
            "open_requests": len(self.opened),
            "always_asks": self.always_asks,
        }
        return TerminalStatus(**values)

    @property
    def out_of_order(self) -> str | None:
        return "disk full" if self.broken else None

    def recover(self) -> bool:
        return not self.broken

    def let_go(self, number: str) -> None:
        self.let_gone.append(number)

    def announce(self, event: FaceMoved) -> None:
        self.tell(event)

    def listen(self, listener: Listener) -> None:
        self.publisher.add(listener)

    def subscribe(self) -> Subscription:
        subscription = self.publisher.subscribe()
        self.subscriptions.append(subscription)
        return subscription

    def catalogue(self) -> Catalogue | None:
        return self.held_catalogue
