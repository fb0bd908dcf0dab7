"""A phone showing a code: the flat picture that a simulated camera then looks at.

Takes the code as a matrix of modules, so that it stays independent of who draws QR codes.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_QUIET_MODULES = 4
_BEZEL = (22, 20, 20)
_DESK = (126, 142, 150)


def phone_screen(
    modules: Sequence[Sequence[bool]] | NDArray[np.bool_],
    *,
    dark_mode: bool = False,
    module_pixels: int = 8,
) -> Picture:
    """Draws the phone.

    Args:
        modules: True where the code is dark, without quiet zone.
        dark_mode: a dark page with a light-on-dark code.
        module_pixels: size of a module on the screen.

    Returns:
        A BGR picture of the phone on a desk; the code's centre is the picture's centre.
    """
    matrix = np.pad(np.asarray(modules, dtype=bool), _QUIET_MODULES)
    light, dark = (28, 245) if dark_mode else (250, 12)
    code = np.where(np.kron(matrix, np.ones((module_pixels, module_pixels), bool)), dark, light).astype(np.uint8)
    side = code.shape[0]
    margin = side // 16
    width, height = side + 2 * margin, int((side + 2 * margin) * 2.0)
    page = 24 if dark_mode else 246
    ink = 225 if dark_mode else 40
    screen = np.full((height, width, 3), page, np.uint8)
    _page_around(screen, ink, (height - side) // 2, side, margin)
    top = (height - side) // 2
    screen[top : top + side, margin : margin + side] = code[:, :, None]
    bezel = max(6, side // 28)
    phone = cv2.copyMakeBorder(screen, bezel, bezel, bezel, bezel, cv2.BORDER_CONSTANT, value=_BEZEL)
    desk = side // 5
    return cv2.copyMakeBorder(phone, desk, desk, desk, desk, cv2.BORDER_CONSTANT, value=_DESK).astype(np.uint8)


def _page_around(screen: Picture, ink: int, top: int, side: int, margin: int) -> None:
    """Status bar, a card with lines of text, a bar that runs down, a button: what else has edges on a real page."""
    height, width = screen.shape[:2]
    letter = side / 900
    cv2.putText(screen, "09:41", (margin, margin * 2), cv2.FONT_HERSHEY_SIMPLEX, letter, (ink,) * 3, 2)
    cv2.rectangle(screen, (width - 3 * margin, margin), (width - margin, margin * 2), (ink,) * 3, 2)
    cv2.rectangle(screen, (margin, top - side // 3), (width - margin, top - margin), (150, 110, 40), -1)
    for line in range(3):
        y = top - side // 4 + line * side // 14
        cv2.rectangle(screen, (2 * margin, y), (width - (3 + 2 * line) * margin, y + side // 40), (235, 235, 235), -1)
    bar = top + side + margin
    cv2.rectangle(screen, (margin, bar), (width - margin, bar + side // 60), (170, 170, 170), -1)
    cv2.rectangle(screen, (margin, bar), (width * 2 // 3, bar + side // 60), (120, 160, 0), -1)
    button = height - 4 * margin
    cv2.rectangle(screen, (width // 4, button), (width * 3 // 4, button + 2 * margin), (150, 110, 40), -1)
