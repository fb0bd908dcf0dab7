"""What the page says of the program: nothing newer, on its way, asked for, given up, withdrawn; and hostile notes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from protocol import heartbeat
from protocol.unixtime import DAY, UnixTime
from revocation.repository.releases import Version
from tests.terminal_web.test_diagnosis import GOOD
from tests.terminal_web.twin import NOW, REASONS, SETTINGS, TwinSession
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.errors import StoreDamaged
from verifier_terminal.updates.standing import SoftwareStanding
from verifier_terminal.updates.states import Progress, State
from verifier_terminal.web.app import close_streams, create_app
from verifier_terminal.web.diagnosis_routes import software_line

NOTES = {"zh-Hans": "修复打印", "zh-Hant": "修復列印", "en": "mends printing"}
READY = Progress(Version(0, 2, 0), bytes(32), State.READY, NOW, NOTES, 12)
NEWEST = SoftwareStanding("0.1.0", None, asks=False)


def line(found: SoftwareStanding, language: Language = Language.EN) -> tuple[object, object, object]:
    made = software_line(found, language)
    return made["grade"], made["words"], made["todo"]


def test_nothing_newer() -> None:
    assert line(NEWEST) == ("good", "nothing newer", "")


@pytest.mark.parametrize("state", [State.OFFERED, State.DOWNLOADED, State.READY])
@pytest.mark.parametrize("language", list(Language))
def test_on_its_way_is_no_matter_for_staff(state: State, language: Language) -> None:
    grade, words, todo = line(replace(NEWEST, pending=replace(READY, state=state)), language)
    assert (grade, todo) == ("good", "")
    assert "0.2.0" in str(words)
    assert sum(note in str(words) for note in NOTES.values()) == 1


def test_after_its_day_it_is_asked_for_and_never_said_to_happen_while_open() -> None:
    grade, words, todo = line(replace(NEWEST, pending=READY, asks=True))
    assert grade == "look"
    assert "applied when you close" in str(words)
    assert "never happens while you are open" in str(todo)


def test_postponed_says_until_when() -> None:
    until = replace(READY, postponed_until=UnixTime(NOW + DAY))
    assert "Postponed until 20" in str(line(replace(NEWEST, pending=until))[1])


def test_given_up_and_withdrawn_are_looked_at() -> None:
    assert "0.2.0 does not work on this machine" in str(line(replace(NEWEST, given_up="0.2.0", why="slow"))[2])
    assert "withdrawn by its publisher" in str(line(replace(NEWEST, withdrawn="<b>"))[2])


def test_a_note_is_shown_without_what_fools_a_screen() -> None:
    hostile = replace(READY, notes={**NOTES, "en": "a\u202eb<script>"})
    assert "a\N{REPLACEMENT CHARACTER}b<script>" in str(line(replace(NEWEST, pending=hostile))[1])


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = create_app(
        TwinSession(),
        settings=SETTINGS,
        reasons=REASONS,
        clock=lambda: NOW,
        beat=lambda: heartbeat.encode(GOOD),
        software=lambda: replace(NEWEST, pending=replace(READY, notes={**NOTES, "en": "<script>"}), asks=True),
    )
    yield app.test_client()
    close_streams(app)


def test_the_page_has_the_line_last_and_escapes_it(client: FlaskClient) -> None:
    page = client.get("/diagnosis?lang=en").get_data(as_text=True)
    assert 'data-subject="software" data-grade="look"' in page
    assert "&lt;script&gt;" in page
    found = client.get("/api/v1/diagnosis?lang=en").get_json()
    assert found["lines"][-1]["subject"] == "software"


def test_a_database_that_cannot_be_read_leaves_the_rest_of_the_page() -> None:
    def damaged() -> SoftwareStanding:
        raise StoreDamaged("gone")

    app = create_app(
        TwinSession(),
        settings=SETTINGS,
        reasons=REASONS,
        clock=lambda: NOW,
        beat=lambda: heartbeat.encode(GOOD),
        software=damaged,
    )
    found = app.test_client().get("/api/v1/diagnosis?lang=en")
    close_streams(app)
    assert found.status_code == 200
    assert found.get_json()["lines"][-1]["subject"] == "alarms"
