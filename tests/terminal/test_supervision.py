"""Who may change a setting: tightening is free, all else needs the PIN; every change and every wrong PIN is a row."""

import sqlite3

import pytest
from nacl.pwhash import argon2id

from tests.terminal.conftest import Terminal
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.session import Session
from verifier_terminal.setting_errors import PinRequired, PinUnusable, SettingMeaningless, TooManyGuesses, WrongPin
from verifier_terminal.supervision import INTERACTIVE, SettingStanding

PIN, WRONG = "739204", "739205"


@pytest.fixture
def supervised(session: Session) -> Session:
    session.supervision.set_pin(PIN)
    return session


def stand(session: Session, name: str) -> SettingStanding:
    return next(each for each in session.supervision.settings() if each.name == name)


def events(session: Session) -> list[str]:
    return [row.payload["event"] for row in session.journal_rows() if row.payload]


def test_everybody_may_tighten_and_it_is_written_down(terminal: Terminal, session: Session) -> None:
    assert session.supervision.change("max_status_minutes", 60) == SettingStanding("max_status_minutes", 60, False)
    (row,) = [each.payload for each in session.journal_rows() if each.payload and each.payload["event"] == "setting"]
    at = terminal.world.clock.at
    assert row == {
        "event": "setting", "name": "max_status_minutes", "before": 0, "after": 60, "locked": False, "at": at,
    }  # fmt: skip
    assert stand(terminal.open(), "max_status_minutes").value == 60


def test_the_same_again_is_no_change(session: Session) -> None:
    session.supervision.change("challenge_always", True)
    session.supervision.change("challenge_always", True)
    assert events(session).count("setting") == 1


@pytest.mark.parametrize("pin", [None, "", WRONG])
def test_nobody_loosens_without_the_pin(supervised: Session, pin: str | None) -> None:
    supervised.supervision.change("challenge_always", True)
    with pytest.raises(WrongPin if pin else PinRequired):
        supervised.supervision.change("challenge_always", False, pin=pin)
    assert stand(supervised, "challenge_always").value is True
    assert events(supervised).count("wrong_pin") == bool(pin)
    supervised.supervision.change("challenge_always", False, pin=PIN)
    assert stand(supervised, "challenge_always").value is False


def test_a_locked_setting_is_not_even_tightened_without_it(supervised: Session) -> None:
    with pytest.raises(PinRequired):
        supervised.supervision.change("retention_days", 20, locked=True)
    supervised.supervision.change("retention_days", 20, locked=True, pin=PIN)
    with pytest.raises(PinRequired):
        supervised.supervision.change("retention_days", 10)
    with pytest.raises(PinRequired):
        supervised.supervision.change("retention_days", 20, locked=False)
    assert stand(supervised, "retention_days") == SettingStanding("retention_days", 20, True)
    # The other ones are as free as before: each is locked by itself.
    supervised.supervision.change("printing", False)
    supervised.supervision.change("retention_days", 10, pin=PIN)
    assert stand(supervised, "retention_days") == SettingStanding("retention_days", 10, True)


def test_without_any_pin_nothing_loosens(session: Session) -> None:
    session.supervision.change("printing", False)
    with pytest.raises(PinRequired, match="none was ever set"):
        session.supervision.change("printing", True, pin=PIN)


def test_the_sixth_wrong_pin_waits_also_in_another_process(terminal: Terminal, supervised: Session) -> None:
    supervised.supervision.change("printing", False)
    for _ in range(5):
        with pytest.raises(WrongPin):
            supervised.supervision.change("printing", True, pin=WRONG)
    for session in (supervised, terminal.open()):
        with pytest.raises(TooManyGuesses, match="60 s"):
            session.supervision.change("printing", True, pin=PIN)
    terminal.pass_seconds(60)
    supervised.supervision.change("printing", True, pin=PIN)
    with pytest.raises(WrongPin):
        supervised.supervision.set_pin("650917", old=WRONG)


@pytest.mark.parametrize(
    "pin", ["12345", "1234567890123", "73920x", "７３９２０４", "111111", "123456", "987654", "890123"]
)
def test_what_cannot_be_a_pin(session: Session, pin: str) -> None:
    with pytest.raises(PinUnusable):
        session.supervision.set_pin(pin)
    assert not session.supervision.has_pin()


def test_the_pin_changes_with_the_old_one_alone(supervised: Session) -> None:
    with pytest.raises(PinRequired):
        supervised.supervision.set_pin("650917")
    supervised.supervision.set_pin("650917", old=PIN)
    supervised.supervision.change("printing", False)
    with pytest.raises(WrongPin):
        supervised.supervision.change("printing", True, pin=PIN)
    supervised.supervision.change("printing", True, pin="650917")


def test_the_pin_stands_nowhere(terminal: Terminal, supervised: Session) -> None:
    supervised.supervision.change("printing", False)
    with pytest.raises(WrongPin):
        supervised.supervision.change("printing", True, pin=WRONG)
    supervised.close()
    terminal.opened.clear()
    for file in terminal.directory.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert PIN.encode() not in content
        assert WRONG.encode() not in content


@pytest.mark.parametrize("forged", ["7", '"yes"', "{", "null"])
def test_a_damaged_setting_lets_nothing_be_accepted(terminal: Terminal, session: Session, forged: str) -> None:
    session.supervision.change("challenge_always", True)
    with sqlite3.connect(terminal.directory / "terminal.db") as database:
        database.execute("UPDATE local_setting SET value = ?", (forged,))
    said = session.scan(terminal.world.code(), source="scanner").verdict
    assert said.verdict_class is not VerdictClass.ACCEPT
    assert [each.name for each in session.status().damaged] == ["local settings"]
    with pytest.raises(SettingMeaningless):
        session.supervision.settings()


def test_what_cannot_be_written_down_has_not_changed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("verifier_terminal.store.journal.Journal.append", full)
    with pytest.raises(OutOfOrder):
        session.supervision.change("printing", False)
    monkeypatch.undo()
    assert stand(session, "printing").value is True


def test_a_guess_costs_what_a_small_machine_can_bear(terminal: Terminal) -> None:
    terminal.pin_strength = INTERACTIVE
    terminal.open().supervision.set_pin(PIN)
    with sqlite3.connect(terminal.directory / "terminal.db") as database:
        (hashed,) = database.execute("SELECT hash FROM local_secret").fetchone()
    assert hashed.startswith(b"$argon2id$v=19$m=65536,t=2")
    assert argon2id.verify(hashed, PIN.encode())
