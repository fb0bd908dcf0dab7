"""From devices to the session: threads that feed live sources, and words for what devices say about themselves.

A device failure is never a refusal: it is told, and the terminal goes on. Text from devices is passed on untouched
and never printed or logged. Drivers are imported only when a device is asked for, because they bring OpenCV.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from hardware.devices import (
    BlackPicture,
    CodeSource,
    Connected,
    DecoderReplaced,
    DeviceEvent,
    Discarded,
    EndOfSource,
    GuidanceGiven,
    Lost,
    LostReason,
    NoCodeFound,
    Reading,
    Reconnecting,
    SeveralCodes,
    Signal,
    SourceTruncated,
    StillInView,
)
from hardware.errors import HardwareError
from hardware.knobs import KnobRefused, KnobTurned
from verifier_terminal.device_settings import DeviceSettings
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.session import Session
from verifier_terminal.signalling import Outputs, scanner_signal
from verifier_terminal.staff.errors import NobodyOnDuty


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sources that the operator named."""

    images: Sequence[Path] = ()
    cameras: Sequence[str] = ()
    serial_ports: Sequence[str] = ()


@contextmanager
def opened(wanted: Wanted, *, wait_for_device: bool) -> Iterator[tuple[CodeSource, ...]]:
    """The sources; their decoding processes are ended afterwards.

    Each camera has a process of its own: what it follows from picture to picture is not mixed with another's, and a
    picture that takes long holds up nobody else. Image files share one, and take turns.

    Raises:
        HardwareError: A source is named in no known form.
    """
    from hardware import open_source  # noqa: PLC0415 — brings OpenCV
    from hardware.camera.decoder_process import DecoderProcess  # noqa: PLC0415 — brings numpy

    with ExitStack() as processes:
        shared = processes.enter_context(DecoderProcess())
        images = tuple(open_source.open_image(path, shared) for path in wanted.images)
        cameras = tuple(
            open_source.open_camera(spec, processes.enter_context(DecoderProcess()), wait_for_device=wait_for_device)
            for spec in wanted.cameras
        )
        scanners = tuple(open_source.open_serial(spec, wait_for_device=wait_for_device) for spec in wanted.serial_ports)
        yield images + cameras + scanners


@contextmanager
def opened_outputs(devices: DeviceSettings, tell: Callable[[DeviceEvent], None]) -> Iterator[Outputs]:
    """Lamps, buzzers, lock, printer and display; dark, locked and given back afterwards.

    Args:
        devices: As the operator named them; cameras and scanners among them are not opened here.
        tell: Hears that one of them is there or gone.

    Raises:
        HardwareError: A device is named in no known form. One that is absent is waited for.
    """
    if not any((devices.lamps, devices.buzzers, devices.lock, devices.printer, devices.display)):
        yield Outputs()
        return
    from hardware import open_output  # noqa: PLC0415 — brings Pillow and a printer's library

    with ExitStack() as held:
        indicators = [held.enter_context(closing(open_output.open_lamp(spec, tell=tell))) for spec in devices.lamps]
        indicators += [
            held.enter_context(closing(open_output.open_buzzer(each, tell=tell))) for each in devices.buzzers
        ]
        display = held.enter_context(closing(open_output.open_display(devices.display))) if devices.display else None
        printer = held.enter_context(closing(open_output.open_printer(devices.printer))) if devices.printer else None
        lock, seconds = open_output.open_lock(devices.lock, tell=tell) if devices.lock else (None, 0.0)
        if lock is not None:
            held.enter_context(closing(lock))
        yield Outputs(tuple(indicators), lock, seconds, display, printer)


def feed(session: Session, source: CodeSource, stop: threading.Event) -> None:
    """Feeds a session from one source until told to stop or until a file ends; for a thread of its own.

    A source that can be answered is told what each code was worth: a scanner may wait for it, and its beep is taken for
    a verdict by whoever hears it.
    """
    answer = getattr(source, "answer", None) or _nobody
    try:
        for item in source.readings(stop):
            if isinstance(item, Reading):
                try:
                    shown = session.read(item.text, source=item.source)
                except OutOfOrder:
                    # The session has told its listeners; the next scan tries again.
                    answer(Signal.ERROR)
                    continue
                except NobodyOnDuty:
                    # The pages say that somebody has to sign on; the code is as good as before.
                    answer(Signal.ERROR)
                    continue
                answer(Signal.PROGRESS if shown is None else scanner_signal(shown.verdict.verdict_class))
            elif isinstance(item, StillInView):
                session.still_there(item.source, item.text_sha256)
            else:
                session.hear(item)
    except HardwareError:
        session.hear(Lost(source.name, LostReason.UNUSABLE))


def _nobody(signal: Signal) -> None:
    """Cameras and files have no voice."""


def start_feeding(
    session: Session, sources: Sequence[CodeSource], stop: threading.Event
) -> tuple[threading.Thread, ...]:
    """One thread for each source."""
    threads = tuple(
        threading.Thread(target=feed, args=(session, source, stop), name=f"capture {number}", daemon=True)
        for number, source in enumerate(sources)
    )
    for thread in threads:
        thread.start()
    return threads


def words(event: DeviceEvent) -> str | None:
    """One line for the operator; None for what is no news on a command line."""
    match event:
        case Connected() | EndOfSource() | StillInView():
            return None
        case Lost(reason=reason):
            return f"the device is gone: {reason.value}"
        case Reconnecting(after_seconds=after):
            return f"trying to open it again in {after:g} s"
        case Discarded(reason=reason, byte_count=count):
            return f"{count} bytes were thrown away: {reason.value}"
        case KnobRefused(knob=knob, asked=asked, given=given):
            return f"the camera does not take {knob.value}={asked}" + (f"; it has {given}" if given else "")
        case KnobTurned(knob=knob, given=given):
            return f"against glare, {knob.value} is now {given}"
        case BlackPicture():
            return "the picture is black: is the lens covered?"
        case SeveralCodes(count=count):
            return f"{count} codes are in view and none was taken: show one code"
        case GuidanceGiven(hint=hint):
            return f"a code may be there: {hint.value}"
        case DecoderReplaced(fault=fault):
            return f"the decoder was replaced: {fault.value}"
        case NoCodeFound(code_seen=True):
            return "a code was seen but could not be read: too blurred, too small or damaged"
        case NoCodeFound():
            return "no code was found"
        case SourceTruncated(frames_announced=announced, frames_read=read):
            return f"the video broke off after {read} of {announced} pictures"
        case _:
            assert_never(event)
