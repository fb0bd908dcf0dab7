"""Requests: who may answer them, once, for how long, and what a wrong answer, a race or a full disk does to them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from protocol.errors import Code
from protocol.labels import AnimatedKind, Lic, Purpose
from protocol.terminal_certificate import Items
from protocol.unixtime import UnixTime
from tests.terminal import asking_world
from tests.terminal.asking_world import REASON, WANTED, answer, certified, read_challenge, seal, short_answer
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import Context
from verifier_terminal.appraisal.verdict import Verdict, VerdictClass
from verifier_terminal.errors import (
    CertificateUnusable,
    NoSite,
    OutOfOrder,
    RequestRefused,
    TooManyRequests,
    UnknownRequest,
)
from verifier_terminal.events import RequestClosed, RequestOpened, SessionEvent, ShownVerdict, Subscription
from verifier_terminal.request_book import MAX_OPEN, MAX_WRONG_ANSWERS, Ended
from verifier_terminal.session import Session
from verifier_terminal.sync.mirror import FolderMirror

SITE = "NF6Y"


@pytest.fixture
def asking(terminal: Terminal) -> Session:
    """A certified terminal of a site."""
    terminal.site = SITE
    return certified(terminal)


def codes(verdict: Verdict) -> set[Code]:
    return {finding.code for finding in verdict.findings}


def scan(session: Session, text: str, source: str = "scanner") -> Verdict:
    return session.scan(text, source=source).verdict


def heard(subscription: Subscription) -> list[SessionEvent]:
    events: list[SessionEvent] = []
    while (event := subscription.next(0)) is not None:
        events.append(event)
    return events


def test_an_answer_is_accepted_and_burns_its_request(terminal: Terminal, asking: Session) -> None:
    with asking.subscribe() as subscription:
        opened = asking.open_challenge(WANTED, REASON)
        assert asking.requests() == (opened,)
        verdict = scan(asking, answer(terminal.world, opened))
        events = heard(subscription)
    assert verdict.verdict_class is VerdictClass.ACCEPT
    assert Code.W_OPEN_MODE not in codes(verdict)
    assert (verdict.sealed, asking.requests()) == (True, ())
    assert events[:2] == [RequestOpened(opened.number), RequestClosed(opened.number, Ended.ANSWERED)]
    assert isinstance(events[2], ShownVerdict)
    (row,) = asking.acts()
    assert (row.payload["answered"], row.payload["sealed"]) == ("challenge", True)


def test_the_holder_reads_what_was_asked(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    shown = read_challenge(terminal.world, opened).challenge.request
    assert (shown.purpose, shown.reason, shown.wanted) == (Purpose.WINDOW, REASON, WANTED)
    assert shown.exp - shown.iat == opened.seconds_left == 120


def test_a_second_answer_to_the_same_request_is_refused(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    other = terminal.world.credential(holder=terminal.world.holder("somebody else"))
    first, second = answer(terminal.world, opened), answer(terminal.world, opened, other)
    assert scan(asking, first).verdict_class is VerdictClass.ACCEPT
    late = scan(asking, second)
    # Its seal cannot even be opened: the private key went with the request.
    assert (late.verdict_class, codes(late)) == (VerdictClass.REFUSE, {Code.E_SEAL_OPEN})


def test_an_open_answer_to_a_closed_request_is_named(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    binding = read_challenge(terminal.world, opened).binding(terminal.world.clock.at)
    asking.cancel_request(opened.number)
    late = scan(asking, terminal.world.code(binding=binding))
    assert late.verdict_class is VerdictClass.REFUSE
    assert Code.E_CNONCE in codes(late)
    assert Code.E_AUD not in codes(late)


def test_two_answers_at_once_and_exactly_one_is_accepted(terminal: Terminal, asking: Session) -> None:
    for _ in range(5):
        opened = asking.open_challenge(WANTED, REASON)
        holders = [terminal.world.credential(holder=terminal.world.holder(f"holder {each}")) for each in range(4)]
        texts = [answer(terminal.world, opened, each) for each in holders]
        together = threading.Barrier(len(texts))

        def take(text: str, start: threading.Barrier = together) -> VerdictClass:
            start.wait()
            return scan(asking, text, f"source {text[-8:]}").verdict_class

        with ThreadPoolExecutor(len(texts)) as pool:
            classes = list(pool.map(take, texts))
        assert sorted(classes) == [VerdictClass.ACCEPT, *[VerdictClass.REFUSE] * 3]
        terminal.pass_seconds(3)


def test_another_sessions_request_is_answered_nowhere_else(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    text = answer(terminal.world, opened)
    other = terminal.open()
    assert codes(scan(other, text)) == {Code.E_SEAL_OPEN}
    # What another session refuses costs the one that asked nothing.
    assert scan(asking, text).verdict_class is VerdictClass.ACCEPT


def test_a_restart_loses_open_requests(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    binding = read_challenge(terminal.world, opened).binding(terminal.world.clock.at)
    short = asking.open_short_code()
    asking.close()
    anew = terminal.open()
    assert anew.requests() == ()
    for text in (terminal.world.code(binding=binding), short_answer(terminal.world, short.text)):
        verdict = scan(anew, text)
        assert verdict.verdict_class is VerdictClass.REFUSE
        assert Code.E_CNONCE in codes(verdict)
        assert Code.E_AUD not in codes(verdict)


def test_a_request_is_over_after_two_minutes(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    terminal.pass_seconds(119)
    assert asking.requests()[0].seconds_left == 1
    text = answer(terminal.world, opened)
    with asking.subscribe() as subscription:
        terminal.pass_seconds(1)
        assert asking.requests() == ()
        assert heard(subscription) == [RequestClosed(opened.number, Ended.OVER)]
    assert codes(scan(asking, text)) == {Code.E_SEAL_OPEN}


@pytest.mark.parametrize("step", [-3_600, -30, 3_600])
def test_a_clock_that_is_set_prolongs_no_request(terminal: Terminal, asking: Session, step: int) -> None:
    asking.open_challenge(WANTED, REASON)
    terminal.world.clock.at = UnixTime(terminal.world.clock.at + step)
    assert len(asking.requests()) == 1
    terminal.elapsed += 120
    assert asking.requests() == ()


def test_a_counter_that_goes_back_closes_every_request(terminal: Terminal, asking: Session) -> None:
    terminal.elapsed = 50
    asking.open_challenge(WANTED, REASON)
    terminal.elapsed = 49
    assert asking.requests() == ()


def test_a_full_disk_during_the_answer_leaves_the_request_closed(
    terminal: Terminal, asking: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail closed: somebody has seen the answer, and nothing says what it was worth."""
    opened = asking.open_challenge(WANTED, REASON)
    text = answer(terminal.world, opened)

    def full(*_: object, **__: object) -> None:
        raise OutOfOrder("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("verifier_terminal.session.recording.record", full)
        with pytest.raises(OutOfOrder):
            asking.scan(text, source="scanner")
    assert asking.requests() == ()
    again = scan(asking, text)
    assert (again.verdict_class, codes(again)) == (VerdictClass.REFUSE, {Code.E_SEAL_OPEN})


def test_what_was_sealed_to_one_request_does_not_answer_another(terminal: Terminal, asking: Session) -> None:
    first, second = asking.open_challenge(WANTED, REASON), asking.open_challenge(WANTED, "补领驾驶证")
    foreign = read_challenge(terminal.world, second).binding(terminal.world.clock.at)
    mixed = seal(terminal.world, first, terminal.world.presentation(terminal.world.credential(), binding=foreign))
    verdict = scan(asking, mixed)
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert Code.E_CNONCE in codes(verdict)
    # Nobody signed an answer to either of them as it was sent.
    assert len(asking.requests()) == 2


def test_a_forged_answer_burns_nothing(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    thief = terminal.world.holder("a thief")
    binding = read_challenge(terminal.world, opened).binding(terminal.world.clock.at)
    stolen = terminal.world.presentation(terminal.world.credential(), binding=binding, signer=thief)
    verdict = scan(asking, seal(terminal.world, opened, stolen))
    assert Code.E_SIG_HOLDER in codes(verdict)
    assert len(asking.requests()) == 1


def test_a_refused_answer_burns_its_request_all_the_same(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    stale = read_challenge(terminal.world, opened).binding(terminal.world.clock.at - 3_600)
    assert scan(asking, answer(terminal.world, opened, binding=stale)).verdict_class is VerdictClass.REFUSE
    assert asking.requests() == ()


def test_an_open_code_answers_no_request(terminal: Terminal, asking: Session) -> None:
    asking.open_challenge(WANTED, REASON)
    assert Code.W_OPEN_MODE in codes(scan(asking, terminal.world.code()))
    assert len(asking.requests()) == 1


def test_an_answer_is_news_though_its_phone_stood_in_view(terminal: Terminal, asking: Session) -> None:
    issued = terminal.world.credential()
    first = asking.open_challenge(WANTED, REASON)
    one = asking.scan(answer(terminal.world, first, issued), source="camera")
    terminal.pass_seconds(1)
    second = asking.open_challenge(WANTED, REASON)
    two = asking.scan(answer(terminal.world, second, issued), source="camera")
    assert (one.same_act, two.same_act) == (False, False)
    assert one.verdict.check_number != two.verdict.check_number


def test_an_exercise_answers_nothing(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    binding = read_challenge(terminal.world, opened).binding(terminal.world.clock.at)
    verdict = asking.exercise(terminal.world.code(binding=binding), at=terminal.world.clock.at)
    assert Code.E_CNONCE in codes(verdict)
    assert len(asking.requests()) == 1


def test_no_private_key_leaves_with_what_is_told(terminal: Terminal, asking: Session) -> None:
    seen: list[Context] = []

    def watching(text: str, context: Context) -> Verdict:
        seen.append(context)
        return appraise(text, context)

    asking._appraise = watching
    opened = asking.open_challenge(WANTED, REASON)
    shown = asking.scan(answer(terminal.world, opened), source="scanner")
    (request,) = seen[0].requests
    assert request.sealing_key is not None
    assert shown.verdict.answered == replace(request, sealing_key=None)
    assert request.sealing_key.hex() not in repr(shown)


# What may be asked.


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({}, REASON),
        ({DRIVING_LICENCE: frozenset()}, REASON),
        ({65_999: frozenset({1})}, REASON),
        ({DRIVING_LICENCE: frozenset({1, 99})}, REASON),
        ({DRIVING_LICENCE: frozenset({1, 200})}, REASON),
        (WANTED, ""),
        (WANTED, " 换领"),
        (WANTED, "换领\n驾驶证"),
        (WANTED, "换" * 201),
    ],
)
def test_what_no_wallet_would_answer_is_not_asked(asking: Session, wanted: Items, reason: str) -> None:
    with pytest.raises(RequestRefused):
        asking.open_challenge(wanted, reason)
    assert asking.requests() == ()


def test_what_policy_does_not_allow_is_not_asked_whatever_the_certificate_says(terminal: Terminal) -> None:
    row = replace(terminal.world.policy_row(DRIVING_LICENCE, Purpose.WINDOW), optional=frozenset())
    session = certified(terminal, rows=[row])
    assert set(session.askable()) == {DRIVING_LICENCE}
    session.open_challenge(WANTED, REASON)
    for refused in ({DRIVING_LICENCE: frozenset({Lic.ADDRESS})}, {ID_CARD: frozenset({Lic.NAME})}):
        with pytest.raises(RequestRefused):
            session.open_challenge(refused, REASON)


@pytest.mark.parametrize(("region", "asked_less"), [(WUYOU, True), (ZIXU, False)])
def test_nobody_is_asked_for_more_than_a_holder_of_this_region(
    terminal: Terminal, region: str, asked_less: bool
) -> None:
    row = replace(terminal.world.policy_row(DRIVING_LICENCE, Purpose.WINDOW), optional=frozenset({Lic.ADDRESS}))
    stricter = replace(row, optional=frozenset(), regions=frozenset({region}), only_for=region)
    session = certified(terminal, rows=[row, stricter])
    assert session.askable()[DRIVING_LICENCE].maximum == (row.mandatory if asked_less else row.maximum)


def test_a_request_does_not_outlive_its_certificate(terminal: Terminal, asking: Session) -> None:
    end = asking.status().certification.certificate
    assert end is not None
    terminal.pass_seconds(end.exp - terminal.world.clock.at - 30)
    assert asking.open_challenge(WANTED, REASON).seconds_left == 30
    terminal.pass_seconds(30)
    with pytest.raises(CertificateUnusable, match="it is over"):
        asking.open_challenge(WANTED, REASON)


def test_without_a_certificate_nothing_is_asked_and_open_codes_are_read(terminal: Terminal, session: Session) -> None:
    with pytest.raises(CertificateUnusable, match="none is installed"):
        session.open_challenge(WANTED, REASON)
    assert scan(session, terminal.world.code()).verdict_class is VerdictClass.ACCEPT
    assert not (terminal.directory / "terminal.key").exists()


def test_eight_are_open_at_most(terminal: Terminal, asking: Session) -> None:
    for _ in range(MAX_OPEN):
        asking.open_challenge(WANTED, REASON)
    for one_more in (lambda: asking.open_challenge(WANTED, REASON), asking.open_short_code):
        with pytest.raises(TooManyRequests):
            one_more()
    terminal.pass_seconds(120)
    asking.open_short_code()


def test_cancelled_is_closed_once(asking: Session) -> None:
    opened = asking.open_challenge(WANTED, REASON)
    with asking.subscribe() as subscription:
        asking.cancel_request(opened.number)
        assert heard(subscription) == [RequestClosed(opened.number, Ended.CANCELLED)]
    with pytest.raises(UnknownRequest):
        asking.cancel_request(opened.number)


# Short codes.


def test_a_short_code_is_answered_openly_and_once(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_short_code()
    assert (opened.text[:5], len(opened.text), opened.seconds_left) == (f"{SITE}-", 11, 120)
    verdict = scan(asking, short_answer(terminal.world, opened.text))
    assert (verdict.verdict_class, asking.requests()) == (VerdictClass.ACCEPT, ())
    assert asking.acts()[0].payload["answered"] == "short_code"
    other = terminal.world.credential(holder=terminal.world.holder("somebody else"))
    again = scan(asking, short_answer(terminal.world, opened.text, other))
    assert Code.E_CNONCE in codes(again)


def test_five_wrong_answers_end_a_short_code(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_short_code()
    challenged = asking.open_challenge(WANTED, REASON)
    with asking.subscribe() as subscription:
        for guess in range(MAX_WRONG_ANSWERS):
            assert opened.number in {each.number for each in asking.requests()}
            verdict = scan(asking, short_answer(terminal.world, opened.text, nonce=guess), f"source {guess}")
            assert Code.E_CNONCE in codes(verdict)
        closed = [event for event in heard(subscription) if isinstance(event, RequestClosed)]
    assert closed == [RequestClosed(opened.number, Ended.WRONG_ANSWERS)]
    # A challenge has 128 bits and is nobody's to guess: it stays.
    assert asking.requests() == (challenged,)
    assert Code.E_CNONCE in codes(scan(asking, short_answer(terminal.world, opened.text)))


def test_four_wrong_answers_do_not(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_short_code()
    for guess in range(MAX_WRONG_ANSWERS - 1):
        scan(asking, short_answer(terminal.world, opened.text, nonce=guess), f"source {guess}")
    assert scan(asking, short_answer(terminal.world, opened.text)).verdict_class is VerdictClass.ACCEPT


def test_a_used_answer_that_is_shown_again_is_no_guess(terminal: Terminal, asking: Session) -> None:
    first = asking.open_short_code()
    used = short_answer(terminal.world, first.text)
    scan(asking, used)
    second = asking.open_short_code()
    for attempt in range(MAX_WRONG_ANSWERS + 1):
        assert Code.E_REPLAY in codes(scan(asking, used, f"source {attempt}"))
    assert asking.requests()[0].number == second.number


def test_an_unsigned_guess_counts_for_nothing(terminal: Terminal, asking: Session) -> None:
    opened = asking.open_short_code()
    for guess in range(MAX_WRONG_ANSWERS + 1):
        text = short_answer(terminal.world, opened.text, nonce=guess)
        scan(asking, text[:-6] + "AAAAAA", f"source {guess}")
    assert len(asking.requests()) == 1


def test_without_a_site_there_are_no_short_codes(terminal: Terminal) -> None:
    with pytest.raises(NoSite):
        certified(terminal).open_short_code()


def test_a_short_code_needs_no_certificate(terminal: Terminal) -> None:
    terminal.site = SITE
    session = terminal.open()
    session.sync(terminal.publish())
    opened = session.open_short_code()
    assert scan(session, short_answer(terminal.world, opened.text)).verdict_class is VerdictClass.ACCEPT


# Several licences.


def test_a_bundle_is_one_act_with_every_licence_in_its_row_and_all_of_them_used_up(
    terminal: Terminal, asking: Session
) -> None:
    wanted = {**WANTED, ID_CARD: frozenset({Lic.NAME})}
    opened = asking.open_challenge(wanted, REASON)
    binding = read_challenge(terminal.world, opened).binding(terminal.world.clock.at)
    verdict = scan(asking, asking_world.bundle_text(terminal.world, binding=binding))
    assert (verdict.verdict_class, len(verdict.members)) == (VerdictClass.ACCEPT, 2)
    (act,) = asking.acts()
    assert act.kind == "driving-licence"
    assert [each["kind"] for each in act.payload["members"]] == ["driving-licence", "id-card"]
    assert act.payload["members"][0]["items"] is not None
    assert (act.payload["form"], act.payload["answered"]) == ("bundle", "challenge")
    for each in verdict.members:
        assert each.replay_key is not None
        assert asking._store.replay.earlier_use(each.replay_key) is not None


def test_a_bundle_whose_member_was_used_elsewhere_meanwhile_is_written_as_a_replay(
    terminal: Terminal, asking: Session
) -> None:
    text = asking_world.bundle_text(terminal.world)
    calls: list[Verdict] = []

    def overtaken(read: str, context: Context) -> Verdict:
        verdict = appraise(read, context)
        calls.append(verdict)
        if len(calls) == 1:
            terminal.open().scan(text, source="another process")
        return verdict

    asking._appraise = overtaken
    verdict = scan(asking, text)
    assert len(calls) == 2
    assert Code.E_REPLAY in codes(verdict)


def test_the_next_codes_of_a_bundle_in_view_are_the_same_act(terminal: Terminal, asking: Session) -> None:
    from hardware.duplicates import text_sha256

    first_text = asking_world.bundle_text(terminal.world)
    first = asking.scan(first_text, source="camera")
    for _ in range(30):
        terminal.pass_seconds(1)
        asking.still_there("camera", text_sha256(first_text))
    again = asking.scan(asking_world.bundle_text(terminal.world), source="camera")
    assert (again.same_act, again.verdict.check_number) == (True, first.verdict.check_number)
    assert len(asking.acts()) == 1


def test_each_licence_of_a_bundle_is_checked_again(terminal: Terminal, asking: Session) -> None:
    terminal.pass_seconds(600)
    claims = terminal.world.claims(holder=terminal.world.holder(), idx=4712)
    second = terminal.world.credential(claims=claims)
    content = asking_world.members(terminal.world, second, terminal.world.key_binding())
    read = [asking.read(each, source="camera") for each in asking_world.frames(content, AnimatedKind.BUNDLE, 5)]
    assert read[-1] is not None
    verdict = read[-1].verdict
    assert all(each.recheck for each in verdict.members)
    assert len(asking._store.rechecks) == 2
    report = asking.sync(FolderMirror(asking_world.publish_with_anchor(terminal, seq=2, age=0, values={4712: 1})))
    assert (report.rechecked, len(report.alarms)) == (2, 1)
    assert [alarm.check_number for alarm in asking.status().alarms] == [verdict.check_number]
