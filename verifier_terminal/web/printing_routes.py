"""The page's route for slips, where a printer is connected.

POST /api/v1/acts/<number>/print   {"reason": … or null}: prints a receipt, or what to do next after a refusal

A printer that could not print is an answer in plain words (503), and never anything about the check itself.
"""

from typing import Final, Protocol

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import NotFound

from hardware import output_errors
from hardware.errors import HardwareError
from verifier_terminal.check_number import ADDRESS
from verifier_terminal.web.asking_routes import reason_or_none
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.security import check_post, json_object
from verifier_terminal.web.settings import WindowSettings
from verifier_terminal.web.texts import say

_WORDS: Final[dict[type[HardwareError], str]] = {
    output_errors.PrinterOutOfPaper: "no_paper",
    output_errors.PrinterCoverOpen: "cover_open",
    output_errors.PrinterFault: "fault",
    output_errors.PrinterSilent: "silent",
    output_errors.PrinterDied: "died",
    output_errors.SlipTooLarge: "too_large",
}


class PrintsSlips(Protocol):
    """Whatever prints a check's slip."""

    def print_slip(self, number: str, reason: str | None = None) -> None:
        """Prints it. Raises: HardwareError, TerminalError."""


def register(app: Flask, slips: PrintsSlips, settings: WindowSettings) -> None:
    """Adds the route. Failures of the session are answered by the application's own handlers."""

    @app.post("/api/v1/acts/<check_number>/print")
    def print_slip(check_number: str) -> Response:
        check_post(request, settings.csrf_token)
        reason = reason_or_none(json_object(request, frozenset({"reason"}))["reason"])
        if not ADDRESS.fullmatch(check_number):
            raise NotFound
        slips.print_slip(check_number, reason)
        return jsonify({"check_number": check_number, "printed": True})

    @app.errorhandler(HardwareError)
    def printer_problem(error: HardwareError) -> Response:
        word = _WORDS.get(type(error), "unusable")
        response = jsonify({"error": f"printer_{word}", "message": say(f"printer.{word}", asked_language())})
        response.status_code = 503
        return response
