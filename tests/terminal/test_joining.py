"""Two codes of one act: what makes them one holder's, which code joins, and what the journal says of it."""

from collections.abc import Sequence

import pytest

from protocol.errors import Code
from protocol.labels import Lic
from protocol.qr.bundle import Link
from tests.terminal.asking_world import bundle_text, id_card
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.utopia.kinds import driving_licence_items
from tests.utopia.world import Issued
from verifier_terminal.appraisal.verdict import Form, Verdict, VerdictClass
from verifier_terminal.errors import NothingToJoin, UnknownCheckNumber
from verifier_terminal.events import JoinWaits, ShownVerdict
from verifier_terminal.roles import Role
from verifier_terminal.session import Session
from verifier_terminal.store.person_check import PersonCheck

ALL = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID)


@pytest.fixture
def comparing(terminal: Terminal) -> Session:
    """A terminal at which a person is compared with each licence."""
    opened = terminal.open()
    assert not opened.sync(terminal.publish(rows=rows_with_person_check(terminal.world))).refused
    return opened


def first(terminal: Terminal, session: Session, shown: Sequence[int] = ALL) -> str:
    """A driving licence is checked, and the next code is to join."""
    number = session.scan(terminal.world.code(shown=shown), source="scanner").verdict.check_number
    session.join_next(number, 30)
    return number


def second(
    terminal: Terminal, session: Session, issued: Issued | None = None, shown: Sequence[int] = ALL
) -> ShownVerdict:
    card = issued or id_card(terminal.world)
    text = terminal.world.code(card, shown=[key for key in shown if key in card.items])
    return session.scan(text, source="scanner")


def codes(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings}


def test_both_licences_of_one_holder_are_one_act(terminal: Terminal, session: Session) -> None:
    one = first(terminal, session)
    shown = second(terminal, session)
    verdict = shown.verdict
    assert shown.joined is not None
    assert (shown.joined.check_number, shown.joined.linked, shown.joined.waived) == (one, True, False)
    assert (verdict.form, verdict.verdict_class) == (Form.JOINED, VerdictClass.ACCEPT)
    assert [each.licence.slug for each in verdict.members if each.licence] == ["driving-licence", "id-card"]
    assert [each.check_number for each in verdict.members] == [one, verdict.check_number]
    # The rows name each other, and none of them names the person.
    rows = [row.payload for number in (one, verdict.check_number) for row in session.explain(number) if row.payload]
    assert {(each["check_number"], each["with"]) for each in rows if each["event"] == "joined"} == {
        (one, verdict.check_number),
        (verdict.check_number, one),
    }
    assert {each["link"] for each in rows if each["event"] == "joined"} == {str(Link.CITIZEN_ID)}
    assert driving_licence_items()[Lic.CITIZEN_ID] not in str(rows)
    assert verdict.holder is None
    assert {act.check_number: act.joined_with for act in session.acts()} == {
        one: verdict.check_number,
        verdict.check_number: one,
    }
    assert session.verify_journal().findings == ()


def another_licence(terminal: Terminal, **changes: str) -> Issued:
    """One more credential with this person's number, or with another one."""
    world, holder = terminal.world, terminal.world.holder()
    items = driving_licence_items() | {Lic[name]: value for name, value in changes.items()}
    return world.credential(holder=holder, items=items, claims=world.claims(holder=holder, idx=4713))


def other_holder(terminal: Terminal) -> Issued:
    """The same name, and one digit of the number is another person's."""
    world = terminal.world
    content = dict(id_card(world).items) | {Lic.CITIZEN_ID: "990101194912310036"}
    return world.credential(holder=world.holder(), items=content, claims=id_card(world).claims)


@pytest.mark.parametrize(
    ("of_first", "of_second", "another"),
    [
        pytest.param(ALL, ALL, True, id="another-number"),
        pytest.param((Lic.NAME, Lic.LICENCE_NO), ALL, False, id="not-shown-first"),
        pytest.param(ALL, (Lic.NAME,), False, id="not-shown-second"),
    ],
)
def test_without_an_equal_identifier_it_is_at_most_a_check(
    terminal: Terminal, session: Session, of_first: Sequence[int], of_second: Sequence[int], another: bool
) -> None:
    one = first(terminal, session, of_first)
    shown = second(terminal, session, other_holder(terminal) if another else None, of_second)
    assert shown.joined is not None
    assert not shown.joined.linked
    assert shown.verdict.verdict_class is VerdictClass.CHECK
    assert Code.W_BUNDLE_UNLINKED in codes(shown.verdict)
    # By itself the second code was good: nothing but joining took its class away.
    assert shown.joined.alone.verdict_class is VerdictClass.ACCEPT
    row = next(row.payload for row in session.explain(one) if row.payload and row.payload["event"] == "joined")
    assert row["link"] == "none"


