"""Takes in what terminals send: each row once, from terminals that are certified now, and from nobody else.

1 size, form, both signatures · 2 the address names the certified terminal · 3 the certificate runs · 4 its key was not
withdrawn, and is the newest one under its name · 5 of a heartbeat the body has its form · 6 it is kept, once.

Not handled here: what rows of a kind say (whoever acts on them reads them), and limits per address of the network,
which are the web server's in front.
"""

from collections.abc import Callable
from dataclasses import dataclass

from issuer.enrolment.errors import TerminalWithdrawn
from issuer.fleet import register as rows_of
from issuer.fleet.errors import RowMalformed, RowRefused, RowTooLarge, RowUnusable
from issuer.register import Register
from issuer.terminals import register as terminals_of
from issuer.terminals import withdrawing
from protocol import heartbeat, limits, terminal_row
from protocol.errors import IssuerExpired, IssuerUnknown, ProtocolError, SizeError
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a row, the same for the same row again."""

    key: bytes
    received_at: UnixTime


class Receiving:
    """The receiving end of one authority."""

    def __init__(self, *, register: Register, terminal_keys: Callable[[], TerminalKeys]) -> None:
        self._register, self._terminal_keys = register, terminal_keys

    def take(self, terminal: str, encoded: bytes, *, at: UnixTime) -> Taken:
        """Keeps one row.

        Raises:
            RowMalformed, RowTooLarge, RowContradicts, RowUnusable: For good; the terminal gives it up.
            RowRefused, TerminalWithdrawn, TooManyRows, RegisterUnavailable: Not now; the terminal keeps it.
        """
        # 1
        try:
            verified = terminal_row.verify(encoded, terminal_keys=self._terminal_keys(), at=at)
        except SizeError as error:
            raise RowTooLarge(str(error)) from None
        except (IssuerUnknown, IssuerExpired) as error:
            # Nothing is wrong with the row: this region's key, or the terminal's region, has changed.
            raise RowRefused(str(error)) from None
        except ProtocolError as error:
            raise RowMalformed(str(error)) from None
        self._check(verified.certificate, terminal, at)
        row, thumbprint = verified.row, verified.certificate.key.thumbprint
        if row.kind != heartbeat.KIND:
            # 6
            taken = rows_of.take_row(self._register, row, terminal=terminal, key_thumbprint=thumbprint, at=at)
            return Taken(row.key, taken)
        # 5
        try:
            beat = heartbeat.decode(row.body)
        except ProtocolError as error:
            raise RowUnusable(str(error)) from None
        # 6
        taken = rows_of.take_beat(self._register, row, beat, terminal=terminal, key_thumbprint=thumbprint, at=at)
        return Taken(row.key, taken)

    def _check(self, certificate: TerminalCertificate, terminal: str, at: UnixTime) -> None:
        # 2
        if certificate.terminal != terminal:
            raise RowRefused("the address names another terminal")
        # 3
        if not certificate.iat - limits.CHALLENGED_SKEW <= at < certificate.exp + limits.CHALLENGED_SKEW:
            raise RowRefused("the terminal's certificate does not run now")
        # 4
        if withdrawing.is_withdrawn(self._register, certificate.key.thumbprint):
            rows_of.note_refused(self._register, terminal, at=at)
            raise TerminalWithdrawn(f"terminal {terminal} was withdrawn")
        newest = terminals_of.newest_certificate(self._register, terminal)
        if newest is None or newest.key_thumbprint != certificate.key.thumbprint:
            raise RowRefused(f"another machine is terminal {terminal} now")
