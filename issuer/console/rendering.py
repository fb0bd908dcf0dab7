"""Renders the console's pages: words of the reader's language, what others wrote as text, nothing from elsewhere."""

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import urlsplit

from flask import g, render_template, request
from markupsafe import Markup, escape

from issuer import listing
from issuer.application import Issuer
from issuer.console import texts
from issuer.errors import IssuerError
from issuer.people.roles import May
from issuer.people.sessions import Session
from issuer.people.settings import ConsoleSettings
from protocol import unixtime
from protocol.unixtime import LocalDay, UnixTime

_DOTS: Final = "\N{BULLET}\N{BULLET}\N{BULLET}"
LANGUAGE_COOKIE: Final = "console_language"
ASSETS: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "passkey.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
}
_MENU: Final = (
    ("home", "home", May.COME_IN),
    ("find", "find", May.FIND),
    ("applications", "applications", May.QUEUE),
    ("choose_applied", "apply", May.ISSUE),
    ("choose_kind", "issue", May.ISSUE),
    ("offers", "offers", May.QUEUE),
    ("expiring", "expiring", May.FIND),
    ("explain", "check", May.FIND),
    ("list_imports", "imports", May.IMPORT),
    ("change_many", "many", May.SUSPEND),
    ("proposals", "proposals", May.COME_IN),
    ("figures", "figures", May.FIND),
    ("fleet", "fleet", May.WATCH),
    ("publishing", "publishing", May.WATCH),
    ("equipment", "equipment", May.EQUIP),
    ("list_keys", "keys", May.SEE_KEYS),
    ("audit", "audit", May.AUDIT),
    ("people", "people", May.ADMIT),
)
"""Endpoint, text, and what it demands, in the order of the menu."""


def language() -> str:
    """The reader's: chosen, else the browser's first that we have, else simplified Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in texts.LANGUAGES:
        return chosen
    return texts.accepted(request.accept_languages)


def rendered(
    template: str,
    *,
    session: Session | None,
    issuer: Issuer,
    local: ConsoleSettings,
    at: UnixTime,
    **values: object,
) -> str:
    """The page's HTML."""
    its_language = language()

    def say(key: str, **numbers: object) -> str:
        return texts.say(key, its_language, **numbers)

    def named(vct: int) -> str:
        kind = issuer.kinds.get(vct)
        return str(vct) if kind is None else texts.in_language(kind.names, its_language)

    menu = () if session is None else tuple(each for each in _MENU if session.person.may(each[2]))
    return render_template(
        f"console/{template}",
        say=say,
        known=texts.known,
        named=named,
        in_language=lambda names: texts.in_language(names, its_language),
        moment=moment,
        day=day,
        masked=masked,
        department_named=lambda word: say(f"department.{word}") if texts.known(f"department.{word}") else word,
        act_named=lambda act: say(f"acts.{act}") if texts.known(f"acts.{act}") else act,
        masked_name=masked_name,
        state=lambda record: listing.state(record, at=at),
        may=lambda act: session is not None and session.person.may(May(act)),
        language=its_language,
        languages=texts.LANGUAGES,
        session=session,
        form_key=_hidden(session),
        menu=menu,
        here=(request.endpoint or "").rpartition(".")[2],
        profile=issuer.profile,
        settings=local,
        at=at,
        said=_said(),
        integrity=integrity,
        **values,
    )


def headers(local: ConsoleSettings) -> dict[str, str]:
    """What every page of the console carries."""
    forms = "'self'"
    if local.provider is not None:
        # A browser follows the redirect of a form only to where its page allows.
        parts = urlsplit(local.provider.issuer)
        forms += f" {parts.scheme}://{parts.netloc}"
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        # A form says its origin only under a policy that lets it; to other sites nothing is said.
        "Referrer-Policy": "same-origin",
    }


def moment(value: UnixTime | None) -> str:
    """A moment as the reader's clock shows it, to the minute."""
    return "" if value is None else unixtime.iso_local(value)[:16].replace("T", " ")


def day(value: LocalDay | None) -> str:
    """A day."""
    return "" if value is None else unixtime.calendar_date(value).isoformat()


def masked(number: str) -> str:
    """The last four characters; how many went before is nobody's business either."""
    return f"{_DOTS}{number[-4:]}" if number else ""


def masked_name(name: str) -> str:
    """The first character; how many follow is nobody's business either."""
    return f"{name[:1]}{_DOTS}" if name else ""


def problem_key(error: IssuerError) -> str:
    """The text for an error; errors that have none of their own are told by their own words."""
    key = f"problem.{getattr(error, 'key', error.code)}"
    return key if texts.known(key) else ""


@cache
def asset(name: str) -> bytes:
    """One file of the pages."""
    return resources.files("issuer.console").joinpath("static", name).read_bytes()


@cache
def integrity(name: str) -> str:
    """What a page says of a file, so that no other one is taken for it (Subresource Integrity)."""

    return "sha256-" + base64.b64encode(hashlib.sha256(asset(name)).digest()).decode()


def _hidden(session: Session | None) -> Markup:
    if session is None:
        return Markup("")
    return Markup('<input type="hidden" name="form_key" value="{}">').format(escape(session.form_key))


def _said() -> str:
    # One of our own sentences, whatever the address says.
    key = f"said.{request.args.get('said', '')}"
    return key if texts.known(key) and g.get("console_session") is not None else ""
