"""Why a terminal is not enrolled, or gets no further certificate: one exception for each reason."""

from typing import Final

from issuer.errors import IssuerError


class InvitationRefused(IssuerError):
    """What the code is to say breaks a rule; no token was drawn."""

    code = "invitation_refused"
    hint = "Correct it and make the code again."


class EnrolmentMalformed(IssuerError):
    """The body is no request of a terminal, or its key did not sign it."""

    code = "enrolment_malformed"
    hint = "Let the terminal make the request: `liangzheng terminal enrol`."


class EnrolmentUnknown(IssuerError):
    """No token has this id, or the proof was not made with the token."""

    code = "enrolment_unknown"
    hint = "Make a new code: `liangzheng issuer enrol-terminal`."


class EnrolmentLocked(IssuerError):
    """Wrong proofs came for this token as often as may be."""

    code = "enrolment_locked"
    hint = "Somebody guesses, or a code was read wrongly: make a new one with `liangzheng issuer enrol-terminal`."


class EnrolmentOver(IssuerError):
    """The token's time is over."""

    code = "enrolment_over"
    hint = "Make a new code: `liangzheng issuer enrol-terminal`."


class EnrolmentUsed(IssuerError):
    """Another key was enrolled with this token."""

    code = "enrolment_used"
    hint = (
        "If that was not this machine, withdraw it with `liangzheng issuer withdraw-terminal`; then make a new code "
        "with `liangzheng issuer enrol-terminal --replace`."
    )


class RenewalMalformed(IssuerError):
    """The body is no request for the next certificate, or one of its signatures does not hold."""

    code = "renewal_malformed"
    hint = "Enrol the terminal anew: `liangzheng issuer enrol-terminal --replace`."


class TerminalWithdrawn(IssuerError):
    """The terminal's key was withdrawn."""

    code = "terminal_withdrawn"
    hint = "If the machine was found again, enrol it anew in another directory, so that it makes another key."


class RenewalRefused(IssuerError):
    """This key gets no further certificate."""

    code = "renewal_refused"
    hint = "Enrol the terminal anew: `liangzheng issuer enrol-terminal --replace`."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (InvitationRefused, 422),
    (EnrolmentMalformed, 400),
    (EnrolmentUnknown, 403),
    (EnrolmentLocked, 403),
    (EnrolmentOver, 403),
    (EnrolmentUsed, 403),
    (RenewalMalformed, 400),
    (TerminalWithdrawn, 403),
    (RenewalRefused, 403),
)
