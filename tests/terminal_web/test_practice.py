"""Practice: every verdict by name, about nobody, unmistakable in what is sent, and no way to it from a text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from protocol.labels import Purpose
from tests.terminal.conftest import Terminal
from tests.terminal_web.twin import BY_TEXT, NOW, SETTINGS, TwinSession
from tests.utopia.world import World
from verifier_terminal import practice
from verifier_terminal.appraisal import gates, reasons
from verifier_terminal.appraisal.verdict import Fact, Proceed, VerdictClass
from verifier_terminal.recording import EXERCISE_NUMBER
from verifier_terminal.web.app import close_streams, create_app
from verifier_terminal.web.texts import known


@pytest.fixture
def session() -> TwinSession:
    return TwinSession()


@pytest.fixture
def client(session: TwinSession) -> Iterator[FlaskClient]:
    app = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=lambda: NOW)
    yield app.test_client()
    close_streams(app)


def test_every_class_and_every_way_to_go_on_is_there() -> None:
    given = {case: practice.verdict(case, purpose=Purpose.WINDOW, region="310000", at=NOW) for case in practice.CASES}
    assert {each.verdict_class for each in given.values()} == set(VerdictClass)
    assert {each.proceed for each in given.values()} == set(Proceed)
    for case, verdict in given.items():
        # The same rules as a real one's: nothing says more than its findings do.
        assert (verdict.verdict_class, verdict.proceed) == gates.decide(
            verdict.findings, person_check=practice.CASES[case].person_check
        )
        assert verdict.check_number == EXERCISE_NUMBER
        assert (verdict.replay_key, verdict.status_reference, verdict.burn_until, verdict.recheck) == (None,) * 3 + (
            False,
        )
        if verdict.verdict_class is VerdictClass.ACCEPT:
            assert set(verdict.established) == set(Fact)
        assert known(f"practice.{case}")


@pytest.mark.parametrize("purpose", [Purpose.WINDOW, Purpose.ROADSIDE])
def test_under_a_refusal_the_police_alone_see_the_licence(purpose: Purpose) -> None:
    suspended = practice.verdict("suspended", purpose=purpose, region="310000", at=NOW)
    assert suspended.licence is not None
    assert (suspended.licence.claims is not None) is (purpose is Purpose.ROADSIDE)
    for case in ("forged", "not_ours"):
        assert practice.verdict(case, purpose=purpose, region="310000", at=NOW).licence is None


def test_a_case_comes_marked_and_is_told_to_nobody(client: FlaskClient, session: TwinSession) -> None:
    told = session.subscribe()
    for each in client.get("/api/v1/practice").get_json()["cases"]:
        said = client.get(f"/api/v1/practice/{each['case']}").get_json()
        assert (said["practice"], said["check_number"], said["case"]) == (True, EXERCISE_NUMBER, each["case"])
        assert set(said["views"]) == set(said["answers"]["yes"]["views"]) == {"zh-Hans", "zh-Hant", "en"}
        assert said["answers"]["no"]["views"]["en"]["person"]["headline"] == "STOP"
    assert told.next(0) is None
    assert (session.scanned, session.known, list(session.acts())) == ([], [], [])


@pytest.mark.parametrize("case", ["", "valid2", "VALID", "..%2f", "%3Cscript%3E"])
def test_there_is_no_other_case(client: FlaskClient, case: str) -> None:
    assert client.get(f"/api/v1/practice/{case}").status_code == 404


def test_what_is_scanned_is_real_whatever_it_says(client: FlaskClient, session: TwinSession) -> None:
    headers = {"Origin": "http://localhost", "X-CSRF-Token": SETTINGS.csrf_token}
    client.get("/api/v1/practice/valid")
    for text in (*practice.CASES, *BY_TEXT):
        said = client.post("/api/v1/scan", json={"text": text}, headers=headers).get_json()
        assert "practice" not in said
        assert said["check_number"] != EXERCISE_NUMBER
    assert len(session.scanned) == len(practice.CASES) + len(BY_TEXT)


def test_a_real_terminal_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "terminal").mkdir()
    terminal = Terminal(World(), tmp_path / "terminal", tmp_path / "published")
    session = terminal.open()
    app = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock)
    before = session.status().journal_rows
    for case in practice.CASES:
        assert app.test_client().get(f"/api/v1/practice/{case}").status_code == 200
    assert session.status().journal_rows == before
    assert len(session._store.outbox) == 0
    close_streams(app)
    session.close()
