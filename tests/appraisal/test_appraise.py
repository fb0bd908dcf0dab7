"""The procedure, one changed field at a time: the exact reason, class, and what was honestly established."""

from dataclasses import replace
from hashlib import sha256

import pytest

from protocol import keys, unixtime
from protocol.errors import Code
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence import identifier
from protocol.licence.catalogue import Clear, RiskClass, Single
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from revocation.freshness import Grade
from tests.appraisal.terminal import IDENTIFIER_ITEM, SHOWN, BrokenMemory, Terminal, Uses
from tests.utopia.kinds import DRIVING_LICENCE, driving_licence_items
from tests.utopia.world import LIST_NUMBER, WUYOU, ZIXU
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import EarlierUse
from verifier_terminal.appraisal.verdict import Fact, Proceed, Tier, Verdict, VerdictClass

ACCEPT, CHECK, REFUSE, NOT_READ = VerdictClass


def codes(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier is not Tier.INFORMATION}


def notes(verdict: Verdict) -> set[Code]:
    return {each.code for each in verdict.findings if each.tier is Tier.INFORMATION}


def claims_of(verdict: Verdict) -> object:
    return verdict.licence.claims if verdict.licence else None


def expect(verdict: Verdict, verdict_class: VerdictClass, proceed: Proceed, *expected: Code) -> None:
    assert codes(verdict) == set(expected)
    assert (verdict.verdict_class, verdict.proceed) == (verdict_class, proceed)
    if verdict_class is REFUSE:
        assert claims_of(verdict) is None


def test_a_good_code_is_accepted_with_everything_established(terminal: Terminal) -> None:
    verdict = terminal.appraise()
    expect(verdict, ACCEPT, Proceed.YES)
    assert notes(verdict) == {Code.W_OPEN_MODE}
    assert verdict.established == tuple(Fact)
    assert verdict.not_established == ()
    assert verdict.licence is not None
    assert verdict.licence.slug == "driving-licence"
    assert (verdict.licence.region, verdict.licence.authority, verdict.licence.valid_to) == (WUYOU, "GA", 20320101)
    assert verdict.licence.claims == {
        "name": "测试员甲",
        "class": "C1",
        "licence_no": "990101194912310028",
        "valid_from": 20260101,
        "valid_to": 20320101,
    }
    assert verdict.licence.hidden_items == 4
    assert verdict.ages.trust == HOUR
    assert verdict.ages.status == MINUTE
    assert (verdict.status_grade, verdict.recheck, verdict.status_reference) == (Grade.FRESH, False, None)
    assert verdict.skew == 0
    assert verdict.replay_key is not None
    assert verdict.burn_until == terminal.at + 60 + 30
    assert (verdict.at, verdict.check_number) == (terminal.at, "7K3-Q42")


# Steps 1 to 4.


@pytest.mark.parametrize(
    ("text", "code", "verdict_class"),
    [
        ("", Code.E_PREFIX, NOT_READ),
        ("https://example.test/LZ1:", Code.E_PREFIX, NOT_READ),
        ("lz1:6BF", Code.E_PREFIX, NOT_READ),
        ("LZ1:" + "0" * 2000, Code.E_SIZE, NOT_READ),
        ("LZ1:!!", Code.E_B45, NOT_READ),
        ("LZ1:000\n", Code.E_B45, NOT_READ),
        ("LZ1:", Code.E_CBOR, NOT_READ),
        (envelope.wrap(b"\xff"), Code.E_CBOR, NOT_READ),
        (envelope.wrap(b"\x80"), Code.E_SHAPE, REFUSE),
    ],
)
def test_what_is_no_presentation_is_named(
    terminal: Terminal, text: str, code: Code, verdict_class: VerdictClass
) -> None:
    verdict = terminal.appraise(text)
    expect(verdict, verdict_class, Proceed.NO, code)
    assert verdict.established == ()
    assert (verdict.licence, verdict.replay_key, verdict.burn_until) == (None, None, None)


# Step 5.


def test_an_unknown_issuer_is_refused(terminal: Terminal) -> None:
    home = {pair: anchor for pair, anchor in terminal.held.trust.anchors.items() if anchor.iss.startswith(WUYOU)}
    text = terminal.code(terminal.foreign_licence())
    terminal.set_trust(anchors=home)
    verdict = terminal.appraise(text)
    expect(verdict, REFUSE, Proceed.NO, Code.E_ISSUER_UNKNOWN)
    assert verdict.licence is None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sign_until", UnixTime(1), Code.E_ISSUER_EXPIRED),
        ("verify_until", UnixTime(1), Code.E_ISSUER_EXPIRED),
        ("kinds", frozenset({65_001}), Code.E_VCT),
        ("status_prefixes", ("lz:980000/",), Code.E_STATUS_URI),
    ],
)
def test_an_anchor_binds_its_issuer(terminal: Terminal, field: str, value: object, code: Code) -> None:
    changed = {pair: replace(anchor, **{field: value}) for pair, anchor in terminal.held.trust.anchors.items()}
    terminal.set_trust(anchors=changed)
    expect(terminal.appraise(), REFUSE, Proceed.NO, code)


