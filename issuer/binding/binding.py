"""Binds the keys of devices to their holders by evidence, and says what key assurance follows for a licence.

1 the device holds the licence already (an offer gave it, with assurance 0) · 2 the evidence is of this licence and this
device, and was not used before · 3 it is recorded, and the holder's other devices are told · 4 whatever is
issued to the device from now on says what follows (`issuer.binding.rules`); its wallet gets it by a refresh.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from issuer.audit import trail
from issuer.binding import rules, statements
from issuer.binding.errors import AuthenticatorRefused, EvidenceRefused
from issuer.binding.rules import Evidence
from issuer.binding.schema import authenticator, device_binding
from issuer.devices import notices
from issuer.devices import register as devices_of
from issuer.devices.notices import DeviceEvent
from issuer.errors import DeviceUnknown
from issuer.register import Register
from issuer.register_schema import licence
from protocol import cwt
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

_MAX_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class DeviceBinding:
    """One binding. `assurance` is the full one; until `waits_until` sensitive kinds say less at most."""

    licence_id: str
    key_thumbprint: bytes
    evidence: Evidence
    assurance: KeyAssurance
    actor: str
    at: UnixTime
    waits_until: UnixTime


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A service whose word about somebody's identity counts."""

    name: str
    key_thumbprint: bytes
    actor: str
    at: UnixTime


