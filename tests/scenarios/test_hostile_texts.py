"""Texts that attack whoever reads them, wherever somebody else's text is shown: nowhere do they do anything.

    class                                  | test
    stored XSS, markup in pages            | test_stored_xss_…
    stored XSS, by the page's own script   | test_stored_xss_by_script_…; in a browser tests/browser/test_window_page.py
    bidi and control characters            | test_bidi_and_control_characters_…

Walked are all GET routes of the window, the kiosk and `explore`, each in every language, and every search.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

import verifier_terminal
from hardware.devices import Lost, LostReason
from protocol.errors import ProtocolError, SchemaError
from protocol.labels import Lic
from tests.scenarios.test_every_route import inline
from tests.scenarios.whole import BEARER, OWN, Whole, address, new_terminal, rules, whole
from tests.terminal.staff_world import CLERK, COLLEAGUE, PASSPHRASE, certified_key
from tests.terminal_web.twin import TOKEN
from tests.utopia.forgeries import FORGERIES
from tests.utopia.forgery import Forgery
from tests.utopia.kinds import driving_licence_items
from verifier_terminal import config, counter_clients
from verifier_terminal.appraisal import reasons
from verifier_terminal.counter_clients import CounterClientsUnusable
from verifier_terminal.errors import NotATerminal
from verifier_terminal.web import notices
from verifier_terminal.web.texts import TAGS

TAG = "<img src=x onerror=alert(1)>"
QUOTED = f"\"'><svg onload=x>{TAG}"
TURNED = "\u202e有效 DILAV\u2066\u200b\x07\x1b@"
HOSTILE = QUOTED + TURNED
STEERS = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|javascript:"
    r"|setAttribute\(\s*['\"]on|createContextualFragment|DOMParser|setHTMLUnsafe"
)


@dataclass
class Shown:
    """Everything that the pages answered, by address."""

    place: Whole
    number: str
    answers: dict[str, TestResponse]
    events: list[tuple[str, Any]]

    def texts(self) -> Iterator[tuple[str, str]]:
        for path, answer in self.answers.items():
            if answer.is_json:
                yield from ((path, text) for text in strings(answer.get_json()))
            elif answer.mimetype == "text/html":
                yield path, answer.text
        yield from ((name, text) for name, event in self.events for text in strings(event))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (key, *strings(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    terminal = new_terminal(tmp_path_factory.mktemp("hostile"), name=QUOTED)
    with whole(terminal) as place:
        with place.session.subscribe() as events:
            number = filled(place)
            told = []
            while (event := events.next(0)) is not None:
                told.append(event)
        place.session.settings = replace(place.session.settings, name=HOSTILE)
        rendered = [
            notices.event_json(
                each,
                catalogue=place.session.catalogue(),
                reasons=reasons.load(),
                status=place.session.status,
                now=terminal.world.clock.at,
            )
            for each in told
        ]
        yield Shown(place, number, answers(place, number), [each for each in rendered if each is not None])


def filled(place: Whole) -> str:
    """Hostile text in every place that takes some; what is refused is asserted to be."""
    terminal, session = place.terminal, place.session
    items = {**driving_licence_items(), Lic.NAME: QUOTED, Lic.LICENCE_NO: TAG, Lic.AUTHORITY: QUOTED}
    number = place.scan(terminal.world.code(terminal.world.credential(items=items)))["check_number"]
    assert place.post("/api/v1/staff/case", {"case": TAG}).status_code == 200
    terminal.pass_seconds(30)
    place.scan(HOSTILE)
    act = f"/api/v1/acts/{number}"
    assert place.post(f"{act}/receipt", {"reason": QUOTED}).status_code == 200
    assert place.post(f"{act}/page", {"reason": QUOTED, "values": False}).status_code == 200
    assert place.post(f"{act}/print", {"reason": QUOTED}).status_code == 200
    assert place.post("/api/v1/requests", {"kinds": ["driving-licence"], "reason": QUOTED}).status_code == 200
    report = {"check_number": number, "category": "too_slow", "text": HOSTILE}
    assert place.post("/api/v1/problems", report).status_code == 200
    assert place.post(f"{act}/void", {"reason": HOSTILE}).status_code == 200
    session.hear(Lost(f"/dev/{HOSTILE}", LostReason.NOT_FOUND))
    (terminal.directory / HOSTILE.replace("/", "").replace("\x07", "")).write_bytes(b"")
    session._store.database.execute("INSERT INTO document (name, encoded) VALUES (?, x'00')", (HOSTILE,))
    # Somebody wrote into the terminal's file of programs by hand: then there is none.
    (terminal.directory / counter_clients.FILE).write_text(
        (terminal.directory / counter_clients.FILE).read_text().replace('"queue"', json.dumps(HOSTILE))
    )
    return str(number)


def answers(place: Whole, number: str) -> dict[str, TestResponse]:
    tables = [
        name for (name,) in place.session._store.database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    made = {}
    for app in place.apps:
        client = place.client(app)
        for rule in rules(place.apps[app], "GET"):
            if rule.endpoint == "static":
                continue
            for name in tables if rule.endpoint == "table" else ("printing",):
                for tag in TAGS.values():
                    path = f"{address(rule, check_number=number, number=number, name=name)}?lang={tag}"
                    answer = client.get(path, headers=BEARER)
                    if answer.mimetype != "text/event-stream":
                        answer.get_data()
                        made[f"{app} {path}"] = answer
                    answer.close()
    for word in (TAG, HOSTILE, number):
        made[f"window search {word}"] = place.client().get("/api/v1/acts", query_string={"search": word})
        data = {"search": word, "token": TOKEN}
        made[f"explore search {word}"] = place.client("explore").post("/journal", data=data, headers=OWN)
    return made


def test_stored_xss_markup_stays_text_in_every_answer(shown: Shown) -> None:
    for path, answer in shown.answers.items():
        assert answer.status_code in (200, 401, 404), path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype == "text/html":
            assert inline(answer.text) == [], path
            assert TAG not in answer.text, path
        else:
            assert answer.mimetype in ("application/json", "text/plain"), path


def test_stored_xss_the_texts_are_really_there(shown: Shown) -> None:
    """Or nothing would be proven: each is somewhere in what the pages show, as text."""
    by_path = {path: answer for path, answer in shown.answers.items() if answer.status_code == 200}

    def has(path: str, text: str) -> bool:
        return any(text in (answer.text + json.dumps(answer.get_json(silent=True), ensure_ascii=False))
                   for key, answer in by_path.items() if key.startswith(path))  # fmt: skip

    assert has("explore /", "&lt;img src=x onerror=alert(1)&gt;")
    assert has(f"explore /checks/{shown.number}", "&lt;img src=x")
    assert has("explore /table/document", "&lt;img src=x")
    acts = shown.answers["window /api/v1/acts?lang=en"].get_json()["acts"]
    assert TAG in [act["case"] for act in acts]
    assert any(TAG in (act["void_reason"] or "") for act in acts)
    assert has("window /api/v1/status", TAG[:20])
    assert has("window /api/v1/requests", "onerror")
    verdicts = [event for name, event in shown.events if name == "verdict"]
    assert any(view["licence"] and TAG in view["licence"]["name"] for view in verdicts[0]["views"].values())
    assert any(TAG in event["source"] for name, event in shown.events if name == "device")


def test_stored_xss_by_script_no_page_has_a_place_where_text_becomes_markup() -> None:
    scripts = list(Path(verifier_terminal.__file__).parent.rglob("static/**/*.js"))
    assert len(scripts) > 5
    for script in scripts:
        assert SINKS.findall(script.read_text()) == [], script.name


def test_bidi_and_control_characters_are_shown_as_harmless(shown: Shown) -> None:
    for path, text in shown.texts():
        steering = {each for each in text if unicodedata.category(each) in STEERS} - set("\n\t\r")
        assert not steering, (path, steering)


def test_bidi_and_control_characters_never_reach_the_printer(shown: Shown) -> None:
    """A slip that could begin with a command could cut, print anything, or open the drawer."""
    assert "\x1b" not in "".join(shown.place.printer.strip.lines)
    assert shown.place.printer.strip.not_understood == []
    said = shown.place.post(f"/api/v1/acts/{shown.number}/print", {"reason": TURNED})
    assert said.status_code == 409
    assert shown.place.post("/api/v1/requests", {"kinds": ["driving-licence"], "reason": TURNED}).status_code == 409


TEXTS_OF_FORGERS = [each for each in FORGERIES if re.search("hostile|bidi|null-char|zero-width|line-sep", str(each))]


def test_there_are_forgeries_with_such_texts() -> None:
    assert len(TEXTS_OF_FORGERS) >= 6


@pytest.mark.parametrize("forgery", TEXTS_OF_FORGERS, ids=str)
def test_bidi_and_control_characters_in_a_licence_make_it_no_licence(shown: Shown, forgery: Forgery) -> None:
    shown.place.terminal.pass_seconds(30)
    made = shown.place.scan(forgery.make(shown.place.terminal.world))
    for view in made["views"].values():
        assert view["class"] in ("refuse", "not_read")
        assert view["licence"] is None or view["licence"]["items"] == []
    assert not STEERS & {unicodedata.category(each) for text in strings(made) for each in text}


@pytest.mark.parametrize("key", [Lic.NAME, Lic.LICENCE_NO, Lic.AUTHORITY], ids=["name", "licence_no", "authority"])
def test_bidi_and_control_characters_are_issued_to_nobody(shown: Shown, key: Lic) -> None:
    with pytest.raises(SchemaError, match="hostile text"):
        shown.place.terminal.world.credential(items={**driving_licence_items(), key: f"有效{TURNED}"})


def test_bidi_and_control_characters_are_refused_in_the_names_of_terminals_programs_and_cases(shown: Shown) -> None:
    place = shown.place
    root = place.terminal.world.roots[place.session.settings.region].public_key
    with pytest.raises(NotATerminal, match="name is no printable text"):
        config.save(place.terminal.directory / "other", replace(place.session.settings, name=TURNED), root)
    assert place.post("/api/v1/staff/case", {"case": TURNED}).status_code == 409
    with pytest.raises(CounterClientsUnusable):
        counter_clients.load(place.terminal.directory)
    assert place.client().get("/api/v1/counter/acts", headers=BEARER).status_code == 401


def test_stored_xss_the_name_of_staff_is_text_and_a_steering_one_signs_nobody_on(shown: Shown) -> None:
    session, world, files = shown.place.session, shown.place.terminal.world, shown.place.terminal.staff
    assert files is not None
    session.shift.sign_off()
    with pytest.raises(ProtocolError):
        certified_key(world, COLLEAGUE, name=f"王{TURNED}")
    files.add(certified_key(world, COLLEAGUE, name=QUOTED))
    session.shift.sign_on(COLLEAGUE, PASSPHRASE)
    assert QUOTED in strings(shown.place.client().get("/api/v1/staff").get_json())
    assert inline(shown.place.client().get("/").text) == []
    session.shift.sign_off()
    session.shift.sign_on(CLERK, PASSPHRASE)
