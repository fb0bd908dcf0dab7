"""`liangzheng vectors check`: our library passes; wrong implementations fail with vector and fault named."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from liangzheng.cli import main
from liangzheng.errors import VectorsUnusable
from liangzheng.vectors import acts, checking, folder
from liangzheng.vectors.checking import Answer, Role
from liangzheng.vectors.folder import Format, Vector
from liangzheng.vectors.program import parsed, standard_input

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests/vectors"
LOADED = folder.load(VECTORS)
ACTS = acts.load(VECTORS)


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)


def wrong(fault: str) -> str:
    words = [sys.executable, "-m", "tests.liangzheng.wrong_reader", fault, "{dir}", "{format}", "{at}", "{key}"]
    return shlex.join(words)


def checked(fault: str, only: str, *options: str) -> tuple[int, dict[str, Any]]:
    ran = run("vectors", "check", VECTORS, "--command", wrong(fault), "--only", only, "--json", *options)
    return ran.exit_code, json.loads(ran.stdout)


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


# Our own library.


def test_our_own_library_answers_all_of_them() -> None:
    ran = run("vectors", "check", VECTORS, "--json")
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["vectors"] == said["matched"] == len(LOADED.vectors)
    assert said["good"] == said["good_compared_in_values"] == sum(each.is_good for each in LOADED.vectors)
    assert said["appraisal_vectors_only_read"] == 8
    assert said["mismatches"] == []


def test_the_summary_for_people() -> None:
    ran = run("vectors", "check", VECTORS, "--format", "paper", "--format", "receipt")
    assert ran.exit_code == 0
    asked = [each for each in LOADED.vectors if each.format in (Format.PAPER, Format.RECEIPT)]
    assert f"{len(asked)} of {len(asked)} vectors answered as expected." in ran.stdout


# Programs.


def test_a_program_that_is_right() -> None:
    for only, count in (("paper-signed", 2), ("sealed-inside", 3), ("bundle-of-t", 2), ("receipt-of-a-check", 1)):
        code, said = checked("none", only)
        assert (code, said["matched"], said["mismatches"]) == (0, count, []), only
    code, said = checked("none", "base45-newline-after")
    assert (code, said["matched"]) == (0, 1)


@pytest.mark.parametrize(
    ("fault", "only", "said"),
    [
        ("accepts-all", "bad/paper-claim-1-1", "must be answered by E_SCHEMA (refuse), and was by E_SCHEMA (read)"),
        ("one-code", "bad/paper-claim-1-1", "must be answered by E_SCHEMA (refuse), and was by E_SHAPE (refuse)"),
        ("last-four", "good/paper-of-one-day", "last_four is another than expected"),
        ("sig-structure", "good/paper-of-one-day", "bytes.paper_sig_structure is another than expected"),
        ("crashes", "good/paper-of-one-day", "exit code 7, which is no answer"),
        ("crashes", "bad/paper-crit", "exit code 7, which is no answer"),
        ("chatters", "good/paper-of-one-day", "the last line of standard output is no JSON object"),
        ("silent", "bad/paper-crit", "nothing on standard output"),
    ],
)
def test_wrong_implementations(fault: str, only: str, said: str) -> None:
    code, found = checked(fault, f"{only}")
    named = [each for each in found["mismatches"] if each["file"] == f"{only}.json"]
    assert code == 1
    assert [each["faults"] for each in named] == [[said]]


def test_a_program_that_hangs_has_no_answer() -> None:
    code, found = checked("hangs", "good/paper-of-one-day", "--wait", "1")
    assert code == 1
    assert found["mismatches"][0]["faults"] == ["no answer within 1 s"]


def test_who_says_nothing_of_values_is_compared_by_class_and_that_is_counted() -> None:
    code, found = checked("silent", "good/paper-of-one-day")
    assert (code, found["matched"], found["good"], found["good_compared_in_values"]) == (0, 1, 1, 0)


def test_a_mismatch_is_named_for_people_too() -> None:
    ran = run("vectors", "check", VECTORS, "--command", wrong("one-code"), "--only", "bad/paper-crit")
    assert ran.exit_code == 1
    assert "MISMATCH bad/paper-crit.json" in ran.stdout
    assert "0 of 1 vectors answered as expected." in ran.stdout


def test_our_own_command_fulfils_the_contract() -> None:
    own = f"{shlex.quote(sys.executable)} -m liangzheng vectors read --vectors {{dir}} --format {{format}} --at {{at}}"
    ran = run("vectors", "check", VECTORS, "--command", f"{own} --key {{key}}", "--only", "/sealed-f", "--json")
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["good_compared_in_values"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--command", "no-such-program-anywhere"), "cannot be started"),
        (("--command", ""), "--command is empty"),
        (("--command", "'unfinished"), "cannot be split"),
        (("--format", "postcard"), "no format postcard"),
        (("--only", "no-such-name"), "no vector is left"),
        (("--acts",), "--acts goes with"),
        (("--as", "terminal", "--acts"), "--acts goes with"),
        (("--command", "true", "--acts"), "--acts goes with"),
        (("--as", "terminal", "--only", "no-such-name"), "no vector is left"),
    ],
)
def test_wrong_use_is_2_and_checks_nothing(arguments: tuple[str, ...], said: str) -> None:
    ran = run("vectors", "check", VECTORS, *arguments)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_read_refuses_what_is_no_input() -> None:
    options = ("vectors", "read", "--vectors", VECTORS, "--at", "1795226400")
    assert run(*options, "--format", "receipt", stdin="not hexadecimal").exit_code == 2
    assert run(*options, "--format", "sealed", stdin="LE1:ABC").exit_code == 2
    assert run(*options, "--format", "postcard", stdin="x").exit_code == 2
    answered = run(*options, "--format", "paper", stdin="LS1:ab\n")
    assert (answered.exit_code, json.loads(answered.stdout)["code"]) == (4, "E_B45")


# Acts: what a terminal must say.


def test_our_own_terminal_answers_acts_and_bad_presentations() -> None:
    ran = run("vectors", "check", VECTORS, "--as", "terminal", "--json")
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["acts"] == said["acts_matched"] == len(ACTS) > 70
    assert said["vectors"] == said["matched"] > 400
    assert said["act_mismatches"] == []
    people = run("vectors", "check", VECTORS, "--as", "terminal", "--only", "acts/paper")
    assert people.exit_code == 0
    assert "9 of 9 acts answered by the expected verdict." in people.stdout
    assert "vectors answered" not in people.stdout


def test_a_format_alone_asks_for_no_acts() -> None:
    ran = run("vectors", "check", VECTORS, "--as", "terminal", "--format", "presentation", "--only", "later", "--json")
    assert (ran.exit_code, json.loads(ran.stdout)["acts"]) == (0, 0)


def own_terminal() -> str:
    return f"{shlex.quote(sys.executable)} -m liangzheng vectors appraise --vectors {{dir}}"


def test_a_program_is_asked_for_acts_where_it_says_so() -> None:
    options = ("--as", "terminal", "--command", own_terminal(), "--only", "acts/bundle-of-two", "--json")
    ran = run("vectors", "check", VECTORS, *options, "--acts")
    assert ran.exit_code == 0, ran.output
    assert (json.loads(ran.stdout)["acts"], json.loads(ran.stdout)["acts_matched"]) == (3, 3)
    assert run("vectors", "check", VECTORS, *options).exit_code == 2


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("echo 1", "no JSON object with the class"),
        ("echo", "no JSON object with the class"),
        ("echo nonsense", "no JSON object with the class"),
        ('echo \'{"class": "check"}\'', "no JSON object with the class"),
        ('echo \'{"class": "accept"}\'', "no codes in the answer"),
        ('echo \'{"class": "accept", "codes": [{"code": "E_AUD", "tier": "none"}, 7]}\'', "codes must be"),
        ("sh -c 'exit 7'", "exit code 7"),
        ("sh -c 'sleep 5'", "no answer within"),
    ],
)
def test_a_program_that_says_something_else_has_no_answer(command: str, fault: str) -> None:
    options = ("--as", "terminal", "--acts", "--command", command, "--only", "acts/sealed-bundle", "--wait", "0.3")
    ran = run("vectors", "check", VECTORS, *options)
    assert ran.exit_code == 1
    assert "MISMATCH acts/sealed-bundle.json" in ran.stdout
    assert fault in ran.stdout


@pytest.mark.parametrize("asked", ["", "[]", "{}", '{"at": 1, "given": {}}', '{"at": "x", "given": 1}'])
def test_appraise_refuses_what_is_no_act(asked: str) -> None:
    assert run("vectors", "appraise", "--vectors", VECTORS, stdin=asked).exit_code == 2


def changed_copy(tmp_path: Path, file: str, change: Callable[[Any], None]) -> Path:
    """The documents, one vector and the act of this file with a change."""
    copied = tmp_path / "vectors"
    shutil.copytree(VECTORS / "documents", copied / "documents")
    index = json.loads((VECTORS / "index.json").read_bytes())
    index["vectors"] = [entry for entry in index["vectors"] if entry["file"] == "bad/prefix-missing.json"]
    index["acts"] = [entry for entry in index["acts"] if entry["file"] == file]
    (copied / "index.json").write_text(json.dumps(index))
    for name in ("bad/prefix-missing.json", file):
        (copied / name).parent.mkdir(exist_ok=True)
        shutil.copy(VECTORS / name, copied / name)
    content = json.loads((copied / file).read_bytes())
    change(content)
    (copied / file).write_text(json.dumps(content))
    return copied


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proceed", "no"),
        ("answered_cnonce", None),
        ("used_up", False),
        ("established", []),
        ("member_verdicts", [{}]),
        ("licence", {}),
        ("person_check", True),
    ],
)
def test_every_part_of_a_verdict_is_compared(tmp_path: Path, name: str, value: Any) -> None:
    file = "acts/answer-to-a-challenge.json"
    copied = changed_copy(tmp_path, file, lambda content: content["expected"].update({name: value}))
    ran = run("vectors", "check", copied, "--as", "terminal", "--only", file)
    assert ran.exit_code == 1
    assert f"{name} must be {value!r}" in ran.stdout


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["expected"].update({"class": "refuse"}),
        lambda content: content["expected"].update({"codes": {"E_AUD": "contraindicated"}}),
        lambda content: content["given"].update({"hex": "00"}),
        lambda content: content["given"].pop("text"),
        lambda content: content.pop("given"),
    ],
)
def test_an_act_that_contradicts_its_index_is_unusable(tmp_path: Path, change: Callable[[Any], None]) -> None:
    copied = changed_copy(tmp_path, "acts/answer-to-a-challenge.json", change)
    assert run("vectors", "check", copied, "--as", "terminal").exit_code == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given.pop("place"),
        lambda given: given["place"].update({"purpose": "moon"}),
        lambda given: given["documents"].update({"policy": "documents/catalogue.cbor"}),
        lambda given: given["documents"].update({"policy": "documents/none.cbor"}),
        lambda given: given.update({"requests": [{}]}),
        lambda given: given.update({"used": ["xyz"]}),
    ],
)
def test_an_act_without_a_whole_context_is_unusable(tmp_path: Path, change: Callable[[Any], None]) -> None:
    copied = changed_copy(tmp_path, "acts/open.json", lambda content: change(content["given"]))
    assert run("vectors", "check", copied, "--as", "terminal", "--only", "acts/open.json").exit_code == 2


# Judging.


def vector(name: str) -> Vector:
    (found,) = [each for each in LOADED.vectors if each.file.endswith(f"/{name}.json")]
    return found


@pytest.mark.parametrize(
    ("name", "role", "answer", "is_right"),
    [
        ("paper-of-one-day", Role.READER, Answer("read"), True),
        ("paper-of-one-day", Role.READER, Answer("refuse", "E_SHAPE"), False),
        ("paper-of-one-day", Role.READER, Answer("read", values={"of_a_later_version": 1}), True),
        ("paper-crit", Role.READER, Answer("refuse", "E_HDR_UNKNOWN"), True),
        ("paper-crit", Role.READER, Answer("not_read", "E_HDR_UNKNOWN"), False),
        ("paper-crit", Role.READER, Answer("refuse"), False),
        ("paper-crit", Role.READER, Answer("refuse", "E_HDR_UNKNOWN", broken="exit code 7"), False),
        ("later-for-the-police", Role.READER, Answer("read"), True),
        ("later-for-the-police", Role.READER, Answer("refuse", "E_AUD"), False),
        ("later-for-the-police", Role.TERMINAL, Answer("refuse", "E_AUD"), True),
        ("later-for-the-police", Role.TERMINAL, Answer("refuse", "E_KBT_STALE", also=("E_AUD",)), True),
        ("later-for-the-police", Role.TERMINAL, Answer("refuse", "E_KBT_STALE", also=("E_REPLAY",)), False),
        ("later-for-the-police", Role.TERMINAL, Answer("read"), False),
        ("paper-crit", Role.READER, Answer("refuse", "E_SHAPE", also=("E_HDR_UNKNOWN",)), False),
    ],
)
def test_judging(name: str, role: Role, answer: Answer, is_right: bool) -> None:
    assert (checking.judged(vector(name), answer, role).faults == ()) is is_right


def test_a_terminal_is_asked_for_bad_presentations_only() -> None:
    asked = checking.chosen(LOADED.vectors, Role.TERMINAL, formats=frozenset(), only="")
    assert {(each.format, each.is_good) for each in asked} == {(Format.PRESENTATION, False)}


def test_codes_of_a_verdict_are_understood() -> None:
    verdict = {"class": "refuse", "codes": [{"code": "W_NEAR_EXPIRY"}, {"code": "E_AUD"}, {"code": "E_KBT_STALE"}]}
    found = parsed("refuse", json.dumps(verdict).encode())
    assert (found.code, found.also) == ("E_AUD", ("E_KBT_STALE",))
    assert parsed("refuse", b'{"codes": "E_AUD"}').code is None
    assert parsed("refuse", b"[" * 100_000).broken is not None


def test_what_goes_in_comes_out_for_every_vector() -> None:
    for each in LOADED.vectors:
        content = standard_input(each).decode("utf-8", "surrogateescape")
        given = folder.given_by_input(each.format, content, private_key=each.given.private_key)
        if "lone-surrogate" not in each.file:
            assert given == each.given, each.file


# Folders.


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    copy = tmp_path / "vectors"
    for name in ("documents", "good"):
        shutil.copytree(VECTORS / name, copy / name)
    index = json.loads((VECTORS / "index.json").read_text())
    index["vectors"] = [each for each in index["vectors"] if each["file"].startswith("good/paper")]
    (copy / "index.json").write_text(json.dumps(index))
    return copy


def changed_index(copied: Path, change: Callable[[dict[str, Any]], object]) -> None:
    index = json.loads((copied / "index.json").read_text())
    change(index)
    (copied / "index.json").write_text(json.dumps(index))


def test_the_copy_is_good(copied: Path) -> None:
    assert run("vectors", "check", copied).exit_code == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda index: index.update(version=3),
        lambda index: index.update(vectors=[]),
        lambda index: index.update(vectors={}),
        lambda index: index.update(root=None),
        lambda index: index.update(trust="documents/catalogue.cbor"),
        lambda index: index["vectors"][0].update(file="../outside.json"),
        lambda index: index["vectors"][0].update(file="good/missing.json"),
        lambda index: index["vectors"][0].update(format="postcard"),
        lambda index: index["vectors"][0].update(format="sealed"),
        lambda index: index["vectors"][0].update({"class": "refuse"}),
        lambda index: index["vectors"][0].pop("file"),
        lambda index: index["vectors"].append("text"),
    ],
)
def test_folders_that_are_none(copied: Path, change: Callable[[dict[str, Any]], object]) -> None:
    changed_index(copied, change)
    with pytest.raises(VectorsUnusable):
        folder.load(copied)
    ran = run("vectors", "check", copied)
    assert (ran.exit_code, ran.stdout) == (2, "")


def test_a_changed_value_is_noticed_in_our_own_library(copied: Path) -> None:
    path = copied / "good/paper-of-one-day.json"
    content = json.loads(path.read_text())
    content["expected"]["masked_name"] = "甲*"
    path.write_text(json.dumps(content))
    changed_index(copied, lambda index: index["vectors"][0]["bytes"].update(paper="00"))
    said = json.loads(run("vectors", "check", copied, "--json").stdout)
    faults = {each["file"]: each["faults"] for each in said["mismatches"]}
    assert faults["good/paper-of-one-day.json"] == ["masked_name is another than expected"]
    assert ["bytes.paper is another than expected"] in faults.values()


def test_no_index() -> None:
    ran = run("vectors", "check", VECTORS / "good")
    assert ran.exit_code == 2
    assert "index.json" in ran.stderr
