"""Status lists and their tokens (draft-ietf-oauth-status-list-20 sections 4, 5.2 and 8; values as in REVOCATION.md).

A list is an array of 1-, 2-, 4- or 8-bit values, index 0 in the low bits of the first byte, zlib-compressed inside a
signed token. Guaranteed: inflating is bounded, nothing follows the stream, an index beyond the end is an error and
never "valid". Not handled here: which lists exist, how old they may be (`revocation`).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from hashlib import sha256
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.errors import (
    IssuerExpired,
    IssuerSignatureInvalid,
    SchemaError,
    ShapeError,
    SizeError,
    StatusRangeError,
    StatusUriError,
    TimeOrderError,
)
from protocol.keys import Signer
from protocol.labels import KeyUse
from protocol.trust_list import TrustList
from protocol.unixtime import Seconds, UnixTime

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_BITS: Final = frozenset({1, 2, 4, 8})
OUR_BITS: Final = 4
QUICK: Final = 6
SQUEEZED: Final = 9
"""Compression: the second one costs ten times the CPU for 18 % of the size (REVOCATION.md)."""
_MAX_URI_BYTES: Final = 32


class Status(IntEnum):
    """Values of our 4-bit lists (REVOCATION.md, "Status values"). Values not named here count as INVALID."""

    VALID = 0x0
    INVALID = 0x1
    SUSPENDED = 0x2
    DEVICE_LOST = 0x3
    REVOKED = 0xC
    WITHDRAWN = 0xD
    CANCELLED = 0xE
    SUPERSEDED = 0xF

    @property
    def is_final(self) -> bool:
        """Whether only a co-signed reversal may change it; a suspension may end."""
        return self not in (Status.VALID, Status.SUSPENDED)


@dataclass(frozen=True, slots=True)
class StatusList:
    """The uncompressed array: `bits` of 1, 2, 4 or 8 for each entry."""

    bits: int
    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) * 8 // self.bits

    def value(self, idx: int) -> int:
        """The value at this index.

        Raises:
            StatusRangeError: The list has no such entry.
        """
        if not 0 <= idx < len(self):
            raise StatusRangeError(f"a list of {len(self)} entries has no index {idx}")
        per_byte = 8 // self.bits
        return self.packed[idx // per_byte] >> (idx % per_byte * self.bits) & (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """A status list whose signature holds, with its age."""

    iss: str
    uri: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    ttl: Seconds
    entries: StatusList


def pack(values: Mapping[int, int], *, entries: int = limits.STATUS_LIST_ENTRIES) -> StatusList:
    """A full-length 4-bit list with these non-zero values; every other entry is VALID.

    Raises:
        StatusRangeError: An index beyond `entries`.
        SchemaError: A value beyond 4 bits.
    """
    if not values:
        return StatusList(OUR_BITS, _zeros((entries + 1) // 2))
    packed = bytearray((entries + 1) // 2)
    for idx, value in values.items():
        if not 0 <= idx < entries:
            raise StatusRangeError(f"a list of {entries} entries has no index {idx}")
        if not 0 <= value < 1 << OUR_BITS:
            raise SchemaError(f"{value} does not fit {OUR_BITS} bits")
        packed[idx // 2] |= value << idx % 2 * OUR_BITS
    return StatusList(OUR_BITS, bytes(packed))


def decode_list(status_list: cbor.Value, *, max_entries: int = limits.STATUS_LIST_ENTRIES) -> StatusList:
    """The list inside {bits, lst} (section 4.3), inflated with a bound.

    Raises:
        SchemaError: Not that map, a broken stream, or bytes behind its end.
        SizeError: It inflates to more than `max_entries`.
    """
    match status_list:
        # true equals 1 in Python, and is no number of bits.
        case {labels.STATUS_BITS: int() as bits, labels.STATUS_LST: bytes() as lst} if (
            type(bits) is int and bits in _BITS
        ):
            pass
        case _:
            raise SchemaError("not {bits: 1, 2, 4 or 8, lst}")
    max_bytes = max_entries * bits // 8
    stream = zlib.decompressobj()
    try:
        packed = stream.decompress(lst, max_bytes + 1)
    except zlib.error:
        raise SchemaError("the list is not a zlib stream") from None
    # SECURITY.md B10: one byte over the bound tells a bomb without inflating it.
    if len(packed) > max_bytes:
        raise SizeError(f"a list of more than {max_entries} entries")
    if not stream.eof or stream.unused_data:
        raise SchemaError("the zlib stream is cut off, or something follows it")
    return StatusList(bits, packed)


def sign(token: StatusListToken, signer: Signer, *, level: int = QUICK) -> bytes:
    """The signed status list token."""
    lst, digest = _compressed(token.entries.packed, level)
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: token.iss,
        labels.CLAIM_SUB: token.uri,
        labels.CLAIM_IAT: token.iat,
        labels.CLAIM_EXP: token.exp,
        labels.CLAIM_TTL: token.ttl,
        labels.CLAIM_STATUS_LIST: {
            labels.STATUS_BITS: token.entries.bits,
            labels.STATUS_LST: lst,
        },
        labels.CLAIM_LIST_SEQ: token.seq,
        # zlib builds differ; the hash of the uncompressed array does not.
        labels.CLAIM_LIST_SHA256: digest,
    }
    return _signed(payload, signer)


def renewed(encoded: bytes, signer: Signer, *, seq: int, iat: UnixTime, exp: UnixTime) -> bytes:
    """A token that its own issuer signed, with the same array under new moments: nothing is inflated or hashed again.

    Raises:
        ProtocolError: It is no token.
    """
    # The signature is not looked at: who renews a token has signed it and kept it.
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=labels.TYP_STATUS_LIST, protected_labels=_PROTECTED)
    payload = cbor.decode(sign1.payload)
    if not isinstance(payload, Mapping):
        raise ShapeError("the payload is not a map")
    moments: dict[cbor.Key, cbor.Value] = {labels.CLAIM_LIST_SEQ: seq, labels.CLAIM_IAT: iat, labels.CLAIM_EXP: exp}
    return _signed({**payload, **moments}, signer)


def _compressed(packed: bytes, level: int) -> tuple[bytes, bytes]:
    """The array as it stands in a token, and its hash."""
    # Most lists of a small issuer have nobody in them yet.
    if packed == _zeros(len(packed)):
        return _all_valid(len(packed))
    return zlib.compress(packed, level), sha256(packed).digest()


@cache
def _zeros(length: int) -> bytes:
    return bytes(length)


@cache
def _all_valid(length: int) -> tuple[bytes, bytes]:
    return zlib.compress(_zeros(length), SQUEEZED), sha256(_zeros(length)).digest()


def _signed(payload: dict[cbor.Key, cbor.Value], signer: Signer) -> bytes:
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_STATUS_LIST,
    }
    return cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), signer))


def verify(encoded: bytes, *, trust: TrustList, at: UnixTime) -> StatusListToken:
    """The token, once a trusted status key signed it for this list (section 8.3).

    Lateness is not an error here: the caller grades it by iat.

    Raises:
        SizeError: Longer than `limits.MAX_STATUS_TOKEN_BYTES`, or it inflates beyond its bound.
        IssuerUnknown: No trusted status key has this (iss, kid).
        IssuerExpired: The key had ended when it signed, or must no longer be relied upon.
        StatusUriError: The key may not sign this list.
        IssuerSignatureInvalid: The signature does not fit.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if len(encoded) > limits.MAX_STATUS_TOKEN_BYTES:
        raise SizeError(f"a status list token of {len(encoded)} bytes")
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=labels.TYP_STATUS_LIST, protected_labels=_PROTECTED)
    payload = cbor.decode(sign1.payload)
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(payload, Mapping) or not isinstance(kid, bytes):
        raise ShapeError("the payload is not a map, or kid not bytes")
    iss = cwt.text(payload, labels.CLAIM_ISS, max_bytes=_MAX_URI_BYTES)
    uri = cwt.text(payload, labels.CLAIM_SUB, max_bytes=_MAX_URI_BYTES)
    iat, exp = cwt.moment(payload, labels.CLAIM_IAT), cwt.moment(payload, labels.CLAIM_EXP)
    anchor = trust.find(iss, kid, use=KeyUse.STATUS)
    if iat > anchor.sign_until or at > anchor.verify_until:
        raise IssuerExpired("the status key had ended")
    if not anchor.allows_status_uri(uri):
        raise StatusUriError("this key may not sign this list")
    try:
        sign1.verify(anchor.key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the status key's signature does not fit") from None
    if not iat < exp:
        raise TimeOrderError("not iat < exp")
    seq, ttl = payload.get(labels.CLAIM_LIST_SEQ), payload.get(labels.CLAIM_TTL)
    if type(seq) is not int or seq < 1 or type(ttl) is not int or ttl < 1:
        raise SchemaError("seq and ttl are not positive integers")
    entries = decode_list(payload.get(labels.CLAIM_STATUS_LIST))
    if payload.get(labels.CLAIM_LIST_SHA256) != sha256(entries.packed).digest():
        raise SchemaError("the list is not the one that was hashed")
    return StatusListToken(iss, uri, seq, iat, exp, Seconds(ttl), entries)
