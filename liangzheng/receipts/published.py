"""What a receipt is checked against: a region's published trust list, and the catalogue for the names of items.

The files are those that `issuer publish` writes (docs/spec/signed-documents.md). A folder without a known thumbprint is
trusted as provisioned, and that is said; a single file is only believed with one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liangzheng.errors import FileUnusable, TrustUnusable
from protocol import cbor, keys, limits, trust_list
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.licence import catalogue
from protocol.licence.catalogue import Kind
from protocol.trust_list import TrustList

ROOT: Final = "root.cbor"
TRUST: Final = "trust.cbor"
CATALOGUE: Final = "catalogue.cbor"


@dataclass(frozen=True, slots=True)
class Published:
    """A verified trust list; kinds by number, none where there is no catalogue."""

    trust: TrustList
    root: VerificationKey
    is_pinned: bool
    kinds: dict[int, Kind]

    @property
    def terminal_keys(self) -> int:
        """How many keys for terminal certificates it names."""
        return sum(anchor.use is KeyUse.TERMINAL for anchor in self.trust.anchors.values())


def load(path: Path, *, root_sha256: str | None) -> Published:
    """The published files at this folder, or beside this trust list.

    Raises:
        FileUnusable: A file cannot be read.
        TrustUnusable: They are refused, or nobody says whose they are.
    """
    folder, trust_file = (path, path / TRUST) if path.is_dir() else (path.parent, path)
    if root_sha256 is None and not path.is_dir():
        raise TrustUnusable("a single trust list needs --root SHA256: get it from the region by a separate way")
    root_bytes = content_of(folder / ROOT, max_bytes=limits.MAX_DOCUMENT_BYTES)
    try:
        root = keys.load_cose_key(cbor.decode(root_bytes))
    except ProtocolError as refused:
        raise TrustUnusable(f"{folder / ROOT} is no key ({refused.code}): {refused}") from refused
    if root_sha256 is not None and root.thumbprint.hex() != root_sha256.strip().lower():
        raise TrustUnusable(
            f"the root key there has the thumbprint {root.thumbprint.hex()}, not the one of --root: "
            "these files are another region's or a forger's; nothing was verified"
        )
    try:
        trust = trust_list.verify(content_of(trust_file, max_bytes=limits.MAX_DOCUMENT_BYTES), root=root)
    except ProtocolError as refused:
        raise TrustUnusable(f"the trust list {trust_file} is refused ({refused.code}): {refused}") from refused
    return Published(trust, root, root_sha256 is not None, _kinds(folder / CATALOGUE, root))


def content_of(path: Path, *, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises:
        FileUnusable: It cannot be read, or is too large to be what it should be.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(max_bytes + 1)
    except OSError as failure:
        raise FileUnusable(f"{path}: {failure.strerror}") from failure
    if len(content) > max_bytes:
        raise FileUnusable(f"{path} has more than {max_bytes:,} bytes, so it is not what it should be")
    return content


def _kinds(path: Path, root: VerificationKey) -> dict[int, Kind]:
    """Names are a courtesy: without them, or with others than the root's, the numbers are shown."""
    try:
        return dict(catalogue.verify(content_of(path, max_bytes=limits.MAX_DOCUMENT_BYTES), root=root).kinds)
    except (FileUnusable, ProtocolError):
        return {}
