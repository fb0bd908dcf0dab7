"""Issuer keys banned at once: they stand in every checkpoint until the trust list has taken them over.

A terminal keeps a ban for as long as any trust list names the key, so lifting one makes room in the checkpoint and
takes nothing back (ADR 0009). Append-only.
"""

from sqlalchemy import Connection, insert, select, update

from issuer.audit import trail
from issuer.feed.errors import BanRefused
from issuer.feed.schema import feed_ban
from issuer.register import Register
from protocol import limits
from protocol.checkpoint import Ban
from protocol.unixtime import UnixTime


def listed(register: Register) -> tuple[Ban, ...]:
    """The bans that stand in the checkpoint, in its order."""
    with register.reading() as connection:
        return standing(connection)


def standing(connection: Connection) -> tuple[Ban, ...]:
    """As `listed`, within a transaction."""
    statement = select(feed_ban).where(feed_ban.c.lifted_at.is_(None)).order_by(feed_ban.c.iss, feed_ban.c.kid)
    return tuple(Ban(row.iss, row.kid, UnixTime(row.since)) for row in connection.execute(statement))


def ban(connection: Connection, iss: str, kid: bytes, *, since: UnixTime, actor: str, at: UnixTime) -> Ban:
    """Ban a key for what it signed from this moment on; an earlier moment takes the place of a later one.

    Raises:
        BanRefused: There are eight, the moment lies ahead, or the same or an earlier ban stands already.
    """
    if since > at:
        raise BanRefused("a ban cannot begin in the future")
    stands = (feed_ban.c.iss == iss) & (feed_ban.c.kid == kid) & feed_ban.c.lifted_at.is_(None)
    held = connection.execute(select(feed_ban.c.since).where(stands)).scalar_one_or_none()
    if held is not None and held <= since:
        raise BanRefused("this key is banned from that moment or an earlier one on")
    if held is not None:
        connection.execute(update(feed_ban).where(stands).values(lifted_at=at))
    elif len(connection.execute(select(feed_ban.c.id).where(feed_ban.c.lifted_at.is_(None))).all()) >= (
        limits.MAX_BANS
    ):
        raise BanRefused(f"{limits.MAX_BANS} keys are banned; take the ones that the trust list has dropped off")
    connection.execute(insert(feed_ban).values(iss=iss, kid=kid, since=since, actor=actor, at=at, lifted_at=None))
    trail.append(connection, "ban-key", "key", kid.hex(), actor=actor, at=at, details={"iss": iss, "since": since})
    return Ban(iss, kid, since)


def lift(register: Register, kid: bytes, *, actor: str, at: UnixTime) -> None:
    """Take a key out of the checkpoint. Raises: BanRefused."""
    with register.writing() as connection:
        lifted = connection.execute(
            update(feed_ban).where(feed_ban.c.kid == kid, feed_ban.c.lifted_at.is_(None)).values(lifted_at=at)
        )
        if lifted.rowcount == 0:
            raise BanRefused("this key is not banned")
        trail.append(connection, "lift-ban", "key", kid.hex(), actor=actor, at=at)
