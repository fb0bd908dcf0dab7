"""A live camera without a camera: `synthetic:glare?version=14&fps=25&seed=1` films the test sheet's code on a phone.

Its name says that it is simulated, and its code says TEST. The same seed gives the same pictures. It has one knob, the
light that it takes in, so that a mirrored lamp grows dark like everything else.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hardware.camera.picture_device import AdjustableDevice, PictureDevice
from hardware.knobs import Knob, KnobTurned
from hardware.sheet_codes import sheet_code
from hardware.simulated.camera import Picture, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.scene import SCENES, Scene
from hardware.simulated.troubles import TroubledCamera

_EXPOSURE = 160
"""In 100 µs, as cameras count."""
_GOOD_SECONDS = 5


class SyntheticCamera(AdjustableDevice):
    """Draws a picture whenever one is due."""

    def __init__(
        self,
        scene: Scene,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Sets the scene; `wait` waits until the next picture is due, and really does if it is not given."""
        self._camera = SimulatedCamera(np.random.default_rng(scene.seed))
        self._screen = phone_screen(sheet_code(scene.version).modules)
        self._name = scene.name
        self._conditions = self._seen = SCENES[scene.condition]
        self._interval = 1 / scene.fps
        self._monotonic = monotonic
        self._wait = wait or threading.Event().wait
        self._due = monotonic()
        self._released = False

    @property
    def refused(self) -> tuple[()]:
        return ()

    def dim(self, step: int) -> KnobTurned:
        self._seen = replace(self._conditions, brightness=self._conditions.brightness / 2**step)
        return KnobTurned(self._name, Knob.EXPOSURE, str(_EXPOSURE >> step))

    def read(self) -> Picture | None:
        if self._released:
            return None
        picture = self._camera.shoot(self._screen, self._seen)
        now = self._monotonic()
        if now < self._due:
            self._wait(self._due - now)
        # From now on, not from then: who was late does not hurry afterwards.
        self._due = max(now, self._due) + self._interval
        return picture

    def release(self) -> None:
        self._released = True


def open_scene(scene: Scene) -> PictureDevice:
    """The camera of a scene, with the trouble that belongs to it."""
    camera = SyntheticCamera(scene)
    if scene.trouble is None:
        return camera
    return TroubledCamera(camera, scene.trouble, good=_GOOD_SECONDS * scene.fps, wait=threading.Event().wait)
