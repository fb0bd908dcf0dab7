"""The catalogue of one authority: the kinds that ship, those that it added by files, and which it issues no more.

In its folder: `kinds/SLUG.toml` a kind, `kinds/policies/SLUG.toml` the rows of that kind, `kinds/retired.txt` a slug a
line. What is read here goes into the signed catalogue and policy; terminals and wallets need no new code for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from issuer import authored_table, catalogue_source, durable_files, policy_source
from issuer.authored_table import Source
from issuer.errors import AuthoringError
from issuer.policy_source import Rows, StricterRows
from issuer.profile import Places
from protocol.licence.catalogue import Kind

_MAX_RETIRED_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Authored:
    """What an authority publishes of kinds and policy. `added` and `retired` are slugs."""

    kinds: Mapping[int, Kind]
    rows: Rows
    stricter: StricterRows
    added: frozenset[str]
    retired: frozenset[str]

    def named(self, slug: str) -> Kind | None:
        """The kind with this slug."""
        return next((kind for kind in self.kinds.values() if kind.slug == slug), None)


def read(places: Places, *, region: str) -> Authored:
    """The catalogue of the authority in this folder. Raises: AuthoringError."""
    return read_with(places, region=region, kind=None, policy=None)


def read_with(places: Places, *, region: str, kind: Source | None, policy: Source | None) -> Authored:
    """The same with one more kind and its rows, before anything is kept. Raises: AuthoringError."""
    own = authored_table.in_folder(places.kinds)
    kinds = catalogue_source.kinds_from((*authored_table.shipped("kinds"), *own, *_one(kind)))
    shipped = catalogue_source.load_kinds()
    rows = policy_source.policy_rows_from(
        (*authored_table.shipped("policies"), *authored_table.in_folder(places.kind_policies), *_one(policy)),
        kinds,
        regions=frozenset({region}),
    )
    stricter = policy_source.stricter_rows_from(authored_table.in_folder(places.policies), kinds, rows)
    added = frozenset(each.slug for vct, each in kinds.items() if vct not in shipped)
    return Authored(kinds, rows, stricter, added, _retired(places))


def _one(source: Source | None) -> tuple[Source, ...]:
    return () if source is None else (source,)


def _retired(places: Places) -> frozenset[str]:
    if not places.retired_kinds.is_file():
        return frozenset()
    try:
        return frozenset(durable_files.read(places.retired_kinds, max_bytes=_MAX_RETIRED_BYTES).decode().split())
    except UnicodeDecodeError:
        raise AuthoringError("kinds/retired.txt", "the whole file", "not text in UTF-8") from None
