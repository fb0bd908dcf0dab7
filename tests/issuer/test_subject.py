"""Subjects: every problem is named, none repeats a value, and nothing but `SubjectRefused` comes out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer import catalogue_source, subject
from issuer.errors import SubjectRefused
from protocol.labels import Lic
from protocol.licence import identifier
from protocol.licence.catalogue import Kind
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, SUBJECTS

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
ID_TYPE = "11100000000013127D001"
ID_IDENTIFIER = str(identifier.compose(ID_TYPE, "310000", "0000000001", "001"))


def problems(kind: Kind, written: object, *, fictional: bool = True) -> dict[str, str]:
    with pytest.raises(SubjectRefused) as refused:
        subject.check(kind, written, at=AT, fictional=fictional)
    return {problem.item: problem.what for problem in refused.value.problems}


# The holder is 76, to whom the law gives a card without a last day (`test_legal_terms`).
LAWFUL = SUBJECTS | {"id-card": {name: value for name, value in ID_CARD.items() if name != "valid_to"}}


@pytest.mark.parametrize("slug", LAWFUL)
def test_a_good_subject_keeps_every_item(slug: str) -> None:
    kind = KINDS[slug]
    checked = subject.check(kind, LAWFUL[slug], at=AT, fictional=True)
    for name, value in LAWFUL[slug].items():
        item = kind.item_named(name)
        assert item is not None
        restored = checked.items[item.key]
        if item.type == "date":
            assert f"{restored:08}" == value.replace("-", "")
        else:
            assert restored == value
    assert all("does not exist" in warning for warning in checked.warnings)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("name", "", "empty, too long"),
        ("name", 7, "not a text"),
        ("name", "张" * 33, "empty, too long"),
        ("name", "甲\u202e乙", "invisible"),
        ("name", "甲\n有效", "invisible"),
        ("name", "\ud800", "invisible"),
        ("citizen_id", "990101194912310029", "check digit"),
        ("citizen_id", "99010119491231002X", "check digit"),
        ("citizen_id", "99010119491231002x", "17 digits"),
        ("citizen_id", "９90101194912310028", "17 digits"),
        ("citizen_id", 990101194912310028, "17 digits"),
        ("sex", 3, "whole numbers"),
        ("sex", True, "whole numbers"),
        ("sex", "1", "whole numbers"),
        ("birth_date", "1949-02-29", "no such day"),
        ("birth_date", "19491231", "not a day"),
        ("birth_date", "1949-12-31T00:00", "not a day"),
        ("birth_date", 19491231, "not a day"),
        ("birth_date", "2026-11-23", "in the future"),
        ("first_issue", "2027-01-01", "in the future"),
        ("valid_to", "2025-12-31", "already over"),
        ("valid_to", "2026-11-21", "already over"),
        ("valid_from", "2026-11-23", "in the future"),
        ("identifier", "1.2.156.3005.2.X", "standard's form"),
        ("colour", "red", "no such item"),
    ],
)
def test_one_wrong_item_is_the_one_that_is_named(name: str, value: Any, what: str) -> None:
    found = problems(KINDS["driving-licence"], DRIVING | {name: value})
    assert list(found) == [name]
    assert what in found[name]


@pytest.mark.parametrize("name", sorted(DRIVING.keys() - {"valid_to"}))
def test_each_required_item_may_not_be_missing(name: str) -> None:
    found = problems(KINDS["driving-licence"], {key: value for key, value in DRIVING.items() if key != name})
    assert found == {name: "missing"}


def test_all_problems_come_at_once_with_an_example_and_a_near_name() -> None:
    wrong = DRIVING | {"sex": 5, "valid_to": "soon", "licence_number": "x"}
    del wrong["licence_no"]
    with pytest.raises(SubjectRefused) as refused:
        subject.check(KINDS["driving-licence"], wrong, at=AT, fictional=True)
    by_item = {problem.item: problem for problem in refused.value.problems}
    assert set(by_item) == {"sex", "valid_to", "licence_number", "licence_no"}
    assert by_item["licence_number"].example == "licence_no"
    assert "0, 1, 2 or 9" in by_item["sex"].expected
    assert by_item["valid_to"].example == '"2026-01-31"'


def test_legal_dates_in_the_wrong_order() -> None:
    with pytest.raises(SubjectRefused) as refused:
        subject.check(
            KINDS["id-card"], ID_CARD | {"valid_from": "2026-11-22", "valid_to": "2026-11-21"}, at=AT, fictional=True
        )
    assert [(each.item, each.what) for each in refused.value.problems] == [
        ("valid_to", "before valid_from"),
        ("valid_to", "already over"),
    ]


def test_the_last_day_is_still_a_day() -> None:
    subject.check(KINDS["driving-licence"], DRIVING | {"valid_to": "2026-11-22"}, at=AT, fictional=True)


def test_synthetic_holders_pass_only_in_a_fictional_region() -> None:
    warnings = subject.check(KINDS["driving-licence"], DRIVING, at=AT, fictional=True).warnings
    assert [warning for warning in warnings if "citizen_id" in warning] == [
        "citizen_id names an area that does not exist: a synthetic holder"
    ]
    assert problems(KINDS["driving-licence"], DRIVING, fictional=False) == {"citizen_id": "its area does not exist"}
    assert problems(KINDS["business-licence"], BUSINESS, fictional=False) == {"uscc": "its area does not exist"}


def test_a_mistyped_credit_code_is_refused() -> None:
    found = problems(KINDS["business-licence"], BUSINESS | {"uscc": BUSINESS["uscc"][:-1] + "0"})
    assert "check character" in found["uscc"]


def test_a_number_that_contradicts_its_owner_is_a_warning() -> None:
    checked = subject.check(
        KINDS["driving-licence"], DRIVING | {"sex": 1, "birth_date": "1950-01-01"}, at=AT, fictional=True
    )
    assert "citizen_id and sex do not agree" in checked.warnings
    assert "citizen_id and birth_date name different days of birth" in checked.warnings


def test_the_identifier_s_check_character_is_a_warning_its_kind_is_not() -> None:
    good = subject.check(KINDS["id-card"], ID_CARD | {"identifier": ID_IDENTIFIER}, at=AT, fictional=True)
    assert not [warning for warning in good.warnings if "identifier" in warning]
    other = "A" if ID_IDENTIFIER[-1] != "A" else "B"
    legacy = subject.check(
        KINDS["id-card"], ID_CARD | {"identifier": ID_IDENTIFIER[:-1] + other}, at=AT, fictional=True
    )
    assert legacy.items[Lic.IDENTIFIER] == ID_IDENTIFIER[:-1] + other
    assert [warning for warning in legacy.warnings if "identifier" in warning]
    foreign = str(identifier.compose("11100000MB0143028R001", "310000", "0000000001", "001"))
    found = problems(KINDS["id-card"], ID_CARD | {"identifier": foreign})
    assert "another kind" in found["identifier"]


def test_no_message_repeats_a_value() -> None:
    secret = "秘密姓名\u202e秘密"
    with pytest.raises(SubjectRefused) as refused:
        subject.check(
            KINDS["driving-licence"],
            DRIVING | {"name": secret, "citizen_id": "990101194912310020"},
            at=AT,
            fictional=True,
        )
    assert "秘密" not in str(refused.value)
    assert "990101194912310020" not in str(refused.value)


@pytest.mark.parametrize("written", [None, [], "x", 1, True])
def test_what_is_no_object_is_refused(written: object) -> None:
    assert problems(KINDS["id-card"], written) == {"(subject)": "not an object"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(SUBJECTS)), st.data())
def test_whatever_stands_in_an_item_the_answer_is_items_or_named_problems(slug: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([item.name for item in KINDS[slug].items]) | st.text(st.characters(codec=None)))
    written = SUBJECTS[slug] | {name: data.draw(JSON)}
    named = {name, "(a name that cannot be shown)", "valid_to"}
    try:
        checked = subject.check(KINDS[slug], written, at=AT, fictional=True)
    except SubjectRefused as refused:
        found = {problem.item for problem in refused.problems}
    else:
        found = {item.name for item in KINDS[slug].items if item.key in checked.items}
    assert found & named
