"""Signing on, off and over: who may, what is written, and what every check says about who made it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol import keys
from protocol.labels import Alg, Purpose
from protocol.staff_certificate import Role, StaffUse
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.terminal import asking_world, staff_world
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.terminal.staff_world import CLERK, COLLEAGUE, PASSPHRASE, certified_key, new_key, publish_with_staff, staffed
from tests.utopia.world import ZIXU
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.events import ShownVerdict, StaffChanged
from verifier_terminal.session import Session
from verifier_terminal.setting_errors import TooManyGuesses
from verifier_terminal.staff import checking
from verifier_terminal.staff.checking import WORDS, Place, StaffTrouble
from verifier_terminal.staff.errors import (
    AlreadyOnDuty,
    CaseRefused,
    NobodyOnDuty,
    StaffCertificateRefused,
    StaffUnknown,
    SummaryChanged,
    WrongPassphrase,
)
from verifier_terminal.staff.settings import StaffSettings

OPTIONAL = StaffSettings()


def rows(session: Session) -> list[Mapping[str, Any]]:
    """The journal's rows about staff and checks, the oldest first."""
    return [
        row.payload
        for row in reversed(session.journal_rows())
        if row.payload and row.payload["event"] in ("sign_on", "sign_off", "hand_over", "verdict", "void")
    ]


def events(session: Session) -> list[str]:
    return [f"{row['event']} {row.get('by')} {row.get('reason', '')}".strip() for row in rows(session)]


def scan(terminal: Terminal, session: Session) -> ShownVerdict:
    terminal.pass_seconds(3)
    return session.scan(terminal.world.code(), source="scanner")


def test_nothing_is_read_before_somebody_signs_on_and_nothing_is_lost(terminal: Terminal) -> None:
    session = staffed(terminal)
    code = terminal.world.code()
    with session.subscribe() as heard:
        for take in (session.scan, session.read):
            with pytest.raises(NobodyOnDuty):
                take(code, source="scanner")
            assert heard.next(0) == StaffChanged(needed=True)
        with pytest.raises(NobodyOnDuty):
            session.read("LP1:a frame", source="camera")
        assert rows(session) == []
        assert session.acts() == ()
        member = session.shift.sign_on(CLERK, PASSPHRASE)
        assert (member.number, member.name, member.role) == (CLERK, "演示员0417", Role.CLERK)
    # The code was not used up.
    shown = session.scan(code, source="scanner")
    assert shown.verdict.verdict_class == "accept"
    assert [(row["event"], row["by"]) for row in rows(session)] == [("sign_on", CLERK), ("verdict", CLERK)]


def test_where_nobody_has_to_checks_have_nobody_until_somebody_signs_on(terminal: Terminal) -> None:
    session = staffed(terminal, OPTIONAL)
    scan(terminal, session)
    session.shift.sign_on(CLERK, PASSPHRASE)
    shown = scan(terminal, session)
    session.void(shown.verdict.check_number, "重复")
    session.shift.sign_off()
    scan(terminal, session)
    assert events(session) == [
        "verdict None",
        f"sign_on {CLERK}",
        f"verdict {CLERK}",
        f"void {CLERK} 重复",
        f"sign_off {CLERK} self",
        "verdict None",
    ]


@pytest.mark.parametrize("profile", ["kiosk", "gate"])
def test_places_that_nobody_attends_need_nobody(terminal: Terminal, profile: str) -> None:
    terminal.profile = profile
    session = staffed(terminal, StaffSettings(required=True))
    assert scan(terminal, session).verdict.check_number


