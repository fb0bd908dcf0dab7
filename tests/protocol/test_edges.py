"""Edges that no other test stood on: the last size, number and moment that is taken, and the first that is not.

Found by changing the code (docs/benchmarks.md, "Mutation"). A size is judged before anything else, so that bytes of
exactly the bound get another reason than too many.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import (
    appraisal_policy,
    cbor,
    checkpoint,
    cose_sign,
    cwt,
    keys,
    labels,
    licence_package,
    limits,
    manifest,
    reversal,
    root_keys,
    sealing,
    short_code,
    signed_document,
    sm2,
    trust_list,
)
from protocol.appraisal_policy import RowLabel
from protocol.checkpoint import BasePointer, CoSignedDelta, Inline, TufVersions
from protocol.errors import (
    AlgError,
    Base45Error,
    IssuerUnknown,
    KeyRefused,
    ProtocolError,
    SchemaError,
    ShapeError,
    SignatureForm,
    SizeError,
    TimeTypeError,
)
from protocol.feed_position import FeedPosition
from protocol.keys import AlgorithmTable, P256Key, P256Signer, SignatureMismatch
from protocol.labels import Alg, KeyAssurance, KeyUse, Lic, Purpose
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.ml_dsa import ML_DSA_65, MlDsa65Signer
from protocol.qr import bundle, envelope
from protocol.roots import SignerPair
from protocol.sd_cwt import key_binding
from protocol.trust_list import AnchorLabel
from protocol.unixtime import DAY, Seconds, UnixTime
from tests.protocol.test_checkpoint import DELTA, HEAD, OFFLINE, STATUS, co_signature, co_signed, good, read_reversal
from tests.protocol.test_licence_package import package
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.randomness import Drbg
from tests.utopia.sm2_reference import Reference
from tests.utopia.world import BEGINNING, WUYOU, World

WORLD = World()
ROOT = WORLD.roots[WUYOU]
TRUST = WORLD.trust()
ONLY_P256 = AlgorithmTable((keys.ESP256,))


# Sizes.


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (lambda content: trust_list.verify(content, root=ROOT.public_key), limits.MAX_DOCUMENT_BYTES),
        (checkpoint.parse, limits.MAX_CHECKPOINT_BYTES),
        (
            lambda content: reversal.verify(content, trust=TRUST, expected_region=WUYOU, at=BEGINNING),
            limits.MAX_REVERSAL_BYTES,
        ),
        (
            lambda content: manifest.verify(content, signed_by=ROOT.public_key, expected_region=WUYOU),
            limits.MAX_MANIFEST_BYTES,
        ),
        (licence_package.decode, limits.MAX_PACKAGE_BYTES),
        (bundle.parse, limits.MAX_BUNDLE_BYTES),
    ],
    ids=["document", "checkpoint", "co-signature", "manifest", "package", "bundle"],
)
def test_a_size_is_refused_from_one_byte_too_many(read: Callable[[bytes], Any], most: int) -> None:
    with pytest.raises(SizeError):
        read(bytes(most + 1))
    with pytest.raises(ProtocolError) as refused:
        read(bytes(most))
    assert not isinstance(refused.value, SizeError)


# Moments and numbers.


@pytest.mark.parametrize("at", [0, limits.MAX_TIME])
def test_the_first_and_the_last_moment(at: int) -> None:
    assert cwt.moment({labels.CLAIM_IAT: at}, labels.CLAIM_IAT) == at


@pytest.mark.parametrize("at", [-1, limits.MAX_TIME + 1, True, None, "0"])
def test_what_is_no_moment(at: cbor.Value) -> None:
    with pytest.raises(TimeTypeError):
        cwt.moment({labels.CLAIM_IAT: at}, labels.CLAIM_IAT)


def test_a_short_code_between_hyphens() -> None:
    """Twenty characters are the most that is looked at: every second one may be a hyphen."""
    code = short_code.ShortCode(5, 7)
    text = short_code.encode(code)
    assert short_code.decode("-".join((*text, ""))) == code
    assert len("-".join((*text, ""))) == 20
    with pytest.raises(ShapeError):
        short_code.decode("-" + "-".join((*text, "")))


# Algorithms and keys.


def test_a_document_by_an_algorithm_that_is_not_in_force() -> None:
    encoded = WORLD.trust_bytes()
    assert ROOT.public_key.alg is Alg.ED25519
    with pytest.raises(AlgError):
        trust_list.verify(encoded, root=ROOT.public_key, algorithms=ONLY_P256)
    with pytest.raises(AlgError):
        signed_document.verify(
            encoded,
            expected_typ=labels.TYP_TRUST,
            body_label=labels.CLAIM_ANCHORS,
            root=ROOT.public_key,
            algorithms=ONLY_P256,
        )


@pytest.mark.parametrize(
    "algorithms",
    [(), (keys.ED25519, keys.ED25519), (keys.ED25519, replace(keys.ESP256, key_type=keys.ED25519.key_type))],
    ids=["none", "one twice", "one key type twice"],
)
def test_what_is_no_table(algorithms: tuple[keys.Algorithm, ...]) -> None:
    with pytest.raises(AlgError):
        AlgorithmTable(algorithms)


def test_keys_whose_type_has_no_curve_are_found_by_their_algorithm() -> None:
    key = MlDsa65Signer(bytes(32)).public_key
    assert keys.load_cose_key(key.cose_key, algorithms=keys.DEFAULT_ALGORITHMS.including(ML_DSA_65)) == key


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_coordinates_of_another_length(length: int) -> None:
    with pytest.raises(KeyRefused, match=f" {length} bytes"):
        P256Key(bytes(length), y_is_odd=False)
    with pytest.raises(KeyRefused, match=f" {length} bytes"):
        sealing.SealingKey(bytes(length))


def test_the_first_private_scalar() -> None:
    # SEC 2: with the scalar 1, the public key is the base point itself.
    assert P256Signer((1).to_bytes(32)).public_key.x.hex().startswith("6b17d1f2e12c4247f8bce6e563a440f277037d81")


def test_points_with_the_same_x_are_told_apart_in_a_set() -> None:
    x = P256Signer((1).to_bytes(32)).public_key.x
    even, odd = P256Key(x, y_is_odd=False), P256Key(x, y_is_odd=True)
    assert hash(even) != hash(odd)
    assert hash(even) == hash(P256Key(x, y_is_odd=False))


def test_sm2_keys_and_signatures_at_their_edges() -> None:
    key, other = (sm2.algorithm(Reference()).signer(number.to_bytes(32)).public_key for number in (1, 2))
    assert key == sm2.algorithm(Reference()).load(key.cose_key)
    assert key not in (other, None, "key", P256Signer((1).to_bytes(32)).public_key)
    assert hash(key) != hash(other)
    with pytest.raises(SignatureMismatch):
        key.verify((1).to_bytes(32) * 2, b"message")
    for zero in (bytes(32) + (1).to_bytes(32), (1).to_bytes(32) + bytes(32)):
        with pytest.raises(SignatureForm):
            key.verify(zero, b"message")


# Two signatures.


def _pair_signed() -> tuple[SignerPair, cose_sign.UnverifiedSign]:
    pair = SignerPair(ROOT, MlDsa65Signer(Drbg("edges")(32)))
    encoded = cose_sign.sign(b"said", typ=labels.TYP_MANIFEST, signers=(pair.classical, pair.post_quantum))
    return pair, cose_sign.parse(encoded, expected_typ=labels.TYP_MANIFEST)


def test_a_signature_that_is_not_there_is_never_passed_over() -> None:
    """`parse` gives two of them; whoever makes the parts in another way gets no silence."""
    pair, parsed = _pair_signed()
    trusted = pair.classical.public_key, pair.post_quantum.public_key
    parsed.verify(trusted)
    with pytest.raises(ValueError, match="longer"):
        replace(parsed, signatures=parsed.signatures[:1]).verify(trusted)


@pytest.mark.parametrize("alg", ["EdDSA", b"", None, True, ()])
def test_an_algorithm_that_is_no_number_is_refused_by_the_reader(alg: cbor.Value) -> None:
    _, parsed = _pair_signed()
    header = cbor.encode({labels.HDR_ALG: alg, labels.HDR_KID: bytes(8)})
    signatures: cbor.Value = ((header, {}, b""), (parsed.signatures[1].protected_bytes, {}, b""))
    forged = cose_sign.TAG + cbor.encode((parsed.protected_bytes, {}, parsed.payload, signatures))
    with pytest.raises(AlgError):
        cose_sign.parse(forged, expected_typ=labels.TYP_MANIFEST)


# Trust.


def _anchor(**changes: Any) -> cbor.Value:
    anchors: Any = trust_list.anchors_to_value(TRUST.anchors)
    return ({**anchors[0], **{AnchorLabel[name]: value for name, value in changes.items()}},)


@pytest.mark.parametrize(
    "value",
    [
        ((),),
        ("anchor",),
        (0,),
        _anchor(KINDS={}),
        _anchor(KINDS="kinds"),
        _anchor(STATUS_PREFIXES={}),
        _anchor(STATUS_PREFIXES="lz:990000/"),
        _anchor(KINDS=(9_999,)),
        _anchor(KINDS=("driving-licence",)),
        _anchor(KINDS=(True,)),
        _anchor(STATUS_PREFIXES=("lz:" + "9" * 30,)),
        _anchor(STATUS_PREFIXES=("https://",)),
        _anchor(STATUS_PREFIXES=(b"lz:",)),
    ],
    ids=repr,
)
def test_what_is_no_anchor(value: cbor.Value) -> None:
    with pytest.raises(SchemaError):
        trust_list.anchors_from_value(value)


def test_the_longest_status_prefix() -> None:
    (anchor,) = trust_list.anchors_from_value(_anchor(STATUS_PREFIXES=("lz:" + "9" * 29,))).values()
    assert anchor.status_prefixes == ("lz:" + "9" * 29,)


def test_what_is_no_mandate_takes_an_assertion_key() -> None:
    issued = WORLD.credential()
    unverified = key_binding.parse(WORLD.presentation(issued)).credential
    found = trust_list.find_credential_anchor(TRUST, unverified, at=BEGINNING)
    assert (found.use, found.key) == (KeyUse.ASSERT, issued.issuer.public_key)
    as_mandate = replace(unverified, claims=replace(unverified.claims, mandate=object()))  # type: ignore[arg-type]
    with pytest.raises(IssuerUnknown):
        trust_list.find_credential_anchor(TRUST, as_mandate, at=BEGINNING)
    for_mandates = trust_list.index(tuple(replace(each, use=KeyUse.MANDATE) for each in TRUST.anchors.values()))
    found = trust_list.find_credential_anchor(replace(TRUST, anchors=for_mandates), as_mandate, at=BEGINNING)
    assert found.use is KeyUse.MANDATE


# Status feeds.


@pytest.mark.parametrize("ttl", [1, DAY])
def test_the_smallest_numbers_of_a_checkpoint(ttl: int) -> None:
    stated = good(
        position=FeedPosition(WUYOU, 0, 2),
        base=BasePointer(0, HEAD, 1),
        ttl=Seconds(ttl),
        lists=1,
        tuf_versions=TufVersions(1, 1),
        reversals=(CoSignedDelta(1, DELTA), CoSignedDelta(2, HEAD)),
    )
    assert checkpoint.parse(checkpoint.sign(stated, STATUS, inline=Inline())).claims == stated


def test_the_first_delta_may_be_co_signed_and_none_before_it() -> None:
    first = co_signed(position=FeedPosition(WUYOU, 0, 1))
    assert read_reversal(co_signature(first)) == first
    with pytest.raises(SchemaError):
        reversal.sign(co_signed(position=FeedPosition(WUYOU, 0, 0)), OFFLINE)


def test_the_smallest_and_the_largest_entry_of_a_manifest() -> None:
    for first, last, size in ((0, 1, 1), (5, 6, limits.MAX_DELTA_BYTES)):
        entry = ManifestEntry(EntryKind.HOUR, first, last, bytes(32), size)
        stated = Manifest(WUYOU, 1, BEGINNING, UnixTime(BEGINNING + 1), 0, (entry,))
        encoded = manifest.sign(stated, STATUS)
        assert manifest.verify(encoded, signed_by=STATUS.public_key, expected_region=WUYOU) == stated
        with pytest.raises(SchemaError):
            manifest.sign(replace(stated, entries=(replace(entry, size=limits.MAX_DELTA_BYTES + 1),)), STATUS)


# Documents and packages.


FLAGS = (
    "challenge_required",
    "seal_required",
    "link_waived",
    "person_check",
    "irreversible",
    "show_under_refusal",
)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("age", [None, 1, 2**31 - 1])
def test_a_policy_comes_back_whole(flag: str, age: int | None) -> None:
    """Every entry of a row differs from every other one's, and one flag at a time from the rest."""
    flags: Any = {name: name == flag for name in FLAGS}
    row = replace(
        WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW),
        legal_basis="依据",
        review_path="复核",
        mandatory=frozenset({1}),
        optional=frozenset({2}),
        masked=frozenset({3}),
        holders_required=2,
        min_assurance=KeyAssurance.HARDWARE_USER_VERIFICATION,
        max_status_age=None if age is None else Seconds(age),
        retention_days=36_499,
        **flags,
    )
    stated = WORLD.policy([row, replace(row, purpose=Purpose.ROADSIDE, retention_days=1)])
    read = appraisal_policy.verify(appraisal_policy.sign(stated, ROOT), root=ROOT.public_key)
    assert read == stated
    assert read.rows[DRIVING_LICENCE, Purpose.WINDOW] == row


