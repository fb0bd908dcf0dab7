"""Reed-Solomon with erasures: corrects what it promises, refuses what is beyond, and never makes up a code."""

import random

import numpy as np
import pytest

from hardware.camera.codewords import Uncorrectable, _placement, correct, corrected
from hardware.camera.grid import Seen, drawn, layout
from hardware.camera.looking import decode_drawn
from tests.hardware.conftest import modules_of, payload

CHECKS = 30
Block = np.ndarray[tuple[int], np.dtype[np.uint8]]


def one_block(seed: int) -> Block:
    """A block of 145 bytes that checks: the zero block, corrected into another one by erasing its check bytes."""
    randomness = np.random.default_rng(seed)
    block = np.zeros(145, np.uint8)
    block[:115] = randomness.integers(0, 256, 115)
    return correct(block, list(range(115, 145)), CHECKS, reserve=0)


@pytest.mark.parametrize(("erasures", "errors"), [(0, 0), (0, 13), (26, 0), (12, 7), (10, 8)])
def test_as_much_as_the_reserve_leaves_is_corrected(erasures: int, errors: int) -> None:
    for seed in range(10):
        good, at = one_block(seed), random.Random(seed).sample(range(145), erasures + errors)
        bad = good.copy()
        bad[at] ^= np.random.default_rng(seed).integers(1, 256, len(at)).astype(np.uint8)
        assert (correct(bad, at[:erasures], CHECKS, reserve=4) == good).all()


@pytest.mark.parametrize(("erasures", "errors"), [(0, 14), (26, 1), (12, 8), (0, 40), (20, 30)])
def test_one_more_is_refused_and_never_turned_into_another_block(erasures: int, errors: int) -> None:
    for seed in range(20):
        good, at = one_block(seed), random.Random(seed).sample(range(145), erasures + errors)
        bad = good.copy()
        bad[at] ^= np.random.default_rng(seed).integers(1, 256, len(at)).astype(np.uint8)
        with pytest.raises(Uncorrectable):
            correct(bad, at[:erasures], CHECKS, reserve=4)


def estimate_of(text: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.where(modules_of(text), -1.0, 1.0).astype(np.float32)


def mask_of(estimate: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> int:
    """From the format information: level L is 01, then three bits of mask, all under the fixed pattern."""
    bits = [int(value < 0) for value in estimate[8, [0, 1, 2, 3, 4]]]
    return int("".join(map(str, bits)), 2) % 8 ^ 0b101


def seen(mask: int) -> Seen:
    return Seen(((0, 0), (73, 0), (73, 73), (0, 73)), 14, "L", mask)


def test_a_drowned_corner_is_recovered_and_read_by_zxing() -> None:
    estimate = estimate_of(payload())
    plan, drowned = layout(14), estimate.copy()
    drowned[20:42, 20:42] = 0.01  # light, over an eighth of the codewords: more than errors alone could be
    assert decode_drawn(drawn(drowned, plan), "test", None) == ()
    floor = np.zeros_like(estimate)
    floor[20:42, 20:42] = 0.9
    fixed = corrected(drowned, floor, plan, seen(mask_of(estimate)))
    assert ((fixed < 0) == (estimate < 0))[20:42, 20:42].all()
    assert decode_drawn(drawn(fixed, plan), "test", None)[0].text == payload()


def test_two_codes_torn_together_are_neither() -> None:
    upper, lower = estimate_of(payload(1)), estimate_of(payload(2))
    for row in range(15, 60, 5):
        torn = np.concatenate([upper[:row], lower[row:]])
        for floor in (np.zeros_like(torn), np.ones_like(torn)):  # neither in the dark nor under a lamp
            with pytest.raises(Uncorrectable):
                corrected(torn, floor, layout(14), seen(mask_of(upper)))


@pytest.mark.parametrize(("disagree", "read"), [(0, True), (1, False)])
def test_two_spare_check_bytes_are_enough_only_where_the_erased_bytes_bear_it_out(disagree: int, read: bool) -> None:
    estimate = estimate_of(payload())
    damaged, floor, place = estimate.copy(), np.zeros_like(estimate), _placement(14, "L")
    floor[:2] = 0.9  # a lamp is somewhere; nothing is corrected where there is none
    block = place.blocks[0][0]
    for at, number in enumerate(block[:28]):  # two more than four spare bytes admit
        bits = slice(8 * number, 8 * number + 8)
        rows, columns = place.rows[bits], place.columns[bits]
        floor[rows, columns] = 0.8
        if at < 20:
            damaged[rows, columns] *= -1
        else:
            floor[rows[:4], columns[:4]] = 0.1
            damaged[rows[:4], columns[:4]] *= 1 - 2 * disagree
    mask = mask_of(estimate)
    if read:
        fixed = corrected(damaged, floor, layout(14), seen(mask))
        assert ((fixed < 0) == (estimate < 0))[place.rows, place.columns].all()
    else:
        with pytest.raises(Uncorrectable):
            corrected(damaged, floor, layout(14), seen(mask))
