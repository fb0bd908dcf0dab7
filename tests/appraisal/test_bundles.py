"""Several licences in one act: each by itself, the worst decides, and what they are together."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import limits, sealing
from protocol.errors import Code
from protocol.labels import AnimatedKind, Lic, Purpose
from protocol.qr import envelope
from protocol.status_list import Status
from protocol.unixtime import HOUR
from revocation.freshness import Grade
from tests.appraisal.terminal import TOGETHER, BrokenMemory, Terminal
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD
from tests.utopia.world import ZIXU, Issued
from verifier_terminal.appraisal import explain, presentation
from verifier_terminal.appraisal.appraise import appraise_bytes
from verifier_terminal.appraisal.context import EarlierUse
from verifier_terminal.appraisal.explain import Outcome, Step
from verifier_terminal.appraisal.verdict import Fact, Form, Proceed, Tier, Verdict, VerdictClass

ACCEPT, CHECK, REFUSE = VerdictClass.ACCEPT, VerdictClass.CHECK, VerdictClass.REFUSE


def codes(verdict: Verdict) -> set[str]:
    return {each.code for each in verdict.findings}


def graded(verdict: Verdict) -> dict[str, Tier]:
    return {each.code: each.tier for each in verdict.findings if each.tier is not Tier.INFORMATION}


def two(terminal: Terminal, **second: object) -> tuple[Issued, Issued]:
    return acts.licence(terminal.world, 1), acts.licence(terminal.world, 2, **second)


def test_two_licences_of_one_person_are_one_accepted_act(terminal: Terminal) -> None:
    verdict = terminal.appraise(terminal.bundle(*two(terminal)))
    assert (verdict.verdict_class, verdict.proceed) == (ACCEPT, Proceed.YES)
    assert codes(verdict) == {Code.W_OPEN_MODE}
    assert set(verdict.established) == set(Fact)
    assert (verdict.form, verdict.licence, verdict.replay_key, verdict.burn_until) == (Form.BUNDLE, None, None, None)
    assert len(verdict.members) == 2
    assert len({each.replay_key for each in verdict.members}) == 2
    assert {each.check_number for each in verdict.members} == {verdict.check_number}
    for member in verdict.members:
        assert member.verdict_class is ACCEPT
        assert member.burn_until is not None
        assert member.licence is not None
        assert set(member.licence.claims or ()) >= {"name", "licence_no"}


def test_each_member_is_what_it_is_alone(terminal: Terminal) -> None:
    licences = two(terminal)
    binding = terminal.world.key_binding()
    alone = [
        terminal.appraise(envelope.wrap(terminal.world.presentation(each, shown=TOGETHER, binding=binding)))
        for each in licences
    ]
    assert list(terminal.appraise(terminal.bundle(*licences)).members) == alone


def test_the_worst_member_decides_and_the_others_keep_theirs(terminal: Terminal) -> None:
    good, revoked = acts.licence(terminal.world, 1), acts.licence(terminal.world, 4711)
    terminal.set_status(Status.REVOKED)
    verdict = terminal.appraise(terminal.bundle(good, revoked))
    assert (verdict.verdict_class, verdict.proceed) == (REFUSE, Proceed.NO)
    assert graded(verdict) == {Code.E_REVOKED: Tier.CONTRAINDICATED}
    assert [each.verdict_class for each in verdict.members] == [ACCEPT, REFUSE]
    first, second = (each.licence for each in verdict.members)
    assert first is not None
    assert second is not None
    assert first.claims
    assert second.claims is None
    assert Fact.STATUS not in verdict.established


def test_a_member_that_is_held_holds_the_act(terminal: Terminal) -> None:
    terminal.set_status(Status.SUPERSEDED)
    verdict = terminal.appraise(terminal.bundle(acts.licence(terminal.world, 1), acts.licence(terminal.world, 4711)))
    assert (verdict.verdict_class, verdict.proceed) == (CHECK, Proceed.NO)


@pytest.mark.parametrize("place", [0, 1])
def test_a_member_of_another_phone_refuses_the_act_and_shows_nothing(terminal: Terminal, place: int) -> None:
    licences = list(two(terminal))
    licences[place] = terminal.forged_by(licences[place], "丙的手机")
    verdict = terminal.appraise(terminal.bundle(*licences))
    # Whether they belong together is not said: one of them is nobody's.
    assert graded(verdict) == {Code.E_SIG_HOLDER: Tier.CONTRAINDICATED}
    assert verdict.members[place].licence is None
    assert verdict.members[1 - place].verdict_class is ACCEPT
    assert set(verdict.established) == {Fact.ISSUER_SIGNATURE}
    assert verdict.credential_digest is None


def test_a_used_member_refuses_and_the_other_is_no_replay_of_it(terminal: Terminal) -> None:
    text = terminal.bundle(*two(terminal))
    key = terminal.appraise(text).members[0].replay_key
    assert key is not None
    terminal.replay.remembered[key] = EarlierUse(terminal.at, here=True)  # type: ignore[union-attr]
    first, second = terminal.appraise(text).members
    assert Code.E_REPLAY in codes(first)
    assert second.verdict_class is ACCEPT


def test_ages_and_grade_are_those_of_the_oldest(terminal: Terminal) -> None:
    terminal.set_row(regions=frozenset({terminal.face.region, ZIXU}))
    terminal.set_status(age=60)
    snapshot = terminal.held.status
    old = replace(snapshot.lists[f"lz:{ZIXU}/3"], iat=terminal.at - 2 * HOUR)
    lists = {**snapshot.lists, f"lz:{ZIXU}/3": old}
    terminal.knowledge = replace(terminal.held, status=replace(snapshot, lists=lists))
    verdict = terminal.appraise(
        terminal.bundle(acts.licence(terminal.world, 1), acts.licence(terminal.world, 2, region=ZIXU))
    )
    assert verdict.ages.status == 2 * HOUR
    assert verdict.status_grade is Grade.STALE_1
    terminal.knowledge = replace(terminal.held, status=replace(snapshot, lists={f"lz:{ZIXU}/3": old}))
    verdict = terminal.appraise(terminal.bundle(*two(terminal, region=ZIXU)))
    assert verdict.ages.status is None
    assert verdict.status_grade is Grade.UNKNOWN


def test_a_person_check_of_one_is_one_of_the_act(terminal: Terminal) -> None:
    terminal.set_row(person_check=True)
    verdict = terminal.appraise(terminal.bundle(*two(terminal)))
    assert (verdict.verdict_class, verdict.proceed, verdict.person_check) == (ACCEPT, Proceed.AFTER_CHECK, True)


# One person, or not.


def test_two_people_are_to_be_checked_and_never_accepted(terminal: Terminal) -> None:
    text = terminal.bundle(*two(terminal, CITIZEN_ID=acts.YI))
    verdict = terminal.appraise(text)
    assert (verdict.verdict_class, verdict.proceed) == (CHECK, Proceed.AFTER_CHECK)
    assert graded(verdict) == {Code.W_BUNDLE_UNLINKED: Tier.WARNING}
    # Each licence is good by itself.
    assert [each.verdict_class for each in verdict.members] == [ACCEPT, ACCEPT]
    terminal.at_place(Purpose.WINDOW, attended=False)
    terminal.ask()
    unattended = terminal.appraise(terminal.bundle(*two(terminal, CITIZEN_ID=acts.YI)))
    assert graded(unattended)[Code.W_BUNDLE_UNLINKED] is Tier.HOLD


def test_without_an_identifier_nobody_knows(terminal: Terminal) -> None:
    verdict = terminal.appraise(terminal.bundle(*two(terminal), shown=(Lic.NAME, Lic.LICENCE_NO)))
    assert graded(verdict) == {Code.W_BUNDLE_UNLINKED: Tier.WARNING}


def test_one_phone_makes_no_one_person_of_two(terminal: Terminal) -> None:
    device = terminal.world.holder()
    first, second = two(terminal, device=device, CITIZEN_ID=acts.YI)
    assert first.claims.cnf == second.claims.cnf
    assert Code.W_BUNDLE_UNLINKED in codes(terminal.appraise(terminal.bundle(first, second)))
    others = two(terminal, device=terminal.world.holder("甲的另一部手机"))
    assert Code.W_BUNDLE_UNLINKED not in codes(terminal.appraise(terminal.bundle(*others)))


def test_policy_waives_the_link_for_every_member_or_not_at_all(terminal: Terminal) -> None:
    text = terminal.bundle(*two(terminal, CITIZEN_ID=acts.YI))
    terminal.set_row(link_waived=True)
    assert terminal.appraise(text).verdict_class is ACCEPT
    terminal.set_policy(rows={})
    assert Code.W_BUNDLE_UNLINKED in codes(terminal.appraise(text))


def test_a_licence_and_a_mandate_are_never_linked(terminal: Terminal) -> None:
    own, delegated = acts.licence(terminal.world, 1), acts.mandate(terminal.world)
    verdict = terminal.appraise(terminal.bundle(own, delegated))
    assert graded(verdict) == {Code.W_BUNDLE_UNLINKED: Tier.WARNING}


# Joint licences.


def spouses(terminal: Terminal, **second: object) -> tuple[Issued, Issued]:
    changed = {"LICENCE_NO": "JH-1", "CITIZEN_ID": acts.YI, "NAME": "测试员乙", **second}
    return acts.licence(terminal.world, 1, LICENCE_NO="JH-1"), acts.licence(terminal.world, 2, **changed)


def test_a_joint_licence_shown_by_one_holder_is_held(terminal: Terminal) -> None:
    terminal.set_row(holders_required=2)
    verdict = terminal.appraise(terminal.code(acts.licence(terminal.world, 1), shown=TOGETHER))
    assert (verdict.verdict_class, verdict.proceed) == (CHECK, Proceed.NO)
    assert graded(verdict) == {Code.W_HOLDERS_MISSING: Tier.HOLD}


def test_a_joint_licence_shown_by_both_holders_is_accepted_and_links_them(terminal: Terminal) -> None:
    terminal.set_row(holders_required=2)
    verdict = terminal.appraise(terminal.bundle(*spouses(terminal)))
    assert verdict.verdict_class is ACCEPT
    assert codes(verdict) == {Code.W_OPEN_MODE}


@pytest.mark.parametrize(
    ("second", "unlinked"),
    [
        # The same holder twice, on two devices: linked, and one holder all the same.
        ({"CITIZEN_ID": acts.JIA}, False),
        ({"CITIZEN_ID": None}, True),
        ({"LICENCE_NO": "JH-2"}, True),
        ({"LICENCE_NO": None}, True),
        ({"region": ZIXU}, True),
    ],
)
def test_who_is_not_another_holder_of_the_same_licence_does_not_count(
    terminal: Terminal, second: dict[str, object], unlinked: bool
) -> None:
    terminal.set_row(
        holders_required=2, regions=frozenset({terminal.face.region, ZIXU}), mandatory=frozenset({int(Lic.NAME)})
    )
    verdict = terminal.appraise(terminal.bundle(*spouses(terminal, **second)))
    assert Code.W_HOLDERS_MISSING in codes(verdict)
    assert (Code.W_BUNDLE_UNLINKED in codes(verdict)) is unlinked
    assert verdict.proceed is Proceed.NO


def test_an_agent_is_no_holder_of_a_joint_licence(terminal: Terminal) -> None:
    terminal.set_row(holders_required=2)
    agent = acts.mandate(terminal.world, items={Lic.LICENCE_NO: "JH-1", Lic.CITIZEN_ID: acts.YI})
    verdict = terminal.appraise(terminal.bundle(spouses(terminal)[0], agent))
    assert {Code.W_HOLDERS_MISSING, Code.W_BUNDLE_UNLINKED} <= codes(verdict)


def test_three_holders_are_three(terminal: Terminal) -> None:
    terminal.set_row(holders_required=3)
    text = terminal.bundle(*spouses(terminal))
    assert Code.W_HOLDERS_MISSING in codes(terminal.appraise(text))
    third = acts.licence(terminal.world, 3, LICENCE_NO="JH-1", CITIZEN_ID="990101199003070010")
    members = [terminal.world.presentation(each, shown=TOGETHER) for each in (*spouses(terminal), third)]
    verdict = appraise_bytes(AnimatedKind.BUNDLE, acts.bundle_bytes(members), terminal.context())
    assert verdict.verdict_class is ACCEPT


# Together in answer to a request.


def test_a_sealed_bundle_answers_a_request_once(terminal: Terminal) -> None:
    request = terminal.ask()
    binding = terminal.world.key_binding(**acts.answering(request))
    members = [terminal.world.presentation(each, shown=TOGETHER, binding=binding) for each in two(terminal)]
    terminal.set_row(seal_required=True)
    verdict = terminal.appraise(acts.seal(acts.bundle_bytes(members), request))
    assert verdict.verdict_class is ACCEPT
    assert (verdict.sealed, verdict.form, verdict.answered) == (True, Form.BUNDLE, request)
    assert verdict.audience == request.audience
    assert all(each.sealed for each in verdict.members)
    open_bundle = terminal.appraise(acts.bundle_text(members))
    assert Code.E_SEAL_REQUIRED in codes(open_bundle)


def test_a_sealed_bundle_above_the_cap_comes_in_frames(terminal: Terminal) -> None:
    request = terminal.ask()
    assert request.sealing_key is not None
    binding = terminal.world.key_binding(**acts.answering(request))
    licences = (*two(terminal), acts.licence(terminal.world, 3))
    members = [terminal.world.presentation(each, shown=TOGETHER, binding=binding) for each in licences]
    terminal.set_row(seal_required=True)
    recipient = sealing.sealing_key(request.sealing_key)
    content = sealing.seal(acts.bundle_bytes(members), recipient=recipient, ephemeral_key=b"\x0b" * 32)
    assert len(content) > limits.MAX_CODE_BYTES
    verdict = appraise_bytes(AnimatedKind.SEALED, content, terminal.context())
    assert verdict.verdict_class is ACCEPT
    assert (verdict.sealed, verdict.answered, len(verdict.members)) == (True, request, 3)
    # A seal is not left out by saying that there is none.
    assert codes(appraise_bytes(AnimatedKind.BUNDLE, content, terminal.context())) == {Code.E_SHAPE}
    for other in (content[:-1] + bytes((content[-1] ^ 1,)), sealing.seal(
        acts.bundle_bytes(members), recipient=sealing.sealing_key(b"\x0c" * 32), ephemeral_key=b"\x0b" * 32
    )):  # fmt: skip
        assert codes(appraise_bytes(AnimatedKind.SEALED, other, terminal.context())) == {Code.E_SEAL_OPEN}


def test_a_kind_that_was_asked_for_and_is_not_shown_holds_the_act_and_no_member(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(wanted={DRIVING_LICENCE: acts.ASKED, ID_CARD: frozenset({int(Lic.NAME)})}))
    verdict = terminal.appraise(terminal.bundle(*two(terminal), **acts.answering(request)))
    assert graded(verdict) == {Code.W_CLAIM_MISSING: Tier.HOLD}
    assert [each.verdict_class for each in verdict.members] == [ACCEPT, ACCEPT]
    assert verdict.answered is request


# Form.


@pytest.mark.parametrize(("change", "code"), [({"aud": "lz:p"}, Code.E_AUD), ({"cnonce": bytes(16)}, Code.E_CNONCE)])
def test_members_of_two_acts_are_refused_before_any_signature(
    terminal: Terminal, change: dict[str, object], code: Code
) -> None:
    first, second = two(terminal)
    world = terminal.world
    foreign = world.key_binding(**change)  # type: ignore[arg-type]
    verdict = terminal.appraise(
        acts.bundle_text([world.presentation(first), world.presentation(second, binding=foreign)])
    )
    assert codes(verdict) == {code}
    assert (verdict.established, verdict.members, verdict.form) == ((), (), Form.BUNDLE)
    lines = explain.trace(verdict)
    assert lines[Step.SHAPE - 1].outcome is Outcome.FAILED
    assert lines[Step.TRUST - 1].outcome is Outcome.NOT_REACHED


def test_what_frames_carried_is_the_same_act(terminal: Terminal) -> None:
    licences = (*two(terminal), acts.licence(terminal.world, 3))
    members = [terminal.world.presentation(each, shown=TOGETHER) for each in licences]
    verdict = appraise_bytes(AnimatedKind.BUNDLE, acts.bundle_bytes(members), terminal.context())
    assert verdict.verdict_class is ACCEPT
    assert len(verdict.members) == 3
    alone = appraise_bytes(AnimatedKind.PRESENTATION, members[0], terminal.context())
    assert alone == verdict.members[0]


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        (AnimatedKind.PORTRAIT, b"AVIF", Code.E_PREFIX),
        (AnimatedKind.PRESENTATION, bytes(8_193), Code.E_SIZE),
        (AnimatedKind.PRESENTATION, bytes(8_192), Code.E_CBOR),
        (AnimatedKind.BUNDLE, bytes(8_193), Code.E_SIZE),
        (AnimatedKind.BUNDLE, b"", Code.E_CBOR),
        (AnimatedKind.SEALED, bytes(8_261), Code.E_SIZE),
        (AnimatedKind.SEALED, bytes(8_260), Code.E_CBOR),
    ],
)
def test_what_frames_carried_is_as_untrusted_as_any_code(
    terminal: Terminal, kind: AnimatedKind, content: bytes, code: Code
) -> None:
    assert codes(appraise_bytes(kind, content, terminal.context())) == {code}


def test_without_knowledge_nothing_can_be_said(terminal: Terminal) -> None:
    text = terminal.bundle(*two(terminal))
    terminal.knowledge = None
    verdict = terminal.appraise(text)
    assert codes(verdict) == {Code.W_TRUST_MISSING, Code.W_POLICY_MISSING, Code.W_STATUS_MISSING}
    assert verdict.form is Form.BUNDLE


def test_the_trace_of_an_act_is_as_good_as_its_worst_member(terminal: Terminal) -> None:
    licences = list(two(terminal))
    licences[1] = terminal.forged_by(licences[1], "丙的手机")
    verdict = terminal.appraise(terminal.bundle(*licences))
    outcomes = {line.step: line.outcome for line in explain.trace(verdict)}
    assert outcomes[Step.ISSUER_SIGNATURE] is Outcome.PASSED
    assert outcomes[Step.HOLDER_SIGNATURE] is Outcome.FAILED
    assert outcomes[Step.STATUS] is Outcome.NOT_REACHED
    unlinked = terminal.appraise(terminal.bundle(*two(terminal, CITIZEN_ID=acts.YI)))
    lines = {line.step: line for line in explain.trace(unlinked)}
    assert lines[Step.POLICY].outcome is Outcome.NOTED
    assert lines[Step.BINDING].facts["form"] == "bundle"


# A fault inside: an honest outcome, and never an acceptance.


def test_an_act_without_everything_established_for_every_licence_is_not_accepted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = terminal.bundle(*two(terminal))
    good = presentation.conclude

    def forgetful(*arguments: Any, **fields: Any) -> Verdict:
        return replace(good(*arguments, **fields), established=(Fact.ISSUER_SIGNATURE,))

    monkeypatch.setattr(presentation, "conclude", forgetful)
    verdict = terminal.appraise(text)
    assert codes(verdict) == {Code.E_INTERNAL}
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.NOT_READ, Proceed.NO)


@pytest.mark.parametrize("kind", [AnimatedKind.PRESENTATION, AnimatedKind.BUNDLE])
def test_a_fault_while_frames_are_appraised_is_not_read(terminal: Terminal, kind: AnimatedKind) -> None:
    members = [terminal.world.presentation(each, shown=TOGETHER) for each in two(terminal)]
    content = members[0] if kind is AnimatedKind.PRESENTATION else acts.bundle_bytes(members)
    terminal.replay = BrokenMemory()
    verdict = appraise_bytes(kind, content, terminal.context())
    assert codes(verdict) == {Code.E_INTERNAL}
    assert verdict.verdict_class is VerdictClass.NOT_READ
