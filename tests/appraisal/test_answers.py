"""Answers to this terminal's requests: challenged, sealed, by a short code; and everything that only looks like one."""

from typing import Any

import pytest

from protocol import labels, sealing
from protocol.errors import Code
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.qr import base45, envelope
from protocol.unixtime import HOUR, Seconds, UnixTime
from tests.appraisal.terminal import SHOWN, Terminal
from tests.protocol.test_sealing import SMALL_ORDER, remade
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD
from verifier_terminal.appraisal.context import EarlierUse, OpenRequest
from verifier_terminal.appraisal.verdict import Fact, Form, Proceed, Tier, Verdict, VerdictClass


def codes(verdict: Verdict) -> set[str]:
    return {each.code for each in verdict.findings}


def accepted(verdict: Verdict) -> bool:
    return verdict.verdict_class is VerdictClass.ACCEPT and verdict.proceed is Proceed.YES


# Challenges.


def test_an_answer_to_an_open_challenge_is_accepted_and_names_what_it_answered(terminal: Terminal) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert accepted(verdict)
    assert codes(verdict) == set()
    assert set(verdict.established) == set(Fact)
    assert (verdict.answered, verdict.audience) == (request, acts.TERMINAL)
    assert not verdict.sealed
    assert "sealing_key" not in repr(verdict)


def test_an_open_code_answers_nothing(terminal: Terminal) -> None:
    terminal.ask()
    verdict = terminal.appraise()
    assert accepted(verdict)
    assert codes(verdict) == {Code.W_OPEN_MODE}
    assert (verdict.answered, verdict.audience) == (None, "lz:w")


def test_an_answer_for_terminal_a_is_refused_at_b(terminal: Terminal) -> None:
    asked_at_a = acts.challenge("a", audience="lz:t/A")
    asked_at_b = terminal.ask(acts.challenge("b", audience="lz:t/B"))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(asked_at_a)))
    assert codes(verdict) == {Code.E_AUD, Code.E_CNONCE}
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.answered is None
    # Neither half of the other terminal's request helps with one's own.
    for changed in ({"aud": asked_at_a.audience}, {"cnonce": asked_at_a.cnonce}):
        assert not accepted(terminal.appraise(envelope.wrap(terminal.answer(asked_at_b, **changed))))
    assert accepted(terminal.appraise(envelope.wrap(terminal.answer(asked_at_b))))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"cnonce": bytes(16)}, {Code.E_CNONCE}),
        ({"aud": "lz:t/990000-W08"}, {Code.E_AUD, Code.E_CNONCE}),
        ({"aud": "lz:w"}, {Code.E_CNONCE}),
        ({"aud": "lz:p"}, {Code.E_AUD, Code.E_CNONCE}),
        ({"aud": acts.SITE}, {Code.E_AUD, Code.E_CNONCE}),
    ],
)
def test_both_halves_of_an_answer_must_be_the_requests(
    terminal: Terminal, changed: dict[str, Any], expected: set[Code]
) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, **changed)))
    assert codes(verdict) == expected
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.answered is None
    # It was signed all the same: the session counts wrong answers by this.
    assert verdict.audience == changed.get("aud", request.audience)


def test_a_late_answer_is_named_as_such_where_the_terminal_knows_its_names(terminal: Terminal) -> None:
    answer = envelope.wrap(terminal.answer(acts.challenge("burnt")))
    assert codes(terminal.appraise(answer)) == {Code.E_AUD, Code.E_CNONCE}
    terminal.audiences = frozenset({acts.TERMINAL, acts.SITE})
    assert codes(terminal.appraise(answer)) == {Code.E_CNONCE}


def test_a_name_of_this_terminal_alone_lets_nothing_in(terminal: Terminal) -> None:
    terminal.audiences = frozenset({acts.TERMINAL})
    verdict = terminal.appraise(envelope.wrap(terminal.answer(acts.challenge())))
    assert verdict.verdict_class is VerdictClass.REFUSE


def test_a_request_for_another_purpose_is_not_this_places(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(purpose=Purpose.ROADSIDE))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert codes(verdict) == {Code.E_AUD, Code.E_CNONCE}
    assert verdict.answered is None
    sealed = terminal.appraise(acts.seal(terminal.answer(request), request))
    assert codes(sealed) == {Code.E_SEAL_OPEN}


def test_one_of_several_open_requests_is_found(terminal: Terminal) -> None:
    requests = [terminal.ask(acts.challenge(str(number))) for number in range(8)]
    verdict = terminal.appraise(envelope.wrap(terminal.answer(requests[5])))
    assert accepted(verdict)
    assert verdict.answered is requests[5]


