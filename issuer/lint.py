"""Lints what is about to be signed: the rules of a draft, and the very bytes, read as a terminal reads them.

Only `rehearsed` makes a `LintedDraft`, and `issuance.signatures` takes nothing else: so nothing that was not linted
reaches a key (boulder's rule). The bytes are signed by nobody's key (`protocol.rehearsal`) and read, and then the real
key signs these bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from issuer.errors import LintRefused
from issuer.layout import LaidOut
from issuer.profile import Profile
from issuer.register import Allocation
from issuer.subject import Subject
from protocol import limits
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import HolderKind, KeyAssurance, Purpose
from protocol.licence.catalogue import HolderRule, Kind
from protocol.mandate import Mandate
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import CredentialClaims, RehearsedCredential
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class Draft:
    """What will be signed, but for the index and the `sub`s. With a mandate the holder's key is the agent's."""

    kind: Kind
    subject: Subject
    holder_key: VerificationKey
    key_assurance: KeyAssurance
    iat: UnixTime
    nbf: UnixTime
    exp: UnixTime
    layouts: Mapping[str, LaidOut]
    mandate: Mandate | None = None


@dataclass(frozen=True, slots=True)
class LintedDraft:
    """The bytes of each credential of one draft, as its key signs them and as every reader takes them."""

    credentials: tuple[RehearsedCredential, ...]


def rehearsed(
    draft: Draft, allocation: Allocation, *, profile: Profile, kid: bytes, key: VerificationKey
) -> LintedDraft:
    """The credentials of a recorded draft in the order of its layouts, every one of them linted for this key.

    Raises:
        LintRefused: By the first rule that one of them breaks.
    """
    status = profile.status_reference(allocation.entry.list_number, allocation.entry.idx)
    made = []
    for sub, laid_out in zip(allocation.subs, draft.layouts.values(), strict=True):
        claims = CredentialClaims(
            iss=profile.iss,
            sub=sub,
            exp=draft.exp,
            nbf=draft.nbf,
            iat=draft.iat,
            cnf=draft.holder_key.cose_key,
            vct=draft.kind.vct,
            status=status,
            holder_kind=_HOLDER_KINDS[draft.kind.holder],
            key_assurance=draft.key_assurance,
            mandate=draft.mandate,
        )
        try:
            made.append(credential.rehearse(claims, laid_out.lic, laid_out.disclosures, key=key, kid=kid))
        except ProtocolError as error:
            raise LintRefused(str(error)) from None
    return LintedDraft(tuple(made))


def lint(draft: Draft, *, at: UnixTime) -> None:
    """Return if a terminal can accept what would be signed.

    Raises:
        LintRefused: By the rule that it breaks.
    """
    if not draft.nbf <= draft.iat < draft.exp:
        raise LintRefused("not nbf <= iat < exp")
    if not at < draft.exp <= draft.iat + limits.MAX_CREDENTIAL_LIFE:
        raise LintRefused("a technical life that is over or longer than 120 days")
    if draft.mandate is not None:
        if draft.exp - draft.iat > limits.MAX_MANDATE_LIFE:
            raise LintRefused("a mandate for more than 90 days")
        if draft.mandate.contradictions(region=draft.mandate.parent_region, vct=draft.kind.vct):
            raise LintRefused("a mandate for another licence than its own parent's")
    for name, laid_out in draft.layouts.items():
        if len(laid_out.disclosures) > limits.MAX_DISCLOSURES:
            raise LintRefused(f"layout {name} has more than {limits.MAX_DISCLOSURES} disclosures")


def lint_view(kind: Kind, purpose: Purpose, item_keys: frozenset[int], checked: Subject) -> None:
    """Return if the subject has every item of a view that it may not lack. Raises: LintRefused."""
    missing = item_keys - checked.items.keys() - kind.absence_is_stated
    lacking = [item.name for item in kind.items if item.key in missing]
    if lacking:
        raise LintRefused(f"the view for {purpose.word} needs {', '.join(lacking)}")


_HOLDER_KINDS: Final[Mapping[HolderRule, HolderKind | None]] = {
    HolderRule.NATURAL: HolderKind.NATURAL_PERSON,
    HolderRule.LEGAL: HolderKind.LEGAL_PERSON,
    # The subject alone does not say which one it is; the claim is optional.
    HolderRule.EITHER: None,
}
