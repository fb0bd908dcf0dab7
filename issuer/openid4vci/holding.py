"""What a wallet asks later, by the key that it holds a licence with: refresh, devices, a loss, and what has changed.

Each request is one JWT (`protocol.key_proof`, type lz-wallet-request+jwt) with the claims aud, iat, nonce, act and what
the act needs. What happened to the holder's other devices is among the notices for whoever asks for it (`events`): a
wallet that knows nothing of it would take it for a damaged answer. A loss may also be reported with the access token of
an offer whose transaction code was typed: for somebody whose only phone is gone. Guaranteed: a key learns of its own
groups alone, of the other devices of a licence that it holds, and of what its holder's other devices come to hold or
lose; a licence that it does not hold is answered like one that is not there.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from sqlalchemy import ColumnElement, Row, and_, exists, or_, select

from issuer.devices import notices as device_notices
from issuer.devices.losing import Devices
from issuer.devices.notices import DeviceNotice
from issuer.devices.register import DeviceRecord
from issuer.draws import RandomBytes
from issuer.errors import DeviceNotInForce
from issuer.openid4vci import codes, proofs
from issuer.openid4vci.codes import DerivedSecrets
from issuer.openid4vci.errors import AccessTokenRefused, CursorRefused, NotHeld, WalletRequestRefused
from issuer.openid4vci.issuing import IssueAgain, for_wallet
from issuer.openid4vci.nonces import Nonces
from issuer.openid4vci.schema import issuing_key, issuing_offer
from issuer.register import Register, in_force
from issuer.register_schema import credential_group, mandate, status_event
from protocol import cbor, licence_package
from protocol.key_proof import TYP_WALLET_REQUEST
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.sd_cwt import credential
from protocol.status_list import Status
from protocol.unixtime import UnixTime

AssuranceOf = Callable[[str, bytes, UnixTime], KeyAssurance | None]
"""What a credential of this licence says of this key now (`issuer.binding`); None: nothing was ever bound."""
REFRESHED_AFTER: Final = 4
"""From a quarter of a credential's life on: day 30 of 120."""
MOST_NOTICES: Final = 100
OTHERS: Final = "others"
"""In the place of a device: all of them but the one that asks."""
ACTOR: Final = "holder (device)"
BY_CODE: Final = "holder (offer)"
LOST: Final = "挂失"
_MEMBERS: Final = frozenset({"aud", "iat", "nonce", "act"})
EVENTS: Final = "events"
"""The claim of a request for notices by which a wallet asks for those about devices, too."""
_PLACE_BYTES: Final = (5, 8)
"""Of a place in the cursor: a moment and a number. Cursors of earlier versions have one place, of changes of status."""
_NOBODY: Final = bytes(32)
Place = tuple[int, int]
"""How far a key has read: a moment, and a number."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The status of one licence on this device has changed; why, a holder learns at the office."""

    licence_id: str
    status: Status
    at: UnixTime


@dataclass(frozen=True, slots=True)
class Notices:
    """What has happened since the cursor, the oldest first; `more`: ask again with the new one."""

    notices: tuple[Notice | DeviceNotice, ...]
    cursor: str
    more: bool


