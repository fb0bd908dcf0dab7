"""What clerks do at the console: issue, change, look; and what hostile texts and double clicks do there."""

import html
import io
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from issuer.application import Issuer
from issuer.console import figures, finding, graph, rendering, texts
from issuer.lifecycle import LegalChange
from issuer.people.roles import Role
from issuer.synthetic import subjects
from protocol import licence_package
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.issuer.builders import AT, DRIVING, ID_CARD, holder_key, key_text, published_status
from tests.issuer.console_fixtures import clerk, console, issuer
from tests.issuer.consoles import Console, Visitor

__all__ = ["clerk", "console", "issuer"]

HOSTILE = "</dd><img src=x onerror=alert(1)>{{7*7}}"
CANARY = "金丝雀甲"


@pytest.fixture
def approver(console: Console) -> Visitor:
    return console.person(Role.APPROVER)


def entered(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {**{name: str(value) for name, value in DRIVING.items()}, "holder_key": key_text(), **(changes or {})}


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a review page, as its form sends them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found if name != "form_key"}


def issued(issuer: Issuer, subject: dict[str, Any] | None = None, kind: str = "driving-licence") -> str:
    return issuer.issue(kind, subject or DRIVING, holder_key(), at=AT).licence_id


def test_a_licence_is_filled_in_looked_at_issued_and_handed_out(issuer: Issuer, clerk: Visitor) -> None:
    review = clerk.post("/issue/driving-licence", entered())
    assert review.status_code == 200
    assert "测试员甲" in review.text
    done = clerk.post("/issue/driving-licence", {**hidden(review.text), "step": "issue"})
    assert done.status_code == 303
    licence_id = done.location.partition("/licences/")[2].partition("?")[0]
    record = issuer.licence(licence_id)
    assert record.subject["name"] == "测试员甲"
    (act,) = (each for each in issuer.audit.listed(search=licence_id) if each.act == "issue")
    assert clerk.person is not None
    assert act.actor == clerk.person.id
    page = clerk.get(f"/licences/{licence_id}?said=issued")
    assert texts.say("said.issued", "zh-Hans") in page.text
    assert "测试员甲" not in page.text
    package = clerk.post(f"/licences/{licence_id}/package")
    assert package.headers["Content-Disposition"] == f'attachment; filename="{licence_id}.lzpkg"'
    assert licence_package.decode(package.data).licence_id == licence_id
    assert issuer.audit.listed(search="hand-out")[0].id == licence_id


def test_what_is_clicked_twice_is_issued_once(issuer: Issuer, clerk: Visitor) -> None:
    form = {**hidden(clerk.post("/issue/driving-licence", entered()).text), "step": "issue"}
    assert clerk.post("/issue/driving-licence", form).status_code == 303
    before = issuer.audit.head()
    again = clerk.post("/issue/driving-licence", form)
    assert again.status_code == 409
    assert issuer.audit.head() == before
    warned = clerk.post("/issue/driving-licence", entered())
    assert texts.say("issue.others", "zh-Hans") in warned.text


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"citizen_id": "990101194912310029"}, "citizen_id", "校验位不符：有一位打错了。"),
        ({"name": ""}, "name", "必须填写。"),
        ({"valid_to": "2020-01-01"}, "valid_to", "已经过期，请填今天或以后。"),
        ({"birth_date": "2026-02-30"}, "birth_date", "没有这一天。"),
        ({"sex": "x"}, "sex", "不在允许的代码之内。"),
        ({"holder_key": "AAAA"}, "holder_key", "这不是钱包给出的公钥，请重新取得。"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    issuer: Issuer, clerk: Visitor, changes: dict[str, str], field: str, text: str
) -> None:
    before = issuer.audit.head()
    for step in ({}, {"step": "issue"}):
        page = clerk.post("/issue/driving-licence", {**entered(changes), **step})
        assert page.status_code == 422
        assert re.search(rf'id="{field}-wrong">{text}<', page.text)
        assert f'aria-describedby="{field}-' in page.text
        assert 'value="幻境市公安局交通警察支队"' in page.text, "nothing has to be typed again"
    assert issuer.audit.head() == before


def test_a_review_can_be_gone_back_from(clerk: Visitor) -> None:
    review = clerk.post("/issue/driving-licence", entered())
    back = clerk.post("/issue/driving-licence", {**hidden(review.text), "step": "edit"})
    assert back.status_code == 200
    assert 'value="测试员甲"' in back.text