@pytest.mark.parametrize(("field", "held"), [("verify_until", True), ("sign_until", False)])
def test_a_doubtful_clock_does_not_end_an_issuers_key(terminal: Terminal, field: str, held: bool) -> None:
    ended = {
        pair: replace(anchor, **{field: UnixTime(1)})  # type: ignore[arg-type]  # both are moments
        for pair, anchor in terminal.held.trust.anchors.items()
    }
    terminal.set_trust(anchors=ended)
    terminal.set_clock(plausible=False)
    verdict = terminal.appraise()
    if held:
        expect(verdict, CHECK, Proceed.NO, Code.W_CLOCK)
        assert (verdict.licence, verdict.established) == (None, ())
    else:
        expect(verdict, REFUSE, Proceed.NO, Code.E_ISSUER_EXPIRED)


def test_a_terminal_that_was_never_provisioned_cannot_say(terminal: Terminal) -> None:
    terminal.knowledge = None
    verdict = terminal.appraise()
    expect(verdict, CHECK, Proceed.NO, Code.W_TRUST_MISSING, Code.W_POLICY_MISSING, Code.W_STATUS_MISSING)
    assert verdict.established == ()
    assert verdict.licence is None
    # Even then garbage is garbage.
    expect(terminal.appraise("LZ1:!"), NOT_READ, Proceed.NO, Code.E_B45)


# Steps 6 to 9.


def _resigned(terminal: Terminal, change: str) -> str:
    """A code with one bit of one signature turned."""
    encoded = bytearray(terminal.world.presentation(terminal.world.credential()))
    credential_signature = terminal.world.credential().encoded[-64:]
    place = len(encoded) - 1 if change == "holder" else bytes(encoded).index(credential_signature[:32]) + 5
    encoded[place] ^= 1
    return envelope.wrap(bytes(encoded))


def test_an_altered_issuer_signature_establishes_nothing(terminal: Terminal) -> None:
    verdict = terminal.appraise(_resigned(terminal, "issuer"))
    expect(verdict, REFUSE, Proceed.NO, Code.E_SIG_ISSUER)
    assert verdict.established == ()
    assert (verdict.licence, verdict.replay_key) == (None, None)


def test_an_altered_holder_signature_leaves_the_issuers_established(terminal: Terminal) -> None:
    verdict = terminal.appraise(_resigned(terminal, "holder"))
    expect(verdict, REFUSE, Proceed.NO, Code.E_SIG_HOLDER)
    assert verdict.established == (Fact.ISSUER_SIGNATURE,)
    assert (verdict.licence, verdict.replay_key) == (None, None)


def test_another_phone_cannot_show_it(terminal: Terminal) -> None:
    stolen = terminal.forged_by(terminal.world.credential(), "乙的手机")
    expect(terminal.appraise(terminal.code(stolen)), REFUSE, Proceed.NO, Code.E_SIG_HOLDER)


def test_a_foreign_disclosure_is_refused_with_both_signatures_established(terminal: Terminal) -> None:
    mine, other = terminal.world.credential(), terminal.stated(idx=5)
    grafted = (*mine.disclosures(SHOWN), *other.disclosures((Lic.CITIZEN_ID,)))
    encoded = key_binding.present(mine.encoded, grafted, terminal.world.key_binding(), mine.holder)
    verdict = terminal.appraise(envelope.wrap(encoded))
    expect(verdict, REFUSE, Proceed.NO, Code.E_SD_ORPHAN)
    assert verdict.established == (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY)
    assert verdict.licence is None
    signed = key_binding.parse(encoded).sign1.sig_structure()
    assert verdict.replay_key == sha256(signed).digest()


@pytest.mark.parametrize("fields", [{"valid_to": "2032"}, {"valid_to": 20321301}, {"name": 7}, {"valid_from": True}])
def test_an_item_that_is_not_what_the_catalogue_says_is_refused(terminal: Terminal, fields: dict[str, object]) -> None:
    verdict = terminal.appraise(terminal.code(terminal.licence(**fields)))
    expect(verdict, REFUSE, Proceed.NO, Code.E_SCHEMA, *([Code.W_CLAIM_MISSING]))
    assert Fact.DISCLOSURES in verdict.not_established
    assert Fact.VALIDITY_DATES in verdict.not_established


