"""What a root that is a pair signs, in parts that can be changed one by one, and every forgery of one part.

A changed header is signed again by whoever signed it, so that only itself is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from protocol import cbor, cose_sign, cose_sign1, keys, labels
from protocol.errors import (
    AlgError,
    CborError,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerSignatureInvalid,
    IssuerUnknown,
    ProtocolError,
    ShapeError,
    SignatureForm,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.roots import SignerPair

ALG, KID = labels.HDR_ALG, labels.HDR_KID
_ML_DSA_44 = -48


@dataclass
class Signed:
    """One COSE_Signature before it is made."""

    signer: Signer
    protected: dict[Any, Any]
    unprotected: dict[Any, Any] = field(default_factory=dict)
    over: Callable[[bytes, bytes, bytes], bytes] = cose_sign.sig_structure
    change: Callable[[bytes], bytes] = bytes

    @classmethod
    def by(cls, signer: Signer) -> "Signed":
        key = signer.public_key
        return cls(signer, {ALG: int(key.alg), KID: keys.kid_of(key)})


class Sketch:
    """A COSE_Sign before its signatures are made. Whatever stands in `signers` and is no `Signed` stays as it is."""

    def __init__(self, payload: bytes, *, typ: str, pair: SignerPair, strangers: SignerPair) -> None:
        self.pair = pair
        self.strangers = strangers
        self.signed_payload = payload
        self.tag = cose_sign.TAG
        self.protected: dict[Any, Any] = {labels.HDR_TYP: typ}
        self.unprotected: dict[Any, Any] = {}
        self.payload: Any = payload
        self.signers: list[Any] = [self.first(), self.second()]

    def first(self) -> Signed:
        return Signed.by(self.pair.classical)

    def second(self) -> Signed:
        return Signed.by(self.pair.post_quantum)

    def encoded(self) -> bytes:
        body = cbor.encode(self.protected)
        made: list[Any] = []
        for each in self.signers:
            if isinstance(each, Signed):
                own = cbor.encode(each.protected)
                signature = each.signer.sign(each.over(body, own, self.signed_payload))
                made.append((own, each.unprotected, each.change(signature)))
            else:
                made.append(each)
        return self.tag + cbor.encode((body, self.unprotected, self.payload, tuple(made)))


Change = Callable[[Sketch], None]


def _signature(index: int, change: Callable[[bytes], bytes]) -> Change:
    return lambda sketch: setattr(sketch.signers[index], "change", change)


def _last_bit(signature: bytes) -> bytes:
    return signature[:-1] + bytes((signature[-1] ^ 1,))


def _signers(choose: Callable[[Sketch], list[Any]]) -> Change:
    return lambda sketch: setattr(sketch, "signers", choose(sketch))


def _first_as_the_second(sketch: Sketch) -> None:
    sketch.signers[1].signer = sketch.pair.classical


def _header(index: int, label: int, value: Any) -> Change:
    def change(sketch: Sketch) -> None:
        if value is ...:
            del sketch.signers[index].protected[label]
        else:
            sketch.signers[index].protected[label] = value

    return change


def _kid_of_the_other(index: int) -> Change:
    def change(sketch: Sketch) -> None:
        sketch.signers[index].protected[KID] = sketch.signers[1 - index].protected[KID]

    return change


def _stranger(index: int, *, with_kid_of_the_root: bool) -> Change:
    def change(sketch: Sketch) -> None:
        signer = (sketch.strangers.classical, sketch.strangers.post_quantum)[index]
        if with_kid_of_the_root:
            sketch.signers[index].signer = signer
        else:
            sketch.signers[index] = Signed.by(signer)

    return change


def _as_sign1(index: int) -> Change:
    """The signer signed a COSE_Sign1 of the same payload: with the context of that structure."""
    return lambda sketch: setattr(
        sketch.signers[index], "over", lambda body, own, payload: cose_sign1.sig_structure(own, payload)
    )


def _without_body(index: int) -> Change:
    return lambda sketch: setattr(
        sketch.signers[index], "over", lambda body, own, payload: cose_sign.sig_structure(b"", own, payload)
    )


def _assign(**changes: Any) -> Change:
    def change(sketch: Sketch) -> None:
        for name, value in changes.items():
            setattr(sketch, name, value)

    return change


def _entry(*parts: Any) -> Change:
    """The second signer's entry, as it stands."""
    return lambda sketch: sketch.signers.__setitem__(1, parts)


