"""Where published files come from, and the few kinds of them that are fetched by name; nothing of them is believed.

Not handled here: the network (`http_mirror`), trust metadata (`repository_mirror`), and whether the bytes are worth
anything (`intake`, `feed_intake`).
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from protocol import limits
from verifier_terminal.errors import DocumentRefused, FetchError, NotPublished, TooLarge, Unreachable
from verifier_terminal.sync.http_mirror import HttpMirror

_MAX_AGGREGATION_BYTES: Final = 1_048_576
_MAX_LISTS: Final = 10_000
_URI: Final = re.compile(r"lz:[0-9]{6}/(0|[1-9][0-9]{0,5})", re.ASCII)


class Mirror(Protocol):
    """Where an issuer's files are published."""

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file.

        Raises:
            FetchError: By its own reason.
        """
        ...


class FolderMirror:
    """A folder on a disk, a stick or a share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        """The bytes of one file. Raises: as `Mirror.fetch`."""
        try:
            with (self._folder / name).open("rb") as opened:
                content = opened.read(max_bytes + 1)
        except OSError as failure:
            raise self._failed(name, failure) from failure
        _check_size(len(content), name, max_bytes)
        return content

    def fetch_part(self, name: str, *, start: int, length: int) -> bytes:
        """So many bytes of a file from there on, fewer only at its end. Raises: FetchError."""
        try:
            with (self._folder / name).open("rb") as opened:
                opened.seek(start)
                return opened.read(length)
        except OSError as failure:
            raise self._failed(name, failure) from failure

    def _failed(self, name: str, failure: OSError) -> FetchError:
        # A stick that was pulled out takes the folder with it.
        if isinstance(failure, FileNotFoundError) and self._folder.is_dir():
            return NotPublished(name)
        return Unreachable(f"{name}: {failure.strerror}")


def open_mirror(location: str, *, monotonic: Callable[[], float]) -> HttpMirror | FolderMirror:
    """The mirror at a folder or an http(s) address.

    Raises:
        Unreachable: The address is none.
    """
    if location.startswith(("http://", "https://")):
        return HttpMirror(location, monotonic=monotonic)
    return FolderMirror(Path(location))


def fetch_document(mirror: Mirror, name: str) -> bytes:
    """`trust.cbor`, `catalogue.cbor`, `policy.cbor` or `root.cbor`. Raises: FetchError."""
    return mirror.fetch(name, max_bytes=limits.MAX_DOCUMENT_BYTES)


def fetch_status_list(mirror: Mirror, uri: str) -> bytes:
    """The token of a list that `fetch_list_uris` named. Raises: FetchError."""
    return mirror.fetch(f"status/{uri.rpartition('/')[2]}.cwt", max_bytes=limits.MAX_STATUS_TOKEN_BYTES)


def fetch_list_uris(mirror: Mirror, *, region: str) -> tuple[str, ...]:
    """The lists of this region that the issuer publishes. The file is unsigned: it can only leave lists out.

    Raises:
        FetchError: It could not be fetched.
        DocumentRefused: It is not {"status_lists": […]}.
    """
    content = mirror.fetch("status/aggregation.json", max_bytes=_MAX_AGGREGATION_BYTES)
    try:
        aggregation = json.loads(content)
    except (ValueError, RecursionError) as wrong:
        raise DocumentRefused("status/aggregation.json is not JSON") from wrong
    uris = aggregation.get("status_lists") if isinstance(aggregation, dict) else None
    if not isinstance(uris, list) or len(uris) > _MAX_LISTS:
        raise DocumentRefused("status/aggregation.json names no lists, or too many")
    if not all(isinstance(uri, str) and _URI.fullmatch(uri) for uri in uris):
        raise DocumentRefused("status/aggregation.json names a list that is none")
    return tuple(dict.fromkeys(uri for uri in uris if uri.startswith(f"lz:{region}/")))


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"{name}: more than {max_bytes} bytes")
