"""The corpus is frozen: its generator, what it draws and how its first pictures look are those of the day it was set.

Whoever changes the questions changes every figure ever measured on them. Pictures are compared by the means of large
blocks, because the last bit of a pixel depends on the vector unit of the machine; sources and texts by SHA-256.
"""

import hashlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bench.corpus import FAULTS, Split, hard_frames
from bench.corpus_bursts import bursts

PROJECT = Path(__file__).parents[2]
SOURCES = {
    "bench/corpus.py": "055a34deb671fd2e611407dc1c39a75df7d7ce6d97926673383682ff3ea802a2",
    "bench/corpus_optics.py": "44a1df41ccb75d6da216eb42f2510dfbf6e2ecec8c54756bf2290ff139d23efc",
    "bench/corpus_bursts.py": "40ebd7ec617c412043aaab1d6b4f88c007e500237400c63734064f5acaf9d8a5",
    "hardware/simulated/phone_screen.py": "e8a213655a5d9cd0429beb98698b249a3e9a9458ce0c7964e5524ea5fcdbfed9",
}
TEXTS_AND_SIZES = "f33f6dcd8065e70794af7eef8d7f7ec53dc3b833d569b3b89c5ed901ba4edf72"
# Mean grey of the quarters of the first pictures of the held-out half, by fault.
QUARTERS = {
    "clean": [113.9, 115.9, 120.5, 119.2],
    "jpeg": [126.9, 108.7, 130.8, 111.7],
    "inverted": [110.0, 114.7, 119.9, 115.2],
    "tilt": [140.5, 123.1, 123.2, 120.2],
    "blur": [122.3, 122.0, 127.6, 127.1],
    "glare": [142.6, 113.3, 137.1, 112.3],
    "moire": [120.5, 116.3, 117.1, 123.3],
    "low light": [100.0, 95.3, 101.6, 99.5],
    "motion": [133.0, 128.8, 148.3, 131.0],
    "half refreshed": [122.3, 119.7, 121.1, 115.9],
    "cracked": [106.9, 113.0, 114.4, 107.7],
    "finger": [117.2, 120.1, 113.0, 112.1],
    "mixed": [126.2, 129.7, 126.5, 131.5],
}
BURST_QUARTERS = [114.2, 121.0, 117.9, 116.0]


def quarters(grey: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> list[float]:
    return [round(float(part.mean()), 1) for half in np.split(grey, 2) for part in np.split(half, 2, axis=1)]


@pytest.mark.parametrize("source", SOURCES)
def test_the_generator_is_what_it_was(source: str) -> None:
    assert hashlib.sha256((PROJECT / source).read_bytes()).hexdigest() == SOURCES[source]


def test_the_first_pictures_are_what_they_were() -> None:
    frames = list(hard_frames(Split.HELD_OUT, each=1))
    assert tuple(frame.fault for frame in frames) == FAULTS
    said = repr([(frame.fault, frame.version, round(frame.pixels_per_module, 6), frame.texts) for frame in frames])
    assert hashlib.sha256(said.encode()).hexdigest() == TEXTS_AND_SIZES
    for frame in frames:
        assert quarters(frame.grey) == pytest.approx(QUARTERS[frame.fault], abs=0.5), frame.fault


def test_the_first_burst_is_what_it_was() -> None:
    (burst,) = islice(bursts(Split.HELD_OUT, count=1), 1)
    assert quarters(burst.frames[11]) == pytest.approx(BURST_QUARTERS, abs=0.5)


def test_both_halves_differ() -> None:
    tuning, held_out = (next(hard_frames(split, each=1)) for split in Split)
    assert tuning.texts != held_out.texts
