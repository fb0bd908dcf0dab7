"""Departments at the console: each signs its own kinds with its own key, and another's things are as if not there."""

from collections.abc import Iterator

import pytest

from issuer.application import Issuer
from issuer.console import texts
from issuer.keys.errors import DepartmentNeeded, KeyNotForKind
from issuer.keys.ring import KeyRing
from issuer.people.roles import Role
from protocol import unixtime
from tests.issuer import builders
from tests.issuer.builders import AT, DRIVING, holder_key, key_text
from tests.issuer.consoles import Clock, Console, Visitor, console_of
from tests.issuer.test_console_offers import id_in
from tests.issuer.test_console_pages import hidden

NORTH, SOUTH = "police-north", "police-south"
LATER = unixtime.UnixTime(AT + 60)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """Two departments issue driving licences, one of them ID cards too; the rest is the authority's."""
    with builders.made(tmp_path_factory.mktemp("departments") / "issuer") as made:
        for name, kinds in ((NORTH, {"driving-licence", "id-card"}), (SOUTH, {"driving-licence"})):
            made.keys.add_department(name, frozenset(kinds), ahead=unixtime.Seconds(0), actor="test", at=AT)
        yield made


@pytest.fixture
def console(issuer: Issuer) -> Console:
    return console_of(issuer, clock=Clock(LATER))


@pytest.fixture
def north(console: Console) -> Visitor:
    return console.person(Role.CLERK, Role.REVIEWER, Role.APPROVER, departments=[NORTH])


@pytest.fixture
def south(console: Console) -> Visitor:
    return console.person(Role.CLERK, Role.REVIEWER, Role.APPROVER, departments=[SOUTH])


@pytest.fixture
def everybody(console: Console) -> Visitor:
    return console.person(Role.CLERK)


def entered(**more: str) -> dict[str, str]:
    return {**{name: str(value) for name, value in DRIVING.items()}, "holder_key": key_text(), **more}


def issued(visitor: Visitor, **more: str) -> str:
    review = visitor.post("/issue/driving-licence", entered(**more))
    assert review.status_code == 200, review.text
    done = visitor.post("/issue/driving-licence", {**hidden(review.text), "step": "issue"})
    assert done.status_code == 303, done.text
    return str(done.location.partition("/licences/")[2].partition("?")[0])


def signed_by(ring: KeyRing, licence_id: str) -> str:
    return ring.departments_of([licence_id])[licence_id]


def test_a_department_s_clerk_signs_with_its_key_and_is_asked_nothing(
    issuer: Issuer, north: Visitor, south: Visitor
) -> None:
    assert 'id="department"' not in north.get("/issue/driving-licence").text
    assert signed_by(issuer.ring, issued(north)) == NORTH
    assert signed_by(issuer.ring, issued(south)) == SOUTH


def test_whoever_works_for_all_says_which(issuer: Issuer, everybody: Visitor) -> None:
    page = everybody.post("/issue/driving-licence", entered())
    assert page.status_code == 422
    assert texts.say("issue.department_wrong", "zh-Hans") in page.text
    assert signed_by(issuer.ring, issued(everybody, department=SOUTH)) == SOUTH


def test_a_department_that_was_made_up_is_refused_by_name(issuer: Issuer, north: Visitor, everybody: Visitor) -> None:
    before = issuer.audit.head()
    for visitor, wanted in ((north, SOUTH), (north, "health"), (everybody, "health")):
        for path in ("/issue/driving-licence", "/apply/driving-licence"):
            answer = visitor.post(path, {**entered(department=wanted), "step": "issue", "form": wanted})
            assert answer.status_code == 403, wanted
            assert texts.say(f"problem.{KeyNotForKind.code}", "zh-Hans") in answer.text
    assert texts.known(f"problem.{DepartmentNeeded.code}")
    assert issuer.audit.head() == before


def test_a_kind_of_another_department_is_not_shown_and_not_issued(
    console: Console, issuer: Issuer, north: Visitor, south: Visitor
) -> None:
    police = console.person(Role.CLERK, departments=["public-security"])
    for visitor in (south, police):
        for path in ("/issue", "/apply"):
            assert "/id-card" not in visitor.get(path).text
            assert visitor.get(f"{path}/id-card").status_code == 422
    assert "/id-card" in north.get("/issue").text
    market = console.person(Role.CLERK, departments=["market-regulation"])
    assert "/business-licence" in market.get("/issue").text, "what no department has a key for is the catalogue's"
    assert "/driving-licence" not in market.get("/issue").text


