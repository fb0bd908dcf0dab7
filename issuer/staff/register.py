"""What the register holds of staff: certificates, append-only, and withdrawn keys."""

from dataclasses import dataclass

from sqlalchemy import exists, func, insert, or_, select

from issuer.audit import trail
from issuer.errors import StaffNotRunning, StaffRefused, StaffTaken
from issuer.register import Register
from issuer.staff.schema import certified_staff, withdrawn_staff
from protocol import limits
from protocol.staff_certificate import Role
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class CertifiedStaff:
    """One certificate as it was made."""

    number: str
    key_thumbprint: bytes
    name: str
    role: Role
    relying_party: str
    nbf: UnixTime
    exp: UnixTime
    actor: str
    at: UnixTime


@dataclass(frozen=True, slots=True)
class WithdrawnStaff:
    """One withdrawal: which key, of whom, why, until when it has to be published."""

    number: str
    key_thumbprint: bytes
    reason: str
    actor: str
    at: UnixTime
    until: UnixTime

    @property
    def kid(self) -> bytes:
        """As terminals find it (RFC 9679 thumbprint, shortened)."""
        return self.key_thumbprint[: limits.KID_BYTES]


def record_certificate(register: Register, record: CertifiedStaff, *, replace: bool) -> bool:
    """Record, before the key is used, what it is about to certify; True: it is the region's first one.

    Raises:
        StaffTaken: A certificate for another key is still running under this number, and nobody said to replace it.
        StaffRefused: This very key was withdrawn.
        RegisterUnavailable: Nothing was recorded.
    """
    newest = (
        select(certified_staff.c.key_thumbprint, certified_staff.c.exp)
        .where(certified_staff.c.number == record.number)
        .order_by(certified_staff.c.seq.desc())
        .limit(1)
    )
    gone = select(withdrawn_staff.c.number).where(withdrawn_staff.c.key_thumbprint == record.key_thumbprint)
    with register.writing() as connection:
        if connection.execute(gone).one_or_none() is not None:
            raise StaffRefused(
                f"the key of {record.number} was withdrawn, which is for good",
                hint="Have `liangzheng terminal staff DIR add` make a new key. Nothing was certified.",
            )
        before = connection.execute(newest).one_or_none()
        if (
            before is not None
            and before.key_thumbprint != record.key_thumbprint
            and before.exp > record.at
            and not replace
        ):
            raise StaffTaken(f"staff number {record.number} is certified with another key")
        is_first = connection.execute(select(func.count()).select_from(certified_staff)).scalar_one() == 0
        connection.execute(
            insert(certified_staff).values(
                number=record.number,
                key_thumbprint=record.key_thumbprint,
                name=record.name,
                role=str(record.role),
                relying_party=record.relying_party,
                nbf=record.nbf,
                exp=record.exp,
                actor=record.actor,
                at=record.at,
            )
        )
        trail.append(
            connection,
            "certify-staff",
            "staff",
            record.number,
            actor=record.actor,
            at=record.at,
            details={"key": record.key_thumbprint, "role": str(record.role), "exp": record.exp},
        )
        return is_first


def record_withdrawal(register: Register, number: str, *, reason: str, actor: str, at: UnixTime) -> tuple[bytes, ...]:
    """Withdraw every key of this person that is still certified, and give those keys.

    Raises:
        StaffNotRunning: No certificate of this number runs that was not withdrawn before.
        RegisterUnavailable: Nothing was recorded.
    """
    running = (
        select(certified_staff.c.key_thumbprint)
        .where(
            certified_staff.c.number == number,
            certified_staff.c.exp > at,
            ~exists().where(withdrawn_staff.c.key_thumbprint == certified_staff.c.key_thumbprint),
        )
        .distinct()
    )
    with register.writing() as connection:
        keys = tuple(row.key_thumbprint for row in connection.execute(running))
        if not keys:
            raise StaffNotRunning(f"staff number {number} has no running certificate")
        connection.execute(
            insert(withdrawn_staff),
            [{"key_thumbprint": key, "number": number, "reason": reason, "actor": actor, "at": at} for key in keys],
        )
        trail.append(
            connection,
            "withdraw-staff",
            "staff",
            number,
            actor=actor,
            at=at,
            reason=reason,
            details={"keys": list(keys)},
        )
    return keys


def certificates(register: Register, *, search: str, limit: int) -> tuple[CertifiedStaff, ...]:
    """Certificates, the newest first, whose number, name or relying party contains this text."""
    statement = select(certified_staff).order_by(certified_staff.c.seq.desc()).limit(limit)
    if search:
        columns = (certified_staff.c.number, certified_staff.c.name, certified_staff.c.relying_party)
        statement = statement.where(or_(*(column.contains(search, autoescape=True) for column in columns)))
    with register.reading() as connection:
        return tuple(
            CertifiedStaff(
                row.number,
                row.key_thumbprint,
                row.name,
                Role(row.role),
                row.relying_party,
                UnixTime(row.nbf),
                UnixTime(row.exp),
                row.actor,
                UnixTime(row.at),
            )
            for row in connection.execute(statement)
        )


def any_certified(register: Register) -> bool:
    """Whether the region ever certified anybody, so that terminals need its staff key."""
    with register.reading() as connection:
        return connection.execute(select(certified_staff.c.seq).limit(1)).first() is not None


def withdrawn(register: Register, *, at: UnixTime) -> tuple[WithdrawnStaff, ...]:
    """Withdrawals that still have to be published, the newest first. Raises: RegisterUnavailable."""
    statement = (
        select(withdrawn_staff, certified_staff.c.exp)
        .join(certified_staff, certified_staff.c.key_thumbprint == withdrawn_staff.c.key_thumbprint)
        .where(certified_staff.c.exp > at)
        .order_by(withdrawn_staff.c.at.desc(), certified_staff.c.exp)
    )
    found: dict[bytes, WithdrawnStaff] = {}
    with register.reading() as connection:
        for row in connection.execute(statement):
            # The last row of a key is its longest certificate.
            found[row.key_thumbprint] = WithdrawnStaff(
                row.number, row.key_thumbprint, row.reason, row.actor, UnixTime(row.at), UnixTime(row.exp)
            )
    return tuple(found.values())
