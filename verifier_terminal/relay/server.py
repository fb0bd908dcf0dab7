"""The relay's web server: a published folder served out of a cache, hints to who waits for them, and its own health.

One thread, an asyncio stream for each connection. Guaranteed: every connection has a deadline for its request and for
taking the answer, whatever it drips; their number is bounded, in total and for each address; answers are sent piece by
piece, so that slow takers cost no memory. A connection that asks for anything unusual ends with its answer.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from protocol.published_names import published
from verifier_terminal.relay import request as requests
from verifier_terminal.relay.cache import Cache, Kept, NothingHeld
from verifier_terminal.relay.request import BadRequest, Request
from verifier_terminal.relay.watch import HINTS, TooManyWatched, Watch, Watched

HEALTH: Final = "healthz"
_CHUNK_BYTES: Final = 16_384
"""What is written at once, and what may wait in memory for a slow taker."""
_REASONS: Final = {
    200: "OK",
    304: "Not Modified",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
_HINT_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
    b"Connection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What connections may take. Terminals ask every minute and keep their connection."""

    connections: int = 2_000
    per_address: int = 256
    request_seconds: float = 10.0
    idle_seconds: float = 90.0
    grace_seconds: float = 10.0
    least_bytes_per_second: int = 8_192
    heartbeat_seconds: float = 15.0


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    answers: Counter[int] = field(default_factory=Counter)
    turned_away: int = 0
    cut_off: int = 0
    hints: int = 0


