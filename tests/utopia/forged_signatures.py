"""Forgeries of signatures (steps 6 and 8): their forms, what they were made over, and parts of two codes in one."""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from protocol import cbor, cose_sign1, labels
from protocol.errors import Code
from protocol.keys import P256_ORDER
from protocol.labels import Alg
from tests.utopia.forgery import Attacker, Change, Forgery, good_sketch, let
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.sketch import Sketch

_HOLDER, _ISSUER, _STRANGER = Attacker.HOLDER, Attacker.ISSUER, Attacker.STRANGER
_ALG = labels.HDR_ALG


def _ecdsa(r: Callable[[int], int], s: Callable[[int], int]) -> Callable[[bytes], bytes]:
    def change(signature: bytes) -> bytes:
        old_r, old_s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        return r(old_r).to_bytes(32) + s(old_s).to_bytes(32)

    return change


def _same(number: int) -> int:
    return number


def _der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


_ECDSA_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "high-s": _ecdsa(_same, lambda s: P256_ORDER - s),
    "r-zero": _ecdsa(lambda _: 0, _same),
    "s-zero": _ecdsa(_same, lambda _: 0),
    "r-is-the-order": _ecdsa(lambda _: P256_ORDER, _same),
    "r-all-ones": _ecdsa(lambda _: 2**256 - 1, _same),
    "s-all-ones": _ecdsa(_same, lambda _: 2**256 - 1),
    "62-bytes": lambda signature: signature[1:32] + signature[33:],
    "66-bytes": lambda signature: b"\0" + signature[:32] + b"\0" + signature[32:],
    "der": _der,
    "empty": lambda _: b"",
    "with-recovery-byte": lambda signature: signature + b"\x01",
}
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def _plus_order(signature: bytes) -> bytes:
    scalar = int.from_bytes(signature[32:], "little") + _ED25519_ORDER
    return signature[:32] + scalar.to_bytes(32, "little")


_P256_ISSUER: dict[str, Any] = {"issuer_alg": Alg.ESP256}
_ED25519_HOLDER: dict[str, Any] = {"holder_alg": Alg.ED25519}

SIGNATURE_FORMS = [
    *(
        Forgery(f"holder-signature-{name}", Code.E_SIG_FORM, _STRANGER, let("kbt_signature", change))
        for name, change in _ECDSA_FORMS.items()
    ),
    *(
        Forgery(f"issuer-signature-{name}", Code.E_SIG_FORM, _HOLDER, let("cwt_signature", change), _P256_ISSUER)
        for name, change in _ECDSA_FORMS.items()
    ),
    Forgery(
        "holder-ed25519-63-bytes", Code.E_SIG_FORM, _STRANGER, let("kbt_signature", lambda s: s[:63]), _ED25519_HOLDER
    ),
    Forgery(
        "holder-ed25519-s-plus-order", Code.E_SIG_HOLDER, _STRANGER, let("kbt_signature", _plus_order), _ED25519_HOLDER
    ),
    Forgery(
        "holder-ed25519-zero", Code.E_SIG_HOLDER, _STRANGER, let("kbt_signature", lambda _: b"\0" * 64), _ED25519_HOLDER
    ),
    Forgery("issuer-ed25519-s-plus-order", Code.E_SIG_ISSUER, _HOLDER, let("cwt_signature", _plus_order)),
    Forgery("issuer-ed25519-zero", Code.E_SIG_ISSUER, _HOLDER, let("cwt_signature", lambda _: b"\0" * 64)),
]


def _with_context(context: str, *, aad: bytes = b"") -> Callable[[bytes, bytes], bytes]:
    return lambda protected, payload: dump((context, protected, aad, payload))


_CONFUSIONS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "context-signature": _with_context("Signature"),
    "context-countersignature": _with_context("CounterSignature"),
    "context-mac0": _with_context("MAC0"),
    "external-aad": _with_context("Signature1", aad=b"LE1"),
    "payload-alone": lambda _, payload: payload,
    "empty-protected": lambda _, payload: cose_sign1.sig_structure(b"", payload),
    "context-of-sign-with-two-headers": lambda protected, payload: dump(("Signature", protected, b"", b"", payload)),
}


