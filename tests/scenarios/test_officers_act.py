"""An officer's act from the roadside to another region's terminal: signed, sent, decided by somebody else, seen by all.

One run through every real part: an enrolled handheld, the wallet in the holder's hand, the authority's web service, the
status feed in a repository of two regions, and a terminal of the other region.
"""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from issuer import wiring as issuer_wiring
from issuer.acts.register import State
from issuer.application import Issuer
from issuer.enrolment.inviting import Place
from issuer.staff.certifying import Wish as StaffWish
from issuer.terminals.certifying import Wish
from protocol import cbor, enrolment, keys
from protocol.labels import Lic, Purpose
from protocol.officers_act import ActKind
from protocol.staff_certificate import Role
from protocol.unixtime import HOUR, Seconds, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT, DRIVING
from tests.terminal.staff_world import QUICK
from tests.utopia.repository import Repository
from verifier_terminal import enrolling, setting_up
from verifier_terminal import wiring as terminal_wiring
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.heartbeats import Heartbeats
from verifier_terminal.officers_acts import ActStanding, ActState
from verifier_terminal.reporting import Reporting
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.sync.posting import Poster
from verifier_terminal.sync.uplink import Uplink
from wallet_sdk.wallet import Wallet

HERE, ELSEWHERE = "310000", "330000"
OFFICER, PASSPHRASE = "JG-0417", "an invented passphrase"
CHIEF, WHY = "值班长 0021", "醉酒后驾驶机动车"


@dataclass
class Clock:
    at: int = AT

    def __call__(self) -> UnixTime:
        return UnixTime(self.at)

    def elapsed(self) -> float:
        return float(self.at - AT)


@dataclass
class Road:
    """Everybody who has to do with one licence."""

    clock: Clock
    issuer: Issuer
    other: Issuer
    repository: Repository
    wallet: Wallet
    handheld: Session
    abroad: Session
    reporting: Reporting

    def publish(self) -> None:
        """Both regions' files of now, and the repository over them."""
        for issuer in (self.issuer, self.other):
            issuer.publish(at=self.clock())
        bring(self.repository, self.issuer, self.other, at=self.clock.at)

    def sync(self) -> None:
        self.handheld.sync(FolderMirror(self.issuer.places.published))
        report = self.abroad.sync(FolderMirror(self.repository.folder))
        assert not report.refused, report.refused

    def seen_abroad(self) -> VerdictClass:
        self.clock.at += 40
        card = self.wallet.card("driving-licence")
        consent = self.wallet.request(card, Purpose.ROADSIDE).approve()
        frame = self.wallet.present_once(card, audience=Purpose.ROADSIDE, consent=consent)
        return self.abroad.scan(frame.text, source="scanner").verdict.verdict_class

    def seized(self) -> str:
        """The officer signs on, asks, the holder shows, the officer signs; gives the act's id."""
        self.handheld.shift.sign_on(OFFICER, PASSPHRASE)
        asked = self.handheld.open_challenge({65004: frozenset({Lic.NAME, Lic.LICENCE_NO})}, "路面执法检查")
        request = self.wallet.read_challenge(asked.text)
        text = self.wallet.answer(request, request.approve()).text
        verdict = self.handheld.scan(text, source="scanner").verdict
        act = self.handheld.officers.sign(verdict.check_number, ActKind.SEIZURE, WHY).act.hex()
        self.handheld.shift.sign_off()
        return act

    def standing(self) -> ActStanding:
        (act,) = self.handheld.acts()[0].officers_acts
        return act

    def heartbeat(self) -> None:
        self.clock.at += 300
        self.reporting.round()


def bring(repository: Repository, *issuers: Issuer, at: int) -> None:
    for issuer in issuers:
        target = repository.region_folder(issuer.profile.region)
        shutil.copytree(issuer.places.published, target, dirs_exist_ok=True)
    repository.at = at
    repository.publish()


def staffed(issuer: Issuer, folder: Path, at: UnixTime) -> None:
    """The officer's key is made at the handheld and certified by the region."""
    with terminal_wiring.open_session(folder) as session:
        member, _ = session.shift.roster.add(
            OFFICER, PASSPHRASE, cost=QUICK, random_bytes=builders.randomness(9), to=None
        )
    wish = StaffWish(OFFICER, "演示警员0417", Role.OFFICER, "幻境市公安局交警支队", 7)
    certificate, *_ = issuer.staff.certify(wish, member.public_key, replace=False, actor="test", at=at)
    with terminal_wiring.open_session(folder) as session:
        session.sync(FolderMirror(issuer.places.published))
        session.shift.roster.install(certificate)


