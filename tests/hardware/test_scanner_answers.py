"""The real driver on pseudo-terminals: verdict-driven beeps, triggers, packets with their faults, deaf scanners."""

import dataclasses
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hardware.devices import (
    Connected,
    DeviceEvent,
    Discarded,
    DiscardReason,
    Lost,
    LostReason,
    Reading,
    Reconnecting,
    Signal,
)
from hardware.scanner_line import watching
from hardware.scanner_writing import LineWriter
from hardware.serial_scanner.driver import SerialScanner
from hardware.serial_scanner.scanner_profile import ScannerProfile, profile_named
from hardware.serial_scanner.ssi_packet import packet
from hardware.simulated.scanner import VirtualScanner
from hardware.simulated.talking_scanner import HostAckScanner, SsiScanner

SUCCESS, ERROR, ATTENTION = b"\x1b7,", b"\x1b8,\x1b8,", b"\x1b4,\x1b4,"
LONG = "LZ1:" + "ABCDEFGH $%*+-./:0123456789" * 24


@contextmanager
def heard(driver: SerialScanner) -> Iterator[Iterator[Reading | DeviceEvent]]:
    stop = threading.Event()
    stream = driver.readings(stop)
    assert isinstance(next(stream), Connected)
    yield stream
    stop.set()
    assert [item for item in stream if isinstance(item, Reading)] == []


def host_ack(seconds: float = 30.0) -> ScannerProfile:
    return dataclasses.replace(profile_named("honeywell-host-ack"), verdict_seconds=seconds)


def next_text(stream: Iterator[Reading | DeviceEvent]) -> str:
    item = next(stream)
    assert isinstance(item, Reading), item
    return item.text


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        (Signal.SUCCESS, SUCCESS),
        (Signal.ERROR, ERROR),
        (Signal.ATTENTION, ATTENTION),
        # A part of a code is no verdict, but the scanner must go on.
        (Signal.PROGRESS, b"\x1b4,"),
    ],
)
def test_a_waiting_scanner_says_what_its_code_was_worth(signal: Signal, told: bytes) -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack())
        with heard(driver) as stream:
            scanner.scan("LZ1:A")
            assert next_text(stream) == "LZ1:A"
            # Nothing is said before there is a verdict.
            assert scanner.hear(0.05) == b""
            driver.answer(signal)
            assert scanner.hear(2.0, size=len(told)) == told
            # The first word counts: a later one would be taken for the next code.
            driver.answer(Signal.SUCCESS)
            assert scanner.hear(0.05) == b""


def test_silence_after_a_code_is_a_refusal_and_a_late_verdict_is_not_said() -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack(1.0))
        with heard(driver) as stream:
            scanner.scan("LZ1:A")
            next_text(stream)
            # The terminal hangs here: the stream is not asked for anything.
            assert scanner.hear(2.0, size=len(ERROR)) == ERROR
            driver.answer(Signal.SUCCESS)
            assert scanner.hear(0.05) == b""
            # What arrived meanwhile is no code that stands alone, and its scanner is not left waiting either.
            scanner.scan("LZ1:B")
            assert next(stream) == Discarded(driver.name, DiscardReason.RUN_ON, 7)
            assert scanner.hear(2.0, size=len(ERROR)) == ERROR
            scanning = threading.Thread(target=scanner.scan, args=["LZ1:C"])
            scanning.start()
            assert next_text(stream) == "LZ1:C"
            driver.answer(Signal.SUCCESS)
            assert scanner.hear(2.0, size=len(SUCCESS)) == SUCCESS
            scanning.join()


def test_a_code_that_cannot_be_read_is_refused_at_once() -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack())
        with heard(driver) as stream:
            scanner.send(b"LZ1:\x00\r")
            assert next(stream) == Discarded(driver.name, DiscardReason.NOT_PRINTABLE, 6)
            assert scanner.hear(2.0, size=len(ERROR)) == ERROR


def test_a_simulated_scanner_waits_for_its_verdict() -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack())
        told: list[bytes] = []
        with heard(driver) as stream:
            waiting = threading.Thread(target=lambda: told.append(scanner.scan_and_wait("LZ1:A")))
            waiting.start()
            next_text(stream)
            driver.answer(Signal.SUCCESS)
            waiting.join()
    assert told == [SUCCESS]


def test_triggers() -> None:
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("honeywell"))
        driver.trigger(on=True)
        with heard(driver) as stream:
            driver.trigger(on=True)
            driver.trigger(on=False)
            assert scanner.hear(2.0, size=6) == b"\x16T\r\x16U\r"
            scanner.scan("LZ1:A")
            assert next_text(stream) == "LZ1:A"
            # This one beeps by itself and has no word for a verdict.
            driver.answer(Signal.ERROR)
            assert scanner.hear(0.05) == b""
        driver.trigger(on=True)


