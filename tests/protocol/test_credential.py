"""Credentials: what is stated is what is read, entry by entry, and nothing is issued that a terminal would refuse."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, cose_sign1, keys, labels, limits
from protocol.errors import DisclosureShape, KeyRefused, ProtocolError, SchemaError, TimeOrderError
from protocol.labels import HolderKind, KeyAssurance, Lic
from protocol.sd_cwt import credential, disclosure, redaction
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from tests.utopia.world import WUYOU, World

WORLD = World()
ISSUER = WORLD.issuers[WUYOU, labels.Alg.ED25519]
HOLDER = WORLD.holder()
CLAIMS = WORLD.claims(holder=HOLDER)


def issue(claims: CredentialClaims = CLAIMS, lic: Any = None, disclosures: tuple[bytes, ...] = ()) -> bytes:
    """A credential of clear items, unless told otherwise."""
    items = {Lic.NAME: "测试甲"} if lic is None else lic
    return credential.issue(claims, items, disclosures, ISSUER, kid=keys.kid_of(ISSUER.public_key))


def hidden(count: int) -> tuple[Any, tuple[bytes, ...]]:
    """As many hidden items, and the map that has their hashes."""
    made = [disclosure.disclose_key(number.to_bytes(16), "x", 100 + number) for number in range(count)]
    return redaction.redacted_map({}, made), tuple(each.encoded for each in made)


@pytest.mark.parametrize("assurance", KeyAssurance)
@pytest.mark.parametrize("holder_kind", [None, *HolderKind])
def test_what_is_stated_is_what_is_read(assurance: KeyAssurance, holder_kind: HolderKind | None) -> None:
    stated = replace(CLAIMS, key_assurance=assurance, holder_kind=holder_kind)
    lic, disclosures = hidden(3)
    unverified = credential.parse(cbor.decode(issue(stated, lic, disclosures)))
    assert unverified.claims == stated
    assert unverified.kid == keys.kid_of(ISSUER.public_key)
    assert unverified.encoded_disclosures == disclosures
    payload = cbor.decode(unverified.sign1.payload)
    assert isinstance(payload, dict)
    # The default is left out: one content, one form.
    assert (labels.CLAIM_KEY_ASSURANCE in payload) is (assurance is not KeyAssurance.SOFTWARE)
    assert (labels.CLAIM_HOLDER_KIND in payload) is (holder_kind is not None)
    verified = credential.verify(unverified, ISSUER.public_key)
    assert credential.disclosed_licence(verified).claims == {100: "x", 101: "x", 102: "x"}
    assert verified.confirmation_key == HOLDER.public_key


def test_without_disclosures_there_is_no_header_for_them() -> None:
    unverified = credential.parse(cbor.decode(issue()))
    assert (unverified.sign1.unprotected, unverified.encoded_disclosures) == ({}, ())


def test_the_region_of_a_status_list() -> None:
    assert StatusReference("lz:990000/3", 1).region == "990000"


def test_the_most_disclosures() -> None:
    lic, disclosures = hidden(limits.MAX_DISCLOSURES)
    assert len(credential.parse(cbor.decode(issue(CLAIMS, lic, disclosures))).encoded_disclosures) == len(disclosures)
    lic, disclosures = hidden(limits.MAX_DISCLOSURES + 1)
    with pytest.raises(DisclosureShape):
        issue(CLAIMS, lic, disclosures)


@pytest.mark.parametrize(
    ("claims", "lic", "reason"),
    [
        (replace(CLAIMS, iss="990000"), None, SchemaError),
        (replace(CLAIMS, sub="short"), None, SchemaError),
        (replace(CLAIMS, exp=CLAIMS.iat), None, TimeOrderError),
        (replace(CLAIMS, cnf={**CLAIMS.cnf, labels.KEY_X: bytes(31)}), None, KeyRefused),
        (CLAIMS, {Lic.NAME: "a\u202eb"}, SchemaError),
        (CLAIMS, {Lic.NAME: ("测试甲", "a\u202eb")}, SchemaError),
        (CLAIMS, {Lic.NAME: None}, SchemaError),
        (CLAIMS, {"name": "测试甲"}, SchemaError),
    ],
    ids=["iss", "sub", "exp", "cnf", "hostile item", "hostile element", "null item", "text key"],
)
def test_what_a_terminal_would_refuse_is_not_issued(
    claims: CredentialClaims, lic: Any, reason: type[ProtocolError]
) -> None:
    with pytest.raises(reason):
        issue(claims, lic)


def test_a_disclosure_without_its_hash_is_not_issued() -> None:
    lic, _ = hidden(1)
    _, others = hidden(2)
    with pytest.raises(ProtocolError):
        issue(CLAIMS, lic, others)


@pytest.mark.parametrize("cnf", [None, (), "key", 1, {}, {labels.CNF_COSE_KEY: ()}, {1: CLAIMS.cnf, 2: 0}], ids=repr)
def test_what_is_no_confirmation(cnf: cbor.Value) -> None:
    payload = cbor.decode(credential.parse(cbor.decode(issue())).sign1.payload)
    assert isinstance(payload, dict)
    forged = cose_sign1.sign1(
        {labels.HDR_KID: keys.kid_of(ISSUER.public_key), labels.HDR_TYP: labels.TYP_CREDENTIAL},
        cbor.encode({**payload, labels.CLAIM_CNF: cnf}),
        ISSUER,
    )
    with pytest.raises(SchemaError):
        credential.parse(forged)


@pytest.mark.parametrize(
    ("longest", "more"),
    [("a" * limits.MAX_TSTR_BYTES, "a"), ("证" * 341 + "a", "a"), (b"a" * limits.MAX_BSTR_BYTES, b"a")],
    ids=["text", "text of long characters", "bytes"],
)
def test_the_longest_item(longest: Any, more: Any) -> None:
    verified = credential.verify(credential.parse(cbor.decode(issue(lic={Lic.NAME: longest}))), ISSUER.public_key)
    assert credential.disclosed_licence(verified).claims == {Lic.NAME: longest}
    with pytest.raises(SchemaError):
        issue(lic={Lic.NAME: longest + more})
