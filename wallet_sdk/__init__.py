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

from protocol.labels import Alg, Purpose
from wallet_sdk.card_pack import Card, CardItem, CardState
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.dynamic_code import Frame, Showing
from wallet_sdk.errors import Language, WalletError
from wallet_sdk.vault import Protection
from wallet_sdk.wallet import Wallet

__all__ = [
    "Alg",
    "Card",
    "CardItem",
    "CardState",
    "ConsentRequest",
    "Decision",
    "Frame",
    "Language",
    "Protection",
    "Purpose",
    "Showing",
    "Wallet",
    "WalletError",
]
