"""The table of texts: complete, within its lengths, and in step with the built-in classes."""

import unicodedata

import pytest

from protocol.errors import Code
from verifier_terminal.appraisal import gates, reasons
from verifier_terminal.appraisal.gates import BuiltIn
from verifier_terminal.appraisal.reasons import Language, Reason, ReasonTableError, Sound
from verifier_terminal.appraisal.verdict import Tier

CHINESE_LIMITS = {"short": 20, "action": 30, "citizen": 40}
ENGLISH_LIMITS = {"short": 45, "action": 100, "citizen": 100}
USUAL_TIER = {
    BuiltIn.NOT_READ: Tier.NONE,
    BuiltIn.REFUSE: Tier.CONTRAINDICATED,
    BuiltIn.HOLD: Tier.HOLD,
    BuiltIn.GRADED: Tier.WARNING,
    BuiltIn.INFORMATION: Tier.INFORMATION,
}
# Characters that only simplified writing has: a row that was forgotten in the traditional column shows one.
SIMPLIFIED_ONLY = set(
    "证码态请开个电长过现没读结规对类号数据级别护签关与无处报运维员换终机设备给领还来见时间应该项务转资状录认识网络办异议询须质单发权从为样让后将标题则们采尽扫写选择"
    # And those that careless conversion leaves: 並, 於, 諮 and 儘早 are what is written here.
    "并于咨"
)


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_its_texts_in_three_languages(code: Code) -> None:
    reason = reasons.load()[code]
    for language in Language:
        texts = reason.texts(language)
        limits = ENGLISH_LIMITS if language is Language.EN else CHINESE_LIMITS
        for field, limit in limits.items():
            text = getattr(texts, field)
            assert text == text.strip()
            assert 0 < len(text) <= limit, (language, field, text)
            assert unicodedata.is_normalized("NFC", text)
            assert text.isprintable()
            has_chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
            assert has_chinese is (language is not Language.EN), (language, field, text)
            if language is Language.ZH_HANT:
                assert not SIMPLIFIED_ONLY & set(text), (field, text)


def test_the_table_is_in_step_with_the_built_in_classes() -> None:
    table = reasons.load()
    assert table.keys() == set(Code)
    for code, reason in table.items():
        assert reason.code is code
        assert reason.tier is USUAL_TIER[gates.BUILT_IN[code]]
        # A technical problem never sounds like a refusal, and a refusal never like a success.
        assert (reason.sound is Sound.ERROR) <= (reason.tier is Tier.CONTRAINDICATED)
        assert (reason.sound is Sound.SUCCESS) is False


def test_the_citizen_is_never_blamed() -> None:
    for reason in reasons.load().values():
        for text in (reason.zh_hans.citizen, reason.zh_hant.citizen):
            assert text.startswith("您好，")
            assert not {"伪造", "假证", "造假", "偽造", "假證", "违法", "違法"} & {
                text[i : i + 2] for i in range(len(text))
            }
        assert not {"forged", "fake", "fraud", "illegal"} & set(reason.en.citizen.lower().split())


def _row() -> dict[str, object]:
    texts = {"short": "a", "action": "b", "citizen": "c"}
    return {"tier": "hold", "sound": "error", "zh_hans": texts, "zh_hant": texts, "en": texts}


def test_a_good_row_is_read() -> None:
    assert isinstance(reasons._reason(Code.E_AUD, _row()), Reason)


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "purple"},
        {"sound": "trumpet"},
        {"en": {"short": "a", "action": "b"}},
        {"en": {"short": "a", "action": "b", "citizen": ""}},
        {"en": "text"},
        {"more": "x"},
    ],
)
def test_a_bad_row_is_named(change: dict[str, object]) -> None:
    with pytest.raises(ReasonTableError, match="E_AUD"):
        reasons._reason(Code.E_AUD, {**_row(), **change})
