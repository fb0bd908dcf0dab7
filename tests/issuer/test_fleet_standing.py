"""Which terminals need somebody: one number of a good heartbeat changed at a time, and the order of urgency."""

from dataclasses import replace
from typing import Any

import pytest

from issuer.fleet import listing, standing, texts
from issuer.fleet.register import Contact
from issuer.fleet.standing import Finding, Trouble
from issuer.terminals.register import CertifiedTerminal
from protocol.heartbeat import Heartbeat, RegionAges
from protocol.labels import Purpose
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from tests.issuer.builders import AT
from tests.issuer.remote import GOOD_BEAT

RECORD = CertifiedTerminal(
    "hall-3-07", bytes(32), "一楼3号自助机", "幻境市政务服务中心", frozenset({Purpose.KIOSK}),
    UnixTime(AT - DAY), UnixTime(AT + 6 * DAY), "test", UnixTime(AT - DAY),
)  # fmt: skip
CONTACT = Contact("hall-3-07", UnixTime(AT - MINUTE), 0, GOOD_BEAT, UnixTime(AT - MINUTE), 0, None)


def found(
    record: CertifiedTerminal = RECORD, contact: Contact | None = CONTACT, withdrawn_at: UnixTime | None = None
) -> tuple[Finding, ...]:
    return standing.standing(record, contact, withdrawn_at=withdrawn_at, at=AT).findings


def beating(beat: Heartbeat = GOOD_BEAT, **changes: Any) -> Contact:
    return replace(CONTACT, beat=beat, **changes)


def with_waiting(**changes: int) -> Heartbeat:
    return replace(GOOD_BEAT, waiting=replace(GOOD_BEAT.waiting, **changes))


def with_reading(**changes: int) -> Heartbeat:
    return replace(GOOD_BEAT, reading=replace(GOOD_BEAT.reading, **changes))


def with_age(age: int | None) -> Heartbeat:
    return replace(GOOD_BEAT, regions=(RegionAges("310000", None if age is None else Seconds(age), Seconds(0)),))


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (CONTACT, None),
        (beating(received_at=UnixTime(AT - 15 * MINUTE)), None),
        (beating(received_at=UnixTime(AT - 15 * MINUTE - 1)), Finding(Trouble.SILENT, 901)),
        (None, Finding(Trouble.NEVER_HEARD, DAY)),
        (beating(replace(GOOD_BEAT, works=False)), Finding(Trouble.OUT_OF_ORDER, None)),
        (beating(with_age(HOUR)), None),
        (beating(with_age(HOUR + 1)), Finding(Trouble.DATA_OLD, HOUR + 1)),
        (beating(with_age(None)), Finding(Trouble.DATA_OLD, None)),
        (beating(offset=60), None),
        (beating(offset=-61), Finding(Trouble.CLOCK_OFF, -61)),
        (beating(replace(GOOD_BEAT, clock_plausible=False)), Finding(Trouble.CLOCK_OFF, None)),
        (beating(with_waiting(rows=9)), None),
        (beating(with_waiting(rows=10)), Finding(Trouble.QUEUE_GROWS, 10)),
        (beating(with_waiting(rows=10), rows_before=10), None),
        (beating(with_waiting(alarms=1)), Finding(Trouble.ALARMS, 1)),
        (beating(replace(GOOD_BEAT, free_bytes=499_999_999)), Finding(Trouble.DISK_FULL, 499_999_999)),
        (beating(with_reading(read=15, not_read=4)), Finding(Trouble.READ_RATE, 75)),
        (beating(with_reading(read=15, not_read=3)), None),
    ],
    ids=[
        "well", "just-heard", "silent", "never", "stopped", "an-hour", "old", "none", "a-minute", "slow", "impossible",
        "short-queue", "queue", "queue-stays", "alarm", "disk", "read-rate", "few-read",
    ],
)  # fmt: skip
def test_one_number_changed(contact: Contact | None, expected: Finding | None) -> None:
    assert found(contact=contact) == (() if expected is None else (expected,))


def test_a_handheld_may_work_a_shift_without_a_network() -> None:
    handheld = replace(RECORD, purposes=frozenset({Purpose.ROADSIDE}))
    assert found(handheld, beating(received_at=UnixTime(AT - 12 * HOUR))) == ()
    assert found(handheld, beating(received_at=UnixTime(AT - 12 * HOUR - 1)))[0].trouble is Trouble.SILENT


def test_a_new_terminal_has_a_quarter_of_an_hour_to_be_heard() -> None:
    assert found(replace(RECORD, at=UnixTime(AT - 15 * MINUTE)), None) == ()


