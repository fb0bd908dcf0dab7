"""Why a runbook does not go on."""

from issuer.errors import IssuerError


class RunbookUnknown(IssuerError):
    """No runbook is called so, or no run has this id."""

    code = "runbook_unknown"
    hint = "Look at `liangzheng issuer runbook list`."


class AnswerRefused(IssuerError):
    """An answer to a runbook's question is missing, or not in its form, or not what was answered before."""

    code = "answer_refused"
    hint = "Look at its questions with `liangzheng issuer runbook show NAME`. Nothing was changed."


class RunbookStopped(IssuerError):
    """A runbook stopped at a step; what was done before that is done."""

    code = "runbook_stopped"
    hint = "Do what it says, then go on with --resume."
