"""Pages by which a licence is issued: choose its kind, fill in its items, look at them once more, issue.

The form follows from the kind's items, so a kind that is added needs no page. What is wrong stands at its field, in the
reader's language. What is clicked twice is issued once.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request

from issuer import holder_keys, subject
from issuer.console.desk import Desk
from issuer.errors import HolderKeyRefused, KindUnknown, Problem, SubjectRefused
from issuer.people.roles import May
from issuer.portrait import ITEM as PORTRAIT
from issuer.register import LicenceRecord
from protocol.keys import VerificationKey
from protocol.labels import Lic
from protocol.licence.catalogue import ItemType, Kind

_KEY_FIELD: Final = "holder_key"
_LONG_TEXT: Final = 120
_MAX_PICTURE: Final = 4_096
_NUMBERS: Final = ("citizen_id", "uscc", "licence_no")


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer = desk.issuer

    @desk.page("/issue", may=May.ISSUE)
    def choose_kind() -> Response:
        return desk.render("choose_kind.html", kinds=sorted(desk.kinds().values(), key=lambda kind: kind.vct))

    @desk.page("/issue/<slug>", may=May.ISSUE, post=True)
    def issue(slug: str) -> Response:
        kind = _kind(desk, slug)
        if request.method == "GET":
            return _form(desk, kind, {}, {})
        entered = _entered(kind)
        problems, key, picture = _checked(desk, kind, entered)
        if problems:
            return _form(desk, kind, entered, problems, status=422)
        step = request.form.get("step")
        if step == "edit":
            return _form(desk, kind, entered, {})
        if step != "issue":
            return _review(desk, kind, entered, picture)
        if not issuer.door.sessions.first_time(desk.session.secret, request.form.get("form", ""), at=desk.now()):
            return desk.render("problem.html", 409, error=None, key="problem.sent_twice")
        assert key is not None, "no problem was found"
        issued = issuer.issue(slug, _written(kind, entered), key, at=desk.now(), portrait=picture, actor=desk.person.id)
        return desk.go("licence", licence_id=issued.licence_id, said="issued")

    @desk.page("/licences/<licence_id>/bind", may=May.ISSUE, post=True)
    def bind(licence_id: str) -> Response:
        record, wrong = desk.licence(licence_id), ""
        if request.method == "POST":
            try:
                key = holder_keys.read(request.form.get(_KEY_FIELD, "").strip().encode(errors="replace"))
            except HolderKeyRefused:
                wrong = "issue.key_wrong"
            else:
                issuer.issue_again(record.id, key, at=desk.now(), actor=desk.person.id)
                return desk.go("licence", licence_id=record.id, said="bound")
        return desk.render("bind.html", 422 if wrong else 200, record=record, wrong=wrong)


def _kind(desk: Desk, slug: str) -> Kind:
    for kind in desk.kinds().values():
        if kind.slug == slug:
            return kind
    raise KindUnknown("there is no such kind")


def _entered(kind: Kind) -> dict[str, str]:
    names = [item.name for item in kind.items] + [_KEY_FIELD, PORTRAIT]
    return {name: request.form[name].strip() for name in names if request.form.get(name, "").strip()}


def _checked(
    desk: Desk, kind: Kind, entered: dict[str, str]
) -> tuple[dict[str, Problem | None], VerificationKey | None, bytes | None]:
    """What is wrong with each field, the device key, and the portrait."""
    problems: dict[str, Problem | None] = {}
    try:
        subject.check(kind, _written(kind, entered), at=desk.now(), fictional=desk.issuer.profile.fictional)
    except SubjectRefused as error:
        problems |= {each.item: each for each in error.problems}
    key = None
    try:
        key = holder_keys.read(entered.get(_KEY_FIELD, "").encode(errors="replace"))
    except HolderKeyRefused:
        problems[_KEY_FIELD] = None
    try:
        picture = _picture(entered)
    except ValueError:
        problems[PORTRAIT], picture = None, None
    return problems, key, picture


def _picture(entered: dict[str, str]) -> bytes | None:
    """The picture that came with this form, or with the one before it."""
    upload = request.files.get("picture")
    content = upload.stream.read(_MAX_PICTURE + 1) if upload is not None and upload.filename else b""
    if content:
        entered[PORTRAIT] = base64.b64encode(content).decode()
    try:
        picture = base64.b64decode(entered.get(PORTRAIT, ""), validate=True)
    except binascii.Error:
        raise ValueError("this is no picture") from None
    if len(picture) > _MAX_PICTURE:
        raise ValueError("the picture is too large")
    return picture or None


def _written(kind: Kind, entered: Mapping[str, str]) -> dict[str, Any]:
    """The subject in authored names and JSON types. What is no number stays a text, and is refused as one."""
    return {
        item.name: _number(entered[item.name]) if item.type is ItemType.INTEGER else entered[item.name]
        for item in kind.items
        if item.name in entered and item.name != PORTRAIT
    }


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def _form(
    desk: Desk,
    kind: Kind,
    entered: Mapping[str, str],
    problems: Mapping[str, Problem | None],
    *,
    status: int = 200,
) -> Response:
    return desk.render(
        "issue.html",
        status,
        kind=kind,
        items=[item for item in kind.items if item.type is not ItemType.DIGEST],
        entered=entered,
        problems=problems,
        has_portrait=kind.item(Lic.PORTRAIT_SHA256) is not None,
        long_text=_LONG_TEXT,
    )


def _review(desk: Desk, kind: Kind, entered: Mapping[str, str], picture: bytes | None) -> Response:
    written = _written(kind, entered)
    checked = subject.check(kind, written, at=desk.now(), fictional=desk.issuer.profile.fictional)
    return desk.render(
        "review.html",
        kind=kind,
        items=[(item, entered[item.name]) for item in kind.items if item.name in written],
        entered=entered,
        has_picture=picture is not None,
        warnings=checked.warnings,
        others=_others(desk, kind, entered),
        form=desk.issuer.door.sessions.new_form(),
    )


def _others(desk: Desk, kind: Kind, entered: Mapping[str, str]) -> tuple[LicenceRecord, ...]:
    """Licences of this kind that this holder has already."""
    number = next((entered[name] for name in _NUMBERS if name in entered), "")
    return desk.issuer.overview.found(number, kinds=[kind.vct])[:5] if number else ()
