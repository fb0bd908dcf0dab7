"""A drawn face for the demonstration: small, the same at every call, and nobody's."""

from typing import Final

import cv2
import numpy as np

_WIDTH, _HEIGHT = 90, 120
_QUALITY: Final = 40


def webp() -> bytes:
    """A grey WebP picture of 90 × 120 pixels and well under 1,000 bytes."""
    picture = np.full((_HEIGHT, _WIDTH), 214, dtype=np.uint8)
    # Shoulders, neck, head, hair, eyes, nose, mouth.
    cv2.ellipse(picture, (45, 122), (40, 30), 0, 180, 360, 70, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (37, 78), (53, 98), 168, -1)
    cv2.ellipse(picture, (45, 55), (24, 31), 0, 0, 360, 182, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (45, 40), (26, 22), 0, 180, 360, 40, -1, cv2.LINE_AA)
    for eye in (36, 54):
        cv2.ellipse(picture, (eye, 55), (4, 2), 0, 0, 360, 40, -1, cv2.LINE_AA)
        cv2.line(picture, (eye - 5, 49), (eye + 5, 49), 60, 1, cv2.LINE_AA)
    cv2.line(picture, (45, 58), (43, 66), 130, 1, cv2.LINE_AA)
    cv2.ellipse(picture, (45, 73), (8, 3), 0, 10, 170, 90, 1, cv2.LINE_AA)
    return cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1].tobytes()