def test_another_department_s_licence_application_and_offer_are_as_if_not_there(
    issuer: Issuer, north: Visitor, south: Visitor
) -> None:
    licence_id = issued(north)
    review = north.post("/apply/driving-licence", {**entered(), "evidence": "体检表"})
    sent = north.post("/apply/driving-licence", {**hidden(review.text), "step": "issue"})
    applied = sent.location.partition("/applications/")[2].partition("?")[0]
    path = f"/licences/{licence_id}/offer"
    offer = id_in(north.post(path, hidden(north.get(path).text)).text)
    assert issuer.applications.one(applied).department == NORTH
    before = issuer.audit.head()
    device = holder_key().thumbprint.hex()
    gets = [
        *(f"/licences/{licence_id}{each}" for each in ("", "/bind", "/renew", "/offer", "/suspend", "/revoke")),
        f"/licences/{licence_id}/lost/{device}",
        *(f"/applications/{applied}{each}" for each in ("", "/notice", "/amend")),
        f"/offers/{offer}",
    ]
    posts = [
        *(f"/licences/{licence_id}/{each}" for each in ("show", "package", "bind", "renew", "offer", "suspend")),
        *(f"/applications/{applied}/{each}" for each in ("take", "back", "reopen", "approve", "ask", "refuse")),
        *(f"/applications/{applied}/{each}" for each in ("show", "amend", "withdraw", "issue", "offer")),
        *(f"/offers/{offer}/{each}" for each in ("code", "withdraw", "approve", "refuse")),
    ]
    for path in gets:
        assert south.get(path).status_code == 404, path
        assert north.get(path).status_code in (200, 409), path
    for path in posts:
        answer = south.post(path, {"reason": "样例", "step": "do", "holder_key": key_text(8), "form": path})
        assert answer.status_code == 404, path
    sent = south.post("/licences/search", {"search": DRIVING["citizen_id"]})
    for path in ("/licences", "/applications?state=filed", "/offers?which=all", "/expiring?days=90"):
        page = south.get(path).text
        assert not any(each in page for each in (licence_id, applied, offer)), path
    assert "/applications/next" in south.get("/applications").text
    assert south.post("/applications/next").location.endswith("nothing_to_take")
    answer = south.post("/many", {"ids": licence_id, "change": "suspend", "reason": "样例"})
    assert answer.status_code == 422
    acts = [each for each in issuer.audit.listed() if each.position > before.position]
    assert south.person is not None
    assert not [each for each in acts if each.actor == south.person.id], "nothing was done or looked at"


def test_a_renewal_is_signed_by_the_department_of_the_old_one(issuer: Issuer, north: Visitor) -> None:
    licence_id = issued(north, valid_to="2026-12-20")
    path = f"/licences/{licence_id}/renew"
    form = {**hidden(north.get(path).text), "valid_to": "2032-12-20", "holder_key": key_text(7), "reason": "期满换证"}
    done = north.post(path, form)
    assert done.status_code == 303, done.text
    assert signed_by(issuer.ring, done.location.partition("/licences/")[2].partition("?")[0]) == NORTH


def test_what_was_approved_is_signed_by_the_department_that_took_it(
    console: Console, issuer: Issuer, north: Visitor
) -> None:
    review = north.post("/apply/driving-licence", entered())
    sent = north.post("/apply/driving-licence", {**hidden(review.text), "step": "issue"})
    its = sent.location.partition("/applications/")[2].partition("?")[0]
    other = console.person(Role.REVIEWER, departments=[NORTH])
    other.post(f"/applications/{its}/take")
    other.post(f"/applications/{its}/approve", hidden(other.get(f"/applications/{its}").text))
    done = north.post(f"/applications/{its}/issue", {"holder_key": key_text(12)})
    assert done.status_code == 303, done.text
    assert signed_by(issuer.ring, done.location.partition("/licences/")[2].partition("?")[0]) == NORTH


def test_what_was_filed_for_no_department_is_signed_by_one_that_is_named(issuer: Issuer, everybody: Visitor) -> None:
    its = issuer.applications.file("driving-licence", DRIVING, portrait=None, by="3101", at=LATER).id
    issuer.applications.take(its, by="3102", at=LATER)
    issuer.applications.ask(its, what="门牌号", by="3102", at=LATER)
    amended = everybody.post(f"/applications/{its}/amend", entered(department=NORTH))
    assert amended.status_code == 303, "whose it is stays as it was filed"
    assert issuer.applications.one(its).department is None
    issuer.applications.approve(its, by="3102", at=LATER)
    path, form = f"/applications/{its}/issue", {"holder_key": key_text()}
    unnamed = everybody.post(path, form)
    assert unnamed.status_code == 422
    assert texts.say("problem.department_needed", "zh-Hans") in unnamed.text
    assert everybody.post(path, {**form, "department": "health"}).status_code == 403
    done = everybody.post(path, {**form, "department": SOUTH})
    assert signed_by(issuer.ring, done.location.partition("/licences/")[2].partition("?")[0]) == SOUTH


def test_departments_with_keys_are_offered_where_people_are_let_in(console: Console, issuer: Issuer) -> None:
    admin = console.person(Role.ADMINISTRATOR)
    page = admin.get("/people/new").text
    assert all(f'value="{word}"' in page for word in (NORTH, SOUTH, "health"))
