"""Why a bulk act is refused."""

from typing import Final

from issuer.errors import IssuerError


class SelectionRefused(IssuerError):
    """The selection is empty, too large, or names what is no licence."""

    code = "selection_refused"
    hint = "Give ids, one a line, or a query; look at --preview first. Nothing was changed."


class LimitsRefused(IssuerError):
    """Limits of what one person changes alone that make no sense."""

    code = "limits_refused"
    hint = "At most 10,000 licences, not more for a person than for a department, within 1 to 720 hours."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((SelectionRefused, 422), (LimitsRefused, 422))
