"""The web wallet's further pages in Chromium: groups, several at once, portraits, short codes, reminders, losses."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import zxingcpp
from playwright.sync_api import BrowserContext, Locator, Request

from protocol import cbor, keys, short_code
from protocol.qr import animated, envelope
from protocol.qr.animated import Assembled, Assembler
from protocol.sd_cwt import key_binding
from protocol.short_code import ShortCode
from tests.browser.barriers import barriers
from tests.browser.conftest import browser, complaints
from tests.wallet_js import paper_offer
from tests.wallet_js.test_web_wallet import MARKUP, context, phone, site
from tests.wallet_js.web import OFFICES, PORTRAIT, Keys, Phone
from wallet_sdk.testing import VirtualCounter

__all__ = ["browser", "complaints", "context", "phone", "site"]

PERSON = {"citizen_id": "990101200002290011", "name": "测试员乙"}
SEVERAL = "Show several at once"


def hold(phone: Phone, *kinds: str, **items: str) -> None:
    for kind in kinds:
        phone.receive(kind, items=items)
        phone.press("Back")


def counter(phone: Phone) -> VirtualCounter:
    return VirtualCounter(phone.issuer, unread=0)


def titles(phone: Phone) -> list[str]:
    return phone.page.locator(".card strong").all_inner_texts()


# The pack.


def test_licences_are_found_by_words_and_by_groups_that_stay(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card", "business-licence")
    page = phone.page
    page.locator(".card").filter(has_text="identity card").click()
    page.get_by_label("Name of the group").fill(" 家人 ")
    phone.press("Save the group")
    page.get_by_role("status").get_by_text("Saved in the group: 家人").wait_for()
    page.get_by_label("Name of the group").fill("a" * 25)
    phone.press("Save the group")
    page.get_by_role("status").get_by_text("Choose another name for this group.").wait_for()
    phone.press("Back")
    search, group = page.get_by_label("Search", exact=True), page.get_by_label("Group", exact=True)
    assert group.locator("option").all_inner_texts() == ["All", "家人", "Without a group"]
    group.select_option("家人")
    assert titles(phone) == ["Resident identity card"]
    group.select_option("Without a group")
    assert titles(phone) == ["Driving licence", "Business licence"]
    search.press_sequentially("ＤＲＩＶ 990000")
    assert titles(phone) == ["Driving licence"]
    assert page.locator(".found").inner_text() == "1 found"
    # Who comes back from a card, or reads another language, finds the list as it was.
    page.locator(".card").click()
    phone.press("Back")
    assert titles(phone) == ["Driving licence"]
    page.get_by_label("Language").select_option("zh-Hant")
    assert titles(phone) == ["機動車駕駛證"]
    page.get_by_label("語言").select_option("en")
    search.fill("家人")
    assert titles(phone) == []
    phone.open()
    page.get_by_label("Group", exact=True).select_option("家人")
    page.locator(".card").click()
    page.get_by_label("Name of the group").fill("")
    phone.press("Save the group")
    phone.press("Back")
    assert group.count() == 0
    assert len(titles(phone)) == 3


def test_a_group_is_text_and_takes_no_other_choices_name(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card")
    page = phone.page
    for number, name in ((0, MARKUP[:24]), (1, "none")):
        page.locator(".card").nth(number).click()
        page.get_by_label("Name of the group").fill(name)
        phone.press("Save the group")
        page.get_by_role("status").get_by_text(name).wait_for()
        phone.press("Back")
    assert page.locator("main img, main b").count() == 0
    group = page.get_by_label("Group", exact=True)
    group.select_option(label="none")
    assert len(titles(phone)) == 1
    group.select_option(label="Without a group")
    assert titles(phone) == []


# Several at once.


def choose(phone: Phone, *names: str, way: str = "In one code (up to four)") -> None:
    phone.press(SEVERAL)
    for name in names:
        phone.page.get_by_role("checkbox", name=name).check()
    phone.page.get_by_role("radio", name=way).check()
    phone.press("Go on")


def tick_all(phone: Phone) -> None:
    phone.page.locator("main fieldset").first.wait_for()
    for box in phone.page.get_by_role("checkbox").all():
        box.check()


def test_several_licences_in_one_code_that_says_whether_they_are_one_persons(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card", **PERSON)
    choose(phone, "Driving licence", "Resident identity card")
    page = phone.page
    unlinked = page.get_by_text("does not prove that these licences are one person's")
    unlinked.wait_for()
    page.get_by_role("checkbox", name="proves that these licences are one person's").check()
    assert unlinked.count() == 0
    phone.press("Agree and show")
    text = phone.code()
    assert text.startswith("LB1:")
    answer = counter(phone).read(text)
    assert answer.reason == ""
    assert [each["citizen_id"] for each in answer.items] == [PERSON["citizen_id"]] * 2
    assert "sex" not in answer.items[0]
    phone.press("Close")
    phone.choose(2)
    page.locator("dd").first.wait_for()
    assert page.locator(".pack > li").count() == 2


def test_nothing_is_signed_before_the_one_sheet_is_agreed_to(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card")
    phone.page.evaluate(
        "(() => { const sign = SubtleCrypto.prototype.sign; window.signed = 0;"
        "SubtleCrypto.prototype.sign = function (...its) { window.signed++; return sign.apply(this, its); }; })()"
    )
    choose(phone, "Driving licence", "Resident identity card")
    for box in phone.page.get_by_role("checkbox", name="Show this licence").all():
        box.uncheck()
    phone.press("Agree and show")
    phone.page.get_by_text("Choose at least one licence.").wait_for()
    assert phone.page.evaluate("signed") == 0
    phone.page.get_by_role("checkbox", name="Show this licence").first.check()
    phone.press("Agree and show")
    assert phone.code().startswith("LZ1:")
    assert phone.page.evaluate("signed") == 1


def test_one_after_the_other_and_what_cannot_be_shown_holds_up_nothing(phone: Phone) -> None:
    phone.receive("driving-licence", valid_days=1)
    phone.press("Back")
    hold(phone, "id-card", "disability-certificate")
    phone.clock.advance(2 * 86_400)
    phone.page.clock.set_fixed_time(phone.clock())
    names = ("Driving licence", "Resident identity card", "Disability certificate")
    choose(phone, *names, way="One after the other")
    phone.press("Agree and show one after the other")
    page, seen = phone.page, []
    for label in ("Next one (1 of 3 shown)", "End (2 of 3 shown)"):
        page.get_by_role("button", name=label).wait_for()
        seen.append(page.locator("p.kind").inner_text())
        assert counter(phone).read(phone.code()).reason == ""
        phone.press(label)
    page.get_by_text("2 of 3 were shown.").wait_for()
    assert seen == [*names[1:]]
    assert page.locator("main li strong").all_inner_texts() == ["Driving licence"]
    page.get_by_text("This screen is no result.").wait_for()
    phone.press("Back")
    phone.choose(2)
    page.locator("dd").first.wait_for()
    assert page.locator(".pack > li").count() == 2


def test_what_fits_no_single_code_goes_one_after_the_other_once_that_is_agreed_to(phone: Phone) -> None:
    long = {"name": "名" * 20, "authority": "机" * 20}
    hold(phone, "driving-licence", "id-card", "residence-permit", "passport", **long)
    phone.press(SEVERAL)
    tick_all(phone)
    phone.press("Go on")
    tick_all(phone)
    page = phone.page
    phone.press("Agree and show")
    page.get_by_text("All this does not fit into one code; nothing was shown.").wait_for()
    assert page.locator("img.code").count() == 0
    phone.press("Agree and show one after the other")
    page.get_by_role("button", name="Next one (1 of 4 shown)").wait_for()
    (shown,) = counter(phone).read(phone.code()).items
    assert shown["name"] == long["name"]


def test_a_fifth_licence_fits_no_code(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card", "residence-permit", "passport", "nurse")
    phone.press(SEVERAL)
    tick_all(phone)
    phone.press("Go on")
    phone.page.get_by_text("One code holds up to four licences.").wait_for()
    phone.page.get_by_role("radio", name="One after the other").check()
    phone.press("Go on")
    phone.page.get_by_role("button", name="Agree and show one after the other").wait_for()


# Portraits.


def pictures(phone: Phone, count: int) -> Iterator[str]:
    """What a camera reads, picture by picture."""
    for _ in range(count):
        phone.page.clock.run_for(125)
        (read,) = zxingcpp.read_barcodes(phone.screen())
        yield str(read.text)


def test_a_portrait_moves_with_the_code_while_its_holder_wants_it(phone: Phone) -> None:
    phone.receive(portrait=PORTRAIT)
    phone.press("service window")
    phone.press("Agree and show")
    on = phone.page.get_by_role("button", name="Show the portrait too (moving picture)")
    first = phone.code()
    assert on.count() == 0  # nobody agreed to it
    phone.press("Close")
    phone.press("service window")
    phone.page.get_by_role("checkbox", name="I agree separately that “Portrait” is shown").check()
    phone.press("Agree and show")
    on.click()
    phone.page.get_by_text("The picture changes 8 times a second.").wait_for()
    assembler, codes, whole = Assembler(), set(), []
    for text in pictures(phone, 14):
        if text.startswith("LZ1:"):
            codes.add(text)
        elif isinstance(answer := assembler.add(animated.read(text)), Assembled):
            whole.append(answer.content)
    assert whole[:1] == [PORTRAIT]
    assert first not in codes
    (still,) = codes
    phone.press("Stop the portrait")
    phone.page.clock.run_for(1_000)
    assert phone.code() == still
    assert counter(phone).read(still).reason == ""


# Short codes.


def type_code(phone: Phone, text: str) -> Locator:
    phone.page.get_by_label("Short code").fill(text)
    phone.press("Go on")
    return phone.page.get_by_role("status")


def test_a_short_code_is_answered_at_its_place_after_a_warning_and_a_new_consent(phone: Phone) -> None:
    phone.receive()
    phone.press("service window")
    phone.press("Agree and show")
    phone.code()
    phone.press("Type the counter's short code")
    page = phone.page
    page.get_by_text("A code that somebody tells you by telephone, text message or chat is a fraud.").wait_for()
    typed = short_code.encode(ShortCode(short_code.decode_site("TEST"), 0x01020304))
    type_code(phone, "ZZZZ000000").get_by_text("not").wait_for()
    type_code(phone, typed[:9]).wait_for()
    type_code(phone, f"{typed[:4]} {typed[4:].lower()}")
    page.get_by_role("heading", name="What will be shown").wait_for()
    assert page.locator("dd").all_inner_texts() == ["测试机关", "测试大厅"]
    page.get_by_text("A code that somebody tells you by telephone").wait_for()
    phone.press("Agree and show")
    bound = key_binding.parse(envelope.unwrap(phone.code())).key_binding
    assert (bound.aud, bound.cnonce) == ("lz:s/TEST", b"\x01\x02\x03\x04")
    phone.advance(121)
    page.get_by_text("Its time was over.").wait_for()


def test_a_short_code_from_the_answering_page_by_keyboard(phone: Phone) -> None:
    hold(phone, "driving-licence", "id-card")
    keys = Keys(phone.page)
    keys.to("Answer a terminal").press("Enter")
    keys.to("Type the counter's short code").press("Enter")
    phone.page.get_by_role("group", name="Choose the licences").wait_for()
    keys.to("Driving licence · 990000.TEST").press("Space")
    keys.to("Go on").press("Enter")
    phone.page.get_by_label("Short code").wait_for()
    keys.to("Short code (ten letters and digits)").type(
        short_code.encode(ShortCode(short_code.decode_site("TEST"), 7))
    ).press("Enter")
    phone.page.get_by_role("heading", name="What will be shown").wait_for()
    keys.to("Agree and show").press("Enter")
    assert phone.code().startswith("LZ1:")


# Reminders.


def offices(phone: Phone) -> list[str]:
    phone.page.locator(".offices").wait_for()
    return phone.page.locator(".offices strong").all_inner_texts()


def test_reminders_name_the_nearest_office_and_ask_nobody(phone: Phone, context: BrowserContext) -> None:
    phone.receive("disability-certificate", valid_days=20)
    phone.press("Back")
    far, near, nowhere = (each[0] for each in OFFICES)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    phone.press("Reminders (1)")
    assert offices(phone) == [far, near, nowhere]
    page = phone.page
    page.get_by_text("Days left: 20").wait_for()
    assert page.locator("main li:not(.offices li)").filter(has_text="days left: 7").count() == 1
    division = page.get_by_label("Division code")
    division.fill("9901")
    phone.press("Sort by it")
    page.get_by_role("status").get_by_text("A division code has six digits.").wait_for()
    division.fill("９９０１０１")
    phone.press("Sort by it")
    page.get_by_role("status").get_by_text("Sorted.").wait_for()
    assert offices(phone) == [near, far, nowhere]
    assert page.get_by_text("km").count() == 0
    assert all(url.startswith(phone.site.url) for url in asked)
    # The division stays, and the office list of a lost device goes by it too.
    phone.open()
    phone.press("Device lost or passed on")
    page.locator("h3").wait_for()
    assert page.locator("dt").all_inner_texts() == [near, far, nowhere]


def test_the_devices_own_place_sorts_too_and_is_not_kept(phone: Phone, context: BrowserContext) -> None:
    phone.receive("disability-certificate", valid_days=1)
    phone.press("Back")
    far, near, nowhere = (each[0] for each in OFFICES)
    phone.press("Reminders (1)")
    page = phone.page
    page.get_by_label("Division code").fill("990101")
    phone.press("Use this device's location")
    page.get_by_role("status").get_by_text("No location came.").wait_for()
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": 25.1, "longitude": 105})
    phone.press("Use this device's location")
    page.get_by_role("status").get_by_text("Sorted by this device's location").wait_for()
    assert offices(phone) == [far, near, nowhere]
    page.get_by_text("about 11 km").wait_for()
    assert page.get_by_text("km").count() == 2
    phone.open()
    phone.press("Reminders (1)")
    offices(phone)
    assert page.get_by_label("Division code").input_value() == ""
    assert page.get_by_text("km").count() == 0


def test_the_further_pages_need_no_network(phone: Phone, context: BrowserContext) -> None:
    hold(phone, "driving-licence", "id-card")
    phone.receive("disability-certificate", valid_days=7, portrait=PORTRAIT)
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    phone.open()
    phone.press("Reminders (1)")
    offices(phone)
    phone.press("Back")
    phone.press("Device lost or passed on")
    phone.page.get_by_role("heading", name="If your only device is lost").wait_for()
    phone.press("Back")
    phone.page.locator(".card").last.click()
    phone.press("service window")
    phone.page.get_by_role("checkbox", name="“Portrait”").check()
    phone.press("Agree and show")
    phone.press("Show the portrait too (moving picture)")
    phone.page.get_by_text("The picture changes 8 times a second.").wait_for()
    phone.press("Type the counter's short code")
    phone.page.get_by_label("Short code").wait_for()
    phone.press("Cancel")
    phone.page.locator(".purposes").wait_for()
    phone.back()
    choose(phone, "Driving licence", "Resident identity card")
    phone.press("Agree and show")
    assert counter(phone).read(phone.code()).reason == ""


# Lost, and passed on.


def claims_of(request: Request) -> Any:
    payload = str(request.post_data).split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_a_lost_device_is_chosen_by_its_holder_and_hostile_words_stay_words(phone: Phone) -> None:
    plain = MARKUP.removesuffix("<b>甲</b>")
    hostile = [{"device": plain, "state": plain, "since": plain}]
    honest = [{"device": "3f" * 32, "state": "in force", "since": "2026-11-01T08:00:00Z"}]
    paper_offer.lying_at(phone.page, devices=(200, [*hostile, *honest]))
    asked: list[Request] = []
    phone.page.on("request", lambda each: asked.append(each) if each.url.startswith(paper_offer.URL) else None)
    phone.receive(refresh_url=paper_offer.URL)
    phone.press("Back")
    phone.press("Device lost or passed on")
    look = phone.page.get_by_role("button", name="Which devices hold it: Driving licence")
    look.wait_for()
    assert asked == []
    look.click()
    phone.page.get_by_text("3f3f3f3f", exact=True).wait_for()
    assert phone.page.locator("main img").count() == 0
    assert phone.page.locator("dd").all_inner_texts()[:3] == [plain[:8], plain, "?"]
    assert phone.page.get_by_role("button", name="Report").count() == 1
    phone.press("Report 3f3f3f3f lost")
    assert all(not each.url.endswith("/lost") for each in asked)
    phone.press("Yes, report it lost")
    phone.page.get_by_role("status").get_by_text("The issuer has noted the loss.").wait_for()
    (report,) = (each for each in asked if each.url.endswith("/lost") and each.method == "POST")
    told = claims_of(report)
    assert (told["act"], told["device"]) == ("lost", "3f" * 32)
    assert phone.page.evaluate("document.activeElement.contains(document.querySelector('main dl'))")


def test_a_device_is_passed_on_empty_and_what_could_not_be_reported_is_said(phone: Phone) -> None:
    public = phone.public_key()
    paper_offer.lying_at(phone.page, lost=(200, {"flipped": "1"}))
    phone.receive(refresh_url=paper_offer.URL)
    phone.press("Back")
    hold(phone, "id-card")
    page = phone.page
    phone.press("Device lost or passed on")
    page.get_by_text("Resident identity card (990000.TEST)").wait_for()
    phone.press("Report and erase this device")
    phone.press("Report this device lost")
    phone.press("Yes, report it lost")
    page.get_by_text("Driving licence: not reported.").wait_for()
    paper_offer.lying_at(page)
    phone.press("Report this device lost")
    with page.expect_request(f"{paper_offer.URL}/lost") as reported:
        phone.press("Yes, report it lost")
    assert claims_of(reported.value)["device"] == keys.load_cose_key(cbor.decode(public)).thumbprint.hex()
    page.get_by_text("Driving licence: the loss is noted.").wait_for()
    phone.press("Erase this device")
    phone.press("Cancel")
    phone.press("Erase this device")
    phone.press("Yes, erase")
    page.get_by_role("heading", name="This device is erased").wait_for()
    page.go_back()
    page.get_by_role("heading", name="This device is erased").wait_for()
    assert page.locator("nav").count() == 0
    phone.press("Start anew")
    page.get_by_text("No licence here yet").wait_for()
    assert phone.public_key() != public
    phone.choose(2)
    page.get_by_text("Nothing has been shown yet.").wait_for()


# What issuers told of other devices.


def asks(phone: Phone, *rows: dict[str, str], cursor: str = "told") -> None:
    """The issuer says this, and is asked."""
    paper_offer.lying_at(phone.page, notices=paper_offer.told(*rows, cursor=cursor))
    phone.press("Ask the issuers for changes")
    phone.page.get_by_role("status").get_by_text("The issuers have been asked.").wait_for()


def test_another_device_is_said_at_the_top_until_its_holder_has_answered(phone: Phone) -> None:
    phone.receive(refresh_url=paper_offer.URL)
    phone.press("Back")
    page, card, news = phone.page, phone.newest(), phone.page.locator(".news li")
    assert page.locator(".news").count() == 0
    elsewhere = [paper_offer.bound(f"{MARKUP[:20]}{number}", at="2026-11-20T01:00:00Z") for number in range(2)]
    lost = paper_offer.bound(card, "3f" * 32, "2026-11-23T01:30:00Z") | {"event": "device_lost"}
    asks(phone, paper_offer.bound(card), lost, *elsewhere)
    assert page.get_by_role("alert").inner_text().startswith("Another device: was that you?")
    assert page.locator("main > *").nth(1).locator(".news").is_visible()
    assert page.evaluate("document.querySelector('.news').getBoundingClientRect().top < innerHeight / 2")
    assert news.locator("strong").all_inner_texts() == [
        "Driving licence: bound to another device",
        "Driving licence: another device was reported lost",
        f"A licence that is not on this device, {MARKUP[:20]}1: bound to another device",
    ]
    assert news.locator("p").all_inner_texts()[0] == "Device a7a7a7a7 · Nov 24, 2026, 9:30 AM"
    assert page.locator("main img").count() == 0
    page.get_by_text("More, shown once these are answered: 1").wait_for()
    assert barriers(page) == []
    # The licence itself is as good as before, and its sheet says it, too.
    assert page.locator(".card.valid").count() == 1
    page.locator(".card").click()
    phone.press("service window")
    page.get_by_text("This licence was bound to another device.").wait_for()
    page.go_back()
    phone.back()
    # Nothing goes away by itself or by a press that was meant for something else, and what is answered is one thing.
    page.clock.pause_at(phone.clock() + 60)
    phone.open()
    mine = news.first.get_by_role("button", name="That was me", exact=True)
    assert mine.is_disabled()
    page.clock.resume()
    mine.click()
    page.get_by_role("status").get_by_text("Noted").wait_for()
    assert page.evaluate("document.activeElement.closest('.news') !== null")
    asks(phone, paper_offer.bound(card, "5e" * 32), cursor="later")
    assert news.locator("p").all_inner_texts()[0].startswith("Device 5e5e5e5e")
    phone.open()
    devices = [text.split()[1] for text in news.locator("p").all_inner_texts()]
    assert devices == ["5e5e5e5e", "3f3f3f3f", "a7a7a7a7"]


def test_a_device_that_is_not_the_holders_is_reported_at_once_by_keyboard(phone: Phone) -> None:
    phone.receive(refresh_url=paper_offer.URL)
    phone.press("Back")
    page, keys = phone.page, Keys(phone.page)
    asks(phone, paper_offer.bound(phone.newest()), paper_offer.bound("990000", at="2026-11-20T01:00:00Z"))
    page.reload()
    page.locator(".news").wait_for()
    page.clock.fast_forward(1_000)
    page.locator("h1").focus()
    keys.to("That was me").to("That was not me").press("Enter")
    page.get_by_role("heading", name="Devices that hold this licence").wait_for()
    assert page.locator("dd").first.inner_text() == "a7a7a7a7 (the one you were told of)"
    keys.to("Report a7a7a7a7 lost").press("Enter")
    with page.expect_request(f"{paper_offer.URL}/lost") as reported:
        page.keyboard.press("Enter")
    assert claims_of(reported.value)["device"] == "a7" * 32
    page.get_by_role("status").get_by_text("The issuer has noted the loss.").wait_for()
    keys.to("Back").press("Enter")
    # What was reported is answered; the other licence is not here, and the page says where that is reported.
    news = page.locator(".news li")
    assert news.count() == 1
    news.get_by_role("button", name="That was not me").click()
    page.get_by_role("heading", name="Device lost or passed on").wait_for()
    page.get_by_role("status").get_by_text("This licence is not on this device.").wait_for()


def test_the_further_tasks_by_keyboard(phone: Phone) -> None:
    phone.receive("disability-certificate", valid_days=7, portrait=PORTRAIT)
    phone.press("Back")
    hold(phone, "driving-licence")
    page, keys = phone.page, Keys(phone.page)
    keys.to("Disability certificate\nIssued by 990000.TEST\nexpires soon").press("Enter")
    keys.to("Name of the group (empty: none)").type("mine").press("Enter")
    page.get_by_role("status").get_by_text("Saved in the group: mine").wait_for()
    keys.to("service window").press("Enter")
    keys.to("I agree separately that “Portrait” is shown").press("Space")
    keys.to("Agree and show").press("Enter")
    keys.to("Show the portrait too (moving picture)").press("Enter")
    page.get_by_role("button", name="Stop the portrait").wait_for()
    page.keyboard.press("Enter")
    keys.to("Close").press("Enter")
    keys.to("Back").press("Enter")
    keys.to("Search").type("mine")
    page.get_by_text("1 found").wait_for()
    keys.to(SEVERAL).press("Enter")
    page.locator("fieldset").first.wait_for()
    for name in ("Driving licence · 990000.TEST", "Disability certificate · 990000.TEST · mine"):
        keys.to(name).press("Space")
    keys.to("In one code (up to four)").press("ArrowDown")
    keys.to("Go on").press("Enter")
    keys.to("Agree and show one after the other").press("Enter")
    for label in ("Next one (1 of 2 shown)", "End (2 of 2 shown)"):
        page.get_by_role("button", name=label).wait_for()
        keys.to(label).press("Enter")
    page.get_by_text("2 of 2 were shown.").wait_for()
    keys.to("Back").press("Enter")
    keys.to("Reminders (1)").press("Enter")
    page.locator(".offices").wait_for()
    keys.to("Division code (six digits, or empty)").type("990101").press("Enter")
    page.get_by_role("status").get_by_text("Sorted.").wait_for()
    keys.to("Back").press("Enter")
    keys.to("Device lost or passed on").press("Enter")
    page.locator("h3").wait_for()
    keys.to("Report and erase this device").press("Enter")
    keys.to("Erase this device").press("Enter").press("Enter")
    page.get_by_role("heading", name="This device is erased").wait_for()
    keys.to("Start anew").press("Enter")
    page.get_by_text("No licence here yet").wait_for()
