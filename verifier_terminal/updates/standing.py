"""How the software stands, in one line and as JSON: the version that runs, what waits, and what to look at."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from protocol import unixtime
from protocol.unixtime import UnixTime
from revocation.repository.releases import Version
from verifier_terminal.store.store import DATABASE
from verifier_terminal.updates import launching, rows
from verifier_terminal.updates.states import PENDING, Progress, State


@dataclass(frozen=True, slots=True)
class SoftwareStanding:
    """How the software of one terminal stands.

    Attributes:
        running: The version of this program.
        pending: The one that is on its way; None: there is none.
        asks: Whether staff are asked to let it be applied.
        withdrawn: Why the publisher has withdrawn the running version; empty: it stands.
        given_up: The version that was given up last, and is newer than the running one; None: there is none.
        why: Why.
    """

    running: str
    pending: Progress | None
    asks: bool
    withdrawn: str = ""
    given_up: str | None = None
    why: str = ""


def of(directory: Path, running: Version, *, at: UnixTime) -> SoftwareStanding:
    """Of the terminal here. Raises: sqlite3.Error."""
    database = sqlite3.connect(f"{(directory / DATABASE).resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = rows.read(database)
    finally:
        database.close()
    pending = next((each for each in found if each.state in PENDING), None)
    mine = next((each for each in found if each.version == running), None)
    lost = next((each for each in found if each.state is State.ROLLED_BACK and each.version > running), None)
    given_up, why = (None, "") if lost is None else (str(lost.version), lost.detail)
    start = launching.last_start(directory)
    if start is not None and start.version != str(running) and launching.never_came_up(start):
        # The updating service has not written it down yet.
        given_up, why = start.version, why or f"it did not come up in {start.tries} starts"
    asks = pending is not None and pending.asks(at=at)
    return SoftwareStanding(str(running), pending, asks, "" if mine is None else mine.withdrawn, given_up, why)


def as_json(found: SoftwareStanding) -> dict[str, object]:
    """For machines."""
    pending = found.pending
    return {
        "running": found.running,
        "withdrawn": found.withdrawn or None,
        "given_up": None if found.given_up is None else {"version": found.given_up, "why": found.why},
        "asks": found.asks,
        "pending": None
        if pending is None
        else {
            "version": str(pending.version),
            "state": str(pending.state),
            "since": unixtime.iso_utc(pending.since),
            "ask_after": None if pending.ask_after is None else unixtime.iso_utc(pending.ask_after),
            "postponed_until": None if pending.postponed_until is None else unixtime.iso_utc(pending.postponed_until),
            "notes": dict(pending.notes),
        },
    }


def in_words(found: SoftwareStanding) -> str:
    """One line."""
    said = [f"version {found.running}"]
    if found.withdrawn:
        said.append(f"WITHDRAWN by its publisher ({found.withdrawn})")
    if found.pending is not None:
        said.append(f"{found.pending.version} is {found.pending.state}")
        if found.pending.postponed_until is not None:
            said.append(f"postponed until {unixtime.iso_local(found.pending.postponed_until)}")
        if found.asks:
            said.append("please let it be applied when you close")
    if found.given_up is not None:
        said.append(f"{found.given_up} was given up: {found.why}")
    return "; ".join(said)