# Step 10.


@pytest.mark.parametrize(
    ("iat", "life", "expected"),
    [
        (0, 120, []),
        (0, 121, [Code.E_KBT_LIFE]),
        (-90, 60, []),
        (-91, 60, [Code.E_KBT_STALE]),
        (30, 60, []),
        (31, 60, [Code.E_KBT_FUTURE]),
    ],
)
def test_the_window_of_a_presentation(terminal: Terminal, iat: int, life: int, expected: list[Code]) -> None:
    verdict = terminal.appraise(terminal.code(iat=terminal.at + iat, life=life))
    if expected:
        expect(verdict, REFUSE, Proceed.NO, *expected)
        assert Fact.VALIDITY_DATES in verdict.not_established
        assert verdict.burn_until is None
    else:
        expect(verdict, ACCEPT, Proceed.YES)


@pytest.mark.parametrize(
    ("iat", "skew"),
    [(0, 0), (-30, 0), (-31, -1), (-90, -60), (25, 25), (4000, 4000), (-630, -600), (-631, None), (-9999, None)],
)
def test_the_phones_skew_is_estimated(terminal: Terminal, iat: int, skew: int | None) -> None:
    assert terminal.appraise(terminal.code(iat=terminal.at + iat)).skew == skew


def test_without_a_trusted_clock_no_skew_is_claimed(terminal: Terminal) -> None:
    terminal.set_clock(uncertainty=Seconds(21))
    assert terminal.appraise(terminal.code(iat=terminal.at + 25)).skew is None


def test_an_implausible_clock_never_turns_a_code_red(terminal: Terminal) -> None:
    for iat in (-100_000, 100_000):
        text = terminal.code(iat=terminal.at + iat)
        terminal.set_clock(plausible=True)
        assert terminal.appraise(text).verdict_class is REFUSE
        terminal.set_clock(plausible=False)
        verdict = terminal.appraise(text)
        expect(verdict, CHECK, Proceed.NO, Code.W_CLOCK)
        assert Fact.VALIDITY_DATES in verdict.not_established


@pytest.mark.parametrize(("late", "refused"), [(60, False), (61, True)])
def test_an_uncertain_clock_refuses_only_beyond_its_uncertainty(terminal: Terminal, late: int, refused: bool) -> None:
    terminal.set_clock(uncertainty=Seconds(60))
    verdict = terminal.appraise(terminal.code(iat=terminal.at - 60 - 30 - late))
    assert (Code.E_KBT_STALE in codes(verdict)) is refused
    assert verdict.verdict_class is (REFUSE if refused else CHECK)
    assert verdict.proceed is Proceed.NO


def test_a_clock_before_a_signed_moment_is_not_plausible(terminal: Terminal) -> None:
    terminal.set_policy(iat=UnixTime(terminal.at + 32))
    expect(terminal.appraise(), CHECK, Proceed.AFTER_CHECK, Code.W_CLOCK)
    terminal.set_policy(iat=UnixTime(terminal.at + 31))
    expect(terminal.appraise(), ACCEPT, Proceed.YES)


@pytest.mark.parametrize(("uncertainty", "trusted"), [(20, True), (21, False)])
def test_an_uncertain_clock_is_at_most_a_check(terminal: Terminal, uncertainty: int, trusted: bool) -> None:
    terminal.set_clock(uncertainty=Seconds(uncertainty))
    if trusted:
        expect(terminal.appraise(), ACCEPT, Proceed.YES)
    else:
        expect(terminal.appraise(), CHECK, Proceed.AFTER_CHECK, Code.W_CLOCK)
        terminal.at_place(Purpose.GATE, attended=False)
        terminal.set_risk(RiskClass.L)
        expect(terminal.appraise(), CHECK, Proceed.NO, Code.W_CLOCK)


def test_the_last_legal_day_ends_at_local_midnight(terminal: Terminal) -> None:
    issued = terminal.licence(valid_to=20261121)
    midnight = unixtime.local_midnight(20261122)
    for at, verdict_class in ((midnight - 1, ACCEPT), (midnight, REFUSE)):
        terminal.set_clock(at=UnixTime(at))
        terminal.set_status()
        verdict = terminal.appraise(terminal.code(issued, iat=at))
        assert verdict.verdict_class is verdict_class
        assert (Code.E_LIC_EXPIRED in codes(verdict)) is (verdict_class is REFUSE)
        assert (Code.W_NEAR_EXPIRY in notes(verdict)) is (verdict_class is ACCEPT)


def test_the_first_legal_day_begins_at_local_midnight(terminal: Terminal) -> None:
    for day, not_yet in ((20261121, False), (20261122, True)):
        verdict = terminal.appraise(terminal.code(terminal.licence(valid_from=day)))
        assert (codes(verdict) == {Code.E_LIC_NOT_YET}) is not_yet


