"""What a wallet asks the issuer of a licence later, with a proof of its device key: refresh, devices, loss, notices.

Each request is one JWT of type lz-wallet-request+jwt over a fresh nonce (docs/spec/issuing.md); where it is sent says
the issuer's metadata under `liangzheng`.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from protocol import cbor, keys, licence_package
from protocol.errors import ProtocolError
from protocol.key_proof import TYP_WALLET_REQUEST
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from wallet_sdk.card_pack import Card
from wallet_sdk.news import Word
from wallet_sdk.openid4vci.accepting import proven
from wallet_sdk.openid4vci.errors import IssuerAnswerMalformed, IssuerRefused, NotRefreshable, OtherLicence
from wallet_sdk.openid4vci.issuers import IssuerMetadata, issuer_metadata
from wallet_sdk.openid4vci.transport import Act, Answer, Request, Transport, content, demand_done, run
from wallet_sdk.told import DeviceEvent, ToldDevice, ToldStatus
from wallet_sdk.wallet import Wallet

OTHERS: Final = "others"
"""In the place of a device: all of them but this one."""
_STATUSES: Final = {each.name.lower(): each for each in Status}
_EVENTS: Final = {each.value: each for each in DeviceEvent}
_DEVICE_DIGITS: Final = 64
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_CURSOR_REFUSED: Final = "cursor_refused"
_PAGES_AT_ONCE: Final = 100
"""An issuer that always has more keeps no wallet busy for ever: the next question goes on from there."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that holds a licence: the SHA-256 of its key in hexadecimal digits, and how it stands."""

    id: str
    state: str
    since: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Something has happened, as the issuer calls it; why, the office says.

    Attributes:
        licence_id: Of which licence. A notice of a device may be of one that another device of the holder has.
        status: Its new status; empty in a notice of something else.
        at: Since when: seconds as ISO 8601 in UTC.
        event: What else happened; empty in a notice of a status.
        device: To which other device: the SHA-256 of its key in hexadecimal digits.
    """

    licence_id: str
    status: str
    at: str
    event: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Notices:
    """What has changed since a cursor, the oldest first."""

    notices: tuple[Notice, ...]
    cursor: str


def refresh(wallet: Wallet, card: Card, transport: Transport) -> Card:
    """As `refreshing`, with a network that waits."""
    return run(refreshing(wallet, card), transport)


def refreshing(wallet: Wallet, card: Card) -> Act[Card]:
    """The card as its issuer gives it today: new credentials from a quarter of their life on, before that the same.

    Raises:
        NotRefreshable: It names no issuer's address.
        OfferError: By its own leaf; the wallet is unchanged.
        OtherLicence, ReceiveError: What came is not this licence, or does not hold; the wallet is unchanged.
    """
    answer = yield from _asked(wallet, _issuer(card), "refresh", {"licence": card.id})
    try:
        came = licence_package.decode(answer.body).licence_id
    except ProtocolError as wrong:
        raise IssuerAnswerMalformed(f"no licence package: {wrong}") from None
    if came != card.id:
        raise OtherLicence
    return wallet.receive(answer.body)


def devices(wallet: Wallet, card: Card, transport: Transport) -> tuple[Device, ...]:
    """As `listing_devices`, with a network that waits."""
    return run(listing_devices(wallet, card), transport)


def listing_devices(wallet: Wallet, card: Card) -> Act[tuple[Device, ...]]:
    """The devices that hold this card's licence, this one among them. Raises: NotRefreshable, OfferError."""
    answer = yield from _asked(wallet, _issuer(card), "devices", {"licence": card.id})
    own = keys.load_cose_key(cbor.decode(wallet.public_key())).thumbprint.hex()
    try:
        rows = json.loads(answer.body)
        return tuple(
            Device(_text(row, "device"), _text(row, "state"), _text(row, "since"), row["device"] == own) for row in rows
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise IssuerAnswerMalformed("no list of devices") from None


def report_lost(wallet: Wallet, card: Card, device: str, transport: Transport) -> int:
    """As `reporting_lost`, with a network that waits."""
    return run(reporting_lost(wallet, card, device), transport)


def reporting_lost(wallet: Wallet, card: Card, device: str) -> Act[int]:
    """Reports a device lost (挂失), for good: what it holds of this licence is refused everywhere from now on.

    Args:
        wallet: A device that holds the licence, too.
        card: The licence.
        device: Its id as `devices` lists it, or `OTHERS`.

    Returns:
        How many entries were flipped.

    Raises:
        NotRefreshable, OfferError: Nothing was reported.
    """
    answer = content((yield from _asked(wallet, _issuer(card), "lost", {"licence": card.id, "device": device})))
    flipped = answer.get("flipped")
    if type(flipped) is not int:
        raise IssuerAnswerMalformed("no count")
    return flipped


def notices(wallet: Wallet, issuer: str, transport: Transport, *, cursor: str | None = None) -> Notices:
    """As `noticing`, with a network that waits."""
    return run(noticing(wallet, issuer, cursor=cursor), transport)


def noticing(wallet: Wallet, issuer: str, *, cursor: str | None = None) -> Act[Notices]:
    """What has changed of the licences that this device holds of this issuer: page by page, a hundred at most.

    Each page is kept in the vault together with the cursor behind it before it is given: each notice is told once, and
    what was learned is a state of its card. A kill in between costs a request.

    Args:
        wallet: Whose licences.
        issuer: Its Credential Issuer Identifier, as `Card.refresh_url` has it.
        cursor: Ask from there instead, and keep nothing; empty: from the beginning.

    Raises:
        OfferError: By its own leaf; pages that came before are kept.
        VaultBusy, VaultNotWritten: The last page is not kept, and comes again with the next question.
    """
    metadata = yield from issuer_metadata(issuer)
    # An issuer without these events refuses the claim (docs/spec/issuing.md).
    wants = {"events": True} if metadata.lists("notice_events", within="liangzheng") else {}
    found: list[Notice] = []
    keeps = cursor is None
    place = wallet.news.cursor(issuer) if cursor is None else cursor
    for _ in range(_PAGES_AT_ONCE):
        try:
            answer = content((yield from _asked_of(wallet, metadata, "notices", {"cursor": place, **wants})))
        except IssuerRefused as refused:
            # Restored from a backup, or with other secrets: the issuer begins anew, and so does this wallet.
            if refused.detail != _CURSOR_REFUSED or not keeps or not place:
                raise
            wallet.news.take(issuer, (), after=place, cursor="")
            place = wallet.news.cursor(issuer)
            continue
        before, place = place, _text(answer, "cursor")
        rows = answer.get("notices")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise IssuerAnswerMalformed("no notices")
        page = [_notice(row) for row in rows]
        if keeps and not wallet.news.take(issuer, _words(page), after=before, cursor=place):
            # Another process has taken these, and tells them.
            page, place = [], wallet.news.cursor(issuer)
        found += page
        if not answer.get("more") or not rows or place == before:
            break
    return Notices(tuple(found), place)


def _notice(row: dict[str, Any]) -> Notice:
    names = ("status", "event", "device")
    # What a later issuer tells besides is taken as it is, and means nothing to a card.
    status, event, device = (_text(row, name) if name in row else "" for name in names)
    return Notice(_text(row, "licence"), status, _text(row, "at"), event, device)


def _words(page: list[Notice]) -> list[Word]:
    """What of it a card shows."""
    found: list[Word] = []
    for each in page:
        try:
            at = UnixTime(int(datetime.strptime(each.at, _MOMENT).replace(tzinfo=UTC).timestamp()))
        except ValueError:
            continue
        if each.status:
            # A status that is not known yet is none in which a licence is in force (docs/spec/status-list.md).
            status = _STATUSES.get(each.status, Status.INVALID)
            found.append((each.licence_id, ToldStatus(status, at)))
        elif each.event in _EVENTS and len(each.device) == _DEVICE_DIGITS:
            found.append(ToldDevice(each.licence_id, _EVENTS[each.event], each.device, at))
    return found


def _issuer(card: Card) -> str:
    if card.refresh_url is None:
        raise NotRefreshable
    return card.refresh_url


def _asked(wallet: Wallet, issuer: str, act: str, claims: dict[str, object]) -> Act[Answer]:
    metadata = yield from issuer_metadata(issuer)
    return (yield from _asked_of(wallet, metadata, act, claims))


def _asked_of(wallet: Wallet, metadata: IssuerMetadata, act: str, claims: dict[str, object]) -> Act[Answer]:
    endpoint = metadata.endpoint(f"{act}_endpoint", within="liangzheng")

    def asking(written: str) -> Act[Answer]:
        answer = yield Request(endpoint, {"Content-Type": "application/jwt"}, written.encode())
        demand_done(answer)
        return answer

    return (yield from proven(wallet, metadata, {**claims, "act": act}, typ=TYP_WALLET_REQUEST, asking=asking))


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise IssuerAnswerMalformed(f"no {name}")
    return value
