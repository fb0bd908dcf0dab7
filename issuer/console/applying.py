"""Pages by which an application is filed, completed when more is wanted, withdrawn, and its licence issued in the end.

Its receipt has the code by which the applicant sees how it stands (`issuer.web.following`).

What a clerk does; what is decided in between is another's (`reviewing`). What is clicked twice is done once.
"""

from collections.abc import Mapping

from flask import Response, request

from issuer import holder_keys, lifecycle
from issuer.applications.errors import ApplicationNotThere
from issuer.applications.reviewing import Application, State
from issuer.console import entering
from issuer.console.desk import Desk
from issuer.console.entering import Checked
from issuer.console.finding import searched
from issuer.console.issuing import kinds_found, reviewed
from issuer.console.offering import shown_offer
from issuer.console.reviewing import application_of, application_page, conflict, waiting
from issuer.errors import HolderKeyRefused, ReasonRefused
from issuer.joint import holders
from issuer.openid4vci import drawn
from issuer.people.roles import May
from issuer.web import following
from protocol.licence.catalogue import Kind
from protocol.qr import drawing


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    held_by = desk.issuer.applications

    @desk.page("/apply", may=May.ISSUE)
    def choose_applied() -> Response:
        search = searched()
        return desk.render("choose_kind.html", kinds=kinds_found(desk, search), search=search, endpoint="apply")

    @desk.page("/apply/<slug>", may=May.ISSUE, post=True)
    def apply(slug: str) -> Response:
        kind = desk.kind(slug)
        holders.demand_one(kind, {})
        if request.method == "GET":
            return entering.form(desk, kind, {}, {}, purpose="apply")
        fields = entering.entered(kind, entering.EVIDENCE)
        checked = entering.checked(desk, kind, fields, with_key=False)
        step = request.form.get("step")
        if checked.problems or step == "edit":
            return entering.form(desk, kind, fields, checked.problems, purpose="apply")
        if step != "issue":
            open_ones = waiting(desk, kind, entering.written(kind, fields))
            return reviewed(desk, kind, fields, checked, purpose="apply", waiting=open_ones)
        desk.demand_first_time()
        filed = held_by.file(
            slug,
            entering.written(kind, fields),
            portrait=checked.picture,
            evidence=fields.get(entering.EVIDENCE, ""),
            department=checked.department,
            by=desk.person.id,
            at=desk.now(),
        )
        return desk.go("application", application_id=filed.id, said="filed")

    @desk.page("/applications/<application_id>/receipt", may=May.ISSUE)
    def receipt(application_id: str) -> Response:
        held = application_of(desk, application_id)
        address = following.link(desk.wallets_url, held.id)
        matrix = drawn.modules(address)
        return desk.render(
            "receipt.html",
            held=held,
            kind=desk.issuer.kinds[held.vct],
            code=desk.issuer.following.code(held.id),
            address=address,
            size=drawing.size_of(matrix),
            path=drawing.svg_path(matrix),
        )

    @desk.page("/applications/<application_id>/amend", may=May.ISSUE, post=True)
    def amend_application(application_id: str) -> Response:
        held = application_of(desk, application_id)
        kind = desk.issuer.kinds[held.vct]
        if held.state is not State.MORE:
            return conflict(desk, held.id)
        if request.method == "GET":
            # What was filed is shown to whoever completes it; that is written down as every other look.
            desk.issuer.people.note("show", "application", held.id, actor=desk.person.id, at=desk.now())
            fields = {name: str(value) for name, value in held.subject.items()}
            return _amending(desk, kind, held, fields, Checked())
        fields = entering.entered(kind, entering.EVIDENCE)
        # Whose it is was settled when it was filed.
        checked = entering.checked(desk, kind, fields, with_key=False, with_department=False)
        if checked.problems:
            return _amending(desk, kind, held, fields, checked)
        try:
            held_by.amend(
                held.id,
                entering.written(kind, fields),
                portrait=held.portrait if checked.picture is None else checked.picture,
                evidence=fields.get(entering.EVIDENCE, ""),
                by=desk.person.id,
                at=desk.now(),
            )
        except ApplicationNotThere:
            return conflict(desk, held.id)
        return desk.go("application", application_id=held.id, said="amended")

    @desk.page("/applications/<application_id>/withdraw", may=May.ISSUE, post=True, get=False)
    def withdraw_application(application_id: str) -> Response:
        held, why = application_of(desk, application_id), request.form.get("reason", "").strip()
        try:
            lifecycle.check_reason(why)
            held_by.withdraw(held.id, why=why, by=desk.person.id, at=desk.now())
        except ReasonRefused:
            return application_page(desk, held, wrong="withdraw")
        except ApplicationNotThere:
            return conflict(desk, held.id)
        return desk.go("application", application_id=held.id, said="application_withdrawn")

    @desk.page("/applications/<application_id>/issue", may=May.ISSUE, post=True, get=False)
    def issue_application(application_id: str) -> Response:
        held = application_of(desk, application_id)
        try:
            key = holder_keys.read(request.form.get(entering.KEY, "").strip().encode(errors="replace"))
        except HolderKeyRefused:
            return application_page(desk, held, wrong="key")
        try:
            department = _department(desk, held)
            issued = held_by.issue(held.id, key, department=department, by=desk.person.id, at=desk.now())
        except ApplicationNotThere:
            return conflict(desk, held.id)
        return desk.go("licence", licence_id=issued.licence_id, said="issued")

    @desk.page("/applications/<application_id>/offer", may=May.ISSUE, post=True, get=False)
    def offer_application(application_id: str) -> Response:
        held = application_of(desk, application_id)
        desk.demand_first_time()
        try:
            made = desk.issuer.application_offers.make(
                held.id,
                tx_code="no_tx_code" not in request.form,
                issuer_url=desk.wallets_url,
                department=_department(desk, held),
                by=desk.person.id,
                at=desk.now(),
            )
        except ApplicationNotThere:
            return conflict(desk, held.id)
        return shown_offer(desk, made)


def _department(desk: Desk, held: Application) -> str | None:
    """Whose key signs: the one that it was filed for; else one of this person's. Raises: as `OwnKinds.signing`."""
    return held.department or desk.own.signing(held.vct, request.form.get(entering.DEPARTMENT, ""))


def _amending(desk: Desk, kind: Kind, held: Application, fields: Mapping[str, str], found: Checked) -> Response:
    shown = fields if request.method == "POST" else {**fields, entering.EVIDENCE: held.evidence}
    return entering.form(desk, kind, shown, found.problems, purpose="amend", held=held)
