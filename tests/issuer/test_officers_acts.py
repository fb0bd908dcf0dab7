"""Officers' acts at the issuer: what arrives, who may confirm it, and that no status changes before that."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from issuer.acts import register as rows_of
from issuer.acts.confirming import ListedAct
from issuer.acts.errors import ActNotOpen, ActRefused, ActUnknown
from issuer.acts.register import State
from issuer.application import Issuer
from issuer.approvals.errors import RoutineLimitReached
from issuer.changing.schema import lone_limit
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE
from issuer.errors import PublishingFailed, ReasonRefused, TransitionRefused
from issuer.fleet import register as fleet_rows
from issuer.issuance import Issued
from issuer.staff.certifying import Wish
from protocol import keys, officers_act, staff_certificate
from protocol.labels import Alg
from protocol.officers_act import ActKind, OfficersAct
from protocol.staff_certificate import Role, StaffCertificate, StaffUse
from protocol.status_list import Status
from protocol.terminal_row import TerminalRow
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.issuer.builders import AT, DRIVING, holder_key, published_status

OFFICER: Final = keys.signer_for(Alg.ESP256, bytes([17] * 32))
WISH: Final = Wish("JG-0417", "演示警员0417", Role.OFFICER, "幻境市公安局交警支队", 7)
CHIEF: Final = "值班长 0021"
LATER: Final = UnixTime(AT + 5 * MINUTE)


@pytest.fixture
def licence(issuer: Issuer) -> Issued:
    return issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)


def stated(issuer: Issuer, licence: Issued, **changes: Any) -> OfficersAct:
    act = OfficersAct(
        kind=ActKind.SEIZURE,
        presentation=bytes(range(32)),
        challenge=bytes(range(32, 64)),
        vct=65004,
        status=(f"lz:{issuer.profile.region}/{licence.list_number}", licence.idx),
        check_number="7K3-Q42",
        checked_at=UnixTime(AT + MINUTE),
        terminal="310000-P03",
        reason="醉酒后驾驶机动车",
        iat=UnixTime(AT + 2 * MINUTE),
    )
    return replace(act, **changes)


def signed(issuer: Issuer, licence: Issued, certificate: bytes | None = None, **changes: Any) -> bytes:
    known = certificate or issuer.staff.certify(WISH, OFFICER.public_key, replace=False, actor="test", at=AT)[0]
    return officers_act.sign(stated(issuer, licence, **changes), certificate=known, signer=OFFICER)


def arrive(issuer: Issuer, body: bytes, *, key: bytes | None = None, terminal: str = "310000-P03") -> str:
    """A terminal has sent this row; the act's id."""
    named = officers_act.act_id(body) if key is None else key
    row = TerminalRow("officers-act", named, body, LATER)
    fleet_rows.take_row(issuer._register, row, terminal=terminal, key_thumbprint=bytes(32), at=LATER)
    return named.hex()


def waiting(issuer: Issuer, at: UnixTime = LATER) -> tuple[ListedAct, ...]:
    return issuer.acts.listed(decided_too=False, at=at)


def test_a_confirmed_seizure_suspends_the_licence_and_names_the_act(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence))
    (listed,) = waiting(issuer)
    assert (listed.held.state, listed.licence_id) == (State.OPEN, licence.licence_id)
    # What an officer alone says changes nothing.
    assert published_status(issuer, licence, at=LATER) == Status.VALID
    done = issuer.acts.confirm(act[:8], by=CHIEF, at=LATER)
    assert (done.held.state, done.held.decided_by, done.held.decided_at) == (State.CONFIRMED, CHIEF, LATER)
    assert published_status(issuer, licence, at=LATER) == Status.SUSPENDED
    (event,) = issuer.events(licence.licence_id)
    assert (event.new, event.actor) == (Status.SUSPENDED, CHIEF)
    assert event.reason == f"officers-act {act[:16]}: 醉酒后驾驶机动车"
    assert waiting(issuer) == ()
    with pytest.raises(ActNotOpen):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)


def test_a_confirmed_note_changes_no_status(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence, kind=ActKind.NOTE, challenge=None))
    assert issuer.acts.confirm(act, by=CHIEF, at=LATER).held.state is State.CONFIRMED
    assert issuer.events(licence.licence_id) == ()


def test_a_rejected_act_changes_nothing_and_keeps_the_reason(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence))
    with pytest.raises(ReasonRefused):
        issuer.acts.reject(act, by=CHIEF, why=" ", at=LATER)
    done = issuer.acts.reject(act, by=CHIEF, why="证据不足", at=LATER)
    assert (done.held.state, done.held.why, done.held.decided_by) == (State.REJECTED, "证据不足", CHIEF)
    assert issuer.events(licence.licence_id) == ()
    for again in (issuer.acts.confirm, lambda act, **more: issuer.acts.reject(act, why="x", **more)):
        with pytest.raises(ActNotOpen):
            again(act, by=CHIEF, at=LATER)