@pytest.mark.parametrize("fields", [{"valid_to": 20251231}, {"valid_from": 20270101}])
def test_legal_dates_hold_instead_of_refusing_without_a_trusted_clock(
    terminal: Terminal, fields: dict[str, object]
) -> None:
    text = terminal.code(terminal.licence(**fields))
    assert terminal.appraise(text).verdict_class is REFUSE
    terminal.set_clock(uncertainty=Seconds(21))
    expect(terminal.appraise(text), CHECK, Proceed.NO, Code.W_CLOCK)


@pytest.mark.parametrize(("days", "near"), [(30, True), (31, False)])
def test_thirty_days_before_the_end_is_information(terminal: Terminal, days: int, near: bool) -> None:
    # 10:00 of the day that lies `days` before the day whose end is the last moment: fourteen hours less.
    last = unixtime.local_day(UnixTime(terminal.at + (days - 1) * DAY))
    verdict = terminal.appraise(terminal.code(terminal.licence(valid_to=last)))
    expect(verdict, ACCEPT, Proceed.YES)
    near_expected = unixtime.end_of_local_day(last) - terminal.at <= 30 * DAY
    assert (Code.W_NEAR_EXPIRY in notes(verdict)) is near_expected is near


def test_a_credential_past_its_technical_end_is_held(terminal: Terminal) -> None:
    issued = terminal.stated(issued_on=20261001, life_days=30)
    verdict = terminal.appraise(terminal.code(issued))
    expect(verdict, CHECK, Proceed.NO, Code.W_CRED_EXPIRED)
    assert Fact.VALIDITY_DATES in verdict.not_established


def test_a_credential_that_begins_later_is_held(terminal: Terminal) -> None:
    issued = terminal.stated(issued_on=20261122, valid_from=20261122)
    verdict = terminal.appraise(terminal.code(issued))
    # The phone, too, signed before its credential existed: the relation of the draft refuses.
    assert {Code.E_TIME_ORDER, Code.W_CRED_NOT_YET} == codes(verdict)
    assert verdict.verdict_class is REFUSE


def test_good_for_longer_than_its_credential_is_refused(terminal: Terminal) -> None:
    midnight = unixtime.local_midnight(20261122)
    terminal.set_clock(at=UnixTime(midnight - 30))
    issued = terminal.stated(issued_on=20261101, life_days=21)
    verdict = terminal.appraise(terminal.code(issued, iat=terminal.at))
    assert Code.E_TIME_ORDER in codes(verdict)


# Step 11.


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.WINDOW])
def test_a_code_for_another_purpose_is_refused(terminal: Terminal, purpose: Purpose) -> None:
    expect(terminal.appraise(terminal.code(purpose=purpose)), REFUSE, Proceed.NO, Code.E_AUD)


@pytest.mark.parametrize("cnonce", [bytes(4), bytes(16)])
def test_a_nonce_that_was_never_given_is_refused(terminal: Terminal, cnonce: bytes) -> None:
    expect(terminal.appraise(terminal.code(cnonce=cnonce)), REFUSE, Proceed.NO, Code.E_CNONCE)


def test_policy_can_require_a_challenge(terminal: Terminal) -> None:
    terminal.set_row(challenge_required=True)
    verdict = terminal.appraise()
    expect(verdict, REFUSE, Proceed.NO, Code.E_CHALLENGE_REQUIRED)
    assert Code.W_OPEN_MODE not in notes(verdict)


def test_a_kiosk_requires_a_challenge_above_class_l(terminal: Terminal) -> None:
    terminal.at_place(Purpose.KIOSK, attended=False, face_compared=False)
    for risk in (RiskClass.M, RiskClass.G, RiskClass.X):
        terminal.set_risk(risk)
        assert Code.E_CHALLENGE_REQUIRED in codes(terminal.appraise())
    terminal.set_risk(RiskClass.L)
    expect(terminal.appraise(), ACCEPT, Proceed.YES)


def test_a_used_presentation_is_refused(terminal: Terminal) -> None:
    text = terminal.code()
    key = terminal.appraise(text).replay_key
    assert key is not None
    terminal.replay = Uses({key: EarlierUse(UnixTime(terminal.at - 12), here=True)})
    verdict = terminal.appraise(text)
    expect(verdict, REFUSE, Proceed.NO, Code.E_REPLAY)
    assert verdict.replay_key == key
    assert verdict.burn_until is None
    # The next code of the same licence is another presentation.
    expect(terminal.appraise(terminal.code(iat=terminal.at - 1)), ACCEPT, Proceed.YES)


# Step 12.


