"""The console's door: who comes in by a passkey, what a session is, and what opens nothing."""

import logging
import secrets
from typing import Any

import pytest

from issuer.application import Issuer
from issuer.console.desk import COOKIE, PREFIX
from issuer.console.door_pages import ATTEMPT_COOKIE, own_path
from issuer.people import attempts, sessions
from issuer.people.errors import InvitationUnknown, LastAdministrator, PersonRefused, PersonUnknown
from issuer.people.register import INVITATION_LIVES
from issuer.people.roles import Role
from protocol.unixtime import UnixTime
from tests.issuer import builders
from tests.issuer.authenticator import PRESENT, VERIFIED, Authenticator
from tests.issuer.builders import AT
from tests.issuer.console_fixtures import console, issuer
from tests.issuer.consoles import Console, Visitor, console_of

__all__ = ["console", "issuer"]


def invited(console: Console, *roles: Role) -> str:
    _, secret = console.issuer.people.add(
        "测试员丁", roles=roles or [Role.CLERK], departments=["*"], actor="test", at=console.clock()
    )
    return secret


def joined(console: Console, device: Authenticator, *roles: Role) -> Visitor:
    visitor, secret = console.stranger(), invited(console, *roles)
    asked = visitor.ask("/passkey/begin", {"secret": secret}).get_json()
    assert visitor.ask("/passkey/end", device.create(asked)).get_json() == {"done": True}
    return visitor


def new_device() -> Authenticator:
    return Authenticator(credential_id=secrets.token_bytes(32))


def sign_in(console: Console, device: Authenticator, **lies: Any) -> tuple[Visitor, int]:
    visitor = console.stranger()
    asked = visitor.ask("/passkey/begin", {}).get_json()
    return visitor, visitor.ask("/passkey/end", device.get(asked, **lies)).status_code


def test_somebody_joins_by_a_link_signs_in_by_passkey_and_leaves(console: Console) -> None:
    device = new_device()
    visitor = joined(console, device)
    assert visitor.get("/licences").status_code == 200
    back, status = sign_in(console, device)
    assert status == 200
    page = back.get("/")
    assert page.status_code == 200
    key = page.text.partition('name="form_key" value="')[2][:64]
    assert Visitor(back.client, key).post("/sign-out").status_code == 303
    assert back.get("/").location == f"{PREFIX}/sign-in?to=/console/"
    assert console.issuer.audit.listed(search="join-by-passkey")


def test_the_cookie_goes_nowhere_else_and_no_script_reads_it(issuer: Issuer) -> None:
    console = console_of(issuer, origin="https://console.example")
    console.app.config["TRUSTED_HOSTS"].append("console.example")
    visitor, secret = console.stranger(), invited(console)
    where = {"headers": {"Origin": "https://console.example"}}
    asked = visitor.ask("/passkey/begin", {"secret": secret}, **where).get_json()
    answer = visitor.ask("/passkey/end", new_device().create(asked, origin="https://console.example"), **where)
    (cookie,) = (each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{COOKIE}="))
    assert {"HttpOnly", "SameSite=Strict", "Path=/console", "Secure"} <= set(cookie.split("; "))


def test_an_invitation_works_once_and_for_a_day(console: Console) -> None:
    secret = invited(console)
    assert console.stranger().get(f"/join/{secret}").status_code == 200
    console.clock.forward(INVITATION_LIVES)
    assert console.stranger().get(f"/join/{secret}").status_code == 404
    secret = invited(console)
    visitor, other = console.stranger(), console.stranger()
    asked = visitor.ask("/passkey/begin", {"secret": secret}).get_json()
    asked_too = other.ask("/passkey/begin", {"secret": secret}).get_json()
    assert visitor.ask("/passkey/end", new_device().create(asked)).status_code == 200
    # Whoever had begun before is too late.
    assert other.ask("/passkey/end", new_device().create(asked_too)).status_code == 404
    assert console.stranger().get(f"/join/{secret}").status_code == 404
    with pytest.raises(InvitationUnknown):
        console.issuer.people.invited(secret, at=console.clock())


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"challenge": "AAAA"},
        {"type": "webauthn.create"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"signature": b"\x00" * 70},
        {"count": 0},
    ],
    ids=str,
)
def test_a_passkey_that_lies_in_one_thing_opens_nothing(console: Console, lies: dict[str, Any]) -> None:
    device = new_device()
    joined(console, device)
    _, status = sign_in(console, device)
    assert status == 200
    visitor, status = sign_in(console, device, **lies)
    assert status == 401
    assert visitor.client.get_cookie(COOKIE, path=PREFIX) is None
    _, status = sign_in(console, device)
    assert status == 200


