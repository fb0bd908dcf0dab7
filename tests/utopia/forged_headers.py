"""Forgeries of headers and keys (steps 4, 5 and 7): alg, crit, kid, typ, issuer, cnf."""

from collections.abc import Callable
from typing import Any

from protocol import cbor, keys, labels
from protocol.errors import Code
from protocol.labels import Alg, Purpose
from tests.utopia.forgery import Attacker, Change, Forgery, both, drop, good_sketch, let, put
from tests.utopia.loose_cbor import dump
from tests.utopia.sketch import Sketch
from tests.utopia.world import WUYOU, ZIXU

_HOLDER, _ISSUER, _STRANGER, _FALSE = Attacker.HOLDER, Attacker.ISSUER, Attacker.STRANGER, Attacker.FALSE_ISSUER
_ALG, _KID, _TYP = labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP
_LAYERS = (("kbt", _HOLDER), ("cwt", _ISSUER))

# RFC 9052, RFC 9360 and old habits: labels that carry keys, or demand attention.
_FOREIGN_HEADERS = {
    "crit": (2, (labels.HDR_TYP,)),
    "content-type": (3, 0),
    "iv": (5, b"\0" * 12),
    "cwt-claims": (15, {labels.CLAIM_ISS: "990000.GA"}),
    "x5bag": (32, b"\x30\x00"),
    "x5chain": (33, b"\x30\x00"),
    "x5t": (34, (-16, b"\0" * 32)),
    "x5u": (35, "https://example.invalid/key"),
    "sd-alg": (labels.HDR_SD_ALG, labels.SD_ALG_SHA256),
    "private": (-70100, 1),
    "text": ("jku", "https://example.invalid/key"),
}


def _algorithms() -> list[Forgery]:
    made = []
    for layer, attacker in _LAYERS:
        protected, unprotected = f"{layer}_protected", f"{layer}_unprotected"
        wrong_values: dict[str, Any] = {
            "polymorphic-es256": labels.ForeignAlg.ES256.value,
            "polymorphic-eddsa": -8,
            "es384": labels.ForeignAlg.ES384.value,
            "hmac-with-public-key": 5,
            "none": 0,
            "text": "ES256",
            "bool": True,
            "null": None,
            # The one that the key has not: the holder's is P-256, the issuer's Ed25519.
            "of-another-key": int(Alg.ED25519 if layer == "kbt" else Alg.ESP256),
        }
        made.append(Forgery(f"{layer}-alg-missing", Code.E_ALG, attacker, drop(protected, _ALG)))
        made += [
            Forgery(f"{layer}-alg-{name}", Code.E_ALG, attacker, put(protected, _ALG, value))
            for name, value in wrong_values.items()
        ]
        right = int(Alg.ESP256 if layer == "kbt" else Alg.ED25519)
        made.append(
            Forgery(f"{layer}-alg-in-both", Code.E_HDR_UNPROT, attacker, put(unprotected, _ALG, right)),
        )
        made.append(
            Forgery(
                f"{layer}-alg-unprotected-only",
                Code.E_HDR_UNPROT,
                attacker,
                both(drop(protected, _ALG), put(unprotected, _ALG, right)),
            )
        )
    return made


def _foreign_headers() -> list[Forgery]:
    made = []
    for layer, attacker in _LAYERS:
        for name, (label, value) in _FOREIGN_HEADERS.items():
            made.append(
                Forgery(f"{layer}-header-{name}", Code.E_HDR_UNKNOWN, attacker, put(f"{layer}_protected", label, value))
            )
            made.append(
                Forgery(
                    f"{layer}-header-{name}-unprotected",
                    Code.E_HDR_UNPROT,
                    _STRANGER if layer == "kbt" else _HOLDER,
                    put(f"{layer}_unprotected", label, value),
                )
            )
    made += [
        Forgery("kbt-header-kid", Code.E_HDR_UNKNOWN, _HOLDER, put("kbt_protected", _KID, b"k" * 8)),
        Forgery("cwt-header-kid-missing", Code.E_HDR_UNKNOWN, _ISSUER, drop("cwt_protected", _KID)),
        Forgery("cwt-header-kid-unprotected", Code.E_HDR_UNPROT, _HOLDER, put("cwt_unprotected", _KID, b"k" * 8)),
        Forgery("kbt-header-sd-claims", Code.E_HDR_UNPROT, _STRANGER, put("kbt_unprotected", 17, (b"",))),
        Forgery("kbt-header-kcwt-missing", Code.E_HDR_UNKNOWN, _HOLDER, drop("kbt_protected", labels.HDR_KCWT)),
    ]
    return made


