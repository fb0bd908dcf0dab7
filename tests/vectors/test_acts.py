"""The acts on disk: each answered as its file says; and every reason code has its row, its vector and its line."""

import json
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from liangzheng.vectors import acts, folder
from liangzheng.vectors.acts import Act, OwnTerminal
from liangzheng.vectors.folder import Format
from protocol.errors import Code
from tests.appraisal.terminal import BrokenMemory, Terminal
from tests.vectors import at_terminals
from verifier_terminal.appraisal import gates, reasons
from verifier_terminal.appraisal.gates import BuiltIn
from verifier_terminal.appraisal.reasons import Language, Sound
from verifier_terminal.appraisal.verdict import Tier

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
INDEX: dict[str, Any] = json.loads((FOLDER / "index.json").read_bytes())
ACTS = acts.load(FOLDER)
TERMINAL = OwnTerminal(folder.ground_of(FOLDER), partial(folder.document, FOLDER))


def _no_disk() -> Code:
    """No code and no document can break the terminal, so that no vector can: here its replay memory fails."""
    terminal = Terminal()
    terminal.replay = BrokenMemory()
    return terminal.appraise().findings[0].code


WITHOUT_VECTOR = {Code.E_INTERNAL: _no_disk}
"""Codes that no file can produce, each with what really produces it. There is to be no other one."""


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.file)
def test_act(act: Act) -> None:
    assert acts.faults(act, TERMINAL.answer_act(act)) == ()


def test_what_is_stated_by_hand_is_compared() -> None:
    act = next(each for each in ACTS if each.file == "acts/used-before.json")
    said = dict(TERMINAL.answer_act(act))
    assert acts.faults(act, {**said, "codes": {"E_REPLAY": "contraindicated"}}) != ()
    assert acts.faults(act, {**said, "class": "accept"}) != ()
    assert acts.faults(act, {"class": "refuse"}) == ("no codes in the answer",)
    assert acts.faults(act, "crashed") == ("crashed",)


def test_an_act_is_what_stands_between_its_verdict_and_another() -> None:
    """One field of a good context changed, in both directions: the context is really looked at."""
    by_file = {each.file: each for each in ACTS}
    answered = by_file["acts/answer-to-a-challenge.json"]
    without = Act("", answered.at, {**answered.given, "requests": []}, {})
    assert TERMINAL.answer_act(without)["class"] == "refuse"
    used = by_file["acts/used-before.json"]
    assert TERMINAL.answer_act(Act("", used.at, {**used.given, "used": []}, {}))["class"] == "accept"
    late = Act("", answered.at, {**answered.given, "clock": {**answered.given["clock"], "plausible": False}}, {})
    assert TERMINAL.answer_act(late)["class"] == "check"


@cache
def produced() -> frozenset[Code]:
    """Every code that the vectors really give today, whatever their files say: of acts and of bad presentations."""
    found = {code for act in ACTS for code in TERMINAL.answer_act(act)["codes"]}
    for vector in folder.load(FOLDER).vectors:
        if vector.format is Format.PRESENTATION and not vector.is_good:
            said = TERMINAL.answer(vector)
            found |= {each for each in (said.code, *said.also) if each}
    return frozenset(map(Code, found))


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_a_row_a_line_and_a_vector(code: Code) -> None:
    row = reasons.load()[code]
    for language in Language:
        texts = row.texts(language)
        assert all(text.strip() for text in (texts.short, texts.action, texts.citizen)), (code, language)
    assert isinstance(row.tier, Tier)
    assert isinstance(row.sound, Sound)
    lines = (ROOT / "docs/verification.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(f"| {code} |") for line in lines) == 1
    named = {each["code"] for each in INDEX["vectors"] if "code" in each}
    named |= {each for act in INDEX["acts"] for each in act["codes"]}
    assert (code in named) is (code not in WITHOUT_VECTOR)


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_really_produced(code: Code) -> None:
    """A code that nothing gives any more is dead text in three languages."""
    made = WITHOUT_VECTOR.get(code)
    assert code in produced() if made is None else made() is code


@pytest.mark.parametrize(
    "code",
    [
        "E_CNONCE",
        "E_CHALLENGE_REQUIRED",
        "E_SEAL_REQUIRED",
        "E_SEAL_OPEN",
        "E_REPLAY",
        "E_MANDATE_SCOPE",
        "E_MANDATE_EXPIRED",
        "E_MANDATE_REVOKED",
        "W_BUNDLE_UNLINKED",
        "W_STATIC",
        "W_HOLDERS_MISSING",
        "W_PHONE_CLOCK",
        "W_GUARDIAN",
        "W_AGE_UNKNOWN",
    ],
)
def test_what_only_a_terminal_can_say_is_said_by_an_act(code: str) -> None:
    assert any(code in act["codes"] for act in INDEX["acts"])


def test_most_acts_are_not_accepted_and_every_class_is_there() -> None:
    classes = [act["class"] for act in INDEX["acts"]]
    assert set(classes) == {"accept", "check", "refuse", "not_read"}
    assert sum(each == "accept" for each in classes) < len(classes) / 2


def test_tiers_by_hand_are_the_built_in_ones() -> None:
    for vector in at_terminals.vectors(at_terminals.World()):
        for code, tier in vector.codes.items():
            built_in = gates.BUILT_IN[Code(code)]
            if built_in is BuiltIn.GRADED:
                assert tier in ("warning", "hold")
            else:
                assert tier == gates.finding(Code(code)).tier.name.lower()


ROW = re.compile(r"^\| (?P<attack>[^|]+) \| (?P<rule>[^|]+) \| (?P<codes>[^|]+) \| (?P<proof>[^|]+) \|$")


def rows_of_threats() -> list[dict[str, str]]:
    text = (ROOT / "docs/threats.md").read_text(encoding="utf-8")
    section = text.split("## Stopped by the protocol")[1].split("\n## ")[0]
    found = [match.groupdict() for line in section.splitlines() if (match := ROW.match(line))]
    return [row for row in found if row["attack"].strip() not in ("attack", "---")]


@pytest.mark.parametrize("row", rows_of_threats(), ids=lambda row: row["attack"][:60])
def test_every_attack_has_its_codes_and_its_proof(row: dict[str, str]) -> None:
    """docs/threats.md: each row names codes that exist, vectors that give one of them, and tests that exist."""
    codes = set(re.findall(r"[EW]_[A-Z0-9_]+", row["codes"]))
    assert codes <= set(Code)
    named = re.findall(r"`([^`]+)`", row["proof"])
    assert named, "a row without a proof"
    vectors = {each["name"]: {each.get("code")} for each in INDEX["vectors"]}
    vectors |= {f"acts/{each['name']}": set(each["codes"]) for each in INDEX["acts"]}
    for name in named:
        if "/" in name and not name.startswith("acts/"):
            path, _, test = name.partition("::")
            assert (ROOT / path).exists(), path
            if test:
                assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), name
        else:
            assert name in vectors, name
            assert not codes or vectors[name] & codes, name


def test_there_are_enough_rows() -> None:
    assert len(rows_of_threats()) >= 35
