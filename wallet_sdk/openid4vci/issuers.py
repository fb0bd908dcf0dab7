"""What an issuer says of itself: where its endpoints are (sections 12.2 and 12.3), all of them on its own host."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from wallet_sdk.openid4vci.errors import IssuerAnswerMalformed, OfferUnsupported
from wallet_sdk.openid4vci.transport import Act, Request, ask, checked, host_of

FORMAT: Final = "lz1-package"
"""The only credential format that this wallet reads (docs/spec/issuing.md)."""


@dataclass(frozen=True, slots=True)
class IssuerMetadata:
    """The checked document of one issuer."""

    issuer: str
    document: dict[str, Any]

    def endpoint(self, name: str, *, within: str | None = None) -> str:
        """The address of this endpoint. Raises: IssuerAnswerMalformed, AddressUnsafe."""
        members = self.document if within is None else self.document.get(within)
        address = members.get(name) if isinstance(members, dict) else None
        if not isinstance(address, str):
            raise IssuerAnswerMalformed(f"no {name}")
        return checked(address, host=host_of(self.issuer))

    def lists(self, name: str, *, within: str) -> bool:
        """Whether there is a list of that name that is not empty."""
        members = self.document.get(within)
        return isinstance(members, dict) and isinstance(found := members.get(name), list) and bool(found)

    def demand_kind(self, kind: str) -> None:
        """Return if this wallet can receive this kind. Raises: OfferUnsupported."""
        match self.document.get("credential_configurations_supported"):
            case {**kinds} if isinstance(found := kinds.get(kind), dict) and found.get("format") == FORMAT:
                return
            case _:
                raise OfferUnsupported("a licence in another format")


def issuer_metadata(issuer: str) -> Act[IssuerMetadata]:
    """What this issuer says of itself. Raises: OfferError."""
    document = yield from _document(issuer, "openid-credential-issuer", "credential_issuer")
    return IssuerMetadata(issuer, document)


def token_endpoint(issuer: str) -> Act[str]:
    """Where this issuer gives access tokens. Raises: OfferError."""
    document = yield from _document(issuer, "oauth-authorization-server", "issuer")
    return IssuerMetadata(issuer, document).endpoint("token_endpoint")


def _document(issuer: str, name: str, member: str) -> Act[dict[str, Any]]:
    # Section 12.2.2 and RFC 8414 section 3.1: between the host and the path, if there is one.
    parts = urlsplit(checked(issuer))
    address = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path}", "", ""))
    _, document = yield from ask(Request(address, {"Accept": "application/json"}))
    if document.get(member) != issuer:
        raise IssuerAnswerMalformed("it is another issuer's document")
    return document
