"""The wallet: holds licences and shows them as dynamic codes.

    from wallet_sdk import Purpose, Wallet

    wallet = Wallet.create("my-wallet", passphrase="correct horse")
    package = ask_issuer(wallet.public_key())
    card = wallet.receive(package)
    decision = wallet.request(card, Purpose.WINDOW).approve()
    with wallet.show(card, audience=Purpose.WINDOW, consent=decision) as showing:
        draw(showing.frame().svg)

`ask_issuer` and `draw` are the application's: a way to the issuer (the package's bytes come back), and a screen.
"""

from typing import Final

from protocol.directory import Office
from protocol.labels import Alg, Purpose
from protocol.licence.catalogue import Item, Kind, Names
from protocol.place import Place, Point
from protocol.status_list import Status
from wallet_sdk.batch import BatchDecision, BatchRequest, BatchShowing
from wallet_sdk.card_pack import ActsFor, Card, CardItem, CardState, Profile
from wallet_sdk.cautions import Caution
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.device_key import Authorisation
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import Language, WalletError
from wallet_sdk.history import History, Use, UsedLicence
from wallet_sdk.joint_consent import Addressee, JointDecision, JointRequest
from wallet_sdk.kept_receipts import KeptReceipt
from wallet_sdk.key_stores import CallbackKeyStore, KeyringKeyStore, KeyStore, KeyStoreError, Pkcs11KeyStore
from wallet_sdk.ladder import Ladder
from wallet_sdk.moving_code import MovingContent, MovingPortrait
from wallet_sdk.nearest import metres, nearest
from wallet_sdk.news import News
from wallet_sdk.pack import CardPack
from wallet_sdk.pictures import Frame, Picture
from wallet_sdk.reminders import Reminder
from wallet_sdk.request_errors import RequestError
from wallet_sdk.terminal_request import Asker, MissingKind, TerminalRequest
from wallet_sdk.told import DeviceEvent, ToldDevice, ToldStatus
from wallet_sdk.vault import Protection
from wallet_sdk.wallet import Wallet

__version__: Final = "0.1.0"
"""Semantic, of the interface that `__all__` names (docs/wallet-sdk.md, "Versions")."""

__all__ = [
    "ActsFor",
    "Addressee",
    "Alg",
    "Asker",
    "Authorisation",
    "BatchDecision",
    "BatchRequest",
    "BatchShowing",
    "CallbackKeyStore",
    "Card",
    "CardItem",
    "CardPack",
    "CardState",
    "Caution",
    "ConsentRequest",
    "Decision",
    "DeviceEvent",
    "Frame",
    "History",
    "Item",
    "JointDecision",
    "JointRequest",
    "KeptReceipt",
    "KeyStore",
    "KeyStoreError",
    "KeyringKeyStore",
    "Kind",
    "Ladder",
    "Language",
    "MissingKind",
    "MovingContent",
    "MovingPortrait",
    "Names",
    "News",
    "Office",
    "Picture",
    "Pkcs11KeyStore",
    "Place",
    "Point",
    "Profile",
    "Protection",
    "Purpose",
    "Reminder",
    "RequestError",
    "Showing",
    "Status",
    "TerminalRequest",
    "ToldDevice",
    "ToldStatus",
    "Use",
    "UsedLicence",
    "Wallet",
    "WalletError",
    "metres",
    "nearest",
]
