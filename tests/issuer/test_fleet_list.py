"""The fleet's list for machines, closed without a token; and its page on the console, whatever a terminal says."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from issuer.application import Issuer
from issuer.fleet import texts
from issuer.fleet.errors import FleetTokenUnknown
from issuer.people.roles import Role
from protocol.unixtime import DAY, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT, OPERATOR
from tests.issuer.consoles import Console, console_of
from tests.issuer.remote import GOOD_BEAT, NAME, Machine, invited, key_of

HOSTILE = "</td><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("fleet") / "issuer") as made:
        yield made


@pytest.fixture
def token(issuer: Issuer) -> Iterator[str]:
    yield issuer.fleet_tokens.give("监控甲", days=1, actor="test", at=AT)
    with suppress(FleetTokenUnknown):
        issuer.fleet_tokens.remove("监控甲", actor="test", at=AT)


@pytest.fixture
def console(issuer: Issuer) -> Console:
    return console_of(issuer)


@pytest.fixture
def client(console: Console) -> FlaskClient:
    return console.app.test_client()


def test_a_token_opens_the_fleet_and_nothing_of_the_operators(client: FlaskClient, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/fleet", headers=bearer).get_json() == []
    assert client.get("/api/v1/fleet", headers=OPERATOR).status_code == 200
    for wrong in ({}, {"Authorization": f"Bearer {token[:-1]}"}, {"Authorization": f"Basic {token}"}):
        assert client.get("/api/v1/fleet", headers=wrong).status_code == 401
    assert client.get("/api/v1/licences", headers=bearer).status_code == 401
    assert client.get("/console/fleet", headers=bearer).status_code == 303


def test_a_token_ends_by_command_and_by_date(issuer: Issuer, client: FlaskClient, token: str) -> None:
    assert issuer.fleet_tokens.owner(token, at=UnixTime(AT + DAY)) is None
    issuer.fleet_tokens.remove("监控甲", actor="test", at=AT)
    assert client.get("/api/v1/fleet", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_page_says_what_is_wrong_whatever_the_terminal_is_called(
    issuer: Issuer, console: Console, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(key_of(7))
    machine.enrol(client, invited(issuer).token)
    bad = replace(GOOD_BEAT, version=HOSTILE[:32], reading=replace(GOOD_BEAT.reading, not_read=95))
    assert machine.beat(client, bad, at=AT).status_code == 200
    visitor = console.person(Role.CLERK)
    for language, words in (("en", "It reads 49 % of what it is shown"), ("zh-Hans", "读码率只有 49%")):
        visitor.get(f"/language/{language}")
        page = visitor.get("/fleet")
        assert f'<html lang="{language}">' in page.text
        assert words in page.text
        assert "img src" not in page.text.replace("&lt;img", "")
        assert "&lt;/td&gt;&lt;img" in page.text
    assert NAME in visitor.get("/fleet?search=3号").text
    nothing = visitor.get("/fleet", query_string={"search": HOSTILE}).text
    assert texts.word("nobody", "zh-Hans") in nothing
    assert "<img" not in nothing
    (said,) = client.get("/api/v1/fleet", headers=OPERATOR).get_json()
    assert said["heartbeat"]["version"] == HOSTILE[:32]
    monkeypatch.setattr("issuer.console.looking_after.MAX_TERMINALS", 0)
    visitor.get("/language/en")
    counted = visitor.get("/fleet").text
    assert "1 terminals, 1 of them need somebody" in counted
    assert "the 0 most urgent are listed" in counted


def test_a_page_that_renews_itself_keeps_no_session_alive(console: Console) -> None:
    visitor, renews = console.person(Role.CLERK), {"headers": {"HX-Request": "true"}}
    for _ in range(3):
        console.clock.forward(599)
        assert visitor.get("/fleet", **renews).status_code == 200
    console.clock.forward(3)
    over = visitor.get("/fleet", **renews)
    assert over.status_code == 401
    assert over.headers["HX-Redirect"].startswith("/console/sign-in")
    assert not re.search("<table", over.text)


@pytest.mark.parametrize(
    ("accepts", "language"),
    [("zh-CN,zh;q=0.9", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("en-GB,en", "en"), ("fr", "zh-Hans")],
)
def test_the_browsers_language_is_the_first(client: FlaskClient, accepts: str, language: str) -> None:
    page = client.get("/console/sign-in", headers={"Accept-Language": accepts})
    assert f'<html lang="{language}">' in page.text
    client.set_cookie("console_language", "xx", path="/console")
    assert client.get("/console/sign-in", headers={"Accept-Language": accepts}).text == page.text
