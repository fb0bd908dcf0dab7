"""TERMINAL.md's two fixed lists, item by item, under every policy that would rather accept: it changes nothing.

Each situation is made of a good one by one thing, at the place where the matrix is loosest (class L, window, fresh),
and with each of many rows that demand as little as a row can. Not here: that each forgery has its one reason
(`test_forgeries`); here they meet the loosest row.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol import keys
from protocol.errors import Code
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.status_list import Status
from protocol.unixtime import DAY, Seconds, UnixTime
from revocation.coverage import StatusSnapshot
from tests.appraisal.terminal import TOGETHER, Terminal, Uses
from tests.utopia import acts
from tests.utopia.forgeries import FORGERIES, LATER
from tests.utopia.forgery import Forgery
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import LIST_NUMBER, WUYOU, ZIXU
from verifier_terminal.appraisal.context import EarlierUse
from verifier_terminal.appraisal.gates import BUILT_IN, BuiltIn
from verifier_terminal.appraisal.verdict import Proceed, Tier, VerdictClass

LOOSEST = {
    "regions": frozenset({WUYOU, ZIXU}),
    "mandatory": frozenset[int](),
    "optional": frozenset(int(key) for key in (Lic.NAME, Lic.LICENCE_NO, Lic.CITIZEN_ID)),
    "masked": frozenset[int](),
    "challenge_required": False,
    "seal_required": False,
    "link_waived": True,
    "holders_required": 1,
    "irreversible": False,
    "min_assurance": KeyAssurance.SOFTWARE,
    "max_status_age": None,
    "retention_days": 1,
}
ROWS = [
    {**LOOSEST, "person_check": asked, "show_under_refusal": shows}
    for asked, shows in itertools.product((False, True), (False, True))
]


def loosest() -> Terminal:
    """The window of class L with everything fresh; a row is set by each test."""
    terminal = Terminal()
    terminal.set_risk(RiskClass.L)
    terminal.set_row(**ROWS[0])
    return terminal


def test_this_place_accepts_whatever_is_good() -> None:
    """Else the tests below would prove nothing."""
    for row in ROWS:
        terminal = loosest()
        terminal.set_row(**row)
        assert terminal.appraise().verdict_class is VerdictClass.ACCEPT
        assert terminal.appraise(terminal.code(shown=())).verdict_class is VerdictClass.ACCEPT
        assert terminal.appraise(terminal.code(terminal.foreign_licence())).verdict_class is VerdictClass.ACCEPT


# Always refuse.


def with_status(value: int) -> Callable[[Terminal], str]:
    def situation(terminal: Terminal) -> str:
        terminal.set_status(value)
        return terminal.code()

    return situation


def banned(terminal: Terminal) -> str:
    issued = terminal.world.credential()
    kid = keys.kid_of(issued.issuer.public_key)
    terminal.knowledge = replace(terminal.held, bans={(issued.claims.iss, kid): issued.claims.iat})
    return terminal.code(issued)


def used(terminal: Terminal) -> str:
    text = terminal.code()
    key = terminal.appraise(text).replay_key
    assert key is not None
    terminal.replay = Uses({key: EarlierUse(terminal.at, here=False)})
    return text


def before_its_day(terminal: Terminal) -> str:
    return terminal.code(terminal.licence(valid_from=20991231), shown=(Lic.NAME, Lic.VALID_FROM))


def after_its_day(terminal: Terminal) -> str:
    return terminal.code(terminal.licence(valid_to=20260101), shown=(Lic.NAME, Lic.VALID_TO))


def for_another_purpose(terminal: Terminal) -> str:
    return terminal.code(purpose=Purpose.ROADSIDE)


def not_challenged_by_rule(terminal: Terminal) -> str:
    terminal.set_row(challenge_required=True)
    return terminal.code()


def not_challenged_at_a_kiosk(terminal: Terminal) -> str:
    terminal.set_risk(RiskClass.M)
    terminal.at_place(Purpose.KIOSK, attended=False, face_compared=False)
    terminal.set_row(**ROWS[0])
    return terminal.code()


def not_sealed(terminal: Terminal) -> str:
    terminal.set_row(seal_required=True)
    return terminal.code()


ALWAYS_REFUSE = {
    "final status: invalid": (with_status(Status.INVALID), Code.E_REVOKED),
    "final status: revoked": (with_status(Status.REVOKED), Code.E_REVOKED),
    "final status: withdrawn": (with_status(Status.WITHDRAWN), Code.E_REVOKED),
    "final status: cancelled": (with_status(Status.CANCELLED), Code.E_REVOKED),
    "final status: a value without a name": (with_status(9), Code.E_REVOKED),
    "suspended": (with_status(Status.SUSPENDED), Code.E_SUSPENDED),
    "lost device": (with_status(Status.DEVICE_LOST), Code.E_DEVICE_LOST),
    "banned key": (banned, Code.E_ISSUER_BANNED),
    "before the legal dates": (before_its_day, Code.E_LIC_NOT_YET),
    "after the legal dates": (after_its_day, Code.E_LIC_EXPIRED),
    "replay": (used, Code.E_REPLAY),
    "another aud": (for_another_purpose, Code.E_AUD),
    "challenge missing where the row requires it": (not_challenged_by_rule, Code.E_CHALLENGE_REQUIRED),
    "challenge missing where the place requires it": (not_challenged_at_a_kiosk, Code.E_CHALLENGE_REQUIRED),
    "sealing missing where the row requires it": (not_sealed, Code.E_SEAL_REQUIRED),
}


@pytest.mark.parametrize("name", ALWAYS_REFUSE)
def test_always_refused_whatever_the_policy(name: str) -> None:
    situation, code = ALWAYS_REFUSE[name]
    for row in ROWS:
        terminal = loosest()
        terminal.set_row(**row)
        verdict = terminal.appraise(situation(terminal))
        assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.REFUSE, Proceed.NO)
        assert {each.code for each in verdict.findings if each.tier is Tier.CONTRAINDICATED} == {code}
        assert verdict.findings[0].code is code
        assert not verdict.recheck
        assert verdict.burn_until is None


SHARED = loosest()


@pytest.mark.parametrize("forgery", [*FORGERIES, *LATER], ids=str)
def test_signature_shape_typ_and_hash_are_refused_by_the_loosest_row_too(forgery: Forgery) -> None:
    verdict = SHARED.appraise(forgery.make(SHARED.world))
    not_read = BUILT_IN[forgery.code] is BuiltIn.NOT_READ
    assert verdict.verdict_class is (VerdictClass.NOT_READ if not_read else VerdictClass.REFUSE)
    assert forgery.code in {each.code for each in verdict.findings}


# Never accept.


def credential_over(terminal: Terminal) -> str:
    return terminal.code(terminal.stated(life_days=10))


def item_missing(terminal: Terminal) -> str:
    terminal.set_row(mandatory=frozenset({int(Lic.LICENCE_NO)}))
    return terminal.code(shown=(Lic.NAME,))


def list_not_covered(terminal: Terminal) -> str:
    token = terminal.world.status_token(number=LIST_NUMBER + 1)
    terminal.knowledge = replace(terminal.held, status=StatusSnapshot({token.uri: token}))
    return terminal.code()


def no_row(terminal: Terminal) -> str:
    rows = {key: row for key, row in terminal.held.policy.rows.items() if key != (DRIVING_LICENCE, Purpose.WINDOW)}
    terminal.set_policy(rows=rows)
    return terminal.code()


def policy_over(terminal: Terminal) -> str:
    terminal.set_policy(exp=terminal.at)
    return terminal.code()


def clock_uncertain(terminal: Terminal) -> str:
    terminal.set_clock(uncertainty=Seconds(21))
    return terminal.code()


def clock_not_plausible(terminal: Terminal) -> str:
    terminal.set_clock(plausible=False)
    return terminal.code()


def root_over(terminal: Terminal) -> str:
    terminal.knowledge = replace(terminal.held, root_expired_since=UnixTime(terminal.at - 30 * DAY - 1))
    return terminal.code()


def trust_over(terminal: Terminal) -> str:
    terminal.trust_is_late_by(30 * DAY + 1)
    return terminal.code()


def on_paper(terminal: Terminal) -> str:
    return acts.paper_text(terminal.world)


def region_not_recognised(terminal: Terminal) -> str:
    terminal.set_row(regions=frozenset({WUYOU}))
    return terminal.code(terminal.foreign_licence())


def child_without_guardian(terminal: Terminal) -> str:
    terminal.set_row(guardian_below=14)
    return terminal.code(acts.licence(terminal.world, 8, CITIZEN_ID="990101201211210019"), shown=TOGETHER)


def age_not_shown(terminal: Terminal) -> str:
    terminal.set_row(guardian_below=14)
    return terminal.code()


HELD, CHECKED = Tier.HOLD, Tier.WARNING
NEVER_ACCEPT = {
    "credential expired": (credential_over, Code.W_CRED_EXPIRED, HELD),
    "mandatory item missing": (item_missing, Code.W_CLAIM_MISSING, HELD),
    "status list not covered": (list_not_covered, Code.W_STATUS_MISSING, HELD),
    "superseded credential": (with_status(Status.SUPERSEDED), Code.W_SUPERSEDED, HELD),
    "no policy": (no_row, Code.W_POLICY_MISSING, HELD),
    "expired policy": (policy_over, Code.W_POLICY_MISSING, HELD),
    "uncertain clock, no challenge": (clock_uncertain, Code.W_CLOCK, CHECKED),
    "clock not plausible, no challenge": (clock_not_plausible, Code.W_CLOCK, CHECKED),
    "root of trust expired for more than 30 days": (root_over, Code.W_TRUST_STALE, HELD),
    "trust list expired for more than 30 days": (trust_over, Code.W_TRUST_STALE, HELD),
    "paper code": (on_paper, Code.W_STATIC, CHECKED),
    "region not recognised": (region_not_recognised, Code.W_REGION, CHECKED),
    "child without a guardian where the row demands one": (child_without_guardian, Code.W_GUARDIAN, CHECKED),
    "age not shown where the row asks for it": (age_not_shown, Code.W_AGE_UNKNOWN, CHECKED),
}


@pytest.mark.parametrize("name", NEVER_ACCEPT)
def test_never_accepted_whatever_the_policy(name: str) -> None:
    situation, code, tier = NEVER_ACCEPT[name]
    for row in ROWS:
        terminal = loosest()
        terminal.set_row(**row)
        verdict = terminal.appraise(situation(terminal))
        # Missing evidence is no evidence: never accepted, and never red either.
        assert verdict.verdict_class is VerdictClass.CHECK
        assert verdict.proceed is (Proceed.NO if tier is HELD else Proceed.AFTER_CHECK)
        assert {(each.code, each.tier) for each in verdict.findings if each.tier >= CHECKED} == {(code, tier)}
        assert not verdict.recheck


@pytest.mark.parametrize("name", NEVER_ACCEPT)
def test_where_nobody_attends_whatever_is_never_accepted_is_held(name: str) -> None:
    situation, code, _ = NEVER_ACCEPT[name]
    terminal = loosest()
    terminal.at_place(Purpose.WINDOW, attended=False, face_compared=False)
    verdict = terminal.appraise(situation(terminal))
    assert (verdict.verdict_class, verdict.proceed) == (VerdictClass.CHECK, Proceed.NO)
    assert code in {each.code for each in verdict.findings if each.tier is HELD}
