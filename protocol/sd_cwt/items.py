"""The form of a licence's items: integer keys, and values of few types within their bounds (CONTRACTS.md, `val`)."""

from collections.abc import Mapping

from protocol import cbor, cwt, limits
from protocol.errors import SchemaError


def check(items: Mapping[cbor.Key, cbor.Value]) -> None:
    """Return if every item has a key and a value that an item may have. Raises: SchemaError."""
    for key, value in items.items():
        if not isinstance(key, int):
            raise SchemaError("an item whose key is not an integer")
        _check_item(key, value)


def _check_item(key: int, value: cbor.Value) -> None:
    if isinstance(value, int):
        return
    if isinstance(value, str):
        if len(value.encode()) > limits.MAX_TSTR_BYTES or not cwt.text_is_harmless(value):
            raise SchemaError(f"item {key} is too long or hostile text")
    elif isinstance(value, bytes):
        if len(value) > limits.MAX_BSTR_BYTES:
            raise SchemaError(f"item {key} is a byte string beyond {limits.MAX_BSTR_BYTES}")
    elif isinstance(value, Mapping):
        check(value)
    elif isinstance(value, tuple):
        for element in value:
            _check_item(key, element)
    else:
        raise SchemaError(f"item {key} has a type that no item has")
