"""The supervisor's page over the real session: what it changes counts at once, and only the PIN loosens."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.terminal.conftest import Terminal
from tests.terminal_web.test_real_session import OWN, scan
from tests.terminal_web.twin import SETTINGS
from tests.utopia.world import World
from verifier_terminal import tightening
from verifier_terminal.appraisal import reasons
from verifier_terminal.session import Session
from verifier_terminal.web.app import close_streams, create_app
from verifier_terminal.web.texts import page_texts

PIN = "739204"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Terminal]:
    directory = tmp_path / "terminal"
    directory.mkdir()
    made = Terminal(World(), directory, tmp_path / "published")
    yield made
    for each in made.opened:
        each.close()


@pytest.fixture
def session(world: Terminal) -> Session:
    opened = world.open()
    assert not opened.sync(world.publish()).refused
    return opened


@pytest.fixture
def client(world: Terminal, session: Session) -> Iterator[FlaskClient]:
    app = create_app(
        session, settings=SETTINGS, reasons=reasons.load(), clock=world.world.clock, supervised=session.supervision
    )
    yield app.test_client()
    close_streams(app)


def change(client: FlaskClient, name: str, value: object, **more: object) -> tuple[int, Any]:
    body = {"value": value, "locked": False, "pin": None, **more}
    response = client.post(f"/api/v1/settings/{name}?lang=en", json=body, headers=OWN)
    return response.status_code, response.get_json()


@pytest.mark.parametrize("tag", ["zh-Hans", "zh-Hant", "en"])
def test_the_page_names_every_setting_in_every_language(client: FlaskClient, tag: str) -> None:
    page = html.unescape(client.get(f"/settings?lang={tag}").get_data(as_text=True))
    names = page_texts("setting")[tag]
    assert names.keys() == set(tightening.NAMES)
    assert len(tightening.NAMES) >= 10
    for name in tightening.NAMES:
        assert f'data-name="{name}"' in page
        assert names[name] in page
    assert page_texts("supervisor")[tag]["pin_missing"] in page


def test_what_is_set_counts_for_the_next_code(client: FlaskClient, world: Terminal) -> None:
    assert change(client, "challenge_always", True) == (
        200,
        {"name": "challenge_always", "value": True, "locked": False},
    )
    assert scan(client, world.world.code())["views"]["en"]["class"] == "refuse"


def test_only_the_pin_loosens(client: FlaskClient, session: Session) -> None:
    session.supervision.set_pin(PIN)
    assert change(client, "printing", False)[0] == 200
    status, said = change(client, "printing", True)
    assert (status, said["error"]) == (409, "pin_required")
    status, said = change(client, "printing", True, pin="739205")
    assert (status, said["error"]) == (409, "wrong_pin")
    assert "nothing was changed" in said["message"]
    assert change(client, "printing", True, pin=PIN)[0] == 200
    for _ in range(5):
        change(client, "printing", False, locked=True, pin="739205")
    response = client.post(
        "/api/v1/settings/printing?lang=en", json={"value": False, "locked": True, "pin": PIN}, headers=OWN
    )
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    assert "60 s" in response.get_json()["message"]


def test_what_is_switched_off_is_off(client: FlaskClient, world: Terminal) -> None:
    change(client, "typed_codes", False)
    response = client.post("/api/v1/scan?lang=en", json={"text": world.world.code()}, headers=OWN)
    assert (response.status_code, response.get_json()["error"]) == (403, "switched_off")
    assert client.get("/api/v1/acts").get_json()["acts"] == []


def test_personal_data_leave_the_screen_earlier_and_never_later(client: FlaskClient) -> None:
    def seconds() -> str:
        page = client.get("/").get_data(as_text=True)
        return page.split('name="personal-seconds" content="')[1].split('"')[0]

    before = seconds()
    assert before == str(SETTINGS.personal_seconds)
    change(client, "personal_seconds", 5)
    assert seconds() == "5"


def test_a_longer_time_than_the_page_has_changes_nothing(client: FlaskClient) -> None:
    change(client, "personal_seconds", 300)
    assert f'name="personal-seconds" content="{SETTINGS.personal_seconds}"' in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("no_such", {"value": 1, "locked": False, "pin": None}, 404),
        ("printing", {"value": "no", "locked": False, "pin": None}, 409),
        ("printing", {"value": False, "locked": "yes", "pin": None}, 400),
        ("printing", {"value": False, "locked": False, "pin": 739204}, 400),
        ("printing", {"value": False, "locked": False, "pin": "1" * 13}, 400),
        ("printing", {"value": False}, 400),
        ("printing", [], 400),
    ],
)
def test_another_shape_changes_nothing(
    client: FlaskClient,
    session: Session,
    name: str,
    body: object,
    status: int,
) -> None:
    assert client.post(f"/api/v1/settings/{name}", json=body, headers=OWN).status_code == status
    assert {each.name: each.value for each in session.supervision.settings()} == {
        name: getattr(tightening.NOTHING, name) for name in tightening.NAMES
    }


def test_a_foreign_page_changes_nothing(client: FlaskClient) -> None:
    body = {"value": False, "locked": False, "pin": None}
    for headers in ({}, {**OWN, "Origin": "http://evil.example"}, {**OWN, "X-CSRF-Token": "x"}):
        assert client.post("/api/v1/settings/printing", json=body, headers=headers).status_code == 403
