"""The cascade and the still-image decoder, in this process."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from hardware.camera import decode, still
from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.grid import Seen, layout
from hardware.camera.guidance import GreyPicture, hint_for
from hardware.camera.looking import Look, look
from hardware.camera.report import (
    MAX_CODES,
    DecodedCode,
    PictureReport,
    ReportMalformed,
    from_line,
    to_line,
)
from hardware.camera.rescue import rescued
from hardware.camera.still import ImageOverLimit, NotAnImage, decode_image, look_with_zbar, unpack
from hardware.devices import Decoder, Hint
from tests.hardware.conftest import flat_code, on_desk, payload, png


def texts(report: PictureReport) -> list[str]:
    return [code.text for code in report.codes]


def test_a_clean_code_with_its_aim_version_and_size() -> None:
    report, state = decode_frame(on_desk(flat_code(payload())), CascadeState())
    (code,) = report.codes
    assert (code.text, code.aim, code.version, code.decoder) == (payload(), "]Q1", 14, Decoder.ZXING)
    assert code.pixels_per_module == pytest.approx(4.0, abs=0.1)
    assert state.place is not None


@pytest.mark.parametrize("text", [" BEGINS WITH A SPACE", "ENDS WITH ONE ", "  "])
def test_spaces_survive(text: str) -> None:
    picture = on_desk(flat_code(text, 8, None))
    assert texts(decode_frame(picture, CascadeState())[0]) == [text]
    assert texts(decode_image(png(picture))) == [text]


def test_a_dark_mode_code() -> None:
    assert texts(decode_frame(255 - on_desk(flat_code(payload())), CascadeState())[0]) == [payload()]


def test_two_codes_are_both_reported() -> None:
    picture = on_desk(flat_code(payload(1)), flat_code(payload(2)))
    assert set(texts(decode_frame(picture, CascadeState())[0])) == {payload(1), payload(2)}


def test_a_code_that_the_whole_picture_does_not_give_is_found_by_the_cascade() -> None:
    blurred = cv2.GaussianBlur(on_desk(flat_code(payload(), 2)), (0, 0), 0.8).astype(np.float32) * 0.5
    randomness = np.random.default_rng(5)
    state = CascadeState()
    for _ in range(4):
        frame = np.clip(blurred + randomness.normal(0, 3, blurred.shape), 0, 255).astype(np.uint8)
        assert look(frame, "whole").codes == ()
        report, state = decode_frame(frame, state)
        assert texts(report) == [payload()]


def test_a_place_is_remembered_and_forgotten() -> None:
    empty = np.full((240, 320), 128, np.uint8)
    state = CascadeState(place=(10, 10, 100, 100))
    for _ in range(15):
        _, state = decode_frame(empty, state)
        assert state.place == (10, 10, 100, 100)
    _, state = decode_frame(empty, state)
    assert state.place is None


def test_no_further_preparation_begins_when_the_time_is_used_up() -> None:
    ticks = iter(range(100))
    picture = np.full((240, 320), 128, np.uint8)
    decode_frame(picture, CascadeState(), budget_seconds=0.5, monotonic=lambda: float(next(ticks)))
    assert next(ticks) == 2  # one look at the clock to begin, one after the first preparation


@pytest.mark.parametrize("place", [(0, 0, 5_000, 5_000), (5_000, 5_000, 3, 3), (300, 200, 1, 1), (-50, -90, 40, 60)])
def test_a_place_outside_of_the_picture_does_no_harm(place: tuple[int, int, int, int]) -> None:
    picture = np.full((240, 320), 128, np.uint8)
    assert decode_frame(picture, CascadeState(place=place))[0].codes == ()
    assert hint_for(picture, place, None) in (None, *Hint)


def test_a_black_picture_and_a_dark_one() -> None:
    assert decode_frame(np.zeros((240, 320), np.uint8), CascadeState())[0].black
    dim = np.full((240, 320), 10, np.uint8)
    dim[100:110] = 60
    report = decode_frame(dim, CascadeState())[0]
    assert (report.black, report.hint) == (False, Hint.DARK)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (20, 21)])
def test_pictures_too_small_for_any_code(shape: tuple[int, int]) -> None:
    picture = np.full(shape, 200, np.uint8)
    for turn in range(4):
        for place in (None, (0, 0, 1, 1)):
            assert decode_frame(picture, CascadeState(place=place, turn=turn))[0].codes == ()
    assert decode_image(png(picture)).codes == ()


def smeared(text: str, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A code at 3 pixels a module, out of focus by a whole module: zxing-cpp lays it out and cannot read it."""
    frame = on_desk(flat_code(text, 3)).astype(np.float32) / 255
    disc = np.zeros((7, 7), np.float32)
    cv2.circle(disc, (3, 3), 2, 1.0, -1)
    light = cv2.filter2D(frame**2.2, -1, disc / disc.sum())
    noise = np.random.default_rng(seed).normal(0, 2, frame.shape)
    return np.clip(light ** (1 / 2.2) * 200 + 20 + noise, 0, 255).astype(np.uint8)


