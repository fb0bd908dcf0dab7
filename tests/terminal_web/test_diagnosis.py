"""How a terminal stands: each subject graded by its own figure, in words, and as a text that survives a telephone."""

import html
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from protocol import heartbeat
from protocol.heartbeat import Heartbeat, Reading, RegionAges, Waiting
from protocol.labels import Purpose
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.terminal_web.twin import NOW, REASONS, SETTINGS, TwinSession
from verifier_terminal import diagnosis, support_text
from verifier_terminal.diagnosis import Grade, Subject
from verifier_terminal.setting_errors import SupportTextDamaged
from verifier_terminal.web.app import close_streams, create_app

GOOD = Heartbeat(
    version="1.2.3",
    purpose=Purpose.WINDOW,
    regions=(RegionAges("990000", Seconds(60), Seconds(HOUR)),),
    clock_uncertainty=Seconds(2),
    clock_plausible=True,
    waiting=Waiting(0, 0, 0),
    reading=Reading(Seconds(HOUR), 40, 2, 0),
    reasons={"E_REPLAY": 1},
    free_bytes=10**10,
    certificate_end=UnixTime(NOW + 5 * DAY),
    works=True,
)
HOME = GOOD.regions[0]


def grades(beat: Heartbeat) -> dict[Subject, Grade]:
    return {each.subject: each.grade for each in diagnosis.lines(beat, at=NOW)}


def test_a_good_terminal_is_good_in_everything() -> None:
    assert grades(GOOD) == dict.fromkeys(Subject, Grade.GOOD)


@pytest.mark.parametrize(
    ("changed", "subject", "grade"),
    [
        ({"works": False}, Subject.JOURNAL, Grade.BAD),
        ({"free_bytes": diagnosis.LITTLE_DISK - 1}, Subject.DISK, Grade.LOOK),
        ({"free_bytes": diagnosis.NO_DISK - 1}, Subject.DISK, Grade.BAD),
        ({"clock_plausible": False}, Subject.CLOCK, Grade.BAD),
        ({"clock_uncertainty": Seconds(21)}, Subject.CLOCK, Grade.LOOK),
        ({"regions": (replace(HOME, status_age=Seconds(HOUR + 1)),)}, Subject.STATUS, Grade.LOOK),
        ({"regions": (replace(HOME, status_age=Seconds(DAY + 1)),)}, Subject.STATUS, Grade.BAD),
        ({"regions": (replace(HOME, status_age=None),)}, Subject.STATUS, Grade.BAD),
        ({"regions": (replace(HOME, trust_age=Seconds(14 * DAY + 1)),)}, Subject.TRUST, Grade.LOOK),
        ({"certificate_end": UnixTime(NOW + 2 * DAY - 1)}, Subject.CERTIFICATE, Grade.LOOK),
        ({"certificate_end": UnixTime(NOW - 1)}, Subject.CERTIFICATE, Grade.BAD),
        ({"certificate_end": None}, Subject.CERTIFICATE, Grade.LOOK),
        ({"reading": Reading(Seconds(HOUR), 14, 6, 0)}, Subject.READING, Grade.LOOK),
        ({"waiting": Waiting(499, 1, 0)}, Subject.WAITING, Grade.LOOK),
        ({"waiting": Waiting(0, 0, 1)}, Subject.ALARMS, Grade.LOOK),
    ],
)
def test_one_thing_wrong_grades_one_subject(changed: dict[str, object], subject: Subject, grade: Grade) -> None:
    beat = replace(GOOD, **changed)  # type: ignore[arg-type]  # each its own field
    assert grades(beat) == dict.fromkeys(Subject, Grade.GOOD) | {subject: grade}


def test_a_few_unread_codes_are_no_trouble() -> None:
    assert grades(replace(GOOD, reading=Reading(Seconds(HOUR), 1, 9, 0)))[Subject.READING] is Grade.GOOD


def test_the_support_text_comes_back_however_it_was_copied() -> None:
    text = support_text.write(heartbeat.encode(GOOD))
    for copied in (text, text.lower(), text.replace("-", " "), text.replace("-", ""), f"\n {text}\n"):
        assert support_text.read(copied) == GOOD


def test_any_one_character_heard_wrong_is_found() -> None:
    text = support_text.write(heartbeat.encode(GOOD))
    for at, character in enumerate(text):
        if character == "-":
            continue
        wrong = text[:at] + ("A" if character != "A" else "B") + text[at + 1 :]
        with pytest.raises(SupportTextDamaged):
            support_text.read(wrong)
        with pytest.raises(SupportTextDamaged):
            support_text.read(text[:at] + text[at + 1 :])


@pytest.mark.parametrize("text", ["", "LZSUP1", "LZSUP1-€", "LZ1:ABC", "LZSUP1-" + "A" * 20_000])
def test_what_is_no_support_text(text: str) -> None:
    with pytest.raises(SupportTextDamaged):
        support_text.read(text)


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    beat = replace(GOOD, free_bytes=1, regions=(replace(HOME, status_age=None),))
    app = create_app(
        TwinSession(), settings=SETTINGS, reasons=REASONS, clock=lambda: NOW, beat=lambda: heartbeat.encode(beat)
    )
    yield app.test_client()
    close_streams(app)


@pytest.mark.parametrize(
    ("tag", "word", "todo"),
    [
        ("zh-Hans", "需要处理", "请腾出磁盘空间"),
        ("zh-Hant", "需要處理", "請騰出磁碟空間"),
        ("en", "needs somebody", "Free some"),
    ],
)
def test_the_page_says_it_in_words(client: FlaskClient, tag: str, word: str, todo: str) -> None:
    page = html.unescape(client.get(f"/diagnosis?lang={tag}").get_data(as_text=True))
    assert page.count(word) == 2
    assert todo in page
    assert support_text.PREFIX in page
    lines = client.get(f"/api/v1/diagnosis?lang={tag}").get_json()["lines"]
    assert [each["subject"] for each in lines] == [each.value for each in Subject]
