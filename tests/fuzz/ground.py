"""What the fuzz targets stand on: one fixed world, its keys, and good things to start from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from protocol import (
    cbor,
    challenge,
    checkpoint,
    cose_sign1,
    dispute_note,
    keys,
    labels,
    mandate,
    manifest,
    paper,
    receipt,
    reversal,
    sealing,
    terminal_certificate,
    trust_list,
)
from protocol.challenge import Request
from protocol.checkpoint import Ban, BasePointer, Checkpoint, CoSignedDelta, Inline, TufVersions
from protocol.dispute_note import DisputeNote
from protocol.errors import ProtocolError
from protocol.feed_document import FeedDocument
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse, Lic, Purpose, TrustTier
from protocol.mandate import Mandate
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.ml_dsa import MlDsa65Signer
from protocol.paper import PaperClaims
from protocol.qr import bundle, envelope
from protocol.receipt import ClaimsMac, Receipt, RedactedHashes, ShownLicence
from protocol.reversal import Reversal
from protocol.roots import SignerPair
from protocol.sd_cwt import disclosure, key_binding
from protocol.sd_cwt.credential import StatusReference
from protocol.status_list import Status
from protocol.terminal_certificate import TerminalCertificate
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation import delta, status_base
from revocation.delta import Aggregate
from revocation.state import ALL_VALID, RegionState, fold
from revocation.status_base import Base
from tests.appraisal.terminal import Terminal
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, LIST_NUMBER, WUYOU, ZIXU, World
from tests.vectors import generate
from wallet_sdk.device_key import SoftwareKey
from wallet_sdk.holdings import Holdings

TERMINAL: Final = Terminal()
CONTEXT: Final = TERMINAL.context()
WORLD: Final = TERMINAL.world
AT: Final = UnixTime(BEGINNING)
LATER: Final = UnixTime(BEGINNING + 400 * DAY)
TRUST: Final = TERMINAL.held.trust
ROOT: Final = WORLD.roots[WUYOU]
ISSUED: Final = WORLD.credential()
VIEW: Final = WORLD.credential(view=Purpose.WINDOW)
RANDOMNESS: Final = Drbg("fuzz")
AUDIENCE: Final = Purpose.WINDOW.audience
SHOWN: Final = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID, Lic.ADDRESS)
SHOWN_DISCLOSURES: Final = ISSUED.disclosures(SHOWN)


def payload_of(signed: bytes) -> bytes:
    """The payload of a COSE_Sign1."""
    structure = cbor.decode(signed)
    assert isinstance(structure, cbor.Tagged)
    assert isinstance(structure.value, tuple)
    payload = structure.value[2]
    assert isinstance(payload, bytes)
    return payload


def signed(payload: bytes, signer: Signer, *, typ: int | str, **headers: Any) -> bytes:
    """Whatever bytes these are, as the payload of a good signature: behind it the fuzzer is an insider."""
    kwct = headers.get("kcwt")
    named: dict[cbor.Key, cbor.Value] = {labels.HDR_TYP: typ}
    if kwct is None:
        named[labels.HDR_KID] = keys.kid_of(signer.public_key)
    else:
        named[labels.HDR_KCWT] = kwct
    return cbor.encode(cose_sign1.sign1(named, payload, signer, unprotected=headers.get("unprotected")))


# Presentations and what is like them.

DOCUMENTS: Final = generate.documents(World())
_FOLDER: Final = Path(generate.__file__).parent


VECTOR_TEXTS: Final[tuple[str, ...]] = tuple(
    content["text"]
    for content in (json.loads(path.read_bytes()) for path in sorted(_FOLDER.glob("*/*.json")))
    if "text" in content
)
"""The codes among the vectors; every bad one is a step that a fuzzer need not find."""


def _unwrapped(texts: tuple[str, ...], prefix: str) -> tuple[bytes, ...]:
    found = []
    for text in texts:
        try:
            found.append(envelope.unwrap(text, expected_prefix=prefix))
        except ProtocolError:
            continue
    return tuple(found)


def _members(encoded: bytes) -> tuple[bytes, ...]:
    """What stands in a bundle, each for itself; nothing where it is none."""
    try:
        members = cbor.decode(encoded)
    except ProtocolError:
        return ()
    return tuple(cbor.encode(each) for each in members) if isinstance(members, tuple) else ()


VECTOR_BYTES: Final = _unwrapped(VECTOR_TEXTS, labels.PREFIX_PRESENTATION)
BUNDLE_VECTOR_BYTES: Final = _unwrapped(VECTOR_TEXTS, labels.PREFIX_BUNDLE)
PRESENTATION: Final = WORLD.presentation(ISSUED, shown=SHOWN)
PRESENTATIONS: Final = (PRESENTATION, WORLD.presentation(VIEW), WORLD.presentation(ISSUED))


def _signed_by_both(encoded: bytes) -> Iterator[bytes]:
    try:
        unverified = key_binding.parse(encoded)
        anchor = trust_list.find_credential_anchor(TRUST, unverified.credential, at=AT)
        key_binding.verify(unverified, anchor.key)
    except ProtocolError:
        return
    yield unverified.sign1.sig_structure()


SIGNED_BY_BOTH: Final = frozenset(
    content
    for encoded in (
        *PRESENTATIONS,
        *VECTOR_BYTES,
        *(member for each in BUNDLE_VECTOR_BYTES for member in _members(each)),
    )
    for content in _signed_by_both(encoded)
)
"""What issuers and holders have signed; that no bad vector is among it wrongly is for the vectors' own test.

