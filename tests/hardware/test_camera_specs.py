"""How cameras are named, what is set on them, and the camera that is only drawn."""

import struct
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.camera import settings as camera_settings
from hardware.camera.capture import CameraKind, parse_camera_spec
from hardware.camera.decoder_process import DecoderProcess
from hardware.camera.frames import Frame, LiveFrames
from hardware.camera.picture_device import AdjustableDevice
from hardware.camera.settings import CameraSettings, apply_settings
from hardware.devices import Connected, DeviceEvent, Lost, LostReason, Reading
from hardware.errors import UnsupportedSource
from hardware.knobs import Knob, KnobRefused, KnobTurned
from hardware.open_source import open_camera, opener
from hardware.sheet_codes import sheet_code
from hardware.simulated.camera import FailingCamera, Picture
from hardware.simulated.scene import Scene, parse_scene
from hardware.simulated.synthetic import SyntheticCamera
from hardware.simulated.troubles import CameraTrouble, TroubledCamera
from tests.hardware.driver import Camera
from verifier_terminal.capture import words

GOOD = "v4l2:/dev/v4l/by-id/usb-cam?size=1920x1080&fps=30&format=MJPG&exposure=80&gain=12&focus=40&powerline=50"


def applied(
    spec: str, camera: Camera, *, powerline: Callable[[str, int], bool] = lambda path, choice: True
) -> set[str]:
    named = parse_camera_spec(spec)
    refused = apply_settings(named.settings, camera, source=named.name, path=named.target, powerline=powerline)
    assert all(each.source == named.name for each in refused)
    return {f"{each.knob.value} {each.asked} {each.given}".strip() for each in refused}


def test_every_option_of_a_camera_is_read() -> None:
    spec = parse_camera_spec(GOOD)
    assert (spec.kind, spec.target, spec.name) == (CameraKind.V4L2, *["/dev/v4l/by-id/usb-cam"] * 2)
    assert spec.settings == CameraSettings((1920, 1080), 30, "MJPG", 80, 12, 40, "50")
    assert parse_camera_spec("v4l2:/dev/video0").settings == CameraSettings()
    assert parse_camera_spec("v4l2:/dev/video0?antiglare=off").settings == CameraSettings(antiglare=False)
    assert parse_camera_spec("synthetic:lamp?antiglare=off").settings == CameraSettings(antiglare=False)


@pytest.mark.parametrize(
    ("good", "bad", "why"),
    [
        ("gain=12", "iso=12", "the option iso is not known"),
        ("size=1920x1080", "size=1920*1080", "is no size"),
        ("size=1920x1080", "size=0x1080", "is no size"),
        ("fps=30", "fps=0", "fps=0 is no number from 1 to 240"),
        ("fps=30", "fps=٣", "is no number"),
        ("format=MJPG", "format=mjpeg", "is no FourCC"),
        ("exposure=80", "exposure=-5", "exposure=-5 is no number"),
        ("exposure=80", "exposure=", "is no number"),
        ("gain=12", "gain=auto", "gain=auto is no number"),
        ("focus=40", "focus=100001", "is no number"),
        ("powerline=50", "powerline=55", "is none of"),
        ("gain=12", "gain=12&gain=13", "there twice"),
        ("gain=12", "antiglare=maybe", "antiglare=maybe is neither on nor off"),
        ("v4l2:/dev/", "v4l2:/tmp/", "no kind of camera"),
    ],
)
def test_one_wrong_option_is_an_error_that_names_it(good: str, bad: str, why: str) -> None:
    with pytest.raises(UnsupportedSource, match=why):
        parse_camera_spec(GOOD.replace(good, bad, 1))


