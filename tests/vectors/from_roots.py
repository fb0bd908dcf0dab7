"""Trust lists: by the one root of the main folder, and by a pair of roots in a folder of its own.

ML-DSA signing draws a random number, and the library has no other way. So the signatures that were made once are kept
in `root-pair/signatures.json` by the hash of what they sign, and taken from there at the next run; what is not there
yet is signed anew. That file is the one input of the generator that is not derived from the seed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from liangzheng.vectors.folder import Format, Given, Ground
from protocol import cbor, cose_sign1, keys, labels, root_keys, trust_list
from protocol.errors import Code
from protocol.keys import DEFAULT_ALGORITHMS, Signer
from protocol.labels import Alg, FurtherAlg, KeyUse
from protocol.ml_dsa import ML_DSA_65, MlDsa65Key, MlDsa65Signer
from protocol.roots import SignerPair
from protocol.sm2 import Sm2Signer
from protocol.trust_list import AnchorLabel, TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.root_pair import FORGERIES, Sketch
from tests.utopia.sm2_reference import Reference
from tests.utopia.world import BEGINNING, WUYOU, World
from tests.vectors.vector import SubFolder, Vector, as_json, described, further_anchors

RECORDED = Path(__file__).parent / "root-pair" / "signatures.json"
PAIR_KEYS: Mapping[str, tuple[str, Alg | FurtherAlg, str]] = {
    "root-classical": (f"root {WUYOU}", Alg.ED25519, "the first key of the root"),
    "root-post-quantum": (f"root {WUYOU} ML-DSA-65", FurtherAlg.ML_DSA_65, "the second key of the root"),
    "assertion-ed25519": (f"assertion {WUYOU} ED25519", Alg.ED25519, "trusted by the list"),
}
_LATER = UnixTime(BEGINNING + 400 * DAY)


def trust_list_of(anchors: tuple[TrustAnchor, ...]) -> TrustList:
    return TrustList(WUYOU, 1, UnixTime(BEGINNING - HOUR), UnixTime(BEGINNING + 30 * DAY), trust_list.index(anchors))


def one_anchor(world: World) -> TrustAnchor:
    key = world.issuers[WUYOU, Alg.ED25519].public_key
    return TrustAnchor(world.iss(), key, KeyUse.ASSERT, frozenset({65_004}), (f"lz:{WUYOU}/",), _LATER, _LATER)


class Recorded:
    """Signatures by the hash of signer and message: those of the file, and those that this run had to make."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = dict(known)
        self.used: dict[str, str] = {}

    @classmethod
    def load(cls) -> "Recorded":
        return cls(json.loads(RECORDED.read_bytes()) if RECORDED.exists() else {})

    def signature(self, signer: MlDsa65Signer, message: bytes) -> bytes:
        name = sha256(signer.public_key.thumbprint + message).hexdigest()
        if name not in self.known:
            self.known[name] = signer.sign(message).hex()
        self.used[name] = self.known[name]
        return bytes.fromhex(self.used[name])


# By one key.


def trust_lists(world: World, recorded: Recorded) -> Iterator[Vector]:
    """Vectors of the main folder."""
    root = world.roots[WUYOU]
    goods = {
        "of-every-use": ("the list by which the other vectors are read", (*world.anchors(), *further_anchors(world))),
        "of-one-key": ("one assertion key for one kind", (one_anchor(world),)),
        "of-both-regions": ("keys of two regions under one root", world.anchors()),
    }
    for name, (notes, anchors) in goods.items():
        yield _vector(name, notes, trust_list.sign(trust_list_of(anchors), root))
    kids = (bytes(8), bytes(range(8)))
    withdrawn = replace(trust_list_of((one_anchor(world),)), withdrawn=frozenset(kids))
    yield _vector("with-withdrawn-staff", "two people whose keys were withdrawn", trust_list.sign(withdrawn, root))
    for name, notes, wrong in (
        ("withdrawn-nobody", "an empty array of kids has another form", ()),
        ("withdrawn-descending", "kids ascend", kids[::-1]),
        ("withdrawn-twice", "one kid twice", kids[:1] * 2),
        ("withdrawn-of-7-bytes", "kids have 8 bytes", (bytes(7),)),
        ("withdrawn-as-text", "kids are bytes", ("12345678",)),
    ):
        sketch = _Document(world)
        sketch.withdrawn = wrong
        yield _vector(name, notes, sketch.encoded(), Code.E_SCHEMA)
    for name, code, notes, change in _forgeries(world):
        sketch = _Document(world)
        change(sketch)
        yield _vector(name, notes, sketch.encoded(), code)
    good = _Document(world).encoded()
    yield _vector("byte-more", "a byte after the list", good + b"\0", Code.E_CBOR)
    yield _vector("signature-bent", "one bit of the signature", _last_bit(good), Code.E_SIG_ISSUER)
    by_a_pair = trust_list.sign(trust_list_of((one_anchor(world),)), _pair(world, recorded))
    yield _vector("of-a-pair-of-roots", "a COSE_Sign, where one key is pinned", by_a_pair, Code.E_CBOR)


