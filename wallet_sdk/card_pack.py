"""The card pack: every licence as a card, with its names, its items and a state that is known before a clerk sees it.

Worked out from the vault's content and a moment; nothing here is stored. Whether the register has suspended or revoked
the licence a wallet knows only if it has asked (`openid4vci.notices`), and as of then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from protocol import cbor, unixtime
from protocol.directory import PurposeItems, WalletDirectory
from protocol.keys import VerificationKey
from protocol.labels import HolderKind, Lic, Purpose
from protocol.licence.catalogue import Kind, Names
from protocol.status_list import Status
from protocol.unixtime import DAY, LocalDay, UnixTime
from wallet_sdk import held_credential
from wallet_sdk.errors import LicenceAmbiguous, LicenceNotFound, VaultDamaged
from wallet_sdk.held_credential import HeldCredential
from wallet_sdk.holdings import StoredLicence
from wallet_sdk.told import NOTHING, Told, ToldDevice, ToldStatus

if TYPE_CHECKING:
    from wallet_sdk.selection import Selection

EXPIRING_WITHIN: Final = 30 * DAY
_REFRESH_SHARE: Final = 8
"""A credential is due for refresh in the last eighth of its life: 15 of 120 days (PROTOCOL.md: days 80 to 105)."""
_EDITION_CHARACTERS: Final = 16


class CardState(StrEnum):
    """What the holder should know at a glance. The order is that of urgency."""

    REVOKED = "revoked"
    """Its issuer has told that it is not in force any more: revoked, withdrawn, cancelled or invalid."""
    DEVICE_LOST = "device-lost"
    """Its issuer has told that this device was reported lost."""
    UNBOUND = "unbound"
    """It came back from a backup and is bound to another device's key; it is shown once it has been bound anew."""
    SUPERSEDED = "superseded"
    """Its issuer has told that another licence took its place; a refresh may bring it."""
    SUSPENDED = "suspended"
    """Its issuer has told that it is suspended, which may end."""
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    NEEDS_REFRESH = "needs-refresh"
    EXPIRING = "expiring"
    VALID = "valid"


class Profile(StrEnum):
    """Whose licence it is, for a wallet with a page for each."""

    PERSONAL = "personal"
    LEGAL_PERSON = "legal-person"
    FAMILY = "family"
    """Of a natural person for whom the holder acts: a child, a parent."""


@dataclass(frozen=True, slots=True)
class CardItem:
    """One item of a licence as the holder sees it. `is_clear`: every presentation shows it."""

    key: int
    name: str
    labels: Names
    value: cbor.Value = field(repr=False)
    is_clear: bool


@dataclass(frozen=True, slots=True)
class ActsFor:
    """What a mandate says: its holder acts for the licence's holder, in these purposes, until then.

    `level` counts the links from the licence: 1 representative, 2 licence manager, 3 agent.
    """

    level: int
    purposes: frozenset[Purpose]
    kinds: frozenset[int]
    until: UnixTime
    holder: str | None = field(repr=False)
    """The name of the licence's holder, if the licence states one."""


@dataclass(frozen=True, slots=True)
class Card:
    """One licence. `valid_from` and `valid_to` are local days (the last one included), None if the kind has none.

    `edition` changes whenever the issuer's statement does; a consent is about one edition. `acts_for` is set where the
    card is a mandate: the licence is somebody else's. `group` is the holder's own word for where it belongs. `told` is
    the issuer's last word on its status, None if it is in force as far as is known; `devices` is what the issuer told
    of the holder's other devices and the holder has not acknowledged (`wallet.news`).
    """

    id: str
    vct: int
    kind: str
    names: Names
    issuer: str
    state: CardState
    valid_from: LocalDay | None
    valid_to: LocalDay | None
    credential_expires: UnixTime
    edition: str
    refresh_url: str | None
    holder_kind: HolderKind | None
    acts_for: ActsFor | None
    group: str | None
    items: tuple[CardItem, ...] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    told: ToldStatus | None = None
    devices: tuple[ToldDevice, ...] = ()

    def item(self, name: str) -> CardItem | None:
        """The item with this name."""
        return next((item for item in self.items if item.name == name), None)

    @property
    def profile(self) -> Profile:
        """Whose it is, as the issuer says; where it does not say, a company is known by its credit code."""
        if self.holder_kind is HolderKind.LEGAL_PERSON or (
            self.holder_kind is None and any(item.key == Lic.USCC for item in self.items)
        ):
            return Profile.LEGAL_PERSON
        return Profile.PERSONAL if self.acts_for is None else Profile.FAMILY


