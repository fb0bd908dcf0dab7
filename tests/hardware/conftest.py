"""A realistic code, pictures of it, and one decoding process for the tests that do not break it."""

import random
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import qrcode
from numpy.typing import NDArray
from qrcode.util import MODE_ALPHA_NUM, QRData

from hardware.camera.decoder_process import DecoderLimits, DecoderProcess

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
PATIENT = DecoderLimits(start_seconds=60, first_frame_seconds=20, frame_seconds=20, image_seconds=60)
"""For tests that are not about time, on machines with other work to do."""


def unhurried() -> float:
    """A clock for tests that are about reading: a busy machine must not end a frame early."""
    return 0.0


def payload(seed: int = 1) -> str:
    """As long as a licence at the counter: version 14 level L."""
    return "LZ1:" + "".join(random.Random(seed).choices(ALPHABET, k=662)) + "A"


def modules_of(text: str, version: int | None = 14) -> NDArray[np.bool_]:
    """The code's modules; mode pinned to alphanumeric as the wallet draws it."""
    code = qrcode.QRCode(version=version, error_correction=qrcode.constants.ERROR_CORRECT_L, border=0)
    code.add_data(QRData(text.encode("ascii"), mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=version is None)
    return np.array(code.modules, dtype=bool)


def flat_code(text: str, module_pixels: int = 4, version: int | None = 14) -> NDArray[np.uint8]:
    """A clean grey picture of a code with its quiet zone."""
    matrix = np.pad(modules_of(text, version), 4)
    return np.where(np.kron(matrix, np.ones((module_pixels, module_pixels), bool)), 0, 255).astype(np.uint8)


def on_desk(*codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A 720p frame with the codes side by side."""
    frame = np.full((720, 1280), 128, np.uint8)
    left = 40
    for code in codes:
        frame[40 : 40 + code.shape[0], left : left + code.shape[1]] = code
        left += code.shape[1] + 60
    return frame


def png(picture: NDArray[np.uint8]) -> bytes:
    """The picture as a PNG file."""
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture(scope="session")
def decoder() -> Iterator[DecoderProcess]:
    with DecoderProcess(limits=PATIENT) as process:
        yield process