NO_KEYS: tuple[cbor.Value, ...] = ({}, "", b"", None, tuple(range(65)), ("1",), (True,))


@pytest.mark.parametrize(
    ("label", "value"),
    [
        *((RowLabel.MAX_STATUS_AGE, value) for value in (0, 2**31, True, "300", ())),
        *((RowLabel.RETENTION_DAYS, value) for value in (0, 36_500, None)),
        *((RowLabel.REGIONS, value) for value in ((), {}, "990000", {WUYOU: 1}, None)),
        *((RowLabel.REGIONS, (value,)) for value in ("99000", "9900000", "99000A", "٩٩٠٠٠٠", 990000, None)),
        *((RowLabel.OPTIONAL, value) for value in NO_KEYS),
    ],
    ids=repr,
)
def test_what_is_no_entry_of_a_policy_row(label: RowLabel, value: cbor.Value) -> None:
    good_policy = appraisal_policy.sign(WORLD.policy([WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW)]), ROOT)
    document = signed_document.verify(
        good_policy, expected_typ=labels.TYP_POLICY, body_label=labels.CLAIM_POLICY_ROWS, root=ROOT.public_key
    )
    assert isinstance(document.body, tuple)
    (row,) = document.body
    assert isinstance(row, dict)
    forged = replace(document, body=({**row, label: value},))
    encoded = signed_document.sign(forged, typ=labels.TYP_POLICY, body_label=labels.CLAIM_POLICY_ROWS, signer=ROOT)
    with pytest.raises(SchemaError):
        appraisal_policy.verify(encoded, root=ROOT.public_key)


