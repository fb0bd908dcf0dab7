"""Cameras, streams, videos and images through the real capture and the real decoding process."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.camera.capture import CameraKind, parse_camera_spec
from hardware.camera.decoder_process import DecoderLimits, DecoderProcess
from hardware.camera.frames import Frame, LiveFrames
from hardware.camera.guidance import GreyPicture
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.source import CameraSource
from hardware.devices import (
    BlackPicture,
    CodeSource,
    Connected,
    Decoder,
    DecoderFault,
    DecoderReplaced,
    DeviceEvent,
    EndOfSource,
    GuidanceGiven,
    Hint,
    Lost,
    LostReason,
    NoCodeFound,
    Reading,
    Reconnecting,
    SeveralCodes,
    SourceTruncated,
    StillInView,
)
from hardware.duplicates import text_sha256
from hardware.errors import (
    DeviceNotFound,
    ImageTooLarge,
    ImageUnreadable,
    UnsupportedSource,
    VideoUnreadable,
)
from hardware.open_source import open_camera, open_image
from hardware.simulated.camera import CONDITIONS, FailingCamera, Picture, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.recording import MJPEG_CONTENT_TYPE, mjpeg_chunks, write_video
from tests.hardware.conftest import flat_code, modules_of, on_desk, payload, png


def everything(source: CodeSource) -> list[Reading | DeviceEvent]:
    return list(source.readings(threading.Event()))


def texts(items: list[Reading | DeviceEvent]) -> list[str]:
    return [item.text for item in items if isinstance(item, Reading)]


def shots(count: int, text: str, condition: str = "clean", seed: int = 1, dark_mode: bool = False) -> list[Picture]:
    camera = SimulatedCamera(np.random.default_rng(seed))
    screen = phone_screen(modules_of(text), dark_mode=dark_mode)
    return [camera.shoot(screen, CONDITIONS[condition]) for _ in range(count)]


# Files


@pytest.mark.parametrize("ending", [".avi", ".mp4"])
def test_a_video_of_two_codes_in_a_row(tmp_path: Path, decoder: DecoderProcess, ending: str) -> None:
    path = tmp_path / f"phone{ending}"
    write_video(path, shots(4, payload(1)) + shots(4, payload(2)))
    items = everything(open_camera(f"file:{path}", decoder))
    assert items[0] == Connected(str(path))
    assert texts(items) == [payload(1), payload(2)]
    assert items[-1] == EndOfSource(str(path), 8, 2)


@pytest.mark.parametrize("condition", sorted(CONDITIONS))
@pytest.mark.parametrize("dark_mode", [False, True])
def test_each_simulated_condition_is_read(decoder: DecoderProcess, condition: str, dark_mode: bool) -> None:
    for picture in shots(3, payload(), condition, dark_mode=dark_mode):
        report = decoder.decode_frame(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8), "camera")
        if report.codes:
            assert [code.text for code in report.codes] == [payload()]
            return
    pytest.fail("not read in three pictures")


def test_a_half_redrawn_screen_is_read_as_nothing_wrong(decoder: DecoderProcess) -> None:
    camera = SimulatedCamera(np.random.default_rng(4))
    now, before = phone_screen(modules_of(payload(2))), phone_screen(modules_of(payload(1)))
    for _ in range(5):
        picture = camera.shoot(now, CONDITIONS["clean"], screen_before=before)
        report = decoder.decode_frame(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8), "camera")
        assert {code.text for code in report.codes} <= {payload(1), payload(2)}


def test_the_same_seed_gives_the_same_pictures() -> None:
    first, second = shots(2, payload(), "noise"), shots(2, payload(), "noise")
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], first[1])


def test_a_video_without_a_code(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "desk.avi"
    write_video(path, [np.full((240, 320, 3), 120, np.uint8)] * 5)
    items = everything(open_camera(str(path), decoder))
    assert items[-2:] == [NoCodeFound(str(path), code_seen=False), EndOfSource(str(path), 5, 0)]


def test_a_video_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "cut.avi"
    write_video(path, shots(12, payload(), "noise"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    items = everything(open_camera(str(path), decoder))
    assert texts(items) == [payload()]
    (cut,) = (item for item in items if isinstance(item, SourceTruncated))
    assert cut.frames_announced == 12
    assert 1 <= cut.frames_read < 11


def test_a_video_without_its_index_is_named(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "cut.mp4"
    write_video(path, shots(6, payload()))
    path.write_bytes(path.read_bytes()[:-2_000])
    with pytest.raises(VideoUnreadable):
        everything(open_camera(str(path), decoder))


@pytest.mark.parametrize("content", [b"", b"\x00" * 5_000, bytes(range(256)) * 20, b"LZ1:NOT A VIDEO"])
def test_garbage_instead_of_a_video_or_an_image(tmp_path: Path, decoder: DecoderProcess, content: bytes) -> None:
    video, image = tmp_path / "garbage.avi", tmp_path / "garbage.png"
    video.write_bytes(content)
    image.write_bytes(content)
    with pytest.raises(VideoUnreadable):
        everything(open_camera(str(video), decoder))
    with pytest.raises(ImageUnreadable):
        everything(open_camera(str(image), decoder))


@pytest.mark.parametrize("name", ["absent.avi", "absent.png", "absent-%03d.png"])
def test_absent_files(tmp_path: Path, decoder: DecoderProcess, name: str) -> None:
    with pytest.raises(DeviceNotFound):
        everything(open_camera(str(tmp_path / name), decoder))


def test_numbered_images(tmp_path: Path, decoder: DecoderProcess) -> None:
    for number, picture in enumerate(shots(2, payload(1)) + shots(2, payload(2))):
        (tmp_path / f"shot-{number:03d}.png").write_bytes(png(picture))
    items = everything(open_camera(str(tmp_path / "shot-%03d.png"), decoder))
    assert texts(items) == [payload(1), payload(2)]


def test_an_image_with_a_code(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "code"
    path.write_bytes(png(flat_code(" SPACE FIRST", 4, None)))
    items = everything(open_image(path, decoder))
    assert texts(items) == [" SPACE FIRST"]
    assert items[-1] == EndOfSource(str(path), 1, 1)


def test_an_image_without_a_code(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "white.png"
    path.write_bytes(png(np.full((200, 200), 255, np.uint8)))
    assert everything(open_camera(str(path), decoder)) == [
        NoCodeFound(str(path), code_seen=False),
        EndOfSource(str(path), 1, 0),
    ]


def test_an_image_with_a_damaged_code_says_that_one_was_seen(tmp_path: Path, decoder: DecoderProcess) -> None:
    picture = flat_code(payload())
    picture[90:250, 90:250] = 255
    path = tmp_path / "damaged.png"
    path.write_bytes(png(picture))
    items = everything(open_camera(str(path), decoder))
    assert NoCodeFound(str(path), code_seen=True) in items


def test_an_image_with_two_codes_gives_none(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "two.png"
    path.write_bytes(png(on_desk(flat_code(payload(1)), flat_code(payload(2)))))
    assert everything(open_camera(str(path), decoder)) == [SeveralCodes(str(path), 2), EndOfSource(str(path), 1, 0)]


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, decoder: DecoderProcess) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as sparse:
        sparse.truncate(200 * 1024 * 1024)
    with pytest.raises(ImageTooLarge):
        everything(open_camera(str(path), decoder))


# Names


@pytest.mark.parametrize(
    ("spec", "kind", "name"),
    [
        ("0", CameraKind.INDEX, "camera 0"),
        ("v4l2:/dev/v4l/by-id/x", CameraKind.V4L2, "/dev/v4l/by-id/x"),
        ("file:a.avi", CameraKind.VIDEO_FILE, "a.avi"),
        ("a.JPG", CameraKind.IMAGE_FILE, "a.JPG"),
        ("a-%03d.png", CameraKind.IMAGE_SEQUENCE, "a-%03d.png"),
        ("http://u:secret@h:8080/v?token=secret", CameraKind.HTTP, "http://h:8080/v"),
    ],
)
def test_names_of_sources(spec: str, kind: CameraKind, name: str) -> None:
    parsed = parse_camera_spec(spec)
    assert (parsed.kind, parsed.name) == (kind, name)


@pytest.mark.parametrize("spec", ["", "file:", "v4l2:video0", "rtsp://h/x", "http://", "http://[x", "a\0b"])
def test_names_that_are_no_source(spec: str) -> None:
    with pytest.raises(UnsupportedSource):
        parse_camera_spec(spec)


# Streams


@contextmanager
def stream_server(body: Callable[[], Iterator[bytes]]) -> Iterator[str]:
    """A web server with one MJPEG stream."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", MJPEG_CONTENT_TYPE)
            self.end_headers()
            try:
                for chunk in body():
                    self.wfile.write(chunk)
            except ConnectionError:
                return

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/phone"
        finally:
            server.shutdown()
            serving.join()


