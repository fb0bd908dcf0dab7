"""Whatever comes and whatever is known, there is a verdict; who knows less, or demands more, accepts no more.

Excluded by nature: knowledge *against* somebody (bans, uses, a status that is not valid). Who loses it accepts more,
which is why it lies in the journal, and why a list that is gone is a hold.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import status_list
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import ProtocolError
from protocol.labels import AnimatedKind, KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.policy_row import PolicyRow
from protocol.qr import base45
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from revocation.coverage import StatusSnapshot
from tests.appraisal.terminal import BrokenMemory, Terminal, Uses
from tests.appraisal.test_properties import check_invariants
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.appraisal.context import ClockReading, Context, Face, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Proceed, Tier, Verdict, VerdictClass

HOME = Terminal()
PURPOSES = (Purpose.WINDOW, Purpose.KIOSK, Purpose.HOTEL)
CHILD = "990101201211210019"
FULL = (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID, Lic.PORTRAIT_SHA256)
AGES: Final = (60, 20 * MINUTE, 12 * HOUR, 2 * DAY, 5 * DAY, 8 * DAY)


@cache
def request_at(purpose: Purpose) -> OpenRequest:
    wanted = {DRIVING_LICENCE: acts.ASKED | {int(Lic.PORTRAIT_SHA256), int(Lic.BIRTH_DATE)}}
    return acts.challenge(purpose=purpose, wanted=wanted)


@cache
def codes(purpose: Purpose) -> Mapping[str, str]:
    """Good codes of every form, really signed, for a place of this purpose."""
    terminal = Terminal()
    terminal.at_place(purpose)
    world, request = terminal.world, request_at(purpose)
    own, foreign = acts.licence(world, 1), acts.licence(world, 2, region=ZIXU)
    portrait = acts.licence(world, 3, PORTRAIT_SHA256=bytes(32))
    child = acts.licence(world, 4, CITIZEN_ID=CHILD)
    mandates = {
        level: acts.mandate(world, replace(acts.MANDATE, level=level, purposes=frozenset(PURPOSES)), idx=level + 4)
        for level in (1, 3)
    }
    answer = terminal.answer(request, portrait, shown=FULL)
    plain = {
        "own": own,
        "foreign": foreign,
        "portrait": portrait,
        "child": child,
        "guardian": mandates[1],
        "agent": mandates[3],
    }
    return {
        **{name: terminal.code(issued, shown=FULL) for name, issued in plain.items()},
        "little": terminal.code(own, shown=(Lic.NAME,)),
        "answer": "LZ1:" + base45.encode(answer),
        "foreign answer": "LZ1:" + base45.encode(terminal.answer(request, foreign, shown=FULL)),
        "late answer": "LZ1:" + base45.encode(terminal.answer(request, portrait, shown=FULL, iat=terminal.at + 660)),
        "sealed": acts.seal(answer, request),
        "sealed child": acts.seal(terminal.answer(request, child, shown=FULL), request),
        "paper": acts.paper_text(world),
        "bundle": terminal.bundle(own, portrait, shown=FULL),
        "bundle of two": terminal.bundle(own, acts.licence(world, 8, CITIZEN_ID=acts.YI), shown=FULL),
    }


NAMES = tuple(codes(Purpose.WINDOW))
ANSWERS = ("answer", "foreign answer", "late answer", "sealed", "sealed child")


@cache
def statuses(value: int, age: int) -> StatusSnapshot:
    """List 3 of both regions, this old; entry 4711 (the paper's and no licence's) and entry 1 have this value."""
    as_of = UnixTime(HOME.world.clock.at - age)
    entries = status_list.pack({1: value, 4711: value}, entries=8192)
    return StatusSnapshot(
        {uri: replace(token, iat=as_of, entries=entries) for uri, token in HOME.held.status.lists.items()}
    )


@dataclass(frozen=True, slots=True)
class State:
    """What a terminal knows and where it stands, as far as these tests change it."""

    purpose: Purpose = Purpose.WINDOW
    attended: bool = True
    face_compared: bool = True
    risk: RiskClass = RiskClass.L
    status_value: int = 0
    status_age: int | None = 60
    trust_late: int = -DAY
    metadata_late: int | None = None
    metadata_behind: int | None = None
    root_over: int | None = None
    policy_left: int = DAY
    known_kind: bool = True
    uncertainty: int = 1
    plausible: bool = True
    asked: bool = True
    provisioned: bool = True
    row: Mapping[str, Any] | None = None

    def policy_row(self) -> PolicyRow:
        general = HOME.held.policy.rows[DRIVING_LICENCE, self.purpose]
        everything = general.maximum
        usual: dict[str, Any] = {
            "mandatory": frozenset({int(Lic.NAME)}),
            "optional": everything - {int(Lic.NAME)},
            "regions": frozenset({WUYOU, ZIXU}),
        }
        return replace(general, **(usual | dict(self.row or {})))

    def knowledge(self, policy_row: PolicyRow | None) -> Knowledge | None:
        if not self.provisioned:
            return None
        at, held = HOME.at, HOME.held
        rows = {} if policy_row is None else {(DRIVING_LICENCE, self.purpose): policy_row}
        policy = AppraisalPolicy(WUYOU, 1, held.policy.iat, UnixTime(at + self.policy_left), rows)
        kinds = dict(held.catalogue.kinds)
        kinds[DRIVING_LICENCE] = replace(kinds[DRIVING_LICENCE], risk=self.risk)
        if not self.known_kind:
            del kinds[DRIVING_LICENCE]

        def since(late: int | None) -> UnixTime | None:
            return None if late is None else UnixTime(at - late)

        return Knowledge(
            trust=replace(held.trust, exp=UnixTime(at - self.trust_late)),
            catalogue=replace(held.catalogue, kinds=kinds),
            policy=policy,
            status=StatusSnapshot({}) if self.status_age is None else statuses(self.status_value, self.status_age),
            metadata_late_since=since(self.metadata_late),
            metadata_behind={} if self.metadata_behind is None else {WUYOU: UnixTime(at - self.metadata_behind)},
            root_expired_since=since(self.root_over),
        )

    def context(self, policy_row: PolicyRow | None) -> Context:
        return Context(
            face=Face(self.purpose, WUYOU, self.attended, self.face_compared),
            clock=ClockReading(HOME.at, Seconds(self.uncertainty), Seconds(60), self.plausible),
            knowledge=self.knowledge(policy_row),
            replay=Uses(),
            check_number="7K3-Q42",
            requests=(request_at(self.purpose),) if self.asked else (),
        )

    def verdict(self, name: str, policy_row: PolicyRow | None = None) -> Verdict:
        return appraise(codes(self.purpose)[name], self.context(policy_row or self.policy_row()))


ROWS = st.fixed_dictionaries(
    {},
    optional={
        "challenge_required": st.booleans(),
        "seal_required": st.booleans(),
        "link_waived": st.booleans(),
        "holders_required": st.sampled_from([1, 1, 2]),
        "person_check": st.booleans(),
        "irreversible": st.booleans(),
        "show_under_refusal": st.booleans(),
        "min_assurance": st.sampled_from(KeyAssurance),
        "max_status_age": st.sampled_from([None, Seconds(10), Seconds(DAY)]),
        "guardian_below": st.sampled_from([None, 14, 18]),
        "masked": st.sampled_from([frozenset[int](), frozenset({int(Lic.NAME), int(Lic.LICENCE_NO)})]),
        "optional": st.sampled_from([frozenset[int](), frozenset({int(Lic.CITIZEN_ID)})]),
        "mandatory": st.sampled_from([frozenset({int(Lic.NAME)}), frozenset({int(Lic.NAME), int(Lic.LICENCE_NO)})]),
        "separate_consent": st.sampled_from([frozenset[int](), frozenset({int(Lic.PORTRAIT_SHA256)})]),
    },
)


def seldom(good: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([good] * 4 * len(others) + list(others))


STATES = st.builds(
    State,
    purpose=st.sampled_from(PURPOSES),
    attended=seldom(True, False),
    face_compared=st.booleans(),
    risk=st.sampled_from([RiskClass.L, RiskClass.L, *RiskClass]),
    status_value=seldom(0, 1, 2, 3, 9, 15),
    status_age=st.sampled_from([*AGES[:3], *AGES, None]),
    trust_late=seldom(-DAY, 0, 15 * DAY, 31 * DAY),
    metadata_late=seldom(None, 15 * DAY),
    metadata_behind=seldom(None, 2 * DAY),
    root_over=seldom(None, 15 * DAY, 31 * DAY),
    policy_left=seldom(DAY, 0),
    known_kind=seldom(True, False),
    uncertainty=seldom(1, 21, 240, 100_000),
    plausible=seldom(True, False),
    asked=seldom(True, False),
    provisioned=seldom(True, False),
    row=ROWS,
)


def badness(verdict: Verdict) -> int:
    """Accept, accept after the person check, check, hold, refuse, not read."""
    match verdict.verdict_class:
        case VerdictClass.ACCEPT:
            return 0 if verdict.proceed is Proceed.YES else 1
        case VerdictClass.CHECK:
            return 2 if verdict.proceed is Proceed.AFTER_CHECK else 3
        case VerdictClass.REFUSE:
            return 4
        case VerdictClass.NOT_READ:
            return 5


# There is always a verdict.


def mutated(text: str, data: st.DataObject) -> str:
    """A good code with a place cut, doubled, exchanged, overwritten; or its content under another prefix."""
    match data.draw(st.integers(-2, 6)):
        case -2 | -1 | 0:
            return text
        case 1:
            return text[: data.draw(st.integers(0, len(text)))]
        case 2:
            at = data.draw(st.integers(0, len(text)))
            return text[:at] + text[at - 7 :]
        case 3:
            return data.draw(st.sampled_from(["LZ1:", "LE1:", "LB1:", "LS1:", "LC1:", ""])) + text[4:]
        case 4:
            at = data.draw(st.integers(0, len(text)))
            return text[:at] + data.draw(st.text(max_size=4)) + text[at + 1 :]
        case 5:
            content = bytearray(base45.decode(text[4:]))
            for _ in range(data.draw(st.integers(1, 3))):
                content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
            return text[:4] + base45.encode(bytes(content))
        case _:
            return text[:4] + base45.encode(data.draw(st.binary(max_size=80)))


def carried(text: str) -> bytes:
    """What frames would have carried of it; where nothing was, its characters."""
    try:
        return base45.decode(text[4:])
    except ProtocolError:
        return text.encode("utf-8", "surrogatepass")


WILD = (-(2**62), -(2**35), -1, 0, 2**35, 2**62)


@pytest.mark.parametrize("at", WILD)
def test_no_clock_and_no_row_stops_the_appraisal(at: int) -> None:
    """The strictest row looks at everything that a moment is compared with, ages of persons too."""
    state = State(row={"guardian_below": 14, "person_check": True, "max_status_age": Seconds(10)})
    context = state.context(state.policy_row())
    for name, uncertainty in itertools.product(NAMES, (0, *WILD)):
        clock = ClockReading(UnixTime(at), Seconds(uncertainty), None, plausible=uncertainty % 2 == 0)
        check_invariants(appraise(codes(Purpose.WINDOW)[name], replace(context, clock=clock)))


@settings(max_examples=250)
@given(st.data(), STATES, st.sampled_from(NAMES))
def test_whatever_comes_and_whatever_is_known_there_is_a_verdict(data: st.DataObject, state: State, name: str) -> None:
    text = mutated(codes(state.purpose)[name], data)
    context = state.context(data.draw(st.sampled_from([None, state.policy_row()])))
    if data.draw(seldom(False, True)):
        wild = st.integers(-(2**62), 2**62)
        clock = ClockReading(UnixTime(data.draw(wild)), Seconds(data.draw(wild)), None, data.draw(st.booleans()))
        context = replace(context, clock=clock)
    is_broken = data.draw(seldom(False, True))
    if is_broken:
        context = replace(context, replay=BrokenMemory())
    by_frames = data.draw(seldom(None, *AnimatedKind))
    if by_frames is None:
        verdict = appraise(text, context)
    else:
        verdict = appraise_bytes(by_frames, carried(text), context)
    assert verdict.verdict_class in VerdictClass
    # An answer to a request may be accepted without a word; everything else says why.
    assert verdict.findings or verdict.verdict_class is VerdictClass.ACCEPT
    assert verdict.findings == () or verdict.findings[0].tier == max(each.tier for each in verdict.findings)
    if not is_broken:
        check_invariants(verdict)


# Who knows less accepts no more.

LESS: Mapping[str, tuple[Any, ...]] = {
    "status_age": (*AGES, None),
    "trust_late": (-DAY, 0, 15 * DAY, 31 * DAY),
    "metadata_late": (None, 15 * DAY, 31 * DAY),
    "metadata_behind": (None, 2 * DAY),
    "root_over": (None, 15 * DAY, 31 * DAY),
    "policy_left": (DAY, 0),
    "known_kind": (True, False),
    "plausible": (True, False),
    "asked": (True, False),
    "provisioned": (True, False),
    "attended": (True, False),
    "face_compared": (True, False),
}
"""Each from the most to the least that is known, or seen."""


@pytest.mark.parametrize("field", LESS)
def test_of_each_piece_of_knowledge_less_is_never_more(field: str) -> None:
    """Everything else is at its best, so that nothing hides the piece that grows worse."""
    for risk, purpose in ((RiskClass.L, Purpose.WINDOW), (RiskClass.G, Purpose.WINDOW), (RiskClass.L, Purpose.KIOSK)):
        for name in NAMES:
            states = [State(purpose=purpose, risk=risk, **{field: value}) for value in LESS[field]]
            accepted = [each.verdict(name).verdict_class is VerdictClass.ACCEPT for each in states]
            assert accepted == sorted(accepted, reverse=True), (risk, purpose, name)


@settings(max_examples=200)
@given(st.data(), STATES, st.sampled_from(NAMES), st.sampled_from(sorted(LESS)))
def test_who_knows_less_accepts_no_more(data: st.DataObject, state: State, name: str, field: str) -> None:
    values = LESS[field]
    more, less = sorted(data.draw(st.tuples(*[st.sampled_from(range(len(values)))] * 2)))
    before, after = (replace(state, **{field: values[each]}).verdict(name) for each in (more, less))
    if after.verdict_class is VerdictClass.ACCEPT:
        assert before.verdict_class is VerdictClass.ACCEPT, (field, values[more], values[less])


@settings(max_examples=80)
@given(STATES, st.sampled_from(NAMES), st.sampled_from(list(itertools.combinations((1, 20, 21, 240, 100_000), 2))))
def test_a_less_certain_clock_accepts_no_more(state: State, name: str, uncertain: tuple[int, int]) -> None:
    """But for the phone's own clock: an answer to a nonce is as fresh as the nonce, however far that clock is off."""
    before, after = (replace(state, uncertainty=each).verdict(name) for each in uncertain)
    if after.verdict_class is VerdictClass.ACCEPT and name != "late answer":
        assert before.verdict_class is VerdictClass.ACCEPT


