"""Acts that take two people at the console: many licences at once, and keys."""

import pytest

from issuer.application import Issuer
from issuer.changing.alone import Limits
from issuer.people.roles import Role
from protocol.labels import KeyUse
from protocol.status_list import Status
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key
from tests.issuer.console_fixtures import console, issuer
from tests.issuer.consoles import Console, Visitor
from tests.issuer.test_console_pages import hidden

__all__ = ["console", "issuer"]

ALONE = Limits().person


@pytest.fixture
def approver(console: Console) -> Visitor:
    return console.person(Role.APPROVER)


@pytest.fixture
def officer(console: Console) -> Visitor:
    return console.person(Role.KEY_OFFICER)


def issued(issuer: Issuer, count: int) -> list[str]:
    return [issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).licence_id for _ in range(count)]


def many(ids: list[str], change: str = "revoke", **more: str) -> dict[str, str]:
    return {"ids": "\r\n".join(ids), "change": change, "reason": "样例决定30号", **more}


def proposed(issuer: Issuer, visitor: Visitor, ids: list[str]) -> str:
    review = visitor.post("/many", many(ids))
    assert review.status_code == 200, review.text
    made = visitor.post("/many", hidden(review.text))
    assert made.status_code == 303
    assert all(issuer.licence(each).status is Status.VALID for each in ids), "nothing is done by one person"
    return str(made.location).removeprefix("/console").partition("?")[0]


def test_a_few_are_changed_by_one_person_who_has_seen_whom_it_reaches(issuer: Issuer, approver: Visitor) -> None:
    ids = issued(issuer, 2)
    review = approver.post("/many", many(ids))
    assert all(each in review.text for each in ids)
    assert issuer.licence(ids[0]).status is Status.VALID
    assert approver.post("/many", hidden(review.text)).status_code == 303
    assert {issuer.licence(each).status for each in ids} == {Status.REVOKED}


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"reason": ""}, 422), ({"ids": ""}, 422), ({"ids": "A" * 22}, 422), ({"change": "supersede"}, 409)],
)
def test_what_cannot_be_done_is_said(issuer: Issuer, approver: Visitor, changes: dict[str, str], status: int) -> None:
    assert approver.post("/many", {**many(issued(issuer, 1)), **changes}).status_code == status


def test_a_reviewer_suspends_many_and_ends_none(console: Console, issuer: Issuer) -> None:
    reviewer, ids = console.person(Role.REVIEWER), issued(issuer, 1)
    assert reviewer.post("/many", many(ids, "revoke", step="do")).status_code == 403
    assert reviewer.post("/many", many(ids, "suspend", step="do")).status_code == 303
    assert issuer.licence(ids[0]).status is Status.SUSPENDED


def test_many_take_two_people(console: Console, issuer: Issuer, approver: Visitor) -> None:
    ids = issued(issuer, ALONE + 1)
    path = proposed(issuer, approver, ids)
    page = approver.get(path).text
    assert "这是您提出的" in page
    assert approver.post(f"{path}/approve").status_code == 403, "not by the same person"
    assert issuer.licence(ids[0]).status is Status.VALID
    for role in (Role.REVIEWER, Role.KEY_OFFICER, Role.CLERK, Role.AUDITOR, Role.ADMINISTRATOR):
        assert console.person(role).post(f"{path}/approve").status_code in (403, 404)
    other = console.person(Role.APPROVER)
    assert path.rpartition("/")[2] in other.get("/proposals").text
    assert other.post(f"{path}/approve").status_code == 303
    assert {issuer.licence(each).status for each in ids} == {Status.REVOKED}
    assert other.post(f"{path}/approve").status_code == 409, "decided already"


def test_what_has_changed_since_is_not_approved_and_what_is_declined_is_not_done(
    console: Console, issuer: Issuer, approver: Visitor
) -> None:
    ids, other = issued(issuer, ALONE + 1), console.person(Role.APPROVER)
    path = proposed(issuer, approver, ids)
    issuer.suspend(ids[0], reason="样例", actor="test", at=AT)
    assert "提出之后情况有变" in other.get(path).text
    assert other.post(f"{path}/approve").status_code == 409
    assert other.post(f"{path}/decline", {"reason": ""}).status_code == 422
    assert other.post(f"{path}/decline", {"reason": "情况有变"}).status_code == 303
    assert issuer.licence(ids[1]).status is Status.VALID


def test_another_department_s_many_are_not_seen_changed_or_decided(console: Console, issuer: Issuer) -> None:
    health = console.person(Role.APPROVER, departments=["health"])
    police = console.person(Role.APPROVER, departments=["traffic-police"])
    card = issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id
    assert police.post("/many", many([card])).status_code == 422, "one of them is somebody else's"
    path = proposed(issuer, police, issued(issuer, ALONE + 1))
    assert health.get(path).status_code == 404
    assert health.post(f"{path}/approve").status_code == 404
    assert path.rpartition("/")[2] not in health.get("/proposals").text


def test_keys_are_exchanged_and_the_old_one_signs_until_then(issuer: Issuer, officer: Visitor) -> None:
    before = {each.kid for each in issuer.keys.listed()}
    assert officer.get("/keys/exchange/assert").status_code == 200
    assert officer.post("/keys/exchange/assert").status_code == 303
    (made,) = (each for each in issuer.keys.listed() if each.kid not in before)
    assert (made.use, made.may_sign(AT)) == (KeyUse.ASSERT, False)
    assert made.kid.hex() in officer.get("/keys").text
    assert officer.get("/keys/exchange/status").status_code == 404


def test_a_key_in_danger_is_stopped_at_once_and_banned_by_two(
    console: Console, issuer: Issuer, officer: Visitor
) -> None:
    (key,) = (each for each in issuer.keys.listed() if each.use is KeyUse.ASSERT and each.may_sign(AT))
    path = f"/keys/{key.kid.hex()}"
    assert officer.post(f"{path}/stop", {"reason": ""}).status_code == 422
    review = officer.post(f"{path}/stop", {"reason": "样例决定31号"})
    assert review.status_code == 200
    assert any(each.kid == key.kid and each.may_sign(AT) for each in issuer.keys.listed())
    assert officer.post(f"{path}/stop", hidden(review.text)).status_code == 303
    assert not any(each.kid == key.kid and each.may_sign(AT) for each in issuer.keys.listed())
    assert any(each.use is KeyUse.ASSERT and each.may_sign(AT) for each in issuer.keys.listed())
    for since in ("", "2099-01-01", "x"):
        assert officer.post(f"{path}/ban", {"reason": "样例决定32号", "since": since}).status_code == 422
    made = officer.post(f"{path}/ban", {"reason": "样例决定32号", "since": "2026-11-20"})
    proposal = str(made.location).removeprefix("/console").partition("?")[0]
    assert officer.post(f"{proposal}/approve").status_code == 403
    assert console.person(Role.APPROVER).post(f"{proposal}/approve").status_code == 404
    assert console.person(Role.KEY_OFFICER).post(f"{proposal}/approve").status_code == 303
    assert any(each.kid == key.kid and each.banned_since is not None for each in issuer.keys.listed())
    assert officer.get(f"/keys/{'0' * 16}/stop").status_code == 404