def test_a_code_that_is_laid_out_and_not_read_is_equalised() -> None:
    picture = smeared(payload(), 1)
    assert look(picture, "whole").codes == ()
    report, state = decode_frame(picture, CascadeState())
    assert texts(report) == [payload()]
    assert report.codes[0].variant == "grid"
    assert state.evidence is None
    assert texts(decode_image(png(picture))) == [payload()]


def test_several_noisy_frames_of_a_held_code_add_up_and_of_two_codes_do_not() -> None:
    def noisy(text: str, seed: int) -> GreyPicture:
        frame = on_desk(flat_code(text, 4)).astype(np.float32)
        noise = np.random.default_rng(seed).normal(0, 1, frame.shape)
        # A held phone, in light so poor that a module is wrong now and then.
        return np.clip(frame * 0.1 + 60 + noise * 30, 0, 255).astype(np.uint8)

    plan = layout(14)
    corners = ((56.0, 56.0), (348.0, 56.0), (348.0, 348.0), (56.0, 348.0))
    failed, known = Look(unread=Seen(corners, 14, "L", 0)), None
    single = [rescued(noisy(payload(), seed), failed, None)[0].codes for seed in range(4)]
    read: list[str] = []
    for seed in range(4):
        seen, known = rescued(noisy(payload(), seed), failed, known)
        read += [code.text for code in seen.codes]
    assert not any(single)
    assert set(read) == {payload()}
    assert plan.side == 73
    other = None
    for seed in range(4):
        seen, other = rescued(noisy(payload(1 + seed % 2), seed), failed, other)
        assert {code.text for code in seen.codes} <= {payload(1), payload(2)}


def test_a_tracked_place_is_looked_at_alone_and_the_whole_every_fourth_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    variants: list[str] = []

    def noted(picture: GreyPicture, variant: str, **how: Any) -> Look:
        variants.append(variant)
        return look(picture, variant, **how)

    monkeypatch.setattr(decode, "look", noted)
    picture, state = on_desk(flat_code(payload())), CascadeState()
    for _ in range(6):
        report, state = decode_frame(picture, state)
        assert texts(report) == [payload()]
    assert variants == ["whole", "place", "place", "place", "whole", "place"]


def test_a_second_code_is_noticed_within_four_frames() -> None:
    _, state = decode_frame(on_desk(flat_code(payload(1))), CascadeState())
    both = on_desk(flat_code(payload(1)), flat_code(payload(2)))
    counts = []
    for _ in range(4):
        report, state = decode_frame(both, state)
        counts.append(len(report.codes))
    assert max(counts) == 2


