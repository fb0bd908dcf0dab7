"""Mandates: the claim's one form, the key that may sign it, and what a showing oversteps."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, cose_sign1, keys, labels, limits, mandate, trust_list
from protocol.errors import (
    DisclosureForbidden,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KindNotAllowed,
    SchemaError,
    StatusUriError,
)
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse, Lic, Purpose
from protocol.mandate import Mandate, MandateLabel, Overstep
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.credential import CredentialClaims
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

AGENT = "代理人的手机"
GOOD = Mandate(
    3, frozenset({DRIVING_LICENCE, 65_003}), frozenset({Purpose.WINDOW, Purpose.HOTEL}), WUYOU, DRIVING_LICENCE
)
LATER = UnixTime(BEGINNING + 400 * DAY)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def mandate_signer(world: World) -> Signer:
    return world.signer("mandate", Alg.ED25519)


def trust(world: World, **fields: Any) -> TrustList:
    """The world's list with one more key, that for mandates."""
    anchor = TrustAnchor(
        world.iss(),
        mandate_signer(world).public_key,
        KeyUse.MANDATE,
        frozenset({DRIVING_LICENCE}),
        (f"lz:{WUYOU}/",),
        LATER,
        LATER,
    )
    return world.trust((*world.anchors(), replace(anchor, **fields)))


def claims(world: World, stated: Mandate | None = GOOD, **fields: Any) -> CredentialClaims:
    return replace(world.claims(holder=world.holder(AGENT), idx=99), mandate=stated, **fields)


def issued(world: World, stated: CredentialClaims | None = None, signer: Signer | None = None) -> bytes:
    key = signer or mandate_signer(world)
    items: Mapping[cbor.Key, cbor.Value] = {Lic.NAME: "测试员甲", Lic.CLASS: "C1"}
    return credential.issue(stated or claims(world), items, (), key, kid=keys.kid_of(key.public_key))


def parsed(encoded: bytes) -> credential.UnverifiedCredential:
    return credential.parse(cbor.decode(encoded))


# The way of a mandate.


def test_an_agent_shows_what_the_authority_named(world: World) -> None:
    agent = world.holder(AGENT)
    shown = key_binding.parse(key_binding.present(issued(world), (), world.key_binding(), agent))
    anchor = trust_list.find_mandate_anchor(trust(world), shown.credential, at=BEGINNING)
    presentation = key_binding.verify(shown, anchor.key)
    assert presentation.credential.mandate == GOOD
    assert presentation.items[Lic.NAME] == "测试员甲"
    assert presentation.confirmation_key == agent.public_key


def test_an_ordinary_credential_says_nothing_of_a_mandate(world: World) -> None:
    unverified = parsed(world.credential().encoded)
    assert unverified.claims.mandate is None
    payload = cbor.decode(unverified.sign1.payload)
    assert isinstance(payload, Mapping)
    assert labels.CLAIM_MANDATE not in payload


# Which key.


def test_an_assertion_key_signs_no_mandate(world: World) -> None:
    unverified = parsed(issued(world, signer=world.issuers[WUYOU, Alg.ED25519]))
    for find in (trust_list.find_assertion_anchor, trust_list.find_mandate_anchor):
        with pytest.raises(IssuerUnknown):
            find(trust(world), unverified, at=BEGINNING)


def test_a_mandate_key_signs_nothing_else(world: World) -> None:
    unverified = parsed(issued(world, claims(world, None)))
    for find in (trust_list.find_assertion_anchor, trust_list.find_mandate_anchor):
        with pytest.raises(IssuerUnknown):
            find(trust(world), unverified, at=BEGINNING)


def test_who_asks_for_ordinary_credentials_gets_no_mandate(world: World) -> None:
    """A reader that knows nothing of mandates refuses them, and does not take the agent for the holder."""
    with pytest.raises(IssuerUnknown):
        trust_list.find_assertion_anchor(trust(world), parsed(issued(world)), at=BEGINNING)


