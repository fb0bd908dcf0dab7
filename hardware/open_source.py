"""From the operator's words to a source of codes: the one place that chooses drivers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hardware.camera.capture import CameraKind, CameraSpec, open_device, parse_camera_spec
from hardware.camera.decoder_process import PictureDecoder
from hardware.camera.frames import LiveFrames, RecordedFrames
from hardware.camera.picture_device import PictureDevice
from hardware.camera.source import CameraSource
from hardware.camera.whereabouts import Whereabouts
from hardware.devices import AnsweringSource, CodeSource
from hardware.image_file import ImageFile
from hardware.scanner_spec import open_scanner
from hardware.serial_scanner.scanner_profile import GENERIC
from hardware.simulated.scene import parse_scene
from hardware.simulated.synthetic import open_scene


def open_camera(spec: str, decoder: PictureDecoder, *, wait_for_device: bool = True) -> CodeSource:
    """A camera number, `v4l2:/dev/…`, `http(s)://…`, `synthetic:…`, `file:PATH` or the path of a video or image.

    Args:
        spec: as above.
        decoder: examines the pictures; usually a DecoderProcess, which the caller closes.
        wait_for_device: if false, `readings` raises when a live device is absent at first.

    Raises:
        UnsupportedSource: none of these forms, or an option is wrong.
    """
    named = parse_camera_spec(spec)
    if named.kind is CameraKind.IMAGE_FILE:
        return ImageFile(Path(named.target), decoder)
    if named.is_live:
        live = LiveFrames(named.name, opener(named), wait_for_device=wait_for_device)
        seen = live.seen if named.settings.antiglare else None
        return CameraSource(named.name, live, decoder, ends=False, seen=seen)
    return CameraSource(named.name, RecordedFrames(named, open_device), decoder, ends=True)


def opener(named: CameraSpec) -> Callable[[], PictureDevice]:
    """What opens a live camera, real or simulated, as often as it is lost; raises a HardwareError."""
    match named.kind:
        case CameraKind.SYNTHETIC:
            scene = parse_scene(named.target)
            return lambda: open_scene(scene)
        case CameraKind.V4L2:
            where = Whereabouts(Path(named.target))
            return lambda: open_device(replace(named, target=str(where.now())))
        case _:
            return lambda: open_device(named)


def open_image(path: Path, decoder: PictureDecoder) -> CodeSource:
    """An image file, whatever its name ends with."""
    return ImageFile(path, decoder)


def open_serial(
    spec: str, *, profile: str = GENERIC, baud_rate: int | None = None, wait_for_device: bool = True
) -> AnsweringSource:
    """A scanner, whatever hangs it on the machine.

    Args:
        spec: `/dev/serial/by-path/…`, `socket://host:port` and other pyserial URLs, `serial:PATH?profile=…&baud=…`,
            `hid:/dev/hidraw…`, `hid:0c2e:0b81`, `wedge:/dev/input/by-id/…`.
        profile: how a serial scanner speaks, unless the specification says so.
        baud_rate: for lines with a real UART; the profile's if not given.
        wait_for_device: if false, `readings` raises when the device is absent at first.

    Raises:
        HardwareError: an option or a profile is not known.
    """
    return open_scanner(spec, profile=profile, baud_rate=baud_rate, wait_for_device=wait_for_device)
