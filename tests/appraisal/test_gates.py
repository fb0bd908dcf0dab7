"""The tables, cell by cell, against expectations written by hand from TERMINAL.md and CONTRACTS.md."""

import itertools

import pytest

from protocol.errors import Code
from protocol.labels import KeyAssurance, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.unixtime import DAY, HOUR, Seconds
from revocation.freshness import Grade
from tests.appraisal.matrix_by_hand import ATTENDED, PLACES, G, L, M, X
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import Face
from verifier_terminal.appraisal.gates import BuiltIn
from verifier_terminal.appraisal.verdict import Finding, Proceed, Tier, VerdictClass

A, C, H = Tier.AFFIRMING, Tier.WARNING, Tier.HOLD
LETTERS = {"A": A, "C": C, "H": H}


def status_tier(risk: RiskClass, face: Face, grade: Grade, *, foreign: bool = False) -> Tier:
    return gates.status_tier(risk, face, grade, foreign=foreign, age=Seconds(0), max_age=None)


@pytest.mark.parametrize("place", PLACES)
def test_every_cell_of_the_matrix(place: str) -> None:
    table, attended, compared = PLACES[place]
    assert table.keys() == set(itertools.product(RiskClass, Purpose))
    for (risk, purpose), row in table.items():
        face = Face(purpose, "990000", attended, compared)
        found = [status_tier(risk, face, grade) for grade in Grade]
        assert found == [LETTERS[letter] for letter in row], (risk, purpose)


@pytest.mark.parametrize("place", PLACES)
def test_every_cell_for_a_foreign_licence_is_one_column_to_the_right(place: str) -> None:
    table, attended, compared = PLACES[place]
    for (risk, purpose), row in table.items():
        face = Face(purpose, "990000", attended, compared)
        found = [status_tier(risk, face, grade, foreign=True) for grade in Grade]
        assert found == [LETTERS[letter] for letter in row[1:] + row[5]], (risk, purpose)


def test_beyond_the_policys_age_every_cell_is_unknown() -> None:
    for (risk, purpose), row in ATTENDED.items():
        face = Face(purpose, "990000", True, True)
        for age, letter in ((600, row[1]), (601, row[5])):
            found = gates.status_tier(risk, face, Grade.RECENT, foreign=False, age=Seconds(age), max_age=Seconds(600))
            assert found is LETTERS[letter], (risk, purpose, age)


def test_no_row_improves_with_age() -> None:
    for cells in (*gates.MATRIX.values(), *gates.STRICTEST.values()):
        assert list(cells) == sorted(cells)
        assert len(cells) == len(Grade)


# Modifiers.


@pytest.mark.parametrize(
    ("late_by", "attended_tier", "unattended_tier"),
    [
        (-DAY, A, A),
        (14 * DAY, A, A),
        (14 * DAY + 1, C, H),
        (30 * DAY, C, H),
        (30 * DAY + 1, H, H),
    ],
)
def test_late_trust(late_by: int, attended_tier: Tier, unattended_tier: Tier) -> None:
    late = Seconds(late_by)
    for purpose in Purpose:
        assert gates.trust_tier(late, Face(purpose, "990000", True, True)) is attended_tier
        assert gates.trust_tier(late, Face(purpose, "990000", False, False)) is unattended_tier


@pytest.mark.parametrize(
    ("trusted", "challenged", "attended", "expected"),
    [
        (True, True, True, A),
        (True, True, False, A),
        (True, False, True, A),
        (True, False, False, A),
        (False, True, True, A),
        (False, True, False, A),
        (False, False, True, C),
        (False, False, False, H),
    ],
)
def test_the_clock(trusted: bool, challenged: bool, attended: bool, expected: Tier) -> None:
    face = Face(Purpose.WINDOW, "990000", attended, attended)
    assert gates.clock_tier(face, trusted=trusted, challenged=challenged) is expected


def test_regions() -> None:
    for attended, not_recognised in ((True, C), (False, H)):
        face = Face(Purpose.WINDOW, "990000", attended, attended)
        assert gates.region_tier(face, recognised=True) is A
        assert gates.region_tier(face, recognised=False) is not_recognised


# The least key assurance at a kiosk and where nobody attends; elsewhere only policy asks.
@pytest.mark.parametrize(("risk", "least"), [(L, 0), (M, 0), (G, 2), (X, 3)])
def test_key_assurance(risk: RiskClass, least: int) -> None:
    for purpose, attended, has, asked in itertools.product(Purpose, (True, False), KeyAssurance, KeyAssurance):
        face = Face(purpose, "990000", attended, False)
        expected = has >= asked and ((purpose is not Purpose.KIOSK and attended) or has >= least)
        assert gates.assurance_suffices(risk, face, has, policy_minimum=asked) is expected


def test_challenged_are_the_kiosks_and_the_unattended_above_class_l() -> None:
    for risk, purpose, attended in itertools.product((L, M, G, X), Purpose, (True, False)):
        expected = risk is not L and (purpose is Purpose.KIOSK or not attended)
        assert gates.challenge_required(risk, Face(purpose, "990000", attended, False)) is expected


# Built-in classes: CONTRACTS.md, "Built-in class of every code", written out.

