"""The decoding process in the capture bench: a picture over its line, and how soon a killed or hung one is replaced."""

import os
import signal
from statistics import median
from time import perf_counter

from bench.corpus import HardFrame, Split, hard_frames
from hardware.camera.decoder_process import DecoderProcess
from hardware.errors import DecoderFailure

ROUNDS = 3


def measure_process() -> list[tuple[str, str, float, bool]]:
    """Rows of name, bar, figure and whether the bar holds."""
    hard: HardFrame = next(hard_frames(Split.HELD_OUT, 1))
    with DecoderProcess() as process:
        began = perf_counter()
        process.decode_frame(hard.grey, "bench")
        started = perf_counter() - began
        walls = []
        for _ in range(40):
            began = perf_counter()
            process.decode_frame(hard.grey, "bench")
            walls.append(perf_counter() - began)
        killed = max(_outage(process, hard, signal.SIGKILL) for _ in range(ROUNDS))
        hung = max(_outage(process, hard, signal.SIGSTOP) for _ in range(ROUNDS))
    return [
        ("decoding process, first picture, s", "-", started, True),
        ("decoding process, a picture, ms wall", "-", 1000 * median(walls), True),
        ("killed process replaced after, s", "< 1", killed, killed < 1),
        ("hung process replaced after, s", "< 1", hung, hung < 1),
    ]


def _outage(process: DecoderProcess, hard: HardFrame, how: signal.Signals) -> float:
    """From the blow to the next picture that is read, while pictures keep coming."""
    _settle(process, hard)
    identity = process.process_id
    if identity is None:
        raise AssertionError("the process runs")
    os.kill(identity, how)
    began = perf_counter()
    while True:
        try:
            report = process.decode_frame(hard.grey, "bench")
        except DecoderFailure:
            continue
        if report.codes:
            return perf_counter() - began


def _settle(process: DecoderProcess, hard: HardFrame) -> None:
    """A terminal has seconds between two mishaps; the spare needs some of them to load."""
    until = perf_counter() + 4
    while perf_counter() < until:
        process.decode_frame(hard.grey, "bench")
