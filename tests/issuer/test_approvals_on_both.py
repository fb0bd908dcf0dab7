"""Dangerous acts take two people: previewed, approved by another person, carried out once. On both databases."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.application import Issuer
from issuer.approvals.errors import (
    ProposalNotOpen,
    ProposalOutdated,
    ProposalRefused,
    ProposalUnknown,
    SamePerson,
    SecondPersonNeeded,
)
from issuer.approvals.proposing import LIFE
from issuer.approvals.register import Proposal, State
from issuer.changing.alone import Limits
from issuer.changing.bulk import BULK_CHANGE
from issuer.changing.errors import SelectionRefused
from issuer.changing.selecting import Selection
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import ReasonRefused
from issuer.feed import bans, dangerous
from issuer.feed.errors import BanRefused, ReversalRefused
from issuer.lifecycle import LegalChange
from issuer.mandates.issuing import Wish
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, made, published_status

KID = "00112233445566ff"
ALONE = Limits().person


def several(issuer: Issuer, number: int) -> list[str]:
    return [issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id for _ in range(number)]


def proposed(issuer: Issuer, ids: list[str], change: LegalChange = LegalChange.REVOKE, by: str = "3101") -> Proposal:
    content = issuer.changes.content(Selection(ids=tuple(ids)), change)
    return issuer.approvals.propose(BULK_CHANGE, content, reason="专项整治", by=by, at=AT)


def states(issuer: Issuer) -> set[Status]:
    return {record.status for record in issuer.list()}


def test_a_preview_names_whoever_is_affected_and_changes_nothing(issuer: Issuer) -> None:
    company = issuer.issue("business-licence", BUSINESS, holder_key(), at=AT).licence_id
    driver = issuer.issue("driving-licence", DRIVING, holder_key(2), at=AT).licence_id
    issuer.issue_again(driver, holder_key(3), at=AT)
    wish = Wish(company, 1, None, frozenset({Purpose.WINDOW}), None, 30, None)
    agent = issuer.mandates.issue(wish, holder_key(9), actor="test", at=AT).licence_id
    code = issuer.papers.issue(driver, days=30, actor="test", at=AT).id
    ended = issuer.issue("id-card", ID_CARD, holder_key(2), at=AT).licence_id
    issuer.change(ended, LegalChange.CANCEL, reason="测试", actor="test", at=AT)
    found = issuer.changes.preview(Selection(ids=(company, driver, ended)), LegalChange.REVOKE, at=AT)
    assert found.licences == tuple(sorted(((company, Status.VALID), (driver, Status.VALID))))
    assert found.refused == ((ended, Status.CANCELLED),)
    assert (len(found.entries), found.devices, found.mandates, found.papers) == (5, 4, (agent,), (code,))
    assert states(issuer) == {Status.VALID, Status.CANCELLED}


def test_one_person_changes_a_few_and_no_more(issuer: Issuer) -> None:
    ids = several(issuer, ALONE + 1)
    with pytest.raises(SecondPersonNeeded, match=f"{ALONE + 1} licences"):
        issuer.changes.change(Selection(ids=tuple(ids)), LegalChange.SUSPEND, reason="测试", actor="3101", at=AT)
    assert states(issuer) == {Status.VALID}
    few = tuple(ids[:3])
    done = issuer.changes.change(Selection(ids=few), LegalChange.SUSPEND, reason="测试", actor="3101", at=AT)
    assert [each for each, _ in done.licences] == sorted(few)
    assert published_status(issuer, issuer.events(few[0])[0]) == Status.SUSPENDED
    again = issuer.changes.change(Selection(ids=few), LegalChange.SUSPEND, reason="测试", actor="3101", at=AT)
    assert (again.licences, len(again.refused)) == ((), 3)


def test_another_person_approves_and_it_is_carried_out_once(issuer: Issuer) -> None:
    ids = several(issuer, ALONE + 1)
    proposal = proposed(issuer, ids)
    assert [each.id for each in issuer.approvals.listed(decided_too=False, at=AT)] == [proposal.id]
    for same in ("3101", " 3101 "):
        with pytest.raises(SamePerson):
            issuer.approvals.approve(proposal.id, by=same, at=AT)
    assert states(issuer) == {Status.VALID}
    decided = issuer.approvals.approve(proposal.id[:8], by="3102", at=AT)
    assert (decided.state, decided.decided_by) == (State.EXECUTED, "3102")
    assert states(issuer) == {Status.REVOKED}
    assert {published_status(issuer, issuer.events(each)[0]) for each in ids} == {Status.REVOKED}
    with pytest.raises(ProposalNotOpen, match="executed"):
        issuer.approvals.approve(proposal.id, by="3103", at=AT)
    said = [(each.act, each.actor) for each in issuer.audit.everything() if each.act != "issue"]
    assert said == [("propose", "3101"), *([("revoke", "3101")] * len(ids)), ("approve", "3102")]


def test_what_reaches_something_else_by_now_is_not_done(issuer: Issuer) -> None:
    ids = several(issuer, 3)
    proposal = proposed(issuer, ids)
    issuer.issue_again(ids[0], holder_key(2), at=AT)
    with pytest.raises(ProposalOutdated):
        issuer.approvals.approve(proposal.id, by="3102", at=AT)
    other = proposed(issuer, ids)
    assert issuer.approvals.shown(other.id, at=AT).is_unchanged
    issuer.suspend(ids[1], reason="测试", actor="test", at=AT)
    assert not issuer.approvals.shown(other.id, at=AT).is_unchanged
    with pytest.raises(ProposalOutdated):
        issuer.approvals.approve(other.id, by="3102", at=AT)
    assert states(issuer) == {Status.VALID, Status.SUSPENDED}


def test_declined_expired_and_unknown_proposals_do_nothing(issuer: Issuer) -> None:
    ids = several(issuer, 2)
    first, second = proposed(issuer, ids), proposed(issuer, ids)
    assert issuer.approvals.decline(first.id, by="3101", why="看错了", at=AT).state is State.DECLINED
    with pytest.raises(ProposalNotOpen, match="declined"):
        issuer.approvals.approve(first.id, by="3102", at=AT)
    late = UnixTime(AT + LIFE)
    with pytest.raises(ProposalNotOpen, match="expired"):
        issuer.approvals.approve(second.id, by="3102", at=late)
    assert issuer.approvals.listed(decided_too=False, at=late) == ()
    assert {each.state for each in issuer.approvals.listed(decided_too=True, at=late)} == {
        State.DECLINED,
        State.EXPIRED,
    }
    for beginning in ("", second.id[:5], "z" * 16, "中" * 8, second.id[:8] + "%"):
        with pytest.raises(ProposalUnknown):
            issuer.approvals.approve(beginning, by="3102", at=AT)
    assert states(issuer) == {Status.VALID}


@pytest.mark.parametrize("by", ["", "  ", "x" * 65, "a\u202eb"])
def test_a_name_in_no_form_proposes_nothing(issuer: Issuer, by: str) -> None:
    with pytest.raises(ProposalRefused):
        proposed(issuer, several(issuer, 1), by=by)


def test_selections_that_select_nothing_are_refused(issuer: Issuer) -> None:
    (licence_id,) = several(issuer, 1)
    for selection in (Selection(), Selection(ids=(licence_id, "unknown")), Selection(kind=1), Selection(ids=("中",))):
        with pytest.raises(SelectionRefused):
            issuer.changes.preview(selection, LegalChange.REVOKE, at=AT)
    with pytest.raises(ReasonRefused):
        issuer.changes.change(Selection(ids=(licence_id,)), LegalChange.REVOKE, reason=" ", actor="a", at=AT)
    for query in (
        Selection(holder_number=ID_CARD["citizen_id"]),
        Selection(kind=issuer.licence(licence_id).vct, status=Status.VALID),
        Selection(recorded_from=AT, recorded_before=AT + 1),
    ):
        found = issuer.changes.preview(query, LegalChange.REVOKE, at=AT)
        assert [each for each, _ in found.licences] == [licence_id]


def test_a_ban_takes_two_people(issuer: Issuer) -> None:
    content = dangerous.ban_content(KID, iss="310000.GA", since=UnixTime(AT - 60))
    proposal = issuer.approvals.propose(dangerous.BAN_KEY, content, reason="失窃", by="3101", at=AT)
    assert bans.listed(issuer._register) == ()
    issuer.approvals.approve(proposal.id, by="3102", at=AT)
    assert [each.kid.hex() for each in bans.listed(issuer._register)] == [KID]
    wrong: tuple[dict[str, Any], ...] = ({"iss": "330000.GA"}, {"since": AT + 60}, {"kid": "zz"})
    for member in wrong:
        with pytest.raises(BanRefused):
            issuer.approvals.propose(dangerous.BAN_KEY, {**content, **member}, reason="失窃", by="3101", at=AT)
    # The same again: it is looked at when it is carried out, and stays open.
    again = issuer.approvals.propose(dangerous.BAN_KEY, content, reason="失窃", by="3101", at=AT)
    with pytest.raises(BanRefused):
        issuer.approvals.approve(again.id, by="3102", at=AT)
    assert issuer.approvals.listed(decided_too=False, at=AT)[0].state is State.PROPOSED


def test_an_approval_to_undo_something_is_used_up_by_that_alone(issuer: Issuer) -> None:
    first, second = several(issuer, 2)
    for each in (first, second):
        issuer.revoke(each, reason="误", actor="test", at=AT)
    content = dangerous.reversal_content(first)
    valid = dangerous.reversal_content(issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id)
    with pytest.raises(ReversalRefused):
        issuer.approvals.propose(dangerous.REVERSAL, valid, reason="判决", by="3101", at=AT)
    proposal = issuer.approvals.propose(dangerous.REVERSAL, content, reason="判决", by="3101", at=AT)

    def use_up(licence_id: str) -> None:
        with issuer._register.writing() as connection:
            issuer.approvals.use_up(
                connection,
                proposal.id,
                what=dangerous.REVERSAL,
                content=dangerous.reversal_content(licence_id),
                by="3103",
                at=AT,
            )

    with pytest.raises(ProposalNotOpen, match="proposed"):
        use_up(first)
    assert issuer.approvals.approve(proposal.id, by="3102", at=AT).state is State.APPROVED
    with pytest.raises(ProposalNotOpen, match="something else"):
        use_up(second)
    use_up(first)
    with pytest.raises(ProposalNotOpen, match="executed"):
        use_up(first)


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    with made(folder) as issuer:
        ids = several(issuer, ALONE + 1)
    listed = tmp_path / "ids"
    listed.write_text("\n".join(ids))

    def run(*arguments: object) -> Any:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], env={PASSPHRASE_VARIABLE: ""})
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr

    # The clock of the command is the wall's, behind the one of the test.
    seen = run("change", folder, "--to", "cancel", "--ids", listed, "--preview")
    assert (len(seen["licences"]), seen["outcome"]) == (ALONE + 1, "would change")
    assert "somebody else approve it" in run("change", folder, "--to", "cancel", "--ids", listed, "--reason", "测试")
    made_by = run("propose", "change", folder, "--to", "cancel", "--ids", listed, "--reason", "测试", "--by", "甲")
    assert "does not approve" in run("approve", folder, made_by["id"], "--by", "甲")
    assert [each["id"] for each in run("proposals", folder)] == [made_by["id"]]
    assert run("approve", folder, made_by["id"], "--by", "乙")["state"] == "executed"
    assert run("proposals", folder) == []
    few = run("change", folder, "--to", "cancel", "--licence", ids[0], "--reason", "测试")
    assert (few["licences"], few["refused"]) == ([], {ids[0]: "cancelled"})
