"""The pages at the door: sign in, join by a link, prove again who you are, leave; by passkey or single sign-on.

What begins an attempt leaves a cookie of its own for five minutes, which other sites' links bring along (SameSite=Lax),
because a single sign-on sends the browser back from elsewhere. The session's own cookie is never sent with a request
from elsewhere; so after coming back a page of ours takes the browser in.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Response, g, jsonify, redirect, request

from issuer.console import rendering, texts
from issuer.console.desk import AT_THE_DOOR, COOKIE, PREFIX, Desk
from issuer.people import attempts
from issuer.people.attempts import Attempt, Way
from issuer.people.errors import SignInRefused, SignInUnavailable
from issuer.people.register import digest
from issuer.people.roles import May

ATTEMPT_COOKIE: Final = "console_attempt"
_OWN_PATH: Final = re.compile(r"/console(/[A-Za-z0-9_-]{1,64}){0,5}/?", re.ASCII)
"""Where a person may be sent on to: a page of this console, by its plain path, and nowhere else."""


def add_pages(desk: Desk) -> None:
    """Put these pages in."""
    door, limited = desk.issuer.door, desk.limiter.limit(AT_THE_DOOR)
    on = door.single_sign_on(desk.settings)

    @desk.page("/sign-in", may=None)
    @limited
    def sign_in() -> Response:
        return desk.render("sign_in.html", to=own_path(request.args.get("to", "")))

    @desk.page("/join/<secret>", may=None)
    @limited
    def join(secret: str) -> Response:
        invited = desk.issuer.people.invited(secret, at=desk.now())
        return desk.render("join.html", invited=invited, secret=secret)

    @desk.page("/prove", may=May.COME_IN)
    def prove() -> Response:
        return desk.render("prove.html", to=own_path(request.args.get("to", "")))

    @desk.page("/passkey/begin", may=None, post=True, get=False)
    @limited
    def passkey_begin() -> Response:
        attempt_cookie, attempt = begun(_member("secret"))
        host = desk.settings.host
        if attempt.way is Way.JOIN:
            person = desk.issuer.people.invited(_member("secret"), at=desk.now())
            asked = door.passkeys.asked_to_join(attempt, person, host=host, name=desk.issuer.profile.iss)
        else:
            asked = door.passkeys.asked_to_sign_in(attempt, host=host)
        answer = Response(asked, mimetype="application/json")
        desk.set_cookie(answer, ATTEMPT_COOKIE, attempt_cookie, lax=True, lives=attempts.LIVES)
        return answer

    @desk.page("/passkey/end", may=None, post=True, get=False)
    @limited
    def passkey_end() -> Response | tuple[Response, int]:
        at, where = desk.now(), {"origin": desk.settings.origin, "host": desk.settings.host}
        body = request.get_json(silent=True)
        try:
            attempt = taken()
            if attempt.way is Way.PROVE and attempt.subject != signed_in():
                raise SignInRefused("this attempt was begun by somebody else")
            if attempt.way is Way.JOIN:
                secret = door.passkeys.join(attempt, body, **where, at=at)
            else:
                _, secret = door.passkeys.sign_in(attempt, body, **where, at=at)
        except SignInRefused:
            return jsonify(done=False), 401
        answer = jsonify(done=True)
        come_in(answer, secret)
        return answer

    @desk.page("/single-sign-on", may=None, post=True, get=False)
    @limited
    def single_sign_on() -> Response:
        if on is None:
            raise SignInUnavailable("there is no single sign-on here")
        attempt_cookie, attempt = begun(request.form.get("secret", ""))
        answer = redirect(on.address(attempt), 303)
        assert isinstance(answer, Response)
        desk.set_cookie(answer, ATTEMPT_COOKIE, attempt_cookie, lax=True, lives=attempts.LIVES)
        return answer

    @desk.page("/came-back", may=None)
    @limited
    def came_back() -> Response:
        if on is None:
            raise SignInUnavailable("there is no single sign-on here")
        attempt = taken()
        secret = on.came_back(attempt, request.args, at=desk.now())
        answer = desk.render("came_in.html")
        come_in(answer, secret)
        return answer

    @desk.page("/sign-out", may=May.COME_IN, post=True, get=False)
    def sign_out() -> Response:
        door.sessions.end(desk.session.secret, at=desk.now())
        answer = desk.go("sign_in")
        answer.delete_cookie(COOKIE, path=PREFIX, httponly=True, samesite="Strict", secure=desk.settings.is_tls)
        return answer

    @desk.page("/language/<tag>", may=None)
    def choose_language(tag: str) -> Response:
        answer = redirect(own_path(request.args.get("to", "")), 303)
        assert isinstance(answer, Response)
        if tag in texts.LANGUAGES:
            desk.set_cookie(answer, rendering.LANGUAGE_COOKIE, tag, lives=365 * 24 * 3600)
        return answer

    @desk.page("/static/<any('console.css', 'console.js', 'passkey.js', 'htmx.min.js'):name>", may=None)
    def asset(name: str) -> Response:
        g.cacheable = True
        return Response(
            rendering.asset(name),
            content_type=rendering.ASSETS[name],
            headers={"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "same-origin"},
        )

    def begun(secret: str) -> tuple[str, Attempt]:
        at = desk.now()
        if secret:
            desk.issuer.people.invited(secret, at=at)
            return door.attempts.begin(Way.JOIN, subject=digest(secret).hex(), at=at)
        if signed_in():
            return door.attempts.begin(Way.PROVE, subject=signed_in(), at=at)
        return door.attempts.begin(Way.SIGN_IN, at=at)

    def taken() -> Attempt:
        return door.attempts.take(request.cookies.get(ATTEMPT_COOKIE, ""), at=desk.now())

    def signed_in() -> str:
        session = g.get("console_session")
        return "" if session is None else session.person.id

    def come_in(answer: Response, secret: str) -> None:
        answer.delete_cookie(ATTEMPT_COOKIE, path=PREFIX, httponly=True, samesite="Lax", secure=desk.settings.is_tls)
        if not secret:
            door.sessions.prove(desk.session.secret, at=desk.now())
            return
        old = request.cookies.get(COOKIE, "")
        if old:
            door.sessions.end(old, at=desk.now())
        desk.set_cookie(answer, COOKIE, secret)


def own_path(offered: str) -> str:
    """The offered path, if it is a page of this console; else its first page."""
    parts = urlsplit(offered)
    return offered if _OWN_PATH.fullmatch(offered) and not parts.netloc else f"{PREFIX}/"


def _member(name: str) -> str:
    body: Any = request.get_json(silent=True)
    value = body.get(name, "") if isinstance(body, dict) else ""
    return value if isinstance(value, str) else ""
