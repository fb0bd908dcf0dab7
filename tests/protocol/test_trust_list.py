"""The trust list: which key may sign what, until when."""

from dataclasses import replace

import pytest

from protocol import keys, labels, signed_document, trust_list
from protocol.errors import (
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KindNotAllowed,
    ProtocolError,
    SchemaError,
    StatusUriError,
)
from protocol.labels import Alg, KeyUse
from protocol.sd_cwt import key_binding
from protocol.signed_document import SignedDocument
from protocol.trust_list import TrustAnchor, TrustList, find_assertion_anchor
from protocol.unixtime import UnixTime
from tests.protocol.test_staff_certificate import VALIDATOR
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def anchor_of(world: World, region: str = WUYOU, alg: Alg = Alg.ED25519) -> TrustAnchor:
    return world.trust().find(world.iss(region), keys.kid_of(world.issuers[region, alg].public_key), use=KeyUse.ASSERT)


def with_anchor(world: World, anchor: TrustAnchor) -> TrustList:
    """The world's list, with this anchor in the place of the one that has its pair."""
    others = tuple(each for each in world.anchors() if (each.iss, each.kid) != (anchor.iss, anchor.kid))
    return world.trust((*others, anchor))


def test_round_trip(world: World) -> None:
    trust = world.trust()
    assert trust.anchors == trust_list.index(world.anchors())
    assert trust_list.sign(trust, world.roots[WUYOU]) == world.trust_bytes()


def test_another_root_is_not_believed(world: World) -> None:
    with pytest.raises(IssuerUnknown):
        trust_list.verify(world.trust_bytes(), root=world.roots[ZIXU].public_key)


def test_every_bit_of_the_list_matters(world: World) -> None:
    encoded = world.trust_bytes()
    root = world.roots[WUYOU].public_key
    for position in range(0, len(encoded) * 8, 5):
        bent = bytearray(encoded)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            trust_list.verify(bytes(bent), root=root)
    bent_signature = encoded[:-1] + bytes((encoded[-1] ^ 1,))
    with pytest.raises(IssuerSignatureInvalid):
        trust_list.verify(bent_signature, root=root)


def test_one_pair_one_anchor(world: World) -> None:
    anchor = anchor_of(world)
    with pytest.raises(SchemaError):
        trust_list.index((anchor, replace(anchor, use=KeyUse.STATUS)))
    with pytest.raises(SchemaError):
        trust_list.index(())
    # The same key for another issuer is another pair.
    assert len(trust_list.index((anchor, replace(anchor, iss="990000.MZ")))) == 2


@pytest.mark.parametrize("use", [use for use in KeyUse if use is not KeyUse.ASSERT])
def test_a_key_of_another_use_is_unknown(world: World, use: KeyUse) -> None:
    trust = with_anchor(world, replace(anchor_of(world), use=use))
    unverified = key_binding.parse(world.presentation(world.credential())).credential
    with pytest.raises(IssuerUnknown):
        find_assertion_anchor(trust, unverified, at=BEGINNING)


def test_sign_until_and_verify_until(world: World) -> None:
    unverified = key_binding.parse(world.presentation(world.credential())).credential
    iat = unverified.claims.iat
    for sign_until, allowed in ((iat, True), (iat - 1, False)):
        trust = with_anchor(world, replace(anchor_of(world), sign_until=UnixTime(sign_until)))
        if allowed:
            find_assertion_anchor(trust, unverified, at=BEGINNING)
            continue
        with pytest.raises(IssuerExpired):
            find_assertion_anchor(trust, unverified, at=BEGINNING)
    trust = with_anchor(world, replace(anchor_of(world), verify_until=BEGINNING))
    find_assertion_anchor(trust, unverified, at=BEGINNING)
    with pytest.raises(IssuerExpired):
        find_assertion_anchor(trust, unverified, at=UnixTime(BEGINNING + 1))


def test_kinds(world: World) -> None:
    unverified = key_binding.parse(world.presentation(world.credential())).credential
    for kinds in (frozenset[int](), frozenset({65_001, 65_003})):
        with pytest.raises(KindNotAllowed):
            find_assertion_anchor(with_anchor(world, replace(anchor_of(world), kinds=kinds)), unverified, at=BEGINNING)


