"""However acts are divided, one person alone reaches only so many licences within a day. On both databases."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert

from issuer.application import Issuer
from issuer.approvals.errors import RoutineLimitReached, SecondPersonNeeded
from issuer.changing.alone import CHANGE_LIMITS, Limits
from issuer.changing.bulk import BULK_CHANGE
from issuer.changing.errors import LimitsRefused
from issuer.changing.schema import lone_limit
from issuer.changing.selecting import Selection
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import SubjectRefused, TransitionRefused
from issuer.lifecycle import LegalChange
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, ON_SQLITE, holder_key, made

ROOT = Path(__file__).resolve().parents[2]


def limited(issuer: Issuer, person: int, department: int, window: int = DAY, **routine: int) -> None:
    with issuer.register.writing() as connection:
        row = {"person": person, "department": department, "seconds": window, "actor": "test", "at": AT}
        connection.execute(insert(lone_limit).values(row | routine))


def several(issuer: Issuer, number: int, kind: str = "id-card", subject: Any = ID_CARD, key: int = 1) -> list[str]:
    return [issuer.issue(kind, subject, holder_key(key), at=AT).licence_id for _ in range(number)]


def left(issuer: Issuer, ids: list[str], actor: str = "3101", at: int = AT) -> int:
    return issuer.alone.left(ids, actor=actor, at=UnixTime(at)).licences


def many(issuer: Issuer, ids: list[str], change: LegalChange = LegalChange.REVOKE, actor: str = "3101") -> None:
    issuer.changes.change(Selection(ids=tuple(ids)), change, reason="测试", actor=actor, at=AT)


def test_three_acts_below_the_number_are_one_above_it(issuer: Issuer) -> None:
    limited(issuer, 6, 50)
    ids = several(issuer, 9)
    assert left(issuer, ids) == 6
    many(issuer, ids[:3])
    assert left(issuer, ids) == 3
    with pytest.raises(SecondPersonNeeded, match="9 licences within 24 h are more than the 6"):
        many(issuer, ids[3:])
    many(issuer, ids[3:5])
    # One at a time, by whatever change; and what is refused is neither done nor counted.
    issuer.change(ids[5], LegalChange.WITHDRAW, reason="测试", actor="3101", at=AT)
    for change in LegalChange:
        if change is not LegalChange.REINSTATE:
            with pytest.raises(SecondPersonNeeded):
                issuer.change(ids[6], change, reason="测试", actor="3101", at=AT)
    assert [issuer.licence(each).status for each in ids[6:]] == [Status.VALID] * 3
    # The audit trail shows who was refused what.
    refused = [(each.actor, each.id, each.reason) for each in issuer.audit.listed(search="refuse-alone")]
    assert len(refused) == 1 + len(LegalChange) - 1
    assert refused[-1] == ("3101", "revoke", "9 licences within 24 h are more than the 6 that one person changes alone")
    # Another person has their own number, and a name in other letters is no other person.
    issuer.change(ids[6], LegalChange.SUSPEND, reason="测试", actor="李四", at=AT)
    limits, used = issuer.alone.used(at=AT)
    assert limits == Limits(6, 50)
    assert [(each.whose, each.licences) for each in used] == [("3101", 6), ("李四", 1), ("public-security", 7)]
    issuer.change(ids[7], LegalChange.SUSPEND, reason="测试", actor="Li", at=AT)
    assert left(issuer, ids, "LI") == 5


@ON_SQLITE
def test_un_suspending_counts_and_one_licence_counts_once(issuer: Issuer) -> None:
    limited(issuer, 2, 50)
    ids = several(issuer, 3)
    for each in ids:
        issuer.change(each, LegalChange.SUSPEND, reason="测试", actor=each, at=AT)
    for each in ids[:2]:
        issuer.reinstate(each, reason="测试", actor="3101", at=AT)
    with pytest.raises(SecondPersonNeeded):
        issuer.reinstate(ids[2], reason="测试", actor="3101", at=AT)
    issuer.suspend(ids[0], reason="测试", actor="3101", at=AT)
    # What does not apply is another refusal, and stands in no trail.
    with pytest.raises(TransitionRefused):
        issuer.reinstate(ids[1], reason="测试", actor="3101", at=AT)


@ON_SQLITE
def test_the_window_slides_and_a_clock_that_goes_back_makes_no_room(issuer: Issuer) -> None:
    limited(issuer, 1, 50, 2 * HOUR)
    first, second = several(issuer, 2)
    issuer.suspend(first, reason="测试", actor="3101", at=AT)
    for at in (AT - DAY, AT + 2 * HOUR - 1):
        with pytest.raises(SecondPersonNeeded, match="within 2 h"):
            issuer.suspend(second, reason="测试", actor="3101", at=UnixTime(at))
    issuer.suspend(second, reason="测试", actor="3101", at=UnixTime(AT + 2 * HOUR))


@ON_SQLITE
def test_a_department_is_counted_over_its_people_and_no_other_one_is(issuer: Issuer) -> None:
    limited(issuer, 2, 3)
    cards, firms = several(issuer, 4), several(issuer, 1, "business-licence", BUSINESS, 5)
    for number, each in enumerate(cards[:3]):
        issuer.suspend(each, reason="测试", actor=f"person {number}", at=AT)
    assert (left(issuer, cards), left(issuer, firms)) == (0, 2)
    with pytest.raises(SecondPersonNeeded, match="4 licences of public-security within 24 h are more than the 3 that"):
        issuer.suspend(cards[3], reason="测试", actor="person 3", at=AT)
    issuer.suspend(firms[0], reason="测试", actor="person 3", at=AT)


@ON_SQLITE
def test_two_people_are_not_counted(issuer: Issuer) -> None:
    limited(issuer, 2, 3)
    ids = several(issuer, 4)
    content = issuer.changes.content(Selection(ids=tuple(ids)), LegalChange.REVOKE)
    proposal = issuer.approvals.propose(BULK_CHANGE, content, reason="专项整治", by="3101", at=AT)
    issuer.approvals.approve(proposal.id, by="3102", at=AT)
    assert left(issuer, ids) == 2


def test_erasing_counts_and_many_are_erased_by_two_people(issuer: Issuer) -> None:
    limited(issuer, 2, 50)
    ids, late = several(issuer, 3), UnixTime(AT + 400 * DAY)
    driving = several(issuer, 1, "driving-licence", DRIVING)
    for each in (*ids, *driving):
        issuer.change(each, LegalChange.REVOKE, reason="测试", actor=each, at=AT)
    number = ID_CARD["citizen_id"]
    with pytest.raises(SecondPersonNeeded, match="4 licences"):
        issuer.erasing.erase(number, after_days=30, actor="3101", reason="本人申请", at=late)
    assert issuer.licence(ids[0]).holder_number == number
    content = issuer.erasing.content(number, after_days=30, at=late)
    assert number not in repr(content)
    proposal = issuer.approvals.propose("erase-holder", content, reason="本人申请", by="3101", at=late)
    issuer.approvals.approve(proposal.id, by="3102", at=late)
    assert {issuer.licence(each).holder_number for each in (*ids, *driving)} == {""}
    assert left(issuer, ids, at=late) == 2
    assert issuer.erasing.again(actor="3102", at=late) == (0, 0)
    assert len(issuer.erasure_log.read(issuer.places.folder / "erasures.json")) == 4


@ON_SQLITE
def test_other_limits_take_two_people_and_make_sense(issuer: Issuer) -> None:
    for wrong in (
        Limits(-1, 5),
        Limits(6, 5),
        Limits(1, 10_001),
        Limits(1, 5, HOUR - 1),
        Limits(1, 5, Seconds(31 * DAY)),
        Limits(1, 5, DAY, 0, 5),
        Limits(1, 5, DAY, 6, 5),
        Limits(1, 5, DAY, 6, 10_001),
    ):
        with pytest.raises(LimitsRefused):
            issuer.alone.content(wrong)
    content = issuer.alone.content(Limits(0, 5, Seconds(12 * HOUR)))
    proposal = issuer.approvals.propose(CHANGE_LIMITS, content, reason="专项", by="3101", at=AT)
    (card,) = several(issuer, 1)
    issuer.suspend(card, reason="测试", actor="3101", at=AT)
    issuer.approvals.approve(proposal.id, by="3102", at=AT)
    with pytest.raises(SecondPersonNeeded):
        issuer.reinstate(card, reason="测试", actor="3101", at=AT)
    assert issuer.alone.used(at=AT)[0] == Limits(0, 5, Seconds(12 * HOUR))


def renew(issuer: Issuer, licence_id: str, actor: str = "3101", **changes: str) -> str:
    return issuer.licence_renewals.renew(
        licence_id, changes, holder_key(), reason="变更地址", actor=actor, at=AT
    ).licence_id


def test_renewals_have_a_number_of_their_own(issuer: Issuer) -> None:
    limited(issuer, 1, 9, routine_person=2, routine_department=3)
    first, second, third, fourth = several(issuer, 4)
    renewed = renew(issuer, first, address="幻境市测试区样例路9号")
    # What was refused for its content and is done again is the same licence.
    for wrong in ("990101194912310029", "1"):
        with pytest.raises(SubjectRefused):
            renew(issuer, second, citizen_id=wrong)
    renew(issuer, second, address="幻境市测试区样例路9号")
    with pytest.raises(RoutineLimitReached, match="3 licences within 24 h are more than the 2 that one person renews"):
        renew(issuer, third, address="幻境市测试区样例路9号")
    assert (issuer.licence(third).status, issuer.licence_renewals.following(third)) == (Status.VALID, None)
    assert [(each.actor, each.id) for each in issuer.audit.listed(search="refuse-alone")] == [("3101", "renew")]
    # Neither number is used up by the other one.
    issuer.suspend(renewed, reason="测试", actor="3101", at=AT)
    with pytest.raises(SecondPersonNeeded):
        issuer.suspend(third, reason="测试", actor="3101", at=AT)
    renew(issuer, third, "3102", address="幻境市测试区样例路9号")
    with pytest.raises(RoutineLimitReached, match="4 licences of public-security within 24 h are more than the 3 that"):
        renew(issuer, fourth, "3103", address="幻境市测试区样例路9号")
    _, used = issuer.alone.used(at=AT)
    assert [(each.whose, each.is_routine, each.licences) for each in used] == [
        ("3101", False, 1),
        ("public-security", False, 1),
        ("3101", True, 2),
        ("3102", True, 1),
        ("public-security", True, 3),
    ]


@ON_SQLITE
def test_of_several_that_renew_at_once_so_many_do_as_one_person_may(issuer: Issuer) -> None:
    limited(issuer, 1, 9, routine_person=2, routine_department=9)
    ids, together = several(issuer, 6), threading.Barrier(6)
    won: list[str] = []
    lost: list[type[BaseException]] = []

    def one(licence_id: str) -> None:
        together.wait()
        try:
            won.append(renew(issuer, licence_id, address="幻境市测试区样例路9号"))
        except BaseException as error:
            lost.append(type(error))

    threads = [threading.Thread(target=one, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), lost) == (2, [RoutineLimitReached] * 4)
    assert sum(issuer.licence(each).status is Status.VALID for each in ids) == 4


@ON_SQLITE
def test_limits_from_before_have_the_routine_ones_that_ship(issuer: Issuer) -> None:
    limited(issuer, 3, 9)
    ships = Limits()
    assert issuer.alone.used(at=AT)[0] == Limits(3, 9, DAY, ships.routine_person, ships.routine_department)
    with issuer.register.reading() as connection:
        old = {"person": 4, "department": 9, "seconds": DAY}
        before_and_after = issuer.alone.shown(connection, old, at=AT)
    assert before_and_after == (3, 9, DAY, 200, 1_000, 4, 9, DAY, 200, 1_000)


PROCESSES, CLIENTS = 2, 100
CLIENT = """
import json, sys, threading
from pathlib import Path
from issuer import wiring
from issuer.approvals.errors import SecondPersonNeeded
from issuer.lifecycle import LegalChange
from tests.issuer.builders import AT
folder, process, clients, *ids = sys.argv[1:]
won, together = [], threading.Barrier(int(clients))
def client(number):
    mine = ids[(number * 2 + int(process)) % len(ids)]
    change = LegalChange.REVOKE if number < int(clients) // 2 else LegalChange.SUSPEND
    together.wait()
    try:
        issuer.change(mine, change, reason="race", actor="3101", at=AT)
    except SecondPersonNeeded:
        return
    except Exception as error:
        if type(error).__name__ != "TransitionRefused":
            raise
        return
    won.append(mine)
