"""Routes of paper codes: issue, list, report lost. For the operator only."""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify

from issuer.application import Issuer
from issuer.papers import listing, printing
from issuer.papers.issuing import LONGEST_DAYS
from issuer.web.bodies import Body
from issuer.web.terminals import ACTOR
from protocol import unixtime
from protocol.unixtime import UnixTime

_OPTIONAL: Final = frozenset({"days"})


def add_routes(app: Flask, issuer: Issuer, now: Callable[[], UnixTime]) -> None:
    """Put these routes into the application."""

    @app.get("/api/v1/licences/<licence_id>/papers")
    def papers(licence_id: str) -> Response:
        return jsonify([listing.as_json(record, at=now()) for record in issuer.papers.listed(licence_id)])

    @app.post("/api/v1/licences/<licence_id>/papers")
    def issue_paper(licence_id: str) -> tuple[Response, int]:
        days = Body.read(set(), _OPTIONAL).integer("days", LONGEST_DAYS)
        issued = issuer.papers.issue(licence_id, days=days, actor=ACTOR, at=now())
        return jsonify(
            id=issued.id,
            code=issued.code,
            name=issued.claims.masked_name,
            to=unixtime.iso_utc(issued.claims.exp),
            page=printing.page(issued),
            warnings=issued.warnings,
        ), 201

    @app.post("/api/v1/papers/<paper_id>/lost")
    def paper_lost(paper_id: str) -> Response:
        reason = Body.read({"reason"}).text("reason")
        flipped = issuer.papers.report_lost(paper_id, reason=reason, actor=ACTOR, at=now())
        return jsonify(id=paper_id, flipped=len(flipped))
