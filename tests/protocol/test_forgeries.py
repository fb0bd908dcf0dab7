"""Every forgery is answered by exactly its own reason, and nothing that was bent by a bit is accepted."""

from collections import Counter

import pytest

from protocol import cbor, status_list, trust_list
from protocol.errors import Code, ProtocolError
from protocol.labels import Alg, Purpose
from protocol.qr import base45, envelope
from protocol.sd_cwt import credential, key_binding
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.forgery import Forgery, good_sketch
from tests.utopia.randomness import Drbg
from tests.utopia.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("issuer_alg", Alg)
@pytest.mark.parametrize("holder_alg", Alg)
@pytest.mark.parametrize("view", [None, Purpose.WINDOW])
def test_what_the_forgeries_start_from_is_good(
    world: World, issuer_alg: Alg, holder_alg: Alg, view: Purpose | None
) -> None:
    sketch = good_sketch(world, issuer_alg=issuer_alg, holder_alg=holder_alg)
    assert world.read(sketch.code()).items[1] == "测试员甲"
    issued = world.credential(holder=world.holder(alg=holder_alg), issuer_alg=issuer_alg, view=view)
    assert world.read(world.code(issued)).items[1] == "测试员甲"


def test_a_sketch_left_alone_is_what_the_wallet_makes(world: World) -> None:
    sketch = good_sketch(world)
    assert sketch.code() == world.code(sketch.issued)


@pytest.mark.parametrize("forgery", FORGERIES, ids=str)
def test_forgery(world: World, forgery: Forgery) -> None:
    with pytest.raises(ProtocolError) as caught:
        world.read(forgery.make(world))
    assert caught.value.code is forgery.code


@pytest.mark.parametrize("forgery", LATER, ids=str)
def test_what_only_a_clock_or_an_audience_can_refuse_is_read(world: World, forgery: Forgery) -> None:
    assert world.read(forgery.make(world)).items[1] == "测试员甲"


def test_names_are_unique_and_every_reading_code_has_a_forgery() -> None:
    names = Counter(forgery.name for forgery in (*FORGERIES, *LATER))
    assert names.most_common(1)[0][1] == 1
    raised = {error.code for error in _leaves(ProtocolError)}
    # Trust that has ended and lists that are too short are no property of a presentation: see the tests of those.
    assert raised - {forgery.code for forgery in FORGERIES} == {Code.E_ISSUER_EXPIRED, Code.E_STATUS_RANGE}


def _leaves(root: type[ProtocolError]) -> list[type[ProtocolError]]:
    children = [child for child in root.__subclasses__() if child.__module__ == ProtocolError.__module__]
    return [leaf for child in children for leaf in (_leaves(child) or [child])]


def test_every_single_bit_matters(world: World) -> None:
    good = base45.decode(world.code()[4:])
    trust = world.trust()
    accepted = []
    for position in range(len(good) * 8):
        bent = bytearray(good)
        bent[position // 8] ^= 1 << position % 8
        try:
            unverified = key_binding.parse(bytes(bent))
            anchor = trust_list.find_assertion_anchor(trust, unverified.credential, at=world.clock.at)
            key_binding.verify(unverified, anchor.key)
            accepted.append(position)
        except ProtocolError:
            continue
    assert accepted == []


def test_random_mutations_are_refused_by_a_reason(world: World) -> None:
    good = base45.decode(world.code()[4:])
    trust = world.trust()
    randomness = Drbg("mutations")
    reasons: Counter[Code] = Counter()
    for _ in range(3_000):
        text = envelope.wrap(mutate(good, randomness))
        try:
            world.read(text, trust=trust)
        except ProtocolError as error:
            reasons[error.code] += 1
        else:
            pytest.fail("a mutation was accepted")
    assert len(reasons) > 5


def mutate(good: bytes, randomness: Drbg) -> bytes:
    """One of: a byte set, a byte taken, a byte put in, a run repeated, the end cut off. Never the same bytes."""
    at = randomness.below(len(good))
    match randomness.below(5):
        case 0:
            bent = good[:at] + bytes((good[at] ^ (1 + randomness.below(255)),)) + good[at + 1 :]
        case 1:
            bent = good[:at] + good[at + 1 :]
        case 2:
            bent = good[:at] + randomness(1) + good[at:]
        case 3:
            bent = good[:at] + good[max(0, at - 1 - randomness.below(16)) : at] + good[at:]
        case _:
            bent = good[:at]
    return bent if bent != good else good + b"\0"


def test_no_object_is_taken_for_another(world: World) -> None:
    """Four kinds of objects, four readers: only the diagonal is accepted (SECURITY.md A12)."""
    issued = world.credential()
    root = world.roots["990000"].public_key
    objects = {
        "presentation": world.presentation(issued),
        "credential": issued.encoded,
        "status list": world.status_token_bytes(),
        "trust list": world.trust_bytes(),
    }
    readers = {
        "presentation": key_binding.parse,
        "credential": lambda encoded: credential.parse(cbor.decode(encoded)),
        "status list": lambda encoded: status_list.verify(encoded, trust=world.trust(), at=world.clock.at),
        "trust list": lambda encoded: trust_list.verify(encoded, root=root),
    }
    for kind, encoded in objects.items():
        for reader, read in readers.items():
            if reader == kind:
                read(encoded)  # type: ignore[no-untyped-call]
                continue
            with pytest.raises(ProtocolError) as caught:
                read(encoded)  # type: ignore[no-untyped-call]
            assert caught.value.code in (Code.E_TYP, Code.E_HDR_UNPROT), (kind, reader)
