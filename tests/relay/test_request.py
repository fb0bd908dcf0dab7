"""One request, read strictly: what two programs could read in two ways is no request here."""

import pytest

from verifier_terminal.relay.request import BadRequest, Request, parse

GOOD = b"GET /feed/checkpoint.cwt HTTP/1.1\r\nHost: relay\r\n\r\n"


def test_a_plain_request() -> None:
    assert parse(GOOD) == Request("feed/checkpoint.cwt", False, True, frozenset())


def test_what_a_terminal_and_a_browser_send() -> None:
    known = b'GET /trust.cbor HTTP/1.1\r\nHost: 192.0.2.1:8470\r\nIf-None-Match: W/"x", "0f" \r\n\r\n'
    assert parse(known).known == {'"x"', '"0f"'}
    browser = GOOD[:-2] + b"User-Agent: x/1 (a; b)\r\nAccept: */*\r\nCookie: a=\xff\r\nContent-Length: 0\r\n\r\n"
    assert parse(browser).keeps_alive


@pytest.mark.parametrize(
    ("line", "keeps_alive"),
    [
        (b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close", False),
        (b"GET /a HTTP/1.1\r\nHost: a\r\nconnection: Close", False),
        (b"GET /a HTTP/1.0", False),
        (b"HEAD /a HTTP/1.1\r\nHost:", True),
    ],
)
def test_how_the_connection_goes_on(line: bytes, keeps_alive: bool) -> None:
    request = parse(line + b"\r\n\r\n")
    assert (request.keeps_alive, request.is_head) == (keeps_alive, line.startswith(b"HEAD"))


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://relay/feed/checkpoint.cwt HTTP/1.1",
        b"GET https://issuer.example/ HTTP/1.1",
        b"GET //issuer.example/a?b HTTP/1.1",
        b"GET feed.cbor HTTP/1.1",
        b"GET /feed.cbor?a=1 HTTP/1.1",
        b"GET /feed.cbor#a HTTP/1.1",
        b"GET /%2e%2e/passwd HTTP/1.1",
        b"GET /feed.cbor%00 HTTP/1.1",
        b"GET /feed\\..\\passwd HTTP/1.1",
        b"GET /feed.cbor HTTP/1.2",
        b"GET /feed.cbor HTTP/2.0",
        b"GET /feed.cbor http/1.1",
        b"GET /feed.cbor",
        b"GET  /feed.cbor HTTP/1.1",
        b"GET /feed.cbor HTTP/1.1 ",
        b"GET\t/feed.cbor HTTP/1.1",
        b" GET /feed.cbor HTTP/1.1",
        b"get /feed.cbor HTTP/1.1",
        b"GET /" + b"a" * 161 + b" HTTP/1.1",
        "GET /乌有 HTTP/1.1".encode(),
        b"CONNECT issuer.example:443 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"\r\nGET /feed.cbor HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",
        b"",
    ],
)
def test_a_line_that_is_none(line: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(line + b"\r\nHost: relay\r\n\r\n")
    assert refused.value.status == 400


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PURGE", b"PROPFIND"])
def test_another_method(method: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(method + b" /feed.cbor HTTP/1.1\r\nHost: relay\r\n\r\n")
    assert refused.value.status == 405


@pytest.mark.parametrize(
    "header",
    [
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: identity",
        b"Transfer-Encoding : chunked",
        b"Content-Length: 5",
        b"Content-Length: +0",
        b"Content-Length: 0, 0",
        b"Content-Length: 0\r\nContent-Length: 0",
        b"Content-Length: 0\r\ncontent-length: 5",
        b"Expect: 100-continue",
        b"Upgrade: h2c",
        b"Host: other",
        b"X: a\r\n folded",
        b" X: a",
        b"X",
        b": a",
        b"X: a\nTransfer-Encoding: chunked",
        b"X: a\rY: b",
        b"X: a\x00",
        b"X\x00: a",
        b"X Y: a",
    ],
)
def test_a_header_that_is_refused(header: bytes) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(GOOD[:-2] + header + b"\r\n\r\n")
    assert refused.value.status == 400


def test_the_standard_demands_a_host() -> None:
    with pytest.raises(BadRequest):
        parse(b"GET /feed.cbor HTTP/1.1\r\n\r\n")
