"""The queue of applications at the console: filed, taken once, decided as it was seen, told to its applicant."""

import html
import re
import threading

import pytest

from issuer.application import Issuer
from issuer.applications.reviewing import State
from issuer.console import texts
from issuer.people.roles import Role
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, key_text
from tests.issuer.console_fixtures import clerk, console, issuer
from tests.issuer.consoles import Console, Visitor, console_of
from tests.issuer.test_console_pages import HOSTILE, hidden

__all__ = ["clerk", "console", "issuer"]

BASE = "/applications"


@pytest.fixture
def reviewer(console: Console) -> Visitor:
    return console.person(Role.REVIEWER)


def entered(**changes: str) -> dict[str, str]:
    return {**{name: str(value) for name, value in DRIVING.items()}, "evidence": "体检表A-17号", **changes}


def filed(issuer: Issuer, *, at: UnixTime = AT, name: str = "测试员甲") -> str:
    subject = {**DRIVING, "name": name}
    return issuer.applications.file("driving-licence", subject, portrait=None, by="3101", at=at).id


def state(issuer: Issuer, its: str) -> State:
    return issuer.applications.one(its).state


def approve(reviewer: Visitor, its: str) -> None:
    assert reviewer.post(f"{BASE}/{its}/take").status_code == 303
    page = reviewer.get(f"{BASE}/{its}").text
    assert reviewer.post(f"{BASE}/{its}/approve", {"seen": hidden(page)["seen"]}).status_code == 303


def test_from_the_counter_to_the_licence(issuer: Issuer, clerk: Visitor, reviewer: Visitor) -> None:
    review = clerk.post("/apply/driving-licence", entered())
    assert "体检表A-17号" in review.text
    form = {**hidden(review.text), "step": "issue"}
    sent = clerk.post("/apply/driving-licence", form)
    assert sent.status_code == 303
    its = sent.location.partition("/applications/")[2].partition("?")[0]
    assert clerk.post("/apply/driving-licence", form).status_code == 409, "what is clicked twice is filed once"
    masked = clerk.get(f"{BASE}/{its}").text
    assert "测试员甲" not in masked
    assert DRIVING["citizen_id"] not in masked
    assert DRIVING["citizen_id"] in clerk.post(f"{BASE}/{its}/show").text
    approve(reviewer, its)
    seen = [each for each in issuer.audit.listed(search=its) if each.act == "show"]
    assert clerk.person is not None
    assert reviewer.person is not None
    assert {each.actor for each in seen} == {clerk.person.id, reviewer.person.id}, "every look is written down"
    assert clerk.post(f"{BASE}/{its}/issue", {"holder_key": "x"}).status_code == 422
    done = clerk.post(f"{BASE}/{its}/issue", {"holder_key": key_text(9)})
    licence_id = done.location.partition("/licences/")[2].partition("?")[0]
    assert issuer.licence(licence_id).subject["name"] == "测试员甲"
    held = issuer.applications.one(its)
    assert (held.state, held.licence_id, held.subject, held.evidence) == (State.ISSUED, licence_id, {}, "")
    again = clerk.post(f"{BASE}/{its}/issue", {"holder_key": key_text(9)})
    assert again.status_code == 409
    page = clerk.get(f"{BASE}/{its}").text
    assert all(texts.say(f"acts.{act}-application", "zh-Hans") in page for act in ("file", "take", "approve", "issue"))


def test_whoever_files_does_not_review_and_is_told_so(console: Console, issuer: Issuer) -> None:
    both = console.person(Role.CLERK, Role.REVIEWER)
    assert both.person is not None
    its = issuer.applications.file("id-card", ID_CARD, portrait=None, by=both.person.id, at=AT).id
    assert texts.say("queue.own", "zh-Hans") in both.get(f"{BASE}/{its}").text
    refused = both.post(f"{BASE}/{its}/take")
    assert refused.status_code == 403
    assert texts.say("problem.own_application", "zh-Hans") in refused.text