@pytest.mark.parametrize(
    ("value", "verdict_class", "code"),
    [
        (Status.INVALID, REFUSE, Code.E_REVOKED),
        (Status.SUSPENDED, REFUSE, Code.E_SUSPENDED),
        (Status.DEVICE_LOST, REFUSE, Code.E_DEVICE_LOST),
        (Status.REVOKED, REFUSE, Code.E_REVOKED),
        (Status.WITHDRAWN, REFUSE, Code.E_REVOKED),
        (Status.CANCELLED, REFUSE, Code.E_REVOKED),
        (Status.SUPERSEDED, CHECK, Code.W_SUPERSEDED),
        *((unnamed, REFUSE, Code.E_REVOKED) for unnamed in range(4, 12)),
    ],
)
@pytest.mark.parametrize("age", [60, 100 * DAY])
def test_a_status_other_than_valid_is_final_at_any_age(
    terminal: Terminal, value: int, verdict_class: VerdictClass, code: Code, age: int
) -> None:
    terminal.set_status(value, age=age)
    verdict = terminal.appraise()
    expect(verdict, verdict_class, Proceed.NO, code)
    assert Fact.STATUS in verdict.not_established
    assert verdict.recheck is False


def test_the_status_of_another_licence_changes_nothing(terminal: Terminal) -> None:
    terminal.set_status(Status.REVOKED, idx=4712)
    expect(terminal.appraise(), ACCEPT, Proceed.YES)


def test_missing_status_data_are_a_hold(terminal: Terminal) -> None:
    text = terminal.code()
    other_list = terminal.world.status_token(number=LIST_NUMBER + 1)
    for tokens in ([], [other_list]):
        terminal.knowledge = terminal.world.knowledge(status=tokens)
        verdict = terminal.appraise(text)
        expect(verdict, CHECK, Proceed.NO, Code.W_STATUS_MISSING)
        assert Fact.STATUS in verdict.not_established
        assert (verdict.ages.status, verdict.status_grade) == (None, Grade.UNKNOWN)


def test_an_index_beyond_the_list_is_refused(terminal: Terminal) -> None:
    expect(terminal.appraise(terminal.code(terminal.stated(idx=8192))), REFUSE, Proceed.NO, Code.E_STATUS_RANGE)


@pytest.mark.parametrize(
    ("age", "verdict_class", "recheck"),
    [
        (300, ACCEPT, False),
        (301, ACCEPT, True),
        (DAY, ACCEPT, True),
        (DAY + 1, CHECK, False),
        (7 * DAY, CHECK, False),
        (7 * DAY + 1, CHECK, False),
    ],
)
def test_valid_decays_by_the_matrix(terminal: Terminal, age: int, verdict_class: VerdictClass, recheck: bool) -> None:
    terminal.set_status(age=age)
    verdict = terminal.appraise()
    expected = [] if verdict_class is ACCEPT else [Code.W_STATUS_STALE]
    expect(verdict, verdict_class, Proceed.YES if verdict_class is ACCEPT else Proceed.AFTER_CHECK, *expected)
    assert verdict.recheck is recheck
    assert (verdict.status_reference == (f"lz:{WUYOU}/{LIST_NUMBER}", 4711)) is recheck
    assert (Fact.STATUS in verdict.established) is (age <= 7 * DAY)


def test_policy_tightens_the_age_of_status(terminal: Terminal) -> None:
    terminal.set_row(max_status_age=Seconds(600))
    terminal.set_status(age=600)
    expect(terminal.appraise(), ACCEPT, Proceed.YES)
    terminal.set_status(age=601)
    expect(terminal.appraise(), CHECK, Proceed.AFTER_CHECK, Code.W_STATUS_STALE)


# Step 13.


@pytest.mark.parametrize("how", ["expired", "no row", "unknown kind"])
def test_without_a_rule_nothing_is_accepted_and_nothing_shown(terminal: Terminal, how: str) -> None:
    if how == "expired":
        terminal.set_policy(exp=terminal.at)
    elif how == "no row":
        rows = terminal.held.policy.rows
        terminal.set_policy(rows={key: row for key, row in rows.items() if key[0] != DRIVING_LICENCE})
    else:
        kinds = terminal.held.catalogue.kinds
        without = {vct: kind for vct, kind in kinds.items() if vct != DRIVING_LICENCE}
        terminal.knowledge = replace(terminal.held, catalogue=replace(terminal.held.catalogue, kinds=without))
    verdict = terminal.appraise()
    expect(verdict, CHECK, Proceed.NO, Code.W_POLICY_MISSING)
    assert claims_of(verdict) is None
    assert verdict.licence is not None
    assert verdict.licence.slug == ("65004" if how == "unknown kind" else "driving-licence")


