"""Why a check came out as it did, from its journal rows alone; and the table of acts for a spreadsheet."""

import csv
import io
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from protocol.labels import Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import envelope
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from revocation.freshness import Grade
from tests.appraisal.terminal import Terminal as Place
from tests.terminal.asking_world import bundle_text, id_card
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import publish, rows_with_person_check
from tests.utopia.kinds import driving_licence_items
from tests.utopia.world import WUYOU, ZIXU, World
from verifier_terminal import basis, wiring
from verifier_terminal.appraisal import gates, reasons
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.cli import cli
from verifier_terminal.session import Session
from verifier_terminal.store import journal
from verifier_terminal.store.journal import JournalRow
from verifier_terminal.web import acts_table, explanation
from verifier_terminal.web.explanation import Explanation, Words


def words(session: Session | None = None, language: Language = Language.EN) -> Words:
    return Words(language, reasons.load(), session.catalogue() if session else None)


def explained(session: Session, number: str, language: Language = Language.EN) -> Explanation:
    return explanation.of_rows(session.explain(number), words(session, language))


def outcomes(said: Explanation) -> dict[int, str]:
    return {line.number: line.outcome for line in said.lines}


def rested(said: Explanation, step: int) -> str:
    return " | ".join(said.lines[step - 1].rested)