def test_an_answer_is_used_up_once(terminal: Terminal) -> None:
    request = terminal.ask()
    text = envelope.wrap(terminal.answer(request))
    first = terminal.appraise(text)
    assert first.replay_key is not None
    # As long as it could be accepted, ten minutes of difference included.
    assert first.burn_until == terminal.at + 60 + 600
    terminal.replay.remembered[first.replay_key] = EarlierUse(terminal.at, here=True)  # type: ignore[union-attr]
    assert codes(terminal.appraise(text)) == {Code.E_REPLAY}


def test_a_revoked_licence_answers_all_the_same_so_that_the_request_is_burnt(terminal: Terminal) -> None:
    request = terminal.ask()
    terminal.set_status(1)
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert codes(verdict) == {Code.E_REVOKED}
    assert verdict.answered is request


def test_nothing_is_answered_before_both_signatures(terminal: Terminal) -> None:
    request = terminal.ask()
    stolen = terminal.forged_by(terminal.world.credential(), "乙的手机")
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, stolen)))
    assert codes(verdict) == {Code.E_SIG_HOLDER}
    assert (verdict.answered, verdict.audience, verdict.replay_key) == (None, None, None)


# What a challenge asks for.


def test_only_what_was_asked_for_is_shown(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(wanted={DRIVING_LICENCE: frozenset({Lic.NAME, Lic.CLASS, Lic.VALID_TO})}))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, shown=(*SHOWN, Lic.CITIZEN_ID))))
    assert accepted(verdict)
    assert verdict.licence is not None
    assert set(verdict.licence.claims or ()) == {"name", "class", "valid_to"}
    assert verdict.licence.evidence is not None
    assert set(verdict.licence.evidence.items) == {Lic.NAME, Lic.CLASS, Lic.VALID_TO}
    # The disclosures of what nobody asked for are dropped with their values.
    assert len(verdict.licence.evidence.disclosures) == 1


def test_what_policy_demands_is_missing_also_where_it_was_not_asked_for(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(wanted={DRIVING_LICENCE: frozenset({Lic.NAME})}))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, shown=(Lic.NAME,))))
    assert codes(verdict) == {Code.W_CLAIM_MISSING}


def test_what_was_asked_for_beyond_policys_demand_may_stay_hidden(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(wanted={DRIVING_LICENCE: acts.ASKED | {Lic.ADDRESS}}))
    assert accepted(terminal.appraise(envelope.wrap(terminal.answer(request))))


def test_nothing_is_shown_that_policy_does_not_know_whatever_was_asked(terminal: Terminal) -> None:
    terminal.set_row(optional=frozenset())
    request = terminal.ask(acts.challenge(wanted={DRIVING_LICENCE: acts.ASKED}))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, shown=(*SHOWN, Lic.CITIZEN_ID))))
    assert verdict.licence is not None
    assert "citizen_id" not in (verdict.licence.claims or ())


def test_another_kind_than_the_one_asked_for_is_not_enough(terminal: Terminal) -> None:
    request = terminal.ask(acts.challenge(wanted={ID_CARD: frozenset({Lic.NAME})}))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert codes(verdict) == {Code.W_CLAIM_MISSING}
    assert verdict.proceed is Proceed.NO
    assert verdict.licence is not None
    assert verdict.licence.claims == {}
    assert verdict.licence.evidence is None


# Clocks.


@pytest.mark.parametrize("seconds", [-600 - 60, -31 - 60, 31, 600])
def test_a_phone_may_be_ten_minutes_off_if_a_nonce_tells_freshness(terminal: Terminal, seconds: int) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, iat=terminal.at + seconds)))
    assert accepted(verdict)
    assert [(each.code, each.tier) for each in verdict.findings] == [(Code.W_PHONE_CLOCK, Tier.INFORMATION)]


@pytest.mark.parametrize(
    ("seconds", "code"), [(-601 - 60, Code.E_KBT_STALE), (601, Code.E_KBT_FUTURE), (-30 - 60, None), (30, None)]
)
def test_the_bounds_of_a_phones_clock(terminal: Terminal, seconds: int, code: Code | None) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, iat=terminal.at + seconds)))
    assert codes(verdict) == ({code} if code else set())


def test_a_kiosk_with_a_doubtful_clock_accepts_an_answer_and_no_open_code(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False)
    terminal.set_clock(uncertainty=Seconds(240))
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert accepted(verdict)
    assert set(verdict.established) == set(Fact)
    assert Code.W_CLOCK in codes(terminal.appraise())