def test_a_stream_over_http_that_breaks_off_and_comes_back(decoder: DecoderProcess) -> None:
    """Each code is shown until it was read, and then the stream breaks off, however slow this machine is."""
    films = [shots(6, payload(seed), "noise", seed=seed) for seed in (1, 2)]
    read = [threading.Event(), threading.Event()]
    seconds = threading.Event()

    def body() -> Iterator[bytes]:
        number = int(read[0].is_set())
        for chunk in mjpeg_chunks(films[number] * 200):
            yield chunk
            if read[number].is_set():
                return
            seconds.wait(0.05)

    with stream_server(body) as url:
        stop = threading.Event()
        items: list[Reading | DeviceEvent] = []
        for item in open_camera(url, decoder).readings(stop):
            # Where a picture takes two seconds, a code that stays in view is read a second time.
            if not isinstance(item, Reading) or item.text not in texts(items):
                items.append(item)
            for each in read[: len(texts(items))]:
                each.set()
            if read[1].is_set():
                stop.set()
    assert texts(items) == [payload(1), payload(2)]
    kinds = [type(item) for item in items if not isinstance(item, GuidanceGiven | StillInView)]
    assert kinds[:6] == [Connected, Reading, Lost, Reconnecting, Connected, Reading]


# Live cameras


