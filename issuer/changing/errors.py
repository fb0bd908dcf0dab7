"""Why a bulk act is refused."""

from typing import Final

from issuer.errors import IssuerError


class SelectionRefused(IssuerError):
    """The selection is empty, too large, or names what is no licence."""

    code = "selection_refused"
    hint = "Give ids, one a line, or a query; look at --preview first. Nothing was changed."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((SelectionRefused, 422),)
