"""What a terminal hands to another one: the documents and checkpoints that it holds, and its state as bases.

For two patrol cars of which one had a network. The receiver verifies everything as if it came from a server. Nobody has
signed a base that is made here, so it only serves who holds a state of the region and can compare; who holds none needs
a bundle of an issuer. Nothing about checks, people or this terminal goes along.

Not handled here: roots of the trust repository that were replaced before the held one; who has missed two of them needs
an issuer's bundle too.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from protocol import cbor, feed_names
from protocol.keys import VerificationKey
from revocation.errors import NothingToBundle
from revocation.repository.errors import NothingHeld, RepositoryError
from revocation.repository.held import HeldFolder
from verifier_terminal.store import trust_store
from verifier_terminal.store.store import Store

_DOCUMENTS: Final = (
    trust_store.ROOT,
    trust_store.TRUST,
    trust_store.CATALOGUE,
    trust_store.POLICY,
    trust_store.FEED,
)


def entries(store: Store, root: VerificationKey, *, home: str, metadata_folder: Path) -> dict[str, bytes]:
    """The entries of a bundle, named as this terminal's own source names them.

    Args:
        store: Open.
        root: The home region's pinned root.
        home: The home region.
        metadata_folder: Where the trust metadata lie, if there are any.

    Raises:
        NothingToBundle: No region's status feed is held, or the trust metadata cannot be read.
    """
    metadata = _metadata(metadata_folder)
    found = dict(metadata)
    regions = store.feeds.regions()
    for region, feed in regions.items():
        prefix = trust_store.HOME if region == home else f"{region}/"
        folder = f"targets/{region}/" if metadata else ""
        for name in _DOCUMENTS:
            encoded = store.documents.encoded(f"{prefix}{name}")
            if encoded is not None:
                hashed = f"{sha256(encoded).hexdigest()}." if metadata else ""
                found[f"{folder}{hashed}{name}.cbor"] = encoded
        found |= dict.fromkeys((folder + feed_names.CHECKPOINT, folder + feed_names.CHECKPOINT_10), feed.encoded)
        base = store.feeds.encoded_base(region)
        if base is not None:
            found[folder + feed_names.base(feed.position.epoch, feed.position.seq)] = base
    if not regions:
        raise NothingToBundle("this terminal holds no region's status feed")
    if not metadata:
        found[f"{trust_store.ROOT}.cbor"] = cbor.encode(root.cose_key)
    return found


def _metadata(folder: Path) -> Mapping[str, bytes]:
    """The trust metadata that are held, under the names that a repository gives them; none of a terminal without."""
    held = HeldFolder(folder)
    try:
        state = held.record().state
    except NothingHeld:
        return {}
    except RepositoryError as damaged:
        raise NothingToBundle(str(damaged)) from damaged
    if state is None:
        return {}
    objects = {
        "timestamp": held.object(state.timestamp),
        "snapshot": held.object(state.snapshot),
        "root": held.object(state.root.sha256),
        **{role: held.object(digest) for role, digest in state.roles.items()},
    }
    named = {}
    for role, content in objects.items():
        if content is None:
            raise NothingToBundle(f"the trust metadata of {role} are damaged")
        version = "" if role == "timestamp" else f"{json.loads(content)['signed']['version']}."
        named[f"metadata/{version}{role}.json"] = content
    return named
