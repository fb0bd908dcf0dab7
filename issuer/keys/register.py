"""What the register holds of keys: rows that are added and changed in place, and never deleted.

Guaranteed: a change (`writing`) and whatever is about to be signed (`adding`) exclude one another, so that a key that
was retired or banned signs nothing that is recorded afterwards. The private halves are not here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from issuer.audit import trail
from issuer.audit.trail import OPERATOR
from issuer.database import Database
from issuer.keys.errors import KeyUnknown, NoSigningKey
from issuer.keys.records import EVERY_KIND, MAX_LICENCES, WORDS, KeyRecord, Kinds
from issuer.keys.schema import issuer_key
from issuer.register_schema import credential_group, mandate, paper
from protocol import cbor, keys
from protocol.keys import VerificationKey
from protocol.labels import KeyUse
from protocol.unixtime import UnixTime

_AT_ONCE: Final = 500
"""Values of one statement; SQLite took 999 at most for long."""


def all_keys(register: Database) -> tuple[KeyRecord, ...]:
    """Every key that there ever was, the oldest first."""
    with register.reading() as connection:
        return read(connection)


def one(connection: Connection, kid: bytes) -> KeyRecord:
    """The key with this identifier. Raises: KeyUnknown."""
    found = read(connection, issuer_key.c.kid == kid)
    if not found:
        raise KeyUnknown("no key of this issuer has this identifier")
    return found[0]


def read(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[KeyRecord, ...]:
    """The keys of which this holds, the oldest first."""
    statement = select(issuer_key).where(*conditions).order_by(issuer_key.c.number)
    return tuple(_record(row) for row in connection.execute(statement))


def add(
    connection: Connection,
    key: VerificationKey,
    use: KeyUse,
    *,
    sign_from: UnixTime,
    sign_until: UnixTime,
    actor: str,
    at: UnixTime,
    department: str = "",
    kinds: Kinds = EVERY_KIND,
) -> KeyRecord:
    """Publish one more key, from the next publication on."""
    kid = _insert(
        connection,
        key,
        use=int(use),
        department=department,
        kinds=str(kinds),
        published_at=at,
        sign_from=sign_from,
        sign_until=sign_until,
        actor=actor,
    )
    _trail(connection, "publish-key", kid, actor=actor, at=at, details={"use": WORDS[use], "department": department})
    return one(connection, kid)


def _insert(connection: Connection, key: VerificationKey, **values: object) -> bytes:
    newest = connection.execute(select(func.max(issuer_key.c.number))).scalar()
    kid, number = keys.kid_of(key), 1 if newest is None else newest + 1
    cose_key = cbor.encode(key.cose_key)
    connection.execute(insert(issuer_key).values(kid=kid, number=number, cose_key=cose_key, given=0, **values))
    return kid


def end_signing(
    connection: Connection, kid: bytes, *, until: UnixTime, actor: str, at: UnixTime, reason: str = ""
) -> None:
    """Let a key sign until this moment and not longer."""
    connection.execute(update(issuer_key).where(issuer_key.c.kid == kid).values(sign_until=until))
    _trail(connection, "end-key", kid, actor=actor, at=at, reason=reason, details={"until": int(until)})


def ban(connection: Connection, kid: bytes, *, since: UnixTime) -> None:
    """Note a ban: the key signs nothing more, and what it signed from `since` on counts no more."""
    connection.execute(update(issuer_key).where(issuer_key.c.kid == kid).values(banned_since=since))


def drop(connection: Connection, kid: bytes, *, actor: str, at: UnixTime) -> None:
    """Take a key out of the trust list."""
    connection.execute(update(issuer_key).where(issuer_key.c.kid == kid).values(dropped_at=at))
    _trail(connection, "drop-key", kid, actor=actor, at=at)


def demand_signing(connection: Connection, kid: bytes, *, at: UnixTime) -> None:
    """Return if this key may sign now, within the transaction of an intent. Raises: NoSigningKey."""
    if not one(connection, kid).may_sign(at):
        raise NoSigningKey("the key was retired or banned just now", hint="Do it again: another key signs then.")


def department_of(connection: Connection, licence_id: str) -> str | None:
    """Whose key signed a credential of this licence last."""
    found: str | None = connection.execute(
        select(issuer_key.c.department)
        .join_from(credential_group, issuer_key, credential_group.c.kid == issuer_key.c.kid)
        .where(credential_group.c.licence_id == licence_id, issuer_key.c.use == int(KeyUse.ASSERT))
        .order_by(credential_group.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def departments_of(connection: Connection, licence_ids: Sequence[str]) -> Mapping[str, str]:
    """Whose key signed a credential of each of these licences last; those that no key signed are left out."""
    found: dict[str, str] = {}
    for begin in range(0, len(licence_ids), _AT_ONCE):
        rows = connection.execute(
            select(credential_group.c.licence_id, issuer_key.c.department)
            .join_from(credential_group, issuer_key, credential_group.c.kid == issuer_key.c.kid)
            .where(
                credential_group.c.licence_id.in_(licence_ids[begin : begin + _AT_ONCE]),
                issuer_key.c.use == int(KeyUse.ASSERT),
            )
            .order_by(credential_group.c.id)
        )
        # The last one stays.
        found |= {row.licence_id: row.department for row in rows}
    return found


def give(connection: Connection, kid: bytes, count: int) -> bool:
    """Count so many licences more for this key; False, and nothing is counted, if they would be too many."""
    given = connection.execute(
        update(issuer_key)
        .where(issuer_key.c.kid == kid, issuer_key.c.given <= MAX_LICENCES - count)
        .values(given=issuer_key.c.given + count)
    )
    return given.rowcount == 1


def begin(
    register: Database, first: Sequence[tuple[KeyUse, VerificationKey]], *, sign_until: UnixTime, at: UnixTime
) -> None:
    """Record the first key of each use, of a new issuer or of one that is older than these tables.

    Args:
        register: Where.
        first: The keys that lie in places of their own in `keys.box`.
        sign_until: The end of what is signed with them.
        at: The issuer's beginning.
    """
    with register.reading() as connection:
        known = {each.kid for each in read(connection)}
    if known >= {keys.kid_of(key) for use, key in first if use is not KeyUse.STATUS or not known}:
        return
    with register.writing() as connection:
        known = {each.kid for each in read(connection)}
        for use, key in first:
            # A status key that took another's place is noted when it is published (`replace_status`).
            if keys.kid_of(key) in known or (use is KeyUse.STATUS and known):
                continue
            for lost in read(connection, issuer_key.c.use == int(use)):
                end_signing(connection, lost.kid, until=at, actor=OPERATOR, at=at)
            # No act of anybody's: the keys are as old as the issuer.
            _insert(
                connection,
                key,
                use=int(use),
                department="",
                kinds=str(EVERY_KIND),
                published_at=at,
                sign_from=at,
                sign_until=sign_until,
                actor=OPERATOR,
            )
        if not known:
            _name_signers(connection, {use: keys.kid_of(key) for use, key in first})


def replace_status(register: Database, key: VerificationKey, *, sign_until: UnixTime, at: UnixTime) -> None:
    """Note a status key that took another's place in `keys.box`; the old one is relied on no more."""
    with register.writing() as connection:
        for old in read(connection, issuer_key.c.use == int(KeyUse.STATUS), issuer_key.c.dropped_at.is_(None)):
            if old.kid != keys.kid_of(key):
                drop(connection, old.kid, actor=OPERATOR, at=at)
        if not read(connection, issuer_key.c.kid == keys.kid_of(key)):
            add(connection, key, KeyUse.STATUS, sign_from=at, sign_until=sign_until, actor=OPERATOR, at=at)


