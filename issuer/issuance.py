"""Issues a licence to a device: check, lint, record the intent, sign, record the result (PROTOCOL.md).

Steps, in this order, so that no signature exists that the register does not know of (boulder's rule):
1 the subject becomes checked items · 2 lint of the draft · 3 the intent, with index, `sub`s and the key that will sign,
is durable · 4 lint of the very bytes, read as terminals read them (`issuer.lint`) · 5 the assertion key signs F and
every view (one device key, one index, a `sub` each) · 6 the result and the package are durable. A crash between 3 and 6
leaves an open intent, which the register lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from issuer import draws, identifiers, layout, lint, packages, portrait
from issuer import subject as subject_check
from issuer.added_kinds.errors import KindRetired
from issuer.allocation import Allocator
from issuer.draws import RandomBytes
from issuer.errors import IssuanceInterrupted, LicenceNotValid, PortraitRefused
from issuer.joint import holders
from issuer.keys.errors import TokenUnavailable
from issuer.keys.ring import KeyRing, SigningKey
from issuer.lint import Draft, LintedDraft
from issuer.profile import Profile
from issuer.register import Allocation, Also, LicenceRecord, Register
from issuer.subject import Subject
from protocol import licence_package, limits, unixtime
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyAssurance, KeyUse, Lic
from protocol.licence.catalogue import Kind
from protocol.licence_package import LicencePackage
from protocol.sd_cwt import credential
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

HOLDER_NUMBERS: Final = ("citizen_id", "uscc", "licence_no")
"""Items by which a holder is known, the first that is there; the catalogue has one name for each in every kind."""
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


class Issuance:
    """Issues licences of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        allocator: Allocator,
        ring: KeyRing,
        root: VerificationKey,
        retired: frozenset[str],
        random_bytes: RandomBytes,
    ) -> None:
        self._profile, self._register, self._ring, self._root = profile, register, ring, root
        self._allocator, self._retired, self._random_bytes = allocator, retired, random_bytes

    def issue(
        self,
        kind: Kind,
        written: object,
        holder_key: VerificationKey,
        *,
        key_assurance: KeyAssurance,
        picture: bytes | None,
        directory: bytes,
        department: str | None,
        actor: str,
        at: UnixTime,
        also: Also | None = None,
        together: bool = False,
    ) -> Issued:
        """A new licence for this subject, bound to this device key; with the holder's portrait, if there is one.

        Raises:
            PortraitRefused: It is no small picture, or the subject names another one.
            SubjectRefused: Items are unknown, missing or wrong; all are listed.
            KindRetired: The authority issues no new ones.
            HoldersRefused: Several hold this kind; `together` says that this is one of them (`issuer.joint`).
            LintRefused: What would be signed breaks a rule.
            KeyNotForKind, DepartmentNeeded, NoSigningKey: No key signs this for them.
            IssuanceInterrupted, TokenUnavailable: The intent is recorded, a signature failed.
            RegisterUnavailable: The register could not record it.
        """
        if not together:
            holders.demand_one(kind, written)
        written = self.completed(kind, written, picture)
        checked = subject_check.check(kind, written, at=at, fictional=self._profile.fictional)
        record = self.record_of(kind, written, checked, at=at, together=together)
        draft = self.draft(kind, checked, holder_key, key_assurance, at)
        key = self._ring.take(KeyUse.ASSERT, vct=kind.vct, department=department, at=at)
        return self._sign(
            record, draft, key, is_new=True, picture=picture, directory=directory, actor=actor, at=at, also=also
        )

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
        draft = self.draft(kind, checked, holder_key, key_assurance, at)
        picture = self._register.portrait(record.id)
        department = self._ring.department_of(record.id, kind.vct)
        key = self._ring.take(KeyUse.ASSERT, vct=kind.vct, department=department, at=at)
        return self._sign(record, draft, key, is_new=False, picture=picture, directory=directory, actor=actor, at=at)

    def completed(self, kind: Kind, written: object, picture: bytes | None) -> object:
        """What somebody wrote, with what it needs not say: portrait's digest, identifier. Raises: PortraitRefused."""
        with_portrait = _with_portrait(kind, written, picture)
        return identifiers.given(kind, with_portrait, region=self._profile.region, random_bytes=self._random_bytes)

    def record_of(
        self, kind: Kind, written: object, checked: Subject, *, at: UnixTime, together: bool = False
    ) -> LicenceRecord:
        """What the register is to say of a new licence, under a new id. Raises: KindRetired, HoldersRefused."""
        if not together:
            holders.demand_one(kind, written)
        if kind.slug in self._retired:
            raise KindRetired(f"no new licences of the kind {kind.slug} are issued")
        assert isinstance(written, dict), "a checked subject is a mapping"
        return LicenceRecord(
            id=self._draw_text(draws.ID_CHARACTERS),
            vct=kind.vct,
            subject=written,
            holder_name=checked.text(Lic.NAME) or "",
            holder_number=holder_number(checked),
            valid_from=checked.day(Lic.VALID_FROM),
            valid_to=checked.day(Lic.VALID_TO),
            status=Status.VALID,
            recorded_at=at,
            finished=False,
        )

    def draft(
        self, kind: Kind, checked: Subject, holder_key: VerificationKey, key_assurance: KeyAssurance, at: UnixTime
    ) -> Draft:
        """What would be signed for this device. Raises: LintRefused."""
        # CONTRACTS.md: all moments are local midnights, so that none of them singles a holder out.
        iat, exp = unixtime.local_midnight(unixtime.local_day(at)), ends(kind, checked, at)
        first = checked.day(Lic.VALID_FROM)
        nbf = iat if first is None else UnixTime(max(0, unixtime.local_midnight(first)))
        layouts = {FLEXIBLE: layout.flexible(kind, checked.items, random_bytes=self._random_bytes)}
        for purpose, item_keys in sorted(kind.views.items()):
            lint.lint_view(kind, purpose, item_keys, checked)
            layouts[purpose.word] = layout.view(item_keys & checked.items.keys(), checked.items)
        draft = Draft(kind, checked, holder_key, key_assurance, iat, nbf, exp, layouts)
        lint.lint(draft, at=at)
        return draft

    def _sign(
        self,
        record: LicenceRecord,
        draft: Draft,
        key: SigningKey,
        *,
        is_new: bool,
        picture: bytes | None,
        directory: bytes,
        actor: str,
        at: UnixTime,
        also: Also | None = None,
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
            kid=key.kid,
            actor=actor,
            at=at,
            also=also,
        )
        signed = sign(draft, allocation, profile=self._profile, key=key)
        package = LicencePackage(record.id, signed, picture, None, directory, self._root)
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
            licence_package.encode(package),
            secret,
            draft.subject.warnings,
        )

    def _draw_text(self, characters: int) -> str:
        return draws.text(self._random_bytes, characters)


