"""The display form of verdicts, without Flask: every class in every language, and hostile licence fields."""

import json
import re
from dataclasses import replace

import pytest

from protocol.errors import Code
from protocol.labels import Purpose
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.terminal_web.twin import (
    CATALOGUE,
    CHECK,
    GOOD,
    HOLD,
    LICENCE,
    NOT_READ,
    NOW,
    PERSON_CHECK,
    PERSON_TO_CHECK,
    REASONS,
    REFUSE,
    TwinSession,
    shown,
)
from verifier_terminal.appraisal.foreign_codes import NAMES
from verifier_terminal.appraisal.foreign_codes import ForeignCode as Named
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import Fact, Finding, Proceed, Tier, Verdict, VerdictClass
from verifier_terminal.events import ForeignCode
from verifier_terminal.web import harmless, licence_views, notices, standing_views, texts, views
from verifier_terminal.web.views import VerdictView

WORDS = {
    "accept": {"zh-Hans": "有效", "zh-Hant": "有效", "en": "VALID"},
    "check": {"zh-Hans": "请核对", "zh-Hant": "請核對", "en": "CHECK"},
    "refuse": {"zh-Hans": "不予采信", "zh-Hant": "不予採信", "en": "REFUSED"},
    "not_read": {"zh-Hans": "未能读取", "zh-Hant": "未能讀取", "en": "NOT READ"},
}


def view(verdict: Verdict, language: Language = Language.ZH_HANS, now: UnixTime = NOW) -> VerdictView:
    return views.display(verdict, CATALOGUE, REASONS, language, now)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("verdict", [GOOD, PERSON_CHECK, CHECK, HOLD, REFUSE, NOT_READ], ids=lambda v: v.check_number)
def test_every_class_has_its_word_and_an_instruction(verdict: Verdict, language: Language) -> None:
    made = view(verdict, language)
    tag = texts.TAGS[language]
    assert made["lang"] == tag
    assert made["word"] == WORDS[verdict.verdict_class][tag]
    assert made["word_other"] == WORDS[verdict.verdict_class]["zh-Hans" if tag == "en" else "en"]
    assert made["instruction"].strip()
    assert made["proceed_text"].strip()
    assert not re.search("[一-鿿]", made["proceed_text"]) or tag != "en"
    assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("verdict_class", VerdictClass)
@pytest.mark.parametrize("proceed", Proceed)
def test_every_combination_of_class_and_proceed_can_be_said(
    language: Language, verdict_class: VerdictClass, proceed: Proceed
) -> None:
    made = view(replace(GOOD, verdict_class=verdict_class, proceed=proceed), language)
    assert made["proceed_text"]
    assert made["instruction"]


def test_a_hold_reads_unlike_a_check_that_may_go_on() -> None:
    held, may = view(HOLD), view(CHECK)
    assert held["hold"]
    assert not may["hold"]
    assert held["word"] == may["word"]
    assert held["proceed_text"] == "暂停办理"
    assert may["proceed_text"] == "核对后可以办理"


def test_the_instruction_is_the_action_of_the_first_finding_that_counts() -> None:
    noted = Finding(Code.W_OPEN_MODE, Tier.INFORMATION)
    counted = Finding(Code.W_STATUS_STALE, Tier.WARNING)
    assert view(replace(CHECK, findings=(noted, counted)))["instruction"] == "简W_STATUS_STALE 请照此办理。"
    assert "面前的人就是持证人" in view(replace(PERSON_CHECK, findings=(noted,)))["instruction"]
    assert view(replace(GOOD, findings=(noted,)))["instruction"] == "证照有效，可以继续办理。"


def answered(verdict: Verdict, matches: bool | None) -> VerdictView:
    return views.display(verdict, CATALOGUE, REASONS, Language.ZH_HANS, NOW, person_matches=matches)


@pytest.mark.parametrize("verdict", [PERSON_CHECK, PERSON_TO_CHECK], ids=lambda v: v.check_number)
def test_a_verdict_waits_for_the_person_until_it_is_answered(verdict: Verdict) -> None:
    waiting, same, other = answered(verdict, None), answered(verdict, True), answered(verdict, False)
    assert [each["proceed"] for each in (waiting, same, other)] == ["after_check", "yes", "no"]
    assert [each["person"] and each["person"]["state"] for each in (waiting, same, other)] == [
        "waiting",
        "matched",
        "not_matched",
    ]
    # The class speaks of the licence, so it stays, and with it its word.
    for each in (same, other):
        assert (each["class"], each["word"], each["licence"]) == (waiting["class"], waiting["word"], waiting["licence"])
    assert waiting["person"] is not None
    assert waiting["person"]["hint"] == "无照片：请提问或查看第二份证件"
    assert other["proceed_text"] == "不予办理：人证不符"
    assert "不予采信" not in json.dumps(other, ensure_ascii=False)


