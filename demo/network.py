"""The wire between the terminal and the authority, with a switch: a TCP forwarder that can be cut.

The terminal of the demonstration reaches the authority only through it, so "no network" is what it is in a deployment:
connections refused or broken off, not a flag in the terminal.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536
_CONNECT_SECONDS = 3.0


class _Wire(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    switch: "NetworkSwitch"


class NetworkSwitch:
    """Forwards one port of this machine to another one, as long as it is on."""

    def __init__(self, upstream_port: int) -> None:
        """Starts nothing yet; the network is on."""
        self._upstream_port = upstream_port
        self._on = threading.Event()
        self._on.set()
        self._live: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._server = _Wire(("127.0.0.1", 0), _Forward)
        self._server.switch = self
        self.port: int = self._server.server_address[1]
        """Where the terminal connects to."""

    @property
    def is_on(self) -> bool:
        """Whether bytes pass."""
        return self._on.is_set()

    def turn_on(self) -> None:
        """Lets bytes pass again."""
        self._on.set()

    def cut(self) -> None:
        """Refuses new connections and breaks off those that stand."""
        self._on.clear()
        with self._guard:
            standing = list(self._live)
        for connection in standing:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def forward(self, client: socket.socket) -> None:
        """Passes bytes between one client and the authority until either ends or the wire is cut."""
        if not self.is_on:
            return
        try:
            upstream = socket.create_connection(("127.0.0.1", self._upstream_port), _CONNECT_SECONDS)
        except OSError:
            return
        upstream.settimeout(None)
        with upstream, self._registered(client, upstream):
            if not self.is_on:  # Cut between the first look and the registration.
                return
            back = threading.Thread(target=_pump, args=(upstream, client), daemon=True)
            back.start()
            _pump(client, upstream)
            back.join()

    @contextlib.contextmanager
    def _registered(self, *connections: socket.socket) -> Iterator[None]:
        with self._guard:
            self._live.update(connections)
        try:
            yield
        finally:
            with self._guard:
                self._live.difference_update(connections)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="network", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self.cut()
        self._server.server_close()


class _Forward(BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Wire)
        self.server.switch.forward(self.request)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            sink.sendall(chunk)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
