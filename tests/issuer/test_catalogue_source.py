"""The shipped catalogue agrees with itself; one changed entry is refused under its own name."""

from pathlib import Path

import pytest

import issuer
from issuer import catalogue_source, policy_source
from issuer.errors import AuthoringError
from protocol import appraisal_policy, keys, limits
from protocol.appraisal_policy import AppraisalPolicy
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Clear, Group, HolderRule, ItemType, RiskClass, Single
from protocol.unixtime import UnixTime
from tests.issuer.builders import SUBJECTS

ROOT = keys.Ed25519Signer(b"\x01" * 32)
REGIONS = frozenset({"310000"})
ATTENDED = {Purpose.WINDOW, Purpose.ROADSIDE, Purpose.HOTEL, Purpose.AIRPORT}
FOLDER = Path(issuer.__file__).parent


def source(folder: str, slug: str) -> str:
    return (FOLDER / folder / f"{slug}.toml").read_text("utf-8")


def changed(text: str, old: str, new: str) -> str:
    assert old in text, "the test changes something that is there"
    return text.replace(old, new, 1)


def test_numbers_and_slugs_are_the_contracts() -> None:
    """CONTRACTS.md, "Slugs and vct": 65001 up, in the order of CATALOGUE.md."""
    in_order = (
        *("id-card", "birth-certificate", "business-licence", "driving-licence", "vehicle-licence"),
        *("household-register", "residence-permit", "disability-certificate", "physician", "nurse"),
        *("birth-insurance-statement", "hygiene-permit", "special-equipment-operator", "food-permit", "marriage"),
        *("divorce", "real-estate", "social-security", "library-reader", "transit-card", "volunteer", "blood-donor"),
        *("education", "hk-macau-permit", "passport", "industrial-product-licence"),
    )
    assert {kind.vct: kind.slug for kind in catalogue_source.load_kinds().values()} == dict(enumerate(in_order, 65001))


def test_risk_classes_are_the_terminals_table() -> None:
    """TERMINAL.md, "Default matrix"."""
    by_class: dict[str, set[str]] = {}
    for kind in catalogue_source.load_kinds().values():
        by_class.setdefault(kind.risk, set()).add(kind.slug)
    assert by_class["L"] == {"library-reader", "transit-card", "volunteer", "blood-donor"}
    assert by_class["M"] == {
        *("residence-permit", "social-security", "education", "business-licence", "food-permit", "hygiene-permit"),
        "industrial-product-licence",
    }
    assert by_class["X"] == {"real-estate", "birth-certificate"}
    assert len(by_class["G"]) == 13


def test_a_type_code_is_known_or_left_out() -> None:
    known = {kind.slug: kind.type_code for kind in catalogue_source.load_kinds().values() if kind.type_code}
    assert known == {"id-card": "11100000000013127D001", "business-licence": "11100000MB0143028R001"}


@pytest.mark.parametrize("slug", SUBJECTS)
def test_items_are_named_as_the_subjects_of_the_commands(slug: str) -> None:
    kind = next(kind for kind in catalogue_source.load_kinds().values() if kind.slug == slug)
    assert set(SUBJECTS[slug]) <= {item.name for item in kind.items}
    assert {item.name for item in kind.items if item.required} <= set(SUBJECTS[slug])
    names = {int(lic): lic.name.lower() for lic in Lic} | {14: "portrait"}
    assert all(item.name == names[item.key] for item in kind.items)


def test_every_view_holds_exactly_the_mandatory_items_of_its_row() -> None:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=REGIONS)
    views = [(kind.vct, purpose, keys) for kind in kinds.values() for purpose, keys in kind.views.items()]
    assert len(views) >= 3
    for vct, purpose, item_keys in views:
        assert item_keys == rows[vct, purpose].mandatory
    assert all(Purpose.WINDOW in kind.views for kind in kinds.values())
    assert Purpose.ROADSIDE in kinds[65004].views


