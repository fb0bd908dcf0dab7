"""Rows of the policy: what a row for one region may change, and which rows no reader takes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import appraisal_policy, cbor
from protocol.appraisal_policy import RowLabel
from protocol.errors import SchemaError
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.policy_row import PolicyRow
from protocol.unixtime import Seconds
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU, ZIXU, World

WORLD = World()
ROOT = WORLD.roots[WUYOU]
GENERAL = replace(
    WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW),
    masked=frozenset({int(Lic.CITIZEN_ID)}),
    max_status_age=Seconds(3_600),
    separate_consent=frozenset({int(Lic.PORTRAIT_SHA256)}),
    guardian_below=14,
    min_assurance=KeyAssurance.OS_KEY_STORE,
)
OF_WUYOU = replace(GENERAL, only_for=WUYOU)

STRICTER: Mapping[str, Any] = {
    "optional": frozenset({int(Lic.CITIZEN_ID), int(Lic.PORTRAIT_SHA256)}),
    "masked": GENERAL.masked | {int(Lic.NAME)},
    "challenge_required": True,
    "seal_required": True,
    "holders_required": 2,
    "person_check": True,
    "irreversible": True,
    "min_assurance": KeyAssurance.PROOFED_IN_PERSON,
    "max_status_age": Seconds(300),
    "retention_days": 7,
    "separate_consent": GENERAL.separate_consent | {int(Lic.ADDRESS)},
    "guardian_below": 18,
}
LOOSER: Mapping[str, Any] = {
    "mandatory": frozenset({int(Lic.NAME)}),
    "optional": GENERAL.optional | {199},
    "masked": frozenset(),
    "link_waived": True,
    "show_under_refusal": True,
    "min_assurance": KeyAssurance.SOFTWARE,
    "max_status_age": None,
    "retention_days": 31,
    "separate_consent": frozenset(),
    "guardian_below": 13,
    "values_on_file": True,
}


@pytest.mark.parametrize("name", STRICTER)
def test_a_row_for_one_region_tightens_this(name: str) -> None:
    regional = replace(OF_WUYOU, **{name: STRICTER[name]})
    assert regional.looser_than(GENERAL) == ()
    assert getattr(GENERAL.tightened_by(regional), name) == STRICTER[name]


@pytest.mark.parametrize("name", LOOSER)
def test_what_is_looser_is_named_and_changes_nothing(name: str) -> None:
    regional = replace(OF_WUYOU, **{name: LOOSER[name]})
    assert name in regional.looser_than(GENERAL)
    assert GENERAL.tightened_by(regional) == GENERAL


def test_a_true_of_the_general_row_is_not_taken_back() -> None:
    flags = ("challenge_required", "seal_required", "person_check", "irreversible")
    general = replace(GENERAL, **dict.fromkeys(flags, True))
    assert GENERAL.looser_than(general) == flags
    assert general.tightened_by(GENERAL) == general


def rows() -> st.SearchStrategy[PolicyRow]:
    some = st.frozensets(st.integers(1, 6))
    return st.builds(
        lambda mandatory, optional, **fields: replace(
            GENERAL, mandatory=mandatory, optional=optional - mandatory, **fields
        ),
        mandatory=some,
        optional=some,
        masked=some,
        challenge_required=st.booleans(),
        seal_required=st.booleans(),
        link_waived=st.booleans(),
        holders_required=st.integers(1, 4),
        person_check=st.booleans(),
        irreversible=st.booleans(),
        show_under_refusal=st.booleans(),
        min_assurance=st.sampled_from(KeyAssurance),
        max_status_age=st.none() | st.integers(1, 9),
        retention_days=st.integers(1, 9),
        separate_consent=some,
        guardian_below=st.none() | st.integers(1, 18),
        values_on_file=st.booleans(),
    )


@settings(max_examples=60)
@given(rows(), rows())
def test_the_stricter_of_two_rows_is_at_least_as_strict_as_each(general: PolicyRow, other: PolicyRow) -> None:
    both = general.tightened_by(other)
    assert both.looser_than(general) == ()
    assert both.tightened_by(other) == both
    assert both.mandatory >= general.mandatory
    assert both.maximum <= general.maximum
    assert not (both.mandatory & both.optional)
    # Of what both may ask for, the other one's demands count as much as the general one's.
    assert set(both.looser_than(other)) <= {"mandatory", "optional", "masked", "separate_consent"}
    shared = general.maximum & other.maximum
    assert both.masked & shared == (general.masked | other.masked) & shared
    assert both.separate_consent & shared == (general.separate_consent | other.separate_consent) & shared


def test_a_provinces_row_and_its_citys_are_both_about_the_city() -> None:
    rows_ = {
        "330000": {"challenge_required": True},
        "330400": {"person_check": True},
        "330402": {"irreversible": True},
        "340000": {"retention_days": 1},
    }
    general = WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW)
    policy = WORLD.policy(
        [general, *(replace(general, **fields, regions=frozenset({region}), only_for=region)
                    for region, fields in rows_.items())]
    )  # fmt: skip
    asked = {}
    for region in ("330000", "330400", "330402", "330403", "340100", "110000"):
        row = policy.row(DRIVING_LICENCE, Purpose.WINDOW, region)
        assert row is not None
        asked[region] = (row.challenge_required, row.person_check, row.irreversible, row.retention_days)
    assert asked == {
        "330000": (True, False, False, 30),
        "330400": (True, True, False, 30),
        "330402": (True, True, True, 30),
        "330403": (True, True, False, 30),
        "340100": (False, False, False, 1),
        "110000": (False, False, False, 30),
    }
    assert policy.row(DRIVING_LICENCE, Purpose.HOTEL, "330000") is None


def test_signed_rows_for_one_region_are_read_back() -> None:
    policy = WORLD.policy([GENERAL, replace(OF_WUYOU, challenge_required=True)])
    assert policy.rows == {(DRIVING_LICENCE, Purpose.WINDOW): GENERAL}
    assert policy.stricter == {(DRIVING_LICENCE, Purpose.WINDOW, WUYOU): replace(OF_WUYOU, challenge_required=True)}


@pytest.mark.parametrize(
    ("rows_", "why"),
    [
        ([OF_WUYOU], "without the general row"),
        ([GENERAL, replace(OF_WUYOU, regions=frozenset({ZIXU}))], "recognises another"),
        ([GENERAL, replace(OF_WUYOU, regions=frozenset({WUYOU, ZIXU}))], "recognises another"),
    ],
)
def test_a_row_for_one_region_that_is_about_nothing_is_refused(rows_: list[PolicyRow], why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        WORLD.policy(rows_)


GOOD: dict[Any, Any] = dict(cbor.decode(cbor.encode(appraisal_policy.row_to_value(GENERAL))))  # type: ignore[arg-type]  # a map, as decoded


@pytest.mark.parametrize("label", [RowLabel.SEPARATE_CONSENT, RowLabel.GUARDIAN_BELOW, RowLabel.ONLY_FOR])
def test_a_row_of_the_older_form_is_refused_and_says_so(label: RowLabel) -> None:
    """Read as "nothing is demanded" it would be a looser row than its publisher signs today."""
    older = {key: value for key, value in GOOD.items() if key != label}
    with pytest.raises(SchemaError, match="older form: publish it anew"):
        appraisal_policy.row_from_value(older)


@pytest.mark.parametrize(
    ("label", "wrong"),
    [
        (RowLabel.GUARDIAN_BELOW, 0),
        (RowLabel.GUARDIAN_BELOW, 19),
        (RowLabel.GUARDIAN_BELOW, True),
        (RowLabel.SEPARATE_CONSENT, (True,)),
        (RowLabel.SEPARATE_CONSENT, None),
        (RowLabel.VALUES_ON_FILE, None),
        (RowLabel.ONLY_FOR, ""),
    ],
)
def test_a_wrong_entry_is_refused(label: RowLabel, wrong: Any) -> None:
    assert appraisal_policy.row_from_value(GOOD) == GENERAL
    with pytest.raises(SchemaError, match=label.name.lower() if label is not RowLabel.ONLY_FOR else "another"):
        appraisal_policy.row_from_value({**GOOD, label: wrong})
