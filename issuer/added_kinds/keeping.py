"""Adds a kind to an authority's folder, and retires kinds: linted first, kept whole, put into the trail.

1 the file, and the rows beside it, are linted together with everything that is there · 2 both files are kept ·
3 the catalogue is published when the issuer is opened next. Nothing is removed: licences of a retired kind live on.
"""

import re
from pathlib import Path
from typing import Final

from issuer import authored_table, durable_files, profile
from issuer.added_kinds import authored
from issuer.added_kinds.authored import Authored
from issuer.added_kinds.errors import KindOutsideRange, KindThere
from issuer.audit import trail
from issuer.authored_table import Source
from issuer.errors import AuthoringError, KindUnknown, StorageFailed
from issuer.profile import Places
from issuer.register import Register
from protocol import labels
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

_MAX_BYTES: Final = 100_000
_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,47}", re.ASCII)
"""It is a file's name, a word of commands, and stands in addresses."""


def check(folder: Path, kind_file: Path, policy_file: Path | None) -> tuple[Kind, Authored]:
    """The kind in this file as it would stand in the catalogue, with everything else.

    Raises:
        AuthoringError: A file is wrong by itself, with the other, or with what is there; file and key are named.
        KindThere, KindOutsideRange: The catalogue has no place for it.
        NotAnIssuer, StorageFailed: There is nothing to add to, or nothing to add.
    """
    places = Places(folder)
    region = profile.read(places).region
    before = authored.read(places, region=region)
    kind, policy = _source(kind_file), None if policy_file is None else _source(policy_file)
    slug, vct = _slug_and_number(kind)
    if before.named(slug) is not None:
        raise KindThere(f"there is a kind {slug} already")
    if vct in before.kinds:
        raise KindThere(f"{vct} is the number of {before.kinds[vct].slug}")
    if vct not in labels.VCT_EXPERIMENTAL:
        raise KindOutsideRange(f"{vct} is no number that an authority may choose")
    after = authored.read_with(places, region=region, kind=kind, policy=policy)
    if before.rows.keys() != {key for key in after.rows if key[0] != vct}:
        raise AuthoringError(policy[0] if policy else "", "kind", f"it has rows of another kind than {slug}")
    return after.kinds[vct], after


class AddedKinds:
    """The kinds of one authority, as far as it changes them."""

    def __init__(self, *, places: Places, register: Register) -> None:
        self._places, self._register = places, register

    def add(self, kind_file: Path, policy_file: Path | None, *, actor: str, at: UnixTime) -> Kind:
        """Steps 1 and 2. Raises: as `check`, and StorageFailed, RegisterUnavailable: nothing is kept."""
        kind, _ = check(self._places.folder, kind_file, policy_file)
        its_rows, its_file = (
            folder / f"{kind.slug}.toml" for folder in (self._places.kind_policies, self._places.kinds)
        )
        with self._register.writing() as connection:
            trail.append(connection, "add", "kind", kind.slug, actor=actor, at=at, details={"vct": kind.vct})
            durable_files.make_folder(self._places.kind_policies, mode=0o700)
            # The rows first: they are named when they are read without their kind, a kind without rows would go out.
            if policy_file is not None:
                _put(its_rows, _source(policy_file)[1])
            try:
                _put(its_file, _source(kind_file)[1])
            except StorageFailed:
                durable_files.remove(its_rows)
                raise
        return kind

    def retire(self, slug: str, *, undo: bool, actor: str, at: UnixTime) -> frozenset[str]:
        """No new licences of this kind, or again; returns the kinds that are retired now.

        Raises:
            KindUnknown: The authority has no such kind.
            AuthoringError, StorageFailed, RegisterUnavailable: Nothing was changed.
        """
        found = authored.read(self._places, region=profile.read(self._places).region)
        known(found, slug)
        retired = found.retired - {slug} if undo else found.retired | {slug}
        with self._register.writing() as connection:
            trail.append(connection, "reopen" if undo else "retire", "kind", slug, actor=actor, at=at)
            durable_files.make_folder(self._places.kinds, mode=0o700)
            _put(self._places.retired_kinds, "".join(f"{each}\n" for each in sorted(retired)))
        return retired


def known(found: Authored, slug: str) -> Kind:
    """The kind with this slug. Raises: KindUnknown."""
    kind = found.named(slug)
    if kind is None:
        raise KindUnknown(
            f"there is no such kind; known: {', '.join(sorted(each.slug for each in found.kinds.values()))}"
        )
    return kind


def _put(path: Path, text: str) -> None:
    durable_files.write_atomically(path, text.encode(), mode=durable_files.PRIVATE)


def _source(path: Path) -> Source:
    try:
        return path.name, durable_files.read(path, max_bytes=_MAX_BYTES).decode()
    except UnicodeDecodeError:
        raise AuthoringError(path.name, "the whole file", "not text in UTF-8") from None


def _slug_and_number(source: Source) -> tuple[str, int]:
    table = authored_table.whole(source)
    slug = table.text("slug")
    if not _SLUG.fullmatch(slug):
        table.fail("slug", "not 1 to 48 of a-z, 0-9 and hyphens, beginning with a letter")
    return slug, table.integer("vct")
