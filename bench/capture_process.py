"""The decoding process in the capture bench: a picture over its line, and how soon a killed or hung one is replaced."""

import os
import signal
from statistics import median
from time import perf_counter, sleep

from bench.corpus import HardFrame, Split, hard_frames
from hardware.camera.decoder_process import DecoderProcess
from hardware.errors import DecoderFailure

ROUNDS, SETTLE_SECONDS = 3, 4.0
SMOKE_ROUNDS, SMOKE_SETTLE_SECONDS = 1, 2.0
_FRAME_SECONDS = 0.04


def measure_process(*, smoke: bool = False) -> list[tuple[str, str, float, bool]]:
    """Rows of name, bar, figure and whether the bar holds."""
    rounds, settle = (SMOKE_ROUNDS, SMOKE_SETTLE_SECONDS) if smoke else (ROUNDS, SETTLE_SECONDS)
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
        killed = max(_outage(process, hard, signal.SIGKILL, settle) for _ in range(rounds))
        hung = max(_outage(process, hard, signal.SIGSTOP, settle) for _ in range(rounds))
    return [
        ("decoding process, first picture, s", "-", started, True),
        ("decoding process, a picture, ms wall", "-", 1000 * median(walls), True),
        ("killed process replaced after, s", "< 1", killed, killed < 1),
        ("hung process replaced after, s", "< 1", hung, hung < 1),
    ]


def _outage(process: DecoderProcess, hard: HardFrame, how: signal.Signals, settle: float) -> float:
    """From the blow to the next picture that is read, while pictures keep coming."""
    _settle(process, hard, settle)
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


def _settle(process: DecoderProcess, hard: HardFrame, seconds: float) -> None:
    """A terminal has seconds between two mishaps; the spare needs some of them to load."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        process.decode_frame(hard.grey, "bench")
        sleep(_FRAME_SECONDS)
