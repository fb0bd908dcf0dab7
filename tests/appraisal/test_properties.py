"""What holds for every text and every context: no exception, and no acceptance without all evidence."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import Code
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import envelope
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import SHOWN, Terminal, Uses
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal import explain, gates
from verifier_terminal.appraisal.context import EarlierUse, Face
from verifier_terminal.appraisal.presentation import SHOWN_UNDER_REFUSAL
from verifier_terminal.appraisal.verdict import Fact, Proceed, Tier, Verdict, VerdictClass

GOOD = Terminal()
GOOD_CODE = GOOD.code()
GOOD_BYTES = envelope.unwrap(GOOD_CODE)


def check_invariants(verdict: Verdict) -> None:
    """What is true of every verdict, whatever led to it."""
    found = {each.code for each in verdict.findings}
    assert Code.E_INTERNAL not in found
    assert verdict.findings == explain.rank(verdict.findings)
    assert set(verdict.established) | set(verdict.not_established) == set(Fact)
    assert not set(verdict.established) & set(verdict.not_established)
    both = {Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY} <= set(verdict.established)
    assert (verdict.replay_key is not None) is both
    used_up = both and verdict.verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK)
    assert (verdict.burn_until is not None) is used_up
    assert (verdict.status_reference is not None) is verdict.recheck
    assert (verdict.proceed is Proceed.YES) <= (verdict.verdict_class is VerdictClass.ACCEPT)
    if verdict.verdict_class is VerdictClass.ACCEPT:
        assert set(verdict.established) == set(Fact)
        assert not found & (gates.ALWAYS_REFUSE | gates.NEVER_ACCEPT)
        assert all(each.tier is Tier.INFORMATION for each in verdict.findings)
    if found & gates.ALWAYS_REFUSE:
        assert verdict.verdict_class is VerdictClass.REFUSE
    if not both:
        assert verdict.licence is None
    if verdict.licence is not None and verdict.licence.claims is not None:
        assert Fact.DISCLOSURES in verdict.established
        assert found & gates.ALWAYS_REFUSE <= SHOWN_UNDER_REFUSAL
    assert len(explain.trace(verdict)) == len(explain.Step)


@given(st.text(alphabet=st.characters(codec=None), max_size=400), st.sampled_from(["", "LZ1:", "LZ1:6BF", "LB1:"]))
def test_any_text_ends_in_a_verdict_and_none_is_accepted(text: str, prefix: str) -> None:
    verdict = GOOD.appraise(prefix + text)
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_verdict_and_none_are_accepted(content: bytes) -> None:
    verdict = GOOD.appraise(envelope.wrap(content))
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD_BYTES) - 1), st.integers(1, 255))
def test_no_byte_of_a_good_code_can_change(place: int, difference: int) -> None:
    changed = bytearray(GOOD_BYTES)
    changed[place] ^= difference
    verdict = GOOD.appraise(envelope.wrap(bytes(changed)))
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)
    assert verdict.licence is None


@given(st.integers(0, len(GOOD_CODE)), st.integers(0, 3), st.text(alphabet="0AZ $%*+-./:\n\r", max_size=3))
def test_no_character_of_a_good_code_can_change(place: int, removed: int, inserted: str) -> None:
    changed = GOOD_CODE[:place] + inserted + GOOD_CODE[place + removed :]
    verdict = GOOD.appraise(changed)
    check_invariants(verdict)
    assert (verdict.verdict_class is VerdictClass.ACCEPT) is (changed == GOOD_CODE)


def mostly(good: object, *others: object) -> st.SearchStrategy[Any]:
    """The good value in eleven cases of twelve, so that many examples differ in one field and some in none."""
    return st.integers(0, 11).flatmap(lambda turn: st.just(good) if turn else st.sampled_from(others))


AGES = (
    st.just(60) | st.sampled_from([0, 300, 301, HOUR + 1, DAY + 1, 3 * DAY + 1, 7 * DAY + 1]) | st.integers(0, 20 * DAY)
)
FACES = st.builds(Face, st.sampled_from(Purpose), st.sampled_from([WUYOU, ZIXU]), st.booleans(), st.booleans())


@settings(max_examples=300)
@given(st.data())
def test_whatever_the_context_is_nothing_is_accepted_without_all_evidence(data: st.DataObject) -> None:
    terminal = Terminal()
    terminal.face = data.draw(FACES)
    issued = terminal.foreign_licence() if data.draw(st.booleans()) else terminal.world.credential()
    text = terminal.code(
        issued,
        shown=data.draw(mostly((*SHOWN, Lic.PORTRAIT_SHA256), SHOWN, (Lic.NAME,))),
        purpose=data.draw(mostly(terminal.face.purpose, Purpose.WINDOW)),
        iat=terminal.at + data.draw(mostly(0, -20, -90, -91, 30, 31, 10_000, -10_000)),
        life=data.draw(mostly(60, 120, 121)),
        cnonce=data.draw(mostly(None, bytes(4), bytes(16))),
    )
    status, age = data.draw(mostly(*range(16))), data.draw(AGES)
    terminal.set_status(status, age=age)
    late = data.draw(mostly(-DAY, 0, 14 * DAY + 1, 30 * DAY + 1))
    terminal.trust_is_late_by(late)
    terminal.set_risk(data.draw(st.sampled_from(RiskClass)))
    row = {
        "challenge_required": data.draw(mostly(False, True)),
        "person_check": data.draw(st.booleans()),
        "irreversible": data.draw(mostly(False, True)),
        "show_under_refusal": data.draw(st.booleans()),
        "regions": data.draw(mostly(frozenset({WUYOU, ZIXU}), frozenset({ZIXU}))),
        "min_assurance": data.draw(mostly(*KeyAssurance)),
        "max_status_age": data.draw(mostly(None, Seconds(600))),
    }
    terminal.set_row(**row)
    if data.draw(mostly(False, True)):
        terminal.set_policy(exp=UnixTime(terminal.at))
    moved = data.draw(mostly(0, -40 * DAY, 40 * DAY, 4000 * DAY))
    terminal.set_clock(
        at=UnixTime(terminal.at + moved),
        uncertainty=Seconds(data.draw(mostly(0, 20, 21, 100_000))),
        plausible=data.draw(mostly(True, False)),
    )
    if data.draw(mostly(False, True)):
        key = terminal.appraise(text).replay_key
        terminal.replay = Uses({key: EarlierUse(terminal.at, here=False)} if key else {})
    if data.draw(mostly(False, True)):
        terminal.knowledge = None
    verdict = terminal.appraise(text)
    check_invariants(verdict)
    assert verdict == terminal.appraise(text)
    if verdict.verdict_class is VerdictClass.ACCEPT:
        # An oracle of its own: what was drawn, not what the appraisal says of it.
        assert terminal.knowledge is not None
        assert (status, moved) == (0, 0)
        assert age <= 3 * DAY
        assert late <= 14 * DAY
        assert terminal.clock.plausible
        assert terminal.clock.uncertainty <= 20
        assert not row["challenge_required"]
        assert row["min_assurance"] <= KeyAssurance.HARDWARE_USER_VERIFICATION
        assert issued.claims.region in row["regions"]
        assert verdict.licence is not None
        assert set(verdict.licence.claims or ()) >= {"name"}


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.none() | st.integers(0, 2**40))
def test_no_clock_stops_the_appraisal(at: int, uncertainty: int, confirmed: int | None) -> None:
    terminal = Terminal()
    age = None if confirmed is None else Seconds(confirmed)
    context = replace(
        terminal.context(),
        clock=replace(terminal.clock, at=UnixTime(at), uncertainty=Seconds(uncertainty), confirmed_age=age),
    )
    terminal.clock = context.clock
    verdict = terminal.appraise(GOOD_CODE)
    check_invariants(verdict)
