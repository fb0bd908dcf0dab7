"""A banned key: refused from the ban's moment on, held before it, and never better than without the ban."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import keys
from protocol.errors import Code
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.verdict import Fact, Proceed, Tier, Verdict, VerdictClass

_ORDER = {VerdictClass.ACCEPT: 0, VerdictClass.CHECK: 1, VerdictClass.REFUSE: 2, VerdictClass.NOT_READ: 3}


def ban(terminal: Terminal, signer: Signer, since: int, *, region: str = WUYOU) -> None:
    pair = (terminal.world.iss(region), keys.kid_of(signer.public_key))
    terminal.knowledge = replace(terminal.held, bans={**terminal.held.bans, pair: UnixTime(since)})


def codes(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}


@pytest.mark.parametrize(("since", "code"), [(0, Code.E_ISSUER_BANNED), (1, Code.W_ISSUER_BANNED)])
def test_a_licence_at_the_moment_of_the_ban_and_a_second_before(terminal: Terminal, since: int, code: Code) -> None:
    issued = terminal.world.credential()
    ban(terminal, issued.issuer, issued.claims.iat + since)
    verdict = terminal.appraise(terminal.code(issued))
    assert codes(verdict) == {code}
    refused = code is Code.E_ISSUER_BANNED
    assert verdict.verdict_class is (VerdictClass.REFUSE if refused else VerdictClass.CHECK)
    assert verdict.proceed is Proceed.NO
    # A forged licence names nobody: nothing of it is shown. One that may be honest is held with what it says.
    assert (verdict.licence is None) is refused
    assert (Fact.HOLDER_KEY in verdict.established) is not refused


def test_a_doubtful_clock_does_not_soften_a_ban(terminal: Terminal) -> None:
    issued = terminal.world.credential()
    ban(terminal, issued.issuer, issued.claims.iat)
    terminal.set_clock(plausible=False)
    assert Code.E_ISSUER_BANNED in codes(terminal.appraise(terminal.code(issued)))


def test_one_key_alone_is_banned_and_the_others_go_on(terminal: Terminal) -> None:
    ban(terminal, terminal.world.issuers[WUYOU, Alg.ESP256], 0)
    assert terminal.appraise().verdict_class is VerdictClass.ACCEPT


def test_the_same_kid_under_another_issuer_is_not_banned(terminal: Terminal) -> None:
    issued = terminal.world.credential()
    ban(terminal, issued.issuer, 0, region=ZIXU)
    assert terminal.appraise(terminal.code(issued)).verdict_class is VerdictClass.ACCEPT


@pytest.mark.parametrize(("since", "code"), [(0, Code.E_ISSUER_BANNED), (1, Code.W_ISSUER_BANNED)])
def test_a_mandates_key_and_a_papers_key_are_banned_alike(terminal: Terminal, since: int, code: Code) -> None:
    agent = acts.mandate(terminal.world)
    ban(terminal, agent.issuer, agent.claims.iat + since)
    assert code in codes(terminal.appraise(terminal.code(agent)))
    signed = UnixTime(terminal.world.clock.at - DAY)
    ban(terminal, acts.paper_signer(terminal.world), signed + since)
    verdict = terminal.appraise(acts.paper_text(terminal.world, iat=signed))
    assert code in codes(verdict)
    assert verdict.proceed is Proceed.NO


def test_a_forged_signature_stays_a_forgery_where_the_ban_is_later(terminal: Terminal) -> None:
    issued = terminal.world.credential()
    ban(terminal, issued.issuer, issued.claims.iat + 1)
    forged = terminal.forged_by(issued, "乙的手机")
    assert codes(terminal.appraise(terminal.code(forged))) == {Code.E_SIG_HOLDER}


@given(st.sampled_from(list(Status)), st.integers(-2, 2), st.integers(0, 40 * DAY))
def test_a_ban_never_makes_anything_better(status: Status, since: int, age: int) -> None:
    terminal = Terminal()
    terminal.set_status(int(status), age=age)
    issued = terminal.world.credential()
    without = terminal.appraise(terminal.code(issued))
    ban(terminal, issued.issuer, issued.claims.iat + since)
    banned = terminal.appraise(terminal.code(issued))
    assert banned.verdict_class is not VerdictClass.ACCEPT
    assert _ORDER[banned.verdict_class] >= _ORDER[without.verdict_class]