def test_rows_keep_the_rules_of_the_risk_classes() -> None:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=REGIONS)
    for (vct, purpose), row in rows.items():
        if kinds[vct].risk is RiskClass.G and kinds[vct].holder is HolderRule.NATURAL and purpose in ATTENDED:
            assert row.person_check
        if purpose is Purpose.ROADSIDE:
            assert row.show_under_refusal
        if purpose in (Purpose.KIOSK, Purpose.GATE):
            assert row.challenge_required is (purpose is Purpose.KIOSK or kinds[vct].risk is not RiskClass.L)
            if kinds[vct].risk is RiskClass.G:
                assert row.min_assurance >= KeyAssurance.HARDWARE_USER_VERIFICATION
            if kinds[vct].risk is RiskClass.X:
                assert row.min_assurance is KeyAssurance.PROOFED_IN_PERSON
        assert row.seal_required is (purpose is Purpose.KIOSK)
        # Who drives need not be the vehicle's owner.
        assert row.link_waived is ((kinds[vct].slug, purpose) == ("vehicle-licence", Purpose.ROADSIDE))
        assert row.holders_required == 1
        assert row.regions == REGIONS


def test_a_portrait_is_asked_for_where_a_person_is_compared_and_nowhere_else() -> None:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=REGIONS)
    for (vct, purpose), row in rows.items():
        compared = kinds[vct].holder is HolderRule.NATURAL and purpose in ATTENDED
        pictured = kinds[vct].item(Lic.PORTRAIT_SHA256) is not None
        assert (Lic.PORTRAIT_SHA256 in row.optional) is (compared and pictured), (vct, purpose)
        if kinds[vct].risk in (RiskClass.M, RiskClass.G):
            assert row.person_check is compared, (vct, purpose)
        # TERMINAL.md: class X without the portrait shown is a hold, so that a kind without one is never compared.
        assert pictured or kinds[vct].risk is not RiskClass.X or not row.person_check
        assert Lic.PORTRAIT_SHA256 not in row.mandatory
    without = {kind.slug for kind in kinds.values() if kind.item(Lic.PORTRAIT_SHA256) is None}
    assert without == {
        *("birth-certificate", "household-register", "birth-insurance-statement", "library-reader"),
        *("vehicle-licence", "real-estate", "business-licence", "food-permit", "hygiene-permit"),
        "industrial-product-licence",
    }
    for kind in kinds.values():
        portrait = kind.item(Lic.PORTRAIT_SHA256)
        assert portrait is None or (portrait.type, portrait.layout) == (ItemType.DIGEST, Single())


def test_personal_items_are_never_clear_and_dates_always() -> None:
    for kind in catalogue_source.load_kinds().values():
        for item in kind.items:
            if item.key in (Lic.VALID_FROM, Lic.VALID_TO, Lic.AUTHORITY):
                assert item.layout == Clear()
            personal = {Lic.CITIZEN_ID, Lic.BIRTH_DATE, Lic.SEX, Lic.IDENTIFIER}
            if kind.holder is not HolderRule.LEGAL:
                personal |= {Lic.NAME, Lic.ADDRESS, Lic.LICENCE_NO}
            if item.key in personal or item.type is ItemType.CITIZEN_ID:
                assert item.layout != Clear(), (kind.slug, item.name)
        groups = [item.layout for item in kind.items if isinstance(item.layout, Group)]
        assert groups
        assert max(groups.count(group) for group in groups) <= 5


