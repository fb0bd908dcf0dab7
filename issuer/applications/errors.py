"""Why an application does not go on."""

from typing import Final

from issuer.errors import IssuerError


class ApplicationUnknown(IssuerError):
    """There is no application with this id."""

    code = "application_unknown"
    hint = "Look it up with `liangzheng issuer application DIR list --all`."


class ApplicationNotThere(IssuerError):
    """The application is not in the state that this step starts from, or another reviewer has it."""

    code = "application_not_there"
    hint = "Look at it with `liangzheng issuer application DIR list --all`. Nothing was changed."


class OwnApplication(IssuerError):
    """Whoever filed an application does not review it."""

    code = "own_application"
    hint = "Somebody else has to look at it. Nothing was changed."


class ApplicationChanged(IssuerError):
    """The application says something else by now than whoever decides has looked at."""

    code = "application_changed"
    hint = "Look at it again and decide anew. Nothing was changed."


class EvidenceTextRefused(IssuerError):
    """What is said of the evidence is too long or not a plain text."""

    code = "evidence_text_refused"
    hint = "Name what was presented in at most 200 plain characters. Nothing was recorded."


class ApplicationNotFollowed(IssuerError):
    """No application has this number and this code: it is not said which of the two is wrong."""

    code = "application_not_followed"
    hint = "Type number and code as they stand on the receipt, or ask at the office that gave it."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (ApplicationUnknown, 404),
    (ApplicationNotFollowed, 404),
    (ApplicationNotThere, 409),
    (OwnApplication, 403),
    (ApplicationChanged, 409),
    (EvidenceTextRefused, 422),
)
