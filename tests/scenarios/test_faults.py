"""What breaks at a counter: work goes on within ten seconds, nothing shown is lost, and the screen says what is wrong.

Ten seconds pass on an injected clock where there is one, and really where a process is what breaks.

    fault                                  | test here; also in
    page or its browser killed             | test_pages_that_die_…; terminal_web/test_server.py
    scanner unplugged in mid-code          | test_a_scanner_pulled_out_…; hardware/test_serial_driver.py
    camera lost                            | test_a_camera_that_is_lost_…; hardware/test_camera_troubles.py
    disk full                              | test_a_full_disk_…; terminal/test_session.py on a real small file system
    clock jumps forwards, backwards        | test_a_clock_that_jumps_…; terminal/test_trusted_time.py
    database locked by another process     | test_a_database_that_somebody_else_holds_…
    killed -9 between row and screen       | test_killed_between_the_row_and_the_screen_…; terminal/test_kill_loop.py
    killed -9 while it serves              | test_a_killed_terminal_serves_again_…
    printer without paper, jammed, silent  | terminal_web/test_printing.py, terminal/test_slips.py
"""

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from hardware.camera.frames import LiveFrames
from hardware.camera.guidance import GreyPicture
from hardware.camera.picture_device import PictureDevice
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.source import CameraSource
from hardware.devices import Decoder
from hardware.simulated.scanner import VirtualScanner
from hardware.simulated.troubles import CameraTrouble, TroubledCamera
from protocol.errors import Code
from protocol.labels import Lic
from protocol.unixtime import DAY, HOUR
from tests.hardware.test_camera_troubles import FPS, GOOD, Noise, SimulatedTime
from tests.scenarios.whole import new_terminal
from tests.terminal.asking_world import id_card
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish
from tests.terminal_web.twin import SETTINGS
from tests.utopia.world import World
from verifier_terminal import capture, mending, setting_up, wiring
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.cli import cli
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.session import Session
from verifier_terminal.store.store import DATABASE
from verifier_terminal.web import notices
from verifier_terminal.web.app import create_app
from verifier_terminal.web.texts import TAGS, say

BACK = 10.0
"""Seconds."""
LOCKED = 8.0
SPOKEN = (Language.ZH_HANS, Language.EN)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = new_terminal(tmp_path)
    yield made
    for session in made.opened:
        session.close()


@pytest.fixture
def session(terminal: Terminal) -> Session:
    opened = terminal.open()
    assert not opened.sync(terminal.publish()).refused
    return opened


def status_page(terminal: Terminal, session: Session) -> Any:
    app = create_app(session, settings=SETTINGS, reasons=reasons.load(), clock=terminal.world.clock)
    return app.test_client().get("/api/v1/status").get_json()


def numbers(session: Session) -> set[str]:
    return {act.check_number for act in session.acts(limit=10_000)}


# Disk full


def test_a_full_disk_is_said_in_plain_words_and_work_goes_on_by_itself(terminal: Terminal, session: Session) -> None:
    shown = {session.scan(terminal.world.code(), source="scanner").verdict.check_number}
    database = session._store.database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    with suppress(OutOfOrder):
        for number in range(400):
            shown.add(session.scan(f"https://example.org/{number}", source=f"{number}").verdict.check_number)
    assert session.out_of_order is not None
    said = status_page(terminal, session)
    for language in SPOKEN:
        broken = said["broken"][TAGS[language]]
        assert broken["word"] == say("word.out_of_order", language)
        assert broken["instruction"] == say("instruction.out_of_order", language)
    assert "full" not in json.dumps(said)
    database.execute(f"PRAGMA max_page_count = {pages * 100}")
    assert mended_after(session) <= BACK
    assert status_page(terminal, session)["broken"] is None
    assert session.scan(terminal.world.code(), source="after").verdict.check_number in numbers(session)
    assert shown < numbers(session)
    assert session.verify_journal().findings == ()


def mended_after(session: Session) -> float:
    """Seconds until it works, by a clock that only `wait` moves; nobody scans and nothing is polled."""

    class Stop(threading.Event):
        passed = 0.0

        def wait(self, timeout: float | None = None) -> bool:
            if session.out_of_order is None or self.passed > 60:
                return True
            self.passed += timeout or 0.0
            return False

    stop = Stop()
    mending.mend(session, stop)
    return stop.passed


