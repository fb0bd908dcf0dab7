"""Pictures of the console for people to look at: `python -m tests.browser.console_screens [FOLDER]`.

They are drawn by the real service over a register of invented people.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from issuer import wiring
from issuer.application import Issuer
from issuer.openid4vci.offering import Wish
from issuer.people.register import Person
from issuer.people.roles import Role
from issuer.people.sessions import open_session
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.screens import save
from tests.issuer import builders
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD

FOLDER = Path(__file__).parents[2] / "docs" / "screens" / "console"
DESK = {"width": 1366, "height": 860}
IN_EVERY_LOOK = {
    *("home", "licence", "revoke-review", "issue-wrong", "keys", "application", "offer-shown", "figures"),
    *("receipt", "my-application"),
}
WRONG = {**DRIVING, "citizen_id": "990101194912310029", "valid_to": "2020-01-01"}


@dataclass(frozen=True)
class Office:
    """A console that is served, with people and licences."""

    issuer: Issuer
    url: str
    everybody: Person
    licence_id: str
    waiting: str
    mine: str
    approved: str
    offer_id: str

    def enter(self, context: BrowserContext, person: Person | None = None) -> None:
        """Puts the session of this person into the browser."""
        with self.issuer._register.writing() as connection:
            secret = open_session(
                connection,
                (person or self.everybody).id,
                random_bytes=self.issuer._random_bytes,
                proven_at=AT,
                at=AT,
            )
        context.add_cookies([{"name": "console", "value": secret, "url": f"{self.url}/console"}])


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """One authority whose clock stands still, with a few licences, a suspended one and a revoked one among them."""
    with builders.made(folder) as issuer, wiring.serving(issuer, port=0, clock=lambda: UnixTime(AT)) as service:
        threading.Thread(target=service.run, daemon=True).start()
        people = issuer.people
        everybody, _ = people.add("测试员丁", roles=list(Role), departments=["*"], actor="test", at=AT)
        people.add("测试员戊", roles=[Role.CLERK], departments=["*"], actor="test", at=AT)
        licence_id = issuer.issue("driving-licence", DRIVING, builders.holder_key(), at=AT).licence_id
        issuer.issue_again(licence_id, builders.holder_key(2), at=AT)
        card = issuer.issue("id-card", ID_CARD, builders.holder_key(), at=AT, actor=everybody.id)
        firm = issuer.issue("business-licence", BUSINESS, builders.holder_key(3), at=AT)
        soon = issuer.issue("driving-licence", {**DRIVING, "valid_to": "2026-12-10"}, builders.holder_key(), at=AT)
        issuer.suspend(card.licence_id, reason="样例决定2026-11号", actor=everybody.id, at=UnixTime(AT - 3 * HOUR))
        issuer.suspend(soon.licence_id, reason="样例决定2026-12号", actor=everybody.id, at=UnixTime(AT - 5 * HOUR))
        issuer.reinstate(soon.licence_id, reason="样例决定2026-13号", actor=everybody.id, at=UnixTime(AT - HOUR))
        issuer.revoke(firm.licence_id, reason="样例决定2026-14号", actor=everybody.id, at=AT)
        its = applications(issuer, everybody)
        wish = Wish(licence_id=licence_id)
        made = issuer.wallet_issuing.offers.make(wish, issuer_url=service.url, actor=everybody.id, at=AT)
        url = service.url.replace("127.0.0.1", "localhost")
        yield Office(issuer, url, everybody, licence_id, *its, made.offer_id)


def applications(issuer: Issuer, everybody: Person) -> tuple[str, str, str]:
    """One that waits, one in everybody's hands, and one that is approved."""
    held = issuer.applications
    picture = (FOLDER.parents[1] / "examples" / "portrait.webp").read_bytes()
    made = [
        held.file(
            "driving-licence",
            {**DRIVING, "name": name},
            portrait=picture,
            evidence="体检表A-17号；驾校结业证2026-031号",
            by="3101",
            at=UnixTime(AT - days * DAY),
        ).id
        for name, days in (("测试员庚", 4), ("测试员辛", 2), ("测试员壬", 1))
    ]
    for each in made[1:]:
        held.take(each, by=everybody.id, at=AT)
    held.approve(made[2], by=everybody.id, at=AT)
    asked = held.file("id-card", ID_CARD, portrait=None, by="3101", at=UnixTime(AT - 8 * DAY)).id
    held.take(asked, by="3102", at=AT)
    held.ask(asked, what="户口簿原件", by="3102", at=AT)
    return made[0], made[1], made[2]


