"""The clerk's window: its page, today's acts, and what a clerk does with them.

GET  /                            the page
GET  /texts.json                  its own words in three languages
POST /api/v1/scan                 {"text": …}: a code typed in or scanned in wedge mode; {"frame": true} answers one
                                  picture of an animated code that completed nothing
GET  /api/v1/acts?search=&lang=   today's acts
POST /api/v1/acts/<number>/void   {"reason": …}
POST /api/v1/acts/<number>/person {"matches": true | false}: the clerk has compared the person
POST /api/v1/alarms/<number>/acknowledge   {}: a person has seen that a re-check changed an act
"""

from collections.abc import Callable, Mapping
from typing import Final

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest, NotFound

from protocol.errors import Code
from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Reason
from verifier_terminal.check_number import ADDRESS
from verifier_terminal.web import notices
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.security import check_post, text_field, yes_or_no_field
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, page_texts

MAX_TEXT_CHARACTERS: Final = 16_000
"""Longer than any code (limits), shorter than the body: the session itself names an overlong code E_SIZE."""
MAX_REASON_CHARACTERS: Final = 200
MAX_SEARCH_CHARACTERS: Final = 64
MAX_ACTS: Final = 2_000
"""More than a counter does in one day."""


def register(
    app: Flask,
    session: WindowSession,
    settings: WindowSettings,
    *,
    reasons: Mapping[Code, Reason],
    clock: Callable[[], UnixTime],
    has_printer: bool = False,
    has_pages: bool = False,
    has_staff: bool = False,
    personal_seconds: Callable[[], int],
    supervised: bool = False,
    diagnosed: bool = False,
) -> None:
    """Adds the routes. Failures of the session are answered by the application's own handlers."""

    @app.get("/")
    def page() -> str:
        language = asked_language()
        return render_template(
            "window.html",
            lang=TAGS[language],
            csrf_token=settings.csrf_token,
            personal_seconds=personal_seconds(),
            word_seconds=settings.word_seconds,
            printer=has_printer,
            pages=has_pages,
            supervised=supervised,
            diagnosed=diagnosed,
            staff=has_staff,
            roadside=session.status().purpose is Purpose.ROADSIDE,
            ui=page_texts("ui")[TAGS[language]],
        )

    @app.get("/texts.json")
    def texts() -> Response:
        return jsonify(page_texts("ui"))

    @app.post("/api/v1/scan")
    def scan() -> Response:
        check_post(request, settings.csrf_token)
        text = text_field(request, "text", max_characters=MAX_TEXT_CHARACTERS)
        shown = session.read(text, source="manual")
        if shown is None:
            return jsonify({"frame": True})
        return jsonify(
            notices.verdict_json(shown, catalogue=session.catalogue(), reasons=reasons, now=clock()),
        )

    @app.get("/api/v1/acts")
    def acts() -> Response:
        search = request.args.get("search", "")
        if len(search) > MAX_SEARCH_CHARACTERS:
            raise BadRequest("search: too long")
        return jsonify(
            notices.acts_json(
                session.acts("", MAX_ACTS), session.catalogue(), asked_language(), search=search, now=clock()
            )
        )

    @app.post("/api/v1/acts/<check_number>/void")
    def void(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        reason = text_field(request, "reason", max_characters=MAX_REASON_CHARACTERS)
        if not reason.strip():
            raise BadRequest("reason: say why")
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        session.void(check_number, reason.strip())
        return jsonify({"check_number": check_number, "void": True})

    @app.post("/api/v1/acts/<check_number>/person")
    def person(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        matches = yes_or_no_field(request, "matches")
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        return jsonify(notices.person_json(session.confirm_person(check_number, matches)))

    @app.post("/api/v1/alarms/<check_number>/acknowledge")
    def acknowledge(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        if request.get_json() != {}:
            raise BadRequest("no field is expected")
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        session.acknowledge(check_number)
        return jsonify({"check_number": check_number, "acknowledged": True})
