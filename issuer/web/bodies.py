"""JSON bodies of requests, member by member, and the one form of an error: {error, message, hint}."""

import base64
from typing import Any, Final

from flask import Response, jsonify, request


class Malformed(Exception):
    """The body is not an object of these members, or one of them has another type."""


_WORDS: Final = {str: "a text", bool: "true or false", int: "a whole number", list: "an array of texts"}


class Body:
    """The members of one request's body."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    @classmethod
    def read(cls, required: set[str], optional: frozenset[str] = frozenset()) -> "Body":
        """The body of the request that is being answered.

        Raises:
            Malformed: No JSON object, or members are missing or too many.
        """
        try:
            body = request.get_json(silent=True)
        except RecursionError:
            # Brackets within brackets within the size limit exhaust the interpreter's stack.
            body = None
        if not isinstance(body, dict) or not required <= body.keys() <= required | optional:
            also = f", and if wanted: {', '.join(sorted(optional))}" if optional else ""
            raise Malformed(f"the body is a JSON object with exactly: {', '.join(sorted(required))}{also}")
        return cls(body)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def anything(self, name: str) -> object:
        """A member whose form somebody else checks."""
        return self._members[name]

    def text(self, name: str) -> str:
        """A text. Raises: Malformed."""
        value: str = self._typed(name, str)
        return value

    def content(self, name: str) -> bytes:
        """Bytes in base64 (RFC 4648 section 4). Raises: Malformed."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except ValueError:
            raise Malformed(f"{name} is not base64") from None

    def integer(self, name: str, default: int) -> int:
        """A whole number, or the default if it is left out. Raises: Malformed."""
        value: int = self._typed(name, int) if name in self else default
        return value

    def flag(self, name: str) -> bool:
        """True or false; false if it is left out. Raises: Malformed."""
        value: bool = self._typed(name, bool) if name in self else False
        return value

    def texts(self, name: str) -> frozenset[str]:
        """Different texts. Raises: Malformed."""
        values: list[object] = self._typed(name, list)
        texts = frozenset(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise Malformed(f"{name} is an array of different texts")
        return texts

    def _typed(self, name: str, expected: type) -> Any:
        value = self._members[name]
        # bool is an int in Python; true is no number of days.
        if type(value) is not expected:
            raise Malformed(f"{name} is {_WORDS[expected]}")
        return value


def error(code: str, message: str, hint: str, status: int) -> tuple[Response, int]:
    """The answer to a request that was not done."""
    return jsonify(error=code, message=message, hint=hint), status
