"""Pages of the queue of applications: find one, take it, look at it, decide about it; and what its applicant is told.

1 whoever reviews takes one, so that two do not do it twice · 2 they see what was applied for, what was presented, what
the person has already, what would be issued, and every step so far · 3 they approve what they have seen, refuse it or
ask for more, with words that the applicant gets to read. Who comes too late sees where the application stands now, and
changes nothing. Values are masked for whoever does not review it; looks at them are recorded.
"""

import base64
from collections.abc import Mapping
from typing import Final

from flask import Response, request

from issuer import portrait, subject
from issuer.applications.errors import (
    ApplicationChanged,
    ApplicationNotThere,
    ApplicationUnknown,
    OwnApplication,
)
from issuer.applications.looking import Wanted, name_of, number_of
from issuer.applications.reviewing import OPEN, Application, State
from issuer.console.desk import UNMASKING, Desk
from issuer.console.errors import SearchRefused
from issuer.console.finding import MAX_SEARCH, cut
from issuer.console.issuing import others
from issuer.errors import Problem, ReasonRefused, SubjectRefused
from issuer.people.roles import May
from protocol.licence.catalogue import Kind

AGES: Final = (0, 3, 7, 30)
"""Days since it was filed, at least."""
_KEPT: Final = "queue"
_STATES: Final = {each.value: (each,) for each in State}
_STEPS: Final = "take, back, reopen, approve"
_SETS: Final = {"open": tuple(each for each in State if each in OPEN), **_STATES}


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer, held_by = desk.issuer, desk.issuer.applications

    @desk.page("/applications", may=May.QUEUE)
    def applications() -> Response:
        kept, asked = desk.session.kept.get(_KEPT, ""), request.args
        text = kept if isinstance(kept, str) else ""
        chosen = {
            "state": asked.get("state", "open") if asked.get("state", "open") in _SETS else "open",
            "kind": asked.get("kind", ""),
            "department": asked.get("department", ""),
            "days": asked.get("days", "0") if asked.get("days", "0") in {str(each) for each in AGES} else "0",
            "mine": "yes" if "mine" in asked else "",
        }
        slugs = {kind.slug: vct for vct, kind in desk.kinds().items()}
        departments = _departments(desk)
        scope = {
            vct: whose
            for vct, whose in desk.own.scope.items()
            if chosen["department"] not in departments or vct in departments[chosen["department"]]
        }
        wanted = Wanted(
            states=_SETS[chosen["state"]],
            vct=slugs.get(chosen["kind"]),
            department=chosen["department"] if chosen["department"] in departments else "",
            older_than_days=int(chosen["days"]),
            reviewer=desk.person.id if chosen["mine"] else "",
            text=text,
        )
        found = issuer.queue.found(wanted, scope=scope, at=desk.now())
        return desk.render(
            "applications.html",
            shown=cut(found),
            counted=len(found),
            found_states=State,
            search=text,
            chosen=chosen,
            sets=tuple(_SETS),
            kinds=sorted(desk.kinds().values(), key=lambda kind: kind.vct),
            departments=sorted(departments),
            ages=AGES,
            names=desk.names(),
            name_of=name_of,
            number_of=number_of,
        )

    @desk.page("/applications/search", may=May.QUEUE, post=True, get=False)
    def search_applications() -> Response:
        text = request.form.get("search", "").strip()
        if len(text) > MAX_SEARCH or not text.isprintable():
            raise SearchRefused("the text is too long, or cannot be shown")
        issuer.door.sessions.keep(desk.session.secret, {**desk.session.kept, _KEPT: text}, at=desk.now())
        return desk.go("applications")

    @desk.page("/applications/<application_id>", may=May.QUEUE)
    def application(application_id: str) -> Response:
        return application_page(desk, application_of(desk, application_id))

    @desk.page("/applications/<application_id>/show", may=May.SHOW, post=True, get=False)
    @desk.limiter.limit(UNMASKING)
    def show_application(application_id: str) -> Response:
        return application_page(desk, application_of(desk, application_id), is_shown=True)

    @desk.page("/applications/<application_id>/notice", may=May.QUEUE)
    def notice(application_id: str) -> Response:
        held = application_of(desk, application_id)
        return desk.render("notice.html", held=held, kind=issuer.kinds[held.vct], states=State)

    @desk.page("/applications/next", may=May.REVIEW, post=True, get=False)
    def take_next() -> Response:
        at, me = desk.now(), desk.person.id
        for each in issuer.queue.found(Wanted(states=(State.FILED,)), scope=desk.own.scope, at=at):
            try:
                held_by.take(each.id, by=me, at=at)
            except (ApplicationNotThere, OwnApplication):
                # Somebody was faster, or it is their own: the next one.
                continue
            return desk.go("application", application_id=each.id, said="application_take")
        return desk.go("applications", said="nothing_to_take")

    @desk.page(f"/applications/<application_id>/<any({_STEPS}):step>", may=May.REVIEW, post=True, get=False)
    def step_application(application_id: str, step: str) -> Response:
        held, at, me = application_of(desk, application_id), desk.now(), desk.person.id
        try:
            if step == "take":
                held_by.take(held.id, by=me, at=at)
            elif step == "back":
                # Whoever decides finally may put back what somebody has who is away.
                held_by.give_back(held.id, of_another=desk.may(May.DECIDE), by=me, at=at)
            elif step == "reopen":
                held_by.reopen(held.id, by=me, at=at)
            else:
                held_by.approve(held.id, seen=request.form.get("seen", ""), by=me, at=at)
        except (ApplicationNotThere, ApplicationChanged) as error:
            return conflict(desk, held.id, key=error.code)
        return desk.go("application", application_id=held.id, said=f"application_{step}")

    @desk.page("/applications/<application_id>/<any(ask, refuse):answer>", may=May.REVIEW, post=True, get=False)
    def answer_application(application_id: str, answer: str) -> Response:
        held, words = application_of(desk, application_id), request.form.get("reason", "").strip()
        try:
            if answer == "ask":
                held_by.ask(held.id, what=words, by=desk.person.id, at=desk.now())
            else:
                held_by.refuse(held.id, why=words, by=desk.person.id, at=desk.now())
        except ReasonRefused:
            return application_page(desk, held, wrong=answer)
        except ApplicationNotThere:
            return conflict(desk, held.id)
        return desk.go("application", application_id=held.id, said=f"application_{answer}")


