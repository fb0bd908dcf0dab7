"""`terminal appraise --camera FILE`: a real video of a phone, one without a code, and one that broke off."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import qrcode
from click.testing import CliRunner

from hardware.simulated.camera import CONDITIONS, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.recording import Picture, write_video
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import setting_up, wiring
from verifier_terminal.cli import cli

FRAMES = 6


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    published = publish(World(at=wiring.now()), tmp_path / "published")
    setting_up.initialise(tmp_path / "terminal", trust=str(published), profile="window", name="1", root_sha256=None)
    return tmp_path / "terminal"


def pictures_of(text: str) -> Iterator[Picture]:
    drawn = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_L)
    drawn.add_data(text)
    drawn.make()
    camera = SimulatedCamera(np.random.default_rng(1))
    for _ in range(FRAMES):
        yield camera.shoot(phone_screen(drawn.modules), CONDITIONS["clean"])


def appraise(directory: Path, video: Path) -> tuple[int, dict[str, object], str]:
    result = CliRunner().invoke(cli, ["appraise", str(directory), "--camera", str(video), "--json", "--wait", "60"])
    return result.exit_code, json.loads(result.stdout), result.stderr


def test_a_phone_in_a_video_is_accepted(directory: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "phone.avi", pictures_of(World(at=wiring.now()).code()))
    exit_code, verdict, _ = appraise(directory, tmp_path / "phone.avi")
    assert (exit_code, verdict["class"], verdict["source"]) == (0, "accept", "camera")


def test_a_video_without_a_code_is_not_read(directory: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "desk.avi", (np.full((480, 640, 3), 140, np.uint8) for _ in range(FRAMES)))
    exit_code, told, said = appraise(directory, tmp_path / "desk.avi")
    assert (exit_code, told["class"], told["error"]) == (4, "not_read", "no code was read")
    assert "no code was found" in said


def test_a_video_that_broke_off_is_named_and_no_refusal(directory: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "desk.avi", (np.full((480, 640, 3), 140, np.uint8) for _ in range(FRAMES)))
    whole = (tmp_path / "desk.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    exit_code, told, _ = appraise(directory, tmp_path / "cut.avi")
    assert (exit_code, told["class"]) == (4, "not_read")
    assert told["error"]
