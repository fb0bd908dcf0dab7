"""Rows and renewals: who sent them, and one field forged at a time."""

from dataclasses import replace
from typing import Any, Final

import pytest

from protocol import cbor, cose_sign1, labels, limits, renewal, terminal_row
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
from protocol.terminal_certificate import TerminalSignatureInvalid
from protocol.terminal_row import TerminalRow
from protocol.unixtime import DAY, UnixTime
from tests.protocol.test_dispute_note import VALIDATOR
from tests.protocol.test_receipt import ANCHOR, AT, CERTIFICATE, CERTIFIED, STRANGER, TERMINAL, TERMINAL_KEYS

ROW: Final = TerminalRow("officers-act", bytes(range(32)), b"\xa0", AT)


def signed(row: TerminalRow = ROW, *, signer: Signer = TERMINAL) -> bytes:
    return terminal_row.sign(row, certificate=CERTIFICATE, signer=signer)


def verified(encoded: bytes, at: int = AT, keys: Any = TERMINAL_KEYS) -> terminal_row.VerifiedRow:
    return terminal_row.verify(encoded, terminal_keys=keys, at=UnixTime(at))


def forged(
    claims: dict[int, Any] | None = None, *, header: dict[int, Any] | None = None, signer: Signer = TERMINAL
) -> bytes:
    """A row with these claims and headers changed (...: left out), signed all the same."""
    payload = {labels.CLAIM_IAT: AT, labels.CLAIM_TERMINAL_ROW: (ROW.kind, ROW.key, ROW.body), **(claims or {})}
    content = cbor.encode({label: value for label, value in payload.items() if value is not ...})
    protected = {labels.HDR_KCWT: cbor.decode(CERTIFICATE), labels.HDR_TYP: labels.TYP_ROW, **(header or {})}
    return cbor.encode(cose_sign1.sign1(protected, content, signer))


CLAIMS: Final[tuple[tuple[str, dict[int, Any], type[ProtocolError]], ...]] = (
    ("no-iat", {labels.CLAIM_IAT: ...}, ShapeError),
    ("another-claim", {labels.CLAIM_REASON: "因"}, ShapeError),
    ("iat-true", {labels.CLAIM_IAT: True}, TimeTypeError),
    ("before", {labels.CLAIM_IAT: CERTIFIED.iat - 1}, TimeOrderError),
    ("after", {labels.CLAIM_IAT: CERTIFIED.exp + 1}, TimeOrderError),
    ("two-parts", {labels.CLAIM_TERMINAL_ROW: (ROW.kind, ROW.key)}, SchemaError),
    ("kind-bytes", {labels.CLAIM_TERMINAL_ROW: (b"x", ROW.key, ROW.body)}, SchemaError),
    ("kind-capital", {labels.CLAIM_TERMINAL_ROW: ("Act", ROW.key, ROW.body)}, SchemaError),
    ("kind-newline", {labels.CLAIM_TERMINAL_ROW: ("act\n", ROW.key, ROW.body)}, SchemaError),
    ("kind-path", {labels.CLAIM_TERMINAL_ROW: ("../x", ROW.key, ROW.body)}, SchemaError),
    ("key-short", {labels.CLAIM_TERMINAL_ROW: (ROW.kind, ROW.key[1:], ROW.body)}, SchemaError),
    ("body-empty", {labels.CLAIM_TERMINAL_ROW: (ROW.kind, ROW.key, b"")}, SchemaError),
    ("body-large", {labels.CLAIM_TERMINAL_ROW: (ROW.kind, ROW.key, bytes(limits.MAX_ROW_BODY_BYTES + 1))}, SchemaError),
)
HEADERS: Final[tuple[tuple[str, dict[int, Any], type[ProtocolError]], ...]] = (
    ("typ", {labels.HDR_TYP: labels.TYP_DISPUTE}, TypError),
    ("kid", {labels.HDR_KID: bytes(8)}, HeaderUnknown),
    ("kcwt", {labels.HDR_KCWT: b"x"}, KcwtError),
)
RENEWALS: Final[tuple[tuple[str, bytes, type[ProtocolError]], ...]] = (
    ("exp", cbor.encode({labels.CLAIM_IAT: AT, labels.CLAIM_EXP: AT}), ShapeError),
    ("text", cbor.encode({labels.CLAIM_IAT: "now"}), TimeTypeError),
    ("empty", cbor.encode({}), ShapeError),
)


