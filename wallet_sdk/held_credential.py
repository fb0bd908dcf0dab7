"""A credential as its holder sees it: every item with its value, and the disclosures that let exactly it out.

An item inside a redacted group needs its own disclosure and those of its parents. No item has redactions inside its
value: the catalogue knows no such type, so `receiving.py` refuses it. Not handled here: signatures (`receiving.py`)
and the choice (`selection.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from protocol import cbor, labels
from protocol.errors import DisclosureKeyDuplicate, DisclosureShape
from protocol.labels import SignatureAlg
from protocol.sd_cwt import credential, disclosure
from protocol.sd_cwt.credential import CredentialClaims, UnverifiedCredential
from protocol.sd_cwt.disclosure import Disclosure
from wallet_sdk.rolling import RollingText

_NOTHING: Final[frozenset[bytes]] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item: its value, and the encoded disclosures that show it; none if it stands clear."""

    key: int
    value: cbor.Value = field(repr=False)
    needs: frozenset[bytes] = field(repr=False)

    @property
    def is_clear(self) -> bool:
        return not self.needs


@dataclass(frozen=True)
class HeldCredential:
    """One credential of a licence with all its items by `lic` key. Not slotted: a cached property needs its dict."""

    encoded: bytes = field(repr=False)
    issued: UnverifiedCredential = field(repr=False)
    items: Mapping[int, HeldItem]
    texts: dict[tuple[tuple[bytes, ...], SignatureAlg], RollingText] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `preparing.py` keeps."""

    @property
    def claims(self) -> CredentialClaims:
        return self.issued.claims

    @property
    def disclosures(self) -> tuple[bytes, ...]:
        """All of them, as the issuer gave them."""
        return self.issued.encoded_disclosures

    @cached_property
    def clear_keys(self) -> frozenset[int]:
        """Items that every presentation of this credential shows."""
        return frozenset(key for key, item in self.items.items() if item.is_clear)

    def shown_by(self, disclosures: frozenset[bytes]) -> frozenset[int]:
        """Items that a verifier sees who is given these disclosures."""
        return frozenset(key for key, item in self.items.items() if item.needs <= disclosures)


def read(encoded: bytes) -> HeldCredential:
    """The credential in these bytes, with all its disclosures.

    Raises:
        ProtocolError: It is none, or its items contradict one another.
    """
    parsed = credential.parse(cbor.decode(encoded))
    by_hash = {each.redacted_claim_hash: each for each in map(disclosure.parse, parsed.encoded_disclosures)}
    reader = _Reader(by_hash)
    reader.items_of(parsed.redacted_lic, _NOTHING)
    return HeldCredential(encoded, parsed, reader.items)


class _Reader:
    """One walk over one `lic` map; `protocol.sd_cwt.redaction` applied the strict rules when it was received."""

    def __init__(self, by_hash: Mapping[bytes, Disclosure]) -> None:
        self._by_hash = by_hash
        self.items: dict[int, HeldItem] = {}

    def items_of(self, entries: Mapping[cbor.Key, cbor.Value], needs: frozenset[bytes]) -> None:
        for key, value in entries.items():
            if key is not cbor.Simple.REDACTED_KEYS:
                self._item(key, value, needs)
        for hidden in self._hidden(entries):
            if hidden.key is not None:
                self._item(hidden.key, hidden.value, needs | {hidden.encoded})

    def _item(self, key: cbor.Key, value: cbor.Value, needs: frozenset[bytes]) -> None:
        if not isinstance(key, int):
            raise DisclosureShape("an item whose key is not an integer")
        if key in labels.GROUP_KEYS and isinstance(value, Mapping):
            self.items_of(value, needs)
            return
        if key in self.items:
            raise DisclosureKeyDuplicate(f"item {key} stands in two places")
        self.items[key] = HeldItem(key, value, needs)

    def _hidden(self, entries: Mapping[cbor.Key, cbor.Value]) -> tuple[Disclosure, ...]:
        hashes = entries.get(cbor.Simple.REDACTED_KEYS, ())
        assert isinstance(hashes, tuple)
        found = (self._by_hash.get(each) for each in hashes if isinstance(each, bytes))
        return tuple(each for each in found if each is not None and not each.is_decoy)
