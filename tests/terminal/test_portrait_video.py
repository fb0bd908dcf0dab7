"""A phone that shows its code and its portrait by turns, filmed: from pictures to one act with the portrait."""

import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from hardware.devices import GuidanceGiven
from hardware.simulated.camera import CONDITIONS, SimulatedCamera
from hardware.simulated.phone_screen import phone_screen
from hardware.simulated.recording import Picture, write_video
from protocol.labels import AnimatedKind, Lic
from protocol.qr import animated, drawing
from protocol.qr.animated import Schedule
from tests.terminal.asking_world import SHOWN
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import driving_licence_items
from tests.utopia.randomness import Drbg
from verifier_terminal import capture
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.events import DeviceNews, PortraitShown, SessionEvent

PORTRAIT = Drbg("portrait of a synthetic person")(1_000)
PICTURES = 36
FRAMES_FOR_EACH = 2
"""Of the video: 15 pictures a second filmed, 7.5 shown."""


def filmed(texts: list[str]) -> Iterator[Picture]:
    camera = SimulatedCamera(np.random.default_rng(1))
    for text in texts:
        for _ in range(FRAMES_FOR_EACH):
            yield camera.shoot(phone_screen(np.array(drawing.modules(text))), CONDITIONS["clean"])


def test_code_and_portrait_by_turns_are_one_act_while_the_code_rolls(terminal: Terminal, tmp_path: Path) -> None:
    session = terminal.open(elapsed=time.monotonic)
    assert not session.sync(terminal.publish()).refused
    items = {**driving_licence_items(), Lic.PORTRAIT_SHA256: sha256(PORTRAIT).digest()}
    issued = terminal.world.credential(items=items)
    bindings = [terminal.world.key_binding(iat=terminal.world.clock.at + later) for later in (0, 20)]
    codes = [terminal.world.code(issued, shown=(*SHOWN, Lic.PORTRAIT_SHA256), binding=each) for each in bindings]
    schedule = Schedule(animated.animate(PORTRAIT, AnimatedKind.PORTRAIT))
    texts = [schedule.text(number, code=codes[number * 2 // PICTURES]) for number in range(PICTURES)]
    write_video(tmp_path / "phone.avi", filmed(texts))
    events: list[SessionEvent] = []
    with session.subscribe() as subscription:
        done = threading.Event()

        def listen() -> None:
            while (event := subscription.next(0.2)) is not None or not done.is_set():
                if event is not None:
                    events.append(event)

        listener = threading.Thread(target=listen)
        listener.start()
        with capture.opened(capture.Wanted(cameras=(str(tmp_path / "phone.avi"),)), wait_for_device=False) as (source,):
            capture.feed(session, source, threading.Event())
        done.set()
        listener.join()
    (act,) = session.acts()
    assert act.verdict_class is VerdictClass.ACCEPT
    assert [event for event in events if isinstance(event, PortraitShown)] == [
        PortraitShown(act.check_number, 0, PORTRAIT)
    ]
    advice = [event for event in events if isinstance(event, DeviceNews) and isinstance(event.event, GuidanceGiven)]
    assert advice == []