A mutant may mend what a bad vector has broken: then it is one of these again.
"""
PAPER_VECTOR_BYTES: Final = _unwrapped(VECTOR_TEXTS, labels.PREFIX_PAPER)
BUNDLE: Final = bundle.compose(PRESENTATIONS[:2])
MANDATE: Final = Mandate(3, frozenset({DRIVING_LICENCE, 65_003}), frozenset({Purpose.WINDOW}), WUYOU, DRIVING_LICENCE)


def _insider(presentation: bytes, issued: bytes, disclosures: tuple[bytes, ...]) -> bytes:
    return cbor.encode((payload_of(issued), disclosures, payload_of(presentation)))


def _as_mandate(payload: bytes) -> bytes:
    claims = cbor.decode(payload)
    assert isinstance(claims, dict)
    return cbor.encode({**claims, labels.CLAIM_MANDATE: mandate.to_value(MANDATE)})


INSIDERS: Final = (
    _insider(PRESENTATION, ISSUED.encoded, SHOWN_DISCLOSURES),
    _insider(PRESENTATIONS[1], VIEW.encoded, ()),
    cbor.encode((_as_mandate(payload_of(VIEW.encoded)), (), payload_of(PRESENTATIONS[1]))),
)


def presented_by_insiders(content: bytes) -> bytes | None:
    """A presentation of [credential payload, disclosures, binding payload] with both signatures good.

    Where a disclosure differs from the seed's, its hash is put in for the old one, so that bending a value does not
    end at "orphan" each time. None where the content is no such array.
    """
    try:
        parts = cbor.decode(content)
    except ProtocolError:
        return None
    match parts:
        case (bytes() as payload, tuple() as disclosures, bytes() as binding) if all(
            isinstance(each, bytes) for each in disclosures
        ):
            pass
        case _:
            return None
    shown: list[Any] = list(disclosures)
    # Inner disclosures stand behind their groups, and a group's hash covers theirs: from the last to the first.
    for place in reversed(range(min(len(shown), len(SHOWN_DISCLOSURES)))):
        old, new = (_hash(each[place]) for each in (SHOWN_DISCLOSURES, shown))
        shown[:place] = [each.replace(old, new) for each in shown[:place]]
        payload = payload.replace(old, new)
    unprotected = {labels.HDR_SD_CLAIMS: tuple(shown)} if shown else None
    issued = signed(payload, ISSUED.issuer, typ=labels.TYP_CREDENTIAL, unprotected=unprotected)
    return signed(binding, ISSUED.holder, typ=labels.TYP_PRESENTATION, kcwt=cbor.decode(issued))


# A package from an authority that means harm: a wallet meets roots that it does not know yet.

DEVICE: Final = SoftwareKey(Alg.ESP256, WORLD.randomness.fork("key holder 甲的手机")(32))
HOLDINGS: Final = Holdings(DEVICE, {}, {})
_EVERYTHING: Final = ISSUED.disclosures(ISSUED.items)
_PACKAGE: Final[dict[cbor.Key, cbor.Value]] = {1: 1, 2: "L-1", 5: "https://authority.example/refresh"}
PACKAGED: Final = cbor.encode(
    (
        payload_of(ISSUED.encoded),
        _EVERYTHING,
        payload_of(DOCUMENTS["wallet-directory.cbor"]),
        cbor.encode(_PACKAGE),
    )
)


def packaged_by_insiders(content: bytes) -> bytes | None:
    """The package of [credential payload, disclosures, directory payload, rest]; every signature in it is good."""
    try:
        match cbor.decode(content):
            case (bytes() as payload, tuple() as disclosures, bytes() as listed, bytes() as rest):
                others = cbor.decode(rest)
            case _:
                return None
    except ProtocolError:
        return None
    if not isinstance(others, dict):
        return None
    unprotected = {labels.HDR_SD_CLAIMS: disclosures} if disclosures else None
    issued = signed(payload, ISSUED.issuer, typ=labels.TYP_CREDENTIAL, unprotected=unprotected)
    directory = signed(listed, ROOT, typ=labels.TYP_DIRECTORY)
    return cbor.encode({**others, 3: (issued,), 6: directory, 7: ROOT.public_key.cose_key})


def _hash(encoded: bytes) -> bytes:
    return disclosure.Disclosure(encoded, None, None, is_decoy=False).redacted_claim_hash


# What a terminal signs.

REGION_SIGNER: Final = WORLD.signer("terminal key of the region", Alg.ED25519)
TERMINAL_SIGNER: Final = WORLD.signer("terminal", Alg.ED25519)
_ANCHOR: Final = TrustAnchor(WORLD.iss(), REGION_SIGNER.public_key, KeyUse.TERMINAL, frozenset(), (), LATER, LATER)
TERMINAL_KEYS: Final = {(_ANCHOR.iss, _ANCHOR.kid): _ANCHOR}
CERTIFIED: Final = TerminalCertificate(
    iss=WORLD.iss(),
    terminal="990000-W07",
    place="乌有市政务大厅7号窗",
    relying_party="乌有市车管所",
    maxima={Purpose.WINDOW: {DRIVING_LICENCE: frozenset({1, 2, 5, 7})}},
    key=TERMINAL_SIGNER.public_key,
    iat=UnixTime(AT - HOUR),
    exp=UnixTime(AT - HOUR + 7 * DAY),
)
CERTIFICATE: Final = terminal_certificate.certify(CERTIFIED, REGION_SIGNER)
SEALING_SECRET: Final = RANDOMNESS(32)
CHALLENGE: Final = challenge.build(
    Request(
        Purpose.WINDOW,
        "换领驾驶证",
        {DRIVING_LICENCE: frozenset({int(Lic.NAME), int(Lic.CLASS)})},
        RANDOMNESS(16),
        sealing.sealing_key(SEALING_SECRET),
        AT,
        UnixTime(AT + 120),
    ),
    certificate=CERTIFICATE,
    signer=TERMINAL_SIGNER,
)
SEALED: Final = sealing.seal(PRESENTATION, recipient=sealing.sealing_key(SEALING_SECRET), ephemeral_key=RANDOMNESS(32))
RECEIPT: Final = receipt.sign(
    Receipt(
        purpose=Purpose.WINDOW,
        reason="换领驾驶证",
        shown=(
            ShownLicence(DRIVING_LICENCE, frozenset({1, 5}), RANDOMNESS(32), RedactedHashes((bytes(32), b"\1" * 32))),
            ShownLicence(DRIVING_LICENCE, frozenset({1}), RANDOMNESS(32), ClaimsMac(RANDOMNESS(32))),
        ),
        tier=TrustTier.AFFIRMING,
        codes=("W_NEAR_EXPIRY", "W_PERSON_CHECK"),
        freshness=1,
        iat=AT,
        journal_position=4711,
        journal_head=RANDOMNESS(32),
        challenge=challenge.challenge_digest(CHALLENGE),
    ),
    certificate=CERTIFICATE,
    signer=TERMINAL_SIGNER,
)
DISPUTE: Final = dispute_note.sign(
    DisputeNote(
        region=ZIXU,
        vct=DRIVING_LICENCE,
        presentation=bytes(range(32)),
        check_number="7K3-Q42",
        checked_at=UnixTime(AT - 60),
        purpose=Purpose.WINDOW,
        code="E_REVOKED",
        status=Status.REVOKED,
        as_of=UnixTime(AT - 120),
        trust_age=Seconds(3_600),
        policy_age=None,
        clock_age=Seconds(20),
        iat=AT,
    ),
    certificate=CERTIFICATE,
    signer=TERMINAL_SIGNER,
)
PAPER_SIGNER: Final = WORLD.signer("paper", Alg.ED25519)
PAPER: Final = paper.issue(
    PaperClaims(
        iss=WORLD.iss(),
        exp=UnixTime(AT + 100 * DAY),
        iat=AT,
        vct=DRIVING_LICENCE,
        status=StatusReference(f"lz:{WUYOU}/{LIST_NUMBER}", 4711),
        masked_name="测*甲",
        last_four="002X",
    ),
    PAPER_SIGNER,
)

# What a region says about its status lists.

STATUS_SIGNER: Final = WORLD.status_signers[WUYOU]
OFFLINE_SIGNER: Final = WORLD.signer("reversal", Alg.ESP256)
STATUS_PAIR: Final = SignerPair(STATUS_SIGNER, MlDsa65Signer(RANDOMNESS(32)))
STATUS_TRUST: Final = WORLD.trust(
    (
        *WORLD.anchors(),
        TrustAnchor(
            WORLD.iss(), OFFLINE_SIGNER.public_key, KeyUse.REVERSAL, frozenset(), (f"lz:{WUYOU}/",), LATER, LATER
        ),
    )
)
_POSITION: Final = FeedPosition(WUYOU, 3, 5_000)
REVERSAL: Final = reversal.sign(Reversal(WORLD.iss(), AT, _POSITION, b"\4" * 32), OFFLINE_SIGNER)
_ONE_CHANGE: Final = cbor.encode((1, 5, b"\x38\x80", b"\0\x30"))
_THREE_CHANGES: Final = cbor.encode((3, 4, b"\x12\x30\xb0", b"\x10\x2e\xb0"))
CHECKPOINT: Final = checkpoint.sign(
    Checkpoint(
        iss=WORLD.iss(),
        position=_POSITION,
        iat=AT,
        exp=UnixTime(AT + DAY - 1),
        ttl=Seconds(60),
        head=b"\1" * 32,
        state_root=b"\2" * 32,
        base=BasePointer(4_990, b"\3" * 32, 12_000),
        lists=7,
        tuf_versions=TufVersions(3, 90),
        bans=(Ban(WORLD.iss(), bytes(8), AT), Ban(WORLD.iss(), b"\1" * 8, AT)),
        reversals=(CoSignedDelta(4_999, b"\5" * 32), CoSignedDelta(5_000, b"\4" * 32)),
    ),
    STATUS_SIGNER,
    inline=Inline((b"no delta", _ONE_CHANGE, _THREE_CHANGES), (REVERSAL,)),
)
MANIFEST: Final = Manifest(
    WUYOU,
    17,
    AT,
    UnixTime(AT + DAY),
    3,
    tuple(
        ManifestEntry(kind, first, last, bytes(32), 14_000)
        for kind, first, last in (
            (EntryKind.HOUR, 4_900, 4_960),
            (EntryKind.HOUR, 4_960, 5_000),
            (EntryKind.DAY, 3_000, 5_000),
            (EntryKind.CO_SIGNED_DELTA, 4_999, 5_000),
            (EntryKind.CO_SIGNATURE, 4_999, 5_000),
        )
    ),
)
MANIFESTS: Final = (manifest.sign(MANIFEST, STATUS_SIGNER), manifest.sign(MANIFEST, STATUS_PAIR))
FEED_DOCUMENT: Final = FeedDocument(
    WUYOU, 3, MANIFEST.iat, MANIFEST.exp, 3, BasePointer(4_990, b"\2" * 32, 622_000), ("https://feed.example/wuyou",)
)
DELTA: Final = delta.make({7: 2, 9: 1, delta.place(3, 70_000): 1, delta.place(6, 5): 5}, lists=7, retired=(2,))
AGGREGATE: Final = delta.encode_aggregate(Aggregate(WUYOU, 3, 4_990, 5_000, b"\1" * 32, DELTA), universe=7 << 20)
_STATE: Final = fold(RegionState(WUYOU, (ALL_VALID,) * 2), delta.make({7: 2, 9: 1, delta.place(1, 70_000): 5}))
BASE: Final = status_base.encode(Base(_POSITION, b"\1" * 32, _STATE))
