"""Who is on duty, on the page of an attended terminal: signing on, off and over, and the case that acts carry.

GET  /api/v1/staff                who is on duty, who could be, and the case
GET  /api/v1/staff/summary        what the shift did and left open, for whoever takes it over
POST /api/v1/staff/sign-on        {"number": …, "passphrase": …}
POST /api/v1/staff/sign-off       {}
POST /api/v1/staff/hand-over      {"number": …, "passphrase": …, "seen": the summary}: the next person confirms it
POST /api/v1/staff/case           {"case": …}: a queue number or case id; empty: none
POST /api/v1/staff/here           {}: somebody uses the page, so that nobody is signed off for being idle

Who is on duty is the terminal's and not a page's: no cookie and no name of a session is given out that another page
could fix or steal. Where signing on is required, nobody voids, compares or acknowledges anything before.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from protocol import unixtime
from protocol.unixtime import DAY, MINUTE, UnixTime
from verifier_terminal.setting_errors import TooManyGuesses
from verifier_terminal.staff import case, key_file
from verifier_terminal.staff.errors import (
    AlreadyOnDuty,
    CaseRefused,
    NobodyOnDuty,
    StaffCertificateRefused,
    StaffError,
    StaffKeyDamaged,
    StaffUnknown,
    SummaryChanged,
    WrongPassphrase,
)
from verifier_terminal.staff.on_duty import StaffMember
from verifier_terminal.staff.settings import StaffSettings
from verifier_terminal.staff.summary import Summary
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, say

_NOTHING: Final[frozenset[str]] = frozenset()
_ANSWERED_FOR: Final = ("/api/v1/acts/", "/api/v1/alarms/")
"""POSTs below these change what somebody did, or say that somebody has seen it."""
_MAX_NUMBER: Final = 24
_RENEW_BEFORE: Final = DAY
_WORDS: Final[Mapping[type[StaffError], str]] = {
    NobodyOnDuty: "nobody_on_duty",
    StaffUnknown: "unknown",
    StaffKeyDamaged: "damaged",
    WrongPassphrase: "wrong_passphrase",
    AlreadyOnDuty: "already_on_duty",
    SummaryChanged: "summary_changed",
    CaseRefused: "case_refused",
}


class StaffDesk(Protocol):
    """What this page needs of the terminal's shift."""

    @property
    def settings(self) -> StaffSettings:
        """How staff sign on."""

    @property
    def required(self) -> bool:
        """Whether somebody has to."""

    @property
    def case(self) -> str:
        """What the next acts carry; empty: nothing."""

    def current(self) -> StaffMember | None:
        """Who is on duty."""

    def numbers(self) -> Sequence[str]:
        """Who could sign on."""

    def require(self) -> None:
        """Raises: NobodyOnDuty."""

    def used(self) -> None:
        """Somebody uses the page."""

    def sign_on(self, number: str, passphrase: str) -> StaffMember:
        """Raises: StaffError, TooManyGuesses, OutOfOrder."""

    def sign_off(self) -> None:
        """Raises: NobodyOnDuty, OutOfOrder."""

    def summary(self) -> Summary:
        """Raises: NobodyOnDuty, OutOfOrder."""

    def hand_over(self, number: str, passphrase: str, *, seen: Mapping[str, object]) -> StaffMember:
        """Raises: StaffError, TooManyGuesses, OutOfOrder."""

    def set_case(self, text: str) -> str:
        """Raises: CaseRefused."""


