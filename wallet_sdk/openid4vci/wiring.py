"""The real network of receiving: the standard library's client. Nothing imports this file but who wants it."""

import time
from typing import Final

from wallet_sdk.openid4vci.errors import IssuerUnreachable
from wallet_sdk.openid4vci.patience import Patient
from wallet_sdk.openid4vci.transport import MAX_ANSWER_BYTES, Answer, Request

_SOCKET_TIMEOUT_SECONDS: Final = 10
_WHOLE_TIMEOUT_SECONDS: Final = 30
_PORTION_BYTES: Final = 65_536


def exchange(request: Request) -> Answer:
    """One request and its answer by the standard library: bounded in size and time, never redirected.

    Raises:
        IssuerUnreachable: There is no answer.
    """
    # Loaded when it is used: an application may bring a client of its own.
    import http.client
    import urllib.error
    import urllib.request

    class Never(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    deadline = time.monotonic() + _WHOLE_TIMEOUT_SECONDS
    asked = urllib.request.Request(request.url, data=request.body, headers=dict(request.headers))  # noqa: S310 — checked
    content = bytearray()
    try:
        try:
            answer = urllib.request.build_opener(Never).open(asked, timeout=_SOCKET_TIMEOUT_SECONDS)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            while len(content) <= MAX_ANSWER_BYTES and (portion := answer.read1(_PORTION_BYTES)):
                content += portion
                if time.monotonic() > deadline:
                    raise IssuerUnreachable(f"it took more than {_WHOLE_TIMEOUT_SECONDS} s")
            declared = answer.headers.get("Content-Length", "")
            if declared.isdecimal() and len(content) < min(int(declared), MAX_ANSWER_BYTES):
                # Read in portions, the library takes the end of the connection for the end of the answer.
                raise IssuerUnreachable("the answer was cut short")
            return Answer(answer.status, bytes(content), _seconds(answer.headers.get("Retry-After", "")))
    except (OSError, ValueError, http.client.HTTPException) as wrong:
        raise IssuerUnreachable(str(wrong)) from wrong


def patient() -> Patient:
    """The same, asked up to four times within some seconds where no answer comes."""
    return Patient(exchange, sleep=time.sleep, tries=4, first_wait=0.3)


def _seconds(written: str) -> int | None:
    # The header may also name a day, which nobody waits for who looks at a screen.
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 8 else None
