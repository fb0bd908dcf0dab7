"""A customer display as its cable sees it: understands the display commands and can be asked what it shows."""

from hardware.output_errors import PrinterDied

_CLEAR = 0x0C
_MOVE = b"\x1f$"
_INITIALISE = b"\x1b@"


class VirtualGlass:
    """Rows of bytes. Implements PrinterLine."""

    def __init__(self, columns: int = 20, rows: int = 2) -> None:
        """A dark display."""
        self._columns, self._count = columns, rows
        self.rows = [b""] * rows
        self.received = b""
        self.is_there = True
        self.closed = False

    def write(self, content: bytes, seconds: float) -> None:
        del seconds
        if not self.is_there:
            raise PrinterDied("simulated display")
        self.received += content
        row = 0
        at = 0
        while at < len(content):
            if content.startswith(_INITIALISE, at):
                at += 2
            elif content[at] == _CLEAR:
                self.rows = [b""] * self._count
                at += 1
            elif content.startswith(_MOVE, at):
                row = content[at + 3] - 1
                at += 4
            else:
                self.rows[row] += content[at : at + 1]
                at += 1

    def read(self, seconds: float) -> bytes:
        del seconds
        return b""

    def close(self) -> None:
        self.closed = True
