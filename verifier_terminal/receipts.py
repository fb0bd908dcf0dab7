"""Receipts (核验回执) for the checks of the last ten minutes, from what is held in memory and nowhere else.

Guaranteed: the values that a receipt vouches for stay in this memory, for at most ten minutes and 64 checks, and leave
it as hashes or MACs only; a check that was declared void gets no receipt; each receipt has fresh keys. A restart
forgets all of it. Not handled here: the journal row that says that a receipt was given, and who asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from protocol import cbor, receipt
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import ProtocolError
from protocol.keys import Signer
from protocol.labels import TrustTier
from protocol.receipt import CLAIMS_KEY_BYTES, Receipt, ReceiptCopy, ShownLicence
from protocol.unixtime import MINUTE
from verifier_terminal.appraisal.verdict import ReceiptEvidence, Verdict, VerdictClass
from verifier_terminal.errors import NoReceipt, ValuesNotForFile
from verifier_terminal.store.anchor import Head

KEPT_SECONDS: Final = 10 * MINUTE
MAX_KEPT: Final = 64
"""More checks than one counter does in ten minutes."""

_TIERS: Final = {
    VerdictClass.ACCEPT: TrustTier.AFFIRMING,
    VerdictClass.CHECK: TrustTier.WARNING,
    VerdictClass.REFUSE: TrustTier.CONTRAINDICATED,
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """One licence of the act."""

    replay_key: bytes
    evidence: ReceiptEvidence


@dataclass(frozen=True, slots=True)
class _Kept:
    verdict: Verdict
    shown: tuple[_Shown, ...] = field(repr=False)
    challenge: bytes | None
    reason: str | None
    head: Head
    since: float


class EvidenceShelf:
    """What receipts are made of. `now` is the clock that only counts."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def put(self, verdict: Verdict, *, challenge: bytes | None, reason: str | None, head: Head, now: float) -> None:
        """Keeps what a receipt about this verdict would need; nothing where there could be none.

        Args:
            verdict: With its evidence.
            challenge: Digest of the challenge that it answered, if it did.
            reason: What that challenge gave as its reason.
            head: The journal's head when the verdict's row was written: that row.
            now: When.
        """
        self.forget_over(now)
        shown = tuple(
            _Shown(each.replay_key, each.licence.evidence)
            for each in verdict.members or (verdict,)
            if each.replay_key is not None and each.licence is not None and each.licence.evidence is not None
        )
        if not shown or verdict.verdict_class not in _TIERS:
            return
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[verdict.check_number] = _Kept(without_evidence(verdict), shown, challenge, reason, head, now)

    def make(
        self,
        check_number: str,
        *,
        reason: str | None,
        certificate: bytes,
        signer: Signer,
        random_bytes: Callable[[int], bytes],
        now: float,
    ) -> ReceiptCopy:
        """A new receipt about this check, with the keys of its copy.

        Args:
            check_number: As it was shown.
            reason: 申请事由, 1 to 200 characters; None: the one of the challenge that was answered.
            certificate: Good now.
            signer: The terminal's.
            random_bytes: For the keys of layout V.
            now: By the clock that only counts.

        Raises:
            NoReceipt: There is no evidence (any more), or nothing that could be signed.
        """
        self.forget_over(now)
        kept = self._kept.get(check_number)
        if kept is None:
            raise NoReceipt(f"{check_number}: what it would vouch for is not in memory")
        why = reason if reason is not None else kept.reason
        if why is None:
            raise NoReceipt("it needs a reason")
        verdict = kept.verdict
        keys = tuple(None if each.evidence.disclosures else random_bytes(CLAIMS_KEY_BYTES) for each in kept.shown)
        try:
            stated = Receipt(
                purpose=verdict.purpose,
                reason=why,
                shown=tuple(_licence(each, key) for each, key in zip(kept.shown, keys, strict=True)),
                tier=_TIERS[verdict.verdict_class],
                codes=tuple(str(finding.code) for finding in verdict.findings),
                freshness=int(verdict.status_grade),
                iat=verdict.at,
                journal_position=kept.head.count,
                journal_head=kept.head.row_hash,
                challenge=kept.challenge,
            )
            return ReceiptCopy(receipt.sign(stated, certificate=certificate, signer=signer), keys)
        except ProtocolError as refused:
            raise NoReceipt(f"{check_number}: {refused}") from refused

    def shown(self, check_number: str, now: float) -> Verdict:
        """What was shown at this check, as policy shows it on the page: masked where policy masks.

        Raises:
            NoReceipt: It is not in memory (any more).
        """
        self.forget_over(now)
        kept = self._kept.get(check_number)
        if kept is None:
            raise NoReceipt(f"{check_number}: what was shown is not in memory")
        return kept.verdict

    def drop(self, check_number: str) -> None:
        """This check was declared void, or its visitor has left."""
        self._kept.pop(check_number, None)

    def forget_over(self, now: float) -> None:
        """Lets go of what is older than ten minutes."""
        self._kept = {number: kept for number, kept in self._kept.items() if 0 <= now - kept.since < KEPT_SECONDS}


def require_values_on_file(verdict: Verdict, policy: AppraisalPolicy | None) -> None:
    """Return if policy lets the case file have the values of every licence shown.

    Raises:
        ValuesNotForFile: Of one of them it does not say so.
    """
    for each in verdict.members or (verdict,):
        licence = each.licence
        row = policy.row(licence.vct, verdict.purpose, licence.region) if policy and licence else None
        if row is None or not row.values_on_file:
            raise ValuesNotForFile("" if licence is None else licence.slug)


def without_evidence(verdict: Verdict) -> Verdict:
    """The verdict as it may be shown and told: whole values for receipts travel no further than this file."""
    licence = verdict.licence
    return replace(
        verdict,
        licence=None if licence is None else replace(licence, evidence=None),
        holder=None,
        members=tuple(without_evidence(each) for each in verdict.members),
    )


def _licence(shown: _Shown, claims_key: bytes | None) -> ShownLicence:
    evidence = shown.evidence
    if claims_key is None:
        commitment: receipt.RedactedHashes | receipt.ClaimsMac = receipt.redacted_hashes(evidence.disclosures)
    else:
        items: dict[cbor.Key, cbor.Value] = dict(evidence.items.items())
        commitment = receipt.claims_mac(claims_key, evidence.vct, items)
    return ShownLicence(evidence.vct, frozenset(evidence.items), shown.replay_key, commitment)
