"""Whose request it is that is being answered."""

from typing import Final

from flask import request

_LOCAL: Final = frozenset({"127.0.0.1", "::1", None})


def address() -> str:
    """The last address that the web server in front has written down, or the caller's own."""
    caller = request.remote_addr
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded[:64] if forwarded and caller in _LOCAL else caller or ""
