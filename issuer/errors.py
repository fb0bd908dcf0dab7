"""What the issuer refuses or cannot do: one exception for each reason, each with a plain message and a hint.

The message says what happened, the hint what to do. Neither ever holds a citizen's number, an address or a key.
"""

from collections.abc import Sequence
from typing import ClassVar


class IssuerError(Exception):
    """The root: nothing built-in leaks out of the issuer package on purpose."""

    code: ClassVar[str] = "issuer"
    hint: str = "See `liangzheng issuer --help`."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class AuthoringError(IssuerError):
    """A kind or policy file contradicts the catalogue's rules."""

    code = "authoring"
    hint = "Correct this entry of the file; nothing was published."

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        self.file, self.key = file, key


def listed(problems: Sequence[object]) -> str:
    """Several problems as one message, a line each."""
    return "\n".join(f"  - {problem}" for problem in problems)
