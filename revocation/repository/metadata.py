"""One file of trust metadata, read strictly: python-tuf's own classes, and what their parser would let through.

On top of python-tuf: no key of an object twice, no numbers but integers, versions within bounds, every hash a SHA-256,
every key ECDSA on P-256, and no key under two ids, for a threshold counts ids. Not handled here: who signed.
"""

import json
from functools import lru_cache
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tuf.api.metadata import Key, Metadata, MetaFile, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError, SerializationError

from protocol import limits
from protocol.unixtime import UnixTime
from revocation.repository import releases
from revocation.repository.errors import EndlessData, MalformedMetadata, TooFewSignatures

MAX_BYTES: Final = {
    Root.type: 524_288,
    Timestamp.type: 16_384,
    Snapshot.type: 2_097_152,
    Targets.type: limits.MAX_DOCUMENT_BYTES,
}
"""What is read of a file, as python-tuf's defaults are; a snapshot of 4,096 roles with hashes has 600 kB."""
SCHEME: Final = "ecdsa-sha2-nistp256"
"""What every hardware module signs, and securesystemslib's HSMSigner knows (ADR 0012)."""
_KEY_TYPE: Final = "ecdsa"
_HASH_DIGITS: Final = 64

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


def parse(content: bytes, kind: type[T]) -> Metadata[T]:
    """The file's content, in the one form that is taken; nobody has checked who signed it.

    Raises:
        EndlessData: Longer than this kind may be.
        MalformedMetadata: Any rule of form.
    """
    if len(content) > MAX_BYTES[kind.type]:
        raise EndlessData(f"{kind.type}: more than {MAX_BYTES[kind.type]} bytes")
    try:
        json.loads(content.decode(), object_pairs_hook=_no_key_twice, parse_float=_refuse, parse_constant=_refuse)
        metadata: Metadata[T] = Metadata.from_bytes(content)
    except (ValueError, RecursionError, DeserializationError) as wrong:
        raise MalformedMetadata(f"{kind.type} cannot be read: {_reason(wrong)}") from wrong
    if not isinstance(metadata.signed, kind):
        raise MalformedMetadata(f"{kind.type} is expected, {metadata.signed.type} stands here")
    version_of(metadata.signed.version)
    _check_parts(metadata.signed)
    return metadata


def check_signed(delegator: Root | Targets, role: str, metadata: Metadata[T]) -> None:
    """The role's threshold of keys, as its delegator names them, has signed.

    Raises:
        TooFewSignatures: It has not.
        MalformedMetadata: What is signed has no canonical form.
    """
    try:
        result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    except SerializationError as wrong:
        raise MalformedMetadata(f"{role} has no canonical form") from wrong
    except ValueError as wrong:
        raise TooFewSignatures(f"{role} is delegated to nobody") from wrong
    if not result.verified:
        raise TooFewSignatures(f"{role} is signed by {len(result.signed)} of its keys; {result.threshold} must sign")


def expires(signed: Signed) -> UnixTime:
    """When this is late from."""
    return UnixTime(int(signed.expires.timestamp()))


def version_of(value: object) -> int:
    """A version number. Raises: MalformedMetadata."""
    if type(value) is not int or not 1 <= value <= limits.MAX_FEED_NUMBER:
        raise MalformedMetadata("a version is a number from 1 on, within bounds")
    return value


def _check_parts(signed: Signed) -> None:
    if isinstance(signed, Root):
        if signed.consistent_snapshot is not True:
            raise MalformedMetadata("a root of a repository without consistent snapshots")
        check_keys(signed.keys)
    elif isinstance(signed, Timestamp):
        _check_file(signed.snapshot_meta)
    elif isinstance(signed, Snapshot):
        for each in signed.meta.values():
            _check_file(each)
    elif isinstance(signed, Targets):
        for path, target in signed.targets.items():
            _check_hashes(target.hashes)
            # An archive of the terminal's software is no document, and is never read into memory.
            longest = releases.MAX_ARCHIVE_BYTES if path.startswith(releases.FOLDER) else limits.MAX_DOCUMENT_BYTES
            _check_length(target.length, longest)
        if signed.delegations is not None:
            check_keys(signed.delegations.keys)


def _check_file(file: MetaFile) -> None:
    version_of(file.version)
    if file.hashes is not None:
        _check_hashes(file.hashes)
    if file.length is not None:
        _check_length(file.length, limits.MAX_DOCUMENT_BYTES)


def _check_hashes(hashes: dict[str, str]) -> None:
    digest = hashes.get("sha256", "")
    if len(digest) != _HASH_DIGITS or digest.strip("0123456789abcdef"):
        raise MalformedMetadata("a file without a SHA-256")


def _check_length(length: object, longest: int) -> None:
    if type(length) is not int or length > longest:
        raise MalformedMetadata("a length beyond every bound")


def check_keys(keys: dict[str, Key]) -> None:
    """Every key is one that is taken here, and none stands twice. Raises: MalformedMetadata."""
    points = set()
    for key in keys.values():
        if (key.keytype, key.scheme) != (_KEY_TYPE, SCHEME):
            raise MalformedMetadata("a key that is none of ECDSA on P-256")
        points.add(_point(str(key.keyval.get("public"))))
    if len(points) != len(keys):
        raise MalformedMetadata("one key stands under two ids")


@lru_cache(maxsize=4_096)
def _point(pem: str) -> tuple[int, int]:
    try:
        public = load_pem_public_key(pem.encode())
    except ValueError as wrong:
        raise MalformedMetadata("a key that cannot be read") from wrong
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise MalformedMetadata("a key that is none of ECDSA on P-256")
    numbers = public.public_numbers()
    return numbers.x, numbers.y


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    together = dict(pairs)
    if len(together) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return together


def _refuse(literal: str) -> object:
    raise ValueError(f"{literal[:16]} is no integer")


def _reason(wrong: Exception) -> str:
    """python-tuf tells the reason only as the cause."""
    return str(wrong.__cause__ or wrong)[:200]
