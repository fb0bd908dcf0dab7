"""The window page as a Flask application: routes only; words are in `views`, rules in `security`.

    GET  /                            the page
    GET  /events                      verdicts, standing, devices (server-sent events); beyond the cap 503
    GET  /texts.json                  the page's own words in three languages
    POST /api/v1/scan                 {"text": …}: a code typed in or scanned in wedge mode; {"frame": true} answers one
                                      picture of an animated code that completed nothing
    GET  /api/v1/acts?search=&lang=   today's acts
    POST /api/v1/acts/<number>/void   {"reason": …}
    POST /api/v1/acts/<number>/person {"matches": true | false}: the clerk has compared the person
    POST /api/v1/alarms/<number>/acknowledge   {}: a person has seen that a re-check changed an act
    GET  /api/v1/status               how the terminal stands
    GET  /healthz                     whether this program answers
    GET  /metrics                     figures for an operator's monitoring, nothing about persons
    …    requests and receipts        see `asking_routes`

Personal data never stand in an address or a log line; answers are never stored by the browser.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from protocol.errors import Code
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.errors import (
    AlreadyVoid,
    CertificateUnusable,
    KeyUnusable,
    NoPersonCheck,
    NoReceipt,
    NoSite,
    OutOfOrder,
    PersonCheckDone,
    RequestRefused,
    TooManyRequests,
    UnknownCheckNumber,
    UnknownRequest,
)
from verifier_terminal.events import SessionEvent
from verifier_terminal.web import asking_routes, notices, standing_views
from verifier_terminal.web.events import EventStreams, StreamsFull
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.security import check_post, harden, text_field, yes_or_no_field
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, negotiate, page_texts, say

MAX_BODY_BYTES: Final = 64 * 1024
MAX_TEXT_CHARACTERS: Final = 16_000
"""Longer than any code (limits), shorter than the body: the session itself names an overlong code E_SIZE."""
MAX_REASON_CHARACTERS: Final = 200
MAX_SEARCH_CHARACTERS: Final = 64
MAX_ACTS: Final = 2_000
"""More than a counter does in one day."""
METRICS_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_CHECK_NUMBER: Final = re.compile(r"[0-9A-Z]{1,8}(?:-[0-9A-Z]{1,8}){0,3}")
_PROBLEM_TEXTS: Final = {403: "forbidden", 404: "not_found", 409: "already_void", 413: "too_large", 415: "media_type"}
_STREAMS: Final = "liangzheng_streams"

logger = logging.getLogger(__name__)


def create_app(
    session: WindowSession,
    *,
    settings: WindowSettings,
    reasons: Mapping[Code, Reason],
    clock: Callable[[], UnixTime],
    metrics: Callable[[], bytes] | None = None,
) -> Flask:
    """The application over this session. `settings.csrf_token` is fresh for each run; `metrics` gives the figures."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts)
    streams = EventStreams(cap=settings.stream_cap, heartbeat_seconds=settings.heartbeat_seconds)
    app.extensions[_STREAMS] = streams

    def render(event: SessionEvent) -> tuple[str, notices.Json] | None:
        return notices.event_json(
            event, catalogue=session.catalogue(), reasons=reasons, status=session.status, now=clock()
        )

    def standing() -> notices.Json:
        return standing_views.standing_json(session.status())

    @app.after_request
    def _harden(response: Response) -> Response:
        return harden(response, settings.frame_ancestors)

    @app.get("/")
    def page() -> str:
        language = _language()
        return render_template(
            "window.html",
            lang=TAGS[language],
            csrf_token=settings.csrf_token,
            personal_seconds=settings.personal_seconds,
            word_seconds=settings.word_seconds,
            ui=page_texts()[TAGS[language]],
        )

    @app.get("/texts.json")
    def texts() -> Response:
        return jsonify(page_texts())

    @app.get("/events")
    def events() -> Response:
        give_back = streams.take_place()
        subscription = session.subscribe()
        # waitress alone can tell that the page has gone; with another server the next heartbeat finds it out.
        page_is_gone = request.environ.get("waitress.client_disconnected", lambda: False)
        response = Response(streams.frames(subscription, render, standing, page_is_gone), mimetype="text/event-stream")
        # Also when the page was gone before the first byte: a generator that never ran has no `finally`.
        response.call_on_close(lambda: streams.forget(subscription))
        response.call_on_close(give_back)
        return response

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
            notices.acts_json(session.acts("", MAX_ACTS), session.catalogue(), _language(), search=search, now=clock())
        )

    @app.post("/api/v1/acts/<check_number>/void")
    def void(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        reason = text_field(request, "reason", max_characters=MAX_REASON_CHARACTERS)
        if not reason.strip():
            raise BadRequest("reason: say why")
        if not _CHECK_NUMBER.fullmatch(check_number):
            raise NotFound
        session.void(check_number, reason.strip())
        return jsonify({"check_number": check_number, "void": True})

    @app.post("/api/v1/acts/<check_number>/person")
    def person(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        matches = yes_or_no_field(request, "matches")
        if not _CHECK_NUMBER.fullmatch(check_number):
            raise NotFound
        return jsonify(notices.person_json(session.confirm_person(check_number, matches)))

    @app.post("/api/v1/alarms/<check_number>/acknowledge")
    def acknowledge(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        if request.get_json() != {}:
            raise BadRequest("no field is expected")
        if not _CHECK_NUMBER.fullmatch(check_number):
            raise NotFound
        session.acknowledge(check_number)
        return jsonify({"check_number": check_number, "acknowledged": True})

    @app.get("/api/v1/status")
    def status() -> Response:
        return jsonify(standing())

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify({"alive": True})

    if metrics is not None:
        app.add_url_rule("/metrics", "metrics", lambda: Response(metrics(), content_type=METRICS_CONTENT_TYPE))
    asking_routes.register(app, session, settings)
    _register_problems(app)
    return app


def close_streams(app: Flask) -> None:
    """End the live streams of this application, so that its server can stop."""
    streams = app.extensions[_STREAMS]
    assert isinstance(streams, EventStreams)
    streams.close()


def _register_problems(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def http_problem(error: HTTPException) -> Response:
        status = error.code or 500
        return _problem(status, "http", _PROBLEM_TEXTS.get(status, "broken" if status >= 500 else "bad_request"))

    @app.errorhandler(OutOfOrder)
    def not_recorded(_error: OutOfOrder) -> Response:
        response = jsonify({"error": "out_of_order", **standing_views.out_of_order_json()})
        response.status_code = 503
        return response

    @app.errorhandler(UnknownCheckNumber)
    def no_such_act(_error: UnknownCheckNumber) -> Response:
        return _problem(404, "no_such_act", "not_found")

    @app.errorhandler(AlreadyVoid)
    def already_void(_error: AlreadyVoid) -> Response:
        return _problem(409, "already_void", "already_void")

    @app.errorhandler(NoPersonCheck)
    def no_person_check(_error: NoPersonCheck) -> Response:
        return _problem(409, "no_person_check", "no_person_check")

    @app.errorhandler(PersonCheckDone)
    def person_check_done(_error: PersonCheckDone) -> Response:
        return _problem(409, "person_check_done", "person_check_done")

    for refusal, name in _ASKING_PROBLEMS.items():
        app.register_error_handler(refusal, _asking_problem(name))

    @app.errorhandler(StreamsFull)
    def streams_full(_error: StreamsFull) -> Response:
        response = _problem(503, "too_many_pages", "too_many_pages")
        response.headers["Retry-After"] = "5"
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        # The type alone: a message or a traceback could carry what was scanned.
        logger.error("the window page failed: %s", type(error).__name__)
        return _problem(500, "broken", "broken")


_ASKING_PROBLEMS: Final = {
    CertificateUnusable: "no_certificate",
    KeyUnusable: "no_certificate",
    RequestRefused: "request_refused",
    TooManyRequests: "too_many_requests",
    NoSite: "no_site",
    UnknownRequest: "request_closed",
    NoReceipt: "no_receipt",
}


def _asking_problem(name: str) -> Callable[[Exception], Response]:
    return lambda _error: _problem(409, name, name)


def _problem(status: int, error: str, text: str) -> Response:
    response = jsonify({"error": error, "message": say(f"problem.{text}", _language())})
    response.status_code = status
    return response


def _language() -> Language:
    return negotiate(request.args.get("lang"), list(request.accept_languages.values()))