def test_a_camera_that_takes_everything_has_nothing_to_say() -> None:
    camera, told = Camera(), list[tuple[str, int]]()
    assert applied(GOOD, camera, powerline=lambda path, choice: not told.append((path, choice))) == set()
    assert camera.values[cv2.CAP_PROP_FRAME_WIDTH] == 1920
    assert camera.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert camera.values[cv2.CAP_PROP_EXPOSURE] == 80
    assert camera.values[cv2.CAP_PROP_AUTOFOCUS] == 0
    assert camera.values[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert told == [("/dev/v4l/by-id/usb-cam", 1)]
    position = camera.order.index
    assert position(cv2.CAP_PROP_FOURCC) < position(cv2.CAP_PROP_FRAME_WIDTH) < position(cv2.CAP_PROP_FPS)
    assert position(cv2.CAP_PROP_AUTO_EXPOSURE) < position(cv2.CAP_PROP_EXPOSURE)
    assert position(cv2.CAP_PROP_AUTOFOCUS) < position(cv2.CAP_PROP_FOCUS)


@pytest.mark.parametrize(
    ("knob", "said"),
    [
        (cv2.CAP_PROP_FOURCC, "format MJPG"),
        (cv2.CAP_PROP_FPS, "fps 30"),
        (cv2.CAP_PROP_EXPOSURE, "exposure 80"),
        (cv2.CAP_PROP_GAIN, "gain 12"),
        (cv2.CAP_PROP_FOCUS, "focus 40"),
    ],
)
def test_each_knob_that_a_driver_refuses_is_told_alone(knob: int, said: str) -> None:
    assert applied(GOOD, Camera(frozenset({knob}))) == {said}


def test_a_driver_that_says_yes_and_takes_something_else_is_found_out() -> None:
    camera = Camera(clamps={cv2.CAP_PROP_FRAME_WIDTH: 1280, cv2.CAP_PROP_FRAME_HEIGHT: 720, cv2.CAP_PROP_EXPOSURE: 50})
    assert applied(GOOD, camera) == {"size 1920x1080 1280x720", "exposure 80 50"}


def test_rounding_to_the_cameras_own_steps_is_no_refusal() -> None:
    assert applied(GOOD, Camera(clamps={cv2.CAP_PROP_EXPOSURE: 78, cv2.CAP_PROP_FPS: 29.97})) == set()


def test_a_powerline_that_cannot_be_set_is_told() -> None:
    assert applied(GOOD, Camera(), powerline=lambda path, choice: False) == {"powerline 50"}


@pytest.mark.parametrize(("words", "also"), [("", {cv2.CAP_PROP_AUTO_EXPOSURE}), ("?antiglare=off", set[int]())])
def test_nothing_named_means_nothing_refused_even_by_a_driver_that_takes_nothing(words: str, also: set[int]) -> None:
    everything = frozenset({cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_BUFFERSIZE} | also)
    camera = Camera(everything)
    assert applied(f"v4l2:/dev/video0{words}", camera) == set()
    assert set(camera.order) == everything


def test_what_a_killed_program_left_dark_is_light_again_at_the_next_start() -> None:
    camera = Camera()
    camera.values[cv2.CAP_PROP_AUTO_EXPOSURE] = 1
    assert applied("v4l2:/dev/video0", camera) == set()
    assert camera.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 3


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (frozenset[int](), set[str]()),
        (frozenset({cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_AUTOFOCUS}), {"exposure auto", "focus auto"}),
    ],
)
def test_automatics_are_switched_on_again(refuses: frozenset[int], said: set[str]) -> None:
    camera = Camera(refuses)
    assert applied("v4l2:/dev/video0?exposure=auto&focus=auto", camera) == said
    assert cv2.CAP_PROP_EXPOSURE not in camera.values
    if not said:
        assert (camera.values[cv2.CAP_PROP_AUTO_EXPOSURE], camera.values[cv2.CAP_PROP_AUTOFOCUS]) == (3, 1)


def test_the_powerline_is_set_by_the_kernels_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node, calls = tmp_path / "video0", list[tuple[int, bytes]]()
    node.touch()
    monkeypatch.setattr(
        camera_settings.fcntl, "ioctl", lambda handle, request, content: calls.append((request, content))
    )
    assert camera_settings.set_powerline(str(node), 1)
    # _IOWR('V', 28, 8 bytes): direction 3, size, type, number; V4L2_CID_BASE + 24.
    assert calls == [((3 << 30) | (8 << 16) | (ord("V") << 8) | 28, struct.pack("Ii", 0x00980900 + 24, 1))]


