"""Texts that a screen shows as codes: the frames of a dynamic code.

A code is drawn when a form of it is asked for, and only once. Not handled here: what the text says.
"""

from protocol.qr.drawing import Matrix
from protocol.unixtime import UnixTime
from wallet_sdk import drawing


class Picture:
    """One code.

    Attributes:
        text: What the picture says; what a reader gives back.
    """

    __slots__ = ("_matrix", "_title", "text")

    def __init__(self, text: str, *, title: str) -> None:
        self.text = text
        self._title = title
        self._matrix: Matrix | None = None

    def __repr__(self) -> str:
        # Whoever logs a picture must not log a code that could be shown.
        return f"{type(self).__name__}({len(self.text)} characters)"

    @property
    def version(self) -> int:
        """The QR version, 1 to 25."""
        return drawing.version_for(self.text)

    @property
    def matrix(self) -> Matrix:
        """Rows of modules without the quiet zone."""
        if self._matrix is None:
            self._matrix = drawing.modules(self.text)
        return self._matrix

    @property
    def svg(self) -> str:
        """An SVG with its quiet zone."""
        return drawing.svg(self.matrix, self._title)

    @property
    def png(self) -> bytes:
        """A PNG with its quiet zone."""
        return drawing.png(self.matrix)

    @property
    def half_blocks(self) -> str:
        """Lines for a terminal."""
        return drawing.half_blocks(self.matrix)


class Frame(Picture):
    """One code of a showing, with its moments.

    Attributes:
        issued_at: When it was signed.
        expires_at: When no terminal takes it any more.
        next_at: When the next one is due.
        expires_in: Seconds from signing to `expires_at`.
    """

    __slots__ = ("expires_at", "issued_at", "next_at")

    def __init__(self, text: str, *, issued_at: UnixTime, expires_at: UnixTime, next_at: UnixTime, title: str) -> None:
        super().__init__(text, title=title)
        self.issued_at = issued_at
        self.expires_at = expires_at
        self.next_at = next_at

    def __repr__(self) -> str:
        return f"Frame(issued_at={self.issued_at}, expires_at={self.expires_at})"

    @property
    def expires_in(self) -> int:
        return self.expires_at - self.issued_at
