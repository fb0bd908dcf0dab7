"""Pages by which lists are imported: upload, say which column is what, dry run, start, watch, take the errors along.

1 the file is kept under a drawn name, for the person who sent it alone, for a day · 2 every item of the kind gets a
column or a fixed value; from that a mapping is written, as `issuer import` reads it · 3 the dry run says what would
happen and records nothing · 4 it is begun, and goes on by itself in blocks; whoever cancels keeps what is recorded.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flask import Response, request

from issuer import durable_files
from issuer.bulk import report
from issuer.bulk.errors import ImportUnknown
from issuer.bulk.jobs import Import, State
from issuer.bulk.looking import DryRun
from issuer.console import column_mapping
from issuer.console.desk import Desk
from issuer.console.finding import Shown, cut, searched
from issuer.errors import IssuerError
from issuer.people.roles import May
from protocol.licence.catalogue import ItemType, Kind

MAX_UPLOAD_BYTES: Final = 16 << 20
"""A hundred thousand rows; longer lists are imported by command, from the machine that has them."""
_SHOWN_PROBLEMS: Final = 20
_MAX_NAME: Final = 80
_ENDINGS: Final = frozenset({".csv", ".txt", ".tsv", ".xlsx"})

Start = Callable[[Callable[[], None]], None]
"""Runs something beside the answers."""


def add_pages(desk: Desk, start: Start) -> None:
    """Put these pages in."""
    issuer, imports = desk.issuer, desk.issuer.imports

    @desk.page("/imports", may=May.IMPORT)
    def list_imports() -> Response:
        search = searched()
        found = [each for each in imports.listed() if _is_mine(desk, each) and _says(each, search)]
        return desk.render("imports.html", shown=cut(found), search=search, kinds=_kinds(desk), wrong="")

    @desk.page("/imports/upload", may=May.IMPORT, post=True, get=False, max_body_bytes=MAX_UPLOAD_BYTES)
    def upload() -> Response:
        kind, sent = desk.kind(request.form.get("kind", "")), request.files.get("file")
        name = "" if sent is None else _plain(sent.filename or "")
        if sent is None or Path(name).suffix.lower() not in _ENDINGS:
            nothing: Shown[Import] = cut(())
            return desk.render(
                "imports.html", 422, shown=nothing, search="", kinds=_kinds(desk), wrong="imports.wrong_file"
            )
        drawn = issuer.door.sessions.new_form()
        imports.forget_uploads(at=desk.now())
        durable_files.make_folder(_uploads(desk) / drawn, mode=0o700)
        sent.save(_uploads(desk) / drawn / name)
        return desk.go("map_columns", slug=kind.slug, upload=drawn)

    @desk.page("/imports/new/<slug>/<upload>", may=May.IMPORT, post=True)
    def map_columns(slug: str, upload: str) -> Response:
        kind, path, at = desk.kind(slug), _uploaded(desk, upload), desk.now()
        encoding = request.form.get("encoding", "utf-8")
        try:
            headings = column_mapping.headings(path, encoding)
        except IssuerError as error:
            return _mapping_page(desk, kind, (), wrong=error, status=422)
        if request.method == "GET":
            return _mapping_page(desk, kind, headings)
        text = column_mapping.written(kind, path, headings, request.form)
        try:
            if request.form.get("step") != "start":
                tried = imports.look_through(path, slug=slug, mapping_text=text, at=at)
                return _mapping_page(desk, kind, headings, tried=tried)
            department = desk.own.signing(kind.vct, request.form.get("department", ""))
            begun = imports.begin(
                path, slug=slug, mapping_text=text, department=department, actor=desk.person.id, at=at
            )
        except IssuerError as error:
            return _mapping_page(desk, kind, headings, wrong=error, status=422)
        shutil.rmtree(path.parent, ignore_errors=True)
        _go_on(begun)
        return desk.go("import_progress", import_id=begun.id)

    @desk.page("/imports/<import_id>", may=May.IMPORT)
    def import_progress(import_id: str) -> Response:
        return desk.render("import.html", found=_import(desk, import_id), states=State)

    @desk.page("/imports/<import_id>/errors.csv", may=May.IMPORT)
    def import_errors(import_id: str) -> Response:
        found = _import(desk, import_id)
        answer = Response(report.as_csv(imports.problems(found.id)), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="errors-{found.id}.csv"'
        return answer

    @desk.page("/imports/<import_id>/cancel", may=May.IMPORT, post=True, get=False)
    def cancel_import(import_id: str) -> Response:
        found = _import(desk, import_id)
        imports.cancel(found.id, actor=desk.person.id, at=desk.now())
        return desk.go("import_progress", import_id=found.id)

    @desk.page("/imports/<import_id>/resume", may=May.IMPORT, post=True, get=False)
    def resume_import(import_id: str) -> Response:
        _go_on(_import(desk, import_id))
        return desk.go("import_progress", import_id=import_id)

    def _go_on(found: Import) -> None:
        # Whoever was at it stops before its next block; nothing is recorded twice.
        runner = imports.take_over(found.id)

        def run() -> None:
            imports.work(found.id, runner, at=desk.now())
            imports.finish(found.id, at=desk.now())

        start(run)


def _kinds(desk: Desk) -> list[Kind]:
    return sorted(desk.kinds().values(), key=lambda kind: kind.vct)


def _is_mine(desk: Desk, found: Import) -> bool:
    return any(kind.slug == found.kind and desk.own.has(vct, found.department) for vct, kind in desk.kinds().items())


def _says(found: Import, search: str) -> bool:
    wanted = search.casefold()
    return any(wanted in each.casefold() for each in (found.id, found.name, found.kind))


def _import(desk: Desk, import_id: str) -> Import:
    found = desk.issuer.imports.state(import_id)
    if not _is_mine(desk, found):
        raise ImportUnknown("no import has this id")
    return found


def _uploads(desk: Desk) -> Path:
    """Of the person who asks: nobody reaches another one's."""
    folder = desk.issuer.imports.uploads / desk.person.id
    for each in (folder.parent.parent, folder.parent, folder):
        durable_files.make_folder(each, mode=0o700)
    return folder


def _uploaded(desk: Desk, drawn: str) -> Path:
    folder = _uploads(desk)
    for each in folder.iterdir():
        if each.name == drawn:
            return next(each.iterdir())
    raise ImportUnknown("this file was not uploaded, or a day has passed")


def _plain(name: str) -> str:
    """The file's own name, of letters and digits of any script and a few signs: it leads nowhere."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in base if each.isalnum() or each in "._- ").lstrip(".")[-_MAX_NAME:]


def _mapping_page(
    desk: Desk,
    kind: Kind,
    headings: tuple[str, ...],
    *,
    tried: DryRun | None = None,
    wrong: IssuerError | None = None,
    status: int = 200,
) -> Response:
    return desk.render(
        "import_columns.html",
        status,
        kind=kind,
        items=[item for item in kind.items if item.type is not ItemType.DIGEST],
        headings=headings,
        chosen=column_mapping.guessed(kind, headings) if request.method == "GET" else request.form,
        date_forms=column_mapping.DATE_FORMS,
        encodings=column_mapping.ENCODINGS,
        departments=desk.own.departments[kind.vct],
        tried=tried,
        problems=() if tried is None else tried.problems[:_SHOWN_PROBLEMS],
        wrong=wrong,
    )
