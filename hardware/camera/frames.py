"""Pictures in time: the latest one of a live camera, every one of a recording.

A live camera is emptied by a thread of its own into a slot for one picture, so that slow work on one picture costs
pictures and never delay (a plain loop lagged 4.7 s after 6 s). Loss is noticed by a failed read, by 2.5 s without a
picture, by pictures that repeat or break off for 3 s (picture_watch.py), and by the end of the thread itself.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hardware.backoff import delays
from hardware.camera.antiglare import AntiGlare, Sight
from hardware.camera.capture import CameraSpec, OpenCvDevice
from hardware.camera.picture_device import AdjustableDevice, ColourPicture, PictureDevice
from hardware.camera.picture_watch import PictureWatch
from hardware.devices import Connected, DeviceEvent, Lost, LostReason, Reconnecting, SourceTruncated
from hardware.errors import DeviceNotFound, HardwareError, VideoUnreadable
from hardware.knobs import KnobRefused

_SILENT_SECONDS = 2.5
"""More than the two seconds after which OpenCV's drivers give up a picture by themselves."""
_OPENING_SECONDS = 8.0
"""More than the five seconds after which FFmpeg gives up a stream by itself."""
_MAX_ABANDONED = 3
_LAST_PAUSE_SECONDS = 2.0
"""A camera that is back is to be read again within 5 s, its opening included."""
_TAKE_SECONDS = 0.1
_FAREWELL_SECONDS = 3.0
_FALLBACK_FRAMES_PER_SECOND = 25.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its moment in seconds of the monotonic clock."""

    picture: ColourPicture
    at_monotonic: float


class _Slot:
    """Hands events in order, and only the latest picture, from the grabbing thread to the reader."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events: deque[DeviceEvent | Frame] = deque(maxlen=64)
        self._frame: Frame | None = None

    def tell(self, event: DeviceEvent) -> None:
        with self._changed:
            if isinstance(event, Lost) and self._frame is not None:
                # The last picture is taken before this event: after it, it would look like a camera that is back.
                if not any(isinstance(each, Frame) for each in self._events):
                    self._events.append(self._frame)
                self._frame = None
            self._events.append(event)
            self._changed.notify()

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify()

    def take(self, seconds: float) -> Frame | DeviceEvent | None:
        with self._changed:
            if not self._events and self._frame is None:
                self._changed.wait(seconds)
            if self._events:
                return self._events.popleft()
            frame, self._frame = self._frame, None
            return frame


class _Grabber:
    """One opening of the camera and one thread that empties it, until told to end or until it is abandoned."""

    def __init__(self, live: "LiveFrames", slot: _Slot, first: PictureDevice | None) -> None:
        self.finished = threading.Event()
        self.thread = threading.Thread(target=live.grab, args=(slot, self.finished, first), name="grabber", daemon=True)
        self.thread.start()


