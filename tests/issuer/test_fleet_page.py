"""The fleet's page: closed without a person's token, harmless whatever a terminal says, in three languages."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from issuer import config
from issuer.application import Issuer
from issuer.fleet import texts
from issuer.fleet.errors import FleetTokenUnknown
from issuer.web.app import create_app
from protocol.unixtime import DAY, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT, OPERATOR
from tests.issuer.remote import GOOD_BEAT, NAME, Machine, invited, key_of

HOSTILE = "</td><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with builders.made(tmp_path_factory.mktemp("fleet") / "issuer") as made:
        yield made


@pytest.fixture
def token(issuer: Issuer) -> Iterator[str]:
    yield issuer.fleet_tokens.give("值班员甲", days=1, actor="test", at=AT)
    with suppress(FleetTokenUnknown):
        issuer.fleet_tokens.remove("值班员甲", actor="test", at=AT)


@pytest.fixture
def client(issuer: Issuer) -> Iterator[FlaskClient]:
    app = create_app(
        issuer,
        operator_token=builders.TOKEN,
        now=lambda: UnixTime(AT),
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )
    with app.test_client() as made:
        yield made


def signed_in(client: FlaskClient, token: str) -> str:
    answer = client.post("/fleet/sign-in?language=en", data={"token": token})
    assert answer.status_code == 303
    return str(answer.headers["Set-Cookie"])


def test_without_a_token_there_is_a_way_in_and_nothing_else(client: FlaskClient, token: str) -> None:
    for attempt in (
        client.get("/fleet", headers=OPERATOR),
        client.post("/fleet/sign-in", data={"token": builders.TOKEN}),
        client.post("/fleet/sign-in", data={"token": token[:-1]}),
        client.post("/fleet/sign-in", data={"token": token}, headers={"Sec-Fetch-Site": "cross-site"}),
        client.get("/fleet", headers={"Cookie": f"fleet={token[:-1]}"}),
    ):
        assert attempt.status_code == 401
        assert "Set-Cookie" not in attempt.headers
        assert "<table" not in attempt.text
    cookie = signed_in(client, token)
    assert {"HttpOnly", "SameSite=Strict", "Path=/fleet"} <= set(cookie.split("; "))
    assert client.get("/fleet").status_code == 200
    client.post("/fleet/sign-out")
    assert client.get("/fleet").status_code == 401


def test_behind_tls_the_cookie_is_for_tls_alone(client: FlaskClient, token: str) -> None:
    answer = client.post("/fleet/sign-in", data={"token": token}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_a_persons_token_opens_the_fleet_and_nothing_of_the_operators(client: FlaskClient, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/fleet", headers=bearer).get_json() == []
    assert client.get("/api/v1/fleet", headers=OPERATOR).status_code == 200
    assert client.get("/api/v1/licences", headers=bearer).status_code == 401
    signed_in(client, token)
    assert client.get("/api/v1/terminals").status_code == 401


def test_a_token_ends_by_command_and_by_date(issuer: Issuer, client: FlaskClient, token: str) -> None:
    signed_in(client, token)
    assert issuer.fleet_tokens.owner(token, at=UnixTime(AT + DAY)) is None
    issuer.fleet_tokens.remove("值班员甲", actor="test", at=AT)
    assert client.get("/fleet").status_code == 401


def test_the_page_says_what_is_wrong_whatever_the_terminal_is_called(
    issuer: Issuer, client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(key_of(7))
    machine.enrol(client, invited(issuer).token)
    bad = replace(GOOD_BEAT, version=HOSTILE[:32], reading=replace(GOOD_BEAT.reading, not_read=95))
    assert machine.beat(client, bad, at=AT).status_code == 200
    signed_in(client, token)
    for language, words in (("en", "It reads 49 % of what it is shown"), ("zh-Hans", "读码率只有 49%")):
        page = client.get(f"/fleet?language={language}")
        assert f'<html lang="{language}">' in page.text
        assert words in page.text
        assert "img src" not in page.text.replace("&lt;img", "")
        assert "&lt;/td&gt;&lt;img" in page.text
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?! src=\"/fleet/fleet.js\")|style=|onclick|https?://", page.text)
    assert NAME in client.get("/fleet?search=3号").text
    nothing = client.get(f"/fleet?language=en&search={HOSTILE}").text
    assert "There is no such terminal." in nothing
    assert "&lt;/td&gt;" in nothing
    assert "<img" not in nothing
    (said,) = client.get("/api/v1/fleet", headers=OPERATOR).get_json()
    monkeypatch.setattr("issuer.web.fleet.MAX_SHOWN", 0)
    counted = client.get("/fleet?language=en").text
    assert "1 terminals, 1 of them need somebody" in counted
    assert "the 0 most urgent are listed" in counted
    assert said["heartbeat"]["version"] == HOSTILE[:32]


@pytest.mark.parametrize(
    ("accepts", "language"),
    [("zh-CN,zh;q=0.9", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("en-GB,en", "en"), ("fr", "zh-Hans")],
)
def test_the_browsers_language_is_the_first(client: FlaskClient, accepts: str, language: str) -> None:
    page = client.get("/fleet", headers={"Accept-Language": accepts})
    assert f'<html lang="{language}">' in page.text
    assert texts.word("sign_in", language) in page.text
    assert client.get("/fleet?language=xx", headers={"Accept-Language": accepts}).text == page.text
