"""Bursts of the frozen corpus: twelve pictures of one holder, whose hand, focus and screen change in between.

The hand drifts, trembles and moves during the exposure in proportion to its speed; the autofocus swings through the
right distance and back; a code that rolls is caught half redrawn at the change.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.corpus import BURST_FRAMES, TEXELS, Burst, Split, a_desk, a_lamp, code_drawn, emission_of
from bench.corpus_optics import HEIGHT, WIDTH, Shot, expose

BURST_FAULTS = ("hand", "autofocus", "glare", "low light", "moire", "rolling code", "fast hand", "mixed")


def bursts(split: Split, count: int = 72) -> Iterator[Burst]:
    """Each fault in turn, so that a shorter corpus is the beginning of a longer one."""
    for number in range(count):
        yield _burst(split, BURST_FAULTS[number % len(BURST_FAULTS)], number)


def _burst(split: Split, fault: str, number: int) -> Burst:
    randomness = np.random.default_rng([13, split.value, number])

    def between(low: float, high: float) -> float:
        return float(randomness.uniform(low, high))

    version = (11, 14, 18, 22)[number // len(BURST_FAULTS) % 4]
    first, second = randomness.choice(12, 2, replace=False)
    text, matrix = code_drawn(split, version, int(first))
    next_text, next_matrix = code_drawn(split, version, int(second))
    modules = matrix.shape[0] + 8
    size = min(between(2.3, 4.2), 640 / modules)
    exposure = 0.35 if fault == "fast hand" else 0.2
    speed = size * (between(2.5, 8.0) if fault == "fast hand" else between(0.3, 2.5))
    heading = between(0, 2 * math.pi)
    still = Shot(
        size,
        tilt=between(-16, 16),
        turn=between(-14, 14),
        roll=between(-12, 12),
        x=WIDTH / 2 + between(-100, 100),
        y=HEIGHT / 2 + between(-15, 15),
        white=between(0.45, 0.75),
        black=between(0.01, 0.06),
        electrons=between(2_000, 7_000),
        jpeg=int(between(60, 90)),
        lamps=(a_lamp(randomness), a_lamp(randomness)) if fault == "glare" else (),
        grid=between(1.5, 4.0) if fault == "moire" else 0.0,
    )
    if fault in ("low light", "mixed"):
        still = replace(still, white=between(0.12, 0.35), electrons=between(130, 600), read_noise=between(2, 4))
    focus, swing, phase = (
        (between(0.25, 0.6), between(0.2, 0.6), between(0, 2 * math.pi))
        if fault in ("autofocus", "mixed")
        else (between(0, 0.35), 0.05, 0.0)
    )
    change = int(between(3, 9)) if fault == "rolling code" else BURST_FRAMES
    tear = between(0.1, 0.9)
    screens = {
        "before": emission_of(matrix, None, 0.0, dark_mode=number % 7 == 3),
        "torn": emission_of(next_matrix, matrix, tear, dark_mode=number % 7 == 3),
        "after": emission_of(next_matrix, None, 0.0, dark_mode=number % 7 == 3),
    }
    texts = {"before": (text,), "torn": (text, next_text), "after": (next_text,)}
    desk = a_desk(randomness)
    frames, told = [], []
    for at in range(BURST_FRAMES):
        heading += float(randomness.normal(0, 0.5))
        moved = speed * (0.6 + 0.4 * math.sin(at * 0.9 + heading)) + abs(float(randomness.normal(0, 0.3 * size)))
        dx, dy = moved * math.cos(heading), moved * math.sin(heading)
        # The hand stays in front of the camera: what has drifted off comes back.
        still = replace(
            still,
            x=still.x + dx + (WIDTH / 2 - still.x) * 0.06,
            y=still.y + dy + (HEIGHT / 2 - still.y) * 0.25,
            roll=still.roll + float(randomness.normal(0, 0.4)),
            tilt=still.tilt + float(randomness.normal(0, 0.5)),
        )
        shot = replace(
            still,
            defocus=max(0.0, size * (focus + swing * math.sin(phase + at * 0.6))),
            smear=(dx * exposure, dy * exposure, 0.0),
        )
        state = "before" if at < change else "torn" if at == change else "after"
        frames.append(expose(screens[state], modules, TEXELS, shot, desk, randomness))
        told.append(texts[state])
    return Burst(fault, tuple(frames), tuple(told))
