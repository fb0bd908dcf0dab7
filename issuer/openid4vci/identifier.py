"""Checks the address by which wallets know this authority: the Credential Issuer Identifier (section 12.2.1)."""

from urllib.parse import urlsplit

from issuer.openid4vci.errors import OfferRefused

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_CHARACTERS = 200


def checked(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        OfferRefused: It is none that a wallet goes to.
    """
    bare = url.rstrip("/")
    try:
        parts = urlsplit(bare)
        is_sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_sound = urlsplit(""), False
    is_plain = bare.isascii() and bare.isprintable() and " " not in bare and len(bare) <= _MOST_CHARACTERS
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (is_plain and is_sound and secure) or parts.query or parts.fragment or parts.username is not None:
        raise OfferRefused(
            "this is no address for wallets", hint="Give --url https://HOST[/PATH]; http on this machine alone."
        )
    return bare
