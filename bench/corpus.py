"""The seeded corpus of hard pictures on which readers are compared; frozen, so that nobody tunes the questions.

Single frames: thirteen faults, each drawn between mild and too strong; versions 11, 14, 18, 22 at 2.2 to 6 pixels a
module. Bursts: 12 frames of 720p at 25 a second, with a hand that moves, an autofocus that hunts, lamps, low light,
sub-pixel grids, and codes that roll to the next one in mid-burst. Severities were set once, against zxing-cpp's
defaults and the cascade of that day, before anything was improved (figures in docs/adr/0017). Improvements look at
TUNING; figures are reported on HELD_OUT. tests/hardware/test_corpus.py holds these files to what they were.
"""

import enum
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import qrcode
from numpy.typing import NDArray
from qrcode.util import MODE_ALPHA_NUM, QRData

from bench.corpus_optics import HEIGHT, WIDTH, Grey, Lamp, Light, Shot, expose
from hardware.simulated.phone_screen import phone_screen

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# QR versions and the alphanumeric characters that they hold at level L (ISO/IEC 18004 table 7).
CAPACITY = {11: 468, 14: 667, 18: 1_046, 22: 1_460}
TEXELS = 6
BURST_FRAMES = 12
_CODES_A_VERSION = 12


class Split(enum.Enum):
    """Which half of the corpus."""

    TUNING = 1
    HELD_OUT = 2


FAULTS = (
    "clean", "jpeg", "inverted", "tilt", "blur", "glare", "moire", "low light", "motion",
    "half refreshed", "cracked", "finger", "mixed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HardFrame:
    """One picture with the texts that it may honestly give (two where the screen was caught between two codes)."""

    fault: str
    version: int
    pixels_per_module: float
    grey: Grey
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """Consecutive pictures of one holder; `texts` says for each picture what may be read."""

    fault: str
    frames: tuple[Grey, ...]
    texts: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=128)
