"""The counter hand-over: fields, not a picture, for the programs of the office that this terminal serves.

GET  /api/v1/counter/acts?after=CURSOR    what changed since; without a cursor everything that is still held
GET  /api/v1/counter/acts/events          the same as it happens (server-sent events); Last-Event-ID resumes
POST /api/v1/counter/case                 {"case": …}: the queue number or case id of the next check; "" clears it
GET  /api/v1/openapi.json                 this, described for programs (OpenAPI 3.1)

A cursor is opaque. One of an earlier run of the terminal, or older than what is still held, is answered with everything
and "missed": true, so that nobody takes a gap for silence. Guaranteed: a client gets checks of its purposes and items
of its list alone; one that was removed gets nothing from its next event or heartbeat on; at most four live streams,
beyond them 503; nothing is queued for a slow one. Nothing here writes to the disk or to a log.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from flask import Flask, Response, jsonify, request

from protocol.labels import Purpose
from verifier_terminal.counter_clients import CounterClient, CounterClientsUnusable
from verifier_terminal.handover import CounterDesk, HandedOver, Handover
from verifier_terminal.staff.errors import CaseRefused
from verifier_terminal.web.counter_access import WrongTokens, admitted, refuse
from verifier_terminal.web.counter_views import act_json
from verifier_terminal.web.events import EventStreams, StreamsFull

STREAM_CAP: Final = 4
STREAMS: Final = "liangzheng_counter_streams"
_CURSOR: Final = re.compile(r"([0-9a-f]{16})\.([0-9]{1,15})", re.ASCII)
_POLL_SECONDS: Final = 1.0
_RETRY_MS: Final = 3_000


def register(app: Flask, desk: CounterDesk, *, heartbeat_seconds: float) -> None:
    """Adds the routes and the streams that end with the server."""
    handover, wrong = desk.handover, WrongTokens(desk.elapsed_seconds)
    streams = EventStreams(cap=STREAM_CAP, heartbeat_seconds=heartbeat_seconds)
    app.extensions[STREAMS] = streams

    def client() -> CounterClient:
        return admitted(request, lambda: _held(desk), wrong)

    def view(held: HandedOver, to: CounterClient) -> tuple[str, dict[str, Any]]:
        cursor = f"{handover.run}.{held.number}"
        return cursor, dict(act_json(held, to, desk.knowledge(), cursor=cursor, left=handover.left(held)))

    @app.get("/api/v1/counter/acts")
    def counter_acts() -> Response:
        asking = client()
        start = _start(request.args.get("after"), handover, _purposes(asking))
        found = [view(held, asking) for held in handover.changes(_purposes(asking), after=start.number)]
        cursor = found[-1][0] if found else f"{handover.run}.{start.number}"
        return jsonify({"acts": [act for _, act in found], "cursor": cursor, "missed": start.missed})

    @app.get("/api/v1/counter/acts/events")
    def counter_events() -> Response:
        asking = client()
        start = _start(request.headers.get("Last-Event-ID"), handover, _purposes(asking))
        try:
            give_back = streams.take_place()
        except StreamsFull:
            refuse(503, "too_many_streams")
        is_gone = request.environ.get("waitress.client_disconnected", lambda: False)

        def still() -> CounterClient | None:
            """The client as its entry is now; None once it was removed, or given another token."""
            return next(
                (each for each in _held(desk) if (each.name, each.token_sha256) == (asking.name, asking.token_sha256)),
                None,
            )

        def frames() -> Iterator[bytes]:
            yield f"retry: {_RETRY_MS}\n\n".encode()
            if start.missed:
                yield _frame("missed", {}, None)
            number, silent = start.number, 0.0
            while not streams.is_closing and not is_gone():
                to = still()
                if to is None:
                    return
                found = handover.changes(_purposes(to), after=number)
                for held in found:
                    cursor, act = view(held, to)
                    number, silent = held.number, 0.0
                    yield _frame("act", act, cursor)
                if found:
                    continue
                if silent >= heartbeat_seconds:
                    silent = 0.0
                    yield b": alive\n\n"
                seconds = min(_POLL_SECONDS, heartbeat_seconds)
                handover.wait(after=number, seconds=seconds)
                silent += seconds

        response = Response(frames(), mimetype="text/event-stream")
        response.call_on_close(give_back)
        return response

    @app.post("/api/v1/counter/case")
    def counter_case() -> Response:
        client()
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or body.keys() != {"case"} or not isinstance(body["case"], str):
            refuse(400, "no_case")
        try:
            return jsonify({"case": desk.set_case(body["case"]) or None})
        except CaseRefused:
            refuse(400, "case_refused")

    @app.get("/api/v1/openapi.json")
    def openapi() -> Response:
        return Response(_document(), content_type="application/json")


@dataclass(frozen=True, slots=True)
class _Start:
    number: int
    missed: bool


def _start(cursor: str | None, handover: Handover, purposes: frozenset[Purpose]) -> _Start:
    """From which number on, and whether something before it is gone. Raises: HTTPException 400."""
    if not cursor:
        return _Start(0, missed=False)
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        refuse(400, "no_cursor")
    run, number = found[1], int(found[2])
    if run != handover.run or number > handover.number:
        return _Start(0, missed=True)
    return _Start(number, missed=handover.has_missed(purposes, after=number))


def _purposes(client: CounterClient) -> frozenset[Purpose]:
    return frozenset(purpose for purpose in Purpose if purpose.word in client.purposes)


def _held(desk: CounterDesk) -> tuple[CounterClient, ...]:
    """Nobody, where the file is damaged: a stream must not live on by what it once was."""
    try:
        return desk.clients()
    except CounterClientsUnusable:
        return ()


def _frame(name: str, content: dict[str, Any], cursor: str | None) -> bytes:
    """One event; JSON escapes line breaks, so no content can end it or forge another one."""
    head = "" if cursor is None else f"id: {cursor}\n"
    return f"{head}event: {name}\ndata: {json.dumps(content, ensure_ascii=True)}\n\n".encode()


def _document() -> bytes:
    return resources.files("verifier_terminal.web").joinpath("openapi.json").read_bytes()