def renewal_of(content: bytes) -> bytes:
    """A renewal with this payload, signed all the same."""
    protected = {labels.HDR_KCWT: cbor.decode(CERTIFICATE), labels.HDR_TYP: labels.TYP_RENEWAL}
    return cbor.encode(cose_sign1.sign1(protected, content, TERMINAL))


def test_round_trip_size_and_grammar() -> None:
    found = verified(signed())
    assert (found.row, found.certificate) == (ROW, CERTIFIED)
    assert verified(forged()).row == ROW, "what the forgeries change one field of is good"
    assert len(signed()) < 500
    assert [str(each) for each in VALIDATOR.validate(signed(), root_type="terminal-row").diagnostics] == []


@pytest.mark.parametrize(("claims", "refused"), [each[1:] for each in CLAIMS], ids=[each[0] for each in CLAIMS])
def test_one_claim_forged(claims: dict[int, Any], refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        verified(forged(claims))


@pytest.mark.parametrize(("header", "refused"), [each[1:] for each in HEADERS], ids=[each[0] for each in HEADERS])
def test_one_header_forged(header: dict[int, Any], refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        verified(forged(header=header))


def test_another_terminals_key_signs_nothing_here() -> None:
    with pytest.raises(TerminalSignatureInvalid):
        verified(forged(signer=STRANGER))
    with pytest.raises(TerminalSignatureInvalid):
        signed(signer=STRANGER)


def test_the_region_is_one_that_is_known_by_a_key_that_runs() -> None:
    with pytest.raises(IssuerUnknown):
        verified(signed(), keys={})
    pair = next(iter(TERMINAL_KEYS))
    with pytest.raises(IssuerSignatureInvalid):
        verified(signed(), keys={pair: replace(ANCHOR, key=STRANGER.public_key)})
    with pytest.raises(IssuerExpired):
        verified(signed(), keys={pair: replace(ANCHOR, verify_until=UnixTime(AT - 1))})


def test_too_long_is_not_looked_at() -> None:
    with pytest.raises(SizeError):
        verified(bytes(limits.MAX_ROW_BYTES + 1))


def test_a_renewal_is_another_thing_than_a_row() -> None:
    wanted = renewal.sign(certificate=CERTIFICATE, signer=TERMINAL, at=AT)
    assert VALIDATOR.validate(wanted, root_type="renewal").valid
    assert renewal.verify(wanted, terminal_keys=TERMINAL_KEYS, at=AT) == CERTIFIED
    with pytest.raises(TypError):
        verified(wanted)
    with pytest.raises(TypError):
        renewal.verify(signed(), terminal_keys=TERMINAL_KEYS, at=AT)


def test_a_renewal_asks_for_longer_after_its_certificate_too() -> None:
    late = UnixTime(CERTIFIED.exp + DAY)
    wanted = renewal.sign(certificate=CERTIFICATE, signer=TERMINAL, at=late)
    assert renewal.verify(wanted, terminal_keys=TERMINAL_KEYS, at=late) == CERTIFIED


@pytest.mark.parametrize(("content", "refused"), [each[1:] for each in RENEWALS], ids=[each[0] for each in RENEWALS])
def test_one_field_of_a_renewal_forged(content: bytes, refused: type[ProtocolError]) -> None:
    with pytest.raises(refused):
        renewal.verify(renewal_of(content), terminal_keys=TERMINAL_KEYS, at=AT)
    with pytest.raises(SizeError):
        renewal.verify(bytes(limits.MAX_RENEWAL_BYTES + 1), terminal_keys=TERMINAL_KEYS, at=AT)
