"""What an open camera, stream or video is to whoever takes pictures from it."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hardware.knobs import KnobRefused, KnobTurned

ColourPicture = NDArray[np.uint8]


class PictureDevice(Protocol):
    """An open camera, stream or video."""

    def read(self) -> ColourPicture | None:
        """The next picture; None when there is none within the time-out, or no more."""
        ...

    def release(self) -> None:
        """Gives the device back."""
        ...


@runtime_checkable
class AdjustableDevice(PictureDevice, Protocol):
    """A camera with knobs."""

    @property
    def refused(self) -> Sequence[KnobRefused]:
        """The settings that it did not take when it was opened."""
        ...

    def dim(self, step: int) -> KnobTurned | None:
        """Takes half the light in for each step, 0 being as it was opened; None: it does not follow."""
        ...
