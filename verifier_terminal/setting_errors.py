"""Why a setting of the terminal did not change, or a secret that somebody typed was not taken."""

from verifier_terminal.errors import TerminalError


class SettingMeaningless(TerminalError):
    """There is no such setting, or no such value of it; also when it lies damaged in the store."""

    meaning = "this means nothing as a setting of the terminal"
    advice = "look at `liangzheng terminal settings DIR`; every setting can only tighten the signed policy"


class PinRequired(TerminalError):
    """The change loosens, or the setting is locked: the supervisor's PIN is needed."""

    meaning = "this change needs the supervisor's PIN"
    advice = "give the PIN; if there is none, whoever runs this machine sets one with `liangzheng terminal pin DIR`"


class WrongPin(TerminalError):
    """It is another PIN. Nothing has changed, and the try was counted."""

    meaning = "this is not the supervisor's PIN, and nothing was changed"
    advice = "try again; after five wrong tries the terminal waits before it takes another one"


class PinUnusable(TerminalError):
    """A PIN that is too short, too long, no number, or the first that anybody would try."""

    meaning = "this cannot be a PIN"
    advice = "choose 6 to 12 digits that are neither equal nor in a row"


class TooManyGuesses(TerminalError):
    """A PIN or passphrase was wrong too often in a row."""

    meaning = "it was wrong too often, so that no further try is taken now"
    advice = "wait; every further wrong try makes the wait longer"

    def __init__(self, *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"the next try is taken in {seconds} s")


class SupportTextDamaged(TerminalError):
    """A support text with a character that is missing or wrong."""

    meaning = "this is no support text"
    advice = "have it copied or read once more; it begins with LZSUP1 and has groups of eight characters"
