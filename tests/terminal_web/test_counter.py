"""The counter hand-over: who may fetch, what they get and how it is described, and that no value reaches the disk."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from waitress import buffers

from protocol.labels import Purpose
from protocol.status_list import Status
from tests.terminal.asking_world import REASON, certified
from tests.terminal.conftest import Terminal
from tests.terminal_web.running import running
from tests.terminal_web.test_routes import ORIGIN
from tests.terminal_web.test_server import answered
from tests.terminal_web.twin import (
    CHECK,
    GOOD,
    NOT_READ,
    NOW,
    PERSON_CHECK,
    REASONS,
    REFUSE,
    SETTINGS,
    TwinSession,
    shown,
)
from tests.utopia.kinds import driving_licence_items
from tests.utopia.world import World
from verifier_terminal import counter_clients
from verifier_terminal.appraisal import reasons
from verifier_terminal.counter_clients import CounterClient
from verifier_terminal.events import ReceiptGiven, RecheckAlarm
from verifier_terminal.handover import CounterDesk, Handover, open_desk
from verifier_terminal.receipts import KEPT_SECONDS, MAX_KEPT
from verifier_terminal.staff import case as cases
from verifier_terminal.web.app import close_streams, create_app
from verifier_terminal.web.counter_access import MOST_WRONG
from verifier_terminal.web.counter_routes import STREAM_CAP
from verifier_terminal.web.server import WindowServer

TOKEN = "token-of-the-queue-system-as-long-as-drawn1"
ACTS = "/api/v1/counter/acts"
EVENTS = "/api/v1/counter/acts/events"
OWN = {"Authorization": f"Bearer {TOKEN}"}
RUN = "0123456789abcdef"


@dataclass
class Counter:
    """A desk over the twin, and programs that may fetch."""

    directory: Path
    session: TwinSession = field(default_factory=TwinSession)
    elapsed: float = 1_000.0
    case: str = ""

    def __post_init__(self) -> None:
        self.add("queue", TOKEN)
        self.handover = Handover(
            run=RUN,
            elapsed_seconds=lambda: self.elapsed,
            is_wanted=lambda purpose: any(purpose.word in each.purposes for each in self.clients()),
            case=lambda: self.case,
        )
        self.session.listen(self.handover)

    def add(self, name: str, token: str, purposes: tuple[str, ...] = ("window",), items: Any = None) -> None:
        counter_clients.add(self.directory, name, purposes=purposes, items=items, token=token, at=NOW)

    def clients(self) -> tuple[CounterClient, ...]:
        return counter_clients.load(self.directory)

    @property
    def desk(self) -> CounterDesk:
        return CounterDesk(self.handover, self.clients, lambda: None, lambda: self.elapsed, self.set_case)

    def set_case(self, text: str) -> str:
        self.case = cases.checked(text)
        return self.case

    def page(self) -> FlaskClient:
        app = create_app(self.session, settings=SETTINGS, reasons=REASONS, clock=lambda: NOW, counter=self.desk)
        return app.test_client()

    def fetch(self, after: str | None = None, token: str = TOKEN) -> Any:
        query = {} if after is None else {"after": after}
        answer = self.page().get(ACTS, query_string=query, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        return answer.get_json()


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


# Who may fetch.


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({}, 401, "no_token"),
        ({"Authorization": "Bearer"}, 401, "no_token"),
        ({"Authorization": "Bearer "}, 401, "no_token"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "no_token"),
        ({"Authorization": "Bearer wrong"}, 401, "wrong_token"),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401, "wrong_token"),
        (OWN, 200, None),
        ({"Authorization": f"bearer {TOKEN}"}, 200, None),
        ({**OWN, "Origin": "http://localhost"}, 403, "not_for_pages"),
        ({**OWN, "Origin": "https://evil.example"}, 403, "not_for_pages"),
        ({**OWN, "Origin": "null"}, 403, "not_for_pages"),
        ({**OWN, "Sec-Fetch-Site": "same-origin"}, 403, "not_for_pages"),
        ({**OWN, "Host": "evil.example"}, 400, "http"),
        ({"Cookie": f"token={TOKEN}"}, 401, "no_token"),
    ],
)
@pytest.mark.parametrize("path", [ACTS, EVENTS])
def test_only_a_program_with_a_token_gets_in(
    counter: Counter, headers: dict[str, str], status: int, error: str | None, path: str
) -> None:
    counter.session.tell(shown(GOOD))
    with counter.page().get(path, headers=headers) as answer:
        assert answer.status_code == status
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        if error is not None:
            assert answer.get_json()["error"] == error
            assert "测" not in answer.text
        if status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_none(counter: Counter) -> None:
    assert counter.page().get(f"{ACTS}?access_token={TOKEN}").status_code == 401


def test_many_wrong_tokens_are_slowed_down_and_the_right_one_is_not(counter: Counter) -> None:
    page = counter.page()
    wrong = {"Authorization": "Bearer wrong"}
    assert [page.get(ACTS, headers=wrong).status_code for _ in range(MOST_WRONG + 1)] == [401] * MOST_WRONG + [429]
    assert page.get(ACTS, headers=wrong).headers["Retry-After"] == "60"
    assert page.get(ACTS, headers=OWN).status_code == 200
    counter.elapsed += 61
    assert page.get(ACTS, headers=wrong).status_code == 401


def test_without_a_desk_there_is_nothing_to_fetch() -> None:
    page = create_app(TwinSession(), settings=SETTINGS, reasons=REASONS, clock=lambda: NOW).test_client()
    assert page.get(ACTS, headers=OWN).status_code == 404
    assert page.get("/api/v1/openapi.json").status_code == 404


# What they get.


def test_a_check_is_handed_over_as_the_page_shows_it(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    answer = counter.fetch()
    (act,) = answer["acts"]
    assert (act["check_number"], act["class"], act["proceed"], act["person"]) == (
        "7K3-Q42",
        "accept",
        "yes",
        "not_demanded",
    )
    assert (act["at"], act["purpose"], act["status_grade"], act["void"]) == (
        "2026-11-22T02:00:00Z",
        "window",
        "recent",
        False,
    )
    assert act["ages"] == {"trust": 3600, "status": 720, "policy": 3600, "clock": 180}
    (licence,) = act["licences"]
    assert (licence["kind"], licence["region"], licence["valid_to"]) == ("driving-licence", "310000", "2032-01-01")
    # Masked on the page, masked here; without the catalogue a date stays the number that it is.
    assert licence["items"] == {
        "name": "测*甲",
        "class": "C1",
        "licence_no": "310115********0028",
        "birth_date": 19491231,
    }
    assert (answer["cursor"], answer["missed"]) == (act["cursor"], False)


def test_nothing_is_kept_while_nobody_may_have_it(counter: Counter) -> None:
    counter_clients.remove(counter.directory, "queue")
    counter.session.tell(shown(GOOD))
    counter.add("later", "later token")
    assert counter.fetch(token="later token")["acts"] == []
    assert counter.handover._held == {}


def test_a_client_of_another_purpose_gets_nothing_and_learns_nothing(counter: Counter) -> None:
    counter.add("kiosk", "kiosk token", ("kiosk",))
    counter.session.tell(shown(GOOD))
    assert counter.fetch(token="kiosk token") == {"acts": [], "cursor": f"{RUN}.0", "missed": False}
    counter.session.tell(shown(replace(GOOD, purpose=Purpose.KIOSK, check_number="7K3-Q99")))
    assert [act["check_number"] for act in counter.fetch(token="kiosk token")["acts"]] == ["7K3-Q99"]
    assert [act["check_number"] for act in counter.fetch()["acts"]] == ["7K3-Q42"]


def test_a_client_gets_the_items_of_its_list_alone(counter: Counter) -> None:
    counter.add("narrow", "narrow token", items=("name", "id-card.licence_no"))
    counter.session.tell(shown(GOOD))
    (act,) = counter.fetch(token="narrow token")["acts"]
    (licence,) = act["licences"]
    assert (licence["items"], licence["valid_to"]) == ({"name": "测*甲"}, None)
    assert "2032" not in str(licence)


def test_a_refusal_is_handed_over_without_claims(counter: Counter) -> None:
    for verdict in (REFUSE, NOT_READ):
        counter.session.tell(shown(verdict))
    refused, unread = counter.fetch()["acts"]
    assert (refused["class"], refused["proceed"], refused["codes"]) == ("refuse", "no", ["E_REVOKED"])
    assert refused["licences"][0]["items"] == {}
    assert (unread["class"], unread["licences"]) == ("not_read", [])


@pytest.mark.parametrize(("matches", "proceed", "state"), [(True, "yes", "matched"), (False, "no", "not_matched")])
def test_the_clerks_answer_comes_as_a_change(counter: Counter, matches: bool, proceed: str, state: str) -> None:
    counter.session.tell(shown(PERSON_CHECK))
    first = counter.fetch()
    assert (first["acts"][0]["proceed"], first["acts"][0]["person"]) == ("after_check", "waiting")
    assert counter.fetch(first["cursor"])["acts"] == []
    counter.session.confirm_person("7K3-Q43", matches)
    (act,) = counter.fetch(first["cursor"])["acts"]
    assert (act["proceed"], act["person"], act["class"]) == (proceed, state, "accept")


def test_receipts_a_void_and_a_recheck_come_as_changes(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    cursor = counter.fetch()["cursor"]
    for change, name, value in (
        (lambda: counter.session.tell(ReceiptGiven("7K3-Q42", "ab" * 32)), "receipts", ["ab" * 32]),
        (lambda: counter.session.tell(RecheckAlarm("7K3-Q42", NOW, Status.REVOKED)), "rechecked", "revoked"),
        (lambda: counter.session.void("7K3-Q42", "误扫"), "void", True),
    ):
        change()
        answer = counter.fetch(cursor)
        (act,) = answer["acts"]
        assert act[name] == value
        cursor = answer["cursor"]
    assert act["proceed"] == "no"
    counter.session.tell(ReceiptGiven("7K3-Q99", "ab" * 32))
    assert counter.fetch(cursor)["acts"] == []


def test_the_queue_number_that_the_act_carried_comes_with_it(counter: Counter) -> None:
    counter.case = "A-017"
    counter.session.tell(shown(GOOD))
    counter.case = ""
    counter.session.tell(shown(CHECK))
    counter.session.tell(ReceiptGiven("7K3-Q42", "ab" * 32))
    assert {act["check_number"]: act["case"] for act in counter.fetch()["acts"]} == {
        "7K3-Q42": "A-017",
        "7K3-Q44": None,
    }


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"case": "A-018"}, 200, {"case": "A-018"}),
        ({"case": ""}, 200, {"case": None}),
        ({"case": "990101194912310028"}, 400, {"error": "case_refused"}),
        ({"case": "x" * 33}, 400, {"error": "case_refused"}),
        ({"case": "a\u202eb"}, 400, {"error": "case_refused"}),
        ({"case": 1}, 400, {"error": "no_case"}),
        ({"case": "A", "more": 1}, 400, {"error": "no_case"}),
        (["A"], 400, {"error": "no_case"}),
    ],
)
def test_a_program_gives_the_next_check_its_queue_number(
    counter: Counter, body: Any, status: int, answer: dict[str, Any]
) -> None:
    counter.case = "before"
    page = counter.page()
    assert page.post("/api/v1/counter/case", json=body).status_code == 401
    assert page.post("/api/v1/counter/case", json=body, headers={**OWN, "Origin": ORIGIN}).status_code == 403
    assert counter.case == "before"
    found = page.post("/api/v1/counter/case", json=body, headers=OWN)
    assert (found.status_code, found.get_json()) == (status, answer)
    assert counter.case == (answer["case"] or "" if status == 200 else "before")


def test_a_code_that_stays_in_view_is_no_change(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    cursor = counter.fetch()["cursor"]
    counter.session.tell(shown(GOOD, same_act=True))
    assert counter.fetch(cursor)["acts"] == []


def test_ten_minutes_and_no_more(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    counter.elapsed += KEPT_SECONDS - 1
    assert counter.fetch()["acts"][0]["forgotten_in"] == 1
    counter.elapsed += 1
    assert counter.fetch() == {"acts": [], "cursor": f"{RUN}.0", "missed": False}
    assert counter.handover._held == {}


def test_a_client_that_came_too_late_is_told_so(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    cursor = counter.fetch()["cursor"]
    counter.session.tell(shown(CHECK))
    counter.elapsed += KEPT_SECONDS
    counter.session.tell(shown(REFUSE))
    answer = counter.fetch(cursor)
    assert (answer["missed"], [act["check_number"] for act in answer["acts"]]) == (True, ["7K3-Q46"])
    assert counter.fetch(answer["cursor"])["missed"] is False


def test_the_oldest_checks_make_room(counter: Counter) -> None:
    for number in range(MAX_KEPT + 1):
        counter.session.tell(shown(replace(GOOD, check_number=f"7K3-{number:03}")))
    held = [act["check_number"] for act in counter.fetch()["acts"]]
    assert (len(held), held[0]) == (MAX_KEPT, "7K3-001")


@pytest.mark.parametrize(
    "cursor", ["1", "x", f"{RUN}.", f"{RUN}.-1", f"{RUN}.1\n", RUN.upper() + ".1", f"{RUN}.{'9' * 16}"]
)
def test_what_is_no_cursor_is_refused(counter: Counter, cursor: str) -> None:
    answer = counter.page().get(ACTS, query_string={"after": cursor}, headers=OWN)
    assert (answer.status_code, answer.get_json()) == (400, {"error": "no_cursor"})


@pytest.mark.parametrize("cursor", [f"{'f' * 16}.1", f"{RUN}.999"])
def test_a_cursor_of_another_run_or_of_the_future_gets_everything(counter: Counter, cursor: str) -> None:
    counter.session.tell(shown(GOOD))
    answer = counter.fetch(cursor)
    assert (len(answer["acts"]), answer["missed"]) == (1, True)


def test_hostile_text_is_harmless_in_somebodys_database(counter: Counter) -> None:
    assert GOOD.licence is not None
    hostile = "甲\u202e\x00\u200b'; DROP TABLE\n\n"
    counter.session.tell(
        shown(replace(GOOD, licence=replace(GOOD.licence, claims={"name": hostile, "class": "x" * 500})))
    )
    items = counter.fetch()["acts"][0]["licences"][0]["items"]
    assert items["name"] == "甲\ufffd\ufffd\ufffd'; DROP TABLE\ufffd\ufffd"
    assert len(items["class"]) == 241


# Live.


def frames(stream: Any, count: int) -> list[tuple[str | None, str, Any]]:
    """So many events: id, name, data."""
    found, name, cursor = [], "", None
    while len(found) < count:
        line = stream.readline().decode().rstrip("\n")
        if line.startswith("id: "):
            cursor = line.removeprefix("id: ")
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((cursor, name, json.loads(line.removeprefix("data: "))))
            cursor = None
    return found


def test_a_stream_brings_every_change_and_resumes_where_it_broke_off(counter: Counter) -> None:
    counter.session.tell(shown(GOOD))
    with running(counter.session, counter=counter.desk) as origin:
        with answered(origin, EVENTS, headers=OWN) as stream:
            assert stream.getheader("Content-Type", "").startswith("text/event-stream")
            ((cursor, name, act),) = frames(stream, 1)
            assert (name, act["check_number"], act["cursor"]) == ("act", "7K3-Q42", cursor)
            counter.session.tell(shown(PERSON_CHECK))
            assert frames(stream, 1)[0][2]["person"] == "waiting"
        counter.session.confirm_person("7K3-Q43", True)
        with answered(origin, EVENTS, headers={**OWN, "Last-Event-ID": str(cursor)}) as stream:
            assert frames(stream, 1)[0][2]["person"] == "matched"
        with answered(origin, EVENTS, headers={**OWN, "Last-Event-ID": f"{'f' * 16}.7"}) as stream:
            assert [name for _, name, _ in frames(stream, 3)] == ["missed", "act", "act"]


def test_a_stream_ends_with_its_client_and_never_takes_a_pages_place(counter: Counter) -> None:
    counter.add("other", "other token")
    with running(counter.session, counter=counter.desk) as origin:
        with answered(origin, EVENTS, headers={"Authorization": "Bearer other token"}) as stream:
            counter.session.tell(shown(GOOD))
            frames(stream, 1)
            counter_clients.remove(counter.directory, "other")
            counter.session.tell(shown(CHECK))
            assert b"7K3-Q44" not in stream.read()
        opened = [answered(origin, EVENTS, headers=OWN) for _ in range(STREAM_CAP)]
        streams = [each.__enter__() for each in opened]
        try:
            for stream in streams:
                frames(stream, 2)
            with answered(origin, EVENTS, headers=OWN) as refused:
                assert (refused.status, json.load(refused)) == (503, {"error": "too_many_streams"})
            with answered(origin, "/events") as page:
                assert page.status == 200
        finally:
            for each in opened:
                each.__exit__(None, None, None)


# How it is described.


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "") -> None:
    """As much of JSON Schema as the document uses; anything else in it is an error of this test."""
    schema = {key: each for key, each in schema.items() if key not in {"description", "format"}}
    if "$ref" in schema:
        node: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        conforms(value, node, document, at)
        return
    known = {"type", "enum", "pattern", "minimum", "required", "properties", "additionalProperties", "items", "anyOf"}
    assert schema.keys() <= known, at
    if "anyOf" in schema:
        found = [each for each in schema["anyOf"] if (each["type"] == "null") is (value is None)]
        conforms(value, found[0], document, at)
        return
    if "enum" in schema:
        assert value in schema["enum"], at
        return
    names = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert names[type(value)] in allowed, (at, value)
    if "pattern" in schema and value is not None:
        assert re.search(schema["pattern"], value), at
    if isinstance(value, list):
        for each in value:
            conforms(each, schema["items"], document, f"{at}[]")
    if isinstance(value, dict):
        properties, more = schema.get("properties", {}), schema["additionalProperties"]
        assert set(schema.get("required", ())) <= value.keys(), at
        for key, each in value.items():
            assert key in properties or more, f"{at}.{key}"
            conforms(each, properties.get(key, more), document, f"{at}.{key}")


def test_every_answer_is_as_the_published_document_says(counter: Counter) -> None:
    document = counter.page().get("/api/v1/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    for verdict in (GOOD, PERSON_CHECK, CHECK, REFUSE, NOT_READ):
        counter.session.tell(shown(verdict))
    counter.session.tell(ReceiptGiven("7K3-Q42", "ab" * 32))
    counter.session.tell(RecheckAlarm("7K3-Q44", NOW, Status.SUSPENDED))
    answer = counter.fetch()
    assert len(answer["acts"]) == 5
    conforms(answer, schemas["Acts"], document)
    broken = {**answer, "acts": [{**answer["acts"][0], "citizen_id": "x"}]}
    with pytest.raises(AssertionError):
        conforms(broken, schemas["Acts"], document)


def test_the_document_names_every_address_and_states_the_duties(counter: Counter) -> None:
    document = json.loads(resources.files("verifier_terminal.web").joinpath("openapi.json").read_bytes())
    rules = {
        str(rule)
        for rule in create_app(
            counter.session, settings=SETTINGS, reasons=REASONS, clock=lambda: NOW, counter=counter.desk
        ).url_map.iter_rules()
        if "counter" in str(rule)
    }
    assert set(document["paths"]) == rules
    for duty in ("never touch the terminal's disk", "ten minutes", "retention_days", "do not survive"):
        assert duty in document["info"]["description"]


# No value reaches the disk.


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    directory = tmp_path / "terminal"
    directory.mkdir()
    made = Terminal(World(), directory, tmp_path / "published")
    yield made
    for session in made.opened:
        session.close()


def test_values_are_handed_over_and_stand_in_no_file_and_no_log(
    terminal: Terminal, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    session = certified(terminal)
    directory = terminal.directory
    counter_clients.add(directory, "queue", purposes=("window",), items=None, token=TOKEN, at=NOW)

    desk = open_desk(session, directory, run=RUN, elapsed_seconds=lambda: terminal.elapsed)
    app = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock, counter=desk)
    session.shift.set_case("B-042")
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.receipt(number, REASON)
    (act,) = app.test_client().get(ACTS, headers=OWN).get_json()["acts"]
    close_streams(app)
    items = act["licences"][0]["items"]
    shown_items = [value for value in driving_licence_items().values() if isinstance(value, str) and len(value) > 2]
    values = [value for value in shown_items if value in items.values()]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", items["valid_to"])
    assert act["licences"][0]["retention_days"] > 0
    assert (len(act["receipts"]), act["case"]) == (1, "B-042")
    assert values
    session.close()
    said = capfd.readouterr()
    files = [each for each in directory.rglob("*") if each.is_file()]
    assert {each.name for each in files} >= {"counter.json", "journal.head"}
    for content in (*(each.read_bytes() for each in files), caplog.text.encode(), said.out.encode(), said.err.encode()):
        for value in values:
            assert value.encode() not in content
            assert json.dumps(value).encode() not in content


def test_what_waits_for_a_slow_reader_never_becomes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself waitress spools an answer that nobody reads into a temporary file, from one megabyte on."""
    spooled: list[object] = []
    original = buffers.TempfileBasedBuffer
    monkeypatch.setattr(buffers, "TempfileBasedBuffer", lambda *given: (spooled.append(given), original(*given))[1])
    all_written = threading.Event()

    def portions() -> Iterator[bytes]:
        for _ in range(200):
            yield bytes(64 * 1024)
        all_written.set()

    app = Flask(__name__)
    app.add_url_rule("/large", "large", lambda: Response(portions()))
    server = WindowServer(app, "127.0.0.1", 0, 1)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", server.port))
            slow.sendall(b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert not all_written.wait(0.4)
    finally:
        server.stop()
        thread.join()
    assert spooled == []