def test_without_a_plausible_clock_nobody_knows_the_date(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False)
    terminal.set_clock(plausible=False)
    verdict = terminal.appraise(envelope.wrap(terminal.answer(terminal.ask())))
    assert codes(verdict) == {Code.W_CLOCK}
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.NO)
    assert Fact.VALIDITY_DATES not in verdict.established


@pytest.mark.parametrize("field", ["valid_to", "valid_from"])
def test_dates_must_hold_over_the_whole_uncertainty_of_a_doubtful_clock(terminal: Terminal, field: str) -> None:
    # 10:00 on 2026-11-21: the licence ends, or begins, at the midnights fourteen hours after and ten before.
    issued = terminal.licence(**{field: 20261121})
    request = terminal.ask()
    near, far = (9, 11) if field == "valid_from" else (13, 15)
    for hours, expected in ((near, set()), (far, {Code.W_CLOCK})):
        terminal.set_clock(uncertainty=Seconds(hours * HOUR))
        terminal.set_status(age=0)
        terminal.set_row(max_status_age=None)
        terminal.set_risk(RiskClass.L)
        found = codes(terminal.appraise(envelope.wrap(terminal.answer(request, issued))))
        assert found - {Code.W_NEAR_EXPIRY} == expected


def test_status_data_are_as_old_as_a_doubtful_clock_allows(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False)
    request = terminal.ask()
    terminal.set_clock(uncertainty=Seconds(HOUR))
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request)))
    assert codes(verdict) == {Code.W_STATUS_STALE}
    terminal.set_clock(uncertainty=Seconds(HOUR - 60))
    assert accepted(terminal.appraise(envelope.wrap(terminal.answer(request))))


# Where a challenge, or a seal, is demanded.


def test_a_place_that_demands_a_challenge_is_content_with_an_answer(terminal: Terminal) -> None:
    terminal.set_row(challenge_required=True)
    assert codes(terminal.appraise()) == {Code.E_CHALLENGE_REQUIRED}
    request = terminal.ask()
    assert codes(terminal.appraise()) == {Code.E_CHALLENGE_REQUIRED}
    assert accepted(terminal.appraise(envelope.wrap(terminal.answer(request))))


def test_a_kiosk_demands_a_challenge_whatever_policy_says(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False)
    assert Code.E_CHALLENGE_REQUIRED in codes(terminal.appraise())
    assert accepted(terminal.appraise(envelope.wrap(terminal.answer(terminal.ask()))))


def test_where_a_seal_is_demanded_everything_else_is_refused(terminal: Terminal) -> None:
    terminal.set_row(seal_required=True)
    request = terminal.ask()
    short = terminal.ask(acts.short_code())
    assert codes(terminal.appraise()) == {Code.E_SEAL_REQUIRED, Code.W_OPEN_MODE}
    for answered in (request, short):
        verdict = terminal.appraise(envelope.wrap(terminal.answer(answered)))
        assert codes(verdict) == {Code.E_SEAL_REQUIRED}
        assert verdict.verdict_class is VerdictClass.REFUSE
    assert accepted(terminal.appraise(acts.seal(terminal.answer(request), request)))


# Seals.


def test_a_sealed_answer_is_accepted(terminal: Terminal) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(acts.seal(terminal.answer(request), request))
    assert accepted(verdict)
    assert (verdict.sealed, verdict.form, verdict.answered) == (True, Form.PRESENTATION, request)


@pytest.mark.parametrize("opened", [(), (acts.challenge("another"),), (acts.short_code(),)])
def test_a_seal_to_no_open_request_does_not_open(terminal: Terminal, opened: tuple[OpenRequest, ...]) -> None:
    terminal.requests = opened
    request = acts.challenge()
    verdict = terminal.appraise(acts.seal(terminal.answer(request), request))
    assert codes(verdict) == {Code.E_SEAL_OPEN}
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.established == ()
    assert verdict.sealed


def test_a_changed_seal_does_not_open(terminal: Terminal) -> None:
    request = terminal.ask()
    encoded = bytearray(base45.decode(acts.seal(terminal.answer(request), request)[4:]))
    encoded[-1] ^= 1
    assert codes(terminal.appraise("LE1:" + base45.encode(bytes(encoded)))) == {Code.E_SEAL_OPEN}


def test_a_key_of_small_order_is_refused_before_any_signature(terminal: Terminal) -> None:
    request = terminal.ask()
    assert request.sealing_key is not None
    kid = sealing.sealing_key(request.sealing_key).kid
    encoded = remade(
        unprotected={labels.HDR_EK: SMALL_ORDER[0]}, protected={labels.HDR_ALG: labels.ALG_HPKE_4, labels.HDR_KID: kid}
    )
    verdict = terminal.appraise("LE1:" + base45.encode(encoded))
    assert codes(verdict) == {Code.E_KEY}
    assert verdict.established == ()


