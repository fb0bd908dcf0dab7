"""Pages for acts that take two people: changes of many licences at once, and whatever else waits for a second person.

A list of identifiers is looked at first: whom it reaches, and whom not. Up to a number one person does it; above that
it is proposed, and another one decides, who sees what it reaches at that moment. Nobody sees or decides about another
department's licences.
"""

from collections.abc import Mapping
from typing import Final

from flask import Response, request

from issuer.approvals.errors import ProposalUnknown
from issuer.approvals.register import Proposal, State
from issuer.changing.bulk import BULK_CHANGE
from issuer.changing.preview import Affected
from issuer.changing.selecting import Selection
from issuer.console.desk import Desk
from issuer.console.errors import NotYours
from issuer.console.finding import SUSPENDING, searched
from issuer.errors import IssuerError, LicenceUnknown, PublishingFailed, ReasonRefused, TransitionRefused
from issuer.holders.erasing import ERASE
from issuer.lifecycle import LegalChange, check_reason
from issuer.people.roles import May
from protocol import cbor

CHANGES: Final = tuple(each for each in LegalChange if each is not LegalChange.SUPERSEDE)
_MAX_LIST: Final = 600_000
"""Ten thousand identifiers, each on a line of its own."""
_SHOWN: Final = 20
"""So many licences are named one by one."""
_OF_LICENCES: Final = frozenset({BULK_CHANGE, ERASE})
"""Proposals about licences: their content has the `ids`."""
_DECIDES: Final = dict.fromkeys(_OF_LICENCES, May.END)
"""Who decides about what; about everything else, which is about keys and the feed, key officers do."""


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer = desk.issuer

    @desk.page("/many", may=May.SUSPEND, post=True, proven=True, max_body_bytes=_MAX_LIST + 10_000)
    def change_many() -> Response:
        if request.method == "GET":
            return _form(desk)
        at, reason = desk.now(), request.form.get("reason", "").strip()
        ids = tuple(dict.fromkeys(request.form.get("ids", "").split()))
        change = _change(desk, request.form.get("change", ""))
        try:
            _demand_own(desk, ids)
            affected = issuer.changes.preview(Selection(ids=ids), change, at=at)
            check_reason(reason)
        except ReasonRefused:
            return _form(desk, ids=ids, change=change, reason=reason, wrong="change.reason_wrong")
        except IssuerError as error:
            return _form(desk, ids=ids, change=change, reason=reason, error=error)
        if request.form.get("step") != "do":
            return _form(desk, ids=ids, change=change, reason=reason, affected=affected)
        selection = Selection(ids=ids)
        if len(affected.licences) > issuer.changes.left(affected, actor=desk.person.id, at=at).licences:
            content = issuer.changes.content(selection, change)
            made = issuer.approvals.propose(BULK_CHANGE, content, reason=reason, by=desk.person.id, at=at)
            return desk.go("proposal", proposal_id=made.id, said="proposed")
        try:
            issuer.changes.change(selection, change, reason=reason, actor=desk.person.id, at=at)
        except PublishingFailed:
            return desk.go("find", said="unpublished")
        return desk.go("find", said="many_changed")

    @desk.page("/proposals", may=May.COME_IN)
    def proposals() -> Response:
        found = issuer.approvals.listed(decided_too="all" in request.args, at=desk.now())
        search, names = searched(), desk.names()
        mine = [each for each in found if _says(each, search, names) and _is_mine(desk, each)]
        return desk.render("proposals.html", found=mine, names=names, search=search, everything="all" in request.args)

    @desk.page("/proposals/<proposal_id>", may=May.COME_IN)
    def proposal(proposal_id: str) -> Response:
        return _one(desk, _proposal(desk, proposal_id))

    @desk.page("/proposals/<proposal_id>/<any(approve, decline):decision>", may=May.DECIDE, post=True, get=False)
    def decide(proposal_id: str, decision: str) -> Response:
        held, at = _proposal(desk, proposal_id), desk.now()
        if not desk.may(_DECIDES.get(held.what, May.HOLD_KEYS)):
            raise NotYours("your roles do not decide about this")
        if decision == "decline":
            try:
                issuer.approvals.decline(held.id, by=desk.person.id, why=request.form.get("reason", "").strip(), at=at)
            except ReasonRefused:
                return _one(desk, held, wrong="change.reason_wrong")
            return desk.go("proposals", said="declined")
        try:
            issuer.approvals.approve(held.id, by=desk.person.id, at=at)
        except PublishingFailed:
            return desk.go("proposals", said="unpublished")
        return desk.go("proposals", said="approved")