@pytest.mark.parametrize("lies", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"challenge": "AAAA"}])
def test_a_passkey_for_elsewhere_is_not_taken(console: Console, lies: dict[str, Any]) -> None:
    visitor, secret = console.stranger(), invited(console)
    asked = visitor.ask("/passkey/begin", {"secret": secret}).get_json()
    assert visitor.ask("/passkey/end", new_device().create(asked, **lies)).status_code == 401
    assert console.stranger().get(f"/join/{secret}").status_code == 200, "the link is not used up by that"


def test_an_answer_is_taken_once_by_the_browser_that_asked_and_soon(console: Console) -> None:
    device = new_device()
    joined(console, device)
    visitor = console.stranger()
    asked = visitor.ask("/passkey/begin", {}).get_json()
    cookie = visitor.client.get_cookie(ATTEMPT_COOKIE, path=PREFIX)
    assert cookie is not None
    answer = device.get(asked)
    assert console.stranger().ask("/passkey/end", answer).status_code == 401, "another browser"
    assert visitor.ask("/passkey/end", answer).status_code == 200
    again = console.stranger()
    again.client.set_cookie(ATTEMPT_COOKIE, cookie.value, path=PREFIX)
    assert again.ask("/passkey/end", answer).status_code == 401, "replayed"
    late = console.stranger()
    asked = late.ask("/passkey/begin", {}).get_json()
    console.clock.forward(attempts.LIVES)
    assert late.ask("/passkey/end", device.get(asked)).status_code == 401


@pytest.mark.parametrize(
    "body", [None, [], {}, {"rawId": 1}, {"rawId": "!"}, {"rawId": "A" * 4_000}, {"rawId": "AAAA"}]
)
def test_what_is_no_answer_of_a_browser_opens_nothing(console: Console, body: object) -> None:
    visitor = console.stranger()
    visitor.ask("/passkey/begin", {})
    assert visitor.ask("/passkey/end", body).status_code == 401


def test_nothing_tells_who_works_here(console: Console) -> None:
    known, stranger = new_device(), new_device()
    joined(console, known)
    for device in (known, stranger):
        visitor = console.stranger()
        asked = visitor.ask("/passkey/begin", {}).get_json()
        assert asked["allowCredentials"] == []
        answer = visitor.ask("/passkey/end", device.get(asked, signature=b"\x00" * 70))
        assert (answer.status_code, answer.get_json()) == (401, {"done": False})


def test_a_session_that_was_there_before_is_never_somebodys(console: Console) -> None:
    device = new_device()
    joined(console, device)
    visitor = console.stranger()
    visitor.client.set_cookie(COOKIE, "A" * 22, path=PREFIX)
    asked = visitor.ask("/passkey/begin", {}).get_json()
    assert visitor.ask("/passkey/end", device.get(asked)).status_code == 200
    cookie = visitor.client.get_cookie(COOKIE, path=PREFIX)
    assert cookie is not None
    assert cookie.value != "A" * 22
    planted = console.stranger()
    planted.client.set_cookie(COOKIE, "A" * 22, path=PREFIX)
    assert planted.get("/").status_code == 303


