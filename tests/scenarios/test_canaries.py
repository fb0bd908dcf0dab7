"""A day of everything with values that are found again wherever they come to lie: nothing of a holder is kept anywhere.

Searched, in every form that a program might write them in: all files below the terminal's directory (SQLite's pages,
free ones and the write-ahead log too), whatever the commands wrote, every log line, every address that was asked for,
every header of an answer, and what the commands said.

Where a value may be, and is: on the window's screen (`EXCEPTIONS["screen"]`), in what the counter's programs fetch from
memory, and on the paper with values (加注件) that policy allows and a clerk asked for. The slip has none.
"""

import base64
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask import Response, request

from protocol.labels import Lic, Purpose
from protocol.staff_certificate import Role
from tests.scenarios.whole import BEARER, Whole, address, new_terminal, rules, whole
from tests.terminal.asking_world import REASON, answer
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import DRIVING_LICENCE, driving_licence_items
from tests.utopia.persons import person
from tests.utopia.world import Issued
from verifier_terminal.cli import cli

HOLDER = person("鹞鸢鹭", 19370417, 731)
ITEMS: Mapping[int, Any] = {
    **driving_licence_items(HOLDER),
    Lic.LICENCE_NO: "KANARI7Q2Z9X",
    Lic.ADDRESS: "乌有市鸲鹆巷八十八号",
    Lic.AUTHORITY: "乌有市鸲鹆总队",
    Lic.PORTRAIT_SHA256: bytes(range(100, 132)),
    Lic.FIRST_ISSUE: 19580612,
}
FOREIGN, CRASH = "weixin-nachtigall-4471", "zerzaust-nachtigall"
CANARIES: Mapping[str, str | bytes] = {
    "name": HOLDER.name,
    "citizen_id": HOLDER.citizen_id,
    "licence_no": "KANARI7Q2Z9X",
    "address": "鸲鹆巷八十八号",
    "authority": "鸲鹆总队",
    "birth_date": "19370417",
    "first_issue": "19580612",
    "portrait": bytes(range(100, 132)),
    "foreign text": FOREIGN,
    "crash": CRASH,
}
EXCEPTIONS = {"screen": {"name", "licence_no"}, "counter": {"name", "licence_no"}}
"""Where what was shown has to be. What stands on the paper is the matter of tests/terminal/test_receipt_pages.py."""


