"""Certifies terminals: which terminal this is, where, for whom, and the most that it may ask for.

1 the wish is checked: name, texts, days, purposes, kinds · 2 the most that may be asked for is what the policy's rows
of those purposes and kinds allow · 3 the register has the row · 4 the terminal key signs. Not handled here: whether the
key is really that terminal's (its operator brings it), and installing it there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from issuer.errors import TerminalRefused
from issuer.profile import Profile
from issuer.register import Register
from issuer.terminals import register as rows_of
from issuer.terminals.register import CertifiedTerminal
from protocol import keys, labels, limits, terminal_certificate
from protocol.appraisal_policy import PolicyRow
from protocol.errors import ProtocolError
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg, Purpose
from protocol.licence.catalogue import Kind
from protocol.terminal_certificate import Items, TerminalCertificate
from protocol.unixtime import DAY, UnixTime

LONGEST_DAYS: Final = limits.MAX_CERTIFICATE_LIFE // DAY
MAX_CERTIFICATE_BYTES: Final = 900
"""A challenge carries it in one code of at most 1,232 bytes; its own part, with a short reason, takes up to 330."""
KEY_REMEDY: Final = "Give the file or the text that `liangzheng terminal key DIR` prints. Nothing was certified."
MAX_LISTED: Final = 1_000
_REHEARSAL: Final = keys.signer_for(Alg.ED25519, bytes(32))
_ANY_TERMINAL: Final = keys.signer_for(Alg.ESP256, b"\1" * 32).public_key
"""Stands for a key that nobody has seen yet; those of terminals take as many bytes."""
_MAX_SEARCH_CHARACTERS: Final = 100
_FEWER: Final = "Name only the kinds and purposes that this terminal serves."


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants certified. Without `kinds`: every kind for which the policy has a row."""

    terminal: str
    place: str
    relying_party: str
    purposes: frozenset[Purpose]
    kinds: frozenset[str] | None
    days: int


