"""For each runbook something that has gone wrong, what is answered, and what has to be true afterwards."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import insert

from issuer.application import Issuer
from issuer.backups import dumping
from issuer.changing.schema import lone_limit
from issuer.keys.box import Argon2Profile
from issuer.keys.records import State
from issuer.lifecycle import LegalChange
from issuer.openid4vci.offering import Wish as Offered
from issuer.people.roles import Role
from issuer.runbooks.book import NOTHING
from issuer.terminals.withdrawing import is_withdrawn
from protocol import cbor, unixtime
from protocol.labels import KeyUse
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer import test_staff, test_terminals
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, randomness

CHEAP: Final = Argon2Profile(1, 8 * 1024)
WORDS: Final = "correct horse battery staple"
NUMBER: Final = ID_CARD["citizen_id"]
REASON: Final = "测试"


@dataclass(frozen=True, slots=True)
class Case:
    """Answers, the moment, and a check of what became of it."""

    answers: Mapping[str, str]
    check: Callable[[Issuer], None]
    at: UnixTime = AT
    acts: frozenset[str] = frozenset()
    """Steps that have something to do; the others find everything done, or only look."""


def number_file(folder: Path, number: str = NUMBER) -> str:
    path = folder / "number"
    path.write_text(number + "\n")
    return str(path)


def both(issuer: Issuer) -> tuple[str, str]:
    card = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
    return card, issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id


def key_stolen(issuer: Issuer, folder: Path) -> Case:
    card, driving = both(issuer)
    (key,) = (each for each in issuer.keys.listed() if each.use is KeyUse.ASSERT)
    later = UnixTime(AT + 2 * HOUR)

    def check(after: Issuer) -> None:
        (old,) = (each for each in after.keys.listed() if each.kid == key.kid)
        assert old.state(later, kept=after.keys.kept) is State.DROPPED
        assert old.banned_since == AT + HOUR
        for each in (card, driving):
            assert [row.in_force for row in after.devices.listed(each, at=later)] == [2]
        assert len(after.keys.resigning._register.licences(search="", limit=9)) == 2

    answers = {"kid": key.kid.hex(), "since": unixtime.iso_utc(UnixTime(AT + HOUR)), "reason": "失窃"}
    return Case(answers, check, later, frozenset({"stop", "propose", "approve", "resign", "drop"}))


def keys_end(issuer: Issuer, folder: Path) -> Case:
    at = UnixTime(AT + 100 * DAY)
    before = {each.kid for each in issuer.keys.listed()}

    def check(after: Issuer) -> None:
        new = {each.use for each in after.keys.listed() if each.kid not in before}
        assert new == {each.use for each in after.keys.listed()}
        assert after.issue("id-card", ID_CARD, holder_key(), at=UnixTime(at + 2 * DAY)).package

    return Case({"days": "700"}, check, at, frozenset({"rotate", "status"}))


def clock_wrong(issuer: Issuer, folder: Path) -> Case:
    issuer.suspend(both(issuer)[0], reason=REASON, actor="test", at=UnixTime(AT + 10 * HOUR))

    def check(after: Issuer) -> None:
        assert after.feed.current(at=AT).epoch.number == 2
        assert abs(after.feed.current(at=AT).epoch.iat - AT) <= 60

    return Case({"true-time": unixtime.iso_utc(AT)}, check, AT, frozenset({"epoch"}))


def feed_down(issuer: Issuer, folder: Path) -> Case:
    at = UnixTime(AT + HOUR)
    (issuer.places.published / "feed.cbor").unlink()

    def check(after: Issuer) -> None:
        assert after.feed.current(at=at).epoch.iat == at
        assert (after.places.published / "feed.cbor").is_file()

    return Case({}, check, at, frozenset({"publish", "served"}))


def holder_died(issuer: Issuer, folder: Path) -> Case:
    ids = both(issuer)
    offers = issuer.wallet_issuing.offers
    offers.make(Offered(licence_id=ids[0]), issuer_url="http://localhost", actor="test", at=AT)
    with issuer.register.writing() as connection:
        row = {"person": 1, "department": 9, "seconds": DAY, "actor": "test", "at": AT}
        connection.execute(insert(lone_limit).values(row))

    def check(after: Issuer) -> None:
        assert {after.licence(each).status for each in ids} == {Status.CANCELLED}
        assert [each.state for each in after.wallet_issuing.offers.listed()] == ["withdrawn"]

    answers = {"number-file": number_file(folder), "reason": "死亡注销"}
    return Case(answers, check, AT, frozenset({"offers", "propose", "cancel"}))


def name_changed(issuer: Issuer, folder: Path) -> Case:
    ids = both(issuer)
    changes, key = folder / "changes", folder / "key"
    changes.write_text(json.dumps({"name": "测试员新"}))
    key.write_bytes(base64.urlsafe_b64encode(cbor.encode(holder_key().cose_key)).rstrip(b"="))

    def check(after: Issuer) -> None:
        assert {after.licence(each).status for each in ids} == {Status.SUPERSEDED}
        new = [each for each in after.list() if each.status is Status.VALID]
        assert {each.holder_name for each in new} == {"测试员新"}
        assert {path.stem for path in after.places.packages.iterdir()} >= {each.id for each in new}
        assert len(new) == 2

    answers = {"number-file": number_file(folder), "changes": str(changes), "key": str(key), "reason": "变更姓名"}
    return Case(answers, check, AT, frozenset({"renew"}))


def subject_access(issuer: Issuer, folder: Path) -> Case:
    ids = both(issuer)

    def check(after: Issuer) -> None:
        found = json.loads((folder / "out").read_text())
        assert {each["id"] for each in found["licence"]} == set(ids)

    answers = {"number-file": number_file(folder), "out": str(folder / "out")}
    return Case(answers, check, AT, frozenset({"identity", "export"}))


def subject_deletion(issuer: Issuer, folder: Path) -> Case:
    ids, late = both(issuer), UnixTime(AT + 400 * DAY)
    for each in ids:
        issuer.change(each, LegalChange.CANCEL, reason=REASON, actor="test", at=AT)

    def check(after: Issuer) -> None:
        assert {after.licence(each).holder_number for each in ids} == {""}
        assert len(after.erasure_log.read(after.places.folder / "erasures.json")) == 2

    answers = {"number-file": number_file(folder), "after-days": "30", "reason": "本人申请"}
    return Case(answers, check, late, frozenset({"identity", "erase"}))


def terminal_lost(issuer: Issuer, folder: Path) -> Case:
    test_terminals.certified(issuer)

    def check(after: Issuer) -> None:
        assert is_withdrawn(after.register, test_terminals.ITS_KEY.public_key.thumbprint)
        assert test_terminals.wallet(after).withdrawn

    return Case({"terminal": "hall-3-07", "reason": "被盗"}, check, AT, frozenset({"withdraw", "journal"}))


def staff_compromised(issuer: Issuer, folder: Path) -> Case:
    test_staff.certify(issuer)
    add = issuer.people.add
    add("测试员管", roles=[Role.ADMINISTRATOR], departments=["*"], actor="test", at=AT)
    person, _ = add("测试员丁", roles=[Role.APPROVER], departments=["*"], actor="test", at=AT)
    content = issuer.alone.content(issuer.alone.used(at=AT)[0])
    proposal = issuer.approvals.propose("change-limits", content, reason=REASON, by=person.id, at=AT)

    def check(after: Issuer) -> None:
        assert len(after.staff.withdrawn(at=AT)) == 1
        assert after.people.one(person.id).disabled_at == AT
        assert [(each.id, each.state) for each in after.approvals.listed(decided_too=True, at=AT)] == [
            (proposal.id, "declined")
        ]

    answers = {"number": "JG-0417", "person": person.id, "since": unixtime.iso_utc(AT), "reason": "失信"}
    return Case(answers, check, AT, frozenset({"certificate", "console", "proposals", "decide"}))


def register_lost(issuer: Issuer, folder: Path) -> Case:
    """Of another folder, in which nothing is: `folder/back`."""
    card, _ = both(issuer)
    words = folder / "words"
    words.write_text(WORDS)
    file = folder / "backup"
    dumping.dump(
        issuer.register, issuer.profile, issuer.places, file, WORDS, random_bytes=randomness(9), cost=CHEAP, at=AT
    )

    def check(after: Issuer) -> None:
        assert after.licence(card).status is Status.VALID
        assert after.feed.current(at=AT).epoch.number == 2

    answers = {
        "backup": str(file),
        "words": str(words),
        "register": NOTHING,
        "published": str(issuer.places.published),
        "erasures": NOTHING,
    }
    return Case(answers, check, AT, frozenset({"stopped", "restore", "come-back", "again"}))


CASES: Final[Mapping[str, Callable[[Issuer, Path], Case]]] = {
    "key-stolen": key_stolen,
    "keys-end": keys_end,
    "clock-wrong": clock_wrong,
    "feed-down": feed_down,
    "holder-died": holder_died,
    "name-changed": name_changed,
    "subject-access": subject_access,
    "subject-deletion": subject_deletion,
    "terminal-lost": terminal_lost,
    "staff-compromised": staff_compromised,
    "register-lost": register_lost,
}
