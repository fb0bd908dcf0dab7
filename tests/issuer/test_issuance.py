"""What is issued says what was asked, and nothing is signed that the register does not know of."""

import itertools
import threading
from pathlib import Path

import pytest

from issuer import issuance, listing
from issuer.allocation import Allocator
from issuer.application import Issuer
from issuer.errors import (
    IndexGivenTwice,
    IssuanceInterrupted,
    KindUnknown,
    LicenceNotValid,
    RegisterUnavailable,
    SubjectRefused,
)
from issuer.register import Register, StatusEntry
from protocol import cbor, directory, keys, labels, licence_package, limits
from protocol.labels import HolderKind, KeyAssurance, KeyUse, Lic, Purpose
from protocol.sd_cwt import credential, key_binding, redaction
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.status_list import Status
from protocol.trust_list import find_assertion_anchor
from protocol.trust_list import verify as verify_trust
from protocol.unixtime import DAY, UnixTime, end_of_local_day, local_midnight
from tests.issuer.builders import (
    AT,
    DRIVING,
    ID_CARD,
    SUBJECTS,
    URIS,
    credentials,
    holder_key,
    made,
    published_status,
    randomness,
    sign_by,
)


def flattened(claims: redaction.Restored) -> dict[object, object]:
    items: dict[object, object] = {}
    for key, value in claims.claims.items():
        if key in labels.GROUP_KEYS:
            assert isinstance(value, dict)
            items |= value
        else:
            items[key] = value
    return items


def test_a_card_without_an_end_has_views_without_it(issuer: Issuer) -> None:
    endless = {name: value for name, value in ID_CARD.items() if name != "valid_to"}
    issued = issuer.issue("id-card", endless, holder_key(), at=AT)
    flexible, *views = credentials(issued.package)
    assert len(views) == len(issued.kind.views)
    assert flexible.claims.exp == local_midnight(20261122) + issued.kind.lifetime_days * DAY
    laid_out = {frozenset(view.redacted_lic) for view in views}
    assert laid_out == {keys - {Lic.VALID_TO} for keys in issued.kind.views.values()}
    assert Lic.VALID_TO not in flexible.redacted_lic
    with_end = credentials(issuer.issue("id-card", ID_CARD, holder_key(), at=AT).package)
    assert {frozenset(view.redacted_lic) for view in with_end[1:]} == set(issued.kind.views.values())


@pytest.mark.parametrize("slug", SUBJECTS)
def test_every_credential_restores_the_subject(issuer: Issuer, slug: str) -> None:
    issued = issuer.issue(slug, SUBJECTS[slug], holder_key(), at=AT)
    package = licence_package.decode(issued.package)
    assert package.licence_id == issued.licence_id
    assert package.root == issuer.root
    known = directory.verify(package.directory, root=package.root)
    kind = next(kind for kind in known.kinds.values() if kind.slug == slug)
    parsed = credentials(issued.package)
    assert len(parsed) == 1 + len(kind.views)
    restored = []
    for each in parsed:
        anchor = known.credential_anchor(each, at=AT)
        restored.append(credential.disclosed_licence(credential.verify(each, anchor.key)))
    expected = {}
    stated = issuer.licence(issued.licence_id).subject
    assert {name: value for name, value in stated.items() if name != "identifier"} == SUBJECTS[slug]
    for name, value in stated.items():
        item = kind.item_named(name)
        assert item is not None
        expected[item.key] = int(value.replace("-", "")) if item.type == "date" else value
    # F with all its disclosures is the whole subject.
    assert flattened(restored[0]) == expected
    assert restored[0].hidden == 0
    # Each view is exactly its items, all clear.
    for each, view, keys_of_view in zip(
        parsed[1:], restored[1:], (kind.views[purpose] for purpose in sorted(kind.views)), strict=True
    ):
        assert each.encoded_disclosures == ()
        assert view.claims == {key: expected[key] for key in keys_of_view}


