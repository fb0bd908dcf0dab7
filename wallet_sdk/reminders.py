"""Reminders before a licence ends: 30, 7 and 1 days, or what its kind says; worked out from what the wallet holds.

A reminder is due from nine in the morning (UTC+8) of its day: nobody is woken for it. Each names the offices that renew
the licence: those of its region's directory, which needs no network. Not handled here: notifying, which is the app's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from protocol.directory import Office
from protocol.place import Place, Point
from protocol.unixtime import DAY, HOUR, UnixTime
from wallet_sdk import card_pack
from wallet_sdk.card_pack import Card, HeldLicence
from wallet_sdk.nearest import nearest

_HOUR_OF_DAY: Final = 9 * HOUR


@dataclass(frozen=True, slots=True)
class Reminder:
    """That a licence ends.

    Attributes:
        id: The same for the same reminder of the same licence, for an app that shows each once.
        days_left: From the day on which it is due until the licence's last day.
        at: The moment from which on it is due.
        offices: Where the licence is renewed; where the app has said where the holder is, the nearest first.
    """

    id: str
    card: Card
    days_left: int
    at: UnixTime
    offices: tuple[Office, ...]


def due(licences: Iterable[HeldLicence], at: UnixTime, near: Place | Point | None = None) -> tuple[Reminder, ...]:
    """The last one of each licence that has come and whose licence has not ended, the most urgent first."""
    found = []
    for licence in licences:
        past = [each for each in _of(licence, at, near) if each.at <= at]
        if past and licence.legal_end is not None and at < licence.legal_end:
            found.append(max(past, key=lambda each: each.at))
    return tuple(sorted(found, key=lambda each: (each.days_left, each.id)))


def upcoming(licences: Iterable[HeldLicence], at: UnixTime, near: Place | Point | None = None) -> tuple[Reminder, ...]:
    """Those that are still to come, by their moments."""
    coming = (each for licence in licences for each in _of(licence, at, near) if each.at > at)
    return tuple(sorted(coming, key=lambda each: (each.at, each.id)))


def _of(licence: HeldLicence, at: UnixTime, near: Place | Point | None) -> Iterator[Reminder]:
    if licence.legal_end is None:
        return
    card = card_pack.card(licence, at)
    offices = tuple(each for each in licence.directory.offices if licence.kind.vct in each.kinds)
    if near is not None:
        offices = nearest(offices, near)
    for days in licence.kind.reminder_days:
        # `legal_end` is the midnight after the last day: on the day before that one, one day is left.
        moment = UnixTime(licence.legal_end - (days + 1) * DAY + _HOUR_OF_DAY)
        yield Reminder(f"{card.id}:{card.valid_to}:{days}", card, days, moment, offices)
