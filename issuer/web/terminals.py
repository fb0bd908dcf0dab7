"""Routes of terminals, sites and offices: certify, withdraw, list, give and take codes. For the operator only."""

import base64
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, request

from issuer import holder_keys
from issuer.application import Issuer
from issuer.errors import HolderKeyRefused, TerminalRefused
from issuer.terminals import listing
from issuer.terminals.certifying import KEY_REMEDY, LONGEST_DAYS, Wish
from issuer.web.bodies import Body, Malformed
from protocol import unixtime
from protocol.directory import Site
from protocol.labels import Purpose
from protocol.unixtime import UnixTime

ACTOR: Final = "operator (web)"
_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}


def purposes(body: Body) -> frozenset[Purpose]:
    """The purposes that a body names by their words. Raises: Malformed."""
    words = body.texts("purposes")
    if not words <= _PURPOSES.keys():
        raise Malformed(f"purposes are some of: {', '.join(_PURPOSES)}")
    return frozenset(_PURPOSES[word] for word in words)


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    """Put these routes into the application."""

    @app.get("/api/v1/terminals")
    def terminals() -> Response:
        found = issuer.terminals.listed(search=request.args.get("search", ""))
        gone = issuer.withdrawing.listed(at=now())
        return jsonify(list(listing.certificates_as_json(found, withdrawals=gone, at=now())))

    @app.post("/api/v1/terminals/<terminal>/withdraw")
    def withdraw(terminal: str) -> Response:
        reason = Body.read({"reason"}, frozenset()).text("reason")
        gone = issuer.withdrawing.withdraw(terminal, reason=reason, actor=ACTOR, at=now())
        return jsonify([listing.withdrawn_as_json(each) for each in gone])

    @app.post("/api/v1/terminals/<terminal>/certificate")
    def certify(terminal: str) -> tuple[Response, int]:
        body = Body.read({"key", "place", "relying_party", "purposes"}, frozenset({"kinds", "days", "replace"}))
        wish = Wish(
            terminal,
            body.text("place"),
            body.text("relying_party"),
            purposes(body),
            body.texts("kinds") if "kinds" in body else None,
            body.integer("days", LONGEST_DAYS),
        )
        try:
            key = holder_keys.read(body.text("key").encode(errors="replace"))
        except HolderKeyRefused as error:
            raise TerminalRefused(f"as the terminal's key: {error}", hint=KEY_REMEDY) from None
        encoded, claims = issuer.terminals.certify(wish, key, replace=body.flag("replace"), actor=ACTOR, at=now())
        return jsonify(
            terminal=terminal,
            key_sha256=key.thumbprint.hex(),
            certificate=base64.urlsafe_b64encode(encoded).rstrip(b"=").decode(),
            **{"from": unixtime.iso_utc(claims.iat), "to": unixtime.iso_utc(claims.exp)},
        ), 201

    @app.get("/api/v1/offices")
    def offices() -> Response:
        found = issuer.offices.listed(search=request.args.get("search", ""))
        return jsonify([listing.office_as_json(record, issuer.kinds) for record in found])

    @app.post("/api/v1/offices")
    def add_office() -> tuple[Response, int]:
        body = Body.read({"name", "address", "phone"}, frozenset({"kinds", "place"}))
        listed = issuer.offices.add(
            name=body.text("name"),
            address=body.text("address"),
            phone=body.text("phone"),
            kinds=body.texts("kinds") if "kinds" in body else frozenset(),
            place=body.text("place") if "place" in body else "",
            actor=ACTOR,
            at=now(),
        )
        return jsonify(name=listed.name, address=listed.address, phone=listed.phone), 201

    @app.delete("/api/v1/offices/<name>")
    def remove_office(name: str) -> Response:
        issuer.offices.remove(name, actor=ACTOR, at=now())
        return jsonify(name=name, removed=True)

    @app.get("/api/v1/sites")
    def sites() -> Response:
        return jsonify([listing.site_as_json(record) for record in issuer.sites.listed()])

    @app.post("/api/v1/sites")
    def add_site() -> tuple[Response, int]:
        body = Body.read({"name", "relying_party"}, frozenset({"code"}))
        site = Site(body.text("name"), body.text("relying_party"))
        code = body.text("code") if "code" in body else None
        given = issuer.sites.add(site, code=code, actor=ACTOR, at=now())
        return jsonify(code=given, name=site.name, relying_party=site.relying_party), 201

    @app.delete("/api/v1/sites/<code>")
    def remove_site(code: str) -> Response:
        issuer.sites.remove(code, actor=ACTOR, at=now())
        return jsonify(code=code, removed=True)
