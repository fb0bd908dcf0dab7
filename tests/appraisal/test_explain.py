"""The order of findings, and the trace of a decision step by step."""

import itertools

import pytest

from protocol.errors import Code
from protocol.status_list import Status
from protocol.unixtime import Seconds
from tests.appraisal.terminal import BrokenMemory, Terminal
from verifier_terminal.appraisal import explain
from verifier_terminal.appraisal.explain import Outcome, Step
from verifier_terminal.appraisal.verdict import Fact, Finding, Tier

P, N, H, F, U, A, Z = Outcome  # passed, noted, held, failed, not reached, absent, concluded


def test_every_code_has_its_step() -> None:
    assert explain.STEP_OF.keys() == set(Code)


def test_findings_are_ranked_by_tier_then_usefulness_and_each_stands_once() -> None:
    findings = [
        Finding(Code.W_OPEN_MODE, Tier.INFORMATION),
        Finding(Code.W_CLOCK, Tier.WARNING),
        Finding(Code.E_KBT_STALE, Tier.CONTRAINDICATED),
        Finding(Code.E_REVOKED, Tier.CONTRAINDICATED),
        Finding(Code.W_CLOCK, Tier.HOLD),
    ]
    expected = (findings[3], findings[2], findings[4], findings[0])
    for order in itertools.permutations(findings):
        assert explain.rank(order) == expected


def outcomes(terminal: Terminal, text: str | None = None) -> str:
    letters = {P: ".", N: "n", H: "h", F: "F", U: " ", A: "-", Z: "="}
    return "".join(letters[line.outcome] for line in explain.trace(terminal.appraise(text)))


def test_a_trace_has_every_step_in_order(terminal: Terminal) -> None:
    trace = explain.trace(terminal.appraise())
    assert [line.step for line in trace] == list(Step) == list(range(1, 15))
    facts = {line.step: line.facts for line in trace}
    assert facts[Step.TRUST] == {"trust_age": 3600}
    assert facts[Step.STATUS] == {"status_age": 60, "grade": "fresh"}
    assert facts[Step.MOMENTS] == {"at": terminal.at, "clock_age": 60, "skew": 0}
    assert facts[Step.BINDING] == {"purpose": "window", "form": "presentation", "sealed": 0, "challenged": 0}
    assert facts[Step.VERDICT] == {"class": "accept", "proceed": "yes", "check_number": "7K3-Q42", "recheck": 0}


def test_traces(terminal: Terminal) -> None:
    assert outcomes(terminal) == "..........n..="
    assert outcomes(terminal, "http://example.test/") == "F            ="
    assert outcomes(terminal, "LZ1:!") == ".F           ="
    assert outcomes(terminal, "LZ1:") == "..F          ="
    terminal.set_status(Status.SUSPENDED)
    assert outcomes(terminal) == "..........nF.="
    terminal.set_clock(uncertainty=Seconds(30))
    assert outcomes(terminal) == ".........nnF.="
    stolen = terminal.forged_by(terminal.world.credential(), "乙的手机")
    assert outcomes(terminal, terminal.code(stolen)) == ".......F     ="
    text = terminal.code()
    terminal.knowledge = None
    assert outcomes(terminal, text) == "....h      hh="


def test_a_broken_terminal_does_not_guess_where(terminal: Terminal) -> None:
    text = terminal.code()
    terminal.replay = BrokenMemory()
    assert outcomes(terminal, text) == "             F"


@pytest.mark.parametrize(
    ("code", "established", "step"),
    [
        (Code.E_CBOR, (), Step.CBOR),
        (Code.E_SD_SHAPE, (), Step.SHAPE),
        (Code.E_SD_SHAPE, (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY), Step.DISCLOSURES),
        (Code.E_SIG_FORM, (), Step.ISSUER_SIGNATURE),
        (Code.E_SIG_FORM, (Fact.ISSUER_SIGNATURE,), Step.HOLDER_SIGNATURE),
        (Code.E_ALG, (), Step.SHAPE),
        (Code.E_ALG, (Fact.ISSUER_SIGNATURE,), Step.HOLDER_SIGNATURE),
        (Code.E_SCHEMA, (), Step.SHAPE),
        (Code.E_SCHEMA, (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY), Step.DISCLOSURES),
    ],
)
def test_codes_of_several_steps_are_told_apart(code: Code, established: tuple[Fact, ...], step: Step) -> None:
    assert explain.step_of(code, established) is step