class _Document:
    """The list of one key, in parts that are signed again by the root after a change."""

    def __init__(self, world: World) -> None:
        self.signer: Signer = world.roots[WUYOU]
        structure: Any = cbor.decode(trust_list.sign(trust_list_of((one_anchor(world),)), self.signer))
        self.protected: dict[Any, Any] = dict(cbor.decode(structure.value[0]))  # type: ignore[call-overload]  # a map
        self.unprotected: dict[Any, Any] = {}
        self.content: dict[Any, Any] = dict(cbor.decode(structure.value[2]))  # type: ignore[call-overload]  # a map
        self.withdrawn: tuple[Any, ...] | None = None
        self.anchors: list[Any] = [dict(each) for each in self.content[labels.CLAIM_ANCHORS]]

    def encoded(self) -> bytes:
        protected = dump(self.protected)
        if labels.CLAIM_ANCHORS in self.content:
            body = self.anchors if self.withdrawn is None else {1: self.anchors, 2: list(self.withdrawn)}
            self.content[labels.CLAIM_ANCHORS] = body
        payload = dump(self.content)
        signature = self.signer.sign(cose_sign1.sig_structure(protected, payload))
        return dump(Tag(labels.TAG_SIGN1, (protected, self.unprotected, payload, signature)))


_Forgery = tuple[str, Code, str, Callable[[_Document], None]]


def _header(label: int, value: Any) -> Callable[[_Document], None]:
    return lambda sketch: _put(sketch.protected, label, value)


def _claim(label: int, value: Any) -> Callable[[_Document], None]:
    return lambda sketch: _put(sketch.content, label, value)


def _anchor(label: AnchorLabel, value: Any) -> Callable[[_Document], None]:
    return lambda sketch: _put(sketch.anchors[0], label, value)


def _put(entries: dict[Any, Any], label: int, value: Any) -> None:
    if value is ...:
        del entries[label]
    else:
        entries[label] = value


def _key(signer: Signer) -> Callable[[_Document], None]:
    def change(sketch: _Document) -> None:
        sketch.anchors[0][AnchorLabel.COSE_KEY] = dict(signer.public_key.cose_key)
        sketch.anchors[0][AnchorLabel.KID] = keys.kid_of(signer.public_key)

    return change


def _forgeries(world: World) -> Iterator[_Forgery]:
    stranger = world.signer("stranger", Alg.ED25519)
    yield "by-a-stranger", Code.E_SIG_ISSUER, "another key, the root's kid", lambda s: setattr(s, "signer", stranger)
    kid = keys.kid_of(stranger.public_key)
    yield "kid-of-a-stranger", Code.E_ISSUER_UNKNOWN, "not the pinned root", _header(labels.HDR_KID, kid)
    yield "typ-catalogue", Code.E_TYP, "another document", _header(labels.HDR_TYP, labels.TYP_CATALOGUE)
    yield "without-typ", Code.E_TYP, "no type", _header(labels.HDR_TYP, ...)
    yield "alg-ml-dsa-65", Code.E_ALG, "an algorithm for pairs alone", _header(labels.HDR_ALG, -49)
    yield "alg-sm2", Code.E_ALG, "an algorithm of another table", _header(labels.HDR_ALG, -70232)
    yield "alg-of-another-key", Code.E_ALG, "the root is an Ed25519 key", _header(labels.HDR_ALG, -9)
    yield "crit", Code.E_HDR_UNKNOWN, "a header that is not listed", _header(labels.HDR_CRIT, [4])
    yield (
        "alg-unprotected",
        Code.E_HDR_UNPROT,
        "alg in the unprotected header too",
        lambda sketch: sketch.unprotected.update({labels.HDR_ALG: -19}),
    )
    yield "seq-0", Code.E_SCHEMA, "seq begins at 1", _claim(labels.CLAIM_SEQ, 0)
    yield "seq-true", Code.E_SCHEMA, "true is not 1", _claim(labels.CLAIM_SEQ, True)
    yield "exp-missing", Code.E_SHAPE, "a list without end", _claim(labels.CLAIM_EXP, ...)
    yield "exp-is-iat", Code.E_TIME_ORDER, "no life at all", _claim(labels.CLAIM_EXP, BEGINNING - HOUR)
    yield "exp-as-text", Code.E_TIME_TYPE, "no integer", _claim(labels.CLAIM_EXP, "2027")
    yield "claim-more", Code.E_SHAPE, "a claim that is not listed", _claim(labels.CLAIM_SUB, "x")
    yield "no-anchors", Code.E_SCHEMA, "an empty list trusts nobody by mistake", lambda s: s.anchors.clear()
    yield "anchor-twice", Code.E_SCHEMA, "two with one (iss, kid)", lambda s: s.anchors.append(s.anchors[0])
    yield "anchor-kid-of-another", Code.E_SCHEMA, "kid is not the key's", _anchor(AnchorLabel.KID, kid)
    yield "anchor-without-use", Code.E_SCHEMA, "an entry is missing", _anchor(AnchorLabel.USE, ...)
    yield "anchor-use-0", Code.E_SCHEMA, "no use", _anchor(AnchorLabel.USE, 0)
    yield "anchor-use-true", Code.E_SCHEMA, "true is not 1", _anchor(AnchorLabel.USE, True)
    yield "anchor-kind-1", Code.E_SCHEMA, "no kind of licence", _anchor(AnchorLabel.KINDS, [1])
    yield "anchor-prefix-https", Code.E_SCHEMA, "no list of ours", _anchor(AnchorLabel.STATUS_PREFIXES, ["https:"])
    yield "anchor-sign-until-missing", Code.E_SCHEMA, "an entry is missing", _anchor(AnchorLabel.SIGN_UNTIL, ...)
    sm2_key = Sm2Signer(world.randomness.fork("key assertion sm2")(32), provider=Reference())
    yield "anchor-with-an-sm2-key", Code.E_KEY, "an algorithm of another table", _key(sm2_key)
    yield (
        "anchor-of-small-order",
        Code.E_KEY,
        "a point that verifies signatures nobody made",
        _anchor(AnchorLabel.COSE_KEY, {1: 1, -1: 6, -2: b"\x01" + bytes(31)}),
    )


