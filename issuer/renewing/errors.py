"""Why a licence is not renewed."""

from typing import Final

from issuer.errors import IssuerError


class RenewalTooEarly(IssuerError):
    """Nothing but the days of validity changes, and renewal is not open yet."""

    code = "renewal_too_early"
    hint = "Renew it once it opens. What changes now (a name, an address) can be made out anew at any time."


class AlreadyRenewed(IssuerError):
    """Another licence has taken the place of this one, or is about to."""

    code = "already_renewed"
    hint = "Go on with the new licence; `liangzheng issuer renewals DIR LICENCE` names it."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((RenewalTooEarly, 409), (AlreadyRenewed, 409))
