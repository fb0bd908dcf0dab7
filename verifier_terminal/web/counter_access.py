"""Which program of the counter asks: a bearer token (RFC 6750 section 2.1), and no browser at all.

Guaranteed: whatever carries an Origin or a Sec-Fetch header comes from a page and gets nothing, token or not, so no
page can be made to fetch for somebody; there is no cookie and no CORS header. Wrong tokens are counted: beyond ten in
a minute they are answered 429. A right token is always let in, because whoever guesses must not shut others out.
"""

import threading
from collections.abc import Callable
from typing import Final, NoReturn

from flask import Request, Response, jsonify
from werkzeug.exceptions import HTTPException

from verifier_terminal import counter_clients
from verifier_terminal.counter_clients import CounterClient

MOST_WRONG: Final = 10
"""In one minute."""
_MINUTE: Final = 60.0
_OF_BROWSERS: Final = ("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode")
"""Fetch standard, section 3.2, and Fetch Metadata Request Headers: a page cannot leave them out."""


class WrongTokens:
    """Counts them over the last minute, by a clock that only counts."""

    def __init__(self, elapsed_seconds: Callable[[], float]) -> None:
        self._elapsed_seconds = elapsed_seconds
        self._lock = threading.Lock()
        self._at: list[float] = []

    def count(self) -> bool:
        """One more; True when there have been too many."""
        with self._lock:
            now = self._elapsed_seconds()
            self._at = [each for each in self._at if 0 <= now - each < _MINUTE][-MOST_WRONG:]
            too_many = len(self._at) >= MOST_WRONG
            self._at.append(now)
            return too_many


def admitted(request: Request, clients: Callable[[], tuple[CounterClient, ...]], wrong: WrongTokens) -> CounterClient:
    """The program whose token this request carries.

    Raises:
        HTTPException: 403 for a page, 401 without a token or with a wrong one, 429 after too many wrong ones.
    """
    if any(header in request.headers for header in _OF_BROWSERS):
        refuse(403, "not_for_pages")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token:
        refuse(401, "no_token")
    client = counter_clients.find(clients(), token)
    if client is None:
        too_many = wrong.count()
        refuse(429 if too_many else 401, "too_many_wrong_tokens" if too_many else "wrong_token")
    return client


def refuse(status: int, error: str) -> NoReturn:
    """Answers with a word for a program, in no language of people.

    Raises:
        HTTPException: Always.
    """
    response: Response = jsonify({"error": error})
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="liangzheng counter"'
    if status in {429, 503}:
        response.headers["Retry-After"] = "60" if status == 429 else "5"
    raise HTTPException(response=response)
