"""Officers' acts: who may sign one, what it ties together, and one field forged at a time."""

from dataclasses import replace
from typing import Any, Final

import pytest

from protocol import cbor, cose_sign1, keys, labels, limits, officers_act, staff_certificate
from protocol.errors import (
    HeaderUnknown,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import Signer
from protocol.officers_act import ActKind, NotAnOfficer, OfficersAct
from protocol.staff_certificate import Role, StaffSignatureInvalid, StaffUse, StaffWithdrawn
from protocol.unixtime import DAY, UnixTime
from tests.protocol.test_staff_certificate import (
    ANCHOR,
    AT,
    CERTIFICATE,
    COLLEAGUE,
    GOOD,
    PERSON,
    REGION,
    STRANGER,
    VALIDATOR,
)
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import WUYOU

STAFF_KEYS: Final = {(ANCHOR.iss, keys.kid_of(REGION.public_key)): ANCHOR}
ACT: Final = OfficersAct(
    kind=ActKind.SEIZURE,
    presentation=bytes(range(32)),
    challenge=bytes(range(32, 64)),
    vct=DRIVING_LICENCE,
    status=(f"lz:{WUYOU}/3", 4711),
    check_number="7K3-Q42",
    checked_at=UnixTime(AT - 60),
    terminal="990000-P03",
    reason="醉酒后驾驶机动车",
    iat=AT,
)


def signed(act: OfficersAct = ACT, *, certificate: bytes = CERTIFICATE, signer: Signer = PERSON) -> bytes:
    return officers_act.sign(act, certificate=certificate, signer=signer)


def verified(
    encoded: bytes, at: int = AT, staff_keys: Any = STAFF_KEYS, withdrawn: frozenset[bytes] = frozenset()
) -> officers_act.VerifiedAct:
    return officers_act.verify(encoded, staff_keys=staff_keys, withdrawn=withdrawn, at=UnixTime(at))


def forged(
    claims: dict[int, Any] | None = None,
    *,
    header: dict[int, Any] | None = None,
    certificate: bytes = CERTIFICATE,
    signer: Signer = PERSON,
) -> bytes:
    """An act with these claims and headers changed (...: left out), signed all the same."""
    whole: Any = cbor.decode(signed())
    payload = {**cbor.decode(whole.value[2]), **(claims or {})}
    content = cbor.encode({label: value for label, value in payload.items() if value is not ...})
    protected = {labels.HDR_KCWT: cbor.decode(certificate), labels.HDR_TYP: labels.TYP_ACT, **(header or {})}
    return cbor.encode(cose_sign1.sign1(protected, content, signer))


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(ACT, id="seizure"),
        pytest.param(replace(ACT, kind=ActKind.NOTE), id="note"),
        pytest.param(replace(ACT, kind=ActKind.NOTE, challenge=None), id="note-without-challenge"),
        pytest.param(replace(ACT, reason="因" * 200, iat=UnixTime(ACT.checked_at + 600)), id="longest"),
    ],
)
def test_round_trip_size_and_grammar(act: OfficersAct) -> None:
    encoded = signed(act)
    found = verified(encoded, act.iat)
    assert (found.act, found.certificate) == (act, GOOD)
    assert found.act.region == WUYOU
    assert len(encoded) < limits.MAX_OFFICERS_ACT_BYTES
    assert len(signed()) == 501
    assert [str(each) for each in VALIDATOR.validate(encoded, root_type="officers-act").diagnostics] == []


