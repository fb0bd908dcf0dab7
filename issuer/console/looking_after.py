"""Pages that change nothing about licences: the trail of acts, the fleet, publishing, and where terminals stand."""

from typing import Final

from flask import Response

from issuer.audit.errors import AuditBroken
from issuer.console import graph, rendering
from issuer.console.desk import Desk
from issuer.console.finding import cut, searched
from issuer.feed.ceremonies import Ceremonies
from issuer.fleet import listing as fleet_listing
from issuer.fleet import texts as fleet_texts
from issuer.people.roles import May
from issuer.staff import listing as staff_listing
from issuer.terminals import listing as terminal_listing

MAX_TERMINALS: Final = 500
"""Nobody reads more, and a page of ten thousand takes a browser seconds; the search finds the others."""
HOURS: Final = 24


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer = desk.issuer

    @desk.page("/audit", may=May.AUDIT)
    def audit() -> Response:
        search = searched()
        return desk.render(
            "audit.html",
            search=search,
            shown=cut(issuer.audit.listed(search=search)),
            names=desk.names(),
            verified=None,
        )

    @desk.page("/audit/verify", may=May.AUDIT, post=True, get=False)
    def verify_audit() -> Response:
        try:
            verified: tuple[str, ...] = (str(issuer.audit.verify()),)
            findings: tuple[str, ...] = ()
        except AuditBroken as error:
            verified, findings = (), error.findings
        return desk.render(
            "audit.html",
            search="",
            shown=cut(issuer.audit.listed()),
            names=desk.names(),
            verified=verified,
            findings=findings,
        )

    @desk.page("/fleet", may=May.WATCH)
    def fleet() -> Response:
        at, search = desk.now(), searched()
        found = issuer.fleet.standings(search=search, at=at)
        language = rendering.language()
        return desk.render(
            "fleet.html",
            search=search,
            word=lambda name, **numbers: fleet_texts.word(name, language, **numbers),
            lines=[fleet_listing.line(each, language, at=at) for each in found[:MAX_TERMINALS]],
            counted={"all": len(found), "bad": sum(bool(each.findings) for each in found)},
        )

    @desk.page("/publishing", may=May.WATCH)
    def publishing() -> Response:
        at = desk.now()
        by_hour = issuer.overview.changes_by_hour(hours=HOURS, at=at)
        return desk.render(
            "publishing.html",
            feed=Ceremonies(issuer.feed, iss=issuer.profile.iss).status(at=at),
            graph=graph.bars([by_hour.get(ago, 0) for ago in range(HOURS)], at=at),
            total=sum(by_hour.values()),
        )

    @desk.page("/equipment", may=May.EQUIP)
    def equipment() -> Response:
        at, search = desk.now(), searched()
        wanted = search.casefold()
        terminals = terminal_listing.certificates_as_json(
            issuer.terminals.listed(search=search), withdrawals=issuer.withdrawing.listed(at=at), at=at
        )
        staff = staff_listing.certificates_as_json(
            issuer.staff.listed(search=search), withdrawals=issuer.staff.withdrawn(at=at), at=at
        )
        sites = [each for each in issuer.sites.listed() if wanted in f"{each.code} {each.site.name}".casefold()]
        return desk.render(
            "equipment.html",
            search=search,
            terminals=cut([each for each in terminals if each["state"] != "replaced"]),
            staff=[each for each in staff if each["state"] in ("running", "withdrawn")],
            sites=sites,
            offices=issuer.offices.listed(search=search),
        )
