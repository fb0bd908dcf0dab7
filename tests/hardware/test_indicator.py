"""Lamps, buzzers and beacons: colours, rhythms, and devices that go and come back by themselves."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from busylight_core import NoLightsFoundError

from hardware.devices import Connected, Lost, LostReason, Signal
from hardware.errors import DeviceBusy, DeviceForbidden, DeviceNotFound, DeviceUnusable
from hardware.gpio import CONSUMER, ChipLines
from hardware.indicator import rhythm
from hardware.indicator.faces import COLOURS, Beacon, Buzzer, TrafficLight, open_beacon
from hardware.indicator.rhythm import BUZZER, LAMP, Rhythm
from hardware.indicator.showing import Face, Showing
from hardware.output_errors import BeaconForbidden, BeaconNotFound
from hardware.simulated.chip import VirtualChip, VirtualLights

OFF, RED, YELLOW, GREEN = (False,) * 3, (True, False, False), (False, True, False), (False, False, True)
LIT = {Signal.SUCCESS: GREEN, Signal.ATTENTION: YELLOW, Signal.ERROR: RED, Signal.PROGRESS: (False, True, True)}
STEADY = dict.fromkeys(Signal, Rhythm((1.0,), repeats=True))


@contextmanager
def showing(
    face: Callable[[], Face], rhythms: dict[Signal, Rhythm] = STEADY
) -> Iterator[tuple[Showing, list[Connected | Lost], threading.Semaphore]]:
    """An indicator, what it told, and a semaphore that counts what it told."""
    told: list[Connected | Lost] = []
    counted = threading.Semaphore(0)

    def tell(event: Connected | Lost) -> None:
        told.append(event)
        counted.release()

    shower = Showing("lamp:test", face, rhythms=rhythms, tell=tell)
    try:
        yield shower, told, counted
    finally:
        shower.close()


# Rhythms.


def test_the_four_words_differ_by_rhythm_and_by_colour() -> None:
    for table in (LAMP, BUZZER):
        assert set(table) == set(Signal)
        assert len({each.seconds for each in table.values()}) == 4
    assert len(set(COLOURS.values())) == len(set(LIT.values())) == 4


def test_nothing_flashes_more_than_three_times_a_second() -> None:
    for each in LAMP.values():
        times = [number / 100 for number in range(1_000)]
        lit = [each.at(at)[0] for at in times]
        begins = [at for at, before, now in zip(times[1:], lit, lit[1:], strict=False) if now and not before]
        assert all(sum(1 for each in begins if at <= each < at + 1) <= 3 for at in begins)


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [(0.0, (True, 0.2)), (0.1, (True, 0.1)), (0.25, (False, 0.15)), (0.7, (False, 0.3)), (1.05, (True, 0.15))],
)
def test_a_rhythm_that_repeats(elapsed: float, expected: tuple[bool, float]) -> None:
    is_on, left = Rhythm((0.2, 0.2, 0.2, 0.4), repeats=True).at(elapsed)
    assert (is_on, left) == (expected[0], pytest.approx(expected[1]))


def test_a_rhythm_that_ends_stays_off() -> None:
    once = rhythm.BUZZER[Signal.ATTENTION]
    assert [once.at(each)[0] for each in (0.0, 0.15, 0.25, 0.33, 5.0)] == [True, False, True, True, False]
    assert once.at(0.4) == (False, None)


# What is lit.


@pytest.mark.parametrize("signal", Signal)
def test_each_word_lights_its_lamps(signal: Signal) -> None:
    chip = VirtualChip()
    with showing(lambda: TrafficLight(chip.take(("17", "27", "22")))) as (shower, _, _):
        shower.show(signal)
        assert chip.wait_for(lambda: tuple(chip.high.values()) == LIT[signal])
        shower.show(None)
        assert chip.wait_for(lambda: tuple(chip.high.values()) == OFF)
    assert list(chip.high) == ["17", "27", "22"]
    assert set(chip.history) <= {OFF, LIT[signal]}


def test_a_buzzer_plays_its_rhythm_once() -> None:
    chip = VirtualChip()
    quick = {Signal.ERROR: Rhythm((0.15, 0.15, 0.15), repeats=False)}
    with showing(lambda: Buzzer(chip.take(("5",))), quick) as (shower, _, _):
        shower.show(Signal.ERROR)
        assert chip.wait_for(lambda: len(chip.history) >= 6)
    # Taken, dark until something was said, twice on and off, given back.
    sounds = [each for each, before in zip(chip.history[1:], chip.history, strict=False) if each != before]
    assert sounds == [(True,), (False,), (True,), (False,)]


def test_a_lamp_is_dark_and_given_back_at_the_end() -> None:
    chip = VirtualChip()
    with showing(lambda: TrafficLight(chip.take("123"))) as (shower, _, _):
        shower.show(Signal.ERROR)
        assert chip.wait_for(lambda: chip.high["1"])
    assert not any(chip.high.values())


@pytest.mark.parametrize("signal", Signal)
def test_a_beacon_takes_the_words_colour(signal: Signal) -> None:
    lights = VirtualLights(KeyError)
    face = Beacon("beacon", lights)
    face.light(signal)
    face.light(None)
    assert lights.colours == [COLOURS[signal], (0, 0, 0)]


# Lost and back.


def test_a_lost_beacon_is_told_once_and_comes_back_with_what_is_meant_then() -> None:
    lights = VirtualLights(NoLightsFoundError)
    with showing(lambda: open_beacon("beacon", find=lambda: lights)) as (shower, told, counted):
        assert counted.acquire(timeout=5)
        shower.show(Signal.SUCCESS)
        with lights.changed:
            assert lights.changed.wait_for(lambda: COLOURS[Signal.SUCCESS] in lights.colours, 5)
        lights.is_there = False
        shower.show(Signal.ATTENTION)
        assert counted.acquire(timeout=5)
        # It stays away for at least one attempt, and nothing more is told.
        assert not counted.acquire(timeout=0.7)
        shower.show(Signal.ERROR)
        lights.is_there = True
        assert counted.acquire(timeout=5)
        with lights.changed:
            assert lights.changed.wait_for(lambda: COLOURS[Signal.ERROR] in lights.colours, 5)
    assert told == [Connected("lamp:test"), Lost("lamp:test", LostReason.UNPLUGGED), Connected("lamp:test")]
    assert COLOURS[Signal.ATTENTION] not in lights.colours


def test_showing_never_waits_for_a_device_that_hangs() -> None:
    hanging, let_go = threading.Event(), threading.Event()

    class Hangs:
        def light(self, signal: Signal | None) -> None:
            del signal
            hanging.set()
            let_go.wait(5)

        def close(self) -> None:
            return

    with showing(Hangs) as (shower, _, _):
        assert hanging.wait(5)
        for _ in range(1_000):
            shower.show(Signal.SUCCESS)
        assert not let_go.is_set()
        let_go.set()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [({"is_there": False}, BeaconNotFound), ({"is_forbidden": True}, BeaconForbidden)],
)
def test_a_beacon_that_cannot_be_had_is_said_by_its_reason(spoil: dict[str, bool], error: type[Exception]) -> None:
    lights = VirtualLights(NoLightsFoundError)
    for name, value in spoil.items():
        setattr(lights, name, value)
    with pytest.raises(error):
        open_beacon("lamp:busylight", find=lambda: lights)


def test_a_beacon_that_breaks_is_unusable_whatever_its_library_raises() -> None:
    lights = VirtualLights(KeyError)
    face = Beacon("beacon", lights)
    lights.is_there = False
    with pytest.raises(DeviceUnusable, match="RuntimeError"):
        face.light(Signal.SUCCESS)
    with pytest.raises(DeviceUnusable):
        face.close()


def test_the_real_library_finds_no_beacon_here_and_says_so() -> None:
    with pytest.raises(BeaconNotFound):
        open_beacon("lamp:busylight", path="/dev/hidraw-that-is-not-there")


# The real GPIO library, as far as it goes without a chip.


class Request:
    """What gpiod gives for lines that are held."""

    def __init__(self) -> None:
        self.values: list[dict[object, object]] = []
        self.failing: Exception | None = None
        self.released = 0

    def set_values(self, values: dict[object, object]) -> None:
        if self.failing:
            raise self.failing
        self.values.append(values)

    def release(self) -> None:
        self.released += 1


def test_lines_are_taken_inactive_and_given_back_inactive(monkeypatch: pytest.MonkeyPatch) -> None:
    import gpiod
    from gpiod.line import Direction, Value

    request, asked = Request(), []

    def request_lines(path: str, **given: object) -> Request:
        asked.append((path, given))
        return request

    monkeypatch.setattr(gpiod, "request_lines", request_lines)
    lines = ChipLines("gpiochip0", ("6", "DOOR"), active_low=True)
    lines.set((True, False))
    lines.close()
    ((path, given),) = asked
    ((named, settings),) = given["config"].items()
    assert (path, given["consumer"], named) == ("/dev/gpiochip0", CONSUMER, (6, "DOOR"))
    assert (settings.direction, settings.output_value, settings.active_low) == (Direction.OUTPUT, Value.INACTIVE, True)
    assert request.values == [{6: Value.ACTIVE, "DOOR": Value.INACTIVE}, {6: Value.INACTIVE, "DOOR": Value.INACTIVE}]
    assert request.released == 1
    request.failing = OSError(19, "No such device")
    with pytest.raises(DeviceNotFound):
        lines.set((True, True))
    lines.close()
    assert request.released == 2


@pytest.mark.parametrize(
    ("number", "error"), [(2, DeviceNotFound), (13, DeviceForbidden), (16, DeviceBusy), (22, DeviceUnusable)]
)
def test_a_chip_that_refuses_is_said_by_its_reason(
    number: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    import gpiod

    def refuse(path: str, **given: object) -> Request:
        del path, given
        raise OSError(number, "refused")

    monkeypatch.setattr(gpiod, "request_lines", refuse)
    with pytest.raises(error, match="gpiochip9/5"):
        ChipLines("gpiochip9", ("5",))


def test_there_is_no_chip_here_and_the_real_library_says_so() -> None:
    with pytest.raises(DeviceNotFound):
        ChipLines("/dev/gpiochip-that-is-not-there", ("5",))