def test_a_session_ends_unused_after_its_day_and_with_its_person(console: Console) -> None:
    clock, admin = console.clock, console.person(Role.ADMINISTRATOR)
    idle = console.person(Role.CLERK)
    clock.forward(sessions.IDLE)
    assert idle.get("/").status_code == 303
    long = console.person(Role.CLERK)
    for _ in range(sessions.LIVES // (sessions.IDLE - 60)):
        clock.forward(sessions.IDLE - 60)
        status = long.get("/").status_code
    assert status == 200
    clock.forward(sessions.IDLE - 60)
    assert long.get("/").status_code == 303
    gone = console.person(Role.CLERK)
    assert gone.get("/").status_code == 200
    assert gone.person is not None
    assert admin.person is not None
    console.issuer.people.disable(gone.person.id, actor=admin.person.id, at=clock())
    assert gone.get("/").status_code == 303


def test_whoever_gets_a_new_link_has_nothing_left_of_the_old(console: Console) -> None:
    device, people = new_device(), console.issuer.people
    visitor = joined(console, device)
    person_id = console.issuer.audit.listed(search="join-by-passkey")[0].id
    people.invite_again(person_id, actor="test", at=console.clock())
    assert visitor.get("/").status_code == 303
    _, status = sign_in(console, device)
    assert status == 401
    people.disable(person_id, actor="test", at=console.clock())
    with pytest.raises(PersonUnknown):
        people.invite_again(person_id, actor="test", at=console.clock())


def test_somebody_else_does_not_prove_who_i_am(console: Console) -> None:
    mine, theirs = new_device(), new_device()
    joined(console, theirs)
    joined(console, mine, Role.ADMINISTRATOR)
    person_id = console.issuer.audit.listed(search="join-by-passkey")[0].id
    visitor = console.signed_in(console.issuer.people.one(person_id), proven_at=UnixTime(AT - sessions.PROOF_LIVES))
    assert visitor.get("/people/new").location == "/console/prove?to=/console/people/new"
    assert visitor.post("/people/new", {"name": "某人", "role": "clerk"}).status_code == 403
    asked = visitor.ask("/passkey/begin", {}).get_json()
    assert [each["id"] for each in asked["allowCredentials"]] == [mine.get(asked)["id"]]
    assert visitor.ask("/passkey/end", theirs.get(asked)).status_code == 401
    asked = visitor.ask("/passkey/begin", {}).get_json()
    assert visitor.ask("/passkey/end", mine.get(asked)).status_code == 200
    assert visitor.get("/people/new").status_code == 200


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ("/console/licences/Ab3", "/console/licences/Ab3"),
        ("/console/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("https://evil.example/console/", "/console/"),
        ("/console//evil.example", "/console/"),
        ("/console/../published", "/console/"),
        ("/console/licences\r\nSet-Cookie: a=b", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("javascript:alert(1)", "/console/"),
        ("/console/licences?search=990101", "/console/"),
    ],
)
def test_nobody_is_sent_elsewhere(console: Console, offered: str, taken: str) -> None:
    assert own_path(offered) == taken
    answer = console.stranger().get("/language/en", query_string={"to": offered})
    assert answer.location == taken
    assert "a=b" not in str(answer.headers)


def test_who_guesses_is_slowed_down(console: Console) -> None:
    console.desk.limiter.enabled = True
    visitor = console.stranger()
    statuses = [visitor.get(f"/join/{guess}").status_code for guess in range(31)]
    assert statuses == [404] * 30 + [429]
    assert "请等一分钟" in visitor.get("/join/0").text
    other = {"headers": {"X-Forwarded-For": "10.0.0.1, 192.0.2.7"}}
    assert visitor.get("/join/0", **other).status_code == 404, "others go on"
    console.desk.limiter.reset()


def test_secrets_and_names_stand_in_no_log(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        device = new_device()
        visitor = joined(console, device)
        visitor.get("/people")
        sign_in(console, device, origin="https://evil.example")
        console.stranger().get("/join/%3Cscript%3E")
    cookie = visitor.client.get_cookie(COOKIE, path=PREFIX)
    assert cookie is not None
    assert cookie.value not in caplog.text
    assert "测试员丁" not in caplog.text
    assert "script" not in caplog.text


def test_somebody_can_always_let_people_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    with builders.made(tmp_path_factory.mktemp("people") / "issuer") as issuer:
        people = issuer.people
        first, _ = people.add("甲", roles=[Role.ADMINISTRATOR], departments=["*"], actor="test", at=AT)
        with pytest.raises(LastAdministrator):
            people.disable(first.id, actor="test", at=AT)
        with pytest.raises(LastAdministrator):
            people.change(first.id, roles=[Role.CLERK], departments=["*"], actor="test", at=AT)
        assert people.one(first.id) == first
        for name, roles, departments in (
            ("", [Role.CLERK], ["*"]),
            ("a\u202eb", [Role.CLERK], ["*"]),
            ("甲" * 65, [Role.CLERK], ["*"]),
            ("甲", [], ["*"]),
            ("甲", [Role.CLERK], []),
            ("甲", [Role.CLERK], ["no-such-department"]),
        ):
            with pytest.raises(PersonRefused):
                people.add(name, roles=roles, departments=departments, actor="test", at=AT)
        assert people.listed() == (first,)
