"""Whether a journal has the row that a receipt names: looked up in the terminal's directory, which stays as it is.

Guaranteed: nothing is written or migrated there. The row hash binds everything before it, so a row that is there with
the head that the receipt states is the one that was written then; the chain around it is checked as well. Not handled
here: whether the whole directory was rewritten (`anchor` says what that would take).
"""

import sqlite3
from pathlib import Path

from protocol.unixtime import UnixTime
from verifier_terminal.errors import StoreDamaged
from verifier_terminal.store import chain, journal
from verifier_terminal.store.anchor import Anchor
from verifier_terminal.store.store import ANCHOR, DATABASE


def why_not(directory: Path, *, terminal_id: str, position: int, head: bytes, at: UnixTime) -> str | None:
    """Why this journal does not vouch for a receipt; None: it does.

    Args:
        directory: The terminal's.
        terminal_id: Whose journal it should be.
        position: The row that the receipt names.
        head: The journal's head then.
        at: The moment that the receipt states.

    Raises:
        StoreDamaged: It cannot be read.
    """
    path = (directory / DATABASE).resolve()
    try:
        database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            anchored = Anchor(directory / ANCHOR).read()
            row = database.execute("SELECT row_hash, payload FROM journal WHERE seq = ?", (position,)).fetchone()
            report = chain.verify_chain(database, terminal_id=terminal_id, anchored=anchored)
        finally:
            database.close()
    except (sqlite3.Error, OSError) as failure:
        raise StoreDamaged(f"{DATABASE}: {failure}") from failure
    if row is None:
        return f"it has no row {position}: it is another terminal's, or was cut off"
    if row[0] != head:
        return f"row {position} is another one than the receipt names"
    if report.findings:
        return f"it was tampered with: row {report.findings[0].seq}: {report.findings[0].text}"
    content = journal.decode(row[1])
    if content is not None and (content.get("event"), content.get("at")) != ("verdict", at):
        # Retention erases the content and keeps the hashes; what is still there must be that check.
        return f"row {position} says something else than the receipt"
    return None
