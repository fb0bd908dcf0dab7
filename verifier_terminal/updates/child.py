"""A program that was started and is watched; whoever asks the starter to end ends it."""

import signal
import subprocess
from collections.abc import Sequence
from types import FrameType
from typing import Final

_LAST_SECONDS: Final = 5.0


class StartedProgram:
    """One running program; the end of this one is handed on to it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Starts it. Raises: OSError."""
        # The interpreter's path comes from the software's own folder, the words from whoever may start this one.
        self._process = subprocess.Popen(command)  # noqa: S603
        signal.signal(signal.SIGTERM, self._hand_on)
        # A terminal sends it to both, and the child decides how it ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None: it still runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Ends it, whatever it does."""
        self._process.terminate()
        if self.wait(_LAST_SECONDS) is None:
            self._process.kill()
            self._process.wait()

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._process.terminate()
