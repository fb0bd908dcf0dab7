"""What holds for every code, key and disclosure, not for chosen examples."""

from itertools import combinations

import hypothesis
import pytest
from hypothesis import strategies

from protocol import keys
from protocol.cose_sign1 import sig_structure
from protocol.errors import Base45Error, ProtocolError
from protocol.keys import SignatureMismatch
from protocol.labels import Alg
from protocol.qr import base45, envelope
from protocol.sd_cwt import disclosure, redaction
from tests.utopia.world import World, read

WORLD = World()
TRUST = WORLD.trust()
ISSUED = WORLD.credential()
ITEMS = tuple(ISSUED.items)


@hypothesis.given(strategies.binary(max_size=300))
def test_base45_is_a_bijection(content: bytes) -> None:
    assert base45.decode(base45.encode(content)) == content


@hypothesis.given(strategies.text(alphabet=base45.ALPHABET.decode() + "a\n_é", max_size=30))
@hypothesis.settings(max_examples=500)
def test_a_text_that_is_read_is_the_only_one(text: str) -> None:
    try:
        content = base45.decode(text)
    except Base45Error:
        return
    assert base45.encode(content) == text


@hypothesis.given(strategies.sets(strategies.sampled_from(ITEMS)))
@hypothesis.settings(max_examples=60)
def test_what_is_shown_is_what_was_chosen(shown: set[int]) -> None:
    """Item by item: nothing more than the chosen and the clear ones leaves the phone."""
    presentation = read(WORLD.code(ISSUED, shown=shown), trust=TRUST, at=WORLD.clock.at)
    found = {}
    for key, value in presentation.items.items():
        found |= value if isinstance(value, dict) else {key: value}
    clear = {key for key in ITEMS if key not in ISSUED.disclosures_of}
    assert found == {key: ISSUED.items[key] for key in clear | shown}


@hypothesis.given(strategies.text(max_size=200) | strategies.text(max_size=200).map("LZ1:".__add__))
@hypothesis.settings(max_examples=500)
def test_no_text_raises_anything_but_a_reason(text: str) -> None:
    with pytest.raises(ProtocolError):
        read(text, trust=TRUST, at=WORLD.clock.at)


@hypothesis.given(strategies.binary(min_size=1, max_size=400))
@hypothesis.settings(max_examples=500)
def test_no_bytes_raise_anything_but_a_reason(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(envelope.wrap(content), trust=TRUST, at=WORLD.clock.at)


@hypothesis.given(strategies.sampled_from(list(Alg)), strategies.binary(max_size=100), strategies.binary(max_size=100))
@hypothesis.settings(max_examples=60)
def test_signatures_are_deterministic_and_fit_one_message(alg: Alg, message: bytes, other: bytes) -> None:
    signer = WORLD.signer("properties", alg)
    signature = signer.sign(message)
    assert signature == signer.sign(message)
    signer.public_key.verify(signature, message)
    hypothesis.assume(other != message)
    with pytest.raises(SignatureMismatch):
        signer.public_key.verify(signature, other)


@hypothesis.given(*(strategies.binary(max_size=300) for _ in range(4)))
def test_sig_structure_is_injective(header: bytes, payload: bytes, other_header: bytes, other_payload: bytes) -> None:
    same = (header, payload) == (other_header, other_payload)
    assert (sig_structure(header, payload) == sig_structure(other_header, other_payload)) is same


@hypothesis.given(
    strategies.dictionaries(
        strategies.integers(1, 255), strategies.integers().filter(lambda n: abs(n) < 2**63), max_size=8
    ),
    strategies.data(),
)
@hypothesis.settings(max_examples=60)
def test_redaction_and_restoration(items: dict[int, int], data: strategies.DataObject) -> None:
    hidden = {
        key: disclosure.disclose_key(key.to_bytes(16), value, key)
        for key, value in items.items()
        if data.draw(strategies.booleans())
    }
    signed = redaction.redacted_map({key: value for key, value in items.items() if key not in hidden}, hidden.values())
    for count in range(len(hidden) + 1):
        for shown in list(combinations(hidden, count))[:3]:
            restored = redaction.restore(signed, [hidden[key].encoded for key in shown], never_redacted=frozenset())
            assert restored.claims == {key: value for key, value in items.items() if key not in hidden or key in shown}
            assert restored.hidden == len(hidden) - count


@hypothesis.given(strategies.binary(min_size=32, max_size=32))
@hypothesis.settings(max_examples=200)
def test_whatever_is_accepted_as_a_key_has_one_form(x: bytes) -> None:
    for cose_key in ({1: 1, -1: 6, -2: x}, {1: 2, -1: 1, -2: x, -3: True}):
        try:
            key = keys.load_cose_key(cose_key)
        except keys.KeyRefused:
            continue
        assert dict(key.cose_key) == cose_key
