"""A terminal asks and a wallet answers, each by its own command: sealed, several licences, short codes, mandates."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.conftest import SUBJECT, Counter, Ran, run

ACCEPT, REFUSE, CHECK = 0, 1, 3
ID_CARD = {
    "name": "测试员甲",
    "citizen_id": "990101194912310028",
    "sex": 1,
    "nation": 1,
    "birth_date": "1949-12-31",
    "address": "上海市松江区虚构路1号",
    "authority": "上海市公安局松江分局",
    "valid_from": "2026-01-01",
    "valid_to": "2036-01-01",
}


@pytest.fixture(scope="module")
def counter(make_counter: Callable[[], Counter]) -> Counter:
    """An authority with a site, a certified window, and a phone with two licences and a mandate."""
    made = make_counter()
    key = made.folder / "terminal.key"
    key.write_text(good("terminal", "key", made.terminal).out)
    certify(made, key)
    named = ("--name", "虚构市政务大厅", "--relying-party", "虚构市车管所")
    site = good("issuer", "site", made.authority, "add", *named).out.split()[0]
    good("terminal", "sync", made.terminal)
    good("terminal", "site", made.terminal, site)
    issue(made, "id-card", ID_CARD, "id.lz")
    mandate = ("--level", "1", "--purpose", "window", "--out", made.folder / "mandate.lz")
    agent = ("--agent-key", made.folder / "key.cbor")
    good("issuer", "mandate", made.authority, made.licence, *agent, *mandate)
    good("wallet", "receive", made.phone, made.folder / "mandate.lz")
    return made


def good(*arguments: str | Path) -> Ran:
    ran = run(*arguments)
    assert ran.code == 0, (arguments, ran.out, ran.err)
    return ran


def certify(made: Counter, key: Path) -> None:
    out = made.folder / "certificate.cbor"
    good(
        "issuer", "certify-terminal", made.authority, "--key", key, "--terminal", "310000-W07",
        "--place", "虚构市政务大厅7号窗", "--relying-party", "虚构市车管所", "--purpose", "window", "--out", out,
    )  # fmt: skip
    good("terminal", "certificate", made.terminal, out)


def issue(made: Counter, kind: str, subject: dict[str, Any], name: str) -> None:
    (made.folder / "subject.json").write_text(json.dumps(subject, ensure_ascii=False), encoding="utf-8")
    good(
        "issuer", "issue", made.authority, "--kind", kind, "--subject", made.folder / "subject.json",
        "--holder-key", made.folder / "key.cbor", "--out", made.folder / name,
    )  # fmt: skip
    good("wallet", "receive", made.phone, made.folder / name)


def asked(counter: Counter, *options: str, answer: Callable[[str], Ran]) -> tuple[Any, Ran]:
    """The verdict on the answer to what the terminal showed, and how the wallet's command ended."""
    said = counter.folder / f"answer-{time.monotonic_ns()}.txt"
    command = ("terminal", "challenge", str(counter.terminal), *options, "--text", "--answer-file", str(said), "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "liangzheng", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as terminal:
        try:
            assert terminal.stdout is not None
            # One object for what is shown, and one for the verdict.
            opened = json.loads(terminal.stdout.readline())
            shown = opened["challenge"] or opened["short_code"]
            answered = answer(shown)
            said.write_text(answered.out)
            out, err = terminal.communicate(timeout=60)
        finally:
            terminal.kill()
    assert terminal.returncode in {ACCEPT, CHECK, REFUSE}, (shown, out, err)
    return json.loads(out), answered


def codes(verdict: Any) -> set[str]:
    return {each["code"] for each in verdict["codes"]}


def answer(counter: Counter, *options: str) -> Callable[[str], Ran]:
    return lambda shown: good("wallet", "answer", counter.phone, "--challenge", shown, "--yes", "--text", *options)


def test_a_sealed_answer_is_accepted_and_its_receipt_is_kept_by_the_holder(counter: Counter) -> None:
    files = [str(counter.folder / name) for name in ("receipt.cbor", "copy.cbor")]
    verdict, answered = asked(
        counter, "--kind", "driving-licence", "--reason", "换领驾驶证", "--receipt", files[0], "--copy", files[1],
        answer=answer(counter, "--card", counter.licence),
    )  # fmt: skip
    assert verdict["class"] == "accept", verdict
    assert "W_OPEN_MODE" not in codes(verdict)
    assert answered.out.startswith("LE1:")
    for said in ("虚构市车管所", "虚构市政务大厅7号窗", "换领驾驶证"):
        assert said in answered.err
    kept = good("wallet", "receipt", "add", counter.phone, files[1]).out
    assert "虚构市车管所, 虚构市政务大厅7号窗" in kept
    assert "(yours)" in kept


@pytest.mark.parametrize("linked", [True, False])
def test_two_licences_are_one_sealed_answer(linked: bool, counter: Counter) -> None:
    """About one person where both show the number; else the wallet says beforehand what the terminal says then."""
    items = ("--item", "name", "--item", "citizen_id", "--item", "valid_to") if linked else ()
    verdict, answered = asked(
        counter, "--kind", "driving-licence", "--kind", "id-card", *items,
        answer=answer(counter, "--card", counter.licence, "--card", "id-card"),
    )  # fmt: skip
    assert len(verdict["members"]) == 2, verdict
    assert ("W_BUNDLE_UNLINKED" not in codes(verdict)) is linked, verdict
    assert ("does not prove that these licences are one person's" not in answered.err) is linked


def test_what_is_too_large_for_one_code_comes_in_frames(counter: Counter) -> None:
    """Every item of two licences, sealed: a bundle above the cap."""
    names = ("name", "citizen_id", "valid_to", "valid_from", "birth_date", "address", "authority", "sex", "class",
             "licence_no", "nation")  # fmt: skip
    items = [word for name in names for word in ("--item", name)]
    verdict, answered = asked(
        counter, "--kind", "driving-licence", "--kind", "id-card", *items,
        answer=answer(counter, "--card", counter.licence, "--card", "id-card", *items),
    )  # fmt: skip
    assert {line[:4] for line in answered.out.splitlines()} == {"LP1:"}
    assert len(verdict["members"]) == 2, verdict
    assert "W_BUNDLE_UNLINKED" not in codes(verdict)


def test_a_mandate_answers_for_its_holder(counter: Counter) -> None:
    listed = json.loads(good("wallet", "list", counter.phone, "--json").out)
    (agent,) = [each["id"] for each in listed if "mandate" in each]
    verdict, answered = asked(counter, "--kind", "driving-licence", answer=answer(counter, "--card", agent))
    assert verdict["class"] in {"accept", "check"}, verdict
    assert not {code for code in codes(verdict) if code.startswith("E_")}
    assert "You act for somebody else here" in answered.err


def test_a_short_code_names_its_place_and_is_accepted(counter: Counter) -> None:
    verdict, answered = asked(
        counter, "--short",
        answer=lambda shown: good(
            "wallet", "answer", counter.phone, "--short", shown, "--card", counter.licence, "--yes", "--text"
        ),
    )  # fmt: skip
    assert verdict["class"] == "accept", verdict
    assert answered.out.startswith("LZ1:")
    assert "虚构市政务大厅" in answered.err
    assert "fraud" in answered.err


def test_asking_for_more_than_the_purpose_allows_never_reaches_the_wallet(counter: Counter) -> None:
    ran = run("terminal", "challenge", counter.terminal, "--kind", "driving-licence", "--item", "archive_no", "--text",
              "--answer", "x")  # fmt: skip
    assert ran.code not in {ACCEPT, CHECK}
    assert SUBJECT["name"] not in ran.out + ran.err


def test_a_newer_directory_is_taken_alone(counter: Counter) -> None:
    published = counter.authority / "published" / "directory.cbor"
    assert good("wallet", "directory", counter.phone, published).out == "310000\n"
    refused = run("wallet", "directory", counter.phone, counter.folder / "certificate.cbor")
    assert (refused.code, refused.err.split(":")[0]) == (1, "PACKAGE_DIRECTORY_REFUSED")
