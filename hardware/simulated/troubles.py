"""Cameras that misbehave, each in one way: good pictures first, then the trouble for as long as it is open.

Whoever opens the camera anew gets good pictures again, as with most real ones. Time passes by `wait` alone, so that a
test can be its master. Not handled here: streams that break off or stall (recording.py makes them).
"""

import enum
import threading
from collections.abc import Callable
from typing import Final, assert_never

import numpy as np

from hardware.camera.picture_device import ColourPicture, PictureDevice


class CameraTrouble(enum.Enum):
    """What a camera does after its good pictures."""

    DROPS = "drops"
    FREEZES = "freezes"
    BREAKS_OFF = "breaks-off"
    RESIZES = "resizes"
    BLOCKS = "blocks"
    VANISHES = "vanishes"


_GAP_SECONDS: Final = 4.0
_STEP_SECONDS: Final = 0.5


class TroubledCamera(PictureDevice):
    """An open camera whose pictures are another one's, until trouble comes."""

    def __init__(
        self,
        camera: PictureDevice,
        trouble: CameraTrouble,
        *,
        good: int,
        wait: Callable[[float], object],
    ) -> None:
        """Takes the good camera.

        Args:
            camera: takes the pictures, at its own pace.
            trouble: what follows,
            good: after so many pictures.
            wait: lets time pass.
        """
        self._camera = camera
        self._trouble = trouble
        self._good = good
        self._wait = wait
        self._count = 0
        self._last: ColourPicture | None = None
        self._let_go = threading.Event()

    def read(self) -> ColourPicture | None:
        self._count += 1
        if self._count > self._good:
            return self._troubled()
        self._last = self._camera.read()
        return self._last

    def let_go(self) -> None:
        """Ends a read that blocks; drivers do that when the hub is pulled out."""
        self._let_go.set()

    def release(self) -> None:
        self._camera.release()

    def _troubled(self) -> ColourPicture | None:
        match self._trouble:
            case CameraTrouble.VANISHES:
                return None
            case CameraTrouble.FREEZES:
                self._camera.read()
                return self._last
            case CameraTrouble.RESIZES:
                picture = self._camera.read()
                return None if picture is None else picture[::2, ::2].copy()
            case CameraTrouble.BREAKS_OFF:
                return self._broken_off()
            case CameraTrouble.DROPS:
                self._fall_silent()
                return self._camera.read()
            case CameraTrouble.BLOCKS:
                self._fall_silent()
                self._let_go.wait()
                return None
            case _:
                assert_never(self._trouble)

    def _fall_silent(self) -> None:
        for _ in range(round(_GAP_SECONDS / _STEP_SECONDS)):
            self._wait(_STEP_SECONDS)

    def _broken_off(self) -> ColourPicture | None:
        """As FFmpeg shows it: the new picture down to the break, and what was there before."""
        picture = self._camera.read()
        if picture is None or self._last is None:
            return picture
        half = picture.shape[0] // 2
        return np.concatenate([picture[:half], self._last[half:]])
