"""Officers' acts at a terminal: who can sign one about what, that it is durable, and what newer data say of it."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from protocol import keys, officers_act
from protocol.labels import Lic, Purpose
from protocol.officers_act import ActKind, OfficersAct
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.staff_certificate import Role, StaffUse
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.terminal import asking_world, staff_world
from tests.terminal.asking_world import REASON, WANTED, answer, bundle_text, read_challenge
from tests.terminal.conftest import Terminal
from tests.terminal.staff_world import CLERK, PASSPHRASE, certified_key, publish_with_staff
from tests.utopia.kinds import driving_licence_items
from verifier_terminal.errors import ActNeedsChallenge, ActNeedsOfficer, NoOfficersAct
from verifier_terminal.events import ActsChanged, RecheckAlarm
from verifier_terminal.officers_acts import ActState
from verifier_terminal.session import Session
from verifier_terminal.store.officers_acts import Decided
from verifier_terminal.sync import decisions
from verifier_terminal.sync.decisions import ActDecision
from verifier_terminal.web.roadside_views import act_views

OFFICER = "JG-0417"
WHY = "醉酒后驾驶机动车"


def opened(
    terminal: Terminal, number: str = OFFICER, role: Role = Role.OFFICER, place: Purpose = Purpose.ROADSIDE
) -> Session:
    """A certified terminal with somebody on duty who may sign acts, as far as the certificate goes."""
    terminal.profile = place.word
    own = asking_world.identity(terminal)
    own.install(asking_world.certificate(terminal.world, own.signer().public_key))
    uses = frozenset({StaffUse.DUTY, StaffUse.ACT})
    session = staff_world.staffed(terminal, None, certified_key(terminal.world, number, role=role, uses=uses))
    session.shift.sign_on(number, PASSPHRASE)
    return session


@pytest.fixture
def officer(terminal: Terminal) -> Session:
    return opened(terminal)


def shown_when_asked(terminal: Terminal, session: Session) -> tuple[str, bytes]:
    """A check in answer to a challenge, and by what the holder named that challenge."""
    request = session.open_challenge(WANTED, REASON)
    number = session.scan(answer(terminal.world, request), source="scanner").verdict.check_number
    return number, read_challenge(terminal.world, request).challenge.cnonce


def sent(terminal: Terminal, session: Session) -> list[OfficersAct]:
    """What the issuer would read in the outbox."""
    own = staff_world.anchor(terminal.world)
    at = terminal.world.clock.at
    return [
        officers_act.verify(
            each.body, staff_keys={(own.iss, keys.kid_of(own.key)): own}, withdrawn=frozenset(), at=at
        ).act
        for each in session._store.outbox.due(at=at, limit=10)
        if each.kind == "officers-act"
    ]


def rows(session: Session, number: str, event: str) -> list[dict[str, Any]]:
    return [dict(row.payload) for row in session.explain(number) if row.payload and row.payload["event"] == event]


def test_a_seizure_is_signed_queued_and_written_down(terminal: Terminal, officer: Session) -> None:
    number, challenge = shown_when_asked(terminal, officer)
    terminal.pass_seconds(40)
    done = officer.officers.sign(number, ActKind.SEIZURE, WHY)
    (act,) = sent(terminal, officer)
    assert (act.kind, act.check_number, act.reason) == (ActKind.SEIZURE, number, WHY)
    assert act.challenge is not None
    assert act.challenge[:16] == challenge
    assert (act.terminal, act.status) == (asking_world.TERMINAL_NAME, ("lz:990000/3", 4711))
    assert act.iat - act.checked_at == 40
    (row,) = rows(officer, number, "officers_act")
    assert (row["kind"], row["act"], row["by"]) == ("seizure", done.act.hex(), OFFICER)
    # Neither the reason nor the licence: its entry and its presentation stand in the sealed act alone.
    written = str(officer.explain(number)) + (terminal.directory / "terminal.db").read_bytes().decode("latin-1")
    for secret in (WHY, act.presentation.hex(), driving_licence_items()[Lic.CITIZEN_ID], "4711"):
        assert str(secret) not in str(rows(officer, number, "officers_act"))
    assert act.presentation.decode("latin-1") not in written.split("officers_act")[-1]
    (standing,) = next(each for each in officer.acts() if each.check_number == number).officers_acts
    assert (standing.state, standing.answer) == (ActState.QUEUED, None)
    assert officer.verify_journal().findings == ()


def test_a_note_needs_no_request_and_a_seizure_does(terminal: Terminal, officer: Session) -> None:
    text = terminal.world.code(shown=(Lic.NAME, Lic.LICENCE_NO), binding=roadside(terminal))
    number = officer.scan(text, source="scanner").verdict.check_number
    with pytest.raises(ActNeedsChallenge):
        officer.officers.sign(number, ActKind.SEIZURE, WHY)
    assert sent(terminal, officer) == []
    officer.officers.sign(number, ActKind.NOTE, WHY)
    assert [each.kind for each in sent(terminal, officer)] == [ActKind.NOTE]


@pytest.mark.parametrize(
    ("role", "place"), [(Role.CLERK, Purpose.WINDOW), (Role.SUPERVISOR, Purpose.ROADSIDE)], ids=["clerk", "supervisor"]
)
def test_nobody_but_an_officer_signs(terminal: Terminal, role: Role, place: Purpose) -> None:
    session = opened(terminal, CLERK, role, place)
    number, _ = shown_when_asked(terminal, session)
    with pytest.raises(ActNeedsOfficer):
        session.officers.sign(number, ActKind.NOTE, WHY)
    session.shift.sign_off()
    with pytest.raises(ActNeedsOfficer):
        session.officers.sign(number, ActKind.NOTE, WHY)


@pytest.mark.parametrize("why", ["void", "ten-minutes", "restart", "not-read", "no-such-licence", "reason"])
def test_what_no_act_can_be_about(terminal: Terminal, officer: Session, why: str) -> None:
    number, _ = shown_when_asked(terminal, officer)
    member, reason = 0, WHY
    match why:
        case "void":
            officer.void(number, "误扫")
        case "ten-minutes":
            terminal.pass_seconds(600)
        case "restart":
            officer = opened(terminal)
        case "not-read":
            number = officer.scan("https://example.test/", source="scanner").verdict.check_number
        case "no-such-licence":
            member = 1
        case _:
            reason = "a\u202eb"
    with pytest.raises(NoOfficersAct):
        officer.officers.sign(number, ActKind.NOTE, reason, member=member)
    assert sent(terminal, officer) == []


def roadside(terminal: Terminal) -> KeyBinding:
    return terminal.world.key_binding(aud=Purpose.ROADSIDE.audience)


def test_of_a_code_with_two_licences_the_officer_says_which(terminal: Terminal, officer: Session) -> None:
    number = officer.scan(bundle_text(terminal.world, binding=roadside(terminal)), source="s").verdict.check_number
    officer.officers.sign(number, ActKind.NOTE, WHY, member=1)
    (act,) = sent(terminal, officer)
    assert act.status[1] == 4712


def test_the_status_that_follows_is_the_answer_and_no_alarm(terminal: Terminal, officer: Session) -> None:
    # The check rests on older data and waits for a re-check.
    terminal.pass_seconds(600)
    number, _ = shown_when_asked(terminal, officer)
    done = officer.officers.sign(number, ActKind.SEIZURE, WHY)
    assert officer.status().recheck_queue == 1
    told = officer.subscribe()
    terminal.pass_seconds(900)
    officer.sync(publish_with_staff(terminal, seq=2, values={4711: Status.SUSPENDED}, age=30))
    assert not [event for event in iter(lambda: told.next(0), None) if isinstance(event, RecheckAlarm)]
    assert (officer.status().recheck_queue, officer.status().alarms) == (0, ())
    (row,) = rows(officer, number, "act_answered")
    assert (row["act"], row["answer"]) == (done.act.hex(), "suspended")
    (standing,) = officer.acts()[0].officers_acts
    assert (standing.state, standing.answer) == (ActState.ANSWERED, Status.SUSPENDED)


def test_data_from_before_the_act_answer_nothing(terminal: Terminal, officer: Session) -> None:
    number, _ = shown_when_asked(terminal, officer)
    terminal.pass_seconds(60)
    officer.officers.sign(number, ActKind.SEIZURE, WHY)
    officer.sync(publish_with_staff(terminal, seq=2, values={4711: Status.SUSPENDED}, age=30))
    assert rows(officer, number, "act_answered") == []


def test_what_was_sent_and_what_was_refused_for_good(terminal: Terminal, officer: Session) -> None:
    number, _ = shown_when_asked(terminal, officer)
    done = officer.officers.sign(number, ActKind.SEIZURE, WHY)
    at = terminal.world.clock.at
    with officer._store.writing():
        officer._store.outbox.remove(done.act)
    assert [each.state for each in officer.acts()[0].officers_acts] == [ActState.SENT]
    with officer._store.writing():
        officer._store.journal.append(
            {"event": "send_refused", "kind": "officers-act", "key": done.act.hex(), "status": 422, "at": at}, at=at
        )
    assert [each.state for each in officer.acts()[0].officers_acts] == [ActState.REFUSED]


def test_it_is_named_by_what_was_sent(terminal: Terminal, officer: Session) -> None:
    number, _ = shown_when_asked(terminal, officer)
    done = officer.officers.sign(number, ActKind.SEIZURE, WHY)
    (body,) = [each.body for each in officer._store.outbox.due(at=terminal.world.clock.at, limit=5)]
    assert sha256(body).digest() == done.act


@pytest.mark.parametrize("kind", list(ActKind))
def test_a_rejection_is_written_down_once_and_shown_with_its_reason(
    terminal: Terminal, officer: Session, kind: ActKind
) -> None:
    number, _ = shown_when_asked(terminal, officer)
    done = officer.officers.sign(number, kind, WHY)
    assert officer.reports.undecided_acts() == (done.act,)
    told = officer.subscribe()
    rejection = ActDecision(done.act, Decided(rejected=True, at=terminal.world.clock.at, why="证据不足\n"))
    for _ in range(2):
        officer.reports.decided([rejection, replace(rejection, act=bytes(32))])
    (row,) = rows(officer, number, "act_decided")
    assert (row["act"], row["decision"]) == (done.act.hex(), "rejected")
    assert "证据" not in str(row)
    assert "by" not in row, "what the centre did is nobody's who is on duty here"
    assert [event for event in iter(lambda: told.next(0), None) if isinstance(event, ActsChanged)] == [
        ActsChanged(number)
    ]
    (standing,) = officer.acts()[0].officers_acts
    assert (standing.state, standing.answer) == (ActState.REJECTED, None)
    texts = act_views(standing)
    assert "证据不足\N{REPLACEMENT CHARACTER}" in texts["zh-Hans"]
    assert "未予確認" in texts["zh-Hant"]
    assert "rejected" in texts["en"]
    assert officer.reports.undecided_acts() == ()
    # By this act the licence's status is never changed, so whatever it becomes is no answer to it.
    terminal.pass_seconds(900)
    officer.sync(publish_with_staff(terminal, seq=2, values={4711: Status.SUSPENDED}, age=30))
    assert rows(officer, number, "act_answered") == []


def test_a_confirmation_is_followed_by_the_status(terminal: Terminal, officer: Session) -> None:
    number, _ = shown_when_asked(terminal, officer)
    done = officer.officers.sign(number, ActKind.SEIZURE, WHY)
    officer.reports.decided([ActDecision(done.act, Decided(rejected=False, at=terminal.world.clock.at, why=None))])
    assert [each.state for each in officer.acts()[0].officers_acts] == [ActState.CONFIRMED]
    terminal.pass_seconds(900)
    officer.sync(publish_with_staff(terminal, seq=2, values={4711: Status.SUSPENDED}, age=30))
    assert [each.state for each in officer.acts()[0].officers_acts] == [ActState.ANSWERED]


def test_after_thirty_days_nobody_asks_and_the_reason_is_gone(terminal: Terminal, officer: Session) -> None:
    number, _ = shown_when_asked(terminal, officer)
    first, second = (officer.officers.sign(number, ActKind.NOTE, why) for why in (WHY, f"{WHY}!"))
    officer.reports.decided(
        [ActDecision(first.act, Decided(rejected=True, at=terminal.world.clock.at, why="证据不足"))]
    )
    assert officer.reports.undecided_acts() == (second.act,)
    terminal.pass_seconds(31 * DAY)
    assert officer.reports.undecided_acts() == ()
    with officer._store.writing():
        officer._store.officers_acts.forget_old(at=terminal.world.clock.at)
    decided = officer._store.officers_acts.decision(first.act)
    assert decided is not None
    assert (decided.rejected, decided.why) == (True, None)


def asked_and_told(**changes: object) -> tuple[ActDecision, ...]:
    act = bytes(32)
    said = {"act": act.hex(), "decision": "rejected", "decided_at": 7, "reason": "证据不足", **changes}
    return decisions.read({"decisions": [said, {}, None, "x"]}, asked=(act,))


def test_of_an_answer_nothing_counts_that_was_not_asked_for_or_has_another_form() -> None:
    assert asked_and_told() == (ActDecision(bytes(32), Decided(rejected=True, at=UnixTime(7), why="证据不足")),)
    wrong: tuple[dict[str, object], ...] = (
        {"act": "11" * 32}, {"act": 7}, {"decision": "open"}, {"decision": None}, {"decided_at": -1},
        {"decided_at": "7"},
    )  # fmt: skip
    for changes in wrong:
        assert asked_and_told(**changes) == ()
    for reason in ("a\u202eb", "", "x" * 201, 7, None):
        (decision,) = asked_and_told(reason=reason)
        assert decision.decided.why is None
    for said in ({}, {"decisions": {}}, {"decisions": 7}):
        assert decisions.read(said, asked=(bytes(32),)) == ()
    assert decisions.query(()) == ""
    assert decisions.query((bytes(32), bytes([1] * 32))) == f"?acts={'00' * 32}.{'01' * 32}"
