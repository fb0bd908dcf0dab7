"""The page of figures: what was issued each day and what ends each week, drawn as bars and told as tables."""

from typing import Final

from flask import Response, request

from issuer.console import graph
from issuer.console.desk import Desk
from issuer.people.roles import May
from protocol import unixtime
from protocol.unixtime import DAY, UnixTime

DAYS: Final = 30
WEEKS: Final = 26
_WEEK: Final = 7


def add_pages(desk: Desk) -> None:
    """Put this page in."""
    overview = desk.issuer.overview

    @desk.page("/figures", may=May.FIND)
    def figures() -> Response:
        at, own = desk.now(), desk.kinds()
        asked = request.args.get("kind", "")
        kinds = [vct for vct, kind in own.items() if kind.slug == asked] or list(own)
        issued = overview.issued_by_day(days=DAYS, kinds=kinds, at=at)
        ending = overview.ending_by_week(weeks=WEEKS, kinds=kinds, at=at)
        by_day = [(issued.get(ago, 0), _day(at, -ago)) for ago in range(DAYS - 1, -1, -1)]
        by_week = [(ending.get(week, 0), _day(at, week * _WEEK)) for week in range(WEEKS)]
        drawn = [
            (
                name,
                graph.drawn([count for count, _ in rows], [day for _, day in rows], label_every=every),
                sum(count for count, _ in rows),
            )
            for name, rows, every in (("issued", by_day, 6), ("ending", by_week, 5))
        ]
        return desk.render(
            "figures.html", drawn=drawn, kind=asked, kinds=sorted(own.values(), key=lambda each: each.vct)
        )


def _day(at: UnixTime, days: int) -> str:
    return unixtime.iso_local(UnixTime(at + days * DAY))[5:10]
