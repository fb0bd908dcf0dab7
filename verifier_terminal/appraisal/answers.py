"""Which open request of this terminal a presentation answers: opening its seal (step 4), aud and cnonce (step 11).

A request counts only at a place of its own purpose: what was asked at the roadside is answered nowhere else. A sealed
presentation answers the request to whose key it was sealed, and no other one. Not handled here: which requests are
still open (the session burns them), and whether a challenge or a seal is demanded (`presentation`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protocol import sealing
from protocol.errors import Code
from protocol.sd_cwt.key_binding import KeyBinding
from protocol.sealing import Sealed, SealNotOpened
from verifier_terminal.appraisal import gates
from verifier_terminal.appraisal.context import Context, OpenRequest
from verifier_terminal.appraisal.verdict import Finding


@dataclass(frozen=True, slots=True)
class Answer:
    """What a presentation's aud and cnonce say here; `request` is set only where both are those of an open one."""

    request: OpenRequest | None
    findings: tuple[Finding, ...]


def open_here(context: Context) -> tuple[OpenRequest, ...]:
    """The open requests that count at this place."""
    return tuple(each for each in context.requests if each.purpose is context.face.purpose)


def unseal(sealed: Sealed, context: Context) -> tuple[bytes, OpenRequest]:
    """What was sealed, and the request to whose key.

    Raises:
        SealNotOpened: To none of the open requests here, or changed on the way.
        KeyRefused: The encapsulated key is of small order.
    """
    for request in open_here(context):
        if request.sealing_key is None:
            continue
        try:
            return sealing.unseal(sealed, private_key=request.sealing_key), request
        except SealNotOpened:
            # Another kid; or the same one, since it has 4 bytes and another open request may share it.
            continue
    raise SealNotOpened("sealed to none of the open requests")


def match(shown: KeyBinding, context: Context, *, sealed_to: OpenRequest | None) -> Answer:
    """Step 11 for aud and cnonce."""
    if sealed_to is not None:
        return _match_seal(shown, sealed_to)
    expected = context.face.purpose.audience
    if shown.cnonce is None:
        return Answer(None, () if shown.aud == expected else (gates.finding(Code.E_AUD),))
    requests = open_here(context)
    for request in requests:
        if (request.audience, request.cnonce) == (shown.aud, shown.cnonce):
            return Answer(request, ())
    if shown.aud in {expected, *context.audiences, *(each.audience for each in requests)}:
        # Meant for this place, and late, used up, or never asked: the holder only has to scan again.
        return Answer(None, (gates.finding(Code.E_CNONCE),))
    return Answer(None, (gates.finding(Code.E_AUD), gates.finding(Code.E_CNONCE)))


def _match_seal(shown: KeyBinding, sealed_to: OpenRequest) -> Answer:
    # Anybody can seal to a public key: only what the holder signed says what was answered.
    findings = []
    if shown.aud != sealed_to.audience:
        findings.append(gates.finding(Code.E_AUD))
    if shown.cnonce != sealed_to.cnonce:
        findings.append(gates.finding(Code.E_CNONCE))
    return Answer(None if findings else sealed_to, tuple(findings))


def missing_kinds(request: OpenRequest | None, shown: Iterable[int]) -> tuple[Finding, ...]:
    """What the act lacks: a request names what is needed, so a kind that it names and nobody shows is missing."""
    if request is None or request.wanted.keys() <= set(shown):
        return ()
    return (gates.finding(Code.W_CLAIM_MISSING),)