def _name_signers(connection: Connection, kids: dict[KeyUse, bytes]) -> None:
    """What was issued before the register named keys was signed by the only one of its use."""
    unnamed = credential_group.c.kid.is_(None)
    for use, condition in (
        (KeyUse.MANDATE, credential_group.c.id.in_(select(mandate.c.group_id))),
        (KeyUse.PAPER, credential_group.c.id.in_(select(paper.c.group_id))),
        (KeyUse.ASSERT, unnamed),
    ):
        connection.execute(update(credential_group).where(unnamed, condition).values(kid=kids[use]))
    # Each issuance counts, those of one licence too: there were never more licences than that.
    counted = select(func.count()).where(credential_group.c.kid == kids[KeyUse.ASSERT]).scalar_subquery()
    connection.execute(update(issuer_key).where(issuer_key.c.kid == kids[KeyUse.ASSERT]).values(given=counted))


def _trail(connection: Connection, act: str, kid: bytes, **more: Any) -> None:
    trail.append(connection, act, "key", kid.hex(), **more)


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        kid=bytes(row.kid),
        key=keys.load_cose_key(cbor.decode(row.cose_key)),
        number=row.number,
        use=KeyUse(row.use),
        department=row.department,
        kinds=Kinds.read(row.kinds),
        published_at=UnixTime(row.published_at),
        sign_from=UnixTime(row.sign_from),
        sign_until=UnixTime(row.sign_until),
        given=row.given,
        banned_since=None if row.banned_since is None else UnixTime(row.banned_since),
        dropped_at=None if row.dropped_at is None else UnixTime(row.dropped_at),
        actor=row.actor,
    )
