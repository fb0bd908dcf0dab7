"""Which offers are somebody's business: those of their kinds and, where several issue one, of their departments."""

from issuer.console.desk import Desk
from issuer.openid4vci.offering import UNFINISHED, OfferRecord


def open_offers(desk: Desk) -> tuple[OfferRecord, ...]:
    """Those that are this person's business and wait for something, the newest first."""
    return tuple(
        each for each in desk.issuer.wallet_issuing.offers.listed() if is_mine(desk, each) and waits(desk, each)
    )


def waits(desk: Desk, held: OfferRecord) -> bool:
    """Whether it waits for something that may still come."""
    return held.state in UNFINISHED and held.until > desk.now()


def is_mine(desk: Desk, held: OfferRecord) -> bool:
    """Whether it is this person's business."""
    return desk.own.has(vct_of(desk, held), held.department)


def vct_of(desk: Desk, held: OfferRecord) -> int:
    """The kind's number; 0, which is nobody's business, where it is gone from the catalogue."""
    return next((vct for vct, kind in desk.issuer.kinds.items() if kind.slug == held.kind), 0)
