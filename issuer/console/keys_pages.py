"""Pages about the authority's keys: which signs what until when, their exchange, and stopping one that is in danger."""

from datetime import date
from typing import Final

from flask import Response, request

from issuer.console.desk import Desk
from issuer.console.finding import searched
from issuer.errors import PublishingFailed, ReasonRefused
from issuer.feed import dangerous
from issuer.keys import listing
from issuer.keys.ceremonies import AHEAD
from issuer.keys.errors import KeyUnknown
from issuer.keys.records import USES, KeyRecord, State
from issuer.lifecycle import check_reason
from issuer.people.roles import May
from protocol import unixtime
from protocol.labels import KeyUse
from protocol.unixtime import HOUR, UnixTime

_SOON: Final = 30 * 24 * HOUR
_EXCHANGED: Final = ", ".join(sorted(word for word, use in USES.items() if use is not KeyUse.STATUS))


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    keys = desk.issuer.keys

    @desk.page("/keys", may=May.SEE_KEYS)
    def list_keys() -> Response:
        at = desk.now()
        search = searched()
        wanted = search.casefold()
        everything = [listing.as_json(each, desk.issuer.kinds, kept=keys.kept, at=at) for each in keys.listed()]
        rows = [each for each in everything if wanted in f"{each['kid']} {each['use']} {each['department']}".casefold()]
        ends = {each.kid.hex() for each in keys.listed() if each.may_sign(at) and each.sign_until - at < _SOON}
        gone = {State.OVER, State.DROPPED}
        return desk.render(
            "keys.html",
            rows=[each for each in rows if each["state"] not in gone],
            gone=[each for each in rows if each["state"] in gone],
            ends=ends,
            search=search,
            departments=[each for each in keys.departments() if each.retired_at is None],
            uses=_EXCHANGED.split(", "),
        )

    @desk.page(f"/keys/exchange/<any({_EXCHANGED}):use>", may=May.HOLD_KEYS, post=True)
    def exchange_keys(use: str) -> Response:
        if request.method == "POST":
            try:
                keys.rotate(USES[use], department="", ahead=AHEAD, actor=desk.person.id, at=desk.now())
            except PublishingFailed:
                return desk.go("list_keys", said="unpublished")
            return desk.go("list_keys", said="keys_exchanged")
        return desk.render("key_exchange.html", use=use, hours=AHEAD // HOUR)

    @desk.page("/keys/<kid>/stop", may=May.HOLD_KEYS, post=True)
    def stop_key(kid: str) -> Response:
        key, reason, wrong = _key(desk, kid), request.form.get("reason", "").strip(), ""
        if request.method == "POST":
            try:
                check_reason(reason)
            except ReasonRefused:
                wrong = "change.reason_wrong"
            else:
                if request.form.get("step") == "do":
                    try:
                        keys.stop(kid, reason=reason, actor=desk.person.id, at=desk.now())
                    except PublishingFailed:
                        return desk.go("list_keys", said="unpublished")
                    return desk.go("list_keys", said="key_stopped")
        shown = listing.as_json(key, desk.issuer.kinds, kept=keys.kept, at=desk.now())
        sure = bool(reason) and not wrong
        return desk.render("key_stop.html", 422 if wrong else 200, key=shown, reason=reason, wrong=wrong, sure=sure)

    @desk.page("/keys/<kid>/ban", may=May.HOLD_KEYS, post=True)
    def propose_ban(kid: str) -> Response:
        key, reason, at = _key(desk, kid), request.form.get("reason", "").strip(), desk.now()
        day, wrong = request.form.get("since", ""), ""
        if request.method == "POST":
            since = _midnight(day)
            try:
                check_reason(reason)
            except ReasonRefused:
                wrong = "change.reason_wrong"
            if since is None or since > at:
                wrong = wrong or "keys.since_wrong"
            elif not wrong:
                content = dangerous.ban_content(key.kid.hex(), iss=desk.issuer.profile.iss, since=since)
                made = desk.issuer.approvals.propose(
                    dangerous.BAN_KEY, content, reason=reason, by=desk.person.id, at=at
                )
                return desk.go("proposal", proposal_id=made.id, said="proposed")
        shown = listing.as_json(key, desk.issuer.kinds, kept=keys.kept, at=at)
        return desk.render("key_ban.html", 422 if wrong else 200, key=shown, reason=reason, first=day, wrong=wrong)


def _midnight(day: str) -> UnixTime | None:
    try:
        return unixtime.local_midnight(unixtime.day_of(date.fromisoformat(day)))
    except ValueError:
        return None


def _key(desk: Desk, kid: str) -> KeyRecord:
    for each in desk.issuer.keys.listed():
        if each.kid.hex() == kid:
            return each
    raise KeyUnknown("no key has this kid")
