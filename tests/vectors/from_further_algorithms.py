"""Presentations with SM2 keys, in a folder of their own: readers without SM2 leave it out.

Everything is signed and read with the reference of the tests, whose nonces are derived, so the files are the same on
every machine, also where no libcrypto has SM2.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from liangzheng.vectors.folder import Format, Given, Ground
from protocol import cbor, cose_sign1, keys, labels, sm2, trust_list
from protocol.errors import Code
from protocol.keys import DEFAULT_ALGORITHMS, Signer
from protocol.labels import Alg, FurtherAlg, KeyUse
from protocol.sm2 import Sm2Signer
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, UnixTime
from tests.utopia import sm2_reference
from tests.utopia.sketch import Sketch
from tests.utopia.sm2_reference import Reference
from tests.utopia.world import BEGINNING, WUYOU, World
from tests.vectors.vector import SubFolder, Vector, as_json, described

ALGORITHMS = DEFAULT_ALGORITHMS.including(sm2.algorithm(Reference()))

SM2_KEYS: Mapping[str, tuple[str, FurtherAlg | Alg, str]] = {
    "root": (f"root {WUYOU}", Alg.ED25519, "signs the trust list"),
    "assertion-sm2": ("assertion sm2", FurtherAlg.SM2_SM3, "signs credentials"),
    "assertion-esp256": (f"assertion {WUYOU} ESP256", Alg.ESP256, "signs credentials"),
    "assertion-ed25519": (f"assertion {WUYOU} ED25519", Alg.ED25519, "signs credentials"),
    "holder-sm2": ("holder sm2", FurtherAlg.SM2_SM3, "a holder's device"),
    "holder-ed25519": ("holder 甲的手机", Alg.ED25519, "a holder's device"),
    "holder-esp256": ("holder 甲的手机", Alg.ESP256, "a holder's device"),
}


class _Signers:
    """The named keys of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __getitem__(self, name: str) -> Signer:
        stream, alg, _ = SM2_KEYS[name]
        return self.secret_of(stream, alg)

    def secret_of(self, stream: str, alg: FurtherAlg | Alg) -> Signer:
        secret = self.world.randomness.fork(f"key {stream}")(32)
        return keys.signer_for(alg, secret, algorithms=ALGORITHMS)


def sm2_folder(world: World) -> SubFolder:
    """The whole folder `sm2`."""
    signers = _Signers(world)
    anchors = tuple(
        TrustAnchor(
            world.iss(),
            signers[name].public_key,
            KeyUse.ASSERT,
            frozenset(world.kinds),
            (f"lz:{WUYOU}/",),
            UnixTime(BEGINNING + 400 * DAY),
            UnixTime(BEGINNING + 400 * DAY),
        )
        for name in SM2_KEYS
        if name.startswith("assertion")
    )
    listed = world.trust_bytes(anchors)
    root = signers["root"].public_key
    return SubFolder(
        "sm2",
        Ground(root, trust_list.verify(listed, root=root, algorithms=ALGORITHMS), ALGORITHMS),
        {
            "root-key.cbor": cbor.encode(root.cose_key),
            "trust-list.cbor": listed,
            "keys.json": as_json(described(world, SM2_KEYS, ALGORITHMS)),
        },
        {name: signers[name].public_key for name in SM2_KEYS},
        (*_good(world, signers), *_bad(world, signers)),
        {"algorithms": [int(FurtherAlg.SM2_SM3)]},
    )


def _sketch(world: World, signers: _Signers, issuer: str = "assertion-sm2", holder: str = "holder-sm2") -> Sketch:
    sketch = Sketch(world, world.credential())
    sketch.reissue(signers[issuer])
    sketch.rebind(signers[holder])
    return sketch


def _good(world: World, signers: _Signers) -> Iterator[Vector]:
    for issuer in ("assertion-sm2", "assertion-esp256", "assertion-ed25519"):
        for holder in ("holder-sm2", "holder-esp256", "holder-ed25519"):
            if "sm2" in issuer + holder:
                name = f"sm2-{issuer}-{holder}"
                text = _sketch(world, signers, issuer, holder).code()
                yield Vector(Format.PRESENTATION, name, f"issued by {issuer}, shown by {holder}", Given((text,)))


def _bad(world: World, signers: _Signers) -> Iterator[Vector]:
    for name, code, notes, change in _forgeries(signers):
        sketch = _sketch(world, signers)
        change(sketch)
        yield Vector(Format.PRESENTATION, f"sm2-{name}", notes, Given((sketch.code(),)), code)


_Forgery = tuple[str, Code, str, Callable[[Sketch], None]]


