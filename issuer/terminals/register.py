"""What the register holds of terminals and sites: every certificate that was made, and the site codes in use.

Certificates are append-only: what was certified when, for whom, by whom. A site's code is given once and never again,
so that an old sign on a wall cannot name another place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from issuer.audit import trail
from issuer.errors import SiteTaken, SiteUnknown, TerminalTaken
from issuer.register import Register, insert_drawn
from issuer.register_schema import certified_terminal, site
from protocol.directory import Site
from protocol.labels import Purpose
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class CertifiedTerminal:
    """One certificate as it was made."""

    terminal: str
    key_thumbprint: bytes
    place: str
    relying_party: str
    purposes: frozenset[Purpose]
    iat: UnixTime
    exp: UnixTime
    actor: str
    at: UnixTime


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One site in use."""

    code: str
    site: Site
    actor: str
    at: UnixTime


_PURPOSE_OF: Final = {chr(purpose): purpose for purpose in Purpose}


def letters(purposes: frozenset[Purpose]) -> str:
    """Purposes as the register keeps them: their letters in aud, in order."""
    return "".join(sorted(chr(purpose) for purpose in purposes))


def purposes_of(kept: str) -> frozenset[Purpose]:
    """The purposes of these letters."""
    return frozenset(_PURPOSE_OF[letter] for letter in kept)


def record_certificate(register: Register, record: CertifiedTerminal, *, replace: bool) -> None:
    """Record, before the key is used, what it is about to certify.

    Raises:
        TerminalTaken: A certificate for another key is still running under this name, and nobody said to replace it.
        RegisterUnavailable: Nothing was recorded.
    """
    newest = (
        select(certified_terminal.c.key_thumbprint, certified_terminal.c.exp)
        .where(certified_terminal.c.terminal == record.terminal)
        .order_by(certified_terminal.c.seq.desc())
        .limit(1)
    )
    with register.writing() as connection:
        before = connection.execute(newest).one_or_none()
        if (
            before is not None
            and before.key_thumbprint != record.key_thumbprint
            and before.exp > record.at
            and not replace
        ):
            raise TerminalTaken(f"terminal {record.terminal} is certified with another key")
        connection.execute(
            insert(certified_terminal).values(
                terminal=record.terminal,
                key_thumbprint=record.key_thumbprint,
                place=record.place,
                relying_party=record.relying_party,
                purposes=letters(record.purposes),
                iat=record.iat,
                exp=record.exp,
                actor=record.actor,
                at=record.at,
            )
        )
        trail.append(
            connection,
            "certify-terminal",
            "terminal",
            record.terminal,
            actor=record.actor,
            at=record.at,
            details={"key": record.key_thumbprint, "purposes": letters(record.purposes), "exp": record.exp},
        )


def newest_certificate(register: Register, terminal: str) -> CertifiedTerminal | None:
    """The last certificate that was made under this name; None: there was never one. Raises: RegisterUnavailable."""
    statement = (
        select(certified_terminal)
        .where(certified_terminal.c.terminal == terminal)
        .order_by(certified_terminal.c.seq.desc())
        .limit(1)
    )
    with register.reading() as connection:
        row = connection.execute(statement).one_or_none()
        return None if row is None else _record(row)


def certificates(register: Register, *, search: str, limit: int) -> tuple[CertifiedTerminal, ...]:
    """Certificates, the newest first, whose terminal, place or relying party contains this text."""
    statement = select(certified_terminal).order_by(certified_terminal.c.seq.desc()).limit(limit)
    if search:
        columns = (certified_terminal.c.terminal, certified_terminal.c.place, certified_terminal.c.relying_party)
        statement = statement.where(or_(*(column.contains(search, autoescape=True) for column in columns)))
    return records(register, statement)


def records(register: Register, statement: Select[Any]) -> tuple[CertifiedTerminal, ...]:
    """What a statement over whole rows of `certified_terminal` finds. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return tuple(_record(row) for row in connection.execute(statement))


def _record(row: Row[Any]) -> CertifiedTerminal:
    return CertifiedTerminal(
        row.terminal,
        row.key_thumbprint,
        row.place,
        row.relying_party,
        purposes_of(row.purposes),
        UnixTime(row.iat),
        UnixTime(row.exp),
        row.actor,
        UnixTime(row.at),
    )


def add_site(
    register: Register, new: Site, *, code: str | None, draw: Callable[[], str], actor: str, at: UnixTime
) -> str:
    """Record a site under this code, or under a drawn one, and return the code.

    Raises:
        SiteTaken: The code was given before, whether it is still in use or not.
        NoFreeIndex: Every drawn code was.
        RegisterUnavailable: Nothing was recorded.
    """
    values = {"name": new.name, "relying_party": new.relying_party, "added_by": actor, "added_at": at}
    with register.writing() as connection:
        if code is None:
            added: str = insert_drawn(connection, site, values, "code", draw)[1]
        else:
            added = code
            try:
                with connection.begin_nested():
                    connection.execute(insert(site).values(code=code, **values))
            except IntegrityError:
                raise SiteTaken(f"the code {code} was given to a site before") from None
        trail.append(connection, "add-site", "site", added, actor=actor, at=at)
    return added


def remove_site(register: Register, code: str, *, actor: str, at: UnixTime) -> None:
    """Take a site out of use. Raises: SiteUnknown, RegisterUnavailable."""
    in_use = (site.c.code == code) & site.c.removed_at.is_(None)
    with register.writing() as connection:
        if connection.execute(update(site).where(in_use).values(removed_by=actor, removed_at=at)).rowcount != 1:
            raise SiteUnknown("no site in use has this code")
        trail.append(connection, "remove-site", "site", code, actor=actor, at=at)


def sites_in_use(register: Register) -> tuple[SiteRecord, ...]:
    """The sites that wallets may know, by code. Raises: RegisterUnavailable."""
    statement = select(site).where(site.c.removed_at.is_(None)).order_by(site.c.code)
    with register.reading() as connection:
        return tuple(
            SiteRecord(row.code, Site(row.name, row.relying_party), row.added_by, UnixTime(row.added_at))
            for row in connection.execute(statement)
        )


def by_code(records: tuple[SiteRecord, ...]) -> Mapping[str, Site]:
    """As the wallet directory has them."""
    return {record.code: record.site for record in records}