def test_signed_forms_restore_the_same_catalogue_and_policy() -> None:
    kinds = catalogue_source.load_kinds()
    rows = policy_source.load_policy_rows(kinds, regions=REGIONS)
    signed = catalogue.sign(Catalogue("310000", 1, UnixTime(1), UnixTime(2), kinds), ROOT)
    assert catalogue.verify(signed, root=ROOT.public_key).kinds == kinds
    policy = appraisal_policy.sign(AppraisalPolicy("310000", 1, UnixTime(1), UnixTime(2), rows), ROOT)
    assert appraisal_policy.verify(policy, root=ROOT.public_key).rows == rows


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("vct = 65004", "vct = 9", ""),
        ("vct = 65004", 'vct = "65004"', "vct"),
        ("lifetime_days = 120", "lifetime_days = 121", ""),
        ('risk = "G"', 'risk = "Q"', "risk"),
        ('holder = "natural"', 'holder = "anybody"', "holder"),
        ('holder = "natural"', "", "holder"),
        ("holders = [1, 1]", "holders = [1]", "holders"),
        ("holders = [1, 1]", "holders = [true, 1]", "holders"),
        ("holders = [1, 1]", "holders = [2, 1]", ""),
        ("holders = [1, 1]", "", "holders"),
        ('departments = ["traffic-police"]', "departments = []", ""),
        ('departments = ["traffic-police"]', 'departments = ["Traffic police"]', ""),
        ('departments = ["traffic-police"]', "departments = [1]", "departments"),
        ('departments = ["traffic-police"]', "", "departments"),
        ("validity_years = 10", "validity_years = 0", ""),
        ("validity_years = 10", 'validity_years = "10"', "validity_years"),
        ("renewal_opens_days = 90", "renewal_opens_days = 366", ""),
        ('slug = "driving-licence"', 'slug = "driving-licence"\ncolour = "red"', "colour"),
        ("key = 5\n", "key = 4\n", "item[licence_no].key"),
        ("key = 5\n", "key = 1\n", "item[licence_no].key"),
        ("max = 96", "max = true", "item[name].max"),
        ('type = "date"', 'type = "day"', "item[birth_date].type"),
        ('layout = "clear"', 'layout = "open"', "item[class].layout"),
        ('layout = "clear"', 'layout = "group:16"', "item[class].layout"),
        ("required = true", 'required = "yes"', "item[name].required"),
        ('zh_hant = "姓名"', 'zh_hant = ""', "item[name].labels.zh_hant"),
        ('zh_hant = "姓名"', 'zh_hant = "姓\u202e名"', "item[name].labels.zh_hant"),
        ("[view.window]", "[view.windows]", "view.windows"),
        ('items = ["name", ', 'items = ["nickname", ', "view.window.items"),
        ('items = ["name", ', 'items = ["name", "name", ', "view.window.items"),
        ("vct = 65004", "vct 65004", "TOML"),
    ],
)
def test_a_wrong_kind_file_is_named_with_its_key(old: str, new: str, key: str) -> None:
    text = changed(source("kinds", "driving-licence"), old, new)
    with pytest.raises(AuthoringError) as refused:
        catalogue_source.kinds_from([("kinds/driving-licence.toml", text)])
    assert (refused.value.file, refused.value.key) == ("kinds/driving-licence.toml", key)


def test_a_group_of_six_is_refused() -> None:
    text = source("kinds", "driving-licence").replace('layout = "single"', 'layout = "group:0"')
    with pytest.raises(AuthoringError, match="more than 5"):
        catalogue_source.kinds_from([("a.toml", text)])


def test_two_files_with_one_number_are_refused() -> None:
    text = source("kinds", "driving-licence")
    with pytest.raises(AuthoringError, match="another file"):
        catalogue_source.kinds_from([("a.toml", text), ("b.toml", text)])


