"""The route of problem reports: what it takes, from whom, and that a visitor cannot try others' checks."""

from typing import Any

import pytest

from tests.terminal_web.test_routes import ORIGIN, OWN
from tests.terminal_web.twin import GOOD, NOW, REASONS, SETTINGS, TwinSession, shown
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.faces.kiosk_table import Cue
from verifier_terminal.problem_reports import MAX_CHARACTERS, Category, TooManyReports
from verifier_terminal.web.app import create_app
from verifier_terminal.web.texts import TAGS

BODY = {"check_number": "7K3-Q42", "category": "too_slow", "text": "<b>等了很久</b>"}


def post(session: TwinSession, body: Any, *, headers: dict[str, str] = OWN, kiosk: Kiosk | None = None) -> Any:
    app = create_app(session, settings=SETTINGS, reasons=REASONS, clock=lambda: NOW, kiosk=kiosk)
    return app.test_client().post("/api/v1/problems", json=body, headers=headers)


@pytest.fixture
def session() -> TwinSession:
    made = TwinSession()
    made.tell(shown(GOOD))
    return made


def test_a_report_is_taken_with_a_check_or_without(session: TwinSession) -> None:
    answer = post(session, BODY)
    assert (answer.status_code, answer.get_json()) == (200, {"reported": True})
    assert post(session, {**BODY, "check_number": None, "text": ""}).status_code == 200
    assert session.reports == [(Category.TOO_SLOW, "<b>等了很久</b>", "7K3-Q42"), (Category.TOO_SLOW, "", None)]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"category": "harmless"}, 400),
        ({"category": ["too_slow"]}, 400),
        ({"category": None}, 400),
        ({"text": None}, 400),
        ({"text": "x" * (MAX_CHARACTERS + 1)}, 400),
        ({"more": 1}, 400),
        ({"check_number": 7}, 404),
        ({"check_number": "../7K3"}, 404),
        ({"check_number": "000-000"}, 404),
    ],
)
def test_other_bodies_report_nothing(session: TwinSession, change: dict[str, Any], status: int) -> None:
    assert post(session, {**BODY, **change}).status_code == status
    assert session.reports == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": ORIGIN}, {**OWN, "Origin": "https://evil.example"}, {**OWN, "X-CSRF-Token": "x" * 40}]
)
def test_another_page_reports_nothing(session: TwinSession, headers: dict[str, str]) -> None:
    assert post(session, BODY, headers=headers).status_code == 403
    assert session.reports == []


def test_a_visitor_reports_about_the_check_on_the_screen_or_about_the_place(session: TwinSession) -> None:
    kiosk = Kiosk(session, elapsed_seconds=lambda: 0.0, service=lambda: None)
    assert post(session, BODY, kiosk=kiosk).status_code == 404
    session.tell(shown(GOOD))
    assert post(session, BODY, kiosk=kiosk).status_code == 200
    assert post(session, {**BODY, "check_number": None}, kiosk=kiosk).status_code == 200
    kiosk.visitor(Cue.LEAVE)
    assert post(session, BODY, kiosk=kiosk).status_code == 404
    assert [number for _, _, number in session.reports] == ["7K3-Q42", None]


@pytest.mark.parametrize(
    ("failure", "status", "error"),
    [(TooManyReports(), 409, "too_many_reports"), (OutOfOrder("disk full"), 503, "out_of_order")],
)
def test_what_could_not_be_noted_is_said(session: TwinSession, failure: Exception, status: int, error: str) -> None:
    session.raises = failure
    answer = post(session, BODY)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)


def test_every_category_has_words_in_every_language(session: TwinSession) -> None:
    app = create_app(session, settings=SETTINGS, reasons=REASONS, clock=lambda: NOW)
    content = app.test_client().get("/api/v1/problems").get_json()
    assert content["most"] == MAX_CHARACTERS
    assert set(content["views"]) == set(TAGS.values())
    for words in content["views"].values():
        assert [each["slug"] for each in words["categories"]] == [each.value for each in Category]
        assert all(each["words"] for each in words["categories"])
        assert {"title", "about", "what", "more", "send", "close", "choose", "thanks", "failed"} <= words.keys()
