"""The documents of one region of a repository: exactly the bytes whose hashes its trust metadata name.

A document that is named and held already costs no request. Guaranteed: bytes that the metadata do not name do not come
out of here. Not handled here: what the documents say.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING

from verifier_terminal.errors import NotPublished, RepositoryRefused, TooLarge
from verifier_terminal.sync.mirror import Mirror

if TYPE_CHECKING:
    from revocation.repository.trusted import TargetDigest, TrustMetadata


class RegionTargets:
    """A region's documents as the metadata name them."""

    def __init__(
        self, mirror: Mirror, metadata: "TrustMetadata", region: str, *, held: Callable[[str], bytes | None]
    ) -> None:
        """Over a mirror of the repository; `held` gives the bytes that are held of `trust` and so on."""
        self._mirror = mirror
        self._metadata = metadata
        self._region = region
        self._held = held

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one document. Raises: as `Mirror.fetch`, and RepositoryRefused for other bytes."""
        path = f"{self._region}/{name}"
        target = self._metadata.target(path)
        if target is None:
            raise NotPublished(f"{path} is not among the repository's targets")
        if target.size > max_bytes:
            raise TooLarge(f"{path}: {target.size} bytes")
        held = self._held(name.removesuffix(".cbor"))
        if held is not None and _fits(held, target):
            return held
        content = self._mirror.fetch(target.name(path), max_bytes=target.size)
        if not _fits(content, target):
            raise RepositoryRefused(f"{path} has other bytes than the trust metadata name")
        return content


class Below:
    """What lies below one folder of a mirror."""

    def __init__(self, mirror: Mirror, folder: str) -> None:
        self._mirror = mirror
        self._folder = folder

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file. Raises: as `Mirror.fetch`."""
        return self._mirror.fetch(f"{self._folder}/{name}", max_bytes=max_bytes)


def folder_of(region: str) -> str:
    """Where a region's feed lies in a repository."""
    return f"targets/{region}"


def _fits(content: bytes, target: "TargetDigest") -> bool:
    return len(content) == target.size and sha256(content).digest() == target.sha256
