"""Sessions of people at the console: kept in the register, known to the browser by a random secret alone.

Guaranteed: a session ends after half an hour without a request, after ten hours, when its person is disabled, and when
it is ended; a sign-in always makes a new one, so that nobody can have put a known one into the browser before. Not
handled here: cookies, and what a page demands (`issuer.console`).
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select, update

from issuer import draws
from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.people.errors import PersonUnknown
from issuer.people.register import Person, demand_enabled, digest
from issuer.people.schema import session
from issuer.register import Register
from protocol.unixtime import HOUR, MINUTE, UnixTime

IDLE: Final = 30 * MINUTE
LIVES: Final = 10 * HOUR
PROOF_LIVES: Final = 10 * MINUTE
"""How long a proof counts for what is dangerous: to read a preview and give a reason."""
_TOUCHED_EVERY: Final = MINUTE
_MAX_KEPT: Final = 4_096
_FORMS_KEPT: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One session that runs. `form_key` is what every form of its pages carries."""

    secret: str
    person: Person
    proven_at: UnixTime
    kept: Mapping[str, Any]

    @property
    def form_key(self) -> str:
        """Follows from the secret, which no script and no other site can read."""
        return hmac.digest(self.secret.encode(), b"form", "sha256").hex()

    def is_proven(self, *, at: UnixTime) -> bool:
        """Whether who it is was proven a moment ago."""
        return at - self.proven_at < PROOF_LIVES


class Sessions:
    """The sessions of one authority."""

    def __init__(self, *, register: Register, random_bytes: RandomBytes) -> None:
        self._register, self._random_bytes = register, random_bytes

    def running(self, secret: str, *, by_hand: bool = True, at: UnixTime) -> Session | None:
        """The session that this secret opens; None: it runs no more, or never did.

        A page that renews itself (not `by_hand`) keeps no session alive.

        Raises:
            RegisterUnavailable: The register did not answer.
        """
        with self._register.reading() as connection:
            row = connection.execute(select(session).where(session.c.sha256 == digest(secret), _runs(at))).one_or_none()
            if row is None:
                return None
            try:
                found = demand_enabled(connection, row.person_id)
            except PersonUnknown:
                return None
        if by_hand and at - row.seen_at >= _TOUCHED_EVERY:
            with self._register.writing() as connection:
                connection.execute(update(session).where(session.c.sha256 == row.sha256).values(seen_at=at))
        return Session(secret, found, UnixTime(row.proven_at), json.loads(row.kept))

    def prove(self, secret: str, *, at: UnixTime) -> None:
        """Who it is was proven again. Raises: RegisterUnavailable."""
        with self._register.writing() as connection:
            connection.execute(
                update(session).where(session.c.sha256 == digest(secret), _runs(at)).values(proven_at=at)
            )

    def keep(self, secret: str, kept: Mapping[str, Any], *, at: UnixTime) -> None:
        """What the pages remember; too much of it is forgotten as a whole. Raises: RegisterUnavailable."""
        written = json.dumps(kept, ensure_ascii=False)
        with self._register.writing() as connection:
            connection.execute(
                update(session)
                .where(session.c.sha256 == digest(secret), _runs(at))
                .values(kept=written if len(written) <= _MAX_KEPT else "{}")
            )

    def new_form(self) -> str:
        """The name of one form that is sent once."""
        return draws.secret(self._random_bytes)

    def first_time(self, secret: str, form: str, *, at: UnixTime) -> bool:
        """Whether this form of this session was not sent before: what is clicked twice is done once."""
        its = (session.c.sha256 == digest(secret)) & _runs(at)
        with self._register.writing() as connection:
            kept = json.loads(connection.execute(select(session.c.kept).where(its)).scalar_one_or_none() or "{}")
            sent = kept.get("sent", [])
            if form in sent:
                return False
            kept["sent"] = [*sent, form][-_FORMS_KEPT:]
            connection.execute(update(session).where(its).values(kept=json.dumps(kept, ensure_ascii=False)))
            return True

    def end(self, secret: str, *, at: UnixTime) -> None:
        """Ends a session at once. Raises: RegisterUnavailable."""
        with self._register.writing() as connection:
            connection.execute(
                update(session)
                .where(session.c.sha256 == digest(secret), session.c.ended_at.is_(None))
                .values(ended_at=at, kept="{}")
            )


def open_session(
    connection: Connection, person_id: str, *, random_bytes: RandomBytes, proven_at: UnixTime, at: UnixTime
) -> str:
    """A new session in the transaction that has proven who it is; returns its secret. Forgets what others kept."""
    secret = draws.secret(random_bytes)
    connection.execute(
        update(session)
        .where(session.c.kept != "{}", or_(session.c.seen_at <= at - IDLE, session.c.at <= at - LIVES))
        .values(kept="{}")
    )
    connection.execute(
        insert(session).values(
            sha256=digest(secret), person_id=person_id, at=at, seen_at=at, proven_at=proven_at, kept="{}"
        )
    )
    trail.append(connection, "sign-in", "person", person_id, actor=person_id, at=at)
    return secret


def _runs(at: UnixTime) -> Any:
    return session.c.ended_at.is_(None) & (session.c.seen_at > at - IDLE) & (session.c.at > at - LIVES)
