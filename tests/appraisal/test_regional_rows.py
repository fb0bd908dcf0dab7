"""A row for one region is about that region's licences, and of it and the general row the stricter counts."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import Code
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.unixtime import Seconds
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.verdict import Tier, Verdict, VerdictClass


def terminal_with(region: str = ZIXU, **stricter: Any) -> Terminal:
    """It recognises both regions, and demands this besides of one region's licences."""
    terminal = Terminal()
    terminal.set_row(
        regions=frozenset({WUYOU, ZIXU}),
        mandatory=frozenset({int(Lic.NAME)}),
        optional=frozenset({int(Lic.LICENCE_NO), int(Lic.CITIZEN_ID)}),
    )
    general = terminal.held.policy.rows[DRIVING_LICENCE, Purpose.WINDOW]
    regional = replace(general, regions=frozenset({region}), only_for=region, **stricter)
    terminal.set_policy(stricter={(DRIVING_LICENCE, Purpose.WINDOW, region): regional})
    return terminal


def reasons(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier > Tier.AFFIRMING}


DEMANDS = [
    ({"challenge_required": True}, Code.E_CHALLENGE_REQUIRED),
    ({"seal_required": True}, Code.E_SEAL_REQUIRED),
    ({"min_assurance": KeyAssurance.PROOFED_IN_PERSON}, Code.W_ASSURANCE),
    ({"max_status_age": Seconds(30)}, Code.W_STATUS_STALE),
    ({"holders_required": 2}, Code.W_HOLDERS_MISSING),
    ({"guardian_below": 14}, Code.W_AGE_UNKNOWN),
]


@pytest.mark.parametrize(("stricter", "code"), DEMANDS, ids=str)
def test_it_counts_for_its_region_and_for_no_other(stricter: dict[str, Any], code: Code) -> None:
    terminal = terminal_with(**stricter)
    assert reasons(terminal.appraise(terminal.code(terminal.foreign_licence()))) == {code}
    assert terminal.appraise().verdict_class is VerdictClass.ACCEPT


def test_it_counts_for_paper_and_for_each_member_of_a_bundle() -> None:
    terminal = terminal_with(WUYOU, guardian_below=14)
    # Where it stands matters nothing: the row is about who issued.
    terminal.face = replace(terminal.face, region=ZIXU)
    assert Code.W_AGE_UNKNOWN in reasons(terminal.appraise(acts.paper_text(terminal.world)))
    terminal = terminal_with(ZIXU, guardian_below=14)
    terminal.face = replace(terminal.face, region=ZIXU)
    assert Code.W_AGE_UNKNOWN not in reasons(terminal.appraise(acts.paper_text(terminal.world)))
    terminal = terminal_with(challenge_required=True)
    home, foreign = acts.licence(terminal.world, 1), acts.licence(terminal.world, 2, region=ZIXU)
    verdict = terminal.appraise(terminal.bundle(home, foreign))
    assert [each.verdict_class for each in verdict.members] == [VerdictClass.ACCEPT, VerdictClass.REFUSE]


def test_two_licences_are_linked_unless_both_rows_waive_it() -> None:
    terminal = Terminal()
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}), mandatory=frozenset({int(Lic.NAME)}), link_waived=True)
    general = terminal.held.policy.rows[DRIVING_LICENCE, Purpose.WINDOW]
    members = (acts.licence(terminal.world, 1), acts.licence(terminal.world, 2, region=ZIXU, CITIZEN_ID=acts.YI))
    assert terminal.appraise(terminal.bundle(*members)).verdict_class is VerdictClass.ACCEPT
    regional = replace(general, regions=frozenset({ZIXU}), only_for=ZIXU, link_waived=False)
    terminal.set_policy(stricter={(DRIVING_LICENCE, Purpose.WINDOW, ZIXU): regional})
    assert reasons(terminal.appraise(terminal.bundle(*members))) == {Code.W_BUNDLE_UNLINKED}


def test_it_recognises_nobody_whom_the_general_row_does_not() -> None:
    terminal = terminal_with(person_check=True)
    terminal.set_row(regions=frozenset({WUYOU}))
    assert Code.W_REGION in reasons(terminal.appraise(terminal.code(terminal.foreign_licence())))


def test_its_masks_and_its_maximum_count() -> None:
    terminal = terminal_with(optional=frozenset[int](), masked=frozenset({int(Lic.NAME)}))
    shown = (Lic.NAME, Lic.LICENCE_NO)
    foreign = terminal.appraise(terminal.code(terminal.foreign_licence(), shown=shown)).licence
    home = terminal.appraise(terminal.code(shown=shown)).licence
    assert home is not None
    assert foreign is not None
    assert home.claims is not None
    assert foreign.claims is not None
    assert (home.claims["name"], "licence_no" in home.claims) == ("测试员甲", True)
    assert foreign.claims["name"] != "测试员甲"
    assert "licence_no" not in foreign.claims


@pytest.mark.parametrize(
    ("general", "looser", "code"),
    [
        ({"challenge_required": True}, {"challenge_required": False}, Code.E_CHALLENGE_REQUIRED),
        ({"max_status_age": Seconds(30)}, {"max_status_age": None}, Code.W_STATUS_STALE),
        ({"holders_required": 2}, {"holders_required": 1}, Code.W_HOLDERS_MISSING),
    ],
)
def test_a_looser_one_changes_nothing(general: dict[str, Any], looser: dict[str, Any], code: Code) -> None:
    """Publishers refuse to sign it; whoever signs it anyway loosens no terminal."""
    terminal = terminal_with(**looser)
    terminal.set_row(**general)
    assert reasons(terminal.appraise(terminal.code(terminal.foreign_licence()))) == {code}
