"""The strict decoder: every value of RFC 8949 appendix A that we support, nothing of appendix F, and all its bounds."""

import pytest

from protocol import cbor, limits
from protocol.cbor import Simple, Tagged
from protocol.errors import CborError


def _words(text: str) -> list[str]:
    return text.split()


SUPPORTED = {
    "00": 0,
    "01": 1,
    "0a": 10,
    "17": 23,
    "1818": 24,
    "1819": 25,
    "1864": 100,
    "1903e8": 1000,
    "1a000f4240": 1_000_000,
    "1b000000e8d4a51000": 1_000_000_000_000,
    "1b7fffffffffffffff": 2**63 - 1,
    "20": -1,
    "29": -10,
    "3863": -100,
    "3903e7": -1000,
    "3b7fffffffffffffff": -(2**63),
    "f4": False,
    "f5": True,
    "f6": None,
    "40": b"",
    "4401020304": b"\x01\x02\x03\x04",
    "60": "",
    "6161": "a",
    "6449455446": "IETF",
    "62225c": '"\\',
    "62c3bc": "ü",
    "63e6b0b4": "水",
    "64f0908591": "𐅑",
    "80": (),
    "83010203": (1, 2, 3),
    "8301820203820405": (1, (2, 3), (4, 5)),
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819": tuple(range(1, 26)),
    "a0": {},
    "a201020304": {1: 2, 3: 4},
    "a26161016162820203": {"a": 1, "b": (2, 3)},
    "826161a161626163": ("a", {"b": "c"}),
    "a56161614161626142616361436164614461656145": {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"},
    "d28440a04040": Tagged(18, (b"", {}, b"", b"")),
    "81d83c41ff": (Tagged(60, b"\xff"),),
    "a1f83b80": {Simple.REDACTED_KEYS: ()},
}
# Well-formed, in appendix A, and not for us: floats, bignums, other tags and simple values, indefinite lengths.
UNSUPPORTED = [
    "1bffffffffffffffff",
    "c249010000000000000000",
    "3bffffffffffffffff",
    "c349010000000000000000",
    "f90000",
    "f98000",
    "f93c00",
    "fb3ff199999999999a",
    "f93e00",
    "f97bff",
    "fa47c35000",
    "fa7f7fffff",
    "fb7e37e43c8800759c",
    "f90001",
    "f90400",
    "f9c400",
    "fbc010666666666666",
    "f97c00",
    "f97e00",
    "f9fc00",
    "fa7f800000",
    "fa7fc00000",
    "faff800000",
    "fb7ff0000000000000",
    "fb7ff8000000000000",
    "fbfff0000000000000",
    "f7",
    "f0",
    "f8ff",
    "f83b",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "c1fb41d452d9e8200000",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "5f42010243030405ff",
    "7f657374726561646d696e67ff",
    "9fff",
    "9f018202039f0405ffff",
    "9f01820203820405ff",
    "83018202039f0405ff",
    "83019f0203ff820405",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
    "bf61610161629f0203ffff",
    "826161bf61626163ff",
    "bf6346756ef563416d7421ff",
    "d8621840",
    "d9010280",
    "a140",
    "a18000",
    "a1f500",
    "a1f600",
    "a1f90000",
    "a1f83a00",
    "a1f83c00",
    "a1c10100",
]
APPENDIX_F = [
    "18",
    "19",
    "1a",
    "1b",
    "1901",
    "1a0102",
    "1b01020304050607",
    "38",
    "58",
    "78",
    "98",
    "9a01ff00",
    "b8",
    "d8",
    "f8",
    "f900",
    "fa0000",
    "fb000000",
    "41",
    "61",
    "5affffffff00",
    "5bffffffffffffffff010203",
    "7affffffff00",
    "7b7fffffffffffffff010203",
    "81",
    "818181818181818181",
    "8200",
    "a1",
    "a20102",
    "a100",
    "a2000000",
    "c0",
    "5f4100",
    "7f6100",
    "9f",
    "9f0102",
    "bf",
    "bf01020102",
    "819f",
    "9f8000",
    "9f9f9f9f9fffffffff",
    "9f819f819f9fffffff",
    "1c",
    "1d",
    "1e",
    "3c",
    "3d",
    "3e",
    "5c",
    "5d",
    "5e",
    "7c",
    "7d",
    "7e",
    "9c",
    "9d",
    "9e",
    "bc",
    "bd",
    "be",
    "dc",
    "dd",
    "de",
    "fc",
    "fd",
    "fe",
    "f800",
    "f801",
    "f818",
    "f81f",
    "5f00ff",
    "5f21ff",
    "5f6100ff",
    "5f80ff",
    "5fa0ff",
    "5fc000ff",
    "5fe0ff",
    "7f4100ff",
    "5f5f4100ffff",
    "7f7f6100ffff",
    "ff",
    "81ff",
    "8200ff",
    "a1ff",
    "a1ff00",
    "a100ff",
    "a20000ff",
    "9f81ff",
    "9f829f819f9fffffffff",
    "bf00ff",
    "bf000000ff",
    "1f",
    "3f",
    "df",
]
LONGER_THAN_NECESSARY = [
    "1800",
    "1817",
    "190000",
    "1900ff",
    "1a00000000",
    "1a0000ffff",
    "1b0000000000000000",
    "1b00000000ffffffff",
    "3800",
    "3900ff",
    "5800",
    "580101",
    "590001ff",
    "7800",
    "780161",
    "9800",
    "980101",
    "b800",
    "b8010101",
    "d812",
    "d81280",
    "d9001280",
]


@pytest.mark.parametrize(("encoded", "value"), SUPPORTED.items())
def test_supported_values(encoded: str, value: cbor.Value) -> None:
    decoded = cbor.decode(bytes.fromhex(encoded))
    assert decoded == value
    assert type(decoded) is type(value)
    assert cbor.encode(value).hex() == encoded


@pytest.mark.parametrize("encoded", [*UNSUPPORTED, *APPENDIX_F, *LONGER_THAN_NECESSARY, ""])
def test_everything_else_is_refused(encoded: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", [*SUPPORTED])
def test_one_byte_more_is_refused(encoded: str) -> None:
    with pytest.raises(CborError, match="after the end"):
        cbor.decode(bytes.fromhex(encoded) + b"\0")


@pytest.mark.parametrize("encoded", [*SUPPORTED])
def test_one_byte_less_is_refused(encoded: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(encoded)[:-1])


@pytest.mark.parametrize("encoded", ["a201000100", "a2200020ff", "a261610061610a", "a2f83b80f83b80"])
def test_duplicate_keys(encoded: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", ["61ff", "62c080", "63eda080", "64f4908080", "62c3"])
def test_text_that_is_not_utf8(encoded: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(encoded))


def test_map_order_is_free_on_read_and_fixed_on_write() -> None:
    assert cbor.decode(bytes.fromhex("a203040102")) == {1: 2, 3: 4}
    assert cbor.encode({3: 4, 1: 2}).hex() == "a201020304"
    # Bytewise order of the encoded keys (RFC 8949 section 4.2.1): unsigned, negative, text, simple(59).
    mixed: dict[cbor.Key, cbor.Value] = {Simple.REDACTED_KEYS: 0, "aa": 0, "b": 0, -1: 0, 100: 0, 10: 0}
    assert cbor.encode(mixed).hex() == "a60a001864002000616200626161" + "00f83b00"


@pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x00", b"\xd8\x3c"])
def test_depth(opening: bytes) -> None:
    cbor.decode(opening * limits.MAX_CBOR_DEPTH + b"\0")
    with pytest.raises(CborError, match="deeper"):
        cbor.decode(opening * (limits.MAX_CBOR_DEPTH + 1) + b"\0")
    with pytest.raises(CborError, match="deeper"):
        cbor.decode(opening * 100_000 + b"\0")


def test_items() -> None:
    cbor.decode(cbor.encode(tuple([0] * limits.MAX_CBOR_ITEMS)))
    cbor.decode(cbor.encode(dict.fromkeys(range(limits.MAX_CBOR_ITEMS // 2), 0)))
    for beyond in (tuple([0] * (limits.MAX_CBOR_ITEMS + 1)), dict.fromkeys(range(limits.MAX_CBOR_ITEMS // 2 + 1), 0)):
        with pytest.raises(CborError, match="more items"):
            cbor.decode(cbor.encode(beyond))
    # A length that promises what cannot be there is refused before anything is reserved for it.
    for promise in ("9a00989680", "ba00989680", "9b7fffffffffffffff", "bbffffffffffffffff"):
        with pytest.raises(CborError, match="more items"):
            cbor.decode(bytes.fromhex(promise) + b"\0" * 64)


def test_text_keys() -> None:
    cbor.decode(cbor.encode({"水" * 85: 0}))
    with pytest.raises(CborError, match="text key"):
        cbor.decode(cbor.encode({"水" * 85 + "a": 0}))


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), 2**63, -(2**63) - 1, "\ud800", Tagged(1, 0), Simple.REDACTED_KEYS, bytearray(b"x"), {b"k": 1},
     {True: 1}, {1.5: 1}, {(): 1}, {"\ud800": 1}, pytest.param(object(), id="object")],
    ids=repr,
)  # fmt: skip
def test_what_has_no_encoding(value: cbor.Value) -> None:
    with pytest.raises(CborError):
        cbor.encode(value)


def test_a_tag_counts_as_one_item() -> None:
    tagged = b"\xd8\x3c\x00"
    many = b"\x84" + 4 * tagged
    assert cbor.decode(many, max_items=8) == (Tagged(60, 0),) * 4
    with pytest.raises(CborError):
        cbor.decode(many, max_items=7)


def test_heads_are_the_shortest_ones_up_to_64_bits() -> None:
    arguments = [0, 23, 24, 2**8 - 1, 2**8, 2**16 - 1, 2**16, 2**32 - 1, 2**32, 2**64 - 1]
    assert [len(cbor.head(2, each)) for each in arguments] == [1, 1, 2, 2, 3, 3, 5, 5, 9, 9]
    with pytest.raises(CborError):
        cbor.head(2, 2**64)