def test_a_certificate_that_was_not_renewed() -> None:
    assert found(replace(RECORD, exp=UnixTime(AT + 60 * HOUR))) == ()
    assert found(replace(RECORD, exp=UnixTime(AT + HOUR))) == (Finding(Trouble.CERTIFICATE_ENDS, HOUR),)


def test_of_a_withdrawn_one_nothing_counts_but_when_it_tried() -> None:
    silent = beating(received_at=UnixTime(AT - DAY), refused_at=UnixTime(AT - HOUR))
    assert found(contact=silent, withdrawn_at=AT) == (Finding(Trouble.WITHDRAWN, AT - HOUR),)
    assert found(contact=None, withdrawn_at=AT) == (Finding(Trouble.WITHDRAWN, None),)


def test_the_order_of_urgency() -> None:
    """Silent, withdrawn, old data, clock, queue, certificate, read rate: whatever comes in which order."""
    everything = beating(
        replace(
            with_waiting(rows=50, alarms=1),
            works=False,
            free_bytes=0,
            regions=(),
            reading=replace(GOOD_BEAT.reading, not_read=500),
        ),
        received_at=UnixTime(AT - DAY),
        offset=HOUR,
    )
    order = [each.trouble for each in found(replace(RECORD, exp=UnixTime(AT - 1)), everything)]
    assert order == [each for each in Trouble if each not in (Trouble.NEVER_HEARD, Trouble.WITHDRAWN)]
    assert list(Trouble) == [
        "silent", "never_heard", "withdrawn", "out_of_order", "data_old", "clock_off", "queue_grows", "alarms",
        "disk_full", "certificate_ends", "read_rate",
    ]  # fmt: skip
    terminals = [
        (replace(RECORD, terminal="well"), CONTACT),
        (replace(RECORD, terminal="silent-an-hour"), beating(received_at=UnixTime(AT - HOUR))),
        (replace(RECORD, terminal="reads-badly"), beating(with_reading(not_read=95))),
        (replace(RECORD, terminal="silent-a-day"), beating(received_at=UnixTime(AT - DAY))),
        (replace(RECORD, terminal="reads-worse"), beating(with_reading(not_read=950))),
    ]
    standings = [standing.standing(record, contact, withdrawn_at=None, at=AT) for record, contact in terminals]
    names = [each.terminal for each in sorted(standings, key=standing.by_urgency)]
    assert names == ["silent-a-day", "silent-an-hour", "reads-worse", "reads-badly", "well"]


def test_every_text_is_there_in_every_language_and_none_has_a_hole() -> None:
    amounts: dict[Trouble, tuple[int | None, ...]] = {
        Trouble.WITHDRAWN: (None, AT - DAY),
        Trouble.OUT_OF_ORDER: (None,),
        Trouble.DATA_OLD: (None, 7_200),
        Trouble.CLOCK_OFF: (None, 7_200),
        Trouble.CERTIFICATE_ENDS: (-1, 7_200),
    }
    said = set()
    for trouble in Trouble:
        for amount in amounts.get(trouble, (7_200,)):
            for language in texts.LANGUAGES:
                finding = Finding(trouble, amount)
                words = texts.says(finding, language, at=AT), texts.does(finding, language)
                assert all(each and "{" not in each for each in words)
                said.add(words[0])
    assert len(said) == 3 * (len(Trouble) + 4)
    for section in texts.table().values():
        for name, each in section.items():
            assert each.keys() == texts.LANGUAGES.keys(), name


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"), (-7_300, "-2 h"), (DAY, "24 h")],
)
def test_spans_are_said_in_the_largest_unit_of_which_there_are_two(seconds: int, words: str) -> None:
    assert texts.span(seconds, "en") == words


def test_json_has_every_number_and_the_words() -> None:
    contact = beating(with_waiting(rows=12, rechecks=3), offset=-61)
    said = listing.as_json(standing.standing(RECORD, contact, withdrawn_at=None, at=AT), at=AT)
    assert [each["trouble"] for each in said["findings"]] == ["clock_off", "queue_grows"]
    assert said["findings"][0]["says"] == "Its clock is off by -61 s"
    assert (said["clock_offset_seconds"], said["read_percent"]) == (-61, 95)
    assert said["heartbeat"]["waiting"] == {"rechecks": 3, "rows": 12, "alarms": 0}
    assert said["heartbeat"]["regions"][0]["status_age_seconds"] == 40
    without = listing.as_json(standing.standing(RECORD, None, withdrawn_at=None, at=AT), at=AT)
    assert (without["heartbeat"], without["heard_at"]) == (None, None)
