"""Profiles as data: those that come with the house are whole, and each defect of one has an error of its own."""

import binascii

import pytest

from hardware.devices import Signal
from hardware.errors import (
    ProfileContradiction,
    ProfileDefect,
    ProfileFieldMissing,
    ProfileFieldUnknown,
    ProfileFieldWrong,
    ProfileNotToml,
    UnknownProfile,
)
from hardware.serial_scanner.scanner_profile import LineProtocol, known_profiles, parsed, profile_named
from hardware.serial_scanner.ssi_packet import packet

GOOD = """
name = "good"
maker = "Maker"
models = "One"
baud_rate = 9600
protocol = "host-ack"
usb_vendor_ids = ["0c2e"]
verdict_seconds = 4.0
sources = ["a manual"]
[framing]
needs_end = true
[text]
strips_aim = true
character_sets = ["utf-8"]
[trigger]
on = "16 54 0D"
[signals]
success = "1B 37 2C"
error = "1B 38 2C"
[wake]
raw = "00"
seconds = 0.05
[[setup]]
do = "Scan this."
source = "page 1"
"""


def test_a_good_profile() -> None:
    profile = parsed(GOOD, name="good")
    assert profile.protocol is LineProtocol.HOST_ACK
    assert profile.trigger_on == b"\x16T\r"
    assert profile.trigger_off == b""
    assert dict(profile.signals) == {Signal.SUCCESS: b"\x1b7,", Signal.ERROR: b"\x1b8,"}
    assert profile.rules.needs_end
    assert profile.rules.text.character_sets == ("utf-8",)
    assert (profile.wake, profile.wake_seconds, profile.verdict_seconds) == (b"\0", 0.05, 4.0)
    assert [step.instruction for step in profile.setup] == ["Scan this."]


@pytest.mark.parametrize(
    ("old", "new", "error", "names"),
    [
        ("[framing]", "[framing", ProfileNotToml, "good"),
        ('maker = "Maker"\n', "", ProfileFieldMissing, "maker"),
        ('source = "page 1"\n', "", ProfileFieldMissing, "setup.source"),
        ("needs_end = true\n", "", ProfileFieldMissing, "framing.needs_end"),
        ('maker = "Maker"', 'maker = "Maker"\ncolour = "red"', ProfileFieldUnknown, "colour"),
        ('on = "16', 'onn = "16', ProfileFieldUnknown, "trigger.onn"),
        ('error = "1B 38 2C"\n', "", ProfileContradiction, "success and error"),
        ("needs_end = true", "needs_end = true\nidle_gap = 3", ProfileFieldUnknown, "framing.idle_gap"),
        ('name = "good"', 'name = "other"', ProfileFieldWrong, "name"),
        ('maker = "Maker"', "maker = 3", ProfileFieldWrong, "maker"),
        ('maker = "Maker"', 'maker = " "', ProfileFieldWrong, "maker"),
        ("baud_rate = 9600", "baud_rate = 9601", ProfileFieldWrong, "baud_rate"),
        ("baud_rate = 9600", "baud_rate = true", ProfileFieldWrong, "baud_rate"),
        ('protocol = "host-ack"', 'protocol = "telepathy"', ProfileFieldWrong, "protocol"),
        ('on = "16 54 0D"', 'on = "16 5"', ProfileFieldWrong, "trigger.on"),
        ('on = "16 54 0D"', "on = 16", ProfileFieldWrong, "trigger.on"),
        ("verdict_seconds = 4.0", "verdict_seconds = 10.0", ProfileFieldWrong, "verdict_seconds"),
        ("verdict_seconds = 4.0", "verdict_seconds = 0", ProfileFieldWrong, "verdict_seconds"),
        ('["0c2e"]', '["0C2E"]', ProfileFieldWrong, "usb_vendor_ids"),
        ('["utf-8"]', '["klingon"]', ProfileFieldWrong, "character_sets"),
        ("strips_aim = true", "strips_aim = 1", ProfileFieldWrong, "text.strips_aim"),
        ("needs_end = true", "needs_end = true\nidle_gap_ms = 0", ProfileFieldWrong, "framing.idle_gap_ms"),
        ("needs_end = true", 'needs_end = true\nanswers = ["0"]', ProfileFieldWrong, "framing.answers"),
        ('sources = ["a manual"]', "sources = [1]", ProfileFieldWrong, "sources"),
        ("[[setup]]", "[setup]", ProfileFieldWrong, "setup"),
        ("verdict_seconds = 4.0\n", "", ProfileContradiction, "verdict_seconds"),
        ('"host-ack"', '"plain"', ProfileContradiction, "verdict_seconds"),
        ('error = "1B 38 2C"', 'error = "1B 37 2C"', ProfileContradiction, "success sounds like error"),
        ("seconds = 0.05\n", "", ProfileContradiction, "wake"),
    ],
)
def test_each_defect_is_named(old: str, new: str, error: type[ProfileDefect], names: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ProfileDefect, match=names) as caught:
        parsed(GOOD.replace(old, new), name="good")
    assert type(caught.value) is error


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(UnknownProfile, match=r"honeywell-host-ack.*zebra-ssi"):
        profile_named("abacus")


def test_the_profiles_of_the_house() -> None:
    names = {profile.name for profile in known_profiles()}
    assert {"generic", "honeywell", "honeywell-host-ack", "zebra-ssi", "newland", "datalogic", "grow"} <= names
    for profile in known_profiles():
        assert profile.sources
        assert profile.setup
        # A clerk takes a beep for a good licence: what is not success must not sound like it.
        assert len(set(profile.signals.values())) == len(profile.signals)


def test_what_the_manuals_print() -> None:
    honeywell = profile_named("honeywell-host-ack")
    assert (honeywell.trigger_on, honeywell.trigger_off) == (b"\x16T\r", b"\x16U\r")
    assert honeywell.signals[Signal.SUCCESS] == b"\x1b7,"
    assert honeywell.signals[Signal.ERROR] == b"\x1b8,\x1b8,"
    datalogic = profile_named("datalogic")
    assert (datalogic.trigger_on, datalogic.trigger_off) == (b"E", b"D")
    newland = profile_named("newland")
    assert newland.trigger_on == b"~\x010000#SCNTRG1;\x03"
    assert newland.rules.answers[0] == b"\x02\x010000#SCNTRG1\x06;\x03"
    # GM72 User Manual chapter 9: start, stop, and the acknowledgement, with their checksums.
    gm72 = profile_named("grow-gm72")
    assert packet(gm72.trigger_on[0]) == bytes.fromhex("04E40400FF14")
    assert packet(gm72.trigger_off[0]) == bytes.fromhex("04E50400FF13")
    assert packet(0xD0, source=0) == bytes.fromhex("04D00000FF2C")


def test_the_answer_of_a_grow_module_ends_with_the_check_that_its_manual_names() -> None:
    (answer,) = profile_named("grow").rules.answers
    assert binascii.crc_hqx(answer[1:-2], 0) == int.from_bytes(answer[-2:], "big")
    # The manual's other example, "save", shows that it is the same check.
    assert binascii.crc_hqx(bytes.fromhex("0901000000"), 0) == 0xDEC8
