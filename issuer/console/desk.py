"""Puts pages into the console, each with what it demands of whoever opens it; a page that demands nothing is shut.

1 the endpoint says what it demands, or nobody passes · 2 a session runs · 3 its person's roles have what is demanded ·
4 what changes something comes from a form of this session, sent by this origin · 5 what is dangerous comes with a proof
that is minutes old. Whatever happens is an answer of the console: a page, never the interface's JSON.
"""

import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Flask, Response, g, make_response, redirect, request, url_for
from flask_limiter import Limiter
from werkzeug.exceptions import HTTPException

from issuer.application import Issuer
from issuer.console import own_kinds, rendering
from issuer.console.errors import HTTP, NotYours, SentTwice
from issuer.console.own_kinds import OwnKinds
from issuer.errors import IssuerError, KindUnknown, LicenceUnknown
from issuer.people.register import Person
from issuer.people.roles import DANGEROUS, May
from issuer.people.sessions import LIVES, Session
from issuer.people.settings import ConsoleSettings
from issuer.register import LicenceRecord
from issuer.web import callers
from issuer.web.app import status_of
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

NAME: Final = "console"
PREFIX: Final = "/console"
COOKIE: Final = "console"
EACH_CLIENT: Final = "600 per minute"
AT_THE_DOOR: Final = "30 per minute; 200 per hour"
"""For everything that answers without a session: nobody signs in more often, and who guesses gets no further."""
UNMASKING: Final = "60 per hour"
_RENEWS: Final = "HX-Request"
"""What htmx says of itself in each request that it makes for a page."""
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

View = Callable[..., Any]
_log = logging.getLogger("issuer.console")


@dataclass(frozen=True, slots=True)
class Demand:
    """What an endpoint demands. `may` None: it stands at the door, before anybody is known."""

    may: May | None
    proven: bool


