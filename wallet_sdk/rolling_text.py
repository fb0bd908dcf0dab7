"""The texts of a rolling code: what stays the same from frame to frame is encoded once.

The first text is made by the protocol (`key_binding.present`), which checks everything. The next ones differ from it in
the moments and the signature alone, which stand at the end, so the credential need not be parsed, encoded and put into
base45 again: that costs five times a signature (bench/wallet.py). The tests compare every text with the protocol's own.
"""

from typing import Final

from protocol import cbor, cose_sign1, labels, limits
from protocol.errors import SignatureForm
from protocol.keys import Signer
from protocol.qr import base45, envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import KeyBinding

_BSTR: Final = 2


class RollingText:
    """Texts of one credential with one choice of disclosures, for open audiences (no cnonce)."""

    __slots__ = ("_protected", "_rest", "_text", "first")

    def __init__(self, issued: bytes, disclosures: tuple[bytes, ...], binding: KeyBinding, signer: Signer) -> None:
        """Makes the first text.

        Raises:
            SizeError: It does not fit one code.
            ProtocolError: The credential or the signature is not in its form.
        """
        presentation = key_binding.present(issued, disclosures, binding, signer)
        sign1 = key_binding.parse(presentation).sign1
        same = presentation[: len(presentation) - len(_strings(sign1.payload, sign1.signature))]
        # Base45 takes two bytes at a time, so an even number of bytes has a text of its own.
        even = len(same) - len(same) % 2
        self.first = envelope.wrap(presentation)
        self._protected = sign1.protected_bytes
        self._text = envelope.wrap(same[:even])
        self._rest = same[even:]

    def next(self, binding: KeyBinding, signer: Signer) -> str:
        """The text with other moments and a fresh signature.

        Raises:
            SignatureForm: The signer did not return a signature.
        """
        payload = cbor.encode(
            {labels.CLAIM_AUD: binding.aud, labels.CLAIM_EXP: binding.exp, labels.CLAIM_IAT: binding.iat}
        )
        signature = signer.sign(cose_sign1.sig_structure(self._protected, payload))
        if len(signature) != limits.SIGNATURE_BYTES:
            raise SignatureForm(f"the signer returned {len(signature)} bytes")
        return self._text + base45.encode(self._rest + _strings(payload, signature))


def _strings(*contents: bytes) -> bytes:
    return b"".join(cbor.head(_BSTR, len(each)) + each for each in contents)
