"""Licences of several holders, on both databases: a credential for each, one legal document, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from issuer import catalogue_source
from issuer.application import Issuer
from issuer.changing.selecting import Selection
from issuer.errors import IssuanceInterrupted, LicenceNotValid, SubjectRefused, TransitionRefused
from issuer.joint import register as rows_of
from issuer.joint.errors import HeldTogether, HoldersRefused
from issuer.joint.subjects import HOLDERS
from issuer.lifecycle import LegalChange
from issuer.register import StatusEvent
from issuer.synthetic import subjects
from protocol import licence_package
from protocol.labels import KeyAssurance, Lic
from protocol.sd_cwt import redaction
from protocol.status_list import Status
from tests.issuer.builders import AT, credentials, holder_key, published_status
from tests.issuer.wallets import Wallet, code_of, offered, packages, signer

KINDS = {kind.slug: kind for kind in catalogue_source.load_kinds().values()}
COUPLE = subjects.subject(KINDS["marriage"], 0, seed=1, at=AT)
KEYS = (holder_key(1), holder_key(2))


def issue(issuer: Issuer, written: object = COUPLE, keys: Any = KEYS, slug: str = "marriage") -> Any:
    return issuer.joint.issue(slug, written, keys, portraits=[None] * len(keys), actor="test", at=AT)


def names(package: bytes) -> set[object]:
    """The name that every credential of a package says, views and all that F discloses."""
    found = set()
    for each in credentials(package):
        restored = redaction.restore(each.redacted_lic, each.encoded_disclosures, never_redacted=frozenset())
        found.add(restored.claims[Lic.NAME])
    return found


def test_each_holder_has_their_own_under_their_own_key(issuer: Issuer) -> None:
    one, other = issue(issuer)
    for issued, key, part in zip((one, other), KEYS, COUPLE[HOLDERS], strict=True):
        assert {each.claims.cnf == key.cose_key for each in credentials(issued.package)} == {True}
        assert names(issued.package) == {part["name"]}
        assert licence_package.decode(issued.package).licence_id == issued.licence_id
        assert issuer.licence(issued.licence_id).holder_number == part["citizen_id"]
        assert [each.id for each in issuer.list(search=part["citizen_id"])] == [issued.licence_id]
    assert issuer.joint.together(other.licence_id) == (one.licence_id, other.licence_id)
    subs = {each.claims.sub for issued in (one, other) for each in credentials(issued.package)}
    assert len(subs) == len(credentials(one.package)) * 2
    assert (one.list_number, one.idx) != (other.list_number, other.idx)


@pytest.mark.parametrize("whose", [0, 1])
def test_a_legal_change_of_one_is_one_of_all(issuer: Issuer, whose: int) -> None:
    couple = issue(issuer)
    again = issuer.issue_again(couple[1].licence_id, holder_key(3), at=AT)
    named = couple[whose].licence_id
    for change, status in (
        (issuer.suspend, Status.SUSPENDED),
        (issuer.reinstate, Status.VALID),
        (issuer.revoke, Status.REVOKED),
    ):
        flipped = change(named, reason="测试", actor="test", at=AT)
        assert len(flipped) == 3
        assert {each.new for each in flipped} == {status}
        assert {published_status(issuer, each) for each in (*couple, again)} == {status}
        assert {issuer.licence(each.licence_id).status for each in couple} == {status}
    with pytest.raises(TransitionRefused):
        issuer.reinstate(couple[1 - whose].licence_id, reason="测试", actor="test", at=AT)


def test_a_lost_phone_is_one_holder_s_alone(issuer: Issuer) -> None:
    one, other = issue(issuer)
    issuer.devices.report_lost(one.licence_id, holder_key(1).thumbprint.hex(), reason="测试", actor="test", at=AT)
    assert published_status(issuer, one) == Status.DEVICE_LOST
    assert published_status(issuer, other) == Status.VALID


def test_many_at_once_change_each_licence_once(issuer: Issuer) -> None:
    one, other = issue(issuer)
    for ids in ((other.licence_id,), (other.licence_id, one.licence_id)):
        affected = issuer.changes.preview(Selection(ids=ids), LegalChange.SUSPEND, at=AT)
        assert {each for each, _ in affected.licences} == {one.licence_id, other.licence_id}
    issuer.changes.change(Selection(ids=ids), LegalChange.SUSPEND, reason="测试", actor="test", at=AT)
    assert {issuer.licence(each.licence_id).status for each in (one, other)} == {Status.SUSPENDED}
    with issuer._register.reading() as connection:
        assert set(rows_of.with_others(connection, [one.licence_id, "nobody"])) == {
            *(one.licence_id, other.licence_id, "nobody"),
        }


def test_nobody_joins_what_is_suspended_meanwhile(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    issuance, first = issuer._issuance, []
    real = issuance.issue

    def suspended_between(*arguments: Any, **options: Any) -> Any:
        issued = real(*arguments, **options)
        if not first:
            first.append(issued)
            issuer.suspend(issued.licence_id, reason="测试", actor="test", at=AT)
        return issued

    monkeypatch.setattr(issuance, "issue", suspended_between)
    with pytest.raises(LicenceNotValid):
        issue(issuer)
    assert issuer.joint.together(first[0].licence_id) == (first[0].licence_id,)
    assert len(issuer.list()) == 1


def without(name: str, place: int) -> dict[str, Any]:
    parts = [dict(each) for each in COUPLE[HOLDERS]]
    del parts[place][name]
    return COUPLE | {HOLDERS: parts}


def with_other(name: str, value: object, place: int = 1) -> dict[str, Any]:
    parts = [dict(each) for each in COUPLE[HOLDERS]]
    parts[place][name] = value
    return COUPLE | {HOLDERS: parts}


REFUSED: dict[str, tuple[object, Any, type[Exception], str]] = {
    "one holder": (COUPLE | {HOLDERS: COUPLE[HOLDERS][:1]}, KEYS[:1], HoldersRefused, "2 to 2 holders"),
    "three holders": (COUPLE | {HOLDERS: [*COUPLE[HOLDERS], COUPLE[HOLDERS][0]]}, KEYS, HoldersRefused, "this one 3"),
    "no list": ({name: value for name, value in COUPLE.items() if name != HOLDERS}, KEYS, HoldersRefused, "this one 1"),
    "a list of words": (COUPLE | {HOLDERS: ["甲", "乙"]}, KEYS, SubjectRefused, "not a list of objects"),
    "no object": ([], KEYS, SubjectRefused, "not a list of objects"),
    "a key too few": (COUPLE, KEYS[:1], HoldersRefused, "1 device keys"),
    "one device of two": (COUPLE, (KEYS[0], KEYS[0]), HoldersRefused, "one device key"),
    "an item missing": (without("name", 1), KEYS, SubjectRefused, "missing"),
    "another spouse": (with_other("spouse_name", "测陌生"), KEYS, SubjectRefused, "spouse_name"),
    "another birthday": (with_other("spouse_birth_date", "1970-01-01", 0), KEYS, SubjectRefused, "spouse_birth_date"),
    "one person twice": (COUPLE | {HOLDERS: [COUPLE[HOLDERS][0]] * 2}, KEYS, SubjectRefused, "citizen_id"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_who_does_not_belong_together_gets_nothing(issuer: Issuer, what: str) -> None:
    written, keys, error, words = REFUSED[what]
    with pytest.raises(error) as refused:
        issue(issuer, written, keys)
    said = f"{refused.value} {getattr(refused.value, 'problems', '')}"
    assert words in said
    assert COUPLE[HOLDERS][0]["citizen_id"] not in said
    assert issuer.list() == ()
    assert issuer.open_intents() == ()


def test_a_couple_s_licence_is_not_issued_to_one_nor_renewed_by_one(issuer: Issuer) -> None:
    flat = {name: value for name, value in COUPLE.items() if name != HOLDERS} | COUPLE[HOLDERS][0]
    with pytest.raises(HoldersRefused, match="2 holders"):
        issuer.issue("marriage", flat, holder_key(), at=AT)
    one, _ = issue(issuer)
    with pytest.raises(HeldTogether):
        issuer.licence_renewals.renew(
            one.licence_id, {"remark": "补发"}, holder_key(), reason="测试", actor="test", at=AT,
            key_assurance=KeyAssurance.SOFTWARE,
        )  # fmt: skip


def test_a_household_of_one_is_an_ordinary_licence_and_of_four_a_joint_one(issuer: Issuer) -> None:
    kind = KINDS["household-register"]
    by_size = {len(each[HOLDERS]): each for each in subjects.generate(kind, count=40, seed=2, at=AT)}
    single = {name: value for name, value in by_size[1].items() if name != HOLDERS} | by_size[1][HOLDERS][0]
    alone = issuer.issue("household-register", single, holder_key(), at=AT)
    assert issuer.joint.together(alone.licence_id) == (alone.licence_id,)
    four = issue(issuer, by_size[4], tuple(map(holder_key, range(11, 15))), "household-register")
    assert len(issuer.joint.together(four[3].licence_id)) == 4


def test_after_a_crash_between_two_holders_a_change_reaches_who_has_theirs(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = issuer._issuance._sign, []

    def fails_at_the_second(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise IssuanceInterrupted("the machine stops here")
        return real(*arguments, **options)

    monkeypatch.setattr(issuer._issuance, "_sign", fails_at_the_second)
    with pytest.raises(IssuanceInterrupted):
        issue(issuer)
    (only,) = issuer.list()
    flipped: tuple[StatusEvent, ...] = issuer.change(only.id, LegalChange.WITHDRAW, reason="测试", actor="test", at=AT)
    assert len(flipped) == 1


@pytest.mark.parametrize("slug", ["marriage", "id-card"])
def test_nothing_is_offered_or_filed_for_one_of_several(issuer: Issuer, slug: str) -> None:
    written = COUPLE if slug == "id-card" else COUPLE[HOLDERS][0] | {"licence_no": "J310101-2026-000001"}
    with pytest.raises(HoldersRefused, match="several holders" if slug == "id-card" else "a marriage has 2 holders"):
        offered(issuer, kind=slug, subject=written)
    with pytest.raises(HoldersRefused):
        issuer.applications.file(slug, written, portrait=None, by="3101", at=AT)
    assert issuer.wallet_issuing.offers.listed() == ()
    assert issuer.applications.listed(decided_too=True) == ()


def test_what_is_recorded_without_devices_is_offered_to_each_holder(issuer: Issuer, client: FlaskClient) -> None:
    picture = Path("docs/examples/portrait.webp").read_bytes()
    ids = issuer.joint.record("marriage", COUPLE, portraits=[picture, None], actor="test", at=AT)
    assert issuer.joint.together(ids[1]) == ids
    assert [issuer.licence(each).finished for each in ids] == [False, False]
    assert [(each.act, each.id) for each in issuer.audit.everything()] == [("record-together", each) for each in ids]
    for number, (licence_id, part) in enumerate(zip(ids, COUPLE[HOLDERS], strict=True), start=1):
        assert [each.id for each in issuer.list(search=part["citizen_id"])] == [licence_id]
        wallet = Wallet(client, signer(number))
        assert wallet.redeem(code_of(offered(issuer, licence_id=licence_id, tx_code=False))).status_code == 200
        (package,) = packages(wallet.ask(kind="marriage"))
        assert names(package) == {part["name"]}
        held = licence_package.decode(package)
        assert (held.licence_id, held.portrait) == (licence_id, picture if number == 1 else None)
    flipped = issuer.revoke(ids[0], reason="测试", actor="test", at=AT)
    assert len(flipped) == 2


def test_nothing_is_recorded_of_holders_who_do_not_fit(issuer: Issuer) -> None:
    one, other = COUPLE[HOLDERS]
    for wrong, refusal in (
        (COUPLE | {HOLDERS: [one]}, HoldersRefused),
        (COUPLE | {HOLDERS: [one, other | {"spouse_name": "测试员未"}]}, SubjectRefused),
        (COUPLE | {HOLDERS: [one, other | {"name": ""}]}, SubjectRefused),
    ):
        with pytest.raises(refusal):
            issuer.joint.record("marriage", wrong, portraits=[], actor="test", at=AT)
    with pytest.raises(HoldersRefused, match="2 holders and 1 places"):
        issuer.joint.record("marriage", COUPLE, portraits=[None], actor="test", at=AT)
    assert issuer.list() == ()
