"""A process on a disk that fills up: takes and folds until nothing can be written, and says what then is held.

Started by the test in a file system of a few hundred kilobytes, with the feed's history.
"""

import sys
from contextlib import suppress
from pathlib import Path

from revocation.errors import RevocationError
from tests.terminal import feed_history
from tests.terminal.feed_history import Keeping
from verifier_terminal.errors import StatusesNotKept


def main(directory: str, history: str) -> None:
    keeping = Keeping(Path(directory) / "terminal", feed_history.read(Path(history)))
    keeping.begin()
    filler = Path(directory) / "filler"
    refused = set()
    for to in range(1, keeping.history.last + 1):
        if to == 5:
            # Somebody else's file leaves some pages of the database, and no room for a base.
            _fill(filler, leave=96 * 1024)
        if to == 17:
            filler.unlink()
        seq = keeping.seq
        for name, act in (("take", lambda to=to: keeping.deltas(to)), ("fold", keeping.fold)):
            try:
                act()
            except StatusesNotKept:
                refused.add(name)
            except RevocationError as failure:
                sys.exit(f"{name} to {to}: {failure!r}")
            if keeping.seq < seq or keeping.root() != keeping.history.roots[keeping.seq]:
                sys.exit(f"{name} to {to}: {keeping.seq} is held")
            if any(each.endswith(".new") for each in keeping.files()):
                sys.exit(f"{name} to {to} left {keeping.files()}")
    print(*sorted(refused), keeping.seq)


def _fill(path: Path, *, leave: int) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    with path.open("r+b") as file:
        file.truncate(max(0, path.stat().st_size - leave))


if __name__ == "__main__":
    main(*sys.argv[1:])
