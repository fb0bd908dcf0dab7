"""Takes an application from its filing to its licence: filed → in review ⇄ more wanted → approved or refused → issued.

1 what is filed is checked as any subject, and every problem is said at once · 2 one reviewer takes it, and is not
whoever filed it; who cannot go on gives it back · 3 the reviewer asks for more, refuses with a reason, or approves what
was looked at · 4 what was approved is issued, in the transaction of the licence's intent. Whoever applied may withdraw
before that. Guaranteed: each step starts from the state that it names, so of several people who do it at once one does.
Every step is in the audit trail by the application's id.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from issuer import draws, lifecycle
from issuer import portrait as portraits
from issuer import subject as subject_check
from issuer.applications.errors import (
    ApplicationChanged,
    ApplicationNotThere,
    ApplicationUnknown,
    EvidenceTextRefused,
    OwnApplication,
)
from issuer.applications.schema import application
from issuer.approvals.proposing import person
from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.errors import KindUnknown
from issuer.issuance import Issued
from issuer.joint import holders
from issuer.register import Also, Register
from issuer.renewing.renewing import IssueNew
from protocol import cwt
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

MAX_LISTED: Final = 1_000
MAX_EVIDENCE: Final = 200


class State(StrEnum):
    """Where an application stands."""

    FILED = "filed"
    IN_REVIEW = "in-review"
    MORE = "more-wanted"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


OPEN: Final = frozenset({State.FILED, State.IN_REVIEW, State.MORE, State.APPROVED})
_WIPED: Final[Mapping[str, None]] = {"subject": None, "portrait": None, "evidence": None}


@dataclass(frozen=True, slots=True)
class Application:
    """One application. `subject` and `evidence` are empty once it is over.

    Attributes:
        evidence: What was presented with it, in the words of whoever filed it.
        department: Whose key will sign it, where several departments issue the kind.
        said: What the reviewer has asked for, or why it was refused.
    """

    id: str
    vct: int
    subject: Mapping[str, Any] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    state: State
    filed_by: str
    filed_at: UnixTime
    changed_at: UnixTime
    reviewer: str | None
    said: str | None
    licence_id: str | None
    department: str | None
    evidence: str

    @property
    def content_sha256(self) -> str:
        """Of all that is decided about, in hexadecimal: by this a decision says what it has looked at."""
        written = [_written(self.subject), self.evidence, "" if self.portrait is None else self.portrait.hex()]
        return sha256(json.dumps(written).encode()).hexdigest()


class Applications:
    """The applications to one authority."""

    def __init__(
        self,
        *,
        register: Register,
        kinds: Mapping[int, Kind],
        fictional: bool,
        issue: IssueNew,
        random_bytes: RandomBytes,
    ) -> None:
        self._register, self._kinds, self._fictional = register, kinds, fictional
        self._issue, self._random_bytes = issue, random_bytes

    def file(
        self,
        slug: str,
        subject: Mapping[str, Any],
        *,
        portrait: bytes | None,
        evidence: str = "",
        department: str | None = None,
        by: str,
        at: UnixTime,
    ) -> Application:
        """A new application.

        Raises:
            KindUnknown, HoldersRefused, SubjectRefused, PortraitRefused, EvidenceTextRefused, ProposalRefused: Nothing
                was recorded.
        """
        by = person(by)
        kind = next((each for each in self._kinds.values() if each.slug == slug), None)
        if kind is None:
            raise KindUnknown(f"there is no such kind: {slug}")
        # 1
        holders.demand_one(kind, subject)
        self._check(kind, subject, portrait, at)
        application_id = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        row = {
            "id": application_id,
            "vct": kind.vct,
            "subject": _written(subject),
            "portrait": portrait,
            "evidence": _checked(evidence),
            "department": department,
            "state": State.FILED.value,
            "filed_by": by,
            "filed_at": at,
            "changed_at": at,
        }
        with self._register.writing() as connection:
            connection.execute(insert(application).values(row))
            trail.append(connection, "file-application", "application", application_id, actor=by, at=at)
            return _one(connection, application_id)

    def take(self, application_id: str, *, by: str, at: UnixTime) -> Application:
        """Review it from now on. Raises: ApplicationUnknown, ApplicationNotThere, OwnApplication."""
        by = person(by)

        # 2
        def demand(held: Application) -> None:
            if held.filed_by.casefold() == by.casefold():
                raise OwnApplication("whoever filed an application does not review it")

        return self._step(
            "take", application_id, State.FILED, State.IN_REVIEW, by=by, at=at, demand=demand, reviewer=by
        )

    def give_back(self, application_id: str, *, of_another: bool = False, by: str, at: UnixTime) -> Application:
        """Let somebody else review it; `of_another`: also what another reviewer has, who is away.

        Raises: ApplicationUnknown, ApplicationNotThere.
        """
        by = person(by)
        demand = None if of_another else _held_by(by)
        return self._step(
            "give-back", application_id, State.IN_REVIEW, State.FILED, by=by, at=at, demand=demand, reviewer=None
        )

    def reopen(self, application_id: str, *, by: str, at: UnixTime) -> Application:
        """Look again at what you have approved and nobody has issued. Raises: as `approve`."""
        by = person(by)
        return self._step("reopen", application_id, State.APPROVED, State.IN_REVIEW, by=by, at=at, demand=_held_by(by))

    def withdraw(self, application_id: str, *, why: str, by: str, at: UnixTime) -> Application:
        """End what its applicant does not want any more; what was asked for is wiped. Raises: as `ask`."""
        by = person(by)
        lifecycle.check_reason(why)
        values: dict[str, Any] = {**_WIPED, "said": why}
        return self._step("withdraw", application_id, OPEN, State.WITHDRAWN, by=by, at=at, **values)

    def ask(self, application_id: str, *, what: str, by: str, at: UnixTime) -> Application:
        """Send it back for more. Raises: ReasonRefused, ApplicationUnknown, ApplicationNotThere."""
        return self._decide("ask", application_id, State.MORE, what, by=by, at=at)

    def amend(
        self,
        application_id: str,
        subject: Mapping[str, Any],
        *,
        portrait: bytes | None,
        evidence: str | None = None,
        by: str,
        at: UnixTime,
    ) -> Application:
        """What was asked for; `evidence` None: what was presented before stays.

        Raises: SubjectRefused, PortraitRefused, EvidenceTextRefused, ApplicationUnknown, ApplicationNotThere.
        """
        by = person(by)
        self._check(self._kinds[self.one(application_id).vct], subject, portrait, at)
        values: dict[str, Any] = {"subject": _written(subject), "portrait": portrait, "said": None}
        if evidence is not None:
            values["evidence"] = _checked(evidence)
        return self._step("amend", application_id, State.MORE, State.IN_REVIEW, by=by, at=at, **values)

    def refuse(self, application_id: str, *, why: str, by: str, at: UnixTime) -> Application:
        """Refuse it for good; what was asked for is wiped. Raises: as `ask`."""
        return self._decide("refuse", application_id, State.REFUSED, why, by=by, at=at, **_WIPED)

    def approve(self, application_id: str, *, seen: str | None = None, by: str, at: UnixTime) -> Application:
        """Approve it; `seen` is the `content_sha256` that was looked at, where somebody has looked earlier.

        Raises: ApplicationUnknown, ApplicationNotThere, ApplicationChanged.
        """
        by = person(by)

        def demand(held: Application) -> None:
            _held_by(by)(held)
            if seen is not None and seen != held.content_sha256:
                raise ApplicationChanged("the application says something else than what was looked at")

        return self._step(
            "approve", application_id, State.IN_REVIEW, State.APPROVED, by=by, at=at, demand=demand, said=None
        )

    def issue(
        self,
        application_id: str,
        holder_key: VerificationKey,
        *,
        by: str,
        at: UnixTime,
        key_assurance: KeyAssurance = KeyAssurance.SOFTWARE,
        department: str | None = None,
    ) -> Issued:
        """The licence that was approved, for this device; `department` counts where the application names none.

        Raises:
            ApplicationUnknown, ApplicationNotThere: It is not approved, or issued already.
            IssuerError: As `Issuer.issue`.
        """
        by = person(by)
        held = self.one(application_id)
        if held.state is not State.APPROVED:
            raise ApplicationNotThere(f"the application is {held.state}")

        return self._issue(
            self._kinds[held.vct].slug,
            dict(held.subject),
            holder_key,
            at=at,
            key_assurance=key_assurance,
            portrait=held.portrait,
            department=held.department or department,
            actor=by,
            also=self.answered(held.id, by=by, at=at),
        )

    def answered(self, application_id: str, *, by: str, at: UnixTime) -> Also:
        """What ends an application within the transaction of its licence's intent: once, or the intent is not.

        The function raises ApplicationNotThere where the application is not approved any more.
        """

        # 4
        def also(connection: Connection, licence_id: str) -> None:
            values = {**_WIPED, "licence_id": licence_id}
            _move(connection, application_id, {State.APPROVED}, State.ISSUED, values=values, at=at)
            trail.append(connection, "issue-application", "application", application_id, actor=by, at=at)

        return also

    def one(self, application_id: str) -> Application:
        """One application. Raises: ApplicationUnknown, RegisterUnavailable."""
        with self._register.reading() as connection:
            return _one(connection, application_id)

    def listed(self, *, decided_too: bool, limit: int = MAX_LISTED) -> tuple[Application, ...]:
        """Applications that are open, or all, the oldest first. Raises: RegisterUnavailable."""
        wanted = select(application).order_by(application.c.filed_at, application.c.id).limit(min(limit, MAX_LISTED))
        if not decided_too:
            wanted = wanted.where(application.c.state.in_([each.value for each in OPEN]))
        with self._register.reading() as connection:
            return tuple(read(row) for row in connection.execute(wanted))

    def _check(self, kind: Kind, subject: Mapping[str, Any], portrait: bytes | None, at: UnixTime) -> None:
        written = dict(subject) if portrait is None else {**subject, portraits.ITEM: portraits.digest_of(portrait)}
        subject_check.check(kind, written, at=at, fictional=self._fictional)

    def _decide(
        self, act: str, application_id: str, after: State, said: str, *, by: str, at: UnixTime, **values: None
    ) -> Application:
        by = person(by)
        lifecycle.check_reason(said)
        # 3
        return self._step(
            act, application_id, State.IN_REVIEW, after, by=by, at=at, demand=_held_by(by), said=said, **values
        )

    def _step(
        self,
        act: str,
        application_id: str,
        before: State | Collection[State],
        after: State,
        *,
        by: str,
        at: UnixTime,
        demand: Callable[[Application], None] | None = None,
        **values: Any,
    ) -> Application:
        with self._register.writing() as connection:
            held = _one(connection, application_id)
            if demand is not None:
                demand(held)
            states = {before} if isinstance(before, State) else before
            _move(connection, held.id, states, after, values=values, at=at)
            reason = values.get("said") or ""
            trail.append(connection, f"{act}-application", "application", held.id, actor=by, at=at, reason=reason)
            return _one(connection, held.id)


def _held_by(by: str) -> Callable[[Application], None]:
    def demand(held: Application) -> None:
        if held.reviewer != by:
            raise ApplicationNotThere("another reviewer has this application, or nobody")

    return demand


def _move(
    connection: Connection,
    application_id: str,
    before: Collection[State],
    after: State,
    *,
    values: Mapping[str, Any],
    at: UnixTime,
) -> None:
    changed = connection.execute(
        update(application)
        .where(application.c.id == application_id, application.c.state.in_([each.value for each in before]))
        .values(state=after.value, changed_at=at, **values)
    )
    if changed.rowcount != 1:
        wanted = ", ".join(sorted(before))
        raise ApplicationNotThere(f"the application is not {wanted}, or somebody else was faster")


def _one(connection: Connection, application_id: str) -> Application:
    # A database would refuse half a surrogate pair or a zero in its own words.
    plain = application_id.isascii() and application_id.isprintable()
    row = connection.execute(select(application).where(application.c.id == application_id)).first() if plain else None
    if row is None:
        raise ApplicationUnknown("no application has this id")
    return read(row)


def _checked(evidence: str) -> str | None:
    text = evidence.strip()
    if len(text) > MAX_EVIDENCE or not cwt.text_is_harmless(text):
        raise EvidenceTextRefused("what is said of the evidence is too long or not a plain text")
    return text or None


def _written(subject: Mapping[str, Any]) -> str:
    return json.dumps(dict(subject), ensure_ascii=False, sort_keys=True)


def read(row: Row[Any]) -> Application:
    """One row of the table."""
    return Application(
        row.id,
        row.vct,
        {} if row.subject is None else json.loads(row.subject),
        row.portrait,
        State(row.state),
        row.filed_by,
        UnixTime(row.filed_at),
        UnixTime(row.changed_at),
        row.reviewer,
        row.said,
        row.licence_id,
        row.department,
        row.evidence or "",
    )