def _last_bit(content: bytes) -> bytes:
    return content[:-1] + bytes((content[-1] ^ 1,))


def _vector(name: str, notes: str, encoded: bytes, code: Code | None = None) -> Vector:
    return Vector(Format.TRUST_LIST, f"trust-list-{name}", notes, Given(content=encoded), code)


# By a pair.


class _RecordedSigner:
    """An ML-DSA-65 signer whose signature of one message is always the same."""

    def __init__(self, seed: bytes, recorded: Recorded) -> None:
        self._signer = MlDsa65Signer(seed)
        self._recorded = recorded

    @property
    def public_key(self) -> MlDsa65Key:
        return self._signer.public_key

    def sign(self, message: bytes) -> bytes:
        return self._recorded.signature(self._signer, message)


def _pair(world: World, recorded: Recorded) -> SignerPair:
    stream = PAIR_KEYS["root-post-quantum"][0]
    return SignerPair(world.roots[WUYOU], _RecordedSigner(world.randomness.fork(f"key {stream}")(32), recorded))


def pair_folder(world: World, recorded: Recorded) -> SubFolder:
    """The whole folder `root-pair`."""
    pair = _pair(world, recorded)
    strangers = SignerPair(
        world.signer("stranger", Alg.ED25519),
        _RecordedSigner(world.randomness.fork("key stranger ML-DSA-65")(32), recorded),
    )
    listed = trust_list.sign(trust_list_of((one_anchor(world),)), pair)
    payload: Any = cbor.decode(listed[2:])
    root = pair.public_key
    vectors = [_vector("of-a-pair", "one assertion key, signed by both keys of the root", listed)]
    for name, reason, change in FORGERIES:
        sketch = Sketch(payload[2], typ=labels.TYP_TRUST, pair=pair, strangers=strangers)
        change(sketch)
        notes = "one part was changed, and whoever signed it signed it again"
        vectors.append(_vector(f"pair-{name}", notes, sketch.encoded(), reason.code))
    by_one = trust_list.sign(trust_list_of((one_anchor(world),)), world.roots[WUYOU])
    vectors.append(_vector("by-the-first-alone", "a COSE_Sign1, where a pair is pinned", by_one, Code.E_SHAPE))
    vectors.append(_vector("pair-byte-more", "a byte after the list", listed + b"\0", Code.E_CBOR))
    algorithms = DEFAULT_ALGORITHMS.including(ML_DSA_65)
    return SubFolder(
        "root-pair",
        Ground(root, trust_list.verify(listed, root=root)),
        {
            "root-key.cbor": cbor.encode(root_keys.to_value(root)),
            "trust-list.cbor": listed,
            "keys.json": as_json(described(world, PAIR_KEYS, algorithms)),
        },
        {
            "root-classical": root.classical,
            "root-post-quantum": root.post_quantum,
            "assertion-ed25519": one_anchor(world).key,
        },
        tuple(vectors),
        {},
        {"signatures.json": as_json(recorded.used)},
    )
