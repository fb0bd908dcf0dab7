"""Redacting claims, and putting disclosed ones back (SD-CWT sections 7 and 9 step 8).

Guaranteed for `restore`: every disclosure matches exactly one redacted claim hash, no hash stands twice, no disclosed
key overwrites another, what stays redacted is removed. Disclosures come in any order and may hold further redactions.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from protocol import cbor, labels, limits
from protocol.errors import (
    DisclosureDuplicate,
    DisclosureForbidden,
    DisclosureKeyDuplicate,
    DisclosureOrphan,
    DisclosureShape,
    HashReused,
)
from protocol.light_dataclass import light_dataclass
from protocol.sd_cwt import disclosure
from protocol.sd_cwt.disclosure import Disclosure

_HASH_BYTES: Final = 32
_ATOMS: Final = (int, str, bytes)
_REDACTED_KEYS: Final = cbor.Simple.REDACTED_KEYS

NEVER_REDACTED: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_AUD,
        labels.CLAIM_EXP,
        labels.CLAIM_NBF,
        labels.CLAIM_IAT,
        labels.CLAIM_CTI,
        labels.CLAIM_CNF,
        labels.CLAIM_CNONCE,
        labels.CLAIM_STATUS,
    }
)
"""SD-CWT section 6, table 2; the status claim is ours: a status that can be hidden is none."""


def redacted_map(clear: Mapping[cbor.Key, cbor.Value], hidden: Iterable[Disclosure]) -> Mapping[cbor.Key, cbor.Value]:
    """A map with its clear entries and the hashes of the hidden ones, sorted, so that their order tells nothing."""
    hashes = tuple(sorted(each.redacted_claim_hash for each in hidden))
    return {**clear, cbor.Simple.REDACTED_KEYS: hashes} if hashes else dict(clear)


def redacted_element(hidden: Disclosure) -> cbor.Tagged:
    """What stands in an array instead of a hidden element."""
    return cbor.Tagged(labels.TAG_REDACTED_ELEMENT, hidden.redacted_claim_hash)


@light_dataclass(frozen=True, slots=True)
class Restored:
    """A claims map without redactions."""

    claims: Mapping[cbor.Key, cbor.Value]
    hidden: int
    """How many redacted claims stayed hidden."""


def restore(
    claims: Mapping[cbor.Key, cbor.Value], encoded_disclosures: Iterable[bytes], *, never_redacted: frozenset[int]
) -> Restored:
    """The claims with every disclosed one in its place and every undisclosed one removed.

    Args:
        claims: The signed map, with redacted claim hashes in it.
        encoded_disclosures: The content of sd_claims.
        never_redacted: Keys that no disclosure may bring into the outermost map.

    Raises:
        DisclosureShape, DisclosureDuplicate, HashReused, DisclosureKeyDuplicate, DisclosureOrphan,
        DisclosureForbidden: see these.
    """
    by_hash: dict[bytes, Disclosure] = {}
    for encoded in encoded_disclosures:
        parsed = disclosure.parse(encoded)
        claim_hash = parsed.redacted_claim_hash
        if claim_hash in by_hash:
            raise DisclosureDuplicate("the same disclosure twice")
        by_hash[claim_hash] = parsed
    restorer = _Restorer(by_hash, never_redacted)
    restored = restorer.map(claims, 1)
    # Section 9 step 8: a disclosure without its hash makes the whole SD-CWT invalid.
    orphans = by_hash.keys() - restorer.seen
    if orphans:
        raise DisclosureOrphan(f"{len(orphans)} disclosures belong to no redacted claim hash")
    return Restored(restored, len(restorer.seen) - len(by_hash))


class _Restorer:
    """One walk over one signed map."""

    __slots__ = ("by_hash", "never_redacted", "seen")

    def __init__(self, by_hash: Mapping[bytes, Disclosure], never_redacted: frozenset[int]) -> None:
        self.by_hash = by_hash
        self.never_redacted = never_redacted
        self.seen: set[bytes] = set()

    def value(self, value: cbor.Value, depth: int) -> cbor.Value:
        if isinstance(value, _ATOMS):
            return value
        if isinstance(value, Mapping):
            return self.map(value, depth + 1)
        if isinstance(value, tuple):
            return self._array(value, depth + 1)
        if isinstance(value, cbor.Tagged):
            raise DisclosureForbidden("a tagged value where no redacted element may stand")
        return value

    def map(self, claims: Mapping[cbor.Key, cbor.Value], depth: int) -> Mapping[cbor.Key, cbor.Value]:
        if depth > limits.MAX_CBOR_DEPTH:
            raise DisclosureShape(f"claims nested deeper than {limits.MAX_CBOR_DEPTH} levels")
        restored: dict[cbor.Key, cbor.Value] = {}
        for key, value in claims.items():
            if key is not _REDACTED_KEYS:
                # Most values are atoms, and a call costs more than the question.
                restored[key] = value if isinstance(value, _ATOMS) else self.value(value, depth)
        for claim_hash in _hashes(claims):
            disclosed = self._disclosed(claim_hash)
            if disclosed is None or disclosed.is_decoy:
                continue
            if disclosed.key is None:
                raise DisclosureShape("the disclosure of an array element stands for a map key")
            if depth == 1 and disclosed.key in self.never_redacted:
                raise DisclosureForbidden(f"claim {disclosed.key} may not be redacted")
            if disclosed.key in restored:
                raise DisclosureKeyDuplicate("a disclosed key stands in its map already")
            restored[disclosed.key] = self.value(disclosed.value, depth)
        return restored

    def _array(self, elements: tuple[cbor.Value, ...], depth: int) -> tuple[cbor.Value, ...]:
        if depth > limits.MAX_CBOR_DEPTH:
            raise DisclosureShape(f"claims nested deeper than {limits.MAX_CBOR_DEPTH} levels")
        restored: list[cbor.Value] = []
        for element in elements:
            if not isinstance(element, cbor.Tagged):
                restored.append(self.value(element, depth))
                continue
            if element.tag != labels.TAG_REDACTED_ELEMENT:
                raise DisclosureForbidden(f"tag {element.tag} in a claim")
            disclosed = self._disclosed(element.value)
            if disclosed is None or disclosed.is_decoy:
                continue
            if disclosed.key is not None:
                raise DisclosureShape("the disclosure of a map key stands for an array element")
            restored.append(self.value(disclosed.value, depth))
        return tuple(restored)

    def _disclosed(self, claim_hash: cbor.Value) -> Disclosure | None:
        if not isinstance(claim_hash, bytes) or len(claim_hash) != _HASH_BYTES:
            raise DisclosureShape("a redacted claim hash that is not 32 bytes")
        if claim_hash in self.seen:
            raise HashReused("a redacted claim hash stands twice")
        self.seen.add(claim_hash)
        return self.by_hash.get(claim_hash)


def _hashes(claims: Mapping[cbor.Key, cbor.Value]) -> tuple[cbor.Value, ...]:
    """What stands under simple(59): absent, or an array that is not empty."""
    if _REDACTED_KEYS not in claims:
        return ()
    hashes = claims[_REDACTED_KEYS]
    if not isinstance(hashes, tuple) or not 0 < len(hashes) <= limits.MAX_REDACTED_HASHES:
        raise DisclosureShape(f"redacted claim keys are not an array of 1 to {limits.MAX_REDACTED_HASHES} hashes")
    return hashes
