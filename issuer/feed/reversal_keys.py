"""The offline keys of a region as the issuer knows them: public keys, which its trust list names with their one use."""

from sqlalchemy import insert, select, update

from issuer.audit import trail
from issuer.feed.errors import ReversalRefused
from issuer.feed.schema import feed_reversal_key
from issuer.register import Register
from protocol import cbor, keys
from protocol.keys import VerificationKey
from protocol.unixtime import UnixTime


def listed(register: Register) -> tuple[VerificationKey, ...]:
    """The offline keys that are trusted, by kid."""
    statement = (
        select(feed_reversal_key.c.cose_key)
        .where(feed_reversal_key.c.retired_at.is_(None))
        .order_by(feed_reversal_key.c.kid)
    )
    with register.reading() as connection:
        return tuple(keys.load_cose_key(cbor.decode(each)) for each in connection.execute(statement).scalars())


def add(register: Register, key: VerificationKey, *, actor: str, at: UnixTime) -> None:
    """Trust this key from now on. Raises: ReversalRefused."""
    kid = keys.kid_of(key)
    with register.writing() as connection:
        if connection.execute(select(feed_reversal_key.c.kid).where(feed_reversal_key.c.kid == kid)).all():
            raise ReversalRefused("this key was registered before", hint="A key that was retired does not come back.")
        connection.execute(
            insert(feed_reversal_key).values(
                kid=kid, cose_key=cbor.encode(key.cose_key), actor=actor, at=at, retired_at=None
            )
        )
        trail.append(connection, "trust-reversal-key", "key", kid.hex(), actor=actor, at=at)


def retire(register: Register, kid: bytes, *, actor: str, at: UnixTime) -> None:
    """Trust this key no more. Raises: ReversalRefused."""
    with register.writing() as connection:
        retired = connection.execute(
            update(feed_reversal_key)
            .where(feed_reversal_key.c.kid == kid, feed_reversal_key.c.retired_at.is_(None))
            .values(retired_at=at)
        )
        if retired.rowcount == 0:
            raise ReversalRefused("no trusted reversal key has this kid")
        trail.append(connection, "retire-reversal-key", "key", kid.hex(), actor=actor, at=at)
