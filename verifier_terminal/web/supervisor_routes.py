"""The supervisor's page of an attended terminal: its settings, each of which can only tighten the signed policy.

GET  /settings                     the page
POST /api/v1/settings/<name>       {"value": …, "locked": true | false, "pin": text or null}; answers how it stands

What a setting forbids is forbidden here too: codes from the keyboard, printing. A kiosk does not have this page: staff
never change anything by a screen that visitors touch.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest, NotFound

from verifier_terminal import tightening
from verifier_terminal.setting_errors import PinRequired, SettingMeaningless, TooManyGuesses, WrongPin
from verifier_terminal.supervision import MAX_PIN_DIGITS, SettingStanding
from verifier_terminal.tightening import Value
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import TAGS, page_texts, say

_SWITCHES: Final = {"scan": "typed_codes", "print_slip": "printing"}
"""Which setting switches a route of the window off."""
_FIELDS: Final = frozenset({"value", "locked", "pin"})
_WORDS: Final = {SettingMeaningless: "setting_meaningless", PinRequired: "pin_required", WrongPin: "wrong_pin"}


class Supervised(Protocol):
    """What this page needs of a terminal's supervision."""

    def settings(self) -> Sequence[SettingStanding]:
        """Every setting. Raises: OutOfOrder, SettingMeaningless."""

    def change(
        self, name: str, value: object, *, locked: bool | None = None, pin: str | None = None
    ) -> SettingStanding:
        """Sets one. Raises: SettingMeaningless, PinRequired, WrongPin, TooManyGuesses, OutOfOrder."""

    def has_pin(self) -> bool:
        """Whether a PIN was set. Raises: OutOfOrder."""


def register(app: Flask, supervised: Supervised, settings: WindowSettings) -> None:
    """Adds the routes. Failures of the session that are not about settings are the application's to answer."""

    @app.get("/settings")
    def supervisor_page() -> str:
        language = asked_language()
        return render_template(
            "supervisor.html",
            lang=TAGS[language],
            csrf_token=settings.csrf_token,
            settings=supervised.settings(),
            has_pin=supervised.has_pin(),
            names=page_texts("setting")[TAGS[language]],
            ui=page_texts("supervisor")[TAGS[language]],
        )

    @app.post("/api/v1/settings/<name>")
    def change_setting(name: str) -> Response:
        check_post(request, settings.csrf_token)
        if name not in tightening.NAMES:
            raise NotFound
        body = json_object(request, _FIELDS)
        locked, pin = body["locked"], body["pin"]
        if not isinstance(locked, bool):
            raise BadRequest("locked: true or false")
        if pin is not None and not (isinstance(pin, str) and len(pin) <= MAX_PIN_DIGITS):
            raise BadRequest(f"pin: at most {MAX_PIN_DIGITS} characters, or null")
        stands = supervised.change(name, body["value"], locked=locked, pin=pin)
        return jsonify({"name": stands.name, "value": stands.value, "locked": stands.locked})

    @app.before_request
    def switched_off() -> Response | None:
        switch = _SWITCHES.get(request.endpoint or "")
        if switch is None or value_of(supervised, switch):
            return None
        response = jsonify({"error": "switched_off", "message": say(f"supervisor_problem.{switch}", asked_language())})
        response.status_code = 403
        return response

    for refusal, word in _WORDS.items():
        app.register_error_handler(refusal, _problem(word))

    @app.errorhandler(TooManyGuesses)
    def too_many(error: TooManyGuesses) -> Response:
        words = say("supervisor_problem.too_many_guesses", asked_language(), seconds=error.seconds)
        response = jsonify({"error": "too_many_guesses", "message": words})
        response.status_code = 429
        response.headers["Retry-After"] = str(error.seconds)
        return response


def value_of(supervised: Supervised, name: str) -> Value:
    """How one setting stands. Raises: OutOfOrder, SettingMeaningless."""
    return next(each.value for each in supervised.settings() if each.name == name)


def _problem(word: str) -> Callable[[Exception], Response]:
    def answer(_error: Exception) -> Response:
        response = jsonify({"error": word, "message": say(f"supervisor_problem.{word}", asked_language())})
        response.status_code = 409
        return response

    return answer
