"""What an applicant asks: how their application stands, on a page for any browser, and as JSON for apps.

Number and code are posted, so that no address, log or history holds both; the address on the receipt names the number
alone. A wrong code counts against the address that sent it, as wrong codes of offers do; each answer is the same for a
number that nobody has. No cookie, no script, nothing from elsewhere.
"""

import base64
import hashlib
from collections.abc import Callable
from importlib import resources
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request

from issuer.application import Issuer
from issuer.applications.errors import ApplicationNotFollowed
from issuer.applications.following import Standing
from issuer.console import texts
from issuer.errors import IssuerError
from issuer.openid4vci.addresses import GUESSES, REQUESTS, Bucket
from issuer.openid4vci.errors import TooManyRequests
from issuer.web.bodies import Body
from issuer.web.callers import address
from protocol import unixtime
from protocol.unixtime import UnixTime

NAME: Final = "following"
PATH: Final = "/my-application"
OPEN: Final = frozenset({f"{NAME}.my_application", f"{NAME}.application_standing"})
"""Endpoints for whoever has number and code of a receipt."""
_MAX_CHARACTERS: Final = 64
_RETRY_SECONDS: Final = "60"


def link(url: str, application_id: str) -> str:
    """The address on the receipt, at which the number is filled in."""
    return f"{url.rstrip('/')}{PATH}?{urlencode({'number': application_id})}"


def add_routes(
    app: Flask, issuer: Issuer, now: Callable[[], UnixTime], status_of: Callable[[IssuerError], int]
) -> None:
    """Put these routes into the application."""
    pages = Blueprint(NAME, __name__, template_folder="templates")
    requests, guesses = Bucket(REQUESTS), Bucket(GUESSES)
    style = resources.files("issuer.web").joinpath("templates", "following.css").read_text("utf-8")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    def standing(number: str, code: str) -> Standing:
        at, caller = now(), address()
        requests.take(caller, at=at)
        guesses.demand(caller, at=at)
        try:
            return issuer.following.standing(number[:_MAX_CHARACTERS], code[:_MAX_CHARACTERS])
        except ApplicationNotFollowed:
            guesses.take(caller, at=at)
            raise

    @pages.route(PATH, methods=["GET", "POST"])
    def my_application() -> Response:
        chosen = request.values.get("language", "")
        language = chosen if chosen in texts.LANGUAGES else texts.accepted(request.accept_languages)
        number, found, wrong, status = request.values.get("number", "")[:_MAX_CHARACTERS], None, "", 200
        if request.method == "POST":
            try:
                found = standing(number, request.form.get("code", ""))
            except IssuerError as error:
                status, wrong = status_of(error), f"follow.{error.code}"
        kind = None if found is None else issuer.kinds.get(found.vct)
        answer = make_response(
            render_template(
                "following.html",
                say=lambda key: texts.say(key, language),
                style=style,
                language=language,
                languages=texts.LANGUAGES,
                # Relative: a web server in front may have put the service below a path of its own.
                path=PATH.removeprefix("/"),
                profile=issuer.profile,
                number=number,
                found=found,
                kind="" if kind is None else texts.in_language(kind.names, language),
                wrong=wrong if not wrong or texts.known(wrong) else "follow.not_now",
                moment=lambda value: unixtime.iso_local(value)[:16].replace("T", " "),
            ),
            status,
        )
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'sha256-{allowed}'; img-src data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        return _retry(answer)

    @pages.post("/api/v1/applications/standing")
    def application_standing() -> Response:
        body = Body.read({"number", "code"})
        found = standing(body.text("number"), body.text("code"))
        kind = issuer.kinds.get(found.vct)
        return jsonify(
            number=found.number,
            kind=str(found.vct) if kind is None else kind.slug,
            state=str(found.state),
            filed_at=unixtime.iso_utc(found.filed_at),
            changed_at=unixtime.iso_utc(found.changed_at),
            said=found.said,
        )

    @pages.errorhandler(TooManyRequests)
    def too_many(error: TooManyRequests) -> Response:
        return _retry(make_response(jsonify(error=error.code, message=str(error), hint=error.hint), status_of(error)))

    app.register_blueprint(pages)


def _retry(answer: Response) -> Response:
    if answer.status_code == 429:
        answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer
