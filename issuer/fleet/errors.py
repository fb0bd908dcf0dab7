"""Why a terminal's row is not taken, or an operator not let in: one exception for each reason.

What a terminal is to give up is answered with 400, 409, 413 or 422; everything else it keeps and sends again.
"""

from typing import Final

from issuer.errors import IssuerError


class RowMalformed(IssuerError):
    """The body is no row of a terminal, or one of its signatures does not hold."""

    code = "row_malformed"
    hint = "The terminal gives this row up; look at its journal."


class RowTooLarge(IssuerError):
    """The row is larger than any."""

    code = "row_too_large"
    hint = "The terminal gives this row up; look at its journal."


class RowContradicts(IssuerError):
    """The terminal has sent another row with this key, or a newer heartbeat before."""

    code = "row_contradicts"
    hint = "What was taken first stands."


class RowUnusable(IssuerError):
    """The row's body has not the form of its kind."""

    code = "row_unusable"
    hint = "The terminal gives this row up; its program may be newer than this one."


class RowRefused(IssuerError):
    """This terminal, with this certificate, is not heard now."""

    code = "row_refused"
    hint = "The terminal keeps the row: renew its certificate, or enrol it anew."


class TooManyRows(IssuerError):
    """One terminal has sent more than any does."""

    code = "too_many_rows"
    hint = "The terminal keeps the row and sends it later; if it stays so, look at the terminal."


class FleetTokenRefused(IssuerError):
    """A name for a token that is empty, too long, no plain text, or in use."""

    code = "fleet_token_refused"
    hint = "Give each token a name of 1 to 64 visible characters that no other one has."


class FleetTokenUnknown(IssuerError):
    """No token in use has this name."""

    code = "fleet_token_unknown"
    hint = "Look at them with `liangzheng issuer fleet-token DIR list`."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (RowMalformed, 400),
    (RowContradicts, 409),
    (RowTooLarge, 413),
    (RowUnusable, 422),
    (RowRefused, 403),
    (TooManyRows, 429),
    (FleetTokenRefused, 422),
    (FleetTokenUnknown, 404),
)
