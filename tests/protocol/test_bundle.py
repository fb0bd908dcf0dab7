"""Bundles: several licences of one act; each verified by itself, and one person's only by an equal identifier."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, limits, trust_list
from protocol.errors import CborError, Code, PrefixError, ProtocolError, ShapeError, SizeError, TypError
from protocol.keys import Signer
from protocol.labels import HolderKind, Lic, Purpose
from protocol.mandate import Mandate
from protocol.qr import base45, bundle, envelope
from protocol.qr.bundle import (
    BundleAudiencesDiffer,
    BundleNoncesDiffer,
    Link,
    count_holders,
    is_linked,
    is_same_licence,
    link,
)
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.key_binding import Presentation
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD
from tests.utopia.world import WUYOU, ZIXU, Issued, World

SHOWN = (Lic.NAME, Lic.CITIZEN_ID)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def licence(world: World, idx: int, *, holder: Signer | None = None, **items: Any) -> Issued:
    """One of the licences of 测试员甲; items by the names of `Lic`."""
    device = holder or world.holder()
    content = {Lic.NAME: "测试员甲", Lic.CLASS: "C1", Lic.CITIZEN_ID: "990101194912310028"}
    content |= {Lic[name]: value for name, value in items.items()}
    return world.credential(claims=world.claims(holder=device, idx=idx), holder=device, items=content)


def three(world: World, **binding: Any) -> list[bytes]:
    return [
        world.presentation(licence(world, idx), shown=SHOWN, binding=world.key_binding(**binding)) for idx in (1, 2, 3)
    ]


def verified(world: World, encoded: bytes) -> tuple[Presentation, ...]:
    trust = world.trust()
    return tuple(
        key_binding.verify(each, trust_list.find_assertion_anchor(trust, each.credential, at=world.clock.at).key)
        for each in bundle.parse(encoded)
    )


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("binding", [{}, {"aud": "lz:t/T-1", "cnonce": bytes(16)}, {"purpose": Purpose.ROADSIDE}])
def test_round_trip(world: World, count: int, binding: dict[str, Any]) -> None:
    members = [
        world.presentation(licence(world, idx), shown=SHOWN, binding=world.key_binding(**binding))
        for idx in range(count)
    ]
    encoded = bundle.compose(members)
    assert bundle.parse(encoded) == tuple(key_binding.parse(member) for member in members)
    assert encoded == cbor.encode(tuple(cbor.decode(member) for member in members))


def test_each_member_is_verified_and_has_a_replay_key_of_its_own(world: World) -> None:
    members = three(world)
    alone = [key_binding.verify(key_binding.parse(each), world.credential().issuer.public_key) for each in members]
    together = verified(world, bundle.compose(members))
    assert list(together) == alone
    assert len({each.replay_key for each in together}) == 3


def test_two_licences_fit_one_code(world: World) -> None:
    views = [
        world.presentation(world.credential(claims=world.claims(holder=world.holder(), idx=idx), view=Purpose.WINDOW))
        for idx in (1, 2)
    ]
    text = bundle.envelope.wrap(bundle.compose(views), "LB1:")
    assert len(bundle.read(text)) == 2


# One field of a good bundle.


def elements(world: World) -> list[Any]:
    return [cbor.decode(each) for each in three(world)]


FORGED: dict[str, tuple[Callable[[World], Any], type[ProtocolError]]] = {
    "one presentation": (lambda w: tuple(elements(w)[:1]), ShapeError),
    "no presentation": (lambda w: (), ShapeError),
    "five presentations": (lambda w: tuple(elements(w) + elements(w)[:2]), ShapeError),
    "a presentation alone": (lambda w: elements(w)[0], ShapeError),
    "a map": (lambda w: dict(enumerate(elements(w))), ShapeError),
    "the same twice": (lambda w: (elements(w)[0], elements(w)[1], elements(w)[0]), ShapeError),
    "members as byte strings": (lambda w: tuple(three(w)), ShapeError),
    "a bundle in a bundle": (lambda w: (elements(w)[0], tuple(elements(w)[1:])), ShapeError),
    "a credential among them": (
        lambda w: (elements(w)[0], cbor.decode(w.credential(view=Purpose.WINDOW).encoded)),
        TypError,
    ),
    "one for another purpose": (
        lambda w: (*elements(w)[:2], cbor.decode(three(w, purpose=Purpose.HOTEL)[2])),
        BundleAudiencesDiffer,
    ),
    "the first for another purpose": (
        lambda w: (cbor.decode(three(w, purpose=Purpose.HOTEL)[2]), *elements(w)[:2]),
        BundleAudiencesDiffer,
    ),
    "one without the nonce": (
        lambda w: (cbor.decode(three(w, cnonce=bytes(16))[0]), elements(w)[1]),
        BundleNoncesDiffer,
    ),
    "one with another nonce": (
        lambda w: tuple(cbor.decode(three(w, cnonce=bytes((n,)) * 16)[n]) for n in (0, 1)),
        BundleNoncesDiffer,
    ),
}


@pytest.mark.parametrize(("forge", "reason"), FORGED.values(), ids=FORGED)
def test_forged(world: World, forge: Callable[[World], Any], reason: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as caught:
        bundle.parse(cbor.encode(forge(world)))
    assert type(caught.value) is reason


def test_reasons_have_the_codes_that_exist() -> None:
    assert BundleAudiencesDiffer.code is Code.E_AUD
    assert BundleNoncesDiffer.code is Code.E_CNONCE


def test_bytes_around_it(world: World) -> None:
    good = bundle.compose(three(world))
    for encoded in (good + b"\0", good[:-1], b"\x98\x03" + good[1:], b"\x9f" + good[1:] + b"\xff", b""):
        with pytest.raises(CborError):
            bundle.parse(encoded)
    with pytest.raises(SizeError):
        bundle.parse(good.ljust(limits.MAX_BUNDLE_BYTES + 1, b"\0"))
    with pytest.raises(CborError):
        bundle.parse(good.ljust(limits.MAX_BUNDLE_BYTES, b"\0"))
    with pytest.raises(PrefixError):
        bundle.read("LZ1:" + base45.encode(good))


def test_what_would_be_refused_is_not_composed(world: World) -> None:
    members = three(world)
    for wrong, reason in (
        (members[:1], ShapeError),
        ([members[0], members[0]], ShapeError),
        ([members[0], world.presentation(licence(world, 9), binding=world.key_binding(purpose=Purpose.GATE))],
         BundleAudiencesDiffer),
    ):  # fmt: skip
        with pytest.raises(ProtocolError) as caught:
            bundle.compose(wrong)
        assert type(caught.value) is reason


def test_every_bit_matters(world: World) -> None:
    good = bundle.compose(three(world)[:2])
    for position in range(0, len(good) * 8, 7):
        bent = bytearray(good)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            verified(world, bytes(bent))


# One person.


def link_of(world: World, licences: Sequence[Issued], shown: Sequence[Sequence[int]] | None = None) -> Link:
    members = [world.presentation(each, shown=shown[place] if shown else SHOWN) for place, each in enumerate(licences)]
    return bundle.link(verified(world, bundle.compose(members)))


def test_an_equal_number_in_each_links(world: World) -> None:
    assert link_of(world, [licence(world, idx) for idx in (1, 2, 3)]) is Link.CITIZEN_ID


def test_an_equal_number_links_over_two_phones(world: World) -> None:
    assert link_of(world, [licence(world, 1), licence(world, 2, holder=world.holder("另一部手机"))]) is Link.CITIZEN_ID


def test_one_phone_links_nothing(world: World) -> None:
    others = licence(world, 2, CITIZEN_ID="990101195001010019")
    assert link_of(world, [licence(world, 1), others]) is Link.NONE
    assert link_of(world, [licence(world, 1), licence(world, 3), others]) is Link.NONE


def test_a_number_that_is_not_shown_links_nothing(world: World) -> None:
    licences = [licence(world, 1), licence(world, 2)]
    assert link_of(world, licences, [SHOWN, (Lic.NAME,)]) is Link.NONE
    assert link_of(world, licences, [(Lic.NAME,), (Lic.NAME,)]) is Link.NONE


def presentation(world: World, items: dict[cbor.Key, cbor.Value], **claims: Any) -> Presentation:
    good = verified(world, bundle.compose(three(world)))[0]
    return replace(good, items=items, credential=replace(good.credential, **claims))


USCC = "91990000MA0000000X"
COMPANY = {"holder_kind": HolderKind.LEGAL_PERSON}


def test_companies_are_linked_by_their_code(world: World) -> None:
    own = presentation(world, {Lic.USCC: USCC}, **COMPANY)
    assert bundle.link([own, own]) is Link.USCC
    assert bundle.link([own, presentation(world, {Lic.USCC: "91990000MA00000013"}, **COMPANY)]) is Link.NONE


def test_a_number_of_another_links_nothing(world: World) -> None:
    """A company's licence that names its representative's number is not that person's; nor the reverse."""
    number = "990101194912310028"
    person = presentation(world, {Lic.CITIZEN_ID: number, Lic.USCC: USCC})
    company = presentation(world, {Lic.CITIZEN_ID: number, Lic.USCC: USCC}, **COMPANY)
    assert bundle.link([person, company]) is Link.NONE
    assert bundle.link([company, company]) is Link.USCC
    assert bundle.link([person, person]) is Link.CITIZEN_ID


