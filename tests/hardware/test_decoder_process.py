"""The decoding process: replaced when it hangs, crashes, is killed, stopped or lies; never outlives the terminal."""

import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hardware.camera.decoder_process import DecoderLimits, DecoderProcess
from hardware.errors import DecoderCrashed, DecoderHung, DecoderUnavailable, ImageTooLarge, ImageUnreadable
from tests.hardware.conftest import flat_code, on_desk, payload, png

GOOD = on_desk(flat_code(payload()))
SHORT = DecoderLimits(start_seconds=60, first_frame_seconds=20, frame_seconds=2, image_seconds=60)


def poisoned(how: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    picture = np.full((48, 64), 128, np.uint8)
    picture[0, 0] = how
    return picture


@pytest.fixture(scope="module")
def hostile() -> Iterator[DecoderProcess]:
    with DecoderProcess(limits=SHORT, frame_function="tests.hardware.hostile_decoders:misbehave") as process:
        yield process


@pytest.mark.parametrize(
    ("how", "reason"), [(1, DecoderHung), (2, DecoderCrashed), (3, DecoderCrashed), (4, DecoderCrashed)]
)
def test_a_process_that_fails_on_one_picture_is_replaced_for_the_next(
    hostile: DecoderProcess, how: int, reason: type[Exception]
) -> None:
    assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()
    before = hostile.process_id
    with pytest.raises(reason):
        hostile.decode_frame(poisoned(how), "camera")
    assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()
    assert hostile.process_id != before


@pytest.mark.parametrize("version", [11, 14, 18])
def test_a_code_that_is_found_and_not_read_breaks_nothing_down(decoder: DecoderProcess, version: int) -> None:
    """No file can be opened any more by then, so whatever libraries load at first use must have been loaded."""
    code = flat_code(payload()[: {11: 400, 14: 660, 18: 666}[version]], version=version)
    middle, hole = code.shape[0] // 2, code.shape[0] // 5
    code[middle - hole : middle + hole, middle - hole : middle + hole] = 255
    before = decoder.process_id
    for _ in range(4):
        report = decoder.decode_frame(on_desk(code), "camera")
        assert (report.codes, report.code_seen) == ((), True)
    report = decoder.decode_image(png(on_desk(code)), "image")
    assert (report.codes, report.code_seen) == ((), True)
    assert before in (None, decoder.process_id)


def test_a_stopped_process_is_replaced(hostile: DecoderProcess) -> None:
    hostile.decode_frame(GOOD, "camera")
    assert hostile.process_id is not None
    os.kill(hostile.process_id, signal.SIGSTOP)
    with pytest.raises(DecoderHung):
        hostile.decode_frame(GOOD, "camera")
    assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()


def test_a_process_killed_between_two_pictures_is_replaced(hostile: DecoderProcess) -> None:
    hostile.decode_frame(GOOD, "camera")
    assert hostile.process_id is not None
    os.kill(hostile.process_id, signal.SIGKILL)
    with pytest.raises(DecoderCrashed):
        hostile.decode_frame(GOOD, "camera")
    assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()


def test_the_next_process_is_the_spare_that_was_waiting(hostile: DecoderProcess) -> None:
    hostile.decode_frame(GOOD, "camera")
    spare = hostile.spare_id
    assert spare is not None
    assert spare != hostile.process_id
    with pytest.raises(DecoderCrashed):
        hostile.decode_frame(poisoned(3), "camera")
    assert hostile.process_id == spare
    assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not ours")
def test_a_spare_that_has_died_is_not_put_to_work(hostile: DecoderProcess) -> None:
    hostile.decode_frame(GOOD, "camera")
    assert hostile.spare_id is not None
    spare = os.pidfd_open(hostile.spare_id)
    try:
        os.kill(hostile.spare_id, signal.SIGKILL)
        assert select.select([spare], [], [], 30)[0] == [spare]
    finally:
        os.close(spare)
    for how in (3, 2):
        with pytest.raises(DecoderCrashed):
            hostile.decode_frame(poisoned(how), "camera")
        assert hostile.decode_frame(GOOD, "camera").codes[0].text == payload()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not ours")
def test_closing_ends_the_spare_too() -> None:
    with DecoderProcess(limits=SHORT) as process:
        process.decode_frame(GOOD, "camera")
        assert process.spare_id is not None
        spare = os.pidfd_open(process.spare_id)
    try:
        assert select.select([spare], [], [], 0)[0] == [spare]
    finally:
        os.close(spare)


def test_a_process_that_cannot_start_is_named() -> None:
    with (
        DecoderProcess(limits=SHORT, frame_function="no.such.module:function") as process,
        pytest.raises(DecoderUnavailable),
    ):
        process.decode_frame(GOOD, "camera")


def test_images_go_the_same_way(decoder: DecoderProcess) -> None:
    assert decoder.decode_image(png(GOOD), "file").codes[0].text == payload()
    with pytest.raises(ImageUnreadable):
        decoder.decode_image(b"garbage" * 100, "file")
    with pytest.raises(ImageTooLarge):
        decoder.decode_image(bytes(33 * 1024 * 1024), "file")
    assert decoder.decode_image(png(GOOD), "file").codes[0].text == payload()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are Linux's means")
def test_the_process_has_given_up_what_it_does_not_need(decoder: DecoderProcess) -> None:
    decoder.decode_frame(GOOD, "camera")
    assert {"no new privileges", "no core dump", "no file written", "no file opened"} <= set(decoder.given_up)
    environment = Path(f"/proc/{decoder.process_id}/environ")
    if os.access(environment, os.R_OK):
        names = {entry.partition(b"=")[0] for entry in environment.read_bytes().split(b"\0") if entry}
        assert names == {b"PYTHONPATH", b"OPENBLAS_NUM_THREADS", b"LC_ALL"}


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is not ours")
@pytest.mark.parametrize("busy", [False, True])
def test_the_process_does_not_outlive_the_terminal(busy: bool) -> None:
    terminal = textwrap.dedent(f"""
        import sys, threading
        sys.path[:0] = {sys.path!r}
        import numpy as np
        from hardware.camera.decoder_process import DecoderLimits, DecoderProcess
        limits = DecoderLimits(start_seconds=60, first_frame_seconds=60, frame_seconds=60)
        process = DecoderProcess(limits=limits, frame_function="tests.hardware.hostile_decoders:misbehave")
        picture = np.full((48, 64), 128, np.uint8)
        process.decode_frame(picture, "camera")
        # The picture that hangs is on its way long before the timer fires.
        threading.Timer(0.7 if {busy} else 0, print, [process.process_id], {{"flush": True}}).start()
        if {busy}:
            picture[0, 0] = 1
            process.decode_frame(picture, "camera")
        threading.Event().wait()
    """)
    with subprocess.Popen([sys.executable, "-c", terminal], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        child = os.pidfd_open(int(started.stdout.readline()))
        try:
            started.kill()
            started.wait()
            # The kernel's timer ends a busy process 5 s after its picture came.
            assert select.select([child], [], [], 30)[0] == [child]
        finally:
            os.close(child)
