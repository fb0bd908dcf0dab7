"""The page over the real session: real codes, signatures, journal and replay store; nothing of the twin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.terminal_web.twin import SETTINGS, TOKEN
from tests.utopia.forgeries import FORGERIES
from tests.utopia.forgery import Forgery
from tests.utopia.world import World
from verifier_terminal.appraisal import reasons
from verifier_terminal.events import PersonChecked
from verifier_terminal.session import Session
from verifier_terminal.web.app import close_streams, create_app

OWN = {"Origin": "http://localhost", "X-CSRF-Token": TOKEN}


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    directory = tmp_path / "terminal"
    directory.mkdir()
    made = Terminal(World(), directory, tmp_path / "published")
    yield made
    for session in made.opened:
        session.close()


@pytest.fixture
def session(terminal: Terminal) -> Session:
    opened = terminal.open()
    assert not opened.sync(terminal.publish()).refused
    return opened


@pytest.fixture
def client(terminal: Terminal, session: Session) -> Iterator[FlaskClient]:
    app = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock)
    yield app.test_client()
    close_streams(app)


def scan(client: FlaskClient, text: str) -> Any:
    response = client.post("/api/v1/scan", json={"text": text}, headers=OWN)
    assert response.status_code == 200
    return response.get_json()


def test_a_good_code_is_accepted_listed_and_voided(client: FlaskClient, terminal: Terminal) -> None:
    made = scan(client, terminal.world.code())
    view = made["views"]["zh-Hans"]
    assert view["class"] == "accept"
    assert view["licence"]["name"]
    number = made["check_number"]
    acts = client.get(f"/api/v1/acts?search={number.replace('-', '').lower()}").get_json()["acts"]
    assert [(act["check_number"], act["word"], act["void"]) for act in acts] == [(number, "有效", False)]
    path = f"/api/v1/acts/{number}/void"
    assert client.post(path, json={"reason": "误扫"}, headers=OWN).status_code == 200
    assert client.get("/api/v1/acts").get_json()["acts"][0]["void_reason"] == "误扫"
    assert client.post(path, json={"reason": "误扫"}, headers=OWN).status_code == 409
    assert client.post("/api/v1/acts/000-000/void", json={"reason": "误扫"}, headers=OWN).status_code == 404


@pytest.mark.parametrize(("matches", "mark"), [(True, "matched"), (False, "not_matched")])
def test_the_person_is_compared_and_the_act_is_marked(terminal: Terminal, matches: bool, mark: str) -> None:
    session = terminal.open()
    assert not session.sync(terminal.publish(rows=rows_with_person_check(terminal.world))).refused
    client = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock).test_client()
    made = scan(client, terminal.world.code())
    view = made["views"]["zh-Hans"]
    assert (view["class"], view["proceed"], view["person"]["state"]) == ("accept", "after_check", "waiting")
    path = f"/api/v1/acts/{made['check_number']}/person"
    with session.subscribe() as events:
        answer = client.post(path, json={"matches": matches}, headers=OWN)
        assert answer.status_code == 200
        assert isinstance(events.next(0), PersonChecked)
    assert answer.get_json()["views"]["zh-Hans"]["person"]["state"] == mark
    assert [act["person"] for act in client.get("/api/v1/acts").get_json()["acts"]] == [mark]
    assert client.post(path, json={"matches": matches}, headers=OWN).status_code == 409


def test_a_replay_is_refused_in_words(client: FlaskClient, terminal: Terminal) -> None:
    text = terminal.world.code()
    scan(client, text)
    terminal.pass_seconds(5)
    view = scan(client, text)["views"]["zh-Hans"]
    assert view["class"] == "refuse"
    assert "E_REPLAY" in [finding["code"] for finding in view["findings"]]


@pytest.mark.parametrize("forgery", FORGERIES[:: max(1, len(FORGERIES) // 12)], ids=str)
def test_a_forged_code_shows_its_reason_and_no_claim(client: FlaskClient, terminal: Terminal, forgery: Forgery) -> None:
    made = scan(client, forgery.make(terminal.world))
    view = made["views"]["zh-Hans"]
    assert view["class"] in ("refuse", "not_read")
    assert forgery.code in [finding["code"] for finding in view["findings"]]
    assert view["licence"] is None or (view["licence"]["name"], view["licence"]["items"]) == (None, [])


@pytest.mark.parametrize("text", ["https://example.org/x", "wxp://f2f0abc", "\x00\x01", " ", "\ud800", "A" * 16_000])
def test_foreign_text_is_not_read_and_not_repeated(client: FlaskClient, text: str) -> None:
    made = scan(client, text)
    assert {view["class"] for view in made["views"].values()} == {"not_read"}
    assert made["views"]["zh-Hans"]["foreign"]
    assert len(text) < 4 or text not in str(made)


def test_the_standing_comes_from_the_real_session(client: FlaskClient) -> None:
    made = client.get("/api/v1/status").get_json()
    assert made["link"] == "online"
    assert made["views"]["zh-Hans"]["network"] == "网络正常"
    assert made["views"]["zh-Hans"]["troubles"] == []
