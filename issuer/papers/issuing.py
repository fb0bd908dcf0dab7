"""Issues paper codes to people without a phone, and takes reports of their loss.

1 the licence is valid and its holder has a citizen number · 2 the name is masked, the number cut to four characters,
the end set · 3 lint: signed by a key that nobody trusts, and thrown away · 4 the intent is durable · 5 the paper key
signs · 6 the result is durable. The code itself is kept nowhere: who lost it gets another one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from issuer import draws, lifecycle
from issuer import subject as subject_check
from issuer.allocation import Allocator
from issuer.draws import RandomBytes
from issuer.errors import IssuanceInterrupted, LicenceNotValid, LintRefused, PaperRefused
from issuer.keys.ring import KeyRing
from issuer.papers import register as rows_of
from issuer.papers.register import PaperRecord
from issuer.profile import Profile
from issuer.register import LicenceRecord, Register, StatusEvent
from protocol import keys, limits, masked_name, paper, unixtime
from protocol.errors import ProtocolError
from protocol.labels import Alg, KeyUse, Lic
from protocol.licence.catalogue import Kind
from protocol.paper import PaperClaims
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

LONGEST_DAYS: Final = limits.MAX_PAPER_LIFE // DAY
_LONGEST_NAMED: Final = limits.MAX_STATUS_LISTS - 1
"""What is rehearsed names the list whose name is longest, so that every other one fits, too."""
_REHEARSAL: Final = keys.signer_for(Alg.ED25519, bytes(32))


@dataclass(frozen=True, slots=True)
class IssuedPaper:
    """What one issuance gave: the text of the code, and what it says."""

    id: str
    licence_id: str
    kind: Kind
    list_number: int
    idx: int
    claims: PaperClaims
    code: str
    warnings: tuple[str, ...]


class Papers:
    """The paper codes of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        allocator: Allocator,
        ring: KeyRing,
        kinds: Mapping[int, Kind],
        random_bytes: RandomBytes,
        publish_change: Callable[[UnixTime], None],
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self._profile, self._register, self._ring, self._kinds = profile, register, ring, kinds
        self._allocator, self._random_bytes = allocator, random_bytes
        self._publish_change, self._publish_new_lists = publish_change, publish_new_lists

    def issue(self, licence_id: str, *, days: int, actor: str, at: UnixTime) -> IssuedPaper:
        """A paper code for the holder of this licence. Older ones of it stay good until their end or loss.

        Raises:
            PaperRefused: The days are out of range, or the holder has no citizen number.
            LicenceUnknown, LicenceNotValid, SubjectRefused: There is no licence that is in force.
            LintRefused: What would be signed breaks a rule.
            IssuanceInterrupted: The intent is recorded, the signature failed.
            NoSigningKey, NoFreeIndex, RegisterUnavailable: The register could not record it.
        """
        # 1
        if not 1 <= days <= LONGEST_DAYS:
            raise PaperRefused(
                f"a paper code for {days} days", hint=f"Choose 1 to {LONGEST_DAYS} days. Nothing was issued."
            )
        licence = self._register.licence(licence_id)
        if licence.status is not Status.VALID:
            raise LicenceNotValid(f"the licence is {licence.status.name.lower()}")
        # 2, 3
        rehearsed, warnings = self._claims(licence, days, at)
        _rehearse(rehearsed)
        # 4
        key = self._ring.take(KeyUse.PAPER, at=at)
        record = rows_of.record_intent(
            self._register,
            draws.text(self._random_bytes, draws.ID_CHARACTERS),
            licence.id,
            exp=rehearsed.exp,
            allocate=lambda connection: self._allocator.entry(connection, rehearsed.exp),
            kid=key.kid,
            actor=actor,
            at=at,
        )
        entry = record.entry
        claims = replace(rehearsed, status=self._profile.status_reference(entry.list_number, entry.idx))
        # 5
        try:
            encoded = paper.issue(claims, key.signer)
        except Exception as error:
            # Whatever a signing device raises, the intent stands: say so instead of what the device said.
            raise IssuanceInterrupted(
                f"signing failed after the intent was recorded ({type(error).__name__})"
            ) from error
        # 6
        rows_of.record_done(self._register, record.id, sha256=sha256(encoded).digest(), at=at)
        self._publish_new_lists(at)
        kind = self._kinds[licence.vct]
        return IssuedPaper(
            record.id, licence.id, kind, entry.list_number, entry.idx, claims, paper.text(encoded), warnings
        )

    def report_lost(self, named: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
        """End a paper code (挂失), or all of a licence where its id is given, and publish that at once.

        Raises:
            ReasonRefused, PaperUnknown, PaperNotInForce, RegisterUnavailable: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        lifecycle.check_reason(reason)
        flipped = rows_of.report_lost(self._register, named, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return flipped

    def one(self, paper_id: str) -> PaperRecord:
        """One paper code. Raises: PaperUnknown, RegisterUnavailable."""
        return rows_of.one(self._register, paper_id)

    def listed(self, licence_id: str) -> tuple[PaperRecord, ...]:
        """Every paper code of a licence, the oldest first. Raises: LicenceUnknown, RegisterUnavailable."""
        return rows_of.of_licence(self._register, self._register.licence(licence_id).id)

    def _claims(self, licence: LicenceRecord, days: int, at: UnixTime) -> tuple[PaperClaims, tuple[str, ...]]:
        kind = self._kinds[licence.vct]
        stored: Mapping[str, Any] = licence.subject
        checked = subject_check.check(kind, dict(stored), at=at, fictional=self._profile.fictional)
        name, number = checked.text(Lic.NAME), checked.text(Lic.CITIZEN_ID)
        if name is None or number is None:
            raise PaperRefused(
                f"a {kind.slug} names no holder with a citizen number, by which a clerk compares a paper code",
                hint="Paper codes are for licences of persons. A company names an agent: `issuer mandate`.",
            )
        # CONTRACTS.md: all moments are local midnights; the day of issue is the first day.
        iat = unixtime.local_midnight(unixtime.local_day(at))
        exp, last = UnixTime(iat + days * DAY), checked.day(Lic.VALID_TO)
        if last is not None:
            exp = min(exp, unixtime.end_of_local_day(last))
        claims = PaperClaims(
            iss=self._profile.iss,
            exp=exp,
            iat=iat,
            vct=kind.vct,
            status=self._profile.status_reference(_LONGEST_NAMED, 0),
            masked_name=masked_name.mask(name),
            last_four=number[-4:],
        )
        return claims, checked.warnings


def _rehearse(claims: PaperClaims) -> None:
    try:
        paper.text(paper.issue(claims, _REHEARSAL))
    except ProtocolError as error:
        raise LintRefused(str(error)) from None