def fill(page: Page, values: dict[str, object]) -> None:
    """Fills in the form of a kind."""
    for name, value in values.items():
        page.fill(f"#{name}", str(value))
    page.fill("#holder_key", builders.key_text(4))


def draw(page: Page, at: Office, folder: Path, suffix: str) -> None:
    """Every page, one after another; of the other languages and the dark some."""

    def picture(name: str, path: str | None = None, *, whole: bool = False) -> None:
        if path is not None:
            page.goto(f"{at.url}/console{path}")
        if not suffix or name in IN_EVERY_LOOK:
            save(page.screenshot(full_page=whole), folder / f"{name}{suffix}.png")

    licence = f"/licences/{at.licence_id}"
    picture("home", "/")
    picture("find", "/licences")
    picture("licence", licence, whole=True)
    picture("renew", f"{licence}/renew")
    picture("suspend", f"{licence}/suspend")
    picture("revoke", f"{licence}/revoke")
    page.fill("#reason", "样例决定2026-15号")
    page.click("main form button.main")
    picture("revoke-review")
    picture("applications", "/applications")
    picture("application", f"/applications/{at.mine}", whole=True)
    picture("application-approved", f"/applications/{at.approved}", whole=True)
    picture("notice", f"/applications/{at.waiting}/notice")
    picture("receipt", f"/applications/{at.waiting}/receipt", whole=True)
    page.goto(f"{at.url}/my-application?number={at.approved}")
    page.fill("#code", at.issuer.following.code(at.approved))
    page.click("button")
    picture("my-application", whole=True)
    picture("offer-new", f"{licence}/offer")
    page.click("main form button.main")
    picture("offer-shown", whole=True)
    with page.expect_popup() as opened:
        page.click("main form[target] button")
    if not suffix:
        opened.value.wait_for_selector(".digits")
        save(opened.value.screenshot(), folder / "offer-code.png")
    opened.value.close()
    its = page.locator('a[href*="/console/offers/"]').first.get_attribute("href") or ""
    picture("offer", its.removeprefix("/console"), whole=True)
    page.click("main form button.final")
    picture("offers", "/offers")
    picture("figures", "/figures", whole=True)
    picture("choose-kind", "/issue")
    page.goto(f"{at.url}/console/issue/driving-licence")
    fill(page, WRONG)
    page.click("main form button.main")
    picture("issue-wrong", whole=True)
    fill(page, DRIVING)
    page.click("main form button.main")
    picture("issue-review", whole=True)
    for name in (
        "expiring",
        "check",
        "audit",
        "people",
        "people/new",
        "imports",
        "many",
        "proposals",
        "fleet",
        "publishing",
        "equipment",
        "keys",
        "prove",
    ):
        picture(name.replace("/", "-"), f"/{name}")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as made,
        office(Path(made) / "issuer") as served,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for suffix, locale, scheme in (("", "zh-CN", "light"), ("-en", "en-GB", "light"), ("-dark", "zh-TW", "dark")):
            context = browser.new_context(
                viewport=DESK,
                locale=locale,
                reduced_motion="reduce",
                color_scheme=scheme,  # type: ignore[arg-type]  # one of its words
            )
            page = context.new_page()
            page.goto(f"{served.url}/console/sign-in")
            if not suffix:
                save(page.screenshot(), folder / "sign-in.png")
            served.enter(context)
            draw(page, served, folder, suffix)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
