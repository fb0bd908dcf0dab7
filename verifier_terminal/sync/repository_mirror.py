"""The trust metadata of a repository of several regions, as one terminal holds them.

Lateness is a grade and never an error. Not handled here: checking metadata (`revocation.repository`), and the documents
that they name (`targets`).
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from protocol import limits
from protocol.unixtime import UnixTime
from revocation.errors import RevocationError
from revocation.repository import loader
from revocation.repository.errors import Damaged, NothingHeld
from revocation.repository.loader import TrustMetadata
from verifier_terminal.errors import NotPublished, RepositoryRefused
from verifier_terminal.sync.mirror import Mirror

_MAX_ROOT_BYTES: Final = limits.MAX_DOCUMENT_BYTES
_FIRST_ROOT: Final = "metadata/1.root.json"


class Repository:
    """The metadata that one terminal holds. One thread at a time."""

    def __init__(self, folder: Path, *, expected_sha256: str) -> None:
        """The metadata in this folder, which must start from the root with this hash (hexadecimal).

        The terminal's settings have it: whoever can write into the folder must not be able to start from another one.
        """
        self._folder, self._pinned = folder, expected_sha256
        self._loaded: TrustMetadata | None = None

    def set_up(self, mirror: Mirror) -> None:
        """Pins the first root, once it is the one that people agreed upon.

        Raises:
            FetchError: It could not be fetched.
            RepositoryRefused: It is another one, or the folder was set up with another one.
        """
        root_json = mirror.fetch(_FIRST_ROOT, max_bytes=_MAX_ROOT_BYTES)
        try:
            loader.initialise(self._folder, root_json, expected_sha256=self._pinned)
        except RevocationError as refused:
            raise RepositoryRefused(str(refused)) from refused

    def held(self, *, at: UnixTime) -> TrustMetadata | None:
        """What is held, as of this moment; None when nothing is.

        It is read once: what another program refreshes in the same folder is seen with the next refresh.

        Raises:
            RepositoryRefused: The folder cannot be read.
        """
        try:
            if self._loaded is None:
                self._loaded = loader.load(self._folder, at=at, expected_sha256=self._pinned)
        except NothingHeld:
            return None
        except RevocationError as damaged:
            raise RepositoryRefused(str(damaged)) from damaged
        return self._loaded.seen_at(at)

    def refresh(self, mirror: Mirror, *, at: UnixTime) -> TrustMetadata:
        """Takes a newer state over.

        Raises:
            FetchError: It could not be fetched.
            RepositoryRefused: It is no good; what was held stays.
        """
        try:
            if self._loaded is None:
                # A refresh goes on from what lies in the folder, so that must start from the pinned root.
                with suppress(NothingHeld, Damaged):
                    self._loaded = loader.load(self._folder, at=at, expected_sha256=self._pinned)
            self._loaded = loader.refresh(self._folder, _asking(mirror), at=at).metadata
        except RevocationError as refused:
            raise RepositoryRefused(str(refused)) from refused
        return self._loaded


def _asking(mirror: Mirror) -> Callable[[str, int], bytes | None]:
    def ask(name: str, max_bytes: int) -> bytes | None:
        try:
            return mirror.fetch(name, max_bytes=max_bytes)
        except NotPublished:
            return None

    return ask
