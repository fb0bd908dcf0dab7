"""The request that a page which always asks has on its screen: one for all pages, renewed in good time.

A challenge that is scanned has at least a minute left: it is replaced while older ones stay open to their end, so
nobody who is just deciding loses it. An answered challenge takes its short code with it. Not handled here: drawing.
"""

import threading
from dataclasses import dataclass
from typing import Final

from protocol.terminal_certificate import Items
from verifier_terminal.asking import OpenedRequest
from verifier_terminal.errors import NoSite, TerminalError, UnknownRequest
from verifier_terminal.web.ports import WindowSession

RENEW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is on the screen; `trouble` says why there is no challenge."""

    challenge: OpenedRequest | None
    short_code: OpenedRequest | None
    trouble: TerminalError | None

    @property
    def renew_in(self) -> float:
        """Seconds until the page should ask again."""
        left = [each.seconds_left for each in (self.challenge, self.short_code) if each is not None]
        return max(1.0, min(left) - RENEW_SECONDS) if left else RENEW_SECONDS


class StandingRequest:
    """Keeps one request open for the pages of one terminal."""

    def __init__(self, session: WindowSession) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._wanted: Items = {}
        self._challenge = 0
        self._short = 0

    def current(self, wanted: Items, reason: str) -> Standing:
        """What is on the screen now; another choice of licences replaces it at once."""
        with self._lock:
            if wanted != self._wanted:
                self._cancel(self._challenge)
                self._wanted = wanted
            still_open = {each.number: each for each in self._session.requests()}
            challenge, short = still_open.get(self._challenge), still_open.get(self._short)
            trouble: TerminalError | None = None
            if challenge is None and short is not None:
                self._cancel(short.number)
                short = None
            if challenge is None or challenge.seconds_left <= RENEW_SECONDS:
                try:
                    challenge = self._session.open_challenge(wanted, reason)
                    self._challenge = challenge.number
                except TerminalError as failure:
                    trouble = failure
            if short is None or short.seconds_left <= RENEW_SECONDS:
                try:
                    short = self._session.open_short_code()
                    self._short = short.number
                except NoSite:
                    short = None
                except TerminalError as failure:
                    trouble = trouble or failure
            return Standing(challenge, short, trouble)

    def _cancel(self, number: int) -> None:
        try:
            self._session.cancel_request(number)
        except UnknownRequest:
            return
