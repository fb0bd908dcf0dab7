"""A camera that looks at a flat picture of a phone: perspective, optics, screen and sensor faults, all seeded.

Gives the pictures that a 720p camera would give, and as a device loses, freezes and breaks off like one. Faults are
modelled by their effect on the picture, not by physics.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.camera.picture_device import PictureDevice

Picture = NDArray[np.uint8]
_Light = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ShootingConditions:
    """How the phone is held and what the camera does to it.

    Attributes:
        phone_share: height of the visible phone picture as a share of the frame's height (above 1 it is cut off).
        tilt_degrees: the phone leans back by so much.
        turn_degrees: the phone turns to the side by so much.
        roll_degrees: the phone rotates in the picture plane.
        blur_pixels: sigma of defocus.
        shake_pixels: length of motion blur.
        noise: sigma of sensor noise in grey values.
        glare: brightness of a reflected lamp; 1 is as bright as a screen, a bare one is several times brighter.
        glare_wander: 0 to 1, how far its reflection jumps between two pictures.
        moire: 0 to 1, strength of the beat between the screen's and the sensor's pixels.
        brightness: factor; 0 is a covered lens.
        jpeg_quality: of the camera's own compression; 0 for none.
        wander_pixels: how far the hand moves between two pictures.
    """

    phone_share: float = 1.85
    tilt_degrees: float = 0.0
    turn_degrees: float = 0.0
    roll_degrees: float = 0.0
    blur_pixels: float = 0.5
    shake_pixels: float = 0.0
    noise: float = 3.0
    glare: float = 0.0
    glare_wander: float = 1.0
    moire: float = 0.0
    brightness: float = 0.9
    jpeg_quality: int = 88
    wander_pixels: float = 4.0


CONDITIONS: Mapping[str, ShootingConditions] = MappingProxyType(
    {
        "clean": ShootingConditions(),
        "tilt": ShootingConditions(tilt_degrees=28.0, turn_degrees=18.0, roll_degrees=12.0, noise=5.0),
        "blur": ShootingConditions(blur_pixels=1.9, noise=4.0),
        "shake": ShootingConditions(shake_pixels=6.0),
        "glare": ShootingConditions(glare=0.85, tilt_degrees=8.0),
        "noise": ShootingConditions(noise=30.0, brightness=0.6, jpeg_quality=60),
        "moire": ShootingConditions(moire=0.6, noise=6.0),
        "far": ShootingConditions(phone_share=1.15, noise=5.0),
        "dark": ShootingConditions(brightness=0.12, noise=5.0),
    }
)


class SimulatedCamera:
    """Takes pictures of phones."""

    def __init__(self, randomness: np.random.Generator, *, width: int = 1280, height: int = 720) -> None:
        """Takes its randomness from the caller, so that the same seed gives the same pictures."""
        self._randomness = randomness
        self._width = width
        self._height = height

    def shoot(
        self, screen: Picture, conditions: ShootingConditions, *, screen_before: Picture | None = None
    ) -> Picture:
        """One picture.

        Args:
            screen: the phone, as phone_screen draws it.
            conditions: how it is held.
            screen_before: what the phone showed a moment ago: the picture then catches it half redrawn.
        """
        if screen_before is not None:
            row = int(screen.shape[0] * self._randomness.uniform(0.35, 0.65))
            screen = np.concatenate([screen[:row], screen_before[row:]])
        light = self._projected(screen, conditions).astype(np.float32)
        light = self._screen_faults(light, conditions)
        light = self._optics(light, conditions)
        light = light * conditions.brightness
        if conditions.noise:
            light += self._randomness.standard_normal(light.shape[:2], dtype=np.float32)[:, :, None] * conditions.noise
        frame = np.clip(light, 0, 255).astype(np.uint8)
        if conditions.jpeg_quality:
            packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, conditions.jpeg_quality])[1]
            frame = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
        return frame

    def _projected(self, screen: Picture, conditions: ShootingConditions) -> Picture:
        """Pinhole projection of the tilted phone onto the sensor."""
        scale = conditions.phone_share * self._height / screen.shape[0]
        small = cv2.resize(screen, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        tilt, turn, roll = (
            math.radians(angle) for angle in (conditions.tilt_degrees, conditions.turn_degrees, conditions.roll_degrees)
        )
        about_x = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
        about_y = np.array([[math.cos(turn), 0, math.sin(turn)], [0, 1, 0], [-math.sin(turn), 0, math.cos(turn)]])
        about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        in_space = np.column_stack([flat - (width / 2, height / 2), np.zeros(4)]) @ (about_z @ about_y @ about_x).T
        distance = self._width * 1.1
        seen = in_space[:, :2] * (distance / (distance + in_space[:, 2:]))
        centre = np.array([self._width / 2, self._height / 2])
        centre = centre + self._randomness.uniform(-1, 1, 2) * conditions.wander_pixels
        projection = cv2.getPerspectiveTransform(flat, (seen + centre).astype(np.float32))
        table = (126, 142, 150)
        return cv2.warpPerspective(
            small,
            projection,
            (self._width, self._height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=table,
        ).astype(np.uint8)

    def _screen_faults(self, light: _Light, conditions: ShootingConditions) -> _Light:
        rows, columns = np.mgrid[0 : self._height, 0 : self._width].astype(np.float32)
        if conditions.moire:
            beat = np.sin(columns * 0.55 + rows * 0.08) + np.sin(rows * 0.47 - columns * 0.05)
            light = light * (1 + 0.22 * conditions.moire * beat[:, :, None])
        if conditions.glare:
            wander = conditions.glare_wander
            x = self._width / 2 + self._randomness.uniform(-0.15, 0.15) * self._width * wander
            y = self._height / 2 + self._randomness.uniform(-0.3, 0.3) * self._height * wander
            spot = np.exp(-(((columns - x) / 130) ** 2 + ((rows - y) / 70) ** 2))
            light = light + (235.0 * conditions.glare) * spot[:, :, None]
        return light.astype(np.float32, copy=False)

    def _optics(self, light: _Light, conditions: ShootingConditions) -> _Light:
        if conditions.blur_pixels:
            light = cv2.GaussianBlur(light, (0, 0), conditions.blur_pixels).astype(np.float32, copy=False)
        if conditions.shake_pixels >= 1:
            length = math.ceil(conditions.shake_pixels)
            smear = np.zeros((length, length), np.float32)
            angle = self._randomness.uniform(0, math.pi)
            reach = length / 2 * np.array([math.cos(angle), math.sin(angle)])
            middle = np.array([(length - 1) / 2, (length - 1) / 2])
            start, end = (middle - reach).round().astype(int), (middle + reach).round().astype(int)
            cv2.line(smear, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0)
            light = cv2.filter2D(light, -1, smear / max(1.0, float(smear.sum()))).astype(np.float32, copy=False)
        return light


class FailingCamera(PictureDevice):
    """An open camera that gives prepared pictures and then fails in a chosen way."""

    def __init__(self, next_picture: Callable[[int], Picture | None]) -> None:
        """Asks for picture 0, 1, 2 …; None means that the camera is lost, the same one again that it is frozen."""
        self._next_picture = next_picture
        self._count = 0
        self.released = False

    def read(self) -> Picture | None:
        picture = None if self.released else self._next_picture(self._count)
        self._count += 1
        return picture

    def release(self) -> None:
        self.released = True