def test_a_seal_answers_the_request_to_whose_key_it_was_sealed_and_no_other(terminal: Terminal) -> None:
    first, second = terminal.ask(acts.challenge("1")), terminal.ask(acts.challenge("2"))
    verdict = terminal.appraise(acts.seal(terminal.answer(first), second))
    assert codes(verdict) == {Code.E_CNONCE}
    assert verdict.answered is None


def test_sealing_an_open_code_makes_no_answer_of_it(terminal: Terminal) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(acts.seal(envelope.unwrap(terminal.code()), request))
    assert codes(verdict) == {Code.E_AUD, Code.E_CNONCE}
    assert verdict.verdict_class is VerdictClass.REFUSE


def test_two_open_requests_whose_keys_share_a_kid_are_both_tried(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, request = terminal.ask(acts.challenge("other")), terminal.ask()
    assert request.sealing_key is not None
    text = acts.seal(terminal.answer(request), request)
    kid = sealing.sealing_key(request.sealing_key).kid
    monkeypatch.setattr(sealing.SealingKey, "kid", property(lambda self: kid))
    assert other.sealing_key != request.sealing_key
    assert accepted(terminal.appraise(text))


@pytest.mark.parametrize(
    ("plaintext", "code"),
    [(b"\xff", Code.E_CBOR), (b"\x80", Code.E_SHAPE), (b"\x81\x00", Code.E_SHAPE), (b"\x00", Code.E_SHAPE)],
)
def test_what_was_sealed_is_as_untrusted_as_any_code(terminal: Terminal, plaintext: bytes, code: Code) -> None:
    verdict = terminal.appraise(acts.seal(plaintext, terminal.ask()))
    assert codes(verdict) == {code}


# Short codes.


def test_an_answer_to_a_short_code_is_accepted(terminal: Terminal) -> None:
    request = terminal.ask(acts.short_code())
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, shown=(*SHOWN, Lic.ADDRESS))))
    assert accepted(verdict)
    assert (verdict.answered, verdict.audience) == (request, acts.SITE)
    # It asks for nothing of its own: the bound is policy's.
    assert verdict.licence is not None
    assert "address" in (verdict.licence.claims or ())


def test_a_wrong_short_code_of_this_site_is_a_wrong_nonce(terminal: Terminal) -> None:
    """A code dictated by telephone, guessed, or burnt: PROTOCOL.md, attack table."""
    request = terminal.ask(acts.short_code())
    wrong = terminal.appraise(envelope.wrap(terminal.answer(request, cnonce=bytes(4))))
    assert codes(wrong) == {Code.E_CNONCE}
    assert (wrong.audience, wrong.answered) == (acts.SITE, None)
    elsewhere = terminal.appraise(envelope.wrap(terminal.answer(request, aud="lz:s/ZZZZ")))
    assert codes(elsewhere) == {Code.E_AUD, Code.E_CNONCE}


def test_four_bytes_do_not_answer_a_challenge(terminal: Terminal) -> None:
    request = terminal.ask()
    verdict = terminal.appraise(envelope.wrap(terminal.answer(request, cnonce=request.cnonce[:4])))
    assert codes(verdict) == {Code.E_CNONCE}


def test_a_good_key_is_still_demanded_of_an_answer(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False)
    terminal.set_risk(RiskClass.G)
    request = terminal.ask()
    weak = terminal.stated(key_assurance=KeyAssurance.OS_KEY_STORE)
    assert codes(terminal.appraise(envelope.wrap(terminal.answer(request, weak)))) == {Code.W_ASSURANCE}


def test_a_moment_before_the_epoch_is_no_fault(terminal: Terminal) -> None:
    request = terminal.ask()
    text = envelope.wrap(terminal.answer(request))
    terminal.set_clock(at=UnixTime(0), uncertainty=Seconds(2**40))
    assert not accepted(terminal.appraise(text))


@pytest.mark.parametrize(
    ("prefix", "form"),
    [("LZ1:", Form.PRESENTATION), ("LB1:", Form.BUNDLE), ("LS1:", Form.PAPER), ("LC1:", Form.PRESENTATION)],
)
def test_a_damaged_code_still_has_its_form(terminal: Terminal, prefix: str, form: Form) -> None:
    verdict = terminal.appraise(prefix + "!")
    assert codes(verdict) == {Code.E_PREFIX if prefix == "LC1:" else Code.E_B45}
    assert (verdict.form, verdict.verdict_class) == (form, VerdictClass.NOT_READ)
