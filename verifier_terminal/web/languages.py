"""Which language the request at hand wants; an address may ask for one, else the browser's own order counts."""

from flask import request

from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.web.texts import negotiate


def asked_language() -> Language:
    """The language of the answer to this request."""
    return negotiate(request.args.get("lang"), list(request.accept_languages.values()))
