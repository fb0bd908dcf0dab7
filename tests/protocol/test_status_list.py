"""Status lists: packing, edges, bombs, and who may sign which list."""

import subprocess
import sys
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from protocol import cbor, cose_sign1, keys, labels, limits, status_list
from protocol.errors import (
    CborError,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    StatusRangeError,
    StatusUriError,
    TimeOrderError,
)
from protocol.status_list import Status, StatusList, decode_list, pack
from protocol.trust_list import TrustList
from protocol.unixtime import Seconds, UnixTime
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def encoded_list(packed: bytes, bits: int = 4) -> dict[cbor.Key, cbor.Value]:
    return {"bits": bits, "lst": zlib.compress(packed)}


def test_every_value_comes_back_from_its_place() -> None:
    randomness = Drbg("places")
    values = {randomness.below(8192): randomness.below(16) for _ in range(500)}
    packed = pack(values, entries=8192)
    assert [packed.value(idx) for idx in range(8192)] == [values.get(idx, 0) for idx in range(8192)]
    # A later value of the same entry replaces the earlier one's bits.
    assert pack({2: 0xF, 3: 0x1}, entries=4).packed == bytes((0x00, 0x1F))


def test_an_odd_number_of_entries_fills_its_last_byte_with_valid() -> None:
    packed = pack({2: 0xF}, entries=3)
    assert [packed.value(idx) for idx in range(4)] == [0, 0, 0xF, 0]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_low_bits_come_first(bits: int) -> None:
    entries = StatusList(bits, bytes((0b11100100, 0x01)))
    per_byte = 8 // bits
    mask = (1 << bits) - 1
    assert [entries.value(idx) for idx in range(per_byte)] == [
        0b11100100 >> (place * bits) & mask for place in range(per_byte)
    ]
    assert entries.value(per_byte) == 1
    assert len(entries) == 2 * per_byte


@pytest.mark.parametrize("idx", [-1, 8192, 8193, 2**31, 2**63])
def test_beyond_the_edges(idx: int) -> None:
    packed = pack({}, entries=8192)
    packed.value(0)
    packed.value(8191)
    with pytest.raises(StatusRangeError):
        packed.value(idx)


def test_an_empty_list_has_no_entry() -> None:
    with pytest.raises(StatusRangeError):
        decode_list(encoded_list(b"")).value(0)


@pytest.mark.parametrize("values", [{8192: 1}, {-1: 1}])
def test_packing_beyond_the_edges(values: dict[int, int]) -> None:
    with pytest.raises(StatusRangeError):
        pack(values, entries=8192)


@pytest.mark.parametrize("value", [16, -1])
def test_packing_what_does_not_fit(value: int) -> None:
    with pytest.raises(SchemaError):
        pack({0: value}, entries=8192)


@pytest.mark.parametrize(
    "status_list_value",
    [
        None,
        (),
        {},
        {"bits": 4},
        {"lst": b""},
        {"bits": 3, "lst": zlib.compress(b"\0")},
        {"bits": 0, "lst": zlib.compress(b"\0")},
        {"bits": 16, "lst": zlib.compress(b"\0")},
        {"bits": True, "lst": zlib.compress(b"\0")},
        {"bits": "4", "lst": zlib.compress(b"\0")},
        {"bits": 4, "lst": "text"},
        {"bits": 4, "lst": b""},
        {"bits": 4, "lst": b"not zlib"},
        {"bits": 4, "lst": zlib.compress(b"\0" * 100)[:-1]},
        {"bits": 4, "lst": zlib.compress(b"\0" * 100) + b"\0"},
        {"bits": 4, "lst": zlib.compress(b"\0") * 2},
        {"bits": 4, "lst": zlib.compress(b"\0" * 100)[:-4] + b"\0\0\0\0"},
        {"bits": 4, "lst": zlib.compress(b"\0", wbits=-15)},
        {"bits": 4, "lst": zlib.compress(b"\0", wbits=31)},
    ],
    ids=repr,
)
def test_what_is_no_list(status_list_value: cbor.Value) -> None:
    with pytest.raises(SchemaError):
        decode_list(status_list_value)