def short_pause(stop: threading.Event, seconds: float) -> None:
    """Long enough for the reader to take each event."""
    stop.wait(0.05)


class TickingClock:
    """Half a second passes whenever somebody looks."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 0.5
        return self._now


def first_events(live: LiveFrames, count: int) -> list[DeviceEvent]:
    frames = live.frames(threading.Event())
    events: list[DeviceEvent] = []
    for item in frames:
        if not isinstance(item, Frame):
            events.append(item)
        if len(events) == count:
            break
    frames.close()  # type: ignore[attr-defined]  # a generator is closed like this
    return events


def test_a_camera_that_is_lost_is_opened_again() -> None:
    devices = [FailingCamera(lambda n: np.full((8, 8, 3), n, np.uint8) if n < 3 else None) for _ in range(2)]
    waiting = list(devices)

    def plug_in() -> FailingCamera:
        if not waiting:
            raise DeviceNotFound("camera")
        return waiting.pop(0)

    live = LiveFrames("camera", plug_in, pause=short_pause)
    events = first_events(live, 4)
    assert events == [
        Connected("camera"),
        Lost("camera", LostReason.UNPLUGGED),
        Reconnecting("camera", 1, 0.5),
        Connected("camera"),
    ]
    assert devices[0].released


def test_a_camera_that_shows_the_same_picture_for_ever_is_frozen() -> None:
    live = LiveFrames(
        "camera",
        lambda: FailingCamera(lambda n: np.full((8, 8, 3), 90, np.uint8)),
        pause=short_pause,
        monotonic=TickingClock(),
    )
    assert Lost("camera", LostReason.FROZEN) in first_events(live, 3)


def test_a_camera_that_says_nothing_is_silent_until_it_speaks_again() -> None:
    speak = threading.Event()

    def next_picture(number: int) -> Picture | None:
        if number == 1:
            speak.wait(10)
        return np.full((8, 8, 3), number % 256, np.uint8)

    live = LiveFrames("camera", lambda: FailingCamera(next_picture), monotonic=TickingClock())
    frames = live.frames(threading.Event())
    events: list[DeviceEvent] = []
    for item in frames:
        if not isinstance(item, Frame):
            events.append(item)
        if item == Lost("camera", LostReason.SILENT):
            speak.set()
        if len(events) == 3:
            break
    frames.close()  # type: ignore[attr-defined]  # a generator is closed like this
    assert events == [Connected("camera"), Lost("camera", LostReason.SILENT), Connected("camera")]


class BlockingCamera:
    """A driver whose read never comes back, as V4L2's may after a hub was pulled; `free` lets all its reads go on."""

    def __init__(self, free: threading.Event, *, good: int) -> None:
        self._free = free
        self._good = good
        self._count = 0
        self.released = threading.Event()

    def read(self) -> Picture | None:
        self._count += 1
        if self._count > self._good:
            self._free.wait(30)
        return np.full((8, 8, 3), self._count % 256, np.uint8)

    def release(self) -> None:
        self.released.set()


