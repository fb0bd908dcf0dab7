"""Takes reports of lost devices (挂失) and of devices that were found (解挂).

A loss ends what that device holds of one licence, at once and for good; the licence and its other devices stay. A
device that was found gets new credentials for its key under a new entry: a final status is never left.
"""

from collections.abc import Callable

from issuer import lifecycle
from issuer.devices import register as rows_of
from issuer.devices.register import DeviceRecord
from issuer.errors import DeviceNotInForce
from issuer.issuance import Issued
from issuer.register import Register, StatusEvent
from protocol import cbor, keys, licence_package
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.sd_cwt import credential
from protocol.unixtime import UnixTime

IssueAgain = Callable[[str, VerificationKey, KeyAssurance, str, UnixTime], Issued]


class Devices:
    """The devices that hold the licences of one authority."""

    def __init__(
        self, *, register: Register, issue_again: IssueAgain, publish_change: Callable[[UnixTime], None]
    ) -> None:
        self._register, self._issue_again, self._publish_change = register, issue_again, publish_change

    def listed(self, licence_id: str, *, at: UnixTime) -> tuple[DeviceRecord, ...]:
        """The devices of a licence, the oldest first. Raises: LicenceUnknown, RegisterUnavailable."""
        return rows_of.of_licence(self._register, licence_id, at=at)

    def report_lost(
        self, licence_id: str, device: str | None, *, reason: str, actor: str, at: UnixTime
    ) -> tuple[StatusEvent, ...]:
        """End what this device holds of the licence, and publish that at once.

        Args:
            licence_id: The licence.
            device: The beginning of its key's SHA-256 in hexadecimal digits; None if the licence has one device.
            reason: Why.
            actor: Who says so.
            at: When.

        Raises:
            ReasonRefused, LicenceUnknown, DeviceUnknown, DeviceNotInForce, RegisterUnavailable: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        lifecycle.check_reason(reason)
        flipped = rows_of.report_lost(self._register, licence_id, device, reason=reason, actor=actor, at=at)
        self._publish_change(at)
        return flipped

    def found(self, licence_id: str, device: str | None, *, reason: str, actor: str, at: UnixTime) -> Issued:
        """New credentials for a device that was reported lost and is in its holder's hands again.

        Raises:
            ReasonRefused, LicenceUnknown, LicenceNotValid, DeviceUnknown, DeviceNotInForce: Nothing was recorded.
            SubjectRefused, LintRefused, IssuanceInterrupted, NoFreeIndex, RegisterUnavailable: As any issuance.
        """
        lifecycle.check_reason(reason)
        record = rows_of.record_found(self._register, licence_id, device, reason=reason, actor=actor, at=at)
        try:
            first = credential.parse(cbor.decode(licence_package.decode(record.package).credentials[0]))
            key = keys.load_cose_key(first.claims.cnf)
        except ProtocolError:
            raise DeviceNotInForce(
                "this device's key cannot be read from the register", hint="Issue the licence to it again."
            ) from None
        return self._issue_again(licence_id, key, first.claims.key_assurance, actor, at)
