"""Opens cameras, streams and video files by one string, with time-outs that really end a wait.

`isOpened()` stays true after a camera is lost, so a device here only knows pictures and no pictures. FFmpeg takes its
time-outs when it opens; V4L2 would wait 10 s for a picture and takes its own only from the environment.
Not handled here: decoding (OpenCV's QR detector takes 40 s on an adversarial picture and is never used).
"""

import enum
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import cv2
import numpy as np

from hardware.camera.dimming import Dimming
from hardware.camera.picture_device import AdjustableDevice, ColourPicture
from hardware.camera.settings import CameraSettings, apply_settings, parse_settings
from hardware.errors import DeviceNotFound, DeviceUnusable, UnsupportedSource, VideoUnreadable
from hardware.knobs import KnobRefused, KnobTurned
from hardware.simulated.scene import parse_scene

OPEN_TIMEOUT_MILLISECONDS = 5_000
READ_TIMEOUT_MILLISECONDS = 2_000
_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
_NUMBERED = re.compile(r"%0?\d*d")


class CameraKind(enum.Enum):
    """How a source is opened."""

    INDEX = "camera number"
    V4L2 = "camera path"
    VIDEO_FILE = "video file"
    IMAGE_SEQUENCE = "numbered images"
    IMAGE_FILE = "image file"
    HTTP = "stream"
    SYNTHETIC = "simulated camera"


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """A source as the operator named it.

    Attributes:
        kind: how to open it.
        target: number, path or URL.
        name: how it is called on pages: without user name, password or query of a URL.
        settings: what the operator asks of a camera.
    """

    kind: CameraKind
    target: str
    name: str
    settings: CameraSettings = field(default_factory=CameraSettings)

    @property
    def is_live(self) -> bool:
        """Whether pictures come in real time and a loss is worth waiting for."""
        return self.kind in (CameraKind.INDEX, CameraKind.V4L2, CameraKind.HTTP, CameraKind.SYNTHETIC)


def parse_camera_spec(spec: str) -> CameraSpec:
    """Reads `0`, `v4l2:/dev/…?size=1280x720&…`, `http(s)://…`, `synthetic:…`, `file:PATH` or a path.

    A path is a video, an image or a numbered sequence (`picture-%03d.png`).

    Raises:
        UnsupportedSource: none of these, or an option is wrong.
    """
    if spec.isascii() and spec.isdigit() and len(spec) <= 3:
        return CameraSpec(CameraKind.INDEX, spec, f"camera {spec}")
    if spec.startswith("v4l2:"):
        path, _, query = spec.removeprefix("v4l2:").partition("?")
        if not path.startswith("/dev/"):
            raise UnsupportedSource(spec)
        return CameraSpec(CameraKind.V4L2, path, path, parse_settings(spec, query))
    if spec.startswith("synthetic:"):
        words = spec.removeprefix("synthetic:")
        scene = parse_scene(words)
        return CameraSpec(CameraKind.SYNTHETIC, words, scene.name, CameraSettings(antiglare=scene.antiglare))
    if spec.startswith(("http://", "https://")):
        try:
            parts = urlsplit(spec)
            host = parts.hostname
            shown = f"{host}:{parts.port}" if parts.port else host
        except ValueError as wrong:
            raise UnsupportedSource("http(s)://…", str(wrong)) from wrong
        if not host:
            raise UnsupportedSource(spec)
        return CameraSpec(CameraKind.HTTP, spec, urlunsplit((parts.scheme, shown, parts.path, "", "")))
    path = spec.removeprefix("file:")
    if not path or "://" in path or "\0" in path:
        raise UnsupportedSource(spec)
    if _NUMBERED.search(path):
        return CameraSpec(CameraKind.IMAGE_SEQUENCE, path, path)
    kind = CameraKind.IMAGE_FILE if Path(path).suffix.lower() in _IMAGE_SUFFIXES else CameraKind.VIDEO_FILE
    return CameraSpec(kind, path, path)


class OpenCvDevice(AdjustableDevice):
    """A device opened by OpenCV.

    Attributes:
        frames_announced: how many pictures a file says it holds; 0 if it does not say.
        frames_per_second: of a file; 0 if it does not say.
    """

    def __init__(
        self, capture: cv2.VideoCapture, *, dimming: Dimming | None = None, refused: Sequence[KnobRefused] = ()
    ) -> None:
        self._capture = capture
        self._dimming = dimming
        self._refused = refused
        self.frames_announced = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.frames_per_second = max(0.0, float(capture.get(cv2.CAP_PROP_FPS)))

    @property
    def refused(self) -> Sequence[KnobRefused]:
        return self._refused

    def dim(self, step: int) -> KnobTurned | None:
        return self._dimming.to(step) if self._dimming else None

    def read(self) -> ColourPicture | None:
        try:
            given, picture = self._capture.read()
        except cv2.error:
            return None
        if not given or picture.size == 0:
            return None
        return np.asarray(picture, dtype=np.uint8)

    def release(self) -> None:
        # A camera keeps what was turned until it loses its power.
        self.dim(0)
        self._capture.release()


# OpenCV takes these from the environment and from nowhere else. A lost stream is told by events, so the libraries need
# not write about it on the console.
_ENVIRONMENT = {
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": str(READ_TIMEOUT_MILLISECONDS // 1_000),
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}


def open_device(spec: CameraSpec) -> OpenCvDevice:
    """Opens a camera, stream or video; image files and simulated cameras are not opened like this.

    Raises:
        DeviceNotFound: no such device or file.
        DeviceUnusable: it is there and gives no picture.
        VideoUnreadable: the file is no video.
    """
    if spec.kind in (CameraKind.V4L2, CameraKind.VIDEO_FILE) and not Path(spec.target).exists():
        raise DeviceNotFound(spec.name)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)  # noqa: TID251  # written for a library, never read
    try:
        capture = _capture(spec)
    except cv2.error as failure:
        raise DeviceUnusable(spec.name, str(failure)) from failure
    if not capture.isOpened():
        capture.release()
        if spec.kind is CameraKind.VIDEO_FILE:
            raise VideoUnreadable(spec.name)
        raise DeviceNotFound(spec.name) if spec.kind is not CameraKind.V4L2 else DeviceUnusable(spec.name)
    if spec.kind not in (CameraKind.INDEX, CameraKind.V4L2):
        return OpenCvDevice(capture)
    refused = apply_settings(spec.settings, capture, source=spec.name, path=spec.target)
    return OpenCvDevice(capture, dimming=Dimming(capture, source=spec.name), refused=refused)


def _capture(spec: CameraSpec) -> cv2.VideoCapture:
    match spec.kind:
        case CameraKind.INDEX | CameraKind.V4L2:
            where: int | str = int(spec.target) if spec.kind is CameraKind.INDEX else spec.target
            return cv2.VideoCapture(where, cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY)
        case CameraKind.IMAGE_SEQUENCE:
            return cv2.VideoCapture(spec.target, cv2.CAP_IMAGES)
        case CameraKind.SYNTHETIC:
            raise UnsupportedSource(spec.name, "it is drawn, and no library opens it")
        case CameraKind.HTTP | CameraKind.VIDEO_FILE | CameraKind.IMAGE_FILE:
            timeouts = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                OPEN_TIMEOUT_MILLISECONDS,
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                READ_TIMEOUT_MILLISECONDS,
            ]
            return cv2.VideoCapture(spec.target, cv2.CAP_FFMPEG, timeouts)
