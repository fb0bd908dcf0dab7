"""A console over one issuer, people who have signed in, and browsers that send their forms as a browser does."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from issuer import config
from issuer.application import Issuer
from issuer.console import app as console
from issuer.console.desk import COOKIE, PREFIX, Desk
from issuer.people import settings
from issuer.people.register import Person
from issuer.people.roles import EVERY_DEPARTMENT, Role
from issuer.people.sessions import open_session
from issuer.people.single_sign_on import Provider
from issuer.web.app import create_app
from protocol.unixtime import UnixTime
from tests.issuer import builders
from tests.issuer.builders import AT

ORIGIN = "http://localhost"
PROVEN_LONG_AGO = UnixTime(AT - 3_600)


@dataclass
class Clock:
    """Stands still until a test moves it."""

    at: UnixTime = AT

    def __call__(self) -> UnixTime:
        return self.at

    def forward(self, seconds: int) -> None:
        self.at = UnixTime(self.at + seconds)


@dataclass
class Visitor:
    """One browser, signed in or not."""

    client: FlaskClient
    form_key: str = ""
    person: Person | None = None

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(PREFIX + path, **more)

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        headers = {"Origin": ORIGIN, **more.pop("headers", {})}
        return self.client.post(
            PREFIX + path, data={"form_key": self.form_key, **(form or {})}, headers=headers, **more
        )

    def ask(self, path: str, body: object, **more: Any) -> TestResponse:
        headers = {"Origin": ORIGIN, "X-Form-Key": self.form_key, **more.pop("headers", {})}
        return self.client.post(PREFIX + path, json=body, headers=headers, **more)


@dataclass
class Console:
    """The console of one issuer, in front of no web server."""

    issuer: Issuer
    app: Flask
    desk: Desk
    clock: Clock = field(default_factory=Clock)

    def stranger(self) -> Visitor:
        return Visitor(self.app.test_client())

    def person(
        self, *roles: Role, departments: Iterable[str] = (EVERY_DEPARTMENT,), proven_at: UnixTime | None = None
    ) -> Visitor:
        """Somebody of these roles, who has just signed in."""
        added, _ = self.issuer.people.add(
            "测试员丁", roles=roles, departments=list(departments), actor="test", at=self.clock()
        )
        return self.signed_in(added, proven_at=proven_at)

    def signed_in(self, person: Person, *, proven_at: UnixTime | None = None) -> Visitor:
        at, register = self.clock(), self.issuer._register
        with register.writing() as connection:
            secret = open_session(
                connection,
                person.id,
                random_bytes=self.issuer._random_bytes,
                proven_at=at if proven_at is None else proven_at,
                at=at,
            )
        session = self.issuer.door.sessions.running(secret, at=at)
        assert session is not None
        client = self.app.test_client()
        client.set_cookie(COOKIE, secret, path=PREFIX)
        return Visitor(client, session.form_key, person)


def console_of(
    issuer: Issuer, *, provider: Provider | None = None, clock: Any = None, origin: str = ORIGIN, start: Any = None
) -> Console:
    its_clock = Clock() if clock is None else clock
    app = create_app(
        issuer,
        operator_token=builders.TOKEN,
        now=its_clock,
        trusted_hosts=config.TRUSTED_HOSTS,
        max_body_bytes=config.MAX_BODY_BYTES,
    )
    desk = console.mount(
        app, issuer, settings.checked(origin, provider), now=its_clock, start=start or (lambda work: work())
    )
    desk.limiter.enabled = False
    return Console(issuer, app, desk, its_clock)