@dataclass(frozen=True)
class HeldLicence:
    """A licence with everything that showing it needs: the flexible credential first, then views.

    `is_bound`: to the key of this device.

    Not slotted: cached properties need its dict.
    """

    stored: StoredLicence
    kind: Kind
    directory: WalletDirectory
    credentials: tuple[HeldCredential, ...]
    is_bound: bool = True
    told: ToldStatus | None = None
    devices: tuple[ToldDevice, ...] = ()
    selections: dict[tuple[frozenset[int], PurposeItems], "Selection"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `preparing.py` keeps."""

    @property
    def flexible(self) -> HeldCredential:
        return self.credentials[0]

    @property
    def is_mandate(self) -> bool:
        """The holder of the device acts for the licence's holder."""
        return self.flexible.claims.mandate is not None

    @cached_property
    def edition(self) -> str:
        """Changes whenever the issuer's statement does."""
        return sha256(b"".join(self.stored.credentials)).hexdigest()[:_EDITION_CHARACTERS]

    @cached_property
    def begins(self) -> UnixTime:
        """The first moment at which it may be shown."""
        latest = max(max(each.claims.nbf, each.claims.iat) for each in self.credentials)
        first_day = self.day(Lic.VALID_FROM)
        return latest if first_day is None else max(latest, unixtime.local_midnight(first_day))

    @cached_property
    def legal_end(self) -> UnixTime | None:
        """The midnight that ends its last day."""
        last_day = self.day(Lic.VALID_TO)
        return None if last_day is None else unixtime.end_of_local_day(last_day)

    @cached_property
    def credential_end(self) -> UnixTime:
        """When the first of its credentials ends."""
        return min(each.claims.exp for each in self.credentials)

    def day(self, key: Lic) -> LocalDay | None:
        """The value of an item that is a day."""
        item = self.flexible.items.get(key)
        return LocalDay(item.value) if item is not None and type(item.value) is int else None


def hold(
    stored: StoredLicence, directory: WalletDirectory, device_key: VerificationKey, told: Told = NOTHING
) -> HeldLicence:
    """The licence as it can be shown with this device key.

    Raises:
        VaultDamaged: The directory lost its kind, although it was there when the licence was received.
    """
    credentials = tuple(held_credential.read(each) for each in stored.credentials)
    kind = directory.kinds.get(credentials[0].claims.vct) if credentials else None
    if kind is None:
        raise VaultDamaged(f"the kind of licence {stored.licence_id} is not in its region's directory")
    is_bound = all(each.claims.cnf == device_key.cose_key for each in credentials)
    return with_news(HeldLicence(stored, kind, directory, credentials, is_bound), told)


def with_news(licence: HeldLicence, told: Told) -> HeldLicence:
    """The same licence with what its issuer told of it."""
    status = told.statuses.get(licence.stored.licence_id)
    # What was issued after that day is newer than the word: nothing is issued for a licence that is not in force.
    if status is not None and licence.flexible.claims.iat > status.at:
        status = None
    devices = tuple(each for each in told.devices if each.licence_id == licence.stored.licence_id)
    if (status, devices) == (licence.told, licence.devices):
        return licence
    return replace(licence, told=status, devices=devices)


def card(licence: HeldLicence, at: UnixTime) -> Card:
    """The card of a licence at this moment."""
    order = {item.key: position for position, item in enumerate(licence.kind.items)}
    held = sorted(licence.flexible.items.values(), key=lambda item: order.get(item.key, len(order)))
    named = ((item, licence.kind.item(item.key)) for item in held)
    return Card(
        id=licence.stored.licence_id,
        vct=licence.kind.vct,
        kind=licence.kind.slug,
        names=licence.kind.names,
        issuer=licence.flexible.claims.iss,
        state=state(licence, at),
        valid_from=licence.day(Lic.VALID_FROM),
        valid_to=licence.day(Lic.VALID_TO),
        credential_expires=licence.credential_end,
        edition=licence.edition,
        refresh_url=licence.stored.refresh_url,
        holder_kind=licence.flexible.claims.holder_kind,
        acts_for=_acts_for(licence),
        group=licence.stored.group,
        items=tuple(
            CardItem(item.key, known.name, known.labels, item.value, item.is_clear)
            for item, known in named
            if known is not None
        ),
        portrait=licence.stored.portrait,
        told=licence.told,
        devices=licence.devices,
    )


def _acts_for(licence: HeldLicence) -> ActsFor | None:
    scope = licence.flexible.claims.mandate
    if scope is None:
        return None
    name = licence.flexible.items.get(Lic.NAME)
    holder = name.value if name is not None and isinstance(name.value, str) else None
    return ActsFor(scope.level, scope.purposes, scope.kinds, licence.credential_end, holder)


_TOLD_STATES: Final = {
    Status.INVALID: CardState.REVOKED,
    Status.SUSPENDED: CardState.SUSPENDED,
    Status.DEVICE_LOST: CardState.DEVICE_LOST,
    Status.REVOKED: CardState.REVOKED,
    Status.WITHDRAWN: CardState.REVOKED,
    Status.CANCELLED: CardState.REVOKED,
    Status.SUPERSEDED: CardState.SUPERSEDED,
}
_FINAL: Final = (CardState.REVOKED, CardState.DEVICE_LOST)


def state(licence: HeldLicence, at: UnixTime) -> CardState:
    """The most urgent thing to know about a licence at this moment."""
    told = None if licence.told is None else _TOLD_STATES[licence.told.status]
    if told in _FINAL:
        return told
    if not licence.is_bound:
        return CardState.UNBOUND
    if told is not None:
        return told
    legal_end, credential_end = licence.legal_end, licence.credential_end
    if licence.is_mandate:
        # A mandate that has ended is none (docs/spec/mandate.md, rule 6); nothing refreshes it.
        legal_end = credential_end if legal_end is None else min(legal_end, credential_end)
    if legal_end is not None and at >= legal_end:
        return CardState.EXPIRED
    if at < licence.begins:
        return CardState.NOT_YET
    life = credential_end - licence.flexible.claims.iat
    # A refresh helps only if the licence outlives its credential.
    outlives = legal_end is None or credential_end < legal_end
    if at >= credential_end or (outlives and at >= credential_end - life // _REFRESH_SHARE):
        return CardState.NEEDS_REFRESH
    if legal_end is not None and at >= legal_end - EXPIRING_WITHIN:
        return CardState.EXPIRING
    return CardState.VALID


def find(licences: Mapping[str, HeldLicence], wanted: str) -> HeldLicence:
    """The one licence that is meant by an id, a unique beginning of an id, or the slug of a kind.

    Raises:
        LicenceNotFound, LicenceAmbiguous: None or several are meant.
    """
    if wanted in licences:
        return licences[wanted]
    meant = [each for each in licences.values() if each.kind.slug == wanted]
    if not meant and wanted:
        meant = [each for each in licences.values() if each.stored.licence_id.startswith(wanted)]
    if not meant:
        raise LicenceNotFound(repr(wanted))
    if len(meant) > 1:
        raise LicenceAmbiguous(", ".join(sorted(each.stored.licence_id for each in meant)))
    return meant[0]
