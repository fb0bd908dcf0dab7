"""What the wallet needs of a network: one request, one answer, no redirect; and which addresses it asks at all.

Applications pass their own client, which waits (`Transport`) or is awaited (`AsyncTransport`); `wiring.exchange` is the
standard library's. So each act is written once, as a generator that yields requests and is sent their answers; `run`
and `run_async` carry them. Guaranteed by `ask`: https, or this machine; the issuer's own host; an answer within its
bound that is one JSON object, or a refusal by name.
"""

import json
from collections.abc import Awaitable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from protocol import limits
from wallet_sdk.errors import WalletError
from wallet_sdk.openid4vci.errors import AddressUnsafe, IssuerAnswerMalformed, IssuerRefused

MAX_ANSWER_BYTES: Final = 2 * limits.MAX_PACKAGE_BYTES
"""A package in base64 within JSON, with room for half as much; metadata of a hundred kinds have 60 kB."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MAX_ADDRESS_CHARACTERS: Final = 500
_MAX_CODE_CHARACTERS: Final = 64
_DONE: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `body` None: a GET."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whatever came, of whatever status; at most `MAX_ANSWER_BYTES` and a byte.

    `retry_after`: seconds of that header (RFC 9110 section 10.2.3), where it has some.
    """

    status: int
    body: bytes = field(repr=False)
    retry_after: int | None = None


class Transport(Protocol):
    """A network, or a test's double of one."""

    def __call__(self, request: Request) -> Answer:
        """The answer to this request, never that of a redirect. Raises: IssuerUnreachable."""


class AsyncTransport(Protocol):
    """The same in an event loop."""

    def __call__(self, request: Request) -> Awaitable[Answer]:
        """As `Transport`."""


_T = TypeVar("_T")
Act = Generator[Request, Answer, _T]
"""What asks an issuer: it yields each request, is sent the answer to it, and returns what came of all of them."""


def run(act: Act[_T], transport: Transport) -> _T:
    """Carries an act to its end. Raises: as the act and the transport."""
    try:
        request = next(act)
        while True:
            try:
                answer = transport(request)
            except WalletError as wrong:
                # To where the request was made: some acts go on without an answer.
                request = act.throw(wrong)
            else:
                request = act.send(answer)
    except StopIteration as done:
        value: _T = done.value
        return value


async def run_async(act: Act[_T], transport: AsyncTransport) -> _T:
    """As `run`, in an event loop."""
    try:
        request = next(act)
        while True:
            try:
                answer = await transport(request)
            except WalletError as wrong:
                request = act.throw(wrong)
            else:
                request = act.send(answer)
    except StopIteration as done:
        value: _T = done.value
        return value


def checked(url: str, *, host: str | None = None) -> str:
    """The address, if a wallet may ask it; on this host, if one is given. Raises: AddressUnsafe."""
    try:
        parts = urlsplit(url)
        found = parts.hostname
        is_sound = found is not None and parts.port != 0
    except ValueError:
        raise AddressUnsafe("no web address") from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MAX_ADDRESS_CHARACTERS
    if not (plain and is_sound) or parts.username is not None or parts.fragment:
        raise AddressUnsafe("no plain web address")
    if parts.scheme != "https" and not (parts.scheme == "http" and found in _LOOPBACK):
        raise AddressUnsafe("without TLS")
    if host is not None and parts.netloc != host:
        raise AddressUnsafe("on another host than the issuer's")
    return url


def host_of(url: str) -> str:
    """Host and port of a checked address."""
    return urlsplit(url).netloc


def ask(request: Request) -> Act[tuple[int, dict[str, Any]]]:
    """Status and members of a JSON answer that says yes.

    Raises:
        IssuerRefused: It says no.
        IssuerAnswerMalformed: It says neither.
        IssuerUnreachable: There is none.
    """
    answer = yield request
    members = content(answer)
    return answer.status, members


def content(answer: Answer) -> dict[str, Any]:
    """The members of a JSON answer; none of an empty one. Raises: as `ask`."""
    if answer.status in _DONE and not answer.body:
        return {}
    demand_done(answer)
    return _members(answer)


def demand_done(answer: Answer) -> None:
    """Return if the answer says yes, in whatever form. Raises: IssuerRefused, IssuerAnswerMalformed."""
    if len(answer.body) > MAX_ANSWER_BYTES:
        raise IssuerAnswerMalformed(f"more than {MAX_ANSWER_BYTES} bytes")
    if answer.status not in _DONE:
        code = _members(answer).get("error")
        if not isinstance(code, str) or not (code.isascii() and code.isprintable()):
            raise IssuerAnswerMalformed(f"status {answer.status} without a reason")
        raise IssuerRefused(code[:_MAX_CODE_CHARACTERS])


def _members(answer: Answer) -> dict[str, Any]:
    try:
        members = json.loads(answer.body)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise IssuerAnswerMalformed(f"status {answer.status}, and no JSON object")
    return members