@pytest.mark.parametrize("value", ["", 990101194912310028, b"990101194912310028", True])
def test_only_texts_are_numbers(world: World, value: Any) -> None:
    odd = presentation(world, {Lic.CITIZEN_ID: value})
    assert bundle.link([odd, odd]) is Link.NONE


def test_an_agent_is_not_the_person(world: World) -> None:
    """The agent's mandate shows the principal's number: with the principal's own licence that is two people."""
    mandate = Mandate(1, frozenset({DRIVING_LICENCE}), frozenset({Purpose.WINDOW}), WUYOU, DRIVING_LICENCE)
    own = presentation(world, {Lic.CITIZEN_ID: "990101194912310028"})
    delegated = presentation(world, {Lic.CITIZEN_ID: "990101194912310028"}, mandate=mandate)
    assert bundle.link([own, delegated]) is Link.NONE
    assert bundle.link([delegated, delegated]) is Link.CITIZEN_ID


def test_a_single_presentation_is_no_bundle(world: World) -> None:
    assert bundle.link([presentation(world, {Lic.CITIZEN_ID: "990101194912310028"})]) is Link.NONE
    assert bundle.link([]) is Link.NONE


# Licences of several holders.

TOGETHER = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID)


def spouses(world: World) -> tuple[Issued, Issued]:
    return (
        acts.licence(world, 1, LICENCE_NO="JH-1"),
        acts.licence(world, 2, LICENCE_NO="JH-1", CITIZEN_ID=acts.YI, NAME="测试员乙"),
    )


