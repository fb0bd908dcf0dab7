"""A process that queues acceptances and settles them, and says each step only after it was written.

Started by `test_recheck_kills` with a terminal's directory and a number that no other life has.
"""

import os
import secrets
import sys
from pathlib import Path

from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.coverage import Coverage, StatusAnswer
from verifier_terminal.store.recheck import Waiting
from verifier_terminal.store.store import Store

CHECKED = 1_795_226_400


class Later:
    """Newer data: every licence of an even index was revoked."""

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        status = Status.REVOKED if idx % 2 == 0 else Status.VALID
        return StatusAnswer(Coverage.COVERED, status, UnixTime(CHECKED + 60))

    def oldest(self) -> UnixTime | None:
        return None


def main(directory: str, life: str) -> None:
    store = Store(Path(directory), terminal_id="t1", random_bytes=secrets.token_bytes)
    os.write(1, b"ready\n")
    for idx in range(1_000_000):
        number = f"{life}-{idx}"
        with store.writing():
            store.rechecks.add(Waiting(number, "lz:990000/3", idx, UnixTime(CHECKED - 3_600), UnixTime(CHECKED)))
        os.write(1, f"waits {number}\n".encode())
        if idx % 5 == 4:
            for answered in store.rechecks.answered_by(Later()):
                with store.writing():
                    store.rechecks.settle(answered, at=UnixTime(CHECKED + 60))
                if answered.changed:
                    os.write(1, f"alarms {answered.check_number}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
