"""Putting disclosed claims back: nesting, arrays, decoys, any order; and every bound of it."""

from itertools import permutations

import pytest

from protocol import cbor, limits
from protocol.cbor import Simple, Tagged
from protocol.errors import (
    CborError,
    DisclosureDuplicate,
    DisclosureForbidden,
    DisclosureKeyDuplicate,
    DisclosureOrphan,
    DisclosureShape,
    HashReused,
)
from protocol.sd_cwt import disclosure
from protocol.sd_cwt.redaction import NEVER_REDACTED, redacted_element, redacted_map, restore
from tests.utopia.randomness import Drbg

NOTHING: frozenset[int] = frozenset()
_salts = Drbg("redaction")
INNER = disclosure.disclose_key(_salts(16), "内", 12)
DEEPER = disclosure.disclose_key(_salts(16), redacted_map({10: 1}, [INNER]), 201)
GROUP = disclosure.disclose_key(_salts(16), redacted_map({11: 2}, [DEEPER]), 200)
SINGLE = disclosure.disclose_key(_salts(16), "名", 1)
FIRST, SECOND = (disclosure.disclose_element(_salts(16), number) for number in (7, 8))
DECOY, ELEMENT_DECOY = disclosure.decoy(_salts(16)), disclosure.decoy(_salts(16))
ARRAY = (redacted_element(FIRST), 6, redacted_element(ELEMENT_DECOY), redacted_element(SECOND))
SIGNED = redacted_map({2: "C1", 30: ARRAY}, [GROUP, SINGLE, DECOY])
FULL = {2: "C1", 1: "名", 30: (7, 6, 8), 200: {11: 2, 201: {10: 1, 12: "内"}}}


def test_nested_disclosures_in_every_order() -> None:
    shown = [each.encoded for each in (GROUP, DEEPER, INNER, SINGLE, FIRST)]
    for order in permutations(shown):
        restored = restore(SIGNED, order, never_redacted=NOTHING)
        assert restored.claims == {**FULL, 30: (7, 6)}
        # Two elements and the decoy stayed hidden.
        assert restored.hidden == 3


def test_everything_disclosed_leaves_no_redaction() -> None:
    everything = (GROUP, DEEPER, INNER, SINGLE, FIRST, SECOND, DECOY, ELEMENT_DECOY)
    restored = restore(SIGNED, [each.encoded for each in everything], never_redacted=NOTHING)
    assert restored.claims == FULL
    assert restored.hidden == 0


def test_nothing_disclosed_leaves_the_clear_claims() -> None:
    restored = restore(SIGNED, [], never_redacted=NOTHING)
    assert restored.claims == {2: "C1", 30: (6,)}
    assert restored.hidden == 6


@pytest.mark.parametrize("orphan", [INNER, DEEPER])
def test_a_child_without_its_parent_is_an_orphan(orphan: disclosure.Disclosure) -> None:
    with pytest.raises(DisclosureOrphan):
        restore(SIGNED, [orphan.encoded], never_redacted=NOTHING)


def test_hashes_are_sorted_so_that_their_order_tells_nothing() -> None:
    assert redacted_map({}, [SINGLE, GROUP, DECOY]) == redacted_map({}, [DECOY, SINGLE, GROUP])


@pytest.mark.parametrize("label", sorted(NEVER_REDACTED))
def test_claims_that_are_never_redacted(label: int) -> None:
    hidden = disclosure.disclose_key(bytes(16), 0, label)
    with pytest.raises(DisclosureForbidden):
        restore(redacted_map({}, [hidden]), [hidden.encoded], never_redacted=NEVER_REDACTED)
    # Deeper down the number means something else (SD-CWT section 6 speaks of the claims set).
    inside = {503: redacted_map({}, [hidden])}
    assert restore(inside, [hidden.encoded], never_redacted=NEVER_REDACTED).claims == {503: {label: 0}}


def test_reuse() -> None:
    with pytest.raises(DisclosureDuplicate):
        restore(SIGNED, [SINGLE.encoded] * 2, never_redacted=NOTHING)
    for twice in (
        {Simple.REDACTED_KEYS: (SINGLE.redacted_claim_hash,) * 2},
        {30: (redacted_element(FIRST),) * 2},
        {
            30: {Simple.REDACTED_KEYS: (SINGLE.redacted_claim_hash,)},
            31: {Simple.REDACTED_KEYS: (SINGLE.redacted_claim_hash,)},
        },
    ):
        # Whether it is disclosed or not.
        with pytest.raises(HashReused):
            restore(twice, [], never_redacted=NOTHING)
    again = disclosure.disclose_key(bytes(16), redacted_map({}, [SINGLE]), 202)
    with pytest.raises(HashReused):
        restore(redacted_map({}, [SINGLE, again]), [again.encoded], never_redacted=NOTHING)


