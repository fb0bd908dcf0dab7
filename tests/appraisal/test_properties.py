"""What holds for every text and every context: no exception, and no acceptance without all evidence."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import Code
from protocol.labels import AnimatedKind, KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import base45, envelope
from protocol.qr.envelope import PREFIXES
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import SHOWN, TOGETHER, Terminal, Uses
from tests.utopia import acts
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal import explain, gates
from verifier_terminal.appraisal.appraise import appraise_bytes
from verifier_terminal.appraisal.context import EarlierUse, Face
from verifier_terminal.appraisal.presentation import SHOWN_UNDER_REFUSAL
from verifier_terminal.appraisal.verdict import Fact, Form, Proceed, Tier, Verdict, VerdictClass

PROCEEDS = {Proceed.YES: 0, Proceed.AFTER_CHECK: 1, Proceed.NO: 2}
CLASSES = {VerdictClass.ACCEPT: 0, VerdictClass.CHECK: 1, VerdictClass.REFUSE: 2, VerdictClass.NOT_READ: 3}
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
    if verdict.form is Form.BUNDLE and verdict.members:
        check_act(verdict)
    else:
        check_single(verdict)
    assert (verdict.proceed is Proceed.YES) <= (verdict.verdict_class is VerdictClass.ACCEPT)
    if verdict.verdict_class is VerdictClass.ACCEPT:
        assert set(verdict.established) == set(Fact)
        assert not found & (gates.ALWAYS_REFUSE | gates.NEVER_ACCEPT)
        assert all(each.tier is Tier.INFORMATION for each in verdict.findings)
    if found & gates.ALWAYS_REFUSE:
        assert verdict.verdict_class is VerdictClass.REFUSE
    assert len(explain.trace(verdict)) == len(explain.Step)


def check_single(verdict: Verdict) -> None:
    """A presentation or a paper code, or what became of neither."""
    found = {each.code for each in verdict.findings}
    both = {Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY} <= set(verdict.established)
    assert (verdict.replay_key is not None) is both
    assert (verdict.audience is not None) is both
    assert (verdict.answered is not None) <= both
    used_up = both and verdict.verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK)
    assert (verdict.burn_until is not None) is used_up
    assert (verdict.status_reference is not None) is verdict.recheck
    assert verdict.members == ()
    licence = verdict.licence
    if verdict.form is Form.PAPER:
        assert Fact.HOLDER_KEY not in verdict.established
        assert verdict.proceed is not Proceed.YES
        assert verdict.verdict_class is not VerdictClass.ACCEPT
        assert licence is None or (licence.is_paper and Fact.ISSUER_SIGNATURE in verdict.established)
    elif not both:
        assert licence is None
    if licence is None:
        return
    if licence.claims is None:
        assert (licence.evidence, licence.portrait_sha256) == (None, None)
    else:
        assert licence.is_paper or Fact.DISCLOSURES in verdict.established
        assert found & gates.ALWAYS_REFUSE <= SHOWN_UNDER_REFUSAL


def check_act(verdict: Verdict) -> None:
    """A bundle whose members were appraised: it is never better than the worst of them."""
    assert (verdict.licence, verdict.replay_key, verdict.burn_until, verdict.status_reference) == (None,) * 4
    for member in verdict.members:
        check_invariants(member)
        assert set(verdict.established) <= set(member.established)
        assert PROCEEDS[verdict.proceed] >= PROCEEDS[member.proceed]
        assert CLASSES[verdict.verdict_class] >= CLASSES[member.verdict_class]
        worst = {each.code: each.tier for each in verdict.findings}
        assert all(worst[each.code] >= each.tier for each in member.findings)
    keys = [each.replay_key for each in verdict.members if each.replay_key is not None]
    assert len(set(keys)) == len(keys)


@given(st.text(alphabet=st.characters(codec=None), max_size=400), st.sampled_from(["", "LZ1:6BF", *sorted(PREFIXES)]))
def test_any_text_ends_in_a_verdict_and_none_is_accepted(text: str, prefix: str) -> None:
    verdict = GOOD.appraise(prefix + text)
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)


@given(st.binary(max_size=300), st.sampled_from(sorted(PREFIXES)))
def test_any_bytes_end_in_a_verdict_and_none_are_accepted(content: bytes, prefix: str) -> None:
    verdict = GOOD.appraise(envelope.wrap(content, prefix))
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)


@given(st.binary(max_size=300), st.sampled_from(AnimatedKind))
def test_whatever_frames_carried_ends_in_a_verdict_and_none_is_accepted(content: bytes, kind: AnimatedKind) -> None:
    verdict = appraise_bytes(kind, content, GOOD.context())
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


# The other forms: one byte of a good one changed, and acts of good and bad members in any context.

REQUEST = acts.challenge()
ASKING = Terminal()
ASKING.ask(REQUEST)
SEALED = base45.decode(acts.seal(ASKING.answer(REQUEST), REQUEST)[4:])
PAPER = base45.decode(acts.paper_text(GOOD.world)[4:])
BUNDLE = acts.bundle_bytes(
    GOOD.world.presentation(acts.licence(GOOD.world, number), shown=TOGETHER) for number in (1, 2)
)


@settings(max_examples=300)
@given(st.data())
def test_no_byte_of_any_other_good_code_can_change(data: st.DataObject) -> None:
    prefix, content = data.draw(st.sampled_from([("LE1:", SEALED), ("LS1:", PAPER), ("LB1:", BUNDLE)]))
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    verdict = ASKING.appraise(prefix + base45.encode(bytes(changed)))
    check_invariants(verdict)
    assert verdict.verdict_class in (VerdictClass.NOT_READ, VerdictClass.REFUSE)
    assert verdict.licence is None


@settings(max_examples=200)
@given(st.data())
def test_whatever_is_shown_together_is_never_better_than_its_worst(data: st.DataObject) -> None:
    terminal = Terminal()
    terminal.face = data.draw(FACES)
    purpose = terminal.face.purpose
    request = acts.challenge(purpose=purpose)
    is_open = data.draw(st.booleans())
    if is_open:
        terminal.ask(request)
    answered = data.draw(st.booleans())
    binding = terminal.world.key_binding(purpose=purpose, **(acts.answering(request) if answered else {}))
    world = terminal.world
    kinds = data.draw(st.lists(st.sampled_from(["own", "other", "foreign", "agent", "stolen"]), min_size=2, max_size=4))
    licences = []
    for number, kind in enumerate(kinds):
        match kind:
            case "own":
                licences.append(acts.licence(world, data.draw(mostly(number, 4711))))
            case "other":
                licences.append(acts.licence(world, number, CITIZEN_ID=acts.YI, LICENCE_NO=f"{acts.JIA}-0"))
            case "foreign":
                licences.append(acts.licence(world, number, region=ZIXU))
            case "agent":
                licences.append(acts.mandate(world, idx=number))
            case _:
                licences.append(terminal.forged_by(acts.licence(world, number), "丙的手机"))
    terminal.set_status(data.draw(mostly(*range(16))), age=data.draw(AGES))
    terminal.set_row(
        holders_required=data.draw(mostly(1, 2, 3)),
        link_waived=data.draw(mostly(False, True)),
        seal_required=data.draw(mostly(False, True)),
        person_check=data.draw(st.booleans()),
        regions=data.draw(mostly(frozenset({WUYOU, ZIXU}), frozenset({ZIXU}))),
    )
    shown = data.draw(mostly(TOGETHER, (Lic.NAME,)))
    content = acts.bundle_bytes(world.presentation(each, shown=shown, binding=binding) for each in licences)
    sealed = data.draw(st.booleans())
    # A seal has no room for everything that frames can carry.
    text = acts.seal(content, request) if sealed else None
    if text is not None and len(text) <= limits.MAX_TEXT_CHARACTERS:
        verdict = terminal.appraise(text)
    else:
        verdict = appraise_bytes(AnimatedKind.BUNDLE, content, terminal.context())
    check_invariants(verdict)
    if answered and not is_open:
        assert verdict.verdict_class is VerdictClass.REFUSE
    if verdict.verdict_class is VerdictClass.ACCEPT:
        # An oracle of its own: what was drawn, not what the appraisal says of it.
        assert "stolen" not in kinds
        assert len(verdict.members) == len(licences)
        assert answered <= is_open
        row = terminal.held.policy.rows[licences[0].claims.vct, purpose]
        alike = {"own": "jia", "foreign": "jia", "other": "yi", "agent": "agent"}
        if not row.link_waived and row.holders_required == 1:
            assert len({alike[each] for each in kinds}) == 1


@settings(max_examples=100)
@given(st.data())
def test_paper_is_never_accepted(data: st.DataObject) -> None:
    terminal = Terminal()
    terminal.face = data.draw(FACES)
    terminal.set_status(data.draw(mostly(*range(16))), age=data.draw(AGES))
    terminal.set_risk(data.draw(st.sampled_from(RiskClass)))
    terminal.set_row(challenge_required=data.draw(st.booleans()), person_check=data.draw(st.booleans()))
    moved = data.draw(mostly(0, -40 * DAY, 40 * DAY, 4000 * DAY))
    text = acts.paper_text(terminal.world)
    terminal.set_clock(at=UnixTime(terminal.at + moved), plausible=data.draw(mostly(True, False)))
    verdict = terminal.appraise(text)
    check_invariants(verdict)
    assert verdict.verdict_class is not VerdictClass.ACCEPT
    if not terminal.face.attended:
        assert verdict.proceed is Proceed.NO


@settings(max_examples=200)
@given(st.data())
def test_nothing_answers_without_both_halves_of_an_open_request(data: st.DataObject) -> None:
    terminal = Terminal()
    requests = [
        acts.challenge("1"),
        acts.challenge("2", audience="lz:t/B"),
        acts.challenge("3", purpose=Purpose.ROADSIDE),
        acts.short_code(1),
        acts.short_code(2),
    ]
    terminal.requests = tuple(data.draw(st.lists(st.sampled_from(requests), unique_by=id, max_size=5)))
    aimed, other = data.draw(st.sampled_from(requests)), data.draw(st.sampled_from(requests))
    aud = data.draw(mostly(aimed.audience, other.audience))
    cnonce = data.draw(mostly(aimed.cnonce, other.cnonce))
    sealed_to = data.draw(st.none() | st.sampled_from(requests[:3]))
    content = terminal.answer(aimed, aud=aud, cnonce=cnonce)
    verdict = terminal.appraise(envelope.wrap(content) if sealed_to is None else acts.seal(content, sealed_to))
    check_invariants(verdict)
    meant = [
        each
        for each in terminal.requests
        if (each.audience, each.cnonce, each.purpose) == (aud, cnonce, Purpose.WINDOW)
        and (sealed_to is None or sealed_to is each)
    ]
    assert (verdict.verdict_class is VerdictClass.ACCEPT) is bool(meant)
    assert verdict.answered is (meant[0] if meant else None)
