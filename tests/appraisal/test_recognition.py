"""Several regions: who is recognised for what, how late each region's own trust list is, and trust metadata."""

from dataclasses import replace

import pytest

from protocol.errors import Code
from protocol.labels import Purpose
from protocol.trust_list import TrustList, index
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.appraisal.terminal import Terminal
from tests.utopia import acts
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU, ZIXU
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import Face
from verifier_terminal.appraisal.verdict import Tier, VerdictClass

ATTENDED = Face(Purpose.WINDOW, WUYOU, attended=True, face_compared=True)
UNATTENDED = Face(Purpose.KIOSK, WUYOU, attended=False, face_compared=False)


@pytest.mark.parametrize(
    ("named", "region", "recognised"),
    [
        ("330000", "330000", True),
        ("330000", "330400", True),
        ("330000", "330402", True),
        ("330000", "340000", False),
        ("330400", "330400", True),
        ("330400", "330402", True),
        ("330400", "330000", False),
        ("330400", "330500", False),
        ("330402", "330400", False),
        ("310000", "310115", True),
    ],
)
def test_a_province_means_its_cities_and_nothing_goes_upwards(named: str, region: str, recognised: bool) -> None:
    row = Terminal().held.policy.rows[DRIVING_LICENCE, Purpose.WINDOW]
    assert replace(row, regions=frozenset({named})).recognises(region) is recognised


def test_recognition_is_of_one_kind_for_one_purpose(terminal: Terminal) -> None:
    foreign = terminal.foreign_licence()
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
    assert terminal.appraise(terminal.code(foreign)).verdict_class is VerdictClass.ACCEPT
    terminal.set_row(regions=frozenset({WUYOU}))
    verdict = terminal.appraise(terminal.code(foreign))
    assert (Code.W_REGION, Tier.WARNING) in [(each.code, each.tier) for each in verdict.findings]
    # At another place its row still has both.
    terminal.at_place(Purpose.HOTEL)
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
    assert Code.W_REGION not in [each.code for each in terminal.appraise(terminal.code(foreign)).findings]


@pytest.mark.parametrize(("age", "foreign_is"), [(HOUR, Tier.AFFIRMING), (2 * HOUR, Tier.WARNING)])
def test_a_foreign_region_counts_one_column_to_the_right(terminal: Terminal, age: int, foreign_is: Tier) -> None:
    # Class G at a window: A up to 24 h, then C. The terminal's own region keeps A where the other one has C.
    for issued, expected in ((terminal.world.credential(), Tier.AFFIRMING), (terminal.foreign_licence(), foreign_is)):
        terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
        terminal.set_status(age=age)
        verdict = terminal.appraise(terminal.code(issued))
        tiers = {each.code: each.tier for each in verdict.findings}
        assert tiers.get(Code.W_STATUS_STALE, Tier.AFFIRMING) is expected


@pytest.mark.parametrize(
    ("late_by", "tier"), [(14 * DAY, None), (14 * DAY + 1, Tier.WARNING), (30 * DAY + 1, Tier.HOLD)]
)
def test_each_region_is_as_late_as_its_own_list(terminal: Terminal, late_by: int, tier: Tier | None) -> None:
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
    trust = terminal.held.trust
    late = replace(trust, iss=ZIXU, exp=UnixTime(terminal.at - late_by))
    terminal.knowledge = replace(terminal.held, regions={WUYOU: trust, ZIXU: late})
    found = {each.code: each.tier for each in terminal.appraise(terminal.code(terminal.foreign_licence())).findings}
    assert found.get(Code.W_TRUST_STALE) is tier
    assert terminal.appraise().verdict_class is VerdictClass.ACCEPT
    paper = {each.code for each in terminal.appraise(acts.paper_text(terminal.world)).findings}
    assert Code.W_TRUST_STALE not in paper


def test_revoking_one_regions_keys_leaves_the_others_working(terminal: Terminal) -> None:
    left = tuple(each for each in terminal.held.trust.anchors.values() if not each.iss.startswith(ZIXU))
    trust = terminal.held.trust
    home = TrustList(trust.iss, trust.seq, trust.iat, trust.exp, index(left))
    foreign = terminal.code(terminal.foreign_licence())
    terminal.knowledge = replace(terminal.held, trust=home)
    assert [each.code for each in terminal.appraise(foreign).findings] == [Code.E_ISSUER_UNKNOWN]
    assert terminal.appraise().verdict_class is VerdictClass.ACCEPT


@pytest.mark.parametrize(
    ("late_by", "behind_by", "root_over_by", "attended", "unattended"),
    [
        (0, 0, 0, Tier.AFFIRMING, Tier.AFFIRMING),
        (14 * DAY, 0, 0, Tier.AFFIRMING, Tier.AFFIRMING),
        (14 * DAY + 1, 0, 0, Tier.WARNING, Tier.HOLD),
        (400 * DAY, 0, 0, Tier.WARNING, Tier.HOLD),
        (0, DAY, 0, Tier.AFFIRMING, Tier.AFFIRMING),
        (0, DAY + 1, 0, Tier.WARNING, Tier.HOLD),
        (0, 0, 14 * DAY + 1, Tier.WARNING, Tier.HOLD),
        (0, 0, 30 * DAY, Tier.WARNING, Tier.HOLD),
        (0, 0, 30 * DAY + 1, Tier.HOLD, Tier.HOLD),
    ],
)
def test_late_metadata_cap_the_verdict(
    late_by: int, behind_by: int, root_over_by: int, attended: Tier, unattended: Tier
) -> None:
    for face, expected in ((ATTENDED, attended), (UNATTENDED, unattended)):
        found = gates.metadata_tier(
            face, late_by=Seconds(late_by), behind_by=Seconds(behind_by), root_over_by=Seconds(root_over_by)
        )
        assert found is expected


def test_the_root_of_the_metadata_counts_for_every_region(terminal: Terminal) -> None:
    terminal.knowledge = replace(terminal.held, root_expired_since=UnixTime(terminal.at - 31 * DAY))
    for issued in (terminal.world.credential(), terminal.foreign_licence()):
        found = {each.code: each.tier for each in terminal.appraise(terminal.code(issued)).findings}
        assert found[Code.W_TRUST_STALE] is Tier.HOLD


@pytest.mark.parametrize("field", ["region_late_since", "metadata_behind"])
def test_what_is_late_of_one_region_counts_for_that_region_alone(terminal: Terminal, field: str) -> None:
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}))
    late = {ZIXU: UnixTime(terminal.at - 15 * DAY)}
    terminal.knowledge = replace(terminal.held, **{field: late})  # type: ignore[arg-type]  # one of the two mappings
    found = {each.code: each.tier for each in terminal.appraise(terminal.code(terminal.foreign_licence())).findings}
    assert found[Code.W_TRUST_STALE] is Tier.WARNING
    assert terminal.appraise().verdict_class is VerdictClass.ACCEPT


def test_an_irreversible_act_on_a_foreign_hour_is_a_hold(terminal: Terminal) -> None:
    terminal.set_row(regions=frozenset({WUYOU, ZIXU}), irreversible=True)
    terminal.set_status(age=HOUR)
    found = {each.code: each.tier for each in terminal.appraise(terminal.code(terminal.foreign_licence())).findings}
    assert found[Code.W_STATUS_STALE] is Tier.HOLD
