"""Every route of every page of a terminal against the classes of attack that issue 6 names, by walking `app.url_map`.

A route that is added later is walked as well: it has to prove where a POST comes from, to know its host, to carry the
policy, to bound its body, to live with any parameter. What is excepted stands below by name, and is tested by name.

    class                  | test
    CSRF                   | test_csrf_…
    DNS rebinding          | test_dns_rebinding_…
    inline script, framing | test_content_security_policy_…
    path traversal         | test_path_traversal_…
    header injection       | test_header_injection_…
    oversize               | test_oversize_…
    SSE exhaustion         | test_sse_exhaustion_…
    stored XSS, bidi       | tests/scenarios/test_hostile_texts.py
"""

import http.client
import inspect
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.scenarios.whole import BEARER, OWN, Whole, address, new_terminal, rules, whole
from tests.terminal.staff_world import CLERK, PASSPHRASE
from tests.terminal_web.running import running
from tests.terminal_web.test_routes import EVIL_HOSTS, FOREIGN_POSTS
from tests.terminal_web.test_server import answered
from tests.terminal_web.twin import SETTINGS, TOKEN
from verifier_terminal.web.app import MAX_BODY_BYTES, create_app
from verifier_terminal.web.counter_routes import STREAM_CAP

APPS = ["window", "kiosk", "explore"]
FOR_PROGRAMS = {"counter_case"}
"""POSTs that prove themselves by a bearer token, and answer no page at all."""
FORMS = {"search"}
"""The one form there is: `explore` has no script that could send JSON."""
STREAMS = {"events": SETTINGS.stream_cap, "counter_events": STREAM_CAP}
"""Answers that do not end, and how many of them there may be."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole(new_terminal(tmp_path_factory.mktemp("routes"))) as made:
        made.scan(made.terminal.world.code())
        yield made


@pytest.fixture(autouse=True)
def _somebody_is_on_duty(place: Whole) -> None:
    if place.session.shift.current() is None:
        place.session.shift.sign_on(CLERK, PASSPHRASE)


@pytest.fixture(params=APPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(place: Whole, name: str) -> FlaskClient:
    return place.client(name)


@pytest.fixture
def gets(place: Whole, name: str) -> list[Rule]:
    return list(rules(place.apps[name], "GET"))


@pytest.fixture
def posts(place: Whole, name: str) -> list[Rule]:
    return list(rules(place.apps[name], "POST"))


@pytest.fixture
def number(place: Whole) -> str:
    return place.session.acts()[0].check_number


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    response = client.get(path, headers=headers)
    if response.mimetype != "text/event-stream":
        response.get_data()
    response.close()
    return response


def own_post(client: FlaskClient, rule: Rule, path: str, content: bytes) -> TestResponse:
    """As our own page, our own form, or a program of the counter sends it."""
    if rule.endpoint in FORMS:
        kind = "application/x-www-form-urlencoded"
        return client.post(path, data=content, headers={"Origin": "http://localhost"}, content_type=kind)
    headers = BEARER if rule.endpoint in FOR_PROGRAMS else OWN
    return client.post(path, data=content, headers=headers, content_type="application/json")


def test_it_has_whatever_a_page_may_have(place: Whole) -> None:
    """Or the walks below would leave something out."""
    options = set(inspect.signature(create_app).parameters) - {"session", "settings", "kiosk"}
    assert set(place.given) == options


def test_no_route_takes_any_other_method(place: Whole, name: str) -> None:
    for rule in place.apps[name].url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}, rule


# CSRF


def assert_it_asks_where_it_comes_from(client: FlaskClient, path: str) -> None:
    for what, change, status in FOREIGN_POSTS:
        headers = {**OWN, "Content-Type": "application/json", **change}
        sent = {key: value for key, value in headers.items() if value is not None}
        assert client.post(path, data=b"{}", headers=sent).status_code == status, (path, what)
    # What was missing above is all that was: from our own page the body is read, and this one is none of any route's.
    assert client.post(path, json=[], headers=OWN).status_code == 400, path


def test_csrf_a_route_that_does_not_ask_would_be_found(place: Whole) -> None:
    app = create_app(place.session, settings=SETTINGS, **place.given)
    app.add_url_rule("/api/v1/new", "new", lambda: "done", methods=["POST"])
    with pytest.raises(AssertionError, match="no token"):
        assert_it_asks_where_it_comes_from(app.test_client(), "/api/v1/new")


def test_csrf_no_post_is_done_that_does_not_come_from_our_own_page(
    place: Whole, client: FlaskClient, posts: list[Rule], number: str
) -> None:
    before = place.rows(), place.session.supervision.settings(), place.session.shift.current(), place.session.requests()
    for rule in posts:
        if rule.endpoint in FOR_PROGRAMS | FORMS:
            continue
        assert_it_asks_where_it_comes_from(client, address(rule, check_number=number))
    after = place.rows(), place.session.supervision.settings(), place.session.shift.current(), place.session.requests()
    assert after == before


def test_csrf_what_is_excepted_proves_itself_in_another_way(place: Whole, number: str) -> None:
    window, explore = place.client("window"), place.client("explore")
    assert {rule.endpoint for app in place.apps.values() for rule in rules(app, "POST")} >= FOR_PROGRAMS | FORMS
    path, body = "/api/v1/counter/case", {"case": "A017"}
    assert window.post(path, json=body).status_code == 401
    assert window.post(path, json=body, headers=OWN).status_code == 403
    assert window.post(path, json=body, headers={**OWN, **BEARER}).status_code == 403
    assert window.post(path, json=body, headers={**BEARER, "Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert place.session.shift.case == ""
    found = {"search": number}
    for data, origin in (
        (found, "http://localhost"),
        ({**found, "token": TOKEN + "x"}, "null"),
        ({**found, "token": TOKEN}, "http://evil.example"),
    ):
        answer = explore.post("/journal", data=data, headers={"Origin": origin})
        assert (answer.status_code, number in answer.text) == (403, False)
    answer = explore.post("/journal", data={**found, "token": TOKEN}, headers={"Origin": "http://localhost"})
    assert (answer.status_code, number in answer.text) == (200, True)


def test_csrf_looking_changes_nothing(place: Whole, client: FlaskClient, gets: list[Rule], number: str) -> None:
    before = place.rows(), place.session.supervision.settings(), place.session.shift.current(), place.session.requests()
    for rule in gets:
        path = address(rule, check_number=number, number=number)
        get(client, path)
        with client.head(path, headers=BEARER) as answer:
            assert answer.status_code in (200, 404), path
    after = place.rows(), place.session.supervision.settings(), place.session.shift.current(), place.session.requests()
    assert after == before


# DNS rebinding


def test_dns_rebinding_a_foreign_host_gets_nothing_from_any_route(
    client: FlaskClient, gets: list[Rule], posts: list[Rule], number: str
) -> None:
    for host in EVIL_HOSTS:
        foreign = {"Host": host, "Origin": f"http://{host}"}
        for rule in gets:
            answer = get(client, address(rule, check_number=number, number=number), **foreign)
            assert answer.status_code in (400, 403), (rule, host)
            assert TOKEN not in answer.text
        for rule in posts:
            for headers in ({**OWN, **foreign}, {**BEARER, "Host": host}):
                answer = client.post(address(rule, check_number=number), json={}, headers=headers)
                assert answer.status_code in (400, 403), (rule, host)


# Inline script, framing


class Inline(HTMLParser):
    """Finds what the policy would stop: script, style or handlers that stand in a page itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if (tag == "script" and not held.get("src", "").startswith("/static/")) or tag in ("style", "iframe", "object"):  # type: ignore[union-attr]  # no value: no source
            self.found.append(tag)
        for key, value in attrs:
            if key.startswith("on") or key in ("style", "srcdoc") or "javascript:" in (value or "").lower():
                self.found.append(f"{tag} {key}={value}")