def _change(desk: Desk, word: str) -> LegalChange:
    for each in CHANGES:
        if each.value == word:
            if not desk.may(May.SUSPEND if each in SUSPENDING else May.END):
                raise NotYours("your roles do not have this change")
            return each
    raise TransitionRefused("there is no such change")


def _demand_own(desk: Desk, ids: tuple[str, ...]) -> None:
    """Raises: LicenceUnknown."""
    found = [desk.issuer.licence(each) for each in ids]
    if len(desk.licences(found)) != len(found):
        raise LicenceUnknown("no licence has this id")


def _is_mine(desk: Desk, held: Proposal) -> bool:
    if held.what not in _OF_LICENCES:
        return desk.may(May.SEE_KEYS) or desk.may(May.HOLD_KEYS)
    if not desk.may(May.SUSPEND):
        return False
    try:
        _demand_own(desk, tuple(str(each) for each in held.content["ids"]))  # type: ignore[union-attr]  # a list of ids
    except LicenceUnknown:
        return False
    return True


def _says(held: Proposal, search: str, names: Mapping[str, str]) -> bool:
    wanted = search.casefold()
    by = names.get(held.proposed_by, held.proposed_by)
    return any(wanted in each.casefold() for each in (held.id, held.what, held.reason, by))


def _proposal(desk: Desk, proposal_id: str) -> Proposal:
    for each in desk.issuer.approvals.listed(decided_too=True, at=desk.now()):
        if each.id == proposal_id and _is_mine(desk, each):
            return each
    raise ProposalUnknown("there is no such proposal")


def _form(
    desk: Desk,
    *,
    ids: tuple[str, ...] = (),
    change: LegalChange = LegalChange.SUSPEND,
    reason: str = "",
    affected: Affected | None = None,
    wrong: str = "",
    error: IssuerError | None = None,
) -> Response:
    left = None if affected is None else desk.issuer.changes.left(affected, actor=desk.person.id, at=desk.now())
    offered = [each for each in CHANGES if desk.may(May.SUSPEND if each in SUSPENDING else May.END)]
    return desk.render(
        "many.html",
        422 if wrong or error else 200,
        ids=ids,
        change=change,
        offered=offered,
        reason=reason,
        affected=affected,
        licences=[] if affected is None else [desk.issuer.licence(each) for each, _ in affected.licences[:_SHOWN]],
        alone=0 if left is None else left.licences,
        wrong=wrong,
        error=error,
    )


def _one(desk: Desk, held: Proposal, *, wrong: str = "") -> Response:
    is_many, unchanged = held.what == BULK_CHANGE, True
    if held.state is State.PROPOSED:
        try:
            unchanged = desk.issuer.approvals.shown(held.id, at=desk.now()).is_unchanged
        except IssuerError:
            unchanged = False
    ids = [str(each) for each in held.content["ids"]] if is_many else []  # type: ignore[union-attr]  # a list of ids
    return desk.render(
        "proposal.html",
        422 if wrong else 200,
        held=held,
        is_many=is_many,
        ids=ids,
        licences=[desk.issuer.licence(each) for each in ids[:_SHOWN]],
        content={} if is_many else {name: _shown(value) for name, value in held.content.items()},
        unchanged=unchanged,
        names=desk.names(),
        is_own=held.proposed_by == desk.person.id,
        may_decide=desk.may(May.DECIDE) and desk.may(_DECIDES.get(held.what, May.HOLD_KEYS)),
        wrong=wrong,
    )


def _shown(value: cbor.Value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