def test_no_kind_at_all_is_refused() -> None:
    with pytest.raises(AuthoringError, match="no kind"):
        catalogue_source.kinds_from([])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "driving-licence"', 'kind = "flying-licence"', "kind"),
        ("[row.window]", "[row.door]", "row.door"),
        ('mandatory = ["name", "class"', 'mandatory = ["name", "classes"', "row.window.mandatory"),
        ("optional = [", 'optional = ["name", ', "row.window.optional"),
        ("masked = [", 'masked = ["nation", ', "row.window.masked"),
        ('min_assurance = "software"', 'min_assurance = "software"\nreview = 1', "row.window.review"),
        ("challenge_required = false", "challenge_required = 0", "row.window.challenge_required"),
        ('min_assurance = "software"', 'min_assurance = "strong"', "row.window.min_assurance"),
        ("retention_days = 30", 'retention_days = "30"', "row.window.retention_days"),
        ("legal_basis = ", "legal_bases = ", "row.window.legal_basis"),
        ("irreversible = false", "irreversible = false\nnote = 1", "row.window.note"),
        ("irreversible = false", "irreversible = false\nholders_required = 0", "row.window.holders_required"),
        ("irreversible = false", "irreversible = false\nholders_required = 5", "row.window.holders_required"),
        ("irreversible = false", "irreversible = false\nholders_required = true", "row.window.holders_required"),
        ("irreversible = false", "irreversible = false\nlink_waived = 1", "row.window.link_waived"),
        ("challenge_required = false", "challenge_required = false\nseal_required = true", "row.window.seal_required"),
        ("seal_required = true", 'seal_required = "yes"', "row.kiosk.seal_required"),
    ],
)
def test_a_wrong_policy_file_is_named_with_its_key(old: str, new: str, key: str) -> None:
    kinds = catalogue_source.kinds_from([("k.toml", source("kinds", "driving-licence"))])
    text = changed(source("policies", "driving-licence"), old, new)
    with pytest.raises(AuthoringError) as refused:
        policy_source.policy_rows_from([("p.toml", text)], kinds, regions=REGIONS)
    assert (refused.value.file, refused.value.key) == ("p.toml", key)


@pytest.mark.parametrize("holders", limits.HOLDERS_REQUIRED)
def test_as_many_holders_as_a_bundle_holds_may_be_required(holders: int) -> None:
    kinds = catalogue_source.kinds_from([("k.toml", source("kinds", "driving-licence"))])
    text = source("policies", "driving-licence").replace(
        "irreversible = false", f"irreversible = false\nholders_required = {holders}", 1
    )
    rows = policy_source.policy_rows_from([("p.toml", text)], kinds, regions=REGIONS)
    assert [row.holders_required for row in rows.values()] == [holders, 1, 1]


def test_a_view_that_differs_from_its_row_is_refused() -> None:
    text = changed(
        source("kinds", "driving-licence"), "[view.window]\nitems = [", '[view.window]\nitems = ["address", '
    )
    kinds = catalogue_source.kinds_from([("k.toml", text)])
    with pytest.raises(AuthoringError, match="differs in: address") as refused:
        policy_source.policy_rows_from([("p.toml", source("policies", "driving-licence"))], kinds, regions=REGIONS)
    assert refused.value.key == "view.window"


def test_a_mandatory_item_that_a_licence_may_lack_unseen_is_refused() -> None:
    kinds = catalogue_source.kinds_from([("k.toml", source("kinds", "business-licence"))])
    text = (
        source("policies", "business-licence")
        .replace(', "identifier"]', "]")
        .replace("mandatory = [", 'mandatory = ["identifier", ')
    )
    with pytest.raises(AuthoringError, match="may lack") as refused:
        policy_source.policy_rows_from([("p.toml", text)], kinds, regions=REGIONS)
    assert refused.value.key == "row.window.mandatory"


def test_a_view_that_hides_what_another_purpose_relies_on_is_refused() -> None:
    """Shown elsewhere, such a view would pass the item's absence off as the issuer's own statement."""
    lacking = ', "valid_to"]'
    kinds = catalogue_source.kinds_from(
        [("k.toml", source("kinds", "id-card").replace(f'"citizen_id"{lacking}', '"citizen_id"]', 1))]
    )
    policy = source("policies", "id-card").replace(f'"citizen_id"{lacking}', '"citizen_id"]', 1)
    with pytest.raises(AuthoringError, match="another purpose relies on: valid_to") as refused:
        policy_source.policy_rows_from([("p.toml", policy)], kinds, regions=REGIONS)
    assert refused.value.key == "view.window"


def test_a_view_without_row_is_refused() -> None:
    kinds = catalogue_source.kinds_from([("k.toml", source("kinds", "driving-licence"))])
    policy = source("policies", "driving-licence").split("[row.roadside]")[0]
    with pytest.raises(AuthoringError, match="no row") as refused:
        policy_source.policy_rows_from([("p.toml", policy)], kinds, regions=REGIONS)
    assert refused.value.key == "view.roadside"
