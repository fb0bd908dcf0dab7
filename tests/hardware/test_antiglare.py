"""Light that is taken away where a lamp is mirrored, and given back: when, how, and what it is worth."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import cv2
import numpy as np
import pytest

from hardware.camera.antiglare import CALM_SECONDS, MOST_STEPS, AntiGlare, Sight, sight_of
from hardware.camera.decoder_process import DecoderProcess
from hardware.camera.dimming import Dimming
from hardware.camera.frames import Frame, LiveFrames
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.source import CameraSource
from hardware.devices import Decoder, DeviceEvent, Hint, Lost, Reading
from hardware.knobs import Knob, KnobTurned
from hardware.open_source import open_camera
from hardware.sheet_codes import sheet_code
from hardware.simulated.camera import FailingCamera
from hardware.simulated.scene import parse_scene
from hardware.simulated.synthetic import SyntheticCamera
from tests.hardware.driver import Camera

EVERY = 0.04


def after(sights: Iterable[Sight], *, begin: AntiGlare | None = None, at: float = 100.0) -> AntiGlare:
    """One picture after another, 25 a second."""
    state = begin or AntiGlare()
    for number, sight in enumerate(sights):
        state = state.after(sight, at + number * EVERY)
    return state


def seconds_of(sight: Sight, seconds: float) -> list[Sight]:
    return [sight] * round(seconds / EVERY)


# When


@pytest.mark.parametrize(
    ("sights", "step"),
    [
        ([Sight.GLARE] * 2, 0),
        ([Sight.GLARE] * 3, 1),
        ([Sight.GLARE, Sight.NOTHING, Sight.GLARE, Sight.NOTHING, Sight.GLARE], 1),
        ([Sight.GLARE, Sight.GLARE, Sight.READ, Sight.GLARE], 0),
        ([*[Sight.GLARE, *seconds_of(Sight.NOTHING, 1.1)] * 3], 0),
        ([Sight.DARK] * 30, 0),
        ([Sight.READ] * 300, 0),
    ],
    ids=["two", "three", "with gaps", "one was read", "too rare", "dark", "read"],
)
def test_three_pictures_of_glare_in_two_seconds_take_one_step_of_light_away(sights: list[Sight], step: int) -> None:
    assert after(sights).step == step


def test_each_step_has_time_to_be_seen_and_the_last_is_the_last() -> None:
    assert after(seconds_of(Sight.GLARE, 0.5)).step == 1
    assert after(seconds_of(Sight.GLARE, 0.8)).step == 2
    assert after(seconds_of(Sight.GLARE, 60)).step == MOST_STEPS


def test_too_dark_gives_back_at_once_and_is_not_tried_again_for_a_while() -> None:
    dark = after([*seconds_of(Sight.GLARE, 0.8), *seconds_of(Sight.NOTHING, 0.4), Sight.DARK])
    assert (dark.step, dark.deepest) == (1, 1)
    assert after(seconds_of(Sight.GLARE, 10), begin=dark, at=102).step == 1
    assert after(seconds_of(Sight.GLARE, 10), begin=dark, at=140).step == MOST_STEPS


def test_calm_gives_back_one_step_after_another_and_readings_are_no_calm() -> None:
    two = after(seconds_of(Sight.GLARE, 0.8))
    assert after(seconds_of(Sight.READ, 60), begin=two, at=101).step == 2
    assert after(seconds_of(Sight.NOTHING, CALM_SECONDS), begin=two, at=101).step == 1
    assert after(seconds_of(Sight.NOTHING, 2 * CALM_SECONDS), begin=two, at=101).step == 0


def test_a_lamp_that_stays_is_tested_more_and_more_seldom_and_forgotten_in_the_end() -> None:
    state, at = after([Sight.GLARE] * 3), 101.0
    patiences = []
    for _ in range(6):
        while state.step:
            state, at = state.after(Sight.NOTHING, at), at + EVERY
        state = after(seconds_of(Sight.GLARE, 0.8), begin=state, at=at)
        at += 0.8
        patiences.append(state.patience)
        state = replace(state, step=1)
    assert patiences == [10, 20, 40, 60, 60, 60]
    assert after(seconds_of(Sight.NOTHING, 130), begin=state, at=at) == replace(
        state, step=0, glares=(), moved_at=pytest.approx(at + 60, abs=2), given_back_at=pytest.approx(at + 60, abs=2),
        patience=CALM_SECONDS,
    )  # fmt: skip


CODE = DecodedCode("A", "]Q1", Decoder.ZXING, "whole", 14, 3.0)
GREY = np.full((720, 1280), 120, np.uint8)
LIT = np.where(np.arange(1280) < 100, 255, GREY).astype(np.uint8)


@pytest.mark.parametrize(
    ("report", "grey", "sight"),
    [
        (PictureReport((CODE,), False, None, False), LIT, Sight.READ),
        (PictureReport((), True, Hint.TILT, False), GREY, Sight.GLARE),
        (PictureReport((), True, Hint.HOLD_STILL, False), LIT, Sight.GLARE),
        (PictureReport((), True, Hint.HOLD_STILL, False), GREY, Sight.NOTHING),
        (PictureReport((), False, None, False), LIT, Sight.NOTHING),
        (PictureReport((), False, Hint.DARK, False), GREY, Sight.DARK),
        (PictureReport((), False, None, True), GREY, Sight.DARK),
    ],
    ids=["read", "hint", "saturated", "not saturated", "a white wall", "dark", "black"],
)
def test_what_a_picture_says_about_light(report: PictureReport, grey: np.ndarray, sight: Sight) -> None:
    assert sight_of(report, grey) is sight


# How


def driver(*, mode: int = 3, exposure: float = 160, gain: float = 64, refuses: frozenset[int] = frozenset()) -> Camera:
    camera = Camera(refuses)
    camera.values = {
        cv2.CAP_PROP_AUTO_EXPOSURE: mode,
        cv2.CAP_PROP_EXPOSURE: exposure,
        cv2.CAP_PROP_GAIN: gain,
    }
    return camera


@pytest.mark.parametrize(("mode", "back"), [(3, "auto"), (1, "160")])
def test_each_step_halves_the_exposure_and_the_last_word_is_what_there_was(mode: int, back: str) -> None:
    camera = driver(mode=mode)
    before, dimming = dict(camera.values), Dimming(camera, source="c")
    turned = [dimming.to(step) for step in (1, 2, 3, 1, 0)]
    assert turned == [KnobTurned("c", Knob.EXPOSURE, each) for each in ("80", "40", "20", "80", back)]
    if mode == 3:
        before[cv2.CAP_PROP_EXPOSURE] = 80  # The automatic goes on from there.
    assert camera.values == before


def test_below_the_shortest_exposure_the_gain_is_taken_down_and_put_back() -> None:
    class Slow(Camera):
        """Its exposure has a lower end."""

        def set(self, propId: int, value: float) -> bool:  # OpenCV's name
            return super().set(propId, max(60, value) if propId == cv2.CAP_PROP_EXPOSURE else value)

    camera = Slow()
    camera.values = driver(mode=1).values
    dimming = Dimming(camera, source="c")
    assert dimming.to(2) == KnobTurned("c", Knob.GAIN, "43")
    assert dimming.to(1) == KnobTurned("c", Knob.EXPOSURE, "80")
    assert camera.values[cv2.CAP_PROP_GAIN] == 64


@pytest.mark.parametrize(
    "camera",
    [driver(refuses=frozenset({cv2.CAP_PROP_EXPOSURE})), driver(exposure=-1), driver(exposure=0)],
    ids=["refuses", "has none", "does not tell"],
)
def test_a_camera_that_takes_no_exposure_is_put_back_and_left_alone(camera: Camera) -> None:
    before, dimming = dict(camera.values), Dimming(camera, source="c")
    assert dimming.to(1) is None
    assert camera.values == before
    camera.order.clear()
    assert dimming.to(0) is None
    assert camera.order == []


class Adjustable(FailingCamera):
    """Remembers how it was dimmed, and follows or not."""

    refused = ()

    def __init__(self, *, follows: bool) -> None:
        super().__init__(lambda number: np.full((4, 4, 3), number % 200, np.uint8) if number < 40 else None)
        self._follows = follows
        self.steps: list[int] = []

    def dim(self, step: int) -> KnobTurned | None:
        self.steps.append(step)
        return KnobTurned("camera", Knob.EXPOSURE, "80") if self._follows else None


@pytest.mark.parametrize("follows", [True, False])
def test_a_camera_is_dimmed_once_for_each_step_also_when_it_is_opened_again(follows: bool) -> None:
    opened: list[Adjustable] = []

    def open_it() -> Adjustable:
        opened.append(Adjustable(follows=follows))
        return opened[-1]

    def pause(ended: threading.Event, seconds: float) -> None:
        if len(opened) == 2:
            ended.wait(30)

    live, stop, told = LiveFrames("camera", open_it, pause=pause), threading.Event(), list[Frame | DeviceEvent]()
    for number in range(3):
        live.seen(Sight.GLARE, number * EVERY)
    for item in live.frames(stop):
        told.append(item)
        if sum(isinstance(each, Lost) for each in told) == 2:
            stop.set()
    assert [each.steps for each in opened] == [[1], [1]]
    turned = [each for each in told if isinstance(each, KnobTurned)]
    assert turned == ([KnobTurned("camera", Knob.EXPOSURE, "80")] * 2 if follows else [])


# What it is worth


@pytest.mark.parametrize("antiglare", [True, False])
def test_a_code_that_a_lamp_drowns_is_read_as_soon_as_light_is_taken_away(
    decoder: DecoderProcess, antiglare: bool
) -> None:
    moments = count()
    stop, pictures = threading.Event(), count(1)

    def monotonic() -> float:
        """Whenever somebody looks, a tenth of a picture's time has passed, however slowly this machine draws."""
        return next(moments) * EVERY / 10

    live = LiveFrames(
        "camera",
        lambda: SyntheticCamera(parse_scene("lamp"), monotonic=monotonic, wait=lambda seconds: None),
        monotonic=monotonic,
    )

    def seen(sight: Sight, at: float) -> None:
        if antiglare:
            live.seen(sight, at)
        if sight is Sight.READ or next(pictures) == 10:
            stop.set()

    items = list(CameraSource("camera", live, decoder, ends=False, seen=seen).readings(stop))
    assert [item.text for item in items if isinstance(item, Reading)] == ([sheet_code(14).text] if antiglare else [])
    turned = [item for item in items if isinstance(item, KnobTurned)]
    assert turned == ([KnobTurned("模拟 synthetic lamp", Knob.EXPOSURE, "80")] if antiglare else [])


@pytest.mark.parametrize("words", ["v4l2:/dev/video0", "0", "synthetic:clean", "http://192.0.2.7/"])
def test_light_is_watched_unless_the_operator_says_no(decoder: DecoderProcess, words: str) -> None:
    assert open_camera(words, decoder)._seen is not None  # type: ignore[attr-defined]  # whether it is wired


@pytest.mark.parametrize("words", ["v4l2:/dev/video0?antiglare=off", "synthetic:clean?antiglare=off"])
def test_light_is_left_alone_if_the_operator_says_so(decoder: DecoderProcess, words: str) -> None:
    assert open_camera(words, decoder)._seen is None  # type: ignore[attr-defined]  # whether it is wired
