"""The counter's scanner and printer: simulated, plugged in like real ones, and made to misbehave on purpose.

The terminal's own drivers talk to them, over a pseudo-terminal and a TCP port. On a system without pseudo-terminals
(Windows) the counter has a camera only. Not handled here: the camera's troubles (`demo.scene`).
"""

import enum
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final, Self

import numpy as np

from hardware.simulated.printer import VirtualPrinter
from hardware.simulated.scanner import VirtualScanner

CAN_BE_SIMULATED: Final = find_spec("termios") is not None
_NOISE_BYTES: Final = 400
_SEED: Final = 2026


class Trouble(enum.Enum):
    """What a scanner goes through while it reads a code."""

    NONE = "none"
    UNPLUGGED = "unplugged"
    NOISE = "noise"


class CounterDevices:
    """One scanner and one printer, plugged in until they are closed."""

    def __init__(self) -> None:
        """Plugs both in."""
        self._noise = np.random.default_rng(_SEED)
        self._scanner = VirtualScanner()
        self._printer = VirtualPrinter()
        self._has_paper = True

    @property
    def options(self) -> tuple[str, ...]:
        """How they are named to the terminal."""
        return ("--serial", str(self._scanner.port_path), "--printer", f"escpos:{self._printer.target}")

    @property
    def has_paper(self) -> bool:
        """Whether the printer has paper."""
        return self._has_paper

    def scan(self, text: str, trouble: Trouble, *, pause: Callable[[], object]) -> int:
        """The scanner reads a code, goes through its trouble, and reads the code again.

        Args:
            text: what the code says.
            trouble: what happens on the way.
            pause: lets the terminal notice, and have the scanner again.

        Returns:
            How many bytes went lost or were noise.
        """
        lost = 0
        match trouble:
            case Trouble.UNPLUGGED:
                lost = len(text) // 2
                self._scanner.scan_and_unplug(text, lost)
                pause()
                self._scanner.replug()
                pause()
            case Trouble.NOISE:
                lost = _NOISE_BYTES
                self._scanner.babble(self._noise, lost)
                pause()
            case Trouble.NONE:
                pass
        self._scanner.scan(text)
        return lost

    def set_paper(self, *, there: bool) -> None:
        """Puts paper in, or takes it out."""
        self._has_paper = there
        self._printer.set(lines_left=None if there else 0)

    def printed_lines(self) -> tuple[str, ...]:
        """Everything that stands on the paper so far."""
        return tuple(self._printer.strip.lines)

    def close(self) -> None:
        """Pulls both out."""
        self._scanner.close()
        self._printer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()
