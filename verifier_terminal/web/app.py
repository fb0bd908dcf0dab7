"""The pages of one terminal as a Flask application: what all of them share; rules are in `security`.

    GET  /                            the page: `window_routes`, or `kiosk_routes` where nobody attends
    GET  /events                      verdicts, standing, devices (server-sent events); beyond the cap 503
    GET  /texts.json                  the page's own words in three languages
    GET  /api/v1/status               how the terminal stands
    GET  /healthz                     whether this program answers
    GET  /metrics                     figures for an operator's monitoring, nothing about persons
    …    requests and receipts        see `asking_routes`
    …    printed slips, pages         see `printing_routes`, `paper_routes`
    …    problem reports              see `problem_routes`
    …    who is on duty               see `staff_routes`
    …    fields for the counter       see `counter_routes`

Personal data never stand in an address or a log line; answers are never stored by the browser.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from protocol.errors import Code
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Reason
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
    ValuesNotForFile,
)
from verifier_terminal.events import SessionEvent
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.handover import CounterDesk
from verifier_terminal.updates.standing import SoftwareStanding
from verifier_terminal.web import (
    asking_routes,
    counter_routes,
    diagnosis_routes,
    kiosk_routes,
    notices,
    paper_routes,
    practice_routes,
    printing_routes,
    problem_routes,
    roadside_routes,
    staff_routes,
    standing_views,
    supervisor_routes,
    window_routes,
)
from verifier_terminal.web.events import EventStreams, StreamsFull
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.security import harden
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import say

MAX_BODY_BYTES: Final = 64 * 1024
METRICS_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PROBLEM_TEXTS: Final = {403: "forbidden", 404: "not_found", 409: "already_void", 413: "too_large", 415: "media_type"}
_STREAMS: Final = "liangzheng_streams"

logger = logging.getLogger(__name__)


class PagesSession(WindowSession, roadside_routes.RoadsideSession, Protocol):
    """The terminal's session as all pages together use it."""


def create_app(
    session: PagesSession,
    *,
    settings: WindowSettings,
    reasons: Mapping[Code, Reason],
    clock: Callable[[], UnixTime],
    metrics: Callable[[], bytes] | None = None,
    kiosk: Kiosk | None = None,
    slips: printing_routes.PrintsSlips | None = None,
    counter: CounterDesk | None = None,
    pages: paper_routes.MakesPages | None = None,
    supervised: supervisor_routes.Supervised | None = None,
    beat: Callable[[], bytes] | None = None,
    staff: staff_routes.StaffDesk | None = None,
    software: Callable[[], SoftwareStanding] | None = None,
) -> Flask:
    """The application over this session.

    Args:
        session: the terminal's.
        settings: `csrf_token` is fresh for each run.
        reasons: the table of all reason codes.
        clock: what the days that a licence has left are counted by.
        metrics: gives the figures of `/metrics`.
        kiosk: the face of a place that nobody attends; without one the page is the clerk's window.
        slips: prints what the clerk's visitors take along; None: there is no printer. A kiosk has its own.
        counter: what programs of the counter may fetch; None: nothing.
        pages: makes a check's paper as PDF, for a clerk; None: it is not offered.
        staff: who is on duty; None: the page has no part about it.
        supervised: whose settings a supervisor may change by a page; None: there is no such page.
        beat: makes a heartbeat, for the page that says how the terminal stands; None: there is no such page.
        software: says on that page how the program itself stands; None: it has no such line.
    """
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

    @app.get("/api/v1/status")
    def status() -> Response:
        return jsonify(standing())

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify({"alive": True})

    if metrics is not None:
        app.add_url_rule("/metrics", "metrics", lambda: Response(metrics(), content_type=METRICS_CONTENT_TYPE))
    if kiosk is None:
        window_routes.register(
            app,
            session,
            settings,
            reasons=reasons,
            clock=clock,
            has_printer=slips is not None,
            has_pages=pages is not None,
            has_staff=staff is not None,
            personal_seconds=_personal_seconds(settings, supervised),
            supervised=supervised is not None,
            diagnosed=beat is not None,
        )
        if beat is not None:
            diagnosis_routes.register(app, beat, clock=clock, software=software)
        if supervised is not None:
            supervisor_routes.register(app, supervised, settings)
        roadside_routes.register(app, session, settings)
        practice_routes.register(app, session, reasons=reasons, clock=clock)
        if staff is not None:
            staff_routes.register(app, staff, settings, clock=clock)
        if slips is not None:
            printing_routes.register(app, slips, settings)
        if pages is not None:
            paper_routes.register(app, pages, settings)
    else:
        kiosk_routes.register(app, session, settings, kiosk=kiosk, reasons=reasons, clock=clock)
    asking_routes.register(app, session, settings)
    problem_routes.register(app, session, settings, on_screen=None if kiosk is None else kiosk.check_number)
    if counter is not None:
        counter_routes.register(app, counter, heartbeat_seconds=settings.heartbeat_seconds)
    _register_problems(app)
    return app


def _personal_seconds(settings: WindowSettings, supervised: supervisor_routes.Supervised | None) -> Callable[[], int]:
    """How long personal data stay on a screen: as the page is set, or shorter where the supervisor says so."""

    def seconds() -> int:
        set_here = supervisor_routes.value_of(supervised, "personal_seconds") if supervised else 0
        return (
            min(settings.personal_seconds, int(set_here))
            if isinstance(set_here, int) and set_here
            else settings.personal_seconds
        )

    return seconds


def close_streams(app: Flask) -> None:
    """End the live streams of this application, so that its server can stop."""
    for name in (_STREAMS, counter_routes.STREAMS):
        streams = app.extensions.get(name)
        if isinstance(streams, EventStreams):
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
    ValuesNotForFile: "values_not_for_file",
}


def _asking_problem(name: str) -> Callable[[Exception], Response]:
    return lambda _error: _problem(409, name, name)


def _problem(status: int, error: str, text: str) -> Response:
    response = jsonify({"error": error, "message": say(f"problem.{text}", asked_language())})
    response.status_code = status
    return response
