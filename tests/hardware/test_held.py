"""A code that was read is recognised where it is shown worse, and no other code is ever taken for it."""

import numpy as np
import pytest

from hardware.camera.codewords import Words, _placement, are_shown, words_of
from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.grid import Seen
from hardware.camera.guidance import GreyPicture
from tests.hardware.conftest import flat_code, modules_of, on_desk, payload, unhurried

LEFT = 40 + 60 + 4 * 4
SEEN = Seen(((0, 0), (73, 0), (73, 73), (0, 73)), 14, "L", 0)


def estimate_of(text: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.where(modules_of(text), -1.0, 1.0).astype(np.float32)


def words(text: str) -> Words:
    estimate = estimate_of(text)
    for mask in range(8):
        try:
            return words_of(estimate, Seen(SEEN.corners, 14, "L", mask))
        except ValueError:
            continue
    raise AssertionError("one of eight masks fits")


def worse(frame: GreyPicture, seed: int, shift: int = 0) -> GreyPicture:
    """The frame moved aside, noisy, with lamps on two of the code's three finders."""
    bad = frame.astype(np.float32) * 0.6 + np.random.default_rng(seed).normal(0, 4, frame.shape)
    for left in (LEFT, LEFT + 63 * 4):
        bad[LEFT : LEFT + 10 * 4, left : left + 10 * 4] = 255
    return np.roll(np.clip(bad, 0, 255).astype(np.uint8), (shift, shift), axis=(0, 1))


@pytest.mark.parametrize("shift", [0, 23])
def test_a_code_that_was_read_is_recognised_where_it_alone_would_not_be_read(shift: int) -> None:
    frame = np.pad(on_desk(flat_code(payload(), 4)), 60, constant_values=90)
    _, state = decode_frame(frame, CascadeState(), monotonic=unhurried)
    for seed in range(3):
        bad = worse(frame, seed, shift)
        assert decode_frame(bad, CascadeState(), monotonic=unhurried)[0].codes == ()
        report, state = decode_frame(bad, state, monotonic=unhurried)
        assert [(code.text, code.variant) for code in report.codes] == [(payload(), "as held")]


def test_a_code_that_rolled_on_by_one_character_is_never_taken_for_the_one_before() -> None:
    old, new = payload(), payload()[:-1] + ("B" if payload()[-1] != "B" else "C")
    before, after = (np.pad(on_desk(flat_code(text, 4)), 60, constant_values=90) for text in (old, new))
    _, state = decode_frame(before, CascadeState(), monotonic=unhurried)
    for seed in range(4):
        report, state = decode_frame(worse(after, seed), state, monotonic=unhurried)
        assert {code.text for code in report.codes} <= {new}


# In version 14 at level L 30 codewords of a block check, four of which stay unspent.
@pytest.mark.parametrize(
    ("erased", "wrong", "shown"),
    [(0, 13, True), (0, 14, False), (26, 0, True), (27, 0, False), (12, 7, True), (12, 8, False)],
)
def test_as_much_may_differ_as_reed_solomon_would_correct(erased: int, wrong: int, shown: bool) -> None:
    known, estimate = words(payload()), estimate_of(payload())
    floor, place = np.zeros_like(estimate), _placement(14, "L")
    block = place.blocks[0][0]
    for number in [*block[:erased], *block[len(block) - wrong :]]:
        bits = slice(8 * number, 8 * number + 8)
        estimate[place.rows[bits], place.columns[bits]] *= -1
    for number in block[:erased]:
        floor[place.rows[8 * number], place.columns[8 * number]] = 0.9
    assert are_shown(known, estimate, floor) is shown


def test_another_code_is_not_shown_even_where_everything_is_drowned() -> None:
    estimate = estimate_of(payload(2))
    for light in (0.0, 1.0):
        assert not are_shown(words(payload(1)), estimate, np.full_like(estimate, light))