def test_what_would_help_is_told_by_where_and_how_a_code_is_seen() -> None:
    frame = np.full((720, 1280), 128, np.uint8)
    inside, code = (400, 200, 300, 300), on_desk(flat_code(payload()))
    assert hint_for(frame // 16, inside, 4.0) == Hint.DARK
    assert hint_for(frame, None, None) is None
    assert hint_for(frame, inside, 2.0) == Hint.CLOSER
    assert hint_for(code, (56, 56, 292, 292), 4.0) == Hint.HOLD_STILL
    assert hint_for(code[20:440, 20:440], (36, 36, 340, 340), 4.6) == Hint.HOLD_STILL
    assert hint_for(code[20:440, 20:440], (10, 10, 360, 360), 4.9) == Hint.FURTHER
    code[100:300, 100:300] = 255
    assert hint_for(code, (56, 56, 292, 292), 4.0) == Hint.TILT
    for edge in ((0, 200, 300, 300), (-5, 200, 300, 300), (400, 0, 300, 300), (980, 200, 300, 300), (4, 420, 300, 300)):
        assert hint_for(frame, edge, 4.0) == Hint.WHOLE


def test_noise_and_false_finders_give_nothing() -> None:
    randomness = np.random.default_rng(9)
    finder = np.kron(np.pad(np.pad(np.zeros((3, 3)), 1, constant_values=255), 1), np.ones((4, 4))).astype(np.uint8)
    grid = np.tile(np.pad(finder, 8, constant_values=255), (12, 20))
    for picture in (randomness.integers(0, 256, (480, 640), dtype=np.uint8), grid):
        assert decode_frame(picture, CascadeState())[0].codes == ()


def test_both_decoders_read_the_same_png() -> None:
    if still.pyzbar is None:
        pytest.skip("libzbar is not installed")
    picture = flat_code(payload())
    assert texts(decode_image(png(picture))) == [payload()]
    (by_zbar,) = look_with_zbar(picture)
    assert (by_zbar.text, by_zbar.decoder) == (payload(), Decoder.ZBAR)


def test_zbar_is_asked_when_zxing_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    if still.pyzbar is None:
        pytest.skip("libzbar is not installed")
    monkeypatch.setattr(still, "look", lambda *_, **__: still.Look())
    monkeypatch.setattr(still, "laid_out", lambda _: None)
    (code,) = decode_image(png(flat_code(payload()))).codes
    assert (code.text, code.decoder) == (payload(), Decoder.ZBAR)


def test_without_libzbar_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "pyzbar", None)
    assert decode_image(png(np.full((100, 100), 255, np.uint8))).codes == ()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_image_formats(file_format: str) -> None:
    packed = io.BytesIO()
    Image.fromarray(flat_code(payload())).save(packed, file_format)
    assert texts(decode_image(packed.getvalue())) == [payload()]


def test_what_is_transparent_counts_as_white() -> None:
    code = flat_code(payload())
    transparent = np.dstack([np.zeros_like(code)] * 3 + [255 - code])
    assert texts(decode_image(png(transparent))) == [payload()]


@pytest.mark.parametrize("packed", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(range(256)) * 40, b"%PDF-1.7"])
def test_what_is_no_image(packed: bytes) -> None:
    with pytest.raises(NotAnImage):
        decode_image(packed)


def test_an_image_cut_off_at_any_point_is_no_image() -> None:
    whole = png(flat_code("SHORT", 4, None))
    for length in range(0, len(whole) - 20, 7):
        with pytest.raises(NotAnImage):
            unpack(whole[:length])


def test_the_header_is_enough_to_refuse_a_large_image() -> None:
    packed = io.BytesIO()
    Image.new("1", (8_000, 7_000)).save(packed, "PNG")
    assert len(packed.getvalue()) < 20_000
    with pytest.raises(ImageOverLimit):
        decode_image(packed.getvalue())


REPORT = PictureReport((DecodedCode(" A", "]Q1", Decoder.ZXING, "whole", 14, 3.5),), False, Hint.CLOSER, False)


def test_a_report_survives_the_line() -> None:
    assert from_line(to_line(REPORT)) == REPORT


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b'"text": " A"', b'"text": 7'),
        (b'"text": " A"', b'"text": ""'),
        (b'"text": " A"', b'"text": "' + b"A" * 7_090 + b'"'),
        (b'"aim": "]Q1"', b'"aim": "]Q1X"'),
        (b'"version": 14', b'"version": 41'),
        (b'"version": 14', b'"version": true'),
        (b'"pixels_per_module": 3.5', b'"pixels_per_module": NaN'),
        (b'"decoder": "zxing"', b'"decoder": "other"'),
        (b'"hint": "closer"', b'"hint": "run"'),
        (b'"black": false', b'"black": 0'),
        (b'"code_seen": false', b'"other": false'),
    ],
)
def test_a_report_with_one_wrong_field_is_none(good: bytes, bad: bytes) -> None:
    line = to_line(REPORT)
    assert good in line
    with pytest.raises(ReportMalformed):
        from_line(line.replace(good, bad))


@pytest.mark.parametrize("line", [b"", b"[]", b"null", b"[" * 100_000, b"\xff"])
def test_what_is_no_report(line: bytes) -> None:
    with pytest.raises(ReportMalformed):
        from_line(line)


def test_a_report_with_too_many_codes_is_none() -> None:
    line = to_line(REPORT)
    code = line[line.index(b"{", 1) : line.index(b"]", line.index(b'"pixels'))]
    with pytest.raises(ReportMalformed):
        from_line(line.replace(code, b", ".join([code] * (MAX_CODES + 1))))