def test_one_device_key_one_index_a_sub_each(issuer: Issuer) -> None:
    claims = [
        each.claims for each in credentials(issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package)
    ]
    assert len({claim.status for claim in claims}) == 1
    assert claims[0].status.uri in URIS
    assert all(claim.cnf == holder_key().cose_key for claim in claims)
    assert len({claim.sub for claim in claims}) == len(claims) == 3
    assert {(claim.iss, claim.vct, claim.holder_kind) for claim in claims} == {
        ("310000.GA", 65004, HolderKind.NATURAL_PERSON)
    }


def test_a_company_is_a_legal_person(issuer: Issuer) -> None:
    issued = issuer.issue("business-licence", SUBJECTS["business-licence"], holder_key(), at=AT)
    assert {each.claims.holder_kind for each in credentials(issued.package)} == {HolderKind.LEGAL_PERSON}


def test_personal_items_of_f_are_hidden_until_they_are_disclosed(issuer: Issuer) -> None:
    flexible = credentials(issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package)[0]
    bare = redaction.restore(flexible.redacted_lic, (), never_redacted=frozenset())
    assert set(bare.claims) == {Lic.CLASS, Lic.VALID_FROM, Lic.VALID_TO, Lic.AUTHORITY}
    assert DRIVING["name"].encode() not in flexible.sign1.payload
    assert DRIVING["citizen_id"].encode() not in flexible.sign1.payload


def test_salts_are_fresh_for_every_disclosure_and_issuance(issuer: Issuer) -> None:
    seen = [
        encoded
        for _ in range(2)
        for encoded in credentials(issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package)[
            0
        ].encoded_disclosures
    ]
    salts = {cbor.decode(encoded)[0] for encoded in seen}  # type: ignore[index]
    assert len(salts) == len(seen) == 2 * (len(DRIVING) - 4 + 1)


def test_moments_are_local_midnights_and_end_with_the_technical_life(issuer: Issuer) -> None:
    claims = credentials(issuer.issue("driving-licence", DRIVING, holder_key(), at=AT).package)[0].claims
    assert claims.iat == local_midnight(20261122)
    assert claims.nbf == local_midnight(20260101)
    assert claims.exp == claims.iat + 120 * DAY


@pytest.mark.parametrize(("last", "day"), [("2026-11-22", 20261122), ("2027-01-31", 20270131)])
def test_a_credential_never_outlives_its_licence(issuer: Issuer, last: str, day: int) -> None:
    issued = issuer.issue("driving-licence", DRIVING | {"valid_to": last}, holder_key(), at=AT)
    assert {each.claims.exp for each in credentials(issued.package)} == {end_of_local_day(day)}


def test_a_long_term_licence_still_has_a_technical_life(issuer: Issuer) -> None:
    subject = SUBJECTS["business-licence"]
    assert "valid_to" not in subject
    claims = credentials(issuer.issue("business-licence", subject, holder_key(), at=AT).package)[0].claims
    assert claims.exp - claims.iat == limits.MAX_CREDENTIAL_LIFE


def test_the_published_trust_list_knows_the_key_for_these_kinds(issuer: Issuer) -> None:
    trust = verify_trust((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)
    for slug in SUBJECTS:
        for each in credentials(issuer.issue(slug, SUBJECTS[slug], holder_key(), at=AT).package):
            anchor = find_assertion_anchor(trust, each, at=AT)
            assert anchor.use is KeyUse.ASSERT
            credential.verify(each, anchor.key)


def test_key_assurance_is_what_the_enrolment_found(issuer: Issuer) -> None:
    for assurance in KeyAssurance:
        issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT, key_assurance=assurance)
        assert {each.claims.key_assurance for each in credentials(issued.package)} == {assurance}


def test_an_ed25519_phone_is_served_too(issuer: Issuer) -> None:
    key = keys.Ed25519Signer(b"\x09" * 32).public_key
    issued = issuer.issue("id-card", ID_CARD, key, at=AT)
    assert credentials(issued.package)[0].claims.cnf == key.cose_key


