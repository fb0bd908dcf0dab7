"""What a wallet asks the issuer of a licence later, with a proof of its device key: refresh, devices, loss, notices.

Each request is one JWT of type lz-wallet-request+jwt over a fresh nonce (docs/spec/issuing.md); where it is sent says
the issuer's metadata under `liangzheng`.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from protocol import cbor, keys, licence_package
from protocol.errors import ProtocolError
from protocol.key_proof import TYP_WALLET_REQUEST
from wallet_sdk.card_pack import Card
from wallet_sdk.openid4vci.accepting import prove
from wallet_sdk.openid4vci.errors import IssuerAnswerMalformed, NotRefreshable, OtherLicence
from wallet_sdk.openid4vci.issuers import issuer_metadata
from wallet_sdk.openid4vci.transport import Answer, Request, Transport, content, demand_done
from wallet_sdk.wallet import Wallet

OTHERS: Final = "others"
"""In the place of a device: all of them but this one."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that holds a licence: the SHA-256 of its key in hexadecimal digits, and how it stands."""

    id: str
    state: str
    since: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The status of a licence has changed, as the issuer calls it; why, the office says."""

    licence_id: str
    status: str
    at: str


@dataclass(frozen=True, slots=True)
class Notices:
    """What has changed since a cursor, the oldest first; keep the new cursor for the next time."""

    notices: tuple[Notice, ...]
    cursor: str


def refresh(wallet: Wallet, card: Card, transport: Transport) -> Card:
    """The card as its issuer gives it today: new credentials from a quarter of their life on, before that the same.

    Raises:
        NotRefreshable: It names no issuer's address.
        OfferError: By its own leaf; the wallet is unchanged.
        OtherLicence, ReceiveError: What came is not this licence, or does not hold; the wallet is unchanged.
    """
    answer = _asked(wallet, _issuer(card), transport, "refresh", {"licence": card.id})
    demand_done(answer)
    try:
        came = licence_package.decode(answer.body).licence_id
    except ProtocolError as wrong:
        raise IssuerAnswerMalformed(f"no licence package: {wrong}") from None
    if came != card.id:
        raise OtherLicence
    return wallet.receive(answer.body)


def devices(wallet: Wallet, card: Card, transport: Transport) -> tuple[Device, ...]:
    """The devices that hold this card's licence, this one among them. Raises: NotRefreshable, OfferError."""
    answer = _asked(wallet, _issuer(card), transport, "devices", {"licence": card.id})
    demand_done(answer)
    own = keys.load_cose_key(cbor.decode(wallet.public_key())).thumbprint.hex()
    try:
        rows = json.loads(answer.body)
        return tuple(
            Device(_text(row, "device"), _text(row, "state"), _text(row, "since"), row["device"] == own) for row in rows
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        raise IssuerAnswerMalformed("no list of devices") from None


def report_lost(wallet: Wallet, card: Card, device: str, transport: Transport) -> int:
    """Reports a device lost (挂失), for good: what it holds of this licence is refused everywhere from now on.

    Args:
        wallet: A device that holds the licence, too.
        card: The licence.
        device: Its id as `devices` lists it, or `OTHERS`.
        transport: The network.

    Returns:
        How many entries were flipped.

    Raises:
        NotRefreshable, OfferError: Nothing was reported.
    """
    answer = content(_asked(wallet, _issuer(card), transport, "lost", {"licence": card.id, "device": device}))
    flipped = answer.get("flipped")
    if type(flipped) is not int:
        raise IssuerAnswerMalformed("no count")
    return flipped


def notices(wallet: Wallet, issuer: str, transport: Transport, *, cursor: str = "") -> Notices:
    """What has changed of the licences that this device holds of this issuer, page by page to the end.

    Raises:
        OfferError: By its own leaf.
    """
    found: list[Notice] = []
    while True:
        answer = content(_asked(wallet, issuer, transport, "notices", {"cursor": cursor}))
        before, cursor = cursor, _text(answer, "cursor")
        rows = answer.get("notices")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise IssuerAnswerMalformed("no notices")
        found += [Notice(_text(row, "licence"), _text(row, "status"), _text(row, "at")) for row in rows]
        if not answer.get("more") or not rows or cursor == before:
            return Notices(tuple(found), cursor)


def _issuer(card: Card) -> str:
    if card.refresh_url is None:
        raise NotRefreshable
    return card.refresh_url


def _asked(wallet: Wallet, issuer: str, transport: Transport, act: str, claims: dict[str, object]) -> Answer:
    metadata = issuer_metadata(issuer, transport)
    endpoint = metadata.endpoint(f"{act}_endpoint", within="liangzheng")
    written = prove(wallet, metadata, transport, {**claims, "act": act}, typ=TYP_WALLET_REQUEST)
    return transport(Request(endpoint, {"Content-Type": "application/jwt"}, written.encode()))


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise IssuerAnswerMalformed(f"no {name}")
    return value