def test_the_terminal_that_sent_an_act_hears_what_was_decided_and_no_other_one(issuer: Issuer, licence: Issued) -> None:
    acts = [arrive(issuer, signed(issuer, licence, reason=f"事由{number}", kind=ActKind.NOTE)) for number in range(5)]
    asked = ".".join([*acts, "zz", "", "0" * 64])
    assert issuer.acts.told(asked, terminal="310000-P03") == []
    issuer.acts.confirm(acts[0], by=CHIEF, at=LATER)
    rejected = [issuer.acts.reject(act, by=CHIEF, why="证据不足", at=UnixTime(LATER + 1)) for act in acts[1:]]
    told = issuer.acts.told(asked, terminal="310000-P03")
    assert told[0] == {"act": acts[0], "decision": "confirmed", "decided_at": LATER, "reason": None}
    assert [each["reason"] for each in told[1:]] == ["证据不足"] * 2
    assert CHIEF not in str(told)
    # What it has heard it asks for no more, so the others come then.
    left = ".".join(sorted({each.held.id for each in rejected} - {str(each["act"]) for each in told}))
    assert [each["act"] for each in issuer.acts.told(left, terminal="310000-P03")] == left.split(".")
    assert issuer.acts.told(asked, terminal="310000-P04") == []
    assert issuer.acts.told(".".join(["0" * 64] * 32 + acts), terminal="310000-P03") == []


def test_whoever_confirms_has_a_number_and_officers_who_were_made_up_are_no_way_round(
    issuer: Issuer, licence: Issued
) -> None:
    with issuer.register.writing() as connection:
        row = {"person": 9, "department": 9, "seconds": DAY, "actor": "test", "at": AT}
        connection.execute(insert(lone_limit).values(row | {"routine_person": 1, "routine_department": 9}))
    other = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    made_up = issuer.staff.certify(
        replace(WISH, number="JG-0418"), OFFICER.public_key, replace=True, actor=CHIEF, at=AT
    )[0]
    acts = [arrive(issuer, signed(issuer, licence)), arrive(issuer, signed(issuer, other, made_up))]
    issuer.acts.confirm(acts[0], by=CHIEF, at=LATER)
    with pytest.raises(RoutineLimitReached, match="2 licences within 24 h are more than the 1 that"):
        issuer.acts.confirm(acts[1], by=CHIEF, at=LATER)
    # It stays open, and somebody else may confirm it.
    assert [each.held.state for each in waiting(issuer)] == [State.OPEN]
    assert issuer.events(other.licence_id) == ()
    assert [(each.actor, each.id) for each in issuer.audit.listed(search="refuse-alone")] == [(CHIEF, "confirm-act")]
    issuer.acts.confirm(acts[1], by="值班长 0022", at=LATER)
    assert published_status(issuer, other, at=LATER) == Status.SUSPENDED


def test_who_may_not_confirm(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence))
    for by in ("JG-0417", "jg-0417", "演示警员0417", "", " ", "x" * 65, "a\u202eb"):
        with pytest.raises(ActRefused):
            issuer.acts.confirm(act, by=by, at=LATER)
    for beginning in ("", act[:7], "zz%zzzzzz", "0" * 64):
        with pytest.raises(ActUnknown):
            issuer.acts.confirm(beginning, by=CHIEF, at=LATER)
    assert waiting(issuer)[0].held.state is State.OPEN
    assert issuer.events(licence.licence_id) == ()


def forged_certificate(issuer: Issuer, *, role: Role = Role.OFFICER, own: bool = False) -> bytes:
    signer = keys.signer_for(Alg.ED25519, bytes([99] * 32))
    claims = StaffCertificate(
        issuer.profile.iss, "JG-0417", "演示警员0417", role, "幻境市公安局交警支队",
        frozenset({StaffUse.DUTY, StaffUse.ACT}), OFFICER.public_key, UnixTime(AT - HOUR), UnixTime(AT + HOUR),
    )  # fmt: skip
    return staff_certificate.certify(claims, signer)