@pytest.mark.parametrize("slug", SUBJECTS)
def test_shown_views_stay_inside_the_size_budget(issuer: Issuer, slug: str) -> None:
    device = keys.P256Signer((1).to_bytes(32))
    issued = issuer.issue(slug, SUBJECTS[slug], device.public_key, at=AT)
    kind = next(kind for kind in issuer.kinds.values() if kind.slug == slug)
    shown = {
        purpose: len(key_binding.present(view, (), KeyBinding(purpose.audience, AT, UnixTime(AT + 60), None), device))
        for purpose, view in zip(
            sorted(kind.views), licence_package.decode(issued.package).credentials[1:], strict=True
        )
    }
    # The hotel's seven items with an address are the longest; a counter reads the others at arm's length.
    budget = dict.fromkeys(shown, limits.TARGET_COUNTER_BYTES) | {Purpose.HOTEL: limits.TARGET_OTHER_BYTES}
    assert {purpose: size for purpose, size in shown.items() if size > budget[purpose]} == {}


def test_refused_subjects_leave_no_trace(issuer: Issuer) -> None:
    with pytest.raises(SubjectRefused):
        issuer.issue("driving-licence", DRIVING | {"sex": 7}, holder_key(), at=AT)
    assert issuer.list() == ()
    assert issuer.open_intents() == ()


def test_an_unknown_kind_names_the_known_ones(issuer: Issuer) -> None:
    with pytest.raises(KindUnknown, match=r"known: birth-certificate, .*, volunteer"):
        issuer.issue("flying-licence", DRIVING, holder_key(), at=AT)


class Broken:
    """A signing device that works `good` times and then does not."""

    def __init__(self, signer: keys.Signer, good: int) -> None:
        self._signer, self._good = signer, good
        self.public_key = signer.public_key

    def sign(self, message: bytes) -> bytes:
        self._good -= 1
        if self._good < 0:
            raise OSError("the device was pulled out")
        return self._signer.sign(message)


