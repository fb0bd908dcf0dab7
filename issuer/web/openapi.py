"""The route of the interface's own document."""

from typing import Final

from flask import Flask, Response, jsonify

from issuer.openapi.document import document as openapi_document

OPEN: Final = frozenset({"document"})


def add_routes(app: Flask) -> None:
    """Put this route into the application."""
    written = openapi_document()

    @app.get("/api/v1/openapi.json")
    def document() -> Response:
        return jsonify(written)
