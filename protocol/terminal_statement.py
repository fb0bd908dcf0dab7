"""What a certified terminal states and anybody checks later: the one signed form of receipts and dispute notes.

A COSE_Sign1 by the terminal's key whose protected header carries its certificate (kcwt, RFC 9528). Guaranteed by
`verified`: strict form, exact type, closed headers, the region's signature on the certificate, the terminal's on the
statement. Not handled here: sizes, and what the statement says. A challenge is another thing: it is answered.
"""

from protocol import cbor, cose_sign1, labels, terminal_certificate
from protocol.cose_sign1 import UnverifiedSign1
from protocol.keys import Signer
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime


def sign(content: bytes, *, typ: str, certificate: cbor.Value, certified: TerminalCertificate, signer: Signer) -> bytes:
    """The signed bytes of a statement.

    Args:
        content: Its claims, encoded.
        typ: Of the statement.
        certificate: The terminal's, as it was decoded; `certified` has its claims.
        certified: See there.
        signer: The terminal's key.

    Raises:
        TerminalSignatureInvalid: The key is not the certified one.
    """
    protected: dict[cbor.Key, cbor.Value] = {labels.HDR_KCWT: certificate, labels.HDR_TYP: typ}
    encoded = cbor.encode(cose_sign1.sign1(protected, content, signer))
    terminal_certificate.verify_by_terminal(_parse(encoded, typ), certified)
    return encoded


def verified(
    encoded: bytes, *, typ: str, terminal_keys: TerminalKeys, at: UnixTime
) -> tuple[TerminalCertificate, cbor.Value]:
    """Who states it, and the claims, once both signatures hold: first the region's, then the terminal's.

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    sign1 = _parse(encoded, typ)
    unverified = terminal_certificate.carried_in(sign1)
    certificate = terminal_certificate.verify(unverified, terminal_keys=terminal_keys, at=at)
    terminal_certificate.verify_by_terminal(sign1, certificate)
    return certificate, cbor.decode(sign1.payload)


def _parse(encoded: bytes, typ: str) -> UnverifiedSign1:
    return cose_sign1.parse(
        cbor.decode(encoded), expected_typ=typ, protected_labels=terminal_certificate.SIGNED_BY_TERMINAL
    )
