"""A presentation in parts that can be changed one by one, then signed again by whoever the attacker can be.

`Sketch` begins as a good presentation; `build` assembles and signs it. Signatures are made last, over whatever the
parts say, unless a part named `..._after_signing` changes what was signed already.
"""

from collections.abc import Callable
from typing import Any

from protocol import cbor, cose_sign1, keys, labels
from protocol.keys import Signer
from protocol.labels import Lic
from protocol.qr import base45
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.world import Issued, World

Change = Callable[[bytes], bytes]


def _unchanged(content: bytes) -> bytes:
    return content


class Sketch:
    """The mutable parts of one presentation."""

    def __init__(self, world: World, issued: Issued, *, shown: tuple[int, ...] = (Lic.NAME, Lic.LICENCE_NO)) -> None:
        self.world = world
        self.issued = issued
        parsed: Any = cbor.decode(issued.encoded)
        protected, _, payload, _ = parsed.value
        self.issuer: Signer = issued.issuer
        self.holder: Signer = issued.holder
        # The credential.
        self.cwt_protected: dict[Any, Any] = dict(cbor.decode(protected))  # type: ignore[call-overload]  # a map
        disclosures = list(issued.disclosures(shown))
        self.cwt_unprotected: Any = {labels.HDR_SD_CLAIMS: disclosures} if disclosures else {}
        self.claims: Any = dict(cbor.decode(payload))  # type: ignore[call-overload]  # a map
        self.lic: Any = dict(self.claims[labels.CLAIM_LIC])
        self.cwt_tag = labels.TAG_SIGN1
        self.cwt_protected_bytes: Change = _unchanged
        self.cwt_payload_bytes: Change = _unchanged
        self.cwt_payload_after_signing: Change = _unchanged
        self.cwt_signature: Change = _unchanged
        self.cwt_signed_over: Callable[[bytes, bytes], bytes] = cose_sign1.sig_structure
        # The key binding.
        binding = world.key_binding()
        self.kbt_protected: dict[Any, Any] = {
            labels.HDR_ALG: int(self.holder.public_key.alg),
            labels.HDR_KCWT: None,
            labels.HDR_TYP: labels.TYP_PRESENTATION,
        }
        self.kbt_unprotected: Any = {}
        self.binding: Any = {
            labels.CLAIM_AUD: binding.aud,
            labels.CLAIM_EXP: binding.exp,
            labels.CLAIM_IAT: binding.iat,
        }
        self.kbt_tag = labels.TAG_SIGN1
        self.kcwt: Callable[[Any], Any] = lambda credential: credential
        self.kbt_protected_bytes: Change = _unchanged
        self.kbt_protected_after_signing: Change = _unchanged
        self.kbt_payload_bytes: Change = _unchanged
        self.kbt_payload_after_signing: Change = _unchanged
        self.kbt_signature: Change = _unchanged
        self.kbt_signed_over: Callable[[bytes, bytes], bytes] = cose_sign1.sig_structure
        # The whole.
        self.encoded: Change = _unchanged
        self.text: Callable[[str], str] = lambda text: text

    @property
    def disclosures(self) -> list[Any]:
        """The content of sd_claims, to be changed in place."""
        found: list[Any] = self.cwt_unprotected[labels.HDR_SD_CLAIMS]
        return found

    def rebind(self, holder: Signer) -> None:
        """Another device key, in cnf and at the signature."""
        self.holder = holder
        self.claims[labels.CLAIM_CNF] = {labels.CNF_COSE_KEY: dict(holder.public_key.cose_key)}
        self.kbt_protected[labels.HDR_ALG] = int(holder.public_key.alg)

    def reissue(self, issuer: Signer) -> None:
        """Another issuer's key, with its own alg and kid."""
        self.issuer = issuer
        self.cwt_protected[labels.HDR_ALG] = int(issuer.public_key.alg)
        self.cwt_protected[labels.HDR_KID] = keys.kid_of(issuer.public_key)

    def credential_value(self) -> Any:
        """The signed credential with the chosen disclosures, as a value to be dumped."""
        if isinstance(self.claims, dict) and labels.CLAIM_LIC in self.claims:
            self.claims[labels.CLAIM_LIC] = self.lic
        protected = self.cwt_protected_bytes(dump(self.cwt_protected))
        payload = self.cwt_payload_bytes(dump(self.claims))
        signature = self.cwt_signature(self.issuer.sign(self.cwt_signed_over(protected, payload)))
        shown = self.cwt_payload_after_signing(payload)
        return Tag(self.cwt_tag, (protected, self.cwt_unprotected, shown, signature))

    def presentation_bytes(self) -> bytes:
        """The bytes of the presentation."""
        if labels.HDR_KCWT in self.kbt_protected:
            self.kbt_protected[labels.HDR_KCWT] = self.kcwt(self.credential_value())
        protected = self.kbt_protected_bytes(dump(self.kbt_protected))
        payload = self.kbt_payload_bytes(dump(self.binding))
        signature = self.kbt_signature(self.holder.sign(self.kbt_signed_over(protected, payload)))
        whole = (
            self.kbt_protected_after_signing(protected),
            self.kbt_unprotected,
            self.kbt_payload_after_signing(payload),
            signature,
        )
        return self.encoded(dump(Tag(self.kbt_tag, whole)))

    def code(self) -> str:
        """The text; no cap is observed."""
        return self.text(labels.PREFIX_PRESENTATION + base45.encode(self.presentation_bytes()))