def forms(value: str | bytes) -> Iterator[bytes]:
    """The value as files, logs, addresses, JSON and databases might hold it."""
    texts = [value.hex()] if isinstance(value, bytes) else []
    encoded = [value] if isinstance(value, bytes) else [value.encode(each) for each in ENCODINGS if fits(value, each)]
    if isinstance(value, str):
        texts += [
            value.encode("unicode_escape").decode(),
            quote(value),
            quote(quote(value)),
            repr(value.encode())[2:-1],
        ]
        if value.isdecimal():
            # A date is a number in CBOR (RFC 8949, section 3.1): major type 0 with four bytes.
            encoded.append(b"\x1a" + int(value).to_bytes(4))
            texts.append(f"{value[:4]}-{value[4:6]}-{value[6:]}")
    for each in encoded:
        texts.append(each.hex())
        for shift in range(3):
            # Without the characters that neighbours have a part in.
            whole_groups = base64.b64encode(bytes(shift) + each).decode()[
                -(-shift * 8 // 6) : (shift + len(each)) // 3 * 4
            ]
            if len(whole_groups) >= MIN_FORM:
                texts += [whole_groups, whole_groups.replace("+", "-").replace("/", "_")]
    for each in (*encoded, *(text.encode() for text in texts), *(text.upper().encode() for text in texts)):
        if len(each) >= MIN_BYTES:
            yield each


def fits(value: str, encoding: str) -> bool:
    return value.encode(encoding, "ignore").decode(encoding) == value


ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5")
MIN_FORM = 8
MIN_BYTES = 5
"""Shorter ones would be found by chance."""
FORMS = {name: tuple(dict.fromkeys(forms(value))) for name, value in CANARIES.items()}


def found(content: bytes) -> set[str]:
    """The names of the canaries that are in it, in any form."""
    return {name for name, every in FORMS.items() if any(form in content for form in every)}


def found_below(folder: Path) -> dict[str, set[str]]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    said = {str(path.relative_to(folder)): found(path.read_bytes()) | found(path.name.encode()) for path in paths}
    return {path: names for path, names in said.items() if names}


@dataclass
class Day:
    """What came of it."""

    directory: Path
    written: Path
    addresses: list[str]
    headers: list[str]
    seen: dict[str, bytes]
    said: list[str]
    logged: str
    rows: list[dict[str, Any]]
    journal_while_open: dict[str, set[str]]


def licence(terminal: Terminal, idx: int) -> Issued:
    world = terminal.world
    holder = world.holder()
    return world.credential(holder=holder, items=ITEMS, claims=world.claims(holder=holder, idx=idx))


def rows(terminal: Terminal) -> list[Any]:
    """The person is compared, and a file may have values."""
    world = terminal.world
    return [
        replace(world.policy_row(vct, purpose), person_check=True, values_on_file=vct == DRIVING_LICENCE)
        for vct in world.kinds
        for purpose in Purpose
    ]


def listened_to(place: Whole, day: Day) -> None:
    def noted(response: Response) -> Response:
        day.addresses.append(request.url)
        day.headers.extend(f"{name}: {value}" for name, value in response.headers)
        return response

    for app in place.apps.values():
        app.after_request(noted)


def asked_and_answered(place: Whole, idx: int, *, shown: Iterable[int]) -> Any:
    opened = place.post("/api/v1/requests", {"kinds": ["driving-licence"], "reason": REASON})
    assert opened.status_code == 200, opened.text
    made = place.session.requests()[-1]
    text = answer(place.terminal.world, made, licence(place.terminal, idx), shown=tuple(shown))
    place.terminal.pass_seconds(3)
    return place.scan(text), text


def at_the_window(place: Whole, day: Day) -> None:
    shown = (Lic.NAME, Lic.LICENCE_NO)
    accepted, text = asked_and_answered(place, 4711, shown=shown)
    day.seen["screen"] = json.dumps(accepted, ensure_ascii=False).encode()
    number = accepted["check_number"]
    act = f"/api/v1/acts/{number}"
    assert place.post(f"{act}/person", {"matches": True}).status_code == 200
    receipt = place.post(f"{act}/receipt", {"reason": REASON})
    assert receipt.status_code == 200, receipt.text
    day.seen["receipt"] = base64.b64decode(receipt.get_json()["receipt"])
    page = place.post(f"{act}/page", {"reason": REASON, "values": False})
    assert page.status_code == 200, page.text
    paper = place.post(f"{act}/page", {"reason": REASON, "values": True})
    assert paper.status_code == 200, paper.text
    assert place.post(f"{act}/print", {"reason": None}).get_json()["printed"]
    day.seen["slip"] = place.printer.received + "\n".join(place.printer.strip.lines).encode()
    day.seen["counter"] = place.client().get("/api/v1/counter/acts", headers=BEARER).data

    # Everything that a terminal takes down besides: refused, not read, foreign, void, reported, crashed.
    place.terminal.pass_seconds(30)
    assert place.scan(text)["views"]["en"]["class"] == "refuse"
    for other in (f"LZ1:{HOLDER.citizen_id}", FOREIGN, f"{HOLDER.name} {ITEMS[Lic.ADDRESS]}"):
        assert place.scan(other)["views"]["en"]["class"] == "not_read"
    place.terminal.pass_seconds(30)
    everything = place.terminal.world.code(licence(place.terminal, 4714), shown=tuple(ITEMS))
    assert place.scan(everything)["views"]["en"]["class"] == "accept"
    void, _ = asked_and_answered(place, 4712, shown=shown)
    assert place.post(f"/api/v1/acts/{void['check_number']}/void", {"reason": "误扫"}).status_code == 200
    assert place.post("/api/v1/staff/case", {"case": HOLDER.citizen_id}).status_code == 409
    report = {"check_number": number, "category": "too_slow", "text": f"问 {HOLDER.citizen_id} 19370417"}
    assert place.post("/api/v1/problems", report).status_code == 200
    wrong = place.post("/api/v1/staff/sign-on", {"number": HOLDER.citizen_id, "passphrase": HOLDER.name * 4})
    assert wrong.status_code == 409
    crash(place)
    for name, app in place.apps.items():
        for rule in rules(app, "GET"):
            response = place.client(name).get(address(rule, check_number=number, number=number), headers=BEARER)
            response.close()
    assert place.client("explore").get(f"/checks/{number}").status_code == 200


def crash(place: Whole) -> None:
    """A fault of the program itself, in the middle of an appraisal, with a value in its message."""
    held = place.session._appraise

    def broken(text: str, context: object) -> Any:
        raise RuntimeError(f"{CRASH} {HOLDER.citizen_id} {text}")

    place.session._appraise = broken
    answer = place.post("/api/v1/scan", {"text": f"LZ1:{CRASH}"})
    place.session._appraise = held
    assert answer.status_code == 503
    assert not found(answer.data)


def at_the_roadside(place: Whole, day: Day) -> None:
    shown, _ = asked_and_answered(place, 4713, shown=(Lic.NAME, Lic.LICENCE_NO))
    path = f"/api/v1/acts/{shown['check_number']}/officers-act"
    signed = place.post(path, {"kind": "seizure", "reason": "醉酒后驾驶机动车", "member": 0})
    assert signed.status_code == 200, signed.text
    assert place.session.reports.waiting() > 0
    day.rows = [dict(row.payload) for row in place.session.journal_rows(limit=1_000) if row.payload]


def commands(day: Day, number: str) -> None:
    day.written.mkdir()
    for words in (
        ["journal", str(day.directory), "--json"],
        ["journal", str(day.directory), "--verify"],
        ["explain", str(day.directory), number],
        ["explain", str(day.directory), number, "--json"],
        ["export-acts", str(day.directory), str(day.written / "acts.csv")],
        ["reports", str(day.directory)],
        ["status", str(day.directory), "--json"],
        ["appraise", str(day.directory), "--text", f"LZ1:{HOLDER.citizen_id}"],
    ):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code in (0, 4), (words, done.output)
        day.said.append(done.output)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("canaries")
    terminal = new_terminal(folder)
    made = Day(terminal.directory, folder / "written", [], [], {}, [], "", [], {})
    logger, handler = logging.getLogger(), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with whole(terminal, rows=rows(terminal)) as place:
            listened_to(place, made)
            at_the_window(place, made)
            # Nothing was checkpointed yet: what was written stands in the log as well.
            made.journal_while_open = found_below(made.directory)
        terminal.profile = "roadside"
        with whole(terminal, number="JG-0417", role=Role.OFFICER, seq=2, rows=rows(terminal)) as place:
            listened_to(place, made)
            at_the_roadside(place, made)
        number = next(row["check_number"] for row in made.rows if row["event"] == "person_check")
        commands(made, number)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    made.logged = "\n".join(handler.lines)
    yield made
    shutil.rmtree(folder)


class Lines(logging.Handler):
    """Every line with its traceback, as a file of logs would have it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.mark.parametrize("name", CANARIES)
def test_the_search_finds_every_form_of_every_value(name: str) -> None:
    value = CANARIES[name]
    raw = value if isinstance(value, bytes) else value.encode()
    for hidden in (
        raw,
        raw.hex().encode(),
        *(base64.b64encode(b"\x07" * each + raw + b"\x09" * 3) for each in range(3)),
        *([] if isinstance(value, bytes) else [value.encode("utf-16-le"), json.dumps(value).encode()[1:-1]]),
        *([] if isinstance(value, bytes) else [quote(value).encode()]),
    ):
        assert name in found(b"before" + hidden + b"after"), hidden


def test_the_day_had_everything(day: Day) -> None:
    """Or the search below would find nothing because nothing happened."""
    events = {row["event"] for row in day.rows}
    assert events >= {"verdict", "person_check", "receipt", "values_on_file", "void", "problem_report", "officers_act"}
    assert {row["class"] for row in day.rows if row["event"] == "verdict"} >= {"accept", "refuse", "not_read"}
    assert {path.name for path in day.directory.iterdir()} >= {"terminal.db", "terminal.json", "counter.json"}
    assert (day.written / "acts.csv").stat().st_size > 0
    assert len(day.addresses) > 50


@pytest.mark.parametrize("where", ["screen", "counter"])
def test_values_are_where_they_are_for(day: Day, where: str) -> None:
    assert found(day.seen[where]) == EXCEPTIONS[where]


@pytest.mark.parametrize("where", ["receipt", "slip"])
def test_what_a_visitor_takes_along_has_no_value(day: Day, where: str) -> None:
    assert day.seen[where]
    assert found(day.seen[where]) == set()


def test_no_file_has_a_value_while_the_terminal_runs(day: Day) -> None:
    assert day.journal_while_open == {}


def test_no_file_has_a_value_afterwards(day: Day) -> None:
    assert found_below(day.directory) == {}
    assert found_below(day.written) == {}


def test_no_log_line_address_header_or_word_of_a_command_has_a_value(day: Day) -> None:
    assert found(day.logged.encode("utf-8", "surrogatepass")) == set()
    assert found("\n".join(day.addresses).encode()) == set()
    assert found("\n".join(day.headers).encode()) == set()
    assert [said for said in day.said if found(said.encode())] == []
