"""One kept connection: it is used again, opened anew when it is dead, and never left in the middle of an answer."""

import re
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from tests.terminal.serving import Answer, answers, quick, serving
from verifier_terminal.errors import (
    NameUnknown,
    NotListening,
    NotPublished,
    Redirected,
    ServerRefused,
    TooLarge,
    Unreachable,
)
from verifier_terminal.sync.http_mirror import HttpMirror

CONTENT = bytes(range(256)) * 256


class Recording:
    """Every request: from which connection, and its headers; then answers in this way."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.connections: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.lines: list[bytes] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.connections.append(handler.client_address[1])
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        self.lines.append(handler.raw_requestline)
        self._answer(handler)


def fetch(mirror: HttpMirror, name: str = "trust.cbor", *, max_bytes: int = 100_000) -> bytes:
    return mirror.fetch(name, max_bytes=max_bytes)


def test_one_connection_serves_many_requests_with_few_headers() -> None:
    asked = Recording(answers(200, b"content"))
    with serving(asked) as url:
        mirror = quick(url)
        assert [fetch(mirror) for _ in range(3)] == [b"content"] * 3
    assert len(set(asked.connections)) == 1
    assert [set(headers) for headers in asked.headers] == [{"host"}] * 3
    # A request is sent 1,440 times a day.
    assert len(asked.lines[0]) + sum(len(f"{name}: {value}\r\n") for name, value in asked.headers[0].items()) < 80


def test_a_file_that_is_missing_costs_no_connection() -> None:
    asked = Recording(answers(404, b"no such file"))
    with serving(asked) as url:
        mirror = quick(url)
        for _ in range(2):
            with pytest.raises(NotPublished):
                fetch(mirror)
    assert len(set(asked.connections)) == 1


def test_a_connection_that_the_server_ended_is_opened_anew() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        answers(200, b"content")(handler)
        # As a server does with a connection that nobody uses: without a word in any header.
        handler.close_connection = True

    asked = Recording(answer)
    with serving(asked) as url:
        mirror = quick(url)
        assert [fetch(mirror) for _ in range(2)] == [b"content"] * 2
    assert len(set(asked.connections)) == 2


def test_a_server_that_ends_every_connection_is_unreachable_and_asked_twice_at_most() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    asked = Recording(answer)
    with serving(asked) as url, pytest.raises(Unreachable):
        fetch(quick(url))
    assert len(asked.connections) <= 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answers(200, bytes(200_000)), TooLarge),
        (answers(302, b"sign in", Location="http://elsewhere/"), Redirected),
        (answers(500, b"broken"), ServerRefused),
    ],
)
def test_after_an_answer_that_was_left_in_the_middle_nothing_of_it_is_read(
    answer: Answer, error: type[Exception]
) -> None:
    parts = iter([answer, answers(200, b"content")])

    def each(handler: BaseHTTPRequestHandler) -> None:
        next(parts)(handler)

    with serving(each) as url:
        mirror = quick(url)
        with pytest.raises(error):
            fetch(mirror)
        assert fetch(mirror) == b"content"


def test_a_document_that_has_not_changed_comes_without_a_body() -> None:
    sent = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("If-None-Match") == '"one"':
            handler.send_response(304)
            handler.end_headers()
        else:
            sent.append(handler.path)
            answers(200, CONTENT, ETag='"one"')(handler)

    asked = Recording(answer)
    with serving(asked) as url:
        mirror = quick(url)
        assert [fetch(mirror) for _ in range(3)] == [CONTENT] * 3
        assert len(sent) == 1
        with pytest.raises(TooLarge):
            fetch(mirror, max_bytes=10)
        assert len(set(asked.connections)) == 1


@pytest.mark.parametrize("etag", ['W/"one"', "one", '""', '"' + "x" * 200 + '"', ""])
def test_an_etag_that_promises_nothing_is_not_sent_back(etag: str) -> None:
    asked = Recording(answers(200, b"content", ETag=etag))
    with serving(asked) as url:
        mirror = quick(url)
        fetch(mirror)
        fetch(mirror)
    assert "if-none-match" not in asked.headers[1]


def test_a_304_that_nobody_asked_for_is_no_document() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(304)
        handler.end_headers()

    with serving(answer) as url, pytest.raises(Redirected):
        fetch(quick(url))


class Breaking:
    """Sends a part, breaks off, and then goes on where it is asked to; or with another version."""

    def __init__(self, *, then: bytes = CONTENT, etag: str = '"one"', shift: int = 0) -> None:
        self._then, self._etag, self._shift = then, etag, shift
        self.sent = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        content = CONTENT if wanted is None else self._then
        begin = 0
        if wanted is not None and handler.headers.get("If-Range") == self._etag:
            match = re.fullmatch(r"bytes=([0-9]+)-", wanted)
            assert match is not None
            begin = int(match[1])
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {begin + self._shift}-{len(content) - 1}/{len(content)}")
        else:
            handler.send_response(200)
        handler.send_header("ETag", '"one"' if wanted is None else self._etag)
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.end_headers()
        part = content[begin : 40_000 if wanted is None else None]
        self.sent += len(part)
        handler.wfile.write(part)
        handler.close_connection = True


def test_a_download_that_broke_off_goes_on_where_it_ended() -> None:
    answer = Breaking()
    with serving(answer) as url:
        mirror = quick(url)
        with pytest.raises(Unreachable):
            fetch(mirror)
        assert fetch(mirror) == CONTENT
    assert answer.sent == len(CONTENT)


def test_a_download_that_broke_off_begins_anew_when_the_file_has_changed() -> None:
    with serving(Breaking(then=b"another", etag='"two"')) as url:
        mirror = quick(url)
        with pytest.raises(Unreachable):
            fetch(mirror)
        assert fetch(mirror) == b"another"


def test_another_part_than_the_one_that_was_asked_for_is_not_put_behind_the_first() -> None:
    with serving(Breaking(shift=1)) as url:
        mirror = quick(url)
        for _ in range(2):
            with pytest.raises(Exception, match=r"broken off|another part"):
                fetch(mirror)


def test_what_was_put_together_is_bounded_as_a_whole() -> None:
    with serving(Breaking()) as url:
        mirror = quick(url)
        with pytest.raises(Unreachable):
            fetch(mirror, max_bytes=41_000)
        with pytest.raises(TooLarge):
            fetch(mirror, max_bytes=41_000)


def test_no_such_host_and_nobody_listening_are_told_apart() -> None:
    with pytest.raises(NotListening):
        fetch(quick("http://127.0.0.1:1/"))
    with pytest.raises(NameUnknown):
        fetch(quick("http://no-such-host.invalid/"))


def test_threads_wait_for_one_another() -> None:
    asked = Recording(answers(200, CONTENT))
    found: list[bytes] = []
    with serving(asked) as url:
        mirror = quick(url)
        threads = [threading.Thread(target=lambda: found.append(fetch(mirror))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [CONTENT] * 4
    assert len(set(asked.connections)) == 1