class Bindings:
    """The bindings of one authority."""

    def __init__(self, *, register: Register, iss: str, kinds: Mapping[int, Kind]) -> None:
        self._register, self._iss, self._kinds = register, iss, kinds

    def at_counter(
        self, licence_id: str, device: str, *, case: str, kept: KeyAssurance, actor: str, at: UnixTime
    ) -> DeviceBinding:
        """Bind a device of a person who stands there with a document.

        Args:
            licence_id: The licence.
            device: The beginning of the key's SHA-256 in hexadecimal digits.
            case: The counter's own number of what was done; kept as a hash, and good once.
            kept: How the device keeps its key, as far as the counter could see.
            actor: Who looked at the person.
            at: Now.

        Raises:
            LicenceUnknown, DeviceUnknown, EvidenceRefused, RegisterUnavailable: Nothing was recorded.
        """
        if not 0 < len(case) <= _MAX_CHARACTERS or not cwt.text_is_harmless(case):
            raise EvidenceRefused("the case number is empty, too long or not a plain text")
        key = self._device(licence_id, device, at)
        full = rules.assurance(Evidence.COUNTER, kept)
        reference = sha256(f"{self._iss} counter {case}".encode()).digest()
        return self._record(licence_id, key, Evidence.COUNTER, reference, full, actor=actor, at=at)

    def by_statement(self, licence_id: str, device: str, statement: str, *, at: UnixTime) -> DeviceBinding:
        """Bind a device by the word of a trusted service, or of another device that is bound itself.

        Raises:
            LicenceUnknown, DeviceUnknown, EvidenceRefused, RegisterUnavailable: Nothing was recorded.
        """
        key = self._device(licence_id, device, at)
        said = statements.read(statement, audience=self._iss, licence_id=licence_id, device=key, at=at)
        signer = said.key.thumbprint
        with self._register.reading() as connection:
            trusted = select(authenticator.c.name).where(
                authenticator.c.key_thumbprint == signer, authenticator.c.retired_at.is_(None)
            )
            name: str | None = connection.execute(trusted).scalar_one_or_none()
            confirming = None if name is not None else self._confirming(connection, licence_id, signer, key, at)
        if name is None and confirming is None:
            raise EvidenceRefused(
                "whoever made the statement is neither a trusted service nor a device that may confirm"
            )
        evidence = Evidence.DEVICE if name is None else Evidence.AUTHENTICATED
        full = rules.assurance(evidence, said.kept, confirming=confirming)
        actor = name if name is not None else f"device {signer.hex()[:16]}"
        return self._record(licence_id, key, evidence, said.reference_sha256, full, actor=actor, at=at)

    def assurance(self, licence_id: str, key_thumbprint: bytes, *, at: UnixTime) -> KeyAssurance | None:
        """What a credential of this licence says of this key now; None: nothing was ever bound."""
        newest = (
            select(device_binding, licence.c.vct)
            .join_from(device_binding, licence)
            .where(device_binding.c.licence_id == licence_id, device_binding.c.key_thumbprint == key_thumbprint)
            .order_by(device_binding.c.seq.desc())
            .limit(1)
        )
        with self._register.reading() as connection:
            row = connection.execute(newest).one_or_none()
        if row is None:
            return None
        risk = self._kinds[row.vct].risk
        return rules.now(KeyAssurance(row.assurance), risk, bound_at=UnixTime(row.at), at=at)

    def listed(self, licence_id: str, *, after: UnixTime | None = None) -> tuple[DeviceBinding, ...]:
        """The bindings of a licence since a moment, the oldest first: what each of its devices may know."""
        statement = (
            select(device_binding)
            .where(device_binding.c.licence_id == licence_id, device_binding.c.at > (after or 0))
            .order_by(device_binding.c.seq)
        )
        with self._register.reading() as connection:
            return tuple(_binding(row) for row in connection.execute(statement))

    def trust(self, name: str, key: VerificationKey, *, actor: str, at: UnixTime) -> None:
        """Let this service's word count. Raises: AuthenticatorRefused, RegisterUnavailable."""
        if not 0 < len(name) <= _MAX_CHARACTERS or not cwt.text_is_harmless(name):
            raise AuthenticatorRefused("the service's name is empty, too long or not a plain text")
        row = {"key_thumbprint": key.thumbprint, "name": name, "actor": actor, "at": at}
        with self._register.writing() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(authenticator).values(row))
            except IntegrityError:
                raise AuthenticatorRefused("this key is or was trusted already") from None
            trail.append(connection, "trust-authenticator", "key", key.thumbprint.hex(), actor=actor, at=at)

    def distrust(self, beginning: str, *, actor: str, at: UnixTime) -> None:
        """Let it count no more. Raises: AuthenticatorRefused, RegisterUnavailable."""
        found = [each for each in self.authenticators() if each.key_thumbprint.hex().startswith(beginning.lower())]
        if len(found) != 1 or not beginning:
            raise AuthenticatorRefused("no trusted service has a key that begins so, or several have")
        key = found[0].key_thumbprint
        with self._register.writing() as connection:
            connection.execute(update(authenticator).where(authenticator.c.key_thumbprint == key).values(retired_at=at))
            trail.append(connection, "distrust-authenticator", "key", key.hex(), actor=actor, at=at)

    def authenticators(self) -> tuple[Authenticator, ...]:
        """The services that are trusted, by name. Raises: RegisterUnavailable."""
        wanted = select(authenticator).where(authenticator.c.retired_at.is_(None)).order_by(authenticator.c.name)
        with self._register.reading() as connection:
            return tuple(
                Authenticator(row.name, row.key_thumbprint, row.actor, UnixTime(row.at))
                for row in connection.execute(wanted)
            )

    def _device(self, licence_id: str, device: str, at: UnixTime) -> bytes:
        # 1
        found = [
            each.key_thumbprint
            for each in devices_of.of_licence(self._register, licence_id, at=at)
            if each.in_force and not each.is_agents and device and each.key_thumbprint.hex().startswith(device.lower())
        ]
        if len(found) != 1:
            raise DeviceUnknown("no device of the holder that begins so holds this licence, or several do")
        return found[0]

    def _confirming(
        self, connection: Connection, licence_id: str, signer: bytes, key: bytes, at: UnixTime
    ) -> KeyAssurance | None:
        """The assurance of a device that may confirm another one: bound itself, not just now, and still in force."""
        rows = connection.execute(
            select(device_binding)
            .where(device_binding.c.licence_id == licence_id, device_binding.c.key_thumbprint == signer)
            .order_by(device_binding.c.seq.desc())
            .limit(1)
        ).all()
        in_force = {
            each.key_thumbprint
            for each in devices_of.of_licence(self._register, licence_id, at=at)
            if each.in_force and not each.is_agents
        }
        if not rows or signer == key or signer not in in_force or at < rows[0].at + rules.WAITING:
            return None
        return KeyAssurance(rows[0].assurance)

    def _record(
        self,
        licence_id: str,
        key: bytes,
        evidence: Evidence,
        reference: bytes,
        full: KeyAssurance,
        *,
        actor: str,
        at: UnixTime,
    ) -> DeviceBinding:
        # 2, 3
        row: dict[str, Any] = {
            "licence_id": licence_id,
            "key_thumbprint": key,
            "evidence": str(evidence),
            "reference_sha256": reference,
            "assurance": int(full),
            "actor": actor,
            "at": at,
        }
        with self._register.writing() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(device_binding).values(row))
            except IntegrityError:
                raise EvidenceRefused("this evidence was used before") from None
            details = {"key": key, "evidence": str(evidence), "assurance": int(full), "reference": reference}
            trail.append(connection, "bind-device", "licence", licence_id, actor=actor, at=at, details=details)
            notices.tell_of(connection, DeviceEvent.BOUND, licence_id, key, at=at)
        return DeviceBinding(licence_id, key, evidence, full, actor, at, UnixTime(at + rules.WAITING))


def _binding(row: Row[Any]) -> DeviceBinding:
    return DeviceBinding(
        row.licence_id,
        row.key_thumbprint,
        Evidence(row.evidence),
        KeyAssurance(row.assurance),
        row.actor,
        UnixTime(row.at),
        UnixTime(row.at + rules.WAITING),
    )
