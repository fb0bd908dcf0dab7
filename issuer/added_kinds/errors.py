"""Why a kind is not added, or not issued."""

from typing import Final

from issuer.errors import IssuerError


class KindRetired(IssuerError):
    """The authority issues no new licences of this kind."""

    code = "kind_retired"
    hint = "Those that are there stay and are refreshed. `liangzheng issuer kind retire DIR KIND --undo` takes it back."


class KindThere(IssuerError):
    """A kind of this name is kept already."""

    code = "kind_there"
    hint = "Terminals hold what was published: give another slug and number, or retire the kind that is there."


class KindOutsideRange(IssuerError):
    """The number is none that an authority may choose."""

    code = "kind_outside_range"
    hint = "Choose a number of the experimental range, from 65001 to 65535, that `issuer kind list DIR` does not show."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((KindRetired, 409),)
"""What the web interface answers; files are added by command alone."""
