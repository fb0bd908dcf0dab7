"""Certifies the people who work at terminals, and withdraws them.

1 the wish is checked: number, texts, days · 2 the register has the row · 3 with the first one, the staff key stands in
the published trust list · 4 the staff key signs. A withdrawal is in the register first and then published, in the trust
list that every terminal fetches; it stands there until the last certificate of that key has ended, a week at most. Not
handled here: whether the key is really that person's (their supervisor brings it), and installing it at a terminal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from issuer import lifecycle
from issuer.errors import StaffRefused
from issuer.profile import Profile
from issuer.register import Register
from issuer.staff import register as rows_of
from issuer.staff.register import CertifiedStaff, WithdrawnStaff
from protocol import keys, limits, staff_certificate
from protocol.errors import ProtocolError
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg
from protocol.staff_certificate import Role, StaffCertificate, StaffUse
from protocol.unixtime import DAY, UnixTime

LONGEST_DAYS: Final = limits.MAX_CERTIFICATE_LIFE // DAY
KEY_REMEDY: Final = "Give the file or the text that `liangzheng terminal staff DIR add` prints. Nothing was certified."
MAX_LISTED: Final = 1_000
USES: Final = {
    Role.CLERK: frozenset({StaffUse.DUTY}),
    Role.OFFICER: frozenset({StaffUse.DUTY, StaffUse.ACT}),
    Role.SUPERVISOR: frozenset({StaffUse.DUTY}),
}
"""What the key of each role may sign: acts are an officer's."""
_REHEARSAL: Final = keys.signer_for(Alg.ED25519, bytes(32))
_MAX_SEARCH_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom an operator wants certified."""

    number: str
    name: str
    role: Role
    relying_party: str
    days: int


class Staff:
    """The staff of one authority."""

    def __init__(
        self,
        *,
        profile: Profile,
        register: Register,
        signer: Callable[[UnixTime], Signer],
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._profile, self._register, self._signer = profile, register, signer
        self._publish_change = publish_change

    def certify(
        self, wish: Wish, key: VerificationKey, *, replace: bool, actor: str, at: UnixTime
    ) -> tuple[bytes, StaffCertificate]:
        """The signed bytes of a certificate for this key, and what they say.

        Args:
            wish: What it is to say.
            key: The person's public key.
            replace: Whether another key's running certificate under this number is meant to be followed by this one.
            actor: Who certifies, for the register.
            at: Now.

        Raises:
            StaffRefused: The wish breaks a rule, or the key was withdrawn; nothing was recorded.
            StaffTaken: As `record_certificate`.
            RegisterUnavailable: Nothing was signed.
            NoSigningKey, TokenUnavailable: It is recorded, and nothing was signed.
            PublishingFailed: It is recorded, and the staff key is not published yet; nothing was signed.
        """
        # 1
        if not 1 <= wish.days <= LONGEST_DAYS:
            _refuse(f"a certificate for {wish.days} days", f"Choose 1 to {LONGEST_DAYS} days; it is renewed by then.")
        # A terminal whose clock is ten minutes slow must not take it for a certificate of the future.
        nbf = UnixTime(at - limits.CHALLENGED_SKEW)
        certificate = StaffCertificate(
            iss=self._profile.iss,
            number=wish.number,
            name=wish.name,
            role=wish.role,
            relying_party=wish.relying_party,
            uses=USES[wish.role],
            key=key,
            nbf=nbf,
            exp=UnixTime(nbf + wish.days * DAY),
        )
        _rehearse(certificate)
        # 2
        record = CertifiedStaff(
            wish.number, key.thumbprint, wish.name, wish.role, wish.relying_party, nbf, certificate.exp, actor, at
        )
        is_first = rows_of.record_certificate(self._register, record, replace=replace)
        # 3
        if is_first:
            self._publish_change(at)
        # 4
        return staff_certificate.certify(certificate, self._signer(at)), certificate

    def withdraw(self, number: str, *, reason: str, actor: str, at: UnixTime) -> tuple[WithdrawnStaff, ...]:
        """Withdraw every key of this person that is still certified, and publish that.

        Raises:
            ReasonRefused: The reason is empty, too long or not a plain text.
            StaffNotRunning: No certificate of this number runs that was not withdrawn before.
            RegisterUnavailable: Nothing was recorded.
            PublishingFailed: It is withdrawn and that is not published yet.
        """
        lifecycle.check_reason(reason)
        gone = rows_of.record_withdrawal(self._register, number, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return tuple(each for each in rows_of.withdrawn(self._register, at=at) if each.key_thumbprint in gone)

    def listed(self, *, search: str = "", limit: int = MAX_LISTED) -> tuple[CertifiedStaff, ...]:
        """Certificates, the newest first, whose number, name or relying party contains the text."""
        if len(search) > _MAX_SEARCH_CHARACTERS or not search.isprintable():
            return ()
        return rows_of.certificates(self._register, search=search, limit=min(limit, MAX_LISTED))

    def withdrawn(self, *, at: UnixTime) -> tuple[WithdrawnStaff, ...]:
        """Withdrawals of keys whose certificates still run, the newest first. Raises: RegisterUnavailable."""
        return rows_of.withdrawn(self._register, at=at)


def _rehearse(certificate: StaffCertificate) -> None:
    """Everything that a terminal checks but the signature: signed by a key that nobody trusts, and thrown away."""
    try:
        staff_certificate.certify(certificate, _REHEARSAL)
    except (ProtocolError, UnicodeEncodeError) as error:
        _refuse(str(error), "Correct it and certify again.")


def _refuse(what: str, hint: str) -> NoReturn:
    raise StaffRefused(what, hint=f"{hint} Nothing was certified.")
