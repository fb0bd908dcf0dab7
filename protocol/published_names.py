"""Which files lie below a region's published folder or a trust repository: their names, and how long each may be.

An allow-list, for whoever hands such files on without reading them (a bundle on a stick, a relay): a name is looked up
here as it stands and never joined to a path before. Not handled here: what the files say, and whether they are there.
"""

import re
from dataclasses import dataclass
from typing import Final

from protocol import limits

_NUMBER: Final = "(?:0|[1-9][0-9]{0,9})"
_DOCUMENTS: Final = "(?:root|trust|catalogue|policy|directory|feed)[.]cbor"
_TARGETS: Final = "targets/[0-9]{6}/"
"""Of a region in a repository: the same files as below the region's own folder."""
_KINDS: Final = (
    (_DOCUMENTS, limits.MAX_DOCUMENT_BYTES, False),
    ("status/aggregation[.]json", limits.MAX_AGGREGATION_BYTES, False),
    ("status/(?:0|[1-9][0-9]{0,5})[.]cwt", limits.MAX_STATUS_TOKEN_BYTES, False),
    ("feed/checkpoint(?:-10)?[.]cwt", limits.MAX_CHECKPOINT_BYTES, False),
    ("feed/manifest[.]cwt", limits.MAX_MANIFEST_BYTES, False),
    (f"feed/delta(?:-{_NUMBER}){{2}}", limits.MAX_DELTA_BYTES, True),
    (f"feed/base(?:-{_NUMBER}){{2}}", limits.MAX_BASE_BYTES, True),
    (f"feed/(?:hour|day|week|co-signed-delta)(?:-{_NUMBER}){{3}}", limits.MAX_DELTA_BYTES, True),
    (f"feed/co-signature(?:-{_NUMBER}){{3}}", limits.MAX_REVERSAL_BYTES, True),
)
_ROWS: Final = (
    *((re.compile(f"(?:{_TARGETS})?{pattern}", re.ASCII), most, fixed) for pattern, most, fixed in _KINDS),
    # A repository may write a target's hash before its name; such a file never changes.
    (re.compile(f"{_TARGETS}[0-9a-f]{{64}}[.]{_DOCUMENTS}", re.ASCII), limits.MAX_DOCUMENT_BYTES, True),
    (re.compile("metadata/timestamp[.]json", re.ASCII), limits.MAX_DOCUMENT_BYTES, False),
    (re.compile("metadata/[1-9][0-9]{0,9}[.][0-9a-z-]{1,32}[.]json", re.ASCII), limits.MAX_DOCUMENT_BYTES, True),
)


@dataclass(frozen=True, slots=True)
class PublishedName:
    """A name that may be published."""

    name: str
    max_bytes: int
    never_changes: bool
    """Written once: a number or a hash is part of its name."""


def published(name: str) -> PublishedName | None:
    """What this name stands for, or None where no such file is ever published."""
    for pattern, max_bytes, never_changes in _ROWS:
        if pattern.fullmatch(name):
            return PublishedName(name, max_bytes, never_changes)
    return None
