"""Why a dangerous act is not done, or not yet."""

from typing import Final

from issuer.errors import IssuerError


class SecondPersonNeeded(IssuerError):
    """This act needs another person's approval."""

    code = "second_person_needed"
    hint = "Propose it (`liangzheng issuer propose`), and have somebody else approve it. Nothing was changed."


class RoutineLimitReached(SecondPersonNeeded):
    """Whoever acts has renewed, or confirmed seizures of, as many licences as one person may within the time."""

    code = "routine_limit_reached"
    hint = (
        "Let somebody else go on with it, or two people decide about other limits: `liangzheng issuer propose limits`. "
        "Nothing was changed."
    )


class SamePerson(IssuerError):
    """Whoever proposed an act does not approve it."""

    code = "same_person"
    hint = "Somebody else has to look at it: `liangzheng issuer proposals DIR`. Nothing was changed."


class ProposalUnknown(IssuerError):
    """No proposal, or several, begin so."""

    code = "proposal_unknown"
    hint = "Look it up with `liangzheng issuer proposals DIR`."


class ProposalNotOpen(IssuerError):
    """The proposal was decided, carried out, or has expired."""

    code = "proposal_not_open"
    hint = "Look at it with `liangzheng issuer proposals DIR --all`; propose the act again where it is still wanted."


class ProposalOutdated(IssuerError):
    """What the proposal would reach is no longer what was shown when it was made."""

    code = "proposal_outdated"
    hint = "Propose it again and look at what it reaches now. Nothing was changed."


class ProposalRefused(IssuerError):
    """A name or a reason is not in its form, or the act is none that is proposed."""

    code = "proposal_refused"
    hint = "Give --by with 1 to 64 characters and --reason with 1 to 200. Nothing was recorded."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (SecondPersonNeeded, 403),
    (SamePerson, 403),
    (ProposalUnknown, 404),
    (ProposalNotOpen, 409),
    (ProposalOutdated, 409),
    (ProposalRefused, 422),
)
