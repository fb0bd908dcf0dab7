"""Why the sandbox does not start, or does not do something: one exception for each reason."""

from typing import Final

from issuer.errors import IssuerError


class SandboxFolderRefused(IssuerError):
    """The folder holds something that the sandbox did not make: perhaps a real authority's keys."""

    code = "sandbox_folder_refused"
    hint = "Give an empty folder, one that `issuer sandbox` made, or none. Nothing was touched."


class FaultUnknown(IssuerError):
    """There is no misfortune of this name, or its rate is no share."""

    code = "fault_unknown"
    hint = "Write NAME=RATE with a rate from 0 to 1; the names are in docs/sandbox.md."


class SandboxRequestRefused(IssuerError):
    """What was asked of the sandbox names nothing that there is."""

    code = "sandbox_request_refused"
    hint = "Look at /sandbox/api/state for kinds, persons, licences and offers."


HTTP: Final[tuple[tuple[type[IssuerError], int], ...]] = ((FaultUnknown, 422), (SandboxRequestRefused, 422))
