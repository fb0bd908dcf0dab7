"""What the form of a kind brings: its items in authored names and JSON types, a picture, and what is wrong with each.

The form follows from the kind's items, so a kind that is added needs no page. What is wrong stands at its field, in the
reader's language. Not handled here: what is done with it (`issuing`, `applying`).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response, request

from issuer import holder_keys, portrait, subject
from issuer.applications.reviewing import MAX_EVIDENCE
from issuer.console.desk import Desk
from issuer.errors import HolderKeyRefused, PortraitRefused, Problem, SubjectRefused
from issuer.keys.errors import DepartmentNeeded
from issuer.portrait import ITEM as PORTRAIT
from protocol import cwt, limits
from protocol.keys import VerificationKey
from protocol.labels import Lic
from protocol.licence.catalogue import ItemType, Kind

KEY: Final = "holder_key"
EVIDENCE: Final = "evidence"
DEPARTMENT: Final = "department"
LONG_TEXT: Final = 120


@dataclass(slots=True)
class Checked:
    """What a form brought, and what is wrong with which field of it (None: the field says all there is to say)."""

    problems: dict[str, Problem | None] = field(default_factory=dict)
    key: VerificationKey | None = None
    picture: bytes | None = field(default=None, repr=False)
    department: str | None = None


def entered(kind: Kind, *more: str) -> dict[str, str]:
    """The fields that were filled in: the kind's items, its picture, its department, and these."""
    names = [item.name for item in kind.items] + [PORTRAIT, DEPARTMENT, *more]
    return {name: request.form[name].strip() for name in names if request.form.get(name, "").strip()}


def checked(desk: Desk, kind: Kind, fields: dict[str, str], *, with_key: bool, with_department: bool = True) -> Checked:
    """What is wrong with each field; the picture that came along is put into the fields.

    Raises:
        KeyNotForKind: A department was sent that this person does not sign for; no field of ours offers it.
    """
    found = Checked()
    try:
        subject.check(kind, written(kind, fields), at=desk.now(), fictional=desk.issuer.profile.fictional)
    except SubjectRefused as error:
        found.problems |= {each.item: each for each in error.problems}
    if with_key:
        try:
            found.key = holder_keys.read(fields.get(KEY, "").encode(errors="replace"))
        except HolderKeyRefused:
            found.problems[KEY] = None
    try:
        found.picture = _picture(fields)
        if found.picture is not None:
            portrait.digest_of(found.picture)
    except PortraitRefused:
        fields.pop(PORTRAIT, None)
        found.problems[PORTRAIT], found.picture = None, None
    if with_department:
        try:
            found.department = desk.own.signing(kind.vct, fields.get(DEPARTMENT, ""))
        except DepartmentNeeded:
            found.problems[DEPARTMENT] = None
    said = fields.get(EVIDENCE, "")
    if len(said) > MAX_EVIDENCE or not cwt.text_is_harmless(said):
        found.problems[EVIDENCE] = None
    return found


def written(kind: Kind, fields: Mapping[str, str]) -> dict[str, Any]:
    """The subject in authored names and JSON types. What is no number stays a text, and is refused as one."""
    return {
        item.name: number(fields[item.name]) if item.type is ItemType.INTEGER else fields[item.name]
        for item in kind.items
        if item.name in fields and item.type is not ItemType.DIGEST
    }


def number(text: str) -> int | str:
    """The number that the text says; the text where it says none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text


def form(
    desk: Desk,
    kind: Kind,
    fields: Mapping[str, str],
    problems: Mapping[str, Problem | None],
    *,
    template: str = "issue.html",
    **values: object,
) -> Response:
    """The form of this kind, with what is wrong at its fields."""
    return desk.render(
        template,
        422 if problems else 200,
        kind=kind,
        items=[item for item in kind.items if item.type is not ItemType.DIGEST],
        entered=fields,
        problems=problems,
        has_portrait=kind.item(Lic.PORTRAIT_SHA256) is not None,
        long_text=LONG_TEXT,
        departments=desk.own.departments[kind.vct],
        **values,
    )


def _picture(fields: dict[str, str]) -> bytes | None:
    """The picture that came with this form, or with the one before it. Raises: PortraitRefused."""
    upload = request.files.get("picture")
    content = upload.stream.read(limits.MAX_PORTRAIT_BYTES + 1) if upload is not None and upload.filename else b""
    if content:
        fields[PORTRAIT] = base64.b64encode(content).decode()
    try:
        picture = base64.b64decode(fields.get(PORTRAIT, ""), validate=True)
    except (binascii.Error, ValueError):
        raise PortraitRefused("this is no picture") from None
    return picture or None
