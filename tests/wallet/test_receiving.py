"""Receiving: one field of a good package is forged at a time; the exact refusal, and nothing stored."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, directory, keys, labels, licence_package, limits, trust_list, unixtime
from protocol.keys import Ed25519Signer, Signer
from protocol.licence.catalogue import ItemType
from protocol.licence_package import LicencePackage
from protocol.sd_cwt import disclosure, redaction
from protocol.sd_cwt.credential import StatusReference
from protocol.unixtime import DAY, UnixTime
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import (
    AT,
    KIND,
    MIDNIGHT,
    PORTRAIT,
    VALUES,
    VCT,
    Authority,
    anchor,
    encoded,
    flexible,
    holder_key,
)
from wallet_sdk import Card, CardState, Wallet, errors, receiving
from wallet_sdk.device_key import SoftwareKey
from wallet_sdk.errors import ReceiveError
from wallet_sdk.holdings import Holdings

STRANGER = Ed25519Signer(b"\x09" * 32)


@dataclass
class Bench:
    """What a forgery starts from."""

    authority: Authority
    holder: keys.VerificationKey

    def good(self, **changes: object) -> LicencePackage:
        return self.authority.package(self.holder, **changes)  # type: ignore[arg-type]

    def resigned(self, change: Callable[[directory.WalletDirectory], directory.WalletDirectory]) -> LicencePackage:
        return self.good(listed=change)

    def with_view(self, **changes: object) -> LicencePackage:
        good = self.good()
        return replace(good, credentials=(good.credentials[0], self.authority.view(self.holder, **changes)))  # type: ignore[arg-type]

    def with_disclosures(self, change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]) -> LicencePackage:
        """The unprotected header is not signed by the issuer, so anybody on the way can change it."""
        good = self.good()
        structure = cbor.decode(good.credentials[0])
        assert isinstance(structure, cbor.Tagged)
        assert isinstance(structure.value, tuple)
        protected, unprotected, payload, signature = structure.value
        assert isinstance(unprotected, dict)
        changed = {labels.HDR_SD_CLAIMS: change(unprotected[labels.HDR_SD_CLAIMS])}
        forged = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (protected, changed, payload, signature)))
        return replace(good, credentials=(forged, good.credentials[1]))


def flip_last(content: bytes) -> bytes:
    return content[:-1] + bytes((content[-1] ^ 1,))


def forged_root_signature(bench: Bench) -> LicencePackage:
    good = bench.good()
    return replace(good, directory=flip_last(good.directory))


def other_root_than_signed(bench: Bench) -> LicencePackage:
    return replace(bench.good(), root=STRANGER.public_key)


def unlisted_key(bench: Bench) -> LicencePackage:
    lic, hidden = flexible(VALUES, bench.authority.salts)
    claims = bench.authority.claims(bench.holder)
    forged = bench.authority.issue(claims, lic, tuple(each.encoded for each in hidden), STRANGER)
    return replace(bench.good(), credentials=(forged,))


def foreign_region(bench: Bench) -> LicencePackage:
    return bench.good(iss="320000.GA")


def issuer_signature(bench: Bench) -> LicencePackage:
    good = bench.good()
    return replace(good, credentials=(flip_last(good.credentials[0]),))


def unknown_kind(bench: Bench) -> LicencePackage:
    return bench.good(vct=VCT + 1)


def foreign_cnf(bench: Bench) -> LicencePackage:
    return bench.good(cnf=STRANGER.public_key.cose_key)


def view_with_foreign_cnf(bench: Bench) -> LicencePackage:
    return bench.with_view(cnf=STRANGER.public_key.cose_key)


def disclosure_kept_back(bench: Bench) -> LicencePackage:
    return bench.with_disclosures(lambda all_of_them: all_of_them[1:])


def nested_disclosure_kept_back(bench: Bench) -> LicencePackage:
    return bench.with_disclosures(lambda all_of_them: all_of_them[:-1])


def orphan(bench: Bench) -> LicencePackage:
    extra = disclosure.disclose_key(b"\x07" * 16, "测试员乙", 15).encoded
    return bench.with_disclosures(lambda all_of_them: (*all_of_them, extra))


def disclosure_twice(bench: Bench) -> LicencePackage:
    return bench.with_disclosures(lambda all_of_them: (*all_of_them, all_of_them[0]))


def tampered_disclosure(bench: Bench) -> LicencePackage:
    def swap(all_of_them: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return (disclosure.disclose_key(b"\x07" * 16, "测试员乙", 1).encoded, *all_of_them[1:])

    return bench.with_disclosures(swap)


def item_outside_catalogue(bench: Bench) -> LicencePackage:
    return bench.good(values={**VALUES, 99: "x"})


def item_of_wrong_type(bench: Bench) -> LicencePackage:
    return bench.good(values={**VALUES, 11: 19490231})


def expired(bench: Bench) -> LicencePackage:
    return bench.good(iat=unixtime.local_midnight(20260801), exp=MIDNIGHT)


def dated_ahead(bench: Bench) -> LicencePackage:
    return bench.good(iat=MIDNIGHT + DAY)


def directory_expired(bench: Bench) -> LicencePackage:
    return bench.resigned(lambda good: replace(good, iat=MIDNIGHT - 30 * DAY, exp=MIDNIGHT))


def directory_ahead(bench: Bench) -> LicencePackage:
    return bench.resigned(lambda good: replace(good, iat=AT + DAY))


def two_status_references(bench: Bench) -> LicencePackage:
    return bench.with_view(status=StatusReference("lz:310000/3", 4712))


def view_contradicts(bench: Bench) -> LicencePackage:
    return bench.with_view(values={**VALUES, 2: "A1"})


def one_sub_twice(bench: Bench) -> LicencePackage:
    return bench.good(sub="AAAAAAAAAA")


def another_authority_in_the_view(bench: Bench) -> LicencePackage:
    of = trust_list.index((anchor(bench.authority.assertion.public_key), anchor(STRANGER.public_key, iss="310000.JT")))
    claims = bench.authority.claims(bench.holder, iss="310000.JT")
    view = bench.authority.issue(claims, {key: VALUES[key] for key in (1, 2, 7)}, signer=STRANGER)
    good = bench.resigned(lambda listed: replace(listed, anchors=of))
    return replace(good, credentials=(good.credentials[0], view))


def another_holder_kind_in_the_view(bench: Bench) -> LicencePackage:
    return bench.with_view(holder_kind=labels.HolderKind.LEGAL_PERSON)


def last_day_that_is_no_day(bench: Bench) -> LicencePackage:
    items = tuple(replace(item, type=ItemType.INTEGER) if item.key == 7 else item for item in KIND.items)
    return bench.good(
        listed=lambda good: replace(good, kinds={VCT: replace(KIND, items=items)}), values={**VALUES, 7: 5}
    )


def item_with_redactions_inside(bench: Bench) -> LicencePackage:
    element = disclosure.disclose_element(b"\x07" * 16, "one of several")
    name = disclosure.disclose_key(b"\x08" * 16, (redaction.redacted_element(element), "another"), 1)
    lic = redaction.redacted_map({7: VALUES[7]}, [name])
    forged = bench.authority.issue(bench.authority.claims(bench.holder), lic, (name.encoded, element.encoded))
    return replace(bench.good(), credentials=(forged,))


def algorithm_of_another_key(bench: Bench) -> LicencePackage:
    good = bench.good()
    structure = cbor.decode(good.credentials[1])
    assert isinstance(structure, cbor.Tagged)
    assert isinstance(structure.value, tuple)
    protected, unprotected, payload, signature = structure.value
    assert isinstance(protected, bytes)
    header = cbor.decode(protected)
    assert isinstance(header, dict)
    changed = cbor.encode({**header, labels.HDR_ALG: int(labels.Alg.ESP256)})
    forged = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (changed, unprotected, payload, signature)))
    return replace(good, credentials=(good.credentials[0], forged))


def other_portrait(bench: Bench) -> LicencePackage:
    return replace(bench.good(), portrait=b"another face")


def hostile_id(bench: Bench) -> LicencePackage:
    return replace(bench.good(), licence_id="31\x1b[2J")


def hostile_refresh_address(bench: Bench) -> LicencePackage:
    return replace(bench.good(), refresh_url="file:///etc/passwd")


def credential_of_another_type(bench: Bench) -> LicencePackage:
    good = bench.good()
    return replace(good, credentials=(good.directory,))


FORGERIES: tuple[tuple[Callable[[Bench], LicencePackage], type[ReceiveError], str], ...] = (
    (hostile_id, errors.PackageMalformed, "E_SCHEMA"),
    (hostile_refresh_address, errors.PackageMalformed, "E_SCHEMA"),
    (forged_root_signature, errors.DirectoryRefused, "E_SIG_ISSUER"),
    (other_root_than_signed, errors.DirectoryRefused, "E_ISSUER_UNKNOWN"),
    (directory_expired, errors.DirectoryExpired, ""),
    (directory_ahead, errors.PackageFromFuture, ""),
    (credential_of_another_type, errors.CredentialMalformed, "E_TYP"),
    (foreign_region, errors.RegionMismatch, ""),
    (unlisted_key, errors.IssuerUnknown, ""),
    (issuer_signature, errors.IssuerSignatureWrong, "E_SIG_ISSUER"),
    (unknown_kind, errors.KindUnknown, ""),
    (foreign_cnf, errors.ForeignDevice, ""),
    (view_with_foreign_cnf, errors.ForeignDevice, ""),
    (disclosure_kept_back, errors.DisclosureMissing, ""),
    (nested_disclosure_kept_back, errors.DisclosureMissing, ""),
    (orphan, errors.DisclosuresWrong, "E_SD_ORPHAN"),
    (disclosure_twice, errors.DisclosuresWrong, "E_SD_DUP"),
    (tampered_disclosure, errors.DisclosuresWrong, "E_SD_ORPHAN"),
    (item_outside_catalogue, errors.ItemsWrong, ""),
    (item_of_wrong_type, errors.ItemsWrong, "E_SCHEMA"),
    (expired, errors.PackageExpired, ""),
    (dated_ahead, errors.PackageFromFuture, ""),
    (two_status_references, errors.GroupInconsistent, ""),
    (view_contradicts, errors.GroupInconsistent, ""),
    (one_sub_twice, errors.GroupInconsistent, ""),
    (another_authority_in_the_view, errors.GroupInconsistent, ""),
    (another_holder_kind_in_the_view, errors.GroupInconsistent, ""),
    (last_day_that_is_no_day, errors.ItemsWrong, ""),
    (item_with_redactions_inside, errors.ItemsWrong, "E_SCHEMA"),
    (algorithm_of_another_key, errors.CredentialMalformed, "E_ALG"),
    (other_portrait, errors.PortraitWrong, ""),
)


@pytest.fixture
def bench(authority: Authority, wallet: Wallet) -> Bench:
    return Bench(authority, holder_key(wallet.public_key()))


@pytest.mark.parametrize(("forge", "expected", "reason"), FORGERIES, ids=[each[0].__name__ for each in FORGERIES])
def test_forgery_is_refused_by_its_own_name_and_nothing_is_stored(
    forge: Callable[[Bench], LicencePackage],
    expected: type[ReceiveError],
    reason: str,
    bench: Bench,
    wallet: Wallet,
    folder: Path,
) -> None:
    before = (folder / "wallet.vault").read_bytes()
    with pytest.raises(ReceiveError) as refused:
        wallet.receive(encoded(forge(bench)))
    assert type(refused.value) is expected
    assert (str(refused.value.reason.code) if refused.value.reason else "") == reason
    assert (folder / "wallet.vault").read_bytes() == before
    assert wallet.cards() == ()


@pytest.mark.parametrize("content", [b"", b"\x00", b"<html>", b"\xa1" * 300_000, b"\xa7\x01\x01"])
def test_anything_else_is_no_package(content: bytes, wallet: Wallet) -> None:
    with pytest.raises(errors.PackageMalformed):
        wallet.receive(content)


def test_good_package_makes_a_card(card: Card, wallet: Wallet) -> None:
    assert (card.id, card.kind, card.issuer, card.state) == (
        "31000026A7", "driving-licence", "310000.GA", CardState.VALID,
    )  # fmt: skip
    assert {item.name: item.value for item in card.items} == {
        known.name: VALUES[known.key] for known in KIND.items if known.key in VALUES
    }
    assert {item.name for item in card.items if item.is_clear} == {"class", "valid_from", "valid_to", "authority"}
    assert card.portrait is not None
    assert wallet.cards() == (card,)
    assert "测试员甲" not in repr(card)


def test_first_root_is_pinned(card: Card, wallet: Wallet) -> None:
    imitation = Authority(root=STRANGER)
    with pytest.raises(errors.RootChanged):
        wallet.receive(encoded(imitation.package(holder_key(wallet.public_key()))))
    assert wallet.cards() == (card,)


def test_given_root_is_demanded_already_at_first_use(bench: Bench, wallet: Wallet) -> None:
    with pytest.raises(errors.RootUnexpected):
        wallet.receive(encoded(bench.good()), root=b"\x00" * 32)
    assert wallet.receive(encoded(bench.good()), root=bench.authority.root.public_key.thumbprint).kind == KIND.slug


def test_older_directory_brings_no_withdrawn_key_back(bench: Bench, wallet: Wallet) -> None:
    withdrawn = bench.good()
    successor = Authority(assertion=STRANGER)
    newer = successor.package(bench.holder, listed=lambda good: replace(good, seq=2))
    wallet.receive(encoded(newer))
    with pytest.raises(errors.IssuerUnknown):
        wallet.receive(encoded(replace(withdrawn, licence_id="31000026A8")))


def test_directory_that_drops_a_held_kind_is_refused(card: Card, bench: Bench, wallet: Wallet) -> None:
    other = replace(KIND, vct=VCT + 1, slug="other")
    dropped = bench.resigned(lambda good: replace(good, seq=2, kinds={VCT + 1: other}))
    with pytest.raises(errors.DirectoryRefused, match="dropped"):
        wallet.receive(encoded(dropped))
    assert wallet.cards() == (card,)


def test_refresh_replaces_and_an_older_edition_does_not(
    card: Card, bench: Bench, wallet: Wallet, clock: ManualClock
) -> None:
    clock.at += 90 * DAY
    renewed = bench.good(
        listed=lambda good: replace(good, seq=2, iat=MIDNIGHT + 90 * DAY, exp=MIDNIGHT + 120 * DAY),
        iat=MIDNIGHT + 90 * DAY,
        exp=MIDNIGHT + 210 * DAY,
    )
    newer = wallet.receive(encoded(renewed))
    assert newer.id == card.id
    assert newer.edition != card.edition
    assert newer.credential_expires == MIDNIGHT + 210 * DAY
    with pytest.raises(errors.PackageOlder):
        wallet.receive(encoded(bench.good()))
    assert wallet.cards() == (newer,)


def test_another_kind_cannot_take_a_licences_place(card: Card, bench: Bench, wallet: Wallet) -> None:
    other = replace(KIND, vct=VCT + 1, slug="other")
    imposter = bench.good(listed=lambda good: replace(good, seq=2, kinds={VCT: KIND, VCT + 1: other}), vct=VCT + 1)
    with pytest.raises(errors.LicenceIdTaken):
        wallet.receive(encoded(imposter))
    assert wallet.cards() == (card,)


def test_licence_that_begins_later_is_received_and_marked(bench: Bench, wallet: Wallet, clock: ManualClock) -> None:
    begin = unixtime.local_midnight(20261201)
    later = bench.good(values={**VALUES, 6: 20261201}, nbf=begin, iat=begin, exp=begin + 100 * DAY)
    assert wallet.receive(encoded(later)).state is CardState.NOT_YET
    clock.at = begin
    assert wallet.cards()[0].state is CardState.VALID


@pytest.mark.parametrize(
    ("days", "last_day", "life", "state"),
    [
        (0, 20320101, 120, CardState.VALID),
        (104, 20320101, 120, CardState.VALID),
        (105, 20320101, 120, CardState.NEEDS_REFRESH),
        (121, 20320101, 120, CardState.NEEDS_REFRESH),
        (0, 20270101, 41, CardState.VALID),
        (11, 20270101, 41, CardState.EXPIRING),
        (40, 20270101, 41, CardState.EXPIRING),
        (41, 20270101, 41, CardState.EXPIRED),
    ],
)
def test_state_is_known_before_the_clerk_sees_it(
    days: int, last_day: int, life: int, state: CardState, bench: Bench, wallet: Wallet, clock: ManualClock
) -> None:
    wallet.receive(encoded(bench.good(values={**VALUES, 7: last_day}, exp=MIDNIGHT + life * DAY)))
    clock.at = MIDNIGHT + days * DAY
    assert wallet.cards()[0].state is state


def test_package_survives_its_own_encoding(bench: Bench) -> None:
    good = bench.good()
    assert licence_package.decode(encoded(good)) == good


def test_moments_at_the_end_of_all_calendars_are_named(bench: Bench, wallet: Wallet) -> None:
    far = limits.MAX_TIME - 1
    for forged in (
        bench.resigned(lambda good: replace(good, iat=far, exp=far + 1)),
        bench.good(iat=far, exp=far + 1),
        bench.good(values={**VALUES, 6: 99991231, 7: 99991231}, iat=far, exp=far + 1),
    ):
        with pytest.raises(errors.PackageFromFuture, match="9999"):
            wallet.receive(encoded(forged))


@given(content=st.binary(max_size=200), data=st.data())
def test_changed_bytes_are_refused_by_name_or_change_nothing_signed(content: bytes, data: st.DataObject) -> None:
    holder = Ed25519Signer(b"\x05" * 32)
    held = Holdings(SoftwareKey(labels.Alg.ED25519, b"\x05" * 32), {}, {})
    good = encoded(Authority().package(holder.public_key))
    position = data.draw(st.integers(0, len(good) - 1))
    flipped = good[:position] + bytes((good[position] ^ (1 << data.draw(st.integers(0, 7))),)) + good[position + 1 :]
    spliced = good[:position] + content + good[position:]
    for forged in (content, flipped, spliced):
        try:
            after, licence_id = receiving.receive(forged, held, at=AT, root=None)
        except ReceiveError:
            continue
        # What the issuer and the root signed is what is stored; only the unsigned hints may differ.
        unforged = licence_package.decode(good)
        stored = after.licences[licence_id]
        assert [signed_part(each) for each in stored.credentials] == [signed_part(e) for e in unforged.credentials]
        assert after.regions["310000"].directory == unforged.directory
        assert stored.portrait in {PORTRAIT, None}


def signed_part(credential: bytes) -> cbor.Value:
    structure = cbor.decode(credential)
    assert isinstance(structure, cbor.Tagged)
    assert isinstance(structure.value, tuple)
    return structure.value[0], structure.value[2]


# A directory alone.


def test_a_newer_directory_alone_is_taken_and_an_older_or_foreign_one_is_not(
    wallet: Wallet, authority: Authority, card: Card
) -> None:
    def signed_directory(signer: Signer | None = None, **changes: Any) -> bytes:
        return directory.sign(replace(authority.directory(), **changes), signer or authority.root)

    assert wallet.take_directory(signed_directory(seq=5)) == "310000"
    kinds = {vct: kind for vct, kind in authority.directory().kinds.items() if vct != card.vct}
    for encoded_directory, expected in (
        (signed_directory(seq=4), errors.PackageOlder),
        (signed_directory(authority.assertion, seq=6), errors.DirectoryRefused),
        (signed_directory(seq=6, iss="330000"), errors.DirectoryRefused),
        (signed_directory(seq=6, kinds=kinds), errors.DirectoryRefused),
        (signed_directory(seq=6, exp=AT), errors.DirectoryExpired),
        (signed_directory(seq=6, iat=UnixTime(AT + 31)), errors.PackageFromFuture),
        (b"", errors.DirectoryRefused),
    ):
        with pytest.raises(errors.WalletError) as refused:
            wallet.take_directory(encoded_directory)
        assert type(refused.value) is expected
    # What was taken counts from then on: an older one in a package does not bring it back.
    wallet.receive(encoded(authority.package(holder_key(wallet.public_key()))))
    with pytest.raises(errors.PackageOlder, match="5 is held"):
        wallet.take_directory(signed_directory(seq=4))
