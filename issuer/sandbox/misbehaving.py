"""Stands before the web service and lets things go wrong, each by its name in a header and in the log.

Only what wallets ask goes wrong: /openid4vci, /.well-known and /api/v1/wallet. The operator's interface, the published
files and the sandbox's own page are as in a deployment. What was done is done by the same classes as there; this file
only withholds, shortens or delays what they answer.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final

from waitress.channel import ClientDisconnected
from werkzeug.wrappers import Response

from issuer.sandbox.faults import Fault, Misfortune
from protocol.unixtime import HOUR, UnixTime

FAULT_HEADER: Final = "Liangzheng-Sandbox-Fault"
MARK_HEADER: Final = "Liangzheng-Sandbox"
MARK: Final = "region 990000; nothing here is valid anywhere"
_OF_WALLETS: Final = ("/openid4vci/", "/.well-known/", "/api/v1/wallet/")
_TOKEN: Final = "/openid4vci/token"  # noqa: S105 - a path
_DEFERRED: Final = "/openid4vci/deferred"
_LATE_SECONDS: Final = 3.0
_KEPT: Final = 500
_PORTAL: Final = b"<!DOCTYPE html><title>Hotel Utopia</title><p>Please sign in to use this network."

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request of a wallet. `status` is 0 where no answer left, `error` what an answer gave as its reason."""

    number: int
    at: UnixTime
    method: str
    path: str
    status: int
    error: str
    fault: Fault | None


class Log:
    """The last requests of wallets, the newest first; `tell` hears each at once."""

    def __init__(self, tell: Callable[[Heard], None]) -> None:
        self._heard: deque[Heard] = deque(maxlen=_KEPT)
        self._tell = tell

    def add(self, heard: Heard) -> None:
        self._heard.appendleft(heard)
        self._tell(heard)

    def heard(self) -> tuple[Heard, ...]:
        return tuple(self._heard)


class Misbehaving:
    """A WSGI application before another one."""

    def __init__(
        self,
        app: App,
        misfortune: Misfortune,
        *,
        log: Log,
        now: Callable[[], UnixTime],
        sleep: Callable[[float], None],
        asked_again: Callable[[], None],
    ) -> None:
        """`asked_again` hears when a wallet asks what has become of what was deferred, before it is answered."""
        self._app, self._log, self._now, self._sleep, self._asked_again = app, log, now, sleep, asked_again
        self._lock, self._requests = threading.Lock(), 0
        self._misfortune = misfortune

    @property
    def misfortune(self) -> Misfortune:
        return self._misfortune

    def begin_anew(self, misfortune: Misfortune) -> None:
        """Other rates or another seed; the next request is the first."""
        with self._lock:
            self._misfortune, self._requests = misfortune, 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(_OF_WALLETS):
            answer = Response.from_app(self._app, environ)
            answer.headers[MARK_HEADER] = MARK
            return answer(environ, start_response)
        with self._lock:
            self._requests += 1
            number, misfortune = self._requests, self._misfortune
        fault = misfortune.of_request(number, is_token=path == _TOKEN)
        answer = self._answer(environ, path, fault)
        leaves = fault not in (Fault.DROPPED, Fault.LOST, Fault.LOST_TOKEN)
        status = answer.status_code if leaves else 0
        method = str(environ.get("REQUEST_METHOD", ""))
        self._log.add(Heard(number, self._now(), method, path, status, _error(answer) if leaves else "", fault))
        if not leaves:
            # The server's own word for a client that went away: it closes the connection and sends nothing.
            raise ClientDisconnected
        answer.headers[MARK_HEADER] = MARK
        if fault is not None:
            answer.headers[FAULT_HEADER] = f"{fault}; request={number}; seed={misfortune.seed}"
        if fault is Fault.CUT_SHORT:
            whole = answer.get_data()
            start_response(answer.status, list(answer.headers))
            return [whole[: len(whole) // 2]]
        return answer(environ, start_response)

    def _answer(self, environ: Environ, path: str, fault: Fault | None) -> Response:
        match fault:
            case Fault.DROPPED:
                return Response()
            case Fault.BUSY:
                content = {"error": "temporarily_unavailable", "message": "the sandbox is busy", "hint": "Ask again."}
                return Response(json.dumps(content), 503, {"Retry-After": "1"}, mimetype="application/json")
            case Fault.PORTAL:
                return Response(_PORTAL, mimetype="text/html")
            case _:
                pass
        if path == _DEFERRED:
            self._asked_again()
        answer = Response.from_app(self._app, environ, buffered=True)
        if fault is Fault.SLOW:
            self._sleep(_LATE_SECONDS)
        if fault is Fault.SKEWED:
            answer.headers["Date"] = formatdate(self._now() + HOUR, usegmt=True)
        return answer


def _error(answer: Response) -> str:
    if answer.status_code < 400:
        return ""
    try:
        said = json.loads(answer.get_data())
    except ValueError:
        return ""
    return str(said.get("error", "")) if isinstance(said, dict) else ""
