"""Two cameras at one terminal: each follows its own code, and a picture that takes long at one holds up nobody else."""

import threading
from pathlib import Path

import numpy as np

from hardware.devices import Reading
from hardware.simulated.camera import CONDITIONS, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.recording import write_video
from tests.hardware.conftest import modules_of, payload
from verifier_terminal import capture
from verifier_terminal.capture import Wanted


def film(path: Path, text: str, seed: int) -> Path:
    camera = SimulatedCamera(np.random.default_rng(seed))
    screen = phone_screen(modules_of(text))
    write_video(path, [camera.shoot(screen, CONDITIONS["clean"]) for _ in range(3)])
    return path


def test_each_camera_has_a_decoding_process_of_its_own(tmp_path: Path) -> None:
    films = [film(tmp_path / f"{number}.avi", payload(number), number) for number in range(2)]
    with capture.opened(Wanted(cameras=[f"file:{each}" for each in films]), wait_for_device=False) as sources:
        assert len({id(source._decoder) for source in sources}) == 2  # type: ignore[attr-defined]  # which one it is
        running = [source.readings(threading.Event()) for source in sources]
        read: dict[str, str] = {}
        # Turn and turn about, as two threads would.
        while len(read) < 2:
            for each in running:
                item = next(each, None)
                if isinstance(item, Reading):
                    read[item.source] = item.text
    assert read == {str(path): payload(number) for number, path in enumerate(films)}
