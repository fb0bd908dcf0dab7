"""Each runbook, for real: looked at first, killed at every step, gone on with, and refused what is forged."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from issuer.application import Issuer
from issuer.cli import cli
from issuer.config import PASSPHRASE_VARIABLE, PIN_VARIABLE
from issuer.feed.errors import BanRefused
from issuer.keys.records import USES
from issuer.profile import TokenPlace
from issuer.runbooks import drilling, opening, running, shelf
from issuer.runbooks.book import Scene, Step
from issuer.runbooks.errors import AnswerRefused, RunbookStopped, RunbookUnknown
from issuer.runbooks.opening import RealOpens
from issuer.runbooks.runs import Run, RunState
from protocol.unixtime import Seconds, UnixTime
from tests import softhsm
from tests.issuer import runbook_cases
from tests.issuer.builders import AT, DRIVING, holder_key, made
from tests.issuer.runbook_cases import CASES, CHEAP, Case

BY, SECOND = "甲", "乙"


class Killed(BaseException):
    """The program ends here."""


class Killer:
    """Kills a run at each step that acts, when it has acted and before that is written down; and before the first."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def at(self, step: str, phase: str) -> None:
        if (step, phase) not in self.seen:
            self.seen.append((step, phase))
            raise Killed


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.runbooks.of_service.LIBSODIUM_MODERATE", CHEAP)
    monkeypatch.setattr(opening, "LIBSODIUM_MODERATE", CHEAP)
    monkeypatch.setattr(drilling, "LIBSODIUM_MODERATE", CHEAP)


def scene_of(folder: Path, case: Case, *, second: str | None = SECOND, is_drill: bool = False) -> Scene:
    return Scene(folder, case.answers, BY, second, lambda: case.at, RealOpens(None, is_drill=is_drill))


def quiet(step: Step, word: str, says: str) -> None:
    del step, word, says


def run(name: str, scene: Scene, *, resume: str | None = None, confirm: Any = lambda _: True) -> running.Outcome:
    try:
        return running.run(shelf.one(name), scene, resume=resume, confirm=confirm, say=quiet)
    finally:
        scene.close()


def place_of(name: str, issuer: Issuer) -> Path:
    return issuer.places.folder.parent / "back" if name == "register-lost" else issuer.places.folder


def newest(folder: Path) -> Run | None:
    if not (folder / "issuer.json").is_file():
        return None
    opened = RealOpens(None, is_drill=False).issuer(folder)
    with opened:
        found = opened.runs.listed()
    return found[0] if found else None