NOT_READ = {"E_PREFIX", "E_SIZE", "E_B45", "E_CBOR", "E_INTERNAL"}
HOLD = {
    "W_CRED_EXPIRED",
    "W_CRED_NOT_YET",
    "W_CLAIM_MISSING",
    "W_STATUS_MISSING",
    "W_TRUST_MISSING",
    "W_ISSUER_BANNED",
    "W_SUPERSEDED",
    "W_ASSURANCE",
    "W_POLICY_MISSING",
    "W_HOLDERS_MISSING",
}
INFORMATION = {"W_OPEN_MODE", "W_NEAR_EXPIRY", "W_PHONE_CLOCK", "W_ID_CHECK_LEGACY", "W_PERSON_CHECK"}
GRADED = {
    "W_STATUS_STALE",
    "W_TRUST_STALE",
    "W_CLOCK",
    "W_REGION",
    "W_GUARDIAN",
    "W_AGE_UNKNOWN",
    "W_BUNDLE_UNLINKED",
    "W_STATIC",
}


def test_every_code_has_its_built_in_class() -> None:
    assert gates.BUILT_IN.keys() == set(Code)
    for code, built_in in gates.BUILT_IN.items():
        if code in NOT_READ:
            assert built_in is BuiltIn.NOT_READ, code
        elif code in HOLD:
            assert built_in is BuiltIn.HOLD, code
        elif code in INFORMATION:
            assert built_in is BuiltIn.INFORMATION, code
        elif code in GRADED:
            assert built_in is BuiltIn.GRADED, code
        else:
            # A new warning must be placed by hand; a new error refuses unless it says otherwise above.
            assert code.startswith("E_"), code
            assert built_in is BuiltIn.REFUSE, code


TIERS = {
    BuiltIn.NOT_READ: Tier.NONE,
    BuiltIn.REFUSE: Tier.CONTRAINDICATED,
    BuiltIn.HOLD: Tier.HOLD,
    BuiltIn.INFORMATION: Tier.INFORMATION,
}


@pytest.mark.parametrize("code", list(Code))
def test_the_tier_of_a_code_alone(code: Code) -> None:
    built_in = gates.BUILT_IN[code]
    if built_in is BuiltIn.GRADED:
        with pytest.raises(ValueError, match=code):
            gates.finding(code)
    else:
        assert gates.finding(code) == Finding(code, TIERS[built_in])


def test_the_two_fixed_lists() -> None:
    assert {
        Code.E_SIG_ISSUER, Code.E_SIG_HOLDER, Code.E_SHAPE, Code.E_TYP, Code.E_SD_ORPHAN, Code.E_AUD,
        Code.E_ISSUER_BANNED, Code.E_REVOKED, Code.E_SUSPENDED, Code.E_DEVICE_LOST, Code.E_LIC_EXPIRED,
        Code.E_LIC_NOT_YET, Code.E_REPLAY, Code.E_CHALLENGE_REQUIRED, Code.E_SEAL_REQUIRED,
    } <= gates.ALWAYS_REFUSE  # fmt: skip
    assert {
        Code.W_CRED_EXPIRED, Code.W_CLAIM_MISSING, Code.W_STATUS_MISSING, Code.W_POLICY_MISSING, Code.W_CLOCK,
        Code.W_REGION, Code.W_SUPERSEDED, Code.W_ISSUER_BANNED, Code.E_INTERNAL, Code.W_GUARDIAN, Code.W_AGE_UNKNOWN,
    } <= gates.NEVER_ACCEPT  # fmt: skip
    assert not gates.ALWAYS_REFUSE & gates.NEVER_ACCEPT


DECISIONS = {
    Tier.INFORMATION: (VerdictClass.ACCEPT, Proceed.YES),
    Tier.AFFIRMING: (VerdictClass.ACCEPT, Proceed.YES),
    Tier.WARNING: (VerdictClass.CHECK, Proceed.AFTER_CHECK),
    Tier.HOLD: (VerdictClass.CHECK, Proceed.NO),
    Tier.CONTRAINDICATED: (VerdictClass.REFUSE, Proceed.NO),
    Tier.NONE: (VerdictClass.NOT_READ, Proceed.NO),
}


def test_the_worst_finding_wins() -> None:
    for first, second in itertools.product(Tier, Tier):
        findings = (Finding(Code.W_CLOCK, first), Finding(Code.W_REGION, second))
        assert gates.decide(findings, person_check=False) == DECISIONS[max(first, second)]
    assert gates.decide((), person_check=False) == (VerdictClass.ACCEPT, Proceed.YES)


def test_a_person_check_delays_an_acceptance_and_changes_nothing_else() -> None:
    for tier, (verdict_class, proceed) in DECISIONS.items():
        expected = Proceed.AFTER_CHECK if proceed is Proceed.YES else proceed
        assert gates.decide((Finding(Code.W_CLOCK, tier),), person_check=True) == (verdict_class, expected)


def test_the_limits_are_the_designs() -> None:
    assert (gates.CLOCK_UNCERTAINTY, gates.TRUST_LATE, gates.TRUST_DEAD) == (20, 336 * HOUR, 720 * HOUR)
