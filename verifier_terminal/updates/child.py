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
        self._process: subprocess.Popen[bytes] | None = None
        self._is_to_end = False
        # Before the start: whoever asks in between must not leave a program behind that nobody watches.
        signal.signal(signal.SIGTERM, self._hand_on)
        # The interpreter's path comes from the software's own folder, the words from whoever may start this one.
        self._process = subprocess.Popen(command)  # noqa: S603
        if self._is_to_end:
            self._process.terminate()
        # A terminal sends it to both, and the child decides how it ends; ignored any earlier, it would ignore it, too.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None: it still runs."""
        assert self._process is not None, "it was started"
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Ends it, whatever it does."""
        assert self._process is not None, "it was started"
        self._process.terminate()
        if self.wait(_LAST_SECONDS) is None:
            self._process.kill()
            self._process.wait()

    def _hand_on(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._is_to_end = True
        if self._process is not None:
            self._process.terminate()
