"""Pictures as the real drivers take them in: a video file, or a stream of JPEG pictures over HTTP."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.errors import DeviceUnusable

Picture = NDArray[np.uint8]

MJPEG_CONTENT_TYPE = "multipart/x-mixed-replace; boundary=picture"
_CODECS = {".avi": "MJPG", ".mp4": "mp4v"}


def write_video(path: Path, frames: Iterable[Picture], frames_per_second: float = 15.0) -> int:
    """Writes BGR pictures of equal size to an .avi (MJPEG) or .mp4 (MPEG-4) file and returns their number.

    Raises:
        DeviceUnusable: another ending, no picture, or the file cannot be written.
    """
    codec = _CODECS.get(path.suffix.lower())
    if codec is None:
        raise DeviceUnusable(str(path), "a video file is written as .avi or .mp4")
    writer: cv2.VideoWriter | None = None
    count = 0
    try:
        for frame in frames:
            if writer is None:
                size = (frame.shape[1], frame.shape[0])
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), frames_per_second, size)
                if not writer.isOpened():
                    raise DeviceUnusable(str(path), "cannot be written")
            writer.write(frame)
            count += 1
    finally:
        if writer is not None:
            writer.release()
    if not count:
        raise DeviceUnusable(str(path), "no picture was given")
    return count


def mjpeg_chunks(
    frames: Iterable[Picture], jpeg_quality: int = 88, *, whole_pictures: int | None = None
) -> Iterator[bytes]:
    """The body of an HTTP response of MJPEG_CONTENT_TYPE, one part per picture; the caller sets the pace.

    A camera with a bad cable: after `whole_pictures` each JPEG breaks off in the middle.
    """
    for number, frame in enumerate(frames):
        packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])[1].tobytes()
        if whole_pictures is not None and number >= whole_pictures:
            packed = packed[: len(packed) // 2]
        head = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(packed)
        yield head + packed + b"\r\n"
