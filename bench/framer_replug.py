"""A scanner pulled out and plugged in again: how long until it gives codes, and what watching its path costs.

    .venv/bin/python -m bench.framer_replug [--smoke]

A pseudo-terminal stands for the device and a link for its name under /dev/serial, which vanishes and comes back as
udev does it. Bar: connected again in less than one second after the name is back, however long it was away. Peer in
the same run: the plain back-off (0.5 s doubling to 5 s) without looking at the path.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable

from hardware.devices import Connected, Lost, LostReason, Reading
from hardware.hid_scanner.wedge import WedgeScanner
from hardware.scanner_line import Pause, path_is_there, watching
from hardware.serial_scanner.driver import SerialScanner
from hardware.serial_scanner.scanner_profile import profile_named
from hardware.simulated.hid import VirtualWedge
from hardware.simulated.scanner import VirtualScanner


def absence(seconds: float, pause: Pause | None) -> tuple[float, float]:
    """Seconds from the return of the name to the open port, and to the first code read."""
    with VirtualScanner() as scanner:
        driver = SerialScanner(str(scanner.port_path), profile=profile_named("honeywell"), pause=pause)
        stop = threading.Event()
        stream = driver.readings(stop)
        assert isinstance(next(stream), Connected)
        back: list[float] = []

        def plug_in() -> None:
            scanner.replug()
            back.append(time.monotonic())
            # The person scans at once and again; what is printed before the port is open reaches nobody.
            while not stop.wait(0.1):
                scanner.send(b"LZ1:FIRST\r")

        scanner.unplug()
        timer = threading.Timer(seconds, plug_in)
        timer.start()
        connected = read = 0.0
        for item in stream:
            if isinstance(item, Connected):
                connected = time.monotonic() - back[0]
            if isinstance(item, Reading):
                read = time.monotonic() - back[0]
                stop.set()
        timer.join()
        return connected, read


def row(name: str, absences: list[float], pause: Callable[[], Pause | None]) -> float:
    results = [absence(seconds, pause()) for seconds in absences]
    opened, read = [each[0] for each in results], [each[1] for each in results]
    print(
        f"{name:38} {len(results):4} {statistics.median(opened):9.3f} {max(opened):9.3f} "
        f"{statistics.median(read):9.3f} {max(read):9.3f}",
        flush=True,
    )
    return max(read)


def watching_cost(seconds: float) -> float:
    """Share of a processor that looking at an absent path takes."""
    pause = watching(path_is_there("/dev/serial/by-path/there-is-none"))
    started = time.process_time()
    pause(threading.Event(), seconds)
    return (time.process_time() - started) / seconds


def wedge_is_back() -> float:
    """The same loop drives HID scanners; a keyboard scanner stands for them."""
    with VirtualWedge() as virtual:
        is_there = threading.Event()

        def look() -> bool:
            return is_there.is_set()

        driver = WedgeScanner("wedge", open_device=virtual.open, pause=watching(look))
        stop = threading.Event()
        stream = driver.readings(stop)
        next(stream)
        virtual.unplug()
        back: list[float] = []

        def plug_in() -> None:
            virtual.replug()
            is_there.set()
            back.append(time.monotonic())

        timer = threading.Timer(1.3, plug_in)
        timer.start()
        for item in stream:
            if isinstance(item, Connected):
                stop.set()
            elif isinstance(item, Lost):
                assert item.reason in (LostReason.UNPLUGGED, LostReason.NOT_FOUND)
        timer.join()
        return time.monotonic() - back[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="three absences")
    smoke = parser.parse_args().smoke
    absences = [0.2, 0.7, 1.9] if smoke else [0.05, 0.2, 0.4, 0.7, 1.1, 1.6, 2.3, 3.1, 4.2, 5.5, 8.0, 12.0]
    print(f"{'seconds after the name is back':38} {'n':>4} {'open med':>9} {'max':>9} {'read med':>9} {'max':>9}")
    worst = row("watching the path (bar: < 1.000)", absences, lambda: None)
    row("peer: back-off alone", absences, lambda: threading.Event.wait)
    print(f"{'keyboard scanner, watching':38} {1:4} {wedge_is_back():9.3f}")
    cost = watching_cost(1.0 if smoke else 5.0)
    print(f"watching an absent path: {cost * 100:.3f} % of one processor")
    return int(worst >= 1.0)


if __name__ == "__main__":
    sys.exit(main())