# Clock jumps


JUMPS = pytest.mark.parametrize("jump", [3 * DAY, -3 * DAY, HOUR, -HOUR], ids=["+3 d", "-3 d", "+1 h", "-1 h"])


@JUMPS
def test_a_clock_that_jumps_is_not_followed_once_a_signed_moment_agreed_with_it(
    terminal: Terminal, session: Session, jump: int
) -> None:
    world = terminal.world
    right = world.code()
    at = world.clock.at
    world.clock.advance(jump)
    wrong = session.scan(world.code(id_card(world), shown=(Lic.NAME, Lic.CITIZEN_ID)), source="scanner").verdict
    assert wrong.verdict_class is not VerdictClass.ACCEPT
    verdict = session.scan(right, source="scanner").verdict
    assert (verdict.verdict_class, verdict.at) == (VerdictClass.ACCEPT, at)
    assert numbers(session) == {wrong.check_number, verdict.check_number}


@JUMPS
def test_a_clock_that_jumps_unheard_of_accepts_nothing_says_so_and_is_believed_again(
    terminal: Terminal, session: Session, jump: int
) -> None:
    """After a start without any network there is nothing to hold it against but the counter."""
    before = session.scan(terminal.world.code(), source="scanner").verdict
    assert before.verdict_class is VerdictClass.ACCEPT
    session, world = terminal.open(), terminal.world
    terminal.pass_seconds(5)
    world.clock.advance(jump)
    during = session.scan(world.code(), source="scanner").verdict
    assert during.verdict_class is not VerdictClass.ACCEPT
    assert Code.W_CLOCK in [finding.code for finding in during.findings]
    for language in SPOKEN:
        assert say("status.clock", language) in status_page(terminal, session)["views"][TAGS[language]]["troubles"]
    world.clock.advance(-jump)
    terminal.pass_seconds(int(BACK))
    after = session.scan(world.code(), source="scanner").verdict
    assert after.verdict_class is VerdictClass.ACCEPT
    assert status_page(terminal, session)["views"]["en"]["troubles"] == []
    assert numbers(session) == {each.check_number for each in (before, during, after)}
    assert session.verify_journal().findings == ()


# Camera lost


class Prepared:
    """Reads one text from each picture of one camera; real decoding is tests/hardware's matter."""

    def __init__(self, texts: dict[int, str]) -> None:
        self._texts = texts

    def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
        text = self._texts[min(self._texts, key=lambda number: abs(number - int(grey[0, 0])))]
        return PictureReport((DecodedCode(text, "]Q1", Decoder.ZXING, "whole", 14, 3.0),), False, None, False)

    def decode_image(self, packed: bytes, source: str) -> PictureReport:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("trouble", "key"),
    [(CameraTrouble.VANISHES, "unplugged"), (CameraTrouble.FREEZES, "frozen")],
    ids=["unplugged", "frozen"],
)
def test_a_camera_that_is_lost_is_named_and_reads_on(
    terminal: Terminal, session: Session, trouble: CameraTrouble, key: str
) -> None:
    passing, cameras = SimulatedTime(), count(1)
    texts = {
        1: terminal.world.code(),
        2: terminal.world.code(id_card(terminal.world), shown=(Lic.NAME, Lic.CITIZEN_ID)),
    }
    moments: list[float] = []

    def open_it() -> PictureDevice:
        number = next(cameras)
        if number > 1:
            return Noise(number, passing)
        return TroubledCamera(Noise(1, passing), trouble, good=GOOD, wait=passing.wait)

    class Taken(Prepared):
        def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
            passing.taken()
            moments.append(passing.now)
            found = super().decode_frame(grey, source)
            if found.codes[0].text == texts[2]:
                stop.set()
            return found

    stop = threading.Event()
    live = LiveFrames("camera 0", open_it, monotonic=passing, pause=passing.pause)
    told = []
    with session.subscribe() as events:
        capture.feed(session, CameraSource("camera 0", live, Taken(texts), ends=False), stop)
        while (event := events.next(0)) is not None:
            told.append(
                notices.event_json(
                    event, catalogue=None, reasons=reasons.load(), status=session.status, now=terminal.world.clock.at
                )
            )
    said = [each[1] for each in told if each is not None and each[0] == "device"]
    lost = next(each for each in said if each["state"] == "lost")
    for language in SPOKEN:
        words = say(f"device.{key}", language, device=say("device.camera", language))
        assert lost["views"][TAGS[language]] == words  # type: ignore[index]  # JSON
    assert said[-1]["state"] == "ok"
    assert moments[-1] - GOOD / FPS < BACK
    shown = {each[1]["check_number"] for each in told if each is not None and each[0] == "verdict"}
    assert len(shown) == 2
    assert shown == numbers(session)


