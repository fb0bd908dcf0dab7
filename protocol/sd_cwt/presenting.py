"""Presenting one credential many times: what stays the same from presentation to presentation is encoded once.

For a holder whose wallet parsed and verified the credential when it took it in: `key_binding.present` would parse it
again, which costs more than the signature. The bytes are the same (tests/protocol/test_presenting.py). They differ from
one another in their end alone, where moments and signature stand, so a text of the beginning may be kept too.
"""

from typing import Final

from protocol import cbor, cose_sign1, labels, limits
from protocol.errors import KeyBindingClaimError, SignatureForm, TimeOrderError
from protocol.keys import Signer
from protocol.labels import SignatureAlg
from protocol.sd_cwt.credential import UnverifiedCredential
from protocol.sd_cwt.key_binding import AUDIENCE_PATTERN, KeyBinding

_BSTR: Final = 2
_EMPTY_STRINGS: Final = 2
"""Bytes of an empty payload and an empty signature."""


class Presenter:
    """One credential with chosen disclosures, for a key of this algorithm.

    Attributes:
        beginning: The bytes with which each of its presentations begins.
    """

    __slots__ = ("_protected", "beginning")

    def __init__(self, issued: UnverifiedCredential, disclosures: tuple[bytes, ...], alg: SignatureAlg) -> None:
        shown = cbor.Tagged(
            labels.TAG_SIGN1,
            (
                issued.sign1.protected_bytes,
                # SD-CWT section 8: without disclosures the parameter is omitted.
                {labels.HDR_SD_CLAIMS: disclosures} if disclosures else {},
                issued.sign1.payload,
                issued.sign1.signature,
            ),
        )
        self._protected = cbor.encode(
            {labels.HDR_ALG: int(alg), labels.HDR_KCWT: shown, labels.HDR_TYP: labels.TYP_PRESENTATION}
        )
        whole = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (self._protected, {}, b"", b"")))
        self.beginning = whole[:-_EMPTY_STRINGS]

    def end(self, binding: KeyBinding, signer: Signer) -> bytes:
        """What follows the beginning: the payload of this binding, and a fresh signature.

        Raises:
            KeyBindingClaimError, TimeOrderError: A reader would refuse the binding.
            SignatureForm: The signer did not return a signature.
        """
        if not AUDIENCE_PATTERN.fullmatch(binding.aud):
            raise KeyBindingClaimError("aud is none of ours")
        if not binding.iat < binding.exp:
            raise TimeOrderError("not iat < exp")
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
        return b"".join(cbor.head(_BSTR, len(each)) + each for each in (payload, signature))

    def present(self, binding: KeyBinding, signer: Signer) -> bytes:
        """The bytes of one presentation. Raises: as `end`."""
        return self.beginning + self.end(binding, signer)