def application_of(desk: Desk, application_id: str) -> Application:
    """One application that is this person's business. Raises: ApplicationUnknown, also of one that is another's."""
    held = desk.issuer.applications.one(application_id)
    if not desk.own.has(held.vct, held.department):
        raise ApplicationUnknown("no application has this id")
    return held


def conflict(desk: Desk, application_id: str, *, key: str = ApplicationNotThere.code) -> Response:
    """Somebody was faster: the application as it stands now, and that nothing was changed."""
    return application_page(desk, application_of(desk, application_id), status=409, conflict=key)


def application_page(
    desk: Desk, held: Application, *, is_shown: bool = False, status: int = 200, wrong: str = "", conflict: str = ""
) -> Response:
    """One application. Its reviewer sees it, others ask to; either is written down before it is shown."""
    issuer, at, kind = desk.issuer, desk.now(), desk.issuer.kinds[held.vct]
    is_mine = held.state is State.IN_REVIEW and held.reviewer == desk.person.id and desk.may(May.REVIEW)
    is_shown = (is_shown or is_mine) and held.state in OPEN
    if is_shown:
        issuer.people.note("show", "application", held.id, actor=desk.person.id, at=at)
    written = dict(held.subject)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    if held.state in OPEN:
        if held.portrait is not None:
            written[portrait.ITEM] = portrait.digest_of(held.portrait)
        try:
            checked = subject.check(kind, written, at=at, fictional=issuer.profile.fictional)
            warnings = checked.warnings
        except SubjectRefused as error:
            problems = tuple(error.problems)
    return desk.render(
        "application.html",
        422 if wrong else status,
        held=held,
        kind=kind,
        is_mine=is_mine,
        is_shown=is_shown,
        departments=() if held.department else desk.own.departments[held.vct],
        is_own=held.filed_by == desk.person.id,
        items=[(item, held.subject[item.name]) for item in kind.items if item.name in held.subject],
        picture=_picture(held) if is_shown else "",
        has_picture=held.portrait is not None,
        problems=problems,
        warnings=warnings,
        licences=others(desk, kind, held.subject),
        waiting=waiting(desk, kind, held.subject, besides=held.id),
        offers=[each for each in issuer.wallet_issuing.offers.listed() if each.application_id == held.id],
        acts=issuer.audit.listed(search=held.id),
        names=desk.names(),
        name_of=name_of,
        number_of=number_of,
        wrong=wrong,
        conflict=conflict,
        form=issuer.door.sessions.new_form(),
    )


def waiting(desk: Desk, kind: Kind, subject_of: Mapping[str, object], *, besides: str = "") -> tuple[Application, ...]:
    """Other open applications for this kind by the same person that this desk may see."""
    found = desk.issuer.queue.of_number(number_of(subject_of), kind.vct, besides=besides)
    return tuple(each for each in found if desk.own.has(each.vct, each.department))


def _picture(held: Application) -> str:
    """The portrait for a page that fetches nothing; its reader has seen that it is a picture and no more."""
    if held.portrait is None:
        return ""
    kind = "webp" if held.portrait[:4] == b"RIFF" else "avif"
    return f"data:image/{kind};base64,{base64.b64encode(held.portrait).decode()}"


def _departments(desk: Desk) -> dict[str, frozenset[int]]:
    """The departments that this person may filter by, with their kinds."""
    found: dict[str, set[int]] = {}
    for vct, kind in desk.kinds().items():
        for word in desk.own.departments[vct] or kind.departments:
            found.setdefault(word, set()).add(vct)
    return {word: frozenset(kinds) for word, kinds in found.items()}
