"""What holders show in 乌有市 beside the plain presentation: answers to requests, seals, bundles, mandates, paper."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from protocol import keys, paper, sealing
from protocol.keys import Signer
from protocol.labels import PREFIX_BUNDLE, PREFIX_SEALED, Alg, KeyUse, Lic, Purpose
from protocol.mandate import Mandate
from protocol.paper import PaperClaims
from protocol.qr import base45
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, Issued, World
from verifier_terminal.appraisal.context import OpenRequest

TERMINAL = "lz:t/990000-W07"
SITE = "lz:s/00A7"
AGENT = "代理人的手机"
JIA = "990101194912310028"
YI = "990101198802290172"
"""The citizen numbers of 测试员甲 and 测试员乙."""
ASKED = frozenset({int(Lic.NAME), int(Lic.LICENCE_NO), int(Lic.CITIZEN_ID), int(Lic.CLASS), int(Lic.VALID_TO)})


# Requests.


def challenge(
    name: str = "",
    *,
    audience: str = TERMINAL,
    purpose: Purpose = Purpose.WINDOW,
    wanted: Mapping[int, frozenset[int]] | None = None,
) -> OpenRequest:
    """An open challenge. Another name gives another nonce and another sealing key."""
    digest = sha256(f"request {name}".encode()).digest()
    key = sha256(f"sealing key {name}".encode()).digest()
    return OpenRequest(audience, digest[:16], purpose, wanted or {DRIVING_LICENCE: ASKED}, key, digest)


def short_code(nonce: int = 0x01020304, *, audience: str = SITE, purpose: Purpose = Purpose.WINDOW) -> OpenRequest:
    """An open short code."""
    return OpenRequest(audience, nonce.to_bytes(4), purpose, {}, None, None)


def answering(request: OpenRequest) -> dict[str, Any]:
    """What `World.key_binding` takes for an answer to this request."""
    return {"aud": request.audience, "cnonce": request.cnonce}


def seal(plaintext: bytes, request: OpenRequest, *, number: int = 0) -> str:
    """The text of what is sealed to this request's key; another number gives another ephemeral key."""
    assert request.sealing_key is not None
    return PREFIX_SEALED + base45.encode(
        sealing.seal(
            plaintext,
            recipient=sealing.sealing_key(request.sealing_key),
            ephemeral_key=sha256(f"ephemeral {number}".encode()).digest(),
        )
    )


# Licences that are shown together.


def licence(world: World, idx: int, *, region: str = WUYOU, device: Signer | None = None, **items: Any) -> Issued:
    """A driving licence of 测试员甲 with an entry of its own; items by the names of `Lic`, None leaves one out."""
    holder = device or world.holder()
    content = {
        Lic.NAME: "测试员甲",
        Lic.CLASS: "C1",
        Lic.CITIZEN_ID: JIA,
        Lic.LICENCE_NO: f"{JIA}-{idx}",
        Lic.VALID_TO: 20320101,
    }
    content |= {Lic[name]: value for name, value in items.items()}
    kept = {key: value for key, value in content.items() if value is not None}
    return world.credential(claims=world.claims(holder=holder, idx=idx, region=region), holder=holder, items=kept)


def bundle_bytes(members: Iterable[bytes]) -> bytes:
    """An array of these members, unchecked: what a forger would make."""
    encoded = tuple(members)
    return bytes((0x80 | len(encoded),)) + b"".join(encoded)


def bundle_text(members: Iterable[bytes]) -> str:
    """The text of a bundle; no cap is observed."""
    return PREFIX_BUNDLE + base45.encode(bundle_bytes(members))


# Mandates and paper.


def anchors(world: World) -> tuple[TrustAnchor, ...]:
    """The trusted keys for mandates and for paper codes."""
    later = UnixTime(BEGINNING + 400 * DAY)
    return tuple(
        TrustAnchor(world.iss(), key.public_key, use, frozenset(world.kinds), (f"lz:{WUYOU}/",), later, later)
        for key, use in ((mandate_signer(world), KeyUse.MANDATE), (paper_signer(world), KeyUse.PAPER))
    )


def mandate_signer(world: World) -> Signer:
    return world.signer("mandate", Alg.ED25519)


def paper_signer(world: World) -> Signer:
    return world.signer("paper ED25519", Alg.ED25519)


MANDATE = Mandate(3, frozenset({DRIVING_LICENCE}), frozenset({Purpose.WINDOW, Purpose.HOTEL}), WUYOU, DRIVING_LICENCE)


def mandate(
    world: World, stated: Mandate = MANDATE, *, items: Mapping[Lic, Any] | None = None, **claims: Any
) -> Issued:
    """A credential by which an agent shows the driving licence of 测试员甲."""
    agent = world.holder(AGENT)
    fields: dict[str, Any] = {"idx": 99, "life_days": 80, **claims}
    issued: CredentialClaims = replace(world.claims(holder=agent, **fields), mandate=stated)
    content: dict[Any, Any] = {
        Lic.NAME: "测试员甲",
        Lic.CLASS: "C1",
        Lic.LICENCE_NO: JIA,
        Lic.CITIZEN_ID: JIA,
        Lic.VALID_TO: 20320101,
        **(items or {}),
    }
    signer = mandate_signer(world)
    encoded = credential.issue(issued, content, (), signer, kid=keys.kid_of(signer.public_key))
    return Issued(encoded, issued, content, content, {}, signer, agent)


def paper_text(world: World, *, signer: Signer | None = None, idx: int = 4711, **claims: Any) -> str:
    """The text of a paper code of 测试员甲 in list 3; claims by their names."""
    iat = UnixTime(BEGINNING - DAY)
    stated = PaperClaims(
        iss=world.iss(),
        exp=UnixTime(iat + 90 * DAY),
        iat=iat,
        vct=DRIVING_LICENCE,
        status=StatusReference(f"lz:{WUYOU}/3", idx),
        masked_name="测**甲",
        last_four=JIA[-4:],
    )
    return paper.text(paper.issue(replace(stated, **claims), signer or paper_signer(world)))
