"""The table of acts (CSV) for auditors and offices: one line for each check, from what the journal holds.

RFC 4180 with every field in quotes, UTF-8 with a byte order mark (without one Excel reads Chinese as the machine's old
code page). Guaranteed: no field begins as a formula does, full-width signs included, whatever stands in a row; no line
holds a value of an item, since the journal has none. Not handled here: files, and that the reading is written down.

The signs are those of OWASP, "CSV Injection": = + - @ tab and carriage return; the apostrophe in front makes it text.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Final, TextIO

from protocol import unixtime
from verifier_terminal.restored import NOT_READABLE, verdict_of
from verifier_terminal.store import person_check
from verifier_terminal.store.journal import JournalRow, Payload
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.web.explanation import Words
from verifier_terminal.web.harmless import shown

BYTE_ORDER_MARK: Final = "\ufeff"
COLUMNS: Final = (
    "check_number", "at", "verdict", "proceed", "kind", "region", "purpose", "items", "codes", "reasons", "status_age",
    "status_grade", "recheck", "person", "void", "receipts", "double_shows", "by", "case", "source", "row",
)  # fmt: skip
_FORMULA: Final = "=+-@\t\r\n＝＋－＠"
_MAX_FIELD: Final = 2_000
"""More than all items of four licences take."""


def write(out: TextIO, checks: Iterable[Sequence[JournalRow]], words: Words) -> int:
    """Writes the header and a line for each check; gives how many lines there are.

    Args:
        out: Opened with newline="", so that lines end as RFC 4180 says.
        checks: The rows about each check, the oldest row first.
        words: Language and catalogue.
    """
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.write(BYTE_ORDER_MARK)
    writer.writerow([_cell(words.say(f"table.{name}")) for name in COLUMNS])
    count = 0
    for rows in checks:
        line = _line(rows, words)
        writer.writerow([_cell(line.get(name, "")) for name in COLUMNS])
        count += 1
    return count


def _cell(text: object) -> str:
    """The field as it may stand in a spreadsheet: one line, and never a formula."""
    said = shown(str(text), max_characters=_MAX_FIELD)
    return f"'{said}" if said.lstrip().startswith(tuple(_FORMULA)) else said


def _line(rows: Sequence[JournalRow], words: Words) -> dict[str, object]:
    about = [row.payload for row in rows if row.payload is not None]
    row = next(each for each in rows if each.payload is not None and each.payload["event"] == "verdict")
    assert row.payload is not None
    try:
        return _readable(row, row.payload, about, words)
    except NOT_READABLE:
        return {
            "check_number": row.payload.get("check_number"),
            "verdict": words.say("explain.unreadable"),
            "row": row.seq,
        }


def _readable(row: JournalRow, payload: Payload, about: Sequence[Payload], words: Words) -> dict[str, object]:
    verdict = verdict_of(payload)
    licences = [each for each in payload.get("members") or (payload,) if each["kind"] is not None]
    compared = person_check.of_rows(about)
    events = [each["event"] for each in about]
    return {
        "check_number": verdict.check_number,
        "at": unixtime.iso_local(verdict.at),
        "verdict": words.say(f"word.{verdict.verdict_class}"),
        "proceed": words.proceed(verdict),
        "kind": "; ".join(words.kind(each["kind"]) for each in licences) or words.foreign(payload.get("foreign")),
        "region": "; ".join(each["region"] for each in licences),
        "purpose": words.say(f"purpose.{verdict.purpose.word}"),
        "items": "; ".join(words.items(each["kind"], each["items"]) for each in licences if each["items"]),
        "codes": "; ".join(code for code, _ in payload["codes"]),
        "reasons": "; ".join(words.finding(each)[2] for each in verdict.findings),
        "status_age": "" if verdict.ages.status is None else verdict.ages.status,
        "status_grade": words.say(f"grade.{verdict.status_grade.name.lower()}"),
        "recheck": _recheck(payload, about, words),
        "person": "" if compared is PersonCheck.NOT_DEMANDED else words.say(f"person.{compared}"),
        "void": next((each["reason"] for each in about if each["event"] == "void"), ""),
        "receipts": events.count("receipt") or "",
        "double_shows": events.count("double_show") or "",
        "by": payload.get("by") or "",
        "case": payload.get("case") or "",
        "source": payload["source"],
        "row": row.seq,
    }


def _recheck(payload: Payload, about: Sequence[Payload], words: Words) -> str:
    answers = [words.say(f"answer.{each['answer']}") for each in about if each["event"] == "recheck"]
    if answers:
        return "; ".join(answers)
    return words.say("table.waiting") if payload["recheck"] else ""