def _types() -> list[Forgery]:
    made = []
    right = {"kbt": labels.TYP_PRESENTATION, "cwt": labels.TYP_CREDENTIAL}
    for layer, attacker in _LAYERS:
        made.append(Forgery(f"{layer}-typ-missing", Code.E_TYP, attacker, drop(f"{layer}_protected", _TYP)))
        wrong = {str(typ).split("/")[-1]: typ for typ in sorted(labels.TYPES, key=str) if typ != right[layer]}
        wrong |= {"bool": True, "as-text": str(right[layer]), "media-type": "application/kb+cwt"}
        made += [
            Forgery(f"{layer}-typ-{name}", Code.E_TYP, attacker, put(f"{layer}_protected", _TYP, value))
            for name, value in wrong.items()
        ]
    return made


def _lone_credential(sketch: Sketch) -> None:
    sketch.encoded = lambda _: dump(sketch.credential_value())


def _lone_credential_as_presentation(sketch: Sketch) -> None:
    sketch.cwt_protected[_TYP] = labels.TYP_PRESENTATION
    _lone_credential(sketch)


def _nested_presentation(sketch: Sketch) -> None:
    inner = good_sketch(sketch.world).presentation_bytes()
    sketch.kcwt = lambda _: cbor.decode(inner)


def _kcwt(value: Callable[[Any], Any]) -> Change:
    return let("kcwt", value)


KCWT = [
    Forgery("credential-without-presentation", Code.E_TYP, _STRANGER, _lone_credential, {"view": Purpose.WINDOW}),
    Forgery("credential-with-disclosures-without-presentation", Code.E_HDR_UNPROT, _STRANGER, _lone_credential),
    Forgery("credential-as-presentation", Code.E_HDR_UNPROT, _ISSUER, _lone_credential_as_presentation),
    Forgery("presentation-in-presentation", Code.E_TYP, _HOLDER, _nested_presentation),
    Forgery("kcwt-wrapped", Code.E_KCWT, _HOLDER, _kcwt(dump)),
    Forgery("kcwt-null", Code.E_KCWT, _HOLDER, _kcwt(lambda _: None)),
    Forgery("kcwt-two-credentials", Code.E_KCWT, _HOLDER, _kcwt(lambda credential: (credential, credential))),
    Forgery("kcwt-untagged", Code.E_KCWT, _HOLDER, _kcwt(lambda credential: credential.value)),
]


def _kid_of(sketch: Sketch, region: str, alg: Alg = Alg.ED25519) -> bytes:
    return keys.kid_of(sketch.world.issuers[region, alg].public_key)


def _false_issuer(*, alg: Alg, kid: bool) -> Change:
    def change(sketch: Sketch) -> None:
        victim = sketch.cwt_protected[_KID]
        sketch.reissue(sketch.world.signer("false issuer", alg))
        if kid:
            sketch.cwt_protected[_KID] = victim

    return change


def _other_region_signs(sketch: Sketch) -> None:
    sketch.reissue(sketch.world.issuers[ZIXU, Alg.ED25519])


def _status_key_signs(sketch: Sketch) -> None:
    sketch.reissue(sketch.world.status_signers[WUYOU])


def _root_signs(sketch: Sketch) -> None:
    sketch.reissue(sketch.world.roots[WUYOU])


ISSUERS = [
    *(
        Forgery(f"kid-{name}", Code.E_SHAPE, _ISSUER, put("cwt_protected", _KID, value))
        for name, value in {
            "of-7-bytes": b"k" * 7,
            "of-9-bytes": b"k" * 9,
            "empty": b"",
            "whole-thumbprint": b"k" * 32,
            "as-text": "kkkkkkkk",
            "as-integer": 7,
        }.items()
    ),
    Forgery(
        "kid-of-another-region", Code.E_ISSUER_UNKNOWN, _FALSE, lambda s: s.cwt_protected.update({4: _kid_of(s, ZIXU)})
    ),
    Forgery(
        "kid-of-the-other-key", Code.E_ALG, _FALSE, lambda s: s.cwt_protected.update({4: _kid_of(s, WUYOU, Alg.ESP256)})
    ),
    Forgery("iss-of-another-region", Code.E_ISSUER_UNKNOWN, _ISSUER, put("claims", labels.CLAIM_ISS, "980000.GA")),
    Forgery("iss-of-another-authority", Code.E_ISSUER_UNKNOWN, _ISSUER, put("claims", labels.CLAIM_ISS, "990000.MZ")),
    Forgery("other-region-signs", Code.E_ISSUER_UNKNOWN, _ISSUER, _other_region_signs),
    Forgery("status-key-signs", Code.E_ISSUER_UNKNOWN, _ISSUER, _status_key_signs),
    Forgery("root-signs", Code.E_ISSUER_UNKNOWN, _ISSUER, _root_signs),
    Forgery("false-issuer-with-own-kid", Code.E_ISSUER_UNKNOWN, _FALSE, _false_issuer(alg=Alg.ED25519, kid=False)),
    Forgery("false-issuer-with-kid-of-victim", Code.E_SIG_ISSUER, _FALSE, _false_issuer(alg=Alg.ED25519, kid=True)),
    Forgery("false-issuer-with-other-alg", Code.E_ALG, _FALSE, _false_issuer(alg=Alg.ESP256, kid=True)),
    Forgery("vct-not-of-this-issuer", Code.E_VCT, _ISSUER, put("claims", labels.CLAIM_VCT, 65_014)),
    Forgery(
        "vct-changed-after-signing",
        Code.E_SIG_ISSUER,
        _STRANGER,
        (lambda s: setattr(s, "cwt_payload_after_signing", lambda p: p.replace(b"\x19\xfd\xec", b"\x19\xfd\xeb"))),
    ),
]