def test_the_answer_about_the_person_leaves_the_sentence_of_a_finding() -> None:
    assert answered(PERSON_TO_CHECK, True)["instruction"] == answered(PERSON_TO_CHECK, None)["instruction"]
    assert answered(PERSON_CHECK, True)["instruction"] == "证照有效，可以继续办理。"


@pytest.mark.parametrize("verdict", [GOOD, CHECK, HOLD, REFUSE, NOT_READ], ids=lambda v: v.check_number)
@pytest.mark.parametrize("matches", [True, False])
def test_an_answer_that_nobody_asked_for_changes_nothing(verdict: Verdict, matches: bool) -> None:
    assert answered(verdict, matches) == answered(verdict, None)
    assert answered(verdict, matches)["person"] is None


@pytest.mark.parametrize("verdict", [HOLD, REFUSE, NOT_READ], ids=lambda v: v.check_number)
def test_no_person_makes_a_stopped_verdict_go_on(verdict: Verdict) -> None:
    demanded = replace(verdict, person_check=True)
    assert answered(demanded, True)["proceed"] == "no"
    assert answered(demanded, True)["person"] is None


def test_disclosed_items_first_then_a_dash_for_what_the_purpose_asks() -> None:
    licence = view(GOOD)["licence"]
    assert licence is not None
    assert licence["name"] == "测*甲"
    assert licence["items"] == [
        {"label": "证号", "value": "310115********0028"},
        {"label": "准驾车型", "value": "C1"},
        {"label": "出生日期", "value": "1949-12-31"},
        {"label": "住址", "value": None},
    ]
    assert licence["hidden_items"] == 3
    assert licence["region"] == "上海"


def test_a_refusal_without_claims_shows_no_items_at_all() -> None:
    licence = view(REFUSE)["licence"]
    assert licence is not None
    assert licence["name"] is None
    assert licence["items"] == []
    assert view(NOT_READ)["licence"] is None


@pytest.mark.parametrize(
    ("valid_to", "left", "expired"),
    [
        (20261123, "还有 1 天", False),
        (20261122, "今天到期", False),
        (20261121, "已过期 1 天", True),
        (None, None, False),
        (20261399, None, False),
    ],
)
def test_days_left_are_counted_at_utc_plus_8(valid_to: int | None, left: str | None, expired: bool) -> None:
    licence = view(replace(GOOD, licence=replace(LICENCE, valid_to=valid_to)))["licence"]
    assert licence is not None
    assert (licence["days_left"], licence["expired"]) == (left, expired)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (0, "刚刚"),
        (59, "刚刚"),
        (60, "1 分钟前"),
        (12 * 60, "12 分钟前"),
        (HOUR - 1, "59 分钟前"),
        (HOUR, "1 小时前"),
        (DAY, "1 天前"),
    ],
)
def test_freshness_in_words(age: int, words: str) -> None:
    made = view(replace(GOOD, ages=replace(GOOD.ages, status=Seconds(age))))
    assert made["freshness"]["summary"] == f"离线核验 · 状态数据 {words}"


def test_no_status_data_is_said_and_not_called_fresh() -> None:
    assert view(HOLD)["freshness"]["summary"] == "离线核验 · 没有状态数据"
    assert view(HOLD)["freshness"]["grade_text"] == "未知"


def test_the_phone_clock_is_named_in_its_direction() -> None:
    assert view(replace(GOOD, skew=Seconds(40)))["freshness"]["skew"] == "手机时钟快约 40 秒"
    assert view(replace(GOOD, skew=Seconds(-40)))["freshness"]["skew"] == "手机时钟慢约 40 秒"


