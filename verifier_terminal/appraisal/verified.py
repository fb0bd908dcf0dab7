"""From a well-formed presentation to a verified one: steps 5 to 9, in which the first failure ends the appraisal.

Nothing of what a code claims leaves this place before both signatures hold. Not handled here: steps 1 to 4 (`appraise`)
and everything that needs the items (`presentation`).
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from protocol.errors import Code, IssuerExpired, ProtocolError
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.credential import UnverifiedCredential
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from protocol.trust_list import TrustAnchor, find_credential_anchor
from verifier_terminal.appraisal import answers, checks, dead_ends, gates
from verifier_terminal.appraisal.context import Context, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Ages, Fact, Verdict

_AFTER_BOTH_SIGNATURES: Final = frozenset(
    {
        Code.E_SD_EMPTY,
        Code.E_SD_SHAPE,
        Code.E_SD_DUP,
        Code.E_SD_REUSE,
        Code.E_SD_DUPKEY,
        Code.E_SD_ORPHAN,
        Code.E_SD_FORBIDDEN,
        Code.E_SCHEMA,
    }
)
"""Reasons that `key_binding.verify` can only give in step 9."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Both signatures hold and every disclosure has its place (steps 5 to 9)."""

    presentation: Presentation
    parts: UnverifiedCredential
    """Clear items and disclosures as they stood in the code, for a receipt."""
    sealed_to: OpenRequest | None


def verify(
    unverified: UnverifiedPresentation,
    context: Context,
    knowledge: Knowledge,
    ages: Ages,
    *,
    sealed_to: OpenRequest | None,
) -> Verified | Verdict:
    """Steps 5 to 9; a verdict where the appraisal ends there."""
    # Step 5. A mandate takes a key for mandates, everything else an assertion key.
    try:
        anchor = find_credential_anchor(knowledge.trust, unverified.credential, at=context.clock.at)
    except IssuerExpired as refusal:
        ended = checks.issuer_ended(
            refusal, lambda at: find_credential_anchor(knowledge.trust, unverified.credential, at=at), context
        )
        return dead_ends.ended((ended,), context, ages)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages)
    issued = unverified.credential
    banned = checks.ban(knowledge, issued.claims.iss, issued.kid, signed_at=issued.claims.iat)
    if banned is not None and banned.code is Code.E_ISSUER_BANNED:
        return dead_ends.ended((banned,), context, ages)
    # Steps 6 to 9.
    try:
        presentation = key_binding.verify(unverified, anchor.key)
    except ProtocolError as refusal:
        return _not_verified(refusal.code, unverified, anchor, context, ages, sealed_to=sealed_to)
    context.credentials.remember(presentation.verified)
    return Verified(presentation, unverified.credential, sealed_to)


def _not_verified(
    code: Code,
    unverified: UnverifiedPresentation,
    anchor: TrustAnchor,
    context: Context,
    ages: Ages,
    *,
    sealed_to: OpenRequest | None,
) -> Verdict:
    findings = (gates.finding(code),)
    if code in _AFTER_BOTH_SIGNATURES:
        replay_key = sha256(unverified.sign1.sig_structure()).digest()
        ended = dead_ends.ended(findings, context, ages, (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY), replay_key)
        answer = answers.match(unverified.key_binding, context, sealed_to=sealed_to)
        return replace(ended, audience=unverified.key_binding.aud, answered=answer.request)
    # The confirmation key and its signature are looked at after the issuer's half; other reasons may be about either.
    if code not in (Code.E_KEY, Code.E_SIG_HOLDER):
        try:
            credential.verify(unverified.credential, anchor.key)
        except ProtocolError:
            return dead_ends.ended(findings, context, ages)
    # The issuer's half holds; what failed is the holder's key or signature.
    return dead_ends.ended(findings, context, ages, (Fact.ISSUER_SIGNATURE,))