def test_an_acceptance_names_every_check_its_policy_and_the_cell(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    said = explained(session, number)
    assert [line.number for line in said.lines] == list(range(1, 17))
    assert set(outcomes(said).values()) == {"passed", "noted", "concluded"}
    assert [code for code, _, _ in said.lines[10].findings] == ["W_OPEN_MODE"]
    assert "matrix: class M × Service window × fresh = in order" in rested(said, 12)
    assert "trust list no. 1" in rested(said, 5)
    assert "rules no. 1" in rested(said, 13)
    assert "they have a row for this kind and purpose" in rested(said, 13)
    assert "VALID" in rested(said, 14)
    assert rested(said, 15).startswith(f"journal row {session.explain(number)[0].seq},")
    assert said.afterwards == ()


def test_a_forgery_ends_at_its_check_and_rests_on_nothing_behind(terminal: Terminal, session: Session) -> None:
    world = terminal.world
    stolen = envelope.wrap(world.presentation(world.credential(), signer=world.holder("another")))
    number = session.scan(stolen, source="scanner").verdict.check_number
    said = explained(session, number)
    assert outcomes(said)[8] == "failed"
    assert [code for code, _, _ in said.lines[7].findings] == ["E_SIG_HOLDER"]
    assert {outcomes(said)[step] for step in range(9, 14)} == {"not_reached"}
    assert all(not line.rested for line in said.lines[8:13])
    assert "Both signatures did not hold" in " ".join(said.said)


def test_what_came_afterwards_stands_there_in_order(terminal: Terminal, session: Session) -> None:
    terminal.pass_seconds(HOUR)
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    terminal.pass_seconds(MINUTE)
    assert "queued for a re-check" in rested(explained(session, number), 14)
    session.sync(terminal.publish(values={4711: int(Status.REVOKED)}, seq=2, age=30))
    session.acknowledge(number)
    session.void(number, "wrong window")
    said = explained(session, number)
    assert [later.event for later in said.afterwards] == ["recheck", "acknowledged", "void"]
    assert "Re-checked: revoked (status between" in said.afterwards[0].words
    assert said.afterwards[2].words == "Declared void: wrong window"
    # What was decided then stays what it was.
    assert outcomes(said)[12] == "passed"


def test_the_persons_comparison_is_asked_for_and_answered(terminal: Terminal) -> None:
    session = terminal.open()
    session.sync(terminal.publish(rows=rows_with_person_check(terminal.world)))
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    assert "they ask for a comparison of the person" in rested(explained(session, number), 13)
    session.confirm_person(number, matches=False)
    assert explained(session, number).afterwards[0].words == "The person was compared: it is not the holder."


def test_each_licence_of_a_bundle_has_its_own_cell(terminal: Terminal, session: Session) -> None:
    text = bundle_text(terminal.world, id_card(terminal.world))
    verdict = session.scan(text, source="scanner").verdict
    said = explained(session, verdict.check_number)
    cells = [each for each in said.lines[11].rested if "matrix" in each]
    assert len(cells) == len(verdict.members) == 2
    assert cells[0].split(":")[0] != cells[1].split(":")[0]


@pytest.mark.parametrize("language", list(Language), ids=str)
def test_every_language_says_everything(terminal: Terminal, session: Session, language: Language) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.void(number, "误扫")
    said = explained(session, number, language)
    shown = json.dumps([said.said, [line.rested for line in said.lines], said.title], ensure_ascii=False)
    assert "{" not in shown
    assert ("in order" in shown) is (language is Language.EN)


def test_no_value_of_the_licence_is_in_it(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    shown = repr([explained(session, number, each) for each in Language])
    for key in (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID):
        assert str(driving_licence_items()[key]) not in shown


def rows_of(payload: Mapping[str, Any]) -> list[JournalRow]:
    return [JournalRow(1, json.loads(journal.encode(payload)))]


@pytest.mark.parametrize(("name", "value"), [("status_grade", 7), ("class", "splendid"), ("ages", None)])
def test_a_row_that_this_program_did_not_write_is_said_to_be_unreadable(
    terminal: Terminal, session: Session, name: str, value: object
) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    payload = {**(session.explain(number)[0].payload or {}), name: value}
    said = explanation.of_rows(rows_of(payload), words())
    assert (said.verdict_class, said.lines) == (None, ())
    assert "cannot be read" in said.said[0]


def test_a_row_of_an_older_program_and_a_reason_of_a_newer_one(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    payload = dict(session.explain(number)[0].payload or {})
    del payload["basis"], payload["skew"]
    payload["codes"] = [*payload["codes"], ["E_TOMORROW", "hold"]]
    said = explanation.of_rows(rows_of(payload), words())
    assert "an older program wrote this row" in rested(said, 13)
    assert ("E_TOMORROW", "hold", "a reason that this program does not know") in said.lines[13].findings


def test_hostile_text_in_a_row_stays_in_its_place(terminal: Terminal, session: Session) -> None:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    payload = {**(session.explain(number)[0].payload or {}), "source": "\u202egnp\x1b[2J", "by": "{number}" * 99}
    said = " ".join(explanation.of_rows(rows_of(payload), words()).said)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\N{REPLACEMENT CHARACTER}gnp" in said


AGES = {
    Grade.FRESH: 60, Grade.RECENT: HOUR, Grade.STALE_1: DAY, Grade.STALE_2: 2 * DAY, Grade.STALE_3: 6 * DAY,
    Grade.UNKNOWN: 9 * DAY,
}  # fmt: skip


@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize("purpose", [Purpose.WINDOW, Purpose.ROADSIDE, Purpose.HOTEL], ids=lambda each: each.word)
def test_the_cell_in_the_row_is_the_one_of_the_matrix(purpose: Purpose, foreign: bool) -> None:
    """The row says risk, place, column and cell: looked up in the matrix they must belong together."""
    for grade, age in AGES.items():
        at = Place()
        at.at_place(purpose)
        at.set_row(regions=frozenset({WUYOU, ZIXU}))
        at.set_status(0, age=age)
        verdict = at.appraise(at.code(at.foreign_licence()) if foreign else at.code())
        payload = basis.payload(verdict, at.knowledge, at.face)
        assert payload is not None
        (cell,) = payload["licences"]
        assert cell["foreign"] is foreign
        column = Grade[cell["column"].upper()]
        assert column is (grade.one_worse() if foreign else grade)
        assert cell["cell"] == gates.cells(RiskClass(cell["risk"]), at.face)[column].name.lower()


# The table of acts.


def table(session: Session, language: Language = Language.EN) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    numbers = session.check_numbers(since=UnixTime(0), until=UnixTime(2**40))
    assert acts_table.write(out, [session.explain(each) for each in numbers], words(session, language)) == len(numbers)
    text = out.getvalue()
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == len(numbers) + 1 == text.count("\n")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_line_for_each_check_with_what_came_of_it(terminal: Terminal) -> None:
    session = terminal.open()
    session.sync(terminal.publish(rows=rows_with_person_check(terminal.world)))
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.confirm_person(number, matches=True)
    session.scan("https://example.org/", source="scanner")
    session.void(number, "wrong window")
    first, second = table(session)
    assert first["Check number"] == number
    assert first["Verdict"] == "VALID"
    assert first["Licence kind"] == "Driving licence"
    assert first["Person compared"] == "same person, confirmed"
    assert first["Void because"] == "wrong window"
    assert "name" in first["Items shown"].casefold()
    assert (second["Verdict"], second["Region"]) == ("NOT READ", "")
    chinese = table(session, Language.ZH_HANS)[0]
    assert (chinese["核验号"], chinese["结论"]) == (number, "有效")


HOSTILE = (
    "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "＋1", "－1", "＠1", 'a",=1,"b', "a\r\n=1",
)  # fmt: skip


def test_no_field_is_a_formula(terminal: Terminal, session: Session) -> None:
    for hostile in HOSTILE:
        session.void(session.scan(f"no code of ours {hostile}", source=hostile).verdict.check_number, hostile)
    lines = table(session)
    assert len(lines) == len(HOSTILE)
    for line, hostile in zip(lines, HOSTILE, strict=True):
        assert len(line) == len(acts_table.COLUMNS)
        assert hostile.strip()[-1] in line["Void because"]
        for value in line.values():
            assert not value.lstrip().startswith(tuple("=+-@＝＋－＠\t\r\n")), value


def test_only_the_days_that_are_asked_for(terminal: Terminal, session: Session) -> None:
    first = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    terminal.pass_seconds(DAY)
    later = UnixTime(terminal.world.clock.at)
    second = session.scan("https://example.org/", source="scanner").verdict.check_number
    assert session.check_numbers(since=UnixTime(0), until=later) == (first,)
    assert session.check_numbers(since=later, until=UnixTime(later + 1)) == (second,)


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    """A terminal on the real clock, for the command line."""
    world = World(at=wiring.now())
    directory = tmp_path / "terminal"
    published = publish(world, tmp_path / "published")
    assert run("init", directory, "--trust", published, "--profile", "window").exit_code == 0
    assert run("appraise", directory, "--text", world.code()).exit_code == 0
    return directory


def run(command: str, directory: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [command, str(directory), *map(str, arguments)])


def test_the_file_is_whole_for_its_owner_alone_and_the_export_is_written_down(counter: Path, tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    done = run("export-acts", counter, file, "--lang", "zh-Hans", "--since", "2020-01-01")
    assert done.exit_code == 0, done.output
    assert file.read_bytes().startswith('\ufeff"核验号"'.encode())
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    readings = json.loads(run("journal", counter, "--json", "--search", "export-acts").stdout)
    assert [row["what"] for row in readings] == ["export-acts 2020-01-01/"]
    none = run("export-acts", counter, file, "--until", "2020-01-01")
    assert (none.exit_code, file.read_text("utf-8").count("\n")) == (0, 1)


def test_an_export_that_cannot_be_written_or_makes_no_sense(counter: Path, tmp_path: Path) -> None:
    assert run("export-acts", counter, tmp_path / "nowhere" / "acts.csv").exit_code == 2
    assert (
        run("export-acts", counter, tmp_path / "a.csv", "--since", "2026-02-02", "--until", "2026-02-01").exit_code == 2
    )
    assert not (tmp_path / "a.csv").exists()


def test_the_export_of_a_journal_that_was_tampered_with_says_so(counter: Path, tmp_path: Path) -> None:
    database = sqlite3.connect(counter / "terminal.db")
    with database:
        database.execute(
            "UPDATE journal SET payload = CAST(replace(CAST(payload AS TEXT), 'accept', 'refuse') AS BLOB)"
        )
    database.close()
    done = run("export-acts", counter, tmp_path / "acts.csv")
    assert done.exit_code == 1
    assert "TAMPERED" in done.output
    assert "REFUSED" not in (tmp_path / "acts.csv").read_text("utf-8")


def test_the_command_says_in_words_how_it_was_decided(counter: Path) -> None:
    (number,) = [
        row["check_number"] for row in json.loads(run("journal", counter, "--json").stdout) if row["event"] == "verdict"
    ]
    said = run("explain", counter, number, "--lang", "zh-Hans").output
    assert "矩阵：M 类 × 窗口办事 × 最新 = 符合" in said
    machine = json.loads(run("explain", counter, number, "--json").stdout)
    assert [step["step"] for step in machine["steps"]] == list(range(1, 17))
    assert machine["class"] == "accept"
    assert machine["rows"][0]["basis"]["licences"][0]["cell"] == "affirming"


def test_an_alarm_is_acknowledged_where_there_is_no_page(counter: Path) -> None:
    database = sqlite3.connect(counter / "terminal.db")
    with database:
        said = ("7K3-Q42", "990000-W02", "7K3-Q43", "二号窗", 1, 1_764_000_000, 0, 1_764_000_009, 0)
        database.execute("INSERT INTO double_show VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", said)
    database.close()
    (alarm,) = json.loads(run("status", counter, "--json").stdout)["double_shows"]
    assert (alarm["check_number"], alarm["other"], alarm["accepted"], alarm["other_accepted"]) == (
        "7K3-Q42", "7K3-Q43", True, False,
    )  # fmt: skip
    assert "7K3-Q43 at 990000-W02 (refused" in " ".join(run("status", counter).output.split())
    assert run("acknowledge", counter, "7k3q42").exit_code == 0
    assert json.loads(run("status", counter, "--json").stdout)["double_shows"] == []
    again = run("acknowledge", counter, "7K3-Q42")
    assert (again.exit_code, "there is no alarm" in again.output) == (1, True)