def test_what_the_terminal_does_by_itself_is_nobody_s(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    session.note_reading("journal")
    assert [
        row.payload.get("by") for row in session.journal_rows() if row.payload and row.payload["event"] == "read"
    ] == [None]


def test_one_person_at_a_time(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    for number in (CLERK, COLLEAGUE):
        with pytest.raises(AlreadyOnDuty):
            session.shift.sign_on(number, PASSPHRASE)
    current = session.shift.current()
    assert current is not None
    assert current.number == CLERK
    # What the person signs with the key fits the certificate.
    assert session.shift.on_duty.signer().public_key == new_key(CLERK).public_key
    session.shift.sign_off()
    with pytest.raises(NobodyOnDuty):
        session.shift.sign_off()
    with pytest.raises(NobodyOnDuty):
        session.shift.on_duty.signer()


def test_a_restart_leaves_nobody_on_duty_and_ends_the_shift_before_the_next(terminal: Terminal) -> None:
    staffed(terminal).shift.sign_on(CLERK, PASSPHRASE)
    session = terminal.open()
    assert session.shift.current() is None
    session.shift.sign_on(COLLEAGUE, PASSPHRASE)
    session.shift.sign_off()
    session.shift.sign_on(CLERK, PASSPHRASE)
    assert events(session) == [
        f"sign_on {CLERK}",
        f"sign_off {CLERK} restart",
        f"sign_on {COLLEAGUE}",
        f"sign_off {COLLEAGUE} self",
        f"sign_on {CLERK}",
    ]


# Time and withdrawal.


def test_who_does_nothing_for_too_long_is_signed_off(terminal: Terminal) -> None:
    session = staffed(terminal, StaffSettings(required=True, idle_minutes=15))
    session.shift.sign_on(CLERK, PASSPHRASE)
    for _ in range(3):
        terminal.pass_seconds(14 * MINUTE)
        scan(terminal, session)
    terminal.pass_seconds(15 * MINUTE - 1)
    assert session.shift.current() is not None
    terminal.pass_seconds(1)
    assert session.shift.current() is None
    with pytest.raises(NobodyOnDuty):
        scan(terminal, session)
    assert events(session)[-1] == f"sign_off {CLERK} idle"


def test_a_code_that_lies_there_keeps_nobody_on_duty(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    terminal.pass_seconds(15 * MINUTE)
    session.still_there("camera", bytes(32))
    session.status()
    assert session.shift.current() is None
    assert events(session)[-1] == f"sign_off {CLERK} idle"


def test_a_supervisor_s_setting_demands_a_sign_on_whatever_the_other_settings_say(terminal: Terminal) -> None:
    session = staffed(terminal, OPTIONAL)
    scan(terminal, session)
    session.supervision.change("sign_on_required", True)
    with pytest.raises(NobodyOnDuty):
        scan(terminal, session)
    session.shift.sign_on(CLERK, PASSPHRASE)
    scan(terminal, session)
    assert session.acts()[0].payload["by"] == CLERK


def test_a_queue_system_keeps_nobody_on_duty(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    for number in range(15):
        terminal.pass_seconds(MINUTE)
        session.shift.set_case(f"A{number:03}")
    assert session.shift.current() is None


def test_the_certificate_s_end_ends_the_shift(terminal: Terminal) -> None:
    ends = UnixTime(terminal.world.clock.at + HOUR)
    people = (certified_key(terminal.world, CLERK, exp=ends), certified_key(terminal.world, COLLEAGUE))
    session = staffed(terminal, StaffSettings(required=True, idle_minutes=120), *people)
    session.shift.sign_on(CLERK, PASSPHRASE)
    terminal.pass_seconds(HOUR - 1)
    assert session.shift.current() is not None
    terminal.pass_seconds(1)
    assert session.shift.current() is None
    session.status()
    assert events(session)[-1] == f"sign_off {CLERK} certificate_over"
    with pytest.raises(StaffCertificateRefused, match=WORDS[StaffTrouble.OVER]):
        session.shift.sign_on(CLERK, PASSPHRASE)


def test_a_withdrawal_that_arrives_ends_the_shift(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    gone = frozenset({keys.kid_of(new_key(CLERK).public_key)})
    assert not session.sync(publish_with_staff(terminal, seq=2, withdrawn=gone)).refused
    with pytest.raises(NobodyOnDuty):
        scan(terminal, session)
    assert events(session)[-1] == f"sign_off {CLERK} withdrawn"
    with pytest.raises(StaffCertificateRefused, match=WORDS[StaffTrouble.WITHDRAWN]):
        session.shift.sign_on(CLERK, PASSPHRASE)
    session.shift.sign_on(COLLEAGUE, PASSPHRASE)


# Certificates: one field forged at a time.


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"iss": f"{ZIXU}.GA"}, StaffTrouble.OTHER_REGION),
        ({"relying_party": "幻境酒店"}, StaffTrouble.OTHER_RELYING_PARTY),
        ({"uses": frozenset({StaffUse.ACT})}, StaffTrouble.OTHER_USE),
        ({"key": new_key(COLLEAGUE).public_key}, StaffTrouble.OTHER_KEY),
        ({"number": COLLEAGUE}, StaffTrouble.OTHER_NUMBER),
    ],
)
def test_one_field_of_the_certificate(terminal: Terminal, changes: dict[str, object], trouble: StaffTrouble) -> None:
    session = staffed(terminal, None, certified_key(terminal.world, CLERK, **changes))
    own_key = asking_world.identity(terminal).signer().public_key
    session.install_certificate(asking_world.certificate(terminal.world, own_key))
    with pytest.raises(StaffCertificateRefused, match=WORDS[trouble]):
        session.shift.sign_on(CLERK, PASSPHRASE)
    assert rows(session) == []


def test_signature_beginning_and_missing_certificate(terminal: Terminal) -> None:
    world = terminal.world
    stranger = world.signer("stranger", Alg.ED25519)
    people = (
        certified_key(world, "1", signer=stranger),
        certified_key(world, "2", signer=asking_world.region_key(world)),
        certified_key(world, "3", nbf=UnixTime(world.clock.at + 1), exp=UnixTime(world.clock.at + DAY)),
        new_key("4"),
        certified_key(world, "5", signer=world.roots["990000"]),
    )
    session = staffed(terminal, None, *people)
    for number, trouble in {
        "1": StaffTrouble.NOT_TRUSTED,
        "2": StaffTrouble.NOT_TRUSTED,
        "3": StaffTrouble.NOT_YET,
        "4": StaffTrouble.MISSING,
        "5": StaffTrouble.NOT_TRUSTED,
    }.items():
        with pytest.raises(StaffCertificateRefused, match=WORDS[trouble]):
            session.shift.sign_on(number, PASSPHRASE)


@pytest.mark.parametrize("role", list(Role))
def test_at_the_roadside_an_officer_or_a_supervisor(terminal: Terminal, role: Role) -> None:
    terminal.profile = "roadside"
    session = staffed(terminal, None, certified_key(terminal.world, CLERK, role=role))
    if role is Role.CLERK:
        with pytest.raises(StaffCertificateRefused, match=WORDS[StaffTrouble.OTHER_ROLE]):
            session.shift.sign_on(CLERK, PASSPHRASE)
    else:
        assert session.shift.sign_on(CLERK, PASSPHRASE).role is role


def test_a_key_that_a_checkpoint_banned_certifies_nobody(terminal: Terminal) -> None:
    world = terminal.world
    held, anchor = certified_key(world, CLERK), staff_world.anchor(world)
    trust = world.trust((*world.anchors(), anchor))
    place = Place("990000", Purpose.WINDOW, None)

    def trouble(bans: dict[tuple[str, bytes], UnixTime]) -> StaffTrouble | None:
        return checking.check(
            held.certificate, number=CLERK, key=held.public_key, place=place, trust=trust, bans=bans, at=world.clock.at
        ).trouble

    assert trouble({}) is None
    assert trouble({(anchor.iss, anchor.kid): world.clock.at}) is StaffTrouble.BANNED
    unread = checking.check(
        b"\xa0", number=CLERK, key=held.public_key, place=place, trust=trust, bans={}, at=world.clock.at
    )
    assert unread.trouble is StaffTrouble.UNREADABLE
    unheld = checking.check(
        held.certificate, number=CLERK, key=held.public_key, place=place, trust=None, bans={}, at=world.clock.at
    )
    assert unheld.trouble is StaffTrouble.NO_TRUST_LIST
    assert WORDS.keys() == set(StaffTrouble)


# Guesses.


def test_a_thousand_guesses_open_nothing_and_a_restart_forgets_none(terminal: Terminal) -> None:
    session = staffed(terminal)
    made = waited = 0
    for guess in range(1_000):
        with pytest.raises((WrongPassphrase, TooManyGuesses)) as refused:
            session.shift.sign_on(CLERK, f"guess number {guess}")
        made += refused.type is WrongPassphrase
        waited += refused.type is TooManyGuesses
    assert (made, waited) == (5, 995)
    # Also the right one waits; another person's tries are their own.
    with pytest.raises(TooManyGuesses):
        session.shift.sign_on(CLERK, PASSPHRASE)
    session = terminal.open()
    with pytest.raises(TooManyGuesses):
        session.shift.sign_on(CLERK, PASSPHRASE)
    session.shift.sign_on(COLLEAGUE, PASSPHRASE)
    session.shift.sign_off()
    terminal.pass_seconds(MINUTE)
    session.shift.sign_on(CLERK, PASSPHRASE)
    session.shift.sign_off()
    # The right one begins the count anew.
    for _ in range(5):
        with pytest.raises(WrongPassphrase):
            session.shift.sign_on(CLERK, "wrong again")


def test_a_number_that_is_not_here_costs_no_guess_and_is_no_path(terminal: Terminal) -> None:
    session = staffed(terminal)
    for number in ("9999", "", "../0417", "0417.staff", "零"):
        with pytest.raises(StaffUnknown):
            session.shift.sign_on(number, PASSPHRASE)
    assert session.shift.numbers() == (CLERK, COLLEAGUE)
    nobody = terminal.directory.with_name("nobody")
    nobody.mkdir()
    terminal.staff = None
    with pytest.raises(StaffUnknown):
        terminal.open().shift.sign_on(CLERK, PASSPHRASE)


# Hand-over.


def test_the_next_person_takes_over_what_they_saw(terminal: Terminal) -> None:
    session = staffed(terminal)
    session.shift.sign_on(CLERK, PASSPHRASE)
    kept, voided = scan(terminal, session), scan(terminal, session)
    session.void(voided.verdict.check_number, "误扫")
    assert session.scan("not a code of ours", source="scanner").verdict.verdict_class == "not_read"
    summary = session.shift.summary()
    assert (summary.acts, summary.voids, summary.refused, summary.person_checks) == (3, 1, 0, 0)
    with pytest.raises(SummaryChanged):
        session.shift.hand_over(COLLEAGUE, PASSPHRASE, seen={**summary.as_payload(), "acts": 2})
    with pytest.raises(AlreadyOnDuty):
        session.shift.hand_over(CLERK, PASSPHRASE, seen=summary.as_payload())
    with pytest.raises(WrongPassphrase):
        session.shift.hand_over(COLLEAGUE, "my own guess", seen=summary.as_payload())
    current = session.shift.current()
    assert current is not None
    assert current.number == CLERK
    assert session.shift.hand_over(COLLEAGUE, PASSPHRASE, seen=summary.as_payload()).number == COLLEAGUE
    row = rows(session)[-1]
    assert (row["event"], row["from"], row["by"], row["open"]) == (
        "hand_over",
        CLERK,
        COLLEAGUE,
        summary.as_payload(),
    )
    # The colleague's shift begins at nothing, and a void of the old act is the colleague's.
    assert session.shift.summary().acts == 0
    session.void(kept.verdict.check_number, "交接后作废")
    assert events(session)[-1] == f"void {COLLEAGUE} 交接后作废"


def test_open_person_checks_rechecks_and_alarms_are_handed_over(terminal: Terminal) -> None:
    rows_published = rows_with_person_check(terminal.world)
    session = staffed(terminal, rows=rows_published, age=2 * HOUR)
    session.shift.sign_on(CLERK, PASSPHRASE)
    first, second = scan(terminal, session), scan(terminal, session)
    session.confirm_person(second.verdict.check_number, matches=True)
    summary = session.shift.summary()
    assert (summary.acts, summary.person_checks, summary.rechecks, summary.alarms) == (2, 1, 2, 0)
    newer = publish_with_staff(terminal, seq=2, rows=rows_published, values={4711: Status.INVALID}, age=0)
    assert len(session.sync(newer).alarms) == 2
    session.acknowledge(first.verdict.check_number)
    with pytest.raises(SummaryChanged):
        session.shift.hand_over(COLLEAGUE, PASSPHRASE, seen=summary.as_payload())
    summary = session.shift.summary()
    assert (summary.person_checks, summary.rechecks, summary.alarms) == (1, 0, 1)
    session.shift.hand_over(COLLEAGUE, PASSPHRASE, seen=summary.as_payload())
    # What is everybody's stays with the next person.
    assert (session.shift.summary().acts, session.shift.summary().alarms) == (0, 1)


def test_nobody_hands_nothing_over(terminal: Terminal) -> None:
    session = staffed(terminal)
    with pytest.raises(NobodyOnDuty):
        session.shift.summary()
    with pytest.raises(NobodyOnDuty):
        session.shift.hand_over(COLLEAGUE, PASSPHRASE, seen={})


def test_without_a_durable_row_nobody_is_on_duty(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    session = staffed(terminal)

    def full(payload: object) -> None:
        raise OutOfOrder("disk full")

    monkeypatch.setattr(session.shift, "_append", full)
    with pytest.raises(OutOfOrder):
        session.shift.sign_on(CLERK, PASSPHRASE)
    assert session.shift.current() is None
    monkeypatch.undo()
    session.shift.sign_on(CLERK, PASSPHRASE)
    monkeypatch.setattr(session.shift, "_append", full)
    with pytest.raises(OutOfOrder):
        session.shift.sign_off()
    # Whoever wants to go is gone, whatever the disk says.
    assert session.shift.current() is None


# The case that acts carry.


def test_a_case_stands_in_the_next_act_and_is_used_up(terminal: Terminal) -> None:
    session = staffed(terminal, OPTIONAL)
    assert session.shift.set_case("  A037 ") == "A037"
    session.scan("not a code of ours", source="scanner")
    scan(terminal, session)
    scan(terminal, session)
    assert [row.get("case") for row in rows(session)] == ["A037", "A037", None]
    assert [act.payload.get("case") for act in session.acts("A037")] == ["A037", "A037"]


def test_a_case_can_be_kept_until_somebody_clears_it(terminal: Terminal) -> None:
    session = staffed(terminal, replace(OPTIONAL, keep_case=True))
    session.shift.set_case("窗口3-0042")
    scan(terminal, session)
    scan(terminal, session)
    session.shift.set_case("")
    scan(terminal, session)
    assert [row.get("case") for row in rows(session)] == ["窗口3-0042", "窗口3-0042", None]


@pytest.mark.parametrize(
    "text",
    [
        "A" * 33,
        "A\n1",
        "A\u202e1",
        "990101199001011234",
        "号990101 19900101 123X",
        "13800138000",
        "９９０１０１１９９００１０１１２３４",
    ],
)
def test_what_is_no_queue_number_never_reaches_the_journal(terminal: Terminal, text: str) -> None:
    session = staffed(terminal, OPTIONAL)
    with pytest.raises(CaseRefused):
        session.shift.set_case(text)
    assert session.shift.case == ""


def test_files_that_are_somebody_else_s(terminal: Terminal, tmp_path: Path) -> None:
    session = staffed(terminal)
    own = terminal.directory / "staff"
    (own / "0999.staff").write_bytes((own / f"{CLERK}.staff").read_bytes())
    with pytest.raises(Exception, match="another staff number"):
        session.shift.sign_on("0999", PASSPHRASE)