@pytest.mark.parametrize("use", [use for use in KeyUse if use is not KeyUse.MANDATE])
def test_a_key_of_another_use(world: World, use: KeyUse) -> None:
    with pytest.raises(IssuerUnknown):
        trust_list.find_mandate_anchor(trust(world, use=use), parsed(issued(world)), at=BEGINNING)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kinds": frozenset({65_001})}, KindNotAllowed),
        ({"status_prefixes": (f"lz:{ZIXU}/",)}, StatusUriError),
        ({"verify_until": UnixTime(BEGINNING - 1)}, IssuerExpired),
        ({"sign_until": UnixTime(BEGINNING - 60 * DAY)}, IssuerExpired),
        ({"iss": "990000.SF"}, IssuerUnknown),
    ],
)
def test_the_key_is_bound_as_every_other(world: World, fields: dict[str, Any], reason: type[Exception]) -> None:
    with pytest.raises(reason):
        trust_list.find_mandate_anchor(trust(world, **fields), parsed(issued(world)), at=BEGINNING)


# The claim's form.


def forged(world: World, change: Callable[[dict[Any, Any]], object]) -> bytes:
    """A mandate of which the authority signed something else than `issue` would."""
    unverified = parsed(issued(world))
    payload = cbor.decode(unverified.sign1.payload)
    assert isinstance(payload, Mapping)
    stated: dict[Any, Any] = dict(payload)
    change(stated)
    signer = mandate_signer(world)
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_CREDENTIAL,
    }
    return cbor.encode(cose_sign1.sign1(headers, cbor.encode(stated), signer))


def entry(label: MandateLabel, value: Any) -> Callable[[dict[Any, Any]], object]:
    return lambda stated: stated.update({labels.CLAIM_MANDATE: {**stated[labels.CLAIM_MANDATE], label: value}})


def without(label: MandateLabel) -> Callable[[dict[Any, Any]], object]:
    def change(stated: dict[Any, Any]) -> None:
        left = {key: value for key, value in stated[labels.CLAIM_MANDATE].items() if key != label}
        stated[labels.CLAIM_MANDATE] = left

    return change


WRONG: dict[MandateLabel, tuple[Any, ...]] = {
    MandateLabel.LEVEL: (0, 4, -1, True, "1", None, (1,)),
    MandateLabel.KINDS: (
        (),
        65_004,
        None,
        (65_004, 65_003),
        (65_004, 65_004),
        (True,),
        ("65004",),
        (9_999,),
        (65_536,),
        tuple(range(65_001, 65_018)),
    ),
    MandateLabel.PURPOSES: (
        (),
        ord("w"),
        "w",
        None,
        ("w",),
        (ord("z"),),
        (ord("w"), ord("h")),
        (ord("h"), ord("h")),
        (True,),
    ),
    MandateLabel.PARENT_REGION: ("99000", "9900000", "99000a", "٩٩٠٠٠٠", "990000\n", 990000, b"990000", None, ""),
    MandateLabel.PARENT_KIND: (9_999, 65_536, True, "65004", None),
}


@pytest.mark.parametrize("label", MandateLabel)
def test_forged_entries(world: World, label: MandateLabel) -> None:
    for value in WRONG[label]:
        with pytest.raises(SchemaError):
            parsed(forged(world, entry(label, value)))
    with pytest.raises(SchemaError):
        parsed(forged(world, without(label)))


@pytest.mark.parametrize("value", [None, {}, (), b"", True, 1])
def test_forged_claim(world: World, value: Any) -> None:
    with pytest.raises(SchemaError):
        parsed(forged(world, lambda stated: stated.update({labels.CLAIM_MANDATE: value})))


def test_no_entry_more_and_none_redacted(world: World) -> None:
    for key in (6, "level", cbor.Simple.REDACTED_KEYS):
        with pytest.raises(SchemaError):
            parsed(
                forged(world, lambda stated, key=key: stated[labels.CLAIM_MANDATE].update({key: ()}))  # type: ignore[misc]  # a lambda in a loop
            )
    with pytest.raises(DisclosureForbidden):
        parsed(forged(world, lambda stated: stated.update({cbor.Simple.REDACTED_KEYS: (bytes(32),)})))