def test_a_driver_that_blocks_is_left_behind_and_the_camera_is_opened_anew() -> None:
    free = threading.Event()
    blocked = [BlockingCamera(free, good=2)]
    opened: list[BlockingCamera] = []

    def plug_in() -> BlockingCamera:
        opened.append(blocked.pop() if blocked else BlockingCamera(threading.Event(), good=10**9))
        return opened[-1]

    frames = LiveFrames("camera", plug_in, monotonic=TickingClock()).frames(threading.Event())
    events: list[DeviceEvent] = []
    for item in frames:
        if not isinstance(item, Frame):
            events.append(item)
        if len(events) == 3:
            break
    frames.close()  # type: ignore[attr-defined]  # a generator is closed like this
    assert events == [Connected("camera"), Lost("camera", LostReason.SILENT), Connected("camera")]
    assert len(opened) == 2
    assert not opened[0].released.is_set()
    free.set()
    # The thread that was left behind gives its camera back as soon as the driver lets it.
    assert opened[0].released.wait(10)


def test_a_driver_that_blocks_for_ever_costs_no_more_than_a_few_threads() -> None:
    free = threading.Event()
    opened: list[BlockingCamera] = []

    def plug_in() -> BlockingCamera:
        opened.append(BlockingCamera(free, good=0))
        return opened[-1]

    stop = threading.Event()
    ticks = TickingClock()

    def monotonic() -> float:
        now = ticks()
        if now > 30:
            stop.set()
        return now

    events = list(LiveFrames("camera", plug_in, monotonic=monotonic).frames(stop))
    assert len(opened) == 4
    assert [type(event) for event in events].count(Lost) <= 1
    free.set()
    assert all(each.released.wait(10) for each in opened)


def test_an_absent_camera_is_reported_once_and_awaited() -> None:
    def absent() -> FailingCamera:
        raise DeviceNotFound("camera")

    live = LiveFrames("camera", absent, pause=short_pause)
    events = first_events(live, 4)
    assert events[0] == Lost("camera", LostReason.NOT_FOUND)
    assert [type(event) for event in events[1:]] == [Reconnecting] * 3


def test_an_absent_camera_is_an_error_if_nobody_waits(decoder: DecoderProcess) -> None:
    source = open_camera("v4l2:/dev/no-such-camera", decoder, wait_for_device=False)
    with pytest.raises(DeviceNotFound):
        everything(source)


def test_a_slow_reader_gets_the_latest_picture() -> None:
    grabbed = threading.Event()
    go_on = threading.Event()

    def next_picture(number: int) -> Picture | None:
        if number == 50:
            grabbed.set()
            go_on.wait(10)
            return None
        return np.full((8, 8, 3), number, np.uint8)

    frames = LiveFrames("camera", lambda: FailingCamera(next_picture)).frames(threading.Event())
    assert next(frames) == Connected("camera")
    assert grabbed.wait(10)
    latest = next(frames)
    assert isinstance(latest, Frame)
    assert latest.picture[0, 0, 0] == 49
    go_on.set()
    frames.close()  # type: ignore[attr-defined]  # a generator is closed like this


# What is made of reports


class Prepared:
    """Frames half a second apart, and a decoder that says of each what the test wants."""

    def __init__(self, *reports: PictureReport, every_seconds: float = 0.5) -> None:
        self._reports = reports
        self._every_seconds = every_seconds
        self._told = iter(reports)

    def frames(self, stop: threading.Event) -> Iterator[Frame | DeviceEvent]:
        for number, _ in enumerate(self._reports):
            yield Frame(np.zeros((8, 8, 3), np.uint8), number * self._every_seconds)

    def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
        return next(self._told)

    def decode_image(self, packed: bytes, source: str) -> PictureReport:
        raise NotImplementedError