def test_the_act_is_worth_no_more_than_the_first_code(terminal: Terminal, session: Session) -> None:
    world = terminal.world
    ended = world.credential(items={**driving_licence_items(), Lic.VALID_TO: 20261101})
    number = session.scan(world.code(ended, shown=ALL), source="scanner").verdict.check_number
    session.join_next(number, 30)
    shown = second(terminal, session)
    assert shown.joined is not None
    assert shown.verdict.verdict_class is VerdictClass.REFUSE
    assert Code.E_LIC_EXPIRED in codes(shown.verdict)


def test_each_code_is_used_up_and_rechecked_as_its_own(terminal: Terminal, session: Session) -> None:
    terminal.pass_seconds(3_600)
    one = first(terminal, session)
    code = terminal.world.code(another_licence(terminal), shown=ALL)
    two = session.scan(code, source="scanner").verdict.check_number
    # Both rest on data of an hour ago, and each waits once.
    assert session.status().recheck_queue == 2
    terminal.pass_seconds(5)
    again = session.scan(code, source="scanner").verdict
    assert Code.E_REPLAY in codes(again)
    assert {one, two} <= {act.check_number for act in session.acts()}


def test_what_does_not_join_and_whether_the_terminal_waits_on(terminal: Terminal, session: Session) -> None:
    world = terminal.world
    first(terminal, session)
    assert session.scan("https://example.test/", source="scanner").joined is None
    terminal.pass_seconds(3)
    assert session.scan(world.code(shown=ALL), source="scanner").joined is None  # the same licence again
    told = session.subscribe()
    several = session.scan(bundle_text(world), source="scanner")
    assert several.joined is None
    assert several.verdict.form is Form.BUNDLE
    # A code with several licences is an act of its own and ends the waiting.
    events = [event for event in iter(lambda: told.next(0), None) if isinstance(event, JoinWaits)]
    assert events == [JoinWaits(None, 0.0)]
    terminal.pass_seconds(3)
    assert second(terminal, session).joined is None


def test_the_time_is_over(terminal: Terminal, session: Session) -> None:
    first(terminal, session)
    terminal.pass_seconds(30)
    assert second(terminal, session).joined is None


def test_a_third_code_does_not_join(terminal: Terminal, session: Session) -> None:
    first(terminal, session)
    joined = second(terminal, session).verdict.check_number
    with pytest.raises(NothingToJoin):
        session.join_next(joined, 30)


@pytest.mark.parametrize("why", ["void", "too-old", "not-the-last", "nothing-read", "cancelled"])
def test_what_takes_no_second_licence(terminal: Terminal, session: Session, why: str) -> None:
    number = first(terminal, session)
    match why:
        case "void":
            session.void(number, "误扫")
        case "too-old":
            terminal.pass_seconds(300)
        case "not-the-last":
            session.cancel_join()
            second(terminal, session)
        case "nothing-read":
            number = session.scan("https://example.test/", source="scanner").verdict.check_number
        case _:
            session.cancel_join()
            assert second(terminal, session).joined is None
            return
    with pytest.raises(NothingToJoin):
        session.join_next(number, 30)


def standing(session: Session) -> dict[str, PersonCheck]:
    return {act.check_number: act.person for act in session.acts()}


@pytest.mark.parametrize("linked", [True, False])
def test_one_look_at_the_person_answers_both_where_they_are_one_holders(
    terminal: Terminal, comparing: Session, linked: bool
) -> None:
    one = first(terminal, comparing)
    other = another_licence(terminal) if linked else another_licence(terminal, CITIZEN_ID="990101194912310036")
    two = second(terminal, comparing, other).verdict.check_number
    assert set(standing(comparing).values()) == {PersonCheck.WAITING}
    comparing.confirm_person(two, True)
    assert standing(comparing) == {
        one: PersonCheck.MATCHED if linked else PersonCheck.WAITING,
        two: PersonCheck.MATCHED,
    }


def test_a_licence_of_another_person_takes_no_second_one(terminal: Terminal, comparing: Session) -> None:
    number = first(terminal, comparing)
    comparing.confirm_person(number, False)
    with pytest.raises(NothingToJoin):
        comparing.join_next(number, 30)


def test_a_role_is_what_somebody_said(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(shown=ALL), source="scanner").verdict.check_number
    assert session.acts()[0].role is None
    for role in (Role.PASSENGER, Role.OWNER):
        session.set_role(number, role)
    assert session.acts()[0].role is Role.OWNER
    said = [row.payload["role"] for row in session.explain(number) if row.payload and row.payload["event"] == "role"]
    assert said == ["passenger", "owner"]
    with pytest.raises(UnknownCheckNumber):
        session.set_role("7K3-Q42", Role.DRIVER)
