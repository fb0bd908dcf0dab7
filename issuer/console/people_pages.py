"""Pages about the people of the authority: who works here, as what, for whom; new ones, and ones no more."""

from flask import Response, request

from issuer.console.desk import Desk
from issuer.console.errors import NotYours
from issuer.console.finding import cut, searched
from issuer.people.errors import LastAdministrator, PersonRefused
from issuer.people.register import Person
from issuer.people.roles import EVERY_DEPARTMENT, May, Role


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    known = desk.issuer.people

    @desk.page("/people", may=May.ADMIT)
    def people() -> Response:
        search = searched()
        return desk.render("people.html", search=search, shown=cut(known.listed(search=search)))

    @desk.page("/people/new", may=May.ADMIT, post=True)
    def add_person() -> Response:
        if request.method == "GET":
            return _form(desk, None, "")
        try:
            added, secret = known.add(
                request.form.get("name", "").strip(),
                roles=_roles(),
                departments=_departments(),
                actor=desk.person.id,
                at=desk.now(),
            )
        except PersonRefused:
            return _form(desk, None, "people.wrong", status=422)
        return _invited(desk, added, secret)

    @desk.page("/people/<person_id>", may=May.ADMIT, post=True)
    def person(person_id: str) -> Response:
        found = known.one(person_id)
        if request.method == "GET":
            return _form(desk, found, "")
        _demand_somebody_else(desk, found)
        try:
            known.change(found.id, roles=_roles(), departments=_departments(), actor=desk.person.id, at=desk.now())
        except PersonRefused:
            return _form(desk, found, "people.wrong", status=422)
        except LastAdministrator:
            return _form(desk, found, "people.last", status=409)
        return desk.go("people", said="person_changed")

    @desk.page("/people/<person_id>/invite", may=May.ADMIT, post=True, get=False)
    def invite_again(person_id: str) -> Response:
        found = known.one(person_id)
        _demand_somebody_else(desk, found)
        return _invited(desk, found, known.invite_again(found.id, actor=desk.person.id, at=desk.now()))

    @desk.page("/people/<person_id>/disable", may=May.ADMIT, post=True, get=False)
    def disable(person_id: str) -> Response:
        found = known.one(person_id)
        _demand_somebody_else(desk, found)
        known.disable(found.id, actor=desk.person.id, at=desk.now())
        return desk.go("people", said="person_disabled")


def _demand_somebody_else(desk: Desk, found: Person) -> None:
    # Nobody gives themselves what another one has not given them, and nobody shuts themselves out by a slip.
    if found.id == desk.person.id:
        raise NotYours("nobody changes their own roles", key="own_roles")


def _roles() -> frozenset[Role]:
    return frozenset(Role(each) for each in request.form.getlist("role") if each in set(Role))


def _departments() -> frozenset[str]:
    return frozenset(request.form.getlist("department"))


def _form(desk: Desk, found: Person | None, wrong: str, *, status: int = 200) -> Response:
    return desk.render(
        "person.html",
        status,
        found=found,
        wrong=wrong,
        roles=tuple(Role),
        departments=(
            EVERY_DEPARTMENT,
            *sorted(desk.issuer.people.departments()),
        ),
        name=request.form.get("name", ""),
        is_own=found is not None and found.id == desk.person.id,
    )


def _invited(desk: Desk, found: Person, secret: str) -> Response:
    return desk.render("invited.html", found=found, link=f"{desk.settings.origin}/console/join/{secret}")