def works(name: str, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, folder = CASES[name](issuer, tmp_path), place_of(name, issuer)
    book = shelf.one(name)
    book.demand(case.answers)
    # A look changes nothing, and says so.
    head = issuer.audit.head()
    scene = scene_of(folder, case)
    looked = running.look_through(book, scene, say=quiet)
    scene.close()
    assert issuer.audit.head() == head
    to_do = {each.step for each in looked.passed if each.word == "to do"}
    assert to_do >= case.acts - {"approve", "cancel", "come-back"}
    # Killed at every step, it comes to its end and does nothing twice.
    killer, acted = Killer(), []
    move = running._move

    def killing(scene: Scene, record: Any, state: RunState, step: str, **more: Any) -> None:
        if state is RunState.RUNNING and step in acted:
            killer.at(step, "after")
        move(scene, record, state, step, **more)

    def confirm(step: Step) -> bool:
        if not acted:
            killer.at("", "before")
        acted.append(step.name)
        return True

    monkeypatch.setattr(running, "_move", killing)
    for _ in range(4 * len(book.steps)):
        held = newest(folder)
        try:
            done = run(name, scene_of(folder, case), resume=None if held is None else held.id, confirm=confirm)
        except Killed:
            continue
        break
    by_hand = {step.name for step in book.steps if step.look.__qualname__.startswith("by_hand")}
    assert set(acted) == case.acts
    assert sorted(each for each in acted if each not in by_hand) == sorted(case.acts - by_hand)
    monkeypatch.setattr(running, "_move", move)
    with RealOpens(None, is_drill=False).issuer(folder) as after:
        case.check(after)
        (record,) = after.runs.listed()
        assert (record.id, record.state, record.name) == (done.run, RunState.DONE, name)
        said = [each.act for each in after.audit.listed(search=record.id)]
        assert (said[-1], said[0]) == ("runbook-begin", "runbook-done")
        after.audit.verify()
    # What is done is done; other answers, another runbook and another's run go on with nothing.
    with pytest.raises(AnswerRefused, match="done"):
        run(name, scene_of(folder, case), resume=record.id)
    with pytest.raises(RunbookUnknown):
        run(name, scene_of(folder, case), resume="x" * 22)


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"key-stolen", "subject-deletion"}))
def test_it_comes_to_its_end_whatever_interrupts_it(
    name: str, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works(name, issuer, tmp_path, monkeypatch)


def test_a_token_that_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = softhsm.new_token(), softhsm.new_token()
    monkeypatch.setenv(PIN_VARIABLE, old.pin)
    with made(tmp_path / "i") as issuer:
        folder = issuer.places.folder
    opens = RealOpens(None, is_drill=False)
    opens.token(folder, f"{old.module},{old.label}")
    with opens.issuer(folder) as issuer:
        for use in USES.values():
            if use is not USES["status"]:
                issuer.keys.rotate(use, department="", ahead=Seconds(0), actor="test", at=AT)
        assert issuer.profile.token == TokenPlace(old.module, old.label)
    opens.new_status_key(folder)
    with opens.issuer(folder) as issuer:
        issuer.publish(at=AT)
    case = Case({"token": f"{new.module},{new.label}"}, lambda _: None, UnixTime(AT + 60))
    with opens.issuer(folder) as issuer, pytest.raises(AnswerRefused, match="keys live in a token"):
        drilling.drill(issuer, shelf.one("token-lost"), case.answers, opens=opens, by=BY, say=quiet, now=lambda: AT)
    killer = Killer()

    def confirm(step: Step) -> bool:
        killer.at(step.name, "before")
        return True

    for _ in range(9):
        held = newest(folder)
        try:
            run("token-lost", scene_of(folder, case), resume=None if held is None else held.id, confirm=confirm)
        except Killed:
            continue
        break
    assert [step for step, _ in killer.seen] == ["place", "status", "rotate"]
    with opens.issuer(folder) as issuer:
        assert issuer.profile.token is not None
        assert issuer.profile.token.label == new.label
        assert issuer.issue("driving-licence", DRIVING, holder_key(), at=UnixTime(AT + 120)).package
        for _, signer in issuer.signing_now(at=UnixTime(AT + 120)):
            signer.sign(b"x")


# What is refused.


@pytest.fixture
def stolen(issuer: Issuer, tmp_path: Path) -> Case:
    return CASES["key-stolen"](issuer, tmp_path)


@pytest.mark.parametrize(
    "forged",
    [
        {"kid": "00" * 8},
        {"kid": "zz"},
        {"kid": ""},
        {"since": "yesterday"},
        {"since": "2099-01-01T00:00:00"},
        {"reason": ""},
        {"reason": "x" * 201},
        {"reason": "a\u202eb"},
        {"more": "x"},
        {"reason": None},
    ],
)
def test_forged_answers_change_nothing(issuer: Issuer, stolen: Case, forged: dict[str, str | None]) -> None:
    answers = {name: text for name, text in ({**stolen.answers, **forged}).items() if text is not None}
    before, (key,) = issuer.keys.listed(), [each for each in issuer.keys.listed() if each.use is USES["assert"]]
    wrong = replace(stolen, answers=answers)
    try:
        shelf.one("key-stolen").demand(answers)
    except AnswerRefused:
        assert "since" not in forged or forged["since"] == "yesterday"
        return
    with pytest.raises((RunbookStopped, BanRefused)) as refused:
        run("key-stolen", scene_of(issuer.places.folder, wrong))
    (after,) = (each for each in issuer.keys.listed() if each.kid == key.kid)
    assert after.banned_since is None
    assert refused.type is BanRefused or issuer.keys.listed() == before


def test_no_is_no_and_the_same_person_is_no_second_one(issuer: Issuer, stolen: Case) -> None:
    folder = issuer.places.folder
    with pytest.raises(RunbookStopped, match="stop: nobody has said yes") as stopped:
        run("key-stolen", scene_of(folder, stolen), confirm=lambda _: False)
    held = newest(folder)
    assert held is not None
    assert held.id in stopped.value.hint
    assert (held.state, held.step) == (RunState.STOPPED, "stop")
    reason = issuer.audit.listed(search="runbook-stop")[0].reason
    assert reason == "key-stolen: stop: nobody has said yes"
    other = replace(stolen, answers={**stolen.answers, "reason": "另一个"})
    with pytest.raises(AnswerRefused, match="not the answers"):
        run("key-stolen", scene_of(folder, other), resume=held.id)
    with pytest.raises(AnswerRefused, match="is of key-stolen"):
        run("feed-down", scene_of(folder, Case({}, lambda _: None)), resume=held.id)
    with pytest.raises(Exception, match="does not approve it"):
        run("key-stolen", scene_of(folder, stolen, second=BY), resume=held.id)
    # Nobody stands beside: somebody approves elsewhere, and it goes on from there.
    with pytest.raises(RunbookStopped, match="waits for a second person") as waits:
        run("key-stolen", scene_of(folder, stolen, second=None), resume=held.id)
    (proposal,) = issuer.approvals.listed(decided_too=False, at=stolen.at)
    assert proposal.id[:8] in waits.value.hint
    issuer.approvals.approve(proposal.id, by=SECOND, at=stolen.at)
    assert run("key-stolen", scene_of(folder, stolen, second=None), resume=held.id).run == held.id
    stolen.check(issuer)


def test_a_step_without_effect_stops_it(issuer: Issuer, stolen: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuer.keys.ceremonies.Keys.stop", lambda *_, **__: type("N", (), {"published": ()})())
    with pytest.raises(RunbookStopped, match="has not had its effect"):
        run("key-stolen", scene_of(issuer.places.folder, stolen))


def test_what_is_not_there_is_blocked(issuer: Issuer, tmp_path: Path) -> None:
    number = runbook_cases.number_file(tmp_path, "990101198001010014")
    folder = issuer.places.folder
    for name, answers in {
        "holder-died": {"number-file": number, "reason": "x"},
        "subject-deletion": {"number-file": number, "after-days": "0", "reason": "x"},
        "subject-access": {"number-file": number, "out": str(tmp_path / "out")},
        "terminal-lost": {"terminal": "nowhere", "reason": "x"},
        "staff-compromised": {"number": "-", "person": "-", "since": "2026-11-22", "reason": "x"},
        "token-lost": {"token": "-"},
        "clock-wrong": {"true-time": "2026-11-22T11:00:00"},
    }.items():
        shelf.one(name).demand(answers)
        with pytest.raises(RunbookStopped):
            run(name, scene_of(folder, Case(answers, lambda _: None)))
    with pytest.raises(AnswerRefused):
        shelf.one("register-lost").demand({"backup": "/nowhere"})


# Drills.


@pytest.mark.parametrize("name", ["key-stolen", "subject-access", "register-lost"])
def test_a_drill_changes_nothing_but_the_trail(name: str, issuer: Issuer, tmp_path: Path) -> None:
    case = CASES[name](issuer, tmp_path)
    # A store that nobody can reach: a drill asks no store.
    (issuer.places.folder / "feed.json").write_text(
        json.dumps({"urls": [], "store": "s3://live/feed", "endpoint": None, "tuf_root": 1, "tuf_snapshot": 1})
    )
    before = {
        path.name: path.read_bytes() for path in issuer.places.folder.rglob("*") if path.suffix in (".cbor", ".box")
    }
    position = issuer.audit.head().position
    done = drilling.drill(
        issuer,
        shelf.one(name),
        case.answers,
        opens=RealOpens(None, is_drill=True),
        by=BY,
        say=quiet,
        now=lambda: case.at,
    )
    assert {each.step for each in done.passed if each.word == "acted"} == case.acts
    assert issuer.audit.head().position == position + 1
    (act,) = issuer.audit.listed(search="runbook-drill")
    assert (act.id, act.actor, act.reason) == (name, BY, f"{name}: done")
    assert issuer.runs.listed() == ()
    assert {path: content for path, content in before.items() if not content} == {}
    for path in issuer.places.folder.rglob("*"):
        if path.name in before:
            assert path.read_bytes() == before[path.name]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "back").exists()


def test_a_drill_that_fails_is_written_down(issuer: Issuer, stolen: Case) -> None:
    with pytest.raises(RunbookStopped):
        drilling.drill(
            issuer,
            shelf.one("key-stolen"),
            {**stolen.answers, "kid": "00" * 8},
            opens=RealOpens(None, is_drill=True),
            by=BY,
            say=quiet,
            now=lambda: AT,
        )
    assert issuer.audit.listed(search="runbook-drill")[0].reason == "key-stolen: stopped"


# Commands, and the guide.


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "i"
    with made(folder) as issuer:
        kid = next(each.kid.hex() for each in issuer.keys.listed() if each.use is USES["paper"])

    def command(*arguments: object, said: str = "", ok: bool = True) -> str:
        given = ["runbook", *map(str, arguments)]
        done = CliRunner().invoke(cli, given, env={PASSPHRASE_VARIABLE: ""}, input=said)
        assert (done.exit_code == 0) is ok, done.output
        return done.output

    assert [each["name"] for each in json.loads(command("list", "--json"))] == list(shelf.RUNBOOKS)
    for name in shelf.RUNBOOKS:
        assert all(step.name in command("show", name) for step in shelf.one(name).steps)
    answers = [f"--answer=kid={kid}", "--answer=since=2026-11-22T20:00:00", "--answer=reason=失窃"]
    dry = command("run", "key-stolen", folder, *answers)
    assert "- stop: to do" in dry
    assert "Nothing was changed" in dry
    assert "is for drills alone" in command(
        "run", "key-stolen", folder, *answers, "--do", "--yes", "--by", BY, ok=False
    )
    assert "name of whoever acts" in command("run", "key-stolen", folder, *answers, "--do", ok=False)
    real = ("run", "key-stolen", folder, *answers, "--do", "--by", BY, "--second", SECOND)
    # Only the word itself is a yes; silence is none.
    for no in ("", "no\n", "y\n", "YES\n"):
        assert "nobody has said yes" in command(*real, said=no, ok=False)
    rows = json.loads(command("runs", folder, "--json"))
    assert {each["state"] for each in rows} == {"stopped"}
    done = command(*real, "--resume", rows[0]["id"], said="yes\n" * 9)
    assert "What it means: What the key signed since that moment is refused everywhere" in done
    assert "key-stolen: done." in done
    assert "no runbook 'nothing'" in command("show", "nothing", ok=False)


def test_the_guide_has_each_runbook_and_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    section = guide.partition("## Runbooks")[2].partition("\n## ")[0]
    named = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    assert named == list(shelf.RUNBOOKS)
    assert set(CASES) | {"token-lost"} == set(shelf.RUNBOOKS)
