"""Paper codes: never above "check", never where nobody attends, and only what a clerk compares is shown."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import Code
from protocol.labels import Alg, KeyAssurance, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.sd_cwt.credential import StatusReference
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import BEGINNING, WUYOU, ZIXU
from verifier_terminal.appraisal import explain
from verifier_terminal.appraisal.explain import Outcome, Step
from verifier_terminal.appraisal.verdict import Fact, Form, Proceed, Tier, Verdict, VerdictClass

CHECK, REFUSE = VerdictClass.CHECK, VerdictClass.REFUSE


def graded(verdict: Verdict) -> dict[str, Tier]:
    return {each.code: each.tier for each in verdict.findings if each.tier is not Tier.INFORMATION}


def appraised(terminal: Terminal, **claims: Any) -> Verdict:
    return terminal.appraise(acts.paper_text(terminal.world, **claims))


def test_a_good_paper_code_is_to_be_checked(terminal: Terminal) -> None:
    verdict = appraised(terminal)
    assert (verdict.verdict_class, verdict.proceed) == (CHECK, Proceed.AFTER_CHECK)
    assert graded(verdict) == {Code.W_STATIC: Tier.WARNING}
    assert verdict.person_check
    assert set(verdict.established) == {Fact.ISSUER_SIGNATURE, Fact.VALIDITY_DATES, Fact.STATUS}
    assert set(verdict.not_established) == {Fact.HOLDER_KEY, Fact.DISCLOSURES}
    assert (verdict.form, verdict.replay_key, verdict.burn_until, verdict.audience) == (Form.PAPER, None, None, None)
    assert verdict.credential_digest is not None


def test_only_what_a_clerk_compares_is_shown(terminal: Terminal) -> None:
    licence = appraised(terminal).licence
    assert licence is not None
    assert licence.claims == {"name": "测**甲", "citizen_id": "**************0028"}
    assert (licence.slug, licence.authority, licence.valid_to) == ("driving-licence", "GA", 20270218)
    assert licence.is_paper
    assert (licence.mandate, licence.evidence, licence.portrait_sha256) == (None, None, None)


def test_a_kind_without_these_items_names_them_all_the_same(terminal: Terminal) -> None:
    terminal.set_kind(items=())
    licence = appraised(terminal).licence
    assert licence is not None
    assert set(licence.claims or ()) == {"name", "citizen_id"}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_where_nobody_attends_it_is_held(terminal: Terminal, purpose: Purpose) -> None:
    terminal.at_place(purpose, attended=False)
    verdict = appraised(terminal)
    assert graded(verdict)[Code.W_STATIC] is Tier.HOLD
    assert (verdict.verdict_class, verdict.proceed) == (CHECK, Proceed.NO)
    assert not verdict.person_check


@pytest.mark.parametrize("row", [{"challenge_required": True}, {"seal_required": True}, {"irreversible": True}])
def test_where_more_is_demanded_than_paper_can_give_it_is_held_and_never_red(
    terminal: Terminal, row: dict[str, bool]
) -> None:
    terminal.set_row(**row)
    verdict = appraised(terminal)
    assert graded(verdict)[Code.W_STATIC] is Tier.HOLD
    assert verdict.verdict_class is CHECK


def test_no_paper_stands_for_a_kept_key_or_for_several_holders(terminal: Terminal) -> None:
    terminal.set_row(min_assurance=KeyAssurance.OS_KEY_STORE, holders_required=2)
    assert graded(appraised(terminal)) == {
        Code.W_STATIC: Tier.WARNING,
        Code.W_ASSURANCE: Tier.HOLD,
        Code.W_HOLDERS_MISSING: Tier.HOLD,
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.REVOKED, Code.E_REVOKED),
        (Status.SUSPENDED, Code.E_SUSPENDED),
        (Status.DEVICE_LOST, Code.E_DEVICE_LOST),
        (Status.SUPERSEDED, Code.W_SUPERSEDED),
    ],
)
def test_a_reported_loss_or_a_revocation_ends_it(terminal: Terminal, status: Status, code: Code) -> None:
    terminal.set_status(status)
    verdict = appraised(terminal)
    assert code in graded(verdict)
    assert verdict.proceed is Proceed.NO
    assert Fact.STATUS not in verdict.established
    if verdict.verdict_class is REFUSE:
        assert verdict.licence is not None
        assert (verdict.licence.claims, verdict.licence.valid_to, verdict.person_check) == (None, None, False)


def test_police_see_it_under_the_refusal(terminal: Terminal) -> None:
    terminal.set_status(Status.SUSPENDED)
    terminal.set_row(show_under_refusal=True)
    licence = appraised(terminal).licence
    assert licence is not None
    assert licence.claims is not None


def test_the_papers_entry_is_its_own(terminal: Terminal) -> None:
    terminal.set_status(Status.REVOKED, idx=4711)
    assert Code.E_REVOKED not in graded(appraised(terminal, idx=4712))
    assert graded(appraised(terminal, idx=9_999_999))[Code.E_STATUS_RANGE]
    assert Code.W_STATUS_MISSING in graded(appraised(terminal, status=StatusReference(f"lz:{WUYOU}/9", 1)))


def test_its_end_is_technical_and_a_hold(terminal: Terminal) -> None:
    iat = UnixTime(BEGINNING - 90 * DAY)
    for end, codes in ((0, {Code.W_STATIC, Code.W_CRED_EXPIRED}), (1, {Code.W_STATIC})):
        verdict = appraised(terminal, iat=iat, exp=UnixTime(BEGINNING + end))
        assert graded(verdict).keys() == codes
        assert (Fact.VALIDITY_DATES in verdict.established) is (end == 1)
    early = appraised(terminal, iat=UnixTime(BEGINNING + 1), exp=UnixTime(BEGINNING + DAY))
    assert graded(early).keys() == {Code.W_STATIC, Code.W_CRED_NOT_YET}
    assert appraised(terminal, iat=BEGINNING, exp=UnixTime(BEGINNING + DAY)).proceed is Proceed.AFTER_CHECK


def test_what_the_terminal_does_not_know_holds_it(terminal: Terminal) -> None:
    terminal.set_row(regions=frozenset({ZIXU}))
    assert graded(appraised(terminal))[Code.W_REGION] is Tier.WARNING
    terminal.trust_is_late_by(31 * DAY)
    assert graded(appraised(terminal))[Code.W_TRUST_STALE] is Tier.HOLD
    terminal.set_policy(rows={})
    verdict = appraised(terminal)
    assert graded(verdict)[Code.W_POLICY_MISSING] is Tier.HOLD
    assert verdict.licence is not None
    assert verdict.licence.claims is None
    terminal.set_status(age=30 * DAY)
    assert Code.W_STATUS_STALE in graded(appraised(terminal))
    text = acts.paper_text(terminal.world)
    terminal.knowledge = None
    assert graded(terminal.appraise(text)).keys() == {
        Code.W_TRUST_MISSING,
        Code.W_POLICY_MISSING,
        Code.W_STATUS_MISSING,
    }


def test_an_unknown_kind_is_an_irreversible_act(terminal: Terminal) -> None:
    catalogue = terminal.held.catalogue
    kinds = {vct: kind for vct, kind in catalogue.kinds.items() if vct != DRIVING_LICENCE}
    terminal.knowledge = replace(terminal.held, catalogue=replace(catalogue, kinds=kinds))
    verdict = appraised(terminal)
    assert graded(verdict)[Code.W_STATIC] is Tier.HOLD
    assert verdict.licence is not None
    assert verdict.licence.slug == str(DRIVING_LICENCE)


def test_clocks(terminal: Terminal) -> None:
    terminal.set_clock(uncertainty=Seconds(HOUR))
    verdict = appraised(terminal)
    assert graded(verdict) == {Code.W_STATIC: Tier.WARNING, Code.W_CLOCK: Tier.WARNING}
    assert Fact.VALIDITY_DATES not in verdict.established
    terminal.set_clock(at=UnixTime(BEGINNING + 500 * DAY), plausible=False)
    assert graded(appraised(terminal)) == {Code.W_CLOCK: Tier.HOLD}
    terminal.set_clock(plausible=True, uncertainty=Seconds(1))
    assert graded(appraised(terminal)) == {Code.E_ISSUER_EXPIRED: Tier.CONTRAINDICATED}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"iss": f"{ZIXU}.GA"}, Code.E_ISSUER_UNKNOWN),
        ({"vct": 65_500}, Code.E_VCT),
        ({"status": StatusReference(f"lz:{ZIXU}/3", 1)}, Code.E_STATUS_URI),
    ],
)
def test_a_paper_key_signs_its_own_alone(terminal: Terminal, changed: dict[str, Any], code: Code) -> None:
    verdict = appraised(terminal, **changed)
    assert graded(verdict) == {code: Tier.CONTRAINDICATED}
    assert (verdict.licence, verdict.established) == (None, ())


def test_a_key_for_credentials_signs_no_paper(terminal: Terminal) -> None:
    world = terminal.world
    for signer in (world.issuers[WUYOU, Alg.ED25519], acts.mandate_signer(world)):
        assert graded(appraised(terminal, signer=signer)) == {Code.E_ISSUER_UNKNOWN: Tier.CONTRAINDICATED}


def test_a_changed_paper_is_refused(terminal: Terminal) -> None:
    text = acts.paper_text(terminal.world)
    for place in range(4, len(text), 7):
        changed = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        verdict = terminal.appraise(changed)
        assert verdict.verdict_class in (REFUSE, VerdictClass.NOT_READ)
        assert verdict.licence is None


def test_neither_is_taken_for_the_other(terminal: Terminal) -> None:
    paper, code = acts.paper_text(terminal.world), terminal.code()
    assert graded(terminal.appraise("LZ1:" + paper[4:])) == {Code.E_TYP: Tier.CONTRAINDICATED}
    assert graded(terminal.appraise("LS1:" + code[4:])) == {Code.E_TYP: Tier.CONTRAINDICATED}
    terminal.ask()
    assert graded(terminal.appraise("LE1:" + paper[4:])) == {Code.E_SHAPE: Tier.CONTRAINDICATED}


def test_the_trace_says_which_checks_paper_does_not_have(terminal: Terminal) -> None:
    lines = {line.step: line for line in explain.trace(appraised(terminal))}
    absent = [step for step, line in lines.items() if line.outcome is Outcome.ABSENT]
    assert absent == [Step.CONFIRMATION_KEY, Step.HOLDER_SIGNATURE, Step.DISCLOSURES]
    assert lines[Step.BINDING].outcome is Outcome.NOTED
    assert lines[Step.BINDING].facts["form"] == "paper"
    unknown = {line.step: line.outcome for line in explain.trace(appraised(terminal, vct=65_500))}
    assert unknown[Step.HOLDER_SIGNATURE] is Outcome.NOT_REACHED


def test_risk_decides_as_for_every_licence(terminal: Terminal) -> None:
    terminal.set_risk(RiskClass.L)
    terminal.at_place(Purpose.KIOSK, attended=True)
    assert graded(appraised(terminal)) == {Code.W_STATIC: Tier.WARNING}
    terminal.set_risk(RiskClass.M)
    assert graded(appraised(terminal))[Code.W_STATIC] is Tier.HOLD