class Terminals:
    """The terminals of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        signer: Callable[[UnixTime], Signer],
        kinds: Mapping[int, Kind],
        rows: Mapping[tuple[int, Purpose], PolicyRow],
    ) -> None:
        self._profile, self._register, self._signer = profile, register, signer
        self._kinds, self._rows = kinds, rows

    def certify(
        self, wish: Wish, key: VerificationKey, *, replace: bool, actor: str, at: UnixTime
    ) -> tuple[bytes, TerminalCertificate]:
        """The signed bytes of a certificate for this key, and what they say.

        Args:
            wish: What it is to say.
            key: The terminal's public key.
            replace: Whether another key's running certificate under this name is meant to be followed by this one.
            actor: Who certifies, for the register.
            at: Now.

        Raises:
            TerminalRefused: The wish breaks a rule; nothing was recorded.
            TerminalTaken: As `record_certificate`.
            NoSigningKey, TokenUnavailable: It is recorded, and nothing was signed.
            RegisterUnavailable: Nothing was signed.
        """
        # 1, 2
        certificate = self._certificate(wish, key, at)
        # 3
        record = CertifiedTerminal(
            terminal=wish.terminal,
            key_thumbprint=key.thumbprint,
            place=wish.place,
            relying_party=wish.relying_party,
            purposes=wish.purposes,
            iat=certificate.iat,
            exp=certificate.exp,
            actor=actor,
            at=at,
        )
        rows_of.record_certificate(self._register, record, replace=replace)
        # 4
        return terminal_certificate.certify(certificate, self._signer(at)), certificate

    def certify_again(self, wish: Wish, key: VerificationKey, record: CertifiedTerminal) -> bytes:
        """The signed bytes of a certificate that the register has already, for nobody may have received them.

        Raises:
            TerminalRefused: The wish breaks a rule by now.
        """
        made = self._certificate(wish, key, record.at)
        return terminal_certificate.certify(replace(made, iat=record.iat, exp=record.exp), self._signer(record.at))

    def check(self, wish: Wish, *, at: UnixTime) -> None:
        """Return if a terminal's key could be certified so. Raises: TerminalRefused."""
        self._certificate(wish, _ANY_TERMINAL, at)

    def _certificate(self, wish: Wish, key: VerificationKey, at: UnixTime) -> TerminalCertificate:
        # 1
        if not 1 <= wish.days <= LONGEST_DAYS:
            _refuse(f"a certificate for {wish.days} days", f"Choose 1 to {LONGEST_DAYS} days; it is renewed by then.")
        _check_text("place", labels.CLAIM_PLACE, wish.place)
        _check_text("relying party", labels.CLAIM_RELYING_PARTY, wish.relying_party)
        # A phone whose clock is ten minutes slow must not take it for a certificate of the future.
        iat = UnixTime(at - limits.CHALLENGED_SKEW)
        certificate = TerminalCertificate(
            iss=self._profile.iss,
            terminal=wish.terminal,
            place=wish.place,
            relying_party=wish.relying_party,
            # 2
            maxima=self._maxima(wish),
            key=key,
            iat=iat,
            exp=UnixTime(iat + wish.days * DAY),
        )
        _rehearse(certificate)
        return certificate

    def listed(self, *, search: str = "", limit: int = MAX_LISTED) -> tuple[CertifiedTerminal, ...]:
        """Certificates, the newest first, whose terminal, place or relying party contains the text."""
        if len(search) > _MAX_SEARCH_CHARACTERS or not search.isprintable():
            return ()
        return rows_of.certificates(self._register, search=search, limit=min(limit, MAX_LISTED))

    def _maxima(self, wish: Wish) -> Mapping[Purpose, Items]:
        by_slug = {kind.slug: vct for vct, kind in self._kinds.items()}
        if not wish.purposes:
            _refuse("a terminal without a purpose", "Name at least one with --purpose.")
        if wish.kinds is not None and not wish.kinds <= by_slug.keys():
            unknown = ", ".join(sorted(wish.kinds - by_slug.keys()))
            _refuse(f"there is no such kind: {unknown}", f"Known kinds: {', '.join(sorted(by_slug))}.")
        chosen = {by_slug[slug] for slug in (by_slug if wish.kinds is None else wish.kinds)}
        maxima = {
            purpose: {vct: self._rows[vct, purpose].maximum for vct in chosen if (vct, purpose) in self._rows}
            for purpose in sorted(wish.purposes)
        }
        for purpose, items in maxima.items():
            if not items:
                _refuse(
                    f"the policy lets nobody ask for these kinds at a {purpose.word}",
                    "Leave this purpose out, or name other kinds.",
                )
        unasked = chosen - {vct for items in maxima.values() for vct in items} if wish.kinds is not None else None
        if unasked:
            named = ", ".join(sorted(self._kinds[vct].slug for vct in unasked))
            _refuse(f"the policy lets nobody ask for {named} there", "Leave this kind out, or name another purpose.")
        return maxima


def _check_text(name: str, label: int, text: str) -> None:
    try:
        terminal_certificate.shown_text({label: text}, label, max_characters=limits.MAX_SHOWN_NAME)
    except (ProtocolError, UnicodeEncodeError):
        _refuse(
            f"the {name} is empty, too long, or not a plain text",
            f"Holders read it on their phones: 1 to {limits.MAX_SHOWN_NAME} visible characters on one line.",
        )


def _rehearse(certificate: TerminalCertificate) -> None:
    """Everything that a wallet checks but the signature: signed by a key that nobody trusts, and thrown away."""
    try:
        size = len(terminal_certificate.certify(certificate, _REHEARSAL))
    except ProtocolError as error:
        _refuse(str(error), f"Correct it and certify again. {_FEWER}")
    if size > MAX_CERTIFICATE_BYTES:
        _refuse(
            f"a certificate of {size} bytes, with which a request no longer fits one code",
            f"At most {MAX_CERTIFICATE_BYTES} bytes. {_FEWER}",
        )


def _refuse(what: str, hint: str) -> NoReturn:
    raise TerminalRefused(what, hint=f"{hint} Nothing was certified.")
