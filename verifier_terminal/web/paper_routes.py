"""The page's route for papers that a browser saves or prints: a receipt, a note with values, what to do next.

POST /api/v1/acts/<number>/page   {"reason": … or null, "values": true | false}: one PDF page

It is made in memory for this answer and kept nowhere. Its file name has the check number and nothing else.
"""

from typing import Protocol

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from verifier_terminal.check_number import ADDRESS
from verifier_terminal.web.asking_routes import reason_or_none
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings


class MakesPages(Protocol):
    """Whatever makes a check's page."""

    def page(self, number: str, reason: str | None = None, *, with_values: bool = False) -> bytes:
        """The PDF. Raises: TerminalError."""


def register(app: Flask, pages: MakesPages, settings: WindowSettings) -> None:
    """Adds the route. Failures of the session are answered by the application's own handlers."""

    @app.post("/api/v1/acts/<check_number>/page")
    def paper(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        body = json_object(request, frozenset({"reason", "values"}))
        if not isinstance(body["values"], bool):
            raise BadRequest("values: true or false")
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        made = pages.page(check_number, reason_or_none(body["reason"]), with_values=body["values"])
        response = Response(made, mimetype="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="check-{check_number}.pdf"'
        return response
