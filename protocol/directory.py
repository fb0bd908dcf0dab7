"""The wallet directory of a region (typ `lz-directory`): what a wallet needs to know, in one signed document.

Today: the catalogue (names, items, views), the maximum of items that each purpose may ask for, and the assertion keys,
so that a wallet can check what it receives (SD-CWT section 6.2). The wallet never reads trust lists of terminals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, keys, labels, signed_document
from protocol.errors import SchemaError
from protocol.keys import Signer, VerificationKey
from protocol.labels import Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Kind
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime

_CATALOGUE: Final = 1
_PURPOSE_MAXIMA: Final = 2
_ASSERTION_KEYS: Final = 3


@dataclass(frozen=True, slots=True)
class WalletDirectory:
    """A verified directory. `maxima` and `mandatory` map (vct, purpose) to `lic` keys; keys are found by (iss, kid)."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    kinds: Mapping[int, Kind]
    maxima: Mapping[tuple[int, Purpose], "PurposeItems"]
    assertion_keys: Mapping[tuple[str, bytes], VerificationKey]


@dataclass(frozen=True, slots=True)
class PurposeItems:
    """What a purpose must have, and what it may ask for besides (an optional "no" never refuses service)."""

    mandatory: frozenset[int]
    optional: frozenset[int]


def sign(directory: WalletDirectory, root: Signer) -> bytes:
    """The signed bytes of a directory."""
    maxima = sorted(directory.maxima.items())
    body: dict[cbor.Key, cbor.Value] = {
        _CATALOGUE: catalogue.kinds_to_value(directory.kinds),
        _PURPOSE_MAXIMA: tuple(
            (vct, int(purpose), tuple(sorted(items.mandatory)), tuple(sorted(items.optional)))
            for (vct, purpose), items in maxima
        ),
        _ASSERTION_KEYS: tuple(
            (iss, key.cose_key)
            for (iss, _), key in sorted(directory.assertion_keys.items(), key=lambda entry: entry[0])
        ),
    }
    document = SignedDocument(directory.iss, directory.seq, directory.iat, directory.exp, body)
    return signed_document.sign(document, typ=labels.TYP_DIRECTORY, body_label=labels.CLAIM_CATALOGUE, signer=root)


def verify(encoded: bytes, *, root: VerificationKey) -> WalletDirectory:
    """The directory, once its root's signature holds.

    Raises:
        ProtocolError: By its own reason.
    """
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_DIRECTORY, body_label=labels.CLAIM_CATALOGUE, root=root
    )
    body = document.body
    if not isinstance(body, Mapping) or body.keys() != {_CATALOGUE, _PURPOSE_MAXIMA, _ASSERTION_KEYS}:
        raise SchemaError("not a wallet directory")
    kinds = catalogue.kinds_from_value(body[_CATALOGUE])
    maxima = _maxima(body[_PURPOSE_MAXIMA])
    assertion_keys = _assertion_keys(body[_ASSERTION_KEYS])
    return WalletDirectory(document.iss, document.seq, document.iat, document.exp, kinds, maxima, assertion_keys)


def _maxima(value: cbor.Value) -> Mapping[tuple[int, Purpose], PurposeItems]:
    if not isinstance(value, tuple):
        raise SchemaError("purpose maxima are not an array")
    purposes = {int(purpose) for purpose in Purpose}
    maxima: dict[tuple[int, Purpose], PurposeItems] = {}
    for entry in value:
        match entry:
            case (int() as vct, int() as purpose, tuple() as mandatory, tuple() as optional) if (
                vct in labels.VCT_RANGE and purpose in purposes
            ):
                maxima[vct, Purpose(purpose)] = PurposeItems(_keys(mandatory), _keys(optional))
            case _:
                raise SchemaError("a purpose maximum that has not its form")
    if len(maxima) != len(value):
        raise SchemaError("two maxima for one kind and purpose")
    return maxima


def _keys(value: tuple[cbor.Value, ...]) -> frozenset[int]:
    found: set[int] = set()
    for key in value:
        if type(key) is not int:
            raise SchemaError("an item key that is no integer")
        found.add(key)
    return frozenset(found)


def _assertion_keys(value: cbor.Value) -> Mapping[tuple[str, bytes], VerificationKey]:
    if not isinstance(value, tuple) or not value:
        raise SchemaError("a directory without assertion keys")
    found: dict[tuple[str, bytes], VerificationKey] = {}
    for entry in value:
        match entry:
            case (str() as iss, cose_key) if _is_name(iss):
                key = keys.load_cose_key(cose_key)
                found[iss, keys.kid_of(key)] = key
            case _:
                raise SchemaError("an assertion key that has not its form")
    if len(found) != len(value):
        raise SchemaError("two assertion keys have one (iss, kid)")
    return found


def _is_name(iss: str) -> bool:
    return 0 < len(iss.encode()) <= signed_document.MAX_ISS_BYTES and cwt.text_is_harmless(iss)