class Holding:
    """The requests of wallets to one authority."""

    def __init__(
        self,
        *,
        register: Register,
        nonces: Nonces,
        secrets: DerivedSecrets,
        devices: Devices,
        directory: Callable[[UnixTime], bytes],
        issue_again: IssueAgain,
        assurance: AssuranceOf,
        random_bytes: RandomBytes,
    ) -> None:
        self._register, self._nonces, self._devices, self._issue_again = register, nonces, devices, issue_again
        self._directory, self._assurance = directory, assurance
        self._cursors, self._random_bytes = Aead(secrets.cursor_key()), random_bytes

    def refresh(self, request: str, *, issuer_url: str, at: UnixTime) -> bytes:
        """The licence again for the key that holds it: new from a quarter of its life on, before that as it is.

        Raises:
            WalletRequestRefused, NonceRefused, NotHeld, LicenceNotValid: There is nothing for this key.
            SubjectRefused, LintRefused, IssuanceInterrupted, NoFreeIndex, RegisterUnavailable: As any issuance.
        """
        key, claims = self._read(request, "refresh", {"licence"}, issuer_url, at)
        licence_id = _text(claims, "licence")
        newest = self._held(licence_id, key, at)
        if newest is None or newest.package is None:
            raise NotHeld("no such licence is held by this key")
        first = credential.parse(cbor.decode(licence_package.decode(newest.package).credentials[0])).claims
        # What is bound by evidence since, or waits no more, is said at once.
        bound = self._assurance(licence_id, key.thumbprint, at)
        assurance = first.key_assurance if bound is None else bound
        is_due = at >= first.iat + (first.exp - first.iat) // REFRESHED_AFTER or newest.status != Status.VALID
        if is_due or assurance is not first.key_assurance:
            issued = self._issue_again(licence_id, key, assurance, ACTOR, at)
            return for_wallet(issued.package, directory=self._directory(at), issuer_url=issuer_url)
        # Asked too early, or again: the answer may have been lost, and an entry of a status list is spared.
        return for_wallet(newest.package, directory=self._directory(at), issuer_url=issuer_url)

    def devices(self, request: str, *, issuer_url: str, at: UnixTime) -> tuple[DeviceRecord, ...]:
        """The devices of a licence, for one of them. Raises: WalletRequestRefused, NonceRefused, NotHeld."""
        key, claims = self._read(request, "devices", {"licence"}, issuer_url, at)
        licence_id = _text(claims, "licence")
        if self._held(licence_id, key, at) is None:
            raise NotHeld("no such licence is held by this key")
        return tuple(each for each in self._devices.listed(licence_id, at=at) if not each.is_agents)

    def report_lost(self, request: str, *, issuer_url: str, at: UnixTime) -> int:
        """End what a device holds of a licence, at the word of one that holds it too.

        Returns:
            How many entries were flipped.

        Raises:
            WalletRequestRefused, NonceRefused, NotHeld, DeviceUnknown, DeviceNotInForce: Nothing was changed.
            PublishingFailed: The change stands and is not published yet.
        """
        key, claims = self._read(request, "lost", {"licence", "device"}, issuer_url, at)
        licence_id, device = _text(claims, "licence"), _text(claims, "device")
        if self._held(licence_id, key, at) is None:
            raise NotHeld("no such licence is held by this key")
        return self._lost(licence_id, device, frozenset({key.thumbprint}), ACTOR, at)

    def report_lost_by_code(self, token: str, device: str, *, at: UnixTime) -> int:
        """As `report_lost`, with the access token of an offer whose transaction code was typed.

        Raises:
            AccessTokenRefused: It opens no licence of the register, or came without a transaction code.
            DeviceUnknown, DeviceNotInForce, PublishingFailed: As `report_lost`.
        """
        statement = select(issuing_offer).where(
            issuing_offer.c.token_sha256 == codes.digest(token),
            issuing_offer.c.token_until > at,
            issuing_offer.c.tx_code_mac.is_not(None),
            issuing_offer.c.licence_id.is_not(None),
        )
        with self._register.reading() as connection:
            offer = connection.execute(statement).one_or_none()
            if offer is None:
                raise AccessTokenRefused("the access token says nothing about a licence that stands")
            own = connection.execute(select(issuing_key.c.thumbprint).where(issuing_key.c.offer_id == offer.id))
            asking = frozenset(own.scalars())
        return self._lost(offer.licence_id, device, asking, BY_CODE, at)

    def notices(self, request: str, *, issuer_url: str, at: UnixTime) -> Notices:
        """What has changed of the licences that this key holds, as far as it is published; and, if it asks for that,
        what has happened to its holder's other devices.

        Raises:
            WalletRequestRefused, NonceRefused: It did not ask rightly.
            CursorRefused: The cursor is another key's.
        """
        key, claims = self._read(request, "notices", {"cursor"}, issuer_url, at, optional=EVENTS)
        if claims.get(EVENTS, True) is not True:
            raise WalletRequestRefused(f"{EVENTS} is true, or not there")
        (due, seq), told = self._opened(_text(claims, "cursor"), key)
        group, event = credential_group.c, status_event.c
        statement = (
            select(event.licence_id, event.new, event.due, event.seq)
            .join(credential_group, and_(group.list_number == event.list_number, group.idx == event.idx))
            .where(
                group.holder_key_thumbprint == key.thumbprint,
                event.due <= at,
                or_(event.due > due, and_(event.due == due, event.seq > seq)),
            )
            .order_by(event.due, event.seq)
            .limit(MOST_NOTICES + 1)
        )
        of_devices: tuple[DeviceNotice, ...] = ()
        with self._register.reading() as connection:
            rows = connection.execute(statement).all()
            if EVENTS in claims:
                of_devices = device_notices.of_recipient(
                    connection, key.thumbprint, after_at=told[0], after_seq=told[1], limit=MOST_NOTICES + 1
                )
        merged: Iterator[tuple[Place, Notice | DeviceNotice]] = heapq.merge(
            [((row.due, row.seq), Notice(row.licence_id, Status(row.new), UnixTime(row.due))) for row in rows],
            [((each.at, each.seq), each) for each in of_devices],
            key=lambda each: each[1].at,
        )
        both = list(merged)
        for place, shown in both[:MOST_NOTICES]:
            if isinstance(shown, DeviceNotice):
                told = max(told[0], shown.at), shown.seq
            else:
                due, seq = place
        cursor = self._sealed(((due, seq), told), key)
        return Notices(tuple(shown for _, shown in both[:MOST_NOTICES]), cursor, len(both) > MOST_NOTICES)

    def clean(self, *, at: UnixTime) -> None:
        """Forget notices about devices that nobody can ask for any more. Raises: RegisterUnavailable."""
        with self._register.adding() as connection:
            device_notices.clean(connection, at=at)

    def _read(
        self,
        request: str,
        act: str,
        members: set[str],
        issuer_url: str,
        at: UnixTime,
        *,
        optional: str | None = None,
    ) -> tuple[VerificationKey, Mapping[str, Any]]:
        proven = proofs.read(request, typ=TYP_WALLET_REQUEST, audience=issuer_url, at=at, refusal=WalletRequestRefused)
        if proven.claims.keys() - {optional} != _MEMBERS | members or proven.claims["act"] != act:
            raise WalletRequestRefused(f"the claims are not those of a request for {act}")
        self._nonces.use([proven.nonce], at=at)
        return proven.key, proven.claims

    def _held(self, licence_id: str, key: VerificationKey, at: UnixTime) -> Row[Any] | None:
        statement = (
            select(credential_group)
            .where(
                credential_group.c.licence_id == licence_id,
                credential_group.c.holder_key_thumbprint == key.thumbprint,
                in_force(at),
                _is_the_holders,
            )
            .order_by(credential_group.c.id.desc())
            .limit(1)
        )
        with self._register.reading() as connection:
            return connection.execute(statement).one_or_none()

    def _lost(self, licence_id: str, device: str, asking: frozenset[bytes], actor: str, at: UnixTime) -> int:
        if device != OTHERS:
            return len(self._devices.report_lost(licence_id, device, reason=LOST, actor=actor, at=at))
        others = [
            each.key_thumbprint.hex()
            for each in self._devices.listed(licence_id, at=at)
            if each.in_force and not each.is_agents and each.key_thumbprint not in asking
        ]
        if not others:
            raise DeviceNotInForce("no other device holds this licence")
        return sum(len(self._devices.report_lost(licence_id, each, reason=LOST, actor=actor, at=at)) for each in others)

    def _sealed(self, places: tuple[Place, Place], key: VerificationKey) -> str:
        # Encrypted: how many changes a region has had between two polls is nobody's business.
        content = b"".join(
            number.to_bytes(size) for place in places for number, size in zip(place, _PLACE_BYTES, strict=True)
        )
        nonce = self._random_bytes(Aead.NONCE_SIZE)
        return codes.text(nonce + self._cursors.encrypt(content, key.thumbprint, nonce).ciphertext)

    def _opened(self, cursor: str, key: VerificationKey) -> tuple[Place, Place]:
        if not cursor:
            return (0, 0), (0, 0)
        sealed = codes.content(cursor) or _NOBODY
        try:
            content = self._cursors.decrypt(sealed[Aead.NONCE_SIZE :], key.thumbprint, sealed[: Aead.NONCE_SIZE])
        except (CryptoError, ValueError):
            raise CursorRefused("the cursor was not given to this key") from None
        moment, number = _PLACE_BYTES
        whole = content.ljust(2 * (moment + number), b"\0")
        first, second = whole[: moment + number], whole[moment + number :]
        return (
            (int.from_bytes(first[:moment]), int.from_bytes(first[moment:])),
            (int.from_bytes(second[:moment]), int.from_bytes(second[moment:])),
        )


_is_the_holders: Final[ColumnElement[bool]] = ~exists(
    select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id)
)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    # A database would refuse half a surrogate pair or a zero in its own words.
    if not isinstance(value, str) or not value.isascii() or not (value == "" or value.isprintable()):
        raise WalletRequestRefused(f"{name} is no plain text")
    return value
