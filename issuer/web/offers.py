"""Routes of offers: make one, list them, approve, refuse or withdraw one. For the operator only."""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, jsonify, request

from issuer.application import Issuer
from issuer.openid4vci import listing
from issuer.openid4vci.offering import Wish
from issuer.web.bodies import Body
from issuer.web.terminals import ACTOR
from protocol import unixtime
from protocol.unixtime import UnixTime

_OPTIONAL: Final = frozenset(
    {"licence", "kind", "subject", "portrait", "department", "tx_code", "review", "by_reference"}
)


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime], public_url: str | None) -> None:
    """Put these routes into the application."""
    offers = issuer.wallet_issuing.offers

    @app.get("/api/v1/offers")
    def listed_offers() -> Response:
        return jsonify([listing.as_json(record, at=now()) for record in offers.listed()])

    @app.post("/api/v1/offers")
    def make_offer() -> tuple[Response, int]:
        body = Body.read(set(), _OPTIONAL)
        wish = Wish(
            licence_id=body.text("licence") if "licence" in body else None,
            kind=body.text("kind") if "kind" in body else None,
            subject=body.anything("subject") if "subject" in body else None,
            portrait=body.content("portrait") if "portrait" in body else None,
            department=body.text("department") if "department" in body else None,
            # Left out, the holder has to type a code: nothing is weakened by silence.
            tx_code=body.flag("tx_code") if "tx_code" in body else True,
            review=body.flag("review"),
            by_reference=body.flag("by_reference"),
        )
        url = public_url or request.host_url.rstrip("/")
        made = offers.make(wish, issuer_url=url, actor=ACTOR, at=now())
        answer: dict[str, Any] = {"id": made.offer_id, "uri": made.uri, "until": unixtime.iso_utc(made.until)}
        return jsonify(answer | ({"tx_code": made.tx_code} if made.tx_code is not None else {})), 201

    @app.post("/api/v1/offers/<offer_id>/<any(approve, refuse, withdraw):decision>")
    def decide_offer(offer_id: str, decision: str) -> Response:
        act = {"approve": offers.approve, "refuse": offers.refuse, "withdraw": offers.withdraw}[decision]
        act(offer_id, actor=ACTOR, at=now())
        return jsonify(id=offer_id)