def test_what_forging_starts_from_is_good(world: World) -> None:
    assert forged(world, lambda _: None) == issued(world)
    # The values beside those that are refused.
    good = {
        MandateLabel.LEVEL: (1, 2, 3),
        MandateLabel.KINDS: ((10_000,), tuple(range(65_001, 65_017))),
        MandateLabel.PURPOSES: ((ord("a"),), tuple(sorted(int(purpose) for purpose in Purpose))),
    }
    for label, values in good.items():
        for value in values:
            parsed(forged(world, entry(label, value)))


def test_ninety_days_at_most(world: World) -> None:
    stated = claims(world)
    longest = UnixTime(stated.iat + limits.MAX_MANDATE_LIFE)
    assert longest == stated.iat + 90 * DAY
    issued(world, replace(stated, exp=longest))
    with pytest.raises(SchemaError):
        issued(world, replace(stated, exp=UnixTime(longest + 1)))
    # The same life is no matter for an ordinary credential.
    issued(world, replace(stated, exp=UnixTime(longest + 1), mandate=None))


def test_taking_the_mandate_out_breaks_the_signature(world: World) -> None:
    """A holder who wants to be more than an agent."""
    unverified = parsed(issued(world))
    payload = cbor.decode(unverified.sign1.payload)
    assert isinstance(payload, Mapping)
    less = cbor.encode({key: value for key, value in payload.items() if key != labels.CLAIM_MANDATE})
    bare = replace(unverified, sign1=replace(unverified.sign1, payload=less))
    with pytest.raises(IssuerSignatureInvalid):
        credential.verify(bare, mandate_signer(world).public_key)


@given(
    st.integers(1, 3),
    st.frozensets(st.integers(10_000, 65_535), min_size=1, max_size=16),
    st.frozensets(st.sampled_from(Purpose), min_size=1),
    st.from_regex(r"[0-9]{6}", fullmatch=True, alphabet="0123456789"),
    st.integers(10_000, 65_535),
)
def test_round_trip(level: int, kinds: frozenset[int], purposes: frozenset[Purpose], region: str, kind: int) -> None:
    stated = Mandate(level, kinds, purposes, region, kind)
    assert mandate.from_value(cbor.decode(cbor.encode(mandate.to_value(stated)))) == stated


def test_the_claim_on_the_wire() -> None:
    assert mandate.to_value(GOOD) == {1: 3, 2: (65_003, 65_004), 3: (ord("h"), ord("w")), 4: "990000", 5: 65_004}


# What a showing oversteps.

SHOWING: dict[str, Any] = {
    "region": WUYOU,
    "vct": DRIVING_LICENCE,
    "exp": UnixTime(BEGINNING + 1),
    "purpose": Purpose.WINDOW,
    "at": BEGINNING,
}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({}, set()),
        ({"purpose": Purpose.HOTEL}, set()),
        ({"purpose": Purpose.KIOSK}, {Overstep.PURPOSE}),
        ({"vct": 65_003}, {Overstep.PARENT}),
        ({"vct": 65_001}, {Overstep.PARENT, Overstep.KIND}),
        ({"region": ZIXU}, {Overstep.PARENT}),
        ({"exp": BEGINNING}, {Overstep.EXPIRED}),
        ({"at": UnixTime(BEGINNING + 1)}, {Overstep.EXPIRED}),
        ({"purpose": Purpose.GATE, "at": LATER}, {Overstep.PURPOSE, Overstep.EXPIRED}),
    ],
)
def test_oversteps(change: dict[str, Any], broken: set[Overstep]) -> None:
    assert GOOD.oversteps(**{**SHOWING, **change}) == broken


def test_kinds_of_the_scope_are_not_taken_for_granted() -> None:
    """The parent's own kind may be missing in the scope: then nothing may be shown."""
    assert replace(GOOD, kinds=frozenset({65_003})).oversteps(**SHOWING) == {Overstep.KIND}


@pytest.mark.parametrize(
    "stated",
    [
        replace(GOOD, kinds=frozenset({65_003})),
        replace(GOOD, parent_kind=65_003),
        replace(GOOD, parent_region=ZIXU),
    ],
)
def test_a_contradictory_mandate_is_not_issued(world: World, stated: Mandate) -> None:
    with pytest.raises(SchemaError):
        issued(world, claims(world, stated))
