"""Every route, as its own page and as an attacker would call it."""

import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from protocol.officers_act import ActKind
from protocol.status_list import Status
from tests.terminal_web.twin import CERTIFIED, NOW, REASONS, SETTINGS, TOKEN, TwinSession
from verifier_terminal.events import RecheckAlarm
from verifier_terminal.roles import Role
from verifier_terminal.web.app import MAX_BODY_BYTES, close_streams, create_app
from verifier_terminal.web.security import content_security_policy
from verifier_terminal.web.settings import SettingRefused, WindowSettings

ORIGIN = "http://localhost"
ALARM = RecheckAlarm("7K3-Q42", NOW, Status.REVOKED)
OWN = {"Origin": ORIGIN, "X-CSRF-Token": TOKEN}
GETS = [
    "/", "/events", "/texts.json", "/api/v1/acts", "/api/v1/requests", "/api/v1/status", "/healthz",
    "/static/window.js", "/static/request.js",
]  # fmt: skip
POSTS: list[tuple[str, dict[str, Any]]] = [
    ("/api/v1/scan", {"text": "good"}),
    ("/api/v1/acts/7K3-Q42/void", {"reason": "误扫"}),
    ("/api/v1/acts/7K3-Q43/person", {"matches": True}),
    ("/api/v1/alarms/7K3-Q42/acknowledge", {}),
    ("/api/v1/requests", {"kinds": ["driving-licence"], "reason": "换领"}),
    ("/api/v1/requests/short", {}),
    ("/api/v1/requests/standing", {"kinds": []}),
    ("/api/v1/requests/1/cancel", {}),
    ("/api/v1/acts/7K3-Q42/receipt", {"reason": "换领"}),
    ("/api/v1/acts/7K3-Q43/second", {}),
    ("/api/v1/join/cancel", {}),
    ("/api/v1/acts/7K3-Q42/role", {"role": "owner"}),
    ("/api/v1/acts/7K3-Q42/officers-act", {"kind": "seizure", "reason": "醉驾", "member": 0}),
]
POST_NAMES = ["scan", "void", "person", "acknowledge", "ask", "short", "standing", "cancel", "receipt"]
POST_NAMES += ["second", "not-second", "role", "officers-act"]
EVIL_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example:80",
    "127.0.0.2",
    "0.0.0.0",
    "[::2]",
    "2130706433",
    "127.1",
    "169.254.169.254",
    "localhost@evil.example",
    "",
]


@pytest.fixture
def session() -> TwinSession:
    """Certified and with a site: it could ask."""
    made = TwinSession()
    made.certification, made.site = CERTIFIED, "NF6Y"
    return made


def prepare(session: TwinSession) -> None:
    """Something that each POST could change."""
    session.scan("good", source="twin")
    session.scan("person", source="twin")
    session.alarms = (ALARM,)
    session.open_short_code()


@pytest.fixture
def app(session: TwinSession) -> Iterator[Flask]:
    made = create_app(session, settings=SETTINGS, reasons=REASONS, clock=lambda: NOW)
    yield made
    close_streams(made)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def get(client: FlaskClient, path: str, **more: object) -> TestResponse:
    response = client.get(path, **more)  # type: ignore[arg-type]  # the client's own loose signature
    if path == "/events":
        response.close()
    return response