def test_the_answer_of_a_module_that_was_triggered_is_no_noise() -> None:
    profile = profile_named("grow")
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile)
        with heard(driver) as stream:
            driver.trigger(on=True)
            assert scanner.hear(2.0, size=9) == profile.trigger_on
            scanner.send(profile.rules.answers[0] + b"LZ1:A\r")
            assert next_text(stream) == "LZ1:A"


def test_a_generic_scanner_is_told_nothing() -> None:
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("generic"))
        with heard(driver) as stream:
            scanner.scan("LZ1:A")
            next_text(stream)
            driver.answer(Signal.ERROR)
            driver.trigger(on=True)
            assert scanner.hear(0.05) == b""


def test_a_deaf_scanner_keeps_nobody_waiting() -> None:
    with VirtualScanner() as scanner:
        profile = dataclasses.replace(profile_named("honeywell"), trigger_on=b"\x16" * 3_000)
        driver = SerialScanner(str(scanner.port_path), profile=profile)
        with heard(driver) as stream:
            started = time.monotonic()
            # Its line takes some four thousand bytes; nobody takes them out.
            for _ in range(100):
                driver.trigger(on=True)
            assert time.monotonic() - started < 2.0
            scanner.scan("LZ1:A")
            assert next_text(stream) == "LZ1:A"
            started = time.monotonic()
        assert time.monotonic() - started < 5.0


def test_an_echoing_cable_costs_a_report_and_no_code() -> None:
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("honeywell"))
        with heard(driver) as stream:
            driver.trigger(on=True)
            assert scanner.echo(2.0) == b"\x16T\r"
            assert next(stream) == Discarded(driver.name, DiscardReason.NOT_PRINTABLE, 3)
            scanner.scan("LZ1:A")
            assert next_text(stream) == "LZ1:A"


def test_babble_is_counted_and_not_read() -> None:
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("newland"))
        with heard(driver) as stream:
            scanner.scan("LZ1:BEFORE")
            assert next_text(stream) == "LZ1:BEFORE"
            babbling = threading.Thread(target=scanner.babble, args=(np.random.default_rng(5), 200_000))
            babbling.start()
            thrown_away = 0
            while thrown_away < 200_000:
                item = next(stream)
                assert isinstance(item, Discarded)
                thrown_away += item.byte_count
            babbling.join()
            scanner.scan("LZ1:A")
            assert next_text(stream) == "LZ1:A"


@pytest.mark.parametrize("long_form", [False, True])
def test_packets_with_damage_losses_and_a_beep(long_form: bool) -> None:
    def damage(number: int, attempt: int, raw: bytes) -> bytes:
        # The first attempt of each packet fails: damaged, cut short, lost altogether.
        return raw if attempt else (raw[:-2] + b"??", raw[:20], b"")[number % 3]

    with SsiScanner(response_seconds=0.8, long_form=long_form) as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("zebra-ssi"))
        delivered: list[bool] = []
        with heard(driver) as stream:
            scanning = threading.Thread(target=lambda: delivered.append(scanner.scan_packets(LONG, damage)))
            scanning.start()
            items = [next(stream)]
            while isinstance(items[-1], Discarded):
                items.append(next(stream))
            scanning.join()
            assert delivered == [True]
            assert isinstance(items[-1], Reading)
            assert items[-1].text == LONG
            assert {item.reason for item in items[:-1] if isinstance(item, Discarded)} == {DiscardReason.DAMAGED}
            driver.answer(Signal.SUCCESS)
            driver.trigger(on=True)
            told = threading.Thread(target=lambda: [scanner.obey(2.0, refusals=[0]), scanner.obey(2.0)])
            told.start()
            scanning = threading.Thread(target=lambda: [told.join(), scanner.scan_packets("LZ1:NEXT")])
            scanning.start()
            assert next_text(stream) == "LZ1:NEXT"
            scanning.join()
            assert scanner.told == [b"\xe6\x01", b"\xe4"]


def test_a_command_to_a_sleeping_scanner_begins_with_waking_it() -> None:
    with SsiScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("grow-gm72"))
        with heard(driver) as stream:
            driver.trigger(on=False)
            reading = threading.Thread(target=next, args=(stream,))
            reading.start()
            assert scanner.hear(2.0) == b"\0"
            assert scanner.hear(2.0, size=6) == packet(0xE5)
            scanner.scan_packets("LZ1:A")
            reading.join()


def test_unplugged_while_a_verdict_is_awaited() -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack(), pause=lambda stop, seconds: True)
        stop = threading.Event()
        stream = driver.readings(stop)
        next(stream)
        scanner.scan("LZ1:A")
        assert isinstance(next(stream), Reading)
        scanner.unplug()
        driver.answer(Signal.SUCCESS)
        assert next(stream) == Lost(driver.name, LostReason.UNPLUGGED)
        driver.answer(Signal.SUCCESS)
        driver.trigger(on=True)
        stop.set()
        list(stream)


