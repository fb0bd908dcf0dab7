"""Problem reports (服务找茬) from a page: what may be reported, and a report.

GET  /api/v1/problems    {"most": 200, "views": {language: {…words…, "categories": [{"slug", "words"}]}}}
POST /api/v1/problems    {"check_number": … or null, "category": slug, "text": …}

At a place that nobody attends a visitor reports about the check on the screen or about the place, and cannot try
numbers of other people's checks. The text is never shown to anybody else by a page.
"""

from collections.abc import Callable
from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from verifier_terminal.check_number import ADDRESS
from verifier_terminal.problem_reports import MAX_CHARACTERS, Category, TooManyReports
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, page_texts, say

_FIELDS: Final = frozenset({"check_number", "category", "text"})


class TakesReports(Protocol):
    """The terminal's session as reports use it."""

    def report_problem(self, category: Category, text: str, number: str | None) -> None:
        """Writes it down. Raises: UnknownCheckNumber, TooManyReports, OutOfOrder."""


def register(
    app: Flask, session: TakesReports, settings: WindowSettings, *, on_screen: Callable[[], str | None] | None
) -> None:
    """Adds the routes. `on_screen` gives the one check that an unattended place may report about."""

    @app.get("/api/v1/problems")
    def problems() -> Response:
        words = page_texts("problem_report")
        views = {
            tag: {
                **{name: text for name, text in words[tag].items() if name not in set(Category)},
                "categories": [{"slug": each.value, "words": words[tag][each.value]} for each in Category],
            }
            for tag in TAGS.values()
        }
        return jsonify({"most": MAX_CHARACTERS, "views": views})

    @app.post("/api/v1/problems")
    def report() -> Response:
        check_post(request, settings.csrf_token)
        body = json_object(request, _FIELDS)
        number, category, text = body["check_number"], body["category"], body["text"]
        if not isinstance(category, str) or category not in set(Category):
            raise BadRequest(f"category: one of {', '.join(Category)}")
        if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
            raise BadRequest(f"text: at most {MAX_CHARACTERS} characters")
        if number is not None and (not isinstance(number, str) or not ADDRESS.fullmatch(number)):
            raise NotFound
        if on_screen is not None and number not in (None, on_screen()):
            raise NotFound
        session.report_problem(Category(category), text, number)
        return jsonify({"reported": True})

    @app.errorhandler(TooManyReports)
    def too_many(_error: TooManyReports) -> Response:
        response = jsonify({"error": "too_many_reports", "message": say("problem.too_many_reports", asked_language())})
        response.status_code = 409
        return response
