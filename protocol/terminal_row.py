"""Rows: what a terminal tells its operator, each signed by the terminal and named by a key under which it counts once.

A COSE_Sign1 by the terminal's key with its certificate in kcwt, made when it is sent; what it says is the row's body,
in CBOR, and each kind has its own. Guaranteed by `verify`: strict form, both signatures, a moment within the
certificate. Not handled here: what a body says, whether the certificate runs now, and whether the key was seen before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, terminal_certificate, terminal_statement
from protocol.errors import SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import Signer
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime

KIND_PATTERN: Final = re.compile(r"[a-z]{1,16}(-[a-z]{1,16}){0,2}", re.ASCII)
_CLAIMS: Final = frozenset({labels.CLAIM_IAT, labels.CLAIM_TERMINAL_ROW})


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """One row. `key` is its idempotency key: the same key again is the same row again."""

    kind: str
    key: bytes
    body: bytes
    iat: UnixTime
    """When it was signed for sending, by the terminal's clock."""


@dataclass(frozen=True, slots=True)
class VerifiedRow:
    """The certified terminal says this. Only `verify` makes one."""

    certificate: TerminalCertificate
    row: TerminalRow


def sign(row: TerminalRow, *, certificate: bytes, signer: Signer) -> bytes:
    """The signed bytes of a row.

    Raises:
        ProtocolError: No operator would take it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims
    content = cbor.encode({labels.CLAIM_IAT: row.iat, labels.CLAIM_TERMINAL_ROW: (row.kind, row.key, row.body)})
    _row(cbor.decode(content), certified)
    return terminal_statement.sign(
        content, typ=labels.TYP_ROW, certificate=structure, certified=certified, signer=signer
    )


def verify(encoded: bytes, *, terminal_keys: TerminalKeys, at: UnixTime) -> VerifiedRow:
    """The row, once both signatures hold.

    1. Size, strict CBOR, shape, typ and closed header sets. 2. (iss, kid) of the certificate is the region's terminal
    key. 3. The region's signature. 4. The terminal's signature. 5. The claims; the row lies within the certificate.

    Raises:
        SizeError: Longer than `limits.MAX_ROW_BYTES`.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_ROW_BYTES:
        raise SizeError(f"a row of {len(encoded)} bytes")
    # Steps 1 to 4.
    certificate, payload = terminal_statement.verified(encoded, typ=labels.TYP_ROW, terminal_keys=terminal_keys, at=at)
    # Step 5.
    return VerifiedRow(certificate, _row(payload, certificate))


def _row(payload: cbor.Value, certificate: TerminalCertificate) -> TerminalRow:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a row")
    iat = cwt.moment(payload, labels.CLAIM_IAT)
    if not certificate.iat <= iat <= certificate.exp:
        raise TimeOrderError("a row beyond its certificate")
    match payload[labels.CLAIM_TERMINAL_ROW]:
        case (str() as kind, bytes() as key, bytes() as body):
            pass
        case _:
            raise SchemaError("a row is [kind, key, body]")
    if not KIND_PATTERN.fullmatch(kind):
        raise SchemaError("a kind is one to three words of small letters, with hyphens between")
    if len(key) != limits.SHA256_BYTES:
        raise SchemaError(f"a key that is not {limits.SHA256_BYTES} bytes")
    if not 0 < len(body) <= limits.MAX_ROW_BODY_BYTES:
        raise SchemaError(f"a body of {len(body)} bytes")
    return TerminalRow(kind, key, body, iat)
