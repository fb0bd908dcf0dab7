"""Why a licence of several holders is not issued or not renewed so."""

from typing import Final

from issuer.errors import IssuerError


class HoldersRefused(IssuerError):
    """The holders are too few or too many, there is not a device key for each, or one cannot hold it alone."""

    code = "holders_refused"
    hint = (
        "Give the subject a list `holders` and a device key for each of them, or none: `liangzheng issuer "
        "issue-together`. What is recorded without keys is offered to each holder: `liangzheng issuer offer DIR "
        "LICENCE`. Nothing was recorded."
    )


class HeldTogether(IssuerError):
    """One holder's part of a licence cannot be replaced alone."""

    code = "held_together"
    hint = "Issue it anew to all holders, and then let it take the place of the old one: `liangzheng issuer supersede`."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((HoldersRefused, 422), (HeldTogether, 409))
