"""A presentation that rolls: what stays the same from code to code is encoded once.

The first one is made by the protocol (`key_binding.present`), which checks everything. The next ones differ from it in
the moments and the signature alone, which stand at the end, so the credential need not be parsed, encoded and put into
base45 again: that costs five times a signature (bench/wallet.py). The tests compare every one with the protocol's own.
"""

from typing import Final

from protocol import cbor, cose_sign1, labels, limits
from protocol.errors import SignatureForm
from protocol.keys import Signer
from protocol.qr import base45, envelope
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import KeyBinding

_BSTR: Final = 2


class RollingPresentation:
    """Presentations of one credential with one choice of disclosures, for one audience and cnonce."""

    __slots__ = ("_protected", "_rest", "_same", "_text", "first")

    def __init__(self, issued: bytes, disclosures: tuple[bytes, ...], binding: KeyBinding, signer: Signer) -> None:
        """Makes the first presentation.

        Raises:
            ProtocolError: The credential or the signature is not in its form.
        """
        self.first = key_binding.present(issued, disclosures, binding, signer)
        sign1 = key_binding.parse(self.first).sign1
        self._protected = sign1.protected_bytes
        self._same = self.first[: len(self.first) - len(_strings(sign1.payload, sign1.signature))]
        # Base45 takes two bytes at a time, so an even number of bytes has a text of its own.
        even = len(self._same) - len(self._same) % 2
        self._text = labels.PREFIX_PRESENTATION + base45.encode(self._same[:even])
        self._rest = self._same[even:]

    def next(self, binding: KeyBinding, signer: Signer) -> bytes:
        """The presentation with other moments and a fresh signature.

        Raises:
            SignatureForm: The signer did not return a signature.
        """
        return self._same + self._end(binding, signer)

    def first_text(self) -> str:
        """The first one as the text of a code. Raises SizeError if it does not fit."""
        return envelope.wrap(self.first)

    def next_text(self, binding: KeyBinding, signer: Signer) -> str:
        """As `next`, as the text of a code; it is as long as the first one, which fitted. Raises: as `next`."""
        return self._text + base45.encode(self._rest + self._end(binding, signer))

    def _end(self, binding: KeyBinding, signer: Signer) -> bytes:
        claims: dict[cbor.Key, cbor.Value] = {
            labels.CLAIM_AUD: binding.aud,
            labels.CLAIM_EXP: binding.exp,
            labels.CLAIM_IAT: binding.iat,
        }
        if binding.cnonce is not None:
            claims[labels.CLAIM_CNONCE] = binding.cnonce
        payload = cbor.encode(claims)
        signature = signer.sign(cose_sign1.sig_structure(self._protected, payload))
        if len(signature) != limits.SIGNATURE_BYTES:
            raise SignatureForm(f"the signer returned {len(signature)} bytes")
        return _strings(payload, signature)


def _strings(*contents: bytes) -> bytes:
    return b"".join(cbor.head(_BSTR, len(each)) + each for each in contents)
