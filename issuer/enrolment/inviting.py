"""Enrols terminals: an operator makes a code, one machine answers it, and its key is certified.

1 the wish is checked as for any certificate · 2 a token is drawn; the register keeps what is made of it · 3 a request
is read: its key signed it · 4 the token is found, not locked, proven, not over, not used by another key; then it is
this key's · 5 the key is certified · 6 the answer is kept: the same key gets the same again, until the token is over.
Guaranteed: a token enrols one key, however many ask at once. Not handled here: who may make codes, how they are shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from issuer.audit import trail
from issuer.enrolment.errors import (
    EnrolmentLocked,
    EnrolmentMalformed,
    EnrolmentOver,
    EnrolmentUnknown,
    EnrolmentUsed,
    InvitationRefused,
)
from issuer.enrolment.schema import enrolment
from issuer.errors import TerminalTaken
from issuer.register import Register
from issuer.terminals import register as terminals_of
from issuer.terminals.certifying import Terminals, Wish
from issuer.terminals.sites import Sites
from protocol import enrolment as form
from protocol import limits
from protocol.enrolment import Answer, Invitation, RepositoryPlace, Request
from protocol.errors import ProtocolError
from protocol.labels import Purpose
from protocol.unixtime import HOUR, MINUTE, Seconds, UnixTime

LIFE: Final = Seconds(HOUR)
LIVES: Final = range(MINUTE, 24 * HOUR + 1)
"""A code on a printed sheet is good for a working day at most."""
MOST_WRONG: Final = 5
ACTOR: Final = "terminal (enrolment)"


@dataclass(frozen=True, slots=True)
class Place:
    """What the terminal is to be besides its certificate: profile, and the site of its short codes (empty: none)."""

    profile: Purpose
    site: str
    repository: RepositoryPlace | None = None
    """Where it learns of several regions; None: of this authority's region alone, from `url`."""


class Enrolments:
    """The enrolments of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        terminals: Terminals,
        sites: Sites,
        root_sha256: bytes,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._register, self._terminals, self._sites = register, terminals, sites
        self._root_sha256, self._random_bytes = root_sha256, random_bytes

    def invite(
        self, wish: Wish, place: Place, *, url: str, replace: bool, life: Seconds, actor: str, at: UnixTime
    ) -> str:
        """The text of a code for one terminal.

        Args:
            wish: What its certificate is to say.
            place: What else it is to be.
            url: Where terminals reach this service.
            replace: Whether another machine's running certificate under this name is meant to be followed.
            life: How long the code is good.
            actor: Who makes it, for the register.
            at: Now.

        Raises:
            TerminalRefused, InvitationRefused, TerminalTaken: Nothing was recorded.
            RegisterUnavailable: Nothing was recorded.
        """
        # 1
        self._terminals.check(wish, at=at)
        if life not in LIVES:
            raise InvitationRefused(f"a code that is good for {life} s", hint="Choose 1 minute to 24 hours.")
        if place.site and place.site not in {each.code for each in self._sites.listed()}:
            raise InvitationRefused("no site in use has this code", hint="See `liangzheng issuer site DIR list`.")
        newest = terminals_of.newest_certificate(self._register, wish.terminal)
        if newest is not None and newest.exp > at and not replace:
            raise TerminalTaken(f"terminal {wish.terminal} is certified, and another machine would follow it")
        # 2
        token = self._random_bytes(limits.ENROLMENT_TOKEN_BYTES)
        try:
            text = form.encode(Invitation(url, token, self._root_sha256, place.repository))
        except ProtocolError as error:
            raise InvitationRefused(
                str(error), hint="Give --url (and --repository) as https://HOST or http://HOST:PORT."
            ) from None
        values = {
            "id": form.token_id(token),
            "token_key": form.token_key(token),
            "terminal": wish.terminal,
            "place": wish.place,
            "relying_party": wish.relying_party,
            "profile": int(place.profile),
            "kinds": ",".join(sorted(wish.kinds or ())),
            "days": wish.days,
            "site": place.site,
            "is_replacement": int(replace),
            "actor": actor,
            "at": at,
            "until": at + life,
            "wrong": 0,
        }
        with self._register.writing() as connection:
            connection.execute(insert(enrolment).values(values))
            trail.append(
                connection,
                "invite-terminal",
                "terminal",
                wish.terminal,
                actor=actor,
                at=at,
                details={"code": form.token_id(token), "until": at + life},
            )
        return text

    def enrol(self, encoded: bytes, *, at: UnixTime) -> bytes:
        """The answer to a terminal's request.

        Raises:
            EnrolmentMalformed, EnrolmentUnknown, EnrolmentLocked, EnrolmentOver, EnrolmentUsed: It is not enrolled.
            TerminalRefused, TerminalTaken: What the operator wished for is possible no more.
            RegisterUnavailable: The same request may be sent again.
        """
        # 3
        try:
            wanted = form.read_request(encoded)
        except ProtocolError as error:
            raise EnrolmentMalformed(str(error)) from None
        # 4
        with self._register.writing() as connection:
            row = _found(connection, wanted, at)
            if row is not None and row.used_at is None:
                connection.execute(_of(wanted).values(key_thumbprint=wanted.key.thumbprint, used_at=at))
        if row is None:
            # Raised outside of the transaction, which it would undo: the wrong try counts.
            raise EnrolmentUnknown("no such code was made here, or the request was not made with it")
        certificate = row.certificate
        if certificate is None:
            # 5
            certificate, _ = self._terminals.certify(
                _wish(row), wanted.key, replace=bool(row.is_replacement), actor=ACTOR, at=at
            )
            # 6
            with self._register.writing() as connection:
                connection.execute(_of(wanted).values(certificate=certificate))
        said = Answer(certificate, Purpose(row.profile), row.place, row.site)
        return form.answer(said, key_of_token=row.token_key, key=wanted.key)


def _found(connection: Connection, wanted: Request, at: UnixTime) -> Row[Any] | None:
    """The code that this request was made with; None: there is none, which counts where the id is right."""
    row = connection.execute(select(enrolment).where(enrolment.c.id == wanted.token_id)).one_or_none()
    if row is None:
        return None
    if row.wrong >= MOST_WRONG:
        raise EnrolmentLocked("wrong requests have come for this code")
    if not form.is_proven(wanted, row.token_key):
        connection.execute(_of(wanted).values(wrong=enrolment.c.wrong + 1))
        return None
    if at >= row.until:
        raise EnrolmentOver("the code is over")
    if row.key_thumbprint not in (None, wanted.key.thumbprint):
        raise EnrolmentUsed("another machine has used this code")
    return row


def _of(wanted: Request) -> Any:
    return update(enrolment).where(enrolment.c.id == wanted.token_id)


def _wish(row: Row[Any]) -> Wish:
    kinds = frozenset(row.kinds.split(",")) if row.kinds else None
    return Wish(row.terminal, row.place, row.relying_party, frozenset({Purpose(row.profile)}), kinds, row.days)
