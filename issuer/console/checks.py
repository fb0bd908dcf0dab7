"""The page where a check number leads: to what an officer stated about that check, and to the terminal that knows more.

A terminal keeps its checks to itself; the authority hears of one only by an officer's act. So a number without an act
is no error: the page says which command explains it, on which machine. Other departments' acts are not shown.
"""

import re
from typing import Final

from flask import Response, request

from issuer.acts.confirming import ListedAct
from issuer.console.desk import Desk
from issuer.errors import LicenceUnknown
from issuer.people.roles import May

_CHECK: Final = re.compile(r"[0-9A-Z]{3}-[0-9A-Z]{3}", re.ASCII)


def add_pages(desk: Desk) -> None:
    """Put this page in."""

    @desk.page("/check", may=May.FIND)
    def explain() -> Response:
        written = request.args.get("search", "").strip().upper()
        number = written if _CHECK.fullmatch(written) else ""
        acts = desk.issuer.acts.listed(decided_too=True, at=desk.now()) if number else ()
        found = [each for each in acts if _is_about(each, number) and _is_mine(desk, each)]
        return desk.render("check.html", search=number, wrong=bool(written) and not number, found=found)


def _is_about(act: ListedAct, number: str) -> bool:
    return act.said is not None and act.said.act.check_number == number


def _is_mine(desk: Desk, act: ListedAct) -> bool:
    if act.licence_id is None:
        return False
    try:
        desk.licence(act.licence_id)
    except LicenceUnknown:
        return False
    return True
