"""The page's routes for practice: verdicts by name, about nobody, of which nothing is written or told.

GET /api/v1/practice          the cases, in words
GET /api/v1/practice/<case>   {"practice": true, …}: a verdict as `/events` gives it, with both answers about the person

There is no way from a text to one of these: what is scanned or typed in is appraised, whatever the page is doing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Flask, Response, jsonify
from werkzeug.exceptions import NotFound

from protocol.errors import Code
from protocol.unixtime import UnixTime
from verifier_terminal import practice
from verifier_terminal.appraisal.reasons import Reason
from verifier_terminal.events import PersonChecked, ShownVerdict
from verifier_terminal.web import notices
from verifier_terminal.web.ports import WindowSession
from verifier_terminal.web.texts import TAGS, say


def register(
    app: Flask, session: WindowSession, *, reasons: Mapping[Code, Reason], clock: Callable[[], UnixTime]
) -> None:
    """Adds the routes."""

    @app.get("/api/v1/practice")
    def practice_cases() -> Response:
        return jsonify(
            {
                "cases": [
                    {"case": case, "views": {tag: say(f"practice.{case}", language) for language, tag in TAGS.items()}}
                    for case in practice.CASES
                ]
            }
        )

    @app.get("/api/v1/practice/<case>")
    def practise(case: str) -> Response:
        if case not in practice.CASES:
            raise NotFound
        standing = session.status()
        shown = practice.verdict(case, purpose=standing.purpose, region=standing.region, at=clock())
        said = notices.verdict_json(
            ShownVerdict(shown, False, None, "practice"), catalogue=session.catalogue(), reasons=reasons, now=clock()
        )
        checked = PersonChecked(shown.check_number, shown.verdict_class, True, shown.at)
        answers = {"yes": notices.person_json(checked), "no": notices.person_json(replace(checked, matches=False))}
        return jsonify({"practice": True, "case": case, "answers": answers, **said})
