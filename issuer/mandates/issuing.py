"""Issues mandates: credentials by which somebody shows a licence for its holder, and withdraws them.

1 the wish is checked: level and parent mandate, purposes, kinds, days · 2 the parent licence's items are those that the
policy lets those purposes ask for, and no other · 3 lint · 4 the intent is durable · 5 the mandate key signs · 6 the
result and the package are durable. Who may act for whom is the authority's decision, made before this is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from issuer import draws, issuance, layout, lifecycle, lint
from issuer import subject as subject_check
from issuer.allocation import Allocator
from issuer.draws import RandomBytes
from issuer.errors import LicenceNotValid, MandateNotInForce, MandateRefused
from issuer.issuance import FLEXIBLE, Issued
from issuer.keys.ring import KeyRing
from issuer.lint import Draft
from issuer.mandates import register as rows_of
from issuer.mandates.register import Capacity, MandateRecord
from issuer.profile import Profile
from issuer.register import Register, StatusEvent
from issuer.subject import Subject
from protocol import licence_package, limits, unixtime
from protocol.appraisal_policy import PolicyRow
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, KeyUse, Lic, Purpose
from protocol.licence import age
from protocol.licence.catalogue import Kind
from protocol.licence_package import LicencePackage
from protocol.mandate import GUARDIAN_LEVEL, Mandate
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

LONGEST_DAYS: Final = limits.MAX_MANDATE_LIFE // DAY
ASSURANCES: Final = {assurance.name.lower(): assurance for assurance in KeyAssurance}
USUAL_CAPACITY: Final[Mapping[int, Capacity]] = {
    1: Capacity.REPRESENTATIVE,
    2: Capacity.MANAGER,
    3: Capacity.AGENT,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a mandate is to allow.

    `kinds` are slugs; without them it is for the licence's own kind. A mandate of level 2 or 3 names its parent.
    `key_assurance` is how the agent's key is kept, as the authority established it: nothing else ties key and person.
    """

    licence_id: str
    level: int
    capacity: Capacity | None
    purposes: frozenset[Purpose]
    kinds: frozenset[str] | None
    days: int
    parent_id: str | None
    key_assurance: KeyAssurance = KeyAssurance.SOFTWARE


