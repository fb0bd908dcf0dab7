"""Heartbeats: numbers alone, and one of them forged at a time."""

from dataclasses import replace
from typing import Any, Final

import pytest

from protocol import cbor, heartbeat
from protocol.errors import CborError, ProtocolError, SchemaError, ShapeError, TimeTypeError
from protocol.heartbeat import Heartbeat, Reading, RegionAges, Waiting
from protocol.labels import Purpose
from protocol.unixtime import Seconds, UnixTime
from tests.protocol.test_dispute_note import VALIDATOR

BEAT: Final = Heartbeat(
    version="0.1.0",
    purpose=Purpose.WINDOW,
    regions=(RegionAges("310000", Seconds(40), Seconds(3600)), RegionAges("320000", None, None)),
    clock_uncertainty=Seconds(2),
    clock_plausible=True,
    waiting=Waiting(1, 2, 0),
    reading=Reading(Seconds(3600), 80, 2, 1),
    reasons={"E_REVOKED": 1, "W_OPEN_MODE": 70},
    free_bytes=5 * 10**9,
    certificate_end=UnixTime(1_900_000_000),
    works=True,
)


def changed(label: int, value: Any) -> bytes:
    return cbor.encode({**cbor.decode(heartbeat.encode(BEAT)), label: value})  # type: ignore[dict-item]  # a map, as decoded


def test_round_trip_grammar_and_size() -> None:
    for beat in (BEAT, replace(BEAT, certificate_end=None, regions=(), reasons={}, works=False)):
        encoded = heartbeat.encode(beat)
        assert heartbeat.decode(encoded) == beat
        assert [str(each) for each in VALIDATOR.validate(encoded, root_type="heartbeat").diagnostics] == []
    assert len(heartbeat.encode(BEAT)) < 150


@pytest.mark.parametrize(
    ("encoded", "refused"),
    [
        (changed(11, 0), ShapeError),
        (changed(1, ""), SchemaError),
        (changed(1, "x" * 33), SchemaError),
        (changed(1, "a\u202eb"), SchemaError),
        (changed(2, 1), SchemaError),
        (changed(2, True), SchemaError),
        (changed(3, (("31000", 1, 1),)), SchemaError),
        (changed(3, (("310000", -1, 1),)), SchemaError),
        (changed(3, (("310000", 1, 1),) * 65), SchemaError),
        (changed(4, (0, 1)), SchemaError),
        (changed(5, (0, 0)), SchemaError),
        (changed(5, (0, 0, True)), SchemaError),
        (changed(6, (1, 2, 3, -4)), SchemaError),
        (changed(7, {"E_REVOKED": -1}), SchemaError),
        (changed(7, {"测试员甲": 1}), SchemaError),
        (changed(7, {f"E_{number}": 1 for number in range(65)}), SchemaError),
        (changed(8, 2**53), SchemaError),
        (changed(9, -1), TimeTypeError),
        (changed(10, 1), SchemaError),
        (b"\xff", CborError),
    ],
    ids=[
        "more", "version-empty", "version-long", "version-bidi", "purpose", "purpose-bool", "region", "age", "regions",
        "clock", "waiting", "waiting-bool", "reading", "count", "name-for-reason", "reasons", "disk", "end", "works",
        "cbor",
    ],
)  # fmt: skip
def test_one_entry_forged(encoded: bytes, refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        heartbeat.decode(encoded)
