"""Who shows a licence for its holder: the mandate's limits, its end and its status, and what the clerk is told."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import Code
from protocol.labels import Alg, KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import envelope
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.kinds import ID_CARD
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.explain import Step, step_of
from verifier_terminal.appraisal.verdict import Fact, MandateShown, Proceed, Tier, Verdict, VerdictClass


def codes(verdict: Verdict) -> set[str]:
    return {each.code for each in verdict.findings}


def graded(verdict: Verdict) -> set[str]:
    return {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}


def shown(terminal: Terminal, stated: Any = acts.MANDATE, **fields: Any) -> str:
    return terminal.code(acts.mandate(terminal.world, stated, **fields))


def test_an_agent_acts_within_its_mandate_and_the_verdict_says_who_it_is(terminal: Terminal) -> None:
    verdict = terminal.appraise(shown(terminal))
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.ACCEPT, Proceed.YES)
    assert set(verdict.established) == set(Fact)
    assert verdict.licence is not None
    end = acts.mandate(terminal.world).claims.exp
    assert verdict.licence.mandate == MandateShown(3, end)
    # The items are the licence holder's.
    assert verdict.licence.claims is not None
    assert verdict.licence.claims["name"] == "测试员甲"


def test_a_holders_own_licence_says_nothing_of_a_mandate(terminal: Terminal) -> None:
    licence = terminal.appraise().licence
    assert licence is not None
    assert licence.mandate is None


@pytest.mark.parametrize(
    "change",
    [
        {"purposes": frozenset({Purpose.HOTEL})},
        {"purposes": frozenset({Purpose.ROADSIDE, Purpose.GATE})},
    ],
)
def test_a_mandate_for_another_purpose_is_refused_by_its_own_code(terminal: Terminal, change: dict[str, Any]) -> None:
    verdict = terminal.appraise(shown(terminal, replace(acts.MANDATE, **change)))
    assert graded(verdict) == {Code.E_MANDATE_SCOPE}
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.licence is not None
    assert verdict.licence.claims is None
    assert verdict.licence.mandate is not None


def test_the_purpose_is_this_places_also_where_aud_names_a_terminal(terminal: Terminal) -> None:
    request = terminal.ask()
    narrow = acts.mandate(terminal.world, replace(acts.MANDATE, purposes=frozenset({Purpose.HOTEL})))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, narrow)))
    assert graded(verdict) == {Code.E_MANDATE_SCOPE}
    wide = acts.mandate(terminal.world)
    assert graded(terminal.appraise(envelope.wrap(terminal.answer(request, wide)))) == set()


@pytest.mark.parametrize(
    "change",
    [{"kinds": frozenset({ID_CARD})}, {"parent_region": ZIXU}, {"parent_kind": ID_CARD}],
)
def test_a_mandate_over_another_licence_is_refused(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    # No issuer of ours makes one; a dishonest one would.
    monkeypatch.setattr("protocol.mandate.Mandate.contradictions", lambda self, **fields: frozenset())
    text = shown(terminal, replace(acts.MANDATE, **change))
    monkeypatch.undo()
    assert graded(terminal.appraise(text)) == {Code.E_MANDATE_SCOPE}


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_mandate_that_has_ended_is_none(terminal: Terminal, seconds: int) -> None:
    issued = acts.mandate(terminal.world)
    terminal.set_clock(at=UnixTime(issued.claims.exp + seconds))
    terminal.world.clock.at = terminal.clock.at
    terminal.set_policy(exp=UnixTime(terminal.at + DAY))
    terminal.set_status()
    terminal.trust_is_late_by(-DAY)
    # Made before the end and still fresh after it.
    binding = terminal.world.key_binding(iat=issued.claims.exp - 2, life=1)
    verdict = terminal.appraise(terminal.world.code(issued, binding=binding))
    assert graded(verdict) == (set() if seconds < 0 else {Code.E_MANDATE_EXPIRED})


def test_a_doubtful_clock_ends_no_mandate(terminal: Terminal) -> None:
    issued = acts.mandate(terminal.world)
    terminal.set_clock(at=issued.claims.exp, uncertainty=Seconds(200 * DAY))
    verdict = terminal.appraise(terminal.code(issued))
    assert Code.E_MANDATE_EXPIRED not in codes(verdict)
    assert {Code.W_CLOCK, Code.W_CRED_EXPIRED} <= codes(verdict)
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.NO)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.VALID])
def test_a_mandate_whose_status_is_not_valid_is_revoked_whatever_the_value(terminal: Terminal, status: Status) -> None:
    terminal.set_status(status, idx=99)
    terminal.set_row(show_under_refusal=True)
    verdict = terminal.appraise(shown(terminal))
    assert graded(verdict) == {Code.E_MANDATE_REVOKED}
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.licence is not None
    assert verdict.licence.claims is None


def test_the_rules_of_the_licence_itself_hold_as_well(terminal: Terminal) -> None:
    ended = shown(terminal, items={Lic.VALID_TO: 20261120})
    assert graded(terminal.appraise(ended)) == {Code.E_LIC_EXPIRED}
    terminal.set_status(age=4 * DAY)
    assert graded(terminal.appraise(shown(terminal))) == {Code.W_STATUS_STALE}


def test_an_assertion_key_signs_no_mandate(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = terminal.world.issuers[WUYOU, Alg.ED25519]
    monkeypatch.setattr(acts, "mandate_signer", lambda world: signer)
    assert codes(terminal.appraise(shown(terminal))) == {Code.E_ISSUER_UNKNOWN}


def test_a_doubtful_clock_does_not_end_a_mandates_key_either(terminal: Terminal) -> None:
    terminal.set_clock(at=UnixTime(terminal.at + 500 * DAY), plausible=False)
    assert codes(terminal.appraise(shown(terminal))) == {Code.W_CLOCK}


# The agent stands here, and not the licence holder.


def test_an_agent_answers_the_person_check_by_a_key_that_is_kept_well(terminal: Terminal) -> None:
    terminal.set_row(person_check=True)
    terminal.set_risk(RiskClass.G)
    verdict = terminal.appraise(shown(terminal))
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.ACCEPT, Proceed.AFTER_CHECK)
    assert Code.W_PERSON_CHECK in codes(verdict)
    weak = terminal.appraise(shown(terminal, key_assurance=KeyAssurance.OS_KEY_STORE))
    assert graded(weak) == {Code.W_ASSURANCE}
    assert weak.proceed is Proceed.NO
    # A holder's own weak key is compared with a face, and an agent's where nobody asks for a comparison is not.
    assert graded(terminal.appraise(terminal.code(terminal.stated(key_assurance=KeyAssurance.OS_KEY_STORE)))) == set()
    terminal.set_row(person_check=False)
    assert graded(terminal.appraise(shown(terminal, key_assurance=KeyAssurance.OS_KEY_STORE))) == set()


def test_the_holders_portrait_proves_no_agent_of_an_irreversible_act(terminal: Terminal) -> None:
    terminal.set_row(person_check=True, irreversible=True)
    portrait = {Lic.PORTRAIT_SHA256: bytes(range(32))}
    assert graded(terminal.appraise(shown(terminal, items=portrait))) == {Code.W_ASSURANCE}
    proofed = terminal.appraise(shown(terminal, key_assurance=KeyAssurance.PROOFED_IN_PERSON))
    assert (proofed.verdict_class, proofed.proceed) == (VerdictClass.ACCEPT, Proceed.AFTER_CHECK)


def test_no_row_that_rests_on_a_compared_face_counts_for_an_agent(terminal: Terminal) -> None:
    terminal.set_risk(RiskClass.G)
    terminal.set_status(age=2 * HOUR)
    assert graded(terminal.appraise()) == set()
    verdict = terminal.appraise(shown(terminal))
    assert [(each.code, each.tier) for each in verdict.findings if each.tier is not Tier.INFORMATION] == [
        (Code.W_STATUS_STALE, Tier.HOLD)
    ]


def test_mandate_codes_have_their_steps() -> None:
    both = (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY)
    assert step_of(Code.E_MANDATE_EXPIRED, both) is Step.MOMENTS
    assert step_of(Code.E_MANDATE_REVOKED, both) is Step.STATUS
    assert step_of(Code.E_MANDATE_SCOPE, both) is Step.POLICY