def _forgeries(signers: _Signers) -> Iterator[_Forgery]:
    for layer, code in (("issuer", Code.E_SIG_ISSUER), ("holder", Code.E_SIG_HOLDER)):
        yield f"{layer}-signature-bent", code, "one bit of s", _signature(layer, lambda r, s: (r, s ^ 1))
        # SM2 is not symmetrical in s, so there is no low-s rule, and these do not fit.
        yield f"{layer}-s-negated", code, "(r, n−s)", _signature(layer, lambda r, s: (r, sm2.ORDER - s))
        yield f"{layer}-r-negated", code, "(n−r, s)", _signature(layer, lambda r, s: (sm2.ORDER - r, s))
        yield f"{layer}-r-and-s-swapped", code, "(s, r)", _signature(layer, lambda r, s: (s, r))
        yield f"{layer}-r-plus-s-is-n", code, "r + s = n", _signature(layer, lambda r, s: (r, sm2.ORDER - r))
        for number, shown in ((0, "0"), (sm2.ORDER, "n"), (2**256 - 1, "2^256-1")):
            form = Code.E_SIG_FORM
            yield f"{layer}-r-{shown}", form, f"r is {shown}", _signature(layer, lambda _, s, n=number: (n, s))
            yield f"{layer}-s-{shown}", form, f"s is {shown}", _signature(layer, lambda r, _, n=number: (r, n))
        yield (
            f"{layer}-signature-of-65-bytes",
            Code.E_SIG_FORM,
            "a byte too many",
            lambda sketch, layer=layer: setattr(sketch, _PLACE[layer], lambda signature: b"\0" + signature),
        )
        yield f"{layer}-another-identifier", code, "ID ALICE123@YAHOO.COM", _signed_otherwise(layer, _for_alice)
        yield f"{layer}-without-z", code, "e is SM3 of the message alone", _signed_otherwise(layer, _without_z)
    yield (
        "issuer-alg-esp256",
        Code.E_ALG,
        "the header names ESP256, the key is an SM2 key",
        lambda sketch: sketch.cwt_protected.update({labels.HDR_ALG: int(Alg.ESP256)}),
    )
    yield (
        "holder-alg-esp256",
        Code.E_ALG,
        "the header names ESP256, cnf is an SM2 key",
        lambda sketch: sketch.kbt_protected.update({labels.HDR_ALG: int(Alg.ESP256)}),
    )
    yield (
        "alg-sm2-with-the-kid-of-esp256",
        Code.E_ALG,
        "signed by the SM2 key, the kid is that of the ESP256 key",
        lambda sketch: sketch.cwt_protected.update(
            {labels.HDR_KID: keys.kid_of(signers["assertion-esp256"].public_key)}
        ),
    )
    stranger = signers.secret_of("stranger sm2", FurtherAlg.SM2_SM3)
    yield "by-a-stranger", Code.E_ISSUER_UNKNOWN, "an SM2 key that nobody trusts", lambda s: s.reissue(stranger)
    yield "shown-by-a-stranger", Code.E_SIG_HOLDER, "another SM2 key", lambda s: setattr(s, "holder", stranger)
    x = signers["holder-sm2"].public_key.cose_key[labels.KEY_X]
    assert isinstance(x, bytes)
    point = Reference().public_point(signers.world.randomness.fork(f"key {SM2_KEYS['holder-sm2'][0]}")(32))
    for name, notes, label, value in (
        ("cnf-y-as-bytes", "y uncompressed", labels.KEY_Y, point[33:]),
        ("cnf-x-beyond-p", "x is p", labels.KEY_X, sm2.PRIME.to_bytes(32)),
        ("cnf-x-of-no-point", "no point has this x", labels.KEY_X, _of_no_point(x)),
        ("cnf-x-of-31-bytes", "x is too short", labels.KEY_X, x[1:]),
        ("cnf-another-curve", "a private number of nobody", labels.KEY_CRV, -70200),
        ("cnf-with-alg", "a further parameter", labels.KEY_ALG, int(FurtherAlg.SM2_SM3)),
    ):
        yield name, Code.E_KEY, notes, _cnf(label, value)


_PLACE = {"issuer": "cwt_signature", "holder": "kbt_signature"}
_SIGNED_OVER = {"issuer": "cwt_signed_over", "holder": "kbt_signed_over"}


def _signature(layer: str, change: Callable[[int, int], tuple[int, int]]) -> Callable[[Sketch], None]:
    def changed(signature: bytes) -> bytes:
        r, s = change(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        return (r % 2**256).to_bytes(32) + (s % 2**256).to_bytes(32)

    return lambda sketch: setattr(sketch, _PLACE[layer], changed)


def _signed_otherwise(layer: str, digest: Callable[[bytes, bytes], int]) -> Callable[[Sketch], None]:
    """The right key signs another e of the right bytes."""

    def change(sketch: Sketch) -> None:
        signer = sketch.issuer if layer == "issuer" else sketch.holder
        assert isinstance(signer, Sm2Signer)
        signed: list[bytes] = []

        def over(protected: bytes, payload: bytes) -> bytes:
            signed.append(cose_sign1.sig_structure(protected, payload))
            return signed[-1]

        def signature(_: bytes) -> bytes:
            scalar = signer._scalar
            e = digest(Reference().public_point(scalar), signed[-1])
            return sm2_reference.signature_with(7, int.from_bytes(scalar), e)

        setattr(sketch, _SIGNED_OVER[layer], over)
        setattr(sketch, _PLACE[layer], signature)

    return change


def _for_alice(point: bytes, message: bytes) -> int:
    return sm2_reference.digest(point, message, b"ALICE123@YAHOO.COM")


def _without_z(point: bytes, message: bytes) -> int:
    del point
    return int.from_bytes(sm2_reference.sm3(message))


def _cnf(label: int, value: Any) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        sketch.claims[labels.CLAIM_CNF][labels.CNF_COSE_KEY][label] = value

    return change


def _of_no_point(x: bytes) -> bytes:
    """The next x that no point has."""
    number = int.from_bytes(x)
    while True:
        number += 1
        square = (number**3 - 3 * number + sm2.B) % sm2.PRIME
        if pow(square, (sm2.PRIME - 1) // 2, sm2.PRIME) != 1:
            return number.to_bytes(32)