class LiveFrames:
    """The latest pictures of a camera that is opened again whenever it is lost.

    A driver that blocks in a read cannot be interrupted, so its thread is left behind and the camera is opened anew by
    another one. The thread ends with the first picture or error that it gets; three of them at most wait for that.
    """

    def __init__(
        self,
        name: str,
        open_live: Callable[[], PictureDevice],
        *,
        wait_for_device: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        """Names the camera; nothing is opened yet.

        Args:
            name: for the events.
            open_live: opens it; raises a HardwareError.
            wait_for_device: if false, a camera that cannot be opened at first is an error instead of an event.
            monotonic: stamps pictures and measures silence.
            pause: waits between two attempts, ended early by the event.
        """
        self._name = name
        self._open_live = open_live
        self._wait_for_device = wait_for_device
        self._monotonic = monotonic
        self._pause = pause
        self._light = AntiGlare()

    def seen(self, sight: Sight, at_monotonic: float) -> None:
        """Hears what a picture says about light; the grabbing thread turns the camera's knobs after that."""
        self._light = self._light.after(sight, at_monotonic)

    def frames(self, stop: threading.Event) -> Iterator[Frame | DeviceEvent]:
        """Pictures and what happens to the camera, until `stop` is set or the iterator is closed."""
        first = None if self._wait_for_device else self._open_live()
        slot = _Slot()
        grabber, abandoned = _Grabber(self, slot, first), list[_Grabber]()
        lively_at = self._monotonic()
        connected = opened = silent = False
        broken = delays(last_seconds=_LAST_PAUSE_SECONDS)
        try:
            while not stop.is_set():
                item = slot.take(_TAKE_SECONDS)
                now = self._monotonic()
                if item is None:
                    if not grabber.thread.is_alive():
                        # Something that no driver may do has ended it; a terminal that waited on would wait for ever.
                        yield Lost(self._name, LostReason.UNUSABLE)
                        self._pause(stop, next(broken))
                        slot = _Slot()
                        grabber, connected, opened = _Grabber(self, slot, None), False, False
                        lively_at = self._monotonic()
                    elif now - lively_at > (_SILENT_SECONDS if opened else _OPENING_SECONDS):
                        if not silent:
                            connected, silent = False, True
                            yield Lost(self._name, LostReason.SILENT)
                        abandoned = [each for each in abandoned if each.thread.is_alive()]
                        if len(abandoned) < _MAX_ABANDONED:
                            grabber.finished.set()
                            abandoned.append(grabber)
                            # What the old one still puts in must not pass for news of the new one.
                            slot = _Slot()
                            grabber, opened = _Grabber(self, slot, None), False
                        lively_at = now
                    continue
                lively_at = now
                match item:
                    case Frame():
                        if not connected:  # a silence has been reported, and it is over
                            yield Connected(self._name)
                        connected, opened, silent = True, True, False
                    case Connected():
                        opened = True
                        if connected or not abandoned:
                            connected = True
                        else:
                            continue  # Opened anew; whether it gives is not known before its first picture.
                    case Lost():
                        opened = False
                        if not connected and item.reason is LostReason.UNPLUGGED:
                            continue  # its silence has been reported
                        connected = False
                    case _:
                        pass
                yield item
        finally:
            grabber.finished.set()
            # A read that hangs in a driver must not hold up the terminal; its time-out ends the thread later.
            grabber.thread.join(_FAREWELL_SECONDS)

    def grab(self, slot: _Slot, finished: threading.Event, first: PictureDevice | None) -> None:
        """Opens and empties the camera into the slot, again and again, until told to end; for a thread of its own."""
        waiting = delays(last_seconds=_LAST_PAUSE_SECONDS)
        attempt = 0
        reported: LostReason | None = None
        refused: Sequence[KnobRefused] = ()
        while not finished.is_set():
            try:
                device = first or self._open_live()
            except HardwareError as failure:
                reason = LostReason.NOT_FOUND if isinstance(failure, DeviceNotFound) else LostReason.UNUSABLE
                # A camera that stays away is one piece of news, not one every five seconds.
                if reported is not reason:
                    reported = reason
                    slot.tell(Lost(self._name, reason))
            else:
                slot.tell(Connected(self._name))
                # A camera that comes and goes refuses the same things each time, which is no news.
                if isinstance(device, AdjustableDevice) and device.refused != refused:
                    refused = device.refused
                    for each in refused:
                        slot.tell(each)
                try:
                    reason, frame_count = self._empty(device, slot, finished)
                finally:
                    device.release()
                if finished.is_set():
                    return
                reported = None
                slot.tell(Lost(self._name, reason))
                # A camera that opens and gives nothing is no success, and the pauses go on growing.
                if frame_count:
                    waiting, attempt = delays(last_seconds=_LAST_PAUSE_SECONDS), 0
            first = None
            attempt += 1
            after = next(waiting)
            slot.tell(Reconnecting(self._name, attempt, after))
            self._pause(finished, after)

    def _empty(self, device: PictureDevice, slot: _Slot, finished: threading.Event) -> tuple[LostReason, int]:
        """Reads until the camera is lost; says why and how many pictures it gave."""
        watch = PictureWatch(self._name)
        frame_count = step = 0
        knobs = device if isinstance(device, AdjustableDevice) else None
        while not finished.is_set():
            if knobs is not None and (wanted := self._light.step) != step:
                step, turned = wanted, knobs.dim(wanted)
                if turned is None:
                    knobs = None  # It does not follow, and is not asked again before it is opened anew.
                else:
                    slot.tell(turned)
            picture = device.read()
            if picture is None:
                return LostReason.UNPLUGGED, frame_count
            frame_count += 1
            frame = Frame(picture, self._monotonic())
            trouble = watch.trouble(picture, frame.at_monotonic)
            if trouble is not None:
                return trouble, frame_count
            if (new_size := watch.new_size(picture)) is not None:
                slot.tell(new_size)
            slot.put(frame)
        return LostReason.UNPLUGGED, frame_count


class RecordedFrames:
    """Every picture of a video file or a numbered sequence, in order and as fast as they are taken."""

    def __init__(
        self,
        spec: CameraSpec,
        open_recorded: Callable[[CameraSpec], OpenCvDevice],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Names the recording; nothing is opened yet."""
        self._spec = spec
        self._open_recorded = open_recorded
        self._monotonic = monotonic

    def frames(self, stop: threading.Event) -> Iterator[Frame | DeviceEvent]:
        """Pictures with the moments they have in the recording; then whether it was cut off.

        Raises:
            HardwareError: the file is missing or is no video.
        """
        device = self._open_recorded(self._spec)
        try:
            yield Connected(self._spec.name)
            began = self._monotonic()
            seconds_per_frame = 1 / (device.frames_per_second or _FALLBACK_FRAMES_PER_SECOND)
            frame_count = 0
            while not stop.is_set():
                picture = device.read()
                if picture is None:
                    break
                yield Frame(picture, began + frame_count * seconds_per_frame)
                frame_count += 1
            if frame_count == 0 and not stop.is_set():
                raise VideoUnreadable(self._spec.name, "no picture in it")
            # Containers may announce one picture too many; a cut-off file lacks more.
            if not stop.is_set() and frame_count + 1 < device.frames_announced:
                yield SourceTruncated(self._spec.name, device.frames_announced, frame_count)
        finally:
            device.release()
