"""One vector before it is written down, and the named keys of 乌有市 that all of them use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from liangzheng.vectors.folder import Format, Given, Ground, Stage
from protocol import cbor, keys
from protocol.errors import Code
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable, Signer, VerificationKey
from protocol.labels import Alg, KeyUse, SignatureAlg
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, UnixTime
from tests.utopia.world import BEGINNING, WUYOU, World


@dataclass(frozen=True, slots=True)
class Vector:
    """A good vector has no code. `making` are further secrets by which a writer gets the same bytes."""

    format: Format
    name: str
    notes: str
    given: Given
    code: Code | None = None
    stage: Stage = Stage.READING
    making: Mapping[str, str] | None = None


NAMED: Mapping[str, tuple[str, Alg, str]] = {
    "root": (f"root {WUYOU}", Alg.ED25519, "signs the documents"),
    "status": (f"status {WUYOU}", Alg.ED25519, "signs status list tokens"),
    "assertion-ed25519": (f"assertion {WUYOU} ED25519", Alg.ED25519, "signs credentials"),
    "assertion-esp256": (f"assertion {WUYOU} ESP256", Alg.ESP256, "signs credentials"),
    "mandate": ("mandate", Alg.ED25519, "signs mandates"),
    "paper-ed25519": ("paper ED25519", Alg.ED25519, "signs paper codes"),
    "paper-esp256": ("paper ESP256", Alg.ESP256, "signs paper codes"),
    "terminal-authority": ("terminal key of the region", Alg.ED25519, "signs terminal certificates"),
    "staff-authority": ("staff key of the region", Alg.ED25519, "signs staff certificates"),
    "officer": ("an officer", Alg.ESP256, "a person at a terminal: signs acts"),
    "terminal": ("terminal", Alg.ED25519, "a terminal: signs challenges and receipts"),
    "holder-ed25519": ("holder 甲的手机", Alg.ED25519, "a holder's device"),
    "holder-esp256": ("holder 甲的手机", Alg.ESP256, "a holder's device"),
    "agent": ("holder 代理人的手机", Alg.ESP256, "an agent's device"),
}
"""Name → the stream of the world that its private key is drawn from, its algorithm, what it does."""

_USES = {
    "mandate": KeyUse.MANDATE,
    "paper-ed25519": KeyUse.PAPER,
    "paper-esp256": KeyUse.PAPER,
    "terminal-authority": KeyUse.TERMINAL,
    "staff-authority": KeyUse.STAFF,
}
_WITHOUT_STATUS = (KeyUse.TERMINAL, KeyUse.STAFF)


def as_json(content: Any) -> bytes:
    """A file of JSON: the same bytes for the same content."""
    return (json.dumps(content, indent=1, ensure_ascii=True, sort_keys=True) + "\n").encode()


def signer(world: World, name: str) -> Signer:
    """The key of this name."""
    stream, alg, _ = NAMED[name]
    return world.signer(stream, alg)


def further_anchors(world: World) -> tuple[TrustAnchor, ...]:
    """Trusted keys beside those of credentials and status: for mandates, paper codes, certificates."""
    later = UnixTime(BEGINNING + 400 * DAY)
    lists = (f"lz:{WUYOU}/",)
    return tuple(
        TrustAnchor(
            world.iss(),
            signer(world, name).public_key,
            use,
            frozenset() if use in _WITHOUT_STATUS else frozenset(world.kinds),
            () if use in _WITHOUT_STATUS else lists,
            later,
            later,
        )
        for name, use in _USES.items()
    )


def described(
    world: World,
    named: Mapping[str, tuple[str, SignatureAlg, str]] = NAMED,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> Mapping[str, Any]:
    """Every key with its private part, for those who write the same bytes with another program."""
    shown = {}
    for name, (stream, alg, notes) in named.items():
        secret = world.randomness.fork(f"key {stream}")(32)
        key = keys.signer_for(alg, secret, algorithms=algorithms).public_key
        shown[name] = {
            "alg": int(alg),
            "notes": notes,
            "private": secret.hex(),
            "cose_key": cbor.encode(key.cose_key).hex(),
            "thumbprint": key.thumbprint.hex(),
            "kid": keys.kid_of(key).hex(),
        }
    return shown


@dataclass(frozen=True, slots=True)
class SubFolder:
    """Vectors that need another root or further algorithms: a folder of the same form, with an index of its own."""

    name: str
    ground: Ground
    documents: Mapping[str, bytes]
    public_keys: Mapping[str, VerificationKey]
    vectors: tuple[Vector, ...]
    index: Mapping[str, Any]
    """Further entries of the index."""
    further: Mapping[str, bytes] = field(default_factory=dict)
    """Further files."""
