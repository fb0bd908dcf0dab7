"""The way up: sends one row to the operator's server, asks it for the next certificate, and says what came of it.

Guaranteed: only an answer in the operator's own form counts. A sign-in page that says "200" has taken no row, and one
that says "400" has refused none. Not handled here: when what is sent (`reporting`), and what waits (`store.outbox`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Protocol

from verifier_terminal.errors import ServerRefused
from verifier_terminal.sync import decisions
from verifier_terminal.sync.decisions import ActDecision
from verifier_terminal.sync.posting import Answered

FINAL: Final = frozenset({400, 409, 413, 422})
"""CONTRACTS.md, "Outbox": all others say "not now"."""
_OK: Final = 200
_MAX_WORD: Final = 40


class Posting(Protocol):
    """Posts bytes to one server."""

    def post(self, path: str, content: bytes) -> Answered:
        """Raises: FetchError."""
        ...


class Outcome(Enum):
    """What became of a row."""

    TAKEN = auto()
    REFUSED = auto()
    LATER = auto()


@dataclass(frozen=True, slots=True)
class Sent:
    """What the operator's server said to a row: the outcome, why in its own word, and decisions that were asked for."""

    outcome: Outcome
    status: int
    word: str
    decisions: tuple[ActDecision, ...] = ()


class Uplink:
    """One terminal's way to its operator."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting

    def send(self, terminal: str, encoded: bytes, *, key: bytes, acts: Sequence[bytes] = ()) -> Sent:
        """Sends a signed row once, and asks beside it what was decided about these officers' acts.

        Raises:
            FetchError: Nobody answered.
        """
        answer = self._posting.post(f"/api/v1/terminals/{terminal}/rows{decisions.query(acts)}", encoded)
        said = _json(answer.content)
        if answer.status == _OK and said.get("key") == key.hex():
            return Sent(Outcome.TAKEN, answer.status, "", decisions.read(said, asked=acts))
        word = error_word(said)
        refused = answer.status in FINAL and bool(word)
        return Sent(Outcome.REFUSED if refused else Outcome.LATER, answer.status, word)

    def renew(self, terminal: str, encoded: bytes) -> bytes:
        """The next certificate's bytes, unverified.

        Raises:
            FetchError: Nobody answered, or there is none.
        """
        answer = self._posting.post(f"/api/v1/terminals/{terminal}/renewal", encoded)
        if answer.status != _OK:
            word = error_word(_json(answer.content))
            raise ServerRefused(f"renewal: status {answer.status}{f', {word}' if word else ''}")
        return answer.content


def error_word(said: dict[str, Any]) -> str:
    """The operator's one word for what is wrong; empty where the answer is nobody's that we know. Hostile text."""
    word = said.get("error")
    is_word = (
        isinstance(word, str) and 0 < len(word) <= _MAX_WORD and word.isascii() and word.replace("_", "").isalpha()
    )
    return word if is_word and isinstance(word, str) else ""


def _json(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def read_error(answer: Answered) -> str:
    """The operator's word in an answer that is none of what was asked for."""
    return error_word(_json(answer.content))
