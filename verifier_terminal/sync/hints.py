"""Listens for hints that something urgent was published (server-sent events), and has the terminal ask then.

A hint is never trusted and never read for more than its form: it only ever causes a poll, which verifies everything as
always, after a pause that is drawn anew each time, so that 24,800 terminals do not ask in one second. While it pauses
nothing is read, so whoever floods it waits. Without hints the terminal polls as it would anyhow.

Not handled here: how often a region may be polled (`Session.poll_now`).
"""

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from verifier_terminal.errors import Unreachable

NAME: Final = "feed/hints"
"""Below a region's folder."""
_HINT: Final = re.compile(rb"data: ((?:0|[1-9][0-9]{0,9})[.](?:0|[1-9][0-9]{0,9}))\r?\n")
_MAX_LINE_BYTES: Final = 64
_MAX_LINES: Final = 2_000
"""Of one connection: eight hours of heartbeats. A server that sends more is asked again after a pause."""
_SILENT_SECONDS: Final = 40.0
"""Two heartbeats of the relay and some."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 120.0


class Hints:
    """One region's hints. `run` in a thread of its own; `close` from any other ends it."""

    def __init__(
        self,
        folder_url: str,
        heard: Callable[[], None],
        *,
        spread_seconds: Callable[[], float],
        jitter: Callable[[float], float],
    ) -> None:
        """Listens below the region's folder at this http(s) address.

        Args:
            folder_url: Where `feed/checkpoint.cwt` lies too.
            heard: Has the terminal poll.
            spread_seconds: How long to wait before that, drawn anew each time.
            jitter: Varies the pauses between two attempts.

        Raises:
            Unreachable: This is no such address.
        """
        try:
            parts = urlsplit(folder_url)
            self._host, self._port = parts.hostname, parts.port
        except ValueError as wrong:
            raise Unreachable("not an http or https address") from wrong
        if parts.scheme not in ("http", "https") or self._host is None:
            raise Unreachable("not an http or https address")
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path.rstrip('/')}/{NAME}"
        self._heard = heard
        self._spread_seconds = spread_seconds
        self._jitter = jitter
        self._stopped = threading.Event()
        self._socket: socket.socket | None = None
        self._last: bytes | None = None

    def run(self) -> None:
        """Listen until `close`; failures are waited out, each time longer."""
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                was_listening = self._listen()
            except (OSError, http.client.HTTPException, ValueError):
                was_listening = False
            pause = _FIRST_PAUSE if was_listening else min(2 * pause, _LONGEST_PAUSE)
            self._stopped.wait(self._jitter(pause))

    def close(self) -> None:
        """End `run` soon, whatever it waits for."""
        self._stopped.set()
        if (listening := self._socket) is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> bool:
        """One connection, until it ends; whether the server had hints at all."""
        assert self._host is not None
        connection = (
            http.client.HTTPSConnection(
                self._host, self._port, timeout=_SILENT_SECONDS, context=ssl.create_default_context()
            )
            if self._secure
            else http.client.HTTPConnection(self._host, self._port, timeout=_SILENT_SECONDS)
        )
        try:
            connection.connect()
            self._socket = connection.sock
            connection.putrequest("GET", self._path, skip_accept_encoding=True)
            connection.endheaders()
            with connection.getresponse() as response:
                kind = (response.getheader("Content-Type") or "").partition(";")[0].strip()
                if response.status != http.client.OK or kind != "text/event-stream":
                    return False
                return self._follow(response)
        finally:
            self._socket = None
            connection.close()

    def _follow(self, response: http.client.HTTPResponse) -> bool:
        for count in range(_MAX_LINES):
            line = response.readline(_MAX_LINE_BYTES)
            if self._stopped.is_set() or not line.endswith(b"\n"):
                # It ended, or sends lines without end.
                return count > 0
            hint = _HINT.fullmatch(line)
            if hint is None or hint[1] == self._last:
                continue
            self._last = hint[1]
            if not self._stopped.wait(self._spread_seconds()):
                self._heard()
        return False