def test_a_missing_mandatory_item_is_a_hold(terminal: Terminal) -> None:
    expect(terminal.appraise(terminal.code(shown=(Lic.NAME,))), CHECK, Proceed.NO, Code.W_CLAIM_MISSING)


@pytest.mark.parametrize(
    ("layout", "required", "code"),
    [(Clear(), False, None), (Clear(), True, Code.W_CLAIM_MISSING), (Single(), False, Code.W_CLAIM_MISSING)],
)
def test_a_licence_without_an_end_is_accepted_where_its_issuer_says_so(
    terminal: Terminal, layout: Clear | Single, required: bool, code: Code | None
) -> None:
    kind = terminal.held.catalogue.kinds[DRIVING_LICENCE]
    terminal.set_kind(
        items=tuple(
            replace(item, layout=layout, required=required) if item.key == Lic.VALID_TO else item for item in kind.items
        )
    )
    terminal.set_row(mandatory=frozenset({Lic.NAME, Lic.LICENCE_NO, Lic.VALID_TO}))
    endless = terminal.world.credential(
        items={key: value for key, value in driving_licence_items().items() if key != Lic.VALID_TO}
    )
    verdict = terminal.appraise(terminal.code(endless))
    assert (Code.W_CLAIM_MISSING in codes(verdict)) is (code is not None)
    assert verdict.verdict_class is (ACCEPT if code is None else CHECK)
    assert verdict.licence is not None
    assert verdict.licence.valid_to is None


def test_a_region_that_is_not_recognised_is_a_check(terminal: Terminal) -> None:
    text = terminal.code(terminal.foreign_licence())
    expect(terminal.appraise(text), CHECK, Proceed.AFTER_CHECK, Code.W_REGION)
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
    expect(terminal.appraise(text), ACCEPT, Proceed.YES)
    # Recognised, but one column to the right.
    terminal.set_status(age=HOUR + 1)
    expect(terminal.appraise(), ACCEPT, Proceed.YES)
    expect(terminal.appraise(text), CHECK, Proceed.AFTER_CHECK, Code.W_STATUS_STALE)


@pytest.mark.parametrize(
    ("assurance", "enough"), [(KeyAssurance.OS_KEY_STORE, False), (KeyAssurance.HARDWARE_USER_VERIFICATION, True)]
)
def test_policy_demands_a_key_assurance(terminal: Terminal, assurance: KeyAssurance, enough: bool) -> None:
    terminal.set_row(min_assurance=KeyAssurance.HARDWARE_USER_VERIFICATION)
    verdict = terminal.appraise(terminal.code(terminal.stated(key_assurance=assurance)))
    if enough:
        expect(verdict, ACCEPT, Proceed.YES)
    else:
        expect(verdict, CHECK, Proceed.NO, Code.W_ASSURANCE)


@pytest.mark.parametrize(
    ("late", "proceed", "expected"),
    [
        (14 * DAY, Proceed.YES, []),
        (14 * DAY + 1, Proceed.AFTER_CHECK, [Code.W_TRUST_STALE]),
        (30 * DAY + 1, Proceed.NO, [Code.W_TRUST_STALE]),
    ],
)
def test_late_trust_degrades_step_by_step(
    terminal: Terminal, late: int, proceed: Proceed, expected: list[Code]
) -> None:
    terminal.trust_is_late_by(late)
    expect(terminal.appraise(), CHECK if expected else ACCEPT, proceed, *expected)


def test_a_person_check_delays_and_keeps_the_class(terminal: Terminal) -> None:
    terminal.set_row(person_check=True)
    verdict = terminal.appraise()
    expect(verdict, ACCEPT, Proceed.AFTER_CHECK)
    assert Code.W_PERSON_CHECK in notes(verdict)
    assert verdict.person_check
    # Nobody is there to compare: the point relies on challenge and assurance.
    terminal.at_place(Purpose.GATE, attended=False)
    terminal.set_risk(RiskClass.L)
    terminal.set_row(person_check=True)
    verdict = terminal.appraise()
    expect(verdict, ACCEPT, Proceed.YES)
    assert not verdict.person_check


def test_an_irreversible_act_needs_the_portrait(terminal: Terminal) -> None:
    terminal.set_row(person_check=True, irreversible=True)
    expect(terminal.appraise(), CHECK, Proceed.NO, Code.W_CLAIM_MISSING)
    shown = (*SHOWN, Lic.PORTRAIT_SHA256)
    expect(terminal.appraise(terminal.code(shown=shown)), ACCEPT, Proceed.AFTER_CHECK)
    terminal.set_status(age=301)
    expect(terminal.appraise(terminal.code(shown=shown)), CHECK, Proceed.AFTER_CHECK, Code.W_STATUS_STALE)


