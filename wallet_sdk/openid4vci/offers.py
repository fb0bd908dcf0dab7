"""Reads an offer: a link or a scanned code, by value or from its address (OpenID4VCI 1.0 section 4.1).

Nothing in an offer is signed: it says whom to ask and with which code, and everything that matters is verified in what
comes (`wallet_sdk.receiving`). So the holder should see who offers what before it is accepted.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from wallet_sdk.openid4vci.errors import OfferMalformed, OfferUnsupported
from wallet_sdk.openid4vci.transport import Act, Request, Transport, ask, checked, run

SCHEME: Final = "openid-credential-offer"
GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
_MAX_CHARACTERS: Final = 4_096
"""A code that a phone reads has at most 2,953 bytes (ISO/IEC 18004, version 40-L)."""
_MAX_TEXT: Final = 256


@dataclass(frozen=True, slots=True)
class TxCode:
    """What the holder has to type: how many characters, digits alone or any."""

    length: int | None
    is_numeric: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """Who offers which kind of licence; `kind` is the issuer's id of it, for ours the kind's slug."""

    issuer: str
    kind: str
    tx_code: TxCode | None
    code: str = field(repr=False)


def read_offer(text: str, transport: Transport) -> Offer:
    """As `reading`, with a network that waits."""
    return run(reading(text), transport)


def reading(text: str) -> Act[Offer]:
    """The offer in this link, which is fetched if the link only says where it lies.

    Raises:
        OfferMalformed, OfferUnsupported, AddressUnsafe: It is not one for this wallet.
        IssuerUnreachable, IssuerRefused, IssuerAnswerMalformed: It cannot be fetched.
    """
    link = text.strip()
    try:
        parts = urlsplit(link)
        found = parse_qs(parts.query, strict_parsing=True, max_num_fields=4)
    except ValueError:
        raise OfferMalformed("no link") from None
    if parts.scheme != SCHEME or len(link) > _MAX_CHARACTERS:
        raise OfferMalformed("another scheme, or too long")
    match found:
        case {"credential_offer": [written], **others} if not others:
            document = _parsed(written)
        case {"credential_offer_uri": [address], **others} if not others:
            _, document = yield from ask(Request(checked(address)))
        case _:
            raise OfferMalformed("neither an offer nor the address of one")
    return _offer(document)


def _parsed(written: str) -> dict[str, Any]:
    try:
        document = json.loads(written)
    except (ValueError, RecursionError):
        raise OfferMalformed("no JSON") from None
    if not isinstance(document, dict):
        raise OfferMalformed("no JSON object")
    return document


def _offer(document: dict[str, Any]) -> Offer:
    match document:
        case {"credential_issuer": str() as issuer, "credential_configuration_ids": [str() as kind]}:
            pass
        case {"credential_issuer": str(), "credential_configuration_ids": [_, _, *_]}:
            raise OfferUnsupported("several licences in one offer")
        case _:
            raise OfferMalformed("no issuer, or no kind")
    grants = document.get("grants")
    grant = grants.get(GRANT) if isinstance(grants, dict) else None
    if not isinstance(grant, dict):
        raise OfferUnsupported("no pre-authorised code")
    code = grant.get("pre-authorized_code")
    if not isinstance(code, str) or not 0 < len(code) <= _MAX_TEXT or not 0 < len(kind) <= _MAX_TEXT:
        raise OfferMalformed("no pre-authorised code")
    return Offer(checked(issuer), kind, _tx_code(grant.get("tx_code")), code)


def _tx_code(written: object) -> TxCode | None:
    if written is None:
        return None
    if not isinstance(written, dict):
        raise OfferMalformed("a transaction code in another form")
    length = written.get("length")
    # Section 4.1.1: numeric unless it says otherwise.
    mode = written.get("input_mode", "numeric")
    if not (length is None or (type(length) is int and 0 < length <= _MAX_TEXT)) or mode not in ("numeric", "text"):
        raise OfferMalformed("a transaction code in another form")
    return TxCode(length, mode == "numeric")
