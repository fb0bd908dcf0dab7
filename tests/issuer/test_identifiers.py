"""Identifiers of GB/T 36904 that the issuer makes: of the kinds with a type code, in order of versions."""

import pytest

from issuer import catalogue_source, identifiers
from issuer.application import Issuer
from protocol.labels import Lic
from protocol.licence import identifier
from tests.issuer.builders import AT, BUSINESS, DRIVING, ID_CARD, holder_key, randomness

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
BY_OPERATOR = str(identifier.compose("11100000000013127D001", "310000", "20260000001", "007"))


def of(issuer: Issuer, licence_id: str) -> str:
    return str(issuer.licence(licence_id).subject["identifier"])


def test_kinds_with_a_type_code_get_one_and_no_others(issuer: Issuer) -> None:
    for slug, subject in (("id-card", ID_CARD), ("business-licence", BUSINESS)):
        parsed = identifier.parse(of(issuer, issuer.issue(slug, subject, holder_key(), at=AT).licence_id))
        assert (parsed.type_code, parsed.issuer, parsed.version) == (KINDS[slug].type_code, "310000", "001")
        assert parsed.check_matches
        assert len(parsed.serial) == 16
    driving = issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    assert "identifier" not in issuer.licence(driving.licence_id).subject


def test_no_two_licences_have_one_and_a_refresh_keeps_its_own(issuer: Issuer) -> None:
    ids = [issuer.issue("id-card", ID_CARD, holder_key(), at=AT).licence_id for _ in range(3)]
    made = [of(issuer, each) for each in ids]
    assert len(set(made)) == 3
    again = issuer.issue_again(ids[0], holder_key(2), at=AT)
    assert again.warnings == issuer.issue_again(ids[0], holder_key(3), at=AT).warnings
    assert of(issuer, again.licence_id) == made[0]


def test_the_operator_s_own_goes_before(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD | {"identifier": BY_OPERATOR}, holder_key(), at=AT)
    assert of(issuer, issued.licence_id) == BY_OPERATOR


def test_a_renewed_licence_has_the_next_version(issuer: Issuer) -> None:
    first = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    versions = [of(issuer, first.licence_id)]
    licence_id = first.licence_id
    for address in ("样例路2号", "样例路3号"):
        renewed = issuer.licence_renewals.renew(
            licence_id, {"address": address}, holder_key(), reason="测试", actor="test", at=AT
        )
        licence_id = renewed.licence_id
        versions.append(of(issuer, licence_id))
    parsed = [identifier.parse(each) for each in versions]
    assert [each.version for each in parsed] == ["001", "002", "003"]
    assert len({(each.type_code, each.issuer, each.serial) for each in parsed}) == 1
    assert all(each.check_matches for each in parsed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BY_OPERATOR, "008"),
        (str(identifier.compose("11100000000013127D001", "310000", "20260000001", "998")), "999"),
        # Counted to its end, or of a register that came from elsewhere: a new one is made.
        (str(identifier.compose("11100000000013127D001", "310000", "20260000001", "999")), None),
        ("旧系统的编号", None),
    ],
)
def test_versions_are_counted_on(before: str, after: str | None) -> None:
    found = identifiers.of_next_version({"name": "甲", "identifier": before}).get("identifier")
    assert (None if found is None else identifier.parse(str(found)).version) == after


def test_a_kind_without_an_item_for_it_gets_none() -> None:
    kind = KINDS["id-card"]
    bare = type(kind)(**{
        name: getattr(kind, name) if name != "items" else tuple(i for i in kind.items if i.key != Lic.IDENTIFIER)
        for name in kind.__dataclass_fields__
    })  # fmt: skip
    for given in (ID_CARD, [], None):
        assert identifiers.given(bare, given, region="310000", random_bytes=randomness(1)) == given
