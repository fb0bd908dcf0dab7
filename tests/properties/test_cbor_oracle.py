"""cbor2 as an oracle: it reads what we write, and whatever both accept means the same.

200,000 mutants: `python -m tests.properties.test_cbor_oracle 200000`.
"""

import io
import sys
from collections.abc import Iterator
from typing import Any

import cbor2
import hypothesis
from hypothesis import strategies

from protocol import cbor
from protocol.cbor import Simple, Tagged
from protocol.errors import CborError
from tests.utopia.randomness import Drbg
from tests.utopia.world import World
from tests.vectors import generate

MUTANTS_IN_A_TEST = 20_000
int64 = strategies.integers(-(2**63), 2**63 - 1)
texts = strategies.text(strategies.characters(exclude_categories=("Cs",)), max_size=40)
leaves = int64 | texts | strategies.binary(max_size=40) | strategies.booleans() | strategies.none()
map_keys = int64 | texts | strategies.just(Simple.REDACTED_KEYS)
values = strategies.recursive(
    leaves,
    lambda inner: (
        strategies.lists(inner, max_size=5).map(tuple)
        | strategies.dictionaries(map_keys, inner, max_size=5)
        | strategies.builds(Tagged, strategies.sampled_from([16, 18, 60]), inner)
    ),
    max_leaves=25,
)


def as_cbor2(value: Any) -> Any:
    """Our value in cbor2's types."""
    match value:
        case Simple():
            return cbor2.CBORSimpleValue(value.value)
        case Tagged():
            return cbor2.CBORTag(value.tag, as_cbor2(value.value))
        case tuple():
            return [as_cbor2(each) for each in value]
        case dict():
            return {as_cbor2(key): as_cbor2(member) for key, member in value.items()}
        case _:
            return value


def their_value(encoded: bytes) -> Any:
    """What cbor2 reads, when it reads all of the bytes."""
    stream = io.BytesIO(encoded)
    # cbor2 knows tag 16, 18 and 60 by no name and leaves them as they are.
    value = cbor2.CBORDecoder(stream).decode()
    if stream.read(1):
        raise ValueError("trailing bytes")
    return value


@hypothesis.given(values)
@hypothesis.settings(max_examples=400)
def test_cbor2_reads_what_we_write(value: Any) -> None:
    encoded = cbor.encode(value)
    assert cbor.decode(encoded) == value
    assert their_value(encoded) == as_cbor2(value)
    # Deterministic encoding is one function: what is read and written again is the same bytes.
    assert cbor.encode(cbor.decode(encoded)) == encoded


@hypothesis.given(leaves | strategies.lists(leaves, max_size=30).map(tuple))
@hypothesis.settings(max_examples=200)
def test_we_write_what_cbor2_writes(value: Any) -> None:
    assert cbor.encode(value) == cbor2.dumps(as_cbor2(value), canonical=True)


@hypothesis.given(strategies.binary(max_size=64))
@hypothesis.settings(max_examples=1_000)
def test_random_bytes(encoded: bytes) -> None:
    compare(encoded)


def compare(encoded: bytes) -> bool:
    """Whether we accept these bytes; if so, cbor2 must, with the same value, and it must be the only form of it."""
    try:
        ours = cbor.decode(encoded)
    except CborError:
        return False
    assert their_value(encoded) == as_cbor2(ours), encoded.hex()
    # Only the order of map entries is free.
    assert len(cbor.encode(ours)) == len(encoded), encoded.hex()
    return True


def mutants(count: int) -> Iterator[bytes]:
    """Good objects with one to three bytes changed, put in or taken out."""
    randomness = Drbg("cbor mutants")
    world = World()
    good = [*generate.documents(world).values(), world.presentation(world.credential())]
    good += [cbor.decode(each).value[2] for each in good if each[0] == 0xD2]  # type: ignore[union-attr, index, misc]  # signed
    for _ in range(count):
        content = bytearray(good[randomness.below(len(good))])
        for _ in range(1 + randomness.below(3)):
            at = randomness.below(len(content))
            match randomness.below(4):
                case 0 | 1:
                    content[at] = randomness(1)[0]
                case 2:
                    content[at:at] = randomness(1)
                case _:
                    del content[at]
        yield bytes(content)


def test_mutants() -> None:
    accepted = sum(compare(each) for each in mutants(MUTANTS_IN_A_TEST))
    # Most mutations fall into byte strings, where any byte will do: the comparison was not empty.
    assert accepted > MUTANTS_IN_A_TEST // 20


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    print(f"{wanted} mutants, {sum(map(compare, mutants(wanted)))} accepted by both with the same value")