@pytest.mark.parametrize("path", GETS)
def test_every_page_answers_and_carries_every_header(client: FlaskClient, path: str) -> None:
    with get(client, path) as response:
        assert response.status_code == 200
        assert_hardened(response)


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/static/nothing.js", "/static/../app.py"])
def test_errors_carry_the_same_headers(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert_hardened(response)


def assert_hardened(response: TestResponse) -> None:
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize("path", GETS)
def test_a_host_that_is_not_ours_gets_nothing(client: FlaskClient, path: str, host: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert TOKEN not in response.text
    assert_hardened(response)


@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize(("path", "body"), POSTS)
def test_a_post_to_a_foreign_host_changes_nothing(
    client: FlaskClient, session: TwinSession, path: str, body: dict[str, Any], host: str
) -> None:
    response = client.post(path, json=body, headers={**OWN, "Host": host, "Origin": f"http://{host}"})
    assert response.status_code == 400
    assert (session.scanned, session.voids, session.all_opened) == ([], {}, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8123", "localhost:80"])
def test_our_own_hosts_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


FOREIGN_POSTS: list[tuple[str, dict[str, str | None], int]] = [
    ("no token", {"X-CSRF-Token": None}, 403),
    ("wrong token", {"X-CSRF-Token": TOKEN[:-1] + "x"}, 403),
    ("empty token", {"X-CSRF-Token": ""}, 403),
    ("token that is no ASCII", {"X-CSRF-Token": "\xff" * 40}, 403),
    ("no origin", {"Origin": None}, 403),
    ("foreign origin", {"Origin": "http://evil.example"}, 403),
    ("null origin", {"Origin": "null"}, 403),
    ("other port", {"Origin": "http://localhost:8000"}, 403),
    ("other scheme", {"Origin": "https://localhost"}, 403),
    ("origin as prefix", {"Origin": "http://localhost.evil.example"}, 403),
    ("origin with a name", {"Origin": "http://evil@localhost"}, 403),
    ("origin with a path", {"Origin": "http://localhost/x"}, 403),
    ("form", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ("text", {"Content-Type": "text/plain"}, 415),
    ("multipart", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ("json as text", {"Content-Type": "text/plain; application/json"}, 415),
]


@pytest.mark.parametrize(("path", "body"), POSTS, ids=POST_NAMES)
@pytest.mark.parametrize(("name", "change", "status"), FOREIGN_POSTS, ids=[each[0] for each in FOREIGN_POSTS])
def test_a_post_that_is_not_our_own_changes_nothing(
    client: FlaskClient,
    session: TwinSession,
    path: str,
    body: dict[str, Any],
    name: str,
    change: dict[str, str | None],
    status: int,
) -> None:
    prepare(session)
    before, asked = list(session.scanned), dict(session.opened)
    headers: dict[str, str | None] = {**OWN, "Content-Type": "application/json", **change}
    response = client.post(
        path, data=json.dumps(body), headers={key: value for key, value in headers.items() if value is not None}
    )
    assert response.status_code == status, name
    assert (session.scanned, session.voids, session.answers, session.alarms) == (before, {}, {}, (ALARM,))
    assert (session.opened, len(session.all_opened)) == (asked, 1)
    assert (session.joins, session.roles, session.signed) == ([], {}, [])
    assert b"receipt" not in response.data
    assert_hardened(response)


@pytest.mark.parametrize(("path", "body"), POSTS, ids=POST_NAMES)
def test_the_same_post_from_our_own_page_is_done(
    client: FlaskClient, session: TwinSession, path: str, body: dict[str, Any]
) -> None:
    prepare(session)
    answered = client.post(path, json=body, headers=OWN)
    assert answered.status_code == 200
    done = (len(session.scanned), session.voids, session.answers, session.alarms)
    asked = [each.is_short for each in session.opened.values()]
    if path.endswith("/scan"):
        assert done == (3, {}, {}, (ALARM,))
    elif path.endswith("/void"):
        assert done == (2, {"7K3-Q42": "误扫"}, {}, (ALARM,))
    elif path.endswith("/person"):
        assert done == (2, {}, {"7K3-Q43": True}, (ALARM,))
    elif path.endswith("/acknowledge"):
        assert done == (2, {}, {}, ())
    elif path.endswith("/requests"):
        assert asked == [True, False]
    elif path.endswith("/short"):
        assert asked == [True, True]
    elif path.endswith("/standing"):
        assert asked == [True, False, True]
    elif path.endswith("/1/cancel"):
        assert asked == []
    elif path.endswith("/second"):
        assert session.joins == [("7K3-Q43", SETTINGS.join_seconds)]
    elif path.endswith("/join/cancel"):
        assert session.joins == [(None, 0.0)]
    elif path.endswith("/officers-act"):
        assert session.signed == [("7K3-Q42", ActKind.SEIZURE, "醉驾", 0)]
        assert answered.get_json()["views"]["en"] == "seizure: signed, sent when there is a network"
    elif path.endswith("/role"):
        assert session.roles == {"7K3-Q42": Role.OWNER}
    else:
        assert b64decode(answered.get_json()["receipt"]) == "receipt 7K3-Q42 换领".encode()


@pytest.mark.parametrize("path", [path for path, _ in POSTS if path != "/api/v1/requests"])
def test_get_is_not_post(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 405


@pytest.mark.parametrize(("path", "body"), POSTS, ids=POST_NAMES)
def test_oversize_is_refused_before_it_is_read(
    client: FlaskClient, session: TwinSession, path: str, body: dict[str, Any]
) -> None:
    field = next(iter(body), "x")
    response = client.post(path, json={field: "x" * MAX_BODY_BYTES}, headers=OWN)
    assert response.status_code == 413
    assert (session.scanned, session.voids) == ([], {})


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"x"', "{}", '{"text":1}', '{"text":""}', '{"text":"a","b":1}', '{"text":null}', "NaN"],
)
def test_malformed_json_is_named_and_never_repeated(client: FlaskClient, session: TwinSession, body: str) -> None:
    response = client.post("/api/v1/scan", data=body, headers={**OWN, "Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.get_json()["error"] == "http"
    assert session.scanned == []


def test_a_text_longer_than_any_code_is_refused(client: FlaskClient, session: TwinSession) -> None:
    assert client.post("/api/v1/scan", json={"text": "x" * 16_001}, headers=OWN).status_code == 400
    assert client.post("/api/v1/scan", json={"text": "x" * 16_000}, headers=OWN).status_code == 200
    assert [len(text) for text, _ in session.scanned] == [16_000]


def test_a_scan_answers_with_the_verdict_in_three_languages(client: FlaskClient, session: TwinSession) -> None:
    made = client.post("/api/v1/scan", json={"text": "good"}, headers=OWN).get_json()
    assert session.scanned == [("good", "manual")]
    assert made["check_number"] == "7K3-Q42"
    assert [made["views"][tag]["word"] for tag in ("zh-Hans", "zh-Hant", "en")] == ["有效", "有效", "VALID"]


def test_what_cannot_be_recorded_is_not_shown(client: FlaskClient, session: TwinSession) -> None:
    session.broken = True
    response = client.post("/api/v1/scan", json={"text": "good"}, headers=OWN)
    assert response.status_code == 503
    assert response.get_json()["error"] == "out_of_order"
    assert "测*甲" not in response.text
    assert "disk full" not in response.text
    assert client.get("/api/v1/status").get_json()["out_of_order"] is True


def test_a_failure_is_answered_and_logged_without_what_was_scanned(
    client: FlaskClient, session: TwinSession, caplog: pytest.LogCaptureFixture
) -> None:
    session.raises = RuntimeError("990101194912310028")
    with caplog.at_level(logging.DEBUG):
        response = client.post("/api/v1/scan", json={"text": "990101194912310028"}, headers=OWN)
    assert response.status_code == 500
    assert response.get_json()["error"] == "broken"
    assert "RuntimeError" in caplog.text
    assert "990101194912310028" not in caplog.text + response.text


def test_void_names_what_is_wrong(client: FlaskClient, session: TwinSession) -> None:
    def void(number: str, reason: str = "误扫") -> int:
        return client.post(f"/api/v1/acts/{number}/void", json={"reason": reason}, headers=OWN).status_code

    session.scan("good", source="twin")
    assert void("7K3-Q99") == 404
    assert void("7K3-Q42;DROP") == 404
    assert void("../scan") == 404
    assert void("7K3-Q42", "   ") == 400
    assert void("7K3-Q42", "x" * 201) == 400
    assert void("7K3-Q42", " 误扫 ") == 200
    assert void("7K3-Q42") == 409
    assert session.voids == {"7K3-Q42": "误扫"}


PERSON = "/api/v1/acts/7K3-Q43/person"


@pytest.mark.parametrize("matches", [True, False])
def test_the_person_is_answered_once_in_three_languages(
    client: FlaskClient, session: TwinSession, matches: bool
) -> None:
    session.scan("person", source="twin")
    made = client.post(PERSON, json={"matches": matches}, headers=OWN).get_json()
    assert (made["check_number"], made["matches"]) == ("7K3-Q43", matches)
    assert {view["proceed"] for view in made["views"].values()} == {"yes" if matches else "no"}
    again = client.post(PERSON, json={"matches": not matches}, headers=OWN)
    assert (again.status_code, again.get_json()["error"]) == (409, "person_check_done")
    assert session.answers == {"7K3-Q43": matches}


@pytest.mark.parametrize(
    "body",
    ["", "{}", "true", "[true]", '{"matches":1}', '{"matches":0}', '{"matches":"true"}', '{"matches":null}',
     '{"matches":true,"at":1}', '{"match":true}'],
)  # fmt: skip
def test_only_true_and_false_are_answers(client: FlaskClient, session: TwinSession, body: str) -> None:
    session.scan("person", source="twin")
    response = client.post(PERSON, data=body, headers={**OWN, "Content-Type": "application/json"})
    assert response.status_code == 400
    assert session.answers == {}


def test_what_waits_for_no_person_is_named(client: FlaskClient, session: TwinSession) -> None:
    def answer(number: str) -> tuple[int, str]:
        response = client.post(f"/api/v1/acts/{number}/person", json={"matches": True}, headers=OWN)
        return response.status_code, response.get_json()["error"]

    for text in ("good", "check", "hold", "refuse", "person"):
        session.scan(text, source="twin")
    for number in ("7K3-Q42", "7K3-Q44", "7K3-Q45", "7K3-Q46"):
        assert answer(number) == (409, "no_person_check")
    assert answer("7K3-Q99") == (404, "no_such_act")
    assert answer("7K3-Q43;DROP") == (404, "http")
    session.void("7K3-Q43", "误扫")
    assert answer("7K3-Q43") == (409, "already_void")
    assert session.answers == {}


def test_an_answer_that_cannot_be_recorded_is_not_given(client: FlaskClient, session: TwinSession) -> None:
    session.scan("person", source="twin")
    session.broken = True
    response = client.post(PERSON, json={"matches": True}, headers=OWN)
    assert (response.status_code, response.get_json()["error"]) == (503, "out_of_order")
    assert session.answers == {}


def test_acts_search_and_language(client: FlaskClient, session: TwinSession) -> None:
    session.scan("good", source="twin")
    session.scan("nothing of ours", source="twin")
    made = client.get("/api/v1/acts?search=q42&lang=en").get_json()["acts"]
    assert [(act["check_number"], act["word"], act["kind"]) for act in made] == [
        ("7K3-Q42", "VALID", "Driving licence")
    ]
    assert len(client.get("/api/v1/acts").get_json()["acts"]) == 2
    assert client.get(f"/api/v1/acts?search={'x' * 65}").status_code == 400
    assert "测" not in client.get("/api/v1/acts").get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "accept", "lang"),
    [("/", "en-GB,en", "en"), ("/", "", "zh-Hans"), ("/?lang=zh-Hant", "en", "zh-Hant"), ("/", "zh-HK", "zh-Hant")],
)
def test_the_page_speaks_the_language_asked_for(client: FlaskClient, path: str, accept: str, lang: str) -> None:
    assert f'<html lang="{lang}">' in client.get(path, headers={"Accept-Language": accept}).text


def test_the_page_holds_nothing_inline_and_nothing_foreign(client: FlaskClient) -> None:
    html = client.get("/").text
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert html.count("<script") == 1
    assert '<script type="module" src="/static/window.js"></script>' in html
    assert "//" not in html.replace("<!doctype html>", "")


def test_framing_is_allowed_only_where_the_setting_names_it(session: TwinSession) -> None:
    settings = WindowSettings(csrf_token=TOKEN, frame_ancestors=("http://127.0.0.1:8000",))
    client = create_app(session, settings=settings, reasons=REASONS, clock=lambda: NOW).test_client()
    headers = client.get("/").headers
    assert "frame-ancestors http://127.0.0.1:8000;" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers


@pytest.mark.parametrize(
    "wrong",
    [
        {"csrf_token": "short"},
        {"personal_seconds": 4},
        {"personal_seconds": 301, "word_seconds": 301},
        {"personal_seconds": 30, "word_seconds": 20},
        {"word_seconds": 301},
        {"stream_cap": 0},
        {"heartbeat_seconds": 0.0},
        {"trusted_hosts": ()},
        {"frame_ancestors": ("*",)},
        {"frame_ancestors": ("http://a; script-src *",)},
        {"frame_ancestors": ("http://a\nX: y",)},
    ],
    ids=str,
)
def test_settings_that_weaken_the_page_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingRefused):
        WindowSettings(**{"csrf_token": TOKEN, **wrong})  # type: ignore[arg-type]  # wrong on purpose


def test_the_token_does_not_stand_in_the_settings_repr() -> None:
    assert TOKEN not in repr(SETTINGS)


def test_the_policy_is_exactly_this() -> None:
    assert content_security_policy(()) == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_an_alarm_is_acknowledged_once_and_only_if_there_is_one(client: FlaskClient, session: TwinSession) -> None:
    session.alarms = (ALARM,)
    path = "/api/v1/alarms/7K3-Q42/acknowledge"
    assert client.post(path, json={"x": 1}, headers=OWN).status_code == 400
    assert client.post("/api/v1/alarms/7K3-Q99/acknowledge", json={}, headers=OWN).status_code == 404
    assert client.post(path, json={}, headers=OWN).status_code == 200
    assert client.post(path, json={}, headers=OWN).status_code == 404


@pytest.mark.parametrize("role", ["", "holder", "Driver", "driver\n"])
def test_a_role_that_there_is_not(client: FlaskClient, session: TwinSession, role: str) -> None:
    prepare(session)
    assert client.post("/api/v1/acts/7K3-Q42/role", json={"role": role}, headers=OWN).status_code == 400
    assert session.roles == {}


def test_a_check_that_takes_no_second_licence_is_named(client: FlaskClient, session: TwinSession) -> None:
    prepare(session)
    answered = client.post("/api/v1/acts/7K3-Q42/second?lang=en", json={}, headers=OWN)
    assert answered.status_code == 409
    assert answered.get_json()["error"] == "nothing_to_join"
    assert "last check" in answered.get_json()["message"]


@pytest.mark.parametrize(
    "forged",
    [
        {"kind": "revocation"},
        {"kind": 2},
        {"reason": " "},
        {"reason": "因" * 201},
        {"reason": None},
        {"member": True},
        {"member": -1},
        {"member": 4},
        {"more": 1},
    ],
    ids=str,
)
def test_an_act_that_is_none_is_not_signed(client: FlaskClient, session: TwinSession, forged: dict[str, Any]) -> None:
    prepare(session)
    body = {"kind": "note", "reason": "超速", "member": 0, **forged}
    assert client.post("/api/v1/acts/7K3-Q42/officers-act", json=body, headers=OWN).status_code == 400
    assert session.signed == []


def test_why_an_act_is_not_signed_is_said(client: FlaskClient, session: TwinSession) -> None:
    prepare(session)
    session.challenged = False
    body = {"kind": "seizure", "reason": "醉驾", "member": 0}
    answered = client.post("/api/v1/acts/7K3-Q42/officers-act?lang=en", json=body, headers=OWN)
    assert (answered.status_code, answered.get_json()["error"]) == (409, "act_needs_challenge")
    assert "ask first" in answered.get_json()["message"]
