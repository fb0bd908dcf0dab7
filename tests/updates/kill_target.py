"""A process that fetches or applies, and kills itself as if by a pulled plug at the place that it is told.

python -m tests.updates.kill_target MACHINE PUBLISHED ROOT_SHA256 fetch|apply PLACE
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.revocation.repository.simulator import NOW
from tests.updates.making import CLOSED, Machine
from verifier_terminal.updates import archive, downloading, launching


def killed(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Any, calls: int) -> Any:
    """The function, that kills after so many calls."""
    count = [0]

    def run(*arguments: Any, **named: Any) -> Any:
        done = function(*arguments, **named)
        count[0] += 1
        if count[0] == calls:
            killed()
        return done

    return run


def main(folder: str, published: str, root_sha256: str, what: str, place: str) -> None:
    """Opens the machine's folders again, and dies."""
    machine = Machine.opened(Path(folder), Path(published), root_sha256)
    downloading.PIECE_BYTES = 1_000  # type: ignore[misc]  # short ones, so that there are some
    match place:
        case "piece":
            machine.mirror.fetch_part = after(machine.mirror.fetch_part, 3)  # type: ignore[method-assign]
        case "downloaded":
            downloading.digest = after(downloading.digest, 1)
        case "unpack":
            archive._check_entry = after(archive._check_entry, 2)
        case "before-switch":
            launching.note_start = after(launching.note_start, 1)
        case "switch":
            launching.switch = after(launching.switch, 1)
        case _:
            raise AssertionError(place)
    if what == "fetch":
        machine.fetch(at=NOW)
    else:
        machine.apply(at=CLOSED)


if __name__ == "__main__":
    main(*sys.argv[1:])
