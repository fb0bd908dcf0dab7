"""What the register holds of people: who they are, their invitations, and what they sign in with.

Guaranteed: an invitation is used once; a disabled person, and whoever has a new link, has no session left; somebody can
always let people in. Each method is one transaction and leaves an act in the trail. Not handled here: the proofs
themselves (`passkeys`, `single_sign_on`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from issuer import draws
from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.people.errors import InvitationUnknown, LastAdministrator, PersonRefused, PersonUnknown
from issuer.people.roles import EVERY_DEPARTMENT, May, Role, allowed
from issuer.people.schema import invitation, passkey, person, session
from issuer.register import Register
from protocol import cwt, limits
from protocol.unixtime import DAY, UnixTime

INVITATION_LIVES: Final = DAY
MAX_PASSKEYS: Final = 8
_ID_CHARACTERS: Final = 10


@dataclass(frozen=True, slots=True)
class Person:
    """One of the people. `departments` are words of the catalogue, or `*` alone."""

    id: str
    name: str
    roles: frozenset[Role]
    departments: frozenset[str]
    has_account: bool
    passkeys: int
    at: UnixTime
    disabled_at: UnixTime | None

    def may(self, act: May) -> bool:
        """Whether the roles have this."""
        return act in allowed(self.roles)

    def works_for(self, departments: Collection[str]) -> bool:
        """Whether a kind of these departments is this person's business."""
        return EVERY_DEPARTMENT in self.departments or not self.departments.isdisjoint(departments)


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of one person."""

    credential_id: bytes
    person_id: str
    public_key: bytes
    sign_count: int


class People:
    """The people of one authority."""

    def __init__(
        self, *, register: Register, random_bytes: RandomBytes, departments: Callable[[], Collection[str]]
    ) -> None:
        self._register, self._random_bytes, self.departments = register, random_bytes, departments

    def add(
        self, name: str, *, roles: Collection[Role], departments: Collection[str], actor: str, at: UnixTime
    ) -> tuple[Person, str]:
        """A new person, and the secret of the link by which they join.

        Raises:
            PersonRefused: Something of it is not in its form.
            RegisterUnavailable: Nothing was recorded.
        """
        self._check(name, roles, departments)
        with self._register.writing() as connection:
            drawn = draws.text(self._random_bytes, _ID_CHARACTERS)
            connection.execute(
                insert(person).values(
                    id=drawn, name=name, roles=_joined(roles), departments=_joined(departments), actor=actor, at=at
                )
            )
            trail.append(
                connection, "add-person", "person", drawn, actor=actor, at=at, details={"roles": _joined(roles)}
            )
            return _one(connection, drawn), self._invite(connection, drawn, at)

    def invite_again(self, person_id: str, *, actor: str, at: UnixTime) -> str:
        """A new link for somebody who lost what they sign in with: passkeys, account and sessions end at once.

        Raises:
            PersonUnknown: Nobody has this id, or they are disabled.
        """
        with self._register.writing() as connection:
            if _one(connection, person_id).disabled_at is not None:
                raise PersonUnknown("this person is disabled")
            _forget(connection, person_id, at)
            trail.append(connection, "invite-person", "person", person_id, actor=actor, at=at)
            return self._invite(connection, person_id, at)

    def change(
        self, person_id: str, *, roles: Collection[Role], departments: Collection[str], actor: str, at: UnixTime
    ) -> Person:
        """Give somebody other roles and departments; counts from their next request on.

        Raises:
            PersonRefused, PersonUnknown, LastAdministrator: Nothing was changed.
        """
        with self._register.writing() as connection:
            known = _one(connection, person_id)
            self._check(known.name, roles, departments)
            connection.execute(
                update(person)
                .where(person.c.id == person_id)
                .values(roles=_joined(roles), departments=_joined(departments))
            )
            _demand_administrator(connection)
            trail.append(
                connection,
                "change-person",
                "person",
                person_id,
                actor=actor,
                at=at,
                details={"roles": _joined(roles), "departments": _joined(departments)},
            )
            return _one(connection, person_id)

    def disable(self, person_id: str, *, actor: str, at: UnixTime) -> Person:
        """Let somebody in no more, from now on.

        Raises:
            PersonUnknown, LastAdministrator: Nothing was changed.
        """
        with self._register.writing() as connection:
            if _one(connection, person_id).disabled_at is None:
                connection.execute(update(person).where(person.c.id == person_id).values(disabled_at=at))
                _forget(connection, person_id, at)
                _demand_administrator(connection)
                trail.append(connection, "disable-person", "person", person_id, actor=actor, at=at)
            return _one(connection, person_id)

    def one(self, person_id: str) -> Person:
        """One person. Raises: PersonUnknown, RegisterUnavailable."""
        with self._register.reading() as connection:
            return _one(connection, person_id)

    def listed(self, *, search: str = "") -> tuple[Person, ...]:
        """Everybody whose name or id contains the text, by name. Raises: RegisterUnavailable."""
        statement = _people().order_by(person.c.name, person.c.id)
        if search:
            statement = statement.where(person.c.name.contains(search, autoescape=True) | (person.c.id == search))
        with self._register.reading() as connection:
            return tuple(_person(row) for row in connection.execute(statement))

    def invited(self, secret: str, *, at: UnixTime) -> Person:
        """Whose link this is, while it works. Raises: InvitationUnknown."""
        with self._register.reading() as connection:
            return _one(connection, _invited(connection, digest(secret), at))

    def note(self, act: str, kind: str, object_id: str, *, actor: str, at: UnixTime) -> None:
        """Write into the trail that somebody looked at what is not for every eye. Raises: RegisterUnavailable."""
        with self._register.adding() as connection:
            trail.append(connection, act, kind, object_id, actor=actor, at=at)

    def _check(self, name: str, roles: Collection[Role], departments: Collection[str]) -> None:
        if not 0 < len(name) <= limits.MAX_SHOWN_NAME or name != name.strip() or not cwt.text_is_harmless(name):
            raise PersonRefused("the name is empty, too long, or not a plain text")
        if not roles:
            raise PersonRefused("no role was named")
        known = set(self.departments())
        if set(departments) != {EVERY_DEPARTMENT} and (not departments or not known.issuperset(departments)):
            raise PersonRefused(f"departments are * alone, or some of: {', '.join(sorted(known)) or '(none)'}")

    def _invite(self, connection: Connection, person_id: str, at: UnixTime) -> str:
        secret = draws.secret(self._random_bytes)
        connection.execute(
            insert(invitation).values(sha256=digest(secret), person_id=person_id, until=at + INVITATION_LIVES)
        )
        return secret


def use_invitation(connection: Connection, invited: bytes, *, at: UnixTime) -> str:
    """Whose invitation this is; it works no more. Raises: InvitationUnknown."""
    person_id = _invited(connection, invited, at)
    connection.execute(update(invitation).where(invitation.c.sha256 == invited).values(used_at=at))
    return person_id


def demand_enabled(connection: Connection, person_id: str) -> Person:
    """This person. Raises: PersonUnknown: they are disabled, or nobody."""
    found = _one(connection, person_id)
    if found.disabled_at is not None:
        raise PersonUnknown("this person is disabled")
    return found


def digest(secret: str) -> bytes:
    """What is kept of a secret; looking up by it takes the same time whatever was guessed."""
    return sha256(secret.encode(errors="replace")).digest()


def _invited(connection: Connection, invited: bytes, at: UnixTime) -> str:
    found: str | None = connection.execute(
        select(invitation.c.person_id)
        .join(person, person.c.id == invitation.c.person_id)
        .where(
            invitation.c.sha256 == invited,
            invitation.c.used_at.is_(None),
            invitation.c.until > at,
            person.c.disabled_at.is_(None),
        )
    ).scalar_one_or_none()
    if found is None:
        raise InvitationUnknown("this link was used, is over, or never was")
    return found


def _forget(connection: Connection, person_id: str, at: UnixTime) -> None:
    connection.execute(
        update(session)
        .where(session.c.person_id == person_id, session.c.ended_at.is_(None))
        .values(ended_at=at, kept="{}")
    )
    connection.execute(
        update(invitation).where(invitation.c.person_id == person_id, invitation.c.used_at.is_(None)).values(used_at=at)
    )
    connection.execute(passkey.delete().where(passkey.c.person_id == person_id))
    connection.execute(update(person).where(person.c.id == person_id).values(account_sha256=None))


def _demand_administrator(connection: Connection) -> None:
    enabled = select(person.c.roles).where(person.c.disabled_at.is_(None))
    if not any(Role.ADMINISTRATOR in _roles(roles) for roles in connection.execute(enabled).scalars()):
        raise LastAdministrator("nobody else is an administrator")


def _one(connection: Connection, person_id: str) -> Person:
    row = connection.execute(_people().where(person.c.id == person_id)).one_or_none()
    if row is None:
        raise PersonUnknown("nobody has this id")
    return _person(row)


def _people() -> Any:
    count = select(func.count()).where(passkey.c.person_id == person.c.id).scalar_subquery()
    return select(person, count.label("passkeys"))


def _person(row: Row[Any]) -> Person:
    return Person(
        row.id,
        row.name,
        _roles(row.roles),
        frozenset(row.departments.split(",")),
        row.account_sha256 is not None,
        row.passkeys,
        UnixTime(row.at),
        None if row.disabled_at is None else UnixTime(row.disabled_at),
    )


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(each) for each in text.split(","))


def _joined(words: Collection[str]) -> str:
    return ",".join(sorted({str(word) for word in words}))
