"""A region's published documents as targets: read once, and looked at as a terminal will.

The repository vouches for which root a region has, so the other documents must be signed by that root and be this
region's own. Not handled here: whether the region's root is the right one; people compare its thumbprint when a region
is added.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tuf.api.metadata import TargetFile

from protocol import cbor, directory, feed_document, limits, root_keys, trust_list
from protocol.errors import ProtocolError
from protocol.trust_list import TrustList
from revocation.repository.errors import DocumentsUnfit

NAMES: Final = ("root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", "feed.cbor", "directory.cbor")
_REQUIRED: Final = ("root.cbor", "trust.cbor")


def collect(folder: Path, region: str) -> dict[str, bytes]:
    """The documents of this region by their target paths: `310000/trust.cbor`.

    Raises:
        DocumentsUnfit: One is missing, too long, or not signed by the region's root for this region.
    """
    found: dict[str, bytes] = {}
    for name in NAMES:
        try:
            with (folder / name).open("rb") as file:
                found[name] = file.read(limits.MAX_DOCUMENT_BYTES + 1)
        except FileNotFoundError:
            if name in _REQUIRED:
                raise DocumentsUnfit(f"{region}: no {name} in {folder}: is it the published folder?") from None
        except OSError as failure:
            raise DocumentsUnfit(f"{region}: {folder / name}: {failure.strerror}") from failure
        if len(found.get(name, b"")) > limits.MAX_DOCUMENT_BYTES:
            raise DocumentsUnfit(f"{region}: {name} is longer than any document")
    _check(found, region)
    return {f"{region}/{name}": content for name, content in found.items()}


def targets(contents: Mapping[str, bytes]) -> dict[str, TargetFile]:
    """What the metadata say of these documents."""
    return {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in contents.items()}


def _check(found: Mapping[str, bytes], region: str) -> None:
    try:
        root = root_keys.load(cbor.decode(found["root.cbor"]))
        trust: TrustList = trust_list.verify(found["trust.cbor"], root=root)
        if "directory.cbor" in found:
            directory.verify(found["directory.cbor"], root=root)
        if "feed.cbor" in found:
            feed_document.verify(found["feed.cbor"], root=root, expected_region=region)
    except ProtocolError as refused:
        raise DocumentsUnfit(f"{region}: what is published does not verify: {refused}") from refused
    if trust.iss.partition(".")[0] != region:
        raise DocumentsUnfit(f"{region}: the trust list is of {trust.iss}")