def test_one_key_has_one_value() -> None:
    other = disclosure.disclose_key(bytes(16), "别", 1)
    for signed, shown in (
        (redacted_map({1: "明"}, [SINGLE]), [SINGLE]),
        (redacted_map({}, [SINGLE, other]), [SINGLE, other]),
    ):
        with pytest.raises(DisclosureKeyDuplicate):
            restore(signed, [each.encoded for each in shown], never_redacted=NOTHING)


def test_number_of_hashes_is_bounded() -> None:
    def hashes(count: int) -> dict[cbor.Key, cbor.Value]:
        return {Simple.REDACTED_KEYS: tuple(number.to_bytes(32) for number in range(count))}

    assert restore(hashes(limits.MAX_REDACTED_HASHES), [], never_redacted=NOTHING).hidden == limits.MAX_REDACTED_HASHES
    with pytest.raises(DisclosureShape):
        restore(hashes(limits.MAX_REDACTED_HASHES + 1), [], never_redacted=NOTHING)


def test_depth_is_bounded_across_disclosures() -> None:
    """Each disclosure is shallow; one inside the other they are not."""
    salts = Drbg("depth")
    chain = [disclosure.disclose_key(salts(16), 0, 1)]
    for _ in range(limits.MAX_CBOR_DEPTH):
        chain.append(disclosure.disclose_key(salts(16), redacted_map({}, [chain[-1]]), 1))
    with pytest.raises(DisclosureShape):
        restore(redacted_map({}, [chain[-1]]), [each.encoded for each in chain], never_redacted=NOTHING)
    shallower = chain[: limits.MAX_CBOR_DEPTH]
    restore(redacted_map({}, [shallower[-1]]), [each.encoded for each in shallower], never_redacted=NOTHING)


@pytest.mark.parametrize(
    "value", [(), (b"s" * 16, 1, 2, 3), (b"s" * 15,), (b"s" * 17, 1), ("s" * 16, 1), {}, b"s" * 16]
)
def test_what_is_no_disclosure(value: cbor.Value) -> None:
    with pytest.raises(DisclosureShape):
        disclosure.parse(cbor.encode(value))


def test_salts_have_16_bytes() -> None:
    for make in (disclosure.decoy, lambda salt: disclosure.disclose_element(salt, 1)):
        with pytest.raises(CborError):
            make(b"s" * 15)


def test_a_tag_in_a_claim_is_no_value() -> None:
    for claims in ({30: Tagged(60, b"h" * 32)}, {30: (Tagged(18, ()),)}, {30: {31: Tagged(60, b"h" * 32)}}):
        with pytest.raises(DisclosureForbidden):
            restore(claims, [], never_redacted=NOTHING)


def test_a_disclosure_is_read_as_it_was_made() -> None:
    salt = bytes(16)
    for made, value, key in (
        (disclosure.disclose_key(salt, "名", 1), "名", 1),
        (disclosure.disclose_element(salt, 7), 7, None),
        (disclosure.decoy(salt), None, None),
    ):
        read = disclosure.parse(made.encoded)
        assert (made.value, made.key) == (read.value, read.key) == (value, key)
        # Not only true or false in effect: what is stored is compared and shown.
        assert made.is_decoy is read.is_decoy is (value is None)


def test_a_map_that_hides_nothing_has_no_hashes() -> None:
    assert redacted_map({2: "C1"}, []) == {2: "C1"}
    assert Simple.REDACTED_KEYS not in redacted_map({2: "C1"}, [])


def test_depth_is_bounded_across_disclosed_elements() -> None:
    """A claims map, an array in it, and one array more for each disclosure."""

    def chain(arrays: int) -> tuple[dict[cbor.Key, cbor.Value], list[bytes]]:
        inner = disclosure.disclose_element(_salts(16), 1)
        shown = [inner.encoded]
        for _ in range(arrays):
            inner = disclosure.disclose_element(_salts(16), (redacted_element(inner),))
            shown.append(inner.encoded)
        return {30: (redacted_element(inner),)}, shown

    deepest: cbor.Value = 1
    for _ in range(limits.MAX_CBOR_DEPTH - 1):
        deepest = (deepest,)
    claims, shown = chain(limits.MAX_CBOR_DEPTH - 2)
    assert restore(claims, shown, never_redacted=NOTHING).claims == {30: deepest}
    claims, shown = chain(limits.MAX_CBOR_DEPTH - 1)
    with pytest.raises(DisclosureShape):
        restore(claims, shown, never_redacted=NOTHING)


def test_maps_and_arrays_within_arrays() -> None:
    claims: dict[cbor.Key, cbor.Value] = {30: ((1, {2: (3,)}), redacted_element(FIRST))}
    assert restore(claims, [FIRST.encoded], never_redacted=NOTHING).claims == {30: ((1, {2: (3,)}), 7)}