SMALL_ORDER_POINTS = tuple(
    bytes.fromhex(point)
    for point in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""All 14 encodings of the 8 small-order points of edwards25519, six of them non-canonical."""


def _cnf(cose_key: Any) -> Change:
    return put("claims", labels.CLAIM_CNF, {labels.CNF_COSE_KEY: cose_key})


def _cnf_entry(label: int, value: Any) -> Change:
    def change(sketch: Sketch) -> None:
        cose_key = {**sketch.claims[labels.CLAIM_CNF][labels.CNF_COSE_KEY], label: value}
        sketch.claims[labels.CLAIM_CNF] = {labels.CNF_COSE_KEY: cose_key}

    return change


def _off_curve_x() -> bytes:
    candidate = 0
    while True:
        x = candidate.to_bytes(32)
        try:
            keys.P256Key(x, y_is_odd=False)
        except keys.KeyRefused:
            return x
        candidate += 1


def _okp(x: Any) -> Any:
    return {labels.KEY_KTY: labels.KTY_OKP, labels.KEY_CRV: labels.CRV_ED25519, labels.KEY_X: x}


KEYS = [
    *(
        Forgery(f"cnf-small-order-{number}", Code.E_KEY, _ISSUER, _cnf(_okp(point)))
        for number, point in enumerate(SMALL_ORDER_POINTS)
    ),
    Forgery("cnf-ed25519-off-curve", Code.E_KEY, _ISSUER, _cnf(_okp(b"\x02" + b"\0" * 31))),
    Forgery("cnf-ed25519-31-bytes", Code.E_KEY, _ISSUER, _cnf(_okp(b"\x02" * 31))),
    Forgery("cnf-ed25519-x-as-text", Code.E_KEY, _ISSUER, _cnf(_okp("x" * 32))),
    Forgery("cnf-p256-off-curve", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_X, _off_curve_x())),
    Forgery("cnf-p256-x-beyond-the-field", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_X, b"\xff" * 32)),
    Forgery("cnf-p256-x-of-33-bytes", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_X, b"\0" * 33)),
    Forgery("cnf-p256-y-as-bytes", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_Y, b"y" * 32)),
    Forgery("cnf-p256-y-as-integer", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_Y, 1)),
    Forgery("cnf-curve-p384", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_CRV, 2)),
    Forgery("cnf-curve-true", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_CRV, True)),
    Forgery("cnf-kty-symmetric", Code.E_KEY, _ISSUER, _cnf_entry(labels.KEY_KTY, 4)),
    Forgery("cnf-key-with-alg", Code.E_KEY, _ISSUER, _cnf_entry(3, int(Alg.ESP256))),
    Forgery("cnf-key-with-private-part", Code.E_KEY, _ISSUER, _cnf_entry(-4, b"d" * 32)),
    Forgery("cnf-two-methods", Code.E_SCHEMA, _ISSUER, lambda s: s.claims[8].__setitem__(3, b"kid")),
    Forgery("cnf-by-thumbprint", Code.E_SCHEMA, _ISSUER, put("claims", labels.CLAIM_CNF, {5: b"t" * 32})),
    Forgery("cnf-empty", Code.E_SCHEMA, _ISSUER, put("claims", labels.CLAIM_CNF, {})),
]

FORGERIES = (*_algorithms(), *_foreign_headers(), *_types(), *KCWT, *ISSUERS, *KEYS)
