"""A presentation that rolls, as text: the beginning, which never changes, is put into base45 once.

Not handled here: what the bytes are (`protocol.sd_cwt.presenting`), and anything but a single open presentation.
"""

from protocol import labels, limits
from protocol.errors import SizeError
from protocol.keys import Signer
from protocol.qr import base45
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.sd_cwt.presenting import Presenter


class RollingText:
    """The texts of one presenter."""

    __slots__ = ("_even", "_text", "presenter")

    def __init__(self, presenter: Presenter) -> None:
        # Base45 takes two bytes at a time, so an even number of bytes has a text of its own.
        self._even = len(presenter.beginning) - len(presenter.beginning) % 2
        self._text: str | None = None
        self.presenter = presenter

    def beginning(self) -> str:
        """The text of the beginning; a bundle or a sealed answer never needs it."""
        if self._text is None:
            self._text = labels.PREFIX_PRESENTATION + base45.encode(self.presenter.beginning[: self._even])
        return self._text

    def next(self, binding: KeyBinding, signer: Signer) -> str:
        """The text with these moments and a fresh signature.

        Raises:
            SizeError: It does not fit one code.
            ProtocolError: As `Presenter.end`.
        """
        end = self.presenter.end(binding, signer)
        size = len(self.presenter.beginning) + len(end)
        if size > limits.MAX_CODE_BYTES:
            raise SizeError(f"{size} bytes do not fit one code of {limits.MAX_CODE_BYTES}")
        return self.beginning() + base45.encode(self.presenter.beginning[self._even :] + end)