def test_two_clerks_do_not_do_one_twice(console: Console, issuer: Issuer) -> None:
    its = filed(issuer)
    first, second = console.person(Role.REVIEWER), console.person(Role.REVIEWER)
    together, answers = threading.Barrier(2), {}

    def take(name: str, visitor: Visitor) -> None:
        together.wait()
        answers[name] = visitor.post(f"{BASE}/{its}/take")

    threads = [threading.Thread(target=take, args=each) for each in (("first", first), ("second", second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status_code for each in answers.values()) == [303, 409]
    late = second if answers["first"].status_code == 303 else first
    for step in ("approve", "back", "take"):
        answer = late.post(f"{BASE}/{its}/{step}")
        assert answer.status_code == 409, step
        assert texts.say("problem.application_not_there", "zh-Hans") in answer.text
        assert texts.say("queue.stands", "zh-Hans") in answer.text
    for answer_of in ("ask", "refuse"):
        assert late.post(f"{BASE}/{its}/{answer_of}", {"reason": "缺件"}).status_code == 409
    assert state(issuer, its) is State.IN_REVIEW


def test_what_changed_since_it_was_looked_at_is_not_approved(issuer: Issuer, clerk: Visitor, reviewer: Visitor) -> None:
    its = filed(issuer)
    reviewer.post(f"{BASE}/{its}/take")
    old = hidden(reviewer.get(f"{BASE}/{its}").text)["seen"]
    assert reviewer.post(f"{BASE}/{its}/ask", {"reason": "门牌号"}).status_code == 303
    assert "门牌号" in clerk.get(f"{BASE}/{its}/amend").text
    assert clerk.post(f"{BASE}/{its}/amend", entered(citizen_id="990101194912310029")).status_code == 422
    assert clerk.post(f"{BASE}/{its}/amend", entered(address="幻境市测试区样例路9号")).status_code == 303
    assert clerk.post(f"{BASE}/{its}/amend", entered()).status_code == 409
    stale = reviewer.post(f"{BASE}/{its}/approve", {"seen": old})
    assert stale.status_code == 409
    assert texts.say("problem.application_changed", "zh-Hans") in stale.text
    assert reviewer.post(f"{BASE}/{its}/approve").status_code == 409, "nor what nobody has looked at"
    assert state(issuer, its) is State.IN_REVIEW
    new = hidden(reviewer.get(f"{BASE}/{its}").text)["seen"]
    assert reviewer.post(f"{BASE}/{its}/approve", {"seen": new}).status_code == 303
    assert reviewer.post(f"{BASE}/{its}/reopen").status_code == 303
    assert state(issuer, its) is State.IN_REVIEW


def test_a_refusal_is_told_to_its_applicant_and_wipes_what_was_asked(
    issuer: Issuer, clerk: Visitor, reviewer: Visitor
) -> None:
    its = filed(issuer, name="金丝雀乙")
    reviewer.post(f"{BASE}/{its}/take")
    assert reviewer.post(f"{BASE}/{its}/refuse", {"reason": " "}).status_code == 422
    assert reviewer.post(f"{BASE}/{its}/refuse", {"reason": "体检不合格"}).status_code == 303
    for language in texts.LANGUAGES:
        clerk.client.set_cookie("console_language", language, path="/console")
        notice = clerk.get(f"{BASE}/{its}/notice").text
        assert "体检不合格" in notice
        assert texts.say("notice.means_refused", language) in notice
        assert "金丝雀乙" not in notice
    assert issuer.applications.one(its).subject == {}
    assert issuer.audit.listed(search=its)[0].reason == "体检不合格"


def test_one_is_given_back_put_back_and_withdrawn(console: Console, issuer: Issuer, clerk: Visitor) -> None:
    its, reviewer = filed(issuer), console.person(Role.REVIEWER)
    reviewer.post(f"{BASE}/{its}/take")
    assert reviewer.post(f"{BASE}/{its}/back").status_code == 303
    assert (state(issuer, its), issuer.applications.one(its).reviewer) == (State.FILED, None)
    reviewer.post(f"{BASE}/{its}/take")
    assert console.person(Role.REVIEWER).post(f"{BASE}/{its}/back").status_code == 409
    assert console.person(Role.APPROVER).post(f"{BASE}/{its}/back").status_code == 303
    assert clerk.post(f"{BASE}/{its}/withdraw", {"reason": ""}).status_code == 422
    assert clerk.post(f"{BASE}/{its}/withdraw", {"reason": "申请人撤回"}).status_code == 303
    assert (state(issuer, its), issuer.applications.one(its).subject) == (State.WITHDRAWN, {})
    assert clerk.post(f"{BASE}/{its}/withdraw", {"reason": "申请人撤回"}).status_code == 409


def test_the_next_one_is_the_oldest_that_is_not_ones_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    with builders.made(tmp_path_factory.mktemp("next") / "issuer") as issuer:
        console = console_of(issuer)
        both = console.person(Role.CLERK, Role.REVIEWER)
        assert both.person is not None
        own = issuer.applications.file("id-card", ID_CARD, portrait=None, by=both.person.id, at=UnixTime(AT - 9 * DAY))
        newer, older = filed(issuer), filed(issuer, at=UnixTime(AT - DAY))
        for expected in (older, newer):
            assert f"/applications/{expected}?" in both.post(f"{BASE}/next").location
        assert both.post(f"{BASE}/next").location.endswith("said=nothing_to_take")
        assert state(issuer, own.id) is State.FILED
        home = both.get("/").text
        assert texts.say("home.mine", "zh-Hans", count=2) in home


def test_the_queue_is_searched_and_filtered_and_names_stand_in_no_address(
    issuer: Issuer, clerk: Visitor, reviewer: Visitor
) -> None:
    old, new = filed(issuer, at=UnixTime(AT - 8 * DAY), name="寻找甲"), filed(issuer, name="寻找乙")
    firm = issuer.applications.file("business-licence", BUSINESS, portrait=None, by="3101", at=AT).id
    reviewer.post(f"{BASE}/{new}/take")

    def found(query: str, search: str = "") -> set[str]:
        sent = reviewer.post(f"{BASE}/search", {"search": search})
        assert sent.location == "/console/applications"
        page = reviewer.get(f"{BASE}?{query}").text
        assert not any("寻找" in html.unescape(each) for each in re.findall(r'(?:href|action)="([^"]*)"', page))
        return {each for each in (old, new, firm) if f"/applications/{each}" in page}

    assert found("", "寻找") == {old, new}
    assert found("", "寻找乙") == {new}
    assert found("", DRIVING["citizen_id"][:12]) == {old, new}
    assert found("", "样例路1号") == set(), "nobody is found by an address"
    assert found("days=7") == {old}
    assert found("kind=business-licence") == {firm}
    assert found("department=market-regulation") == {firm}
    assert found("mine=yes") == {new}
    assert found("state=in-review") == {new}
    assert found("state=refused") == set()
    for odd in ("state=x&kind=x&department=x&days=x", "days=99999&page=x"):
        assert found(odd) == {old, new, firm}
    assert reviewer.post(f"{BASE}/search", {"search": "甲\n"}).status_code == 303
    assert reviewer.post(f"{BASE}/search", {"search": "甲\n乙"}).status_code == 422
    assert clerk.get(BASE).status_code == 200


def test_the_same_person_s_licences_and_applications_are_pointed_at(issuer: Issuer, reviewer: Visitor) -> None:
    held = issuer.issue("id-card", ID_CARD, holder_key(21), at=AT).licence_id
    first, second = (issuer.applications.file("id-card", ID_CARD, portrait=None, by="3101", at=AT).id for _ in "12")
    page = reviewer.get(f"{BASE}/{first}").text
    assert f"/licences/{held}" in page
    assert f"/applications/{second}" in page
    assert issuer.licence(held).status is Status.VALID


def test_what_cannot_be_issued_any_more_is_said_and_cannot_be_approved(issuer: Issuer, console: Console) -> None:
    subject = {**DRIVING, "valid_to": "2026-11-30"}
    its = issuer.applications.file("driving-licence", subject, portrait=None, by="3101", at=AT).id
    console.clock.forward(20 * DAY)
    reviewer = console.person(Role.REVIEWER)
    reviewer.post(f"{BASE}/{its}/take")
    page = reviewer.get(f"{BASE}/{its}").text
    assert texts.say("queue.cannot", "zh-Hans") in page
    assert "disabled" in page


def test_hostile_texts_are_texts_in_the_queue(console: Console, issuer: Issuer) -> None:
    its, reviewer, clerk = filed(issuer, name=HOSTILE[:60]), console.person(Role.REVIEWER), console.person(Role.CLERK)
    reviewer.post(f"{BASE}/{its}/take")
    answers = [
        reviewer.get(f"{BASE}/{its}"),
        reviewer.get(BASE),
        clerk.post("/apply/driving-licence", entered(name=HOSTILE[:60], evidence=HOSTILE)),
        clerk.post("/apply/driving-licence", entered(evidence=HOSTILE + "\u202e")),
        reviewer.post(f"{BASE}/{its}/ask", {"reason": HOSTILE}),
        reviewer.get(f"{BASE}/{its}/notice"),
        clerk.get(f"{BASE}/{its}/amend"),
        reviewer.get(f"{BASE}/%3Cimg%20src=x%3E"),
    ]
    assert [each.status_code for each in answers] == [200, 200, 200, 422, 303, 200, 200, 404]
    assert not any("<img src=x" in each.text for each in answers)
    assert sum("&lt;img" in each.text for each in answers) >= 4
