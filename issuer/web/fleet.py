"""The fleet's page: which terminals need somebody, for people with a token of their own; and its list for machines.

The page works without scripts; with them it renews itself. A person's token travels in a cookie that no script reads
and no other site sends (HttpOnly, SameSite=Strict), for half a day. Guaranteed: whatever a terminal or an operator
named it is shown as text; nothing comes from elsewhere. Not handled here: single sign-on, which can stand in front.
"""

import hmac
from collections.abc import Callable
from importlib import resources
from typing import Final

from flask import Blueprint, Flask, Response, g, jsonify, redirect, render_template, request

from issuer.application import Issuer
from issuer.fleet import listing, texts
from issuer.web.bodies import error
from protocol.unixtime import HOUR, UnixTime

OPEN: Final = frozenset({"fleet.page", "fleet.sign_in", "fleet.sign_out", "fleet.asset", "fleet.listed"})
"""Endpoints that check a person's token, or the operator's, themselves; and files that hold no secret."""
COOKIE: Final = "fleet"
_ASSETS: Final = {"fleet.css": "text/css; charset=utf-8", "fleet.js": "text/javascript; charset=utf-8"}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STAYS: Final = 12 * HOUR
_FOREIGN: Final = frozenset({"cross-site", "same-site"})
_MAX_SEARCH: Final = 100
MAX_SHOWN: Final = 500
"""Nobody reads more, and a page of ten thousand takes a browser seconds; the search finds the others."""


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime], operator_token: str) -> None:
    """Put these routes into the application."""
    pages = Blueprint("fleet", "issuer.fleet", template_folder="pages")

    def is_known(token: str) -> bool:
        return issuer.fleet_tokens.owner(token, at=now()) is not None

    @pages.get("/fleet")
    def page() -> Response:
        language = _language()
        if not is_known(request.cookies.get(COOKIE, "")):
            return _sign_in_page(language, wrong=False)
        at, search = now(), _search()
        found = issuer.fleet.standings(search=search, at=at)
        lines = [listing.line(each, language, at=at) for each in found[:MAX_SHOWN]]
        counted = {"all": len(found), "bad": sum(bool(each.findings) for each in found)}
        return _rendered("fleet.html", language, lines=lines, search=search, counted=counted, at=texts.local(at))

    @pages.post("/fleet/sign-in")
    def sign_in() -> Response:
        language, token = _language(), request.form.get("token", "").strip()
        if request.headers.get("Sec-Fetch-Site") in _FOREIGN or not is_known(token):
            return _sign_in_page(language, wrong=True)
        answer = _to_page(language)
        is_tls = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
        answer.set_cookie(COOKIE, token, max_age=_STAYS, path="/fleet", httponly=True, samesite="Strict", secure=is_tls)
        return answer

    @pages.post("/fleet/sign-out")
    def sign_out() -> Response:
        answer = _to_page(_language())
        answer.delete_cookie(COOKIE, path="/fleet", httponly=True, samesite="Strict")
        return answer

    @pages.get("/fleet/<any('fleet.css', 'fleet.js'):name>")
    def asset(name: str) -> Response:
        content = resources.files("issuer.fleet").joinpath("pages", name).read_bytes()
        g.cacheable = True
        return Response(content, content_type=_ASSETS[name], headers={"Cache-Control": "private, max-age=300"})

    @pages.get("/api/v1/fleet")
    def listed() -> Response | tuple[Response, int]:
        kind, _, offered = request.headers.get("Authorization", "").partition(" ")
        offered = offered.strip()
        is_operator = hmac.compare_digest(offered.encode(), operator_token.encode())
        if kind.lower() != "bearer" or not (is_operator or is_known(offered)):
            answer, status = error(
                "unauthorised", "this needs a token for the fleet", "Send Authorization: Bearer and the token.", 401
            )
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer, status
        at = now()
        return jsonify([listing.as_json(each, at=at) for each in issuer.fleet.standings(search=_search(), at=at)])

    app.register_blueprint(pages)


def _language() -> str:
    wanted = request.args.get("language", "")
    if wanted in texts.LANGUAGES:
        return wanted
    # Browsers say zh-CN, zh-TW or zh-HK and mean a script.
    accepted = request.accept_languages.best_match(["zh-CN", "zh-TW", "zh-HK", "zh", "en"], "zh-CN")
    return {"en": "en", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant"}.get(accepted, texts.FIRST)


def _search() -> str:
    search = request.args.get("search", "")[:_MAX_SEARCH]
    return search if search.isprintable() else ""


def _to_page(language: str) -> Response:
    answer = redirect(f"/fleet?language={language}", 303)
    assert isinstance(answer, Response)
    return answer


def _sign_in_page(language: str, *, wrong: bool) -> Response:
    answer = _rendered("sign_in.html", language, wrong=wrong)
    answer.status_code = 401
    return answer


def _rendered(template: str, language: str, **values: object) -> Response:
    def word(name: str, **numbers: object) -> str:
        return texts.word(name, language, **numbers)

    content = render_template(template, word=word, language=language, languages=texts.LANGUAGES, **values)
    return Response(content, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})
