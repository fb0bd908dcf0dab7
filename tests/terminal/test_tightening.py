"""A supervisor's settings: each tightens, none can loosen, whatever the signed policy says."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.policy_row import PolicyRow
from protocol.unixtime import Seconds
from tests.terminal.conftest import Terminal
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU, ZIXU, World
from verifier_terminal import tightening
from verifier_terminal.appraisal.verdict import Proceed, VerdictClass
from verifier_terminal.session import Session
from verifier_terminal.setting_errors import SettingMeaningless
from verifier_terminal.tightening import NOTHING, Direction, Tightening, Value

WORLD = World()
SIGNED, CATALOGUE = WORLD.policy(), WORLD.catalogue()
SLUG = WORLD.kinds[DRIVING_LICENCE].slug
ITEMS = st.frozensets(st.sampled_from([int(each) for each in Lic]))


@st.composite
def rows(draw: st.DrawFn) -> PolicyRow:
    mandatory, more = draw(ITEMS), draw(ITEMS)
    return replace(
        WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW),
        regions=draw(st.frozensets(st.sampled_from([WUYOU, ZIXU]))),
        mandatory=mandatory,
        optional=more - mandatory,
        masked=draw(ITEMS) & (mandatory | more),
        challenge_required=draw(st.booleans()),
        seal_required=draw(st.booleans()),
        person_check=draw(st.booleans()),
        irreversible=draw(st.booleans()),
        show_under_refusal=draw(st.booleans()),
        min_assurance=draw(st.sampled_from(KeyAssurance)),
        max_status_age=draw(st.none() | st.integers(1, 10**6).map(Seconds)),
        retention_days=draw(st.integers(1, 4_000)),
    )


VALUES: dict[str, st.SearchStrategy[Value]] = {
    "max_status_minutes": st.integers(0, 10_080),
    "min_assurance": st.integers(0, 3),
    "retention_days": st.integers(0, 3_650),
    "personal_seconds": st.just(0) | st.integers(5, 300),
    "kinds": st.just(()) | st.just((SLUG,)) | st.just(("id-card",)),
}
SETTINGS = st.builds(Tightening, **{each.name: VALUES.get(each.name, st.booleans()) for each in fields(Tightening)})


@settings(max_examples=150)
@given(rows(), SETTINGS)
def test_no_setting_ever_loosens_a_row(row: PolicyRow, set_here: Tightening) -> None:
    policy = replace(SIGNED, rows={(row.vct, row.purpose): row})
    after = tightening.applied(set_here, policy, CATALOGUE, region=WUYOU)
    assert (after.iss, after.seq, after.iat, after.exp) == (policy.iss, policy.seq, policy.iat, policy.exp)
    assert after.rows.keys() <= policy.rows.keys()
    for each in after.rows.values():
        assert each.looser_than(row) == ()
        assert each.regions <= row.regions or each.regions == {WUYOU}
        assert row.recognises(WUYOU) or not each.recognises(WUYOU)
        assert each.maximum <= row.maximum


def test_nothing_set_changes_nothing() -> None:
    policy = WORLD.policy()
    assert tightening.applied(NOTHING, policy, CATALOGUE, region=WUYOU) is policy


PORTRAIT = int(Lic.PORTRAIT_SHA256)
NAME, NUMBER = int(Lic.NAME), int(Lic.LICENCE_NO)
PLAIN = replace(
    WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW),
    regions=frozenset({WUYOU, ZIXU}),
    mandatory=frozenset({NAME}),
    optional=frozenset({NUMBER, PORTRAIT}),
    masked=frozenset(),
    show_under_refusal=True,
    max_status_age=Seconds(7_200),
    retention_days=30,
)
EFFECTS: dict[str, tuple[Value, dict[str, object]]] = {
    "max_status_minutes": (60, {"max_status_age": 3_600}),
    "challenge_always": (True, {"challenge_required": True}),
    "seal_always": (True, {"seal_required": True}),
    "person_check_always": (True, {"person_check": True}),
    "portrait_always": (True, {"mandatory": frozenset({NAME, PORTRAIT}), "optional": frozenset({NUMBER})}),
    "min_assurance": (2, {"min_assurance": KeyAssurance.HARDWARE_USER_VERIFICATION}),
    "mandatory_only": (True, {"optional": frozenset({PORTRAIT})}),
    "own_region_only": (True, {"regions": frozenset({WUYOU})}),
    "nothing_under_refusal": (True, {"show_under_refusal": False}),
    "as_irreversible": (True, {"irreversible": True}),
    "mask_identity": (True, {"masked": frozenset({NAME, NUMBER})}),
    "retention_days": (7, {"retention_days": 7}),
    "kinds": ((SLUG,), {}),
    "personal_seconds": (5, {}),
    "typed_codes": (False, {}),
    "printing": (False, {}),
    "sign_on_required": (True, {}),
}


@pytest.mark.parametrize("name", tightening.NAMES)
def test_each_setting_does_what_it_says_and_nothing_else(name: str) -> None:
    value, changes = EFFECTS[name]
    after = tightening.applied(tightening.of_values({name: value}), WORLD.policy([PLAIN]), CATALOGUE, region=WUYOU)
    assert list(after.rows.values()) == [replace(PLAIN, **changes)]  # type: ignore[arg-type]  # each its own field


def test_a_kind_that_is_not_served_has_no_row() -> None:
    set_here = tightening.of_values({"kinds": ("id-card",)})
    assert tightening.applied(set_here, WORLD.policy([PLAIN]), CATALOGUE, region=WUYOU).rows == {}


@pytest.mark.parametrize(
    ("name", "before", "after", "is_a"),
    [
        ("max_status_minutes", 0, 60, Direction.TIGHTER),
        ("max_status_minutes", 60, 61, Direction.LOOSER),
        ("max_status_minutes", 60, 0, Direction.LOOSER),
        ("challenge_always", False, True, Direction.TIGHTER),
        ("challenge_always", True, False, Direction.LOOSER),
        ("min_assurance", 1, 2, Direction.TIGHTER),
        ("min_assurance", 2, 1, Direction.LOOSER),
        ("typed_codes", True, False, Direction.TIGHTER),
        ("typed_codes", False, True, Direction.LOOSER),
        ("kinds", (), ("a",), Direction.TIGHTER),
        ("kinds", ("a", "b"), ("a",), Direction.TIGHTER),
        ("kinds", ("a",), ("a", "b"), Direction.LOOSER),
        ("kinds", ("a",), ("b",), Direction.LOOSER),
        ("kinds", ("a",), (), Direction.LOOSER),
        ("personal_seconds", 20, 20, Direction.SAME),
    ],
)
def test_the_direction_of_a_change(name: str, before: Value, after: Value, is_a: Direction) -> None:
    assert tightening.direction(name, before, after) is is_a


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no_such", 1),
        ("challenge_always", 1),
        ("min_assurance", True),
        ("min_assurance", 4),
        ("max_status_minutes", -1),
        ("personal_seconds", 4),
        ("kinds", "id-card"),
        ("kinds", ["证"]),
        ("kinds", ["a"] * 65),
    ],
)
def test_what_means_nothing_is_refused(name: str, value: object) -> None:
    with pytest.raises(SettingMeaningless):
        tightening.checked(name, value)


def verdict(terminal: Terminal, session: Session) -> tuple[str, str, list[str]]:
    said = session.scan(terminal.world.code(), source="scanner").verdict
    return str(said.verdict_class), str(said.proceed), [str(each.code) for each in said.findings]


@pytest.mark.parametrize(
    ("name", "value", "verdict_class", "proceed", "code"),
    [
        ("challenge_always", True, VerdictClass.REFUSE, Proceed.NO, "E_CHALLENGE_REQUIRED"),
        ("seal_always", True, VerdictClass.REFUSE, Proceed.NO, "E_SEAL_REQUIRED"),
        ("person_check_always", True, VerdictClass.ACCEPT, Proceed.AFTER_CHECK, "W_PERSON_CHECK"),
        ("kinds", ("id-card",), VerdictClass.CHECK, Proceed.NO, "W_POLICY_MISSING"),
        ("min_assurance", 3, VerdictClass.CHECK, Proceed.NO, "W_ASSURANCE"),
    ],
)
def test_the_next_code_is_appraised_by_it(
    terminal: Terminal, session: Session, name: str, value: Value, verdict_class: str, proceed: str, code: str
) -> None:
    assert verdict(terminal, session)[0] == VerdictClass.ACCEPT
    # Another process on the same directory, such as the command, while this one is serving.
    terminal.open().supervision.change(name, value)
    terminal.pass_seconds(40)
    found = verdict(terminal, session)
    assert found[:2] == (verdict_class, proceed)
    assert code in found[2]
