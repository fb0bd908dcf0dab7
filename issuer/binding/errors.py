"""Why a device's key is not bound, or not as well as somebody wished."""

from typing import Final

from issuer.errors import IssuerError


class EvidenceRefused(IssuerError):
    """The evidence does not verify, is over, is for something else, or was used before."""

    code = "evidence_refused"
    hint = "Have a new statement made for this licence and this device. Nothing was recorded."


class AuthenticatorRefused(IssuerError):
    """No such service is trusted, or it is trusted already."""

    code = "authenticator_refused"
    hint = "Look at them with `liangzheng issuer authenticator DIR list`. Nothing was changed."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((EvidenceRefused, 422), (AuthenticatorRefused, 409))
