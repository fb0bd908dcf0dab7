"""What a terminal's camera sees: a drawn phone in a hand that is not quite still, or an empty counter.

Everything here is labelled as simulated on the page. The pictures go through a real HTTP stream into the terminal's
real capture path.
"""

import enum
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
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
_LAMP_PIXELS = (150.0, 95.0)
_LAMP_BRIGHTNESS = 1_500.0


class CameraTrouble(enum.Enum):
    """What a camera goes through."""

    NONE = "none"
    GLARE = "glare"
    FROZEN = "frozen"
    UNPLUGGED = "unplugged"


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
        self.trouble = CameraTrouble.NONE
        """Changed by whoever makes trouble."""
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
            if self.trouble is CameraTrouble.FROZEN and self._latest is not None:
                return self._latest
            screen = self._screen
            taken = next(self._empty) if screen is None else self._camera.shoot(screen, HELD)
            if self.trouble is CameraTrouble.GLARE and screen is not None:
                taken = cv2.add(taken, _mirrored_lamp()).astype(np.uint8)
            self._latest = taken
            return taken

    def _noisy_counter(self) -> Picture:
        noise = self._randomness.integers(-6, 7, (_HEIGHT, _WIDTH, 1), dtype=np.int16)
        return (np.array(_COUNTER_TOP, dtype=np.int16) + noise).astype(np.uint8)

    def film(self) -> Iterator[Picture]:
        """Pictures at the camera's pace, until it is unplugged."""
        while self.trouble is not CameraTrouble.UNPLUGGED:
            yield self.picture()
            self._wait(1 / FRAMES_PER_SECOND)

    def latest_jpeg(self) -> bytes:
        """The last picture that was taken, small, for the page."""
        taken = self._latest if self._latest is not None else self.picture()
        small = cv2.resize(taken, (640, 360), interpolation=cv2.INTER_AREA)
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


@cache
def _mirrored_lamp() -> Picture:
    """A lamp in the glass, right over the code; it swallows more than the code's error correction can bear."""
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    wide, high = _LAMP_PIXELS
    spot = np.exp(-(((columns - _WIDTH / 2) / wide) ** 2 + ((rows - _HEIGHT / 2) / high) ** 2))
    return np.repeat(np.clip(_LAMP_BRIGHTNESS * spot, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


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

    def film(self, place: str) -> Iterator[Picture] | None:
        """What the camera of one place sees, until it is unplugged; None if it is already."""
        scene = self._scenes[place]
        return None if scene.trouble is CameraTrouble.UNPLUGGED else scene.film()

    def make_trouble(self, place: str, trouble: CameraTrouble) -> None:
        """Lets the camera of one place go through this. Raises KeyError: there is none of this name."""
        self._scenes[place].trouble = trouble

    def latest_jpeg(self) -> bytes:
        """The last picture of the camera that is here."""
        return self._scenes[self._here].latest_jpeg()


def foreign_matrix(text: str) -> Matrix:
    """The code of somebody else's text."""
    code: QRCode[Any] = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())
