"""The real clock, waits, random bytes and network of the wallet; the only file that names them.

The network is used by the command line alone, to fetch a package that the holder named.
"""

import asyncio
import secrets
import time
from typing import Final
from urllib.parse import urlsplit

from protocol import limits
from protocol.unixtime import UnixTime
from wallet_sdk.errors import DownloadFailed, PackageMalformed
from wallet_sdk.ports import Ports

_SOCKET_TIMEOUT_SECONDS: Final = 10
_WHOLE_TIMEOUT_SECONDS: Final = 30
_PORTION_BYTES: Final = 65_536


def system_clock() -> UnixTime:
    """Now."""
    return UnixTime(int(time.time()))


def system_sleep(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


REAL: Final = Ports(system_clock, time.monotonic, system_sleep, asyncio.sleep, secrets.token_bytes)
"""What the library receives unless it is told otherwise."""


def download(address: str) -> bytes:
    """A licence package from a web address: bounded in size and time, never redirected to another host.

    Raises:
        DownloadFailed: It cannot be fetched.
        PackageMalformed: It is larger than any package.
    """
    # The library must not load a network client to show a code.
    import http.client
    import urllib.error
    import urllib.request

    class SameHostOnly(urllib.request.HTTPRedirectHandler):
        max_redirections = 3

        def redirect_request(  # type: ignore[no-untyped-def]  # noqa: PLR0917 — the signature is the base class's
            self, req, fp, code, msg, headers, newurl
        ):
            before, after = urlsplit(req.full_url), urlsplit(newurl)
            downgraded = before.scheme == "https" and after.scheme != "https"
            if after.hostname != before.hostname or downgraded:
                raise DownloadFailed("the server sends to another host or to an unprotected address")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    try:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise DownloadFailed("only http and https addresses without user name")
        deadline = time.monotonic() + _WHOLE_TIMEOUT_SECONDS
        opener = urllib.request.build_opener(SameHostOnly)
        content = bytearray()
        with opener.open(address, timeout=_SOCKET_TIMEOUT_SECONDS) as answer:
            while portion := answer.read1(_PORTION_BYTES):
                content += portion
                if len(content) > limits.MAX_PACKAGE_BYTES:
                    raise PackageMalformed(f"more than {limits.MAX_PACKAGE_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise DownloadFailed(f"it took more than {_WHOLE_TIMEOUT_SECONDS} s")
    except urllib.error.HTTPError as refused:
        with refused:
            raise DownloadFailed(f"the server answers {refused.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as wrong:
        raise DownloadFailed(str(wrong)) from wrong
    return bytes(content)