def test_a_list_of_exactly_the_bound() -> None:
    assert len(decode_list(encoded_list(bytes(100)), max_entries=200)) == 200
    with pytest.raises(SizeError):
        decode_list(encoded_list(bytes(101)), max_entries=200)


_BOMB = """
import resource, sys, zlib
from protocol.errors import SizeError
from protocol.status_list import decode_list
stream = zlib.compressobj(9)
lst = b"".join([*(stream.compress(bytes(2**20)) for _ in range(1024)), stream.flush()])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode_list({"bits": 4, "lst": lst})
except SizeError:
    print(len(lst), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_of_a_gibibyte_stays_small() -> None:
    """In a process of its own, whose peak memory nothing else raises."""
    done = subprocess.run([sys.executable, "-c", _BOMB], capture_output=True, text=True, check=True)
    lst_bytes, grown_kib = map(int, done.stdout.split())
    assert lst_bytes < limits.MAX_STATUS_TOKEN_BYTES
    assert grown_kib < 4 * 1024


def test_a_list_is_not_inflated_beyond_its_bound() -> None:
    bomb = zlib.compress(bytes(2**24), 9)
    tracemalloc.start()
    try:
        with pytest.raises(SizeError):
            decode_list({"bits": 4, "lst": bomb}, max_entries=8192)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_which_statuses_are_final() -> None:
    assert {each for each in Status if not each.is_final} == {Status.VALID, Status.SUSPENDED}


def test_token_round_trip(world: World) -> None:
    token = world.status_token({4711: Status.SUSPENDED, 8: Status.REVOKED}, age=120)
    assert (token.uri, token.iat, token.seq) == ("lz:990000/3", BEGINNING - 120, 1)
    assert token.entries.value(4711) == Status.SUSPENDED
    assert token.entries.value(8) == Status.REVOKED
    assert token.entries.value(9) == Status.VALID


def test_the_smallest_numbers_of_a_token(world: World) -> None:
    stated = replace(world.status_token(), seq=1, ttl=Seconds(1))
    encoded = status_list.sign(stated, world.status_signers[WUYOU])
    assert status_list.verify(encoded, trust=world.trust(), at=BEGINNING) == stated


def test_a_bent_token(world: World) -> None:
    encoded = world.status_token_bytes({1: 1})
    trust = world.trust()
    for position in range(0, len(encoded) * 8, 3):
        bent = bytearray(encoded)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            status_list.verify(bytes(bent), trust=trust, at=BEGINNING)
    with pytest.raises(IssuerSignatureInvalid):
        status_list.verify(encoded[:-1] + bytes((encoded[-1] ^ 1,)), trust=trust, at=BEGINNING)


def test_a_token_beyond_the_bound(world: World) -> None:
    with pytest.raises(SizeError):
        status_list.verify(bytes(limits.MAX_STATUS_TOKEN_BYTES + 1), trust=world.trust(), at=BEGINNING)
    with pytest.raises(CborError):
        status_list.verify(bytes(limits.MAX_STATUS_TOKEN_BYTES), trust=world.trust(), at=BEGINNING)


@pytest.mark.parametrize(
    ("payload", "kid"), [((), None), (None, "kid-0001"), ((), "kid-0001")], ids=["payload", "kid", "both"]
)
def test_a_payload_that_is_no_map_and_a_kid_that_is_no_string_of_bytes(
    world: World, payload: cbor.Value, kid: str | None
) -> None:
    signer = world.status_signers[WUYOU]
    good = cbor.decode(world.status_token_bytes())
    assert isinstance(good, cbor.Tagged)
    assert isinstance(good.value, tuple)
    content = good.value[2] if payload is None else cbor.encode(payload)
    assert isinstance(content, bytes)
    forged = cose_sign1.sign1(
        {labels.HDR_KID: kid or keys.kid_of(signer.public_key), labels.HDR_TYP: labels.TYP_STATUS_LIST}, content, signer
    )
    with pytest.raises(ShapeError):
        status_list.verify(cbor.encode(forged), trust=world.trust(), at=BEGINNING)


def test_a_full_list_of_random_values_fits(world: World) -> None:
    entries = StatusList(4, Drbg("full")(limits.STATUS_LIST_ENTRIES // 2))
    token = replace(world.status_token(), entries=entries)
    encoded = status_list.sign(token, world.status_signers[WUYOU])
    assert status_list.verify(encoded, trust=world.trust(), at=BEGINNING).entries == entries


def test_only_this_regions_status_key_may_sign_this_list(world: World) -> None:
    """SECURITY.md E6: two regions' keys, two lists; an assertion key signs none."""
    trust = world.trust()
    for signing in (WUYOU, ZIXU):
        for region in (WUYOU, ZIXU):
            token = replace(world.status_token(region=signing), uri=f"lz:{region}/3")
            encoded = status_list.sign(token, world.status_signers[signing])
            if signing == region:
                status_list.verify(encoded, trust=trust, at=BEGINNING)
                continue
            with pytest.raises(StatusUriError):
                status_list.verify(encoded, trust=trust, at=BEGINNING)
    encoded = status_list.sign(world.status_token(), world.issuers[WUYOU, labels.Alg.ED25519])
    with pytest.raises(IssuerUnknown):
        status_list.verify(encoded, trust=trust, at=BEGINNING)


