"""A small S3 server for tests: PUT, GET, HEAD and DELETE of objects, signatures checked, and misbehaviour on demand.

It checks AWS Signature Version 4 as Amazon describes it, for what `obstore` sends: headers alone, one chunk.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

KEY_ID, SECRET, REGION = "AKFICTION", "fictional-secret", "cn-test-1"


@dataclass
class Bucket:
    """Objects by path, and how the server misbehaves."""

    port: int = 0
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    ignores_conditions: bool = False
    fails: int = 0
    """So many requests are answered with 500."""
    requests: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Bucket]:
    bucket = Bucket()

    class Handler(_Handler):
        held = bucket

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    held: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._accepted(content):
            return
        path = unquote(urlsplit(self.path).path)
        if self.headers["If-None-Match"] == "*" and path in self.held.objects and not self.held.ignores_conditions:
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        kept = {name: self.headers[name] for name in ("Cache-Control", "Content-Type") if self.headers[name]}
        self.held.objects[path] = content, kept
        self._answer(200, b"", {"ETag": _etag(content)})

    def do_GET(self) -> None:
        if not self._accepted(b""):
            return
        found = self.held.objects.get(unquote(urlsplit(self.path).path))
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            headers = {"ETag": _etag(found[0]), "Last-Modified": "Sun, 22 Nov 2026 04:00:00 GMT", **found[1]}
            self._answer(200, found[0], headers)

    def do_DELETE(self) -> None:
        if self._accepted(b""):
            self.held.objects.pop(unquote(urlsplit(self.path).path), None)
            self._answer(204, b"")

    def log_message(self, *_: object) -> None:
        pass

    def _accepted(self, content: bytes) -> bool:
        self.held.requests.append(f"{self.command} {self.path}")
        if self.held.fails:
            self.held.fails -= 1
            self._answer(500, b"<Error><Code>InternalError</Code></Error>")
            return False
        if self._signature(content) != self.headers["Authorization"].rpartition("Signature=")[2]:
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return False
        return True

    def _signature(self, content: bytes) -> str:
        """Signature Version 4 of this request under the one key that there is."""
        scheme, _, rest = self.headers["Authorization"].partition(" ")
        assert scheme == "AWS4-HMAC-SHA256"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        key_id, day, region, service, end = parts["Credential"].split("/")
        if (key_id, region, service) != (KEY_ID, REGION, "s3"):
            return "another key"
        stated = self.headers["x-amz-content-sha256"]
        if stated not in ("UNSIGNED-PAYLOAD", hashlib.sha256(content).hexdigest()):
            return "another content"
        split = urlsplit(self.path)
        signed = parts["SignedHeaders"].split(";")
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(parse_qsl(split.query)))
        headers = "".join(f"{name}:{' '.join((self.headers[name] or '').split())}\n" for name in signed)
        canonical = "\n".join((self.command, split.path, query, headers, ";".join(signed), stated))
        scope = f"{day}/{region}/{service}/{end}"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join((scheme, self.headers["x-amz-date"], scope, hashed))
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, service, end):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_GET


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