@pytest.mark.parametrize("change", [each for each in LegalChange if each is not LegalChange.SUPERSEDE])
def test_a_change_is_shown_asked_about_and_done(issuer: Issuer, approver: Visitor, change: LegalChange) -> None:
    licence_id = issued(issuer)
    if change is LegalChange.REINSTATE:
        issuer.suspend(licence_id, reason="样例", actor="test", at=AT)
    before = issuer.licence(licence_id).status
    path = f"/licences/{licence_id}/{change}"
    preview = approver.get(path)
    assert "测试员甲" in preview.text, "whoever decides sees about whom"
    assert texts.say(f"means.{change}", "zh-Hans") in preview.text
    assert approver.post(path, {"reason": "  "}).status_code == 422
    assert approver.post(path, {"reason": "甲\u202e乙", "step": "do"}).status_code == 422
    review = approver.post(path, {"reason": "样例决定7号"})
    assert review.status_code == 200
    assert issuer.licence(licence_id).status == before, "nothing happens by one click"
    done = approver.post(path, hidden(review.text))
    assert done.status_code == 303
    (event, *_) = reversed(issuer.events(licence_id))
    assert approver.person is not None
    assert (event.reason, event.actor) == ("样例决定7号", approver.person.id)
    assert approver.post(path, hidden(review.text)).status_code == 409, "sent again"
    if event.urgent:
        assert published_status(issuer, event) == event.new


def test_a_lost_device_ends_and_the_others_stay(issuer: Issuer, clerk: Visitor) -> None:
    licence_id = issued(issuer)
    issuer.issue_again(licence_id, holder_key(2), at=AT)
    lost = holder_key(2).thumbprint.hex()
    path = f"/licences/{licence_id}/lost/{lost}"
    assert clerk.get(path).status_code == 200
    review = clerk.post(path, {"reason": "持证人挂失"})
    assert clerk.post(path, hidden(review.text)).status_code == 303
    in_force = {each.key_thumbprint.hex(): bool(each.in_force) for each in issuer.devices.listed(licence_id, at=AT)}
    assert in_force == {lost: False, holder_key().thumbprint.hex(): True}
    assert clerk.get(path).status_code == 404


def test_another_device_is_bound_to_a_real_key_alone(issuer: Issuer, clerk: Visitor) -> None:
    licence_id = issued(issuer)
    path = f"/licences/{licence_id}/bind"
    assert clerk.post(path, {"holder_key": "nothing"}).status_code == 422
    assert clerk.post(path, {"holder_key": key_text(5)}).status_code == 303
    assert len(issuer.devices.listed(licence_id, at=AT)) == 2


def test_a_licence_is_renewed_and_the_old_one_gives_way(issuer: Issuer, clerk: Visitor) -> None:
    licence_id = issued(issuer, {**DRIVING, "valid_to": "2026-12-20"})
    path = f"/licences/{licence_id}/renew"
    page = clerk.get(path).text
    assert DRIVING["citizen_id"] not in page, "what stays as it is need not be seen"
    form = {**hidden(page), "valid_to": "2032-12-20", "holder_key": key_text(7), "reason": "期满换证"}
    for wrong in ({"holder_key": "x"}, {"reason": ""}, {"valid_to": "2020-01-01"}):
        assert clerk.post(path, {**form, "form": f"other{wrong}", **wrong}).status_code == 422
    done = clerk.post(path, form)
    assert done.status_code == 303, done.text
    new = done.location.partition("/licences/")[2].partition("?")[0]
    assert (issuer.licence(licence_id).status, issuer.licence(new).status) == (Status.SUPERSEDED, Status.VALID)
    assert issuer.licence(new).subject["valid_to"] == "2032-12-20"
    assert issuer.licence(new).subject["name"] == DRIVING["name"]
    assert clerk.post(path, {**form, "form": "again"}).status_code == 409
    early = issued(issuer)
    changes = {**form, "form": "early", "valid_to": "2038-01-01"}
    assert clerk.post(f"/licences/{early}/renew", changes).status_code == 409, "not open yet"