class Mandates:
    """The mandates of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        allocator: Allocator,
        ring: KeyRing,
        root: VerificationKey,
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
        random_bytes: RandomBytes,
        directory: Callable[[UnixTime], bytes],
        publish_change: Callable[[UnixTime], None],
        publish_new_lists: Callable[[UnixTime], None],
    ) -> None:
        self._profile, self._register, self._ring, self._root = profile, register, ring, root
        self._allocator, self._kinds, self._rows, self._random_bytes = allocator, kinds, rows, random_bytes
        self._directory, self._publish_change = directory, publish_change
        self._publish_new_lists = publish_new_lists

    def issue(self, wish: Wish, agent_key: VerificationKey, *, actor: str, at: UnixTime) -> Issued:
        """A mandate for this licence, bound to the agent's device key. Its id is the licence's in the package.

        Raises:
            MandateRefused: The wish breaks a rule.
            LicenceUnknown, LicenceNotValid, MandateUnknown, MandateNotInForce: There is nothing to act on.
            SubjectRefused: The licence is over in the meantime.
            LintRefused: What would be signed breaks a rule.
            IssuanceInterrupted: The intent is recorded, a signature failed.
            NoSigningKey, NoFreeIndex, RegisterUnavailable: The register could not record it.
        """
        # 1
        licence = self._register.licence(wish.licence_id)
        if licence.status is not Status.VALID:
            raise LicenceNotValid(f"the licence is {licence.status.name.lower()}")
        kind = self._kinds[licence.vct]
        kinds = self._scope(wish, kind)
        latest = self._latest_end(wish, kinds, at)
        stored: Mapping[str, Any] = licence.subject
        checked = subject_check.check(kind, dict(stored), at=at, fictional=self._profile.fictional)
        capacity = wish.capacity or USUAL_CAPACITY[wish.level]
        _check_guardian(wish.level, capacity, checked, at)
        # 2, 3
        mandate = Mandate(wish.level, kinds, wish.purposes, self._profile.region, kind.vct)
        draft = self._draft(
            kind, checked, agent_key, mandate, key_assurance=wish.key_assurance, latest=latest, days=wish.days, at=at
        )
        lint.lint(draft, at=at)
        # 4
        record = MandateRecord(
            id=draws.text(self._random_bytes, draws.ID_CHARACTERS),
            licence_id=licence.id,
            parent_id=wish.parent_id,
            level=wish.level,
            capacity=capacity,
            kinds=kinds,
            purposes=wish.purposes,
            agent_key_thumbprint=agent_key.thumbprint,
            exp=draft.exp,
            status=Status.VALID,
            finished=False,
            actor=actor,
            at=at,
        )
        directory, key = self._directory(at), self._ring.take(KeyUse.MANDATE, at=at)
        allocation = rows_of.record_intent(
            self._register,
            record,
            layouts=tuple(draft.layouts),
            allocate=lambda connection: self._allocator.entry(connection, draft.exp),
            draw_sub=lambda: draws.text(self._random_bytes, limits.SUB_CHARACTERS),
            kid=key.kid,
        )
        # 5
        signed = issuance.sign(draft, allocation, profile=self._profile, key=key)
        # 6
        package = LicencePackage(record.id, signed, None, None, directory, self._root)
        secret = issuance.record_signed(
            self._register, allocation, signed, package=package, random_bytes=self._random_bytes, at=at
        )
        self._publish_new_lists(at)
        entry = allocation.entry
        encoded = licence_package.encode(package)
        return Issued(record.id, kind, entry.list_number, entry.idx, draft.exp, encoded, secret, checked.warnings)

    def withdraw(self, mandate_id: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
        """End a mandate and every link below it, for good, and publish that.

        Raises:
            ReasonRefused, MandateUnknown, MandateNotInForce, RegisterUnavailable: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        lifecycle.check_reason(reason)
        flipped = rows_of.withdraw(self._register, mandate_id, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return flipped

    def one(self, mandate_id: str) -> MandateRecord:
        """One mandate. Raises: MandateUnknown, RegisterUnavailable."""
        return rows_of.one(self._register, mandate_id)

    def listed(self, licence_id: str) -> tuple[MandateRecord, ...]:
        """Every mandate of a licence, the oldest first. Raises: LicenceUnknown, RegisterUnavailable."""
        return rows_of.of_licence(self._register, self._register.licence(licence_id).id)

    def _scope(self, wish: Wish, kind: Kind) -> frozenset[int]:
        by_slug = {each.slug: vct for vct, each in self._kinds.items()}
        kinds = frozenset({kind.slug}) if wish.kinds is None else wish.kinds
        if not kinds <= by_slug.keys():
            unknown = ", ".join(sorted(kinds - by_slug.keys()))
            _refuse(f"there is no such kind: {unknown}", f"Known kinds: {', '.join(sorted(by_slug))}.")
        if kind.slug not in kinds or len(kinds) > limits.MAX_MANDATE_KINDS:
            _refuse(
                f"a mandate for a {kind.slug} that does not name this kind, or names too many",
                f"Name {kind.slug} and at most {limits.MAX_MANDATE_KINDS - 1} others, or leave --kind out.",
            )
        if not wish.purposes:
            _refuse("a mandate without a purpose", "Name at least one with --purpose.")
        for purpose in sorted(wish.purposes):
            if (kind.vct, purpose) not in self._rows:
                _refuse(f"the policy lets nobody ask for a {kind.slug} at a {purpose.word}", "Leave this purpose out.")
        if not 1 <= wish.days <= LONGEST_DAYS:
            _refuse(f"a mandate for {wish.days} days", f"Choose 1 to {LONGEST_DAYS} days; then it is issued anew.")
        return frozenset(by_slug[slug] for slug in kinds)

    def _latest_end(self, wish: Wish, kinds: frozenset[int], at: UnixTime) -> UnixTime | None:
        """The end of the parent mandate, where there is one; it contains everything that this one allows."""
        if wish.level not in limits.MANDATE_LEVELS:
            _refuse(f"a mandate of level {wish.level}", "Levels are 1, 2 and 3, counted from the licence.")
        if wish.parent_id is None:
            if wish.level > 1:
                _refuse(f"a mandate of level {wish.level} without a parent mandate", "Name it with --parent-mandate.")
            return None
        parent = self.one(wish.parent_id)
        if parent.licence_id != wish.licence_id:
            _refuse("its parent mandate is for another licence", "Name one of this licence.")
        if wish.level != parent.level + 1:
            _refuse(
                f"a mandate of level {wish.level} under one of level {parent.level}",
                "The level counts the links from the licence; one of level 1 has no parent mandate.",
            )
        if not parent.is_in_force(at):
            raise MandateNotInForce("its parent mandate is not in force")
        if not kinds <= parent.kinds or not wish.purposes <= parent.purposes:
            _refuse(
                "a mandate for more than its parent mandate allows",
                f"That one is for {', '.join(purpose.word for purpose in sorted(parent.purposes))}, and for "
                f"{', '.join(sorted(self._kinds[vct].slug for vct in parent.kinds))}.",
            )
        return parent.exp

    def _draft(
        self,
        kind: Kind,
        checked: Subject,
        agent_key: VerificationKey,
        mandate: Mandate,
        *,
        key_assurance: KeyAssurance,
        latest: UnixTime | None,
        days: int,
        at: UnixTime,
    ) -> Draft:
        # CONTRACTS.md: all moments are local midnights; the day of issue is the first day.
        iat = unixtime.local_midnight(unixtime.local_day(at))
        first, last = checked.day(Lic.VALID_FROM), checked.day(Lic.VALID_TO)
        ends = [UnixTime(iat + days * DAY)]
        if latest is not None:
            ends.append(latest)
        if last is not None:
            ends.append(unixtime.end_of_local_day(last))
        nbf = iat if first is None else UnixTime(max(0, unixtime.local_midnight(first)))
        allowed = frozenset[int]().union(*(self._rows[kind.vct, purpose].maximum for purpose in mandate.purposes))
        # The holder's portrait proves nothing about who stands there, so that no agent carries it.
        shown = allowed - {Lic.PORTRAIT_SHA256}
        items = {key: value for key, value in checked.items.items() if key in shown}
        layouts = {FLEXIBLE: layout.flexible(kind, items, random_bytes=self._random_bytes)}
        for purpose, item_keys in sorted(kind.views.items()):
            if purpose in mandate.purposes:
                lint.lint_view(kind, purpose, item_keys, checked)
                layouts[purpose.word] = layout.view(item_keys & items.keys(), items)
        return Draft(kind, checked, agent_key, key_assurance, iat, nbf, min(ends), layouts, mandate)


def _check_guardian(level: int, capacity: Capacity, checked: Subject, at: UnixTime) -> None:
    """Terminals take who represents a child for its guardian (ADR 0022), so that nobody else does."""
    minor = age.is_under(limits.GUARDIAN_BELOW.stop - 1, checked.items, at=at)
    if level == GUARDIAN_LEVEL and minor and capacity is not Capacity.GUARDIAN:
        _refuse(
            f"a mandate of level {level} for a minor's licence, as {capacity}",
            "A minor is represented by the guardian: name it with --as guardian; others have a mandate below that one.",
        )


def _refuse(what: str, hint: str) -> NoReturn:
    raise MandateRefused(what, hint=f"{hint} Nothing was issued.")
