"""The page behind waitress, on loopback: threads = stream cap + 16, so that live pages never starve a scan.

waitress's own four threads froze with eight live streams; slow or half-open clients are cut off after ten seconds
(TERMINAL.md, "Operations"; SECURITY.md G9).
"""

import threading
from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from verifier_terminal.web.app import MAX_BODY_BYTES, close_streams

SPARE_THREADS: Final = 16
LOOPBACK: Final = "127.0.0.1"
"""An address and no name, which could be made to mean another. No IPv6: werkzeug trusts no Host `[::1]`."""
MAX_WAITING_BYTES: Final = 1024 * 1024
"""Of one connection."""
_NEVER_BYTES: Final = 1 << 31
_POLL_SECONDS: Final = 1.0
_LAST_ANSWERS_SECONDS: Final = 5.0


class NotLoopback(ValueError):
    """The page would be reachable from the network; put it behind a proxy that authenticates instead."""


class WindowServer:
    """Listens from the moment it is made; answers while `run` runs."""

    def __init__(self, app: Flask, host: str, port: int, stream_cap: int) -> None:
        """Port 0 takes a free one.

        Raises:
            NotLoopback: The host is reachable from elsewhere.
            OSError: The port is taken.
        """
        if host != LOOPBACK:
            raise NotLoopback(f"{host} is not a loopback address; use {LOOPBACK}")
        self._app = app
        self._stopping = threading.Event()
        self._sockets: dict[int, Any] = {}
        self._threads = ThreadedTaskDispatcher()
        self._threads.set_thread_count(stream_cap + SPARE_THREADS)
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                _dispatcher=self._threads,
                host=host,
                port=port,
                connection_limit=2000,
                channel_timeout=10,
                # Reading on while an answer is written is how waitress notices that a live page has gone.
                channel_request_lookahead=1,
                cleanup_interval=5,
                max_request_body_size=MAX_BODY_BYTES,
                max_request_header_size=16 * 1024,
                # What waits for a slow reader stays in memory, and whoever writes more waits: waitress would put it
                # into a file of the system's, and values never touch the disk.
                outbuf_high_watermark=MAX_WAITING_BYTES,
                outbuf_overflow=_NEVER_BYTES,
                inbuf_overflow=_NEVER_BYTES,
                ident=None,
                expose_tracebacks=False,
            )
        except OSError:
            self._threads.shutdown()
            raise

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.effective_port)

    def run(self) -> None:
        """Answer until `stop`, or until interrupted; live pages are let go first, so that nothing waits for them."""
        try:
            while not self._stopping.is_set():
                wasyncore.loop(timeout=_POLL_SECONDS, use_poll=True, map=self._sockets, count=1)
        finally:
            close_streams(self._app)
            self._threads.shutdown(timeout=_LAST_ANSWERS_SECONDS)
            wasyncore.close_all(self._sockets)

    def stop(self) -> None:
        """Make `run` return; from any thread."""
        self._stopping.set()
        self._server.pull_trigger()


def serve(app: Flask, host: str, port: int, stream_cap: int, ready: Callable[[int], None] = lambda _port: None) -> None:
    """Answer until interrupted; `ready` hears the port once the server listens.

    Raises:
        NotLoopback: The host is reachable from elsewhere.
        OSError: The port is taken.
        KeyboardInterrupt: Somebody ended it.
    """
    server = WindowServer(app, host, port, stream_cap)
    ready(server.port)
    server.run()
