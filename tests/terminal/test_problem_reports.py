"""Problem reports: a row and an outgoing row in one transaction, nothing of a person in them, and not too many."""

import json
import sqlite3
from contextlib import nullcontext
from typing import Any

import pytest
from click.testing import CliRunner

from protocol import cbor
from protocol.unixtime import HOUR
from tests.terminal.conftest import Terminal
from verifier_terminal import wiring
from verifier_terminal.cli import cli
from verifier_terminal.errors import OutOfOrder, UnknownCheckNumber
from verifier_terminal.problem_reports import MAX_CHARACTERS, MOST_AN_HOUR, Category, TooManyReports, cleaned
from verifier_terminal.session import Session
from verifier_terminal.store import outbox


def number_of(session: Session, terminal: Terminal) -> str:
    return session.scan(terminal.world.code(), source="scanner").verdict.check_number


def outgoing(session: Session, terminal: Terminal) -> list[outbox.Outgoing]:
    return list(session._store.outbox.due(at=terminal.world.clock.at, limit=100))


def test_a_report_is_a_row_and_waits_for_the_operator(session: Session, terminal: Terminal) -> None:
    number = number_of(session, terminal)
    session.report_problem(Category.TOO_SLOW, " 等了 很久 ", number.lower().replace("-", ""))
    row = session.explain(number)[-1]
    verdict = session.explain(number)[0].payload
    assert row.payload is not None
    assert verdict is not None
    said = {"event": "problem_report", "check_number": number, "category": "too_slow", "text": "等了 很久"}
    assert {name: row.payload[name] for name in said} == said
    (waiting,) = outgoing(session, terminal)
    assert (waiting.kind, waiting.key) == ("problem-report", session._store.journal.row_hash_of(row.seq))
    assert cbor.decode(waiting.body) == {
        "at": terminal.world.clock.at,
        "purpose": "window",
        "category": "too_slow",
        "text": "等了 很久",
        "check_number": number,
        "class": "accept",
        "codes": tuple(code for code, _ in verdict["codes"]),
    }
    (report,) = session.problem_reports()
    assert (report.check_number, report.category, report.sent) == (number, "too_slow", False)
    assert not session.verify_journal().findings


def test_a_report_about_the_place_names_no_check(session: Session, terminal: Terminal) -> None:
    session.report_problem(Category.DEVICE, "", None)
    (report,) = session.problem_reports()
    assert (report.check_number, report.category, report.text) == (None, "device", "")
    assert cbor.decode(outgoing(session, terminal)[0].body)["check_number"] is None  # type: ignore[index,call-overload]


def test_what_was_answered_for_counts_as_sent(session: Session, terminal: Terminal) -> None:
    session.report_problem(Category.DEVICE, "一", None)
    session.report_problem(Category.DEVICE, "二", None)
    first, _ = outgoing(session, terminal)
    key = first.key.hex()
    session._append({"event": "sent", "kind": "problem-report", "key": key, "at": terminal.world.clock.at})
    assert sorted(each.sent for each in session.problem_reports()) == [False, True]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("我叫 990101194912310028", "我叫 […]"),
        ("99010119491231002X来电", "[…]来电"),
        ("电话 138-0013-8000", "电话 […]"),
        ("tel +86 13800138000!", "tel […]!"),
        ("写给 a.b@example.org 谢谢", "写给 […] 谢谢"),
        ("等了12分钟，3号窗", "等了12分钟，3号窗"),
        ("一\n二\t三\x00\x1b[31m\u202e四\u200b", "一 二 三[31m四"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 300, "x" * MAX_CHARACTERS),
        ("\ud800", ""),
    ],
)
def test_nothing_of_a_person_and_nothing_that_steers_a_screen_is_kept(typed: str, kept: str) -> None:
    assert cleaned(typed) == kept


def test_an_unknown_check_is_reported_about_by_nobody(session: Session, terminal: Terminal) -> None:
    with pytest.raises(UnknownCheckNumber):
        session.report_problem(Category.OTHER, "", "000-000")
    assert (session.problem_reports(), outgoing(session, terminal)) == ((), [])


def test_twenty_an_hour_and_then_again(session: Session, terminal: Terminal) -> None:
    for _ in range(MOST_AN_HOUR):
        session.report_problem(Category.OTHER, "", None)
        terminal.pass_seconds(1)
    with pytest.raises(TooManyReports):
        session.report_problem(Category.OTHER, "", None)
    assert session.out_of_order is None
    terminal.pass_seconds(HOUR - MOST_AN_HOUR)
    session.report_problem(Category.OTHER, "", None)
    assert len(session.problem_reports()) == MOST_AN_HOUR + 1


def test_a_full_outbox_leaves_the_report_in_the_journal(
    session: Session, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_ROWS", 0)
    session.report_problem(Category.OTHER, "满", None)
    assert [each.text for each in session.problem_reports()] == ["满"]
    assert outgoing(session, terminal) == []


def test_without_the_operators_row_there_is_no_report(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(outbox.Outbox, "put", broken)
    with pytest.raises(OutOfOrder):
        session.report_problem(Category.OTHER, "x", None)
    assert session.problem_reports() == ()


def test_the_command_lists_them_and_the_look_is_written_down(
    session: Session, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "open_session", lambda _: nullcontext(session))
    number = number_of(session, terminal)
    session.report_problem(Category.WRONG_RESULT, "看不懂", number)
    ran = CliRunner().invoke(cli, ["reports", str(terminal.directory)])
    assert ran.exit_code == 0, ran.output
    assert f"{number}  wrong_result  not sent  看不懂" in ran.stdout
    (shown,) = json.loads(CliRunner().invoke(cli, ["reports", str(terminal.directory), "--json"]).stdout)["reports"]
    assert (shown["check_number"], shown["category"], shown["sent"]) == (number, "wrong_result", False)
    read = [row.payload["what"] for row in session.journal_rows() if row.payload and row.payload["event"] == "read"]
    assert read == ["problem reports"] * 2
