"""The fleet on the console: no barrier with terminals on it, at 200 %, and it renews itself in its place."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from issuer import wiring
from issuer.application import Issuer
from issuer.fleet import register as fleet_register
from issuer.fleet import texts
from issuer.people.register import Person
from issuer.people.roles import Role
from protocol import enrolment, heartbeat
from protocol.terminal_row import TerminalRow
from protocol.unixtime import UnixTime
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.console_screens import Office
from tests.issuer import builders
from tests.issuer.builders import AT
from tests.issuer.remote import GOOD_BEAT, invited, key_of

HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Served:
    issuer: Issuer
    url: str
    person: Person

    def enrolled(self, number: int, **changes: object) -> None:
        """One more terminal, heard with a heartbeat that differs in these."""
        name = f"hall-3-{number:02}"
        token, signer = invited(self.issuer, name=name).token, key_of(number)
        self.issuer.enrolments.enrol(enrolment.request(token, signer), at=AT)
        beat = replace(GOOD_BEAT, **changes)  # type: ignore[arg-type]  # checked there
        row = TerminalRow(heartbeat.KIND, bytes([number]) * 32, heartbeat.encode(beat), AT)
        register, thumbprint = self.issuer._register, signer.public_key.thumbprint
        fleet_register.take_beat(register, row, beat, terminal=name, key_thumbprint=thumbprint, at=AT)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("fleet") / "issuer"
    with builders.made(folder) as issuer, wiring.serving(issuer, port=0, clock=lambda: UnixTime(AT)) as service:
        threading.Thread(target=service.run, daemon=True).start()
        person, _ = issuer.people.add("值班员甲", roles=[Role.CLERK], departments=["*"], actor="test", at=AT)
        made = Served(issuer, service.url.replace("127.0.0.1", "localhost"), person)
        made.enrolled(7)
        made.enrolled(8, version=HOSTILE, reading=replace(GOOD_BEAT.reading, not_read=95))
        made.enrolled(9, regions=(), clock_plausible=False, waiting=replace(GOOD_BEAT.waiting, alarms=2))
        yield made


@pytest.fixture
def page(served: Served, context: BrowserContext, complaints: Complaints) -> Page:
    Office(served.issuer, served.url, served.person, "", "", "", "", "").enter(context)
    opened = context.new_page()
    complaints.watch(opened)
    return opened


def test_no_barriers_in_any_language_at_200_percent_and_renewed_in_place(served: Served, page: Page) -> None:
    for language in texts.LANGUAGES:
        page.goto(f"{served.url}/console/language/{language}?to=/console/fleet")
        assert page.locator("html").get_attribute("lang") == language
        assert barriers(page) == []
        names = page.locator("tbody th bdi:first-child").all_inner_texts()
        assert names[::3][0] == "hall-3-09"
    assert page.locator("tbody tr").count() == 3
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("tbody").inner_text()
    # By keyboard, at 200 %, renewed in its place.
    page.set_viewport_size({"width": 640, "height": 400})
    assert barriers(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 640, "the page itself does not scroll sideways, its table does"
    page.keyboard.press("/")
    page.keyboard.type("hall-3-08")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=hall-3-08*")
    assert page.locator("tbody tr").count() == 1
    page.focus("#list")
    page.keyboard.press("ArrowRight")
    served.issuer.withdrawing.withdraw("hall-3-08", reason="失窃", actor="test", at=AT)
    page.evaluate("htmx.ajax('GET', window.location.href, {target: '#renewed', select: '#renewed', swap: 'outerHTML'})")
    page.wait_for_function("document.querySelector('.says').textContent.startsWith('Withdrawn')")
    assert page.evaluate("document.activeElement.id") == "list"
