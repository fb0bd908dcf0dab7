"""Routes that terminals themselves call: enrolment, renewal, rows. They need no token: what is posted proves itself.

A body is a COSE object, as it was signed. Answers in JSON where somebody may look at them, the rest as bytes.
"""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, request

from issuer.application import Issuer
from protocol import unixtime
from protocol.unixtime import UnixTime

OPEN: Final = frozenset({"enrol", "renew", "row"})
"""Endpoints for whoever has a signature to show."""
_COSE: Final = "application/cose"
_CBOR: Final = "application/cbor"


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    """Put these routes into the application."""

    @app.post("/api/v1/enrolments")
    def enrol() -> Response:
        return Response(issuer.enrolments.enrol(_body(), at=now()), mimetype=_CBOR)

    @app.post("/api/v1/terminals/<terminal>/renewal")
    def renew(terminal: str) -> Response:
        return Response(issuer.renewals.renew(terminal, _body(), at=now()), mimetype=_COSE)

    @app.post("/api/v1/terminals/<terminal>/rows")
    def row(terminal: str) -> Response:
        taken = issuer.receiving.take(terminal, _body(), at=now())
        told = issuer.acts.told(request.args.get("acts", ""), terminal=terminal)
        return jsonify(key=taken.key.hex(), received_at=unixtime.iso_utc(taken.received_at), decisions=told)


def _body() -> bytes:
    return request.get_data(cache=False)