FORGERIES: list[tuple[str, type[ProtocolError], Change]] = [
    ("first-signature-bent", IssuerSignatureInvalid, _signature(0, _last_bit)),
    ("second-signature-bent", IssuerSignatureInvalid, _signature(1, _last_bit)),
    ("swapped", AlgError, _signers(lambda s: [s.second(), s.first()])),
    ("first-missing", ShapeError, _signers(lambda s: [s.second()])),
    ("second-missing", ShapeError, _signers(lambda s: [s.first()])),
    ("no-signatures", ShapeError, _signers(lambda s: [])),
    ("a-third", ShapeError, _signers(lambda s: [s.first(), s.second(), s.second()])),
    ("the-first-once-more", ShapeError, _signers(lambda s: [s.first(), s.second(), s.first()])),
    ("the-first-twice", AlgError, _signers(lambda s: [s.first(), s.first()])),
    ("the-second-twice", AlgError, _signers(lambda s: [s.second(), s.second()])),
    ("the-first-as-the-second", SignatureForm, _first_as_the_second),
    ("first-alg-of-another", AlgError, _header(0, ALG, int(Alg.ESP256))),
    ("second-alg-ml-dsa-44", AlgError, _header(1, ALG, _ML_DSA_44)),
    ("second-alg-of-the-first", AlgError, _header(1, ALG, int(Alg.ED25519))),
    ("first-alg-missing", AlgError, _header(0, ALG, ...)),
    ("second-alg-missing", AlgError, _header(1, ALG, ...)),
    ("alg-as-text", AlgError, _header(0, ALG, "Ed25519")),
    ("alg-unprotected", HeaderUnprotected, lambda s: s.signers[0].unprotected.update({ALG: -19})),
    ("alg-in-the-body-too", HeaderUnknown, lambda s: s.protected.update({ALG: -19})),
    ("first-kid-of-the-second", IssuerUnknown, _kid_of_the_other(0)),
    ("second-kid-of-the-first", IssuerUnknown, _kid_of_the_other(1)),
    ("first-kid-missing", HeaderUnknown, _header(0, KID, ...)),
    ("second-kid-missing", HeaderUnknown, _header(1, KID, ...)),
    ("crit-of-a-signer", HeaderUnknown, _header(1, labels.HDR_CRIT, (1,))),
    ("typ-of-a-signer", HeaderUnknown, _header(0, labels.HDR_TYP, labels.TYP_TRUST)),
    ("crit", HeaderUnknown, lambda s: s.protected.update({labels.HDR_CRIT: (16,)})),
    ("unprotected", HeaderUnprotected, lambda s: s.unprotected.update({KID: b"12345678"})),
    ("first-a-stranger", IssuerUnknown, _stranger(0, with_kid_of_the_root=False)),
    ("second-a-stranger", IssuerUnknown, _stranger(1, with_kid_of_the_root=False)),
    ("first-a-stranger-with-the-kid", IssuerSignatureInvalid, _stranger(0, with_kid_of_the_root=True)),
    ("second-a-stranger-with-the-kid", IssuerSignatureInvalid, _stranger(1, with_kid_of_the_root=True)),
    ("first-context-of-sign1", IssuerSignatureInvalid, _as_sign1(0)),
    ("second-context-of-sign1", IssuerSignatureInvalid, _as_sign1(1)),
    ("first-without-the-body-header", IssuerSignatureInvalid, _without_body(0)),
    ("second-without-the-body-header", IssuerSignatureInvalid, _without_body(1)),
    ("payload-after-signing", IssuerSignatureInvalid, lambda s: setattr(s, "payload", _last_bit(s.payload))),
    ("payload-detached", ShapeError, _assign(payload=None)),
    ("first-signature-too-long", SignatureForm, _signature(0, lambda signature: signature + b"\0")),
    ("second-signature-too-short", SignatureForm, _signature(1, lambda signature: signature[:-1])),
    ("typ-of-another-document", TypError, lambda s: s.protected.update({labels.HDR_TYP: labels.TYP_DIRECTORY})),
    ("typ-missing", TypError, lambda s: s.protected.clear()),
    ("typ-as-number", TypError, lambda s: s.protected.update({labels.HDR_TYP: labels.TYP_CREDENTIAL})),
    ("tag-18", ShapeError, _assign(tag=b"\xd2")),
    ("without-tag", ShapeError, _assign(tag=b"")),
    ("tag-head-too-long", CborError, _assign(tag=b"\xd9\x00\x62")),
    ("tag-twice", CborError, _assign(tag=b"\xd8\x62\xd8\x62")),
    ("signer-not-a-triple", ShapeError, _entry(b"\xa0", {})),
    ("signer-header-not-a-map", ShapeError, _entry(b"\x80", {}, b"signature")),
    ("signer-header-no-cbor", CborError, _entry(b"", {}, b"signature")),
]
"""Name, reason, what is changed."""