# Who demands more is no better served.


@settings(max_examples=300)
@given(STATES, ROWS, st.sampled_from(NAMES))
def test_a_stricter_row_never_loosens(state: State, other: Mapping[str, Any], name: str) -> None:
    general = state.policy_row()
    tighter = general.tightened_by(replace(state, row=other).policy_row())
    before, after = state.verdict(name, general), state.verdict(name, tighter)
    assert badness(after) >= badness(before)
    worst = {each.code: each.tier for each in after.findings}
    assert all(each.tier <= worst.get(each.code, Tier.INFORMATION) for each in before.findings if each.tier > 1)
    for one, two in zip((before, *before.members), (after, *after.members), strict=True):
        shown = (one.licence.claims or {}) if one.licence else {}
        still = (two.licence.claims or {}) if two.licence else {}
        assert still.keys() <= shown.keys()
        # What was shown in part is not shown whole.
        assert not [each for each in still if "*" in str(shown[each]) and still[each] != shown[each]]


def test_these_states_accept_something_of_every_form_that_can_be_accepted() -> None:
    """Else the properties above would hold for nothing."""
    accepted = set()
    for purpose, name in itertools.product(PURPOSES, NAMES):
        usual = State(purpose=purpose)
        if usual.verdict(name).verdict_class is VerdictClass.ACCEPT:
            accepted.add(name)
    assert accepted == set(NAMES) - {"paper", "late answer", "bundle of two"}
    loose = State(row={"link_waived": True})
    assert loose.verdict("bundle of two").verdict_class is VerdictClass.ACCEPT
    assert State(uncertainty=240).verdict("late answer").verdict_class is VerdictClass.ACCEPT
