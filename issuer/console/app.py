"""The console as a part of the issuer's web application: every page, behind one desk."""

from collections.abc import Callable

from flask import Flask

from issuer.application import Issuer
from issuer.console import (
    changing,
    checks,
    door_pages,
    finding,
    importing,
    issuing,
    keys_pages,
    looking_after,
    people_pages,
    proposals,
    renewing_pages,
)
from issuer.console.desk import Desk
from issuer.console.importing import Start
from issuer.people.settings import ConsoleSettings
from protocol.unixtime import UnixTime


def mount(app: Flask, issuer: Issuer, settings: ConsoleSettings, *, now: Callable[[], UnixTime], start: Start) -> Desk:
    """Put the console at /console. `start` runs what takes longer than an answer may."""
    desk = Desk(issuer, settings, now)
    for pages in (
        door_pages,
        finding,
        issuing,
        changing,
        people_pages,
        looking_after,
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
