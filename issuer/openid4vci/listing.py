"""One offer as an operator sees it: the same on the command line and in the web API."""

from typing import Any

from issuer.openid4vci.offering import UNFINISHED, OfferRecord
from protocol import unixtime
from protocol.unixtime import UnixTime


def as_json(record: OfferRecord, *, at: UnixTime) -> dict[str, Any]:
    """The members of one offer."""
    return {
        "id": record.offer_id,
        "kind": record.kind,
        "licence": record.licence_id,
        "state": state(record, at=at),
        "needs_review": record.needs_review,
        "wrong_tries": record.wrong,
        "wallet_says": record.event,
        "by": record.actor,
        "at": unixtime.iso_utc(record.at),
        "until": unixtime.iso_utc(record.until),
    }


def state(record: OfferRecord, *, at: UnixTime) -> str:
    """One word: what waits for something that comes no more is over."""
    return "over" if record.state in UNFINISHED and record.until <= at else record.state.value