def register(app: Flask, desk: StaffDesk, settings: WindowSettings, *, clock: Callable[[], UnixTime]) -> None:
    """Adds the routes. What the disk refuses is answered by the application's own handlers."""

    @app.before_request
    def somebody_answers_for_it() -> None:
        if request.method == "POST" and request.path.startswith(_ANSWERED_FOR):
            desk.require()

    @app.get("/api/v1/staff")
    def staff() -> Response:
        return jsonify(_standing(desk, now=clock()))

    @app.get("/api/v1/staff/summary")
    def summary() -> Response:
        return jsonify(desk.summary().as_payload())

    @app.post("/api/v1/staff/sign-on")
    def sign_on() -> Response:
        number, passphrase = _who({"number", "passphrase"}, settings)
        return _answered(lambda: desk.sign_on(number, passphrase), desk, clock())

    @app.post("/api/v1/staff/sign-off")
    def sign_off() -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        desk.sign_off()
        return jsonify(_standing(desk, now=clock()))

    @app.post("/api/v1/staff/hand-over")
    def hand_over() -> Response:
        number, passphrase = _who({"number", "passphrase", "seen"}, settings)
        seen = request.get_json()["seen"]
        if not isinstance(seen, dict):
            raise BadRequest("seen: the summary that was shown")
        return _answered(lambda: desk.hand_over(number, passphrase, seen=seen), desk, clock())

    @app.post("/api/v1/staff/case")
    def set_case() -> Response:
        check_post(request, settings.csrf_token)
        text = json_object(request, frozenset({"case"}))["case"]
        if not isinstance(text, str) or len(text) > 2 * case.MAX_CHARACTERS:
            raise BadRequest("case: a text")
        return jsonify({"case": desk.set_case(text)})

    @app.post("/api/v1/staff/here")
    def here() -> Response:
        check_post(request, settings.csrf_token)
        json_object(request, _NOTHING)
        desk.used()
        return jsonify({"on_duty": desk.current() is not None})

    for refusal, word in _WORDS.items():
        app.register_error_handler(refusal, _problem(word))

    @app.errorhandler(StaffCertificateRefused)
    def certificate_refused(error: StaffCertificateRefused) -> Response:
        return _refused("certificate", say(f"staff_trouble.{error.trouble}", asked_language()))


def _who(fields: set[str], settings: WindowSettings) -> tuple[str, str]:
    """Number and passphrase of a POST that comes from our own page."""
    check_post(request, settings.csrf_token)
    body = json_object(request, frozenset(fields))
    number, passphrase = body["number"], body["passphrase"]
    if not isinstance(number, str) or len(number) > _MAX_NUMBER:
        raise BadRequest(f"number: a text of at most {_MAX_NUMBER} characters")
    if not isinstance(passphrase, str) or len(passphrase) > key_file.MAX_PASSPHRASE:
        raise BadRequest(f"passphrase: a text of at most {key_file.MAX_PASSPHRASE} characters")
    return number.strip(), passphrase


def _answered(sign: Callable[[], StaffMember], desk: StaffDesk, now: UnixTime) -> Response:
    try:
        sign()
    except TooManyGuesses as error:
        # The supervisor's page has words of its own for its PIN.
        minutes = -(-error.seconds // MINUTE)
        key, n = ("seconds", error.seconds) if error.seconds < 2 * MINUTE else ("minutes", minutes)
        response = _refused("too_many_guesses", say(f"staff_problem.too_many_{key}", asked_language(), n=n))
        response.status_code = 429
        response.headers["Retry-After"] = str(error.seconds)
        return response
    return jsonify(_standing(desk, now=now))


def _standing(desk: StaffDesk, *, now: UnixTime) -> Mapping[str, object]:
    member, numbers = desk.current(), list(desk.numbers())
    return {
        # Where nobody has a key and nobody has to, the page says nothing about it.
        "offered": bool(desk.required or member or numbers or desk.settings.sticks),
        "on_duty": None if member is None else _member(member, now),
        "required": desk.required,
        "numbers": numbers,
        "case": desk.case,
        "keep_case": desk.settings.keep_case,
        "idle_minutes": desk.settings.idle_minutes,
    }


def _member(member: StaffMember, now: UnixTime) -> Mapping[str, object]:
    until = unixtime.iso_local(member.until)[5:16].replace("T", " ")
    return {
        "number": member.number,
        "name": member.name,
        "views": {
            tag: {
                "role": say(f"staff_role.{member.role}", language),
                "ends": say("staff_role.ends", language, time=until) if member.until - now < _RENEW_BEFORE else None,
            }
            for language, tag in TAGS.items()
        },
    }


def _problem(word: str) -> Callable[[Exception], Response]:
    return lambda _error: _refused(word, say(f"staff_problem.{word}", asked_language()))


def _refused(error: str, message: str) -> Response:
    response = jsonify({"error": error, "message": message})
    response.status_code = 409
    return response
