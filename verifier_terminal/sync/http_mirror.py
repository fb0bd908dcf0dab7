"""Fetches published files over http(s) on one kept connection, and believes nothing of them.

Guaranteed for each file: one total deadline (connecting included, and connecting anew when the kept connection turns
out to be dead), a least rate, a size cap, no redirects, no proxies, the content type not looked at (mirrors get it
wrong; the signature decides). The deadline closes the socket from another thread, because a server that drips one byte
a second never runs into a socket's time-out. A document that has not changed costs no body (ETag), and a long download
that broke off goes on where it ended (If-Range). Headers are as few as can be: most answers are shorter than they are.

Not handled here: whether the bytes are worth anything (`intake`), and a resolver that hangs, which the system's own
time-out ends.
"""

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

from verifier_terminal.errors import (
    NameUnknown,
    NotListening,
    NotPublished,
    Redirected,
    ServerRefused,
    TooLarge,
    TooSlow,
    Unreachable,
)
from verifier_terminal.sync.deadline import Deadline

_CHUNK_BYTES: Final = 65_536
_MAX_REMEMBERED: Final = 64
_MAX_REMEMBERED_BYTES: Final = 4_194_304
"""Of documents that are asked for with their ETag: keys, catalogues and policies of all regions."""
_NEVER_REMEMBERED: Final = "feed/"
"""A checkpoint is another one each time, and everything else there is fetched once."""
_LEAST_TO_GO_ON: Final = 16_384
"""What is shorter is fetched anew at once."""
_ETAG: Final = re.compile(r'"[!#-~]{1,126}"', re.ASCII)
"""Strong ones alone: a weak one does not promise the same bytes."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a download may take. The total holds for connecting, headers and content together."""

    total_seconds: float = 30.0
    connect_seconds: float = 5.0
    grace_seconds: float = 10.0
    least_bytes_per_second: int = 1_024


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A document as it came, or the beginning of one that broke off."""

    etag: str
    content: bytes


class HttpMirror:
    """A web server or one of its mirrors. One thread at a time is served; others wait."""

    def __init__(self, url: str, *, monotonic: Callable[[], float], patience: Patience | None = None) -> None:
        """Names the server; `monotonic` counts seconds.

        Raises:
            Unreachable: This is no http or https address.
        """
        try:
            parts = urlsplit(url)
        except ValueError as wrong:
            raise Unreachable("not an http or https address") from wrong
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("not an http or https address")
        try:
            self._port = parts.port
        except ValueError as wrong:
            raise Unreachable("not a port number") from wrong
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._base = parts.path.rstrip("/")
        self._monotonic = monotonic
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._kept: http.client.HTTPConnection | None = None
        self._whole: dict[str, _Remembered] = {}
        self._begun: dict[str, _Remembered] = {}

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file. Raises: as `Mirror.fetch`."""
        return self._fetch(name, max_bytes, None)

    def fetch_part(self, name: str, *, start: int, length: int) -> bytes:
        """So many bytes of a file from there on, fewer only at its end: for files too long to be kept in memory.

        Only for names that never get another content, since nothing is compared with an earlier part.

        Raises:
            FetchError: By its own reason; ServerRefused also from a server that knows no parts.
        """
        return self._fetch(name, length, start)

    def _fetch(self, name: str, max_bytes: int, start: int | None) -> bytes:
        with self._lock, Deadline(name, self._patience.total_seconds) as deadline, named_failures(name, deadline):
            wanted = None if start is None else f"bytes={start}-{start + max_bytes - 1}"
            connection, response = self._answer(name, deadline, wanted)
            can_go_on = False
            try:
                with response:
                    try:
                        if start is not None:
                            return self._part(response, name, start, max_bytes, deadline)
                        return self._content(response, name, max_bytes, deadline)
                    finally:
                        # Only an answer that was read to its end leaves the connection where the next one begins.
                        can_go_on = (response.isclosed() or response.length == 0) and not response.will_close
            finally:
                if can_go_on and not deadline.is_over:
                    self._kept = connection
                else:
                    connection.close()

    def close(self) -> None:
        """Gives the connection back; the next fetch opens another one."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _answer(
        self, name: str, deadline: Deadline, part: str | None
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """The beginning of the answer, on the kept connection or on a new one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            try:
                return kept, self._asked(kept, name, deadline, part)
            except (ConnectionError, http.client.BadStatusLine):
                # Servers end connections that nobody uses for a while, and that shows only now.
                deadline.check()
        connection = self._connection()
        try:
            connection.connect()
            return connection, self._asked(connection, name, deadline, part)
        except BaseException:
            connection.close()
            raise

    def _connection(self) -> http.client.HTTPConnection:
        timeout = self._patience.connect_seconds
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _asked(
        self, connection: http.client.HTTPConnection, name: str, deadline: Deadline, part: str | None
    ) -> http.client.HTTPResponse:
        # The connection forgets its socket as soon as the answer has begun, so it is watched from here on.
        deadline.watch(connection.sock)
        try:
            # Without Accept-Encoding no server that we know of encodes; if one does, the signature does not fit.
            connection.putrequest("GET", f"{self._base}/{name}", skip_accept_encoding=True)
            if part is not None:
                connection.putheader("Range", part)
            elif (begun := self._begun.get(name)) is not None:
                connection.putheader("Range", f"bytes={len(begun.content)}-")
                connection.putheader("If-Range", begun.etag)
            elif (whole := self._whole.get(name)) is not None:
                connection.putheader("If-None-Match", whole.etag)
            connection.endheaders()
            return connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def _content(self, response: http.client.HTTPResponse, name: str, max_bytes: int, deadline: Deadline) -> bytes:
        status = response.status
        begun, whole = self._begun.pop(name, None), self._whole.get(name)
        if status == http.client.NOT_MODIFIED and begun is None and whole is not None:
            _check_size(len(whole.content), name, max_bytes)
            return whole.content
        if status == http.client.PARTIAL_CONTENT and begun is not None:
            if not (response.getheader("Content-Range") or "").startswith(f"bytes {len(begun.content)}-"):
                raise ServerRefused(f"{name}: another part than the one that was asked for")
            return self._read(response, name, max_bytes, deadline, begun.content)
        if status != http.client.OK:
            self._refuse(response, name)
        return self._read(response, name, max_bytes, deadline, b"")

    def _part(
        self, response: http.client.HTTPResponse, name: str, start: int, length: int, deadline: Deadline
    ) -> bytes:
        if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            response.read(_CHUNK_BYTES)
            return b""
        if response.status == http.client.PARTIAL_CONTENT:
            if not (response.getheader("Content-Range") or "").startswith(f"bytes {start}-"):
                raise ServerRefused(f"{name}: another part than the one that was asked for")
        elif response.status == http.client.OK:
            raise ServerRefused(f"{name}: the server gives no parts of files")
        else:
            self._refuse(response, name)
        content = bytearray()
        for chunk in self._chunks(response, name, deadline):
            content += chunk
            _check_size(len(content), name, length)
        return bytes(content)

    def _refuse(self, response: http.client.HTTPResponse, name: str) -> NoReturn:
        status = response.status
        if 300 <= status < 400:
            raise Redirected(f"{name}: status {status}")
        if status in (http.client.NOT_FOUND, http.client.GONE):
            # A short text that says so is read away, so that the connection can be used again.
            response.read(_CHUNK_BYTES)
            raise NotPublished(f"{name}: status {status}")
        raise ServerRefused(f"{name}: status {status}")

    def _read(
        self, response: http.client.HTTPResponse, name: str, max_bytes: int, deadline: Deadline, beginning: bytes
    ) -> bytes:
        etag = response.getheader("ETag") or ""
        is_strong = _ETAG.fullmatch(etag) is not None
        content = bytearray(beginning)
        try:
            for chunk in self._chunks(response, name, deadline):
                content += chunk
                _check_size(len(content), name, max_bytes)
        except (OSError, http.client.HTTPException, TooSlow, Unreachable):
            if is_strong and len(content) >= _LEAST_TO_GO_ON:
                # One at a time: only bases and bundles are so long.
                self._begun = {name: _Remembered(etag, bytes(content))}
            raise
        whole = bytes(content)
        if is_strong and _NEVER_REMEMBERED not in name:
            self._remember(name, _Remembered(etag, whole))
        return whole

    def _chunks(self, response: http.client.HTTPResponse, name: str, deadline: Deadline) -> Iterator[bytes]:
        started, read, patience = self._monotonic(), 0, self._patience
        while chunk := response.read1(_CHUNK_BYTES):
            yield chunk
            read += len(chunk)
            taken = self._monotonic() - started
            if taken > patience.grace_seconds and read < taken * patience.least_bytes_per_second:
                raise TooSlow(f"{name}: {read} bytes in {taken:.0f} s")
        deadline.check()
        if response.length:
            raise Unreachable(f"{name}: broken off after {read} bytes")

    def _remember(self, name: str, came: _Remembered) -> None:
        self._whole.pop(name, None)
        self._whole[name] = came
        while len(self._whole) > _MAX_REMEMBERED or _bytes_of(self._whole) > _MAX_REMEMBERED_BYTES:
            del self._whole[next(iter(self._whole))]


@contextmanager
def named_failures(name: str, deadline: Deadline) -> Iterator[None]:
    """The network's failures by their own reasons."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as failure:
        if deadline.is_over:
            raise deadline.too_slow() from failure
        match failure:
            case socket.gaierror():
                raise NameUnknown(f"{name}: {_words(failure)}") from failure
            case ConnectionRefusedError():
                raise NotListening(f"{name}: {_words(failure)}") from failure
            case TimeoutError():
                raise TooSlow(f"{name}: nothing came for a while") from failure
            case _:
                raise Unreachable(f"{name}: {_words(failure)}") from failure


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"{name}: more than {max_bytes} bytes")


def _bytes_of(remembered: dict[str, _Remembered]) -> int:
    return sum(len(each.content) for each in remembered.values())


def _words(failure: Exception) -> str:
    """The system's words; never the answer's, which is hostile text."""
    if isinstance(failure, OSError) and failure.strerror:
        return failure.strerror
    return type(failure).__name__
