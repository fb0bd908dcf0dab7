"""The page's routes for asking holders and for receipts.

GET  /api/v1/requests                   what is open, and what may be asked for
POST /api/v1/requests                   {"kinds": [slug, …], "reason": …}: ask
POST /api/v1/requests/short             {}: a short code
POST /api/v1/requests/standing          {"kinds": [slug, …]}: what a page that always asks has on its screen
POST /api/v1/requests/<number>/cancel   {}
POST /api/v1/acts/<number>/receipt      {"reason": … or null}: the receipt and the holder's copy, in base64, and the
                                        copy's code for the holder's wallet (null: too long for one)
"""

from base64 import b64encode
from typing import Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from protocol import receipt as receipts
from protocol.limits import MAX_REASON_CHARACTERS, MAX_WANTED_KINDS
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.asking import OpenedRequest
from verifier_terminal.check_number import ADDRESS
from verifier_terminal.errors import TerminalError
from verifier_terminal.web import asking_views
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.standing_request import StandingRequest
from verifier_terminal.web.texts import TAGS, say

_NOTHING: Final[frozenset[str]] = frozenset()
_MAX_SLUG_CHARACTERS: Final = 64


def register(app: Flask, session: WindowSession, settings: WindowSettings) -> None:
    """Adds the routes. Failures of the session are answered by the application's own handlers."""
    standing = StandingRequest(session)

    def answer(
        opened: tuple[OpenedRequest, ...], trouble: TerminalError | None = None, renew_in: float | None = None
    ) -> Response:
        catalogue, status = session.catalogue(), session.status()
        return jsonify(
            {
                "always": status.always_asks,
                "open": [asking_views.request_json(each, catalogue) for each in opened],
                "renew_in": renew_in,
                "trouble": asking_views.trouble_views(trouble, status.certification),
                "kinds": asking_views.choices_json(session.askable(), catalogue),
                "short_codes": bool(status.site),
                "reasons": {tag: say(f"purpose.{status.purpose.word}", language) for language, tag in TAGS.items()},
            }
        )

    @app.get("/api/v1/requests")
    def open_requests() -> Response:
        return answer(tuple(session.requests()))

    @app.post("/api/v1/requests")
    def ask() -> Response:
        check_post(request, settings.csrf_token)
        body = json_object(request, frozenset({"kinds", "reason"}))
        reason = reason_or_none(body["reason"])
        if reason is None:
            raise BadRequest("reason: say why")
        wanted = asking_views.wanted_of(_slugs(body["kinds"]), session.askable(), session.catalogue())
        return answer((session.open_challenge(wanted, reason),))

    @app.post("/api/v1/requests/short")
    def ask_short() -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        return answer((session.open_short_code(),))

    @app.post("/api/v1/requests/standing")
    def ask_always() -> Response:
        check_post(request, settings.csrf_token)
        chosen = _slugs(json_object(request, frozenset({"kinds"}))["kinds"])
        askable, catalogue = session.askable(), session.catalogue()
        wanted = asking_views.wanted_of(chosen or settings.asked_kinds, askable, catalogue)
        if not wanted and askable:
            first = next(iter(askable))
            wanted = {first: askable[first].usual}
        # What stands on a screen all day is for everybody who comes, so it is in the language of the place.
        found = standing.current(wanted, say(f"purpose.{session.status().purpose.word}", Language.ZH_HANS))
        opened = tuple(each for each in (found.challenge, found.short_code) if each is not None)
        return answer(opened, found.trouble, found.renew_in)

    @app.post("/api/v1/requests/<int:number>/cancel")
    def cancel(number: int) -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        session.cancel_request(number)
        return jsonify({"number": number, "cancelled": True})

    @app.post("/api/v1/acts/<check_number>/receipt")
    def receipt(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        reason = reason_or_none(json_object(request, frozenset({"reason"}))["reason"])
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        made = session.receipt(check_number, reason)
        encoded_copy = receipts.encode_copy(made)
        return jsonify(
            {
                "check_number": check_number,
                "receipt": b64encode(made.receipt).decode(),
                "copy": b64encode(encoded_copy).decode(),
                "copy_code": asking_views.copy_code_json(encoded_copy),
            }
        )


def _slugs(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_WANTED_KINDS:
        raise BadRequest(f"kinds: a list of at most {MAX_WANTED_KINDS}")
    if not all(isinstance(each, str) and len(each) <= _MAX_SLUG_CHARACTERS for each in value):
        raise BadRequest("kinds: names of kinds")
    return tuple(value)


def reason_or_none(value: object) -> str | None:
    """A reason as it may stand on a receipt; null is the one of the request that was answered.

    Raises:
        BadRequest: Neither.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_REASON_CHARACTERS:
        raise BadRequest(f"reason: a text of 1 to {MAX_REASON_CHARACTERS} characters")
    return value.strip()