def _other_device(sketch: Sketch) -> None:
    sketch.holder = sketch.world.holder("乙的手机")


def _other_device_of_other_alg(sketch: Sketch) -> None:
    sketch.holder = sketch.world.holder("乙的手机", Alg.ED25519)
    sketch.kbt_protected[_ALG] = int(Alg.ED25519)


def _cnf_swapped_after_signing(sketch: Sketch) -> None:
    good = sketch.claims[labels.CLAIM_CNF][labels.CNF_COSE_KEY][labels.KEY_X]
    thief = sketch.world.holder("乙的手机")
    sketch.holder = thief
    sketch.cwt_payload_after_signing = lambda payload: payload.replace(good, thief.public_key.cose_key[labels.KEY_X])  # type: ignore[arg-type]  # bytes


def _audience_after_signing(sketch: Sketch) -> None:
    sketch.kbt_payload_after_signing = lambda payload: payload.replace(b"lz:w", b"lz:p")


def _disclosure_removed_after_signing(sketch: Sketch) -> None:
    def change(_: bytes) -> bytes:
        sketch.disclosures.pop()
        return dump({**sketch.kbt_protected, labels.HDR_KCWT: sketch.credential_value()})

    sketch.kbt_protected_after_signing = change


def _disclosure_added_after_signing(sketch: Sketch) -> None:
    def change(_: bytes) -> bytes:
        sketch.disclosures.extend(sketch.issued.disclosures_of[3])
        return dump({**sketch.kbt_protected, labels.HDR_KCWT: sketch.credential_value()})

    sketch.kbt_protected_after_signing = change


def _splice(*, credential: bool) -> Change:
    def change(sketch: Sketch) -> None:
        other = cbor.decode(good_sketch(sketch.world, number=1).presentation_bytes())
        assert isinstance(other, cbor.Tagged)
        theirs: Any = other.value

        def spliced(encoded: bytes) -> bytes:
            ours: Any = cbor.decode(encoded)
            mine = ours.value
            head = theirs[0] if credential else mine[0]
            return dump(Tag(labels.TAG_SIGN1, (head, mine[1], mine[2], mine[3] if credential else theirs[3])))

        sketch.encoded = spliced

    return change


SIGNATURES = [
    *(
        Forgery(f"holder-signs-{name}", Code.E_SIG_HOLDER, _HOLDER, let("kbt_signed_over", over))
        for name, over in _CONFUSIONS.items()
    ),
    *(
        Forgery(f"issuer-signs-{name}", Code.E_SIG_ISSUER, _ISSUER, let("cwt_signed_over", over))
        for name, over in _CONFUSIONS.items()
    ),
    Forgery("stolen-credential-on-another-device", Code.E_SIG_HOLDER, _HOLDER, _other_device),
    Forgery("stolen-credential-on-another-device-type", Code.E_ALG, _HOLDER, _other_device_of_other_alg),
    Forgery("cnf-swapped-after-signing", Code.E_SIG_ISSUER, _HOLDER, _cnf_swapped_after_signing),
    Forgery("aud-changed-after-signing", Code.E_SIG_HOLDER, _STRANGER, _audience_after_signing),
    Forgery("disclosure-removed-after-signing", Code.E_SIG_HOLDER, _STRANGER, _disclosure_removed_after_signing),
    Forgery("disclosure-added-after-signing", Code.E_SIG_HOLDER, _STRANGER, _disclosure_added_after_signing),
    Forgery("splice-credential-of-another-code", Code.E_SIG_HOLDER, _STRANGER, _splice(credential=True)),
    Forgery("splice-signature-of-another-code", Code.E_SIG_HOLDER, _STRANGER, _splice(credential=False)),
]

FORGERIES = (*SIGNATURE_FORMS, *SIGNATURES)