def saw(*found: str, hint: Hint | None = None, black: bool = False) -> PictureReport:
    codes = tuple(DecodedCode(text, "]Q1", Decoder.ZXING, "whole", 14, 3.0) for text in found)
    return PictureReport(codes, False, hint, black)


def told(*reports: PictureReport) -> list[Reading | DeviceEvent]:
    prepared = Prepared(*reports)
    return everything(CameraSource("camera", prepared, prepared, ends=True))


def test_a_code_in_view_is_one_reading_and_another_is_never_hidden() -> None:
    assert texts(told(saw("A"), saw("A"), saw("B"), saw("A"), saw("C"))) == ["A", "B", "C"]


def test_a_code_that_stays_is_told_to_be_still_there_twice_a_second_and_no_longer() -> None:
    items = told(saw("A"), saw("A"), saw("A"), saw(), saw(), saw("B"))
    assert [item for item in items if isinstance(item, StillInView)] == [StillInView("camera", text_sha256("A"))] * 2


def test_what_is_still_there_is_named_so_that_a_listener_can_tell_which_code_it_is() -> None:
    """A was read first and is seen again; that B, which was read last, is still there is never said."""
    items = told(saw("A"), saw("B"), saw("A"), saw("A"))
    still = [item for item in items if isinstance(item, StillInView)]
    assert still == [StillInView("camera", text_sha256("A"))] * 2
    assert "A" not in repr(still[0]).replace("StillInView", "")


def test_pictures_that_change_give_no_advice_while_some_of_them_are_read() -> None:
    blurred = saw(hint=Hint.HOLD_STILL)
    moving = told(saw("A"), blurred, saw("B"), blurred, saw("A"), blurred)
    assert not [item for item in moving if isinstance(item, GuidanceGiven)]
    stopped = told(saw("A"), blurred, blurred, blurred)
    assert [item for item in stopped if isinstance(item, GuidanceGiven)] == [GuidanceGiven("camera", Hint.HOLD_STILL)]


def test_a_code_that_comes_back_after_two_seconds_is_read_again() -> None:
    assert texts(told(saw("A"), saw(), saw(), saw(), saw(), saw("A"))) == ["A", "A"]


def test_two_codes_in_view_are_no_reading_and_are_not_told_with_every_picture() -> None:
    items = told(saw("A", "B"), saw("A", "B"), saw("A", "B"))
    assert texts(items) == []
    assert [item for item in items if isinstance(item, SeveralCodes)] == [SeveralCodes("camera", 2)] * 2


def test_advice_is_given_once_a_second() -> None:
    items = told(*[saw(hint=Hint.CLOSER)] * 4)
    assert [item for item in items if isinstance(item, GuidanceGiven)] == [GuidanceGiven("camera", Hint.CLOSER)] * 2


def test_a_black_picture_is_told_once_per_darkness() -> None:
    items = told(*[saw(black=True)] * 6, saw(), *[saw(black=True)] * 6)
    assert [item for item in items if isinstance(item, BlackPicture)] == [BlackPicture("camera")] * 2


def test_a_video_with_a_picture_that_hangs_the_decoder_goes_on(tmp_path: Path) -> None:
    limits = DecoderLimits(start_seconds=60, first_frame_seconds=2, frame_seconds=2)
    poison = np.full((720, 1280, 3), 1, np.uint8)
    for number, picture in enumerate([poison, np.full_like(poison, 2), *shots(1, payload())]):
        (tmp_path / f"{number}.png").write_bytes(png(picture))
    sequence = str(tmp_path / "%d.png")
    with DecoderProcess(limits=limits, frame_function="tests.hardware.hostile_decoders:misbehave") as process:
        items = everything(open_camera(sequence, process))
    assert [item for item in items if isinstance(item, DecoderReplaced)] == [
        DecoderReplaced(sequence, DecoderFault.HUNG),
        DecoderReplaced(sequence, DecoderFault.CRASHED),
    ]
    assert texts(items) == [payload()]