def test_a_key_that_had_ended(world: World) -> None:
    def trust_until(*, sign: int, verify: int) -> TrustList:
        return world.trust(
            tuple(
                replace(each, sign_until=UnixTime(sign), verify_until=UnixTime(verify))
                if each.use is labels.KeyUse.STATUS
                else each
                for each in world.anchors()
            )
        )

    encoded = world.status_token_bytes(age=60)
    status_list.verify(encoded, trust=trust_until(sign=BEGINNING - 60, verify=BEGINNING), at=BEGINNING)
    for trust in (
        trust_until(sign=BEGINNING - 61, verify=BEGINNING),
        trust_until(sign=BEGINNING, verify=BEGINNING - 1),
    ):
        with pytest.raises(IssuerExpired):
            status_list.verify(encoded, trust=trust, at=BEGINNING)


@pytest.mark.parametrize(
    ("label", "value", "error"),
    [
        (labels.CLAIM_EXP, BEGINNING - 60, TimeOrderError),
        (labels.CLAIM_LIST_SEQ, 0, SchemaError),
        (labels.CLAIM_LIST_SEQ, True, SchemaError),
        (labels.CLAIM_TTL, 0, SchemaError),
        (labels.CLAIM_TTL, True, SchemaError),
        (labels.CLAIM_LIST_SHA256, bytes(32), SchemaError),
        (labels.CLAIM_STATUS_LIST, None, SchemaError),
        (labels.CLAIM_SUB, "https://example.invalid/3", StatusUriError),
        (labels.CLAIM_SUB, "lz:990000/3\u202e", SchemaError),
    ],
)
def test_forged_claims(world: World, label: int, value: cbor.Value, error: type[ProtocolError]) -> None:
    signer = world.status_signers[WUYOU]
    parsed = cbor.decode(world.status_token_bytes())
    assert isinstance(parsed, cbor.Tagged)
    payload = cbor.decode(parsed.value[2])  # type: ignore[index, arg-type]  # a good token
    forged = cose_sign1.sign1(
        {labels.HDR_KID: keys.kid_of(signer.public_key), labels.HDR_TYP: labels.TYP_STATUS_LIST},
        cbor.encode({**payload, label: value}),  # type: ignore[dict-item]  # a map
        signer,
    )
    with pytest.raises(error):
        status_list.verify(cbor.encode(forged), trust=world.trust(), at=BEGINNING)
