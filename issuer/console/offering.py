"""Pages of offers: make one that a phone fetches, show it large, see what became of each, withdraw one, decide one.

1 the offer is made, and its code stands on the one page that answers: nothing shows it again, and a browser that sends
the form again gets no other · 2 its transaction code stands on a page of its own, once, so that it goes another way ·
3 while the page is open it says when the phone has come, and the code vanishes · 4 open ones are listed with their age
and the tries that are left; who made one, or another clerk, withdraws it. A printed sheet carries no transaction code.
"""

from typing import Final

from flask import Response, request

from issuer.binding import rules
from issuer.console.desk import UNMASKING, Desk
from issuer.console.errors import NotYours
from issuer.console.finding import cut, searched
from issuer.console.offer_lists import is_mine, vct_of, waits
from issuer.openid4vci import drawn, listing
from issuer.openid4vci.errors import OfferNotOpen, OfferUnknown
from issuer.openid4vci.offering import Made, OfferRecord, OfferState, Wish
from issuer.people.roles import May
from protocol.qr import drawing
from protocol.unixtime import HOUR

_CHOICES: Final = ("open", "all")


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    issuer, made_offers = desk.issuer, desk.issuer.wallet_issuing.offers

    @desk.page("/offers", may=May.QUEUE)
    def offers() -> Response:
        at, search = desk.now(), searched()
        which = "all" if request.args.get("which") == "all" else "open"
        found = [
            each
            for each in made_offers.listed()
            if is_mine(desk, each) and (which == "all" or waits(desk, each)) and _says(each, search)
        ]
        return desk.render(
            "offers.html",
            search=search,
            which=which,
            choices=_CHOICES,
            shown=cut(found),
            offer_state=lambda each: listing.state(each, at=at),
            kind_of=lambda each: vct_of(desk, each),
            names=desk.names(),
        )

    @desk.page("/licences/<licence_id>/offer", may=May.ISSUE, post=True)
    def offer_licence(licence_id: str) -> Response:
        record = desk.licence(licence_id)
        if request.method == "GET":
            return desk.render(
                "offer_new.html",
                record=record,
                is_sensitive=issuer.kinds[record.vct].risk in rules.SENSITIVE,
                hours=rules.WAITING // HOUR,
                form=issuer.door.sessions.new_form(),
            )
        desk.demand_first_time()
        wish = Wish(
            licence_id=record.id,
            department=issuer.ring.department_of(record.id, record.vct),
            tx_code="no_tx_code" not in request.form,
            review="review" in request.form,
        )
        made = made_offers.make(wish, issuer_url=desk.wallets_url, actor=desk.person.id, at=desk.now())
        return shown_offer(desk, made)

    @desk.page("/offers/<offer_id>", may=May.QUEUE)
    def offer(offer_id: str) -> Response:
        return _page(desk, _offer(desk, offer_id))

    @desk.page("/offers/<offer_id>/code", may=May.ISSUE, post=True, get=False)
    @desk.limiter.limit(UNMASKING)
    def offer_code(offer_id: str) -> Response:
        held = _offer(desk, offer_id)
        code = made_offers.opened_tx_code(held.offer_id, request.form.get("sealed", ""), at=desk.now())
        desk.demand_first_time()
        issuer.people.note("show-code", "offer", held.offer_id, actor=desk.person.id, at=desk.now())
        return desk.render("offer_code.html", held=held, code=code)

    @desk.page("/offers/<offer_id>/withdraw", may=May.ISSUE, post=True, get=False)
    def withdraw_offer(offer_id: str) -> Response:
        held = _offer(desk, offer_id)
        try:
            made_offers.withdraw(held.offer_id, actor=desk.person.id, at=desk.now())
        except OfferNotOpen:
            return _page(desk, _offer(desk, offer_id), status=409)
        return desk.go("offer", offer_id=held.offer_id, said="offer_withdrawn")

    @desk.page("/offers/<offer_id>/<any(approve, refuse):decision>", may=May.REVIEW, post=True, get=False)
    def decide_offer(offer_id: str, decision: str) -> Response:
        held = _offer(desk, offer_id)
        if held.actor == desk.person.id:
            raise NotYours("whoever made an offer does not decide about it", key="own_offer")
        act = {"approve": made_offers.approve, "refuse": made_offers.refuse}[decision]
        try:
            act(held.offer_id, actor=desk.person.id, at=desk.now())
        except OfferNotOpen:
            return _page(desk, _offer(desk, offer_id), status=409)
        return desk.go("offer", offer_id=held.offer_id, said=f"offer_{decision}")


def shown_offer(desk: Desk, made: Made) -> Response:
    """The one page that shows this offer's code."""
    held = desk.issuer.wallet_issuing.offers.one(made.offer_id)
    matrix = drawn.modules(made.uri)
    vct = vct_of(desk, held)
    return desk.render(
        "offer_shown.html",
        201,
        held=held,
        vct=vct,
        uri=made.uri,
        size=drawing.size_of(matrix),
        path=drawing.svg_path(matrix),
        sealed="" if made.tx_code is None else desk.issuer.wallet_issuing.offers.sealed_tx_code(made),
        record=None if held.licence_id is None else desk.issuer.licence(held.licence_id),
        is_sensitive=desk.issuer.kinds[vct].risk in rules.SENSITIVE,
        hours=rules.WAITING // HOUR,
        offer_state=listing.state(held, at=desk.now()),
        form=desk.issuer.door.sessions.new_form(),
    )


def _page(desk: Desk, held: OfferRecord, *, status: int = 200) -> Response:
    state = listing.state(held, at=desk.now())
    return desk.render(
        "offer.html",
        status,
        held=held,
        vct=vct_of(desk, held),
        offer_state=state,
        is_open=state == OfferState.OPEN,
        can_end=state in (OfferState.OPEN, OfferState.REDEEMED, OfferState.PENDING),
        is_late=status == 409,
        acts=desk.issuer.audit.listed(search=held.offer_id),
        names=desk.names(),
    )


def _offer(desk: Desk, offer_id: str) -> OfferRecord:
    held = desk.issuer.wallet_issuing.offers.one(offer_id)
    if not is_mine(desk, held):
        raise OfferUnknown("no offer has this id")
    return held


def _says(held: OfferRecord, search: str) -> bool:
    wanted = search.casefold()
    return any(wanted in each.casefold() for each in (held.offer_id, held.kind, held.licence_id or "", held.actor))
