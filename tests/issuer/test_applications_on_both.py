"""Applications: from filing to a licence, each step from its own state, by the person it is for. On both databases."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from issuer.application import Issuer
from issuer.applications.errors import (
    ApplicationChanged,
    ApplicationNotThere,
    ApplicationUnknown,
    EvidenceTextRefused,
    OwnApplication,
)
from issuer.applications.looking import Wanted
from issuer.applications.reviewing import State
from issuer.applications.schema import application
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import IssuanceInterrupted, KindUnknown, ReasonRefused, SubjectRefused
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, key_text, made, written

CLERK, REVIEWER = "3101", "3102"


def filed(issuer: Issuer, subject: dict[str, Any] = ID_CARD) -> str:
    return issuer.applications.file("id-card", subject, portrait=None, by=CLERK, at=AT).id


def approved(issuer: Issuer) -> str:
    its = filed(issuer)
    issuer.applications.take(its, by=REVIEWER, at=AT)
    issuer.applications.approve(its, by=REVIEWER, at=AT)
    return its


def test_from_the_counter_to_the_licence_with_more_asked_for_in_between(issuer: Issuer) -> None:
    held = issuer.applications
    its = filed(issuer, ID_CARD | {"address": "幻境市测试区样例路"})
    assert [each.id for each in held.listed(decided_too=False)] == [its]
    held.take(its, by=REVIEWER, at=AT)
    assert held.ask(its, what="门牌号", by=REVIEWER, at=AT).said == "门牌号"
    held.amend(its, ID_CARD, portrait=None, by=CLERK, at=AT)
    assert held.approve(its, by=REVIEWER, at=AT).state is State.APPROVED
    issued = held.issue(its, holder_key(), by="3103", at=AT)
    assert issuer.licence(issued.licence_id).subject.items() >= ID_CARD.items()
    done = held.one(its)
    assert (done.state, done.licence_id, done.subject) == (State.ISSUED, issued.licence_id, {})
    assert held.listed(decided_too=False) == ()
    said = [(each.act.removesuffix("-application"), each.actor) for each in issuer.audit.everything() if each.id == its]
    assert said == [
        ("file", CLERK),
        ("take", REVIEWER),
        ("ask", REVIEWER),
        ("amend", CLERK),
        ("approve", REVIEWER),
        ("issue", "3103"),
    ]
    with pytest.raises(ApplicationNotThere, match="issued"):
        held.issue(its, holder_key(), by="3103", at=AT)


def test_no_step_starts_from_another_state_or_by_another_person(issuer: Issuer) -> None:
    held, its = issuer.applications, filed(issuer)
    with pytest.raises(OwnApplication):
        held.take(its, by=CLERK, at=AT)
    for step in (
        lambda: held.approve(its, by=REVIEWER, at=AT),
        lambda: held.refuse(its, why="缺件", by=REVIEWER, at=AT),
        lambda: held.amend(its, ID_CARD, portrait=None, by=CLERK, at=AT),
        lambda: held.issue(its, holder_key(), by=REVIEWER, at=AT),
    ):
        with pytest.raises(ApplicationNotThere):
            step()
    held.take(its, by=REVIEWER, at=AT)
    with pytest.raises(ApplicationNotThere):
        held.take(its, by="3104", at=AT)
    with pytest.raises(ApplicationNotThere, match="another reviewer"):
        held.approve(its, by="3104", at=AT)
    with pytest.raises(ReasonRefused):
        held.refuse(its, why=" ", by=REVIEWER, at=AT)
    held.refuse(its, why="不符合条件", by=REVIEWER, at=AT)
    with pytest.raises(ApplicationNotThere):
        held.take(its, by="3104", at=AT)
    with issuer.register.reading() as connection:
        row = connection.execute(select(application)).one()
    assert (row.state, row.subject, row.said) == ("refused", None, "不符合条件")
    assert issuer.list() == ()


def test_one_is_given_back_looked_at_again_and_withdrawn(issuer: Issuer) -> None:
    held, its = issuer.applications, filed(issuer)
    held.take(its, by=REVIEWER, at=AT)
    with pytest.raises(ApplicationNotThere):
        held.give_back(its, by="3104", at=AT)
    assert held.give_back(its, of_another=True, by="3104", at=AT).reviewer is None
    held.take(its, by=REVIEWER, at=AT)
    with pytest.raises(ApplicationChanged):
        held.approve(its, seen="0" * 64, by=REVIEWER, at=AT)
    held.approve(its, seen=held.one(its).content_sha256, by=REVIEWER, at=AT)
    assert held.reopen(its, by=REVIEWER, at=AT).state is State.IN_REVIEW
    with pytest.raises(ApplicationNotThere):
        held.issue(its, holder_key(), by="3103", at=AT)
    over = held.withdraw(its, why="申请人撤回", by=CLERK, at=AT)
    assert (over.state, over.subject, over.evidence, over.said) == (State.WITHDRAWN, {}, "", "申请人撤回")
    with pytest.raises(ApplicationNotThere):
        held.withdraw(its, why="申请人撤回", by=CLERK, at=AT)


def test_the_queue_is_looked_through_within_ones_scope(issuer: Issuer) -> None:
    held, queue = issuer.applications, issuer.queue
    old = held.file("id-card", ID_CARD, portrait=None, department="north", by=CLERK, at=UnixTime(AT - 5 * DAY)).id
    new = held.file("id-card", {**ID_CARD, "name": "寻%找"}, portrait=None, evidence="表A", by=CLERK, at=AT).id
    held.take(new, by=REVIEWER, at=AT)

    def ids(wanted: Wanted, whose: frozenset[str] | None = None, vct: int = 65001) -> list[str]:
        return [each.id for each in queue.found(wanted, scope={vct: whose}, at=AT)]

    assert ids(Wanted()) == [old, new]
    assert ids(Wanted(), vct=65004) == []
    assert queue.found(Wanted(), scope={}, at=AT) == ()
    assert ids(Wanted(), frozenset({"south"})) == [new], "nobody's own is everybody's of the kind"
    assert ids(Wanted(), frozenset({"north"})) == [old, new]
    assert ids(Wanted(states=(State.FILED,))) == [old]
    assert ids(Wanted(older_than_days=5)) == [old]
    assert ids(Wanted(reviewer=REVIEWER)) == [new]
    assert ids(Wanted(text="寻%")) == [new]
    assert ids(Wanted(text=ID_CARD["citizen_id"][4:9])) == [old, new]
    assert ids(Wanted(text=ID_CARD["address"])) == []
    assert [each.id for each in queue.of_number(ID_CARD["citizen_id"], 65001, besides=old)] == [new]
    assert queue.of_number("9" * 18, 65001) == queue.of_number("", 65001) == ()
    assert queue.counted(scope={65001: None}) == {State.FILED: 1, State.IN_REVIEW: 1}
    assert queue.counted(scope={65001: None}, reviewer=REVIEWER) == {State.IN_REVIEW: 1}
    with pytest.raises(EvidenceTextRefused):
        held.file("id-card", ID_CARD, portrait=None, evidence="甲\u202e", by=CLERK, at=AT)


def test_what_could_never_be_issued_is_not_filed(issuer: Issuer) -> None:
    with pytest.raises(SubjectRefused):
        filed(issuer, {"name": "测试员甲"})
    with pytest.raises(KindUnknown):
        issuer.applications.file("flying-licence", ID_CARD, portrait=None, by=CLERK, at=AT)
    for unknown in ("x", "中", "\0"):
        with pytest.raises(ApplicationUnknown):
            issuer.applications.take(unknown, by=REVIEWER, at=AT)


def test_of_several_that_issue_at_once_one_does(issuer: Issuer) -> None:
    its, together = approved(issuer), threading.Barrier(6)
    won: list[str] = []
    lost: list[BaseException] = []

    def one(number: int) -> None:
        together.wait()
        try:
            won.append(issuer.applications.issue(its, holder_key(), by=str(number), at=AT).licence_id)
        except BaseException as error:
            lost.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in lost] == [ApplicationNotThere] * 5
    assert [record.id for record in issuer.list()] == won


def test_a_licence_whose_signing_failed_is_the_application_s_own(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = approved(issuer)
    with monkeypatch.context() as patched:

        def broken(*_: object, **__: object) -> None:
            raise IssuanceInterrupted("the token went away")

        patched.setattr("issuer.issuance.sign", broken)
        with pytest.raises(IssuanceInterrupted):
            issuer.applications.issue(its, holder_key(), by=REVIEWER, at=AT)
    (record,) = issuer.list()
    assert (issuer.applications.one(its).licence_id, record.finished) == (record.id, False)
    issuer.issue_again(record.id, holder_key(), at=AT)
    assert issuer.licence(record.id).finished


def test_the_commands(tmp_path: Path) -> None:
    made(tmp_path / "i").close()
    subject = written(tmp_path / "subject.json", DRIVING)

    def run(name: str, *arguments: object) -> Any:
        given = ["application", str(tmp_path / "i"), name, *map(str, arguments), "--json"]
        done = CliRunner().invoke(cli, given, env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    filed_now = run("file", "--kind", "driving-licence", "--subject", subject, "--by", CLERK)
    its = filed_now["id"]
    assert run("receipt", its) == {"id": its, "code": filed_now["code"]}
    assert "no application has this id" in run("receipt", "x")
    assert "does not review it" in run("take", its, "--by", CLERK)
    assert run("take", its, "--by", REVIEWER)["state"] == "in-review"
    assert run("ask", its, "--what", "照片", "--by", REVIEWER)["said"] == "照片"
    assert run("amend", its, "--subject", subject, "--by", CLERK)["state"] == "in-review"
    assert "another reviewer has this" in run("give-back", its, "--by", CLERK)
    back = run("give-back", its, "--by", REVIEWER)
    assert (back["state"], back["reviewer"]) == ("filed", None)
    assert run("take", its, "--by", "3109")["reviewer"] == "3109"
    assert run("give-back", its, "--of-another", "--by", REVIEWER)["state"] == "filed"
    assert run("take", its, "--by", REVIEWER)["reviewer"] == REVIEWER
    assert run("approve", its, "--by", REVIEWER)["state"] == "approved"
    assert "another reviewer has this" in run("reopen", its, "--by", "3109")
    assert run("reopen", its, "--by", REVIEWER)["state"] == "in-review"
    assert run("approve", its, "--by", REVIEWER)["state"] == "approved"
    assert [each["id"] for each in run("list")] == [its]
    issued = run("issue", its, "--holder-key", key_text(), "--by", REVIEWER)
    assert Path(issued["package"]).exists()
    assert run("list") == []
    assert [each["licence"] for each in run("list", "--all")] == [issued["id"]]
    assert "the application is not" in run("withdraw", its, "--why", "不再需要", "--by", CLERK)
    unwanted = run("file", "--kind", "driving-licence", "--subject", subject, "--by", CLERK)["id"]
    assert "reason" in run("withdraw", unwanted, "--why", "", "--by", CLERK)
    ended = run("withdraw", unwanted, "--why", "不再需要", "--by", CLERK)
    assert (ended["state"], ended["said"]) == ("withdrawn", "不再需要")
