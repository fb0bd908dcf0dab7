"""Pages by which a licence is issued at once: choose its kind, fill in its items, look at them once more, issue.

What is clicked twice is issued once. It is signed with the key of the department that the person works for.
"""

from collections.abc import Mapping, Sequence

from flask import Response, request

from issuer import holder_keys, issuance, subject
from issuer.applications.reviewing import Application
from issuer.console import entering
from issuer.console.desk import Desk
from issuer.console.entering import Checked
from issuer.console.finding import is_named, searched
from issuer.errors import HolderKeyRefused
from issuer.joint import holders
from issuer.people.roles import May
from issuer.register import LicenceRecord
from protocol.licence.catalogue import Kind


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer = desk.issuer

    @desk.page("/issue", may=May.ISSUE)
    def choose_kind() -> Response:
        search = searched()
        return desk.render("choose_kind.html", kinds=kinds_found(desk, search), search=search)

    @desk.page("/issue/<slug>", may=May.ISSUE, post=True)
    def issue(slug: str) -> Response:
        kind = desk.kind(slug)
        holders.demand_one(kind, {})
        if request.method == "GET":
            return entering.form(desk, kind, {}, {}, purpose="issue")
        fields = entering.entered(kind, entering.KEY)
        checked = entering.checked(desk, kind, fields, with_key=True)
        step = request.form.get("step")
        if checked.problems or step == "edit":
            return entering.form(desk, kind, fields, checked.problems, purpose="issue")
        if step != "issue":
            return reviewed(desk, kind, fields, checked, purpose="issue")
        desk.demand_first_time()
        assert checked.key is not None, "no problem was found"
        issued = issuer.issue(
            slug,
            entering.written(kind, fields),
            checked.key,
            at=desk.now(),
            portrait=checked.picture,
            department=checked.department,
            actor=desk.person.id,
        )
        return desk.go("licence", licence_id=issued.licence_id, said="issued")

    @desk.page("/licences/<licence_id>/bind", may=May.ISSUE, post=True)
    def bind(licence_id: str) -> Response:
        record, wrong = desk.licence(licence_id), ""
        if request.method == "POST":
            try:
                key = holder_keys.read(request.form.get(entering.KEY, "").strip().encode(errors="replace"))
            except HolderKeyRefused:
                wrong = "issue.key_wrong"
            else:
                issuer.issue_again(record.id, key, at=desk.now(), actor=desk.person.id)
                return desk.go("licence", licence_id=record.id, said="bound")
        return desk.render("bind.html", 422 if wrong else 200, record=record, wrong=wrong)


def kinds_found(desk: Desk, search: str) -> list[Kind]:
    """This person's kinds that are named so, in the catalogue's order."""
    return [kind for _, kind in sorted(desk.kinds().items()) if is_named(kind, search)]


def reviewed(
    desk: Desk,
    kind: Kind,
    fields: Mapping[str, str],
    found: Checked,
    *,
    purpose: str,
    waiting: Sequence[Application] = (),
) -> Response:
    """What would become of these fields, to be looked at once more."""
    written = entering.written(kind, fields)
    checked = subject.check(kind, written, at=desk.now(), fictional=desk.issuer.profile.fictional)
    return desk.render(
        "review.html",
        kind=kind,
        items=[(item, fields[item.name]) for item in kind.items if item.name in written],
        entered=fields,
        has_picture=found.picture is not None,
        department=found.department,
        warnings=checked.warnings,
        others=others(desk, kind, fields),
        waiting=waiting,
        purpose=purpose,
        form=desk.issuer.door.sessions.new_form(),
    )


def others(desk: Desk, kind: Kind, subject_of: Mapping[str, object]) -> tuple[LicenceRecord, ...]:
    """Licences of this kind that this holder has already."""
    number = issuance.written_number(subject_of)
    return desk.licences(desk.issuer.overview.found(number, kinds=[kind.vct]))[:5] if number else ()
