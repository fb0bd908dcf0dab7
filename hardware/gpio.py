"""Output lines of a GPIO chip, for lamps, buzzers and relays: the one file that knows the library gpiod.

Guaranteed: lines begin inactive, are this program's alone while it holds them, and are set inactive before they are
given back.

What happens when the program dies: the kernel closes the file descriptor and the line is uncontrolled from then on
(Linux, Documentation/userspace-api/gpio/gpio-v2-get-line-ioctl.rst). Most drivers then make it an input again, so that
the wiring alone decides; a pull-down resistor keeps a relay off. Not all do: the kernels of Raspberry Pi OS leave an
output as it was unless they are started with `dtparam=strict_gpiod` (raspberrypi/linux, pull request 6117). A relay
that opens a door must therefore be wired as docs/hardware.md says.

Not handled here: what lines mean, and time.
"""

from collections.abc import Sequence
from typing import Protocol

from hardware.output_errors import OutputLibraryMissing
from hardware.scanner_line import named_error

CONSUMER = "liangzheng"


class OutputLines(Protocol):
    """Some lines that are held."""

    def set(self, active: Sequence[bool]) -> None:
        """Sets all of them, in the order in which they were named.

        Raises:
            HardwareError: the chip is gone.
        """
        ...

    def close(self) -> None:
        """All inactive, and given back; a chip that is gone is no error."""
        ...


class ChipLines:
    """See the module. Implements OutputLines."""

    def __init__(self, chip: str, lines: Sequence[str], *, active_low: bool = False) -> None:
        """Takes the lines.

        Args:
            chip: `/dev/gpiochip0`, or its last part.
            lines: offsets or names.
            active_low: low is active: for relay boards with inverted inputs.

        Raises:
            HardwareError: the library, the chip or a line is missing, or a line is taken.
        """
        try:
            import gpiod  # noqa: PLC0415 — exists on Linux only
            from gpiod.line import Direction, Value  # noqa: PLC0415 — exists on Linux only
        except ImportError as failure:
            raise OutputLibraryMissing(chip, "gpiod") from failure
        self._name = f"{chip}/{','.join(lines)}"
        self._values = (Value.INACTIVE, Value.ACTIVE)
        self._lines = tuple(int(line) if line.isdigit() else line for line in lines)
        settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE, active_low=active_low)
        path = chip if chip.startswith("/") else f"/dev/{chip}"
        try:
            self._request = gpiod.request_lines(path, consumer=CONSUMER, config={self._lines: settings})
        except (OSError, ValueError) as failure:
            raise named_error(self._name, failure) from failure

    def set(self, active: Sequence[bool]) -> None:
        values = {line: self._values[bool(each)] for line, each in zip(self._lines, active, strict=True)}
        try:
            self._request.set_values(values)
        except (OSError, ValueError) as failure:
            raise named_error(self._name, failure) from failure

    def close(self) -> None:
        try:
            self._request.set_values(dict.fromkeys(self._lines, self._values[False]))
        except (OSError, ValueError):
            # The chip is gone, and its lines with it.
            pass
        finally:
            self._request.release()
