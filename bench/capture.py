"""Measures how well and how fast codes are read from simulated phones: the cascade beside plain zxing-cpp and pyzbar.

    python -m bench.capture [--bursts 4] [--seed 1]

Each row is one fault, made too strong on purpose, at about 3 pixels a module (a version 14 code); bursts of 5 pictures
share a holder. "1" is the share of bursts read in the first picture, "5" in any of the five. CPU milliseconds are
per picture, in this run on this machine: compare the columns with each other, not with other machines. The last
rows are the decoding process with its line, and the simulation itself.
"""

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
import qrcode
import zxingcpp
from numpy.typing import NDArray
from qrcode.util import MODE_ALPHA_NUM, QRData

from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.decoder_process import DecoderProcess
from hardware.camera.still import look_with_zbar
from hardware.simulated.camera import ShootingConditions, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
PICTURES = 5
Grey = NDArray[np.uint8]

HELD = ShootingConditions(phone_share=0.95, noise=4.0, wander_pixels=8.0)
FAULTS = {
    "clean": (HELD, False),
    "tilt": (replace(HELD, tilt_degrees=34.0, turn_degrees=24.0, roll_degrees=15.0, noise=7.0), False),
    "blur": (replace(HELD, blur_pixels=1.45), False),
    "shake": (replace(HELD, shake_pixels=5.0), False),
    "glare": (replace(HELD, glare=1.0, noise=7.0), False),
    "noise": (replace(HELD, noise=26.0, jpeg_quality=60), False),
    "moire": (replace(HELD, moire=0.9, noise=9.0), False),
    "far": (replace(HELD, phone_share=0.66), False),
    "dark mode": (replace(HELD, noise=9.0, blur_pixels=1.0), True),
}


def modules_of(text: str) -> NDArray[np.bool_]:
    code = qrcode.QRCode(version=14, error_correction=qrcode.constants.ERROR_CORRECT_L, border=0)
    code.add_data(QRData(text.encode("ascii"), mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)
    return np.array(code.modules, dtype=bool)


class Cascade:
    """The cascade with its memory of one burst."""

    def __init__(self) -> None:
        self._state = CascadeState()

    def __call__(self, grey: Grey) -> list[str]:
        report, self._state = decode_frame(grey, self._state)
        return [code.text for code in report.codes]


def zxing_default(grey: Grey) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCode)]


def zbar(grey: Grey) -> list[str]:
    return [code.text for code in look_with_zbar(grey)]


READERS: dict[str, Callable[[], Callable[[Grey], list[str]]]] = {
    "cascade": Cascade,
    "zxing default": lambda: zxing_default,
    "pyzbar": lambda: zbar,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    text_source = random.Random(chosen.seed)
    camera = SimulatedCamera(np.random.default_rng(chosen.seed))
    cv2.setNumThreads(1)
    spent: dict[str, list[float]] = {name: [] for name in READERS}
    simulating: list[float] = []
    last: list[Grey] = []
    totals = {name: [0, 0] for name in READERS}
    wrong = dict.fromkeys(READERS, 0)
    print(f"{'share of bursts read':<22}" + "".join(f"{name + ' 1 / 5':>24}" for name in READERS))
    for fault, (conditions, dark_mode) in FAULTS.items():
        hits = {name: [0, 0] for name in READERS}
        for _ in range(chosen.bursts):
            text = "LZ1:" + "".join(text_source.choices(ALPHABET, k=662)) + "A"
            screen = phone_screen(modules_of(text), dark_mode=dark_mode)
            began = time.process_time()
            burst = [
                cv2.cvtColor(camera.shoot(screen, conditions), cv2.COLOR_BGR2GRAY).astype(np.uint8)
                for _ in range(PICTURES)
            ]
            simulating.append((time.process_time() - began) / PICTURES)
            last = burst
            for name, make in READERS.items():
                read = make()
                found: list[bool] = []
                for grey in burst:
                    began = time.process_time()
                    texts = read(grey)
                    spent[name].append(time.process_time() - began)
                    found.append(text in texts)
                    wrong[name] += any(other != text for other in texts)
                hits[name][0] += found[0]
                hits[name][1] += any(found)
        for name in READERS:
            totals[name] = [total + hit for total, hit in zip(totals[name], hits[name], strict=True)]
        print(f"{fault:<22}" + "".join(_shares(hits[name], chosen.bursts) for name in READERS))
    everything = chosen.bursts * len(FAULTS)
    print(f"{'all':<22}" + "".join(_shares(totals[name], everything) for name in READERS))
    print(f"{'wrong payloads':<22}" + "".join(f"{wrong[name]:>24}" for name in READERS))
    print(f"{'CPU ms, mean':<22}" + "".join(f"{1000 * sum(spent[name]) / len(spent[name]):>24.1f}" for name in READERS))
    print(f"{'CPU ms, median':<22}" + "".join(f"{1000 * median(spent[name]):>24.1f}" for name in READERS))
    print(f"one simulated picture: {1000 * median(simulating):.0f} CPU ms")
    with DecoderProcess() as process:
        began = time.perf_counter()
        process.decode_frame(last[0], "bench")
        print(f"decoding process, start and first picture: {1000 * (time.perf_counter() - began):.0f} ms wall")
        walls = []
        for number in range(40):
            began = time.perf_counter()
            process.decode_frame(last[number % PICTURES], "bench")
            walls.append(time.perf_counter() - began)
        print(f"decoding process, each picture with its line: {1000 * median(walls):.1f} ms wall (median)")


def _shares(hits: list[int], bursts: int) -> str:
    return f"{f'{100 * hits[0] / bursts:.0f} / {100 * hits[1] / bursts:.0f} %':>24}"


if __name__ == "__main__":
    main()
