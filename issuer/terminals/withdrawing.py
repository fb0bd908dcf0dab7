"""Withdrawn terminals: a stolen or lost machine whose certificate still runs, and that no wallet is to answer.

The withdrawal is in the register first and then published, in the signed directory that wallets read; it stands there
until the last certificate of that key has ended, which is a week at most. In the register it stands for good, for a
terminal may ask for its next certificate some time after the last one has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import exists, insert, select

from issuer import lifecycle
from issuer.audit import trail
from issuer.errors import TerminalNotRunning
from issuer.register import Register
from issuer.register_schema import certified_terminal
from issuer.terminals.schema import withdrawn_terminal
from protocol import limits
from protocol.unixtime import DAY, UnixTime

RENEWED_UNTIL: Final = 30 * DAY
"""So long after its certificate's end a terminal may still get the next one (ADR 0029), and so be withdrawn."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """One withdrawal: which key, of which terminal, why, until when it has to be published."""

    terminal: str
    key_thumbprint: bytes
    reason: str
    actor: str
    at: UnixTime
    until: UnixTime

    @property
    def kid(self) -> bytes:
        """As wallets find it (RFC 9679 thumbprint, shortened)."""
        return self.key_thumbprint[: limits.KID_BYTES]


class Withdrawing:
    """The withdrawals of one authority."""

    def __init__(self, *, register: Register, publish_change: Callable[[UnixTime], None]) -> None:
        self._register, self._publish_change = register, publish_change

    def withdraw(self, terminal: str, *, reason: str, actor: str, at: UnixTime) -> tuple[Withdrawn, ...]:
        """Withdraw every key of this terminal that is still certified, and publish that.

        Raises:
            ReasonRefused: The reason is empty, too long or not a plain text.
            TerminalNotRunning: No certificate of this terminal runs, or can be renewed, that was not withdrawn before.
            RegisterUnavailable: Nothing was recorded.
            PublishingFailed: It is withdrawn and that is not published yet.
        """
        lifecycle.check_reason(reason)
        running = (
            select(certified_terminal.c.key_thumbprint)
            .where(
                certified_terminal.c.terminal == terminal,
                certified_terminal.c.exp > at - RENEWED_UNTIL,
                ~exists().where(withdrawn_terminal.c.key_thumbprint == certified_terminal.c.key_thumbprint),
            )
            .distinct()
        )
        with self._register.writing() as connection:
            keys = [row.key_thumbprint for row in connection.execute(running)]
            if not keys:
                raise TerminalNotRunning(f"terminal {terminal} has no running certificate")
            connection.execute(
                insert(withdrawn_terminal),
                [
                    {"key_thumbprint": key, "terminal": terminal, "reason": reason, "actor": actor, "at": at}
                    for key in keys
                ],
            )
            trail.append(
                connection,
                "withdraw-terminal",
                "terminal",
                terminal,
                actor=actor,
                at=at,
                reason=reason,
                details={"keys": keys},
            )
        self._publish_change(at)
        return tuple(
            each for each in withdrawn(self._register, at=UnixTime(at - RENEWED_UNTIL)) if each.key_thumbprint in keys
        )

    def listed(self, *, at: UnixTime) -> tuple[Withdrawn, ...]:
        """Withdrawals of keys whose certificates still run, the newest first. Raises: RegisterUnavailable."""
        return withdrawn(self._register, at=at)


def is_withdrawn(register: Register, key_thumbprint: bytes) -> bool:
    """Whether this key was withdrawn, however long ago. Raises: RegisterUnavailable."""
    found = select(withdrawn_terminal.c.at).where(withdrawn_terminal.c.key_thumbprint == key_thumbprint)
    with register.reading() as connection:
        return connection.execute(found).first() is not None


def withdrawn(register: Register, *, at: UnixTime) -> tuple[Withdrawn, ...]:
    """Withdrawals that still have to be published, the newest first. Raises: RegisterUnavailable."""
    statement = (
        select(withdrawn_terminal, certified_terminal.c.exp)
        .join(certified_terminal, certified_terminal.c.key_thumbprint == withdrawn_terminal.c.key_thumbprint)
        .where(certified_terminal.c.exp > at)
        .order_by(withdrawn_terminal.c.at.desc(), certified_terminal.c.exp)
    )
    found: dict[bytes, Withdrawn] = {}
    with register.reading() as connection:
        for row in connection.execute(statement):
            # The last row of a key is its longest certificate.
            found[row.key_thumbprint] = Withdrawn(
                row.terminal, row.key_thumbprint, row.reason, row.actor, UnixTime(row.at), UnixTime(row.exp)
            )
    return tuple(found.values())
