"""The sandbox's page and its JSON endpoints, under /sandbox: the same acts behind both, without scripts.

It has no password, since everything in it is worthless; so it answers only under this machine's names (no DNS
rebinding), and an act that a page of another origin sends is refused (no CSRF).
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from issuer.errors import IssuerError
from issuer.openid4vci import drawn
from issuer.sandbox import texts
from issuer.sandbox.errors import SandboxRequestRefused
from issuer.sandbox.faults import USUAL, Fault, Misfortune
from issuer.sandbox.sandbox import Offered, Sandbox, heard_as_json, misfortune_of, offer_as_json
from issuer.web.app import status_of
from issuer.web.bodies import error as error_answer
from protocol import unixtime
from protocol.qr import drawing

PREFIX: Final = "/sandbox"
_COOKIE: Final = "sandbox_language"
_ROWS: Final = 50
_MAX_BYTES: Final = 64 * 1024
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

Given = Mapping[str, Any]


def create_app(sandbox: Sandbox, *, trusted_hosts: tuple[str, ...]) -> Flask:
    """The application that is mounted at `PREFIX`."""
    app = Flask("issuer.sandbox")
    app.config.update(TRUSTED_HOSTS=list(trusted_hosts), MAX_CONTENT_LENGTH=_MAX_BYTES)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it, its base class does not
    _guard(app)
    _pages(app, sandbox)
    _for_programs(app, sandbox)
    return app


def _guard(app: Flask) -> None:
    @app.before_request
    def from_here() -> tuple[Response, int] | None:
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin is not None and urlsplit(origin).netloc != request.host:
            return error_answer("foreign_origin", "a page of another origin sent this", "Use the sandbox's own.", 403)
        return None

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        # A form says its origin only under a policy that lets it.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[Response, int]:
        name = error.name.lower().replace(" ", "_")
        return error_answer(name, error.description or error.name, "See docs/sandbox.md.", error.code or 500)


def _acts(sandbox: Sandbox) -> Mapping[str, Callable[[Given], Offered | None]]:
    """Every act by its name; what it needs is in `given`, from a form or from JSON."""

    def offer(given: Given) -> Offered:
        items = given.get("items")
        if not isinstance(items, dict | None):
            raise SandboxRequestRefused("items are an object of values by name")
        return sandbox.offer(
            _text(given, "kind"),
            _number(given, "person"),
            # In a form, a box that is not ticked is not sent.
            tx_code=_flag(given, "tx_code", default=request.is_json),
            review=_flag(given, "review"),
            by_reference=_flag(given, "by_reference"),
            items=items,
        )

    def change_faults(given: Given) -> None:
        rates = {name: value for name, value in given.items() if name != "seed"}
        seed = None if given.get("seed") is None else _number(given, "seed")
        sandbox.begin_anew(misfortune_of(rates, seed=seed, before=sandbox.misfortune))

    def begin(rates: Mapping[Fault, float]) -> None:
        sandbox.begin_anew(Misfortune(rates, sandbox.misfortune.seed))

    def device(given: Given) -> str | None:
        return _text(given, "device") if given.get("device") is not None else None

    return {
        "offer": offer,
        "offer-again": lambda given: sandbox.offer_again(_text(given, "licence")),
        "send-again": lambda given: sandbox.send_again(_text(given, "offer")),
        "decide": lambda given: sandbox.decide(_text(given, "offer"), _text(given, "decision")),
        "change": lambda given: sandbox.change(_text(given, "licence"), _text(given, "change")),
        "renew": lambda given: sandbox.renew(_text(given, "licence")),
        "lose": lambda given: sandbox.lose(_text(given, "licence"), device(given)),
        "faults": change_faults,
        "calm": lambda _: begin({}),
        "usual": lambda _: begin(USUAL),
    }


def _pages(app: Flask, sandbox: Sandbox) -> None:
    acts = _acts(sandbox)

    @app.get("/")
    def page() -> Response:
        return _rendered(sandbox)

    @app.get("/sandbox.css")
    def style() -> Response:
        return app.send_static_file("sandbox.css")

    @app.get("/language/<language>")
    def choose(language: str) -> AnyResponse:
        answer = redirect(url_for("page"), 303)
        if language in texts.LANGUAGES:
            answer.set_cookie(_COOKIE, language, samesite="Lax", httponly=True, path=PREFIX)
        return answer

    @app.post("/do/<name>")
    def act(name: str) -> AnyResponse:
        if name not in acts:
            return make_response(_nothing_of_this_name())
        try:
            done = acts[name](request.form.to_dict())
        except IssuerError as error:
            return _rendered(sandbox, error=error)
        return redirect(url_for("page", offer=done.id) if done is not None else url_for("page", done=1), 303)


def _for_programs(app: Flask, sandbox: Sandbox) -> None:
    acts = _acts(sandbox)

    @app.get("/api/state")
    def state() -> Response:
        return jsonify(sandbox.state())

    @app.get("/api/requests")
    def requests() -> Response:
        return jsonify([heard_as_json(each) for each in sandbox.log.heard()])

    @app.post("/api/package")
    def package() -> AnyResponse | tuple[Response, int]:
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            return error_answer("malformed", "the body is no JSON object", "Send Content-Type: application/json.", 400)
        try:
            issued = sandbox.issue(_text(given, "kind"), _number(given, "person"), _text(given, "holder_key"))
        except IssuerError as error:
            return error_answer(error.code, str(error), error.hint, status_of(error))
        return Response(issued, mimetype="application/cbor")

    @app.post("/api/<name>")
    def act_by_program(name: str) -> AnyResponse | tuple[Response, int]:
        given = request.get_json(silent=True)
        if name not in acts:
            return _nothing_of_this_name()
        if not isinstance(given, dict):
            return error_answer("malformed", "the body is no JSON object", "Send Content-Type: application/json.", 400)
        try:
            done = acts[name](given)
        except IssuerError as error:
            return error_answer(error.code, str(error), error.hint, status_of(error))
        return jsonify({} if done is None else offer_as_json(done))


def _nothing_of_this_name() -> tuple[Response, int]:
    return error_answer("not_found", "there is no such act", "See docs/sandbox.md.", 404)


def _rendered(sandbox: Sandbox, *, error: IssuerError | None = None) -> Response:
    language = _language()
    state = sandbox.state()
    offered = None
    if (offer_id := request.args.get("offer")) is not None and error is None:
        try:
            offered = sandbox.offered(offer_id)
        except SandboxRequestRefused as unknown:
            error = unknown
    names = {kind.slug: texts.in_language(kind.names, language) for kind in sandbox.issuer.kinds.values()}
    return make_response(
        render_template(
            "sandbox.html",
            say=lambda key: texts.say(key, language),
            known=texts.known,
            language=language,
            languages=texts.LANGUAGES,
            state=state,
            names=names,
            kinds=sorted(names.items(), key=lambda each: each[0]),
            heard=sandbox.log.heard(),
            rows=_ROWS,
            known_offers=sandbox.known_offers(),
            offered=offered,
            picture=None if offered is None else _picture(offered.uri),
            until="" if offered is None else unixtime.iso_local(offered.until)[:16].replace("T", " "),
            error=error,
            is_done="done" in request.args,
        ),
        200 if error is None else status_of(error),
    )


def _picture(uri: str) -> str:
    return "data:image/png;base64," + base64.b64encode(drawing.png(drawn.modules(uri))).decode()


def _language() -> str:
    chosen = request.cookies.get(_COOKIE, "")
    if chosen in texts.LANGUAGES:
        return chosen
    accepted = request.accept_languages.best_match(["zh-CN", "zh-TW", "zh-HK", "zh", "en"], "zh-CN")
    return {"en": "en", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant"}.get(accepted, texts.FIRST)


def _text(given: Given, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise SandboxRequestRefused(f"{name} is missing, or no text")
    return value


def _number(given: Given, name: str) -> int:
    value = given.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        return int(value)
    if type(value) is not int:
        raise SandboxRequestRefused(f"{name} is missing, or no number")
    return value


def _flag(given: Given, name: str, *, default: bool = False) -> bool:
    value = given.get(name, default)
    if value not in (True, False, "true"):
        raise SandboxRequestRefused(f"{name} is true or false")
    return bool(value)