@pytest.fixture
def road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    clock = Clock()
    monkeypatch.setattr(terminal_wiring, "now", clock)
    monkeypatch.setattr(terminal_wiring, "elapsed_seconds", clock.elapsed)
    with (
        builders.made(tmp_path / "here") as issuer,
        Issuer.init(
            tmp_path / "there", region=ELSEWHERE, authority="GA", passphrase=None,
            random_bytes=builders.randomness(5), at=clock(),
        ) as other,
        issuer_wiring.serving(issuer, port=0, clock=clock) as service,
    ):  # fmt: skip
        threading.Thread(target=service.run, daemon=True).start()
        other.recognition.add(
            HERE, kinds=frozenset({"driving-licence"}), purposes=frozenset({Purpose.ROADSIDE}), actor="test", at=clock()
        )
        wallet = Wallet.create(tmp_path / "phone", clock=clock)
        key = keys.load_cose_key(cbor.decode(wallet.public_key()))
        issued = issuer.issue("driving-licence", DRIVING, key, at=clock())
        wallet.receive(issued.package)
        wallet.take_directory((issuer.places.published / "directory.cbor").read_bytes())
        wish = Wish(
            "patrol-07",
            "巡逻7号",
            "幻境市公安局交警支队",
            frozenset({Purpose.ROADSIDE}),
            frozenset({"driving-licence"}),
            7,
        )
        code = issuer.enrolments.invite(
            wish,
            Place(Purpose.ROADSIDE, ""),
            url=service.url,
            replace=False,
            life=Seconds(HOUR),
            actor="test",
            at=clock(),
        )
        handheld, abroad = tmp_path / "handheld", tmp_path / "abroad"
        enrolling.enrol(handheld, enrolment.decode(code))
        staffed(issuer, handheld, clock())
        repository = Repository(tmp_path / "repository", (HERE, ELSEWHERE), at=clock.at)
        bring(repository, issuer, other, at=clock.at)
        setting_up.initialise_from_repository(
            abroad, repository=str(repository.folder), region=ELSEWHERE, profile="roadside", name="外地7号",
            root_sha256=repository.root_sha256,
        )  # fmt: skip
        with terminal_wiring.open_session(handheld) as session, terminal_wiring.open_session(abroad) as far:
            reporting = reporting_of(session, service.url, clock)
            yield Road(clock, issuer, other, repository, wallet, session, far, reporting)


def reporting_of(session: Session, url: str, clock: Clock) -> Reporting:
    def never(words: str) -> None:
        raise AssertionError(words)

    beats = Heartbeats(
        session.status,
        SimpleNamespace(verdicts=Counter(), reasons=Counter(), devices=Counter()),
        rows_waiting=session.reports.waiting,
        free_bytes=lambda: 10**9,
        version="0.1.0",
        elapsed_seconds=clock.elapsed,
    )
    return Reporting(
        session, Uplink(Poster(url)), beat=beats.make, elapsed_seconds=clock.elapsed, jitter=float, tell=never
    )


def test_a_rejected_act_changes_nothing_and_a_confirmed_one_is_seen_in_the_other_region(road: Road) -> None:
    assert road.seen_abroad() is VerdictClass.ACCEPT
    first = road.seized()
    assert road.standing().state is ActState.QUEUED
    road.heartbeat()
    assert road.standing().state is ActState.SENT
    road.publish()
    road.sync()
    assert road.seen_abroad() is VerdictClass.ACCEPT, "what an officer alone says changes nothing"
    (waiting,) = road.issuer.acts.listed(decided_too=False, at=road.clock())
    assert (waiting.held.id, waiting.held.state) == (first, State.OPEN)

    road.issuer.acts.reject(first, by=CHIEF, why="证据不足", at=road.clock())
    road.heartbeat()
    assert (road.standing().state, road.standing().why) == (ActState.REJECTED, "证据不足")
    road.heartbeat()
    (row,) = [each.payload for each in road.handheld.journal_rows(search="act_decided") if each.payload]
    assert (row["act"], row["decision"]) == (first, "rejected")
    road.publish()
    road.sync()
    assert road.seen_abroad() is VerdictClass.ACCEPT

    second = road.seized()
    road.heartbeat()
    road.issuer.acts.confirm(second, by=CHIEF, at=road.clock())
    road.heartbeat()
    assert road.standing().state is ActState.CONFIRMED
    road.publish()
    road.sync()
    assert road.seen_abroad() is VerdictClass.REFUSE
    assert road.standing().state is ActState.ANSWERED
