"""The clerk's answer to "is it this person?": what the journal's rows about one check make of it.

The answer is a row of its own and never changes the verdict's row: no row, no answer, however much time or however many
scans have passed. Not handled here: transactions, and telling the pages (both the session's).
"""

from collections.abc import Sequence
from enum import StrEnum

from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.verdict import Proceed, Verdict, VerdictClass
from verifier_terminal.errors import AlreadyVoid, NoPersonCheck, PersonCheckDone, UnknownCheckNumber
from verifier_terminal.store.journal import JournalRow, Payload

_EVENT = "person_check"


class PersonCheck(StrEnum):
    """How the comparison of the person stands."""

    NOT_DEMANDED = "not_demanded"
    WAITING = "waiting"
    MATCHED = "matched"
    NOT_MATCHED = "not_matched"


def of_verdict(verdict: Verdict, *, matches: bool | None) -> PersonCheck:
    """How it stands for a verdict, given the clerk's answer so far."""
    return _state(verdict.verdict_class, verdict.proceed, verdict.person_check, matches)


def of_rows(rows: Sequence[Payload]) -> PersonCheck:
    """How it stands for the check that these rows are about; the verdict's is among them."""
    verdict = next(each for each in rows if each["event"] == "verdict")
    matches = next((bool(each["matches"]) for each in rows if each["event"] == _EVENT), None)
    return _state(VerdictClass(verdict["class"]), Proceed(verdict["proceed"]), bool(verdict["person_check"]), matches)


def payload(check_number: str, *, matches: bool, at: UnixTime) -> Payload:
    """The row. It names the check and the answer, and nothing about the person."""
    return {"event": _EVENT, "check_number": check_number, "matches": matches, "at": at}


def require_waiting(rows: Sequence[JournalRow], check_number: str) -> VerdictClass:
    """The class of a check that waits for its answer.

    Raises:
        UnknownCheckNumber: There is no such check, or its content was erased.
        AlreadyVoid: It was declared void, so there is nothing left to act upon.
        PersonCheckDone: It was answered before.
        NoPersonCheck: Policy asks for none, or the verdict forbids going on anyway.
    """
    about = [row.payload for row in rows if row.payload is not None]
    events = {each["event"] for each in about}
    if "verdict" not in events:
        raise UnknownCheckNumber(check_number)
    if "void" in events:
        raise AlreadyVoid(check_number)
    if _EVENT in events:
        raise PersonCheckDone(check_number)
    if of_rows(about) is not PersonCheck.WAITING:
        raise NoPersonCheck(check_number)
    return VerdictClass(next(each["class"] for each in about if each["event"] == "verdict"))


def _state(verdict_class: VerdictClass, proceed: Proceed, demanded: bool, matches: bool | None) -> PersonCheck:
    # A check may also wait for something else (old status data, where policy compares nobody): no question then.
    may_go_on = verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK) and proceed is Proceed.AFTER_CHECK
    if not (demanded and may_go_on):
        return PersonCheck.NOT_DEMANDED
    if matches is None:
        return PersonCheck.WAITING
    return PersonCheck.MATCHED if matches else PersonCheck.NOT_MATCHED
