"""Problem reports (服务找茬): what somebody at a window or a kiosk says went wrong, about a check or about the place.

A report has a category and at most 200 characters; nobody is asked who they are. Guaranteed: it is a row of the journal
and a row for the operator in one transaction (the operator's is left out where the outbox is full); what looks like a
number of a person or an address to write to is taken out, and so is every character that could steer a screen; at most
twenty an hour, so that nobody fills the journal by a finger. Not handled here: what becomes of it at the operator's.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol import cbor
from protocol.unixtime import HOUR, UnixTime
from verifier_terminal.errors import OutboxFull, TerminalError, UnknownCheckNumber
from verifier_terminal.store import outbox
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.store import Store

EVENT: Final = "problem_report"
MAX_CHARACTERS: Final = 200
MOST_AN_HOUR: Final = 20
_MOST_LISTED: Final = 10_000
_TAKEN_OUT: Final = "[…]"
_OF_PERSONS: Final = re.compile(r"\S{1,64}@\S{1,64}|\+?\d(?:[\s-]?\d){5,}[Xx]?")
"""An address of mail, or six digits and more: phones, licences, identity cards. A check number has its own field."""


class Category(StrEnum):
    """What went wrong, as people at a counter would say it."""

    WRONG_RESULT = "wrong_result"
    NOT_READ = "not_read"
    WRONG_CONTENT = "wrong_content"
    TOO_MUCH_ASKED = "too_much_asked"
    TOO_SLOW = "too_slow"
    UNCLEAR = "unclear"
    DEVICE = "device"
    OTHER = "other"


class TooManyReports(TerminalError):
    """As many reports stand in the last hour as one place has problems."""

    meaning = "too many problem reports within an hour"
    advice = "tell a member of staff, or report it later"


@dataclass(frozen=True, slots=True)
class Report:
    """One report as `terminal reports` lists it. `sent`: True the operator has it, False it waits or was refused."""

    at: UnixTime
    check_number: str | None
    category: str
    text: str
    sent: bool


def write(
    store: Store, category: Category, text: str, *, check_number: str | None, purpose: str, at: UnixTime
) -> Payload:
    """Writes a report down, for the journal and for the operator.

    Args:
        store: Where to.
        category: What went wrong.
        text: More about it, as it was typed; may be empty.
        check_number: Of the check that it is about, as the journal has it; None: about the place.
        purpose: Word of the terminal's.
        at: When.

    Raises:
        UnknownCheckNumber: There is no such check.
        TooManyReports: Nothing was written.
        OutOfOrder: It could not be written.
    """
    with store.writing():
        of_last_hour = [row.payload for row in store.journal.rows(event=EVENT, limit=MOST_AN_HOUR) if row.payload]
        if len(of_last_hour) == MOST_AN_HOUR and at - of_last_hour[-1]["at"] < HOUR:
            raise TooManyReports
        verdict = None
        if check_number is not None:
            about = [row.payload for row in store.journal.about(check_number) if row.payload]
            verdict = next((each for each in about if each["event"] == "verdict"), None)
            if verdict is None:
                raise UnknownCheckNumber(check_number)
        payload = {
            "event": EVENT,
            "at": at,
            **({} if check_number is None else {"check_number": check_number}),
            "category": category.value,
            "text": cleaned(text),
        }
        head = store.journal.append(payload, at=at)
        body: dict[cbor.Key, cbor.Value] = {
            "at": at,
            "purpose": purpose,
            "category": category.value,
            "text": payload["text"],
            "check_number": check_number,
            "class": None if verdict is None else verdict["class"],
            "codes": () if verdict is None else tuple(code for code, _ in verdict["codes"]),
        }
        try:
            store.outbox.put(outbox.PROBLEM_REPORT, cbor.encode(body), key=head.row_hash, at=at)
        except OutboxFull:
            # The journal has it all the same, and `terminal reports` shows it.
            return payload
    return payload


def cleaned(text: str) -> str:
    """What may be kept of a text that anybody typed."""
    one_line = " ".join(unicodedata.normalize("NFC", text).split())
    shown = "".join(each for each in one_line if each.isprintable())
    return _OF_PERSONS.sub(_TAKEN_OUT, shown)[:MAX_CHARACTERS]


def listed(store: Store) -> Iterator[Report]:
    """Every report that the journal still has, the newest first."""
    sent = {row.payload["key"] for row in store.journal.rows(event="sent", limit=_MOST_LISTED) if row.payload}
    for row in store.journal.rows(event=EVENT, limit=_MOST_LISTED):
        said, row_hash = row.payload, store.journal.row_hash_of(row.seq)
        if said is not None and said["event"] == EVENT and row_hash is not None:
            yield Report(
                at=UnixTime(said["at"]),
                check_number=said.get("check_number"),
                category=str(said["category"]),
                text=str(said["text"]),
                sent=row_hash.hex() in sent,
            )
