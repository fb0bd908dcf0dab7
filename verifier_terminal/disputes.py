"""What another region should hear of: licences of a recognised region that were refused for what that region said.

What a dispute note says is written down with the check, in the same transaction; it is signed when somebody takes it
out, since a check must not wait for a certificate. Guaranteed: no claim, no index, nothing before both signatures held.
Not handled here: the form of a note (`protocol.dispute_note`) and how it reaches the region.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from protocol import cbor, dispute_note
from protocol.dispute_note import DisputeNote
from protocol.errors import Code, ProtocolError
from protocol.keys import Signer
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.verdict import Tier, Verdict
from verifier_terminal.errors import OutboxFull
from verifier_terminal.store import outbox
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.store import Store

EVENT: Final = "dispute"
SAID_BY_THE_REGION: Final = frozenset(
    {
        Code.E_REVOKED,
        Code.E_SUSPENDED,
        Code.E_DEVICE_LOST,
        Code.E_MANDATE_REVOKED,
        Code.E_STATUS_RANGE,
        Code.E_LIC_EXPIRED,
        Code.E_LIC_NOT_YET,
        Code.E_SCHEMA,
    }
)
"""Refusals that only the issuing region can put right; all others are about this presentation, phone or terminal."""
_NOT_RECOGNISED: Final = frozenset({Code.W_REGION, Code.W_POLICY_MISSING})
_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}


@dataclass(frozen=True, slots=True)
class Dispute:
    """One refused licence of another region: what its note says, and the kind's name for people."""

    kind: str
    note: DisputeNote


def payloads(verdict: Verdict, *, home: str) -> Iterator[Payload]:
    """The journal rows of a check's disputes: one for each licence that is disputed."""
    for each in verdict.members or (verdict,):
        reason = _reason(each)
        if reason is None or each.licence is None or each.replay_key is None or each.licence.region == home:
            continue
        age = each.ages.status
        yield {
            "event": EVENT,
            "check_number": verdict.check_number,
            "at": verdict.at,
            "purpose": verdict.purpose.word,
            "region": each.licence.region,
            "kind": each.licence.slug,
            "vct": each.licence.vct,
            "presentation": each.replay_key.hex(),
            "code": str(reason),
            "status": None if each.status is None else each.status.name.lower(),
            "as_of": None if each.status is None or age is None else verdict.at - age,
            "ages": {"trust": each.ages.trust, "policy": each.ages.policy, "clock": each.ages.clock},
        }


def write_down(store: Store, payload: Payload, *, retention_days: int) -> None:
    """A dispute's row, and what the terminal's operator is to pass on to the region; inside a transaction.

    Raises:
        sqlite3.Error: The disk.
    """
    at = UnixTime(payload["at"])
    store.journal.append(payload, at=at, retention_days=retention_days)
    body = cbor.encode(
        (
            payload["region"], payload["vct"], bytes.fromhex(payload["presentation"]), payload["check_number"], at,
            payload["purpose"], payload["code"], payload["status"], payload["as_of"],
        )
    )  # fmt: skip
    # Commands write the signed notes too; a full outbox must not keep a check from being written down.
    with suppress(OutboxFull):
        store.outbox.put(outbox.DISPUTE, body, key=sha256(body).digest(), at=at)


def of_row(payload: Payload) -> Dispute | None:
    """The dispute that a journal row is of; None for every other row, and for one that somebody spoilt."""
    try:
        if payload["event"] != EVENT:
            return None
        ages, at = payload["ages"], UnixTime(int(payload["at"]))
        note = DisputeNote(
            region=payload["region"],
            vct=payload["vct"],
            presentation=bytes.fromhex(payload["presentation"]),
            check_number=payload["check_number"],
            checked_at=at,
            purpose=_PURPOSES[payload["purpose"]],
            code=payload["code"],
            status=None if payload["status"] is None else Status[payload["status"].upper()],
            as_of=payload["as_of"],
            trust_age=ages["trust"],
            policy_age=ages["policy"],
            clock_age=ages["clock"],
            iat=at,
        )
        return Dispute(payload["kind"], note)
    except (KeyError, TypeError, ValueError, AttributeError):
        # The journal's own check (`terminal journal --verify`) says that it was changed.
        return None


def signed(
    disputes: Iterable[Dispute], *, certificate: bytes, signer: Signer, at: UnixTime
) -> tuple[tuple[Dispute, bytes], ...]:
    """Each with its note, signed now.

    Left out is what nobody would accept: a row that somebody spoilt, or a check after this moment (by a clock that was
    ahead). The list still has it.
    """
    made = []
    for each in disputes:
        try:
            encoded = dispute_note.sign(replace(each.note, iat=at), certificate=certificate, signer=signer)
        except ProtocolError:
            continue
        made.append((each, encoded))
    return tuple(made)


def _reason(verdict: Verdict) -> Code | None:
    """The first refusal that is the region's, of a verdict whose only refusals are such, in a region that counts."""
    refusals = [each.code for each in verdict.findings if each.tier is Tier.CONTRAINDICATED]
    recognised = _NOT_RECOGNISED.isdisjoint(each.code for each in verdict.findings)
    if not refusals or not recognised or not SAID_BY_THE_REGION.issuperset(refusals):
        return None
    return refusals[0]