@pytest.mark.parametrize(("wrong", "noted"), [(False, False), (True, True), (None, True)])
def test_the_identifiers_check_character_is_information(terminal: Terminal, wrong: bool | None, noted: bool) -> None:
    terminal.world.kinds = {
        **terminal.world.kinds,
        DRIVING_LICENCE: replace(
            terminal.world.kinds[DRIVING_LICENCE],
            items=(*terminal.world.kinds[DRIVING_LICENCE].items, IDENTIFIER_ITEM),
        ),
    }
    terminal.knowledge = terminal.world.knowledge()
    good = identifier.compose("9" * 21, "999999", "9999999", "001")
    value = str(replace(good, check="0" if good.check != "0" else "1") if wrong else good)
    issued = terminal.licence(identifier="1.2.156.3005.2.9" if wrong is None else value)
    verdict = terminal.appraise(terminal.code(issued, shown=(*SHOWN, Lic.IDENTIFIER)))
    expect(verdict, ACCEPT, Proceed.YES)
    assert (Code.W_ID_CHECK_LEGACY in notes(verdict)) is noted


# Claims.


def test_undemanded_items_are_dropped_and_masked_ones_masked(terminal: Terminal) -> None:
    text = terminal.code(shown=(*SHOWN, Lic.CITIZEN_ID, Lic.ADDRESS, Lic.SEX))
    assert set(terminal.appraise(text).licence.claims or ()) >= {"citizen_id", "address", "sex"}  # type: ignore[union-attr]
    terminal.set_row(
        mandatory=frozenset({Lic.NAME, Lic.LICENCE_NO}),
        optional=frozenset({Lic.ADDRESS}),
        masked=frozenset({Lic.NAME, Lic.LICENCE_NO, Lic.ADDRESS}),
    )
    verdict = terminal.appraise(text)
    assert verdict.licence is not None
    assert verdict.licence.claims == {
        "name": "测**甲",
        "licence_no": "990***********0028",
        "address": "乌有市子虚***",
    }


REFUSALS_SHOWN = {"suspended": Code.E_SUSPENDED, "revoked": Code.E_REVOKED, "expired": Code.E_LIC_EXPIRED}


@pytest.mark.parametrize("why", [*REFUSALS_SHOWN, "lost", "replayed", "aud", "stale"])
@pytest.mark.parametrize("policy_shows", [True, False])
def test_police_see_the_licence_under_three_refusals_only(terminal: Terminal, why: str, policy_shows: bool) -> None:
    terminal.at_place(Purpose.ROADSIDE)
    terminal.set_row(show_under_refusal=policy_shows)
    text = terminal.code(terminal.licence(valid_to=20251231) if why == "expired" else None)
    if why in ("suspended", "revoked", "lost"):
        values = {"suspended": Status.SUSPENDED, "revoked": Status.REVOKED, "lost": Status.DEVICE_LOST}
        terminal.set_status(values[why])
    elif why == "replayed":
        key = terminal.appraise(text).replay_key
        assert key is not None
        terminal.replay = Uses({key: EarlierUse(terminal.at, here=False)})
    elif why == "aud":
        text = terminal.code(purpose=Purpose.WINDOW)
    elif why == "stale":
        text = terminal.code(iat=terminal.at - 1000)
    verdict = terminal.appraise(text)
    assert verdict.verdict_class is REFUSE
    assert (claims_of(verdict) is not None) is (policy_shows and why in REFUSALS_SHOWN)
    assert verdict.licence is not None
    assert (verdict.licence.valid_to is not None) is (claims_of(verdict) is not None)


def test_a_second_refusal_closes_what_police_would_see(terminal: Terminal) -> None:
    terminal.at_place(Purpose.ROADSIDE)
    terminal.set_row(show_under_refusal=True)
    terminal.set_status(Status.SUSPENDED)
    verdict = terminal.appraise(terminal.code(purpose=Purpose.WINDOW))
    assert codes(verdict) == {Code.E_SUSPENDED, Code.E_AUD}
    assert claims_of(verdict) is None


# Everything together, and nothing at all.


def test_after_both_signatures_all_findings_are_collected_and_ranked(terminal: Terminal) -> None:
    text = terminal.code(terminal.licence(valid_to=20251231), iat=terminal.at - 1000, purpose=Purpose.GATE)
    terminal.set_status(Status.REVOKED)
    terminal.set_row(challenge_required=True, min_assurance=KeyAssurance.PROOFED_IN_PERSON)
    verdict = terminal.appraise(text)
    assert [each.code for each in verdict.findings] == [
        Code.E_REVOKED,
        Code.E_LIC_EXPIRED,
        Code.E_AUD,
        Code.E_CHALLENGE_REQUIRED,
        Code.E_KBT_STALE,
        Code.W_ASSURANCE,
    ]
    assert verdict.verdict_class is REFUSE


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_fault_inside_is_not_read_never_red_and_never_accepted(terminal: Terminal, purpose: Purpose) -> None:
    terminal.at_place(purpose)
    text = terminal.code()
    terminal.replay = BrokenMemory()
    verdict = terminal.appraise(text)
    expect(verdict, NOT_READ, Proceed.NO, Code.E_INTERNAL)
    assert verdict.established == ()
    assert (verdict.licence, verdict.replay_key) == (None, None)


