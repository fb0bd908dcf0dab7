"""What is written down about one presentation at two terminals of a site: the journal's row, and the operator's.

Guaranteed: it names both checks, both moments and the other terminal, and nothing about the holder. Not handled here:
how it was found out (`neighbours`), and the alarm on the page (`standing`).
"""

from contextlib import suppress
from hashlib import sha256
from typing import Final

from protocol import cbor
from verifier_terminal.errors import OutboxFull
from verifier_terminal.store import outbox
from verifier_terminal.store.site_uses import DoubleShow
from verifier_terminal.store.store import Store

EVENT: Final = "double_show"


def write_down(store: Store, double: DoubleShow) -> None:
    """Both rows; inside a transaction."""
    at = double.found_at
    payload = {
        "event": EVENT,
        "check_number": double.check_number,
        "accepted": double.accepted,
        "terminal": double.terminal,
        "other": double.other_number,
        "other_at": double.other_at,
        "other_accepted": double.other_accepted,
        "at": at,
    }
    store.journal.append(payload, at=at)
    body = cbor.encode(
        (
            double.check_number, double.accepted, double.terminal, double.other_number, double.other_at,
            double.other_accepted, at,
        )
    )  # fmt: skip
    # A full outbox must not keep the alarm from being raised here.
    with suppress(OutboxFull):
        store.outbox.put(outbox.DOUBLE_SHOW, body, key=sha256(body).digest(), at=at)
