"""Clock faults: behind the floor, far ahead, stepping, dead; and what stored moments may not do. One region is held."""

import pytest

from protocol.errors import Code
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.terminal.conftest import Terminal
from tests.utopia.clock import ManualClock
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.session import Session
from verifier_terminal.trusted_time import MAX_UNCERTAINTY, TrustedTime

FLOOR = UnixTime(1_795_226_400)
ONE = ("990100", b"only")
"""The only source of a terminal that holds one region."""


def reading_at(offset: int, *, online: bool = False) -> tuple[bool, int | None, int]:
    """A terminal that starts with its clock this far from the floor."""
    time = TrustedTime(now=ManualClock(FLOOR + offset), elapsed_seconds=lambda: 0.0)
    time.confirm({ONE: FLOOR})
    reading = time.read(online=online)
    return reading.plausible, reading.confirmed_age, reading.uncertainty


@pytest.mark.parametrize(
    ("offset", "plausible"),
    [
        (0, True),
        (-5 * MINUTE, True),
        (-5 * MINUTE - 1, False),
        (-3 * DAY, False),
        (-365 * DAY, False),
        (-FLOOR, False),
        (30 * DAY, True),
        (30 * DAY + 1, False),
        (400 * DAY, False),
    ],
)
def test_the_floor_and_the_last_confirmation_bound_the_clock(offset: int, plausible: bool) -> None:
    assert reading_at(offset)[0] is plausible


def test_far_ahead_is_believed_while_the_issuer_is_reached() -> None:
    assert reading_at(31 * DAY, online=True)[0] is True


@pytest.mark.parametrize(
    ("age", "uncertainty"), [(0, 0), (1, 1), (2_000, 1), (2_001, 2), (40_000, 20), (DAY, 44), (365 * DAY, HOUR)]
)
def test_uncertainty_is_500_ppm_of_the_age_and_bounded(age: int, uncertainty: int) -> None:
    assert reading_at(age)[1:] == (age, uncertainty)


def test_without_a_floor_nothing_was_ever_confirmed() -> None:
    time = TrustedTime(now=ManualClock(FLOOR), elapsed_seconds=lambda: 0.0)
    reading = time.read(online=True)
    assert (reading.confirmed_age, reading.uncertainty) == (None, MAX_UNCERTAINTY)


@pytest.mark.parametrize(("step", "plausible"), [(59, True), (61, False), (-61, False), (-3 * DAY, False)])
def test_a_step_while_running_is_noticed(step: int, plausible: bool) -> None:
    clock, elapsed = ManualClock(FLOOR + 10 * DAY), [0.0]
    time = TrustedTime(now=clock, elapsed_seconds=lambda: elapsed[0])
    time.confirm({ONE: FLOOR})
    clock.advance(1_000 + step)
    elapsed[0] += 1_000
    assert time.read(online=False).plausible is plausible


def test_a_signed_moment_that_agrees_ends_the_suspicion() -> None:
    clock = ManualClock(FLOOR)
    time = TrustedTime(now=clock, elapsed_seconds=lambda: 0.0)
    time.confirm({ONE: FLOOR})
    clock.advance(HOUR)
    assert not time.read(online=True).plausible
    time.confirm({ONE: UnixTime(clock.at - 30)})
    assert time.read(online=True).plausible


def test_an_old_signed_moment_does_not_end_the_suspicion() -> None:
    clock = ManualClock(FLOOR)
    time = TrustedTime(now=clock, elapsed_seconds=lambda: 0.0)
    time.confirm({ONE: FLOOR})
    clock.advance(10 * DAY)
    time.confirm({ONE: UnixTime(FLOOR + 60)})
    assert not time.read(online=True).plausible


@pytest.mark.parametrize(("silence", "asks"), [(11 * HOUR, False), (12 * HOUR, True)])
def test_by_a_doubtful_clock_a_challenge_is_offered(
    terminal: Terminal, session: Session, silence: int, asks: bool
) -> None:
    terminal.pass_seconds(silence)
    assert session.status().always_asks is asks
    terminal.world.clock.advance(-3 * DAY)
    # By a clock that cannot be right an answer is worth no more than an open code.
    assert not terminal.open().status().always_asks


@pytest.mark.parametrize("offset", [-3 * DAY, -365 * DAY, 400 * DAY])
def test_a_clock_fault_at_boot_never_accepts(terminal: Terminal, session: Session, offset: int) -> None:
    terminal.world.clock.advance(offset)
    text = terminal.world.code(binding=terminal.world.key_binding()) if offset > 0 else ""
    if offset < 0:
        # The phone is right; the terminal is not.
        terminal.world.clock.advance(-offset)
        text = terminal.world.code()
        terminal.world.clock.advance(offset)
    shown = terminal.open().scan(text, source="scanner")
    assert shown.verdict.verdict_class is not VerdictClass.ACCEPT


def test_a_journal_row_of_tomorrow_moves_no_clock(terminal: Terminal, session: Session) -> None:
    terminal.world.clock.advance(DAY)
    session.scan("https://example.org/", source="scanner")
    terminal.world.clock.advance(-DAY)
    shown = terminal.open().scan(terminal.world.code(), source="scanner")
    assert shown.verdict.verdict_class is VerdictClass.ACCEPT
    assert Code.W_CLOCK not in [finding.code for finding in shown.verdict.findings]
