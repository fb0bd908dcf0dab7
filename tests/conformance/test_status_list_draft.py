"""The vectors of draft-ietf-oauth-status-list: lists of 1, 2, 4 and 8 bits, the CWT token, the referenced token."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from protocol import cbor, keys, labels
from protocol.cose_sign1 import sig_structure
from protocol.keys import P256Key, SignatureMismatch
from protocol.status_list import StatusList, decode_list

pytestmark = pytest.mark.needs_shared_vectors
_PLACES = (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345)
_PLACES_OF_4_BITS = (
    *(0, 1993, 35460, 459495, 595669, 754353, 845645, 923232, 924445, 934534),
    *(1004534, 1000345, 1030203, 1030204, 1030205),
)
LONG = {
    # Section "Test vectors for status list encoding": every value that is not 0.
    1: ("status_list_encoding1_long", dict.fromkeys(_PLACES, 1)),
    2: ("status_list_encoding2_long", dict(zip(_PLACES, (1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3), strict=True))),
    4: ("status_list_encoding4", dict(zip(_PLACES_OF_4_BITS, range(1, 16), strict=True))),
}
EXAMPLE_KEY = {
    # "kid": "12" of the draft's examples.
    "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo",
    "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
}


@pytest.fixture(scope="module")
def folder(shared_vectors: Path) -> Path:
    return shared_vectors / "token-status-list"


def hexadecimal(path: Path) -> bytes:
    return bytes.fromhex("".join(path.read_text().rpartition("encoded:")[2].split()))


def base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def from_json(path: Path) -> StatusList:
    text = path.read_text()
    content = json.loads(re.sub(r"\n\s*", "", text[text.index("{") :]))
    return decode_list({"bits": content["bits"], "lst": base64url(content["lst"])})


def nonzero(entries: StatusList) -> dict[int, int]:
    per_byte = 8 // entries.bits
    return {
        idx: entries.value(idx)
        for place, byte in enumerate(entries.packed)
        if byte
        for idx in range(place * per_byte, (place + 1) * per_byte)
        if entries.value(idx)
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status_list_encoding", [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]),
        ("status_list_encoding2", [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
    ],
)
def test_short_lists(folder: Path, name: str, values: list[int]) -> None:
    for entries in (
        decode_list(cbor.decode(hexadecimal(folder / f"{name}_cbor.md"))),
        from_json(folder / f"{name}_json.md"),
    ):
        assert [entries.value(idx) for idx in range(len(entries))] == values


@pytest.mark.parametrize("bits", LONG)
def test_long_lists(folder: Path, bits: int) -> None:
    name, values = LONG[bits]
    entries = decode_list(cbor.decode(hexadecimal(folder / f"{name}_cbor.md")))
    assert entries == from_json(folder / f"{name}_json.md")
    assert (entries.bits, len(entries)) == (bits, 2**20)
    assert nonzero(entries) == values


def test_long_list_of_8_bits(folder: Path) -> None:
    entries = decode_list(cbor.decode(hexadecimal(folder / "status_list_encoding8_cbor.md")))
    assert entries == from_json(folder / "status_list_encoding8_json.md")
    assert (entries.bits, len(entries)) == (8, 2**20)
    values = nonzero(entries)
    # 321 values are given by the draft for its lists; every byte value but 0 occurs in this one.
    assert sorted(values.values())[:3] == [1, 2, 3]
    assert set(values.values()) == set(range(1, 256))


def _verify_with_example_key(encoded: bytes) -> tuple[Any, Any]:
    """The examples use the polymorphic ES256 and kid unprotected, so their signature layer is checked alone."""
    parsed: Any = cbor.decode(encoded)
    protected, unprotected, payload, signature = parsed.value
    assert unprotected == {labels.HDR_KID: b"12"}
    key = P256Key(base64url(EXAMPLE_KEY["x"]), y_is_odd=bool(base64url(EXAMPLE_KEY["y"])[-1] & 1))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    low = r.to_bytes(32) + min(s, keys.P256_ORDER - s).to_bytes(32)
    key.verify(low, sig_structure(protected, payload))
    with pytest.raises(SignatureMismatch):
        key.verify(low, sig_structure(protected, payload + b"\0"))
    return cbor.decode(protected), cbor.decode(payload)


def test_status_list_token(folder: Path) -> None:
    protected, payload = _verify_with_example_key(hexadecimal(folder / "status_list_cwt.md"))
    assert protected == {labels.HDR_ALG: labels.ForeignAlg.ES256, labels.HDR_TYP: labels.TYP_STATUS_LIST}
    assert payload[labels.CLAIM_SUB] == "https://example.com/statuslists/1"
    assert payload[labels.CLAIM_TTL] == 43200
    assert decode_list(payload[labels.CLAIM_STATUS_LIST]) == StatusList(1, b"\xb9\xa3")


def test_referenced_token(folder: Path) -> None:
    _, payload = _verify_with_example_key(hexadecimal(folder / "referenced_token_cwt.md"))
    assert payload[labels.CLAIM_STATUS] == {
        labels.STATUS_STATUS_LIST: {
            labels.STATUS_IDX: 0,
            labels.STATUS_URI: "https://example.com/statuslists/1",
        }
    }
