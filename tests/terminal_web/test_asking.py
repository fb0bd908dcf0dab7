"""Requests on the page: what may be asked, one standing request for all pages, and what an attacker might send."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from protocol.labels import AnimatedKind, Purpose
from protocol.unixtime import UnixTime
from tests.terminal_web.test_routes import OWN, app, client, session
from tests.terminal_web.twin import CERTIFIED, FRAME, LICENCE, NOW, PERSON_CHECK, REASONS, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import Form, MandateShown, VerdictClass
from verifier_terminal.certification import Trouble
from verifier_terminal.events import AnimationProgress, PortraitShown, RequestClosed, RequestOpened
from verifier_terminal.request_book import Ended
from verifier_terminal.web import notices, standing_views, texts, views
from verifier_terminal.web.app import create_app
from verifier_terminal.web.standing_request import RENEW_SECONDS, StandingRequest

__all__ = ["app", "client", "session"]
"""Fixtures: the application over a twin that could ask."""

WANTED = {65004: frozenset({1, 2, 5, 7})}


def post(client: FlaskClient, path: str, body: Any) -> Any:
    return client.post(path, json=body, headers=OWN)


def test_what_may_be_asked_is_listed_in_three_languages(client: FlaskClient) -> None:
    listed = client.get("/api/v1/requests").get_json()
    assert (listed["always"], listed["open"], listed["short_codes"]) == (False, [], True)
    assert [kind["slug"] for kind in listed["kinds"]] == ["driving-licence", "id-card"]
    assert listed["kinds"][0]["views"]["zh-Hans"]["name"] == "机动车驾驶证"
    assert set(listed["kinds"][0]["views"]) == set(texts.TAGS.values())
    assert listed["reasons"]["en"] == "Service window"


def test_a_request_comes_with_its_drawing(client: FlaskClient, session: TwinSession) -> None:
    content = post(client, "/api/v1/requests", {"kinds": ["id-card"], "reason": " 换领 "}).get_json()
    (request,) = content["open"]
    assert (request["text"], request["reason"]) == (session.all_opened[0].text, "换领")
    assert request["size"] > 60
    assert request["path"].startswith("M4 4h7v1h-7z")
    assert request["views"]["en"][0]["items"] == ["name", "citizen_id"]


@pytest.mark.parametrize(
    "body",
    [
        {}, [], "x",
        {"kinds": ["id-card"]},
        {"kinds": "id-card", "reason": "x"},
        {"kinds": [1], "reason": "x"},
        {"kinds": ["x" * 65], "reason": "x"},
        {"kinds": ["id-card"] * 5, "reason": "x"},
        {"kinds": ["id-card"], "reason": ""},
        {"kinds": ["id-card"], "reason": "   "},
        {"kinds": ["id-card"], "reason": "x" * 201},
        {"kinds": ["id-card"], "reason": None},
        {"kinds": ["id-card"], "reason": 7},
        {"kinds": ["id-card"], "reason": "x", "more": 1},
    ],
)  # fmt: skip
def test_what_has_not_its_form_asks_nobody(client: FlaskClient, session: TwinSession, body: Any) -> None:
    assert post(client, "/api/v1/requests", body).status_code == 400
    assert session.all_opened == []


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/api/v1/requests", {"kinds": ["passport"], "reason": "x"}, "request_refused"),
        ("/api/v1/requests", {"kinds": ["id-card"], "reason": "refuse this"}, "request_refused"),
        ("/api/v1/requests/9/cancel", {}, "request_closed"),
        ("/api/v1/acts/7K3-Q42/receipt", {"reason": None}, "no_receipt"),
    ],
)
def test_what_cannot_be_done_is_named_in_plain_words(
    client: FlaskClient, session: TwinSession, path: str, body: Any, error: str
) -> None:
    session.scan("good", source="twin")
    answer = post(client, path, body)
    assert (answer.status_code, answer.get_json()["error"]) == (409, error)
    assert answer.get_json()["message"] == texts.say(f"problem.{error}", Language.ZH_HANS)


def test_without_certificate_or_site(client: FlaskClient, session: TwinSession) -> None:
    session.certification, session.site = TwinSession().certification, ""
    assert client.get("/api/v1/requests").get_json()["kinds"] == []
    answer = post(client, "/api/v1/requests", {"kinds": [], "reason": "x"})
    assert answer.get_json()["error"] == "no_certificate"
    assert post(client, "/api/v1/requests/short", {}).get_json()["error"] == "no_site"
    standing = post(client, "/api/v1/requests/standing", {"kinds": []}).get_json()
    assert (standing["open"], "没有终端证书" in standing["trouble"]["zh-Hans"]) == ([], True)


@pytest.mark.parametrize("number", ["%00", "../x", "7K3-Q42%2Freceipt", "x" * 17, "-1"])
def test_strange_numbers_reach_no_session(client: FlaskClient, number: str) -> None:
    assert post(client, f"/api/v1/acts/{number}/receipt", {"reason": "x"}).status_code in (404, 409)
    assert post(client, f"/api/v1/requests/{number}/cancel", {}).status_code == 404


def test_a_frame_that_completes_nothing_is_no_verdict(client: FlaskClient) -> None:
    assert post(client, "/api/v1/scan", {"text": FRAME}).get_json() == {"frame": True}


# One standing request.


@pytest.fixture
def kiosk(session: TwinSession) -> TwinSession:
    session.always_asks, session.purpose = True, Purpose.KIOSK
    return session


def test_every_page_gets_the_same_request(kiosk: TwinSession) -> None:
    standing = StandingRequest(kiosk)
    first, second = standing.current(WANTED, "x"), standing.current(WANTED, "x")
    assert first == second
    assert len(kiosk.all_opened) == 2
    assert first.renew_in == 120 - RENEW_SECONDS


def test_it_is_renewed_while_the_older_one_stays_open(kiosk: TwinSession) -> None:
    standing = StandingRequest(kiosk)
    old = standing.current(WANTED, "x").challenge
    assert old is not None
    kiosk.opened[old.number] = replace(old, seconds_left=RENEW_SECONDS)
    new = standing.current(WANTED, "x").challenge
    assert new is not None
    assert new.number != old.number
    assert old.number in kiosk.opened


def test_an_answer_takes_the_short_code_with_it(kiosk: TwinSession) -> None:
    standing = StandingRequest(kiosk)
    before = standing.current(WANTED, "x")
    assert before.challenge is not None
    assert before.short_code is not None
    kiosk.end_request(before.challenge.number, Ended.ANSWERED)
    after = standing.current(WANTED, "x")
    assert before.short_code.number not in kiosk.opened
    assert after.challenge is not None
    assert after.short_code is not None
    assert {after.challenge.number, after.short_code.number} == {3, 4}


def test_another_choice_replaces_it_at_once(kiosk: TwinSession) -> None:
    standing = StandingRequest(kiosk)
    first = standing.current(WANTED, "x").challenge
    second = standing.current({65001: frozenset({1})}, "x").challenge
    assert first is not None
    assert second is not None
    assert first.number not in kiosk.opened
    assert second.wanted == {65001: frozenset({1})}


def test_what_it_begins_with_is_a_setting(kiosk: TwinSession) -> None:
    for slugs, wanted in ((("id-card",), [65001]), (("no-such-kind",), [65004]), ((), [65004])):
        settings = replace(SETTINGS, asked_kinds=slugs)
        made: Flask = create_app(kiosk, settings=settings, reasons=REASONS, clock=lambda: NOW)
        content = post(made.test_client(), "/api/v1/requests/standing", {"kinds": []}).get_json()
        challenge = next(each for each in content["open"] if not each["is_short"])
        assert list(kiosk.opened[challenge["number"]].wanted) == wanted


# Events and standing.


def test_events_for_the_page(session: TwinSession) -> None:
    def told(event: Any) -> Any:
        return notices.event_json(event, catalogue=None, reasons=REASONS, status=session.status, now=NOW)

    assert told(RequestOpened(1)) == told(RequestClosed(1, Ended.OVER)) == ("requests", {})
    name, content = told(AnimationProgress(AnimatedKind.PORTRAIT, 5, 9, "camera 0"))
    assert (name, content["complete"], content["views"]["en"]) == ("animation", False, "portrait 5 of 9")
    assert told(AnimationProgress(AnimatedKind.BUNDLE, 9, 9, "c"))[1]["complete"] is True
    name, content = told(PortraitShown("7K3-Q42", 1, b"\x00\xff"))
    assert json.loads(json.dumps(content)) == {"check_number": "7K3-Q42", "member": 1, "image": "AP8="}
    assert name == "portrait"


@pytest.mark.parametrize(
    ("trouble", "always", "said"),
    [
        (Trouble.MISSING, False, ""),
        (Trouble.MISSING, True, "没有终端证书"),
        (Trouble.OVER, False, "已到期"),
        (Trouble.OTHER_KEY, False, "不可用"),
    ],
)
def test_a_certificate_that_is_missed_is_a_trouble(
    session: TwinSession, trouble: Trouble, always: bool, said: str
) -> None:
    session.always_asks = always
    session.certification = replace(CERTIFIED, trouble=trouble)
    views_: Any = standing_views.standing_json(session.status())["views"]
    troubles = " ".join(views_["zh-Hans"]["troubles"])
    assert (said in troubles) if said else troubles == ""


def test_its_last_day_is_said(session: TwinSession) -> None:
    assert CERTIFIED.certificate is not None
    ends = replace(CERTIFIED.certificate, exp=UnixTime(NOW + 86_400))
    session.certification = replace(CERTIFIED, certificate=ends)
    views_: Any = standing_views.standing_json(session.status())["views"]
    assert "11-23 10:00" in " ".join(views_["zh-Hans"]["troubles"])


# Words of verdicts.


def test_a_bundle_in_words() -> None:
    members = (replace(PERSON_CHECK, licence=LICENCE), replace(PERSON_CHECK, verdict_class=VerdictClass.REFUSE))
    act = replace(PERSON_CHECK, form=Form.BUNDLE, licence=None, members=members)
    view = views.display(act, None, REASONS, Language.EN, NOW)
    assert view["licence"] is None
    assert [(each["word"], each["place"]) for each in view["members"]] == [("VALID", "1 of 2"), ("REFUSED", "2 of 2")]
    named = notices.verdict_json(shown(act), catalogue=None, reasons=REASONS, now=NOW)
    assert json.loads(json.dumps(named))["views"]["zh-Hans"]["members"][1]["class"] == "refuse"


@pytest.mark.parametrize("language", Language)
def test_an_agent_is_named_and_never_compared_with_the_portrait(language: Language) -> None:
    licence = replace(LICENCE, mandate=MandateShown(3, UnixTime(NOW + 86_400)), portrait_sha256=bytes(32))
    waiting = views.display(replace(PERSON_CHECK, licence=licence), None, REASONS, language, NOW)
    assert waiting["licence"] is not None
    assert waiting["licence"]["shown_by"] == texts.say("shown_by.mandate", language, level=3, until="2026-11-23")
    assert waiting["person"] is not None
    assert waiting["person"]["hint"] == waiting["person"]["hint_portrait"] == texts.say("person.hint_mandate", language)
    assert waiting["instruction"] == texts.say("person.instruction_mandate", language)
    assert waiting["proceed_text"] == texts.say("person.proceed_mandate", language)
    answered = views.display(replace(PERSON_CHECK, licence=licence), None, REASONS, language, NOW, person_matches=True)
    assert answered["person"] is not None
    assert answered["person"]["text"] == texts.say("person.yes_mandate", language)


def test_the_portraits_digest_is_no_line_of_its_own() -> None:
    licence = replace(LICENCE, claims={"name": "测*甲", "portrait_sha256": bytes(32)}, portrait_sha256=bytes(32))
    view = views.display(replace(PERSON_CHECK, licence=licence), None, REASONS, Language.EN, NOW)
    assert view["licence"] is not None
    assert view["licence"]["portrait"] is True
    assert view["person"] is not None
    assert view["person"]["hint"] != view["person"]["hint_portrait"]