@pytest.mark.parametrize("good", [0, 1, 2])
def test_an_intent_without_result_stays_visible_and_can_be_revoked(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    real = issuer._signers.assertion
    sign_by(monkeypatch, issuer, real, Broken(real, good))
    with pytest.raises(IssuanceInterrupted):
        issuer.issue("driving-licence", DRIVING, holder_key(), at=AT)
    intents = issuer.open_intents()
    assert sorted(each.layout for each in intents) == ["F", "roadside", "window"]
    (record,) = issuer.list()
    assert listing.state(record, at=AT) == "unfinished"
    # The key may have signed: the authority can make that worthless.
    issuer.revoke(record.id, reason="试签中断", actor="test", at=AT)
    assert published_status(issuer, intents[0]) == Status.REVOKED


def test_a_register_that_dies_after_signing_leaves_the_intent(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object, **__: object) -> None:
        raise RegisterUnavailable("disk full")

    monkeypatch.setattr(Register, "record_done", dead)
    with pytest.raises(RegisterUnavailable):
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    assert len(issuer.open_intents()) == 4


def test_a_register_that_cannot_record_the_intent_stops_the_key(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(*_: object, **__: object) -> None:
        raise RegisterUnavailable("disk full")

    monkeypatch.setattr(Register, "record_intent", dead)
    real = issuer._signers.assertion
    sign_by(monkeypatch, issuer, real, Broken(real, 0))
    with pytest.raises(RegisterUnavailable):
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)


def test_a_finished_licence_has_no_open_intent(issuer: Issuer) -> None:
    issued = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    assert issuer.open_intents() == ()
    assert issuer.package(issued.licence_id) == issued.package


def test_an_index_that_somebody_has_is_refused_and_records_nothing(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Allocator, "entry", lambda *_: StatusEntry(1, 5))
    issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    with pytest.raises(IndexGivenTwice) as refused:
        issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
    assert "close-lists" in refused.value.hint
    assert len(issuer.list()) == 1
    assert issuer.open_intents() == ()


def test_a_taken_sub_is_drawn_again(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    count = itertools.count()
    real = issuer._issuance._draw_text

    def colliding(characters: int) -> str:
        return "AAAAAAAAAA" if characters == 10 and next(count) in (0, 1, 2) else real(characters)

    monkeypatch.setattr(issuer._issuance, "_draw_text", colliding)
    subs = [each.claims.sub for each in credentials(issuer.issue("id-card", ID_CARD, holder_key(), at=AT).package)]
    assert subs[0] == "AAAAAAAAAA"
    assert len(set(subs)) == len(subs)


def test_drawn_characters_are_evenly_spread() -> None:
    every_byte = itertools.cycle([bytes(range(256))])

    drawing = issuance.Issuance(
        profile=None,
        register=None,
        allocator=None,
        ring=None,
        root=None,
        retired=frozenset(),
        random_bytes=lambda _: next(every_byte),  # type: ignore[arg-type]
    )
    text = drawing._draw_text(248)
    assert len(text) == 248
    assert {text.count(character) for character in set(text)} == {4}
    assert len(set(text)) == 62


def test_indices_do_not_tell_the_order_of_issuing(issuer: Issuer) -> None:
    issued = [issuer.issue("id-card", ID_CARD, holder_key(), at=AT) for _ in range(8)]
    idx = [each.idx for each in issued]
    assert idx != sorted(idx)
    assert max(idx) - min(idx) > 1000
    assert len({each.list_number for each in issued}) > 3


def test_a_refresh_or_a_second_device_takes_a_new_index(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    refreshed = issuer.issue_again(first.licence_id, holder_key(1), at=UnixTime(AT + 90 * DAY))
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    assert len({(each.list_number, each.idx) for each in (first, refreshed, second)}) == 3
    assert {first.licence_id} == {refreshed.licence_id, second.licence_id}
    assert credentials(second.package)[0].claims.cnf == holder_key(2).cose_key
    assert credentials(refreshed.package)[0].claims.iat == credentials(first.package)[0].claims.iat + 90 * DAY
    assert len(issuer.list()) == 1


def test_nothing_new_for_a_suspended_licence(issuer: Issuer) -> None:
    first = issuer.issue("driving-licence", DRIVING, holder_key(1), at=AT)
    issuer.suspend(first.licence_id, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid):
        issuer.issue_again(first.licence_id, holder_key(1), at=AT)


def test_twenty_threads_get_twenty_indices(issuer: Issuer) -> None:
    issued: list[issuance.Issued] = []
    errors: list[BaseException] = []
    together = threading.Barrier(20)

    def one(number: int) -> None:
        try:
            together.wait()
            issued.append(issuer.issue("driving-licence", DRIVING, holder_key(), at=AT))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({(each.list_number, each.idx) for each in issued}) == len({each.licence_id for each in issued}) == 20
    assert len({each.claims.sub for one in issued for each in credentials(one.package)}) == 60


def test_the_same_randomness_and_moment_issue_the_same_bytes(tmp_path: Path) -> None:
    packages = []
    for name in ("a", "b"):
        with made(tmp_path / name, seed=3) as issuer:
            packages.append(issuer.issue("id-card", ID_CARD, holder_key(), at=AT).package)
    assert packages[0] == packages[1]


def test_a_reopened_issuer_goes_on(tmp_path: Path) -> None:
    with made(tmp_path / "i") as issuer:
        first = issuer.issue("id-card", ID_CARD, holder_key(), at=AT)
        root = issuer.root
    with Issuer.open(tmp_path / "i", passphrase=None, random_bytes=randomness(9)) as issuer:
        assert issuer.root == root
        assert issuer.package(first.licence_id) == first.package
        stated = dict(issuer.licence(first.licence_id).subject)
        assert stated.pop("identifier").startswith("1.2.156.3005.2.11100000000013127D001.310000.")
        assert stated == ID_CARD
        assert Purpose.WINDOW in issuer.kinds[65001].views