class Desk:
    """The console of one issuer."""

    def __init__(
        self, issuer: Issuer, settings: ConsoleSettings, now: Callable[[], UnixTime], *, wallets_url: str
    ) -> None:
        self.issuer, self.settings, self.now, self.wallets_url = issuer, settings, now, wallets_url
        self.pages = Blueprint(NAME, "issuer.console", template_folder="templates", url_prefix=PREFIX)
        self.limiter = Limiter(
            callers.address, storage_uri="memory://", strategy="moving-window", headers_enabled=False
        )
        self._demands: dict[str, Demand] = {}
        self._bodies: dict[str, int] = {}
        self.pages.before_request(self._admit)
        self.pages.register_error_handler(IssuerError, self._refused)
        self.pages.register_error_handler(HTTPException, self._http)
        self.pages.register_error_handler(Exception, self._broken)

    @property
    def demands(self) -> dict[str, Demand]:
        """What each endpoint demands, by its name within the console."""
        return dict(self._demands)

    def page(
        self,
        rule: str,
        *,
        may: May | None,
        post: bool = False,
        get: bool = True,
        proven: bool = False,
        max_body_bytes: int | None = None,
    ) -> Callable[[View], View]:
        """Put this function in as a page. Where something dangerous is done, its form demands the proof already."""

        def put(view: View) -> View:
            methods = [*(["GET"] if get else []), *(["POST"] if post else [])]
            if max_body_bytes is not None:
                self._bodies[f"{NAME}.{view.__name__}"] = max_body_bytes
            self._demands[view.__name__] = Demand(may, proven or (post and may in DANGEROUS))
            self.pages.add_url_rule(rule, view.__name__, view, methods=methods)
            return view

        return put

    def mount(self, app: Flask) -> None:
        """Make the console a part of this application."""
        app.register_blueprint(self.pages)
        self.limiter.init_app(app)
        self.limiter.limit(EACH_CLIENT)(self.pages)

    @property
    def session(self) -> Session:
        """Of the request that is being answered."""
        found: Session = g.console_session
        return found

    @property
    def person(self) -> Person:
        """Who sent the request that is being answered."""
        return self.session.person

    def may(self, act: May) -> bool:
        """Whether they have this."""
        return self.person.may(act)

    @property
    def own(self) -> OwnKinds:
        """What is this person's business; looked up once for each request."""
        if "console_own" not in g:
            g.console_own = own_kinds.of(self.person, self.issuer.kinds, self.issuer.keys.departments())
        found: OwnKinds = g.console_own
        return found

    def kinds(self) -> dict[int, Kind]:
        """The kinds that are this person's business, by number."""
        return {vct: self.issuer.kinds[vct] for vct in self.own.scope}

    def kind(self, slug: str) -> Kind:
        """One of them. Raises: KindUnknown."""
        for kind in self.kinds().values():
            if kind.slug == slug:
                return kind
        raise KindUnknown("there is no such kind")

    def licence(self, licence_id: str) -> LicenceRecord:
        """One licence that is this person's business. Raises: LicenceUnknown, also of one that is another's."""
        record = self.issuer.licence(licence_id)
        if not self.licences((record,)):
            raise LicenceUnknown("no licence has this id")
        return record

    def licences(self, records: Sequence[LicenceRecord]) -> tuple[LicenceRecord, ...]:
        """Those of them that are this person's business."""
        own = self.own
        # Where one key signs a kind, its licences are nobody else's: only the others are asked about.
        shared = [each.id for each in records if own.scope.get(each.vct) is not None]
        signed = self.issuer.ring.departments_of(shared) if shared else {}
        return tuple(each for each in records if own.has(each.vct, signed.get(each.id)))

    def ending(self, days: int) -> tuple[LicenceRecord, ...]:
        """This person's licences that end within so many days."""
        return self.licences(self.issuer.overview.ending(days=days, kinds=self.kinds().keys(), at=self.now()))

    def demand_first_time(self) -> None:
        """Return if this form, named by a field of it, was not sent before. Raises: SentTwice."""
        if not self.issuer.door.sessions.first_time(self.session.secret, request.form.get("form", ""), at=self.now()):
            raise SentTwice("this form was sent before")

    def names(self) -> dict[str, str]:
        """The names of this authority's people by their ids."""
        return {each.id: each.name for each in self.issuer.people.listed()}

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """A page for whoever asked."""
        found: Session | None = g.get("console_session")
        content = rendering.rendered(
            template,
            session=found,
            issuer=self.issuer,
            local=self.settings,
            at=self.now(),
            **values,
        )
        answer = make_response(content, status)
        for name, value in rendering.headers(self.settings).items():
            answer.headers[name] = value
        return answer

    def go(self, endpoint: str, **values: Any) -> Response:
        """Send the browser to another page of the console."""
        answer = make_response(redirect(url_for(f"{NAME}.{endpoint}", **values), 303))
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer

    def set_cookie(self, answer: Response, name: str, value: str, *, lax: bool = False, lives: int = LIVES) -> None:
        """A cookie that no script reads and that goes nowhere else."""
        answer.set_cookie(
            name,
            value,
            max_age=lives,
            path=PREFIX,
            httponly=True,
            samesite="Lax" if lax else "Strict",
            secure=self.settings.is_tls,
        )

    def _admit(self) -> Response | None:
        if request.routing_exception is not None:
            return None
        # 1
        demand = self._demands.get((request.endpoint or "").removeprefix(f"{NAME}."))
        if demand is None:
            raise NotYours("this page demands nothing, so nobody may open it")
        at, offered = self.now(), request.cookies.get(COOKIE, "")
        by_hand = _RENEWS not in request.headers
        session = self.issuer.door.sessions.running(offered, by_hand=by_hand, at=at) if offered else None
        if session is not None:
            g.console_session = session
        if demand.may is not None:
            # 2
            if session is None:
                return self._to_the_door()
            # 3
            if not session.person.may(demand.may):
                # Endpoint and id are ours; an address is the caller's and may hold anything.
                _log.warning("refused: %s for person %s", request.endpoint, session.person.id)
                raise NotYours("your roles do not have this page")
        # 4
        if request.method not in _READS:
            # Only from now on, since a stranger's file is not worth reading.
            request.max_content_length = self._bodies.get(request.endpoint or "", request.max_content_length)
            self._demand_own_form(session)
        # 5
        if demand.proven and session is not None and not session.is_proven(at=at):
            if request.method in _READS:
                return self.go("prove", to=request.path)
            raise NotYours("the proof of who you are is too old", key="proof_old")
        return None

    def _to_the_door(self) -> Response:
        answer = self.go("sign_in", **({"to": request.path} if request.method in _READS else {}))
        if _RENEWS in request.headers:
            # A part of a page that renews itself must not fill with the page at the door: the browser goes there.
            answer.headers["HX-Redirect"], answer.status_code = answer.location, 401
        return answer

    def _demand_own_form(self, session: Session | None) -> None:
        # Browsers say where a form comes from; what says nothing is none, or hides it.
        if request.headers.get("Origin") != self.settings.origin:
            raise NotYours("this form comes from elsewhere", key="foreign_form")
        if session is not None:
            offered = request.headers.get("X-Form-Key") or request.form.get("form_key", "")
            if not hmac.compare_digest(offered.encode(errors="replace"), session.form_key.encode()):
                raise NotYours("this form is not of this session", key="foreign_form")

    def _refused(self, error: IssuerError) -> Response:
        own = next((status for kind, status in HTTP if isinstance(error, kind)), None)
        status = status_of(error) if own is None else own
        return self.render("problem.html", status, error=error, key=rendering.problem_key(error))

    def _http(self, error: HTTPException) -> Response:
        return self.render("problem.html", error.code or 500, error=None, key=f"problem.http_{error.code}")

    def _broken(self, error: Exception) -> Response:
        # The type only: a message may repeat what the request carried.
        _log.error("unexpected %s", type(error).__name__)
        return self.render("problem.html", 500, error=None, key="problem.http_500")
