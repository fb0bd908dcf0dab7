"""What DIR/console.toml says: where people reach the console, and their single sign-on."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from issuer.people.errors import ConsoleSettingsRefused
from issuer.people.single_sign_on import Provider


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`origin` is what browsers show: passkeys are bound to it, so changing its host means joining anew."""

    origin: str
    provider: Provider | None

    @property
    def host(self) -> str:
        """The origin's host name, which is what passkeys are for (relying party id)."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_tls(self) -> bool:
        """Whether cookies are for TLS alone."""
        return self.origin.startswith("https://")


def checked(origin: object, provider: Provider | None) -> ConsoleSettings:
    """These settings, if they can be used. Raises: ConsoleSettingsRefused."""
    if not isinstance(origin, str) or not _is_origin(origin):
        raise ConsoleSettingsRefused("origin is no https:// address without a path, nor http://localhost:PORT")
    if provider is not None and not _is_protected(provider.issuer):
        raise ConsoleSettingsRefused("oidc.issuer is no https:// address")
    return ConsoleSettings(origin, provider)


def _is_origin(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    host = f"{parts.hostname}" + (f":{port}" if port is not None else "")
    return address == f"{parts.scheme}://{host}" and _is_protected(address)


def _is_protected(address: str) -> bool:
    # What goes over the loopback address alone is read by nobody else.
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"})