def test_matrix_of_regions(world: World) -> None:
    """Each region's issuer is believed for its own region alone: only the diagonal (SECURITY.md A3)."""
    for signing in (WUYOU, ZIXU):
        for named in (WUYOU, ZIXU):
            claims = world.claims(holder=world.holder(), region=named)
            issued = world.credential(claims=claims)
            unverified = key_binding.parse(world.presentation(issued)).credential
            kid = keys.kid_of(world.issuers[signing, Alg.ED25519].public_key)
            moved = replace(unverified, kid=kid)
            if signing == named:
                find_assertion_anchor(world.trust(), moved, at=BEGINNING)
                continue
            with pytest.raises(IssuerUnknown):
                find_assertion_anchor(world.trust(), moved, at=BEGINNING)


@pytest.mark.parametrize(
    ("prefix", "uri", "allowed"),
    [
        ("lz:310000/", "lz:310000/3", True),
        ("lz:310000/", "lz:310000/31", True),
        ("lz:310000/3", "lz:310000/3", True),
        ("lz:310000/3", "lz:310000/31", False),
        ("lz:310000/31", "lz:310000/3", False),
        ("lz:310000", "lz:310000/3", False),
        ("lz:31000", "lz:310000/3", False),
        ("lz:310000/", "lz:330000/3", False),
        ("lz:", "lz:310000/3", False),
    ],
)
def test_status_prefixes(world: World, prefix: str, uri: str, allowed: bool) -> None:
    assert replace(anchor_of(world), status_prefixes=("lz:999999/", prefix)).allows_status_uri(uri) is allowed


def test_status_list_of_another_issuer(world: World) -> None:
    unverified = key_binding.parse(world.presentation(world.credential())).credential
    trust = with_anchor(world, replace(anchor_of(world), status_prefixes=("lz:990000/31",)))
    with pytest.raises(StatusUriError):
        find_assertion_anchor(trust, unverified, at=BEGINNING)


def test_withdrawn_staff_rides_in_a_form_of_its_own(world: World) -> None:
    root = world.roots[WUYOU]
    kids = frozenset({bytes(8), bytes(range(8))})
    signed = trust_list.sign(replace(world.trust(), withdrawn=kids), root)
    found = trust_list.verify(signed, root=root.public_key)
    assert (found.withdrawn, found.anchors) == (kids, world.trust().anchors)
    assert [str(each) for each in VALIDATOR.validate(signed, root_type="trust-list").diagnostics] == []
    assert trust_list.verify(world.trust_bytes(), root=root.public_key).withdrawn == frozenset()


@pytest.mark.parametrize(
    "kids",
    [(), (bytes(7),), ("12345678",), (bytes(8), bytes(8)), (b"\x01" * 8, bytes(8)), bytes(8), None],
)
def test_withdrawn_staff_has_one_form(world: World, kids: object) -> None:
    root = world.roots[WUYOU]
    trust = world.trust()
    body: object = {1: trust_list.anchors_to_value(trust.anchors), 2: kids}
    document = SignedDocument(trust.iss, trust.seq, trust.iat, trust.exp, body)  # type: ignore[arg-type]  # forged
    signed = signed_document.sign(document, typ=labels.TYP_TRUST, body_label=labels.CLAIM_ANCHORS, signer=root)
    with pytest.raises(SchemaError):
        trust_list.verify(signed, root=root.public_key)


@pytest.mark.parametrize("more", [{}, {2: (bytes(8),), 3: ()}])
def test_a_body_of_other_entries_is_refused(world: World, more: dict[int, object]) -> None:
    root = world.roots[WUYOU]
    trust = world.trust()
    body: object = {1: trust_list.anchors_to_value(trust.anchors), **more}
    document = SignedDocument(trust.iss, trust.seq, trust.iat, trust.exp, body)  # type: ignore[arg-type]  # forged
    signed = signed_document.sign(document, typ=labels.TYP_TRUST, body_label=labels.CLAIM_ANCHORS, signer=root)
    with pytest.raises(SchemaError):
        trust_list.verify(signed, root=root.public_key)
