"""Reads one HTTP/1.1 request (RFC 9112) of the few that a relay answers, and refuses everything else at once.

Guaranteed: GET or HEAD of a path of plain characters; no body, no absolute address, no query, no escapes, no folded or
repeated framing headers, so that no proxy in between can disagree with us on where a request ends (request smuggling).
Which paths there are is the server's to say; Host is demanded by the standard, and nothing depends on what it says.
"""

import re
from dataclasses import dataclass
from typing import Final

MAX_REQUEST_BYTES: Final = 8_192
"""Of request line and headers; a browser's have 1 kB."""
END: Final = b"\r\n\r\n"

_LINE: Final = re.compile(rb"(GET|HEAD) /([A-Za-z0-9._/-]{0,160}) HTTP/1[.]([01])")
_METHOD: Final = re.compile(rb"[A-Z]{3,16} /")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_ETAG: Final = re.compile(r'"[!#-~]*"')
_NO_BODY: Final = (b"transfer-encoding", b"upgrade", b"expect")


class BadRequest(Exception):
    """The connection ends with this status: what follows on it could be anything."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for; `path` is without the first slash."""

    path: str
    is_head: bool
    keeps_alive: bool
    known: frozenset[str]
    """ETags that the asker holds already."""


def parse(head: bytes) -> Request:
    """The request in these bytes, which end with the empty line.

    Raises:
        BadRequest: It is none that is answered here.
    """
    first, *lines = head.removesuffix(END).split(b"\r\n")
    matched = _LINE.fullmatch(first)
    if matched is None:
        raise BadRequest(405 if _METHOD.match(first) and not first.startswith((b"GET ", b"HEAD ")) else 400)
    headers = _headers(lines)
    is_newer = matched[3] == b"1"
    if is_newer and b"host" not in headers:
        raise BadRequest(400)
    if any(name in headers for name in _NO_BODY) or headers.get(b"content-length", b"0") != b"0":
        raise BadRequest(400)
    return Request(
        path=matched[2].decode("ascii"),
        is_head=matched[1] == b"HEAD",
        keeps_alive=is_newer and headers.get(b"connection", b"").lower() != b"close",
        known=frozenset(_ETAG.findall(headers.get(b"if-none-match", b"").decode("latin-1"))),
    )


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        matched = _HEADER.fullmatch(line)
        if matched is None or matched[1].lower() in headers:
            # Two of one kind have a meaning for lists only, and none of what is asked here has two.
            raise BadRequest(400)
        headers[matched[1].lower()] = matched[2].strip(b" \t")
    return headers
