"""The issuer's web service: published files for everybody, packages by unguessable address, the rest by operator token.

Deny by default: a route that is not in `_OPEN` needs the token, also one that somebody adds tomorrow. Answers of the
API are JSON, errors as {error, message, hint}. Not handled here: TLS and limits per client (the web server in front).
"""

import hmac
import logging
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import safe_join

from issuer import holder_keys
from issuer.added_kinds import errors as added_kinds_errors
from issuer.application import Issuer
from issuer.applications import errors as applications_errors
from issuer.approvals import errors as approvals_errors
from issuer.audit import errors as audit_errors
from issuer.binding import errors as binding_errors
from issuer.changing import errors as changing_errors
from issuer.devices import errors as devices_errors
from issuer.enrolment import errors as enrolment_errors
from issuer.errors import (
    AuthoringError,
    DeviceNotInForce,
    DeviceUnknown,
    HolderKeyRefused,
    IssuerError,
    KindUnknown,
    LicenceNotValid,
    LicenceUnknown,
    LintRefused,
    MandateNotInForce,
    MandateRefused,
    MandateUnknown,
    OfficeRefused,
    OfficeUnknown,
    PackageUnknown,
    PaperNotInForce,
    PaperRefused,
    PaperUnknown,
    PortraitRefused,
    ReasonRefused,
    SiteRefused,
    SiteTaken,
    SiteUnknown,
    SubjectRefused,
    TerminalNotRunning,
    TerminalRefused,
    TerminalTaken,
    TransitionRefused,
)
from issuer.fleet import errors as fleet_errors
from issuer.holders import errors as holders_errors
from issuer.joint import errors as joint_errors
from issuer.keys import errors as keys_errors
from issuer.lifecycle import LegalChange
from issuer.listing import as_json, change_as_json
from issuer.openid4vci import errors as openid4vci_errors
from issuer.publishing import AGGREGATION
from issuer.renewing import errors as renewing_errors
from issuer.sandbox import errors as sandbox_errors
from issuer.web import (
    devices,
    fleet,
    following,
    mandates,
    offers,
    openapi,
    openid4vci,
    papers,
    remote_terminals,
    terminals,
)
from issuer.web.bodies import Body, Malformed
from issuer.web.bodies import error as error_answer
from issuer.web.terminals import ACTOR
from protocol import feed_names, labels, published_names
from protocol.published_names import PublishedName
from protocol.unixtime import UnixTime

_OPEN: Final = (
    frozenset({"published", "package"})
    | remote_terminals.OPEN
    | fleet.OPEN
    | following.OPEN
    | openid4vci.OPEN
    | openapi.OPEN
)
CONSOLE: Final = "console"
"""A blueprint that lets people in by itself, and shuts whatever demands nothing of them (`issuer.console.desk`)."""
_CONTENT_TYPES: Final = {
    "root.cbor": "application/cose-key",
    feed_names.CHECKPOINT: labels.TYP_CHECKPOINT,
    feed_names.CHECKPOINT_10: labels.TYP_CHECKPOINT,
    feed_names.MANIFEST: "application/cose",
    AGGREGATION: "application/json",
}
_CHECKPOINT_MAX_AGE: Final = 5
"""A checkpoint after an urgent change follows the last one by five seconds."""
_STATUS_MAX_AGE: Final = 30
_DOCUMENT_MAX_AGE: Final = 300
_HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (LicenceUnknown, 404),
    (PackageUnknown, 404),
    (TransitionRefused, 409),
    (LicenceNotValid, 409),
    (SubjectRefused, 422),
    (PortraitRefused, 422),
    (HolderKeyRefused, 422),
    (KindUnknown, 422),
    (ReasonRefused, 422),
    (DeviceUnknown, 404),
    (DeviceNotInForce, 409),
    (MandateRefused, 422),
    (MandateUnknown, 404),
    (MandateNotInForce, 409),
    (PaperRefused, 422),
    (PaperUnknown, 404),
    (PaperNotInForce, 409),
    (TerminalRefused, 422),
    (TerminalTaken, 409),
    (TerminalNotRunning, 409),
    (OfficeRefused, 422),
    (OfficeUnknown, 404),
    (SiteRefused, 422),
    (SiteTaken, 409),
    (SiteUnknown, 404),
    (LintRefused, 500),
    (AuthoringError, 500),
    *added_kinds_errors.HTTP,
    *joint_errors.HTTP,
    *applications_errors.HTTP,
    *approvals_errors.HTTP,
    *audit_errors.HTTP,
    *binding_errors.HTTP,
    *changing_errors.HTTP,
    *devices_errors.HTTP,
    *holders_errors.HTTP,
    *renewing_errors.HTTP,
    *enrolment_errors.HTTP,
    *fleet_errors.HTTP,
    *keys_errors.HTTP,
    *openid4vci_errors.HTTP,
    *sandbox_errors.HTTP,
)
_PORTRAIT: Final = frozenset({"portrait"})
_UNAVAILABLE: Final = 503