AS_RECEIPT: Final = forged(header={labels.HDR_TYP: labels.TYP_RECEIPT})
CLAIMS: Final[list[tuple[dict[int, Any], type[ProtocolError]]]] = [
    ({labels.CLAIM_IAT: ...}, ShapeError),
    ({labels.CLAIM_PURPOSE: 119}, ShapeError),
    ({labels.CLAIM_IAT: True}, TimeTypeError),
    ({labels.CLAIM_IAT: AT - 61}, TimeOrderError),
    ({labels.CLAIM_IAT: AT - 60 + 601}, TimeOrderError),
    ({labels.CLAIM_IAT: AT + 31, labels.CLAIM_ACT_CHECK: ("7K3-Q42", AT + 31, "t")}, TimeOrderError),
    ({labels.CLAIM_IAT: GOOD.exp, labels.CLAIM_ACT_CHECK: ("7K3-Q42", GOOD.exp, "t")}, TimeOrderError),
    ({labels.CLAIM_IAT: GOOD.nbf - 1, labels.CLAIM_ACT_CHECK: ("7K3-Q42", GOOD.nbf - 1, "t")}, TimeOrderError),
    ({labels.CLAIM_REASON: ""}, SchemaError),
    ({labels.CLAIM_REASON: "因" * 201}, SchemaError),
    ({labels.CLAIM_REASON: "a\u202eb"}, SchemaError),
    ({labels.CLAIM_REASON: 7}, SchemaError),
    ({labels.CLAIM_ACT: (2, bytes(32), None)}, SchemaError),
    ({labels.CLAIM_ACT: (2, bytes(32), bytes(31))}, SchemaError),
    ({labels.CLAIM_ACT: (2, bytes(31), bytes(32))}, SchemaError),
    ({labels.CLAIM_ACT: (3, bytes(32), bytes(32))}, SchemaError),
    ({labels.CLAIM_ACT: (True, bytes(32), bytes(32))}, SchemaError),
    ({labels.CLAIM_ACT: (2, bytes(32))}, SchemaError),
    ({labels.CLAIM_ACT_LICENCE: (0, f"lz:{WUYOU}/3", 4711)}, SchemaError),
    ({labels.CLAIM_ACT_LICENCE: (DRIVING_LICENCE, "lz:99/3", 4711)}, SchemaError),
    ({labels.CLAIM_ACT_LICENCE: (DRIVING_LICENCE, f"lz:{WUYOU}/3", -1)}, SchemaError),
    ({labels.CLAIM_ACT_LICENCE: (DRIVING_LICENCE, f"lz:{WUYOU}/3", 2**20)}, SchemaError),
    ({labels.CLAIM_ACT_LICENCE: (DRIVING_LICENCE, f"lz:{WUYOU}/3", True)}, SchemaError),
    ({labels.CLAIM_ACT_CHECK: ("7K3-Q4O", AT, "t")}, SchemaError),
    ({labels.CLAIM_ACT_CHECK: ("7K3-Q42", AT, "t t")}, SchemaError),
    ({labels.CLAIM_ACT_CHECK: ("7K3-Q42", -1, "t")}, TimeTypeError),
]


@pytest.mark.parametrize(("claims", "refused"), CLAIMS)
def test_one_claim_forged(claims: dict[int, Any], refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        verified(forged(claims))


NO_OFFICERS: Final = {
    "by-a-clerk": staff_certificate.certify(replace(GOOD, role=Role.CLERK), REGION),
    "by-a-supervisor": staff_certificate.certify(replace(GOOD, role=Role.SUPERVISOR), REGION),
    "by-an-officer-who-may-not": staff_certificate.certify(replace(GOOD, uses=frozenset({StaffUse.DUTY})), REGION),
}


@pytest.mark.parametrize("name", NO_OFFICERS)
def test_whose_act_it_cannot_be(name: str) -> None:
    certificate = NO_OFFICERS[name]
    with pytest.raises(NotAnOfficer):
        verified(forged(certificate=certificate))
    with pytest.raises(NotAnOfficer):
        signed(certificate=certificate)


def test_who_may_have_said_it() -> None:
    foreign = staff_certificate.certify(GOOD, STRANGER)
    bent = bytearray(signed())
    bent[-1] ^= 1
    ended = {pair: replace(anchor, verify_until=UnixTime(AT - 1)) for pair, anchor in STAFF_KEYS.items()}
    anonymous = {pair: replace(anchor, use=labels.KeyUse.TERMINAL) for pair, anchor in STAFF_KEYS.items()}
    rows: list[tuple[type[ProtocolError], bytes, dict[str, Any]]] = [
        (StaffSignatureInvalid, bytes(bent), {}),
        (StaffSignatureInvalid, forged(signer=COLLEAGUE), {}),
        (IssuerUnknown, forged(certificate=foreign), {}),
        (IssuerUnknown, signed(), {"staff_keys": anonymous}),
        (IssuerExpired, signed(), {"staff_keys": ended}),
        (StaffWithdrawn, signed(), {"withdrawn": frozenset({keys.kid_of(PERSON.public_key)})}),
        (KcwtError, forged(header={labels.HDR_KCWT: b""}), {}),
        (TypError, AS_RECEIPT, {}),
        (HeaderUnknown, forged(header={99: 1}), {}),
        (SizeError, signed() + bytes(limits.MAX_OFFICERS_ACT_BYTES), {}),
    ]
    for refused, encoded, more in rows:
        with pytest.raises(refused):
            verified(encoded, **more)
    whole: Any = cbor.decode(CERTIFICATE)
    spoilt = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (*whole.value[:3], bytes(64))))
    with pytest.raises(IssuerSignatureInvalid):
        verified(forged(certificate=spoilt))


def test_nothing_is_signed_that_nobody_would_accept() -> None:
    with pytest.raises(SchemaError):
        signed(replace(ACT, challenge=None))
    with pytest.raises(StaffSignatureInvalid):
        signed(signer=COLLEAGUE)
    with pytest.raises(TimeOrderError):
        signed(replace(ACT, iat=UnixTime(AT - 3 * DAY), checked_at=UnixTime(AT - 3 * DAY)))


def test_it_is_named_by_its_bytes() -> None:
    one, other = signed(), signed(replace(ACT, reason="超速"))
    assert officers_act.act_id(one) != officers_act.act_id(other)
    assert len(officers_act.act_id(one)) == 32
