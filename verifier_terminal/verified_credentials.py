"""Credentials that this running terminal has verified, so that the next code of one showing costs one signature.

In memory only: at most `CREDENTIALS` of them, none older than `SECONDS`, all forgotten when a signed document that the
terminal holds changes. What is remembered was shown here a moment ago; nothing of it outlives the process. Guaranteed:
what is found has exactly the bytes that were verified. Not handled here: verifying (`protocol.sd_cwt.key_binding`), and
whether the issuer's key may still be relied on, which every appraisal asks the trust list anew.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from protocol.sd_cwt.known import VerifiedCredential

CREDENTIALS: Final = 16
"""Phones at one counter within a few minutes; each entry is a few kilobytes of what these people showed."""
SECONDS: Final = 600
"""As long as the hand-over of an act keeps its values (CONTRACTS.md, "Counter hand-over")."""


class VerifiedCredentials:
    """The newest ones by the protected header of the presentation that carried them. Called by one thread at a time."""

    def __init__(self, elapsed_seconds: Callable[[], float]) -> None:
        """Empty.

        Args:
            elapsed_seconds: A clock that only counts.
        """
        self._elapsed_seconds = elapsed_seconds
        self._held: OrderedDict[bytes, tuple[float, VerifiedCredential]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
        """The credential of a presentation with exactly this protected header, if it was verified a moment ago."""
        self._forget_old()
        held = self._held.get(protected_bytes)
        return None if held is None else held[1]

    def remember(self, verified: VerifiedCredential) -> None:
        """Keeps what a verification found out; what is known already keeps its age."""
        header = verified.sign1.protected_bytes
        held = self._held.get(header)
        if held is not None and held[1] is verified:
            return
        self._held.pop(header, None)
        self._held[header] = self._elapsed_seconds(), verified
        if len(self._held) > CREDENTIALS:
            self._held.popitem(last=False)

    def forget_all(self) -> None:
        """Every credential is verified again: what is trusted may have changed."""
        self._held.clear()

    def _forget_old(self) -> None:
        now = self._elapsed_seconds()
        while self._held:
            header, (since, _) = next(iter(self._held.items()))
            if now - since < SECONDS:
                return
            del self._held[header]