def test_what_is_no_camera_takes_no_powerline(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    assert not camera_settings.set_powerline(str(node), 1)
    node.touch()
    assert not camera_settings.set_powerline(str(node), 1)


class Refusing(FailingCamera, AdjustableDevice):
    """Gives two pictures each time it is opened, and refuses the same setting."""

    refused = (KnobRefused("camera", Knob.GAIN, "12", ""),)

    def __init__(self) -> None:
        super().__init__(lambda number: np.full((4, 4, 3), number, np.uint8) if number < 2 else None)

    def dim(self, step: int) -> None:
        """It cannot."""


def test_a_refusal_is_told_once_although_the_camera_comes_and_goes() -> None:
    opened: list[Refusing] = []

    def open_it() -> Refusing:
        opened.append(Refusing())
        return opened[-1]

    stop, told = threading.Event(), list[Frame | DeviceEvent]()

    def pause(ended: threading.Event, seconds: float) -> None:
        if len(opened) == 3:
            ended.wait(30)

    for item in LiveFrames("camera", open_it, pause=pause).frames(stop):
        told.append(item)
        if [each for each in told if isinstance(each, Lost)] == [Lost("camera", LostReason.UNPLUGGED)] * 3:
            stop.set()
    assert told[:2] == [Connected("camera"), *Refusing.refused]
    assert len([each for each in told if isinstance(each, KnobRefused)]) == 1


def test_a_refusal_has_words_and_says_what_there_is_instead() -> None:
    assert words(KnobRefused("c", Knob.SIZE, "1920x1080", "1280x720")) == (
        "the camera does not take size=1920x1080; it has 1280x720"
    )
    assert words(KnobRefused("c", Knob.GAIN, "12", "")) == "the camera does not take gain=12"
    assert words(KnobTurned("c", Knob.EXPOSURE, "40")) == "against glare, exposure is now 40"


# The camera that is only drawn


def test_a_synthetic_camera_says_what_it_is() -> None:
    spec = parse_camera_spec("synthetic:glare?version=18&fps=10&seed=7")
    assert spec.kind is CameraKind.SYNTHETIC
    assert spec.is_live
    assert spec.name == "模拟 synthetic glare"
    assert parse_scene(spec.target) == Scene("glare", 18, 10, 7)
    assert parse_scene("clean") == Scene("clean", 14, 25, 1)


@pytest.mark.parametrize("trouble", CameraTrouble, ids=lambda trouble: trouble.value)
def test_a_synthetic_camera_can_be_asked_for_trouble(trouble: CameraTrouble) -> None:
    named = parse_camera_spec(f"synthetic:clean?trouble={trouble.value}")
    assert named.name == "模拟 synthetic clean"
    assert isinstance(opener(named)(), TroubledCamera)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("synthetic:fog", "the conditions are clean"),
        ("synthetic:", "the conditions are clean"),
        ("synthetic:clean?version=13", "version=13 is not possible"),
        ("synthetic:clean?fps=0", "fps=0 is not possible"),
        ("synthetic:clean?fps=fast", "fps=fast is no number"),
        ("synthetic:clean?speed=2", "the option speed is not known"),
        ("synthetic:clean?fps=9&fps=10", "there twice"),
        ("synthetic:clean?trouble=smoke", "trouble=smoke is none of drops, freezes"),
        ("synthetic:clean?antiglare=1", "antiglare=1 is neither on nor off"),
    ],
)
def test_a_wrong_scene_is_an_error_that_names_it(wrong: str, why: str) -> None:
    with pytest.raises(UnsupportedSource, match=why):
        parse_camera_spec(wrong)


def test_a_synthetic_camera_keeps_its_pace_and_never_hurries_afterwards() -> None:
    now, waited = [100.0], list[float]()

    def wait(seconds: float) -> None:
        waited.append(round(seconds, 3))
        now[0] += seconds

    camera = SyntheticCamera(Scene("clean", fps=10), monotonic=lambda: now[0], wait=wait)
    assert camera.read() is not None
    assert camera.read() is not None
    now[0] += 5.0
    assert camera.read() is not None
    assert camera.read() is not None
    assert waited == [0.1, 0.1]
    camera.release()
    assert camera.read() is None


def test_a_synthetic_camera_gives_the_same_pictures_for_the_same_seed() -> None:
    def first(seed: int) -> Picture:
        device = opener(parse_camera_spec(f"synthetic:noise?seed={seed}"))()
        picture = device.read()
        assert picture is not None
        return picture

    assert np.array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_a_synthetic_camera_is_read_through_the_whole_path(decoder: DecoderProcess) -> None:
    stop, items = threading.Event(), list[Reading | DeviceEvent]()
    for item in open_camera("synthetic:clean?version=14&fps=60", decoder).readings(stop):
        items.append(item)
        if isinstance(item, Reading):
            stop.set()
    assert items[0] == Connected("模拟 synthetic clean")
    assert {item.text for item in items if isinstance(item, Reading)} == {sheet_code(14).text}
