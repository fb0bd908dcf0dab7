"""The same acts in an event loop: `await asynchronous.accept(wallet, offer, transport)`.

The transport is awaited; the wallet itself waits for nothing but its disk. Each act raises what its namesake does.
"""

from wallet_sdk.card_pack import Card
from wallet_sdk.openid4vci import accepting, later, offers
from wallet_sdk.openid4vci.accepting import Waiting
from wallet_sdk.openid4vci.later import Device, Notices
from wallet_sdk.openid4vci.offers import Offer
from wallet_sdk.openid4vci.transport import AsyncTransport, run_async
from wallet_sdk.wallet import Wallet


async def read_offer(text: str, transport: AsyncTransport) -> Offer:
    """As `openid4vci.read_offer`."""
    return await run_async(offers.reading(text), transport)


async def accept(
    wallet: Wallet, offer: Offer, transport: AsyncTransport, *, tx_code: str | None = None, root: bytes | None = None
) -> Card | Waiting:
    """As `openid4vci.accept`."""
    return await run_async(accepting.accepting(wallet, offer, tx_code=tx_code, root=root), transport)


async def resume(
    wallet: Wallet, waiting: Waiting, transport: AsyncTransport, *, root: bytes | None = None
) -> Card | Waiting:
    """As `openid4vci.resume`."""
    return await run_async(accepting.resuming(wallet, waiting, root=root), transport)


async def refresh(wallet: Wallet, card: Card, transport: AsyncTransport) -> Card:
    """As `openid4vci.refresh`."""
    return await run_async(later.refreshing(wallet, card), transport)


async def devices(wallet: Wallet, card: Card, transport: AsyncTransport) -> tuple[Device, ...]:
    """As `openid4vci.devices`."""
    return await run_async(later.listing_devices(wallet, card), transport)


async def report_lost(wallet: Wallet, card: Card, device: str, transport: AsyncTransport) -> int:
    """As `openid4vci.report_lost`."""
    return await run_async(later.reporting_lost(wallet, card, device), transport)


async def notices(wallet: Wallet, issuer: str, transport: AsyncTransport, *, cursor: str | None = None) -> Notices:
    """As `openid4vci.notices`."""
    return await run_async(later.noticing(wallet, issuer, cursor=cursor), transport)
