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

    __slots__ = ("_presenter", "_rest", "_text")

    def __init__(self, presenter: Presenter) -> None:
        beginning = presenter.beginning
        # Base45 takes two bytes at a time, so an even number of bytes has a text of its own.
        even = len(beginning) - len(beginning) % 2
        self._presenter = presenter
        self._text = labels.PREFIX_PRESENTATION + base45.encode(beginning[:even])
        self._rest = beginning[even:]

    def next(self, binding: KeyBinding, signer: Signer) -> str:
        """The text with these moments and a fresh signature.

        Raises:
            SizeError: It does not fit one code.
            ProtocolError: As `Presenter.end`.
        """
        end = self._presenter.end(binding, signer)
        size = len(self._presenter.beginning) + len(end)
        if size > limits.MAX_CODE_BYTES:
            raise SizeError(f"{size} bytes do not fit one code of {limits.MAX_CODE_BYTES}")
        return self._text + base45.encode(self._rest + end)
