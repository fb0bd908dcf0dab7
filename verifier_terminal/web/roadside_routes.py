"""What an officer, and a clerk who serves one person with two licences, does with an act besides reading it.

POST /api/v1/acts/<number>/second   {}: the next code belongs to this act, for as long as the page is set
POST /api/v1/join/cancel            {}: it does not
POST /api/v1/acts/<number>/role     {"role": "driver" | "passenger" | "owner"}: in which role the person takes part

Which check, and what a second code is worth, is the session's; a role is what somebody said, never what was found.
"""

from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from verifier_terminal.check_number import ADDRESS
from verifier_terminal.errors import NothingToJoin
from verifier_terminal.roles import Role
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object, text_field
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import say

_NOTHING: Final[frozenset[str]] = frozenset()
_MAX_ROLE_CHARACTERS: Final = 16


class RoadsideSession(Protocol):
    """What this page needs of the terminal's session."""

    def join_next(self, number: str, seconds: float) -> None:
        """The next code belongs to this act. Raises: NothingToJoin."""

    def cancel_join(self) -> None:
        """It does not."""

    def set_role(self, number: str, role: Role) -> None:
        """Append a row with the role. Raises: UnknownCheckNumber, OutOfOrder."""


def register(app: Flask, session: RoadsideSession, settings: WindowSettings) -> None:
    """Adds the routes. Failures of the session are answered by the application's own handlers."""

    @app.post("/api/v1/acts/<check_number>/second")
    def second(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        number = _numbered(check_number)
        session.join_next(number, settings.join_seconds)
        return jsonify({"check_number": number, "seconds": settings.join_seconds})

    @app.post("/api/v1/join/cancel")
    def not_second() -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        session.cancel_join()
        return jsonify({"check_number": None, "seconds": 0})

    @app.post("/api/v1/acts/<check_number>/role")
    def role(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        wanted = text_field(request, "role", max_characters=_MAX_ROLE_CHARACTERS)
        if wanted not in set(Role):
            raise BadRequest("role: one of " + ", ".join(Role))
        session.set_role(_numbered(check_number), Role(wanted))
        return jsonify({"check_number": check_number, "role": wanted})

    @app.errorhandler(NothingToJoin)
    def nothing_to_join(_error: NothingToJoin) -> Response:
        response = jsonify({"error": "nothing_to_join", "message": say("problem.nothing_to_join", asked_language())})
        response.status_code = 409
        return response


def _numbered(check_number: str) -> str:
    if not ADDRESS.fullmatch(check_number):
        raise NotFound
    return check_number
