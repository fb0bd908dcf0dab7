"""A kiosk to try things at: the real face, routes and page over the twin of a session, with a clock that is moved."""

from contextlib import ExitStack
from dataclasses import replace

from playwright.sync_api import BrowserContext, expect

from hardware.errors import DeviceUnusable
from protocol.labels import AnimatedKind, Purpose
from protocol.unixtime import UnixTime
from tests.browser.conftest import Complaints
from tests.terminal_web.running import running
from tests.terminal_web.twin import CERTIFIED, GOOD, LICENCE, NOT_READ, REFUSE, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.events import AnimationProgress
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.faces.kiosk_table import State
from verifier_terminal.faces.service import ServiceNotice

ACCEPTED = shown(replace(GOOD, licence=replace(LICENCE, claims={"name": "测*甲", "class": "C1"})))
PERSONAL = "测*甲"


class Stand:
    """One kiosk with its page, its session and everything that can happen to it."""

    def __init__(self, context: BrowserContext, complaints: Complaints, served: ExitStack, *, printer: bool) -> None:
        self.now = 1_000.0
        self.notice: ServiceNotice | None = None
        self.printed: list[str] = []
        self.paper = True
        self.session = TwinSession()
        self.session.certification, self.session.site = CERTIFIED, "NF6Y"
        self.session.purpose, self.session.always_asks = Purpose.KIOSK, True
        self.kiosk = Kiosk(
            self.session,
            elapsed_seconds=lambda: self.now,
            service=lambda: self.notice,
            print_slip=self._print if printer else None,
            in_background=lambda run: run(),
        )
        self.origin = served.enter_context(running(self.session, SETTINGS, reasons=reasons.load(), kiosk=self.kiosk))
        self.page = context.new_page()
        self.complaints = complaints
        complaints.watch(self.page)
        self.open()
        self.is_in(State.ATTRACT)

    def open(self) -> None:
        with self.complaints.leaving():
            self.page.goto(self.origin)
        expect(self.page.locator("html[data-ready]")).to_be_attached()

    def _print(self, number: str) -> None:
        if not self.paper:
            raise DeviceUnusable("printer", "no paper")
        self.printed.append(number)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.kiosk.tick()

    def is_in(self, state: State) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-state", state.value)

    def press(self, cue: str) -> None:
        self.page.locator(f"[data-cue={cue}]").click()

    def says(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)

    def bring(self, state: State) -> None:
        """From the beginning to this state, as a visit would."""

        def reading() -> None:
            self.press("touched")
            # What happens next must not overtake the touch.
            self.is_in(State.READING)

        def asked() -> None:
            reading()
            # Nobody answers a request that is not on the screen; a receipt gives its reason.
            expect(self.page.locator("#request")).to_be_visible()

        accepted = lambda: self.session.tell(ACCEPTED)  # noqa: E731
        steps = {
            State.ATTRACT: [],
            State.READING: [reading],
            State.CHECKING: [reading, lambda: self.session.tell(AnimationProgress(AnimatedKind.SEALED, 3, 9, "twin"))],
            State.TRY_AGAIN: [reading, lambda: self.session.tell(shown(NOT_READ))],
            State.RESULT: [reading, accepted],
            State.STOPPED: [reading, lambda: self.session.tell(shown(REFUSE))],
            State.CONFIRM: [reading, accepted, lambda: self.press("go_on")],
            State.COPY: [asked, accepted, lambda: self.press("go_on"), lambda: self.press("copy")],
            State.TAKE_RECEIPT: [reading, accepted, lambda: self.press("go_on"), lambda: self.press("print")],
            State.MORE_TIME: [reading, lambda: self.wait(90)],
            State.HELP: [lambda: self.page.locator("#call-help").click()],
            State.CLEARED: [reading, lambda: self.page.locator("#leave").click()],
            State.OUT_OF_ORDER: [self.break_down],
            State.MAINTENANCE: [self.take_out],
        }
        for each in steps[state]:
            each()
        self.is_in(state)

    def break_down(self) -> None:
        self.session.broken = True
        self.wait(1)

    def take_out(self) -> None:
        self.notice = ServiceNotice("new paper", UnixTime(0), "staff")
        self.wait(1)