with wiring.open_issuer(Path(folder), passphrase=None) as issuer:
    issuer.changes._publish_change = lambda at: None
    threads = [threading.Thread(target=client, args=(number,)) for number in range(int(clients))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(json.dumps(won))
"""


def test_two_hundred_clients_do_not_slip_under_it(issuer: Issuer) -> None:
    limited(issuer, 4, 50)
    ids = several(issuer, 12)
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CLIENT, str(issuer.places.folder), str(number), str(CLIENTS), *ids],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]
    ended = [child.communicate(timeout=240) for child in children]
    assert [error for _, error in ended] == [b""] * PROCESSES
    won = {each for said, _ in ended for each in json.loads(said)}
    changed = {each.id for each in issuer.list() if each.status is not Status.VALID}
    assert won == changed
    assert len(changed) == 4


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    with made(folder) as issuer:
        first, second, third = several(issuer, 3)

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    proposal = run("propose", "limits", folder, "--person", 2, "--department", 9, "--reason", "测试", "--by", "甲")
    assert run("approve", folder, proposal["id"], "--by", "乙")["state"] == "executed"
    change = ("change", folder, "--to", "suspend", "--reason", "测试", "--licence")
    seen = run("change", folder, "--to", "suspend", "--licence", first, "--preview")["left"]
    assert (seen["licences"], seen["person"], seen["department"], seen["hours"]) == (2, 2, 9, 24)
    assert run(*change, first)["left"]["licences"] == 1
    assert "second_person" not in str(run("suspend", folder, second, "--reason", "测试"))
    assert "somebody else approve it" in run(*change, third)
    assert "somebody else approve it" in run("suspend", folder, third, "--reason", "测试")
    said = run("alone", folder)
    assert said["limits"] == {
        "person": 2,
        "department": 9,
        "routine_person": 200,
        "routine_department": 1_000,
        "hours": 24,
    }
    operator = {"whose": "operator (command line)", "is_department": False, "is_routine": False, "licences": 2}
    assert operator in said["used"]
    more = ("--routine-person", 7, "--routine-department", 8, "--reason", "测试", "--by", "甲")
    proposal = run("propose", "limits", folder, "--person", 2, "--department", 9, *more)
    assert run("approve", folder, proposal["id"], "--by", "乙")["state"] == "executed"
    assert run("alone", folder)["limits"]["routine_person"] == 7
