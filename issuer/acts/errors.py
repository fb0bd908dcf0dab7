"""Why nothing was decided about an officer's act."""

from issuer.errors import IssuerError


class ActUnknown(IssuerError):
    """No act has this id, or several begin with it."""

    code = "act_unknown"
    hint = "Look it up with `liangzheng issuer officers-acts DIR --all`; give at least 8 digits of its id."


class ActNotOpen(IssuerError):
    """It was decided before, or nobody can act upon it."""

    code = "act_not_open"
    hint = "Look at it with `liangzheng issuer officers-acts DIR --all`. Nothing was changed."


class ActRefused(IssuerError):
    """It cannot be confirmed as it is, or not by this person."""

    code = "act_refused"
    hint = "Have somebody else confirm it, or reject it and say why. Nothing was changed."
