"""Signs again what a banned key has signed, as far as the issued log knows of it: goes on where it stopped.

Whoever stole the key can sign anything under any date, and cannot write into the log: a licence is signed again if the
register says that it was signed, by this key, before the ban's moment, and if the package that it kept holds what the
log has the digests of. Each device gets its credentials once, by the key that signs now; its wallet finds them when it
refreshes. What the log does not have stays refused.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from issuer.errors import LicenceNotValid, LintRefused, SubjectRefused
from issuer.issuance import Issued
from issuer.keys import issued_log
from issuer.keys import register as rows_of
from issuer.keys.errors import KeyChangeRefused, ResignRefused
from issuer.register import Register
from issuer.register_schema import credential, credential_group, licence, mandate
from protocol import keys
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance, KeyUse
from protocol.status_list import Status
from protocol.unixtime import UnixTime

_BATCH: Final = 100
IssueAgain = Callable[[str, VerificationKey, KeyAssurance, str, UnixTime], Issued]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: devices that were signed for again, those passed over (licences by id), and those left."""

    signed: int
    passed_over: tuple[str, ...]
    left: int


class Resigning:
    """The second signatures of one authority."""

    def __init__(self, *, register: Register, issue_again: IssueAgain) -> None:
        self._register, self._issue_again = register, issue_again

    def left(self, kid: bytes, *, at: UnixTime, later: bool = False) -> int:
        """How many devices rest on this key alone. Raises: KeyUnknown, RegisterUnavailable."""
        with self._register.reading() as connection:
            key = rows_of.one(connection, kid)
            if key.use is not KeyUse.ASSERT:
                return 0
            waiting = _waiting(kid, at, None if later else key.banned_since).subquery()
            count: int = connection.execute(select(func.count()).select_from(waiting)).scalar_one()
        return count

    def run(self, kid: bytes, *, later: bool, actor: str, at: UnixTime) -> Iterator[Progress]:
        """Sign again, and say how far it is after each batch.

        Args:
            kid: The banned key.
            later: Also what the log has from the ban's moment on, once somebody has made sure that it is honest.
            actor: Who.
            at: Now.

        Raises:
            KeyUnknown, KeyChangeRefused, ResignRefused: There is nothing to sign again.
            NoSigningKey, TokenUnavailable, IssuanceInterrupted, RegisterUnavailable: What was signed is; begin again.
        """
        with self._register.reading() as connection:
            key = rows_of.one(connection, kid)
        if key.banned_since is None:
            raise KeyChangeRefused("this key is not banned", hint="What it signed is good as it is.")
        if key.use is not KeyUse.ASSERT:
            raise ResignRefused("this key signs no licences")
        since = None if later else key.banned_since
        signed, passed_over, after = 0, [], 0
        left = self.left(kid, at=at, later=later)
        yield Progress(0, (), left)
        while True:
            with self._register.reading() as connection:
                page = _waiting(kid, at, since).where(credential_group.c.id > after).limit(_BATCH)
                groups = connection.execute(page).all()
                digests = {each.id: issued_log.digests(connection, each.id) for each in groups}
            if not groups:
                return
            for group in groups:
                after = group.id
                if self._signed_again(group, digests[group.id], key.key, actor, at):
                    signed += 1
                else:
                    passed_over.append(group.licence_id)
            yield Progress(signed, tuple(passed_over), left - signed - len(passed_over))

    def _signed_again(
        self, group: Row[Any], digests: frozenset[bytes], key: VerificationKey, actor: str, at: UnixTime
    ) -> bool:
        first = issued_log.first_of(group.package, digests, key)
        if first is None:
            return False
        holder_key = keys.load_cose_key(first.claims.cnf)
        try:
            self._issue_again(group.licence_id, holder_key, first.claims.key_assurance, actor, at)
        except (LicenceNotValid, SubjectRefused, LintRefused):
            # It ended meanwhile: there is nothing to be signed again.
            return False
        return True


def _waiting(kid: bytes, at: UnixTime, since: UnixTime | None) -> Select[Any]:
    """Groups of valid licences that this key signed and that are in force, if the same device got no other since."""
    newer = credential_group.alias()
    conditions: list[ColumnElement[bool]] = [
        credential_group.c.kid == kid,
        credential_group.c.package.is_not(None),
        credential_group.c.exp > at,
        credential_group.c.status == int(Status.VALID),
        licence.c.status == int(Status.VALID),
        ~exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id)),
        ~exists(
            select(newer.c.id).where(
                newer.c.licence_id == credential_group.c.licence_id,
                newer.c.holder_key_thumbprint == credential_group.c.holder_key_thumbprint,
                newer.c.package.is_not(None),
                newer.c.id > credential_group.c.id,
            )
        ),
    ]
    if since is not None:
        signed = select(credential.c.sub).where(
            credential.c.group_id == credential_group.c.id,
            credential.c.signed_at.is_(None) | (credential.c.signed_at >= since),
        )
        conditions.append(~exists(signed))
    return (
        select(credential_group.c.id, credential_group.c.licence_id, credential_group.c.package)
        .join_from(credential_group, licence)
        .where(*conditions)
        .order_by(credential_group.c.id)
    )