class Broken:
    """A port that fails in a chosen way when it is written to."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure
        self.attempts = 0
        self.forgotten = threading.Event()

    def write(self, raw: bytes, /) -> int:
        self.attempts += 1
        raise self._failure

    def reset_output_buffer(self) -> None:
        self.forgotten.set()


def test_what_a_failing_port_did_not_take_is_forgotten_and_the_thread_lives_on() -> None:
    port = Broken(OSError("gone"))
    writer = LineWriter(port, failures=(OSError,), monotonic=time.monotonic)
    writer.send(b"one")
    assert port.forgotten.wait(2)
    port.forgotten.clear()
    writer.send(b"two")
    assert port.forgotten.wait(2)
    writer.close()
    assert port.attempts == 2


def test_the_path_is_watched_while_a_device_is_away() -> None:
    looks = iter([True, True, False, False, True])
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0.0)
            return False

    assert watching(lambda: next(looks))(Stop(), 5.0) is True
    assert waited == [0.1] * 4
    assert watching(lambda: False)(Stop(), 0.5) is False
    assert watching(lambda: True)(Stop(), 0.5) is False
    stopped = threading.Event()
    stopped.set()
    assert watching(lambda: False)(stopped, 5.0) is False


def test_plugged_in_again_it_works_within_a_second_even_after_a_long_absence() -> None:
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("honeywell"))
        stop = threading.Event()
        stream = driver.readings(stop)
        assert isinstance(next(stream), Connected)
        scanner.unplug()
        attempts = list(itertools.islice(stream, 4))
        assert attempts[0] == Lost(driver.name, LostReason.UNPLUGGED)
        assert Lost(driver.name, LostReason.NOT_FOUND) in attempts
        replugging = threading.Timer(0.3, scanner.replug)
        replugging.start()
        item = next(stream)
        while not isinstance(item, Connected):
            item = next(stream)
        replugging.join()
        scanner.scan("LZ1:AFTER")
        assert next_text(stream) == "LZ1:AFTER"
        stop.set()
        list(stream)


def test_a_port_that_is_closed_while_its_scanner_wakes_up_is_not_written_to_any_more() -> None:
    class Sleepy:
        def __init__(self) -> None:
            self.written: list[bytes] = []
            self.woken = threading.Event()

        def write(self, raw: bytes, /) -> int:
            self.written.append(raw)
            self.woken.set()
            return len(raw)

        def reset_output_buffer(self) -> None:
            """Nothing is kept back."""

    port = Sleepy()
    writer = LineWriter(port, wake=b"\0", wake_seconds=30.0, failures=(OSError,), monotonic=time.monotonic)
    writer.send(b"command", wakes=True)
    assert port.woken.wait(2)
    writer.close()
    assert port.written == [b"\0"]


def test_more_than_the_queue_holds_is_lost_and_nobody_waits() -> None:
    taken = threading.Event()

    class Stuck:
        def __init__(self) -> None:
            self.written = 0

        def write(self, raw: bytes, /) -> int:
            self.written += 1
            taken.wait(5)
            return len(raw)

        def reset_output_buffer(self) -> None:
            """Nothing is kept back."""

    port = Stuck()
    writer = LineWriter(port, failures=(OSError,), monotonic=time.monotonic)
    started = time.monotonic()
    for _ in range(1_000):
        writer.send(b"x")
    assert time.monotonic() - started < 1.0
    taken.set()
    writer.close()
    assert port.written <= 34


def test_noise_behind_a_code_does_not_take_its_verdict_away() -> None:
    with HostAckScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=host_ack())
        with heard(driver) as stream:
            scanner.send(b"LZ1:A\r\xff\xff")
            assert next_text(stream) == "LZ1:A"
            assert next(stream) == Discarded(driver.name, DiscardReason.RUN_ON, 2)
            assert scanner.hear(0.05) == b""
            driver.answer(Signal.SUCCESS)
            assert scanner.hear(2.0, size=len(SUCCESS)) == SUCCESS


def test_a_device_that_comes_back_is_tried_at_short_intervals_again(tmp_path: Path) -> None:
    """Its permissions may come a moment later than its name."""
    comes_back = iter([None, None, None, True, None])
    driver = SerialScanner(str(tmp_path / "absent"), pause=lambda stop, seconds: next(comes_back))
    stream = driver.readings(threading.Event())
    assert next(stream) == Lost(driver.name, LostReason.NOT_FOUND)
    afters = [item.after_seconds for item in itertools.islice(stream, 6) if isinstance(item, Reconnecting)]
    assert afters == [0.5, 1.0, 2.0, 4.0, 0.5, 1.0]