HOSTILE = [
    "甲\n有效 VALID",
    "甲\u202eDILAV",
    "甲\u200b\u2066乙",
    "甲\ufeff\x00\x1b[2J",
    "甲\ue000",
    "Z" + "\u0301" * 500,
    "长" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_fields_are_disarmed_everywhere(text: str) -> None:
    claims = dict.fromkeys(("name", "class", "licence_no", "address", "citizen_id"), text)
    hostile = replace(LICENCE, authority=text, region=text, slug=text, claims=claims)
    for catalogue in (CATALOGUE, None):
        for language in Language:
            made = views.display(replace(GOOD, licence=hostile), catalogue, REASONS, language, NOW)
            for said in _texts_in(made):
                assert not re.search("[\x00-\x1f\u200b\u2066\u202e\ufeff\ue000]", said)
                assert "\u0301" * 4 not in said
                assert len(said) <= harmless.MAX_VALUE_CHARACTERS + 1


def _texts_in(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in _texts_in(each)]
        case list():
            return [text for each in value for text in _texts_in(each)]
        case _:
            return []


def test_without_a_catalogue_items_carry_their_own_names() -> None:
    licence = views.display(GOOD, None, REASONS, Language.EN, NOW)["licence"]
    assert licence is not None
    assert licence["kind"] == "driving-licence"
    assert {item["label"] for item in licence["items"]} == {"class", "licence_no", "birth_date"}


@pytest.mark.parametrize("named", Named)
def test_a_foreign_code_is_named_in_the_language_of_the_page(named: Named) -> None:
    event = shown(NOT_READ, foreign=ForeignCode(named.value, NAMES[named]))
    made = notices.verdict_json(event, catalogue=CATALOGUE, reasons=REASONS, now=NOW)
    said = json.loads(json.dumps(made))["views"]
    assert NAMES[named].zh_hans in said["zh-Hans"]["foreign"]
    assert NAMES[named].en in said["en"]["foreign"]


def test_the_verdict_object_names_no_replay_key_and_no_status_index() -> None:
    encoded = json.dumps(notices.verdict_json(shown(GOOD), catalogue=CATALOGUE, reasons=REASONS, now=NOW))
    assert GOOD.replay_key is not None
    assert GOOD.replay_key.hex() not in encoded
    assert "lz:310000/1" not in encoded


def test_every_fact_tier_and_class_has_words() -> None:
    for language in Language:
        for fact in Fact:
            assert texts.say(f"fact.{fact}", language)
        for tier in Tier:
            assert texts.say(f"tier.{tier.name.lower()}", language)


def test_every_text_is_there_in_three_languages_with_the_same_figures() -> None:
    for key, names in texts.all_texts().items():
        figures = [sorted(re.findall(r"{(\w+)}", each)) for each in (names.zh_hans, names.zh_hant, names.en)]
        assert figures[0] == figures[1] == figures[2], key
        assert all((names.zh_hans, names.zh_hant, names.en)), key


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        (None, [], Language.ZH_HANS),
        (None, ["en-GB", "zh"], Language.EN),
        (None, ["fr", "zh-TW"], Language.ZH_HANT),
        (None, ["zh-Hans-HK"], Language.ZH_HANS),
        (None, ["zh-CN"], Language.ZH_HANS),
        ("en", ["zh-CN"], Language.EN),
        ("zh-Hant", ["en"], Language.ZH_HANT),
        ("../../etc", ["en"], Language.EN),
    ],
)
def test_language_negotiation(asked: str | None, accepted: list[str], expected: Language) -> None:
    assert texts.negotiate(asked, accepted) is expected


def test_standing_names_the_outage_and_the_queue() -> None:
    made = json.loads(json.dumps(standing_views.standing_json(TwinSession().status())))
    assert made["link"] == "offline"
    assert made["views"]["zh-Hans"]["network"] == "网络中断，自 11-22 09:00 起"
    assert made["views"]["zh-Hans"]["waiting"] == "待复核 3 笔"
    assert made["views"]["en"]["status"] == "status data 12 min ago"


def test_at_the_roadside_what_may_be_driven_stands_first_and_large() -> None:
    def items(purpose: Purpose) -> list[licence_views.ItemView]:
        said = views.display(replace(GOOD, purpose=purpose), CATALOGUE, REASONS, Language.EN, NOW)["licence"]
        assert said is not None
        return said["items"]

    assert items(Purpose.ROADSIDE)[0] == {"label": "class", "value": "C1", "large": True}
    assert [each for each in items(Purpose.WINDOW) if "large" in each] == []
