"""A web server on the loopback address that answers as it is told to, well or badly."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from verifier_terminal.sync.http_mirror import HttpMirror, Patience

Answer = Callable[[BaseHTTPRequestHandler], None]

_opened: list[HttpMirror] = []
"""Each is closed with the next server that ends."""


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a folder on a server that answers everything in this way."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                return

        def do_POST(self) -> None:
            # Read away, or closing the connection would break the answer off.
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *said: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Terminals break connections off; that is what many tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        while _opened:
            _opened.pop().close()
        server.shutdown()
        thread.join()
        server.server_close()


def answers(status: int, body: bytes, content_type: str = "text/html", **headers: str) -> Answer:
    """The same answer to everything."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def quick(url: str, **patience: float) -> HttpMirror:
    """A mirror without much patience."""
    limits = {"total_seconds": 5.0, "connect_seconds": 2.0, **patience}
    mirror = HttpMirror(url, monotonic=time.monotonic, patience=Patience(**limits))  # type: ignore[arg-type]  # its fields
    _opened.append(mirror)
    return mirror
