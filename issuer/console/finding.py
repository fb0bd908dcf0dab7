"""Pages about licences that change none: the first page, the search, one licence, what expires soon.

What somebody searches for is often a person's number: it travels in the body of a form and is kept with the session, so
that it stands in no address, no log and no history. Values are masked until somebody asks for them, which is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from flask import Response, request

from issuer.applications.reviewing import State
from issuer.binding import rules
from issuer.console.desk import UNMASKING, Desk
from issuer.console.errors import SearchRefused
from issuer.console.offer_lists import open_offers
from issuer.errors import PackageUnknown
from issuer.feed.ceremonies import Ceremonies
from issuer.lifecycle import TRANSITIONS, LegalChange
from issuer.people.roles import May
from issuer.register import LicenceRecord
from protocol.licence.catalogue import Kind

PAGE: Final = 25
EXPIRING_DAYS: Final = (7, 30, 90)
MAX_SEARCH: Final = 100
_MAX_ACTS: Final = 50
_T = TypeVar("_T")
SUSPENDING: Final = frozenset({LegalChange.SUSPEND, LegalChange.REINSTATE})


@dataclass(frozen=True, slots=True)
class Shown(Generic[_T]):
    """One page of a list. `more`: another one follows."""

    rows: tuple[_T, ...]
    number: int
    more: bool


def cut(found: Sequence[_T]) -> Shown[_T]:
    """The page of a list that the request asks for."""
    asked = request.args.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    number = max(1, number)
    begin = (number - 1) * PAGE
    return Shown(tuple(found[begin : begin + PAGE]), number, len(found) > begin + PAGE)


def searched() -> str:
    """What a list that is about no person is searched for."""
    text = request.args.get("search", "")[:MAX_SEARCH]
    return text if text.isprintable() else ""


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer = desk.issuer

    @desk.page("/", may=May.COME_IN)
    def home() -> Response:
        at = desk.now()
        standings = issuer.fleet.standings(at=at)
        return desk.render(
            "home.html",
            feed=Ceremonies(issuer.feed, iss=issuer.profile.iss).status(at=at),
            troubled=sum(bool(each.findings) for each in standings),
            terminals=len(standings),
            ending=len(desk.ending(EXPIRING_DAYS[1])) if desk.may(May.FIND) else None,
            queue=issuer.queue.counted(scope=desk.own.scope) if desk.may(May.QUEUE) else None,
            mine=issuer.queue.counted(scope=desk.own.scope, reviewer=desk.person.id) if desk.may(May.REVIEW) else None,
            states=State,
            offers=len(open_offers(desk)) if desk.may(May.QUEUE) else None,
        )

    @desk.page("/licences", may=May.FIND)
    def find() -> Response:
        search = str(desk.session.kept.get("find", ""))
        found = desk.licences(issuer.overview.found(search, kinds=desk.kinds().keys()))
        return desk.render("find.html", search=search, shown=cut(found), counted=len(found))

    @desk.page("/licences/search", may=May.FIND, post=True, get=False)
    def search_licences() -> Response:
        text = request.form.get("search", "").strip()
        if len(text) > MAX_SEARCH or not text.isprintable():
            raise SearchRefused("the text is too long, or cannot be shown")
        kept = {**desk.session.kept, "find": text}
        issuer.door.sessions.keep(desk.session.secret, kept, at=desk.now())
        return desk.go("find")

    @desk.page("/expiring", may=May.FIND)
    def expiring() -> Response:
        asked = request.args.get("days", "")
        days = int(asked) if asked in {str(each) for each in EXPIRING_DAYS} else EXPIRING_DAYS[1]
        search = searched()
        kinds = {vct for vct, kind in desk.kinds().items() if is_named(kind, search)}
        # By kind alone: what stands in an address names nobody.
        found = [each for each in desk.ending(days) if each.vct in kinds]
        return desk.render("expiring.html", days=days, choices=EXPIRING_DAYS, search=search, shown=cut(found))

    @desk.page("/licences/<licence_id>", may=May.FIND)
    def licence(licence_id: str) -> Response:
        return _licence_page(desk, desk.licence(licence_id), is_shown=False)

    @desk.page("/licences/<licence_id>/show", may=May.SHOW, post=True, get=False)
    @desk.limiter.limit(UNMASKING)
    def show(licence_id: str) -> Response:
        record = desk.licence(licence_id)
        # First the record of it, then the values.
        issuer.people.note("show", "licence", record.id, actor=desk.person.id, at=desk.now())
        return _licence_page(desk, record, is_shown=True)

    @desk.page("/licences/<licence_id>/package", may=May.ISSUE, post=True, get=False)
    def package(licence_id: str) -> Response:
        record = desk.licence(licence_id)
        content = issuer.package(record.id)
        issuer.people.note("hand-out", "licence", record.id, actor=desk.person.id, at=desk.now())
        answer = Response(content, mimetype="application/cbor")
        answer.headers["Content-Disposition"] = f'attachment; filename="{record.id}.lzpkg"'
        return answer


def _licence_page(desk: Desk, record: LicenceRecord, *, is_shown: bool) -> Response:
    issuer, at = desk.issuer, desk.now()
    kind = issuer.kinds[record.vct]
    acts = issuer.audit.listed(search=record.id, limit=_MAX_ACTS)
    return desk.render(
        "licence.html",
        record=record,
        kind=kind,
        is_shown=is_shown,
        items=[(item, record.subject[item.name]) for item in kind.items if item.name in record.subject],
        events=issuer.events(record.id),
        devices=issuer.devices.listed(record.id, at=at),
        papers=issuer.papers.listed(record.id),
        mandates=issuer.mandates.listed(record.id),
        acts=acts,
        names=desk.names(),
        # The newest of each device counts.
        bindings={each.key_thumbprint: each for each in issuer.bindings.listed(record.id)},
        is_sensitive=kind.risk in rules.SENSITIVE,
        changes=offered(desk, record),
        has_package=_has_package(desk, record),
    )


def is_named(kind: Kind, search: str) -> bool:
    """Whether one of the kind's three names, or its word, contains the text."""
    names = (kind.names.zh_hans, kind.names.zh_hant, kind.names.en, kind.slug)
    return any(search.casefold() in each.casefold() for each in names)


def offered(desk: Desk, record: LicenceRecord) -> tuple[LegalChange, ...]:
    """The changes that this licence allows and this person may make."""
    return tuple(
        each
        for each in LegalChange
        # A new licence takes the old one's place by itself (`issuer renew`), never by a button.
        if each is not LegalChange.SUPERSEDE
        and record.status in TRANSITIONS[each]
        and desk.may(May.SUSPEND if each in SUSPENDING else May.END)
    )


def _has_package(desk: Desk, record: LicenceRecord) -> bool:
    if not desk.may(May.ISSUE):
        return False
    try:
        desk.issuer.package(record.id)
    except PackageUnknown:
        return False
    return True