def test_personal_values_are_masked_until_somebody_asks_which_is_written_down(
    console: Console, issuer: Issuer, clerk: Visitor
) -> None:
    licence_id = issued(issuer, {**DRIVING, "name": CANARY})
    page = clerk.get(f"/licences/{licence_id}").text
    for value in (CANARY, DRIVING["citizen_id"], DRIVING["address"], DRIVING["birth_date"]):
        assert value not in page
    before = len([each for each in issuer.audit.listed(search=licence_id) if each.act == "show"])
    shown = clerk.post(f"/licences/{licence_id}/show")
    assert CANARY in shown.text
    assert DRIVING["citizen_id"] in shown.text
    acts = [each for each in issuer.audit.listed(search=licence_id) if each.act == "show"]
    assert clerk.person is not None
    assert (len(acts), acts[0].actor) == (before + 1, clerk.person.id)
    assert console.person(Role.AUDITOR).post(f"/licences/{licence_id}/show").status_code == 403


def test_what_is_searched_for_stands_in_no_address_and_no_log(
    issuer: Issuer, clerk: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    licence_id = issued(issuer, {**DRIVING, "name": CANARY})
    with caplog.at_level(logging.DEBUG):
        for text in (licence_id, CANARY, CANARY[:2], DRIVING["citizen_id"], DRIVING["citizen_id"][:10]):
            sent = clerk.post("/licences/search", {"search": text})
            assert sent.location == "/console/licences"
            page = clerk.get("/licences").text
            assert licence_id in page
            assert CANARY not in page.replace(f'value="{text}"', "")
            for address in re.findall(r'(?:href|action)="([^"]*)"', page):
                assert CANARY not in address
                assert DRIVING["citizen_id"] not in address
        clerk.post("/licences/search", {"search": "没有这个人"})
        assert texts.say("find.nothing", "zh-Hans") in clerk.get("/licences").text
        assert clerk.post("/licences/search", {"search": "甲" * 101}).status_code == 422
        assert clerk.post("/licences/search", {"search": "甲\n乙"}).status_code == 422
    assert CANARY not in caplog.text
    assert DRIVING["citizen_id"] not in caplog.text


def test_two_people_s_searches_do_not_meet(console: Console, clerk: Visitor) -> None:
    clerk.post("/licences/search", {"search": CANARY})
    assert CANARY not in console.person(Role.CLERK).get("/licences").text


def test_a_long_list_is_paged(issuer: Issuer, clerk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE", 2)
    ids = [issued(issuer, {**DRIVING, "name": "分页员"}) for _ in range(5)]
    clerk.post("/licences/search", {"search": "分页员"})
    seen = []
    for number in (1, 2, 3):
        page = clerk.get(f"/licences?page={number}").text
        seen += re.findall(r'href="/console/licences/([A-Za-z0-9]{22})"', page)
        assert ('rel="next"' in page) is (number < 3)
    assert sorted(seen) == sorted(ids)
    for odd in ("0", "-1", "x", "９", "9" * 9):
        assert clerk.get("/licences", query_string={"page": odd}).status_code == 200


def test_what_ends_soon_is_listed_the_nearest_first(issuer: Issuer, clerk: Visitor) -> None:
    later, soon = (issued(issuer, {**DRIVING, "valid_to": day}) for day in ("2026-12-15", "2026-11-25"))
    gone = issued(issuer, {**DRIVING, "valid_to": "2026-11-24"})
    issuer.revoke(gone, reason="样例", actor="test", at=AT)
    page = clerk.get("/expiring?days=30").text
    assert page.index(soon) < page.index(later)
    assert gone not in page
    week = clerk.get("/expiring?days=7").text
    assert soon in week
    assert later not in week
    assert clerk.get("/expiring?days=9999").status_code == 200


def test_hostile_texts_are_texts_wherever_they_stand(console: Console, issuer: Issuer) -> None:
    everybody = console.person(*Role)
    named, _ = issuer.people.add(HOSTILE[:60], roles=list(Role), departments=["*"], actor="test", at=AT)
    licence_id = issued(issuer, {**DRIVING, "name": HOSTILE, "address": HOSTILE})
    issuer.suspend(licence_id, reason=HOSTILE, actor=named.id, at=AT)
    visitor = console.signed_in(named)
    answers = [
        visitor.get("/"),
        visitor.get(f"/licences/{licence_id}"),
        visitor.post(f"/licences/{licence_id}/show"),
        visitor.get(f"/licences/{licence_id}/reinstate"),
        visitor.post(f"/licences/{licence_id}/reinstate", {"reason": HOSTILE}),
        visitor.post("/issue/driving-licence", entered({"name": HOSTILE, "sex": HOSTILE})),
        visitor.post("/issue/driving-licence", entered({"name": HOSTILE})),
        visitor.get("/audit", query_string={"search": HOSTILE}),
        visitor.get("/audit"),
        everybody.get("/people", query_string={"search": HOSTILE}),
        everybody.get("/people"),
        everybody.get(f"/people/{named.id}"),
        visitor.get("/fleet", query_string={"search": HOSTILE}),
        visitor.get("/licences/%3Cimg%20src=x%20onerror=alert(1)%3E"),
        visitor.get("/", query_string={"said": HOSTILE}),
    ]
    visitor.post("/licences/search", {"search": HOSTILE})
    answers.append(visitor.get("/licences"))
    for answer in answers:
        assert answer.status_code < 500
        assert "<img" not in answer.text
    assert sum("&lt;img" in answer.text for answer in answers) >= 12


def test_a_header_is_never_made_of_what_was_sent(clerk: Visitor) -> None:
    for path in ("/language/en?to=%0d%0aX-Evil:1", "/licences/a%0d%0aX-Evil:1", "/sign-in?to=%0d%0aX-Evil:1"):
        answer = clerk.get(path)
        assert "X-Evil" not in answer.headers
        assert "X-Evil" not in str(answer.headers.get("Location", ""))


def test_the_trail_is_searched_and_verified(console: Console, issuer: Issuer) -> None:
    auditor = console.person(Role.AUDITOR)
    licence_id = issued(issuer)
    assert licence_id in auditor.get("/audit", query_string={"search": licence_id}).text
    verified = auditor.post("/audit/verify")
    assert texts.say("audit.holds", "zh-Hans") in verified.text
    assert str(issuer.audit.head()) in verified.text


def test_people_are_let_in_changed_and_let_out(console: Console, issuer: Issuer) -> None:
    admin = console.person(Role.ADMINISTRATOR)
    wrong = admin.post("/people/new", {"name": "新人", "department": "*"})
    assert wrong.status_code == 422
    assert 'value="新人"' in wrong.text
    added = admin.post("/people/new", {"name": "新人", "role": ["clerk", "no-role"], "department": "*"})
    link = re.search(r'value="http://localhost(/console/join/[^"]+)"', added.text)
    assert link is not None
    assert console.stranger().client.get(link[1]).status_code == 200
    (person,) = issuer.people.listed(search="新人")
    assert person.roles == {Role.CLERK}
    sent = admin.post(f"/people/{person.id}", {"role": ["clerk", "reviewer"], "department": "*"})
    assert sent.status_code == 303
    assert issuer.people.one(person.id).roles == {Role.CLERK, Role.REVIEWER}
    again = admin.post(f"/people/{person.id}/invite")
    assert link[1] not in again.text
    assert console.stranger().client.get(link[1]).status_code == 404
    assert admin.post(f"/people/{person.id}/disable").status_code == 303
    assert issuer.people.one(person.id).disabled_at == AT


def test_publishing_is_drawn_as_bars_and_told_as_a_table(console: Console, issuer: Issuer) -> None:
    licence_id = issued(issuer, ID_CARD, "id-card")
    issuer.suspend(licence_id, reason="样例", actor="test", at=UnixTime(AT - 7_200))
    page = console.person(Role.CLERK).get("/publishing").text
    assert page.count("<rect ") == 24
    assert "<title>10:00: 1</title>" in page
    heights = [each.height for each in graph.bars([0, 1, 1_000_000], at=AT).bars]
    assert heights == [graph.HEIGHT, 2.0, 0.0]


@pytest.mark.parametrize(
    ("most", "scale"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (2, ["0", "1", "2"]),
        (3, ["0", "2", "4"]),
        (9, ["0", "5", "10"]),
        (10, ["0", "5", "10"]),
        (11, ["0", "10", "20"]),
        (61, ["0", "40", "80"]),
        (81, ["0", "50", "100"]),
        (56_000_000, ["0", "30,000,000", "60,000,000"]),
    ],
)
def test_a_scale_has_round_values_and_no_bar_stands_above_it(most: int, scale: list[str]) -> None:
    drawing = graph.bars([most, 0], at=AT)
    assert [each.label for each in drawing.ticks] == scale
    assert [each.y for each in drawing.ticks][:: len(scale) - 1] == [graph.HEIGHT, 0.0]
    top = int(scale[-1].replace(",", ""))
    assert drawing.bars[-1].height == round(graph.HEIGHT * most / top, 1)
    assert drawing.margin >= 11 * len(scale[-1])


def test_figures_say_their_values_and_units(console: Console, issuer: Issuer) -> None:
    kind = next(each for each in issuer.kinds.values() if each.slug == "library-reader")
    for place in range(3):
        issued(issuer, subjects.subject(kind, place, seed=1, at=AT), kind.slug)
    visitor = console.person(Role.CLERK)
    for language in texts.LANGUAGES:
        visitor.client.set_cookie("console_language", language, path="/console")
        page = visitor.get(f"/figures?kind={kind.slug}").text
        values = [re.findall(r'class="tick-label value">([^<]+)<', each) for each in page.split("<svg ")[1:]]
        assert values == [["0", "2", "4"], ["0", "1"]]
        assert all(texts.say(f"figures.unit_{each}", language) in page for each in ("issued", "ending"))


def test_a_picture_goes_along_from_the_form_to_the_licence_and_back(issuer: Issuer, clerk: Visitor) -> None:
    def sent(picture: bytes, **form: str) -> TestResponse:
        return clerk.post(
            "/issue/driving-licence",
            entered({"picture": (io.BytesIO(picture), "p.webp"), **form}),
            content_type="multipart/form-data",
        )

    broken = sent(b"RIFF....WEBP")
    assert broken.status_code == 422
    assert texts.say("issue.picture_wrong", "zh-Hans") in broken.text
    good = (Path(__file__).parents[2] / "docs" / "examples" / "portrait.webp").read_bytes()
    review = sent(good)
    assert texts.say("issue.picture_kept", "zh-Hans") in review.text
    back = clerk.post("/issue/driving-licence", {**hidden(review.text), "step": "edit"})
    assert 'name="portrait" value="' in back.text, "nothing has to be chosen again"
    done = clerk.post("/issue/driving-licence", {**hidden(review.text), "step": "issue"})
    licence_id = done.location.partition("/licences/")[2].partition("?")[0]
    assert issuer.register.portrait(licence_id) == good


def test_figures_are_drawn_of_the_own_kinds_and_told_as_tables(console: Console, issuer: Issuer) -> None:
    issued(issuer, {**DRIVING, "valid_to": "2026-12-05"})
    clerk, health = console.person(Role.CLERK), console.person(Role.CLERK, departments=["health"])
    page = clerk.get("/figures?kind=driving-licence").text
    assert page.count("<rect ") == figures.DAYS + figures.WEEKS
    today = issuer.overview.issued_by_day(days=2, kinds=[65004], at=AT)[0]
    assert f"<title>11-22: {today}</title>" in page
    (second_week,) = {issuer.overview.ending_by_week(weeks=2, kinds=[65004], at=AT)[1]}
    assert f"<title>11-29: {second_week}</title>" in page
    assert second_week >= 1
    assert re.findall(r"<title>\d\d-\d\d: [1-9]", health.get("/figures").text) == []


def test_every_text_is_there_in_three_languages_and_every_page_finds_its_own() -> None:
    assert all(set(three) == set(texts.LANGUAGES) for three in texts.table().values())
    assert all(all(three.values()) for three in texts.table().values())
    for change in finding.SUSPENDING | (set(LegalChange) - {LegalChange.SUPERSEDE}):
        assert all(texts.known(f"{section}.{change}") for section in ("act", "means", "said", "acts"))
    for role in Role:
        assert all(texts.known(f"{section}.{role}") for section in ("role", "role_means"))
    assert set(rendering.ASSETS) == {"console.css", "console.js", "passkey.js", "htmx.min.js"}


def test_the_vendored_library_is_the_one_that_was_looked_at(clerk: Visitor) -> None:
    """htmx 2.0.11 (0BSD), dist/htmx.min.js of its package on npm."""
    assert rendering.integrity("htmx.min.js") == "sha256-1v3HXyBOa976mbab8ebUrGm4o2T3eSn0XBNHa0AA9xc="
    page = clerk.get("/").text
    for name in ("console.css", "console.js", "htmx.min.js"):
        assert f'{name}" integrity="{html.escape(rendering.integrity(name))}"' in page.replace("&#43;", "+")
        assert clerk.get(f"/static/{name}").data == rendering.asset(name)
