"""Accepts an offer: the device key is proven, and the licence is checked as one from anywhere else, then kept.

1 the issuer's documents · 2 an access token for the code, and the transaction code · 3 a nonce · 4 a proof of the
device key over it · 5 the package comes, or has to wait for a review · 6 every check of `wallet_sdk.receiving` · 7 the
issuer hears whether it was kept. Guaranteed: nothing is stored that a check refuses; from step 2 on an answer that is
lost leaves what to `resume` with. A token stays on the issuer's host.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from protocol.key_proof import TYP_PROOF
from wallet_sdk.card_pack import Card
from wallet_sdk.errors import WalletError
from wallet_sdk.openid4vci.errors import (
    IssuerAnswerMalformed,
    IssuerRefused,
    IssuerUnreachable,
    LicenceOwed,
    OfferError,
    OfferPerhapsUsed,
    TxCodeNeeded,
)
from wallet_sdk.openid4vci.issuers import IssuerMetadata, issuer_metadata, token_endpoint
from wallet_sdk.openid4vci.offers import GRANT, Offer, TxCode
from wallet_sdk.openid4vci.transport import Act, Request, Transport, ask, run
from wallet_sdk.wallet import Wallet

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_DEFERRED: Final = 202
FOR_GOOD: Final = frozenset({"invalid_token", "invalid_transaction_id", "credential_request_denied"})
"""An issuer's refusals after which asking again is in vain (docs/spec/issuing.md)."""
_NONCE_USED: Final = "invalid_nonce"
_PROVEN_AT_MOST: Final = 4
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A licence that an issuer owes this wallet. Keep it where the wallet is; `token` opens it, with the key.

    Attributes:
        interval: Seconds until it makes sense to ask again.
        transaction_id: Of one that somebody looks at first; None: it can be asked for at once.
    """

    issuer: str
    kind: str
    interval: int
    transaction_id: str | None = field(repr=False)
    token: str = field(repr=False)


def accept(
    wallet: Wallet, offer: Offer, transport: Transport, *, tx_code: str | None = None, root: bytes | None = None
) -> Card | Waiting:
    """As `accepting`, with a network that waits."""
    return run(accepting(wallet, offer, tx_code=tx_code, root=root), transport)


def accepting(
    wallet: Wallet, offer: Offer, *, tx_code: str | None = None, root: bytes | None = None
) -> Act[Card | Waiting]:
    """The licence of this offer, kept in the wallet; or what to `resume` with, where the issuer needs time.

    Args:
        wallet: Whose device key the licence is to be bound to.
        offer: As it was read and shown to the holder.
        tx_code: What the holder typed, if the offer asks for it.
        root: As `Wallet.receive`.

    Raises:
        TxCodeNeeded: Nothing was asked.
        OfferPerhapsUsed: The answer to the code was lost, and the offer may be used up.
        LicenceOwed: The answer with the licence was lost; `resume` with what the error has.
        OfferError: By its own leaf; nothing was kept.
        ReceiveError: The first check that the package fails; nothing was kept, and the issuer hears so.
        VaultNotWritten, VaultBusy: It is not stored.
    """
    _demand_tx_code(offer.tx_code, tx_code)
    # 1
    metadata = yield from issuer_metadata(offer.issuer)
    metadata.demand_kind(offer.kind)
    # 2
    form = {"grant_type": GRANT, "pre-authorized_code": offer.code}
    body = urlencode(form if tx_code is None else form | {"tx_code": tx_code}).encode()
    endpoint = yield from token_endpoint(offer.issuer)
    try:
        _, answer = yield from ask(Request(endpoint, {"Content-Type": _FORM}, body))
    except IssuerUnreachable as lost:
        raise OfferPerhapsUsed(lost.detail) from lost
    owed = Waiting(metadata.issuer, offer.kind, 0, None, _text(answer, "access_token"))
    return (yield from _collecting(wallet, metadata, owed, root))


def resume(wallet: Wallet, waiting: Waiting, transport: Transport, *, root: bytes | None = None) -> Card | Waiting:
    """As `resuming`, with a network that waits."""
    return run(resuming(wallet, waiting, root=root), transport)


def resuming(wallet: Wallet, waiting: Waiting, *, root: bytes | None = None) -> Act[Card | Waiting]:
    """What has become of a licence that had to wait. Raises: as `accepting`."""
    metadata = yield from issuer_metadata(waiting.issuer)
    if waiting.transaction_id is None:
        return (yield from _collecting(wallet, metadata, waiting, root))
    wanted = {"transaction_id": waiting.transaction_id}
    request = _posted(metadata.endpoint("deferred_credential_endpoint"), waiting.token, wanted)
    status, answer = yield from ask(request)
    return (yield from _kept(wallet, metadata, waiting, status, answer, root))


def _collecting(wallet: Wallet, metadata: IssuerMetadata, owed: Waiting, root: bytes | None) -> Act[Card | Waiting]:
    def asking(proof: str) -> Act[tuple[int, dict[str, Any]]]:
        wanted = {"credential_configuration_id": owed.kind, "proofs": {"jwt": [proof]}}
        return ask(_posted(metadata.endpoint("credential_endpoint"), owed.token, wanted))

    # 3, 4, 5
    try:
        status, answer = yield from proven(wallet, metadata, {}, typ=TYP_PROOF, asking=asking)
    except IssuerUnreachable as lost:
        raise LicenceOwed(lost.detail, waiting=owed) from lost
    return (yield from _kept(wallet, metadata, owed, status, answer, root))


def proven(
    wallet: Wallet,
    metadata: IssuerMetadata,
    claims: Mapping[str, object],
    *,
    typ: str,
    asking: Callable[[str], Act[_Answer]],
) -> Act[_Answer]:
    """What the issuer answers to a request with a proof in it; proven once more where the nonce was used up.

    A request that was sent twice, since the answer to the first was lost, finds its nonce used: section 8.3.1.2 has
    wallets ask for a fresh one then.

    Raises: OfferError, KeyStoreError.
    """
    for _ in range(_PROVEN_AT_MOST - 1):
        proof = yield from prove(wallet, metadata, claims, typ=typ)
        try:
            return (yield from asking(proof))
        except IssuerRefused as refused:
            if refused.detail != _NONCE_USED:
                raise
    proof = yield from prove(wallet, metadata, claims, typ=typ)
    return (yield from asking(proof))


def prove(wallet: Wallet, metadata: IssuerMetadata, claims: Mapping[str, object], *, typ: str) -> Act[str]:
    """A proof of the device key for this issuer, over a nonce of its own. Raises: OfferError, KeyStoreError."""
    _, answer = yield from ask(Request(metadata.endpoint("nonce_endpoint"), {}, b""))
    return wallet.prove({**claims, "nonce": _text(answer, "c_nonce")}, audience=metadata.issuer, typ=typ)


def _kept(  # noqa: PLR0917 - what an answer becomes takes everything that led to it
    wallet: Wallet,
    metadata: IssuerMetadata,
    owed: Waiting,
    status: int,
    answer: Mapping[str, Any],
    root: bytes | None,
) -> Act[Card | Waiting]:
    if status == _DEFERRED:
        interval = answer.get("interval")
        if type(interval) is not int or interval <= 0:
            raise IssuerAnswerMalformed("no interval")
        return replace(owed, interval=interval, transaction_id=_text(answer, "transaction_id"))
    # 6
    try:
        card = wallet.receive(_package(answer), root=root)
    except WalletError:
        yield from _notify(metadata, owed.token, answer, "credential_failure")
        raise
    # 7
    yield from _notify(metadata, owed.token, answer, "credential_accepted")
    return card


def _notify(metadata: IssuerMetadata, token: str, answer: Mapping[str, Any], event: str) -> Act[None]:
    notification_id = answer.get("notification_id")
    if not isinstance(notification_id, str) or "notification_endpoint" not in metadata.document:
        return
    content = {"notification_id": notification_id, "event": event}
    try:
        yield from ask(_posted(metadata.endpoint("notification_endpoint"), token, content))
    except OfferError:
        # Section 11: an issuer cannot count on it, and the licence is what it is without.
        return


def _posted(url: str, token: str, content: Mapping[str, object]) -> Request:
    headers = {"Content-Type": _JSON, "Authorization": f"Bearer {token}"}
    return Request(url, headers, json.dumps(content).encode())


def _package(answer: Mapping[str, Any]) -> bytes:
    match answer.get("credentials"):
        case [{"credential": str() as written}]:
            pass
        case _:
            raise IssuerAnswerMalformed("not one credential")
    try:
        return base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise IssuerAnswerMalformed("a credential that is no base64url") from None


def _demand_tx_code(asked: TxCode | None, given: str | None) -> None:
    if asked is None:
        return
    fits = given is not None and asked.length in (None, len(given)) and (given.isdecimal() or not asked.is_numeric)
    if not fits:
        form = "digits" if asked.is_numeric else "characters"
        raise TxCodeNeeded(f"{asked.length or 'some'} {form}")


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    # What travels in a header of the next request must not end it.
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        raise IssuerAnswerMalformed(f"no {name}")
    return value
