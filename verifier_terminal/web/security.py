"""What every answer carries and every POST must prove (SECURITY.md, group G).

No cookie is set at all, so there is nothing for a foreign page to ride on; a POST proves that it comes from our own
page three times: by its Origin, by the token that only our page can read, and by being JSON.
"""

import hmac
from urllib.parse import urlsplit

from flask import Request, Response
from werkzeug.exceptions import BadRequest, Forbidden, UnsupportedMediaType

TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - the header's name, no secret


def content_security_policy(frame_ancestors: tuple[str, ...]) -> str:
    """Own script, style, pictures and connections; nothing inline, nothing foreign, no sink that parses HTML."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {' '.join(frame_ancestors) or chr(39) + 'none' + chr(39)}",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def harden(response: Response, frame_ancestors: tuple[str, ...]) -> Response:
    """Set the headers of every answer, errors included."""
    headers = response.headers
    headers["Content-Security-Policy"] = content_security_policy(frame_ancestors)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()"
    headers["Cache-Control"] = "no-store"
    if not frame_ancestors:
        headers["X-Frame-Options"] = "DENY"
    return response


def check_post(request: Request, csrf_token: str) -> None:
    """Return if this POST comes from our own page.

    Raises:
        Forbidden: Foreign or missing Origin, or a wrong token.
        UnsupportedMediaType: Anything but JSON, because forms need no permission to be sent across origins.
    """
    origin = request.headers.get("Origin")
    if origin is None or not _is_own(origin, request):
        raise Forbidden("foreign origin")
    offered = request.headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(offered.encode(), csrf_token.encode()):
        raise Forbidden("wrong token")
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("JSON only")


def text_field(request: Request, name: str, *, max_characters: int) -> str:
    """The one text that this request's JSON object must hold.

    Raises:
        BadRequest: Another shape, an empty or an overlong text; the message never repeats it.
    """
    value = _only_field(request, name)
    if not isinstance(value, str) or not value or len(value) > max_characters:
        raise BadRequest(f"{name}: a text of 1 to {max_characters} characters")
    return value


def yes_or_no_field(request: Request, name: str) -> bool:
    """The one answer that this request's JSON object must hold.

    Raises:
        BadRequest: Another shape, or anything but true and false: 0, "" and null are no answers.
    """
    value = _only_field(request, name)
    if not isinstance(value, bool):
        raise BadRequest(f"{name}: true or false")
    return value


def json_object(request: Request, names: frozenset[str]) -> dict[str, object]:
    """This request's JSON object, which must hold exactly these fields.

    Raises:
        BadRequest: Another shape; the message never repeats it.
    """
    body = request.get_json()
    if not isinstance(body, dict) or body.keys() != names:
        raise BadRequest(f"an object with exactly: {', '.join(sorted(names)) or 'nothing'}")
    return body


def _only_field(request: Request, name: str) -> object:
    return json_object(request, frozenset({name}))[name]


def _is_own(origin: str, request: Request) -> bool:
    # request.host was compared with TRUSTED_HOSTS before any route ran, so it is ours and not an attacker's name.
    parts = urlsplit(origin)
    return parts.scheme == request.scheme and parts.netloc == request.host and not parts.path
