"""The page by which a licence is renewed: what changes is filled in, the rest stays; the old one gives way.

What is left empty stays as it is, so nobody has to see or type a holder's values to renew a term.
"""

from typing import Any, Final

from flask import Response, request

from issuer import holder_keys
from issuer.console import entering
from issuer.console.desk import Desk
from issuer.errors import HolderKeyRefused, Problem, PublishingFailed, ReasonRefused, SubjectRefused
from issuer.lifecycle import check_reason
from issuer.people.roles import May
from issuer.register import LicenceRecord
from protocol.keys import VerificationKey
from protocol.licence.catalogue import ItemType, Kind

_KEY_FIELD: Final = "holder_key"
_REASON_FIELD: Final = "reason"


def add_pages(desk: Desk) -> None:
    """Put this page in."""

    @desk.page("/licences/<licence_id>/renew", may=May.ISSUE, post=True)
    def renew(licence_id: str) -> Response:
        record, at = desk.licence(licence_id), desk.now()
        kind = desk.issuer.kinds[record.vct]
        if request.method == "GET":
            return _form(desk, record, kind, {})
        key, problems = _key_and_problems()
        if problems or key is None:
            return _form(desk, record, kind, problems)
        # A department of this person's, even where the old one was signed before departments had keys.
        signed = desk.issuer.ring.department_of(record.id, record.vct)
        department = signed or desk.own.signing(record.vct, request.form.get(entering.DEPARTMENT, ""))
        desk.demand_first_time()
        try:
            renewed = desk.issuer.licence_renewals.renew(
                record.id, _changes(kind), key, reason=_reason(), department=department, actor=desk.person.id, at=at
            )
        except SubjectRefused as error:
            return _form(desk, record, kind, {each.item: each for each in error.problems})
        except PublishingFailed:
            return desk.go("licence", licence_id=record.id, said="unpublished")
        return desk.go("licence", licence_id=renewed.licence_id, said="renewed")


def _reason() -> str:
    return request.form.get(_REASON_FIELD, "").strip()


def _key_and_problems() -> tuple[VerificationKey | None, dict[str, Problem | None]]:
    problems: dict[str, Problem | None] = {}
    key = None
    try:
        key = holder_keys.read(request.form.get(_KEY_FIELD, "").strip().encode(errors="replace"))
    except HolderKeyRefused:
        problems[_KEY_FIELD] = None
    try:
        check_reason(_reason())
    except ReasonRefused:
        problems[_REASON_FIELD] = None
    return key, problems


def _changes(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in kind.items:
        text = request.form.get(item.name, "").strip()
        if text and item.type is not ItemType.DIGEST:
            found[item.name] = entering.number(text) if item.type is ItemType.INTEGER else text
    return found


def _form(desk: Desk, record: LicenceRecord, kind: Kind, problems: dict[str, Problem | None]) -> Response:
    return desk.render(
        "renew.html",
        422 if problems else 200,
        record=record,
        days=[item for item in kind.items if item.name in ("valid_from", "valid_to")],
        others=[
            item
            for item in kind.items
            if item.type is not ItemType.DIGEST and item.name not in ("valid_from", "valid_to")
        ],
        entered=request.form,
        departments=() if desk.issuer.ring.department_of(record.id, record.vct) else desk.own.departments[record.vct],
        problems=problems,
        form=desk.issuer.door.sessions.new_form(),
    )
