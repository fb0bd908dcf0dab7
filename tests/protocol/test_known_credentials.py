"""A credential that is known saves its verification and nothing else: what would be refused cold is refused known."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, cose_sign1, keys, labels
from protocol.errors import (
    HeaderUnprotected,
    HolderSignatureInvalid,
    IssuerSignatureInvalid,
    KeyBindingClaimError,
    ShapeError,
)
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import Alg, Lic
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.key_binding import Presentation
from protocol.sd_cwt.known import VerifiedCredential
from tests.utopia.world import World

WORLD = World()
ISSUED = WORLD.credential()
KEY = ISSUED.issuer.public_key
SHOWN = (Lic.NAME, Lic.LICENCE_NO)
FIRST = WORLD.presentation(ISSUED, shown=SHOWN)
SECOND = WORLD.presentation(ISSUED, shown=SHOWN, binding=WORLD.key_binding(life=59))
SAME_TABLE_AGAIN = AlgorithmTable(DEFAULT_ALGORITHMS.algorithms)


class Memory:
    """Remembers one credential, and counts what it was asked for. A careless one gives it to whoever asks."""

    def __init__(self, remembered: VerifiedCredential, *, careless: bool = False) -> None:
        self.remembered, self.careless = remembered, careless
        self.asked: list[bytes] = []

    def find(self, protected_bytes: bytes) -> VerifiedCredential | None:
        self.asked.append(protected_bytes)
        fits = self.remembered.sign1.protected_bytes == protected_bytes
        return self.remembered if fits or self.careless else None


def cold(encoded: bytes) -> Presentation:
    return key_binding.verify(key_binding.parse(encoded), KEY)


REMEMBERED = cold(FIRST).verified


def parts_of(encoded: bytes) -> tuple[Any, ...]:
    structure: Any = cbor.decode(encoded)
    return tuple(structure.value)


def with_part(place: int, part: Any, encoded: bytes = SECOND) -> bytes:
    parts = parts_of(encoded)
    return cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (*parts[:place], part, *parts[place + 1 :])))


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The credentials that are verified from here on."""
    seen: list[object] = []
    real = credential.verify

    def counting(*arguments: Any, **named: Any) -> Any:
        seen.append(arguments)
        return real(*arguments, **named)

    monkeypatch.setattr(credential, "verify", counting)
    return seen


def test_what_a_verification_leaves_to_remember() -> None:
    unverified = key_binding.parse(FIRST)
    left = key_binding.verify(unverified, KEY).verified
    assert left.sign1 == unverified.sign1
    assert left.parts == unverified.credential
    assert left.credential == credential.verify(unverified.credential, KEY)
    assert left.restored == credential.disclosed_licence(left.credential)
    assert (left.assertion_key, left.algorithms) == (KEY, DEFAULT_ALGORITHMS)


def test_the_next_code_of_a_showing(verifications: list[object]) -> None:
    memory = Memory(REMEMBERED)
    unverified = key_binding.parse(SECOND, known=memory)
    assert memory.asked == [REMEMBERED.sign1.protected_bytes]
    assert unverified.known is REMEMBERED
    assert replace(unverified, known=None) == key_binding.parse(SECOND)
    again = key_binding.verify(unverified, KEY)
    assert verifications == []
    assert again.verified is REMEMBERED
    assert again == replace(cold(SECOND), verified=REMEMBERED)


def test_a_memory_that_gives_another_credential(verifications: list[object]) -> None:
    other = WORLD.presentation(WORLD.credential(holder=WORLD.holder("乙的手机")), shown=SHOWN)
    unverified = key_binding.parse(other, known=Memory(REMEMBERED, careless=True))
    assert unverified.known is None
    assert unverified == key_binding.parse(other)
    fewer = WORLD.presentation(ISSUED, shown=SHOWN[:1])
    assert key_binding.parse(fewer, known=Memory(REMEMBERED, careless=True)).known is None


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.ESP256])
def test_another_issuer_key_than_the_one_before(alg: Alg) -> None:
    """The trust list has a new key for this (iss, kid): what the old one signed is not relied on."""
    unverified = key_binding.parse(SECOND, known=Memory(REMEMBERED))
    assert unverified.known is not None
    stranger = WORLD.signer("a new key of the issuer", KEY.alg)  # type: ignore[arg-type]  # one of ours
    with pytest.raises(IssuerSignatureInvalid):
        key_binding.verify(unverified, stranger.public_key)
    assert not REMEMBERED.serves(WORLD.signer("another", alg).public_key, DEFAULT_ALGORITHMS)


def test_other_algorithms_than_before(verifications: list[object]) -> None:
    """An equal table may have another provider behind it, so only the very same one counts."""
    assert key_binding.parse(SECOND, known=Memory(REMEMBERED), algorithms=SAME_TABLE_AGAIN).known is None
    unverified = key_binding.parse(SECOND, known=Memory(REMEMBERED))
    found = key_binding.verify(unverified, KEY, algorithms=SAME_TABLE_AGAIN)
    assert len(verifications) == 1
    assert found.verified is not REMEMBERED
    assert found.verified.algorithms is SAME_TABLE_AGAIN
    assert not REMEMBERED.serves(KEY, SAME_TABLE_AGAIN)
    assert REMEMBERED.serves(KEY, DEFAULT_ALGORITHMS)


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (with_part(1, {labels.HDR_KID: bytes(8)}), HeaderUnprotected),
        (with_part(2, parts_of(FIRST)[2]), HolderSignatureInvalid),
        (with_part(2, cbor.encode(())), ShapeError),
        (with_part(2, cbor.encode({})), KeyBindingClaimError),
        (with_part(3, parts_of(FIRST)[3]), HolderSignatureInvalid),
    ],
    ids=["unprotected header", "another payload", "no map", "no claims", "another signature"],
)
def test_one_forged_part_of_a_known_one(forged: bytes, reason: type[Exception]) -> None:
    memory = Memory(REMEMBERED)
    with pytest.raises(reason):
        key_binding.verify(key_binding.parse(forged, known=memory), KEY)
    assert memory.asked == [REMEMBERED.sign1.protected_bytes]


def test_another_holder_signs_what_is_known() -> None:
    thief = WORLD.holder("丙的手机")
    protected = parts_of(SECOND)[0]
    signature = thief.sign(cose_sign1.UnverifiedSign1(protected, {}, {}, parts_of(SECOND)[2], b"").sig_structure())
    with pytest.raises(HolderSignatureInvalid):
        key_binding.verify(key_binding.parse(with_part(3, signature), known=Memory(REMEMBERED)), KEY)


def test_nothing_is_known_until_somebody_remembers(verifications: list[object]) -> None:
    assert key_binding.parse(SECOND).known is None
    assert cold(SECOND) == cold(SECOND)
    assert len(verifications) == 2
    assert keys.kid_of(KEY) == key_binding.parse(SECOND).credential.kid
