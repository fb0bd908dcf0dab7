"""The licence package: how an issuer hands a licence to a wallet (CONTRACTS.md, "Licence package").

CBOR {1: version, 2: licence id, 3: [SD-CWT], 4: portrait, 5: refresh URL, 6: wallet directory, 7: root key}. The
package itself is not signed: everything in it that matters is. Root and directory let a wallet that was given only this
file name the items and check the issuer's signature; the wallet pins that root at the first use, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, keys, limits
from protocol.errors import SchemaError, ShapeError, SizeError
from protocol.keys import VerificationKey

VERSION: Final = 1
_VERSION, _LICENCE_ID, _CREDENTIALS, _PORTRAIT, _REFRESH_URL, _DIRECTORY, _ROOT = range(1, 8)
_REQUIRED: Final = frozenset({_VERSION, _LICENCE_ID, _CREDENTIALS, _DIRECTORY, _ROOT})
_KNOWN: Final = _REQUIRED | {_PORTRAIT, _REFRESH_URL}
_MAX_CREDENTIALS: Final = 16
_MAX_ID_BYTES: Final = 64
"""Ours have 22 characters; another issuer's register may count otherwise."""
_MAX_URL_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class LicencePackage:
    """`credentials` hold all their disclosures: the flexible one first, then views."""

    licence_id: str
    credentials: tuple[bytes, ...]
    portrait: bytes | None
    refresh_url: str | None
    directory: bytes
    root: VerificationKey


def encode(package: LicencePackage) -> bytes:
    """The bytes of a package."""
    content: dict[cbor.Key, cbor.Value] = {
        _VERSION: VERSION,
        _LICENCE_ID: package.licence_id,
        _CREDENTIALS: package.credentials,
        _DIRECTORY: package.directory,
        _ROOT: package.root.cose_key,
    }
    if package.portrait is not None:
        content[_PORTRAIT] = package.portrait
    if package.refresh_url is not None:
        content[_REFRESH_URL] = package.refresh_url
    return cbor.encode(content)


def decode(encoded: bytes) -> LicencePackage:
    """The package in these bytes; nothing in it has been verified.

    Raises:
        SizeError: Longer than `limits.MAX_PACKAGE_BYTES`.
        ShapeError, SchemaError, CborError, KeyRefused: Not a package.
    """
    if len(encoded) > limits.MAX_PACKAGE_BYTES:
        raise SizeError(f"a licence package of {len(encoded)} bytes")
    content = cbor.decode(encoded)
    if not isinstance(content, Mapping) or not _REQUIRED <= content.keys() <= _KNOWN:
        raise ShapeError("not a licence package")
    if type(content[_VERSION]) is not int or content[_VERSION] != VERSION:
        raise SchemaError(f"a licence package of another version than {VERSION}")
    match content[_CREDENTIALS]:
        case tuple() as credentials if 0 < len(credentials) <= _MAX_CREDENTIALS:
            pass
        case _:
            raise SchemaError("a licence package without credentials")
    licence_id, directory = cwt.text(content, _LICENCE_ID, max_bytes=_MAX_ID_BYTES), content[_DIRECTORY]
    # What is not there is left out; null is a second way to say so, and one is enough.
    portrait, refresh_url = content.get(_PORTRAIT), content.get(_REFRESH_URL)
    if None in (content.get(_PORTRAIT, b""), content.get(_REFRESH_URL, "")):
        raise SchemaError("a portrait or refresh address that is null")
    if not isinstance(directory, bytes):
        raise SchemaError("a licence package without directory")
    if not isinstance(portrait, bytes | None) or not isinstance(refresh_url, str | None):
        raise SchemaError("a portrait or refresh address of the wrong type")
    if refresh_url is not None and not _is_web_address(refresh_url):
        raise SchemaError("a refresh address that is no web address")
    return LicencePackage(
        licence_id,
        tuple(_bytes(each) for each in credentials),
        portrait,
        refresh_url,
        directory,
        keys.load_cose_key(content[_ROOT]),
    )


def _is_web_address(text: str) -> bool:
    return (
        text.startswith(("https://", "http://"))
        and text.isascii()
        and text.isprintable()
        and " " not in text
        and len(text) <= _MAX_URL_CHARACTERS
    )


def _bytes(value: cbor.Value) -> bytes:
    if not isinstance(value, bytes):
        raise SchemaError("a credential that is not a byte string")
    return value
