"""Officers' acts: what an officer did about a licence that was shown (暂扣, or a note), in their own name.

A COSE_Sign1 by the officer's own key with the staff certificate in kcwt. It ties the act to the presentation and to the
challenge that it answered by their digests, names the licence by its status entry, so that the issuer finds it, and
carries no item of it. It changes nothing by itself: whoever confirms it centrally does (ADR 0026).

Guaranteed by `verify`: exact type, closed headers, both signatures, an officer who may sign acts, a moment within the
certificate and within ten minutes of the check, and a challenge where something is taken away. Not handled here: how it
is sent, and who confirms it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from protocol import cbor, cose_sign1, cwt, labels, limits, staff_certificate, terminal_certificate
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import Code, ProtocolError, SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import Signer
from protocol.staff_certificate import Role, StaffCertificate, StaffKeys, StaffUse
from protocol.unixtime import UnixTime

_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_IAT,
        labels.CLAIM_REASON,
        labels.CLAIM_ACT,
        labels.CLAIM_ACT_LICENCE,
        labels.CLAIM_ACT_CHECK,
    }
)
_STATUS_URI: Final = re.compile(r"lz:[0-9]{6}/(0|[1-9][0-9]{0,5})", re.ASCII)
_CHECK: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}", re.ASCII)
_TERMINAL: Final = re.compile(r"[0-9A-Za-z-]{1,24}", re.ASCII)


class NotAnOfficer(ProtocolError):
    """Whoever signed is no officer, or their certificate does not let them sign acts."""

    code = Code.E_SIG_ISSUER


class ActKind(IntEnum):
    """What the officer did."""

    NOTE = 1
    """记录: something is put on record; no status changes."""
    SEIZURE = 2
    """暂扣: the licence is to be suspended, once somebody confirms it centrally."""


@dataclass(frozen=True, slots=True)
class OfficersAct:
    """What is stated.

    `presentation` is the replay key: SHA-256 of the KBT's Sig_structure. `challenge` is the whole digest of the LC1
    that it answered. `status` is the licence's entry (list URI, index): for its issuer alone, never for a copy.
    """

    kind: ActKind
    presentation: bytes
    challenge: bytes | None
    vct: int
    status: tuple[str, int]
    check_number: str
    checked_at: UnixTime
    terminal: str
    reason: str
    iat: UnixTime

    @property
    def region(self) -> str:
        """Six digits: whose licence it is."""
        return self.status[0].removeprefix("lz:").partition("/")[0]


@dataclass(frozen=True, slots=True)
class VerifiedAct:
    """The certified officer said this. Only `verify` makes one."""

    certificate: StaffCertificate
    act: OfficersAct


def act_id(encoded: bytes) -> bytes:
    """What an act is named by everywhere: SHA-256 of its signed bytes."""
    return sha256(encoded).digest()


def sign(act: OfficersAct, *, certificate: bytes, signer: Signer) -> bytes:
    """The signed bytes of an act.

    Args:
        act: What is stated.
        certificate: The officer's staff certificate as the region gave it; it covers the act's moment.
        signer: The officer's own key.

    Raises:
        ProtocolError: Nobody would accept it; nothing is returned.
    """
    structure = cbor.decode(certificate)
    certified = staff_certificate.parse(structure).claims
    content = cbor.encode(
        {
            labels.CLAIM_IAT: act.iat,
            labels.CLAIM_REASON: act.reason,
            labels.CLAIM_ACT: (int(act.kind), act.presentation, act.challenge),
            labels.CLAIM_ACT_LICENCE: (act.vct, act.status[0], act.status[1]),
            labels.CLAIM_ACT_CHECK: (act.check_number, act.checked_at, act.terminal),
        }
    )
    _act(cbor.decode(content), certified)
    protected: dict[cbor.Key, cbor.Value] = {labels.HDR_KCWT: structure, labels.HDR_TYP: labels.TYP_ACT}
    encoded = cbor.encode(cose_sign1.sign1(protected, content, signer))
    staff_certificate.verify_by_staff(_parse(encoded), certified)
    return encoded


def verify(encoded: bytes, *, staff_keys: StaffKeys, withdrawn: frozenset[bytes], at: UnixTime) -> VerifiedAct:
    """The act, once both signatures hold.

    1. Size, strict CBOR, shape, typ and closed header sets. 2. (iss, kid) of the certificate is a region's staff key.
    3. The region's signature, and that the officer's key was not withdrawn. 4. The officer's signature. 5. The claims;
    the act lies within the certificate, within ten minutes of its check, and not ahead of the reader's clock.

    Raises:
        SizeError: Longer than `limits.MAX_OFFICERS_ACT_BYTES`.
        NotAnOfficer: Somebody else signed it.
        ProtocolError: The first rule that it breaks.
    """
    if len(encoded) > limits.MAX_OFFICERS_ACT_BYTES:
        raise SizeError(f"an act of {len(encoded)} bytes")
    # Step 1.
    sign1 = _parse(encoded)
    unverified = staff_certificate.carried_in(sign1)
    # Steps 2 and 3.
    certificate = staff_certificate.verify(unverified, staff_keys=staff_keys, withdrawn=withdrawn, at=at)
    # Step 4.
    staff_certificate.verify_by_staff(sign1, certificate)
    # Step 5.
    act = _act(cbor.decode(sign1.payload), certificate)
    if act.iat > at + limits.CLOCK_SKEW:
        raise TimeOrderError("an act of a moment that has not come")
    return VerifiedAct(certificate, act)


def _parse(encoded: bytes) -> UnverifiedSign1:
    return cose_sign1.parse(
        cbor.decode(encoded), expected_typ=labels.TYP_ACT, protected_labels=staff_certificate.SIGNED_BY_STAFF
    )


def _act(payload: cbor.Value, certificate: StaffCertificate) -> OfficersAct:
    if certificate.role is not Role.OFFICER or StaffUse.ACT not in certificate.uses:
        raise NotAnOfficer("this certificate does not let anybody sign officers' acts")
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of an officer's act")
    iat = cwt.moment(payload, labels.CLAIM_IAT)
    if not certificate.covers(iat):
        raise TimeOrderError("an act beyond the officer's certificate")
    kind, presentation, challenge = _what(payload[labels.CLAIM_ACT])
    match payload[labels.CLAIM_ACT_LICENCE]:
        case (vct, str() as uri, int() as idx) if (
            type(idx) is int and 0 <= idx < limits.STATUS_LIST_ENTRIES and _STATUS_URI.fullmatch(uri)
        ):
            licence = terminal_certificate.read_kind(vct)
        case _:
            raise SchemaError("a licence is [kind, status list, index]")
    match payload[labels.CLAIM_ACT_CHECK]:
        case (str() as check_number, at, str() as terminal) if _CHECK.fullmatch(check_number) and _TERMINAL.fullmatch(
            terminal
        ):
            checked_at = cwt.moment({labels.CLAIM_IAT: at}, labels.CLAIM_IAT)
        case _:
            raise SchemaError("a check is [number, moment, terminal]")
    if not checked_at <= iat <= checked_at + limits.MAX_ACT_AFTER_CHECK:
        raise TimeOrderError("an act before its check, or long after it")
    return OfficersAct(
        kind=kind,
        presentation=presentation,
        challenge=challenge,
        vct=licence,
        status=(uri, idx),
        check_number=check_number,
        checked_at=checked_at,
        terminal=terminal,
        reason=terminal_certificate.shown_text(
            payload, labels.CLAIM_REASON, max_characters=limits.MAX_REASON_CHARACTERS
        ),
        iat=iat,
    )


def _what(value: cbor.Value) -> tuple[ActKind, bytes, bytes | None]:
    match value:
        case (int() as number, bytes() as presentation, challenge) if type(number) is int and number in set(ActKind):
            kind = ActKind(number)
        case _:
            raise SchemaError("an act is [kind, presentation, challenge]")
    if len(presentation) != limits.SHA256_BYTES:
        raise SchemaError(f"a digest that is not {limits.SHA256_BYTES} bytes")
    if challenge is None:
        if kind is ActKind.SEIZURE:
            # Without one nobody could show later that the holder was asked, and by whom.
            raise SchemaError("a seizure without the challenge that was answered")
        return kind, presentation, None
    if not isinstance(challenge, bytes) or len(challenge) != limits.SHA256_BYTES:
        raise SchemaError(f"a digest that is not {limits.SHA256_BYTES} bytes")
    return kind, presentation, challenge