class RelayServer:
    """Answers connections that an event loop accepts."""

    def __init__(
        self, cache: Cache, watch: Watch, *, monotonic: Callable[[], float], bounds: Bounds | None = None
    ) -> None:
        self._cache = cache
        self._watch = watch
        self._monotonic = monotonic
        self._bounds = bounds or Bounds()
        self._by_address: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.counts = Counts()

    async def listen(self, host: str, port: int) -> int:
        """Accept connections from now on; gives the port (0 takes a free one). Raises: OSError."""
        self._server = await asyncio.start_server(
            self._accept, host, port, limit=requests.MAX_REQUEST_BYTES, backlog=512
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Accept nothing more and let everybody go."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("",))[0])
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= self._bounds.connections or self._by_address[address] >= self._bounds.per_address:
            self.counts.turned_away += 1
            writer.transport.abort()
            return
        self._tasks.add(task)
        self._by_address[address] += 1
        writer.transport.set_write_buffer_limits(high=_CHUNK_BYTES)
        try:
            await self._converse(reader, writer)
            writer.close()
            async with asyncio.timeout(self._bounds.grace_seconds):
                await writer.wait_closed()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            self.counts.cut_off += 1
        except asyncio.CancelledError:
            # The relay ends; there is nobody above this task who would want to know.
            return
        finally:
            writer.transport.abort()
            self._tasks.discard(task)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        patience = self._bounds.request_seconds
        while True:
            async with asyncio.timeout(patience):
                first = await reader.read(1)
            if not first:
                return
            try:
                request = requests.parse(first + await self._rest(reader))
            except BadRequest as refused:
                await self._say(writer, refused.status, _reason(refused.status), keeps_alive=False)
                return
            if request.path == HINTS or request.path.endswith(f"/{HINTS}"):
                await self._hint(request, writer)
                return
            await self._answer(request, writer)
            if not request.keeps_alive:
                return
            patience = self._bounds.idle_seconds

    async def _rest(self, reader: asyncio.StreamReader) -> bytes:
        # From the first byte on: a connection that drips its request is no slower to end than one that is silent.
        async with asyncio.timeout(self._bounds.request_seconds):
            try:
                return await reader.readuntil(requests.END)
            except asyncio.LimitOverrunError:
                raise BadRequest(431) from None

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path == HEALTH:
            await self._say(writer, 200, self._health(), request=request, content_type="application/json")
            return
        entry = published(request.path)
        try:
            kept = None if entry is None else await self._cache.get(entry)
        except NothingHeld:
            await self._say(writer, 503, b"the upstream does not answer, and nothing is held\n", request=request)
            return
        if kept is None:
            await self._say(writer, 404, b"no such file\n", request=request)
        elif kept.etag in request.known:
            await self._say(writer, 304, b"", request=request, kept=kept)
        else:
            await self._say(writer, 200, kept.content, request=request, kept=kept)

    async def _say(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        content: bytes,
        *,
        request: Request | None = None,
        kept: Kept | None = None,
        content_type: str = "text/plain",
        keeps_alive: bool = True,
    ) -> None:
        self.counts.answers[status] += 1
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
        if kept is not None:
            # How old it is, by our own clock: nothing becomes fresher by being handed on (RFC 9111 section 5.1).
            lines += [f"ETag: {kept.etag}", f"Age: {self._cache.age(kept)}"]
            content_type = "application/octet-stream"
        if status != 304:
            lines += [f"Content-Type: {content_type}", f"Content-Length: {len(content)}"]
        if not keeps_alive or (request is not None and not request.keeps_alive):
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("ascii")
        seconds = self._bounds.grace_seconds + len(content) / self._bounds.least_bytes_per_second
        async with asyncio.timeout(seconds):
            if request is not None and request.is_head:
                content = b""
            # What is short goes out in one piece with its head.
            writer.write(head + content[:_CHUNK_BYTES])
            await writer.drain()
            for begin in range(_CHUNK_BYTES, len(content), _CHUNK_BYTES):
                writer.write(content[begin : begin + _CHUNK_BYTES])
                await writer.drain()

    async def _hint(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Server-sent events (WHATWG HTML, section 9.2) until the listener goes: one for each new place in the feed."""
        try:
            watched = self._watch.join(request.path.removesuffix(HINTS))
        except TooManyWatched:
            await self._say(writer, 503, b"too many regions are watched\n", request=request, keeps_alive=False)
            return
        if watched is None:
            await self._say(writer, 404, b"no such region\n", request=request, keeps_alive=False)
            return
        try:
            writer.write(_HINT_HEAD)
            if not request.is_head:
                await self._tell(watched, writer)
        finally:
            self._watch.leave(watched)

    async def _tell(self, watched: Watched, writer: asyncio.StreamWriter) -> None:
        told = None
        while not writer.is_closing():
            # Taken before it is looked whether there is any news, so that none is missed in between.
            news = watched.news
            if watched.place is not None and watched.place != told:
                told = watched.place
                self.counts.hints += 1
                writer.write(f"data: {told}\n\n".encode("ascii"))
            else:
                writer.write(b":\n\n")
            async with asyncio.timeout(self._bounds.grace_seconds):
                await writer.drain()
            try:
                async with asyncio.timeout(self._bounds.heartbeat_seconds):
                    await news.wait()
            except TimeoutError:
                continue

    def _health(self) -> bytes:
        """For people and monitors. Places and ages are what was handed on, and nobody here has verified them."""
        cache, now = self._cache, self._monotonic()
        failure = cache.last_failure
        is_newest = failure is not None and (cache.last_success is None or failure[0] > cache.last_success)
        stated = {
            "upstream": {
                "reachable": None if cache.last_success is None and failure is None else not is_newest,
                "last_success_seconds_ago": None if cache.last_success is None else int(now - cache.last_success),
                "last_failure": None if failure is None else failure[1],
                "requests": cache.requests,
            },
            "held_bytes": cache.held_bytes,
            "connections": len(self._tasks),
            "turned_away": self.counts.turned_away,
            "cut_off": self.counts.cut_off,
            "answers": {str(status): count for status, count in sorted(self.counts.answers.items())},
            "hints": self.counts.hints,
            "watched": [
                {"checkpoint": each.entry.name, "place": each.place, "listeners": each.listeners}
                for each in self._watch.regions
            ],
        }
        return json.dumps(stated, ensure_ascii=True, indent=2).encode("ascii") + b"\n"


def _reason(status: int) -> bytes:
    return f"{_REASONS[status]}\n".encode("ascii")
