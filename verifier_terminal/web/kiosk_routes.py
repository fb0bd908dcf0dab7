"""The screen of a place that nobody attends: its page, its state, and what a visitor's touch may say.

    GET  /                     the page
    GET  /texts.json           its own words in three languages
    GET  /api/v1/kiosk         what the screen shows now
    POST /api/v1/kiosk/cue     {"cue": "touched" | "go_on" | "copy" | "print" | "keep" | "leave" | "call_help"};
                               answers as above

There are no routes of the clerk here: no list of acts, no voiding, no comparison of a person, no typed codes.
"""

from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest

from protocol.errors import Code
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Reason
from verifier_terminal.faces.kiosk import VISITORS_CUES, Kiosk
from verifier_terminal.faces.kiosk_table import Cue
from verifier_terminal.web.kiosk_views import kiosk_json
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.security import check_post, text_field
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, page_texts

_MAX_CUE_CHARACTERS = 16


def register(
    app: Flask,
    session: WindowSession,
    settings: WindowSettings,
    *,
    kiosk: Kiosk,
    reasons: Mapping[Code, Reason],
    clock: Callable[[], UnixTime],
) -> None:
    """Adds the routes."""

    def answer() -> Response:
        return jsonify(kiosk_json(kiosk.view(), catalogue=session.catalogue(), reasons=reasons, now=clock()))

    @app.get("/")
    def page() -> str:
        language = asked_language()
        return render_template(
            "kiosk.html",
            lang=TAGS[language],
            csrf_token=settings.csrf_token,
            personal_seconds=settings.personal_seconds,
            word_seconds=settings.word_seconds,
            ui=page_texts("kiosk")[TAGS[language]],
        )

    @app.get("/texts.json")
    def texts() -> Response:
        return jsonify(page_texts("kiosk"))

    @app.get("/api/v1/kiosk")
    def now_shown() -> Response:
        return answer()

    @app.post("/api/v1/kiosk/cue")
    def cue() -> Response:
        check_post(request, settings.csrf_token)
        word = text_field(request, "cue", max_characters=_MAX_CUE_CHARACTERS)
        if word not in VISITORS_CUES:
            raise BadRequest(f"cue: one of {', '.join(sorted(VISITORS_CUES))}")
        kiosk.visitor(Cue(word))
        return answer()
