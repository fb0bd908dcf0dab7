"""Dispute notes: what a terminal tells another region about a licence of that region which it refused.

A COSE_Sign1 by the terminal's key with its certificate in kcwt, so that the region can check who says it. It names the
kind, the reason, what the status answer was and how old, and the digest of the presentation, which ties it to what the
holder and a receipt have. Never a claim, an index, a holder key. Not handled here: which refusals are worth a note, and
how it is sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, terminal_certificate, terminal_statement
from protocol.errors import SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import Signer
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import Seconds, UnixTime

DIGEST_BYTES: Final = 32
_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_IAT,
        labels.CLAIM_PURPOSE,
        labels.CLAIM_DISPUTED,
        labels.CLAIM_DISPUTED_CHECK,
        labels.CLAIM_DISPUTED_ANSWER,
        labels.CLAIM_DISPUTED_AGES,
    }
)
_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_CHECK: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}", re.ASCII)
_CODE: Final = re.compile(r"E_[A-Z0-9_]{1,30}", re.ASCII)
_STATUSES: Final = frozenset(Status)


@dataclass(frozen=True, slots=True)
class DisputeNote:
    """What is stated. `status` and `as_of` are None where no status was read.

    `presentation` is the replay key: SHA-256 of the KBT's Sig_structure. The ages are those of the verdict: trust list,
    policy and the clock's last confirmation; None where there was none.
    """

    region: str
    vct: int
    presentation: bytes
    check_number: str
    checked_at: UnixTime
    purpose: Purpose
    code: str
    status: Status | None
    as_of: UnixTime | None
    trust_age: Seconds | None
    policy_age: Seconds | None
    clock_age: Seconds | None
    iat: UnixTime
    """When it was signed: not before the check, and within the certificate."""


@dataclass(frozen=True, slots=True)
class VerifiedDisputeNote:
    """The certified terminal said this. Only `verify` makes one."""

    certificate: TerminalCertificate
    note: DisputeNote


def sign(note: DisputeNote, *, certificate: bytes, signer: Signer) -> bytes:
    """The signed bytes of a note.

    Args:
        note: What is stated.
        certificate: The terminal's certificate as the region gave it; it covers the note's moment.
        signer: The terminal's key.

    Raises:
        ProtocolError: Nobody would accept it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = terminal_certificate.parse(structure).claims
    content = cbor.encode(
        {
            labels.CLAIM_IAT: note.iat,
            labels.CLAIM_PURPOSE: int(note.purpose),
            labels.CLAIM_DISPUTED: (note.region, note.vct, note.presentation),
            labels.CLAIM_DISPUTED_CHECK: (note.check_number, note.checked_at),
            labels.CLAIM_DISPUTED_ANSWER: (note.code, None if note.status is None else int(note.status), note.as_of),
            labels.CLAIM_DISPUTED_AGES: (note.trust_age, note.policy_age, note.clock_age),
        }
    )
    _note(cbor.decode(content), certified)
    return terminal_statement.sign(
        content, typ=labels.TYP_DISPUTE, certificate=structure, certified=certified, signer=signer
    )


def verify(encoded: bytes, *, terminal_keys: TerminalKeys, at: UnixTime) -> VerifiedDisputeNote:
    """The note, once both signatures hold.

    1. Size, strict CBOR, shape, typ and closed header sets. 2. (iss, kid) of the certificate is a region's terminal
    key. 3. The region's signature. 4. The terminal's signature. 5. The claims; the note lies within the certificate
    and not ahead of the reader's clock.

    Raises:
        SizeError: Longer than `limits.MAX_DISPUTE_BYTES`.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_DISPUTE_BYTES:
        raise SizeError(f"a dispute note of {len(encoded)} bytes")
    # Steps 1 to 4.
    certificate, payload = terminal_statement.verified(
        encoded, typ=labels.TYP_DISPUTE, terminal_keys=terminal_keys, at=at
    )
    # Step 5.
    note = _note(payload, certificate)
    if note.iat > at + limits.CLOCK_SKEW:
        raise TimeOrderError("a note of a moment that has not come")
    return VerifiedDisputeNote(certificate, note)


def _note(payload: cbor.Value, certificate: TerminalCertificate) -> DisputeNote:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a dispute note")
    iat = cwt.moment(payload, labels.CLAIM_IAT)
    if not certificate.iat <= iat <= certificate.exp:
        raise TimeOrderError("a note beyond its certificate")
    match payload[labels.CLAIM_DISPUTED]:
        case (str() as region, vct, bytes() as presentation) if (
            _REGION.fullmatch(region) and type(vct) is int and vct in labels.VCT_RANGE
        ):
            if len(presentation) != DIGEST_BYTES:
                raise SchemaError(f"a digest that is not {DIGEST_BYTES} bytes")
        case _:
            raise SchemaError("what is disputed is not [region, kind, presentation]")
    match payload[labels.CLAIM_DISPUTED_CHECK]:
        case (str() as check_number, at) if _CHECK.fullmatch(check_number):
            checked_at = _moment(at)
        case _:
            raise SchemaError("a check is [number, moment]")
    if checked_at > iat:
        raise TimeOrderError("a note that was signed before the check")
    code, status, as_of = _answer(payload[labels.CLAIM_DISPUTED_ANSWER])
    match payload[labels.CLAIM_DISPUTED_AGES]:
        case (trust, policy, clock):
            ages = (_age(trust), _age(policy), _age(clock))
        case _:
            raise SchemaError("ages are [trust list, policy, clock]")
    purpose = terminal_certificate.read_purpose(payload[labels.CLAIM_PURPOSE])
    return DisputeNote(region, vct, presentation, check_number, checked_at, purpose, code, status, as_of, *ages, iat)


def _answer(value: cbor.Value) -> tuple[str, Status | None, UnixTime | None]:
    match value:
        case (str() as code, status, as_of) if _CODE.fullmatch(code):
            if (status is None) is not (as_of is None):
                raise SchemaError("a status without its moment, or the other way round")
            if status is None:
                return code, None, None
            if type(status) is not int or status not in _STATUSES:
                raise SchemaError("a status that is none")
            return code, Status(status), _moment(as_of)
        case _:
            raise SchemaError("an answer is [code, status, as of]")


def _moment(value: cbor.Value) -> UnixTime:
    return cwt.moment({labels.CLAIM_IAT: value}, labels.CLAIM_IAT)


def _age(value: cbor.Value) -> Seconds | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= limits.MAX_TIME:
        raise SchemaError("an age that is none")
    return Seconds(value)
