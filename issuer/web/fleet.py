"""The fleet's list for machines: which terminals need somebody, for whoever has a token for it, or the operator's.

People see the same list on the console. Guaranteed: whatever a terminal or an operator named it is a JSON text.
"""

import hmac
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, request

from issuer.application import Issuer
from issuer.fleet import listing
from issuer.web.bodies import error
from protocol.unixtime import UnixTime

OPEN: Final = frozenset({"fleet_listed"})
"""Endpoints that check a token for the fleet, or the operator's, themselves."""
_MAX_SEARCH: Final = 100


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime], operator_token: str) -> None:
    """Put these routes into the application."""

    @app.get("/api/v1/fleet")
    def fleet_listed() -> Response | tuple[Response, int]:
        at = now()
        kind, _, offered = request.headers.get("Authorization", "").partition(" ")
        offered = offered.strip()
        is_operator = hmac.compare_digest(offered.encode(), operator_token.encode())
        is_known = issuer.fleet_tokens.owner(offered, at=at) is not None
        if kind.lower() != "bearer" or not (is_operator or is_known):
            answer, status = error(
                "unauthorised", "this needs a token for the fleet", "Send Authorization: Bearer and the token.", 401
            )
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer, status
        return jsonify([listing.as_json(each, at=at) for each in issuer.fleet.standings(search=_search(), at=at)])


def _search() -> str:
    search = request.args.get("search", "")[:_MAX_SEARCH]
    return search if search.isprintable() else ""
