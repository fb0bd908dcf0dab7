"""Finder patterns that zxing-cpp does not find, and codes laid out from them."""

import numpy as np
import pytest

from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.finders import format_of, laid_out
from hardware.camera.guidance import GreyPicture
from hardware.camera.looking import look
from hardware.camera.still import decode_image
from tests.hardware.conftest import flat_code, modules_of, on_desk, payload, png, unhurried

PIXELS, SIDE = 4, 73
LEFT = 40 + 4 * PIXELS


def noisy(frame: GreyPicture, seed: int) -> GreyPicture:
    noise = np.random.default_rng(seed).normal(0, 11, frame.shape)
    return np.clip(frame * 0.1 + 60 + noise, 0, 255).astype(np.uint8)


def under_lamp(frame: GreyPicture, column: int, row: int) -> GreyPicture:
    """A lamp that drowns nine modules by nine."""
    lit = (frame * 0.6).astype(np.uint8)
    top, left = LEFT + row * PIXELS, LEFT + column * PIXELS
    lit[max(0, top) : top + 9 * PIXELS, max(0, left) : left + 9 * PIXELS] = 255
    return lit


def test_a_code_in_noise_is_laid_out_and_read_at_once() -> None:
    picture = noisy(on_desk(flat_code(payload(), PIXELS)), 1)
    assert look(picture, "whole").place is None
    seen = laid_out(picture)
    assert seen is not None
    assert (seen.version, seen.level) == (14, "L")
    right = LEFT + SIDE * PIXELS
    ideal = np.array([(LEFT, LEFT), (right, LEFT), (right, right), (LEFT, right)])
    assert np.abs(np.array(seen.corners) - ideal).max() < PIXELS / 2
    assert [code.text for code in decode_frame(picture, CascadeState(), monotonic=unhurried)[0].codes] == [payload()]


@pytest.mark.parametrize(("column", "row"), [(-1, -1), (SIDE - 8, -1), (-1, SIDE - 8)])
def test_a_code_of_which_a_lamp_has_drowned_one_finder_is_read(column: int, row: int) -> None:
    picture = under_lamp(on_desk(flat_code(payload(), PIXELS)), column, row)
    assert look(picture, "whole").place is None
    assert [code.text for code in decode_frame(picture, CascadeState(), monotonic=unhurried)[0].codes] == [payload()]
    assert [code.text for code in decode_image(png(picture)).codes] == [payload()]


def test_what_only_looks_like_finders_gives_nothing() -> None:
    finder = np.pad(np.pad(np.zeros((3, 3)), 1, constant_values=255), 1)
    squares = np.kron(np.pad(finder, 12, constant_values=255), np.ones((PIXELS, PIXELS))).astype(np.uint8)
    assert decode_frame(np.tile(squares, (2, 3)), CascadeState(), monotonic=unhurried)[0].codes == ()
    assert laid_out(np.random.default_rng(2).integers(0, 256, (480, 640), dtype=np.uint8)) is None


def test_level_and_mask_are_told_by_one_copy_with_three_modules_wrong() -> None:
    modules = np.where(modules_of(payload()), -1.0, 1.0).astype(np.float32)
    level, mask = format_of(modules)
    assert level == "L"
    worse = modules.copy()
    worse[:9, :9] = 0.0  # the first copy is drowned
    worse[8, SIDE - 3 :] *= -1
    assert format_of(worse) == (level, mask)
    worse[8, SIDE - 8 :] *= -1
    assert format_of(worse) != (level, mask)
