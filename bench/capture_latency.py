"""From a camera's picture to the text of its code, in real time at 25 pictures a second: how late, and later and later?

    python -m bench.capture_latency [--seconds 60] [--fps 25] [--json FILE] [--smoke]

Everything of a terminal's way is real: the grabbing thread, the slot for one picture, the decoding process with its
line, duplicates. The camera is a device of prepared pictures (a version 14 code of about 3.5 pixels a module, a little
blurred and noisy) that gives one each 1/fps seconds; every fifth shows another code. Latency is from the moment when
the picture was there to the moment when the listener has its text. Beside it in the same run: zxing-cpp's default at
once in the same thread (the floor), and the plain loop that queues pictures as drivers do, with 1.5 pictures' time of
work on each. The slope says whether latency grows; the bars are 60 ms (95 of 100) and no growth in ten minutes.

A machine with other work is late by itself, so the run also says how late the camera's own sleeps ended, and for what
share of the time somebody waited for a processor (Linux, /proc/pressure/cpu): a miss there is no miss of the terminal.
"""

import argparse
import json
import queue
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from hardware.camera.decoder_process import DecoderProcess
from hardware.camera.frames import LiveFrames
from hardware.camera.source import CameraSource
from hardware.devices import Reading
from hardware.sheet_codes import SheetCode, sheet_code
from hardware.simulated.camera import ShootingConditions, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen

Picture = NDArray[np.uint8]

P95_GOAL_MS = 60.0
SLOPE_GOAL_MS_PER_MINUTE = 1.0
CODES, PICTURES_EACH = 30, 5


def texts() -> list[SheetCode]:
    """Different version 14 codes of one length."""
    whole = sheet_code(14).text
    return [SheetCode(14, f"{whole[:9]}{number:02}{whole[11:]}") for number in range(CODES)]


def pictures(seed: int) -> list[Picture]:
    camera = SimulatedCamera(np.random.default_rng(seed))
    held = ShootingConditions(phone_share=0.95, blur_pixels=0.8, noise=6.0, wander_pixels=8.0)
    return [camera.shoot(phone_screen(code.modules), held) for code in texts() for _ in range(PICTURES_EACH)]


class Paced:
    """A camera that gives the prepared pictures in real time, over and over."""

    def __init__(self, film: list[Picture], fps: float, until: float) -> None:
        self._film, self._fps, self._until = film, fps, until
        self._began = time.monotonic()
        self._count = 0
        self.late: list[float] = []

    def read(self) -> Picture | None:
        # A camera does not wait for whoever is late: what was missed is gone.
        asked = time.monotonic()
        self._count = max(self._count + 1, int((asked - self._began) * self._fps))
        due = self._began + self._count / self._fps
        if due > asked:
            time.sleep(due - asked)
            self.late.append((time.monotonic() - due) * 1e3)
        if due > self._until:
            return None
        picture = self._film[self._count % len(self._film)].copy()
        # No two pictures of a camera are equal.
        picture[0, 0] = self._count % 256
        return picture

    def release(self) -> None:
        return


def waited_for_processors() -> float | None:
    """Seconds, since the machine started, in which somebody waited for a processor; None where nobody counts them."""
    try:
        some = Path("/proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    return int(some.rpartition("total=")[2]) / 1e6


def ours(film: list[Picture], fps: float, seconds: float) -> tuple[list[tuple[float, float]], list[float]]:
    """(seconds since the beginning, latency in ms) of each code that was read; how late, in ms, the camera woke up."""
    found: list[tuple[float, float]] = []
    cameras: list[Paced] = []
    stop = threading.Event()
    with DecoderProcess() as decoder:
        decoder.decode_frame(np.full((720, 1280), 90, np.uint8), "warm")
        began = time.monotonic()

        def open_it() -> Paced:
            cameras.append(Paced(film, fps, began + seconds))
            return cameras[-1]

        live = LiveFrames("bench", open_it)
        timer = threading.Timer(seconds, stop.set)
        timer.start()
        for item in CameraSource("bench", live, decoder, ends=False).readings(stop):
            if isinstance(item, Reading):
                now = time.monotonic()
                found.append((now - began, (now - item.at_monotonic) * 1e3))
        timer.cancel()
    return found, [late for camera in cameras for late in camera.late]


def at_once(film: list[Picture], rounds: int) -> list[float]:
    """zxing-cpp's default on each picture, in this thread."""
    taken = []
    for number in range(rounds):
        grey = cv2.cvtColor(film[number % len(film)], cv2.COLOR_BGR2GRAY)
        began = time.perf_counter()
        zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode)
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


def queued(fps: float, seconds: float) -> float:
    """How late the plain loop is at the end, in ms: a driver queues, and each picture costs 1.5 pictures' time."""
    line: queue.SimpleQueue[float] = queue.SimpleQueue()
    began = time.monotonic()

    def grab() -> None:
        for number in range(int(seconds * fps)):
            time.sleep(max(0.0, began + number / fps - time.monotonic()))
            line.put(time.monotonic())

    threading.Thread(target=grab, daemon=True).start()
    late = 0.0
    while time.monotonic() - began < seconds:
        at = line.get()
        time.sleep(1.5 / fps)
        late = (time.monotonic() - at) * 1e3
    return late


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--smoke", action="store_true", help="a few seconds")
    given = parser.parse_args()
    seconds = 5.0 if given.smoke else given.seconds
    cv2.setNumThreads(1)
    film = pictures(given.seed)
    waited, began = waited_for_processors(), time.monotonic()
    found, woke_late = ours(film, given.fps, seconds)
    waited_after, elapsed = waited_for_processors(), time.monotonic() - began
    latencies = [latency for _, latency in found]
    slope = float(np.polyfit([at / 60 for at, _ in found], latencies, 1)[0])
    shown = int(seconds * given.fps / PICTURES_EACH)
    floor = at_once(film, 100)
    late = queued(given.fps, 6.0 if not given.smoke else 2.0)
    p50, p95 = quantile(latencies, 0.5), quantile(latencies, 0.95)
    print("| what | figure | bar | peer in the same run |\n|---|---|---|---|")
    print(
        f"| picture to text, p95 ms | {p95:.1f} (p50 {p50:.1f}, longest {max(latencies):.1f}) | {P95_GOAL_MS:.0f} | "
        f"zxing default at once: p50 {quantile(floor, 0.5):.1f}, p95 {quantile(floor, 0.95):.1f} |"
    )
    print(
        f"| growth in {seconds / 60:.1f} minutes, ms a minute | {slope:+.2f} | {SLOPE_GOAL_MS_PER_MINUTE:.0f} | "
        f"a plain loop with a queue: {late:.0f} ms late after a few seconds |"
    )
    print(f"| codes read of those shown | {len(found)} of {shown} | – | – |")
    busy = "unknown" if waited is None or waited_after is None else f"{100 * (waited_after - waited) / elapsed:.0f} %"
    print(
        f"| the machine: somebody waits for a processor | {busy} of the time | – | "
        f"a sleep ends late: p50 {quantile(woke_late, 0.5):.1f}, p95 {quantile(woke_late, 0.95):.1f} ms |"
    )
    if given.json:
        figures = {"p50": p50, "p95": p95, "slope": slope, "read": len(found), "shown": shown}
        given.json.write_text(json.dumps({**figures, "woke_late_p95": quantile(woke_late, 0.95)}))
    return 0 if p95 <= P95_GOAL_MS and slope <= SLOPE_GOAL_MS_PER_MINUTE else 1


if __name__ == "__main__":
    sys.exit(main())
