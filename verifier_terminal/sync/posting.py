"""Posts signed bytes to the operator's server over http(s), and believes nothing of the answer.

Guaranteed for each post: one total deadline, a size cap, no redirects, no proxies; an error status is an answer and no
failure, for what it means is the caller's question. Not handled here: whether anybody but the operator answered.
"""

import http.client
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from verifier_terminal.errors import Redirected, TooLarge, Unreachable
from verifier_terminal.sync.deadline import Deadline
from verifier_terminal.sync.http_mirror import Patience, named_failures

COSE: Final = "application/cose"
_MAX_ANSWER_BYTES: Final = 8_192
_PATIENCE: Final = Patience(total_seconds=20.0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What some server said."""

    status: int
    content: bytes


class Poster:
    """One server, a connection for each post: rows are few, and minutes apart."""

    def __init__(self, url: str, *, patience: Patience = _PATIENCE) -> None:
        """Names the server; `url` has the form of `protocol.enrolment.is_address`."""
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._base = parts.path
        self._patience = patience

    def post(self, path: str, content: bytes) -> Answered:
        """The answer to these bytes.

        Raises:
            FetchError: Nobody answered, too slowly, too much, or with a redirect.
        """
        with Deadline(path, self._patience.total_seconds) as deadline, named_failures(path, deadline):
            connection = self._connection()
            try:
                connection.connect()
                deadline.watch(connection.sock)
                headers = {"Content-Type": COSE, "Accept-Encoding": "identity", "Connection": "close"}
                connection.request("POST", f"{self._base}{path}", content, headers)
                with connection.getresponse() as response:
                    return _answered(response, path, deadline)
            finally:
                connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        timeout = self._patience.connect_seconds
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)


def _answered(response: http.client.HTTPResponse, path: str, deadline: Deadline) -> Answered:
    if 300 <= response.status < 400:
        raise Redirected(f"{path}: status {response.status}")
    content = response.read(_MAX_ANSWER_BYTES + 1)
    deadline.check()
    if len(content) > _MAX_ANSWER_BYTES:
        raise TooLarge(f"{path}: more than {_MAX_ANSWER_BYTES} bytes")
    if response.length:
        raise Unreachable(f"{path}: broken off after {len(content)} bytes")
    return Answered(response.status, content)
