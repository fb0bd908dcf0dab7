"""Renews certificates: the terminal asks by its key, and gets the next one while nothing speaks against it.

1 both signatures hold, and the address names the certified terminal · 2 its certificate runs, or ended no longer ago
than `RENEWED_UNTIL` · 3 its key was not withdrawn, and no other key has followed under its name · 4 where the newest
certificate has less than half of its life left, a new one is made; else the newest is made again, for its answer may
have been lost. What the next one says is what the register has of the terminal now; kinds stay those it has.
"""

from collections.abc import Callable, Mapping
from typing import Final

from issuer.enrolment.errors import RenewalMalformed, RenewalRefused, TerminalWithdrawn
from issuer.register import Register
from issuer.terminals import register as rows_of
from issuer.terminals import withdrawing
from issuer.terminals.certifying import Terminals, Wish
from issuer.terminals.register import CertifiedTerminal
from protocol import renewal
from protocol.appraisal_policy import PolicyRow
from protocol.errors import ProtocolError
from protocol.labels import Purpose
from protocol.licence.catalogue import Kind
from protocol.terminal_certificate import TerminalCertificate, TerminalKeys
from protocol.unixtime import DAY, UnixTime

ACTOR: Final = "terminal (renewal)"


class Renewals:
    """The renewals of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        terminals: Terminals,
        terminal_keys: Callable[[], TerminalKeys],
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
    ) -> None:
        self._register, self._terminals, self._terminal_keys = register, terminals, terminal_keys
        self._kinds, self._rows = kinds, rows

    def renew(self, terminal: str, encoded: bytes, *, at: UnixTime) -> bytes:
        """The next certificate's bytes.

        Raises:
            RenewalMalformed: A signature does not hold, or the form is another.
            TerminalWithdrawn, RenewalRefused: There is none for this terminal.
            TerminalRefused: The policy lets it ask for nothing any more.
            RegisterUnavailable: The same request may be sent again.
        """
        # 1
        try:
            held = renewal.verify(encoded, terminal_keys=self._terminal_keys(), at=at)
        except ProtocolError as error:
            raise RenewalMalformed(str(error)) from None
        if held.terminal != terminal:
            raise RenewalRefused("the address names another terminal")
        # 2
        if at >= held.exp + withdrawing.RENEWED_UNTIL:
            raise RenewalRefused("the certificate has been over for too long")
        # 3
        if withdrawing.is_withdrawn(self._register, held.key.thumbprint):
            raise TerminalWithdrawn(f"terminal {terminal} was withdrawn")
        newest = rows_of.newest_certificate(self._register, terminal)
        if newest is None or newest.key_thumbprint != held.key.thumbprint:
            raise RenewalRefused(f"another machine is terminal {terminal} now")
        # 4
        wish = self._wish(held, newest)
        if at < newest.iat + (newest.exp - newest.iat) // 2:
            return self._terminals.certify_again(wish, held.key, newest)
        return self._terminals.certify(wish, held.key, replace=False, actor=ACTOR, at=at)[0]

    def _wish(self, held: TerminalCertificate, newest: CertifiedTerminal) -> Wish:
        askable = {vct for vct, purpose in self._rows if purpose in newest.purposes}
        named = {vct for items in held.maxima.values() for vct in items}
        slugs = frozenset(self._kinds[vct].slug for vct in named & askable & self._kinds.keys())
        days = -(-(newest.exp - newest.iat) // DAY)
        return Wish(newest.terminal, newest.place, newest.relying_party, newest.purposes, slugs, days)
