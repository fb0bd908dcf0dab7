"""Paper codes: issued, read, refused with one field of another form; small; and never taken for anything else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, cose_sign1, keys, labels, limits, paper, signed_document, status_list
from protocol.errors import (
    AlgError,
    Base45Error,
    CborError,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KindNotAllowed,
    PrefixError,
    ProtocolError,
    SchemaError,
    ShapeError,
    StatusUriError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.paper import PaperClaims
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.credential import StatusReference
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

IAT = UnixTime(BEGINNING - DAY)
LATER = UnixTime(BEGINNING + 400 * DAY)
GOOD = PaperClaims(
    iss=f"{WUYOU}.GA",
    exp=UnixTime(IAT + 180 * DAY),
    iat=IAT,
    vct=DRIVING_LICENCE,
    status=StatusReference(f"lz:{WUYOU}/3", 1_000_000),
    masked_name="测*甲",
    last_four="002X",
)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def signer_of(world: World, alg: Alg = Alg.ED25519) -> Signer:
    return world.signer(f"paper {alg.name}", alg)


def trust(world: World, **fields: Any) -> TrustList:
    key = signer_of(world).public_key
    kinds = frozenset({DRIVING_LICENCE})
    anchor = TrustAnchor(world.iss(), key, KeyUse.PAPER, kinds, (f"lz:{WUYOU}/",), LATER, LATER)
    return world.trust((*world.anchors(), replace(anchor, **fields)))


@pytest.mark.parametrize("alg", Alg)
def test_round_trip(world: World, alg: Alg) -> None:
    signer = signer_of(world, alg)
    unverified = paper.read(paper.text(paper.issue(GOOD, signer)))
    assert unverified.kid == keys.kid_of(signer.public_key)
    assert paper.verify(unverified, signer.public_key).claims == GOOD


def test_found_by_trust_and_verified(world: World) -> None:
    unverified = paper.read(paper.text(paper.issue(GOOD, signer_of(world))))
    anchor = paper.find_paper_anchor(trust(world), unverified, at=BEGINNING)
    assert paper.verify(unverified, anchor.key).claims.masked_name == "测*甲"


def test_it_fits_a_small_code(world: World) -> None:
    """Version 9-L has 335 alphanumeric characters; 4.3 cm wide on a receipt, with modules of 0.7 mm."""
    longest = replace(GOOD, masked_name="买**·*力")
    assert len(paper.text(paper.issue(longest, signer_of(world)))) <= 335


@settings(max_examples=40, deadline=None)
@given(
    st.text("甲乙丙阿·", min_size=0, max_size=20),
    st.from_regex(r"[0-9]{3}[0-9X]", fullmatch=True),
    st.integers(1, 180),
    st.integers(0, 2**20 - 1),
)
def test_whatever_is_issued_is_read(name: str, last_four: str, days: int, idx: int) -> None:
    world = World()
    stated = replace(
        GOOD,
        masked_name=name + paper.MASK,
        last_four=last_four,
        exp=UnixTime(IAT + days * DAY),
        status=StatusReference(f"lz:{WUYOU}/3", idx),
    )
    assert paper.parse(paper.issue(stated, signer_of(world))).claims == stated


# One field of a good paper code.


def resigned(
    world: World,
    *,
    payload: Mapping[Any, Any] | None = None,
    headers: Mapping[Any, Any] | None = None,
    unprotected: Mapping[Any, Any] | None = None,
) -> bytes:
    """Signed by the authority, with these fields in place of its own; None takes a field out."""
    signer = signer_of(world)
    stated: Any = cbor.decode(paper.parse(paper.issue(GOOD, signer)).sign1.payload)
    protected: dict[Any, Any] = {labels.HDR_KID: keys.kid_of(signer.public_key), labels.HDR_TYP: labels.TYP_PAPER}
    content = {key: value for key, value in {**stated, **(payload or {})}.items() if value is not ...}
    header = {key: value for key, value in {**protected, **(headers or {})}.items() if value is not ...}
    return cbor.encode(cose_sign1.sign1(header, cbor.encode(content), signer, unprotected=unprotected))


def test_what_forging_starts_from_is_good(world: World) -> None:
    assert resigned(world) == paper.issue(GOOD, signer_of(world))


def _status(**fields: Any) -> Any:
    return {"status_list": {"idx": 1, "uri": f"lz:{WUYOU}/3", **fields}}


CLAIMS: list[tuple[int, type[ProtocolError], tuple[Any, ...]]] = [
    (labels.CLAIM_ISS, SchemaError, (..., "990000", "990000.ga", 990000, "https://990000.GA", None)),
    (labels.CLAIM_VCT, SchemaError, (..., 9_999, 65_536, True, "65004")),
    (labels.CLAIM_EXP, TimeTypeError, (-1, True, "1", limits.MAX_TIME + 1, None)),
    (labels.CLAIM_IAT, TimeTypeError, (-1, True, "1", limits.MAX_TIME + 1, None)),
    (labels.CLAIM_EXP, SchemaError, (..., IAT + 180 * DAY + 1)),
    (labels.CLAIM_IAT, SchemaError, (..., IAT - 1)),
    (labels.CLAIM_EXP, TimeOrderError, (IAT, IAT - 1, 0)),
    (labels.CLAIM_STATUS, SchemaError, (..., {}, _status(idx=-1), _status(idx=True), _status(uri="https://x"), None)),
    (labels.CLAIM_STATUS, SchemaError, (_status(more=1), {**_status(), "more": 1})),
    (labels.CLAIM_MASKED_NAME, SchemaError, (..., "测试员甲", "", "*" * 129, "*\u202e", "*\n", b"*", 1, None)),
    (labels.CLAIM_LAST_FOUR, SchemaError, (..., "002", "00285", "X028", "002x", "٠٠٢٨", "0028\n", 28, b"0028", None)),
    # Nothing more: no key that would make it a credential, no items that would say more than a paper may.
    (labels.CLAIM_CNF, SchemaError, ({1: {1: 1}},)),
    (labels.CLAIM_LIC, SchemaError, ({1: "测试员甲"},)),
    (labels.CLAIM_NBF, SchemaError, (IAT,)),
    (labels.CLAIM_AUD, SchemaError, ("lz:w",)),
    (labels.CLAIM_SUB, SchemaError, ("1234567890",)),
]


@pytest.mark.parametrize(("label", "reason", "values"), CLAIMS)
def test_forged_claims(world: World, label: int, reason: type[ProtocolError], values: tuple[Any, ...]) -> None:
    for value in values:
        with pytest.raises(ProtocolError) as caught:
            paper.parse(resigned(world, payload={label: value}))
        assert type(caught.value) is reason, value


def test_forged_headers(world: World) -> None:
    forged: list[tuple[dict[str, Any], type[ProtocolError]]] = [
        *(({"headers": {labels.HDR_TYP: typ}}, TypError) for typ in labels.TYPES if typ != labels.TYP_PAPER),
        ({"headers": {labels.HDR_TYP: ...}}, TypError),
        ({"headers": {labels.HDR_KID: ...}}, HeaderUnknown),
        ({"headers": {labels.HDR_KID: b"7 bytes"}}, ShapeError),
        ({"headers": {labels.HDR_KID: "8 bytes!"}}, ShapeError),
        ({"headers": {labels.HDR_CRIT: (4,)}}, HeaderUnknown),
        ({"unprotected": {labels.HDR_ALG: -19}}, HeaderUnprotected),
        ({"unprotected": {labels.HDR_SD_CLAIMS: (b"",)}}, HeaderUnprotected),
    ]
    for fields, reason in forged:
        with pytest.raises(ProtocolError) as caught:
            paper.parse(resigned(world, **fields))
        assert type(caught.value) is reason, fields


def test_forged_bytes_and_text(world: World) -> None:
    good = paper.issue(GOOD, signer_of(world))
    for encoded, reason in (
        (good + b"\0", CborError),
        (good[:-1], CborError),
        (good[1:], ShapeError),
        (b"\xd0" + good[1:], ShapeError),
    ):
        with pytest.raises(ProtocolError) as caught:
            paper.parse(encoded)
        assert type(caught.value) is reason
    text = paper.text(good)
    for forged, text_reason in ((text.replace("LS1:", "LZ1:"), PrefixError), (text + "\n", Base45Error)):
        with pytest.raises(ProtocolError) as caught:
            paper.read(forged)
        assert type(caught.value) is text_reason


def test_payload_that_is_no_map(world: World) -> None:
    signer = signer_of(world)
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_PAPER,
    }
    with pytest.raises(ShapeError):
        paper.parse(cbor.encode(cose_sign1.sign1(headers, cbor.encode(()), signer)))


# Which key.


def test_another_key(world: World) -> None:
    unverified = paper.parse(paper.issue(GOOD, signer_of(world)))
    with pytest.raises(IssuerSignatureInvalid):
        paper.verify(unverified, world.issuers[WUYOU, Alg.ED25519].public_key)
    with pytest.raises(AlgError):
        paper.verify(unverified, world.issuers[WUYOU, Alg.ESP256].public_key)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        *(({"use": use}, IssuerUnknown) for use in KeyUse if use is not KeyUse.PAPER),
        ({"kinds": frozenset({65_001})}, KindNotAllowed),
        ({"status_prefixes": (f"lz:{ZIXU}/",)}, StatusUriError),
        ({"sign_until": UnixTime(IAT - 1)}, IssuerExpired),
        ({"verify_until": UnixTime(BEGINNING - 1)}, IssuerExpired),
        ({"iss": "990000.SF"}, IssuerUnknown),
    ],
)
def test_the_key_is_bound(world: World, fields: dict[str, Any], reason: type[ProtocolError]) -> None:
    unverified = paper.parse(paper.issue(GOOD, signer_of(world)))
    with pytest.raises(reason):
        paper.find_paper_anchor(trust(world, **fields), unverified, at=BEGINNING)


def test_an_assertion_key_signs_no_paper(world: World) -> None:
    unverified = paper.parse(paper.issue(GOOD, world.issuers[WUYOU, Alg.ED25519]))
    with pytest.raises(IssuerUnknown):
        paper.find_paper_anchor(trust(world), unverified, at=BEGINNING)


def test_what_would_be_refused_is_not_issued(world: World) -> None:
    for wrong, reason in (
        (replace(GOOD, masked_name="测试员甲"), SchemaError),
        (replace(GOOD, last_four="990101194912310028"), SchemaError),
        (replace(GOOD, exp=UnixTime(GOOD.exp + 1)), SchemaError),
        (replace(GOOD, exp=IAT), TimeOrderError),
    ):
        with pytest.raises(ProtocolError) as caught:
            paper.issue(wrong, signer_of(world))
        assert type(caught.value) is reason


# Never anything else.


def test_it_is_taken_for_nothing_else(world: World) -> None:
    encoded = paper.issue(GOOD, signer_of(world))
    readers: list[Any] = [
        key_binding.parse,
        lambda each: credential.parse(cbor.decode(each)),
        lambda each: status_list.verify(each, trust=trust(world), at=BEGINNING),
        lambda each: signed_document.verify(
            each,
            expected_typ=labels.TYP_TRUST,
            body_label=labels.CLAIM_ANCHORS,
            root=signer_of(world).public_key,
        ),
    ]
    for read in readers:
        with pytest.raises(TypError):
            read(encoded)


def test_nothing_else_is_taken_for_it(world: World) -> None:
    issued = world.credential()
    for encoded in (issued.encoded, world.presentation(issued), world.status_token_bytes(), world.trust_bytes()):
        with pytest.raises((TypError, HeaderUnprotected)):
            paper.parse(encoded)


def test_every_bit_matters(world: World) -> None:
    signer = signer_of(world)
    good = paper.issue(GOOD, signer)
    for position in range(len(good) * 8):
        bent = bytearray(good)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            paper.verify(paper.parse(bytes(bent)), signer.public_key)
