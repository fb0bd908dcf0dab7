"""An operator's rows for one region: they state what is stricter, and a looser one is refused and never signed."""

from pathlib import Path

import pytest

from issuer import authored_table, catalogue_source, policy_source
from issuer.application import Issuer
from issuer.errors import AuthoringError
from protocol import appraisal_policy, directory
from protocol.appraisal_policy import AppraisalPolicy
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.policy_row import PolicyRow
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import AT, made, randomness

KINDS = catalogue_source.load_kinds()
ROWS = policy_source.load_policy_rows(KINDS, regions=frozenset({"310000"}))
DRIVING, WINDOW, KIOSK = 65_004, Purpose.WINDOW, Purpose.KIOSK
GOOD = """
kind = "driving-licence"

[stricter.window.330000]
legal_basis = "《区域互认协议》第三条"
challenge_required = true
max_status_age = 3600
min_assurance = "hardware_user_verification"
masked = ["name", "citizen_id", "licence_no"]
optional = ["portrait", "citizen_id"]
separate_consent = ["portrait"]
retention_days = 7

[stricter.roadside.330400]
show_under_refusal = false
"""

APART = 'separate_consent = ["portrait"]'
SHOWS = "show_under_refusal = false"


def rows_of(text: str) -> policy_source.StricterRows:
    return policy_source.stricter_rows_from([("policies/own.toml", text)], KINDS, ROWS)


def test_what_is_not_stated_is_as_in_the_general_row() -> None:
    rows = rows_of(GOOD)
    assert rows.keys() == {(DRIVING, WINDOW, "330000"), (DRIVING, Purpose.ROADSIDE, "330400")}
    row, general = rows[DRIVING, WINDOW, "330000"], ROWS[DRIVING, WINDOW]
    assert (row.only_for, row.regions) == ("330000", {"330000"})
    assert (row.challenge_required, row.max_status_age, row.retention_days) == (True, 3600, 7)
    assert row.min_assurance is KeyAssurance.HARDWARE_USER_VERIFICATION
    assert (row.mandatory, row.person_check, row.review_path) == (
        general.mandatory,
        general.person_check,
        general.review_path,
    )
    assert row.maximum == general.mandatory | {Lic.PORTRAIT_SHA256, Lic.CITIZEN_ID}
    assert row.masked == {Lic.NAME, Lic.CITIZEN_ID}


@pytest.mark.parametrize(
    ("old", "new", "key", "why"),
    [
        ("challenge_required = true", "", None, None),
        ("retention_days = 7", "retention_days = 31", "stricter.window.330000.retention_days", "looser"),
        ('masked = ["name", ', "masked = [", None, None),
        ('masked = ["name", "citizen_id", ', "masked = [", "stricter.window.330000.masked", "looser"),
        ('optional = ["portrait", ', 'optional = ["nation", ', "stricter.window.330000.optional", "none of"),
        (APART, "separate_consent = []", "stricter.window.330000.separate_consent", "looser"),
        (SHOWS, "link_waived = true", "stricter.roadside.330400.link_waived", "looser"),
        (SHOWS, "person_check = true", "stricter.roadside.330400", "nothing in it is stricter"),
        (SHOWS, "person_check = false", "stricter.roadside.330400.person_check", "looser"),
        (SHOWS, "seal_required = true", "stricter.roadside.330400.seal_required", "challenge"),
        (SHOWS, 'mandatory = ["name"]', "stricter.roadside.330400.mandatory", "no such entry"),
        (SHOWS, "guardian_below = 14", "stricter.roadside.330400.guardian_below", "tells the age"),
        (SHOWS, "retention_days = 0", "stricter.roadside.330400", "retention_days"),
        ("roadside.330400", "roadside.33040", "stricter.roadside.33040", "six digits"),
        ("roadside.330400", 'roadside."３３０４００"', "stricter.roadside.３３０４００", "six digits"),
        ("roadside.330400", "gate.330400", "stricter.gate.330400", "no general row"),
        ("roadside.330400", "road.330400", "stricter.road", "none of"),
        ("[stricter.roadside.330400]", "[row.roadside]", "row", "no such entry"),
        ("driving-licence", "flying-licence", "kind", "no kind"),
    ],
)  # fmt: skip
def test_a_row_that_only_tightens_is_taken_and_another_is_named(
    old: str, new: str, key: str | None, why: str | None
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if key is None:
        rows_of(text)
        return
    with pytest.raises(AuthoringError, match=why) as refused:
        rows_of(text)
    assert (refused.value.file, refused.value.key) == ("policies/own.toml", key)


def test_two_rows_for_one_region_are_refused() -> None:
    with pytest.raises(AuthoringError, match="a second row"):
        policy_source.stricter_rows_from([("a.toml", GOOD), ("b.toml", GOOD)], KINDS, ROWS)


def opened(folder: Path) -> Issuer:
    return Issuer.open(folder, passphrase=None, random_bytes=randomness(2))


def policy_of(issuer: Issuer) -> AppraisalPolicy:
    return appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)


def test_they_are_read_from_the_operators_folder_and_published(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"
    made(folder).close()
    with opened(folder) as issuer:
        assert policy_of(issuer).stricter == {}
    (folder / "policies").mkdir()
    (folder / "policies" / "own.toml").write_text(GOOD, "utf-8")
    with opened(folder) as issuer:
        issuer.publish(at=UnixTime(AT + DAY))
        policy = policy_of(issuer)
        known = directory.verify((issuer.places.published / "directory.cbor").read_bytes(), root=issuer.root)
    row = policy.row(DRIVING, WINDOW, "330402")
    assert isinstance(row, PolicyRow)
    assert row.challenge_required
    assert not policy.rows[DRIVING, WINDOW].challenge_required
    # Wallets are told what needs a consent of its own, and nothing of other regions' terms.
    assert known.maxima[DRIVING, WINDOW].separate == {Lic.PORTRAIT_SHA256}


@pytest.mark.parametrize("content", [b"\xff", GOOD.replace("retention_days = 7", "retention_days = 99").encode()])
def test_a_wrong_file_stops_the_issuer_before_anything_is_published(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "issuer"
    made(folder).close()
    (folder / "policies").mkdir()
    (folder / "policies" / "own.toml").write_bytes(content)
    with pytest.raises(AuthoringError):
        opened(folder)


def test_no_folder_is_no_row(tmp_path: Path) -> None:
    assert authored_table.in_folder(tmp_path / "policies") == ()