_log = logging.getLogger("issuer.web")


def create_app(
    issuer: Issuer,
    *,
    operator_token: str,
    now: Callable[[], UnixTime],
    trusted_hosts: tuple[str, ...],
    max_body_bytes: int,
    public_url: str | None = None,
) -> Flask:
    """The WSGI application of this issuer; `public_url` is where wallets reach it, None the address that they ask."""
    app = Flask("issuer.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["TRUSTED_HOSTS"] = list(trusted_hosts)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it, its base class does not
    _guard(app, operator_token)
    _errors(app)
    _routes(app, issuer, now)
    terminals.add_routes(app, issuer, now)
    remote_terminals.add_routes(app, issuer, now)
    fleet.add_routes(app, issuer, now, operator_token)
    mandates.add_routes(app, issuer, now)
    papers.add_routes(app, issuer, now)
    devices.add_routes(app, issuer, now)
    offers.add_routes(app, issuer, now, public_url)
    openapi.add_routes(app)
    openid4vci.add_routes(app, issuer, now, public_url, status_of)
    following.add_routes(app, issuer, now, status_of)
    return app


def _guard(app: Flask, operator_token: str) -> None:
    @app.before_request
    def authorised() -> tuple[Response, int] | None:
        if request.routing_exception is not None or request.endpoint in _OPEN or request.blueprint == CONSOLE:
            return None
        kind, _, offered = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(offered.strip().encode(), operator_token.encode())
        if kind.lower() == "bearer" and right:
            return None
        # No lockout: 256 random bits are not guessed, and a lock would let anybody shut the operator out. The route is
        # ours, unlike path and token, which are the caller's and stay out of the log.
        _log.warning("no valid operator token: %s from %s", request.endpoint, request.remote_addr)
        response, status = error_answer(
            "unauthorised", "this needs the operator's token", "Send Authorization: Bearer and operator.token.", 401
        )
        response.headers["WWW-Authenticate"] = "Bearer"
        return response, status

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        # A capability address must not travel to other sites as a referrer.
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if not g.get("cacheable", False):
            response.headers["Cache-Control"] = "no-store"
        return response


def _errors(app: Flask) -> None:
    @app.errorhandler(IssuerError)
    def refused(error: IssuerError) -> tuple[Response, int]:
        status = status_of(error)
        response, status = error_answer(error.code, str(error), error.hint, status)
        if isinstance(error, SubjectRefused):
            problems = [
                {"item": each.item, "what": each.what, "expected": each.expected, "example": each.example}
                for each in error.problems
            ]
            response = jsonify(error=error.code, message=str(error), hint=error.hint, problems=problems)
        return response, status

    @app.errorhandler(Malformed)
    def malformed(error: Malformed) -> tuple[Response, int]:
        return error_answer("malformed", str(error), "Send Content-Type: application/json and these members.", 400)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[Response, int]:
        name = error.name.lower().replace(" ", "_")
        response, status = error_answer(
            name, error.description or error.name, "See the API's documentation.", error.code or 500
        )
        for header, value in error.get_headers():
            if header == "Allow":
                response.headers[header] = value
        return response, status

    @app.errorhandler(Exception)
    def broken(error: Exception) -> tuple[Response, int]:
        # The type only: a message may repeat what the request carried.
        _log.error("unexpected %s", type(error).__name__)
        return error_answer(
            "internal", "the service failed", "Try again; the operator finds the type of failure in the log.", 500
        )


def status_of(error: IssuerError) -> int:
    """The answer's status for an error; what the issuer could not do is logged."""
    status = next((status for kind, status in _HTTP if isinstance(error, kind)), _UNAVAILABLE)
    if status >= 500:
        _log.error("%s: %s", error.code, error)
    return status


def _content_type(name: str) -> str:
    if name in _CONTENT_TYPES:
        return _CONTENT_TYPES[name]
    return {".cbor": "application/cose", ".cwt": labels.TYP_STATUS_LIST}.get(
        PurePosixPath(name).suffix, "application/octet-stream"
    )


def _cache_control(allowed: PublishedName) -> str:
    if allowed.never_changes:
        return "public, max-age=31536000, immutable, no-transform"
    if allowed.name in (feed_names.CHECKPOINT, feed_names.CHECKPOINT_10):
        age = _CHECKPOINT_MAX_AGE
    else:
        age = _STATUS_MAX_AGE if "/" in allowed.name else _DOCUMENT_MAX_AGE
    return f"public, max-age={age}, no-transform"


def _routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    @app.get("/published/<path:name>")
    def published(name: str) -> Response | tuple[Response, int]:
        # By the allow-list first: nothing else in the folder is anybody's, whatever it is called.
        allowed, joined = published_names.published(name), safe_join(str(issuer.places.published), name)
        content = _content(Path(joined)) if allowed is not None and joined is not None else None
        if allowed is None or content is None:
            return error_answer("not_found", "no such file is published", "Start from status/aggregation.json.", 404)
        response = Response(content)
        response.headers["Content-Type"] = _content_type(name)
        # By content and not by time: a file that was written again unchanged is not downloaded again.
        response.set_etag(sha256(content).hexdigest())
        response.make_conditional(request)
        response.headers["Cache-Control"] = _cache_control(allowed)
        g.cacheable = True
        return response

    @app.get("/api/v1/packages/<licence_id>/<secret>")
    def package(licence_id: str, secret: str) -> Response:
        return Response(issuer.package_by_secret(licence_id, secret), mimetype="application/cbor")

    @app.get("/api/v1/licences")
    def licences() -> Response:
        found = issuer.list(search=request.args.get("search", ""))
        return jsonify([as_json(record, issuer.kinds, at=now()) for record in found])

    @app.post("/api/v1/licences")
    def issue() -> tuple[Response, int]:
        body = Body.read({"kind", "subject", "holder_key"}, _PORTRAIT)
        kind, holder_key = body.text("kind"), body.text("holder_key")
        key = holder_keys.read(holder_key.encode(errors="replace"))
        picture = body.content("portrait") if "portrait" in body else None
        issued = issuer.issue(kind, body.anything("subject"), key, at=now(), portrait=picture, actor=ACTOR)
        url = f"{request.host_url}api/v1/packages/{issued.licence_id}/{issued.secret}"
        return jsonify(id=issued.licence_id, package_url=url, warnings=issued.warnings), 201

    @app.post(f"/api/v1/licences/<licence_id>/<any({', '.join(LegalChange)}):change>")
    def change(licence_id: str, change: str) -> Response:
        reason = Body.read({"reason"}).text("reason")
        flipped = issuer.change(licence_id, LegalChange(change), reason=reason, actor=ACTOR, at=now())
        return jsonify(as_json(issuer.licence(licence_id), issuer.kinds, at=now()) | change_as_json(flipped))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        return None  # Not there, a folder, or a name that no file can have.
