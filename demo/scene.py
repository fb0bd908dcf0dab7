"""What a terminal's camera sees: a drawn phone in a hand that is not quite still, or an empty counter.

Everything here is labelled as simulated on the page. The pictures go through a real HTTP stream into the terminal's
real capture path.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from hardware.simulated.camera import ShootingConditions, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen

Picture = NDArray[np.uint8]
Matrix = tuple[tuple[bool, ...], ...]

FRAMES_PER_SECOND = 8.0
HELD = ShootingConditions(
    tilt_degrees=11.0, turn_degrees=8.0, roll_degrees=5.0, blur_pixels=0.7, noise=5.0, glare=0.3, wander_pixels=6.0
)
"""A hand, office light, a camera of ten years ago."""
_COUNTER_TOP = (96, 104, 108)
_WIDTH, _HEIGHT = 1280, 720
_EMPTY_PICTURES = 8


class Scene:
    """The picture in front of the camera; changed by the phone, filmed by whoever asks."""

    def __init__(self, randomness: np.random.Generator, wait: Callable[[float], None]) -> None:
        """An empty counter."""
        self._randomness = randomness
        self._camera = SimulatedCamera(randomness, width=_WIDTH, height=_HEIGHT)
        self._wait = wait
        self._screen: Picture | None = None
        self._guard = threading.Lock()
        self._latest: Picture | None = None
        # A camera's noise makes no two pictures equal; an empty counter must not look like a frozen camera.
        self._empty = cycle([self._noisy_counter() for _ in range(_EMPTY_PICTURES)])

    def hold_up(self, matrix: Matrix) -> None:
        """Holds the phone with this code in front of the camera."""
        screen = phone_screen(np.array(matrix, dtype=bool))
        with self._guard:
            self._screen = screen

    def take_away(self) -> None:
        """Takes the phone away."""
        with self._guard:
            self._screen = None

    def picture(self) -> Picture:
        """One picture of what is there now."""
        with self._guard:
            screen = self._screen
            taken = next(self._empty) if screen is None else self._camera.shoot(screen, HELD)
            self._latest = taken
            return taken

    def _noisy_counter(self) -> Picture:
        noise = self._randomness.integers(-6, 7, (_HEIGHT, _WIDTH, 1), dtype=np.int16)
        return (np.array(_COUNTER_TOP, dtype=np.int16) + noise).astype(np.uint8)

    def film(self) -> Iterator[Picture]:
        """Pictures at the camera's pace, for ever."""
        while True:
            yield self.picture()
            self._wait(1 / FRAMES_PER_SECOND)

    def latest_jpeg(self) -> bytes:
        """The last picture that was taken, small, for the page."""
        taken = self._latest if self._latest is not None else self.picture()
        small = cv2.resize(taken, (640, 360), interpolation=cv2.INTER_AREA)
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


class Cameras:
    """The cameras of several terminals; the phone is before one of them, and the others see an empty counter."""

    def __init__(self, scenes: Mapping[str, Scene]) -> None:
        """The phone begins before the first."""
        self._scenes = scenes
        self._here = next(iter(scenes))

    def go_to(self, place: str) -> None:
        """Goes to another terminal. Raises KeyError: there is none of this name."""
        if place not in self._scenes:
            raise KeyError(place)
        self.take_away()
        self._here = place

    def hold_up(self, matrix: Matrix) -> None:
        """Holds the phone with this code in front of the camera that is here."""
        self._scenes[self._here].hold_up(matrix)

    def take_away(self) -> None:
        """Takes the phone away."""
        self._scenes[self._here].take_away()

    def film(self, place: str) -> Iterator[Picture]:
        """What the camera of one place sees, for ever."""
        return self._scenes[place].film()

    def latest_jpeg(self) -> bytes:
        """The last picture of the camera that is here."""
        return self._scenes[self._here].latest_jpeg()


def foreign_matrix(text: str) -> Matrix:
    """The code of somebody else's text."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())
