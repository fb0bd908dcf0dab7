"""Issues a licence to a device: check, lint, record the intent, sign, record the result (PROTOCOL.md).

Steps, in this order, so that no signature exists that the register does not know of (boulder's rule):
1 the subject becomes checked items · 2 lint of what would be signed · 3 the intent, with index and `sub`s, is durable ·
4 the assertion key signs F and every view (one device key, one index, a `sub` each) · 5 the result and the package are
durable. A crash between 3 and 5 leaves an open intent, which the register lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from issuer import draws, layout, portrait
from issuer import subject as subject_check
from issuer.allocation import Allocator
from issuer.draws import RandomBytes
from issuer.errors import IssuanceInterrupted, LicenceNotValid, LintRefused, PortraitRefused
from issuer.layout import LaidOut
from issuer.profile import Profile
from issuer.register import Allocation, LicenceRecord, Register
from issuer.subject import Subject
from protocol import keys, licence_package, limits, unixtime
from protocol.keys import Signer, VerificationKey
from protocol.labels import HolderKind, KeyAssurance, Lic, Purpose
from protocol.licence.catalogue import HolderRule, Kind
from protocol.licence_package import LicencePackage
from protocol.mandate import Mandate
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import CredentialClaims, StatusReference
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

FLEXIBLE: Final = "F"


@dataclass(frozen=True, slots=True)
class Issued:
    """What one issuance gave, of a licence or of a mandate (whose id is then the licence's in the package).

    `exp` is the credentials' end. `secret` opens the package at the web service; only its hash is kept.
    """

    licence_id: str
    kind: Kind
    list_number: int
    idx: int
    exp: UnixTime
    package: bytes
    secret: str
    warnings: tuple[str, ...]


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


class Issuance:
    """Issues licences of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        allocator: Allocator,
        assertion: Signer,
        root: VerificationKey,
        random_bytes: RandomBytes,
    ) -> None:
        self._profile, self._register, self._assertion, self._root = profile, register, assertion, root
        self._allocator, self._random_bytes = allocator, random_bytes

    def issue(
        self,
        kind: Kind,
        written: object,
        holder_key: VerificationKey,
        *,
        key_assurance: KeyAssurance,
        picture: bytes | None,
        directory: bytes,
        actor: str,
        at: UnixTime,
    ) -> Issued:
        """A new licence for this subject, bound to this device key; with the holder's portrait, if there is one.

        Raises:
            PortraitRefused: It is no small picture, or the subject names another one.
            SubjectRefused: Items are unknown, missing or wrong; all are listed.
            LintRefused: What would be signed breaks a rule.
            IssuanceInterrupted: The intent is recorded, a signature failed.
            RegisterUnavailable: The register could not record it.
        """
        written = _with_portrait(kind, written, picture)
        checked = subject_check.check(kind, written, at=at, fictional=self._profile.fictional)
        assert isinstance(written, dict), "a checked subject is a mapping"
        number = checked.text(Lic.CITIZEN_ID) or checked.text(Lic.USCC) or checked.text(Lic.LICENCE_NO) or ""
        record = LicenceRecord(
            id=self._draw_text(draws.ID_CHARACTERS),
            vct=kind.vct,
            subject=written,
            holder_name=checked.text(Lic.NAME) or "",
            holder_number=number,
            valid_from=checked.day(Lic.VALID_FROM),
            valid_to=checked.day(Lic.VALID_TO),
            status=Status.VALID,
            recorded_at=at,
            finished=False,
        )
        draft = self._draft(kind, checked, holder_key, key_assurance, at)
        return self._sign(record, draft, is_new=True, picture=picture, directory=directory, actor=actor, at=at)

    def issue_again(
        self,
        kind: Kind,
        record: LicenceRecord,
        holder_key: VerificationKey,
        *,
        key_assurance: KeyAssurance,
        directory: bytes,
        actor: str,
        at: UnixTime,
    ) -> Issued:
        """The same licence for another device, or refreshed for the same one: a new index, the old ones stay.

        Raises:
            LicenceNotValid: It is suspended or ended.
            SubjectRefused: Meanwhile it is over.
            LintRefused, IssuanceInterrupted, RegisterUnavailable: As `issue`.
        """
        if record.status is not Status.VALID:
            raise LicenceNotValid(f"the licence is {record.status.name.lower()}")
        stored: Mapping[str, Any] = record.subject
        checked = subject_check.check(kind, dict(stored), at=at, fictional=self._profile.fictional)
        draft = self._draft(kind, checked, holder_key, key_assurance, at)
        picture = self._register.portrait(record.id)
        return self._sign(record, draft, is_new=False, picture=picture, directory=directory, actor=actor, at=at)

    def _draft(
        self, kind: Kind, checked: Subject, holder_key: VerificationKey, key_assurance: KeyAssurance, at: UnixTime
    ) -> Draft:
        # CONTRACTS.md: all moments are local midnights, so that none of them singles a holder out.
        iat = unixtime.local_midnight(unixtime.local_day(at))
        exp = UnixTime(iat + kind.lifetime_days * DAY)
        first, last = checked.day(Lic.VALID_FROM), checked.day(Lic.VALID_TO)
        if last is not None:
            exp = min(exp, unixtime.end_of_local_day(last))
        nbf = iat if first is None else UnixTime(max(0, unixtime.local_midnight(first)))
        layouts = {FLEXIBLE: layout.flexible(kind, checked.items, random_bytes=self._random_bytes)}
        for purpose, item_keys in sorted(kind.views.items()):
            lint_view(kind, purpose, item_keys, checked)
            layouts[purpose.word] = layout.view(item_keys & checked.items.keys(), checked.items)
        draft = Draft(kind, checked, holder_key, key_assurance, iat, nbf, exp, layouts)
        lint(draft, at=at)
        return draft

    def _sign(
        self,
        record: LicenceRecord,
        draft: Draft,
        *,
        is_new: bool,
        picture: bytes | None,
        directory: bytes,
        actor: str,
        at: UnixTime,
    ) -> Issued:
        allocation = self._register.record_intent(
            record,
            is_new=is_new,
            picture=picture,
            holder_key_thumbprint=draft.holder_key.thumbprint,
            exp=draft.exp,
            layouts=tuple(draft.layouts),
            allocate=lambda connection: self._allocator.entry(connection, draft.exp),
            draw_sub=lambda: self._draw_text(limits.SUB_CHARACTERS),
            actor=actor,
            at=at,
        )
        signed = sign(draft, allocation, profile=self._profile, signer=self._assertion)
        package = licence_package.encode(LicencePackage(record.id, signed, picture, None, directory, self._root))
        secret = record_signed(
            self._register, allocation, signed, package=package, random_bytes=self._random_bytes, at=at
        )
        entry = allocation.entry
        return Issued(
            record.id,
            draft.kind,
            entry.list_number,
            entry.idx,
            draft.exp,
            package,
            secret,
            draft.subject.warnings,
        )

    def _draw_text(self, characters: int) -> str:
        return draws.text(self._random_bytes, characters)


