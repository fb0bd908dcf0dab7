"""Rules of the demonstration's two small web servers: own origin only, no caching, no script from elsewhere."""

import hmac

from flask import Flask, Response, abort, request


def harden(app: Flask, *, csrf: str, frame_ancestors: str, frames: str = "'none'", pictures: str = "'self'") -> None:
    """Puts the rules on an application.

    Args:
        app: The application.
        csrf: The token that every POST must carry in X-CSRF-Token; with JSON or bytes as content.
        frame_ancestors: Who may show these pages in a frame.
        frames: What these pages may show in frames.
        pictures: Where pictures may come from.
    """
    app.config["MAX_CONTENT_LENGTH"] = 512 * 1024
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {pictures}; "
        f"frame-src {frames}; form-action 'self'; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )

    @app.before_request
    def check() -> None:
        if request.method == "POST" and not hmac.compare_digest(request.headers.get("X-CSRF-Token", ""), csrf):
            abort(403)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response