@pytest.mark.parametrize("count", [1, 16])
def test_the_fewest_and_the_most_credentials_of_a_package(count: int) -> None:
    written = package(credentials=(b"c",) * count)
    assert licence_package.decode(licence_package.encode(written)) == written


@pytest.mark.parametrize("address", ["http://authority.example/", "https://" + "a" * 492])
def test_addresses_of_a_package(address: str) -> None:
    written = package(refresh_url=address)
    assert licence_package.decode(licence_package.encode(written)) == written
    with pytest.raises(SchemaError):
        licence_package.decode(licence_package.encode(package(refresh_url="https://" + "a" * 493)))


def test_what_only_the_issuer_can_leave_out() -> None:
    """An item that a licence may lack, and that nobody can withhold: optional and clear, both."""
    kind = WORLD.kinds[DRIVING_LICENCE]
    assert kind.absence_is_stated == frozenset()
    optional = {int(Lic.VALID_TO), int(Lic.NAME)}
    changed = replace(kind, items=tuple(replace(each, required=each.key not in optional) for each in kind.items))
    assert changed.absence_is_stated == {Lic.VALID_TO}


def test_the_most_items_of_a_policy_row() -> None:
    row = replace(WORLD.policy_row(DRIVING_LICENCE, Purpose.WINDOW), optional=frozenset(range(64)))
    stated = WORLD.policy([row])
    assert appraisal_policy.verify(appraisal_policy.sign(stated, ROOT), root=ROOT.public_key) == stated


def test_kinds_and_items_are_found_by_their_names() -> None:
    kind = WORLD.kinds[DRIVING_LICENCE]
    assert WORLD.catalogue().named(kind.slug) == kind
    assert WORLD.catalogue().named("no such licence") is None
    assert kind.item_named("class") == kind.item(Lic.CLASS)
    assert kind.item_named("no such item") is None


def test_roots_of_algorithms_that_are_not_in_force() -> None:
    pair = SignerPair(ROOT, MlDsa65Signer(bytes(32))).public_key
    for root in (ROOT.public_key, pair):
        value = root_keys.to_value(root)
        assert root_keys.load(value) == root
        with pytest.raises(KeyRefused):
            root_keys.load(value, algorithms=ONLY_P256)


def test_the_longest_text_of_a_code() -> None:
    longest = labels.PREFIX_PRESENTATION.ljust(limits.MAX_TEXT_CHARACTERS, "!")
    with pytest.raises(SizeError):
        envelope.unwrap(longest + "!")
    with pytest.raises(Base45Error):
        envelope.unwrap(longest)


def test_signatures_of_sm2_have_their_length_on_the_table() -> None:
    assert sm2.algorithm(Reference()).signature_bytes == limits.SIGNATURE_BYTES