def test_what_nobody_can_act_upon_is_listed_with_its_reason(issuer: Issuer, licence: Issued) -> None:
    good = signed(issuer, licence)
    acts = {
        "stranger": arrive(issuer, signed(issuer, licence, forged_certificate(issuer))),
        "bent": arrive(issuer, good[:-1] + bytes([good[-1] ^ 1])),
        "another region": arrive(issuer, signed(issuer, licence, status=("lz:330000/1", 7))),
        "not what its row names": arrive(issuer, good, key=bytes(32)),
        "no act": arrive(issuer, b"\x01"),
    }
    assert {each.held.id: each.held.state for each in waiting(issuer)} == dict.fromkeys(acts.values(), State.UNUSABLE)
    assert all(each.held.problem for each in waiting(issuer))
    for act in acts.values():
        with pytest.raises(ActNotOpen):
            issuer.acts.confirm(act, by=CHIEF, at=LATER)
    issuer.staff.withdraw("JG-0417", reason="密钥遗失", actor="test", at=AT)
    acts["withdrawn"] = arrive(issuer, signed(issuer, licence, forged_certificate(issuer), reason="另一件"))
    assert issuer.events(licence.licence_id) == ()
    # Somebody looked at each: then none waits any more.
    for act in acts.values():
        waiting(issuer)
        issuer.acts.reject(act, by=CHIEF, why="无效", at=LATER)
    assert waiting(issuer) == ()


def test_a_key_that_was_withdrawn_after_the_act_arrived_needs_a_second_look(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence))
    assert waiting(issuer)[0].held.state is State.OPEN
    issuer.staff.withdraw("JG-0417", reason="密钥遗失", actor="test", at=LATER)
    with pytest.raises(ActNotOpen, match="withdrawn"):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)


def test_a_licence_that_is_not_valid_leaves_the_act_open(issuer: Issuer, licence: Issued) -> None:
    act = arrive(issuer, signed(issuer, licence))
    issuer.revoke(licence.licence_id, reason="注销", actor="test", at=AT)
    with pytest.raises(TransitionRefused):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)
    assert waiting(issuer)[0].held.state is State.OPEN


def test_an_entry_that_no_licence_has(issuer: Issuer, licence: Issued) -> None:
    act = arrive(
        issuer, signed(issuer, licence, status=(f"lz:{issuer.profile.region}/{licence.list_number}", 1_048_575))
    )
    with pytest.raises(ActRefused):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)


def test_what_was_confirmed_and_cut_off_goes_on(
    issuer: Issuer, licence: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = arrive(issuer, signed(issuer, licence))
    held = waiting(issuer)[0].held
    rows_of.decide(issuer._register, held, State.CONFIRMED, before=State.OPEN, by=CHIEF, why=None, at=LATER)
    assert issuer.licence(licence.licence_id).status is Status.VALID
    assert issuer.acts.confirm(act, by=CHIEF, at=LATER).held.state is State.CONFIRMED
    assert issuer.licence(licence.licence_id).status is Status.SUSPENDED


def test_what_cannot_be_published_is_confirmed_all_the_same(
    issuer: Issuer, licence: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = arrive(issuer, signed(issuer, licence))

    def fails(at: UnixTime) -> None:
        raise PublishingFailed("disk")

    monkeypatch.setattr(issuer.acts, "_publish_change", fails)
    with pytest.raises(PublishingFailed):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)
    assert issuer.licence(licence.licence_id).status is Status.SUSPENDED
    with pytest.raises(ActNotOpen):
        issuer.acts.confirm(act, by=CHIEF, at=LATER)


def test_the_same_act_from_two_terminals_stands_once(issuer: Issuer, licence: Issued) -> None:
    body = signed(issuer, licence)
    arrive(issuer, body)
    arrive(issuer, body, terminal="310000-P04")
    assert [each.held.terminal for each in waiting(issuer)] == ["310000-P03"]
    assert len(waiting(issuer)) == 1


def test_the_commands(issuer: Issuer, licence: Issued, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if issuer.profile.register is not None:
        pytest.skip("the commands open the register by the folder; SQLite's is enough for them")
    act = arrive(issuer, signed(issuer, licence))
    monkeypatch.setattr("issuer.wiring.now", lambda: LATER)

    def run(*arguments: str) -> Result:
        name, *rest = arguments
        return CliRunner().invoke(cli, [name, str(issuer.places.folder), *rest], env={PASSPHRASE_VARIABLE: ""})

    listed = run("officers-acts")
    assert act[:16] in listed.output
    assert "seizure" in listed.output
    (row,) = json.loads(run("officers-acts", "--json").output)
    assert (row["id"], row["licence"], row["officer"], row["challenged"]) == (act, licence.licence_id, "JG-0417", True)
    done = run("confirm-act", act[:16], "--by", CHIEF)
    assert done.exit_code == 0, done.output
    assert f"by {CHIEF}" in done.output
    assert run("officers-acts").output == "No act waits.\n"
    refused = run("reject-act", act[:16], "--by", CHIEF, "--reason", "x")
    assert refused.exit_code == 1
    assert "What to do" in refused.output
    assert json.loads(run("officers-acts", "--all", "--json").output)[0]["state"] == "confirmed"