def code_drawn(split: Split, version: int, number: int) -> tuple[str, NDArray[np.bool_]]:
    randomness = np.random.default_rng([7, split.value, version, number])
    text = "LZ1:" + "".join(ALPHABET[at] for at in randomness.integers(0, 45, CAPACITY[version] - 5)) + "A"
    code = qrcode.QRCode(
        version=version, error_correction=qrcode.constants.ERROR_CORRECT_L, border=0, mask_pattern=number % 8
    )
    code.add_data(QRData(text.encode("ascii"), mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=False)
    return text, np.array(code.modules, dtype=bool)


def hard_frames(split: Split, each: int = 120) -> Iterator[HardFrame]:
    """`each` pictures of every fault, in turn, so that a shorter corpus is the beginning of a longer one."""
    for number in range(each):
        for at, fault in enumerate(FAULTS):
            randomness = np.random.default_rng([11, split.value, at, number])
            version = (11, 14, 18, 22)[number % 4]
            yield _hard_frame(split, fault, version, randomness)


def _hard_frame(split: Split, fault: str, version: int, randomness: np.random.Generator) -> HardFrame:
    first, second = randomness.choice(_CODES_A_VERSION, 2, replace=False)
    text, matrix = code_drawn(split, version, int(first))
    texts: tuple[str, ...] = (text,)
    before = None
    if fault == "half refreshed":
        other, before = code_drawn(split, version, int(second))
        texts = (text, other)
    shot = _drawn(fault, matrix.shape[0] + 8, randomness)
    dark_mode = fault == "inverted" or (fault == "mixed" and bool(randomness.random() < 0.3))
    emission = emission_of(matrix, before, float(randomness.uniform(-0.12, 1.12)), dark_mode=dark_mode)
    if fault == "cracked":
        emission = _cracked(emission, matrix.shape[0] + 8, randomness)
    if fault == "finger" or (fault == "mixed" and randomness.random() < 0.2):
        emission = _under_finger(emission, matrix.shape[0] + 8, float(randomness.uniform(-1.5, 9.0)), randomness)
    grey = expose(emission, matrix.shape[0] + 8, TEXELS, shot, a_desk(randomness), randomness)
    return HardFrame(fault, version, shot.pixels_per_module, grey, texts)


def _drawn(fault: str, modules: int, randomness: np.random.Generator) -> Shot:
    """A shot with one fault (or, for "mixed", a little of several)."""

    def between(low: float, high: float) -> float:
        return float(randomness.uniform(low, high))

    # Small codes are more frequent than large ones: the floor is what is interesting.
    size = min(2.2 + 3.8 * between(0, 1) ** 1.6, 690 / modules)
    held = Shot(
        size,
        tilt=between(-12, 12),
        turn=between(-10, 10),
        roll=between(-10, 10),
        x=WIDTH / 2 + between(-120, 120),
        y=HEIGHT / 2 + between(-20, 20),
        white=between(0.45, 0.75),
        black=between(0.01, 0.05),
        electrons=between(2_500, 8_000),
    )
    angle = between(0, 2 * math.pi)
    match fault:
        case "jpeg":
            return replace(held, jpeg=int(between(26, 60)))
        case "tilt":
            # A code that stands on its corner must still fit into the picture.
            return replace(
                held,
                pixels_per_module=min(size, 480 / modules),
                tilt=between(18, 44),
                turn=between(-32, 32),
                roll=between(-45, 45),
            )
        case "blur":
            return replace(held, defocus=size * between(0.25, 0.95))
        case "glare":
            return replace(held, lamps=tuple(a_lamp(randomness) for _ in range(int(between(1, 4.3)))))
        case "moire":
            return replace(held, grid=between(1.3, 3.6), jpeg=int(between(50, 90)))
        case "low light":
            return replace(
                held, white=between(0.05, 0.35), electrons=between(40, 320), read_noise=between(2, 5),
                defocus=between(0, 0.35) * size, jpeg=int(between(60, 90)),
            )  # fmt: skip
        case "motion":
            length = size * between(0.5, 1.95)
            return replace(held, smear=(length * math.cos(angle), length * math.sin(angle), between(-0.15, 0.15)))
        case "mixed":
            length = size * between(0.2, 1.3)
            return replace(
                held,
                tilt=between(-30, 30),
                defocus=size * between(0.15, 0.7),
                smear=(length * math.cos(angle), length * math.sin(angle), 0.0),
                electrons=between(150, 2_000),
                jpeg=int(between(40, 85)),
                lamps=(a_lamp(randomness),) if randomness.random() < 0.25 else (),
                grid=between(2.5, 5.0) if randomness.random() < 0.2 else 0.0,
            )
        case _:
            return held


def a_lamp(randomness: np.random.Generator) -> Lamp:
    angle, far = randomness.uniform(0, 2 * math.pi), randomness.uniform(0.05, 0.75)
    long = bool(randomness.random() < 0.4)
    return Lamp(
        x=float(far * math.cos(angle)),
        y=float(far * math.sin(angle)),
        length=float(randomness.uniform(0.25, 0.6) if long else randomness.uniform(0.05, 0.16)),
        breadth=float(randomness.uniform(0.03, 0.08) if long else randomness.uniform(0.04, 0.12)),
        angle=float(randomness.uniform(0, math.pi)),
        strength=float(np.exp(randomness.uniform(math.log(0.25), math.log(4.0)))),
        bloom=float(randomness.uniform(0.03, 0.22)),
    )


def emission_of(matrix: NDArray[np.bool_], before: NDArray[np.bool_] | None, tear: float, *, dark_mode: bool) -> Light:
    """The phone in linear light; above the tear the new code, below it the one before."""
    screen = phone_screen(matrix, dark_mode=dark_mode, module_pixels=TEXELS)
    if before is not None:
        old = phone_screen(before, dark_mode=dark_mode, module_pixels=TEXELS)
        code = matrix.shape[0] * TEXELS
        row = int(screen.shape[0] / 2 + (tear - 0.5) * code)
        screen = np.concatenate([screen[:row], old[row:]])
    grey = cv2.cvtColor(screen, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    return (grey**2.2).astype(np.float32)


def _cracked(emission: Light, modules: int, randomness: np.random.Generator) -> Light:
    """Cracks run from a point of impact; along them light is scattered, and facets between them are displaced."""
    height, width = emission.shape
    side = modules * TEXELS
    x = width / 2 + randomness.uniform(-0.6, 0.6) * side
    y = height / 2 + randomness.uniform(-0.6, 0.6) * side
    angles = np.sort(randomness.uniform(0, 2 * math.pi, int(randomness.integers(5, 11))))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    facet = np.searchsorted(angles, np.arctan2(rows - y, columns - x) % (2 * math.pi))
    shifts = randomness.normal(0, 0.13 * TEXELS, (len(angles) + 1, 2)).astype(np.float32)
    bent = cv2.remap(
        emission, columns + shifts[facet, 0], rows + shifts[facet, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seams = np.zeros_like(emission)
    for angle in angles:
        points, heading = [(x, y)], float(angle)
        for _ in range(14):
            heading += randomness.normal(0, 0.12)
            last_x, last_y = points[-1]
            points.append((last_x + math.cos(heading) * side / 9, last_y + math.sin(heading) * side / 9))
        line = np.array(points).round().astype(np.int32)
        thickness = max(1, int(randomness.uniform(0.15, 0.8) * TEXELS))
        cv2.polylines(seams, [line], False, float(randomness.uniform(0.1, 0.9)), thickness)
    blurred = cv2.GaussianBlur(bent, (0, 0), TEXELS)
    return np.where(seams > 0, 0.5 * blurred + 0.5 * seams, bent).astype(np.float32)


def _under_finger(emission: Light, modules: int, bite: float, randomness: np.random.Generator) -> Light:
    """A fingertip over the quiet zone of one side, `bite` modules into the code (negative: not quite there)."""
    height, width = emission.shape
    half = (modules - 8) * TEXELS / 2
    along = float(randomness.uniform(-0.5, 0.5)) * half
    radius = (float(randomness.uniform(9, 15)) * TEXELS, float(randomness.uniform(16, 30)) * TEXELS)
    reach = half - bite * TEXELS + radius[1]
    x, y = ((width / 2 + along, height / 2 + reach), (width / 2 - reach, height / 2 + along))[
        int(randomness.integers(0, 2))
    ]
    upright = y > height / 2 + half
    axes = (int(radius[0]), int(radius[1])) if upright else (int(radius[1]), int(radius[0]))
    mask = np.zeros_like(emission)
    cv2.ellipse(mask, (int(x), int(y)), axes, 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), TEXELS / 3)
    return (emission * (1 - mask) + 0.22 * mask).astype(np.float32)


def a_desk(randomness: np.random.Generator) -> Light:
    """What lies behind the phone: uneven light and some edges."""
    coarse = randomness.uniform(0.05, 0.3, (9, 16)).astype(np.float32)
    desk = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        left, top = int(randomness.integers(0, WIDTH)), int(randomness.integers(0, HEIGHT))
        right, bottom = left + int(randomness.integers(20, 260)), top + int(randomness.integers(10, 160))
        cv2.rectangle(desk, (left, top), (right, bottom), float(randomness.uniform(0.02, 0.5)), -1)
    return np.maximum(desk, 0.01).astype(np.float32)
