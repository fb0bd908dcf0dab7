"""A child's licence is shown with its guardian, and nobody's age is taken for granted (ADR 0022)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import Code
from protocol.labels import HolderKind, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.unixtime import DAY, Seconds
from tests.appraisal.terminal import SHOWN, TOGETHER, Terminal
from tests.utopia import acts
from tests.utopia.world import Issued
from verifier_terminal.appraisal.verdict import Finding, Proceed, Tier, Verdict, VerdictClass

CHILD = "990101201211210019"
"""14 on the day of the world's clock, 2026-11-21: full years are counted from the next day on."""
GROWN = "990101201211200013"
NAME_AND_BIRTH = (Lic.NAME, Lic.LICENCE_NO, Lic.BIRTH_DATE)


def terminal_with(years: int | None = 14, **fields: Any) -> Terminal:
    terminal = Terminal()
    terminal.set_row(mandatory=frozenset({int(Lic.NAME)}), guardian_below=years, **fields)
    return terminal


def graded(verdict: Verdict) -> set[tuple[Code, Tier]]:
    return {(each.code, each.tier) for each in verdict.findings if each.tier > Tier.AFFIRMING}


def of(terminal: Terminal, number: str, **claims: Any) -> Issued:
    issued = acts.licence(terminal.world, 8, CITIZEN_ID=number)
    return replace(issued, claims=replace(issued.claims, **claims)) if claims else issued


def test_a_child_alone_is_checked_and_its_licence_is_shown_to_the_clerk() -> None:
    terminal = terminal_with()
    verdict = terminal.appraise(terminal.code(of(terminal, CHILD), shown=TOGETHER))
    assert graded(verdict) == {(Code.W_GUARDIAN, Tier.WARNING)}
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.AFTER_CHECK)
    assert verdict.licence is not None
    assert verdict.licence.claims is not None


def test_a_day_older_it_is_accepted() -> None:
    terminal = terminal_with()
    verdict = terminal.appraise(terminal.code(of(terminal, GROWN), shown=TOGETHER))
    assert (verdict.verdict_class, graded(verdict)) == (VerdictClass.ACCEPT, set())


def test_the_row_says_the_age() -> None:
    for years, code in ((13, None), (14, Code.W_GUARDIAN), (18, Code.W_GUARDIAN), (None, None)):
        terminal = terminal_with(years)
        verdict = terminal.appraise(terminal.code(of(terminal, CHILD), shown=TOGETHER))
        assert {each for each, _ in graded(verdict)} == ({code} if code else set()), years


def test_nobody_is_taken_for_grown_up() -> None:
    terminal = terminal_with()
    verdict = terminal.appraise(terminal.code(shown=SHOWN))
    assert graded(verdict) == {(Code.W_AGE_UNKNOWN, Tier.WARNING)}
    assert verdict.proceed is Proceed.AFTER_CHECK


@pytest.mark.parametrize(("born", "code"), [(20121121, Code.W_GUARDIAN), (20121120, None)])
def test_the_birth_date_tells_it_too_even_where_the_row_does_not_show_it(born: int, code: Code | None) -> None:
    terminal = terminal_with(optional=frozenset({int(Lic.LICENCE_NO)}))
    verdict = terminal.appraise(terminal.code(terminal.licence(birth_date=born), shown=NAME_AND_BIRTH))
    assert {each for each, _ in graded(verdict)} == ({code} if code else set())
    assert verdict.licence is not None
    assert "birth_date" not in (verdict.licence.claims or {})


def test_where_nobody_attends_a_child_and_an_unknown_age_are_held() -> None:
    for shown, code in ((TOGETHER, Code.W_GUARDIAN), (SHOWN, Code.W_AGE_UNKNOWN)):
        terminal = terminal_with()
        terminal.set_risk(RiskClass.L)
        terminal.at_place(Purpose.WINDOW, attended=False, face_compared=False)
        verdict = terminal.appraise(terminal.code(of(terminal, CHILD), shown=shown))
        assert graded(verdict) == {(code, Tier.HOLD)}
        assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.NO)


@pytest.mark.parametrize(
    ("level", "number", "found"),
    [
        (1, CHILD, set()),
        (2, CHILD, {(Code.W_GUARDIAN, Tier.WARNING)}),
        (3, CHILD, {(Code.W_GUARDIAN, Tier.WARNING)}),
        (3, GROWN, set()),
    ],
)
def test_its_representative_is_its_guardian_and_an_agent_is_not(
    level: int, number: str, found: set[tuple[Code, Tier]]
) -> None:
    terminal = terminal_with()
    shown = acts.mandate(terminal.world, replace(acts.MANDATE, level=level), items={Lic.CITIZEN_ID: number})
    assert graded(terminal.appraise(terminal.code(shown))) == found


def test_a_company_has_no_age() -> None:
    terminal = terminal_with()
    stated = terminal.stated(holder_kind=HolderKind.LEGAL_PERSON)
    assert graded(terminal.appraise(terminal.code(stated))) == set()
    unsaid = terminal.stated(holder_kind=None)
    assert graded(terminal.appraise(terminal.code(unsaid))) == {(Code.W_AGE_UNKNOWN, Tier.WARNING)}


def test_an_uncertain_clock_counts_the_child_as_young_as_it_may_be() -> None:
    terminal = terminal_with()
    terminal.ask()
    text = acts.seal(terminal.answer(terminal.requests[0], of(terminal, GROWN), shown=TOGETHER), terminal.requests[0])
    assert terminal.appraise(text).verdict_class is VerdictClass.ACCEPT
    terminal.set_clock(uncertainty=Seconds(DAY))
    found = graded(terminal.appraise(text))
    assert (Code.W_GUARDIAN, Tier.WARNING) in found


def test_paper_tells_no_age() -> None:
    terminal = terminal_with()
    verdict = terminal.appraise(acts.paper_text(terminal.world))
    assert Finding(Code.W_AGE_UNKNOWN, Tier.WARNING) in verdict.findings
    terminal = terminal_with(None)
    verdict = terminal.appraise(acts.paper_text(terminal.world))
    assert Code.W_AGE_UNKNOWN not in {each.code for each in verdict.findings}


def test_of_two_licences_one_childs_is_enough() -> None:
    terminal = terminal_with()
    child, grown = (acts.licence(terminal.world, idx, CITIZEN_ID=number) for idx, number in ((1, CHILD), (2, GROWN)))
    verdict = terminal.appraise(terminal.bundle(child, grown))
    assert (Code.W_GUARDIAN, Tier.WARNING) in graded(verdict)
    assert [graded(each) for each in verdict.members] == [{(Code.W_GUARDIAN, Tier.WARNING)}, set()]