def inline(page: str) -> list[str]:
    parser = Inline()
    parser.feed(page)
    return parser.found


def test_an_inline_script_would_be_found() -> None:
    assert inline("<script>x</script>") == ["script"]
    assert inline("<script src='http://evil.example/x.js'></script>") == ["script"]
    assert inline('<p onclick="x" style="y"><a href="JavaScript:x">') == [
        "p onclick=x",
        "p style=y",
        "a href=JavaScript:x",
    ]


def test_content_security_policy_is_strict_on_every_answer_of_every_route(
    client: FlaskClient, gets: list[Rule], posts: list[Rule], number: str, name: str
) -> None:
    answers = [get(client, address(rule, check_number=number, number=number), **BEARER) for rule in gets]
    assert sum(answer.status_code == 200 for answer in answers) > len(answers) // 2
    answers += [get(client, "/nothing"), client.put("/"), client.get("/", headers={"Host": "evil.example"})]
    for rule in posts:
        path = address(rule, check_number=number)
        answers += [client.post(path), own_post(client, rule, path, b"["), own_post(client, rule, path, b"x" * 70_000)]
    for answer in answers:
        said = {}
        for each in answer.headers["Content-Security-Policy"].split("; "):
            directive, _, sources = each.partition(" ")
            said[directive] = sources
        assert said["default-src"] == "'none'"
        assert said.get("script-src", "'self'") == said["style-src"] == "'self'"
        assert (said["base-uri"], said["frame-ancestors"]) == ("'none'", "'none'")
        assert said["form-action"] == ("'self'" if name == "explore" else "'none'")
        assert said["require-trusted-types-for"] == "'script'"
        assert not re.search(r"unsafe|\*|https?:|data:|blob:", " ".join(said.values()))
        assert (answer.headers["X-Content-Type-Options"], answer.headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(answer.headers.keys())
        if answer.mimetype == "text/html":
            assert inline(answer.text) == []


# Path traversal


AWAY = [
    "..", "../terminal.db", "../../terminal.json", "..%2f..%2fterminal.json", "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..\\..\\terminal.json", "..%5cterminal.json", "....//terminal.json", "%2fetc%2fpasswd", "..%252fterminal.json",
    "terminal.db%00.js", "C:%5cboot.ini", "~root", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd", "journal.anchor",
]  # fmt: skip
OF_FILES = [b"SQLite format 3", b"root_sha256", b"root:x:0", b"PRIVATE KEY"]


def places(rule: Rule, wanted: str) -> Iterator[str]:
    """Addresses of this rule with `wanted` in the place of each parameter."""
    for name in rule.arguments:
        yield re.sub(rf"<[^>]*\b{name}>", lambda _: wanted, rule.rule)


def test_path_traversal_no_parameter_leads_out_of_its_route(
    place: Whole, client: FlaskClient, gets: list[Rule], posts: list[Rule]
) -> None:
    before = place.rows()
    assert sum(bool(rule.arguments) for rule in (*gets, *posts)) > 2
    for rule in gets:
        for path in (path for wanted in AWAY for path in places(rule, wanted)):
            answer = get(client, path)
            assert answer.status_code in (308, 400, 404, 405), path
            assert not any(content in answer.data for content in OF_FILES), path
    for rule in posts:
        for path in (path for wanted in AWAY for path in places(rule, wanted)):
            answer = own_post(client, rule, path, b"{}")
            assert answer.status_code in (308, 400, 404, 405), path
            assert not any(content in answer.data for content in OF_FILES), path
    assert place.rows() == before


@pytest.mark.parametrize("number", ["../t1", "/etc/passwd", "..\\keys", "0417/../0417", "0417\x00", ".", "0417.key"])
def test_path_traversal_a_number_of_staff_is_no_name_of_a_file(place: Whole, number: str) -> None:
    place.session.shift.sign_off()
    answer = place.post("/api/v1/staff/sign-on", {"number": number, "passphrase": "x" * 12})
    assert (answer.status_code, answer.get_json()["error"]) == (409, "unknown")


# Header injection


BREAKS = ["%0d%0aX-Evil:%201%0d%0a%0d%0aevil", "%0aX-Evil:%201", "%22%e5%98%8d%e5%98%8aX-Evil:%201"]


def assert_no_header_of_theirs(answer: TestResponse, path: str) -> None:
    assert answer.status_code < 500, path
    assert "X-Evil" not in answer.headers
    for key, value in answer.headers:
        assert "\r" not in value
        assert "\n" not in value
        assert key == "Location" or "evil" not in value.lower(), (path, key, value)


def test_header_injection_no_text_of_a_request_becomes_a_header(
    client: FlaskClient, gets: list[Rule], posts: list[Rule], number: str
) -> None:
    for broken in BREAKS:
        for rule in gets:
            usual = address(rule, check_number=number, number=number)
            theirs = {**BEARER, "Last-Event-ID": broken, "Accept-Language": f"en{broken}"}
            for path in (
                *places(rule, f"{number}{broken}"),
                usual + "?" + "&".join(f"{each}={broken}" for each in ASKED),
            ):
                assert_no_header_of_theirs(get(client, path, **theirs), path)
        for rule in posts:
            usual = address(rule, check_number=number)
            for path in (*places(rule, f"{number}{broken}"), f"{usual}?lang={broken}"):
                content = b'{"reason": "x\\r\\nX-Evil: 1", "values": false}'
                assert_no_header_of_theirs(own_post(client, rule, path, content), path)


ASKED = ["lang", "after", "before", "page", "search"]


# Oversize


def test_oversize_every_post_is_cut_off(place: Whole, client: FlaskClient, posts: list[Rule], number: str) -> None:
    before = place.rows()
    for rule in posts:
        path = address(rule, check_number=number)
        content = b'{"text": "' + b"x" * MAX_BODY_BYTES + b'"}'
        assert own_post(client, rule, path, content).status_code == 413, path
    assert place.rows() == before


# SSE exhaustion


def test_sse_exhaustion_beyond_the_cap_of_every_stream_503_and_quick_requests_still_answer(place: Whole) -> None:
    """Every stream there is, each up to its cap, and then as many half-sent requests as there are threads to spare."""
    app = place.apps["window"]
    client = app.test_client()
    found = set()
    for rule in rules(app, "GET"):
        response = client.get(address(rule), headers=BEARER)
        if response.mimetype == "text/event-stream":
            found.add(rule.endpoint)
        response.close()
    assert found == set(STREAMS)

    # One thread for each of them beside the spare ones, as `terminal serve` says.
    settings = replace(SETTINGS, stream_cap=sum(STREAMS.values()))
    given = {key: value for key, value in place.given.items() if key not in ("metrics", "beat", "software")}
    with running(place.session, settings, **given) as origin, ExitStack() as opened:
        paths = [("/events", settings.stream_cap, {}), ("/api/v1/counter/acts/events", STREAM_CAP, BEARER)]
        for path, cap, headers in paths[::-1]:
            for _ in range(cap):
                stream = opened.enter_context(answered(origin, path, headers=headers))
                assert stream.status == 200
                assert stream.readline()
            with answered(origin, path, headers=headers) as refused:
                assert refused.status == 503
        for _ in range(20):
            half = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=5)
            opened.callback(half.close)
            half.connect()
            half.sock.sendall(b"POST /api/v1/scan HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        with answered(origin, "/healthz") as quick:
            assert quick.status == 200
        headers = {"Content-Type": "application/json", "Origin": origin, "X-CSRF-Token": TOKEN}
        body = '{"text": "LX9:nothing"}'
        with answered(origin, "/api/v1/scan", method="POST", body=body, headers=headers) as scan:
            assert scan.status == 200
