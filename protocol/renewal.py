"""Renewals: a terminal asks its region for the next certificate, by the key that the one it has is for.

A COSE_Sign1 by the terminal's key with its certificate in kcwt; the payload is the moment and nothing else, for what
the next certificate says is the region's to decide. A copy of one asks for a certificate of the same key, which is
public. Guaranteed by `verify`: strict form, both signatures. Not handled here: whether the certificate runs, or how
long it has been over, and whether the region still wants this terminal.
"""

from collections.abc import Mapping

from protocol import cbor, cwt, labels, limits, terminal_certificate, terminal_statement
from protocol.errors import ShapeError, SizeError
from protocol.keys import Signer
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime


def sign(*, certificate: bytes, signer: Signer, at: UnixTime) -> bytes:
    """The signed bytes of a request. Raises: ProtocolError."""
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims
    content = cbor.encode({labels.CLAIM_IAT: at})
    return terminal_statement.sign(
        content, typ=labels.TYP_RENEWAL, certificate=structure, certified=certified, signer=signer
    )


def verify(encoded: bytes, *, terminal_keys: TerminalKeys, at: UnixTime) -> TerminalCertificate:
    """The certificate that is to be followed by another one, once both signatures hold.

    Raises:
        SizeError: Longer than `limits.MAX_RENEWAL_BYTES`.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_RENEWAL_BYTES:
        raise SizeError(f"a renewal of {len(encoded)} bytes")
    certificate, payload = terminal_statement.verified(
        encoded, typ=labels.TYP_RENEWAL, terminal_keys=terminal_keys, at=at
    )
    if not isinstance(payload, Mapping) or payload.keys() != {labels.CLAIM_IAT}:
        raise ShapeError("the payload has not exactly the claims of a renewal")
    cwt.moment(payload, labels.CLAIM_IAT)
    return certificate