# Processes


class Served:
    """A running `terminal serve` with a scanner, and what its page is told."""

    def __init__(self, directory: Path, scanner: VirtualScanner) -> None:
        command = [sys.executable, "-m", "liangzheng", "terminal", "serve", str(directory), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--serial", str(scanner.port_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("window page: "), self.process.communicate()
        self.host = urlsplit(line.split()[-1]).netloc

    def get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self.host, timeout=BACK)
        try:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                assert answer.status == 200
                return json.load(answer)
        finally:
            connection.close()

    def page(self) -> "LivePage":
        """A live page; the place of one that has died is given back within a second or so. Raises: NoPlace."""
        began = time.monotonic()
        while True:
            try:
                return LivePage(self.host)
            except NoPlace:
                if time.monotonic() - began >= BACK:
                    raise

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


class NoPlace(Exception):
    """As many pages as there may be are live."""


class LivePage:
    """One live stream, from the moment on at which the page knows how the terminal stands."""

    def __init__(self, host: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=2 * BACK)
        self._connection.request("GET", "/events")
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            self.die()
            raise NoPlace
        assert self.next("standing")

    def next(self, name: str) -> Any:
        current = ""
        while True:
            raw = self._answer.readline()
            assert raw, "the stream has ended"
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                current = line.removeprefix("event: ")
            elif line.startswith("data: ") and current == name:
                return json.loads(line.removeprefix("data: "))

    def die(self) -> None:
        """As when its browser is killed: nothing is said to the server."""
        self._answer.close()
        self._connection.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A terminal that lives by the real clock."""
    folder = tmp_path_factory.mktemp("served")
    world = World(at=wiring.now())
    directory = folder / "terminal"
    published = publish(world, folder / "published")
    setting_up.initialise(directory, trust=str(published), profile="window", name="一号窗口", root_sha256=None)
    return world, directory


@pytest.fixture(scope="module")
def scanner() -> Iterator[VirtualScanner]:
    with VirtualScanner() as made:
        yield made


@pytest.fixture(scope="module")
def served(place: tuple[World, Path], scanner: VirtualScanner) -> Iterator[Served]:
    made = Served(place[1], scanner)
    yield made
    made.kill()


codes = count(1)


def fresh_code(world: World) -> str:
    """Good now, and another one each time."""
    world.clock.at = wiring.now()
    return world.code(binding=world.key_binding(life=60 - next(codes)))


def journal(directory: Path) -> list[Any]:
    said = CliRunner().invoke(cli, ["journal", str(directory), "--json"])
    rows = json.loads(said.stdout)
    assert isinstance(rows, list)
    return rows


def test_pages_that_die_take_nothing_with_them(
    place: tuple[World, Path], served: Served, scanner: VirtualScanner
) -> None:
    pages = [served.page() for _ in range(8)]
    scanner.scan(fresh_code(place[0]))
    number = pages[0].next("verdict")["check_number"]
    for page in pages:
        page.die()
    # Every place was taken.
    served.page().die()
    assert number in [act["check_number"] for act in served.get("/api/v1/acts")["acts"]]


def test_a_scanner_pulled_out_in_mid_code_is_named_and_reads_on(
    place: tuple[World, Path], served: Served, scanner: VirtualScanner
) -> None:
    page = served.page()
    scanner.scan_and_unplug(fresh_code(place[0]), after_bytes=100)
    said = page.next("device")
    while said["state"] != "lost":
        said = page.next("device")
    for language in SPOKEN:
        device = say("device.scanner", language)
        either = {say(f"device.{key}", language, device=device) for key in ("unplugged", "not_found")}
        assert said["views"][TAGS[language]] in either
    scanner.replug()
    began = time.monotonic()
    while page.next("device")["state"] != "ok":
        pass
    scanner.scan(fresh_code(place[0]))
    number = page.next("verdict")["check_number"]
    assert time.monotonic() - began < BACK
    page.die()
    # The half of a code that arrived is no act.
    rows = [row for row in journal(place[1]) if row["event"] == "verdict"]
    assert (rows[0]["check_number"], {row["class"] for row in rows}) == (number, {"accept"})


@contextmanager
def another_process_holds(database: Path) -> Iterator[float]:
    """Its write lock, for as long as LOCKED says; gives the moment at which it was taken."""
    script = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None); d.execute('BEGIN IMMEDIATE');"
        "print('held', flush=True); sys.stdin.read(); d.execute('ROLLBACK')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        began = time.monotonic()
        ends = threading.Timer(LOCKED, process.communicate)
        ends.start()
        try:
            yield began
        finally:
            ends.join()


def test_a_database_that_somebody_else_holds_stops_nobody_for_long(
    place: tuple[World, Path], served: Served, scanner: VirtualScanner
) -> None:
    world, directory = place
    page = served.page()
    with another_process_holds(directory / DATABASE) as began:
        scanner.scan(fresh_code(world))
        said = page.next("out_of_order")
        assert time.monotonic() - began < LOCKED
        for language in SPOKEN:
            assert said["views"][TAGS[language]]["word"] == say("word.out_of_order", language)
            assert said["views"][TAGS[language]]["instruction"] == say("instruction.out_of_order", language)
        # Nobody does anything: the terminal itself sees that it can write again.
        while page.next("standing")["out_of_order"]:
            pass
        assert time.monotonic() - began < LOCKED + BACK
    scanner.scan(fresh_code(world))
    number = page.next("verdict")["check_number"]
    page.die()
    assert number == journal(directory)[0]["check_number"]


def test_a_killed_terminal_serves_again_and_has_every_check_that_it_showed(
    place: tuple[World, Path], served: Served, scanner: VirtualScanner
) -> None:
    world, directory = place
    page = served.page()
    scanner.scan(fresh_code(world))
    number = page.next("verdict")["check_number"]
    served.kill()
    began = time.monotonic()
    again = Served(directory, scanner)
    try:
        assert number == again.get("/api/v1/acts")["acts"][0]["check_number"]
        page = again.page()
        scanner.scan(fresh_code(world))
        assert page.next("verdict")["check_number"] != number
        page.die()
        assert time.monotonic() - began < BACK
    finally:
        again.kill()
    assert CliRunner().invoke(cli, ["journal", str(directory), "--verify"]).exit_code == 0


KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from verifier_terminal import wiring
from verifier_terminal.events import ShownVerdict

class Screen:
    def offer(self, event):
        if isinstance(event, ShownVerdict):
            os.kill(os.getpid(), signal.SIGKILL)
        return True

with wiring.open_session(Path(sys.argv[1])) as session:
    session.listen(Screen())
    session.scan(sys.stdin.read(), source="scanner")
"""


def test_killed_between_the_row_and_the_screen_the_check_is_there_and_its_code_is_used(
    place: tuple[World, Path],
) -> None:
    world, directory = place
    text = fresh_code(world)
    done = subprocess.run(
        [sys.executable, "-c", KILLS_ITSELF, str(directory)], input=text, text=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    began = time.monotonic()
    with wiring.open_session(directory) as session:
        # Who comes again is told that this code was used, by the number of the check that nobody saw.
        again = session.scan(text, source="scanner").verdict
        assert time.monotonic() - began < BACK
        rows = session.acts()
        assert session.verify_journal().findings == ()
    assert Code.E_REPLAY in [finding.code for finding in again.findings]
    assert [act.verdict_class for act in rows[:2]] == [VerdictClass.REFUSE, VerdictClass.ACCEPT]
