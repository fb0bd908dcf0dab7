"""Serves the web wallet as `wallet_sdk/js/build.mjs` made it: its files, and the policy that its page states."""

import re
from pathlib import Path
from typing import Final

from flask import Flask, Response, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

_POLICY: Final = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


def create_app(folder: Path) -> Flask:
    """The site of a built web wallet."""
    app = Flask("web_wallet", static_folder=None)
    found = _POLICY.search((folder / "index.html").read_text("utf-8"))
    assert found is not None, "the page states its policy"
    policy = f"{found[1]}; frame-ancestors 'none'"

    @app.get("/")
    def page() -> AnyResponse:
        return send("index.html")

    @app.get("/<name>")
    def send(name: str) -> AnyResponse:
        return send_from_directory(folder.resolve(), name, mimetype=_TYPES.get(Path(name).suffix))

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        # The page keeps its files itself, all of one version; between them and here nothing may be kept.
        response.headers["Cache-Control"] = "no-cache"
        return response

    return app
