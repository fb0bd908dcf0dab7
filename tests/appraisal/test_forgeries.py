"""Every forgery of the factory through the appraisal and a whole session: its one reason, its class, no claims."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from protocol.errors import Code
from protocol.labels import AnimatedKind
from protocol.qr import base45
from tests.appraisal.terminal import SHOWN, Terminal
from tests.terminal.conftest import Terminal as Running
from tests.utopia import acts
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.forgery import Forgery
from tests.utopia.world import World
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.appraisal.gates import BUILT_IN, BuiltIn
from verifier_terminal.appraisal.verdict import Fact, Proceed, Tier, Verdict, VerdictClass
from verifier_terminal.session import Session

ALSO = {
    # Both lie months away from the terminal's clock, and that is said as well.
    "kbt-older-than-its-credential": {Code.E_KBT_STALE},
    "kbt-outlives-its-credential": {Code.E_KBT_FUTURE},
}
NOT_READ = {code for code, built_in in BUILT_IN.items() if built_in is BuiltIn.NOT_READ}
CLASSES = {BuiltIn.NOT_READ: VerdictClass.NOT_READ, BuiltIn.REFUSE: VerdictClass.REFUSE}


@pytest.fixture(scope="module")
def shared() -> Terminal:
    return Terminal()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One provisioned session for all: what is refused must not change it for the next."""
    directory = tmp_path_factory.mktemp("forgeries")
    made = Running(World(), directory, directory / "published")
    session = made.open()
    session.sync(made.publish())
    yield session
    session.close()


def expect_refusal(verdict: Verdict, forgery: Forgery) -> None:
    code = forgery.code
    graded = {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}
    assert graded == {code} | ALSO.get(forgery.name, set())
    assert verdict.verdict_class is CLASSES[BUILT_IN[code]]
    assert verdict.proceed is Proceed.NO
    assert verdict.licence is None or verdict.licence.claims is None
    # A refused code is not used up, and nothing about it waits for a re-check.
    assert (verdict.burn_until, verdict.recheck, verdict.status_reference) == (None, False, None)


@pytest.mark.parametrize("forgery", FORGERIES, ids=str)
def test_a_forgery_is_answered_by_its_one_reason(shared: Terminal, running: Session, forgery: Forgery) -> None:
    text = forgery.make(shared.world)
    verdict = shared.appraise(text)
    expect_refusal(verdict, forgery)
    # The dates were looked at and something about them refused; or they were never reached.
    assert Fact.VALIDITY_DATES not in verdict.established
    shown = running.scan(text, source="scanner").verdict
    expect_refusal(shown, forgery)
    (row,) = running.explain(shown.check_number)
    assert row.payload is not None
    assert [forgery.code, "none" if forgery.code in NOT_READ else "contraindicated"] in row.payload["codes"]
    assert row.payload["items"] is None


@pytest.mark.parametrize("forgery", LATER, ids=str)
def test_what_only_a_clock_or_an_audience_can_refuse_is_refused(
    shared: Terminal, running: Session, forgery: Forgery
) -> None:
    text = forgery.make(shared.world)
    expect_refusal(shared.appraise(text), forgery)
    expect_refusal(running.scan(text, source="scanner").verdict, forgery)


_OF_TEXT = {Code.E_PREFIX, Code.E_SIZE, Code.E_B45}
BYTES = [each for each in (*FORGERIES, *LATER) if each.code not in _OF_TEXT]
"""Those that change bytes and not the text around them, so that they can stand inside of something else."""
# Nothing cannot be sealed, and the same content twice is too long a text once it is.
SEALABLE = [each for each in BYTES if each.name not in ("code-without-content", "code-twice")]
ELSEWHERE = {
    # A member that lacks its last byte takes the next one's first: the array is what is broken.
    ("last-byte-missing", 0): Code.E_SHAPE,
    # What the members do not have in common is looked at before any signature.
    ("aud-changed-after-signing", 0): Code.E_AUD,
    ("aud-changed-after-signing", 1): Code.E_AUD,
}
NOT_AN_ANSWER = {Code.E_AUD, Code.E_CNONCE}


def graded(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}


@pytest.mark.parametrize("forgery", SEALABLE, ids=str)
def test_a_forgery_inside_of_a_seal_is_answered_as_alone(shared: Terminal, forgery: Forgery) -> None:
    content = base45.decode(forgery.make(shared.world)[4:])
    request = acts.challenge()
    context = replace(shared.context(), requests=(request,))
    verdict = appraise(acts.seal(content, request), context)
    alone = shared.appraise(forgery.make(shared.world))
    # It was made for no request, which is said as well once both signatures hold.
    assert graded(verdict) - NOT_AN_ANSWER == graded(alone) - NOT_AN_ANSWER
    assert verdict.verdict_class is alone.verdict_class
    assert verdict.answered is None
    assert verdict.licence is None or verdict.licence.claims is None


@pytest.mark.parametrize("forgery", BYTES, ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_a_forgery_inside_of_a_bundle_is_answered_as_alone(shared: Terminal, forgery: Forgery, place: int) -> None:
    members = [shared.world.presentation(acts.licence(shared.world, 1), shown=SHOWN)]
    members.insert(place, base45.decode(forgery.make(shared.world)[4:]))
    verdict = appraise_bytes(AnimatedKind.BUNDLE, acts.bundle_bytes(members), shared.context())
    if (forgery.name, place) in ELSEWHERE:
        assert graded(verdict) == {ELSEWHERE[forgery.name, place]}
        return
    alone = shared.appraise(forgery.make(shared.world))
    assert graded(verdict) - {Code.W_BUNDLE_UNLINKED} == graded(alone) - (NOT_AN_ANSWER - graded(verdict))
    assert forgery.code in graded(verdict)
    assert verdict.verdict_class is alone.verdict_class
    assert verdict.licence is None
    if verdict.members:
        expect_refusal(verdict.members[place], forgery)
        assert verdict.members[1 - place].verdict_class is VerdictClass.ACCEPT


def test_after_all_forgeries_the_good_code_is_still_good(running: Session) -> None:
    assert running.scan(World().code(), source="scanner").verdict.verdict_class is VerdictClass.ACCEPT
    assert not running.verify_journal().findings
