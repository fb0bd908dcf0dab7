"""The pages: headings, sentences and tables of harmless text, made of a snapshot; drawing them is the template's.

Pure of requests: everything that was asked for arrives as an argument. Guaranteed: each text is one that we wrote, or
went through `web.harmless`. Not handled here: signed documents (`documents`).
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol import unixtime
from protocol.limits import MAX_TIME
from protocol.unixtime import UnixTime
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import UnknownCheckNumber
from verifier_terminal.explore import tables
from verifier_terminal.restored import NOT_READABLE, verdict_of
from verifier_terminal.store.chain import ChainReport
from verifier_terminal.store.journal import Journal, JournalRow, Payload
from verifier_terminal.web import explanation
from verifier_terminal.web.explanation import Words
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.texts import known

MAX_JOURNAL_ROWS: Final = 100
_MAX_SAID_CHARACTERS: Final = 400
_NOT_SAID: Final = frozenset({"event", "at", "check_number"})


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere: the path within these pages."""

    text: str
    path: str


Cell = str | Link


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything of one page. `alarms` are sentences that nobody may overlook; `more` leads on."""

    title: str
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    more: Link | None = None
    search: str | None = None
    """What was searched for; None: the page has no field for it."""


def overview(
    database: sqlite3.Connection, directory: Path, settings: TerminalSettings, report: ChainReport, words: Words
) -> Page:
    """What this terminal is, whether its journal is whole, and everything that lies there."""
    intact = words.say("explore.intact", rows=report.rows, anchored=report.anchored, erased=report.erased)
    about = (
        ("terminal", settings.name),
        ("profile", words.say(f"purpose.{settings.profile}")),
        ("region", settings.region),
        ("site", settings.site or "—"),
        ("trust", settings.trust),
        ("root", settings.root_sha256),
    )
    return Page(
        title=shown(settings.name) or words.say("explore.overview"),
        notes=(words.say("explore.recorded"), *(() if report.findings else (intact,))),
        alarms=tuple(words.say("explore.tampered", row=found.seq, text=shown(found.text)) for found in report.findings),
        tables=(
            Table(
                words.say("explore.terminal"),
                (words.say("explore.name"), words.say("explore.value")),
                tuple((words.say(f"explore.{name}"), shown(value)) for name, value in about),
            ),
            Table(
                words.say("explore.tables"),
                (words.say("explore.name"), words.say("explore.rows"), words.say("explore.meaning")),
                tuple(
                    (Link(shown(name), f"/table/{name}"), f"{count:,}", _meaning(name, words))
                    for name, count in tables.names(database)
                ),
            ),
            Table(
                words.say("explore.files"),
                (words.say("explore.name"), words.say("explore.bytes")),
                tuple((shown(name), f"{size:,}") for name, size in _files(directory)),
            ),
        ),
    )


def readings(newest: Sequence[tuple[str, str, str]], words: Words) -> Page:
    """Who looked at what, the newest first."""
    columns = tuple(words.say(f"explore.{name}") for name in ("time", "by", "looked_at"))
    rows = tuple(tuple(shown(each) for each in line) for line in newest)
    return Page(
        title=words.say("explore.readings"),
        notes=(words.say("explore.recorded"),),
        tables=(Table(words.say("explore.readings"), columns, rows),),
    )


def journal(database: sqlite3.Connection, terminal_id: str, *, search: str, before: int | None, words: Words) -> Page:
    """Rows, the newest first: those before a number, or those with a part of the content."""
    reader = _reader(database, terminal_id)
    found = reader.rows(search=search, before=before, limit=MAX_JOURNAL_ROWS)
    note = words.say("explore.found", n=len(found), most=MAX_JOURNAL_ROWS) if search else ""
    oldest = min((row.seq for row in found), default=0)
    return Page(
        title=words.say("explore.journal"),
        notes=(note,) if note else (),
        tables=(
            Table(
                words.say("explore.journal"),
                tuple(words.say(f"explore.{name}") for name in ("row", "time", "event", "check", "says")),
                tuple(_row(each, words) for each in found),
            ),
        ),
        more=None if search or oldest <= 1 else Link(words.say("explore.older"), f"/journal?before={oldest}"),
        search=search,
    )


def check(database: sqlite3.Connection, terminal_id: str, number: str, words: Words) -> Page:
    """How one check was decided.

    Raises:
        UnknownCheckNumber: The journal has none.
    """
    rows = _reader(database, terminal_id).about(number)
    if not any(row.payload and row.payload["event"] == "verdict" for row in rows):
        raise UnknownCheckNumber(number)
    said = explanation.of_rows(rows, words)
    steps = tuple(
        (
            str(line.number),
            line.title,
            line.outcome_words,
            "; ".join((*(f"{code} ({tier}): {text}" for code, tier, text in line.findings), *line.rested)),
        )
        for line in said.lines
    )
    later = tuple((each.at, each.words) for each in said.afterwards)
    return Page(
        title=said.title,
        notes=(*said.said, *(() if later else (words.say("explain.nothing_afterwards"),))),
        tables=(
            Table(
                words.say("explain.steps"),
                tuple(words.say(f"explore.{name}") for name in ("row", "step", "outcome", "rested")),
                steps,
            ),
            *(
                (Table(words.say("explain.afterwards"), (words.say("explore.time"), words.say("explore.says")), later),)
                if later
                else ()
            ),
        ),
    )


def table(database: sqlite3.Connection, name: str, number: int, words: Words) -> Page | None:
    """One page of any table; None when there is none of this name."""
    found = tables.page(database, name, number)
    if found is None:
        return None
    more = Link(words.say("explore.next"), f"/table/{name}?page={number + 1}") if found.more else None
    meaning = _meaning(name, words)
    return Page(
        title=shown(name),
        notes=(meaning,) if meaning else (),
        tables=(Table(shown(name), found.columns, found.rows),),
        more=more,
    )


def _reader(database: sqlite3.Connection, terminal_id: str) -> Journal:
    return Journal(database, terminal_id=terminal_id, random_bytes=bytes)


def _meaning(name: str, words: Words) -> str:
    key = f"explore_table.{name}"
    return words.say(key) if known(key) else ""


def _files(directory: Path) -> tuple[tuple[str, int], ...]:
    """Names and sizes alone; a link is named and not followed."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or path.is_file():
            found.append((str(path.relative_to(directory)), path.lstat().st_size))
    return tuple(found)


def _row(row: JournalRow, words: Words) -> tuple[Cell, ...]:
    payload = row.payload
    if payload is None:
        return (str(row.seq), "", "", "", words.say("explore.erased"))
    at, number = payload.get("at"), payload.get("check_number")
    moment = unixtime.iso_local(UnixTime(at)) if isinstance(at, int) and 0 <= at <= MAX_TIME else ""
    named: Cell = "" if not isinstance(number, str) else Link(shown(number), f"/checks/{number}")
    return (str(row.seq), moment, words.event(str(payload["event"])), named, _said(payload, words))


def _said(payload: Payload, words: Words) -> str:
    """In words where there are any, else every entry of the row."""
    if payload["event"] == "verdict":
        try:
            return " ".join(words.said(payload, verdict_of(payload)))
        except NOT_READABLE:
            return words.say("explain.unreadable")
    if known(f"later.{payload['event']}"):
        return words.later(payload).words
    parts = [f"{name}: {_value(value)}" for name, value in payload.items() if name not in _NOT_SAID and value]
    return shown(" · ".join(parts), max_characters=_MAX_SAID_CHARACTERS)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, list):
        return " ".join(_value(each) for each in value)
    return str(value)
