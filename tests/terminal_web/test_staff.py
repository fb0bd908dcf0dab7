"""Signing on, off and over by the page: over the real session of a real terminal, with its real rules."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from protocol.unixtime import MINUTE
from tests.terminal.conftest import Terminal, terminal
from tests.terminal.staff_world import CLERK, COLLEAGUE, PASSPHRASE, new_key, staffed
from tests.terminal_web.twin import REASONS, SETTINGS, TOKEN
from verifier_terminal.session import Session
from verifier_terminal.staff.checking import StaffTrouble
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.settings import StaffSettings
from verifier_terminal.web.app import create_app
from verifier_terminal.web.texts import known

__all__ = ["terminal"]
OWN = "http://localhost"


def client_of(session: Session, terminal: Terminal) -> FlaskClient:
    app = create_app(session, settings=SETTINGS, reasons=REASONS, clock=terminal.world.clock, staff=session.shift)
    return app.test_client()


@pytest.fixture
def session(terminal: Terminal) -> Session:
    return staffed(terminal)


@pytest.fixture
def client(session: Session, terminal: Terminal) -> FlaskClient:
    return client_of(session, terminal)


def post(client: FlaskClient, path: str, body: object, *, origin: str | None = OWN, token: str = TOKEN) -> TestResponse:
    headers = {"X-CSRF-Token": token, **({"Origin": origin} if origin else {})}
    return client.post(f"/api/v1/{path}", json=body, headers=headers)


def sign_on(client: FlaskClient, number: str = CLERK, passphrase: str = PASSPHRASE, **other: Any) -> TestResponse:
    return post(client, "staff/sign-on", {"number": number, "passphrase": passphrase}, **other)


def test_signing_on_and_off_is_seen_by_every_page(client: FlaskClient, session: Session, terminal: Terminal) -> None:
    assert client.get("/api/v1/staff").json == {
        "offered": True,
        "on_duty": None,
        "required": True,
        "numbers": [CLERK, COLLEAGUE],
        "case": "",
        "keep_case": False,
        "idle_minutes": 15,
    }
    found = sign_on(client)
    assert found.status_code == 200
    assert found.json["on_duty"]["name"] == "演示员0417"
    assert found.json["on_duty"]["views"]["en"] == {"role": "clerk", "ends": None}
    assert client_of(session, terminal).get("/api/v1/staff").json == found.json
    assert post(client, "staff/sign-off", {}).json["on_duty"] is None
    again = post(client, "staff/sign-off", {})
    assert (again.status_code, again.json["error"]) == (409, "nobody_on_duty")


def test_a_certificate_that_ends_soon_says_so(terminal: Terminal) -> None:
    session = staffed(terminal, StaffSettings(idle_minutes=720))
    client = client_of(session, terminal)
    terminal.pass_seconds(6 * 24 * 60 * MINUTE)
    ends = sign_on(client).json["on_duty"]["views"]
    assert all(view["ends"] for view in ends.values())


def test_a_scan_while_nobody_is_on_duty_says_what_to_do_and_is_no_check(
    client: FlaskClient, terminal: Terminal
) -> None:
    code = terminal.world.code()
    refused = post(client, "scan", {"text": code})
    assert (refused.status_code, refused.json["error"]) == (409, "nobody_on_duty")
    assert "签到" in refused.json["message"]
    assert client.get("/api/v1/acts").json == {"acts": []}
    sign_on(client)
    assert post(client, "scan", {"text": code}).status_code == 200
    (act,) = client.get("/api/v1/acts").json["acts"]
    assert (act["by"], act["case"]) == (CLERK, "")


def test_nobody_changes_what_somebody_did(client: FlaskClient) -> None:
    posts: tuple[tuple[str, object], ...] = (
        ("acts/7K3-Q42/void", {"reason": "误扫"}),
        ("acts/7K3-Q42/person", {"matches": True}),
        ("acts/7K3-Q42/receipt", {"reason": None}),
        ("alarms/7K3-Q42/acknowledge", {}),
    )
    assert [post(client, path, body).json["error"] for path, body in posts] == ["nobody_on_duty"] * 4
    sign_on(client)
    assert "nobody_on_duty" not in [post(client, path, body).json["error"] for path, body in posts]


@pytest.mark.parametrize(
    ("origin", "token"),
    [("http://evil.example", TOKEN), (None, TOKEN), ("null", TOKEN), (OWN, "x" * 40), ("http://localhost:1", TOKEN)],
)
def test_another_origin_signs_nobody_on_or_off(
    client: FlaskClient, session: Session, origin: str | None, token: str
) -> None:
    sign_on(client)
    body = {"number": COLLEAGUE, "passphrase": PASSPHRASE, "seen": {}, "case": "A1"}
    for path in ("sign-on", "sign-off", "hand-over", "case", "here"):
        assert post(client, f"staff/{path}", body, origin=origin, token=token).status_code == 403
    current = session.shift.current()
    assert current is not None
    assert (current.number, session.shift.case) == (CLERK, "")


def test_there_is_no_session_that_a_page_could_fix_or_steal(client: FlaskClient, session: Session) -> None:
    fixed = {"Cookie": "session=fixed-by-somebody", "X-CSRF-Token": TOKEN, "Origin": OWN}
    answer = client.post("/api/v1/staff/sign-on", json={"number": CLERK, "passphrase": PASSPHRASE}, headers=fixed)
    assert answer.status_code == 200
    for response in (answer, client.get("/"), client.get("/api/v1/staff")):
        assert "Set-Cookie" not in response.headers
        # No other origin may read who is on duty, nor embed the page.
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    # By another name of this machine it is another page: DNS rebinding gets nothing.
    assert client.get("/api/v1/staff", headers={"Host": "rebound.example"}).status_code == 400


def test_guesses_by_the_page_are_counted_too(client: FlaskClient, session: Session) -> None:
    codes = [sign_on(client, passphrase=f"wrong guess {guess}").status_code for guess in range(30)]
    assert (codes[:5], set(codes[5:])) == ([409] * 5, {429})
    locked = sign_on(client)
    assert (locked.status_code, locked.json["error"]) == (429, "too_many_guesses")
    assert int(locked.headers["Retry-After"]) > 0
    assert session.shift.current() is None
    assert sign_on(client, COLLEAGUE).status_code == 200


@pytest.mark.parametrize(
    ("number", "passphrase", "error"),
    [
        ("9999", PASSPHRASE, "unknown"),
        (CLERK, "not this one", "wrong_passphrase"),
        ("0419", PASSPHRASE, "certificate"),
        ("0420", PASSPHRASE, "damaged"),
    ],
)
def test_what_is_wrong_is_said_in_three_languages(
    client: FlaskClient, terminal: Terminal, number: str, passphrase: str, error: str
) -> None:
    own = terminal.directory / "staff"
    (own / "0419.staff").write_bytes(new_key("0419").encoded())
    (own / "0420.staff").write_bytes(b"damaged")
    body = {"number": number, "passphrase": passphrase}
    headers = {"X-CSRF-Token": TOKEN, "Origin": OWN}
    said = [
        client.post(f"/api/v1/staff/sign-on?lang={lang}", json=body, headers=headers)
        for lang in ("zh", "zh-Hant", "en")
    ]
    assert {each.json["error"] for each in said} == {error}
    assert len({each.json["message"] for each in said}) == 3
    assert all(passphrase not in each.text for each in said)


def test_every_trouble_has_words() -> None:
    assert all(known(f"staff_trouble.{trouble}") for trouble in StaffTrouble)


def test_other_shapes_are_bad_requests(client: FlaskClient) -> None:
    shapes: tuple[tuple[str, dict[str, object]], ...] = (
        ("sign-on", {"number": CLERK}),
        ("sign-on", {"number": 417, "passphrase": PASSPHRASE}),
        ("sign-on", {"number": "4" * 25, "passphrase": PASSPHRASE}),
        ("sign-on", {"number": CLERK, "passphrase": "x" * 257}),
        ("sign-on", {"number": CLERK, "passphrase": None}),
        ("hand-over", {"number": CLERK, "passphrase": PASSPHRASE, "seen": None}),
        ("sign-off", {"number": CLERK}),
        ("case", {"case": 7}),
        ("case", {"case": "A" * 65}),
    )
    for path, body in shapes:
        assert post(client, f"staff/{path}", body).status_code == 400, (path, body)


def test_the_next_person_confirms_what_the_page_showed(client: FlaskClient, terminal: Terminal) -> None:
    sign_on(client)
    post(client, "scan", {"text": terminal.world.code()})
    seen = client.get("/api/v1/staff/summary").json
    assert seen == {"acts": 1, "refused": 0, "voids": 0, "person_checks": 0, "rechecks": 0, "alarms": 0}
    terminal.pass_seconds(3)
    post(client, "scan", {"text": terminal.world.code()})
    body = {"number": COLLEAGUE, "passphrase": PASSPHRASE, "seen": seen}
    changed = post(client, "staff/hand-over", body)
    assert (changed.status_code, changed.json["error"]) == (409, "summary_changed")
    body["seen"] = client.get("/api/v1/staff/summary").json
    assert post(client, "staff/hand-over", body).json["on_duty"]["number"] == COLLEAGUE


def test_a_case_is_set_searched_and_cleared(client: FlaskClient, terminal: Terminal) -> None:
    sign_on(client)
    assert post(client, "staff/case", {"case": " A037"}).json == {"case": "A037"}
    post(client, "scan", {"text": terminal.world.code()})
    terminal.pass_seconds(3)
    post(client, "scan", {"text": terminal.world.code()})
    assert [act["case"] for act in client.get("/api/v1/acts").json["acts"]] == ["", "A037"]
    assert len(client.get("/api/v1/acts?search=a037").json["acts"]) == 1
    assert len(client.get(f"/api/v1/acts?search={CLERK}").json["acts"]) == 2
    refused = post(client, "staff/case", {"case": "13800138000"})
    assert (refused.status_code, refused.json["error"]) == (409, "case_refused")
    assert post(client, "staff/case", {"case": ""}).json == {"case": ""}


def test_somebody_at_the_page_is_not_idle(client: FlaskClient, session: Session, terminal: Terminal) -> None:
    sign_on(client)
    for _ in range(3):
        terminal.pass_seconds(14 * MINUTE)
        assert post(client, "staff/here", {}).json == {"on_duty": True}
    terminal.pass_seconds(15 * MINUTE)
    assert post(client, "staff/here", {}).json == {"on_duty": False}
    assert session.shift.current() is None


def test_where_nobody_has_a_key_signing_on_is_not_offered(terminal: Terminal, tmp_path: Path) -> None:
    for settings in (StaffSettings(), StaffSettings(required=True), StaffSettings(sticks=(str(tmp_path),))):
        terminal.staff = StaffFiles(terminal.directory, settings)
        said = client_of(terminal.open(), terminal).get("/api/v1/staff").json
        assert said["offered"] is (settings != StaffSettings())


def test_a_page_without_staff_has_no_part_of_it(session: Session, terminal: Terminal) -> None:
    app = create_app(session, settings=SETTINGS, reasons=REASONS, clock=terminal.world.clock)
    client = app.test_client()
    assert client.get("/api/v1/staff").status_code == 404
    assert b"staff-dialog" not in client.get("/").data


def test_the_page_has_everything_that_its_script_names(client: FlaskClient) -> None:
    page = client.get("/").text
    script = (Path(__file__).parents[2] / "verifier_terminal/web/static/staff.js").read_text()
    for name in set(re.findall(r'byId\("((?:staff|case|on)-[a-z-]+)"\)', script)):
        assert f'id="{name}"' in page, name
    for texts in client.get("/texts.json").json.values():
        assert all(texts[name] for name in set(re.findall(r"ui(?:\(\))?\.((?:staff|case)[a-z_]*)", script)))
