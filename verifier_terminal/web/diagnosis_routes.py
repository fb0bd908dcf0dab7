"""The page that says how an attended terminal itself stands, with the text for whoever supports it from afar.

GET /diagnosis          the page
GET /api/v1/diagnosis   {"lines": [{"subject", "grade", "figure", "words", "todo"}], "support": text}

Numbers alone: nothing on it is about a holder or a check.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, assert_never, cast

from flask import Flask, Response, jsonify, render_template

from protocol import heartbeat, unixtime
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from verifier_terminal import diagnosis, support_text
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.diagnosis import Grade, Line, Subject
from verifier_terminal.errors import TerminalError
from verifier_terminal.updates.standing import SoftwareStanding
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.languages import asked_language
from verifier_terminal.web.texts import TAGS, page_texts, say

Json = dict[str, object]
_MEGABYTE: Final = 1_000_000


def register(
    app: Flask,
    beat: Callable[[], bytes],
    *,
    clock: Callable[[], UnixTime],
    software: Callable[[], SoftwareStanding] | None = None,
) -> None:
    """Adds the routes; `beat` makes a heartbeat's bytes, `software` says how the program stands."""

    def found(language: Language) -> Json:
        made = diagnosis_json(beat(), language, now=clock())
        # A database that cannot be read is what the first line says.
        with suppress(TerminalError):
            if software is not None:
                made["lines"] = [*cast("list[Json]", made["lines"]), software_line(software(), language)]
        return made

    @app.get("/diagnosis")
    def diagnosis_page() -> str:
        language = asked_language()
        texts = page_texts("diagnosis")[TAGS[language]]
        return render_template("diagnosis.html", lang=TAGS[language], ui=texts, **found(language))

    @app.get("/api/v1/diagnosis")
    def diagnosis_lines() -> Response:
        return jsonify(found(asked_language()))


def diagnosis_json(beat: bytes, language: Language, *, now: UnixTime) -> Json:
    """Every line in words, and the support text."""
    stands = heartbeat.decode(beat)
    return {
        "program": say("diagnosis.program", language, version=stands.version),
        "lines": [_line(each, language) for each in diagnosis.lines(stands, at=now)],
        "support": support_text.write(beat),
    }


def software_line(found: SoftwareStanding, language: Language) -> Json:
    """The program: what is on its way, and what staff are to know or to do about it."""
    pending = found.pending
    said, todo = "", ""
    if pending is not None:
        said = say(f"diagnosis_software.{pending.state}", language, version=str(pending.version))
        note = pending.notes.get(TAGS[language])
        said += f" {shown(note)}" if note else ""
        if pending.postponed_until is not None:
            until = unixtime.iso_local(pending.postponed_until)
            said += " " + say("diagnosis_software.postponed", language, until=until)
    if found.withdrawn:
        todo = say("diagnosis_todo.software_withdrawn", language)
    elif found.asks:
        todo = say("diagnosis_todo.software_asks", language)
    elif found.given_up is not None:
        todo = say("diagnosis_todo.software_given_up", language, version=found.given_up)
    return {
        "subject": "software",
        "grade": (Grade.LOOK if todo else Grade.GOOD).value,
        "figure": None,
        "name": say("diagnosis_subject.software", language),
        "words": said or say("diagnosis_software.newest", language),
        "todo": todo,
    }


def _line(line: Line, language: Language) -> Json:
    return {
        "subject": line.subject.value,
        "grade": line.grade.value,
        "figure": line.figure,
        "name": say(f"diagnosis_subject.{line.subject}", language),
        "words": "" if line.subject is Subject.JOURNAL else _figure(line, language),
        "todo": "" if line.grade is Grade.GOOD else say(f"diagnosis_todo.{line.subject}", language),
    }


def _figure(line: Line, language: Language) -> str:
    if line.figure is None:
        return say("diagnosis.none", language)
    match line.subject:
        case Subject.DISK:
            return say("diagnosis_figure.bytes", language, n=f"{line.figure // _MEGABYTE:,}")
        case Subject.CLOCK | Subject.STATUS | Subject.TRUST | Subject.CERTIFICATE:
            return _span(max(0, line.figure), language)
        case Subject.READING:
            return say("diagnosis_figure.percent", language, n=line.figure)
        case Subject.JOURNAL | Subject.WAITING | Subject.ALARMS:
            return say("diagnosis_figure.count", language, n=line.figure)
        case _:
            assert_never(line.subject)


def _span(seconds: int, language: Language) -> str:
    for least, word, unit in ((2 * DAY, "days", DAY), (2 * HOUR, "hours", HOUR), (2 * MINUTE, "minutes", MINUTE)):
        if seconds >= least:
            return say(f"diagnosis_figure.{word}", language, n=seconds // unit)
    return say("diagnosis_figure.seconds", language, n=seconds)
