"""The pages that only look at a terminal's directory, as a Flask application on this machine.

    GET  /                      what this terminal is, its chain, its tables and files
    GET  /journal?before=       rows, the newest first
    POST /journal               {search}: rows with this in their content; in the body, so that no address has it
    GET  /checks/<number>       how one check was decided
    GET  /table/<name>?page=    any table
    GET  /documents             trust list, catalogue and policy in words
    GET  /readings              who looked at what

Guaranteed: nothing of the terminal is written to; that somebody looked stands in a file of its own before anything is
shown (`readings`), or the page says that it does not. Every answer carries the rules of `web.security`, and there is no
script at all. Who may read the directory's files is who may run this. Not handled here: the server.
"""

import hmac
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException, NotFound

from protocol.keys import VerificationKey
from protocol.licence.catalogue import Catalogue
from verifier_terminal.appraisal import reasons
from verifier_terminal.check_number import ADDRESS
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import StoreDamaged, UnknownCheckNumber
from verifier_terminal.explore import documents, pages
from verifier_terminal.explore.pages import Page
from verifier_terminal.explore.readings import Readings
from verifier_terminal.explore.snapshot import Snapshots
from verifier_terminal.store import chain
from verifier_terminal.store.anchor import Anchor
from verifier_terminal.store.store import ANCHOR, DATABASE
from verifier_terminal.web.explanation import Words
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import harden
from verifier_terminal.web.texts import TAGS, say

MAX_BODY_BYTES: Final = 4_096
MAX_SEARCH_CHARACTERS: Final = 64
_TRUSTED_HOSTS: Final = ("127.0.0.1", "localhost")
"""As for the window's page: anything else is DNS rebinding."""

logger = logging.getLogger(__name__)


class Foreign(HTTPException):
    """A POST that did not come from these pages."""

    code = 403


def create_app(
    directory: Path, settings: TerminalSettings, root: VerificationKey, *, csrf_token: str, readings: Readings
) -> Flask:
    """The application over this directory.

    Args:
        directory: The terminal's; it only has to be readable.
        settings: Its own.
        root: The pinned root, checked against them.
        csrf_token: Fresh for each run.
        readings: Where it is written down what is looked at.
    """
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.config["TRUSTED_HOSTS"] = list(_TRUSTED_HOSTS)
    snapshots = Snapshots(directory / DATABASE)
    verified: dict[str, Any] = {}

    def draw(page: Page, status: int = 200, *, noted: bool = True) -> Response:
        language = asked_language()
        if not noted:
            page = replace(page, alarms=(*page.alarms, say("explore.not_noted", language)))
        drawn = render_template(
            "page.html",
            page=page,
            tag=TAGS[language],
            tags=TAGS.values(),
            csrf_token=csrf_token,
            max_search=MAX_SEARCH_CHARACTERS,
            say=lambda name: say(f"explore.{name}", language),
        )
        return Response(drawn, status=status, mimetype="text/html")

    @app.after_request
    def _harden(response: Response) -> Response:
        harden(response, ())
        policy = response.headers["Content-Security-Policy"]
        # The one form is the search, and no page here has a script.
        policy = policy.replace("form-action 'none'", "form-action 'self'").replace("script-src 'self'; ", "")
        response.headers["Content-Security-Policy"] = policy
        return response

    @app.get("/")
    def overview() -> Response:
        noted = readings.note("overview")
        # The anchor first: a row that is written in between stands in the database and not yet in it.
        anchored = Anchor(directory / ANCHOR).read()
        with snapshots.now() as database:
            # Walking a long chain takes seconds: once for each state.
            if verified.get("of") != (database, anchored):
                report = chain.verify_chain(database, terminal_id=settings.terminal_id, anchored=anchored)
                verified.update({"of": (database, anchored), "report": report})
            return draw(pages.overview(database, directory, settings, verified["report"], _words()), noted=noted)

    @app.get("/journal")
    def journal() -> Response:
        before = request.args.get("before", type=int)
        noted = readings.note("journal" if before is None else f"journal before row {before}")
        with snapshots.now() as database:
            words = _words(documents.held_catalogue(database, root))
            return draw(
                pages.journal(database, settings.terminal_id, search="", before=before, words=words), noted=noted
            )

    @app.post("/journal")
    def search() -> Response:
        origin = request.headers.get("Origin", "null")
        # Our own form sends "null" for its origin, since no page says where it came from; the token is what tells.
        is_own = origin == "null" or urlsplit(origin).netloc == request.host
        if not is_own or not hmac.compare_digest(request.form.get("token", "").encode(), csrf_token.encode()):
            raise Foreign
        # It is repeated on the page; what was pasted into it may be a text that somebody else made.
        noted = readings.note("journal, searched")
        wanted = shown(request.form.get("search", "")[:MAX_SEARCH_CHARACTERS].strip())
        with snapshots.now() as database:
            words = _words(documents.held_catalogue(database, root))
            return draw(
                pages.journal(database, settings.terminal_id, search=wanted, before=None, words=words), noted=noted
            )

    @app.get("/checks/<number>")
    def check(number: str) -> Response:
        if not ADDRESS.fullmatch(number):
            raise NotFound
        noted = readings.note(f"check {number}")
        with snapshots.now() as database:
            words = _words(documents.held_catalogue(database, root))
            return draw(pages.check(database, settings.terminal_id, number, words), noted=noted)

    @app.get("/table/<name>")
    def table(name: str) -> Response:
        number = max(0, request.args.get("page", 0, type=int))
        with snapshots.now() as database:
            page = pages.table(database, name, number, _words())
        if page is None:
            raise NotFound
        return draw(page, noted=readings.note(f"table {shown(name)}, page {number}"))

    @app.get("/documents")
    def signed_documents() -> Response:
        noted = readings.note("documents")
        with snapshots.now() as database:
            words = _words(documents.held_catalogue(database, root))
            return draw(documents.page(database, root, words), noted=noted)

    @app.get("/readings")
    def who_looked() -> Response:
        noted = readings.note("readings")
        return draw(pages.readings(readings.newest(), _words()), noted=noted)

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> Response:
        key = "not_found" if error.code == 404 else "bad_request"
        return draw(Page(say(f"explore.{key}", asked_language())), error.code or 500)

    @app.errorhandler(UnknownCheckNumber)
    def no_check(_error: UnknownCheckNumber) -> Response:
        return draw(Page(say("explore.no_check", asked_language())), 404)

    @app.errorhandler(StoreDamaged)
    def unreadable(error: StoreDamaged) -> Response:
        return draw(Page(say("explore.broken", asked_language(), why=shown(str(error)))), 500)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        # The type alone: a message could carry what stands in a row.
        logger.error("a page failed: %s", type(error).__name__)
        return draw(Page(say("explore.broken", asked_language(), why=type(error).__name__)), 500)

    return app


def _words(catalogue: Catalogue | None = None) -> Words:
    return Words(asked_language(), reasons.load(), catalogue)
