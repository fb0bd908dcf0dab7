"""Why somebody is not let in, or is not made a person of this authority: one exception for each reason."""

from typing import Final

from issuer.errors import IssuerError


class PersonRefused(IssuerError):
    """The name, the roles or the departments are not in their form."""

    code = "person_refused"
    hint = "Give a name of 1 to 64 characters, one role or more, and departments of the catalogue or *."


class PersonUnknown(IssuerError):
    """Nobody has this id."""

    code = "person_unknown"
    hint = "List them: `liangzheng issuer console people DIR`."


class LastAdministrator(IssuerError):
    """Nobody would be left who can let people in."""

    code = "last_administrator"
    hint = "Make somebody else an administrator first."


class InvitationUnknown(IssuerError):
    """The link was used, is over, or never was."""

    code = "invitation_unknown"
    hint = "Ask an administrator for a new link; each works once, for a day."


class SignInRefused(IssuerError):
    """What was shown opens nothing here. The message does not tell why: that would help only whoever guesses."""

    code = "sign_in_refused"
    hint = "Try again, with the passkey or the account that you joined with; else ask an administrator for a new link."


class SignInUnavailable(IssuerError):
    """The single sign-on did not answer, or not in its own form."""

    code = "sign_in_unavailable"
    hint = "Use your passkey if you have one; else tell whoever runs the single sign-on."


class ConsoleSettingsRefused(IssuerError):
    """console.toml, or the secret that it names, cannot be used."""

    code = "console_settings_refused"
    hint = 'Correct DIR/console.toml; docs/operations.md, "The console", shows one.'


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = (
    (PersonRefused, 422),
    (PersonUnknown, 404),
    (LastAdministrator, 409),
    (InvitationUnknown, 404),
    (SignInRefused, 401),
    (SignInUnavailable, 503),
    (ConsoleSettingsRefused, 500),
)
