"""The fuzzing bench in small: nothing lost and nothing foreign, and it would notice if there were."""

import dataclasses
import random

import pytest

from bench import framer_fuzz
from hardware.serial_scanner import ssi
from hardware.serial_scanner.scanner_profile import profile_named
from hardware.serial_scanner.ssi_packet import Packet

PROTOCOLS = {name: session for name, session in framer_fuzz.protocols().items() if not name.startswith("peer")}


def tally(session: framer_fuzz.Session, sessions: int, seed: int) -> framer_fuzz.Tally:
    sums = framer_fuzz.Tally()
    for number in range(sessions):
        sums.add(*session(random.Random(seed + number)), seed + number)
    return sums


@pytest.mark.parametrize("name", PROTOCOLS)
def test_nothing_is_lost_and_nothing_foreign(name: str) -> None:
    sums = tally(PROTOCOLS[name], 150, seed=77_000)
    assert (sums.lost, sums.foreign, sums.first_bad_seed) == (0, 0, None)
    assert sums.read == sums.sent > 100


def test_a_framer_that_lets_broken_codes_out_is_noticed() -> None:
    profile = profile_named("newland")
    careless = dataclasses.replace(profile, rules=dataclasses.replace(profile.rules, needs_end=False))

    def session(rng: random.Random) -> tuple[list[str], list[str]]:
        script = framer_fuzz.plain_script(rng, profile)
        framer, found = framer_fuzz.Framer(careless.rules), []
        for step in script.steps:
            if isinstance(step, bytes):
                found += framer.feed(step)
            elif step is not None:
                found += framer.silence(step)
            else:
                found += framer.unplugged()
        return script.expected, framer_fuzz.texts(found)

    assert tally(session, 150, seed=1).foreign > 0


def test_packets_whose_checksum_nobody_looks_at_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def credulous(raw: bytes) -> Packet:
        return Packet(raw[1], raw[2], raw[3], raw[4:-2])

    monkeypatch.setattr(ssi, "parsed", credulous)
    sums = tally(PROTOCOLS["SSI packets"], 300, seed=1)
    assert sums.foreign > 0
    assert sums.lost > 0


def test_the_tally_counts_losses_doubles_and_strangers() -> None:
    sums = framer_fuzz.Tally()
    sums.add(["A", "B", "C"], ["A", "A", "X", "C"], 5)
    assert (sums.sent, sums.read, sums.lost, sums.foreign, sums.first_bad_seed) == (3, 2, 1, 2, 5)
    sums.add(["A", "B"], ["B", "A"], 6)
    assert (sums.lost, sums.foreign) == (2, 3)


def test_the_naive_reader_does_worse() -> None:
    sums = tally(framer_fuzz.protocols()["peer: readline + strip"], 100, seed=1)
    assert sums.lost > sums.read
    assert sums.foreign > sums.sent
