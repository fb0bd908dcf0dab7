"""Staff certificates: who signed them, what they say, and one field forged at a time."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from cddl_verifier import Validator

from protocol import cbor, cose_sign1, keys, labels, limits, staff_certificate
from protocol.errors import (
    HeaderUnknown,
    HeaderUnprotected,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    KeyRefused,
    ProtocolError,
    SchemaError,
    ShapeError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.staff_certificate import Role, StaffCertificate, StaffSignatureInvalid, StaffUse, StaffWithdrawn
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.world import BEGINNING, World

ROOT: Final = Path(__file__).parents[2]
GRAMMAR: Final = "\n".join(
    block
    for page in sorted((ROOT / "docs" / "spec").glob("*.md"))
    for block in re.findall(r"```cddl\n(.*?)```", page.read_text(), re.S)
)
VALIDATOR: Final = Validator(GRAMMAR)
WORLD: Final = World()
AT: Final = BEGINNING
REGION: Final = WORLD.signer("staff key of the region", Alg.ED25519)
PERSON: Final = WORLD.signer("an officer", Alg.ESP256)
COLLEAGUE: Final = WORLD.signer("another officer", Alg.ESP256)
STRANGER: Final = WORLD.signer("stranger", Alg.ED25519)
LATER: Final = UnixTime(AT + 400 * DAY)
ANCHOR: Final = TrustAnchor(World.iss(), REGION.public_key, KeyUse.STAFF, frozenset(), (), LATER, LATER)
GOOD: Final = StaffCertificate(
    iss=World.iss(),
    number="JG-0417",
    name="警员 0417",
    role=Role.OFFICER,
    relying_party="乌有市公安局交警支队",
    uses=frozenset({StaffUse.DUTY, StaffUse.ACT}),
    key=PERSON.public_key,
    nbf=UnixTime(AT - HOUR),
    exp=UnixTime(AT - HOUR + 7 * DAY),
)
CERTIFICATE: Final = staff_certificate.certify(GOOD, REGION)


def verified(
    encoded: bytes, *, at: int = AT, anchor: TrustAnchor = ANCHOR, withdrawn: frozenset[bytes] = frozenset()
) -> StaffCertificate:
    return staff_certificate.verify(
        staff_certificate.parse(cbor.decode(encoded)),
        staff_keys={(anchor.iss, keys.kid_of(REGION.public_key)): anchor},
        withdrawn=withdrawn,
        at=UnixTime(at),
    )


def forged(
    claims: dict[int, Any] | None = None, *, header: dict[int, Any] | None = None, signer: Signer = REGION
) -> bytes:
    """The certificate with these claims and headers changed (...: left out), signed all the same."""
    whole: Any = cbor.decode(CERTIFICATE)
    payload = {**cbor.decode(whole.value[2]), **(claims or {})}
    content = cbor.encode({label: value for label, value in payload.items() if value is not ...})
    kid = keys.kid_of(REGION.public_key)
    protected = {labels.HDR_KID: kid, labels.HDR_TYP: labels.TYP_STAFF, **(header or {})}
    return cbor.encode(cose_sign1.sign1(protected, content, signer))


CLAIMS: Final[tuple[tuple[dict[int, Any], type[ProtocolError]], ...]] = (
    ({labels.CLAIM_ISS: "990000"}, SchemaError),
    ({labels.CLAIM_ISS: "980000.GA"}, IssuerUnknown),
    ({labels.CLAIM_SUB: "0417 "}, SchemaError),
    ({labels.CLAIM_SUB: "4" * 25}, SchemaError),
    ({labels.CLAIM_SUB: ...}, ShapeError),
    ({labels.CLAIM_IAT: AT}, ShapeError),
    ({labels.CLAIM_EXP: True}, TimeTypeError),
    ({labels.CLAIM_EXP: GOOD.nbf}, TimeOrderError),
    ({labels.CLAIM_EXP: GOOD.nbf + 7 * DAY + 1}, SchemaError),
    ({labels.CLAIM_NBF: -1}, TimeTypeError),
    ({labels.CLAIM_STAFF_NAME: ""}, SchemaError),
    ({labels.CLAIM_STAFF_NAME: "警员\u202e"}, SchemaError),
    ({labels.CLAIM_STAFF_NAME: "员" * 65}, SchemaError),
    ({labels.CLAIM_RELYING_PARTY: " 支队"}, SchemaError),
    ({labels.CLAIM_STAFF_ROLE: "chief"}, SchemaError),
    ({labels.CLAIM_STAFF_ROLE: 2}, SchemaError),
    ({labels.CLAIM_STAFF_USES: ()}, SchemaError),
    ({labels.CLAIM_STAFF_USES: (2, 1)}, SchemaError),
    ({labels.CLAIM_STAFF_USES: (1, 1)}, SchemaError),
    ({labels.CLAIM_STAFF_USES: (True,)}, SchemaError),
    ({labels.CLAIM_STAFF_USES: (3,)}, SchemaError),
    ({labels.CLAIM_CNF: {}}, SchemaError),
    ({labels.CLAIM_CNF: {1: {1: 1}}}, KeyRefused),
)
HEADERS: Final[tuple[tuple[bytes, type[ProtocolError]], ...]] = (
    (forged(header={labels.HDR_TYP: labels.TYP_TERMINAL}), TypError),
    (forged(header={labels.HDR_KID: b"kid"}), ShapeError),
    (forged(header={labels.HDR_KID: bytes(limits.KID_BYTES)}), IssuerUnknown),
    (forged(header={labels.HDR_KCWT: b""}), HeaderUnknown),
    (forged(signer=STRANGER), IssuerSignatureInvalid),
)


def test_round_trip_size_and_grammar() -> None:
    assert verified(CERTIFICATE) == GOOD
    assert len(CERTIFICATE) == 248
    assert [str(each) for each in VALIDATOR.validate(CERTIFICATE, root_type="staff-certificate").diagnostics] == []


@pytest.mark.parametrize("alg", list(Alg))
def test_either_algorithm_signs(alg: Alg) -> None:
    region = WORLD.signer("another staff key", alg)
    anchor = replace(ANCHOR, key=region.public_key)
    parsed = staff_certificate.parse(cbor.decode(staff_certificate.certify(GOOD, region)))
    pair = (anchor.iss, anchor.kid)
    assert staff_certificate.verify(parsed, staff_keys={pair: anchor}, withdrawn=frozenset(), at=AT) == GOOD


@pytest.mark.parametrize(("claims", "refused"), CLAIMS)
def test_one_claim_forged(claims: dict[int, Any], refused: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as found:
        verified(forged(claims))
    assert type(found.value) is refused


@pytest.mark.parametrize(("encoded", "refused"), HEADERS)
def test_one_header_or_signature_forged(encoded: bytes, refused: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as found:
        verified(encoded)
    assert type(found.value) is refused


def test_nothing_rides_along_unsigned() -> None:
    whole: Any = cbor.decode(CERTIFICATE)
    protected, _, payload, signature = whole.value
    with pytest.raises(HeaderUnprotected):
        verified(cbor.encode(cbor.Tagged(whole.tag, (protected, {1: 2}, payload, signature))))


@pytest.mark.parametrize("use", [use for use in KeyUse if use is not KeyUse.STAFF])
def test_a_key_of_another_use_certifies_nobody(use: KeyUse) -> None:
    with pytest.raises(IssuerUnknown):
        verified(CERTIFICATE, anchor=replace(ANCHOR, use=use))


def test_the_region_s_key_has_an_end() -> None:
    with pytest.raises(IssuerExpired):
        verified(CERTIFICATE, anchor=replace(ANCHOR, sign_until=UnixTime(GOOD.nbf - 1)))
    with pytest.raises(IssuerExpired):
        verified(CERTIFICATE, anchor=replace(ANCHOR, verify_until=UnixTime(AT - 1)))


def test_a_withdrawn_key_is_refused_although_everything_else_holds() -> None:
    others = frozenset({keys.kid_of(STRANGER.public_key)})
    assert verified(CERTIFICATE, withdrawn=others) == GOOD
    with pytest.raises(StaffWithdrawn):
        verified(CERTIFICATE, withdrawn=others | {keys.kid_of(PERSON.public_key)})


@pytest.mark.parametrize(
    ("at", "covered"), [(GOOD.nbf - 1, False), (GOOD.nbf, True), (GOOD.exp - 1, True), (GOOD.exp, False)]
)
def test_it_covers_from_its_beginning_to_just_before_its_end(at: int, covered: bool) -> None:
    assert GOOD.covers(UnixTime(at)) is covered


def test_what_a_person_signs_carries_the_certificate_and_fits_its_key() -> None:
    def signed(kcwt: cbor.Value, signer: Signer) -> cose_sign1.UnverifiedSign1:
        protected: dict[cbor.Key, cbor.Value] = {labels.HDR_KCWT: kcwt, labels.HDR_TYP: labels.TYP_ACT}
        return cose_sign1.parse(
            cbor.decode(cbor.encode(cose_sign1.sign1(protected, b"\xa0", signer))),
            expected_typ=labels.TYP_ACT,
            protected_labels=staff_certificate.SIGNED_BY_STAFF,
        )

    act = signed(cbor.decode(CERTIFICATE), PERSON)
    assert staff_certificate.carried_in(act).claims == GOOD
    staff_certificate.verify_by_staff(act, GOOD)
    with pytest.raises(StaffSignatureInvalid):
        staff_certificate.verify_by_staff(signed(cbor.decode(CERTIFICATE), COLLEAGUE), GOOD)
    with pytest.raises(KcwtError):
        staff_certificate.carried_in(signed(CERTIFICATE, PERSON))


def test_nothing_is_signed_that_no_terminal_would_accept() -> None:
    with pytest.raises(SchemaError):
        staff_certificate.certify(replace(GOOD, uses=frozenset()), REGION)
    with pytest.raises(SchemaError):
        staff_certificate.certify(replace(GOOD, exp=UnixTime(GOOD.nbf + 8 * DAY)), REGION)
