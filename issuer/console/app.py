"""The console as a part of the issuer's web application: every page, behind one desk."""

from collections.abc import Callable

from flask import Flask

from issuer.application import Issuer
from issuer.console import (
    applying,
    changing,
    checks,
    door_pages,
    figures,
    finding,
    importing,
    issuing,
    keys_pages,
    looking_after,
    offering,
    people_pages,
    proposals,
    renewing_pages,
    reviewing,
)
from issuer.console.desk import Desk
from issuer.console.importing import Start
from issuer.people.settings import ConsoleSettings
from protocol.unixtime import UnixTime


def mount(
    app: Flask,
    issuer: Issuer,
    settings: ConsoleSettings,
    *,
    now: Callable[[], UnixTime],
    start: Start,
    public_url: str | None = None,
) -> Desk:
    """Put the console at /console.

    `start` runs what takes longer than an answer may; `public_url` is where wallets reach the same service, None where
    browsers do.
    """
    desk = Desk(issuer, settings, now, wallets_url=public_url or settings.origin)
    for pages in (
        door_pages,
        finding,
        issuing,
        applying,
        reviewing,
        offering,
        changing,
        people_pages,
        looking_after,
        figures,
        keys_pages,
        proposals,
        renewing_pages,
        checks,
    ):
        pages.add_pages(desk)
    importing.add_pages(desk, start)
    # Browsers come under the origin's name too (SECURITY.md G4, DNS rebinding).
    app.config["TRUSTED_HOSTS"].append(settings.host)
    desk.mount(app)
    return desk
