"""Fetches an issuer's published files from a folder or over http(s), and believes nothing of them.

Guaranteed for http: one total deadline for each file, a least rate, a size cap, no redirects, no proxies, no content
encodings, the content type not looked at (mirrors get it wrong; the signature decides). The deadline closes the socket
from another thread, because a server that drips one byte a second never runs into a socket's time-out. Not handled
here: whether the bytes are worth anything (`intake`), and a resolver that hangs, which the system's own time-out ends.
"""

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from protocol import limits
from verifier_terminal.errors import (
    DocumentRefused,
    NotPublished,
    Redirected,
    ServerRefused,
    TooLarge,
    TooSlow,
    Unreachable,
)

_MAX_AGGREGATION_BYTES: Final = 1_048_576
_MAX_LISTS: Final = 10_000
_CHUNK_BYTES: Final = 65_536
_URI: Final = re.compile(r"lz:[0-9]{6}/(0|[1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a download may take. The total holds for connecting, headers and content together."""

    total_seconds: float = 30.0
    connect_seconds: float = 5.0
    grace_seconds: float = 10.0
    least_bytes_per_second: int = 1_024


class Mirror(Protocol):
    """Where an issuer's files are published."""

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file.

        Raises:
            FetchError: By its own reason.
        """
        ...


class FolderMirror:
    """A folder on a disk, a stick or a share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file. Raises: as `Mirror.fetch`."""
        try:
            with (self._folder / name).open("rb") as opened:
                content = opened.read(max_bytes + 1)
        except OSError as failure:
            # A stick that was pulled out takes the folder with it.
            if isinstance(failure, FileNotFoundError) and self._folder.is_dir():
                raise NotPublished(name) from failure
            raise Unreachable(f"{name}: {failure.strerror}") from failure
        _check_size(len(content), name, max_bytes)
        return content


class HttpMirror:
    """A web server or one of its mirrors."""

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

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file. Raises: as `Mirror.fetch`."""
        connection = self._connection()
        too_late = threading.Event()
        connected: list[socket.socket] = []

        def end() -> None:
            too_late.set()
            for sock in (*connected, connection.sock):
                if sock is not None:
                    _shut(sock)

        deadline = threading.Timer(self._patience.total_seconds, end)
        deadline.daemon = True
        deadline.start()
        try:
            connection.connect()
            # The connection forgets its socket as soon as the answer has begun, so it is kept here.
            connected.append(connection.sock)
            if too_late.is_set():
                raise TooSlow(f"{name}: {self._patience.total_seconds:g} s")
            connection.request("GET", f"{self._base}/{name}", headers={"Accept-Encoding": "identity"})
            response = connection.getresponse()
            with response:
                return self._content(response, name, max_bytes, too_late)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            if too_late.is_set():
                raise TooSlow(f"{name}: {self._patience.total_seconds:g} s") from failure
            raise Unreachable(f"{name}: {_words(failure)}") from failure
        finally:
            deadline.cancel()
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        timeout = self._patience.connect_seconds
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _content(
        self, response: http.client.HTTPResponse, name: str, max_bytes: int, too_late: threading.Event
    ) -> bytes:
        if 300 <= response.status < 400:
            raise Redirected(f"{name}: status {response.status}")
        if response.status in (http.client.NOT_FOUND, http.client.GONE):
            raise NotPublished(f"{name}: status {response.status}")
        if response.status != http.client.OK:
            raise ServerRefused(f"{name}: status {response.status}")
        started = self._monotonic()
        content = bytearray()
        while chunk := response.read1(_CHUNK_BYTES):
            content += chunk
            _check_size(len(content), name, max_bytes)
            taken = self._monotonic() - started
            if taken > self._patience.grace_seconds and len(content) < taken * self._patience.least_bytes_per_second:
                raise TooSlow(f"{name}: {len(content)} bytes in {taken:.0f} s")
        if too_late.is_set():
            raise TooSlow(f"{name}: {self._patience.total_seconds:g} s")
        if response.length:
            raise Unreachable(f"{name}: broken off after {len(content)} bytes")
        return bytes(content)


def open_mirror(location: str, *, monotonic: Callable[[], float]) -> Mirror:
    """The mirror at a folder or an http(s) address.

    Raises:
        Unreachable: The address is none.
    """
    if location.startswith(("http://", "https://")):
        return HttpMirror(location, monotonic=monotonic)
    return FolderMirror(Path(location))


def fetch_document(mirror: Mirror, name: str) -> bytes:
    """`trust.cbor`, `catalogue.cbor`, `policy.cbor` or `root.cbor`. Raises: FetchError."""
    return mirror.fetch(name, max_bytes=limits.MAX_DOCUMENT_BYTES)


def fetch_status_list(mirror: Mirror, uri: str) -> bytes:
    """The token of a list that `fetch_list_uris` named. Raises: FetchError."""
    return mirror.fetch(f"status/{uri.rpartition('/')[2]}.cwt", max_bytes=limits.MAX_STATUS_TOKEN_BYTES)


def fetch_list_uris(mirror: Mirror, *, region: str) -> tuple[str, ...]:
    """The lists of this region that the issuer publishes. The file is unsigned: it can only leave lists out.

    Raises:
        FetchError: It could not be fetched.
        DocumentRefused: It is not {"status_lists": […]}.
    """
    content = mirror.fetch("status/aggregation.json", max_bytes=_MAX_AGGREGATION_BYTES)
    try:
        aggregation = json.loads(content)
    except (ValueError, RecursionError) as wrong:
        raise DocumentRefused("status/aggregation.json is not JSON") from wrong
    uris = aggregation.get("status_lists") if isinstance(aggregation, dict) else None
    if not isinstance(uris, list) or len(uris) > _MAX_LISTS:
        raise DocumentRefused("status/aggregation.json names no lists, or too many")
    if not all(isinstance(uri, str) and _URI.fullmatch(uri) for uri in uris):
        raise DocumentRefused("status/aggregation.json names a list that is none")
    return tuple(dict.fromkeys(uri for uri in uris if uri.startswith(f"lz:{region}/")))


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"{name}: more than {max_bytes} bytes")


def _shut(sock: socket.socket) -> None:
    """Wakes whoever waits on this socket; it may be closed already."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _words(failure: Exception) -> str:
    """The system's words; never the answer's, which is hostile text."""
    if isinstance(failure, OSError) and failure.strerror:
        return failure.strerror
    return type(failure).__name__
