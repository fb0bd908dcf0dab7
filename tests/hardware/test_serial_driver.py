"""The real serial driver on real pseudo-terminals, sockets and pyserial's loop."""

import itertools
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from hardware.devices import (
    Connected,
    DeviceEvent,
    Discarded,
    DiscardReason,
    Lost,
    LostReason,
    Reading,
    Reconnecting,
)
from hardware.errors import DeviceBusy, DeviceNotFound, UnsupportedSource
from hardware.serial_scanner.driver import SerialScanner, open_port
from hardware.simulated.scanner import VirtualScanner

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CODE = "LZ1:" + "".join(random.Random(7).choices(ALPHABET, k=663))


def no_pause(stop: threading.Event, seconds: float) -> None:
    """Reconnects at once."""


@pytest.fixture
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as virtual:
        yield virtual


@pytest.fixture
def heard(scanner: VirtualScanner) -> Iterator[Iterator[Reading | DeviceEvent]]:
    """What the driver says about the virtual scanner."""
    stop = threading.Event()
    stream = SerialScanner(str(scanner.port_path), pause=no_pause).readings(stop)
    assert isinstance(next(stream), Connected)
    yield stream
    stop.set()
    assert list(stream) == []


def text_of(item: Reading | DeviceEvent) -> str:
    assert isinstance(item, Reading), item
    return item.text


def test_a_realistic_code(scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]) -> None:
    scanner.scan(CODE)
    reading = next(heard)
    assert text_of(reading) == CODE
    assert CODE not in repr(reading)


def test_a_code_in_small_chunks_that_begins_with_a_space(
    scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]
) -> None:
    sender = threading.Thread(
        target=scanner.scan, args=[" A B "], kwargs={"chunks": [1, 2], "between_chunks": threading.Event().is_set}
    )
    sender.start()
    assert text_of(next(heard)) == " A B "
    sender.join()


def test_two_scans_one_after_the_other(scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]) -> None:
    def scan_both() -> None:
        scanner.scan("FIRST")
        scanner.scan("SECOND")

    sender = threading.Thread(target=scan_both)
    sender.start()
    assert [text_of(next(heard)), text_of(next(heard))] == ["FIRST", "SECOND"]
    sender.join()


def test_a_second_code_inside_a_code_is_discarded(
    scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]
) -> None:
    scanner.send(b"LZ1:ONE\r\nLZ1:TWO\r\n")
    assert text_of(next(heard)) == "LZ1:ONE"
    assert next(heard) == Discarded(str(scanner.port_path), DiscardReason.RUN_ON, 9)


def test_a_wrong_baud_rate_is_named_and_the_next_code_is_read(
    scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]
) -> None:
    scanner.scan_at_wrong_baud_rate(CODE, np.random.default_rng(3))
    event = next(heard)
    assert isinstance(event, Discarded)
    assert event.reason is DiscardReason.NOT_PRINTABLE
    scanner.scan("GOOD")
    assert text_of(next(heard)) == "GOOD"


def test_unplugged_in_mid_code_and_plugged_in_again(
    scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]
) -> None:
    name = str(scanner.port_path)
    scanner.scan("BEFORE")
    assert text_of(next(heard)) == "BEFORE"
    scanner.scan_and_unplug(CODE, after_bytes=100)
    events = list(itertools.takewhile(lambda item: not isinstance(item, Reconnecting), heard))
    # The kernel may throw the last bytes away with the device, so the partial code is reported only if it arrived.
    assert events[-1] == Lost(name, LostReason.UNPLUGGED)
    assert all(isinstance(item, Discarded) for item in events[:-1])
    assert next(heard) == Lost(name, LostReason.NOT_FOUND)
    scanner.replug()
    assert isinstance(next(heard), Reconnecting)
    assert next(heard) == Connected(name)
    scanner.scan("AFTER")
    assert text_of(next(heard)) == "AFTER"


def test_a_scanner_that_is_absent_is_reported_once_and_awaited(tmp_path: Path) -> None:
    stop = threading.Event()
    waited: list[float] = []

    def pause(stop: threading.Event, seconds: float) -> None:
        waited.append(seconds)

    name = str(tmp_path / "absent")
    stream = SerialScanner(name, pause=pause).readings(stop)
    assert next(stream) == Lost(name, LostReason.NOT_FOUND)
    assert [next(stream) for _ in range(6)] == [
        Reconnecting(name, attempt, seconds) for attempt, seconds in enumerate([0.5, 1.0, 2.0, 4.0, 5.0, 5.0], start=1)
    ]
    assert waited == [0.5, 1.0, 2.0, 4.0, 5.0]
    stream.close()  # type: ignore[attr-defined]  # a generator is closed like this


def test_an_absent_scanner_is_an_error_if_nobody_waits(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound):
        next(SerialScanner(str(tmp_path / "absent"), wait_for_device=False).readings(threading.Event()))


def test_a_port_in_use_is_busy(scanner: VirtualScanner, heard: Iterator[Reading | DeviceEvent]) -> None:
    with pytest.raises(DeviceBusy):
        open_port(str(scanner.port_path), 9600)


def test_an_unknown_kind_of_url_is_refused() -> None:
    with pytest.raises(UnsupportedSource):
        next(SerialScanner("nonsense://x").readings(threading.Event()))


def test_a_scanner_behind_a_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        stop = threading.Event()
        stream = SerialScanner(url, pause=no_pause).readings(stop)
        assert next(stream) == Connected(url)
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"]Q1" + CODE.encode() + b"\r\n")
            reading = next(stream)
            assert isinstance(reading, Reading)
            assert (reading.text, reading.aim) == (CODE, "]Q1")
        assert next(stream) == Lost(url, LostReason.UNPLUGGED)
        stop.set()
        list(stream)


def test_a_loop() -> None:
    port = open_port("loop://", 9600)
    stop = threading.Event()
    stream = SerialScanner("loop://", open_port=lambda url, baud_rate: port).readings(stop)
    assert next(stream) == Connected("loop://")
    port.write(b"LZ1:LOOP")  # type: ignore[attr-defined]  # the driver never writes, pyserial's port can
    assert text_of(next(stream)) == "LZ1:LOOP"
    stop.set()
    assert list(stream) == []


@pytest.mark.parametrize("failure", [serial.SerialException("gone"), OSError(5, "gone"), TypeError("fd is None")])
def test_whatever_an_unplugged_port_raises_is_a_loss(failure: Exception) -> None:
    class Broken:
        in_waiting = 0

        def read(self, size: int = 1, /) -> bytes:
            raise failure

        def close(self) -> None:
            raise failure

    stream = SerialScanner("broken", open_port=lambda url, baud_rate: Broken(), pause=no_pause).readings(
        threading.Event()
    )
    assert [next(stream), next(stream)] == [Connected("broken"), Lost("broken", LostReason.UNPLUGGED)]
    stream.close()  # type: ignore[attr-defined]  # a generator is closed like this