def presented(world: World, *licences: Issued) -> list[Presentation]:
    read = world.read
    return [read(envelope.wrap(world.presentation(each, shown=TOGETHER))) for each in licences]


def test_other_licences_of_one_of_the_holders_belong_to_the_act_and_a_strangers_do_not(world: World) -> None:
    his, hers = spouses(world)
    own = acts.licence(world, 3)
    strangers = acts.licence(world, 4, CITIZEN_ID="990101199003070010")
    three = presented(world, his, hers, own)
    assert is_linked(three, [True, True, False])
    # Without policy's word that the licence is a joint one, two people are two people.
    assert not is_linked(three, [False, False, False])
    assert not is_linked(presented(world, his, hers, strangers), [True, True, False])


def test_companies_hold_jointly_by_their_codes_and_never_by_their_representatives_number(world: World) -> None:
    (stated,) = presented(world, acts.licence(world, 1, LICENCE_NO="GY-1"))

    def company(code: str) -> Presentation:
        kind = replace(stated.credential, holder_kind=HolderKind.LEGAL_PERSON)
        return replace(stated, credential=kind, items={**stated.items, Lic.USCC: code})

    one, other = company("91990100MA00000011"), company("91990100MA00000022")
    assert count_holders(one, [one, other]) == 2
    assert count_holders(one, [one, company("91990100MA00000011")]) == 1
    assert link((one, other)) is Link.NONE
    assert is_linked((one, other), [True, True])
    # The representative's number is shown and equal, and the holder of neither.
    nameless = replace(one, items={key: value for key, value in one.items.items() if key != Lic.USCC})
    assert count_holders(nameless, [nameless, one]) == 1
    assert not is_linked((nameless, one), [True, True])
    # Two representatives' numbers do not make two holders of one company's licence.
    again = replace(one, items={**one.items, Lic.CITIZEN_ID: acts.YI})
    assert count_holders(one, [one, again]) == 1


@pytest.mark.parametrize("key", [Lic.IDENTIFIER, Lic.LICENCE_NO])
def test_one_licence_is_told_by_its_number_kind_and_region_together(world: World, key: Lic) -> None:
    (stated,) = presented(world, acts.licence(world, 1))
    one = replace(stated, items={key: "JH-1"})
    assert is_same_licence(one, one)
    assert not is_same_licence(one, replace(one, items={key: "JH-2"}))
    assert not is_same_licence(one, replace(one, items={}))
    assert not is_same_licence(replace(one, items={}), replace(one, items={}))
    assert not is_same_licence(one, replace(one, items={key: 1}))
    for change in ({"vct": ID_CARD}, {"iss": f"{ZIXU}.GA"}):
        assert not is_same_licence(one, replace(one, credential=replace(one.credential, **change)))


def test_an_agent_is_no_holder_and_links_nobody(world: World) -> None:
    his, hers = presented(world, *spouses(world))
    agent = replace(hers, credential=replace(hers.credential, mandate=acts.MANDATE))
    assert count_holders(his, [his, hers]) == 2
    assert count_holders(his, [his, agent]) == 1
    assert is_linked((his, hers), [True, True])
    assert not is_linked((his, agent), [True, True])
    # Nor does a joint licence that only one of them calls so.
    assert not is_linked((his, hers), [True, False])


def test_one_holder_of_a_joint_licence_is_no_link_between_two_numbers(world: World) -> None:
    """Each of the others shares a number with it, and they share none with one another: two are needed to link."""
    (stated,) = presented(world, acts.licence(world, 1, LICENCE_NO="GY-1"))
    either = replace(stated, credential=replace(stated.credential, holder_kind=None))
    joint = replace(either, items={Lic.LICENCE_NO: "GY-1", Lic.CITIZEN_ID: acts.YI, Lic.USCC: USCC})
    person, firm = replace(either, items={Lic.CITIZEN_ID: acts.YI}), replace(either, items={Lic.USCC: USCC})
    assert link((joint, person)) is Link.CITIZEN_ID
    assert link((joint, firm)) is Link.USCC
    assert not is_linked((joint, person, firm), [True, False, False])
