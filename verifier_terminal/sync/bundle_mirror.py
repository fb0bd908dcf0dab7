"""A bundle in the place of a server: what it does not have is not published there, and nothing of it is believed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from revocation.bundle_file import BundleFile
from revocation.errors import BundleError, BundleUnreadable
from verifier_terminal.errors import BundleUnusable, NotPublished, TooLarge, Unreachable


@contextmanager
def open_bundle(path: Path) -> Iterator["BundleMirror"]:
    """The bundle in this file; afterwards the stick can be taken out.

    Raises:
        BundleUnusable: It is none, or cannot be read.
    """
    try:
        bundle = BundleFile(path)
    except BundleError as refused:
        raise BundleUnusable(str(refused)) from refused
    with bundle:
        yield BundleMirror(bundle)


class BundleMirror:
    """A bundle that lies in a file, such as one on a stick."""

    def __init__(self, bundle: BundleFile) -> None:
        self._bundle = bundle
        self._sizes = bundle.sizes()

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one entry. Raises: as `Mirror.fetch`."""
        if self._sizes.get(name, 0) > max_bytes:
            # Before a byte of it is read.
            raise TooLarge(f"{name}: more than {max_bytes} bytes")
        try:
            content = self._bundle.entry(name)
        except BundleUnreadable as failure:
            raise Unreachable(str(failure)) from failure
        if content is None:
            raise NotPublished(name)
        return content


class EntriesMirror:
    """Entries in memory, such as one datagram."""

    def __init__(self, entries: Mapping[str, bytes]) -> None:
        self._entries = entries

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one entry. Raises: as `Mirror.fetch`."""
        content = self._entries.get(name)
        if content is None:
            raise NotPublished(name)
        if len(content) > max_bytes:
            raise TooLarge(f"{name}: more than {max_bytes} bytes")
        return content
