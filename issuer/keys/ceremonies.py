"""What an authority does with its keys: adds, rotates, stops and drops them, and gives departments their own.

A new key stands in the trust list for a time before it signs, so that terminals know it by then; the old one signs
until that moment, and what it signed is relied on until its longest life is over. One that was stolen is stopped at
once, and another takes its place; that it is banned takes two people (`issuer.feed.dangerous`), and what it signed is
then signed again (`resigning`). Each act is one transaction and stands in the audit trail; private keys are made before
it, and one that no transaction took signs nothing. The status key has a way of its own (`issuer feed epoch`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from issuer.keys import departments, issued_log
from issuer.keys import register as rows_of
from issuer.keys.departments import Department
from issuer.keys.errors import KeyChangeRefused, KeyUnknown
from issuer.keys.issued_log import Checked
from issuer.keys.records import EVERY_KIND, KeyRecord, State, signing_ends
from issuer.keys.resigning import Resigning
from issuer.keys.ring import KeyRing
from issuer.lifecycle import check_reason
from issuer.register import Register
from protocol import limits
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.licence.catalogue import Kind
from protocol.unixtime import DAY, Seconds, UnixTime

AHEAD: Final = Seconds(DAY)
"""How long a key is published before it signs, if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The keys that a ceremony has published, and those that sign until the new ones do."""

    published: tuple[KeyRecord, ...]
    ended: tuple[KeyRecord, ...]


class Keys:
    """The keys of one authority, for whoever holds its ceremonies."""

    def __init__(
        self,
        *,
        ring: KeyRing,
        register: Register,
        kinds: Mapping[int, Kind],
        kept: Seconds,
        resigning: Resigning,
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._ring, self._register, self._kinds, self.kept = ring, register, kinds, kept
        self.resigning, self._publish_change = resigning, publish_change

    def listed(self) -> tuple[KeyRecord, ...]:
        """Every key that there ever was, the oldest first. Raises: RegisterUnavailable."""
        return rows_of.all_keys(self._register)

    def departments(self) -> tuple[Department, ...]:
        """Every department that there ever was, by name. Raises: RegisterUnavailable."""
        return departments.listed(self._register)

    def check_log(self) -> Iterator[Checked]:
        """Compare everything that was handed out with what the issued log has of it. Raises: RegisterUnavailable."""
        return issued_log.check(self._register)

    def add(self, use: KeyUse, *, department: str, ahead: Seconds, actor: str, at: UnixTime) -> Changed:
        """Publish one more key of a use: it signs when those before it are full or have ended.

        Raises:
            KeyChangeRefused, DepartmentRefused: The status key, or no such department.
            TokenUnavailable, TokenRefused: The token makes none.
            PublishingFailed: It is recorded, and not published yet.
        """
        return self._renewed(use, department, ahead, ending=False, actor=actor, at=at)

    def rotate(self, use: KeyUse, *, department: str, ahead: Seconds, actor: str, at: UnixTime) -> Changed:
        """Publish a key of a use, and let those that sign now end when it begins. Raises: as `add`."""
        return self._renewed(use, department, ahead, ending=True, actor=actor, at=at)

    def retire(self, kid: str, *, actor: str, at: UnixTime) -> KeyRecord:
        """Let a key sign nothing more; what it signed stays good until its end.

        Raises:
            KeyUnknown: There is none.
            KeyChangeRefused: It does not sign, or it is the last one of its use that does.
            PublishingFailed: It is retired, and that is not published yet.
        """
        with self._register.writing() as connection:
            key = rows_of.one(connection, _kid(kid))
            _demand_ring(key.use)
            if not at < key.sign_until or key.banned_since is not None or key.dropped_at is not None:
                raise KeyChangeRefused("this key signs no more anyway")
            if key.may_sign(at) and not _others(connection, key, at):
                raise KeyChangeRefused(
                    "no other key signs in its place", hint="Rotate instead: `liangzheng issuer key rotate`."
                )
            rows_of.end_signing(connection, key.kid, until=max(at, key.sign_from), actor=actor, at=at)
        self._publish_change(at)
        return self._one(key.kid)

    def stop(self, kid: str, *, reason: str, actor: str, at: UnixTime) -> Changed:
        """Let a key sign nothing more that somebody else may have; another one signs in its place at once.

        What it signed stays good until a ban says otherwise, which takes two people (`issuer.feed.dangerous`).

        Raises:
            ReasonRefused, KeyUnknown, KeyChangeRefused: Nothing was changed.
            TokenUnavailable: The same, since no other key could be made.
            PublishingFailed: It is stopped, and the other key is not published yet.
        """
        check_reason(reason)
        with self._register.reading() as connection:
            key = rows_of.one(connection, _kid(kid))
            needs_another = key.may_sign(at) and not _others(connection, key, at)
        _demand_ring(key.use)
        if not at < key.sign_until:
            return Changed((), (key,))
        made = self._ring.make() if needs_another else None
        added = []
        with self._register.writing() as connection:
            rows_of.end_signing(connection, key.kid, until=at, reason=reason, actor=actor, at=at)
            if made is not None:
                # For the same kinds, those too that were to become a department's in a while.
                new = rows_of.add(
                    connection,
                    made,
                    key.use,
                    department=key.department,
                    kinds=key.kinds,
                    sign_from=at,
                    sign_until=signing_ends(at),
                    actor=actor,
                    at=at,
                )
                added.append(new)
        self._publish_change(at)
        return Changed(tuple(added), (self._one(key.kid),))

    def drop(self, kid: str, *, actor: str, at: UnixTime) -> KeyRecord:
        """Take a key out of the trust list: whatever it signed is refused from now on.

        Raises:
            KeyUnknown: There is none.
            KeyChangeRefused: It signs, or licences rest on it that were not signed again.
            PublishingFailed: It is dropped, and that is not published yet.
        """
        # Also what was signed after a ban began: the register knows these devices, and they would be refused too.
        left = self.resigning.left(_kid(kid), at=at, later=True)
        with self._register.writing() as connection:
            key = rows_of.one(connection, _kid(kid))
            _demand_ring(key.use)
            state = key.state(at, kept=self.kept)
            if state in {State.SIGNING, State.FULL, State.DROPPED}:
                raise KeyChangeRefused(f"this key is {state}", hint="Retire or ban it first.")
            if left:
                raise KeyChangeRefused(
                    f"{left} devices hold licences by this key alone",
                    hint="Sign those of a banned key again (`liangzheng issuer key resign`), or let them end.",
                )
            rows_of.drop(connection, key.kid, actor=actor, at=at)
        self._publish_change(at)
        return self._one(key.kid)

    def add_department(self, name: str, slugs: frozenset[str], *, ahead: Seconds, actor: str, at: UnixTime) -> Changed:
        """A department with these kinds, a key for it, and one for the authority that does not have these kinds.

        Raises:
            DepartmentRefused: By name or kinds; nothing was changed.
            TokenUnavailable, TokenRefused: The token makes no keys.
            PublishingFailed: It is recorded, and not published yet.
        """
        kinds = departments.numbers(slugs, self._kinds)
        with self._register.reading() as connection:
            departments.check(connection, name, kinds)
        own, general = self._ring.make(), self._ring.make()
        with self._register.writing() as connection:
            departments.add(connection, name, kinds, actor=actor, at=at)
            published = [self._added(connection, own, KeyUse.ASSERT, name, ahead=ahead, actor=actor, at=at)]
            ended = [each for each in _of(connection, KeyUse.ASSERT, "", at) if any(map(each.kinds.has, kinds))]
            if ended:
                published.append(self._added(connection, general, KeyUse.ASSERT, "", ahead=ahead, actor=actor, at=at))
            for each in ended:
                rows_of.end_signing(connection, each.kid, until=UnixTime(at + ahead), actor=actor, at=at)
        self._publish_change(at)
        return Changed(tuple(published), tuple(self._one(each.kid) for each in ended))

    def retire_department(self, name: str, *, ahead: Seconds, actor: str, at: UnixTime) -> Changed:
        """Let a department issue nothing more; its kinds become the authority's again. Raises: as `add_department`."""
        general = self._ring.make()
        with self._register.writing() as connection:
            departments.retire(connection, name, actor=actor, at=at)
            ended = _of(connection, KeyUse.ASSERT, name, at)
            for each in ended:
                rows_of.end_signing(connection, each.kid, until=max(at, each.sign_from), actor=actor, at=at)
            before = _of(connection, KeyUse.ASSERT, "", at)
            published = (self._added(connection, general, KeyUse.ASSERT, "", ahead=ahead, actor=actor, at=at),)
            for each in before:
                rows_of.end_signing(connection, each.kid, until=UnixTime(at + ahead), actor=actor, at=at)
        self._publish_change(at)
        return Changed(published, tuple(self._one(each.kid) for each in (*ended, *before)))

    def _renewed(
        self, use: KeyUse, department: str, ahead: Seconds, *, ending: bool, actor: str, at: UnixTime
    ) -> Changed:
        _demand_ring(use)
        if department:
            departments.demand(self._register, department, use)
        made = self._ring.make()
        with self._register.writing() as connection:
            before = _of(connection, use, department, at) if ending else ()
            published = self._added(connection, made, use, department, ahead=ahead, actor=actor, at=at)
            for each in before:
                rows_of.end_signing(connection, each.kid, until=UnixTime(at + ahead), actor=actor, at=at)
        self._publish_change(at)
        return Changed((published,), tuple(self._one(each.kid) for each in before))

    def _added(
        self,
        connection: Connection,
        key: VerificationKey,
        use: KeyUse,
        department: str,
        *,
        ahead: Seconds,
        actor: str,
        at: UnixTime,
    ) -> KeyRecord:
        return rows_of.add(
            connection,
            key,
            use,
            department=department,
            kinds=departments.kinds_of(connection, department) if use is KeyUse.ASSERT else EVERY_KIND,
            sign_from=UnixTime(at + ahead),
            sign_until=signing_ends(UnixTime(at + ahead)),
            actor=actor,
            at=at,
        )

    def _one(self, kid: bytes) -> KeyRecord:
        with self._register.reading() as connection:
            return rows_of.one(connection, kid)


def _of(connection: Connection, use: KeyUse, department: str, at: UnixTime) -> tuple[KeyRecord, ...]:
    """The keys that sign now or will, of one use and one department."""
    return tuple(
        each
        for each in rows_of.read(connection)
        if (each.use, each.department) == (use, department)
        and each.banned_since is None
        and each.dropped_at is None
        and at < each.sign_until
    )


def _others(connection: Connection, key: KeyRecord, at: UnixTime) -> tuple[KeyRecord, ...]:
    """Those that sign now beside this one."""
    return tuple(
        each
        for each in _of(connection, key.use, key.department, at)
        if each.kid != key.kid and each.may_sign(at) and not each.is_full
    )


def _demand_ring(use: KeyUse) -> None:
    if use is KeyUse.STATUS:
        raise KeyChangeRefused(
            "the status key is not exchanged beside its feed", hint="Begin a new epoch: `liangzheng issuer feed epoch`."
        )


def _kid(text: str) -> bytes:
    try:
        kid = bytes.fromhex(text)
    except ValueError:
        kid = b""
    if len(kid) != limits.KID_BYTES:
        raise KeyUnknown(f"a kid is {2 * limits.KID_BYTES} hexadecimal digits")
    return kid
