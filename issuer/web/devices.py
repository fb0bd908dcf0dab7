"""Routes of devices: list, report lost, found again. For the operator only."""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, request

from issuer.application import Issuer
from issuer.devices import listing
from issuer.web.bodies import Body
from issuer.web.terminals import ACTOR
from protocol.unixtime import UnixTime

_OPTIONAL: Final = frozenset({"device"})


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    """Put these routes into the application."""

    @app.get("/api/v1/licences/<licence_id>/devices")
    def devices(licence_id: str) -> Response:
        return jsonify([listing.as_json(record) for record in issuer.devices.listed(licence_id, at=now())])

    @app.post("/api/v1/licences/<licence_id>/lost")
    def report_lost(licence_id: str) -> Response:
        body = Body.read({"reason"}, _OPTIONAL)
        device = body.text("device") if "device" in body else None
        flipped = issuer.devices.report_lost(licence_id, device, reason=body.text("reason"), actor=ACTOR, at=now())
        return jsonify(id=licence_id, flipped=len(flipped))

    @app.post("/api/v1/licences/<licence_id>/found")
    def found(licence_id: str) -> tuple[Response, int]:
        body = Body.read({"reason"}, _OPTIONAL)
        device = body.text("device") if "device" in body else None
        issued = issuer.devices.found(licence_id, device, reason=body.text("reason"), actor=ACTOR, at=now())
        url = f"{request.host_url}api/v1/packages/{issued.licence_id}/{issued.secret}"
        return jsonify(id=issued.licence_id, package_url=url, warnings=issued.warnings), 201