def _with_portrait(kind: Kind, written: object, picture: bytes | None) -> object:
    """The subject with the digest of the portrait that goes into the package; a digest alone would show nothing."""
    if not isinstance(written, dict) or (picture is None and portrait.ITEM not in written):
        return written
    if kind.item(Lic.PORTRAIT_SHA256) is None:
        raise PortraitRefused(f"a {kind.slug} has no portrait", hint="Leave the portrait out. Nothing was recorded.")
    if picture is None:
        raise PortraitRefused(
            "the subject names a portrait's digest, and no picture came with it",
            hint="Give the picture (--portrait FILE), or leave the item out. Nothing was recorded.",
        )
    digest = portrait.digest_of(picture)
    if written.get(portrait.ITEM, digest) != digest:
        raise PortraitRefused(
            "the subject names another portrait's digest than that of this picture",
            hint="Leave the item out: the digest is computed. Nothing was recorded.",
        )
    return {**written, portrait.ITEM: digest}


def sign(draft: Draft, allocation: Allocation, *, profile: Profile, signer: Signer) -> tuple[bytes, ...]:
    """Step 4: the credentials of a recorded draft, in the order of its layouts.

    Raises:
        IssuanceInterrupted: A signature failed.
    """
    status = profile.status_reference(allocation.entry.list_number, allocation.entry.idx)
    try:
        return tuple(
            _credential(draft, laid_out, signer, iss=profile.iss, sub=sub, status=status)
            for sub, laid_out in zip(allocation.subs, draft.layouts.values(), strict=True)
        )
    except Exception as error:
        # Whatever a signing device raises, the intent stands: say so instead of what the device said.
        raise IssuanceInterrupted(f"signing failed after the intent was recorded ({type(error).__name__})") from error


def record_signed(
    register: Register,
    allocation: Allocation,
    signed: Sequence[bytes],
    *,
    package: bytes,
    random_bytes: RandomBytes,
    at: UnixTime,
) -> str:
    """Step 5: the result and the package are durable. Returns the secret that opens the package."""
    secret = draws.secret(random_bytes)
    register.record_done(
        allocation,
        credential_sha256=tuple(sha256(each).digest() for each in signed),
        package=package,
        secret_sha256=sha256(secret.encode()).digest(),
        at=at,
    )
    return secret


def _credential(
    draft: Draft, laid_out: LaidOut, signer: Signer, *, iss: str, sub: str, status: StatusReference
) -> bytes:
    claims = CredentialClaims(
        iss=iss,
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
    kid = keys.kid_of(signer.public_key)
    return credential.issue(claims, laid_out.lic, laid_out.disclosures, signer, kid=kid)


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
