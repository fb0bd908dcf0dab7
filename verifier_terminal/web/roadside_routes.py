"""What an officer, and a clerk who serves one person with two licences, does with an act besides reading it.

POST /api/v1/acts/<number>/second   {}: the next code belongs to this act, for as long as the page is set
POST /api/v1/join/cancel            {}: it does not
POST /api/v1/acts/<number>/role     {"role": "driver" | "passenger" | "owner"}: in which role the person takes part
POST /api/v1/acts/<number>/officers-act   {"kind": "seizure" | "note", "reason": …, "member": place}: the officer on
                                    duty signs; the page has asked twice before it sends this

Which check, and what a second code is worth, is the session's; a role is what somebody said, never what was found.
"""

from collections.abc import Callable
from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, NotFound

from protocol.limits import BUNDLE_PRESENTATIONS, MAX_REASON_CHARACTERS
from protocol.officers_act import ActKind
from verifier_terminal.check_number import ADDRESS
from verifier_terminal.errors import ActNeedsChallenge, ActNeedsOfficer, NoOfficersAct, NothingToJoin
from verifier_terminal.officers_acts import ActStanding
from verifier_terminal.roles import Role
from verifier_terminal.web import roadside_views
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object, text_field
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import say

_NOTHING: Final[frozenset[str]] = frozenset()
_MAX_ROLE_CHARACTERS: Final = 16
_KINDS: Final = {kind.name.lower(): kind for kind in ActKind}
_PROBLEMS: Final[dict[type[Exception], str]] = {
    NothingToJoin: "nothing_to_join",
    ActNeedsOfficer: "act_needs_officer",
    ActNeedsChallenge: "act_needs_challenge",
    NoOfficersAct: "no_officers_act",
}


class SignsActs(Protocol):
    """Whoever signs what an officer did."""

    def sign(self, number: str, kind: ActKind, reason: str, *, member: int = 0) -> ActStanding:
        """Sign and queue. Raises: ActNeedsOfficer, ActNeedsChallenge, NoOfficersAct, OutOfOrder."""


class RoadsideSession(Protocol):
    """What this page needs of the terminal's session."""

    @property
    def officers(self) -> SignsActs:
        """Whoever signs what officers did."""

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

    @app.post("/api/v1/acts/<check_number>/officers-act")
    def officers_act(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        body = json_object(request, frozenset({"kind", "reason", "member"}))
        kind, reason, member = _KINDS.get(str(body["kind"])), body["reason"], body["member"]
        if kind is None:
            raise BadRequest("kind: seizure or note")
        if not isinstance(reason, str) or not reason.strip() or len(reason) > MAX_REASON_CHARACTERS:
            raise BadRequest(f"reason: a text of 1 to {MAX_REASON_CHARACTERS} characters")
        if type(member) is not int or not 0 <= member < max(BUNDLE_PRESENTATIONS):
            raise BadRequest("member: the licence's place")
        number = _numbered(check_number)
        done = session.officers.sign(number, kind, reason.strip(), member=member)
        return jsonify({"check_number": number, "act": done.act.hex(), "views": roadside_views.act_views(done)})

    for refusal, name in _PROBLEMS.items():
        app.register_error_handler(refusal, _problem(name))


def _problem(name: str) -> Callable[[Exception], Response]:
    def answer(_error: Exception) -> Response:
        response = jsonify({"error": name, "message": say(f"problem.{name}", asked_language())})
        response.status_code = 409
        return response

    return answer


def _numbered(check_number: str) -> str:
    if not ADDRESS.fullmatch(check_number):
        raise NotFound
    return check_number