@pytest.mark.parametrize("table", ["decide", "finding", "status_tier", "clock_tier"])
def test_a_fault_in_the_tables_is_caught_too(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(gates, table, broken)
    expect(terminal.appraise(), NOT_READ, Proceed.NO, Code.E_INTERNAL)


@pytest.mark.parametrize("text", ["", None])
def test_tables_that_accept_everything_accept_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    monkeypatch.setattr(gates, "decide", lambda *_, **__: (ACCEPT, Proceed.YES))
    terminal.set_status(Status.REVOKED)
    expect(terminal.appraise(text), NOT_READ, Proceed.NO, Code.E_INTERNAL)


def test_both_algorithms_of_holders_are_read(terminal: Terminal) -> None:
    for alg in keys.Alg:
        issued = terminal.world.credential(holder=terminal.world.holder(f"{alg.name} phone", alg))
        expect(terminal.appraise(terminal.code(issued)), ACCEPT, Proceed.YES)


def test_policy_ends_with_its_exp(terminal: Terminal) -> None:
    terminal.set_policy(exp=UnixTime(terminal.at + 1))
    expect(terminal.appraise(), ACCEPT, Proceed.YES)


def test_exactly_the_mandatory_items_are_enough(terminal: Terminal) -> None:
    everything_shown = {Lic.NAME, Lic.LICENCE_NO, Lic.CLASS, Lic.VALID_FROM, Lic.VALID_TO}
    terminal.set_row(mandatory=frozenset(everything_shown))
    expect(terminal.appraise(), ACCEPT, Proceed.YES)
    terminal.set_row(mandatory=frozenset(everything_shown | {Lic.SEX}))
    expect(terminal.appraise(), CHECK, Proceed.NO, Code.W_CLAIM_MISSING)


def test_the_authoritys_name_is_an_item_like_others(terminal: Terminal) -> None:
    text = terminal.code(shown=(*SHOWN, Lic.AUTHORITY))
    verdict = terminal.appraise(text)
    assert verdict.licence is not None
    assert verdict.licence.authority == "乌有市公安局交通警察总队"
    good = terminal.knowledge
    terminal.set_row(optional=frozenset())
    verdict = terminal.appraise(text)
    assert verdict.licence is not None
    assert verdict.licence.authority == "GA"
    terminal.knowledge = good
    terminal.set_status(Status.REVOKED)
    verdict = terminal.appraise(text)
    assert verdict.licence is not None
    assert (verdict.licence.authority, verdict.licence.claims) == ("GA", None)


@pytest.mark.parametrize("purpose", [Purpose.GATE, Purpose.KIOSK])
def test_a_policy_cannot_loosen_a_place_where_nobody_watches(terminal: Terminal, purpose: Purpose) -> None:
    terminal.at_place(purpose, attended=False, face_compared=False)
    terminal.set_risk(RiskClass.G)
    terminal.set_row(challenge_required=False, min_assurance=KeyAssurance.SOFTWARE, max_status_age=Seconds(2**31 - 1))
    expect(terminal.appraise(), REFUSE, Proceed.NO, Code.E_CHALLENGE_REQUIRED)
    weak = terminal.stated(key_assurance=KeyAssurance.SOFTWARE)
    verdict = terminal.appraise(terminal.code(weak))
    expect(verdict, REFUSE, Proceed.NO, Code.E_CHALLENGE_REQUIRED, Code.W_ASSURANCE)
    # What needs no proof of a person may still pass an open gate.
    terminal.set_risk(RiskClass.L)
    expect(terminal.appraise(terminal.code(weak)), ACCEPT, Proceed.YES)


def test_a_code_that_is_not_read_says_how_old_the_terminals_status_data_are(terminal: Terminal) -> None:
    """Not "none held": the clerk would take the terminal for broken."""
    verdict = terminal.appraise("https://example.org/")
    assert (verdict.ages.status, verdict.status_grade) == (MINUTE, Grade.FRESH)
    terminal.knowledge = None
    nothing = terminal.appraise("https://example.org/")
    assert (nothing.ages.status, nothing.status_grade) == (None, Grade.UNKNOWN)
