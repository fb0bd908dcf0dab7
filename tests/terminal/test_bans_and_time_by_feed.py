"""By the feed, end to end: bans that count at once and outlive their checkpoint, moments of the future, re-checks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.errors import Code
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.terminal.feeding import SHOWN, Fed, fed
from tests.utopia.world import WUYOU
from verifier_terminal.appraisal.verdict import Tier, Verdict, VerdictClass


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Fed]:
    with fed(tmp_path) as made:
        yield made


def codes(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}


def issuing_key(terminal: Fed) -> tuple[Signer, UnixTime]:
    """The key that signed what is shown, and when it did."""
    issued = terminal.world.credential()
    return issued.issuer, issued.claims.iat


def ban(terminal: Fed, *, after_signing: int) -> None:
    signer, signed = issuing_key(terminal)
    terminal.feed.bans = (terminal.feed.ban_of(signer, since=UnixTime(signed + after_signing)),)
    terminal.minute()
    assert not terminal.poll().refused


@pytest.mark.parametrize(("after_signing", "code"), [(0, Code.E_ISSUER_BANNED), (1, Code.W_ISSUER_BANNED)])
def test_a_ban_counts_with_the_checkpoint_that_carries_it(terminal: Fed, after_signing: int, code: Code) -> None:
    assert codes(terminal.show()) == set()
    ban(terminal, after_signing=after_signing)
    assert codes(terminal.show()) == {code}


def test_a_ban_outlives_its_checkpoint_and_the_process(terminal: Fed) -> None:
    ban(terminal, after_signing=0)
    terminal.feed.bans = ()
    terminal.minute()
    assert not terminal.poll().refused
    assert codes(terminal.show()) == {Code.E_ISSUER_BANNED}
    terminal.reopened()
    assert codes(terminal.show()) == {Code.E_ISSUER_BANNED}


def test_a_later_checkpoint_never_softens_a_ban(terminal: Fed) -> None:
    ban(terminal, after_signing=0)
    ban(terminal, after_signing=1)
    assert codes(terminal.show()) == {Code.E_ISSUER_BANNED}


def test_a_ban_that_now_begins_earlier_counts(terminal: Fed) -> None:
    ban(terminal, after_signing=1)
    ban(terminal, after_signing=0)
    assert codes(terminal.show()) == {Code.E_ISSUER_BANNED}


def test_a_ban_of_another_key_changes_nothing(terminal: Fed) -> None:
    other = terminal.world.issuers[WUYOU, Alg.ESP256]
    assert other.public_key.thumbprint != issuing_key(terminal)[0].public_key.thumbprint
    terminal.feed.bans = (terminal.feed.ban_of(other, since=UnixTime(0)),)
    terminal.minute()
    assert not terminal.poll().refused
    assert terminal.show().verdict_class is VerdictClass.ACCEPT


def test_a_checkpoint_of_the_future_is_not_applied_and_the_terminal_goes_on(terminal: Fed) -> None:
    before = terminal.seq
    terminal.minute()
    claims = terminal.feed.claims()
    at = terminal.world.clock.at
    terminal.feed.publish(replace(claims, iat=UnixTime(at + DAY), exp=UnixTime(at + 2 * DAY)))
    assert terminal.poll().refused
    assert terminal.session.status().clock.at == terminal.world.clock.at
    assert terminal.seq == before
    terminal.feed.publish()
    assert not terminal.poll().refused
    assert terminal.show().verdict_class is VerdictClass.ACCEPT


@pytest.mark.parametrize("step", [-2 * DAY, 400 * DAY])
def test_a_clock_that_steps_while_the_feed_is_polled_is_not_followed(terminal: Fed, step: int) -> None:
    terminal.minute()
    assert not terminal.poll().refused
    true = terminal.world.clock.at
    text = terminal.world.code()
    terminal.world.clock.advance(step)
    shown = terminal.session.scan(text, source="scanner").verdict
    assert (shown.at, shown.verdict_class) == (true, VerdictClass.ACCEPT)


def test_what_was_accepted_on_old_data_is_answered_by_the_feed(terminal: Fed) -> None:
    terminal.terminal.pass_seconds(10 * MINUTE)
    number = terminal.show().check_number
    assert terminal.session.status().recheck_queue == 1
    checked = terminal.world.clock.at
    # The region had revoked it a minute before that check, and the terminal hears of it now, by that very checkpoint.
    terminal.feed.change({SHOWN: int(Status.REVOKED)})
    terminal.feed.publish(terminal.feed.claims(age=MINUTE))
    assert [each.check_number for each in terminal.poll().alarms] == [number]
    (alarm,) = terminal.session.status().alarms
    assert alarm.change is not None
    assert (alarm.change.as_of, alarm.change.accepted_at) == (checked - MINUTE, checked)
    assert alarm.change.before_check is True
    assert terminal.session.status().recheck_queue == 0
    rows = [row.payload for row in terminal.session.explain(number) if row.payload]
    assert [each["before_check"] for each in rows if each["event"] == "recheck"] == [True]


def test_a_change_that_may_be_after_the_check_says_so(terminal: Fed) -> None:
    terminal.terminal.pass_seconds(10 * MINUTE)
    terminal.show()
    terminal.terminal.pass_seconds(HOUR)
    terminal.feed.change({SHOWN: int(Status.REVOKED)})
    (alarm,) = terminal.poll().alarms
    assert alarm.change is not None
    assert alarm.change.before_check is None
