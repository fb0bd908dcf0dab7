"""The procedure: from a code's text and a context to a verdict (PROTOCOL.md, "Order of verification").

Pure and total: no I/O, no clock, no randomness, no exception. The numbers of the steps are those of
docs/verification.md. What stands here are steps 1 to 4 of every form of code; `presentation`, `bundled` and
`paper_code` go on. Not handled here: texts for people (`reasons`), the journal (15) and showing (16).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, assert_never

from protocol import limits, paper, sealing
from protocol.errors import Code, ProtocolError
from protocol.labels import (
    PREFIX_BUNDLE,
    PREFIX_CHARACTERS,
    PREFIX_PAPER,
    PREFIX_PRESENTATION,
    PREFIX_SEALED,
    AnimatedKind,
)
from protocol.qr import bundle, envelope
from protocol.sd_cwt import key_binding
from verifier_terminal.appraisal import answers, bundled, dead_ends, gates, paper_code, presentation, validity, verified
from verifier_terminal.appraisal.context import Context, OpenRequest
from verifier_terminal.appraisal.verdict import Ages, Form, Verdict

_FORMS: Final = {PREFIX_BUNDLE: Form.BUNDLE, PREFIX_PAPER: Form.PAPER}
_ARRAY_OF_2_TO_4: Final = (b"\x82", b"\x83", b"\x84")
"""How a bundle's bytes begin; a presentation's begin with 0xd2, tag 18."""


def appraise(text: str, context: Context) -> Verdict:
    """The verdict on one code.

    1 length and prefix · 2 base45 · 3 strict CBOR · 4 shape, typ, closed header sets · 5 trust look-up ·
    6 issuer signature · 7 confirmation key · 8 holder signature · 9 disclosures and items · 10 moments ·
    11 audience, nonce, replay · 12 status · 13 appraisal policy. Until both signatures hold the first failure ends it;
    after that all findings are collected. A disclosure that does not fit (9) ends it too, since it makes the whole
    SD-CWT invalid and leaves nothing to appraise (SD-CWT section 9 step 8).

    Args:
        text: What the scanner read; hostile. A presentation (LZ1), a sealed one (LE1), a bundle (LB1) or a paper code
            (LS1); everything else is E_PREFIX.
        context: Everything that may be known here and now.

    Returns:
        A verdict, always. A fault of the terminal itself is E_INTERNAL: not read, never red, never accepted.
    """
    try:
        return _appraise(text, context)
    except Exception:  # noqa: BLE001 — a bug in here must end in an honest outcome of its own, not in a stopped counter.
        return dead_ends.broken(context)


def appraise_bytes(kind: AnimatedKind, content: bytes, context: Context) -> Verdict:
    """The verdict on what animated frames carried, once they are complete: from step 3 on, as total as `appraise`.

    Args:
        kind: What the frames said they carry.
        content: The assembled whole; hostile.
        context: As for `appraise`.
    """
    try:
        return _assembled(kind, content, context)
    except Exception:  # noqa: BLE001 — as in `appraise`.
        return dead_ends.broken(context)


def _appraise(text: str, context: Context) -> Verdict:
    prefix = text[:PREFIX_CHARACTERS]
    reader = _READERS.get(prefix)
    # Steps 1 and 2.
    try:
        content = envelope.unwrap(text, expected_prefix=prefix if reader is not None else PREFIX_PRESENTATION)
    except ProtocolError as refusal:
        form = _FORMS.get(prefix, Form.PRESENTATION)
        return dead_ends.ended((gates.finding(refusal.code),), context, _ages(context), form=form)
    assert reader is not None
    return reader(content, context)


def _assembled(kind: AnimatedKind, content: bytes, context: Context) -> Verdict:
    match kind:
        case AnimatedKind.PRESENTATION:
            # Step 1: as long as one member of a bundle may be.
            if len(content) > limits.MAX_BUNDLE_BYTES:
                return dead_ends.ended((gates.finding(Code.E_SIZE),), context, _ages(context))
            return _presentation(content, context)
        case AnimatedKind.BUNDLE:
            return _bundle(content, context)
        case AnimatedKind.SEALED:
            # Step 1: a bundle in its seal.
            if len(content) > limits.MAX_BUNDLE_BYTES + limits.SEAL_OVERHEAD_BYTES:
                return dead_ends.ended((gates.finding(Code.E_SIZE),), context, _ages(context))
            return _sealed(content, context)
        case AnimatedKind.PORTRAIT:
            # A picture says nothing by itself; it belongs to a licence that was shown beside it.
            return dead_ends.ended((gates.finding(Code.E_PREFIX),), context, _ages(context))
        case _:
            assert_never(kind)


def _ages(context: Context) -> Ages:
    return validity.ages(context, status_as_of=validity.oldest_status(context))


def _presentation(content: bytes, context: Context, sealed_to: OpenRequest | None = None) -> Verdict:
    ages = _ages(context)
    # Steps 3 and 4.
    try:
        unverified = key_binding.parse(content, known=context.credentials)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages)
    if context.knowledge is None:
        return dead_ends.unprovisioned(context, ages)
    # Steps 5 to 9, then 10 to 14.
    checked = verified.verify(unverified, context, context.knowledge, ages, sealed_to=sealed_to)
    if isinstance(checked, Verdict):
        return checked
    return presentation.conclude(checked, context, context.knowledge)


def _bundle(content: bytes, context: Context, sealed_to: OpenRequest | None = None) -> Verdict:
    ages = _ages(context)
    # Steps 3 and 4, for every member, and that all belong to one act.
    try:
        members = bundle.parse(content, known=context.credentials)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages, form=Form.BUNDLE)
    if context.knowledge is None:
        return dead_ends.unprovisioned(context, ages, form=Form.BUNDLE)
    return bundled.appraise_members(members, context, context.knowledge, ages, sealed_to=sealed_to)


def _sealed(content: bytes, context: Context) -> Verdict:
    # Steps 3 and 4 of the seal; what was inside of it goes through every step again, from the strict CBOR on.
    try:
        inside, request = answers.unseal(sealing.parse(content), context)
    except ProtocolError as refusal:
        verdict = dead_ends.ended((gates.finding(refusal.code),), context, _ages(context))
    else:
        read = _bundle if inside.startswith(_ARRAY_OF_2_TO_4) else _presentation
        verdict = read(inside, context, request)
    return replace(verdict, sealed=True)


def _paper(content: bytes, context: Context) -> Verdict:
    ages = _ages(context)
    # Steps 3 and 4.
    try:
        unverified = paper.parse(content)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages, form=Form.PAPER)
    if context.knowledge is None:
        return dead_ends.unprovisioned(context, ages, form=Form.PAPER)
    return paper_code.appraise_paper(unverified, context, context.knowledge, ages)


_READERS: Final[Mapping[str, Callable[[bytes, Context], Verdict]]] = {
    PREFIX_PRESENTATION: _presentation,
    PREFIX_BUNDLE: _bundle,
    PREFIX_SEALED: _sealed,
    PREFIX_PAPER: _paper,
}
