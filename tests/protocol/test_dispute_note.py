"""Dispute notes: who said it, what they say without naming anybody, and one field forged at a time."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from cddl_verifier import Validator

from protocol import cbor, cose_sign1, dispute_note, labels, limits
from protocol.dispute_note import DisputeNote
from protocol.errors import (
    HeaderUnknown,
    HeaderUnprotected,
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
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.terminal_certificate import TerminalSignatureInvalid
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.protocol.test_receipt import ANCHOR, AT, CERTIFICATE, CERTIFIED, STRANGER, TERMINAL, TERMINAL_KEYS
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import ZIXU

ROOT: Final = Path(__file__).parents[2]
GRAMMAR: Final = "\n".join(
    block
    for page in sorted((ROOT / "docs" / "spec").glob("*.md"))
    for block in re.findall(r"```cddl\n(.*?)```", page.read_text(), re.S)
)
VALIDATOR: Final = Validator(GRAMMAR)
NOTE = DisputeNote(
    region=ZIXU,
    vct=DRIVING_LICENCE,
    presentation=bytes(range(32)),
    check_number="7K3-Q42",
    checked_at=UnixTime(AT - 600),
    purpose=Purpose.WINDOW,
    code="E_REVOKED",
    status=Status.WITHDRAWN,
    as_of=UnixTime(AT - HOUR),
    trust_age=Seconds(DAY),
    policy_age=None,
    clock_age=Seconds(20),
    iat=AT,
)


def signed(note: DisputeNote = NOTE, *, signer: Signer = TERMINAL) -> bytes:
    return dispute_note.sign(note, certificate=CERTIFICATE, signer=signer)


def verified(encoded: bytes, at: int = AT, keys: Any = TERMINAL_KEYS) -> dispute_note.VerifiedDisputeNote:
    return dispute_note.verify(encoded, terminal_keys=keys, at=UnixTime(at))


def forged(
    claims: dict[int, Any] | None = None, *, header: dict[int, Any] | None = None, signer: Signer = TERMINAL
) -> bytes:
    """A note with these claims and headers changed (None: left out), signed all the same."""
    whole: Any = cbor.decode(signed())
    payload = {**cbor.decode(whole.value[2]), **(claims or {})}
    content = cbor.encode({label: value for label, value in payload.items() if value is not ...})
    protected = {labels.HDR_KCWT: cbor.decode(CERTIFICATE), labels.HDR_TYP: labels.TYP_DISPUTE, **(header or {})}
    return cbor.encode(cose_sign1.sign1(protected, content, signer))


def test_round_trip_and_size() -> None:
    found = verified(signed())
    assert (found.note, found.certificate) == (NOTE, CERTIFIED)
    assert len(signed()) < 500
    assert [str(each) for each in VALIDATOR.validate(signed(), root_type="dispute-note").diagnostics] == []


def test_without_a_status_there_is_no_moment_of_one() -> None:
    note = replace(NOTE, code="E_LIC_EXPIRED", status=None, as_of=None)
    assert verified(signed(note)).note == note
    assert VALIDATOR.validate(signed(note), root_type="dispute-note").valid


@pytest.mark.parametrize("status", list(Status))
def test_every_status_can_be_said(status: Status) -> None:
    encoded = signed(replace(NOTE, status=status))
    assert verified(encoded).note.status is status
    assert VALIDATOR.validate(encoded, root_type="dispute-note").valid


def test_it_is_good_years_later() -> None:
    assert verified(signed(), AT + 3650 * DAY).note == NOTE


@pytest.mark.parametrize(
    ("claims", "refused"),
    [
        ({labels.CLAIM_IAT: ...}, ShapeError),
        ({labels.CLAIM_REASON: "因"}, ShapeError),
        ({labels.CLAIM_IAT: True}, TimeTypeError),
        ({labels.CLAIM_IAT: AT - 601}, TimeOrderError),
        ({labels.CLAIM_IAT: AT - 2 * HOUR}, TimeOrderError),
        ({labels.CLAIM_IAT: CERTIFIED.exp + 1}, TimeOrderError),
        ({labels.CLAIM_PURPOSE: 1}, SchemaError),
        ({labels.CLAIM_DISPUTED: (ZIXU, DRIVING_LICENCE)}, SchemaError),
        ({labels.CLAIM_DISPUTED: ("98000", DRIVING_LICENCE, bytes(32))}, SchemaError),
        ({labels.CLAIM_DISPUTED: (ZIXU, True, bytes(32))}, SchemaError),
        ({labels.CLAIM_DISPUTED: (ZIXU, 0, bytes(32))}, SchemaError),
        ({labels.CLAIM_DISPUTED: (ZIXU, DRIVING_LICENCE, bytes(31))}, SchemaError),
        ({labels.CLAIM_DISPUTED_CHECK: ("7K3-Q4O", AT)}, SchemaError),
        ({labels.CLAIM_DISPUTED_CHECK: ("7K3-Q42", -1)}, TimeTypeError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("W_REGION", 12, AT)}, SchemaError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("E_REVOKED", 4, AT)}, SchemaError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("E_REVOKED", True, AT)}, SchemaError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("E_REVOKED", 12, None)}, SchemaError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("E_REVOKED", None, AT)}, SchemaError),
        ({labels.CLAIM_DISPUTED_ANSWER: ("E_REVOKED", 12)}, SchemaError),
        ({labels.CLAIM_DISPUTED_AGES: (1, 2)}, SchemaError),
        ({labels.CLAIM_DISPUTED_AGES: (1, 2, -1)}, SchemaError),
        ({labels.CLAIM_DISPUTED_AGES: (1, 2, True)}, SchemaError),
    ],
)
def test_one_claim_forged(claims: dict[int, Any], refused: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as found:
        verified(forged(claims), AT + DAY)
    assert type(found.value) is refused


@pytest.mark.parametrize(
    ("encoded", "refused"),
    [
        (forged(header={labels.HDR_TYP: labels.TYP_RECEIPT}), TypError),
        (forged(header={labels.HDR_KID: b"kid"}), HeaderUnknown),
        (forged(header={labels.HDR_KCWT: b""}), KcwtError),
        (forged(signer=STRANGER), TerminalSignatureInvalid),
        (signed() + bytes(limits.MAX_DISPUTE_BYTES), SizeError),
    ],
)
def test_one_header_or_signature_forged(encoded: bytes, refused: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as found:
        verified(encoded)
    assert type(found.value) is refused


def test_nothing_rides_along_unsigned() -> None:
    whole: Any = cbor.decode(signed())
    protected, _, payload, signature = whole.value
    with pytest.raises(HeaderUnprotected):
        verified(cbor.encode(cbor.Tagged(whole.tag, (protected, {1: 2}, payload, signature))))


def test_who_signed_the_certificate_counts() -> None:
    with pytest.raises(IssuerUnknown):
        verified(signed(), keys={})
    other = replace(ANCHOR, key=STRANGER.public_key)
    with pytest.raises(IssuerSignatureInvalid):
        verified(signed(), keys={(ANCHOR.iss, ANCHOR.kid): other})
    ended = replace(ANCHOR, verify_until=UnixTime(AT - 1))
    with pytest.raises(IssuerExpired):
        verified(signed(), keys={(ANCHOR.iss, ANCHOR.kid): ended})


@pytest.mark.parametrize(("ahead", "refused"), [(30, False), (31, True)])
def test_a_note_of_the_future_is_refused(ahead: int, refused: bool) -> None:
    if refused:
        with pytest.raises(TimeOrderError):
            verified(signed(), AT - ahead)
    else:
        assert verified(signed(), AT - ahead).note == NOTE


def test_nothing_is_signed_that_nobody_would_accept() -> None:
    with pytest.raises(TimeOrderError):
        signed(replace(NOTE, iat=UnixTime(NOTE.checked_at - 1)))
    with pytest.raises(TerminalSignatureInvalid):
        signed(signer=STRANGER)
