"""Routes of mandates: issue, list, withdraw. For the operator only; the package opens by its address alone."""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, request

from issuer import holder_keys
from issuer.application import Issuer
from issuer.mandates import listing
from issuer.mandates.issuing import ASSURANCES, LONGEST_DAYS, Wish
from issuer.mandates.register import Capacity
from issuer.web.bodies import Body, Malformed
from issuer.web.terminals import ACTOR, purposes
from protocol import unixtime
from protocol.labels import KeyAssurance
from protocol.unixtime import UnixTime

_OPTIONAL: Final = frozenset({"as", "kinds", "days", "parent_mandate", "key_assurance"})
_CAPACITIES: Final = {str(capacity): capacity for capacity in Capacity}


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    """Put these routes into the application."""

    @app.get("/api/v1/licences/<licence_id>/mandates")
    def mandates(licence_id: str) -> Response:
        found = issuer.mandates.listed(licence_id)
        return jsonify([listing.as_json(record, issuer.kinds, at=now()) for record in found])

    @app.post("/api/v1/licences/<licence_id>/mandates")
    def issue_mandate(licence_id: str) -> tuple[Response, int]:
        body = Body.read({"agent_key", "level", "purposes"}, _OPTIONAL)
        wish = Wish(
            licence_id,
            body.integer("level", 1),
            _capacity(body) if "as" in body else None,
            purposes(body),
            body.texts("kinds") if "kinds" in body else None,
            body.integer("days", LONGEST_DAYS),
            body.text("parent_mandate") if "parent_mandate" in body else None,
            _assurance(body) if "key_assurance" in body else KeyAssurance.SOFTWARE,
        )
        key = holder_keys.read(body.text("agent_key").encode(errors="replace"))
        issued = issuer.mandates.issue(wish, key, actor=ACTOR, at=now())
        url = f"{request.host_url}api/v1/packages/{issued.licence_id}/{issued.secret}"
        ends = unixtime.iso_utc(issued.exp)
        return jsonify(id=issued.licence_id, package_url=url, to=ends, warnings=issued.warnings), 201

    @app.post("/api/v1/mandates/<mandate_id>/revoke")
    def revoke_mandate(mandate_id: str) -> Response:
        reason = Body.read({"reason"}).text("reason")
        flipped = issuer.mandates.withdraw(mandate_id, reason=reason, actor=ACTOR, at=now())
        record = issuer.mandates.one(mandate_id)
        return jsonify(listing.as_json(record, issuer.kinds, at=now()) | {"flipped": len(flipped)})


def _capacity(body: Body) -> Capacity:
    word = body.text("as")
    if word not in _CAPACITIES:
        raise Malformed(f"as is one of: {', '.join(_CAPACITIES)}")
    return _CAPACITIES[word]


def _assurance(body: Body) -> KeyAssurance:
    word = body.text("key_assurance")
    if word not in ASSURANCES:
        raise Malformed(f"key_assurance is one of: {', '.join(ASSURANCES)}")
    return ASSURANCES[word]
