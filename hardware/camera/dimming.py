"""Takes light away from a camera and gives it back: half the exposure for each step, and gain below its shortest one.

Exposure first, because a shorter one also shakes less. Guaranteed: step 0 is what the camera had before, automatic
exposure included; a camera that does not follow is put back and left alone.

Sources: Linux drivers/media/usb/uvc/uvc_ctrl.c (UVC_CT_EXPOSURE_TIME_ABSOLUTE_CONTROL has UVC_CTRL_FLAG_AUTO_UPDATE, so
what the automatic has chosen can be read); ext-ctrls-camera.rst (the exposure can be set in manual mode only).
"""

from dataclasses import dataclass

import cv2

from hardware.camera.settings import AUTO, EXPOSURE_MANUAL, Knobs, expose_by_itself, is_nearly
from hardware.knobs import Knob, KnobTurned


@dataclass(frozen=True, slots=True)
class _Before:
    by_itself: bool
    exposure: float
    gain: float


class Dimming:
    """The light of one open camera."""

    def __init__(self, knobs: Knobs, *, source: str) -> None:
        """Turns nothing yet."""
        self._knobs = knobs
        self._source = source
        self._before: _Before | None = None
        """None: nothing is turned."""

    def to(self, step: int) -> KnobTurned | None:
        """Turns to 1/2, 1/4, … of the light that there was; None: the camera does not follow."""
        if step == 0:
            return self._back()
        if self._before is None:
            mode = self._knobs.get(cv2.CAP_PROP_AUTO_EXPOSURE)
            exposure, gain = self._knobs.get(cv2.CAP_PROP_EXPOSURE), self._knobs.get(cv2.CAP_PROP_GAIN)
            self._before = _Before(mode != EXPOSURE_MANUAL, exposure, gain)
        turned = self._exposed(self._before, max(1, round(self._before.exposure / 2**step)))
        if turned is None:
            self._back()
        return turned

    def _exposed(self, before: _Before, asked: int) -> KnobTurned | None:
        if before.exposure < 1:
            return None
        self._knobs.set(cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL)
        if not self._knobs.set(cv2.CAP_PROP_EXPOSURE, asked):
            return None
        given = self._knobs.get(cv2.CAP_PROP_EXPOSURE)
        if is_nearly(given, asked):
            if self._knobs.get(cv2.CAP_PROP_GAIN) != before.gain:
                self._knobs.set(cv2.CAP_PROP_GAIN, before.gain)
            return KnobTurned(self._source, Knob.EXPOSURE, f"{given:g}")
        gain = round(before.gain * asked / given) if given > asked else before.gain
        if gain < before.gain and self._knobs.set(cv2.CAP_PROP_GAIN, gain):
            return KnobTurned(self._source, Knob.GAIN, f"{self._knobs.get(cv2.CAP_PROP_GAIN):g}")
        return None

    def _back(self) -> KnobTurned | None:
        if self._before is None:
            return None
        before, self._before = self._before, None
        if self._knobs.get(cv2.CAP_PROP_GAIN) != before.gain:
            self._knobs.set(cv2.CAP_PROP_GAIN, before.gain)
        if not before.by_itself:
            self._knobs.set(cv2.CAP_PROP_EXPOSURE, before.exposure)
            return KnobTurned(self._source, Knob.EXPOSURE, f"{before.exposure:g}")
        expose_by_itself(self._knobs)
        return KnobTurned(self._source, Knob.EXPOSURE, AUTO)