def written_number(subject: Mapping[str, Any]) -> str:
    """The same of a subject that was not checked yet."""
    found = next((subject[name] for name in HOLDER_NUMBERS if subject.get(name)), "")
    return found if isinstance(found, str) else ""


def holder_number(checked: Subject) -> str:
    """Whose licence it is: the holder's number, or where there is none the licence's own."""
    return checked.text(Lic.CITIZEN_ID) or checked.text(Lic.USCC) or checked.text(Lic.LICENCE_NO) or ""


def ends(kind: Kind, checked: Subject, at: UnixTime) -> UnixTime:
    """When a credential ends that is issued now: its technical life is over, or its licence."""
    exp = UnixTime(unixtime.local_midnight(unixtime.local_day(at)) + kind.lifetime_days * DAY)
    last = checked.day(Lic.VALID_TO)
    return exp if last is None else min(exp, unixtime.end_of_local_day(last))


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


def sign(draft: Draft, allocation: Allocation, *, profile: Profile, key: SigningKey) -> tuple[bytes, ...]:
    """Steps 4 and 5: the credentials of a recorded draft, in the order of its layouts.

    Raises:
        IssuanceInterrupted: Its bytes are none that a terminal takes, or a signature failed.
        TokenUnavailable: The token that holds the key does not answer; the intent stands.
    """
    try:
        linted = lint.rehearsed(draft, allocation, profile=profile, kid=key.kid, key=key.signer.public_key)
        return signatures(linted, key.signer)
    except TokenUnavailable:
        raise
    except Exception as error:
        # Whatever a signing device raises, the intent stands: say so instead of what the device said.
        raise IssuanceInterrupted(f"signing failed after the intent was recorded ({type(error).__name__})") from error


def signatures(linted: LintedDraft, signer: Signer) -> tuple[bytes, ...]:
    """Step 5. The only place where a key of this issuer signs a credential."""
    return tuple(credential.sign(each, signer) for each in linted.credentials)


def record_signed(
    register: Register,
    allocation: Allocation,
    signed: Sequence[bytes],
    *,
    package: LicencePackage,
    random_bytes: RandomBytes,
    at: UnixTime,
) -> str:
    """Step 6: the result and the package are durable. Returns the secret that opens the package."""
    secret = draws.secret(random_bytes)
    register.record_done(
        allocation,
        credential_sha256=tuple(sha256(each).digest() for each in signed),
        package=packages.bare(package),
        secret_sha256=sha256(secret.encode()).digest(),
        at=at,
    )
    return secret
