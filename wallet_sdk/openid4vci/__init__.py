"""Receiving licences over the network (OpenID4VCI 1.0), and what a wallet asks its issuers later.

from wallet_sdk import openid4vci
from wallet_sdk.openid4vci.wiring import exchange

offer = openid4vci.read_offer(link, exchange)
card = openid4vci.accept(wallet, offer, exchange, tx_code="123456")
changed = openid4vci.refresh(wallet, card, exchange)

In an event loop: `await openid4vci.asynchronous.accept(…)`, with a transport that is awaited.
"""

from wallet_sdk.openid4vci import asynchronous
from wallet_sdk.openid4vci.accepting import Waiting, accept, resume
from wallet_sdk.openid4vci.errors import OfferError
from wallet_sdk.openid4vci.later import OTHERS, Device, Notice, Notices, devices, notices, refresh, report_lost
from wallet_sdk.openid4vci.offers import Offer, TxCode, read_offer
from wallet_sdk.openid4vci.patience import Patient
from wallet_sdk.openid4vci.transport import Answer, AsyncTransport, Request, Transport

__all__ = [
    "OTHERS",
    "Answer",
    "AsyncTransport",
    "Device",
    "Notice",
    "Notices",
    "Offer",
    "OfferError",
    "Patient",
    "Request",
    "Transport",
    "TxCode",
    "Waiting",
    "accept",
    "asynchronous",
    "devices",
    "notices",
    "read_offer",
    "refresh",
    "report_lost",
    "resume",
]
